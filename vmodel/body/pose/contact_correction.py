"""Fitting a pose to one body: both soles on the floor, arms outside the torso.

Poses are rotations, independent of a body's girths and lengths. On a wide body a hanging hand would sink into the hip;
on long legs one foot would float. Small further rotations correct both.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from vmodel.body.mesh.anny_model import Surface
from vmodel.body.mesh.measure import vertices_on
from vmodel.types import FloatArray, IntArray

ARM_CLEARANCE_M = 0.008
"""Gap that a garment needs between two skin surfaces."""
FREE_ARM = 0.65
"""Share of the upper arm from the shoulder down that may lie against the trunk."""
LARGEST_STEP = np.radians(5.0)
PUSH_ITERATIONS = 14
TOUCHING_M = 0.001
"""Lack of clearance that is none."""
PULL_STEPS, HANG_STEPS = 6, 5
"""Steps of the bisections that find how near an arm comes and how far its forearm hangs."""
ELBOW_GIVES = np.radians(28.0)
"""Angle by which a forearm may hang off the direction that shoulder and elbow alone would give it: the upper arm turns
about its own axis for the most part of it."""
LEVEL_RANGE_M = 0.13
"""Height of one foot above the other beyond which it is lifted on purpose."""


Skin: TypeAlias = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Function that poses bone rotations: (B, J, 3, 3) -> vertices (B, V, 3) and bone poses (B, J, 4, 4)."""


@dataclass(frozen=True, eq=False)
class _Sets:
    """Vertex indices of the parts that may touch, and the faces (F, 3) with a corner on the trunk."""

    trunk: IntArray
    trunk_faces: IntArray
    arms: dict[str, IntArray]
    upper_arms: dict[str, IntArray]
    feet: dict[str, IntArray]


@dataclass(frozen=True, eq=False)
class _Trunk:
    """Skin of the trunk in one pose: its points, their outward normals, and an index of the points."""

    points: FloatArray
    normals: FloatArray
    tree: cKDTree

    @classmethod
    def of(cls, vertices: FloatArray, sets: _Sets) -> _Trunk:
        points = vertices[sets.trunk]
        return cls(points, _normals(vertices, sets.trunk_faces)[sets.trunk], cKDTree(points))


def adapt_rotations(rotations: FloatArray, skin: Skin, surface: Surface) -> FloatArray:
    """Adapt a pose's bone rotations to a body.

    Args:
        rotations: (J, 3, 3) bone rotations in rest axes.
        skin: poses the body.
        surface: labels of its mesh.
    Returns:
        (J, 3, 3) float32; equal to the input where nothing touches and both feet stand.
    """
    sets = _sets_of(surface)
    level = _level_feet(np.asarray(rotations, np.float64), skin, surface, sets)
    return np.asarray(_clear_arms(level, skin, surface, sets), np.float32)


def world_rotations(rotations: FloatArray, surface: Surface) -> FloatArray:
    """Return the rotation of each bone relative to rest, its parents' included: (J, 3, 3)."""
    world = np.array(rotations, np.float64)
    for bone, parent in enumerate(surface.bone_parents):
        if parent >= 0:
            world[bone] = world[parent] @ rotations[bone]
    return world


def penetration_m(vertices_m: FloatArray, surface: Surface) -> float:
    """Return the depth in metres of the deepest arm or hand vertex in trunk, head or legs; 0 if all are outside."""
    sets = _sets_of(surface)
    trunk = _Trunk.of(vertices_m, sets)
    depths = [_overlap(trunk, vertices_m[sets.arms[side]], 0.0)[0] for side in ("L", "R")]
    return float(max((depth.max() if len(depth) else 0.0) for depth in depths))


@functools.cache
def _sets_of(surface: Surface) -> _Sets:
    def chosen(beginnings: tuple[str, ...], side: str = "") -> IntArray:
        return np.flatnonzero(vertices_on(surface, lambda bone: bone.startswith(beginnings) and bone.endswith(side)))

    trunk = chosen(("root", "pelvis", "spine", "upperleg", "lowerleg", "neck", "head"))
    return _Sets(
        trunk=trunk,
        trunk_faces=surface.faces[np.isin(surface.faces, trunk).any(axis=1)],
        arms={side: chosen(("lowerarm", "wrist", "finger", "metacarpal"), f".{side}")[::2] for side in ("L", "R")},
        upper_arms={side: chosen(("upperarm",), f".{side}")[::2] for side in ("L", "R")},
        feet={side: chosen(("foot", "toe"), f".{side}") for side in ("L", "R")},
    )


def _near_elbow(vertices: FloatArray, bones: FloatArray, surface: Surface, sets: _Sets, side: str) -> IntArray:
    """Return the vertices of the upper arm's lower part: close to the armpit, arm and trunk merge."""
    shoulder, elbow = (
        bones[surface.bone_labels.index(f"{name}.{side}"), :3, 3] for name in ("upperarm01", "lowerarm01")
    )
    chosen = sets.upper_arms[side]
    away = np.linalg.norm(vertices[chosen] - shoulder, axis=1)
    return np.asarray(chosen[away > FREE_ARM * np.linalg.norm(elbow - shoulder)])


def _overlap(trunk: _Trunk, arm: FloatArray, clearance: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return lacking distance, outward normal and position of the points of an arm that are too close to the trunk."""
    distance, nearest = trunk.tree.query(arm, distance_upper_bound=0.07)
    found = np.isfinite(distance)
    nearest = nearest[found]
    height = np.einsum("ij,ij->i", arm[found] - trunk.points[nearest], trunk.normals[nearest])
    close = height < clearance
    return clearance - height[close], trunk.normals[nearest[close]], arm[found][close]


def _normals(vertices: FloatArray, faces: IntArray) -> FloatArray:
    corners = vertices[faces]
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    index = faces.ravel()
    repeated = np.repeat(face_normals, 3, axis=0)
    summed = np.stack([np.bincount(index, repeated[:, i], len(vertices)) for i in range(3)], axis=1)
    return np.asarray(summed / np.maximum(np.linalg.norm(summed, axis=1, keepdims=True), 1e-12))


def _clear_arms(rotations: FloatArray, skin: Skin, surface: Surface, sets: _Sets) -> FloatArray:
    """Turn each arm outwards until it lies against the trunk, and let its forearm hang again."""
    away = _push_out(rotations, skin, surface, sets)
    pushed = [
        side for side in ("L", "R") if not np.array_equal(*(each[_upper(side, surface)] for each in (rotations, away)))
    ]
    if not pushed:
        return away
    # Both arms at once: each trial poses the whole body.
    share = _least_share(
        lambda shares: _turned_back(rotations, away, shares, surface), pushed, skin, surface, sets, PULL_STEPS
    )
    touching = _turned_back(rotations, away, share, surface)
    bent = _least_share(
        lambda shares: _forearms_hung(rotations, touching, shares, surface), pushed, skin, surface, sets, HANG_STEPS
    )
    return _forearms_hung(rotations, touching, bent, surface)


def _push_out(rotations: FloatArray, skin: Skin, surface: Surface, sets: _Sets) -> FloatArray:
    """Turn each arm about its shoulder until it is outside the trunk (damped Gauss-Newton on the overlaps)."""
    current = rotations.copy()
    for _ in range(PUSH_ITERATIONS):
        vertices, bones = (batch[0] for batch in skin(current[None]))
        moved, trunk = False, _Trunk.of(vertices, sets)
        for side in ("L", "R"):
            shoulder = _upper(side, surface)
            lacking, normals, points = _lacking(trunk, vertices, bones, surface, sets, side)
            if len(lacking) == 0 or lacking.max() < TOUCHING_M:
                continue
            lever = np.cross(points - bones[shoulder, :3, 3], normals)
            weight = lacking / lacking.sum()
            normal_matrix = (lever * weight[:, None]).T @ lever + 1e-3 * np.eye(3)
            turn = np.linalg.solve(normal_matrix, lever.T @ (weight * lacking))
            turn *= min(1.3, LARGEST_STEP / max(np.linalg.norm(turn), 1e-9))
            parent = world_rotations(current, surface)[surface.bone_parents[shoulder]]
            current[shoulder] = parent.T @ Rotation.from_rotvec(turn).as_matrix() @ parent @ current[shoulder]
            moved = True
        if not moved:
            break
    return current


def _least_share(
    move: Callable[[dict[str, float]], FloatArray],
    sides: list[str],
    skin: Skin,
    surface: Surface,
    sets: _Sets,
    steps: int,
) -> dict[str, float]:
    """Return the least share 0..1 of a movement at which each arm is as free of the trunk as at its end (bisection)."""

    def depth(shares: dict[str, float]) -> dict[str, float]:
        vertices, bones = (batch[0] for batch in skin(move(shares)[None]))
        trunk = _Trunk.of(vertices, sets)
        lacking = {side: _lacking(trunk, vertices, bones, surface, sets, side)[0] for side in sides}
        return {side: float(found.max(initial=0.0)) for side, found in lacking.items()}

    allowed = {side: max(found, TOUCHING_M) for side, found in depth(dict.fromkeys(sides, 1.0)).items()}
    low, high = dict.fromkeys(sides, 0.0), dict.fromkeys(sides, 1.0)
    for step in range(steps):
        tried = dict.fromkeys(sides, 0.0) if step == 0 else {side: (low[side] + high[side]) / 2 for side in sides}
        found = depth(tried)
        for side in sides:
            if found[side] <= allowed[side]:
                high[side] = tried[side]
            else:
                low[side] = tried[side]
    return high


def _turned_back(start: FloatArray, end: FloatArray, shares: dict[str, float], surface: Surface) -> FloatArray:
    """Return the pose with the shoulders only part of the way from ``start`` to ``end``."""
    turned = start.copy()
    for side, share in shares.items():
        bone = _upper(side, surface)
        way = Rotation.from_matrix(end[bone] @ start[bone].T).as_rotvec()
        turned[bone] = Rotation.from_rotvec(share * way).as_matrix() @ start[bone]
    return turned


def _forearms_hung(wanted: FloatArray, turned: FloatArray, shares: dict[str, float], surface: Surface) -> FloatArray:
    """Return the pose with the forearms carried along by the shoulders by a share of 1, or hanging as wanted by 0.

    An arm that a wide trunk holds off hangs down from its elbow nevertheless, as far as the elbow goes.
    """
    hung = turned.copy()
    before, after = world_rotations(wanted, surface), world_rotations(turned, surface)
    for side, share in shares.items():
        elbow, above = (surface.bone_labels.index(f"{name}.{side}") for name in ("lowerarm01", "upperarm02"))
        way = Rotation.from_matrix(before[elbow] @ after[elbow].T).as_rotvec()
        way *= (1 - share) * min(1.0, ELBOW_GIVES / max(np.linalg.norm(way), 1e-9))
        hung[elbow] = after[above].T @ Rotation.from_rotvec(way).as_matrix() @ after[elbow]
    return hung


def _upper(side: str, surface: Surface) -> int:
    return surface.bone_labels.index(f"upperarm01.{side}")


def _lacking(
    trunk: _Trunk, vertices: FloatArray, bones: FloatArray, surface: Surface, sets: _Sets, side: str
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return ``_overlap`` of an arm without the part that merges into the trunk."""
    arm = np.concatenate([sets.arms[side], _near_elbow(vertices, bones, surface, sets, side)])
    return _overlap(trunk, vertices[arm], ARM_CLEARANCE_M)


def _level_feet(rotations: FloatArray, skin: Skin, surface: Surface, sets: _Sets) -> FloatArray:
    """Bring both feet to the floor by bending a knee, unless one is clearly lifted."""
    current = rotations.copy()
    for _ in range(3):
        vertices, bones = (batch[0] for batch in skin(current[None]))
        soles = {side: float(vertices[feet, 2].min()) for side, feet in sets.feet.items()}
        gap = soles["L"] - soles["R"]
        if abs(gap) < 0.0005 or abs(gap) > LEVEL_RANGE_M:
            break
        high, low = ("L", "R") if gap > 0 else ("R", "L")
        # The higher foot goes down as far as its leg reaches; the other leg bends for the rest.
        left_over = _move_foot(current, bones, surface, high, -abs(gap))
        if left_over < -0.0005:
            _move_foot(current, bones, surface, low, -left_over)
    return current


def _move_foot(rotations: FloatArray, bones: FloatArray, surface: Surface, side: str, rise: float) -> float:
    """Raise (or lower) an ankle in place with two-bone inverse kinematics; return the rise left undone."""
    thigh, knee, foot = (surface.bone_labels.index(f"{name}.{side}") for name in ("upperleg01", "lowerleg01", "foot"))
    hip_at, knee_at, ankle_at = (bones[bone, :3, 3].astype(np.float64) for bone in (thigh, knee, foot))
    upper, lower = knee_at - hip_at, ankle_at - knee_at
    long, short = np.linalg.norm(upper), np.linalg.norm(lower)
    target = ankle_at + np.array([0.0, 0.0, rise])
    longest = 0.9995 * (long + short)
    left_over = 0.0
    if np.linalg.norm(target - hip_at) > longest:
        level = np.sum((target[:2] - hip_at[:2]) ** 2)
        reachable = hip_at[2] - np.sqrt(max(longest**2 - level, 0.0))
        left_over = float(target[2] - reachable)
        target[2] = max(reachable, target[2])
    world = world_rotations(rotations, surface)
    hinge = world[thigh] @ np.array([1.0, 0.0, 0.0])
    reach = target - hip_at
    distance = np.linalg.norm(reach)
    along = reach / distance
    hinge = hinge - along * (hinge @ along)
    hinge /= np.linalg.norm(hinge)
    cosine = np.clip((long**2 + distance**2 - short**2) / (2 * long * distance), -1.0, 1.0)
    new_upper = Rotation.from_rotvec(-hinge * np.arccos(cosine)).apply(along)
    new_lower = (hip_at + long * new_upper) - target
    swing = _align(upper, new_upper)
    bend = _align(lower, -new_lower)
    parents = surface.bone_parents
    new_thigh, new_shin = swing @ world[thigh], bend @ world[knee]
    between = np.linalg.inv(world[thigh]) @ world[parents[knee]]  # bones between hip and knee keep their own turn
    rotations[thigh] = world[parents[thigh]].T @ new_thigh
    rotations[knee] = (new_thigh @ between).T @ new_shin
    below_knee = np.linalg.inv(world[knee]) @ world[parents[foot]]
    rotations[foot] = (new_shin @ below_knee).T @ world[foot]
    return left_over


def _align(old: FloatArray, new: FloatArray) -> FloatArray:
    """Return the rotation matrix that turns one direction to another by the shortest arc."""
    axis = np.cross(old, new)
    sine, cosine = np.linalg.norm(axis), float(old @ new)
    if sine < 1e-12:
        return np.eye(3)
    return np.asarray(Rotation.from_rotvec(axis / sine * np.arctan2(sine, cosine)).as_matrix())
