"""Rendering of a checked SVG to pixels, in a bounded process.

The renderer is resvg (Apache-2.0 or MIT, its Python package MIT), which runs no scripts and opens no connection.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from vmodel.core.bounded_process import BoundExceeded, run_bounded
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnreadable
from vmodel.garment.vector.svg_to_png import svg_to_png
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
    try:
        png = run_bounded(svg_to_png, svg, size)
    except BoundExceeded as error:
        raise DrawingTooLarge(name, f"{error} to draw") from None
    except ValueError as error:
        raise DrawingUnreadable(name, str(error)) from None
    with Image.open(io.BytesIO(png), formats=("PNG",)) as picture:
        return np.asarray(picture.convert("RGBA"))
