"""Pictures that a seller's file brings: a photo, the print of a design, pictures inside a drawing."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from vmodel.config import Settings
from vmodel.core.files import sha256_of
from vmodel.garment.designs.block_design import is_design, read_design
from vmodel.garment.designs.pattern_design import read_sewn_design
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.vector.errors import DrawingUnreadable
from vmodel.garment.vector.svg_sanitiser import SVG, read_svg
from vmodel.garment.vector.technical_flat import is_drawing
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.types import ByteArray


def rasters_of(file: Path, settings: Settings) -> Iterator[tuple[str, ByteArray]]:
    """Yield the pictures that a garment's file brings, each with the SHA-256 under which it is reviewed.

    A photo is reviewed under the hash of its file, any other picture under that of its pixels, so that one print is
    reviewed once, whatever designs show it.

    Args:
        file: photo, drawing or design.
        settings: of the installation.
    Yields:
        SHA-256, and (H, W, 3) or (H, W, 4) uint8.
    Raises:
        VModelError: the file is not usable.
    """
    if is_design(file):
        printed = (read_sewn_design(file) or read_design(file)).print
        if printed is not None:
            yield by_pixels(printed.tile)
    elif is_drawing(file):
        yield from rasters_in(file.read_bytes(), file.name)
    else:
        yield sha256_of(file), read_flat_lay(file, settings).rgb


def rasters_in(svg: bytes, name: str) -> Iterator[tuple[str, ByteArray]]:
    """Yield the pictures inside a drawing with the SHA-256 of their pixels; one at a time, since each may be large.

    Raises:
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``read_svg``; or a picture is damaged.
    """
    for element in read_svg(svg, name).iter(f"{SVG}image"):
        for attribute, link in element.attrib.items():
            # With two links it is the renderer's choice which one it shows.
            if attribute.endswith("href") and link.startswith("data:"):
                yield by_pixels(_decoded(link, name))


def by_pixels(picture: ByteArray) -> tuple[str, ByteArray]:
    """Return the SHA-256 of a picture's pixels, and the picture."""
    return pixels_sha256(picture), picture


def _decoded(link: str, name: str) -> ByteArray:
    try:
        with Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2]))) as picture:
            return np.asarray(picture.convert("RGBA"))
    except (OSError, ValueError, SyntaxError):
        raise DrawingUnreadable(name, "an embedded picture is damaged") from None
