"""Ribs and bindings round a neck are worn whole in front, and go on behind where no photo shows the back."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.fit import fit_photo
from vmodel.types import BoolArray, FloatArray, Garment, GarmentPhoto

RED, INK = (180, 40, 40), (240, 200, 30)
BAND_PX = 10
SHARES = np.linspace(0.2, 0.8, 25)


def banded(colour: tuple[int, int, int] | None, askew_px: float = 0.0) -> GarmentPhoto:
    """Draw a tee with a band round its neck, the edge of which lies askew, and with large words below it."""
    photo = photo_of(drawn.tee())
    left, right, front = (photo.points[f"neck_{name}"] for name in ("left", "right", "front"))
    share = np.linspace(1, -1, 33)[:, None]
    edge = (left + right) / 2 + share * (left - right) / 2 + (1 - share**2) * (front - (left + right) / 2)
    edge += (1 - share**2) * share * (0, askew_px)
    rgb = np.full_like(photo.rgb, drawn.CLOTH)
    line = np.round(edge * 8).astype(np.int32)
    if colour is not None:
        cv2.polylines(rgb, [line], False, colour, 2 * BAND_PX, cv2.LINE_AA, 3)
    opening = np.round(np.vstack([edge, right - (0, 60), left - (0, 60)])).astype(np.int32)
    cv2.fillPoly(rgb, [opening], (120, 118, 112))
    where = tuple(np.round(front + np.array([-80, 62])).astype(int).tolist())
    cv2.putText(rgb, "FJORD", where, cv2.FONT_HERSHEY_SIMPLEX, 1.6, INK, 9, cv2.LINE_AA)
    return replace(photo, rgb=rgb, neck_edge=edge, points={**photo.points, "neck_front": edge[16]})


def below_neck(garment: Garment, side: int, down_cm: float) -> FloatArray:
    """Return the (25, 3) colours of front (0) or back (1) that far below their neck."""
    panel = garment.panels[side]
    neck = panel.edges["neck"]
    places = np.stack([np.interp(SHARES, np.linspace(0, 1, len(neck)), neck[:, axis]) for axis in (0, 1)], axis=1)
    places[:, 1] -= down_cm
    column, row = np.round(places @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]).astype(int).T
    return garment.textures[panel.texture][row, column].astype(float)


def is_near(colours: FloatArray, wanted: tuple[int, int, int]) -> BoolArray:
    return np.asarray(np.abs(colours - wanted).max(axis=1) < 40)


def fitted(photo: GarmentPhoto) -> Garment:
    return fit_photo(photo, BODY, GENDER, "jersey", finest_px_per_cm=10)


@pytest.mark.parametrize("askew_px", [0.0, 14.0])
def test_a_front_shows_all_of_its_band_and_nothing_of_what_lies_behind(askew_px: float) -> None:
    garment = fitted(banded(RED, askew_px))
    for share in (0.1, 0.8):
        assert is_near(below_neck(garment, 0, share * BAND_PX * garment.cm_per_px), RED).all()


def test_a_band_goes_on_along_the_back_as_wide_as_in_front() -> None:
    garment = fitted(banded(RED))
    wide = BAND_PX * garment.cm_per_px
    assert is_near(below_neck(garment, 1, 0.5 * wide), RED).all()
    assert not is_near(below_neck(garment, 1, 1.6 * wide), RED).any()
    assert is_near(below_neck(garment, 1, 2.5 * wide), drawn.CLOTH).all()


def test_a_plain_neck_gets_no_band_behind() -> None:
    garment = fitted(banded(None))
    assert is_near(below_neck(garment, 1, 0.4), drawn.CLOTH).all()


def test_a_print_that_reaches_the_neck_in_one_place_is_no_band() -> None:
    photo = banded(None)
    column, row = np.round(photo.points["neck_front"]).astype(int)
    rgb = photo.rgb.copy()
    rgb[row - 40 : row + 10, column + 10 : column + 60] = RED
    garment = fitted(replace(photo, rgb=rgb))
    assert not is_near(below_neck(garment, 1, 0.4), RED)[: len(SHARES) // 2].any()
