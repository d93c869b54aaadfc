"""Print repeats: a tile that covers cloth repeatedly, at its true size in centimetres."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element

import cv2
import numpy as np
from PIL import Image, ImageOps

from vmodel.core.colour import parse_rgb
from vmodel.errors import BadUsage, PhotoNotFound, UnreadablePhoto
from vmodel.garment.load_photo import in_eight_bits, in_srgb
from vmodel.garment.vector.errors import DrawingTooLarge
from vmodel.garment.vector.svg_rasteriser import render_svg
from vmodel.garment.vector.svg_sanitiser import read_svg, refuse_text, write_svg
from vmodel.garment.vector.technical_flat import is_drawing, length_px
from vmodel.types import ByteArray, FloatArray

LARGEST_TILE_PX: Final = 2048
_LARGEST_BYTES: Final = 40_000_000
_MOST_MEGAPIXELS: Final = 60.0
_SAME_COLOUR: Final = 14


@dataclass(frozen=True)
class PrintRepeat:
    """A print as it lies on cloth.

    Attributes:
        tile: (h, w, 4) uint8 sRGB with straight alpha; the ground shows through.
        repeat_cm: width of one tile; its height follows.
        rotate_deg: counter-clockwise, as seen on the flat garment.
        offset_cm: (to the right, up) of a tile's middle from the garment's origin.
    """

    tile: ByteArray
    repeat_cm: float
    rotate_deg: float = 0.0
    offset_cm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if not 0.5 <= self.repeat_cm <= 300:  # also refuses NaN
            raise BadUsage(f"A repeat of {self.repeat_cm:g} cm is no print's; give 0.5 to 300 cm.")
        if not all(np.isfinite([self.rotate_deg, *self.offset_cm])) or max(map(abs, self.offset_cm)) > 300:
            raise BadUsage("Rotation and offset must be numbers; give degrees, and at most 300 cm.")

    @property
    def size_cm(self) -> tuple[float, float]:
        """(width, height) of one tile."""
        return self.repeat_cm, self.repeat_cm * self.tile.shape[0] / self.tile.shape[1]


def read_tile(path: Path) -> ByteArray:
    """Read one tile of a print: PNG, JPEG, WebP, TIFF, or SVG whose page is the tile.

    Returns:
        (h, w, 4) uint8 sRGB with straight alpha, at most 2048 pixels a side.
    Raises:
        PhotoNotFound, UnreadablePhoto: no file, no picture.
        DrawingTooLarge: too many bytes or pixels.
        DrawingUnreadable, DrawingUnsafe: of an SVG.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise DrawingTooLarge(path.name, f"is larger than {_LARGEST_BYTES // 10**6} MB")
        content = path.read_bytes()
    except OSError:
        raise PhotoNotFound(str(path)) from None
    if is_drawing(path):
        root = read_svg(content, path.name)
        refuse_text(root, path.name)
        filled, size = _filled(root)
        return render_svg(write_svg(filled), size, path.name)
    return decode_tile(content, path.name)


def _filled(root: Element) -> tuple[Element, tuple[int, int]]:
    """Make a drawing fill its tile, and return it with the tile's size (height, width) in pixels.

    Renderers keep the page's exact proportions and leave a line of the last pixels empty, which shows as a grid on
    cloth.
    """
    longest = LARGEST_TILE_PX // 2
    page = _page(root)
    if page is None:
        return root, (longest, longest)
    scale = longest / max(page)
    height, width = max(1, round(page[1] * scale)), max(1, round(page[0] * scale))
    view = root.get("viewBox") or f"0 0 {page[0]:.6g} {page[1]:.6g}"
    fitted = {"viewBox": view, "width": str(width), "height": str(height), "preserveAspectRatio": "none"}
    filled = Element(root.tag, {**root.attrib, **fitted})
    filled.extend(list(root))
    return filled, (height, width)


def _page(root: Element) -> tuple[float, float] | None:
    """Return (width, height) of a drawing's view, in any unit; None if it does not fill its page or has no size."""
    try:
        stated = [length_px(root.get(side, "")) for side in ("width", "height")]
    except ValueError:
        stated = []
    try:
        view = [float(word) for word in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if word]
    except ValueError:
        return None
    size = view[2:] if len(view) == 4 else stated
    if len(size) != 2 or not np.isfinite([*size, *stated]).all() or min(size) <= 0 or max(size) > 1e7:
        return None
    if stated and not np.isclose(stated[0] * size[1], stated[1] * size[0], rtol=0.01):
        return None
    return size[0], size[1]


def decode_tile(content: bytes, name: str) -> ByteArray:
    """Decode a tile from the bytes of a picture; see ``read_tile``."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "WEBP", "TIFF")) as opened:
            if opened.width * opened.height > _MOST_MEGAPIXELS * 1e6:
                raise DrawingTooLarge(name, f"has more than {_MOST_MEGAPIXELS:.0f} megapixels")
            picture = _in_srgb(ImageOps.exif_transpose(opened))
    except DrawingTooLarge:
        raise
    except Exception:  # decoders raise whatever their parser met
        raise UnreadablePhoto(name, "it is no PNG, JPEG, WebP or TIFF") from None
    picture.thumbnail((LARGEST_TILE_PX, LARGEST_TILE_PX), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _in_srgb(picture: Image.Image) -> Image.Image:
    """Convert to RGBA in sRGB from any stated colour space: prints come in Adobe RGB, Display P3 and printers' CMYK."""
    plain = in_eight_bits(picture)
    alpha = plain.convert("RGBA").getchannel("A")
    colours = plain.convert("RGB") if plain.has_transparency_data else plain
    opaque = in_srgb(colours, picture.info.get("icc_profile"))
    opaque.putalpha(alpha)
    return opaque


def recolour_tile(tile: ByteArray, colours: dict[str, str]) -> ByteArray:
    """Recolour a tile: each pixel near an old colour moves as the colour does, so edges stay soft.

    Args:
        tile: (h, w, 4) uint8.
        colours: "#rrggbb" -> "#rrggbb".
    """
    rgb = tile[..., :3].astype(np.float32)
    moved = rgb.copy()
    for old, new in colours.items():
        away = np.linalg.norm(rgb - parse_rgb(old), axis=2, keepdims=True)
        near = np.clip(2 - away / _SAME_COLOUR, 0, 1)
        moved += near * (np.array(parse_rgb(new)) - parse_rgb(old))
    return np.dstack([np.clip(moved + 0.5, 0, 255).astype(np.uint8), tile[..., 3]])


def lay_print(print_: PrintRepeat, x_cm: FloatArray, y_cm: FloatArray, px_per_cm: float) -> FloatArray:
    """Sample the print's colour at points of the cloth.

    Args:
        print_: the print.
        x_cm: (H, W) to the right on the flat garment.
        y_cm: (H, W) up.
        px_per_cm: resolution of the points, for which a finer tile is averaged.
    Returns:
        (H, W, 4) float32 0..255, colours multiplied by alpha.
    """
    print_ = replace(print_, tile=_at_resolution(print_, px_per_cm))
    turn = np.radians(print_.rotate_deg)
    right, up = x_cm - print_.offset_cm[0], y_cm - print_.offset_cm[1]
    along = right * np.cos(turn) + up * np.sin(turn)
    high = -right * np.sin(turn) + up * np.cos(turn)
    width, height = print_.size_cm
    rows, columns = print_.tile.shape[:2]
    u = np.mod(along / width + 0.5, 1.0) * columns - 0.5
    v = np.mod(0.5 - high / height, 1.0) * rows - 0.5
    # A rim of neighbours lets the interpolation cross the tile's edge.
    ink = print_.tile.astype(np.float32)
    ink[..., :3] *= ink[..., 3:] / 255
    tile = cv2.copyMakeBorder(ink, 2, 2, 2, 2, cv2.BORDER_WRAP)
    return np.asarray(
        cv2.remap(tile, (u + 2).astype(np.float32), (v + 2).astype(np.float32), cv2.INTER_LINEAR), np.float32
    )


def _at_resolution(print_: PrintRepeat, px_per_cm: float) -> ByteArray:
    rows, columns = print_.tile.shape[:2]
    width = max(1, round(print_.repeat_cm * px_per_cm))
    if width >= columns:
        return print_.tile
    height = max(1, round(rows * width / columns))
    return np.asarray(cv2.resize(print_.tile, (width, height), interpolation=cv2.INTER_AREA))
