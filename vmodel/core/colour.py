"""Colour conversion and resampling shared by all stages."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

LUMINANCE: FloatArray = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Weights of linear-light red, green and blue (IEC 61966-2-1)."""


def luma_of(picture: ByteArray) -> FloatArray:
    """Return (H, W) float32 luma in 0..255 (BT.601 weights, as in JPEG)."""
    if picture.ndim == 2:
        return picture.astype(np.float32)
    return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY), np.float32)


def on_white(picture: ByteArray) -> ByteArray:
    """Composite a picture on white, if it has transparency: (H, W, 3) uint8."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.uint16)
    return ((picture[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


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


def to_oklab(linear: FloatArray) -> FloatArray:
    """Convert linear-light sRGB to OKLab, in which equal distances look equally far (Ottosson, 2020).

    Args:
        linear: (..., 3) float, 0..1.
    Returns:
        (..., 3) float32: lightness 0..1, green to red and blue to yellow, both about -0.3..0.3; a distance of 0.02
        is just visible side by side.
    """
    cones = np.cbrt(np.maximum(np.asarray(linear, np.float32) @ _TO_CONES.T, 0))
    return np.asarray(cones @ _TO_OKLAB.T, np.float32)


_TO_CONES = np.array(
    [[0.4122215, 0.5363325, 0.0514460], [0.2119035, 0.6806995, 0.1073970], [0.0883025, 0.2817188, 0.6299787]],
    np.float32,
)
_TO_OKLAB = np.array(
    [[0.2104543, 0.7936178, -0.0040720], [1.9779985, -2.4285922, 0.4505937], [0.0259040, 0.7827718, -0.8086758]],
    np.float32,
)


_RESIZED_AT_ONCE = 4
"""Channels that OpenCV resizes at a time."""


def parse_rgb(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue, 0..255 each, of "#rrggbb".

    Raises:
        ValueError: not six hex digits.
    """
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def blurred(values: FloatArray, sigma: float) -> FloatArray:
    """Blur with a Gaussian; wide ones are computed on a smaller copy, without a visible loss.

    Args:
        values: (H, W) or (H, W, C) float32, any number of channels.
        sigma: deviation in pixels.
    Returns:
        float32, same shape; the border repeats outside.
    """
    if values.ndim == 3 and values.shape[2] > _RESIZED_AT_ONCE:
        parts = (values[..., at : at + _RESIZED_AT_ONCE] for at in range(0, values.shape[2], _RESIZED_AT_ONCE))
        return np.dstack([blurred(np.ascontiguousarray(part), sigma) for part in parts])
    shrink = int(min(max(sigma / 3, 1), 8))
    if shrink == 1:
        return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE))
    height, width = values.shape[:2]
    small = cv2.resize(values, (-(-width // shrink), -(-height // shrink)), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), sigma / shrink, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR))


def _linear_table() -> FloatArray:
    values = np.arange(256, dtype=np.float64) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR_OF_BYTE = _linear_table()
