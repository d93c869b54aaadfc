"""Chart of a body's surface for judging clothes: part, height at rest, and side of that part.

A garment is judged on the body at rest: cloth on a raised arm or a seated thigh is mapped to where that skin is when
the model stands. So one set of bounds serves every pose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.model.body import Body
from vmodel.types import BoolArray, FloatArray, IntArray, PosedBody

TRUNK, LEFT_ARM, RIGHT_ARM, LEFT_LEG, RIGHT_LEG, NECK, HEAD = range(7)
ARMS, LEGS = (LEFT_ARM, RIGHT_ARM), (LEFT_LEG, RIGHT_LEG)
BODY: Final = (TRUNK, NECK, HEAD, *LEGS)
EVERYWHERE: Final = (*BODY, *ARMS)
_BONES: Final[Mapping[str, tuple[int, int]]] = {
    **dict.fromkeys(("upperarm", "lowerarm", "wrist", "metacarpal", "finger"), ARMS),
    **dict.fromkeys(("upperleg", "lowerleg", "foot", "toe"), LEGS),
    "neck": (NECK, NECK),
    **dict.fromkeys(("head", "eye"), (HEAD, HEAD)),
}
_SLICE_M: Final = 0.02
_NEAREST: Final = 3
_USUAL_HEIGHT_CM: Final = 170.0


@dataclass(frozen=True, eq=False)
class OnBody:
    """Places of points on a body.

    Attributes:
        vertex: (P,) index of the nearest vertex.
        part: (P,) part of that vertex.
        rest_m: (P, 3) the skin below each point, on the body at rest.
        away_m: (P,) distance from that vertex.
    """

    vertex: IntArray
    part: IntArray
    rest_m: FloatArray
    away_m: FloatArray


class BodyChart:
    """Body in a pose and at rest.

    Attributes:
        part: (V,) one of the seven parts.
        rest_m, posed_m: (V, 3) the skin at rest and in the pose.
        normals: (V, 3) in the pose.
        scale: height over that of a usual adult; bounds in cm grow with it.
        shoulder_m: height of the shoulder joints at rest.
    """

    def __init__(self, body: Body, posed: PosedBody) -> None:
        self.body, self.posed = body, posed
        codes = np.array([_part_of(label) for label in body.surface.bone_labels])
        self.part: IntArray = codes[body.surface.vertex_bone]
        self.rest_m: FloatArray = np.asarray(body.rest.vertices_m, float)
        self.posed_m: FloatArray = np.asarray(posed.vertices_m, float)
        self.normals: FloatArray = np.asarray(vertex_normals(posed.vertices_m, posed.faces), float)
        self.scale = body.measurements.height / _USUAL_HEIGHT_CM
        joints = body.rest.joints_m
        self.shoulder_m = float(min(joints[f"upperarm01.{side}"][2] for side in "LR"))
        self.shoulder_x_m = float(joints["upperarm01.L"][0])
        self._trees: dict[tuple[int, ...], tuple[IntArray, cKDTree]] = {}

    def locate(self, points_m: FloatArray, parts: Sequence[int]) -> OnBody:
        """Find the skin of some parts that lies nearest to (P, 3) points in the pose."""
        chosen = tuple(parts)
        if chosen not in self._trees:
            own = np.flatnonzero(np.isin(self.part, chosen))
            self._trees[chosen] = own, cKDTree(self.posed_m[own])
        index, tree = self._trees[chosen]
        away, nearest = tree.query(points_m, k=_NEAREST)
        return OnBody(
            index[nearest[:, 0]], self.part[index[nearest[:, 0]]], self.rest_m[index[nearest]].mean(axis=1), away[:, 0]
        )

    @cached_property
    def bearing_deg(self) -> FloatArray:
        """(V,) bearing -180..180 round the body's middle: 0 in front, 90 on the wearer's left; meaningless for arms."""
        return self._bearings(~np.isin(self.part, ARMS))

    def _bearings(self, chosen: BoolArray) -> FloatArray:
        slices = np.floor(self.rest_m[:, 2] / _SLICE_M).astype(int)
        slices -= slices.min()
        low, high = (np.full((slices.max() + 1, 2), far) for far in (np.inf, -np.inf))
        np.minimum.at(low, slices[chosen], self.rest_m[chosen, :2])
        np.maximum.at(high, slices[chosen], self.rest_m[chosen, :2])
        known = np.isfinite(low)
        middle = np.where(known, np.where(known, low, 0) + np.where(known, high, 0), 0.0) / 2
        x, y = (self.rest_m[:, :2] - middle[slices]).T
        return np.asarray(np.degrees(np.arctan2(x, -y)))

    def shoulder_line_m(self, x_cm: float) -> float:
        """Return the height of the body's upper outline at rest, some cm from its middle; at least the shoulder's."""
        upper = np.isin(self.part, (TRUNK, NECK, *ARMS)) & (self.rest_m[:, 2] > self.shoulder_m - 0.05)
        near = upper & (np.abs(np.abs(self.rest_m[:, 0]) - abs(x_cm) / 100) < 0.012)
        low, high = self.shoulder_m, self.body.measurements.neck_height / 100
        return float(np.clip(self.rest_m[near, 2].max(initial=low), low, high + 0.02 * self.scale))

    @cached_property
    def up(self) -> FloatArray:
        """(V, 3) direction that points up at rest, turned with the bone that moves each vertex."""
        now, then = (np.asarray(each.bone_poses, float)[:, :3, :3] for each in (self.posed, self.body.rest))
        turned = np.einsum("bij,bkj->bik", now, then)[..., 2]
        return np.asarray(turned[self.body.surface.vertex_bone])

    @cached_property
    def arms_lifted(self) -> float:
        """Lift of the arms, which raises the garment: 0 if both hang or are level, 1 if one points straight up."""
        joints, found = self.posed.joints_m, 0.0
        for side in "LR":
            upper = np.asarray(joints[f"lowerarm01.{side}"], float) - joints[f"upperarm01.{side}"]
            found = max(found, float(upper[2] / np.linalg.norm(upper)))
        return found

    def along_arm_cm(self, where: OnBody) -> FloatArray:
        """Return (P,) distances along the arm from the shoulder joint, at rest, of points on an arm."""
        found = np.zeros(len(where.part))
        for arm, side in zip(ARMS, "LR", strict=True):
            line = [self.body.rest.joints_m[f"{bone}.{side}"] for bone in ("upperarm01", "lowerarm01", "wrist")]
            own = where.part == arm
            found[own] = 100 * _along(where.rest_m[own], np.asarray(line, float))
        return found


def _part_of(bone: str) -> int:
    for stem, (left, right) in _BONES.items():
        if bone.startswith(stem):
            return right if bone.endswith(".R") else left
    return TRUNK


def _along(points: FloatArray, line: FloatArray) -> FloatArray:
    """Return (P,) lengths along a line of two segments to the foot of each point; the last segment is extended."""
    upper, lower = line[1] - line[0], line[2] - line[1]
    lengths = np.linalg.norm(upper), np.linalg.norm(lower)
    first = (points - line[0]) @ upper / lengths[0]
    second = (points - line[1]) @ lower / lengths[1]
    return np.asarray(np.where(second > 0, lengths[0] + second, np.clip(first, 0, lengths[0])))
