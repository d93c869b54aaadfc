"""Limit on fine light on cloth, taken from the draft: light as fine as a print is mistaken for the print."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.core.colour import LUMINANCE, blurred, to_linear
from vmodel.types import BoolArray, ByteArray, FloatArray

_FINE_PX = 10.0
"""Standard deviation of the neighbourhood whose mean looks like light; differences from it look like print."""
_TAKEN_PX = 16.0
"""Standard deviation for removing fine light: a wider neighbourhood preserves the shape of creases."""
_SHARE = 0.94
"""Largest fine light of a changed picture as a share of the draft's: bytes of darker cloth are coarser."""
_MUCH = 0.02
"""Change of light, natural logarithm, from which on that share applies in full."""
_LEAST = 0.75
"""Least share of its own fine light that a picture keeps: folds that a pipeline made are folds."""
_PASSES = 8
_DARKEST = 0.001
_HALF_BYTE = 0.49
_SMOOTH_PX = 1.5


def limit_high_frequency_light(
    change: FloatArray, drawn: FloatArray, albedo: FloatArray, seen: BoolArray, scale: float
) -> FloatArray:
    """Weaken creases and noise in a change of light until the print shows as well as in the draft.

    Broad folds and shadows stay as they are. Fine light is measured as its median absolute value over the garment.

    Args:
        change: (H, W) natural logarithm of the new luminance over the draft's.
        drawn: (H, W, 3) linear light of the draft.
        albedo: (H, W, 3) linear light, the photo's colours without shading.
        seen: (H, W) bool, pixels that show nothing but garment.
        scale: long side of the whole picture over 1024.
    Returns:
        (H, W) float32; the same where it brings no fine light, and where nothing is changed.
    """
    weight = seen.astype(np.float32)
    inner = cv2.erode(seen.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if not inner.any():
        return change
    ink = albedo @ LUMINANCE + _DARKEST
    drawn_light = drawn @ LUMINANCE + _DARKEST

    def fine(light: FloatArray, sigma: float) -> FloatArray:
        near = np.maximum(blurred(weight, sigma * scale), 1e-3)
        smooth, plain = (np.maximum(blurred(part * weight, sigma * scale) / near, _DARKEST) for part in (light, ink))
        return np.asarray(np.log(light * plain / (ink * smooth)) * weight, np.float32)

    def amount(light: FloatArray) -> float:
        return float(np.median(np.abs(fine(light, _FINE_PX)[inner])))

    asked = 1 - (1 - _SHARE) * min(float(np.abs(change[inner]).mean()) / _MUCH, 1)
    result = change
    most = max(asked * amount(drawn_light), _LEAST * amount(drawn_light * np.exp(change)))
    for _ in range(_PASSES):
        light = drawn_light * np.exp(result)
        found = amount(light)
        if found <= most or found < 1e-5:
            break
        result = result - (1 - most / found) * fine(light, _TAKEN_PX)
    return np.asarray(result, np.float32)


def undo_quantisation(draft: ByteArray, albedo: FloatArray, seen: BoolArray) -> FloatArray:
    """Estimate a draft's linear light before it was rounded to bytes.

    Light varies slowly over neighbouring pixels and the photo's colours are known, which gives the draft's light to a
    fraction of a byte. Relighting the rounded bytes would round dark cloth twice.

    Args:
        draft: (H, W, 3) uint8 sRGB.
        albedo: (H, W, 3) linear light, the photo's colours without shading.
        seen: (H, W) bool, pixels that show nothing but garment.
    Returns:
        (H, W, 3) float32 that rounds to the draft's bytes.
    """
    drawn, weight = to_linear(draft), seen.astype(np.float32)[..., None]
    light = (drawn + _DARKEST) / (albedo + _DARKEST)
    smooth = blurred(light * weight, _SMOOTH_PX) / np.maximum(blurred(weight[..., 0], _SMOOTH_PX), 1e-3)[..., None]
    steps = draft.astype(np.float32)
    low, high = (to_linear(np.clip(steps + half, 0, 255) / 255) for half in (-_HALF_BYTE, _HALF_BYTE))
    return np.where(seen[..., None], np.clip((albedo + _DARKEST) * smooth - _DARKEST, low, high), drawn)
