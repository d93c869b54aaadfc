"""Tailor's measurements of a body at rest.

A tape measure bridges hollows, so a girth is the perimeter of the convex hull of a horizontal slice through the
torso without arms (ISO 8559-1 girths at bust, waist, hip and neck base).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
from scipy.spatial import ConvexHull

from vmodel.body.mesh.anny_model import Surface
from vmodel.types import BodyMeasurements, BoolArray, FloatArray, IntArray, PosedBody

ARM_BONES = ("shoulder01", "upperarm", "lowerarm", "wrist", "metacarpal", "finger")
HEAD_BONES = ("neck", "head", "eye")
SLICES = 16
ACROMION_FROM_JOINT_M = (0.018, 0.0, 0.035)
"""Offset of the tailor's shoulder point outside and above the shoulder joint's centre on a 170 cm body."""


def measure_body(rest: PosedBody, surface: Surface) -> BodyMeasurements:
    """Measure a standing body.

    Args:
        rest: body in the rest pose, arms away from the torso.
        surface: labels that belong to its mesh.
    Returns:
        Girths, lengths and heights in centimetres.
    """
    vertices = np.asarray(rest.vertices_m, np.float64)
    joints = rest.joints_m
    height = float(np.ptp(vertices[:, 2]))
    torso, neck_edges = _torso_edges(surface), _neck_edges(surface)
    armpit = _armpit_height(vertices, surface)
    crotch = _crotch_height(vertices, surface)
    waist_level = crotch + 0.60 * (armpit - crotch)

    def girth_at(edges: IntArray, z: float) -> float:
        return slice_girth_m(vertices, edges, z)

    span = armpit - waist_level
    chest_height, chest = _extreme(
        lambda z: girth_at(torso, z), waist_level + 0.45 * span, armpit - 0.005, largest=True
    )
    waist_height, waist = _extreme(
        lambda z: girth_at(torso, z), waist_level - 0.35 * span, waist_level + 0.35 * span, largest=False
    )
    hip_height = _seat_height(vertices, surface, crotch + 0.01, waist_height - 0.25 * span)
    hip = girth_at(torso, hip_height)
    neck = _neck_girth(vertices, neck_edges, joints)
    acromion = {side: _acromion(joints, side, height) for side in ("L", "R")}
    return BodyMeasurements(
        height=100 * height,
        chest=100 * chest,
        waist=100 * waist,
        hip=100 * hip,
        neck=100 * neck,
        shoulder_width=_distance_cm(acromion["L"], acromion["R"]),
        arm_length=_distance_cm(acromion["L"], joints["lowerarm01.L"])
        + _distance_cm(joints["lowerarm01.L"], joints["wrist.L"]),
        inseam=100 * crotch,
        chest_height=100 * chest_height,
        waist_height=100 * waist_height,
        hip_height=100 * hip_height,
        neck_height=100 * float(joints["neck01"][2]),
    )


def slice_girth_m(vertices_m: FloatArray, edges: IntArray, z: float) -> float:
    """Return the perimeter in metres of the convex hull of a horizontal slice; 0 where the slice is empty.

    Args:
        vertices_m: (V, 3) float.
        edges: (E, 2) int mesh edges that the slice may cut.
        z: height of the slice in metres.
    """
    low, high = vertices_m[edges[:, 0]], vertices_m[edges[:, 1]]
    crossing = (low[:, 2] - z) * (high[:, 2] - z) < 0
    if np.count_nonzero(crossing) < 3:
        return 0.0
    low, high = low[crossing], high[crossing]
    share = ((z - low[:, 2]) / (high[:, 2] - low[:, 2]))[:, None]
    return float(ConvexHull(low[:, :2] + share * (high[:, :2] - low[:, :2])).area)  # in 2D, "area" is the perimeter


def vertices_on(surface: Surface, wanted: Callable[[str], bool]) -> BoolArray:
    """Mark vertices moved mostly by a bone whose name is wanted: (V,) bool."""
    chosen = np.array([wanted(label) for label in surface.bone_labels])
    return np.asarray(chosen[surface.vertex_bone])


@functools.cache
def _torso_edges(surface: Surface) -> IntArray:
    return _edges_of(surface, lambda bone: not bone.startswith((*ARM_BONES, *HEAD_BONES)))


@functools.cache
def _neck_edges(surface: Surface) -> IntArray:
    return _edges_of(surface, lambda bone: bone.startswith(("neck", "head", "spine01", "clavicle")))


def _edges_of(surface: Surface, wanted: Callable[[str], bool]) -> IntArray:
    inside = vertices_on(surface, wanted)
    faces = surface.faces[inside[surface.faces].all(axis=1)]
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
    return np.asarray(np.unique(edges, axis=0))


def _armpit_height(vertices: FloatArray, surface: Surface) -> float:
    """Return the height of the lowest point where arm and torso faces meet."""
    arm = vertices_on(surface, lambda bone: bone.startswith(ARM_BONES))
    on_arm = arm[surface.faces]
    border = surface.faces[on_arm.any(axis=1) & ~on_arm.all(axis=1)]
    return float(vertices[border.ravel(), 2].min())


def _crotch_height(vertices: FloatArray, surface: Surface) -> float:
    """Return the height of the lowest point of the pelvis between the legs."""
    pelvis = vertices_on(surface, lambda bone: bone.startswith(("root", "pelvis", "upperleg01", "spine05")))
    middle = pelvis & (np.abs(vertices[:, 0]) < 0.006)
    return float(vertices[middle, 2].min())


def _neck_girth(vertices: FloatArray, edges: IntArray, joints: Mapping[str, FloatArray]) -> float:
    """Return the smallest girth perpendicular to the neck, which leans forward."""
    base, top = (np.asarray(joints[name], np.float64) for name in ("neck01", "neck03"))
    lean = np.arctan2(base[1] - top[1], top[2] - base[2])
    cosine, sine = np.cos(lean), np.sin(lean)
    upright = (vertices - base) @ np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]]).T
    length = float(np.linalg.norm(top - base))
    girths = [slice_girth_m(upright, edges, float(z)) for z in np.linspace(0.3 * length, 1.1 * length, 9)]
    return min(girth for girth in girths if girth > 0)


def _acromion(joints: Mapping[str, FloatArray], side: str, height: float) -> FloatArray:
    outward = np.array(ACROMION_FROM_JOINT_M) * [1.0 if side == "L" else -1.0, 1.0, 1.0]
    return np.asarray(joints[f"upperarm01.{side}"] + outward * height / 1.7)


def _seat_height(vertices: FloatArray, surface: Surface, low: float, high: float) -> float:
    """Return the height of the fullest part of the seat, where a tailor takes the hip girth.

    Legs apart widen lower slices.
    """
    seat = vertices_on(surface, lambda bone: bone.startswith(("root", "pelvis", "upperleg", "spine")))
    candidates = vertices[seat & (vertices[:, 2] > low) & (vertices[:, 2] < high)]
    return float(candidates[candidates[:, 1].argmax(), 2])


def _extreme(value: Callable[[float], float], low: float, high: float, *, largest: bool) -> tuple[float, float]:
    """Return (height, girth) of the extreme among ``SLICES`` slices."""
    heights = np.linspace(low, high, SLICES)
    girths = np.array([value(float(z)) for z in heights])
    girths[girths == 0] = 0 if largest else np.inf
    at = int(girths.argmax() if largest else girths.argmin())
    return float(heights[at]), float(girths[at])


def _distance_cm(first: FloatArray, second: FloatArray) -> float:
    return 100 * float(np.linalg.norm(np.asarray(first) - np.asarray(second)))
