"""Garments whose sleeves lie on the front: the front without them, the sleeves as long and as coloured as they are."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_cloth import inside
from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.pattern.fit import fit_photo
from vmodel.types import GarmentPhoto

ORANGE = (220, 120, 20)


def folded(*sides: str, seen: bool = True) -> GarmentPhoto:
    """Return a long-sleeved top with orange sleeves, some of them laid across its front.

    Args:
        sides: of these.
        seen: the network sees them.
    """
    photo = photo_of(drawn.long_sleeve())
    rgb, mask, points, lying = photo.rgb.copy(), photo.mask.copy(), dict(photo.points), {}
    trunk = np.zeros(mask.shape, np.uint8)
    corners = [points[f"{name}_{side}"] for side in SIDES for name in ("neck", "shoulder", "armpit", "hem")]
    cv2.fillConvexPoly(trunk, cv2.convexHull(np.array(corners, np.float32)).astype(np.int32), 1)
    for side in SIDES:
        sleeve = mask & (trunk == 0) & ((np.arange(mask.shape[1]) > photo.middle("neck")[0]) == (side == "left"))
        rgb[sleeve] = ORANGE
        if side in sides:
            rgb[sleeve], mask[sleeve] = drawn.CLOTH, False
    for side in sides:
        middle = photo.middle("hem")
        shoulder, armpit = points[f"shoulder_{side}"], points[f"armpit_{side}"]
        inwards = np.array([np.sign(middle[0] - armpit[0]), 0.0])
        reach = 0.5 * abs(middle[0] - armpit[0])
        outer, inner = armpit + reach * inwards + (0, 110), armpit + 1.6 * reach * inwards + (0, 80)
        place = np.zeros(mask.shape, np.uint8)
        cv2.fillPoly(place, [np.array([shoulder, armpit, outer, inner], np.int32)], 1)
        rgb[place > 0], lying[side] = ORANGE, place > 0
        points |= {f"cuff_outer_{side}": outer, f"cuff_inner_{side}": inner}
    return replace(photo, rgb=rgb, mask=mask, points=points, lying=lying if seen else {})


def orange_front(photo: GarmentPhoto) -> float:
    """Return how much of the front's trunk is orange."""
    garment = fit_photo(photo, BODY, GENDER, "cotton")
    panel, marks = garment.panels[0], garment.landmarks_cm
    ends = np.array([marks[f"armpit_{side}"] * (0.9, 1) for side in SIDES])
    columns, rows = (ends @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]).T
    front = garment.textures[0][round(rows.max()) :, round(columns.min()) : round(columns.max())]
    return float((front[..., 0] > 150).mean())


def sleeve_cm(block: Block) -> float:
    marks = block.landmarks_cm
    return float(np.linalg.norm(marks["cuff_outer_left"] - marks["shoulder_left"]))


@pytest.mark.parametrize("sides", [("left",), ("right",), ("left", "right")])
def test_a_sleeve_on_the_front_is_not_printed_on_it(sides: tuple[str, ...]) -> None:
    at_seams = orange_front(folded())
    assert orange_front(folded(*sides, seen=False)) > at_seams + 0.05
    assert orange_front(folded(*sides)) <= at_seams


def test_it_is_as_long_as_the_one_that_lies_free() -> None:
    free = sleeve_cm(cut(folded()))
    assert abs(sleeve_cm(cut(folded("left"))) - free) < 0.5


def test_two_such_sleeves_have_the_usual_length() -> None:
    assert sleeve_cm(cut(folded(*SIDES))) > sleeve_cm(cut(folded(*SIDES, seen=False))) + 1
    assert sleeve_cm(cut(folded(*SIDES))) > 0.85 * BODY.arm_length


def test_it_wears_the_picture_of_the_one_that_lies_free() -> None:
    orange = [
        float((inside(fit_photo(photo, BODY, GENDER, "cotton"), 0)[:, 0] > 150).mean())
        for photo in (folded(), folded("left"))
    ]
    assert orange[1] == pytest.approx(orange[0], rel=0.1)
