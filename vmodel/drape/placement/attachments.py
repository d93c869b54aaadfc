"""Attachment of garments: waistbands cling to the waist, shoulder seams and straps to the shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.geometry.nearest import nearest_on_mesh
from vmodel.drape.placement.body_silhouette import landmarks_m
from vmodel.drape.placement.start_pose import start_pose
from vmodel.types import Category, FloatArray, Garment, IntArray, Neckline, PosedBody, Sleeve

BAND_SLACK = 1.01
"""Length of a waistband over the body's girth where it rests."""
ARMS_SLACK = 0.97
"""The same where elastic goes round chest and both arms."""
STRENGTH = {"band": 0.05, "shoulder": 0.08}
"""Weaker shoulders give way to the weight of the cloth, which slides down their slope and draws the neck wide open."""
BAND_OFFSET_M = 0.004
SEAM_REACH = 1.0
"""Share of the shoulder joint's distance beyond which seams are not held: a dropped shoulder slides with the arm."""
SHOULDER_SLOPE = 0.4
SHOULDER_NEAR_M, BAND_NEAR_M = 0.12, 0.05
"""Cloth further from the skin than this is not held."""
_CLINGING = ("waist", "hem", "leg", "gusset", "side")
WIDEST_NECK = 0.72
"""Half width of a neck that stays on, as a share of the shoulder joint's distance from the middle."""
NECK_STRETCH = 1.03
"""Length of a worn neck's edge over its cut."""
_PER_WIDTH = 0.65
"""Change of that length per change of the distance at which the shoulders are held, 0.7 to 0.9 once the cloth hangs; it
stretches further until then."""
_MOST_DRAWN_IN_M = 0.05
_NEAREST_NECK = 0.35
"""Least half width of a neck that was drawn in, as a share of the shoulder joint's distance from the middle."""
_LOOSE_NECKS = frozenset({Neckline.HALTER, Neckline.OFF_SHOULDER, Neckline.STRAPLESS, Neckline.ASYMMETRIC})
_BESIDE_NECK = 0.4
"""Beginning of a shoulder beside the neck, as a share of the shoulder joint's distance from the middle."""
HANGING_DEG = 72.0
"""Angle of the arms below the horizontal where a band goes round both."""
ABOVE_CHEST = 0.03
"""Height above the fullest of the chest at which a strapless garment begins, as a share of the body's height."""
HOLLOW = 0.55, 1.25
"""Hollow where chest and arm meet, as shares of the shoulder joint's distance from the middle."""
STRAP_REACH = 0.62
"""Outermost position of a strap, as a share of the shoulder joint's distance from the middle."""


@dataclass(frozen=True, eq=False)
class Attachments:
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
        """Return the (H, 3) points that the particles are drawn to on a moved body."""
        corners = np.asarray(body_m, float)[self.faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-12)
        return np.asarray(np.einsum("hk,hkc->hc", self.weights, corners) + normal * self.offset_m[:, None])


def band_edges(garment: Garment) -> list[tuple[str, str]]:
    """Return edges that must cling: lower garments' waists, upper edges that no shoulder carries, most of swimwear."""
    kind = garment.kind
    stems: tuple[str, ...] = ()
    if not kind.category.covers_upper:
        stems = ("waist",)
    elif not kind.hangs_from_shoulders or kind.neckline == Neckline.ASYMMETRIC:
        stems = ("neck",)
    elif kind.neckline == Neckline.HALTER:
        stems = ("top",)
    if kind.category == Category.SWIMWEAR:
        stems += _CLINGING
    return [(p.name, name) for p in garment.panels for name in p.edges if name.startswith(stems)]


def shoulder_edges(garment: Garment) -> list[tuple[str, str]]:
    """Return the edges that rest on the shoulders."""
    if not (garment.kind.category.covers_upper and garment.kind.hangs_from_shoulders):
        return []
    return [(p.name, n) for p in garment.panels for n in p.edges if n.startswith(("shoulder", "strap"))]


def band_scale(garment: Garment, cloth: Cloth, girth_m: float) -> FloatArray:
    """Return (E,) factors that bring a band's length to a girth; 1 away from bands.

    The rows next to the band follow in part, as gathered cloth does.
    """
    scale = np.ones(len(cloth.edges))
    keys = band_edges(garment)
    # a sewing pattern's band is as long as it is cut, and what hangs from a shoulder goes round the body only in part;
    # swimwear is cut to the body
    cut_to_fit = garment.scale_source == "pattern" or garment.kind.category == Category.SWIMWEAR
    if not keys or cut_to_fit or shoulder_edges(garment):
        return scale
    on_band = np.zeros(cloth.count, bool)
    for key in keys:
        on_band[cloth.edge_particles[key]] = True
    along = on_band[cloth.edges].all(axis=1)
    length = float(cloth.edge_rest_m[along].sum())
    slack = ARMS_SLACK if garment.kind.neckline == Neckline.OFF_SHOULDER else BAND_SLACK
    scale[along] = np.clip(girth_m * slack / max(length, 1e-6), 0.5, 1.35)
    return scale


def attach_to_skin(
    garment: Garment,
    cloth: Cloth,
    positions_m: FloatArray,
    posed: PosedBody,
    scale: FloatArray,
    closed_m: FloatArray | None = None,
    drawn_in_m: float = 0.0,
) -> Attachments:
    """Tie shoulders to the skin where they are placed, and bands where they have closed round the body.

    Args:
        garment: in cm.
        cloth: its particles.
        positions_m: (N, 3) where they are placed.
        posed: the wearer.
        scale: from ``band_scale``.
        closed_m: (N, 3) positions after contraction; None before it, when bands are free.
        drawn_in_m: from ``drawn_in``.
    """
    on_shoulder = _particles(cloth, shoulder_edges(garment))
    wanted = np.array(positions_m, float)[on_shoulder]
    strap = garment.kind.sleeve == Sleeve.STRAP and garment.kind.neckline != Neckline.HALTER
    wanted = _on_shoulder(wanted, posed) if strap else _seams_placed(wanted, posed, drawn_in_m)
    most = np.full(len(on_shoulder), SHOULDER_NEAR_M)
    strength = np.full(len(on_shoulder), STRENGTH["shoulder"])
    beyond = np.abs(wanted[:, 0]) >= SEAM_REACH * float(posed.joints_m["upperarm01.L"][0])
    particles = on_shoulder
    if closed_m is not None:
        band = np.setdiff1d(_particles(cloth, band_edges(garment)), on_shoulder)
        if garment.kind.neckline == Neckline.OFF_SHOULDER:  # it goes straight over the hollow before an armpit
            out = np.abs(closed_m[band, 0]) / float(posed.joints_m["upperarm01.L"][0])
            band = band[(out < HOLLOW[0]) | (out > HOLLOW[1])]
        particles = np.concatenate([on_shoulder, band])
        wanted = np.concatenate([wanted, np.asarray(closed_m, float)[band]])
        most = np.concatenate([most, np.full(len(band), BAND_NEAR_M)])
        strength = np.concatenate([strength, np.full(len(band), STRENGTH["band"])])
        beyond = np.concatenate([beyond, np.zeros(len(band), bool)])
    triangles, weights, distance = nearest_on_mesh(wanted, np.asarray(posed.vertices_m, float), posed.faces)
    faces = posed.faces[triangles]
    near = (distance < most) & ~beyond
    offset = np.full(int(near.sum()), BAND_OFFSET_M)
    return Attachments(particles[near], faces[near], weights[near], offset, strength[near], scale)


def _particles(cloth: Cloth, keys: list[tuple[str, str]]) -> IntArray:
    """Return the (n,) particles along some edges, each once."""
    return np.unique(np.concatenate([np.zeros(0, int), *(cloth.edge_particles[key] for key in keys)])).astype(int)


def drawn_in(garment: Garment, cloth: Cloth, positions_m: FloatArray) -> float:
    """Return how much nearer to the neck a shoulder has to lie, in metres, so that the neck's edge is not stretched.

    A flat neck is as wide as it is cut; round a body its edge also goes from the back to the front.

    Args:
        garment: in cm.
        cloth: its particles.
        positions_m: (N, 3) round the body, with its shoulders where they lie flat.
    """
    if garment.kind.neckline in _LOOSE_NECKS or garment.kind.open_front or garment.kind.sleeve == Sleeve.STRAP:
        return 0.0
    on_neck = np.zeros(cloth.count, bool)
    on_neck[_particles(cloth, [(p.name, "neck") for p in garment.panels if "neck" in p.edges])] = True
    along = cloth.edges[on_neck[cloth.edges].all(axis=1)]
    cut_m = float(cloth.edge_rest_m[on_neck[cloth.edges].all(axis=1)].sum())
    worn_m = float(np.linalg.norm(positions_m[along[:, 0]] - positions_m[along[:, 1]], axis=1).sum())
    return float(np.clip((worn_m - NECK_STRETCH * cut_m) / _PER_WIDTH / 2, 0.0, _MOST_DRAWN_IN_M))


def _seams_placed(points: FloatArray, posed: PosedBody, drawn_in_m: float) -> FloatArray:
    """Align shoulder seams on both sides over neck and shoulder joint; bring wide necks back from the arms.

    Seams further back, over the thickest trapezius, would draw the front's neck up; arms would pull it straight.
    """
    sides = [(points[:, 0] > 0, 1.0), (points[:, 0] <= 0, -1.0)]
    ends = [float(np.abs(points[side, 0]).min()) for side, _ in sides if side.any()]
    outer = float(posed.joints_m["upperarm01.L"][0])
    flat = min(sum(ends) / max(len(ends), 1), WIDEST_NECK * outer)
    neck = max(flat - drawn_in_m, min(flat, _NEAREST_NECK * outer))
    moved = points.copy()
    for (side, sign), end in zip([each for each in sides if each[0].any()], ends, strict=True):
        moved[side] += np.array([sign, 0.0, -SHOULDER_SLOPE]) * (neck - end)
    joints = [np.asarray(posed.joints_m[name], float) for name in ("neck01", "upperarm01.L")]
    moved[:, 1] = np.interp(np.abs(moved[:, 0]), [_BESIDE_NECK * joints[1][0], joints[1][0]], [at[1] for at in joints])
    return moved


def _on_shoulder(points: FloatArray, posed: PosedBody) -> FloatArray:
    """Move straps onto the slope between neck and shoulder joint, from which lowered arms cannot take them."""
    outer = float(posed.joints_m["upperarm01.L"][0])
    moved = points.copy()
    moved[:, 0] = np.sign(points[:, 0]) * np.clip(np.abs(points[:, 0]), 0.35 * outer, STRAP_REACH * outer)
    moved[:, 2] = np.maximum(points[:, 2], float(posed.joints_m["upperarm01.L"][2]) + 0.06)
    return moved


def top_edge_m(garment: Garment, body: Body, posed: PosedBody) -> float:
    """Return the height of an upper edge that no shoulder carries: on the chest, or at the joints if off-shoulder."""
    if garment.kind.category == Category.SWIMWEAR:  # it is cut to the body's heights
        return body.measurements.neck_height / 100 + float(landmarks_m(garment)["neck_left"][1])
    if garment.kind.neckline == Neckline.OFF_SHOULDER:
        return min(float(posed.joints_m[f"upperarm01.{side}"][2]) for side in "LR")
    return (body.measurements.chest_height + ABOVE_CHEST * body.measurements.height) / 100


def girth_under(cloth: Cloth, garment: Garment, positions_m: FloatArray, body: Body, posed: PosedBody) -> float:
    """Return the girth of the body at the height of the garment's band, in metres; 0 without a band."""
    from vmodel.body.mesh.measure import slice_girth_m, vertices_on

    keys = band_edges(garment)
    if not keys:
        return 0.0
    height = float(np.mean([positions_m[cloth.edge_particles[key], 2].mean() for key in keys]))
    arms: tuple[str, ...] = ("shoulder01", "upperarm", "lowerarm", "wrist", "metacarpal", "finger")
    if garment.kind.neckline == Neckline.OFF_SHOULDER:  # it goes round both arms, as they hang
        arms, posed = arms[2:], body.posed(start_pose(garment, body, HANGING_DEG))
        height = top_edge_m(garment, body, posed)
    trunk = ~vertices_on(body.surface, lambda bone: bone.startswith(arms))
    faces = body.surface.faces[trunk[body.surface.faces].all(axis=1)]
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    return slice_girth_m(np.asarray(posed.vertices_m, float), edges, height)
