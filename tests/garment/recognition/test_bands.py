"""Ribbed and gathered bands: where they are looked for, and how high a band is."""

import numpy as np
import pytest

from vmodel.garment.recognition.bands import band_heights, ends_of
from vmodel.garment.recognition.closeup import END_AT, END_SPANS, end_closeup
from vmodel.garment.recognition.network import BAND_ROWS, BAND_SIZE

POINTS = {
    name: np.array(at, float)
    for name, at in {
        "neck_left": (260, 100), "neck_right": (240, 100), "hem_left": (330, 400), "hem_right": (170, 400),
        "armpit_left": (330, 200), "armpit_right": (170, 200), "shoulder_left": (320, 120),
        "shoulder_right": (180, 120), "cuff_outer_left": (470, 300), "cuff_inner_left": (440, 330),
        "cuff_outer_right": (30, 300), "cuff_inner_right": (60, 330),
    }.items()
}  # fmt: skip


def test_a_hem_is_looked_at_on_both_sides_of_its_middle_and_sleeves_at_their_ends() -> None:
    ends = ends_of(POINTS, has_cuffs=True)
    assert [spot[1] for spot, _ in ends["hem"]] == pytest.approx([400, 400])
    assert ends["hem"][0][0][0] < POINTS["neck_right"][0] < POINTS["neck_left"][0] < ends["hem"][1][0][0]
    assert all(down[1] > 0.99 for _, down in ends["hem"])
    right, left = ends["cuff"]
    assert right[1][0] < -0.5 < 0.5 < left[1][0]
    assert "cuff" not in ends_of(POINTS, has_cuffs=False)


def test_a_close_up_shows_the_cloth_above_the_edge() -> None:
    (spot, down), across = ends_of(POINTS, has_cuffs=False)["hem"][0], 160.0
    affine = end_closeup(spot, down, across)
    assert affine[:, :2] @ spot + affine[:, 2] == pytest.approx(BAND_SIZE * np.array([0.5, END_AT]))
    above = affine[:, :2] @ (spot - 10 * down) + affine[:, 2]
    assert above[1] < BAND_SIZE * END_AT


def test_a_band_is_as_high_as_its_rows_and_a_doubtful_one_is_none() -> None:
    edge = round(END_AT * BAND_ROWS)
    band = np.full(BAND_ROWS, -9.0)
    band[edge - 8 : edge] = 9.0
    assert band_heights({"hem": band})["hem"] == pytest.approx(8 / BAND_ROWS * END_SPANS, rel=0.15)
    assert band_heights({"hem": np.full(BAND_ROWS, -0.1)}) == {}
    assert band_heights({"hem": -np.abs(band)}) == {}


def test_a_band_at_the_hem_speaks_for_one_at_the_cuffs() -> None:
    edge = round(END_AT * BAND_ROWS)
    sure, unsure = np.full(BAND_ROWS, -9.0), np.full(BAND_ROWS, -9.0)
    sure[edge - 8 : edge], unsure[edge - 8 : edge] = 9.0, -0.4
    assert band_heights({"cuff": unsure}) == {}
    assert set(band_heights({"cuff": unsure, "hem": sure})) == {"hem", "cuff"}
