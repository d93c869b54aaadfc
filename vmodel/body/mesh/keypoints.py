"""COCO-18 keypoints of a posed body, regressed from its surface."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch

from vmodel.body.mesh.anny_model import load_anny
from vmodel.types import FloatArray

COCO_18 = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
"""Names in OpenPose's COCO-18 order; the neck is the middle of the shoulders."""
_COCO_17 = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""Index of each of those in COCO's own 17, which have no neck."""


def read_coco_17(points: FloatArray) -> FloatArray:
    """Convert COCO's 17 keypoints, which also begin the 133 of the whole body, to COCO-18.

    Args:
        points: (17 or more, 3) x, y and confidence.
    Returns:
        (18, 3) in the order of ``COCO_18``; the neck has the confidence of the less confident shoulder.
    """
    found = np.array([points[index] if index is not None else np.zeros(3) for index in _COCO_17])
    found[1] = (found[2] + found[5]) / 2
    found[1, 2] = min(found[2, 2], found[5, 2])
    return found


def keypoints_of(vertices_m: FloatArray) -> FloatArray:
    """Return the COCO-18 keypoints of a posed mesh.

    Args:
        vertices_m: (V, 3) float32.
    Returns:
        (18, 3) float32 metres in the order of ``COCO_18``.
    """
    weights = _weights()
    return np.asarray(weights @ np.asarray(vertices_m, np.float32), np.float32)


@functools.cache
def _weights() -> FloatArray:
    """Return the regression weights (18, V) float32; rows sum to one."""
    model: Any = load_anny()
    import anny

    regressor = anny.KeypointsRegressor.coco(model)
    rows = dict(zip(regressor.labels, regressor.regression_weights.to(torch.float32).numpy(), strict=True))
    rows["neck"] = (rows["left_shoulder"] + rows["right_shoulder"]) / 2
    return np.stack([rows[name] for name in COCO_18])
