"""Likeness of two pictures. Shots of one studio share pose, light and background, but must count as different."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.core.colour import luma_of
from vmodel.rights.fingerprint.feature_matching import match_pictures
from vmodel.types import ByteArray, FloatArray

SAME = 0.75
"""Share of the detail that must agree; copies measured 0.97 and more, with a banner over a quarter of them 0.8, other
outfits on one model in one pose and place up to 0.71. The same outfit on another model measured up to 0.8."""
_BLOCK_PX = 16
_LONGEST_PX = 512
_DETAIL, _MOST = 3.0, 40.0
_AGREES = 0.6


def likeness(copy: ByteArray, original: ByteArray) -> float:
    """Measure how far a copy shows the original, wherever the original is in it.

    The two pictures are aligned by their features. Then each block of the original that has detail of its own is
    compared with the copy at the same place, and counts by its contrast: a garment more than the faint wall behind it.
    Light, contrast and compression do not count; other cloth or another face do.

    Args:
        copy: (H, W, 3) uint8 sRGB.
        original: (H, W, 3) uint8 sRGB.
    Returns:
        Share of the detail that agrees, 0..1; 0 if the pictures cannot be aligned.
    """
    seen, wanted = luma_of(copy), luma_of(original)
    match = match_pictures(seen, wanted)
    if match is None:
        return 0.0
    height, width = wanted.shape
    back = cv2.warpPerspective(
        np.dstack([seen, np.ones_like(seen)]),
        match.homography,
        (width, height),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
    )
    covered = back[..., 1] > 0.99
    if covered.mean() < 0.02:
        return 0.0
    return _agreeing(_shrunk(back[..., 0]), _shrunk(wanted), _shrunk(covered.astype(np.float32)))


def _shrunk(values: FloatArray) -> FloatArray:
    shrink = min(1.0, _LONGEST_PX / max(values.shape[:2]))
    small = cv2.resize(values, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _agreeing(seen: FloatArray, wanted: FloatArray, covered: FloatArray) -> float:
    """Return the share of detailed blocks whose normalised correlation is high, weighted by their contrast."""

    def mean(values: FloatArray) -> FloatArray:
        return np.asarray(cv2.blur(values, (_BLOCK_PX, _BLOCK_PX))[:: _BLOCK_PX // 2, :: _BLOCK_PX // 2])

    covariance = mean(seen * wanted) - mean(seen) * mean(wanted)
    seen_variance = mean(seen * seen) - mean(seen) ** 2
    wanted_variance = mean(wanted * wanted) - mean(wanted) ** 2
    detailed = (wanted_variance > _DETAIL**2) & (mean(covered) > 0.99)
    if detailed.sum() < 4:
        return 0.0
    correlation = covariance / np.sqrt(np.maximum(seen_variance * wanted_variance, 1e-6))
    contrast = np.minimum(np.sqrt(wanted_variance[detailed]), _MOST)
    return float(np.average(correlation[detailed] > _AGREES, weights=contrast))
