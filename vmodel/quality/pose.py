"""Pose score of ``quality.gate``: joints of the picture against the draft's, where a detector's weights are."""

from __future__ import annotations

import numpy as np

from vmodel.body.pose.dwpose import Box, find_joints, weights_folder
from vmodel.config import Settings
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import BoolArray, ByteArray, FloatArray

POSE_BAR = 0.5
"""Minimum of the score: COCO's threshold for a pose that is met. Not tried on pictures of published weights yet."""
_LIMBS = {
    "head": (0, 14, 15, 16, 17),
    "right arm": (2, 3, 4),
    "left arm": (5, 6, 7),
    "right leg": (8, 9, 10),
    "left leg": (11, 12, 13),
}
_ARM, _LEG, _EYES_AND_EARS = (0.079, 0.072, 0.062), (0.107, 0.087, 0.089), (0.025, 0.025, 0.035, 0.035)
_DEVIATIONS = np.array([0.026, 1, *_ARM, *_ARM, *_LEG, *_LEG, *_EYES_AND_EARS])
"""Deviation of people who mark joints, over the root of a person's area (COCO, keypoint evaluation).

In the order of COCO-18; the neck, which COCO does not have, is not used.
"""
_FEWEST = 2


def pose_score(picture: ByteArray, context: RenderContext, settings: Settings) -> float | None:
    """Score the limb whose joints are farthest from those of the draft, as DWPose sees both.

    The reference is the draft, not geometry, so that errors of the detector cancel out. A joint that it does not see in
    the draft is ignored.

    Args:
        picture: (H, W, 3) or (H, W, 4) uint8 sRGB.
        context: what the picture shows.
        settings: give the home with the detector's weights.
    Returns:
        0..1: mean similarity of the limb's joints by COCO's measure, 0 for a joint that is no longer found.
        None where the weights are not installed, or the detector sees nobody in the draft.
    Raises:
        WeightsIncomplete: the files of the weights are no networks.
    """
    person = context.maps.person_mask > 0.5
    if weights_folder(settings) is None or not person.any():
        return None
    box = _box_round(person)
    drawn, made = (find_joints(_over_grey(shown), box, settings) for shown in (context.draft, picture))
    return limb_score(drawn, made, float(person.sum()))


def limb_score(drawn: FloatArray, made: FloatArray, area_px: float) -> float | None:
    """Score the limb with the worst joints; see ``pose_score``.

    Args:
        drawn: (18, 3) joints of the draft.
        made: (18, 3) joints of the picture.
        area_px: of the person.
    """
    apart = np.linalg.norm(made[:, :2] - drawn[:, :2], axis=1)
    alike = np.exp(-(apart**2) / (2 * area_px * (2 * _DEVIATIONS) ** 2)) * (made[:, 2] > 0)
    asked = drawn[:, 2] > 0
    limbs = [alike[[j for j in joints if asked[j]]] for joints in _LIMBS.values()]
    scores = [float(limb.mean()) for limb in limbs if len(limb) >= _FEWEST]
    return min(scores, default=None)


def _box_round(person: BoolArray) -> Box:
    rows, columns = (np.flatnonzero(person.any(axis=axis)) for axis in (1, 0))
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def _over_grey(picture: ByteArray) -> ByteArray:
    if picture.shape[2] == 3:
        return picture
    alpha = picture[..., 3:].astype(np.float32) / 255
    return (picture[..., :3] * alpha + 128 * (1 - alpha) + 0.5).astype(np.uint8)
