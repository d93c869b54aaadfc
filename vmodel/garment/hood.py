"""Hoods of the library's designs, drawn on the back that they lie on."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import FloatArray


def bag_light(size: tuple[int, int], outline_px: FloatArray, cm_px: float) -> FloatArray:
    """What light a bag of cloth on the back leaves: it rolls off towards its edge, and throws a shadow below.

    Args:
        size: (H, W) of the picture.
        outline_px: (n, 2) pixels.
        cm_px: pixels a centimetre.
    Returns:
        (H, W) float32, at most 1.
    """
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.round(outline_px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    covered = inside.astype(np.float32) / 255
    fallen = cv2.GaussianBlur(np.roll(covered, round(0.7 * cm_px), 0), (0, 0), max(0.5, 0.7 * cm_px))
    roll = cv2.GaussianBlur(covered, (0, 0), max(0.5, cm_px))
    return np.asarray((1 - 0.34 * fallen * (1 - covered)) * (1 - 0.16 * (1 - roll) * covered), np.float32)
