"""Exposure: brightening a garment that was photographed in a dim room to how it looks in daylight."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.core.colour import LUMINANCE, to_linear, to_oklab, to_srgb
from vmodel.types import BoolArray, ByteArray, FloatArray

STOPS: Final = (-0.35, 1.4)
"""Least and largest change, in stops: the range that judges were shown; cloth that is surely white changes more."""
_HEEDED: Final = (0.1, 0.3)
"""Stops, either way, between which the change rises from none to all: what is smaller is as often wrong as right."""
WHITE: Final = 0.55
"""Linear light of most of a white garment as judges wanted it on a shop's light grey ground."""
SURE: Final = (0.65, 0.85)
"""Probability of white cloth between which the change towards ``WHITE`` rises from none to all."""
_NEUTRAL: Final = (0.025, 0.04)
"""OKLab chroma of cloth, as a share of its lightness, between which that change falls from all to none."""
_NOT_DARK: Final = (0.08, 0.12)
"""Linear light of cloth between which that change rises from none to all."""
_WHITEST: Final = 0.72
"""Linear light of the brightest cloth: white cotton reflects 80 %, and the studio's light makes it a quarter brighter
where it falls straight on; above 1 it would burn out."""
KEY_STOPS: Final = 0.3
"""Stops by which cloth is darkened, since the studio's key light makes what it lights brighter than the cloth is in its
photo: the chests of eight tops are 1.05 to 1.27 times as bright, 1.2 times in the middle."""
_BRIGHT: Final = 90
"""Percentile of the garment's light that is held below it."""
_SHOULDER: Final = 0.75
"""Linear light from which values rise more slowly, so that white prints keep their folds."""


def exposed(rgb: ByteArray, mask: BoolArray, stops: float, white: float = 0.0) -> ByteArray:
    """Return a photo at the exposure that its cloth needs in the studio; cloth is made no brighter than white cloth is.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        mask: (H, W) bool, the garment; not empty.
        stops: doublings of light, limited to ``STOPS``; small changes are left out.
        white: probability of white cloth, which is brightened to ``WHITE`` unless it is coloured or dark.
    """
    cloth = to_linear(rgb[mask])
    light = cloth @ LUMINANCE
    bright = float(np.percentile(light, _BRIGHT))
    most = max(0.0, float(np.log2(_WHITEST / max(bright, 1e-3))) + KEY_STOPS)
    heeded = float(np.clip(stops * np.interp(abs(stops), _HEEDED, (0, 1)), *STOPS))
    wanted = float(np.log2(WHITE / max(float(np.median(light)), 1e-3))) + KEY_STOPS
    heeded += float(np.interp(white, SURE, (0, 1))) * _may_be_white(cloth) * max(0.0, wanted - heeded)
    gain = 2.0 ** (min(heeded, most) - KEY_STOPS)
    light = to_linear(np.arange(256, dtype=np.uint8)) * gain
    if gain > 1:  # from the shoulder on a hyperbola that begins with slope 1 and reaches white where the photo does
        above = np.maximum(light - _SHOULDER, 0)
        bend = 1 / (1 - _SHOULDER) - 1 / (gain - _SHOULDER)
        light = np.minimum(light, _SHOULDER) + above / (1 + bend * above)
    return np.asarray(to_srgb(light)[rgb])


def _may_be_white(cloth: FloatArray) -> float:
    """Return how far cloth, (n, 3) linear light, is from being coloured or dark, 0..1."""
    middle = np.median(cloth, axis=0)
    lightness, *chroma = to_oklab(middle)
    coloured = float(np.hypot(*chroma)) / max(float(lightness), 1e-3)
    neutral = np.interp(coloured, _NEUTRAL, (1, 0))
    return float(neutral * np.interp(float(middle @ LUMINANCE), _NOT_DARK, (0, 1)))
