"""Pose of a person in a photo: by DWPose if its weights were pulled, otherwise by OpenPose if it is installed."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from vmodel.body.mesh.keypoints import COCO_18
from vmodel.body.pose.dwpose import find_joints, find_people, weights_folder
from vmodel.config import Settings
from vmodel.errors import DetectorMissing, PoseInvalid
from vmodel.types import ByteArray, FloatArray


def detect_pose(rgb: ByteArray, name: str) -> FloatArray:
    """Detect the keypoints of the person in a photo; nothing is downloaded.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        name: file name, for messages.
    Returns:
        (18, 3) float64 x, y in pixels and confidence, in COCO-18 order; 0 where missing.
    Raises:
        DetectorMissing: no detector, or no weights.
        PoseInvalid: the detector finds nobody, or several people.
        WeightsIncomplete: the detector's weights cannot be read as networks.
    """
    settings = Settings()
    if weights_folder(settings) is None:
        return _ask_openpose(rgb, name)
    people = find_people(rgb, settings)
    if len(people) != 1:
        raise PoseInvalid(name, f"shows {len(people)} people", "give a photo of one person")
    return find_joints(rgb, people[0], settings)


def _ask_openpose(rgb: ByteArray, name: str) -> FloatArray:
    """Detect the keypoints with ``controlnet_aux``, whose weights are licensed for research."""
    people = _load_openpose(name).detect_poses(rgb)
    if len(people) != 1:
        raise PoseInvalid(name, f"shows {len(people)} people", "give a photo of one person")
    height, width = rgb.shape[:2]
    found = [(0.0, 0.0, 0.0) if p is None else (p.x * width, p.y * height, 1.0) for p in people[0].body.keypoints]
    if len(found) != len(COCO_18):
        raise PoseInvalid(name, f"gives {len(found)} joints")
    return np.asarray(found, np.float64)


def _load_openpose(name: str) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from controlnet_aux import OpenposeDetector
        from huggingface_hub import try_to_load_from_cache  # type: ignore[import-not-found,unused-ignore]

        cached = try_to_load_from_cache("lllyasviel/Annotators", "body_pose_model.pth")
        if not isinstance(cached, str):
            raise DetectorMissing(name)
        return OpenposeDetector.from_pretrained(str(Path(cached).parent))
    except (ImportError, OSError) as error:
        raise DetectorMissing(name) from error
