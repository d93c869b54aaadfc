"""Position and gaze of the eyes of a posed body."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from vmodel.body.face.eyes import gaze_of
from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.body.mesh.anny_model import load_surface
from vmodel.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Eyes:
    """Both eyes of a posed body, the left one first.

    Attributes:
        centre_m: (2, 3) float32, the middle of each eyeball.
        gaze: (2, 3) float32, unit directions from there to the pupil.
    """

    centre_m: FloatArray
    gaze: FloatArray


def eyes_of(vertices_m: FloatArray) -> Eyes:
    """Find both eyes from the motion of the eyeballs' vertices since the neutral body (Kabsch, 1976).

    Args:
        vertices_m: (V, 3) of a body in any pose.
    """
    anatomy = load_anatomy()
    centres, gazes = [], []
    for side in range(2):
        used = _eyeball(side)
        rest, here = anatomy.spot_mm[used], np.asarray(vertices_m, float)[used]
        start, moved = rest - rest.mean(axis=0), here - here.mean(axis=0)
        left, scales, right = np.linalg.svd(moved.T @ start)
        turn = left @ np.diag([1, 1, np.sign(np.linalg.det(left @ right))]) @ right
        scale = scales.sum() / (start**2).sum()
        centres.append(here.mean(axis=0) + scale * turn @ (anatomy.eye_centre_mm[side] - rest.mean(axis=0)))
        gazes.append(turn @ gaze_of(side))
    return Eyes(np.array(centres, np.float32), np.array(gazes, np.float32))


@functools.cache
def _eyeball(side: int) -> IntArray:
    return np.unique(load_surface().faces[load_anatomy().eye_faces == side + 1])
