"""Perceptual masking: how much of the mark a picture hides at each pixel."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import FloatArray

ON_GREY, ON_WHITE = 0.28, 0.22
"""Deviation in grey levels on flat ground, and on flat white: at 0.6 a plain backdrop looks like plaster."""
SEEN_FROM, FINE_SHARE = 0.15, 0.9
COARSE_FROM, COARSE_SHARE = 1.0, 0.65
_SMOOTH, _STEEP = 0.2, 3.0
"""Unevenness among neighbouring pixels up to which ground is flat, whatever surrounds it: studio backdrops have up to
0.16, cloth and skin 0.6 and more. Above it a texture counts up to ``_STEEP`` times the difference."""
DARK, LEAST_IN_DARK = 60.0, 0.45
"""Luma below which a picture hides less, and the share that is left in black: black hair shows every cloud."""
MOST = 4.5
"""Largest deviation in grey levels."""
BLUE_ON_GREY, BLUE_ON_WHITE = 1.1, 0.8
"""Deviation of blue in its own levels on flat ground: at 1.8 a plain backdrop looks stained."""
BLUE_SHARE, MOST_BLUE = 0.3, 1.4
"""Share of texture that is added to it, and largest deviation: at 3 skin and pale cloth look stained at twice size."""
BLUE_DARK, BLUE_LEAST_IN_DARK = 120.0, 0.4
"""Luma below which a picture hides less, and the share that is left in black: dark skin shows every stain."""


def band_of(luma: FloatArray, scale: float = 1.0) -> FloatArray:
    """Keep what varies as fast as the mark or faster.

    Args:
        luma: (H, W) float32.
        scale: a tile's side over 125 pixels.
    """
    return _without_slow(luma, _odd(11 * scale))


def texture_of(luma: FloatArray, scale: float = 1.0) -> FloatArray:
    """Measure the least standard deviation of fine detail around each pixel: an edge in flat ground does not count.

    Args:
        luma: (H, W) float32.
        scale: a tile's side over 125 pixels.
    Returns:
        float32 at half the size, or less by ``scale``: see ``_half``.
    """
    detail = _without_slow(luma, _odd(5 * scale))
    small = _half(np.asarray(cv2.multiply(detail, detail, dst=detail)), scale)
    around = cv2.blur(cv2.erode(cv2.blur(small, (5, 5)), np.ones((9, 9), np.uint8)), (5, 5))
    beside = cv2.blur(cv2.erode(cv2.blur(small, (3, 3)), np.ones((5, 5), np.uint8)), (3, 3))
    return np.asarray(np.sqrt(np.maximum(np.minimum(around, 2 * beside), 0)), np.float32)


def _masking_texture(luma: FloatArray, scale: float) -> FloatArray:
    """Compute ``texture_of`` without what edges add to flat ground nearby: beside an arm, between stripes."""
    uneven = cv2.erode(_half(_unevenness(luma, _odd(3 * scale)), scale), np.ones((3, 3), np.uint8))
    return np.asarray(np.minimum(texture_of(luma, scale), _STEEP * np.maximum(uneven - _SMOOTH, 0)), np.float32)


def _unevenness(luma: FloatArray, window: tuple[int, int]) -> FloatArray:
    """Compute the standard deviation, (H, W) float32, within a window smaller than the mark's own waves."""
    mean = cv2.blur(luma, window)
    uneven = cv2.blur(cv2.multiply(luma, luma), window)
    cv2.subtract(uneven, cv2.multiply(mean, mean, dst=mean), dst=uneven)
    return np.asarray(cv2.sqrt(cv2.max(uneven, 0.0, dst=uneven), dst=uneven))


def texture_masking(texture: FloatArray, flat: FloatArray | float = ON_GREY) -> FloatArray:
    """Compute the deviation in grey levels that a texture hides: float32, same shape as the texture.

    Args:
        texture: of ``texture_of``.
        flat: deviation that flat ground may have.
    """
    fine = np.clip(texture - SEEN_FROM, 0, COARSE_FROM - SEEN_FROM) * FINE_SHARE
    coarse = np.maximum(texture - COARSE_FROM, 0) * COARSE_SHARE
    return np.asarray(np.minimum(flat + fine + coarse, MOST), np.float32)


def masking_threshold(luma: FloatArray, scale: float = 1.0) -> FloatArray:
    """Compute the deviation in grey levels that the mark may have at each pixel.

    Args:
        luma: (H, W) float32 in 0..255.
        scale: a tile's side over 125 pixels.
    Returns:
        (H, W) float32 from 0.1 to 4.5.
    """
    return _luma_masking_threshold(luma, _masking_texture(luma, scale), scale)


def masking_thresholds(luma: FloatArray, scale: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Compute ``masking_threshold`` of both planes, in grey levels and in levels of blue."""
    texture = _masking_texture(luma, scale)
    flat, light = _ground(luma, scale, (BLUE_ON_GREY, BLUE_ON_WHITE), (BLUE_DARK, BLUE_LEAST_IN_DARK))
    blue = np.minimum(flat + BLUE_SHARE * texture, MOST_BLUE) * light
    return _luma_masking_threshold(luma, texture, scale), enlarged(blue, luma.shape)


def _luma_masking_threshold(luma: FloatArray, texture: FloatArray, scale: float) -> FloatArray:
    flat, light = _ground(luma, scale, (ON_GREY, ON_WHITE), (DARK, LEAST_IN_DARK))
    return enlarged(texture_masking(texture, flat) * light, luma.shape)


def _ground(
    luma: FloatArray, scale: float, levels: tuple[float, float], dark: tuple[float, float]
) -> tuple[FloatArray, FloatArray]:
    """Compute the deviation that flat ground may have, from grey to white, and the share left in darkness."""
    smooth = cv2.blur(_half(luma, scale), (5, 5))
    on_grey, on_white = levels
    flat = on_grey + (on_white - on_grey) * np.clip((smooth - 190) / 55, 0, 1)
    return np.asarray(flat), np.clip(smooth / dark[0], dark[1], 1)


def enlarged(values: FloatArray, size: tuple[int, ...]) -> FloatArray:
    """Resize values to the size (height, width) of a picture: float32."""
    return np.asarray(cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def _without_slow(luma: FloatArray, window: tuple[int, int]) -> FloatArray:
    """Subtract the mean over a window, taken twice: (H, W) float32 of the faster variation."""
    slow = cv2.blur(cv2.blur(luma, window), window)
    return np.asarray(cv2.subtract(luma, slow, dst=slow), np.float32)


def _half(luma: FloatArray, scale: float) -> FloatArray:
    """Shrink to half the size that the picture would have with tiles of 125 pixels."""
    size = (max(1, round(side / (2 * scale))) for side in reversed(luma.shape))
    return np.asarray(cv2.resize(luma, tuple(size), interpolation=cv2.INTER_AREA))


def _odd(side: float) -> tuple[int, int]:
    whole = max(3, 2 * round((side - 1) / 2) + 1)
    return whole, whole
