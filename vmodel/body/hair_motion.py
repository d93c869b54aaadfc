"""``pose_hair``: hair rides on the head; what hangs freely keeps hanging down and stays outside body and clothes."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.anny_model import load_surface
from vmodel.body.chart import load_anatomy, smoothstep
from vmodel.body.head_surface import Contact, HeadSurface, head_surface
from vmodel.body.model import Body
from vmodel.body.strands import HEAD_HAIR
from vmodel.types import FloatArray, PosedBody, Strands

_CLEARANCE_M = 0.003


def pose_hair(strands: Strands, body: Body, posed: PosedBody, outside_of: FloatArray | None = None) -> Strands:
    """Carry hair grown on the body at rest into a pose.

    Args:
        strands: of ``grow_hair`` for this body.
        body: the body it was grown on.
        posed: the same body in a pose.
        outside_of: (N, 3) vertices of clothes in that pose that long hair lies upon, or None.
    Returns:
        Strands in world space; segment lengths of free hair are kept.
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
    """(n, 3) what an expression adds to the head's own motion at roots of brows, lashes and beard."""
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
    """Head hair with its free part hanging: (n, K, 3)."""
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
    segment = np.diff(rest, axis=1)
    length = np.linalg.norm(segment, axis=2, keepdims=True)
    share = 0.5 * (free[:, 1:] + free[:, :-1])[..., None]
    # Segments that lay on a shoulder at rest no longer do once the head has turned: they fall anew.
    off_rest = np.degrees(np.arccos(np.clip((np.trace(rotation @ yaw.T) - 1) / 2, -1, 1)))
    fall = 0.9 * float(smoothstep(6, 32, np.array(off_rest)))
    hanging = (segment @ yaw.T) * (1 - fall) + np.array([0, 0, -1.0]) * length * fall
    turned = (segment @ rotation.T) * (1 - share) + hanging * share
    turned *= length / np.maximum(np.linalg.norm(turned, axis=2, keepdims=True), 1e-9)
    hung = np.concatenate([points[reaches][:, :1], points[reaches][:, :1] + np.cumsum(turned, axis=1)], axis=1)
    points[reaches] = _settle(hung, length, free, yaw, head_surface(posed.vertices_m), outside_of)
    return points


def _settle(
    points: FloatArray,
    length: FloatArray,
    free: FloatArray,
    yaw: FloatArray,
    surface: HeadSurface,
    outside_of: FloatArray | None,
) -> FloatArray:
    """Push points out of body and clothes from the root on, keeping segment lengths."""
    cloth = None if outside_of is None else _cloth_surface(outside_of, surface)
    settled = points.copy()
    for k in range(1, points.shape[1]):
        moving = np.flatnonzero(free[:, k] > 0.02)
        if not len(moving):
            continue
        step = settled[moving, k] if k == 1 else settled[moving, k - 1] + (points[moving, k] - points[moving, k - 1])
        contact = surface.contact(step)
        out = step + contact.normal * np.maximum(_CLEARANCE_M - contact.distance_m, 0)[:, None]
        slide = _off_the_shoulder(contact, length[moving, k - 1], surface.scale) @ yaw.T
        slid = np.flatnonzero(np.abs(slide).max(axis=1) > 1e-5)
        out[slid] = surface.pushed_out(out[slid] + slide[slid], _CLEARANCE_M)
        if cloth is not None:
            out = cloth.pushed_out(out, _CLEARANCE_M)
        back = settled[moving, k - 1]
        direction = out - back
        direction /= np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-9)
        settled[moving, k] = back + direction * length[moving, k - 1]
    return settled


def _off_the_shoulder(contact: Contact, length: FloatArray, scale: float) -> FloatArray:
    """(n, 3) metres by which hair on a shoulder slides to its front or back instead of down the arm."""
    x, y, z = contact.spot_mm[:, 0], contact.spot_mm[:, 1], contact.spot_mm[:, 2]
    below = smoothstep(-80, -125, z)
    beyond = np.maximum(np.abs(x) - 78, 0) * scale / 1000 * below
    on_top = below * smoothstep(62, 90, np.abs(x)) * smoothstep(0.03, 0.006, contact.distance_m)
    inwards = -np.sign(x) * np.minimum(0.8 * beyond + 0.5 * on_top * length[:, 0], 1.5 * length[:, 0])
    onwards = np.where(y < 92, -0.9, 0.9) * on_top * length[:, 0]
    return np.stack([inwards, onwards, 0 * x], axis=1)


def _cloth_surface(cloth_m: FloatArray, surface: HeadSurface) -> HeadSurface:
    """Clothes as something to stay outside of; outwards is away from the body beneath."""
    _, index = surface.tree.query(cloth_m)
    near = np.linalg.norm(cloth_m - surface.samples_m[index], axis=1) < 0.12
    index = index[near]
    samples = cloth_m[near]
    return HeadSurface(samples, surface.normals[index], surface.spot_mm[index], surface.scale, cKDTree(samples))
