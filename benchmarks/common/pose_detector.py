"""A person detector trained on photographs of real people, as an outside judge of our pictures.

The networks are the two of MediaPipe Pose (Apache-2.0), taken from the npm package ``@mediapipe/pose``
and run by LiteRT; they serve the benchmark only and are no dependency of vmodel. Decoding follows the
graph that the package ships (``pose_web.binarypb``): an SSD with anchors at strides 8, 16, 32, 32, 32,
then 33 landmarks on the upright square around the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

DETECTOR_PX = 224
LANDMARK_PX = 256
STRIDES = (8, 16, 32, 32, 32)
ASSETS = "pose_solution_packed_assets.data"
# COCO-18 index -> MediaPipe index; the neck (1) is the middle of the shoulders.
COCO_OF_MEDIAPIPE = {
    0: 0,
    2: 12,
    3: 14,
    4: 16,
    5: 11,
    6: 13,
    7: 15,
    8: 24,
    9: 26,
    10: 28,
    11: 23,
    12: 25,
    13: 27,
    14: 5,
    15: 2,
    16: 8,
    17: 7,
}


@dataclass(frozen=True)
class Person:
    """One detection.

    Attributes:
        score: 0..1 of the person network.
        keypoints_px: (18, 3) COCO-18 (x, y, visibility 0..1).
    """

    score: float
    keypoints_px: FloatArray


def anchors() -> FloatArray:
    """Return (2254, 2) float64 anchor centres (x, y) in 0..1, two a cell and layer."""
    centres = []
    strides = list(STRIDES)
    while strides:
        stride = strides[0]
        per_cell = 2 * strides.count(stride)
        strides = [s for s in strides if s != stride]
        cells = DETECTOR_PX // stride
        ys, xs = np.mgrid[0:cells, 0:cells]
        grid = np.stack([xs, ys], -1).reshape(-1, 2) + 0.5
        centres.append(np.repeat(grid / cells, per_cell, axis=0))
    return np.concatenate(centres)


class PoseDetector:
    """Both networks, loaded from an unpacked ``@mediapipe/pose`` package."""

    def __init__(self, package: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._anchors = anchors()
        self._detector = Interpreter(model_content=(package / ASSETS).read_bytes())
        self._landmarks = Interpreter(model_path=str(package / "pose_landmark_full.tflite"))
        self._detector.allocate_tensors()
        self._landmarks.allocate_tensors()

    def find(self, rgb: ByteArray, threshold: float = 0.5) -> list[Person]:
        """Find all persons of a picture, best first.

        Args:
            rgb: (H, W, 3) uint8.
            threshold: least score of the person network.
        """
        height, width = rgb.shape[:2]
        side = max(height, width)
        square = np.zeros((side, side, 3), np.uint8)
        top, left = (side - height) // 2, (side - width) // 2
        square[top : top + height, left : left + width] = rgb
        people = []
        for score, hip, above in self._candidates(square, threshold):
            points = self._place_landmarks(square, hip, above)
            points[:, :2] -= (left, top)
            people.append(Person(score, points))
        return people

    def _candidates(self, square: ByteArray, threshold: float) -> list[tuple[float, FloatArray, FloatArray]]:
        small = cv2.resize(square, (DETECTOR_PX, DETECTOR_PX), interpolation=cv2.INTER_AREA)
        boxes, scores = _run(self._detector, small.astype(np.float32) / 127.5 - 1)
        probability = 1 / (1 + np.exp(-np.clip(scores[0, :, 0], -50, 50)))
        points = boxes[0].reshape(-1, 6, 2) / DETECTOR_PX
        points[:, [0, 2, 3, 4, 5]] += self._anchors[:, None]
        side = square.shape[0]
        kept: list[tuple[float, FloatArray, FloatArray]] = []
        for index in np.argsort(-probability):
            if probability[index] < threshold:
                break
            hip, above = points[index, 2] * side, points[index, 3] * side
            radius = float(np.linalg.norm(above - hip))
            if all(np.linalg.norm(hip - other) > 0.5 * radius for _, other, _ in kept):
                kept.append((float(probability[index]), hip, above))
        return kept

    def _place_landmarks(self, square: ByteArray, hip: FloatArray, above: FloatArray) -> FloatArray:
        up = above - hip
        scale = LANDMARK_PX / (2.5 * float(np.linalg.norm(up)))
        angle = np.arctan2(up[0], -up[1])
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]])
        affine = np.column_stack([turn, LANDMARK_PX / 2 - turn @ hip])
        crop = cv2.warpAffine(square, affine, (LANDMARK_PX, LANDMARK_PX), flags=cv2.INTER_AREA)
        values = next(v for v in _run(self._landmarks, crop.astype(np.float32) / 255) if v.size == 195)
        marks = values.reshape(39, 5)[:33]
        points = (marks[:, :2] - affine[:, 2]) @ np.linalg.inv(turn).T
        visible = 1 / (1 + np.exp(-marks[:, 3]))
        coco = np.zeros((18, 3))
        for ours, theirs in COCO_OF_MEDIAPIPE.items():
            coco[ours] = (*points[theirs], visible[theirs])
        coco[1] = (coco[2] + coco[5]) / 2
        return coco


def _run(network: object, picture: FloatArray) -> list[FloatArray]:
    interpreter: object = network
    details = interpreter.get_input_details()[0]  # type: ignore[attr-defined]
    interpreter.set_tensor(details["index"], picture[None].astype(np.float32))  # type: ignore[attr-defined]
    interpreter.invoke()  # type: ignore[attr-defined]
    outputs = interpreter.get_output_details()  # type: ignore[attr-defined]
    return [np.array(interpreter.get_tensor(o["index"])) for o in outputs]  # type: ignore[attr-defined]
