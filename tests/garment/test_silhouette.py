"""Sleeves that lie against the body or on it are parted from it."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np
import pytest

from tests.garment.drawn_flat_lays import Points, photograph
from vmodel.garment.cutout import cut_out
from vmodel.garment.kind import understand
from vmodel.garment.silhouette import garment_mask
from vmodel.types import BoolArray, Category, Cutout, FlatLay, FloatArray, Landmarks, Sleeve

CLOTH, RIB = (120, 70, 60), (230, 200, 90)
BODY_CM: Points = [(9, 0), (21, 4), (24, 24), (23, 66), (-23, 66), (-24, 24), (-21, 4), (-9, 0), (-5, 6), (5, 6)]


def sleeve(cuff_cm: tuple[float, float], sign: float, low: float) -> tuple[Points, Points]:
    """A sleeve from the shoulder down to its cuff's middle, and the cuff's rib."""
    x, y = cuff_cm
    cloth = [(20, 3.5), (30, 24), (x + 5.5, y), (x - 5.5, y), (17, 26), (17, 8)]
    rib = [(x + 5.5, y), (x + 5, y + low), (x - 5, y + low), (x - 5.5, y)]
    return ([(sign * a, b) for a, b in cloth], [(sign * a, b) for a, b in rib])


def jumper(cuff_cm: tuple[float, float]) -> tuple[FlatLay, Cutout]:
    layers: list[tuple[Points, tuple[int, int, int]]] = [(BODY_CM, CLOTH)]
    for sign in (1.0, -1.0):
        cloth, rib = sleeve(cuff_cm, sign, 5.0)
        layers += [(cloth, CLOTH), (rib, RIB)]
    photo = photograph(layers)
    return photo, cut_out(photo)


def pieces_below(mask: BoolArray, row: int) -> list[BoolArray]:
    """What the mask falls into below a row, without crumbs."""
    part = mask.copy()
    part[:row] = False
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part.astype(np.uint8), connectivity=4)
    return [labels == i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > 0.01 * mask.sum()]


def ribs(photo: FlatLay) -> BoolArray:
    return np.asarray(np.abs(photo.rgb.astype(int) - RIB).max(2) < 45)


def understood(photo: FlatLay, cutout: Cutout) -> tuple[BoolArray, Landmarks]:
    kind, landmarks = understand(photo, cutout)
    assert (kind.category, kind.sleeve) == (Category.TOP, Sleeve.LONG)
    points: Mapping[str, FloatArray] = landmarks.points_px
    return garment_mask(photo.rgb, cutout.mask, kind, points), landmarks


@pytest.mark.parametrize("cuff_cm", [(25.0, 52.0), (24.0, 56.0)])
def test_a_sleeve_that_lies_on_the_body_keeps_its_whole_cuff(cuff_cm: tuple[float, float]) -> None:
    photo, cutout = jumper(cuff_cm)
    mask, landmarks = understood(photo, cutout)
    armpits = [landmarks.points_px[f"armpit_{side}"][1] for side in ("left", "right")]
    parts = pieces_below(mask, int(max(armpits)) + 6)
    assert len(parts) == 3
    rib = ribs(photo)
    body = max(parts, key=np.sum)
    assert (rib & body).sum() < 0.08 * rib.sum()
    for part in parts:
        if part is not body:
            assert (rib & part).sum() > 0.4 * rib.sum()


def test_sleeves_that_hang_below_the_hem_are_no_ends_of_ties() -> None:
    photo, cutout = jumper((19.0, 68.0))
    mask, _ = understood(photo, cutout)
    rib = ribs(photo) & cutout.mask
    assert (rib & mask).sum() > 0.9 * rib.sum()
