"""How much of the mark a picture hides, place by place."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

HIDDEN_SHARE = 0.22
"""The mark's deviation as a share of the texture's own, in the mark's band."""
TEXTURE_SHARE, MOST_HIDDEN_SHARE = 0.5, 0.8
"""The share where the picture has so little texture that its PSNR allows it."""
ON_GREY, ON_WHITE = 0.6, 0.45
"""Deviation in grey levels on flat ground, and on flat white: at 0.8 a plain backdrop looks like plaster."""
MOST = 4.5
"""Deviation in grey levels that is never passed."""


def luma_of(picture: ByteArray) -> FloatArray:
    """(H, W) float32 in 0..255 (BT.601 weights, as JPEG's)."""
    if picture.ndim == 2:
        return picture.astype(np.float32)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY), np.float32)


def band_of(luma: FloatArray, scale: float = 1.0) -> FloatArray:
    """What varies as fast as the mark or faster.

    Args:
        luma: (H, W) float32.
        scale: a tile's side over 125 pixels.
    """
    return np.asarray(luma - cv2.blur(cv2.blur(luma, _odd(11 * scale)), _odd(11 * scale)), np.float32)


def texture_of(luma: FloatArray, scale: float = 1.0) -> FloatArray:
    """Local standard deviation of fine detail, at its least around a pixel: an edge in flat ground counts nothing."""
    detail = luma - cv2.blur(cv2.blur(luma, _odd(5 * scale)), _odd(5 * scale))
    square = cv2.blur(detail * detail, _odd(9 * scale))
    around = cv2.erode(square, np.ones(_odd(19 * scale), np.uint8))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(around, _odd(11 * scale)), 0)), np.float32)


def hiding(luma: FloatArray, scale: float = 1.0, most_power: float = np.inf) -> FloatArray:
    """Deviation in grey levels that the mark may have at each pixel.

    Args:
        luma: (H, W) float32 in 0..255.
        scale: a tile's side over 125 pixels.
        most_power: mean square that the texture's share is chosen to reach.
    Returns:
        (H, W) float32 from 0.45 to 4.5.
    """
    smooth = cv2.blur(luma, _odd(9 * scale))
    white = np.clip((smooth - 190) / 55, 0, 1)
    flat = ON_GREY + (ON_WHITE - ON_GREY) * white
    texture = texture_of(luma, scale)
    hidden, share = np.clip(TEXTURE_SHARE * texture, flat, MOST), TEXTURE_SHARE
    for _ in range(2):
        power, in_flat = float(np.mean(hidden * hidden)), float(np.mean(flat * flat * (hidden <= flat)))
        if not np.isfinite(most_power) or power <= in_flat:
            break
        share *= np.sqrt(max(most_power - in_flat, 0.2 * most_power) / (power - in_flat))
        share = min(share, MOST_HIDDEN_SHARE)
        hidden = np.clip(share * texture, flat, MOST)
    return np.asarray(hidden, np.float32)


def _odd(side: float) -> tuple[int, int]:
    whole = max(3, 2 * round((side - 1) / 2) + 1)
    return whole, whole
