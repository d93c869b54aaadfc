"""Placed prints are worn in their own size and place, whoever wears the garment."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern import cloth
from vmodel.garment.pattern.fit import fit_garment
from vmodel.types import BoolArray, FloatArray, Garment

INK = (240, 200, 30)
RADIUS_PX, DOWN_PX = 40, 230


def disc() -> BoolArray:
    return np.asarray(cv2.circle(np.zeros(drawn.SIZE, np.uint8), (drawn.MIDDLE, DOWN_PX), RADIUS_PX, 1, -1) > 0)


def box_cm(garment: Garment) -> FloatArray:
    """Return (2, 2) cm of the print on the front: its left upper and its right lower corner."""
    panel = garment.panels[0]
    rows, columns = np.nonzero(np.abs(garment.textures[0].astype(int) - INK).max(2) < 60)
    corners = np.array([[columns.min(), rows.min()], [columns.max() + 1, rows.max() + 1]], float)
    to_cm = np.linalg.inv(panel.panel_to_texture[:, :2])
    return np.asarray((corners - panel.panel_to_texture[:, 2]) @ to_cm.T)


def worn_by(body: str, garment: Garment) -> Garment:
    gender, measures = drawn.BODIES[body]
    return fit_garment(garment, measures, gender)


@pytest.mark.parametrize("body", ["woman S", "woman XL", "woman 4XL", "man 4XL"])
def test_a_print_is_no_larger_on_a_stout_wearer(body: str) -> None:
    """Larger sizes of a tee are wider and hardly longer; what is printed on them stays the same."""
    fitted = worn_by(body, drawn.tee().painted(disc(), INK).pattern())
    wide, high = np.abs(np.diff(box_cm(fitted), axis=0)[0])
    true_cm = 2 * RADIUS_PX * fitted.cm_per_px
    assert wide == pytest.approx(true_cm, rel=0.04)
    assert high == pytest.approx(true_cm, rel=0.04)


@pytest.mark.parametrize("body", ["woman S", "woman 4XL"])
def test_a_print_is_as_far_below_the_necks_edge_as_in_the_photo(body: str) -> None:
    """The neck is cut deeper than it lies in the photo."""
    picture = drawn.tee().painted(disc(), INK)
    fitted = worn_by(body, picture.pattern())
    photo = picture.pattern().photo
    assert photo is not None
    below_cm = (DOWN_PX - photo.points["neck_front"][1]) * fitted.cm_per_px
    middle = box_cm(fitted)[:, 1].mean()
    assert fitted.landmarks_cm["neck_front"][1] - middle == pytest.approx(below_cm, abs=0.9)


def test_a_print_that_only_the_reader_sees_keeps_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Colours alone take a large or pale picture for an all-over print, or for cloth."""
    monkeypatch.setattr(cloth, "placed_marks", lambda photo, mask: None)
    pattern = drawn.tee().painted(disc(), INK).pattern()
    assert pattern.photo is not None
    fitted = worn_by("woman 4XL", replace(pattern, photo=replace(pattern.photo, printed=disc())))
    wide, high = np.abs(np.diff(box_cm(fitted), axis=0)[0])
    assert wide / high == pytest.approx(1, abs=0.05)
    assert wide == pytest.approx(2 * RADIUS_PX * fitted.cm_per_px, rel=0.04)
