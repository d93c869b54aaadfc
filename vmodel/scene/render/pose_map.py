"""Pose as a picture: limbs in the colours of OpenPose, as pose-conditioned models expect them."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

LIMBS = (
    (1, 2), (1, 5), (2, 3), (3, 4), (5, 6), (6, 7), (1, 8), (8, 9), (9, 10),
    (1, 11), (11, 12), (12, 13), (1, 0), (0, 14), (14, 16), (0, 15), (15, 17),
)  # fmt: skip
"""Pairs of COCO-18 keypoints, in the order of ``COLOURS``."""

COLOURS = (
    (255, 0, 0), (255, 85, 0), (255, 170, 0), (255, 255, 0), (170, 255, 0), (85, 255, 0),
    (0, 255, 0), (0, 255, 85), (0, 255, 170), (0, 255, 255), (0, 170, 255), (0, 85, 255),
    (0, 0, 255), (85, 0, 255), (170, 0, 255), (255, 0, 255), (255, 0, 170), (255, 0, 85),
)  # fmt: skip
"""RGB of limbs (first 17, dimmed to 60 %) and of joints (all 18)."""


def draw_pose_map(keypoints_px: FloatArray, size: tuple[int, int]) -> ByteArray:
    """Draw a COCO-18 skeleton.

    Args:
        keypoints_px: (18, 3) x, y in pixels and visible 0/1; invisible points and their limbs are left out.
        size: (height, width).
    Returns:
        (H, W, 3) uint8 RGB on black; sticks are 4 px thick at 512 px and grow with the picture.
    Source:
        The drawing rule of OpenPose's COCO model, as ControlNet was trained on it.
    """
    canvas = np.zeros((*size, 3), np.uint8)
    thick = max(2, round(4 * max(size) / 512))
    for (first, second), colour in zip(LIMBS, COLOURS, strict=False):
        a, b = keypoints_px[first], keypoints_px[second]
        if a[2] < 0.5 or b[2] < 0.5:
            continue
        middle = 0.5 * (a[:2] + b[:2])
        length = float(np.hypot(*(a[:2] - b[:2])))
        angle = float(np.degrees(np.arctan2(a[1] - b[1], a[0] - b[0])))
        outline = cv2.ellipse2Poly(
            (round(float(middle[0])), round(float(middle[1]))), (round(length / 2), thick), round(angle), 0, 360, 1
        )
        cv2.fillConvexPoly(canvas, outline, tuple(int(0.6 * channel) for channel in colour))
    for (x, y, visible), colour in zip(keypoints_px, COLOURS, strict=True):
        if visible >= 0.5:
            cv2.circle(canvas, (int(x), int(y)), thick, colour, thickness=-1)
    return canvas
