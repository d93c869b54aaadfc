"""Copies of large photos at the resolution that outlines need; textures keep every pixel."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from vmodel.types import Cutout, FlatLay

WORK_SIZE = 1400


def working_copy(flat_lay: FlatLay, cutout: Cutout) -> tuple[FlatLay, Cutout, float]:
    """Shrink a photo and its matte to at most 1400 pixels a side.

    Returns:
        Photo, cut-out and their scale (at most 1): pixels of the copy a pixel of the photo.
    """
    height, width = flat_lay.rgb.shape[:2]
    scale = WORK_SIZE / max(height, width)
    if scale >= 1:
        return flat_lay, cutout, 1.0
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    rgb = cv2.resize(flat_lay.rgb, size, interpolation=cv2.INTER_AREA)
    matte = cv2.resize(np.asarray(cutout.matte, np.float32), size, interpolation=cv2.INTER_AREA)
    return replace(flat_lay, rgb=rgb, alpha=None), replace(cutout, matte=matte), scale
