"""Long sleeves that lie or hang on the front or beside it: which part of the photo shows them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.recognition.network import PARTS
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, ByteArray, GarmentKind, GarmentPhoto, Sleeve

LONG: Final = frozenset({Sleeve.THREE_QUARTER, Sleeve.LONG})
_SEEN: Final = 0.5
"""Probability from which on a place is taken for such a sleeve's."""
_SURE: Final = 0.8
"""Mean probability of these places from which the sleeve is believed: a front that is wrongly patched is worse than a
sleeve printed on it. Of 150 photos without such sleeves one has a sleeve that is believed; of 31 sleeves that lie on
the front and were not learnt from, 26 are."""
_LEAST: Final = 0.06
"""Least area of such a sleeve, as a share of the garment's."""
_ON_PART: Final = 0.5
"""Share of the line from armhole to cuff that must lie on a part for it to be the sleeve."""
_RIM: Final = 0.012
"""Width of the rim that the cut-out may add to a part, as a share of the photo's longer side."""


def find_lying(surface: Surface, mask: BoolArray, kind: GarmentKind) -> dict[str, BoolArray]:
    """Find sleeves that lie on the front.

    Args:
        surface: as the network sees it.
        mask: (H, W) bool, the garment.
        kind: of the garment.
    Returns:
        "left" or "right" -> (H, W) bool, all that is seen of such a sleeve; sleeves beside the front are absent.
    """
    if kind.sleeve not in LONG or not kind.category.covers_upper:
        return {}
    found = {}
    for side in SIDES:
        share = surface.over(f"sleeve_{side}", mask.shape)
        place = _largest((share > _SEEN) & mask)
        if place.sum() > _LEAST * mask.sum() and float(share[place].mean()) > _SURE:
            found[side] = place
    return found


def find_beside(parts: ByteArray, photo: GarmentPhoto) -> dict[str, BoolArray]:
    """Find long sleeves beside the front.

    Args:
        parts: (h, w) uint8 index into ``PARTS``, as the network sees them, the whole photo at any size.
        photo: of the garment, whose sleeves on its front are known.
    Returns:
        "left" or "right" -> (H, W) bool, all that is seen of such a sleeve; absent where none is clearly seen.
    """
    if photo.is_drawn or photo.kind.sleeve not in LONG or not photo.kind.category.covers_upper:
        return {}
    parts = np.asarray(cv2.resize(parts, photo.mask.shape[::-1], interpolation=cv2.INTER_NEAREST))
    found = {}
    for side in (each for each in SIDES if each not in photo.lying):
        place = _largest((parts == PARTS.index(f"sleeve_{side}")) & photo.mask)
        root, cuff = (
            (photo.points[f"{one}_{side}"] + photo.points[f"{other}_{side}"]) / 2
            for one, other in (("shoulder", "armpit"), ("cuff_outer", "cuff_inner"))
        )
        line = root + np.linspace(0.1, 0.95, 18)[:, None] * (cuff - root)
        columns, rows = (np.clip(np.rint(line[:, axis]).astype(int), 0, place.shape[1 - axis] - 1) for axis in (0, 1))
        if place[rows, columns].mean() >= _ON_PART:
            found[side] = _with_rim(place, photo.mask & ((parts == 0) | place))
    return found


def _with_rim(place: BoolArray, free: BoolArray) -> BoolArray:
    """Extend a part to the end of the cut-out, where no other part lies."""
    width = 2 * round(_RIM * max(place.shape)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray((cv2.dilate(place.astype(np.uint8), kernel) > 0) & free)


def _largest(mask: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.zeros_like(mask) if count < 2 else np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))
