"""Preparation of pictures for networks: garments on white, transparent drafts over grey."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

FLAT_LAY_SIDE = 128
BACKDROP = 128
"""Grey under transparent pixels, 0..255."""


def over_backdrop(picture: ByteArray) -> ByteArray:
    """Return (H, W, 3): the picture itself, or a transparent one over grey."""
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.float32) / 255
    return np.asarray((picture[..., :3] * alpha + BACKDROP * (1 - alpha) + 0.5).astype(np.uint8))


def cut_on_white(photo: ByteArray, matte: FloatArray) -> FloatArray:
    """Cut the garment of a photo out, on white, trimmed to its outline.

    Args:
        photo: (H, W, 3) uint8 sRGB.
        matte: (H, W) float 0..1.
    Returns:
        (h, w, 3) float32 sRGB in 0..255.
    """
    rows, columns = (np.flatnonzero((matte > 0.5).any(axis=axis)) for axis in (1, 0))
    window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    cover = matte[window][..., None]
    return np.asarray(photo[window] * cover + 255 * (1 - cover), np.float32)


def frame_flat_lay(photo: ByteArray, matte: FloatArray) -> ByteArray:
    """Frame the cut-out garment on white, whole, in its own shape, with a margin of a twentieth; see ``cut_on_white``.

    Returns:
        (128, 128, 3) uint8 sRGB.
    """
    cut = cut_on_white(photo, matte)
    side = FLAT_LAY_SIDE * 0.9 / max(cut.shape[:2])
    height, width = (max(1, round(length * side)) for length in cut.shape[:2])
    small = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    framed = np.full((FLAT_LAY_SIDE, FLAT_LAY_SIDE, 3), 255, np.uint8)
    y, x = (FLAT_LAY_SIDE - small.shape[0]) // 2, (FLAT_LAY_SIDE - small.shape[1]) // 2
    framed[y : y + small.shape[0], x : x + small.shape[1]] = np.clip(small + 0.5, 0, 255).astype(np.uint8)
    return framed
