"""Joints of people in pictures, found by DWPose (Yang et al. 2023, arXiv:2307.15880) where its weights were pulled.

Two ONNX networks: YOLOX finds people, and a whole-body estimator places the joints of one person, of which the 17 of
COCO are read. The weights do not come with vmodel; ``vmodel weights pull dwpose`` downloads them.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vmodel.body.mesh.keypoints import read_coco_17
from vmodel.config import Settings
from vmodel.errors import WeightsIncomplete
from vmodel.types import ByteArray, FloatArray

NAME = "dwpose"
PERSON_FINDER, JOINT_FINDER = "yolox_l.onnx", "dw-ll_ucoco_384.onnx"
_RECORD, _FOLDER = "record.json", "networks"
SURE = 0.3
"""Least confidence of a person and of a joint; the value of DWPose's authors."""
_FINDER_PX = 640
_STRIDES = (8, 16, 32)
_LETTERBOX_GREY = 114
_SAME = 0.45
"""Overlap (IoU) above which two boxes are of one person."""
_WINDOW = (288, 384)
"""Width and height in pixels of the joint finder's input."""
_ROOM = 1.25
"""Size of the window relative to the person's box."""
_MEAN, _DEVIATION = np.array([123.675, 116.28, 103.53]), np.array([58.395, 57.12, 57.375])
"""Mean and standard deviation of ImageNet's pixels, RGB."""
_BINS_PER_PX = 2
"""Bins per pixel in which the joint finder locates a joint, across and down (SimCC, arXiv:2107.03332)."""

#: (left, top, right, bottom) in pixels.
Box = tuple[float, float, float, float]


def weights_folder(settings: Settings) -> Path | None:
    """Return the folder of the pulled weights; None if no pull has finished."""
    folder = settings.home / "weights" / NAME
    return folder / _FOLDER if (folder / _RECORD).is_file() else None


def find_people(rgb: ByteArray, settings: Settings) -> list[Box]:
    """Find the boxes round the people in a picture, the most confident first.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        settings: name the home with the weights.
    Raises:
        WeightsIncomplete: the weights are not there, or no network can be read from them.
    """
    scale = min(_FINDER_PX / side for side in rgb.shape[:2])
    height, width = (max(1, int(side * scale)) for side in rgb.shape[:2])
    shown = np.full((_FINDER_PX, _FINDER_PX, 3), _LETTERBOX_GREY, np.uint8)
    shown[:height, :width] = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    bgr = np.ascontiguousarray(shown[..., ::-1].transpose(2, 0, 1)[None], np.float32)
    (found,) = _ask(PERSON_FINDER, bgr, settings)
    centres, sides, scores = _read_anchors(found[0])
    boxes = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1) / scale
    corners_and_sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(corners_and_sides.tolist(), scores.tolist(), SURE, _SAME)
    return [tuple(boxes[int(index)].tolist()) for index in np.asarray(kept).ravel()]


def _read_anchors(found: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return centres and sides (N, 2) in the finder's pixels, and its confidence (N,) that a person is there.

    Args:
        found: (8400, 85) for each cell of three grids: offset, log size, confidence, and that of COCO's 80 classes.
    """
    corners, strides = [], []
    for stride in _STRIDES:
        cells = np.arange(_FINDER_PX // stride)
        x, y = np.meshgrid(cells, cells)
        corners.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((len(cells) ** 2, 1), stride))
    stride_px = np.concatenate(strides)
    centres = (found[:, :2] + np.concatenate(corners)) * stride_px
    sides = np.exp(np.clip(found[:, 2:4], -10, 10)) * stride_px
    return centres, sides, found[:, 4] * found[:, 5]


def find_joints(rgb: ByteArray, box: Box, settings: Settings) -> FloatArray:
    """Find the joints of the person in a box.

    Args:
        rgb: (H, W, 3) uint8 sRGB.
        box: round the person.
        settings: name the home with the weights.
    Returns:
        (18, 3) float64 x, y in pixels and confidence, in COCO-18 order; 0 where a joint is not found.
    Raises:
        WeightsIncomplete: the weights are not there, or no network can be read from them.
    """
    left, top, right, bottom = box
    # The window is centred on the box and has the finder's aspect ratio.
    px = _ROOM * max((right - left) / _WINDOW[0], (bottom - top) / _WINDOW[1], 1e-3)
    corner = np.array([(left + right) / 2, (top + bottom) / 2]) - px * np.array(_WINDOW) / 2
    to_picture = np.array([[px, 0, corner[0]], [0, px, corner[1]]])
    shown = cv2.warpAffine(rgb, to_picture, _WINDOW, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    normed = (shown.astype(np.float32) - _MEAN) / _DEVIATION
    across, down = _ask(JOINT_FINDER, np.ascontiguousarray(normed.transpose(2, 0, 1)[None], np.float32), settings)
    bins = np.stack([across[0].argmax(axis=1), down[0].argmax(axis=1)], axis=1)
    sure = np.minimum(across[0].max(axis=1), down[0].max(axis=1))
    places = bins / _BINS_PER_PX * px + corner
    whole = np.column_stack([places, np.clip(sure, 0, 1)]).astype(np.float64)
    return read_coco_17(np.where(sure[:, None] > SURE, whole, 0.0))


def _ask(file: str, shown: FloatArray, settings: Settings) -> list[FloatArray]:
    folder = weights_folder(settings)
    if folder is None or not (folder / file).is_file():
        raise WeightsIncomplete(NAME, file)
    path = folder / file
    session = _load(path, path.stat().st_mtime_ns)
    answer: list[FloatArray] = session.run(None, {session.get_inputs()[0].name: shown})
    return answer


@lru_cache(maxsize=4)
def _load(path: Path, _modified_ns: int) -> Any:
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as faults

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except (faults.Fail, faults.InvalidProtobuf, faults.InvalidGraph, faults.InvalidArgument, faults.NotImplemented):
        raise WeightsIncomplete(NAME, f"{path.name} is no network") from None
