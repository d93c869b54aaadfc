"""Pictures that a seller's file brings: a photo, the print of a design, pictures inside a drawing."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
from PIL import Image

from vmodel.config import Settings
from vmodel.core.files import sha256_of
from vmodel.garment.designs.block_design import is_design, read_design
from vmodel.garment.designs.pattern_design import read_sewn_design
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.vector.svg_sanitiser import read_svg
from vmodel.garment.vector.technical_flat import is_drawing
from vmodel.rights.fingerprint.pixel_hash import pixels_sha256
from vmodel.types import ByteArray


def rasters_of(file: Path, settings: Settings) -> dict[str, ByteArray]:
    """Return the pictures that a garment's file brings, by the SHA-256 under which each is reviewed.

    A photo is reviewed under the hash of its file, any other picture under that of its pixels, so that one print is
    reviewed once, whatever designs show it.

    Args:
        file: photo, drawing or design.
        settings: of the installation.
    Returns:
        (H, W, 3) or (H, W, 4) uint8 each.
    Raises:
        VModelError: the file is not usable.
    """
    if is_design(file):
        printed = (read_sewn_design(file) or read_design(file)).print
        return {} if printed is None else by_pixels(printed.tile)
    if is_drawing(file):
        return rasters_in(file.read_bytes(), file.name)
    return {sha256_of(file): read_flat_lay(file, settings).rgb}


def rasters_in(svg: bytes, name: str) -> dict[str, ByteArray]:
    """Return the pictures inside a drawing, by the SHA-256 of their pixels.

    Raises:
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``read_svg``.
    """
    found: dict[str, ByteArray] = {}
    for element in read_svg(svg, name).iter():
        if str(element.tag).endswith("}image"):
            link = next((value for key, value in element.attrib.items() if key.endswith("href")), "")
            with Image.open(io.BytesIO(base64.b64decode(link.partition(",")[2]))) as picture:
                found |= by_pixels(np.asarray(picture.convert("RGBA")))
    return found


def by_pixels(picture: ByteArray) -> dict[str, ByteArray]:
    """Return a picture by the SHA-256 of its pixels."""
    return {pixels_sha256(picture): picture}
