"""Tone mapping from light to display: garments keep the photo's colours, highlights roll off instead of clipping."""

from __future__ import annotations

import numpy as np

from vmodel.types import FloatArray

_KNEE = 0.86


def compress_highlights(light: FloatArray) -> FloatArray:
    """Compress what is brighter than the knee into the rest of the range, keeping the hue.

    Args:
        light: (..., 3) linear light, 0 upwards.
    Returns:
        (..., 3) in 0..1; unchanged where the brightest channel is below the knee.
    """
    red, green, blue = light[..., :1], light[..., 1:2], light[..., 2:]
    peak = np.maximum(np.maximum(np.maximum(red, green), blue), 1e-6)
    room = 1 - _KNEE
    rolled = np.where(peak > _KNEE, _KNEE + room * (1 - np.exp(-(peak - _KNEE) / room)), peak)
    return np.asarray(light * (rolled / peak), np.float32)


def film_contrast(light: FloatArray, amount: FloatArray | float) -> FloatArray:
    """Apply a gentle S-curve round middle grey, for skin and hair but not for garments.

    Args:
        light: (..., 3) linear light.
        amount: 0..1, broadcast against (..., 1).
    """
    middle = 0.2
    luminance = np.maximum(light @ np.array([0.2126, 0.7152, 0.0722], np.float32), 1e-6)[..., None]
    curved = middle * np.power(luminance / middle, 1 + 0.22 * amount)
    # No highlight is lifted above its own value by more than a fifth.
    curved = np.minimum(curved, luminance * 1.2)
    return np.asarray(light * (curved / luminance), np.float32)
