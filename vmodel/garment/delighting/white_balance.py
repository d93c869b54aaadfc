"""White balance: taking the colour of a room's light from a photo, as far as it is known."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.core.colour import to_linear, to_oklab, to_srgb
from vmodel.garment.delighting.exposure import SURE
from vmodel.types import BoolArray, ByteArray, FloatArray

_STRONG: Final = (0.2, 0.35)
"""How far from white an illuminant is where a change begins, and where it takes off all that is known. Judges
who saw photos and pictures side by side wanted weaker tints as the photo has them."""
_UNCERTAIN: Final = 0.08
"""How much of the distance is left: what the network says of white and grey garments is off by about as much."""
_TINTED: Final = (0.06, 0.08)
"""OKLab chroma of cloth, as a share of its lightness, between which white cloth's change falls from all to none: the
strongest tint of white cloth among 268 photos was 0.059, coloured cloth taken for white begins at 0.067."""
_LUMINANCE: Final = np.array([0.2126, 0.7152, 0.0722])
_BURNT_OUT: Final = (245, 255)
"""Between these values of a pixel's largest channel the change fades out: what is burnt out has lost the light's
colour, and would turn cyan without its red."""


def in_white_light(rgb: ByteArray, mask: BoolArray, illuminant: FloatArray, white: float = 0.0) -> ByteArray:
    """Return a photo as it looks in white light, if its own is warm or tints white cloth.

    Of 400 photos chosen at random the network sees strong blue light in 11. By eye none of them has it: most show blue
    cloth in daylight, which would turn grey or teal. On white cloth, though, a tint of any colour that the surroundings
    have as well is the light's.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        mask: (H, W) bool, the garment; not empty.
        illuminant: (2,) natural logarithms of red and of blue over green that white cloth has in the photo.
        white: probability of white cloth.
    """
    sure = float(np.interp(white, SURE, (0, 1)))
    light = (1 - sure) * _of_the_room(illuminant)
    if sure > 0:
        light += sure * _of_white_cloth(to_linear(rgb[mask]), illuminant)
    if not light.any():
        return rgb
    gains = np.exp([-light[0], 0.0, -light[1]])
    gains /= gains @ _LUMINANCE
    table = to_srgb(np.clip(to_linear(np.arange(256, dtype=np.uint8)[:, None]) * gains, 0, 1))
    balanced = np.stack([table[rgb[..., i], i] for i in range(3)], axis=-1)
    bright = np.asarray(rgb.max(axis=-1) > _BURNT_OUT[0])
    share = (_BURNT_OUT[1] - rgb[bright].max(axis=-1, keepdims=True)) / (_BURNT_OUT[1] - _BURNT_OUT[0])
    balanced[bright] = np.rint(rgb[bright] * (1 - share) + balanced[bright] * share)
    return np.asarray(balanced)


def _of_the_room(illuminant: FloatArray) -> FloatArray:
    """Return which part of a light is taken off cloth of any colour."""
    warm = np.array([max(float(illuminant[0]), 0.0), min(float(illuminant[1]), 0.0)])
    far = float(np.hypot(*warm))
    first, full = _STRONG
    return warm * max(0.0, min(1.0, (far - first) / (full - first))) * max(0.0, 1 - _UNCERTAIN / max(far, 1e-6))


def _of_white_cloth(cloth: FloatArray, illuminant: FloatArray) -> FloatArray:
    """Return which part of the tint of white cloth, (n, 3) linear light, is the light's."""
    red, green, blue = np.maximum(np.median(cloth, axis=0), 1e-4)
    tint = np.log(np.array([red, blue]) / green)
    lightness, *chroma = to_oklab(np.array([red, green, blue]))
    weak = float(np.interp(float(np.hypot(*chroma)) / max(float(lightness), 1e-3), _TINTED, (1, 0)))
    agrees = float(np.clip(tint @ illuminant / max(float(tint @ tint), 1e-6), 0, 1))
    return np.asarray(weak * agrees * tint)
