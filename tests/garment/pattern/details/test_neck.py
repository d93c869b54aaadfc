"""The inside of a back, visible through a neck, is not front; where it is visible, a high neck is open."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.details.neck import falls_in_front, inside_of_neck
from vmodel.types import GarmentPhoto, Neckline


@pytest.fixture(scope="module")
def tee() -> GarmentPhoto:
    return photo_of(drawn.tee())


def seen_at(photo: GarmentPhoto, name: str, size: int = 12) -> np.ndarray:
    """Return a map that marks a square round a landmark as foreign."""
    column, row = np.round(photo.points[name]).astype(int)
    foreign = np.zeros(photo.mask.shape, np.float32)
    foreign[row - size : row + size, column - size : column + size] = 0.9
    return foreign


def without_neck(photo: GarmentPhoto) -> np.ndarray:
    """Return the garment without the area between the corners of its neck and its lowest point."""
    mask = photo.mask.copy()
    left, right, front = (np.round(photo.points[f"neck_{n}"]).astype(int) for n in ("left", "right", "front"))
    mask[: front[1], min(left[0], right[0]) : max(left[0], right[0])] = False
    return mask


def test_what_is_foreign_at_the_neck_is_the_inside_of_the_back(tee: GarmentPhoto) -> None:
    foreign, high = seen_at(tee, "neck_front"), replace(tee.kind, neckline=Neckline.HIGH)
    assert np.array_equal(inside_of_neck(high, tee.points, foreign), foreign > 0.5)
    for elsewhere in ("hem_left", "armpit_right", "hem_mid"):
        assert not inside_of_neck(high, tee.points, seen_at(tee, elsewhere)).any()


@pytest.mark.parametrize("neckline", [Neckline.HOOD, Neckline.CREW])
def test_the_lining_of_a_hood_and_the_band_of_a_neck_are_worn(tee: GarmentPhoto, neckline: Neckline) -> None:
    kind = replace(tee.kind, neckline=neckline)
    assert not inside_of_neck(kind, tee.points, seen_at(tee, "neck_front")).any()


def test_a_high_neck_is_open_where_no_front_is_seen_below_its_corners(tee: GarmentPhoto) -> None:
    left, right = tee.points["neck_left"], tee.points["neck_right"]
    down = np.array([0, 0.6 * np.linalg.norm(left - right)])
    points = {**tee.points, "neck_front": (left + right) / 2 + down}
    closed = replace(tee, kind=replace(tee.kind, neckline=Neckline.HIGH), points=points, mask=np.ones_like(tee.mask))
    assert not falls_in_front(closed)
    assert falls_in_front(replace(closed, mask=without_neck(closed)))
