"""Small pictures of designs (front and back lying flat, drawn within a second or two), and the colours in them."""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.core.colour import parse_rgb
from vmodel.core.files import encode_picture
from vmodel.errors import GarmentNotFound
from vmodel.garment.blocks.library import cut_block
from vmodel.garment.blocks.paint import Canvas, Colours, lay_out, outline_alpha, paint_side, seam_mismatch_cm
from vmodel.garment.blocks.print_repeat import read_tile
from vmodel.garment.designs.block_design import Design, make_garment
from vmodel.garment.sizing import measure
from vmodel.garment.vector.svg_rasteriser import render_svg
from vmodel.garment.vector.svg_sanitiser import read_svg, recoloured, write_svg
from vmodel.garment.vector.technical_flat import parse_flat
from vmodel.service.garments.records import RecognitionResult
from vmodel.types import ByteArray, Garment

SIDE = (680, 512)
"""(height, width) in pixels of each side."""
_RIM = 20
_PAINTED = 1100
_MOST_COLOURS = 8


@dataclass(frozen=True)
class Drawn:
    """Picture of a design lying flat.

    Attributes:
        picture: (680, 1024, 4) uint8 sRGB with straight alpha: front, and back as seen from behind. Without a back its
            half is empty.
        px_per_cm: of the picture; 0 if unknown.
        mismatch_cm: offset between straight repeats at the side seams; 0 without a print.
    """

    picture: ByteArray
    px_per_cm: float = 0.0
    mismatch_cm: float = 0.0

    @property
    def png(self) -> bytes:
        """Picture as a PNG file."""
        return encode_picture(self.picture, "png")


def draw_block(design: Design) -> Drawn:
    """Draw a block with its print, at the scale of the cloth."""
    block = cut_block(design.block, design.body)
    whole = lay_out(block)
    shrunk = min((SIDE[0] - _RIM) / whole.size[0], (SIDE[1] - _RIM) / whole.size[1])
    size = round(whole.size[0] * shrunk), round(whole.size[1] * shrunk)
    canvas = Canvas(size, whole.px_per_cm * shrunk, whole.low_cm)
    colours = Colours(parse_rgb(design.ground), parse_rgb(design.trim))
    alpha = np.rint(outline_alpha(block, canvas) * 255).astype(np.uint8)
    sides = [np.dstack([paint_side(block, side, canvas, design.print, colours), alpha]) for side in ("front", "back")]
    straight = design.print is not None and design.print.rotate_deg % 90 == 0
    mismatch_cm = seam_mismatch_cm(block, design.print) if straight and design.print is not None else 0.0
    return Drawn(beside(sides[0], sides[1][:, ::-1]), canvas.px_per_cm, mismatch_cm)


def draw_drawing(svg: bytes, name: str, colours: dict[str, str]) -> Drawn:
    """Draw a technical flat; it is read and painted in bounded processes.

    Raises:
        GarmentNotFound: nothing is painted.
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``vmodel.garment.vector.svg_sanitiser``.
    """
    flat = parse_flat(svg, name)
    sides = [None if root is None else _painted(root, colours, name) for root in (flat.front, flat.back)]
    front, back = sides
    if front is None:
        raise GarmentNotFound(name)
    return Drawn(beside(front, back))


def _painted(root: Element, colours: dict[str, str], name: str) -> ByteArray:
    root = recoloured(root, colours) if colours else deepcopy(root)
    _, _, width, height = (float(word) for word in root.attrib["viewBox"].split())
    scale = _PAINTED / max(width, height)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    root.set("width", str(size[1]))
    root.set("height", str(size[0]))
    painted = render_svg(write_svg(root), size, name)
    rows, columns = np.nonzero(painted[..., 3] > 8)
    if not len(rows):
        raise GarmentNotFound(name)
    return painted[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]


def beside(front: ByteArray, back: ByteArray | None) -> ByteArray:
    """Join the two sides, each (H, W, 4), into one picture, each as large as its half allows; see ``Drawn``."""
    sheet = np.zeros((SIDE[0], 2 * SIDE[1], 4), np.uint8)
    for number, side in enumerate((front, back)):
        if side is None:
            continue
        share = share_of(side)
        size = max(1, round(side.shape[1] * share)), max(1, round(side.shape[0] * share))
        fitted = side if size == side.shape[1::-1] else resized(side, size)
        top, left = (SIDE[0] - size[1]) // 2, number * SIDE[1] + (SIDE[1] - size[0]) // 2
        sheet[top : top + size[1], left : left + size[0]] = fitted
    return sheet


def share_of(side: ByteArray) -> float:
    """Return the factor by which ``beside`` scales a side."""
    return float(min((SIDE[0] - _RIM) / side.shape[0], (SIDE[1] - _RIM) / side.shape[1]))


def resized(picture: ByteArray, size: tuple[int, int]) -> ByteArray:
    """Resize a picture to (width, height), without mixing in the colour of transparent pixels."""
    ink = picture.astype(np.float32)
    ink[..., :3] *= ink[..., 3:] / 255
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    ink[..., :3] /= np.maximum(ink[..., 3:] / 255, 1e-3)
    return np.asarray(np.clip(ink + 0.5, 0, 255), np.uint8)


def tile_of(content: bytes, suffix: str, name: str) -> ByteArray:
    """Read a print's tile from an uploaded file; see ``read_tile``.

    Args:
        content: of the file, untrusted.
        suffix: "svg", or that of a picture.
        name: for messages.
    """
    with tempfile.TemporaryDirectory(prefix="vmodel-") as folder:
        path = Path(folder) / (name if name.endswith(f".{suffix}") and "/" not in name else f"print.{suffix}")
        path.write_bytes(content)
        return read_tile(path)


def colours_in(tile: ByteArray) -> list[str]:
    """List the colours of a print as "#rrggbb", the most frequent first, at most eight."""
    small = tile if max(tile.shape[:2]) <= 160 else cv2.resize(tile, (160, 160), interpolation=cv2.INTER_NEAREST)
    seen = np.asarray(small)[np.asarray(small)[..., 3] > 200][:, :3]
    if not len(seen):
        return []
    counted = Counter(map(tuple, (seen // 8 * 8).tolist()))
    found: list[Any] = []
    for rough, count in counted.most_common(60):
        if count < len(seen) / 250 or len(found) == _MOST_COLOURS:
            break
        near = seen[np.all(seen // 8 * 8 == rough, axis=1)]
        exact = Counter(map(tuple, near.tolist())).most_common(1)[0][0]
        if all(np.linalg.norm(np.subtract(exact, other)) > 40 for other in found):
            found.append(exact)
    return ["#{:02x}{:02x}{:02x}".format(*colour) for colour in found]


def colours_written(svg: bytes, name: str) -> list[str]:
    """List the colours that a drawing's text names, as "#rrggbb", the most frequent first, at most eight.

    Raises:
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``vmodel.garment.vector.svg_sanitiser``.
    """
    text = write_svg(read_svg(svg, name)).decode()
    written = [match.lower() for match in re.findall(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b", text)]
    whole = ("".join(2 * digit for digit in each) if len(each) == 3 else each for each in written)
    return [f"#{each}" for each, _ in Counter(whole).most_common(_MOST_COLOURS)]


def describe_block(design: Design, wearer: str, drawn: Drawn) -> RecognitionResult:
    """Describe a design that was cut by formula in the same form as a garment that was read from a photo.

    Args:
        design: the choice.
        wearer: id of the model that it is made for.
        drawn: from ``draw_block``.
    """
    return describe_garment(make_garment(design, "design")[3], "design", wearer, drawn)


def describe_garment(garment: Garment, source: str, wearer: str, drawn: Drawn) -> RecognitionResult:
    """Describe a garment whose cut is given.

    Args:
        garment: in centimetres.
        source: origin of its size.
        wearer: id of the model that it is made for, or empty.
        drawn: its picture.
    """
    kind = garment.kind
    width = measure.chest_width(garment) if kind.category.covers_upper else measure.waistband_width(garment)
    found = {
        "category": kind.category.value,
        "confidence": 1.0,
        "stated": True,
        "sleeve": kind.sleeve.value,
        "neckline": kind.neckline.value,
        "length": kind.length.value,
        "open_front": bool(kind.open_front),
        "cutout": {"source": "design", "confidence": 1.0},
        "photo_size": list(drawn.picture.shape[:2]),
        "landmarks": {},
        "size_cm": {
            "width": round(float(width), 1),
            "length": round(float(measure.garment_length(garment)), 1),
            "source": source,
            "guessed_on": wearer,
        },
        "warnings": list(garment.warnings),
    }
    return RecognitionResult(found, drawn.png)


def decode_limit(settings: Settings) -> int:
    """Return the maximum size of an uploaded print, flat or pattern, in bytes."""
    return min(settings.max_upload_bytes, 10_000_000)
