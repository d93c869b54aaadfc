"""Ends of hems and sleeves: the block's show the photo's own, wherever a smooth map ends."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.garment.pattern.maps.ends import to_end, to_neck
from vmodel.types import BoolArray, FloatArray

PX_PER_CM = 10.0
UP = np.array([0.0, 1.0])
HEM = np.stack([np.linspace(-25, 25, 11), np.full(11, -60.0)], axis=1)
NECK = np.stack([np.linspace(9, -9, 33), -8 * (1 - np.linspace(1, -1, 33) ** 2)], axis=1)


def places(x: FloatArray, y: FloatArray) -> FloatArray:
    """Map cm to a photo of 60 by 80 cm whose top is the neck."""
    return np.stack([PX_PER_CM * (x + 30), -PX_PER_CM * y + 50], axis=-1)


def cloth_down_to(row: float | FloatArray) -> BoolArray:
    return np.asarray(np.mgrid[:800, :600][0] < row)


def at(mask: BoolArray, x: float, y: float) -> FloatArray:
    return to_end(places, mask, HEM, UP)(np.array(x), np.array(y))


@pytest.mark.parametrize("beyond_cm", [-2.0, -0.6, 1.5])
def test_the_blocks_hem_shows_the_photos(beyond_cm: float) -> None:
    row = 650 + PX_PER_CM * beyond_cm
    for x in (-24.0, 0.0, 20.0):
        assert at(cloth_down_to(row), x, -60.0)[1] == pytest.approx(row, abs=2)


def test_a_slanted_hem_is_met_along_its_whole_width() -> None:
    rows = 630 + 30 * np.linspace(0, 1, 600)
    for x in (-20.0, 0.0, 20.0):
        assert at(cloth_down_to(rows[None]), x, -60.0)[1] == pytest.approx(rows[round(PX_PER_CM * (x + 30))], abs=3)


def test_cloth_is_not_folded_and_stays_in_place_far_above_the_hem() -> None:
    mask = cloth_down_to(625)
    rows = np.array([at(mask, 5.0, float(y))[1] for y in np.arange(-60, -20, 0.5)])
    assert (np.diff(rows) < -0.4 * 0.5 * PX_PER_CM).all()
    assert at(mask, 5.0, -30.0) == pytest.approx(places(np.array(5.0), np.array(-30.0)))


def test_one_gap_in_the_cloth_moves_nothing_beside_it() -> None:
    mask = cloth_down_to(650)
    mask[600:, 300:330] = False
    for x in (-10.0, 1.5, 10.0):
        assert at(mask, x, -60.0)[1] == pytest.approx(650, abs=2)


def test_where_most_of_the_hem_is_not_seen_the_landmarks_decide() -> None:
    mask = np.ones((800, 600), bool)
    assert at(mask, 0.0, -60.0) == pytest.approx(places(np.array(0.0), np.array(-60.0)))


def test_the_end_of_a_slanted_sleeve_is_met_along_its_direction() -> None:
    inwards = np.array([0.6, 0.8])
    end = np.array([[-8.0, -40.0], [0.0, -46.0]])
    rows, columns = np.mgrid[:800, :600]
    x, y = (columns - 300) / PX_PER_CM, (50 - rows) / PX_PER_CM
    mask = (x - end[0, 0]) * inwards[0] + (y - end[0, 1]) * inwards[1] > 1.2  # the photo's sleeve is 1.2 cm shorter
    middle = end.mean(0)
    found = to_end(places, mask, end, inwards, 10.0)
    shifted = middle + 1.2 * inwards
    assert found(*middle) == pytest.approx(places(*shifted), abs=1.5)
    far = middle + 12 * inwards
    assert found(*far) == pytest.approx(places(*far))


def test_the_blocks_neck_shows_the_photos_edge_less_than_a_millimetre_inside() -> None:
    edge = places(NECK[:, 0], NECK[:, 1]) + np.stack([np.zeros(33), np.linspace(9, -12, 33)], axis=1)
    shown = to_neck(places, NECK, edge)(NECK[:, 0], NECK[:, 1])
    assert np.linalg.norm(shown - edge, axis=1).max() < 0.02 * 180
    assert shown[16, 1] > edge[16, 1]


def test_cloth_below_a_neck_is_not_folded_and_stays_in_place_far_from_it() -> None:
    at = to_neck(places, NECK, places(NECK[:, 0], NECK[:, 1] - 2.0))
    rows = at(np.zeros(60), np.linspace(-8, -20, 60))[:, 1]
    assert (np.diff(rows) > 0.2 * PX_PER_CM * 12 / 59).all()
    for x, y in ((0.0, -17.0), (18.0, -3.0)):
        assert at(np.array(x), np.array(y)) == pytest.approx(places(np.array(x), np.array(y)))
