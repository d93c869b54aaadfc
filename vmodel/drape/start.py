"""Where the cloth starts: front panels before and back panels behind the body, already joined at their seams.

The panels are laid over the body's outline as seen from the front. Sleeves are turned onto the arms and trouser legs
onto the legs, rows narrower than the body are widened, and every particle gets the depth of the body's front or back
plus some room. The cloth is thereby stretched at first; the solver lets it contract onto the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage, sparse
from scipy.spatial import cKDTree

from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.types import BoolArray, FloatArray, Garment, Neckline, Pose, PosedBody, Sleeve

CELL_M = 0.01
ROOM_M = 0.012
DEPTH_PER_CM = 0.03
"""How steeply front and back part at a seam: a narrow sleeve must pass round the whole arm."""
BARE_ARMS = (Sleeve.NONE, Sleeve.STRAP)
BARE_ARM_ANGLE = 20.0
ARM_BONES = ("upperarm02", "lowerarm", "wrist", "metacarpal", "finger")


def start_pose(garment: Garment, body: Body, arm_angle_deg: float | None = None) -> Pose:
    """The pose in which the garment is put on: arms straight at the sleeves' angle, legs a little apart.

    Args:
        garment: decides the angle, see ``dressing_angle``.
        body: whose rest pose the rotations start from.
        arm_angle_deg: below the horizontal; overrides ``dressing_angle``.
    """
    wanted = np.radians(dressing_angle(garment) if arm_angle_deg is None else arm_angle_deg)
    rotations: dict[str, FloatArray] = {}
    for side, sign in (("L", 1.0), ("R", -1.0)):
        joints = body.rest.joints_m
        upper = _unit(joints[f"lowerarm01.{side}"] - joints[f"upperarm01.{side}"])
        fore = _unit(joints[f"wrist.{side}"] - joints[f"lowerarm01.{side}"])
        now = np.arctan2(-upper[2], sign * upper[0])
        rotations[f"upperarm01.{side}"] = np.array([0.0, sign * (wanted - now), 0.0])
        rotations[f"lowerarm01.{side}"] = _turn_onto(fore, upper) * 0.85
        rotations[f"upperleg01.{side}"] = np.array([0.0, -sign * np.radians(3.0), 0.0])
    return Pose(f"dressing-{np.degrees(wanted):.0f}", rotations)


def dressing_angle(garment: Garment) -> float:
    """Degrees below the horizontal of the arms while a garment is put on.

    Sleeves want the arm at their own angle; an armhole is free of the arm only where the arm is lifted out of the side.
    """
    if garment.kind.sleeve in BARE_ARMS:
        return BARE_ARM_ANGLE
    return float(np.clip(garment.sleeve_angle_deg, 20.0, 58.0))


def bare_arms(garment: Garment) -> tuple[str, ...]:
    """Sides on which the garment has no sleeve."""
    cuffs = {name for panel in garment.panels for name in panel.edges if name.startswith("cuff")}
    if garment.kind.neckline == Neckline.ASYMMETRIC and cuffs:
        return tuple(side for side in ("left", "right") if f"cuff_{side}" not in cuffs)
    off = garment.kind.neckline == Neckline.OFF_SHOULDER
    return ("left", "right") if garment.kind.sleeve in BARE_ARMS and not off else ()


def _unit(vector: FloatArray) -> FloatArray:
    return np.asarray(vector, float) / max(float(np.linalg.norm(vector)), 1e-9)


def _turn_onto(first: FloatArray, second: FloatArray) -> FloatArray:
    axis = np.cross(first, second)
    sine = float(np.linalg.norm(axis))
    return np.asarray(axis / max(sine, 1e-9) * np.arctan2(sine, float(first @ second)))


@dataclass(frozen=True, eq=False)
class Outline:
    """The body seen from the front, in cells of ``CELL_M``.

    Attributes:
        low: (x, z) metres of the first cell.
        front, back: (X, Z) metres, smallest and largest y; NaN off the body.
    """

    low: FloatArray
    front: FloatArray
    back: FloatArray

    def cell(self, x: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Fractional cell indices."""
        return (x - self.low[0]) / CELL_M, (z - self.low[1]) / CELL_M


def body_outline(posed: PosedBody, keep: BoolArray | None = None) -> Outline:
    """Depth range of the body (or of its faces ``keep``) over each cell of the frontal plane."""
    faces = posed.faces if keep is None else posed.faces[keep]
    corners = np.asarray(posed.vertices_m, float)[faces]
    weights = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 1, 1]], float)
    points = np.einsum("wk,fkc->fwc", weights / weights.sum(1, keepdims=True), corners).reshape(-1, 3)
    low = np.array([posed.vertices_m[:, 0].min() - 0.3, -0.1])
    shape = (
        round((posed.vertices_m[:, 0].max() + 0.3 - low[0]) / CELL_M),
        round((posed.vertices_m[:, 2].max() + 0.3) / CELL_M),
    )
    index = np.floor((points[:, [0, 2]] - low) / CELL_M).astype(int)
    front, back = np.full(shape, np.inf), np.full(shape, -np.inf)
    np.minimum.at(front, (index[:, 0], index[:, 1]), points[:, 1])
    np.maximum.at(back, (index[:, 0], index[:, 1]), points[:, 1])
    empty = ~np.isfinite(front)
    front[empty] = back[empty] = np.nan
    return Outline(low, front, back)


@dataclass(frozen=True, eq=False)
class Start:
    """Cloth before it contracts onto the body.

    Attributes:
        positions_m: (N, 3) float64.
        on_arm: (N,) share of each particle that belongs to a sleeve; positive left, negative right.
    """

    positions_m: FloatArray
    on_arm: FloatArray


def place_cloth(cloth: Cloth, garment: Garment, body: Body, posed: PosedBody, room_m: float = ROOM_M) -> Start:
    """First positions of all particles.

    Args:
        cloth: the cut garment.
        garment: for its landmarks.
        body: for measurements and surface labels.
        posed: the body in the start pose.
        room_m: distance between cloth and skin before it contracts.
    """
    from vmodel.drape.anchor import anchor_torso, cover_arms, place_armholes, place_legs, place_sleeves

    flat = anchor_torso(cloth, garment, body, posed)
    flat = place_legs(flat, cloth, garment, posed)
    flat = place_armholes(flat, cloth, garment, posed)
    flat, on_arm = place_sleeves(flat, cloth, garment, posed)
    flat = cover_arms(flat, cloth, garment, posed)
    x, z = flat[:, 0], np.maximum(flat[:, 1], 0.004)
    middle, half = _depths(body_outline(posed), room_m)
    at = np.stack(body_outline(posed).cell(x, z))
    mid = ndimage.map_coordinates(middle, at - 0.5, order=1, mode="nearest")
    thick = ndimage.map_coordinates(half, at - 0.5, order=1, mode="nearest")
    seam_cm = cloth.seam_distance_cm
    if garment.kind.sleeve not in BARE_ARMS:
        seam_cm = np.maximum(seam_cm, _cm_to_seams(cloth, flat))
    thick = np.minimum(thick, DEPTH_PER_CM * seam_cm)
    return Start(np.stack([x, mid + cloth.front * thick, z], axis=1), on_arm)


def _cm_to_seams(cloth: Cloth, flat: FloatArray) -> FloatArray:
    """(N,) cm in the frontal plane from each placed particle to the nearest seam.

    Cloth at an armpit is stretched while it is placed: close to the seam on the cut, it may lie over an arm.
    """
    seams = np.flatnonzero(cloth.seam_distance_cm <= 0)
    if not len(seams):
        return cloth.seam_distance_cm
    return np.asarray(100 * cKDTree(flat[seams]).query(flat)[0])


def _depths(outline: Outline, room_m: float) -> tuple[FloatArray, FloatArray]:
    """Mean depth and half thickness of the body with room around it, extended past its silhouette."""
    known = np.isfinite(outline.front)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    middle = ((outline.front + outline.back) / 2)[tuple(nearest)]
    middle = ndimage.gaussian_filter(middle, 3.0)
    before = np.where(known, middle - outline.front, 0.0)
    behind = np.where(known, outline.back - middle, 0.0)
    half = ndimage.maximum_filter(np.maximum(before, behind), size=5)
    return middle, ndimage.gaussian_filter(half, 1.0) + room_m


def spread(cloth: Cloth, values: FloatArray, rounds: int) -> FloatArray:
    """Smooth values over the cloth: every particle takes the mean of itself and its neighbours."""
    n = cloth.count
    i, j = cloth.edges[:, 0], cloth.edges[:, 1]
    links = sparse.coo_matrix((np.ones(2 * len(i)), (np.r_[i, j], np.r_[j, i])), (n, n)).tocsr() + sparse.eye(n)
    mean = sparse.diags(1 / np.asarray(links.sum(1)).ravel()) @ links
    for _ in range(rounds):
        values = mean @ values
    return np.asarray(values)


def smooth_jags(cloth: Cloth, positions_m: FloatArray) -> FloatArray:
    """(N, 3) float64: positions without the finest jags; open edges stay as they are."""
    rough = np.asarray(positions_m, float)
    smooth = spread(cloth, rough, 1)
    return np.where(cloth.rim[:, None], rough, rough + 0.35 * (smooth - rough))


def landmarks_m(garment: Garment) -> Mapping[str, FloatArray]:
    """Landmarks in metres of the panel space."""
    return {name: np.asarray(point, float) / 100 for name, point in garment.landmarks_cm.items()}
