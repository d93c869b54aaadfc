"""Background of the model: a seamless studio sweep, a place, a colour, a picture, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.core.colour import to_linear
from vmodel.errors import PhotoNotFound, UnknownBackground, UnsupportedPhoto
from vmodel.garment.load_photo import read_rgb
from vmodel.scene.place.catalogue import PLACES
from vmodel.scene.place.floor_view import floor_depth, floor_light
from vmodel.scene.place.view import paint_place
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import ByteArray, Camera, FloatArray

SWEEPS: dict[str, tuple[int, int, int]] = {
    "white": (255, 255, 255),
    "light-grey": (226, 226, 227),
    "grey": (168, 169, 171),
    "warm-grey": (205, 199, 191),
    "dark": (52, 53, 56),
    "gradient": (206, 208, 211),
}
"""Sweep name -> sRGB of the lit backdrop."""

BACKGROUNDS = (*SWEEPS, *PLACES, "transparent")

_LONGEST_SIDE = 4096
"""Longest side of a stored picture, pixels: more than any shot shows."""
_MOST_SURPLUS = 16.0
"""Area of the scaled picture relative to the shot above which it is cropped before scaling."""
_BEHIND_M = 1.5
_CURVE_M = 1.3


@dataclass(frozen=True)
class Background:
    """Backdrop of a shot.

    Attributes:
        name: of a sweep or a place, "colour", "picture" or "transparent".
        colour: (3,) linear light of the lit backdrop.
        picture: (H, W, 3) uint8 sRGB, or None.
        blur: 0..1, how far out of focus the picture is.
    """

    name: str
    colour: FloatArray
    picture: ByteArray | None = None
    blur: float = 0.0


def read_background(background: str) -> Background:
    """Parse a background as the command line states it.

    Args:
        background: a name of ``BACKGROUNDS``, a colour like "#d8d0c8", or a picture file; "blur:FILE"
            puts the picture out of focus.
    Raises:
        UnknownBackground: none of these, or the file is not a picture.
        PhotoTooLarge, UnreadablePhoto, AnimatedPhoto: see ``vmodel.garment.load_photo.read_rgb``.
    """
    if background == "transparent":
        return Background("transparent", np.ones(3, np.float32))
    if background in SWEEPS:
        return Background(background, to_linear(np.array(SWEEPS[background], np.uint8)))
    if background in PLACES:
        return Background(background, np.ones(3, np.float32))
    digits = re.fullmatch(r"#?([0-9a-fA-F]{6})", background)
    if digits:
        colour = np.frombuffer(bytes.fromhex(digits.group(1)), np.uint8)
        return Background("colour", to_linear(colour))
    path = background.removeprefix("blur:")
    return Background("picture", np.ones(3, np.float32), _read_plate(path, background), float(background != path))


def _read_plate(path: str, background: str) -> ByteArray:
    try:
        return _within(read_rgb(Path(path), Settings()), _LONGEST_SIDE)
    except (PhotoNotFound, UnsupportedPhoto):
        raise UnknownBackground(background, BACKGROUNDS) from None


def _within(picture: ByteArray, longest: int) -> ByteArray:
    scale = longest / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def paint_background(background: Background, camera: Camera, lighting: Lighting) -> FloatArray:
    """Paint the backdrop without the model.

    Args:
        background: from ``read_background``.
        camera: level pinhole.
        lighting: its lamps shade the backdrop, and the model's shadow falls on the floor.
    Returns:
        (H, W, 3) float32 linear light; zeros for "transparent".
    """
    height, width = camera.size
    if background.name == "transparent":
        return np.zeros((height, width, 3), np.float32)
    if background.name in PLACES:
        return paint_place(background.name, camera, lighting)
    shade = floor_light(camera, lighting.floor, _BEHIND_M)
    if background.picture is not None:
        plate = to_linear(_cover(background.picture, (height, width), background.blur))
        return np.asarray(plate * (1 - 0.7 * (1 - shade))[..., None], np.float32)
    light = _sweep_light(background.name, camera)
    light = light * (1 - (_on_white(1 - shade) if background.name == "white" else 0.85 * (1 - shade)))
    if background.name in SWEEPS and background.name != "white":
        light = light * lighting.setup.backdrop
    return np.asarray(light[..., None] * background.colour, np.float32)


def _on_white(shadow: FloatArray) -> FloatArray:
    """Return a shadow as an overexposed floor shows it: its faint part burns out, none of it touches the border."""
    height, width = shadow.shape
    columns = (np.arange(width) + 0.5) / width
    rows = (np.arange(height) + 0.5) / height
    from_side = np.clip(np.minimum(columns, 1 - columns) / 0.14 - 0.15, 0, 1)
    from_floor = np.clip((1 - rows) / 0.03 - 0.25, 0, 1)
    return np.asarray(np.clip(0.62 * shadow - 0.05, 0, 1) * from_side[None] * from_floor[:, None], np.float32)


def _sweep_light(name: str, camera: Camera) -> FloatArray:
    """Return the brightness (H, W) of the empty sweep; white is lit evenly so that shop pages stay white."""
    height, width = camera.size
    if name == "white":
        return np.ones((height, width), np.float32)
    x = (np.arange(width, dtype=np.float32) + 0.5) / width - 0.5
    y = (np.arange(height, dtype=np.float32) + 0.5) / height
    away = np.hypot(x[None] * 1.1, (y[:, None] - 0.42) * 1.0)
    glow = 1.06 - 0.34 * np.square(np.clip(away, 0, 1))
    if name == "gradient":
        glow = glow * (1.12 - 0.5 * y[:, None])
    # The floor catches the light from above; the curve of the sweep blends it into the wall.
    floor = np.clip((floor_depth(camera) - _BEHIND_M) / _CURVE_M, 0, 1)
    smooth = floor * floor * (3 - 2 * floor)
    return np.asarray(glow * (1.05 - 0.05 * smooth)[:, None], np.float32)


def _cover(picture: ByteArray, size: tuple[int, int], blur: float) -> ByteArray:
    """Scale and crop a picture so that it covers the size."""
    height, width = size
    scale = max(height / picture.shape[0], width / picture.shape[1])
    if scale * scale * picture.shape[0] * picture.shape[1] > _MOST_SURPLUS * height * width:
        # A strip is cropped first: scaled whole, it would fill the memory.
        rows, columns = -(-height // scale), -(-width // scale)
        top, left = int(picture.shape[0] - rows) // 2, int(picture.shape[1] - columns) // 2
        picture = picture[top : top + int(rows), left : left + int(columns)]
    scaled_width = max(width, round(picture.shape[1] * scale))
    scaled_height = max(height, round(picture.shape[0] * scale))
    kind = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (scaled_width, scaled_height), interpolation=kind)
    top, left = (scaled_height - height) // 2, (scaled_width - width) // 2
    cropped = scaled[top : top + height, left : left + width]
    return np.asarray(cv2.GaussianBlur(cropped, (0, 0), 0.008 * height * blur) if blur > 0 else cropped)
