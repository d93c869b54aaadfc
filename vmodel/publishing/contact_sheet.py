"""Contact sheet: one page with all pictures of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vmodel.types import ByteArray

_CELL = 360
_MARGIN = 16
_CAPTION = 40
_PAPER = (250, 250, 248)
_INK = (70, 68, 66)


def make_contact_sheet(pictures: Sequence[tuple[Path, str]]) -> ByteArray:
    """Lay pictures out in a grid that is wider than high, each with its caption.

    Args:
        pictures: (file, caption); at least one. Transparent pictures are composited on paper white.
    Returns:
        (H, W, 3) uint8 sRGB.
    """
    columns = min(len(pictures), max(1, math.ceil(math.sqrt(len(pictures) * 1.5))))
    rows = math.ceil(len(pictures) / columns)
    thumbnails = [_thumbnail(path) for path, _ in pictures]
    cell_height = max(image.height for image in thumbnails) + _CAPTION
    width = columns * (_CELL + _MARGIN) + _MARGIN
    sheet = Image.new("RGB", (width, rows * (cell_height + _MARGIN) + _MARGIN), _PAPER)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(13)
    for index, (thumbnail, (_, caption)) in enumerate(zip(thumbnails, pictures, strict=True)):
        left = _MARGIN + (index % columns) * (_CELL + _MARGIN)
        top = _MARGIN + (index // columns) * (cell_height + _MARGIN)
        sheet.paste(thumbnail, (left + (_CELL - thumbnail.width) // 2, top))
        text = _fit(caption, draw, font)
        draw.text((left + _CELL / 2, top + thumbnail.height + 8), text, _INK, font, anchor="ma")
    return np.asarray(sheet)


def _thumbnail(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        image = picture.convert("RGBA")
    image.thumbnail((_CELL, _CELL * 2), Image.Resampling.LANCZOS)
    paper = Image.new("RGBA", image.size, (*_PAPER, 255))
    paper.alpha_composite(image)
    return paper.convert("RGB")


def _fit(caption: str, draw: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    text = caption
    while len(text) > 4 and draw.textlength(text, font) > _CELL:
        text = text[:-2].rstrip("…") + "…"
    return text
