"""Marks on cloth, and colours that are filled in."""

from __future__ import annotations

import time

import numpy as np

from vmodel.garment.back import placed_marks
from vmodel.garment.texture import fill_nearest


def test_each_of_thousands_of_specks_is_looked_at_where_it_lies() -> None:
    rng = np.random.default_rng(5)
    photo = np.full((360, 360, 3), (190, 160, 120), np.uint8)
    rows, columns = np.meshgrid(np.arange(1, 359, 4), np.arange(1, 359, 4))
    specks = rng.random(rows.shape) < 0.8
    photo[rows[specks], columns[specks]] = (110, 85, 55)
    before = time.process_time()
    marks = placed_marks(photo, np.ones((360, 360), bool))
    assert time.process_time() - before < 2  # looking at the whole picture for each takes three times as long
    assert marks is None or marks.mean() < 0.5


def test_unknown_pixels_take_the_colour_of_the_nearest_known_one_and_known_ones_keep_theirs() -> None:
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (40, 60, 3), np.uint8)
    known = np.zeros((40, 60), bool)
    known[10:30, 20:40] = True
    filled = fill_nearest(rgb, known)
    np.testing.assert_array_equal(filled[known], rgb[known])
    np.testing.assert_array_equal(filled[10:30, 18], rgb[10:30, 20])  # two pixels away: not softened yet
    far = filled[15:25, 55].astype(int)
    assert np.abs(np.diff(far, axis=0)).mean() < np.abs(np.diff(rgb[15:25, 39].astype(int), axis=0)).mean() / 3
