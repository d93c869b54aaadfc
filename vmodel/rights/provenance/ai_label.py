"""Visible label, drawn with strokes of its own: it needs no Chinese font and looks the same everywhere."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from vmodel.rights.provenance.channels import CHINESE
from vmodel.types import ByteArray, FloatArray

HEIGHT_SHARE = 0.055
"""Height of the text over the picture's shortest side; GB 45438-2025 requires 0.05."""
_FINEST = 4
#: Strokes in a square of one by one, y down; letters are narrower.
_STROKES: Mapping[str, tuple[float, tuple[tuple[tuple[float, float], ...], ...]]] = {
    "A": (0.72, (((0.04, 1.0), (0.36, 0.0), (0.68, 1.0)), ((0.16, 0.64), (0.56, 0.64)))),
    "I": (0.3, (((0.15, 0.0), (0.15, 1.0)),)),
    "生": (
        1.0,
        (
            ((0.26, 0.06), (0.2, 0.24), (0.08, 0.42)),
            ((0.22, 0.26), (0.88, 0.26)),
            ((0.54, 0.0), (0.54, 0.96)),
            ((0.18, 0.6), (0.86, 0.6)),
            ((0.04, 0.96), (0.98, 0.96)),
        ),
    ),
    "成": (
        1.0,
        (
            ((0.14, 0.24), (0.94, 0.24)),
            ((0.16, 0.24), (0.15, 0.58), (0.11, 0.8), (0.02, 0.98)),
            ((0.16, 0.5), (0.42, 0.5), (0.41, 0.72), (0.37, 0.84), (0.27, 0.8)),
            ((0.56, 0.02), (0.59, 0.36), (0.68, 0.66), (0.8, 0.88), (0.92, 0.97), (0.96, 0.8)),
            ((0.88, 0.42), (0.76, 0.68), (0.6, 0.86), (0.44, 0.97)),
            ((0.72, 0.02), (0.84, 0.12)),
        ),
    ),
}


def draw_label(picture: ByteArray, text: str) -> ByteArray:
    """Draw a label in the lower left corner, light on a dark ground so that it is legible on any picture.

    Args:
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB.
        text: of ``vmodel.rights.provenance.channels``; "" leaves the picture as it is.
    Returns:
        uint8, same shape; a new array where there is a text.
    """
    if not text:
        return picture
    shortest = min(picture.shape[:2])
    height = int(np.ceil(HEIGHT_SHARE * shortest))
    ink = _chinese(height) if text == CHINESE else _latin(text, height)
    pad = round(height * 0.45)
    ink = np.pad(ink, ((round(pad * 0.8),) * 2, (pad, pad)))
    labelled, edge = picture.copy(), round(0.025 * shortest)
    bottom, left = picture.shape[0] - edge, edge
    rows, columns = slice(bottom - ink.shape[0], bottom), slice(left, left + ink.shape[1])
    under = labelled[rows, columns].astype(np.float32)
    ink = ink[: under.shape[0], : under.shape[1], None]
    ground = under[..., :3] * 0.35 + 20 * 0.65
    under[..., :3] = ground * (1 - ink) + 245 * ink
    under[..., 3:] = 255
    labelled[rows, columns] = np.rint(under).astype(np.uint8)
    return labelled


def _chinese(height: int) -> FloatArray:
    """Draw the Chinese text's ink: (height, W) float32 in 0..1."""
    scale, gap = height * _FINEST, 0.16
    width = sum(_STROKES[letter][0] + gap for letter in CHINESE) - gap
    ink = np.zeros((scale, round(width * scale)), np.uint8)
    thick = max(1, round(0.085 * scale))
    # Points keep half a stroke's width from each edge.
    inner, start = scale - thick, 0.0
    for letter in CHINESE:
        advance, strokes = _STROKES[letter]
        for stroke in strokes:
            points = np.array([(start * scale + thick / 2 + x * inner, thick / 2 + y * inner) for x, y in stroke])
            cv2.polylines(ink, [np.rint(points).astype(np.int32)], False, 255, thick, cv2.LINE_AA)
        start += advance + gap
    small = cv2.resize(ink, (ink.shape[1] // _FINEST, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255


def _latin(text: str, height: int) -> FloatArray:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(height)
    left, top, right, bottom = font.getbbox(text)
    image = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font)
    return np.asarray(image, np.float32) / 255
