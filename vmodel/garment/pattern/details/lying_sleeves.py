"""Cloth of a front without the sleeves that were laid across it, or hang before it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.imaging.shifted_cloth import LIGHT_CM, SOFT_CM, continue_cloth, fade_in, light_between
from vmodel.types import BoolArray, ByteArray, IntArray

_ROUND_CM: Final = 2.0
"""Width round such a sleeve that its shadow takes up."""


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
    filled = continue_cloth(filled, usable | there, covered & ~there, light_px, upright=True)
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
