"""``grow_hair``: head hair, brows, lashes and beard of one virtual model in the rest pose.

Every strand is stepped outwards from its root along a combed flow and pulled down by gravity. A clearance that grows
away from the root keeps it outside the skin and makes the hair's volume. Neighbours then join into locks,
curl together and stray a little on their own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.face.face_params import Look, look_of
from vmodel.body.hair.brows_lashes_beard import grow_beard, grow_brows, grow_lashes
from vmodel.body.hair.fall_direction import along_surface, fall_behind, unit
from vmodel.body.hair.motion import pose_hair
from vmodel.body.hair.polylines import join, no_strands, tapered
from vmodel.body.hair.scalp import bare_parting, hair_density, hairline_depth, parting_distance, turn_of
from vmodel.body.hair.styles import HairStyle, style_of
from vmodel.body.hair.updos import grow_gathered
from vmodel.body.mesh.anatomy_chart import load_anatomy, smooth_noise, smoothstep
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import HeadSurface, Roots, head_surface, scatter_roots
from vmodel.body.model.body import Body
from vmodel.types import BoolArray, FloatArray, Strands, VirtualModel

__all__ = ["grow_hair", "pose_hair"]

POINTS = 16
_LOOSE_SHARE = 0.03
"""Share of strands that lie in no lock."""
_FLYAWAY_SHARE, _FLYAWAY_MM = 0.14, 11.0
"""Largest distance of such a strand from the mass, as a share of its length and in mm."""
_UNEVEN = 0.035
"""Deviation of the length at which neighbouring locks are cut."""
WHORL_MM = np.array([9.0, 128.0, 92.0])


@dataclass(frozen=True, eq=False)
class _Plan:
    """Per-strand decisions; all (n,).

    Attributes:
        length_m: of each strand.
        clearance_m: distance from the skin that the strand reaches.
        side: -1 or 1, the side of the parting it falls to.
        rise_mm: length along the strand over which it gets there; longer beside a parting, where hair lies flat.
        fringe: True for strands of a parted style's fringe.
    """

    length_m: FloatArray
    clearance_m: FloatArray
    side: FloatArray
    rise_mm: FloatArray
    fringe: BoolArray


def grow_hair(model: VirtualModel, body: Body) -> Strands:
    """Grow all hair of a model on its body at rest.

    Args:
        model: style, colours, look and seed; the same model always grows the same hair.
        body: of the model.
    Returns:
        Strands of one length K for all; head hair first, then brows, lashes and facial hair.
    """
    look, style = look_of(model), style_of(model)
    surface = head_surface(body.rest.vertices_m, keep_ears=style.finish == "loose")
    groups = [
        _grow_head_hair(model, body, look, style, surface) if style.strands else no_strands(POINTS),
        grow_brows(model, body, look),
        grow_lashes(model, body, look),
        grow_beard(model, body, look),
    ]
    return join(groups)


def _grow_head_hair(model: VirtualModel, body: Body, look: Look, style: HairStyle, surface: HeadSurface) -> Strands:
    rng = np.random.default_rng([model.seed, 61])
    roots = _scalp_roots(model, body, look, style, rng)
    plan = _plan(model, look, style, roots, surface.scale, rng)
    if style.finish == "loose":
        points = _comb(roots, plan, style, surface)
        points = _style_locks(points, roots, plan, style, surface, rng)
    else:
        points = grow_gathered(roots, style, surface, rng)
        points = _baby_hair(points, roots, hairline_depth(roots.spot_mm, model, look), surface.scale, rng)
    radius = tapered(len(points), points.shape[1], style.width_mm / 2000) * rng.uniform(0.75, 1.2, (len(points), 1))
    radius = radius * (0.35 + 0.65 * smoothstep(-7, 12, hairline_depth(roots.spot_mm, model, look)))[:, None]
    return Strands(
        points.astype(np.float32),
        radius.astype(np.float32),
        _colours(model, roots, rng),
        np.zeros(len(points), np.uint8),
    )


def _baby_hair(
    points: FloatArray, roots: Roots, depth_mm: FloatArray, scale: float, rng: np.random.Generator
) -> FloatArray:
    """Shorten some strands (n, K, 3) at the hairline so that the band misses them: they stand off as combed."""
    short = np.flatnonzero(rng.uniform(0, 1, len(points)) < 0.8 * smoothstep(9, -3, depth_mm))
    along = np.linspace(0, 1, points.shape[1])[None, :, None]
    combed = unit(points[short, 2] - points[short, 0])
    way = unit(combed + 0.45 * roots.normal[short] + rng.normal(0, 0.30, (len(short), 3)))
    reach = rng.uniform(4, 15, (len(short), 1, 1)) * scale / 1000
    result = np.array(points)
    result[short] = points[short, :1] + reach * along * (way[:, None] + 0.5 * along * (combed - way)[:, None])
    return result


def _scalp_roots(model: VirtualModel, body: Body, look: Look, style: HairStyle, rng: np.random.Generator) -> Roots:
    anatomy, faces = load_anatomy(), load_surface().faces
    centre = anatomy.spot_mm[faces].mean(axis=1)
    skin = ~anatomy.hidden_faces & (anatomy.eye_faces == 0) & (centre[:, 2] > -95)
    scalp = np.flatnonzero(skin & (hairline_depth(centre, model, look) > -12))
    roots = scatter_roots(body.rest.vertices_m, scalp, int(style.strands * 1.25), rng)
    density = hair_density(roots.spot_mm, model, look)
    # No hair grows on the parting itself.
    bare = bare_parting(roots.spot_mm, 0.8, style, look) * smoothstep(92, 60, roots.spot_mm[:, 1])
    density = density * (1 - 0.8 * bare)
    kept = np.flatnonzero(rng.uniform(0, 1, len(roots)) < density)
    # Roots are ordered by face: truncating the list would leave one side of the head bald.
    return roots.take(kept[np.linspace(0, len(kept) - 1, min(len(kept), style.strands)).astype(int)])


def _plan(
    model: VirtualModel, look: Look, style: HairStyle, roots: Roots, scale: float, rng: np.random.Generator
) -> _Plan:
    spot, count = roots.spot_mm, len(roots)
    turn = turn_of(spot)
    side_share = smoothstep(96, 44, spot[:, 2]) if style.longest_mm < 150 else smoothstep(62, 22, spot[:, 2])
    if style.comb == "whorl":
        # Sides are cut short up to where the head turns flat; longer ones would stand out as a shelf.
        side_share = np.maximum(side_share, smoothstep(18, 68, np.abs(spot[:, 0])))
    nape_share = smoothstep(104, 140, turn) * smoothstep(30, -40, spot[:, 2])
    length = style.top_mm + (style.side_mm - style.top_mm) * side_share
    length += (style.nape_mm - length) * nape_share
    length *= 1 - style.layered * rng.uniform(0, 1, count) ** 1.5
    length *= 1 + _UNEVEN * np.clip(smooth_noise(6, rng)(spot), -2, 2)
    depth = hairline_depth(spot, model, look)
    if style.longest_mm < 150:
        length *= 0.15 + 0.25 * smoothstep(-10, -2, depth) + 0.60 * smoothstep(-3, 16, depth)
    else:
        baby = rng.uniform(0, 1, count) < 0.75 * smoothstep(5, -3, depth)
        length = np.where(baby, rng.uniform(6, 38, count), length)
    # Roots near the crown and the parting lie on top of the others.
    height = np.clip((spot[:, 2] + 70) / 180, 0, 1)
    layer = np.clip(0.12 + 0.62 * height + rng.uniform(-0.22, 0.30, count), 0.04, 1.1)
    if style.comb == "out":
        layer = rng.uniform(0, 1, count)
    parting = parting_distance(spot, style, look)
    # Behind the crown the parting is lost: strands fall to either side and cover it.
    mixed = 0.8 + 24 * smoothstep(68, 110, spot[:, 1])
    side = np.where(parting + mixed * rng.normal(0, 1, count) >= 0, 1.0, -1.0)
    beside = np.exp(-((parting / 38) ** 2)) * smoothstep(110, 70, spot[:, 1])
    clearance_mm = style.volume_mm * layer * (1 - 0.55 * beside)
    if style.comb == "whorl":
        clearance_mm *= 1 - 0.6 * side_share
    fringe = _in_fringe(spot, style, rng)
    length = np.where(fringe, _fringe_length(spot, style, rng), length)
    clearance_mm = np.where(fringe, rng.uniform(2.0, 7.0, count), clearance_mm)
    return _Plan(length * scale / 1000, clearance_mm * scale / 1000, side, 30 + 45 * beside, fringe)


def _in_fringe(spot: FloatArray, style: HairStyle, rng: np.random.Generator) -> BoolArray:
    """Mark whole locks of the front triangle between the temples, in the style's share: (n,) bool."""
    if style.comb != "part" or not style.fringe:
        return np.zeros(len(spot), bool)
    depth = 30 - 0.4 * np.abs(spot[:, 0]) if style.straight_fringe else 26 - 0.3 * np.abs(spot[:, 0])
    # A ragged border: roots on both sides of it fall either way, and no skin shows between.
    front = (spot[:, 1] < depth + rng.normal(0, 8, len(spot))) & (spot[:, 2] > 34) & (np.abs(spot[:, 0]) < 62)
    chance = 0.5 + 0.5 * np.tanh(1.2 * smooth_noise(9, rng)(spot) + rng.normal(0, 0.25, len(spot)))
    return np.asarray(front & (chance < style.fringe + 1e-9) if style.fringe < 1 else front)


def _fringe_length(spot: FloatArray, style: HairStyle, rng: np.random.Generator) -> FloatArray:
    """Return the mm (n,) from roots at the front to the height where the fringe ends, with a random spread."""
    ahead = -26 + 0.009 * spot[:, 0] ** 2
    way = np.hypot(spot[:, 1] - ahead, spot[:, 2] + style.fringe_mm) * 1.07
    spread = 5.0 if style.straight_fringe else 0.22 * (style.fringe_mm + 60)
    return np.asarray(np.maximum(way + rng.normal(0, spread, len(spot)), 12))


def _comb(roots: Roots, plan: _Plan, style: HairStyle, surface: HeadSurface) -> FloatArray:
    """Step strands (n, K, 3) along the flow."""
    count = _point_count(style)
    step = (plan.length_m / (count - 1))[:, None]
    points = [roots.points_m + roots.normal * 0.0003]
    normal, spot = roots.normal, roots.spot_mm
    heading = roots.normal * style.lift
    long, down = style.longest_mm > 260, np.array([0.0, 0.0, -1.0])
    contact = surface.contact(points[0])
    for k in range(1, count):
        arc_mm = step * k * 1000 / surface.scale
        flow = _flow(spot, plan, style)
        flow -= normal * np.einsum("nc,nc->n", flow, normal)[:, None] * (0.9 if style.comb != "out" else 0.0)
        lift = style.lift * np.exp(-arc_mm / 45) if style.comb != "out" else style.lift
        pull = style.weight * np.clip((arc_mm - 15) / 110, 0, 1)
        wanted = flow * (1 - lift) + normal * lift
        wanted = wanted * (1 - pull) + (fall_behind(spot) if long else down) * pull
        if long:
            wanted = along_surface(wanted, contact, 0.006)
        heading = unit(0.55 * heading + unit(wanted))
        ahead = points[-1] + heading * step
        contact = surface.contact(ahead)
        rise = 1 - np.exp(-arc_mm[:, 0] / plan.rise_mm)
        # Tips of short hair lie closer again; otherwise they would stand off as wings.
        tuck = 1 - (0.55 * (k / count) ** 1.5 if style.comb == "swept" else 0.0)
        needed = plan.clearance_m * rise * tuck + 0.0006 - contact.distance_m
        # Short combed hair follows the head where that curves inwards; long hair hangs.
        least = -0.4 * step[:, 0] if style.comb == "swept" else 0.0
        moved = ahead + contact.normal * np.maximum(needed, least)[:, None]
        direction = unit(moved - points[-1])
        points.append(points[-1] + direction * step)
        heading = direction
        normal, spot = contact.normal, contact.spot_mm
    return np.stack(points, axis=1)


def _flow(spot: FloatArray, plan: _Plan, style: HairStyle) -> FloatArray:
    """Return the combing direction (n, 3) at spots of the head."""
    x, y, z, side = spot[:, 0], spot[:, 1], spot[:, 2], plan.side
    down: FloatArray = np.broadcast_to([0.0, 0.0, -1.0], spot.shape)
    if style.comb in ("whorl", "out"):
        flow: FloatArray = unit(spot - WHORL_MM) + 0.35 * down
        if style.comb == "whorl":
            forward = style.fringe * smoothstep(70, 10, y) * smoothstep(50, 70, z)
            flow = np.asarray(flow + forward[:, None] * np.array([0.35, -0.8, 0.0]))
        return unit(flow)
    if style.comb == "swept":
        top = smoothstep(35, 75, z)[:, None]
        fringe = style.fringe * smoothstep(95, 20, y)
        over: FloatArray = np.stack([side * 0.8, 0.7 - 1.4 * fringe, 0.0 * x], axis=1)
        sides: FloatArray = np.stack(
            [0 * x, 0.45 - 0.5 * style.fringe * smoothstep(60, 20, y), np.full(len(x), -0.9)], axis=1
        )
        return unit(over * top + sides * (1 - top))
    # Parted: to the side and back over the top, then down; never across the face.
    top = smoothstep(20, 85, z)[:, None]
    over = np.stack(
        [side * 0.9, 0.35 + 0.25 * smoothstep(40, 0, y) + 1.5 * smoothstep(55, 112, y), np.full(len(x), -0.15)], axis=1
    )
    face = smoothstep(30, -5, y) * smoothstep(75, 58, np.abs(x)) * smoothstep(80, 50, z)
    aside = np.stack([side * 1.2, np.full(len(x), 0.9), 0 * x], axis=1)
    if style.longest_mm > 260:
        down = fall_behind(spot)
    combed = unit(over * top + down * (1 - top) + aside * face[:, None])
    # A straight fringe falls forwards over the forehead, a long one sideways past the temples.
    fallen = np.stack([0.85 * side, np.full(len(x), -0.12), np.full(len(x), -0.55)], axis=1)
    if style.straight_fringe:
        fallen = np.stack([-0.0025 * x, np.full(len(x), -0.55), np.full(len(x), -0.8)], axis=1)
    return np.where(plan.fringe[:, None], unit(fallen), combed)


def _style_locks(
    points: FloatArray, roots: Roots, plan: _Plan, style: HairStyle, surface: HeadSurface, rng: np.random.Generator
) -> FloatArray:
    """Join neighbours into locks, curl them, let single hairs stray."""
    n, count, _ = points.shape
    centres = rng.choice(n, max(1, n // 45), replace=False)
    lock = cKDTree(roots.points_m[centres]).query(roots.points_m)[1]
    along = np.linspace(0, 1, count)
    leader = points[centres[lock]]
    same_side = plan.side == plan.side[centres[lock]]
    similar = np.abs(plan.length_m / plan.length_m[centres[lock]] - 1) < 0.5
    loose = rng.uniform(size=n) < _LOOSE_SHARE
    joined = style.clump * along**0.8 * rng.uniform(0.5, 1.0, (n, 1)) * (same_side & similar & ~loose)[:, None]
    points = points + (leader - points) * joined[..., None]
    arc_mm = (plan.length_m * 1000 / surface.scale)[:, None] * along
    tangent = unit(np.gradient(points, axis=1))
    first = unit(np.cross(tangent, np.array([0.31, 0.17, 0.94])))
    second = np.cross(tangent, first)
    scale_m = surface.scale / 1000
    if style.curl_mm:
        phase = rng.uniform(0, 2 * np.pi, len(centres))[lock][:, None] + rng.normal(0, 0.35, (n, 1))
        pitch = style.wave_mm * rng.uniform(0.8, 1.25, len(centres))[lock][:, None]
        angle = phase + 2 * np.pi * arc_mm / pitch
        reach = style.curl_mm * scale_m * smoothstep(0, 1, arc_mm / (0.9 * style.wave_mm + 12))
        points = points + (first * np.cos(angle)[..., None] + second * np.sin(angle)[..., None]) * reach[..., None]
    stray = style.frizz_mm * scale_m * np.minimum(1, arc_mm / 80) * np.where(rng.uniform(size=(n, 1)) < 0.035, 3, 1)
    for wave in (1.0, 2.3):
        turn = rng.uniform(0, 2 * np.pi, (n, 2, 1))
        angle = 2 * np.pi * wave * along
        points = points + 0.6 * stray[..., None] * (
            first * np.sin(angle + turn[:, 0])[..., None] + second * np.sin(angle + turn[:, 1])[..., None]
        )
    points[loose] += _flyaway(points[loose], roots.normal[loose], plan.length_m[loose], surface.scale, rng)
    points[:, 0] = roots.points_m
    flat = surface.pushed_out(points[:, 1:].reshape(-1, 3), 0.0008)
    return np.concatenate([points[:, :1], flat.reshape(n, count - 1, 3)], axis=1)


def _flyaway(
    points: FloatArray, outwards: FloatArray, length_m: FloatArray, scale: float, rng: np.random.Generator
) -> FloatArray:
    """Return the way (n, K, 3) by which strands that have left their lock bend out of the mass, more so at the tip."""
    along = np.linspace(0, 1, points.shape[1])[None, :, None]
    reach = np.minimum(_FLYAWAY_SHARE * length_m, _FLYAWAY_MM * scale / 1000) * rng.uniform(0.3, 1.0, len(points))
    arc = along * np.sin(np.pi * along * rng.uniform(0.45, 0.8, (len(points), 1, 1)))
    return np.asarray(arc * (unit(outwards + rng.normal(0, 0.45, outwards.shape)) * reach[:, None])[:, None])


def _colours(model: VirtualModel, roots: Roots, rng: np.random.Generator) -> FloatArray:
    """Return strand colours (n, 3) float32 with the natural spread of hair; grey comes first at the temples."""
    count = len(roots)
    # Among grey hairs the others have faded too.
    faded = 0.4 * model.hair.grey
    base = np.array(model.hair.colour) * (1 - faded) + 0.3 * faded
    shade = np.exp(rng.normal(0, 0.20, (count, 1)) + rng.normal(0, 0.05, (count, 3)))
    # Light hair is many colours: sun-bleached and darker strands, in streaks.
    light = float(np.clip(3 * max(model.hair.colour), 0, 1)) * (1 - model.hair.grey)
    streak = smooth_noise(13, rng)(roots.spot_mm) + rng.normal(0, 0.8, count)
    shade *= np.exp(-light * np.clip(-0.42 * streak, -0.30, 0.8)[:, None] * [0.8, 1.0, 1.2])
    temple = smoothstep(50, 0, roots.spot_mm[:, 2]) * smoothstep(110, 60, turn_of(roots.spot_mm))
    grey_share = np.clip(model.hair.grey * (0.85 + 0.7 * temple), 0, 1)
    is_grey = rng.uniform(0, 1, count) < grey_share
    silver = np.array([0.36, 0.35, 0.335]) * np.exp(rng.normal(0, 0.22, (count, 1)))
    return np.clip(np.where(is_grey[:, None], silver, base * shade), 0, 1).astype(np.float32)


def _point_count(style: HairStyle) -> int:
    if style.curl_mm and style.longest_mm > 400:
        return 30
    return 24 if style.curl_mm or style.longest_mm > 400 else POINTS if style.longest_mm > 60 else 8
