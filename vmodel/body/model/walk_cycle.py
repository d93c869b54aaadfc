"""Walking: the body at any moment of a cycle of two steps, with the standing foot at rest on a moving floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.spatial.transform import Rotation

from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import PATH_CHUNK, Body, pose_matrices
from vmodel.body.pose.compiler import compile_pose, mirrored
from vmodel.body.pose.library import load_pose
from vmodel.types import FloatArray, IntArray, Pose, PosedBody

STEPS: Final = ("walking", "walking-mirror")
"""Poses in which the left and the right foot are set down."""
_LEGS: Final = ("upperleg", "lowerleg", "foot", "toe")
_SAMPLES: Final = 64
"""Moments of a cycle at which the feet are followed."""
_GROUNDED_M: Final = 0.003
"""Height over a foot's lowest point up to which it touches the floor."""
_LIFTED_M: Final = 0.0015
"""Height off the floor at which a foot counts a third as much as on it."""
_PASSING: Final[dict[str, Any]] = {
    "left_leg": {"thigh": [-0.03, 0.07, -1], "knee": 6, "turn": 4},
    "right_leg": {"thigh": [-0.02, 0.27, -1], "knee": 52, "turn": 5, "heel": 26},
}
"""Half way through a step: the left leg stands, the right one swings past it."""
_REACHING: Final[dict[str, Any]] = {
    "pelvis": {"turn": 6},
    "left_leg": {"thigh": [-0.03, 0.37, -1], "knee": 10, "turn": 4},
}
"""Shortly before the left foot is set down: it has come as far forward as it will, and is still in the air."""
_REACHED: Final = 0.42
"""Moment of ``_REACHING``, in cycles after the other foot was set down."""


@dataclass(frozen=True, eq=False)
class Walk:
    """Walk of one body.

    Attributes:
        body: the walking body.
        floor_m: (2,) displacement of the floor under the body in a cycle of two steps.
        turns: (J, 3) rotation vectors over the phase, from ``middle``.
        middle: the joints' mean rotations.
        sway: (2,) metres over the phase that keep the standing foot still on the floor.
    """

    body: Body
    floor_m: FloatArray
    turns: CubicSpline
    middle: Rotation
    sway: CubicSpline

    def posed(self, phase: float) -> PosedBody:
        """Return the body at a moment, as seen by a viewer who walks beside it.

        Args:
            phase: in cycles; at 0 the left foot is set down, at 0.5 the right one. Any number.
        """
        vertices, bone_poses = (batch[0] for batch in _skinned(self.body, self._rotations(np.array([phase]))))
        shift = np.append(self.sway(phase % 1.0), 0.0).astype(np.float32)
        vertices, bone_poses = vertices + shift, bone_poses.copy()
        bone_poses[:, :3, 3] += shift
        surface = load_surface()
        joints = {label: bone_poses[i, :3, 3] for i, label in enumerate(surface.bone_labels)}
        return PosedBody(vertices, surface.faces, joints, bone_poses, load_pose(STEPS[0]))

    def _rotations(self, phases: FloatArray) -> FloatArray:
        vectors = np.asarray(self.turns(phases % 1.0))
        return np.stack([(self.middle * Rotation.from_rotvec(each)).as_matrix() for each in vectors])


def learn_walk(body: Body) -> Walk:
    """Compute the walk of a body: its own step poses, joined by a leg that swings, timed so that no foot slides."""
    down = [np.asarray(body.adapted(load_pose(name)), float) for name in STEPS]
    passing, reaching = compile_pose("passing", _PASSING), compile_pose("reaching", _REACHING)
    swung = _with_legs(_between(down[0], down[1], 0.5), passing, ".L", ".R")
    swung_back = _with_legs(_between(down[0], down[1], 0.5), mirrored(passing, "passing-mirror"), ".L", ".R")
    keys = [
        down[0], swung, _with_legs(_between(swung, down[1], 0.7), mirrored(reaching, "reaching-mirror"), ".R"),
        down[1], swung_back, _with_legs(_between(swung_back, down[0], 0.7), reaching, ".L"),
    ]  # fmt: skip
    times = np.array([0.0, 0.25, _REACHED, 0.5, 0.75, 0.5 + _REACHED, 1.0])
    middle = _mean(keys)
    vectors = np.stack([(middle.inv() * Rotation.from_matrix(key)).as_rotvec() for key in (*keys, keys[0])])
    turns = CubicSpline(times, vectors, bc_type="periodic")
    still = CubicSpline([0.0, 0.5, 1.0], np.zeros((3, 2)), bc_type="periodic")
    floor_m, sway = _follow_feet(Walk(body, np.zeros(2), turns, middle, still))
    return Walk(body, floor_m, turns, middle, sway)


def _between(start: FloatArray, end: FloatArray, share: float) -> FloatArray:
    """Turn each joint a share of its way."""
    first, last = Rotation.from_matrix(start), Rotation.from_matrix(end)
    return np.asarray((first * Rotation.from_rotvec(share * (first.inv() * last).as_rotvec())).as_matrix())


def _with_legs(rotations: FloatArray, pose: Pose, *sides: str) -> FloatArray:
    """Return rotations with the legs of some sides taken from a pose."""
    surface, mixed = load_surface(), rotations.copy()
    legs = [i for i, name in enumerate(surface.bone_labels) if name.startswith(_LEGS) and name.endswith(sides)]
    mixed[legs] = pose_matrices(pose, surface)[legs]
    return mixed


def _mean(poses: Sequence[FloatArray]) -> Rotation:
    """Return each joint's mean rotation."""
    joints = zip(*poses, strict=True)
    return Rotation.from_matrix(
        np.stack([Rotation.from_matrix(np.stack(joint)).mean().as_matrix() for joint in joints])
    )


def _follow_feet(walk: Walk) -> tuple[FloatArray, CubicSpline]:
    """Return the floor's displacement in a cycle, and the sway that lets the standing foot move with the floor."""
    phases = np.arange(_SAMPLES) / _SAMPLES
    vertices, _ = _skinned(walk.body, walk._rotations(phases))
    speeds, carrying = [], []
    for sole in soles():
        at = vertices[:, sole]
        low = at[..., 2].min(axis=1)
        weight = np.exp(-(at[..., 2] - low[:, None]) / _GROUNDED_M)
        moved = np.roll(at, -1, axis=0)[..., :2] - at[..., :2]
        both = np.sqrt(weight * np.roll(weight, -1, axis=0))[..., None]
        speeds.append((both * moved).sum(axis=1) / both.sum(axis=1))
        carrying.append(np.exp(-np.maximum(low, np.roll(low, -1)) / _LIFTED_M)[:, None])
    carried = np.stack(carrying)
    foot = (np.stack(speeds) * carried).sum(axis=0) / carried.sum(axis=0)
    floor = foot.mean(axis=0)
    sway = np.concatenate([[np.zeros(2)], np.cumsum(floor - foot, axis=0)])
    sway[-1] = sway[0]
    spline = CubicSpline(np.append(phases, 1.0), sway, bc_type="periodic")
    return floor * _SAMPLES, spline


def soles() -> list[IntArray]:
    """Return the vertices of the left foot, and of the right one."""
    surface = load_surface()

    def of(side: str) -> IntArray:
        return np.flatnonzero(
            vertices_on(surface, lambda bone: bone.startswith(("foot", "toe")) and bone.endswith(side))
        )

    return [of(".L"), of(".R")]


def _skinned(body: Body, rotations: FloatArray) -> tuple[FloatArray, FloatArray]:
    shape = body.expressing(load_pose(STEPS[0]))
    parts = [shape.skin(rotations[k : k + PATH_CHUNK]) for k in range(0, len(rotations), PATH_CHUNK)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
