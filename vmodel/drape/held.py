"""What keeps a garment on: waistbands cling to the waist, shoulder seams and straps to the shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.model import Body
from vmodel.drape.cloth import Cloth
from vmodel.types import FloatArray, Garment, IntArray, PosedBody, Sleeve

BAND_SLACK = 1.01
"""A waistband sits this much looser than the body's girth where it rests."""
STRENGTH = {"waist": 0.05, "top": 0.04, "shoulder": 0.03, "strap": 0.08}
BAND_OFFSET_M = 0.004
SEAM_REACH = 1.0
"""What lies on the arm itself is not held: a dropped shoulder slides with the arm."""
SHOULDER_SLOPE = 0.4
SHOULDER_NEAR_M, BAND_NEAR_M = 0.12, 0.05
"""What lies further from the skin is not held."""
WIDEST_NECK = 0.72
"""Half width of a neck that stays on, as a share of the shoulder joint's distance from the middle."""
STRAP_REACH = 0.62
"""How far out a strap may lie, as a share of the shoulder joint's distance from the middle."""


@dataclass(frozen=True, eq=False)
class Held:
    """Particles drawn to points that ride on the skin.

    Attributes:
        particles: (H,) indices.
        faces: (H, 3) body vertex indices.
        weights: (H, 3) barycentric weights.
        offset_m: (H,) distance kept from the skin.
        strength: (H,) share of the way per step.
        rest_scale: (E,) factor on the rest lengths of the cloth's edges.
    """

    particles: IntArray
    faces: IntArray
    weights: FloatArray
    offset_m: FloatArray
    strength: FloatArray
    rest_scale: FloatArray

    def targets(self, body_m: FloatArray) -> FloatArray:
        """(H, 3) where the particles are drawn to on a moved body."""
        corners = np.asarray(body_m, float)[self.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        return np.asarray(np.einsum("hk,hkc->hc", self.weights, corners) + normal * self.offset_m[:, None])


def band_edges(garment: Garment) -> list[tuple[str, str]]:
    """Edges that must cling to the body: the waist of lower garments, the top of strapless ones."""
    if not garment.kind.category.covers_upper:
        return [(p.name, name) for p in garment.panels for name in p.edges if name.startswith("waist")]
    if garment.kind.neckline == "strapless":
        return [(p.name, name) for p in garment.panels for name in p.edges if name.startswith("neck")]
    return []


def shoulder_edges(garment: Garment) -> list[tuple[str, str]]:
    """Edges that rest on the shoulders."""
    if not garment.kind.category.covers_upper or garment.kind.neckline == "strapless":
        return []
    return [(p.name, n) for p in garment.panels for n in p.edges if n.startswith(("shoulder", "strap"))]


def band_scale(garment: Garment, cloth: Cloth, girth_m: float) -> FloatArray:
    """(E,) factor that brings a band's length to a girth; 1 away from bands.

    The rows next to the band follow in part, as gathered cloth does.
    """
    scale = np.ones(len(cloth.edges))
    keys = band_edges(garment)
    if not keys or garment.scale_source == "pattern":  # a sewing pattern's band is as long as it is cut
        return scale
    on_band = np.zeros(cloth.count, bool)
    for key in keys:
        on_band[cloth.edge_particles[key]] = True
    along = on_band[cloth.edges].all(axis=1)
    length = float(cloth.edge_rest_m[along].sum())
    scale[along] = np.clip(girth_m * BAND_SLACK / max(length, 1e-6), 0.5, 1.35)
    return scale


def hold_on(garment: Garment, cloth: Cloth, positions_m: FloatArray, posed: PosedBody, scale: FloatArray) -> Held:
    """Tie bands and shoulders to the skin where they are now."""
    strength = np.zeros(cloth.count)
    strap = garment.kind.sleeve == Sleeve.STRAP
    shoulder = STRENGTH["strap" if strap else "shoulder"]
    for keys, value in ((shoulder_edges(garment), shoulder), (band_edges(garment), STRENGTH["waist"])):
        for key in keys:
            strength[cloth.edge_particles[key]] = value
    particles = np.flatnonzero(strength)
    vertices = np.asarray(posed.vertices_m, float)
    wanted = np.array(positions_m, float)[particles]
    on_shoulder = np.isin(particles, [i for key in shoulder_edges(garment) for i in cloth.edge_particles[key]])
    wanted[on_shoulder] = (_on_shoulder if strap else _seams_placed)(wanted[on_shoulder], posed)
    faces, weights, distance = nearest_on_body(wanted, vertices, posed.faces)
    near = distance < np.where(on_shoulder, SHOULDER_NEAR_M, BAND_NEAR_M)
    near &= ~on_shoulder | (np.abs(wanted[:, 0]) < SEAM_REACH * float(posed.joints_m["upperarm01.L"][0]))
    offset = np.full(len(particles), BAND_OFFSET_M)
    return Held(particles[near], faces[near], weights[near], offset[near], strength[particles][near], scale)


def _seams_placed(points: FloatArray, posed: PosedBody) -> FloatArray:
    """Shoulder seams alike on both sides; wide necks brought back from the arms, which would pull them straight."""
    joint = float(posed.joints_m["upperarm01.L"][0])
    sides = [points[:, 0] > 0, points[:, 0] <= 0]
    if not all(side.any() for side in sides):
        return points
    ends = [float(np.abs(points[side, 0]).min()) for side in sides]
    neck = min(sum(ends) / 2, WIDEST_NECK * joint)
    moved = points.copy()
    for side, end, sign in zip(sides, ends, (1.0, -1.0), strict=True):
        moved[side] += np.array([sign, 0.0, -SHOULDER_SLOPE]) * (neck - end)
    return moved


def _on_shoulder(points: FloatArray, posed: PosedBody) -> FloatArray:
    """Where straps lie: on the slope between neck and shoulder joint, from which an arm's fall cannot take them."""
    outer = float(posed.joints_m["upperarm01.L"][0])
    moved = points.copy()
    moved[:, 0] = np.sign(points[:, 0]) * np.clip(np.abs(points[:, 0]), 0.35 * outer, STRAP_REACH * outer)
    moved[:, 2] = np.maximum(points[:, 2], float(posed.joints_m["upperarm01.L"][2]) + 0.06)
    return moved


def nearest_on_body(
    points: FloatArray, vertices: FloatArray, faces: IntArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Nearest triangle (by centre) of each point, weights of the point's foot in it, and distance.

    Returns:
        (P, 3) int vertex indices, (P, 3) float weights in 0..1, (P,) float metres.
    """
    if not len(points):
        return np.zeros((0, 3), int), np.zeros((0, 3)), np.zeros(0)
    centres = vertices[faces].mean(axis=1)
    chosen = faces[cKDTree(centres).query(points)[1]]
    corners = vertices[chosen]
    e1, e2, d = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0], points - corners[:, 0]
    a, b, c = (np.einsum("pk,pk->p", u, v) for u, v in ((e1, e1), (e1, e2), (e2, e2)))
    f, g = np.einsum("pk,pk->p", e1, d), np.einsum("pk,pk->p", e2, d)
    det = np.maximum(a * c - b * b, 1e-16)
    v, w = (c * f - b * g) / det, (a * g - b * f) / det
    weights = np.clip(np.stack([1 - v - w, v, w], axis=1), 0, 1)
    weights /= weights.sum(axis=1, keepdims=True)
    feet = np.einsum("pk,pkc->pc", weights, corners)
    return chosen, weights, np.linalg.norm(points - feet, axis=1)


def girth_under(cloth: Cloth, garment: Garment, positions_m: FloatArray, body: Body, posed: PosedBody) -> float:
    """Girth of the body at the height of the garment's band, in metres; 0 without a band."""
    from vmodel.body.measure import slice_girth_m, vertices_on

    keys = band_edges(garment)
    if not keys:
        return 0.0
    height = float(np.mean([positions_m[cloth.edge_particles[key], 2].mean() for key in keys]))
    arms = ("shoulder01", "upperarm", "lowerarm", "wrist", "metacarpal", "finger")
    trunk = ~vertices_on(body.surface, lambda bone: bone.startswith(arms))
    faces = body.surface.faces[trunk[body.surface.faces].all(axis=1)]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return slice_girth_m(np.asarray(posed.vertices_m, float), edges, height)
