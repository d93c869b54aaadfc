"""White balance: taking the colour of a room's light from a photo, as far as it is known."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.core.colour import to_linear, to_srgb
from vmodel.types import ByteArray, FloatArray

_STRONG: Final = (0.2, 0.35)
"""How far from white an illuminant is where a change begins, and where it takes off all that is known. Judges
who saw photos and pictures side by side wanted weaker tints as the photo has them."""
_UNCERTAIN: Final = 0.08
"""How much of the distance is left: what the network says of white and grey garments is off by about as much."""
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])
_BURNT_OUT: Final = (245, 255)
"""Between these values of a pixel's largest channel the change fades out: what is burnt out has lost the light's
colour, and would turn cyan without its red."""


def in_white_light(rgb: ByteArray, illuminant: FloatArray) -> ByteArray:
    """Return a photo as it looks in white light, if its own is warm.

    Of 400 photos chosen at random the network sees strong blue light in 11. By eye none of them has it: most show blue
    cloth in daylight, which would turn grey or teal.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        illuminant: (2,) natural logarithms of red and of blue over green that white cloth has in the photo.
    """
    warm = np.array([max(float(illuminant[0]), 0.0), min(float(illuminant[1]), 0.0)])
    far = float(np.hypot(*warm))
    first, full = _STRONG
    if far <= first:
        return rgb
    red, blue = warm * min(1.0, (far - first) / (full - first)) * (1 - _UNCERTAIN / far)
    gains = np.exp([-red, 0.0, -blue])
    gains /= gains @ _LUMINANCE
    table = to_srgb(np.clip(to_linear(np.arange(256, dtype=np.uint8)[:, None]) * gains, 0, 1))
    balanced = np.stack([table[rgb[..., i], i] for i in range(3)], axis=-1)
    bright = np.asarray(rgb.max(axis=-1) > _BURNT_OUT[0])
    share = (_BURNT_OUT[1] - rgb[bright].max(axis=-1, keepdims=True)) / (_BURNT_OUT[1] - _BURNT_OUT[0])
    balanced[bright] = np.rint(rgb[bright] * (1 - share) + balanced[bright] * share)
    return np.asarray(balanced)
