"""Necks are cut along the edge in the photo where landmarks are off by a band's width."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.cut.upper_draft import neck_curve
from vmodel.garment.pattern.details.neck_edge import neck_edge
from vmodel.garment.pattern.fit import fit_block
from vmodel.types import FloatArray, GarmentPhoto, Neckline

WIDE, DROP = 200.0, 90.0
"""Width and depth of the neck in pixels: a centimetre is ten."""


def necked(power: float, off_px: tuple[float, float], neckline: Neckline) -> tuple[GarmentPhoto, FloatArray]:
    """Draw a white tee with a red band two centimetres wide round its neck; landmarks are off.

    Returns its photo and the band's upper edge.
    """
    edge = neck_curve(WIDE / 2, DROP, power) * (1, -1) + (300.0, 120.0)
    rgb = np.full((600, 600, 3), 225, np.uint8)
    mask = np.zeros((600, 600), bool)
    mask[100:] = True
    line = np.round(edge * 8).astype(np.int32)
    cv2.polylines(rgb, [line], False, (180, 40, 40), 40, cv2.LINE_AA, 3)
    opening = np.round(np.vstack([edge, [(200.0, 60.0), (400.0, 60.0)]])).astype(np.int32)
    cv2.fillPoly(rgb, [opening], (120, 118, 112))
    points = {
        "neck_left": edge[0] + (0, off_px[0]), "neck_right": edge[-1] - (0, off_px[0]),
        "neck_front": edge[len(edge) // 2] + (0, off_px[1]),
    }  # fmt: skip
    kind = replace(photo_of(drawn.tee()).kind, neckline=neckline)
    return GarmentPhoto(cv2.GaussianBlur(rgb, (0, 0), 1.2), mask, points, kind), edge


@pytest.mark.parametrize("off_px", [(0.0, 12.0), (0.0, -12.0), (6.0, 15.0)])
@pytest.mark.parametrize(
    ("power", "neckline"),
    [(2.0, Neckline.CREW), (1.0, Neckline.V), (3.0, Neckline.SCOOP), (3.0, Neckline.V)],
)
def test_a_band_round_the_neck_is_not_cut_off(power: float, neckline: Neckline, off_px: tuple[float, float]) -> None:
    photo, edge = necked(power, off_px, neckline)
    found = neck_edge(photo, photo.rgb)
    assert found is not None
    middle = slice(len(found) // 5, -len(found) // 5)
    apart = np.linalg.norm(found[middle, None] - _dense(edge)[None], axis=2).min(1)
    assert np.median(apart) < 3
    assert apart.max() < 9  # of a band of 20


@pytest.mark.parametrize("power", [1.0, 2.0, 3.5])
def test_a_neck_is_cut_as_pointed_or_round_as_its_edge(power: float) -> None:
    photo = photo_of(drawn.tee())
    left, right, front = (photo.points[f"neck_{name}"] for name in ("left", "right", "front"))
    share = np.linspace(1, -1, 33)[:, None]
    edge = (left + right) / 2 + share * (left - right) / 2 + (1 - np.abs(share) ** power) * (front - (left + right) / 2)
    neck = fit_block(replace(photo, neck_edge=edge), BODY, GENDER, "cotton", {})[0].front["neck"]
    across = neck[:, 0] / neck[0, 0]
    np.testing.assert_allclose(neck[:, 1] / neck[:, 1].min(), 1 - np.abs(across) ** power, atol=0.02)


@pytest.mark.parametrize("neckline", [Neckline.COLLAR, Neckline.HOOD, Neckline.STRAPLESS])
def test_nothing_is_looked_for_where_something_lies_over_the_neck(neckline: Neckline) -> None:
    photo = necked(2.0, (0.0, 0.0), neckline)[0]
    assert neck_edge(photo, photo.rgb) is None


def _dense(line: FloatArray) -> FloatArray:
    share = np.linspace(0, len(line) - 1, 2000)
    return np.stack([np.interp(share, np.arange(len(line)), line[:, axis]) for axis in (0, 1)], axis=1)


def test_the_edge_of_a_yoke_is_no_boat_neck() -> None:
    """The landmark lies on the lower edge of a yoke in another colour, which looks like an edge as well."""
    photo, edge = necked(2.0, (0.0, 0.0), Neckline.BOAT)
    left, right = edge[0], edge[-1]
    yoke = neck_curve(WIDE / 2, 180.0, 2.0) * (1, -1) + (300.0, 120.0)
    shallow = neck_curve(WIDE / 2, 36.0, 2.0) * (1, -1) + (300.0, 120.0)
    rgb = np.full((600, 600, 3), 225, np.uint8)
    cv2.fillPoly(rgb, [np.round(np.vstack([yoke, [(200.0, 100.0), (400.0, 100.0)]])).astype(np.int32)], (214, 196, 190))
    cv2.fillPoly(
        rgb, [np.round(np.vstack([shallow, [(200.0, 60.0), (400.0, 60.0)]])).astype(np.int32)], (120, 118, 112)
    )
    points = {"neck_left": left, "neck_right": right, "neck_front": yoke[len(yoke) // 2]}
    found = neck_edge(replace(photo, rgb=rgb, points=points), rgb)
    assert found is not None
    assert found[len(found) // 2, 1] - left[1] < 0.3 * WIDE
