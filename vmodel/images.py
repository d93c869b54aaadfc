"""Colour and resampling shared by the stages."""

from __future__ import annotations

import numpy as np

from vmodel.types import ByteArray, FloatArray


def to_linear(srgb: ByteArray | FloatArray) -> FloatArray:
    """Decode sRGB to linear light (IEC 61966-2-1).

    Args:
        srgb: any shape; uint8 0..255 or float 0..1.
    Returns:
        float32 in 0..1, same shape.
    """
    if srgb.dtype == np.uint8:
        return _LINEAR_OF_BYTE[srgb]
    values = np.asarray(srgb, np.float32)
    return np.where(values <= 0.04045, values / 12.92, ((np.maximum(values, 0) + 0.055) / 1.055) ** 2.4).astype(
        np.float32
    )


def to_srgb(linear: FloatArray) -> ByteArray:
    """Encode linear light as sRGB bytes, clipping to the displayable range.

    Args:
        linear: float, any shape, nominally 0..1.
    Returns:
        uint8, same shape.
    """
    values = np.clip(np.asarray(linear, np.float32), 0, 1)
    encoded = np.where(values <= 0.0031308, values * 12.92, 1.055 * values ** (1 / 2.4) - 0.055)
    return (encoded * 255 + 0.5).astype(np.uint8)


def _linear_table() -> FloatArray:
    values = np.arange(256, dtype=np.float64) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR_OF_BYTE = _linear_table()
