"""Colour spaces that photos state without an ICC profile: cameras in EXIF, phones in the frame of a HEIC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PIL import Image

from vmodel.core.colour import to_linear, to_srgb
from vmodel.types import ByteArray, FloatArray

_ROWS: Final = 256
"""Rows converted at a time: linear light takes twelve times the bytes of a photo."""


@dataclass(frozen=True, eq=False)
class ColourSpace:
    """Primaries and tone curve of a photo's numbers.

    Attributes:
        to_linear_srgb: (3, 3) from its linear light to that of sRGB.
        gamma: exponent of its tone curve; None is that of sRGB.
    """

    to_linear_srgb: FloatArray
    gamma: float | None


ADOBE_RGB: Final = ColourSpace(
    np.array([[1.3983557, -0.3983557, 0.0], [0.0, 1.0, 0.0], [0.0, -0.0429290, 1.0429290]], np.float32), 563 / 256
)
"""Adobe RGB (1998), 4.3."""
DISPLAY_P3: Final = ColourSpace(
    np.array([[1.2249402, -0.2249402, 0.0], [-0.0420570, 1.0420570, 0.0], [-0.0196376, -0.0786360, 1.0982736]],
             np.float32), None,
)  # fmt: skip
"""Primaries of SMPTE EG 432-1 with D65 and the tone curve of sRGB."""

_P3_PRIMARIES, _SRGB_CURVES = 12, {1, 6, 13}  # ITU-T H.273, tables 2 and 3; phones show 1 and 6 like 13
_EXIF, _INTEROPERABILITY, _COLOUR_SPACE, _INDEX = 0x8769, 0xA005, 0xA001, 1


def stated_space(picture: Image.Image) -> ColourSpace | None:
    """Return the colour space that a photo states outside a profile; None where it is read as sRGB anyway."""
    frame = picture.info.get("nclx_profile")
    if isinstance(frame, dict):
        is_p3 = frame.get("color_primaries") == _P3_PRIMARIES
        return DISPLAY_P3 if is_p3 and frame.get("transfer_characteristics") in _SRGB_CURVES else None
    try:
        exif = picture.getexif()
        # DCF 2.0: "R03" is the optional colour space, which is Adobe RGB; EXIF itself only says "not sRGB".
        is_adobe = exif.get_ifd(_EXIF).get(_COLOUR_SPACE) != 1 and exif.get_ifd(_INTEROPERABILITY).get(_INDEX) == "R03"
    except Exception:  # damaged EXIF says nothing about the pixels
        return None
    return ADOBE_RGB if is_adobe else None


def convert_to_srgb(rgb: ByteArray, space: ColourSpace) -> ByteArray:
    """Convert the numbers of a photo to sRGB; colours beyond it are clipped.

    Args:
        rgb: (H, W, 3) uint8.
        space: of these numbers.
    Returns:
        (H, W, 3) uint8.
    """
    levels = np.arange(256, dtype=np.uint8)
    curve = to_linear(levels) if space.gamma is None else np.asarray((levels / 255) ** space.gamma, np.float32)
    parts = (rgb[at : at + _ROWS] for at in range(0, len(rgb), _ROWS))
    return np.concatenate([to_srgb(curve[part] @ space.to_linear_srgb.T) for part in parts])
