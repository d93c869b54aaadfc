"""Start positions of cloth: front panels before and back panels behind the body, already joined at their seams.

The panels are laid over the body's outline as seen from the front. Sleeves are turned onto the arms and trouser legs
onto the legs, rows narrower than the body are widened, and every particle gets the depth of the body's front or back
plus some room. The cloth is thereby stretched at first; the solver lets it contract onto the body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.placement.body_silhouette import Outline, body_outline
from vmodel.drape.placement.fit_silhouette import anchor_torso, cover_arms, place_armholes, place_legs, place_sleeves
from vmodel.drape.placement.start_pose import BARE_ARMS
from vmodel.types import FloatArray, Garment, PosedBody

ROOM_M = 0.012
DEPTH_PER_CM = 0.03
"""Slope at which front and back part at a seam: a narrow sleeve must pass round the whole arm."""


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
    """Return the first positions of all particles.

    Args:
        cloth: the cut garment.
        garment: for its landmarks.
        body: for measurements and surface labels.
        posed: the body in the start pose.
        room_m: distance between cloth and skin before it contracts.
    """
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
    """Return (N,) cm in the frontal plane from each placed particle to the nearest seam.

    Cloth at an armpit is stretched while it is placed: close to the seam on the cut, it may lie over an arm.
    """
    seams = np.flatnonzero(cloth.seam_distance_cm <= 0)
    if not len(seams):
        return cloth.seam_distance_cm
    return np.asarray(100 * cKDTree(flat[seams]).query(flat)[0])


def _depths(outline: Outline, room_m: float) -> tuple[FloatArray, FloatArray]:
    """Return mean depth and half thickness of the body with room around it, extended past its silhouette."""
    known = np.isfinite(outline.front)
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    middle = ((outline.front + outline.back) / 2)[tuple(nearest)]
    middle = ndimage.gaussian_filter(middle, 3.0)
    before = np.where(known, middle - outline.front, 0.0)
    behind = np.where(known, outline.back - middle, 0.0)
    half = ndimage.maximum_filter(np.maximum(before, behind), size=5)
    return middle, ndimage.gaussian_filter(half, 1.0) + room_m
