"""Marks on cloth, and filled-in colours."""

from __future__ import annotations

import time

import numpy as np
import pytest

from vmodel.garment.imaging.detect_details import placed_marks
from vmodel.garment.imaging.inpaint import bleed, fill_mirrored
from vmodel.types import BoolArray, ByteArray


def test_each_of_thousands_of_specks_is_looked_at_where_it_lies() -> None:
    rng = np.random.default_rng(5)
    photo = np.full((360, 360, 3), (190, 160, 120), np.uint8)
    rows, columns = np.meshgrid(np.arange(1, 359, 4), np.arange(1, 359, 4))
    specks = rng.random(rows.shape) < 0.8
    photo[rows[specks], columns[specks]] = (110, 85, 55)
    before = time.process_time()
    marks = placed_marks(photo, np.ones((360, 360), bool))
    assert time.process_time() - before < 2  # scanning the whole picture for each takes three times as long
    assert marks is None or marks.mean() < 0.5


def test_cloth_goes_on_past_its_edge_as_its_mirror_image() -> None:
    """With nearest colours alone, every pixel at the edge would become a streak."""
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (40, 60, 3), np.uint8)
    known = np.zeros((40, 60), bool)
    known[10:30, 20:40] = True
    filled = fill_mirrored(rgb, known)
    np.testing.assert_array_equal(filled[known], rgb[known])
    np.testing.assert_array_equal(filled[10:30, 15:20], rgb[10:30, 25:20:-1])
    np.testing.assert_array_equal(filled[15:25, 0], rgb[15:25, 20])  # farther away than its mirror image reaches: (40)


def cloth_on(ground: tuple[int, int, int], cloth: tuple[int, int, int]) -> tuple[ByteArray, BoolArray]:
    mask = np.zeros((400, 320), bool)
    mask[80:320, 80:240] = True
    return np.where(mask[..., None], np.array(cloth, np.uint8), np.array(ground, np.uint8)), mask


@pytest.mark.parametrize("shade", [1.0, 0.5])
def test_a_strip_of_ground_within_the_mask_does_not_run_out_of_it(shade: float) -> None:
    """This also holds in the garment's own shadow."""
    rgb, mask = cloth_on((200, 170, 110), (40, 50, 110))
    rgb[80:320, 80:83] = (np.array((200, 170, 110)) * shade).astype(np.uint8)
    beyond = bleed(rgb, mask, 1)[100:300, 60:84].reshape(-1, 3).astype(int)
    assert np.abs(beyond - (40, 50, 110)).max() < 6


def test_colours_that_a_backdrop_tints_do_not_run_out_of_the_mask() -> None:
    rgb, mask = cloth_on((0, 130, 110), (230, 230, 228))
    for column, share in ((80, 0.5), (81, 0.3), (82, 0.2)):
        rgb[80:320, column] = (1 - share) * np.array((230, 230, 228)) + share * np.array((0, 130, 110))
    beyond = bleed(rgb, mask, 1)[100:300, 60:84].reshape(-1, 3).astype(int)
    assert np.abs(beyond - (230, 230, 228)).max() < 6


@pytest.mark.parametrize("trim", [(240, 240, 238), (190, 30, 40)])
def test_a_trim_runs_out_of_the_mask_as_far_as_it_is_wide(trim: tuple[int, int, int]) -> None:
    """On a dark tee, which lies on grey ground."""
    rgb, mask = cloth_on((150, 150, 146), (30, 40, 80))
    rgb[312:320, 80:240] = trim
    filled = bleed(rgb, mask, 1)
    assert np.abs(filled[314:318, 100:220].astype(int) - trim).max() < 12


def test_stripes_of_the_backdrops_colour_run_out_of_the_mask() -> None:
    rgb, mask = cloth_on((240, 240, 240), (30, 40, 80))
    rgb[80:320:8, 80:240] = rgb[81:320:8, 80:240] = rgb[82:320:8, 80:240] = 240
    column = bleed(rgb, mask, 1)[100:300, 77].mean(1)
    assert (column > 200).mean() > 0.3
