"""``pose_hair``: hair moves with the head; its free part keeps hanging down and stays outside body and clothes."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.spatial import cKDTree

from vmodel.body.hair.fall_direction import along_surface, fall_behind, unit
from vmodel.body.hair.polylines import HEAD_HAIR
from vmodel.body.mesh.anatomy_chart import load_anatomy, smoothstep
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import Contact, HeadSurface, head_surface
from vmodel.body.model.body import Body
from vmodel.types import FloatArray, IntArray, PosedBody, Strands

_CLEARANCE_M = 0.003
_BUNDLE_M = 0.02
"""Median distance of strands from their middle below which they are tied together."""
_CLOTH_REACH_M = 0.06
"""Distance beyond which cloth holds no hair: trousers do not affect hair at the neck."""


def pose_hair(strands: Strands, body: Body, posed: PosedBody, outside_of: FloatArray | None = None) -> Strands:
    """Carry hair grown on the body at rest into a pose.

    Args:
        strands: of ``grow_hair`` for this body.
        body: the body it was grown on.
        posed: the same body in a pose.
        outside_of: (N, 3) vertices of clothes in that pose that long hair lies upon, or None.
    Returns:
        Strands in world space; segments of loose hair keep their length, tied hair keeps its shape.
    """
    head = load_surface().bone_labels.index("head")
    turn = posed.bone_poses[head] @ np.linalg.inv(body.rest.bone_poses[head])
    rotation, shift = turn[:3, :3], turn[:3, 3]
    points = np.asarray(strands.points_m @ rotation.T + shift)
    is_head_hair = strands.kind == HEAD_HAIR
    points[~is_head_hair] += _face_motion(strands.points_m[~is_head_hair, 0], body, posed, rotation, shift)[:, None]
    if is_head_hair.any():
        points[is_head_hair] = _hang(
            strands.points_m[is_head_hair], points[is_head_hair], body, posed, rotation, outside_of
        )
    return Strands(points.astype(np.float32), strands.radius_m, strands.colour, strands.kind)


def _face_motion(
    roots_m: FloatArray, body: Body, posed: PosedBody, rotation: FloatArray, shift: FloatArray
) -> FloatArray:
    """Return the motion (n, 3) that an expression adds to the head's own at roots of brows, lashes and beard."""
    near = np.flatnonzero(load_anatomy().spot_mm[:, 2] > -150)
    rest = body.rest.vertices_m[near]
    index = cKDTree(rest).query(roots_m, k=3)[1]
    moved = posed.vertices_m[near] - (rest @ rotation.T + shift)
    return np.asarray(moved[index].mean(axis=1))


def _hang(
    rest_m: FloatArray,
    carried_m: FloatArray,
    body: Body,
    posed: PosedBody,
    rotation: FloatArray,
    outside_of: FloatArray | None,
) -> FloatArray:
    """Return head hair (n, K, 3) with its free part hanging."""
    eye_z = body.rest.joints_m["eye.L"][2]
    neck_z = body.rest.joints_m["neck01"][2]
    height_mm = (rest_m[..., 2] - eye_z) / (eye_z - neck_z) * 136
    free = smoothstep(-15, -75, height_mm)
    reaches = free.max(axis=1) > 0
    if not reaches.any():
        return carried_m
    points = carried_m.copy()
    rest, free = rest_m[reaches], free[reaches]
    # Free hair lies on neck and back: it turns with the trunk, about the vertical only.
    chest = load_surface().bone_labels.index("spine01")
    trunk = posed.bone_poses[chest][:3, :3] @ np.linalg.inv(body.rest.bone_poses[chest][:3, :3])
    heading = np.arctan2(trunk[1, 0], trunk[0, 0])
    yaw = np.array(
        [[np.cos(heading), -np.sin(heading), 0], [np.sin(heading), np.cos(heading), 0], [0, 0, 1]], np.float64
    )
    # Segments that lay on a shoulder at rest no longer do once the head has turned: they fall again.
    off_rest = np.degrees(np.arccos(np.clip((np.trace(rotation @ yaw.T) - 1) / 2, -1, 1)))
    fall = 0.1 + 0.85 * float(smoothstep(4, 26, np.array(off_rest)))
    segment = np.diff(rest, axis=1)
    surface = head_surface(posed.vertices_m, axes=yaw.T)
    cloth = None if outside_of is None else _cloth_surface(outside_of, surface)
    settled = _fallen(points[reaches], segment @ yaw.T, free, fall, surface, cloth)
    points[reaches] = _kept_together(settled, rest, free, yaw)
    return points


def _kept_together(settled: FloatArray, rest: FloatArray, free: FloatArray, yaw: FloatArray) -> FloatArray:
    """Keep the strands of plaits and tails at their places about the common course, so that each moves as one.

    Args:
        settled: (n, K, 3) strands that fell independently.
        rest: (n, K, 3) the same at rest.
        free: (n, K) 0..1 how freely they hang.
        yaw: (3, 3) turn of the trunk since rest.
    """
    result = settled.copy()
    everything = np.ones(len(rest), bool)
    side = rest[:, rest.shape[1] // 2, 0] > 0
    for bundle in (everything,) if _is_gathered(rest) else (side, ~side):
        if not _is_gathered(rest[bundle]):
            continue
        offset = rest[bundle] - np.median(rest[bundle], axis=0)
        # Roots on the scalp and short hair at the hairline are not tied.
        tied = smoothstep(2.2 * _BUNDLE_M, 1.4 * _BUNDLE_M, np.linalg.norm(offset, axis=2))
        tied = tied * smoothstep(1.6 * _BUNDLE_M, _BUNDLE_M, _spread_m(rest[bundle])) * np.minimum(8 * free[bundle], 1)
        course = np.median(settled[bundle], axis=0) + offset @ yaw.T
        result[bundle] += (course - settled[bundle]) * tied[..., None]
    return result


def _is_gathered(rest: FloatArray) -> bool:
    """Return whether strands with roots far apart run together further on."""
    spread_m = _spread_m(rest)
    return len(rest) > 1 and bool(spread_m.min() < _BUNDLE_M < 0.6 * spread_m[0])


def _spread_m(strands: FloatArray) -> FloatArray:
    """Return the median distance (K,) of strands (n, K, 3) from their middle, point by point."""
    return np.asarray(np.median(np.linalg.norm(strands - strands.mean(axis=0), axis=2), axis=0))


def _fallen(
    carried: FloatArray,
    hanging: FloatArray,
    free: FloatArray,
    fall: float,
    surface: HeadSurface,
    cloth: HeadSurface | None,
) -> FloatArray:
    """Step strands from the root on: as the head carries them, then as they hang, outside body and clothes.

    Args:
        carried: (n, K, 3) as if all hair were stiff.
        hanging: (n, K - 1, 3) segments as they hang about the trunk with the head straight.
        free: (n, K) 0 where the head carries hair, 1 where it hangs.
        fall: 0..1, how far hair falls again instead of hanging as with the head straight.
        surface: of the posed body.
        cloth: clothes, or None.
    """
    settled = carried.copy()
    length = np.linalg.norm(hanging, axis=2)
    # Waves and weave stay as they are; only the course that they follow changes.
    course = uniform_filter1d(hanging, 9, axis=1, mode="nearest")
    detail = hanging - course
    heading = np.zeros_like(carried[:, 0])
    met = surface.contact(settled[:, 0])
    begun = np.zeros(len(carried), bool)
    for k in range(1, carried.shape[1]):
        moving = np.flatnonzero(begun | (free[:, k] > 0.02))
        if not len(moving):
            continue
        share, step, back = free[moving, k, None], length[moving, k - 1, None], settled[moving, k - 1]
        new = moving[~begun[moving]]
        _remember(met, new, surface.contact(settled[new, k - 1]))
        begun[new] = True
        # Use the previous step's contact: half the look-ups, and a step is a fraction of the distance to turn in.
        contact = Contact(met.distance_m[moving], met.normal[moving], met.spot_mm[moving])
        steered = fall_behind(contact.spot_mm) @ surface.axes
        held = (carried[moving, k] - carried[moving, k - 1]) / np.maximum(step, 1e-9)
        free_way = (course[moving, k - 1] * (1 - fall) + detail[moving, k - 1]) / np.maximum(
            step, 1e-9
        ) + steered * fall
        wanted = along_surface(held * (1 - share) + free_way * share, contact, 0.006)
        way = unit(wanted + 0.5 * fall * share * heading[moving])
        ahead = back + way * step
        there = surface.contact(ahead)
        ahead = ahead + there.normal * np.maximum(_CLEARANCE_M - there.distance_m, 0)[:, None]
        _remember(met, moving, there)
        if cloth is not None:
            low = np.flatnonzero(contact.spot_mm[:, 2] < -90)
            ahead[low] = cloth.pushed_out(ahead[low], _CLEARANCE_M, _CLOTH_REACH_M)
        heading[moving] = unit(ahead - back)
        settled[moving, k] = back + heading[moving] * step
    return settled


def _remember(met: Contact, index: IntArray, there: Contact) -> None:
    """Overwrite some entries of the loop's own scratch contact."""
    met.distance_m[index], met.normal[index], met.spot_mm[index] = there.distance_m, there.normal, there.spot_mm


def _cloth_surface(cloth_m: FloatArray, surface: HeadSurface) -> HeadSurface:
    """Return clothes as a surface that hair stays outside of; outwards is away from the body beneath."""
    _, index = surface.tree.query(cloth_m)
    near = np.linalg.norm(cloth_m - surface.samples_m[index], axis=1) < 0.12
    index = index[near]
    samples = cloth_m[near]
    normals, spots = surface.normals[index], surface.spot_mm[index]
    return HeadSurface(samples, normals, spots, surface.scale, cKDTree(samples), surface.axes)
