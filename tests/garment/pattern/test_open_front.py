"""Fronts photographed or worn open: two halves, each with its own cloth up to its own edge."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import cv2
import numpy as np
import pytest

from tests.support.garments.flat_lays import CHILD, WOMAN
from tests.support.garments.open_fronts import MAGENTA, OpenPhoto, closed_photo, draw_open
from vmodel.errors import BadUsage
from vmodel.garment.pattern.fit import fit_garment, worn_closed
from vmodel.garment.recognition.kind import check_worn_open
from vmodel.types import Category, FloatArray, Garment, Neckline

BAND = (255, 230, 0)


@pytest.fixture(scope="module", params=[Category.TOP, Category.OUTERWEAR])
def photo(request: pytest.FixtureRequest) -> OpenPhoto:
    return draw_open(request.param, 256)


@lru_cache
def worn_by_a_woman(photo: OpenPhoto, worn_open: bool | None = None, is_read: bool = True) -> Garment:
    return fit_garment(photo.pattern(worn_open, is_read=is_read), WOMAN, "woman")


def front_pixels(garment: Garment) -> FloatArray:
    """Return (n, 3) pixels of the front below its neck, without a rim of half a centimetre."""
    area = np.zeros(garment.textures[0].shape[:2], np.uint8)
    fronts = [panel for panel in garment.panels if panel.side == "front"]
    for panel in fronts:
        loop = panel.outline_cm @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
        cv2.fillPoly(area, [np.round(loop).astype(np.int32)], 1)
    affine = fronts[0].panel_to_texture
    low = garment.landmarks_cm["neck_front"][1] - 3
    area[: int(affine[1, 1] * low + affine[1, 2])] = 0
    area = cv2.erode(area, np.ones((9, 9), np.uint8))
    return np.asarray(garment.textures[0][area > 0], float)


def share_inside(garment: Garment) -> float:
    return float((np.abs(front_pixels(garment) - MAGENTA).max(axis=1) < 90).mean())


def test_an_open_front_is_cut_in_two_halves_with_free_edges_and_sewn_as_usual(photo: OpenPhoto) -> None:
    garment = worn_by_a_woman(photo)
    assert [panel.name for panel in garment.panels] == ["front_left", "front_right", "back"]
    sewn = {end for seam in garment.seams for end in (seam.first, seam.second)}
    for side, panel in zip(("left", "right"), garment.panels[:2], strict=True):
        sign = 1 if side == "left" else -1
        assert (sign * panel.outline_cm[:, 0]).min() > 0.5
        free = {name for name in panel.edges if (panel.name, name) not in sewn}
        assert free == {"hem", "neck", f"cuff_{side}", f"front_opening_{side}"}
        edges = list(panel.edges.values())
        for line, after in zip(edges, [*edges[1:], edges[0]], strict=True):
            assert np.allclose(line[-1], after[0])
    assert ("back", "side_left") in sewn
    assert not any("front_opening" in name for name in garment.panels[2].edges)


@pytest.mark.parametrize("worn_open", [True, False])
def test_the_inside_of_the_back_is_never_painted_on_the_front(photo: OpenPhoto, worn_open: bool) -> None:
    assert share_inside(worn_by_a_woman(photo, worn_open)) < 0.002
    # As one surface, they would be.
    assert share_inside(worn_by_a_woman(closed_photo(photo))) > 0.02


def test_ground_between_the_fronts_is_no_cloth_either(photo: OpenPhoto) -> None:
    matte = np.where(photo.inside, 0, photo.cutout.matte).astype(np.float32)
    through = replace(photo, cutout=replace(photo.cutout, matte=matte))
    assert share_inside(worn_by_a_woman(through, is_read=False)) < 0.01


def test_what_has_the_colours_of_a_recognised_inside_is_inside_too(photo: OpenPhoto) -> None:
    """The reader recognises the inside best at the neck."""
    low = photo.landmarks.points_px["neck_front"][1]
    rows = np.arange(len(photo.inside))[:, None]
    seen = replace(photo, inside=photo.inside & (rows < low + 20))
    assert share_inside(worn_by_a_woman(seen)) < 0.01


def test_worn_closed_it_is_one_front_whose_halves_meet_in_the_middle(photo: OpenPhoto) -> None:
    garment = worn_by_a_woman(photo, False)
    assert [panel.name for panel in garment.panels] == ["front", "back"]
    assert not garment.kind.open_front
    again = fit_garment(worn_closed(photo.pattern()), WOMAN, "woman")
    assert np.array_equal(garment.textures[0], again.textures[0])


def test_what_was_photographed_closed_is_cut_along_its_middle(photo: OpenPhoto) -> None:
    closed = closed_photo(photo)
    parted = worn_by_a_woman(closed, True)
    assert parted.kind.open_front
    assert [panel.name for panel in parted.panels] == ["front_left", "front_right", "back"]
    whole = worn_by_a_woman(closed)
    assert [panel.name for panel in whole.panels] == ["front", "back"]


def test_the_edges_of_the_front_are_not_on_the_back(photo: OpenPhoto) -> None:
    """Zips, buttons and bands along them."""
    rows, columns = np.nonzero(photo.inside)
    rgb = photo.flat_lay.rgb.copy()
    low = photo.landmarks.points_px["neck_front"][1]
    for row in np.unique(rows[rows > low]):
        ends = columns[rows == row]
        rgb[row, max(0, ends.min() - 4) : ends.min()] = rgb[row, ends.max() + 1 : ends.max() + 5] = BAND
    banded = replace(photo, flat_lay=replace(photo.flat_lay, rgb=rgb))
    for worn_open in (True, False):
        garment = worn_by_a_woman(banded, worn_open)
        assert (np.abs(garment.textures[0].astype(float) - BAND).max(axis=2) < 60).mean() > 0.005
        assert (np.abs(garment.textures[1].astype(float) - BAND).max(axis=2) < 60).mean() < 0.001


def test_a_child_gets_an_open_front_of_its_own_size(photo: OpenPhoto) -> None:
    small, large = (
        fit_garment(photo.pattern(), body, who).panels[0].edges["front_opening_left"]
        for body, who in ((CHILD, "girl"), (WOMAN, "woman"))
    )
    assert 0.3 < small[:, 0].max() / large[:, 0].max() < 0.9


def test_what_has_no_front_to_part_is_refused_with_the_remedy(photo: OpenPhoto) -> None:
    check_worn_open(photo.kind, True)
    for other in (replace(photo.kind, category=Category.DRESS), replace(photo.kind, neckline=Neckline.STRAPLESS)):
        check_worn_open(other, False)
        with pytest.raises(BadUsage, match=r"leave --open out, or state what it is with --category"):
            check_worn_open(other, True)
