"""Hoods, worn down: spread out above the neck in the photo, they stand round it on the body and hang behind."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

RISE = 0.66
"""How far what stands rises above the neck points, in halves of the neck's width."""
DEEP, HALF = 2.6, 1.5
"""Depth and half width of the bag on the back, in the same measure."""
_HALF_NECK_CM = 9.5


def draw_bag(behind: ByteArray, neck: tuple[FloatArray, FloatArray]) -> ByteArray:
    """Draw the bag that a hood makes on the back: its edge, its middle seam, and the shadow below it.

    Args:
        behind: (H, W, 3) uint8, plain cloth of the back.
        neck: (2,) neck points in photo pixels.
    """
    centre, half = (neck[0] + neck[1]) / 2, float(abs(neck[0][0] - neck[1][0])) / 2
    way = np.array([(1.1, -0.1), (HALF, 0.35 * DEEP), (0.62 * HALF, 0.9 * DEEP), (0.0, DEEP)])
    side = _rounded(way)
    bag = centre + half * np.concatenate([side, side[-2::-1] * (-1, 1)])
    light = bag_light(behind.shape[:2], bag, half / _HALF_NECK_CM)
    line = np.zeros(behind.shape[:2], np.uint8)
    seam = centre + half * np.array([(0, -RISE), (0, DEEP)])
    width = max(1, round(0.02 * half))
    for path in (bag, seam):
        cv2.polylines(line, [np.round(path * 16).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    light = light * (1 - 0.22 * line.astype(np.float32) / 255)
    return np.asarray(np.clip(behind * light[..., None] + 0.5, 0, 255), np.uint8)


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


def _rounded(corners: FloatArray) -> FloatArray:
    """A polyline with its corners cut three times (Chaikin); its ends stay."""
    path = np.asarray(corners, float)
    for _ in range(3):
        quarter, three = 0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]
        path = np.concatenate([path[:1], np.stack([quarter, three], 1).reshape(-1, 2), path[-1:]])
    return path
