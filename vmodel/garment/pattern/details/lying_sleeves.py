"""Sleeves that were laid across the front, or hang before it: where they lie, and the front's cloth without them."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.imaging.shifted_cloth import LIGHT_CM, SOFT_CM, continue_cloth, fade_in, light_between
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, ByteArray, GarmentKind, IntArray, Sleeve

_SEEN: Final = 0.5
"""Probability from which on a place is taken for such a sleeve's."""
_SURE: Final = 0.8
"""Mean probability of these places from which the sleeve is believed: a front that is wrongly patched is worse than a
sleeve printed on it. Of 150 photos without such sleeves one has a sleeve that is believed; of 31 sleeves that lie on
the front and were not learnt from, 26 are."""
_LEAST: Final = 0.06
"""Least area of such a sleeve, as a share of the garment's."""
_LONG: Final = frozenset({Sleeve.THREE_QUARTER, Sleeve.LONG})
_ROUND_CM: Final = 1.2
"""Width round such a sleeve that its shadow takes up."""


def find_lying(surface: Surface, mask: BoolArray, kind: GarmentKind) -> dict[str, BoolArray]:
    """Find sleeves that lie on the front.

    Args:
        surface: as the network sees it.
        mask: (H, W) bool, the garment.
        kind: of the garment.
    Returns:
        "left" or "right" -> (H, W) bool, all that is seen of such a sleeve; sleeves beside the front are absent.
    """
    if kind.sleeve not in _LONG or not kind.category.covers_upper:
        return {}
    found = {}
    for side in SIDES:
        share = surface.over(f"sleeve_{side}", mask.shape)
        place = _largest((share > _SEEN) & mask)
        if place.sum() > _LEAST * mask.sum() and float(share[place].mean()) > _SURE:
            found[side] = place
    return found


def _largest(mask: BoolArray) -> BoolArray:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return np.zeros_like(mask) if count < 2 else np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def without_sleeves(
    picture: ByteArray, lying: BoolArray, trunk: BoolArray, cloth: BoolArray, canvas: Canvas
) -> tuple[ByteArray, BoolArray]:
    """Replace what sleeves cover of a front by its own cloth.

    The other half of the front, mirrored, has the same stripes and seams at the same height. Where sleeves cover both
    halves, shifted copies of the cloth go on.

    Args:
        picture: (H, W, 3) uint8, the front's canvas.
        lying: (H, W) bool, sleeves on it.
        trunk: (H, W) bool, what is no worn sleeve.
        cloth: (H, W) bool, what the photo shows of the front and may be copied: no print that is placed once.
        canvas: of the front.
    Returns:
        The picture, and (H, W) bool what was replaced.
    """
    covered = _with_shadow(lying, canvas) & trunk
    usable = trunk & cloth & ~covered
    if not covered.any() or not usable.any():
        return picture, np.zeros_like(covered)
    across = _mirrored_columns(canvas)
    mirrored, there = picture[:, across], usable[:, across] & covered
    light_px = LIGHT_CM * canvas.px_per_cm
    light = light_between(picture, mirrored, usable & usable[:, across], light_px)
    filled = np.where(there[..., None], np.clip(mirrored + light, 0, 255), picture).astype(np.uint8)
    filled = continue_cloth(filled, usable | there, covered & ~there, light_px)
    return fade_in(filled, picture, covered, ~trunk, SOFT_CM * canvas.px_per_cm), covered


def _with_shadow(lying: BoolArray, canvas: Canvas) -> BoolArray:
    width = 2 * round(_ROUND_CM * canvas.px_per_cm) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(cv2.dilate(lying.astype(np.uint8), kernel) > 0)


def _mirrored_columns(canvas: Canvas) -> IntArray:
    """Return for each column of a canvas the one on the other side of the middle."""
    width = canvas.size[1]
    middle = -canvas.low_cm[0] * canvas.px_per_cm
    return np.asarray(np.clip(np.rint(2 * middle - 1 - np.arange(width)).astype(int), 0, width - 1))
