"""Rendering of a checked SVG to pixels, in a separate process that is bounded in time and memory.

The renderer is resvg (Apache-2.0 or MIT, its Python package MIT), which runs no scripts and opens no connection.
"""

from __future__ import annotations

import io
import subprocess
import sys

import numpy as np
from PIL import Image

from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnreadable
from vmodel.garment.vector.svg_rasteriser_main import LONGEST_S
from vmodel.types import ByteArray


def render_svg(svg: bytes, size: tuple[int, int], name: str) -> ByteArray:
    """Draw a drawing that ``read_svg`` has checked.

    Args:
        svg: its bytes.
        size: (height, width) of the picture in pixels; the drawing is fitted into it.
        name: of the file, for messages.
    Returns:
        (h, w, 4) uint8 sRGB with straight alpha; one side may be shorter than asked.
    Raises:
        DrawingUnreadable: the renderer refuses it.
        DrawingTooLarge: it takes too long or too much memory.
    """
    command = [sys.executable, "-m", "vmodel.garment.vector.svg_rasteriser_main", str(size[1]), str(size[0])]
    try:
        ended = subprocess.run(command, input=svg, capture_output=True, timeout=2 * LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        raise DrawingTooLarge(name, f"takes more than {LONGEST_S} s to draw") from None
    if ended.returncode < 0:
        raise DrawingTooLarge(name, "takes too much time or memory to draw")
    if ended.returncode:
        lines = ended.stderr.decode(errors="replace").strip().splitlines()
        raise DrawingUnreadable(name, lines[-1] if lines else "the renderer gave up")
    with Image.open(io.BytesIO(ended.stdout), formats=("PNG",)) as picture:
        return np.asarray(picture.convert("RGBA"))
