"""A neck with a collar is cut along the line where the collar folds over, as its photo shows it."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from vmodel.garment.pattern.details.collar import fold_line, in_placket
from vmodel.types import BoolArray, Category, GarmentKind, GarmentPhoto, Neckline, Sleeve

NECK = {"neck_left": (400.0, 200.0), "neck_right": (200.0, 200.0), "neck_front": (300.0, 280.0)}
"""Landmarks in pixels; the wearer's left is the picture's right."""
MIDDLE = 300.0


def photo() -> GarmentPhoto:
    kind = GarmentKind(Category.TOP, 1.0, sleeve=Sleeve.LONG, neckline=Neckline.COLLAR)
    points = {name: np.array(place) for name, place in NECK.items()}
    return GarmentPhoto(np.full((600, 600, 3), 200, np.uint8), np.ones((600, 600), bool), points, kind)


def leaves(*, apart: float, sides: tuple[float, ...] = (1.0, -1.0)) -> BoolArray:
    """Draw halves of a collar that fold along straight lines from (+-90, 190) to ``apart`` at y = 260."""
    shape = np.array([(90.0, 190.0), (apart / 2, 260.0), (40 + apart / 2, 300.0), (140.0, 215.0)])
    found = np.zeros((600, 600), np.uint8)
    for sign in sides:
        cv2.fillPoly(found, [np.round(shape * (sign, 1) + (MIDDLE, 0)).astype(np.int32)], 1)
    return found > 0


def test_a_buttoned_collars_neck_runs_along_its_fold_and_ends_where_its_halves_meet() -> None:
    line = fold_line(photo(), leaves(apart=4.0))
    assert line is not None
    assert line[0, 0] > MIDDLE > line[-1, 0]
    np.testing.assert_allclose(line[16], (MIDDLE, 260), atol=8)
    wide = np.abs(line[:, 0] - MIDDLE)
    expected = np.interp(line[:, 1], (190, 260), (90, 2))
    assert np.abs(wide - expected).max() < 10


def test_an_open_collars_neck_is_a_v_below_its_ends() -> None:
    line = fold_line(photo(), leaves(apart=80.0))
    assert line is not None
    assert line[16, 1] > 280
    beside = np.abs(line[:, 0] - MIDDLE) > 45
    assert line[beside, 1].max() < 272


def test_the_neck_goes_down_to_where_lapels_cross_even_if_they_were_seen_further_up_only() -> None:
    deep = replace(photo(), points={**photo().points, "neck_front": np.array((MIDDLE, 430.0))})
    line = fold_line(deep, leaves(apart=4.0))
    assert line is not None
    assert line[16, 1] == pytest.approx(430, abs=2)


def test_nothing_is_cut_along_half_a_collar() -> None:
    assert fold_line(photo(), leaves(apart=4.0, sides=(1.0,))) is None


@pytest.mark.parametrize(("deep", "folds"), [(430.0, True), (280.0, False)], ids=["lapels", "none"])
def test_an_open_front_has_a_fold_where_it_has_lapels(deep: float, folds: bool) -> None:
    edges = np.stack([np.stack([np.linspace(MIDDLE, MIDDLE + 60 * sign, 9), np.linspace(deep, 580, 9)], 1)
                      for sign in (1, -1)])  # fmt: skip
    points = {**photo().points, "neck_front": np.array((MIDDLE, deep))}
    line = fold_line(replace(photo(), points=points, opening=edges), leaves(apart=80.0))
    assert (line is not None) == folds
    if line is not None:
        assert line[16, 1] == pytest.approx(deep, abs=12)


def test_the_inside_of_a_placket_that_hangs_open_is_seen_but_not_that_of_the_neck_above_it() -> None:
    collar = leaves(apart=4.0)
    line = fold_line(photo(), collar)
    assert line is not None
    neck, placket, label = (np.zeros((600, 600), bool) for _ in range(3))
    neck[195:255, 290:310] = True
    placket[305:400, 292:308] = True
    label[262:298, 295:305] = True
    assert np.array_equal(in_placket(neck | placket | label, collar, line), placket)
    assert not in_placket(neck | label, collar, line).any()
