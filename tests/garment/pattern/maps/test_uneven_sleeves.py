"""Sleeves in folds or glare: on plain cloth one wears the picture of the other, prints stay on their own sleeve."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.maps.sleeves import sleeve_maps
from vmodel.types import GarmentPhoto

PLAIN, FOLDED, GLARING = 1.0, 0.75, 1.25
DARK_PRINT, BLUE_PRINT = 0.3, (0.3, 0.5, 1.0)
SIDES = ("left", "right")


def dyed(light: float | tuple[float, ...], kind_of_cloth: str = "plain") -> GarmentPhoto:
    """Return a top of one colour, half of whose left sleeve is that colour times ``light``."""
    photo = photo_of(drawn.long_sleeve())
    cuff, armpit = photo.points["cuff_outer_left"], photo.points["armpit_left"]
    columns = np.arange(photo.mask.shape[1])
    on_sleeve = np.sign(cuff[0] - armpit[0]) * (columns - armpit[0]) > 0
    rgb = np.full_like(photo.rgb, 150)
    rgb[:, on_sleeve] = np.clip(rgb[:, on_sleeve] * light, 0, 255).astype(np.uint8)
    lower = np.arange(photo.mask.shape[0]) < (cuff[1] + armpit[1]) / 2
    rgb[np.ix_(lower, on_sleeve)] = 150
    return replace(photo, rgb=rgb, kind=replace(photo.kind, cloth=((kind_of_cloth, 1.0),)), is_drawn=False)


def with_badge(photo: GarmentPhoto) -> GarmentPhoto:
    """Return the photo with a black badge on its left sleeve, half as wide as its end."""
    names = ("shoulder", "armpit", "cuff_outer", "cuff_inner")
    x, y = np.mean([photo.points[f"{name}_left"] for name in names], axis=0).astype(int)
    wide = int(np.linalg.norm(photo.points["cuff_outer_left"] - photo.points["cuff_inner_left"]) / 4)
    rgb = photo.rgb.copy()
    rgb[y - 4 * wide : y + 4 * wide, x - wide : x + wide] = 20
    return replace(photo, rgb=rgb)


def shown_on_left(photo: GarmentPhoto) -> str:
    """Return the side of the photo's sleeve that the worn left one shows."""
    block = cut(photo)
    corners = [block.landmarks_cm[f"{name}_left"] for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
    middle = np.mean(corners, axis=0)
    spot = sleeve_maps(photo, block, SIDES)["left"](np.array([middle[0]]), np.array([middle[1]]))[0]
    return min(SIDES, key=lambda side: float(np.linalg.norm(spot - photo.points[f"cuff_outer_{side}"])))


@pytest.mark.parametrize(
    ("photo", "side"),
    [
        pytest.param(dyed(PLAIN), "left", id="alike"),
        pytest.param(dyed(FOLDED), "right", id="folded"),
        pytest.param(dyed(GLARING), "right", id="glaring"),
        pytest.param(dyed(BLUE_PRINT), "left", id="printed in blue"),
        pytest.param(dyed(DARK_PRINT), "left", id="printed in black"),
        pytest.param(with_badge(dyed(FOLDED)), "left", id="folded with a badge"),
        pytest.param(dyed(FOLDED, "allover"), "left", id="patterned"),
        pytest.param(dyed(FOLDED, "washed"), "left", id="washed"),
    ],
)
def test_an_uneven_sleeve_wears_the_other_ones_picture(photo: GarmentPhoto, side: str) -> None:
    assert shown_on_left(photo) == side
