"""Fitting the flat garment to the body's silhouette: height on the body, width of rows, legs and sleeves."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from vmodel.body.model.body import Body
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.cloth.smoothing import spread
from vmodel.drape.placement.attachments import top_edge_m
from vmodel.drape.placement.body_silhouette import ARM_BONES, CELL_M, Outline, body_outline, landmarks_m, trunk_faces
from vmodel.drape.placement.start_pose import bare_arms
from vmodel.types import BoolArray, FloatArray, Garment, Neckline, PosedBody

SHOULDER_ROOM_M = 0.012
SIDE_ROOM_M = 0.012
ARM_RADIUS = (0.033, 0.022)
"""Radius of the upper arm and of the wrist, as a share of the body's height."""
ON_CUT_M = 0.004
COVER_REACH_M, COVER_ROUNDS = 0.12, 12
"""Distance that a seam may be lifted out of the body, and number of rings of particles that follow it."""
ARMPIT_REACH_M = 0.15
"""Distance from the armpit within which a side seam that lies inside the hanging arm is moved out of it."""
ARMHOLE_REACH_M = 0.10
"""Distance over which the cloth round the foot of an armhole follows it."""
ARM_DEPTH_M = 0.14
"""Cloth further below the arm's axis lies on the trunk."""
OFF_ALONG = 0.04
"""Position on the arm of an off-shoulder sleeve's root, as a share of the body's height."""
OFFSET_FADE_M = 0.06
"""A sleeve whose root lies beside the arm's axis joins it within this length, or the arm would start outside it."""


def anchor_torso(cloth: Cloth, garment: Garment, body: Body, posed: PosedBody) -> FloatArray:
    """Return (N, 2) world x and z in metres: hung from shoulders or waist, rows at least as wide as the body."""
    marks = landmarks_m(garment)
    flat = cloth.flat_cm / 100
    trunk = body_outline(posed, trunk_faces(body))
    headless = body_outline(posed, trunk_faces(body, (*ARM_BONES, "neck", "head", "eye", "jaw")))
    centre = _centre_x(garment, flat)
    if not garment.kind.category.covers_upper:
        drop = _hang_from_waist(marks, flat, body)
    elif not garment.kind.hangs_from_shoulders and "neck_left" in marks:
        drop = top_edge_m(garment, body, posed) - float(marks["neck_left"][1])
    else:
        drop = _hang_from_shoulders(marks, flat, centre, posed, body, headless)
    placed = np.stack([flat[:, 0] - centre, flat[:, 1] + drop], axis=1)
    return _widen_rows(placed, garment, trunk, marks, drop)


def _centre_x(garment: Garment, flat: FloatArray) -> float:
    """Return the garment's middle x: between neck, waist, armpit or hem points, otherwise of its extent."""
    marks = landmarks_m(garment)
    for name in ("neck", "waist", "armpit", "hem"):
        if f"{name}_left" in marks and f"{name}_right" in marks:
            return float(marks[f"{name}_left"][0] + marks[f"{name}_right"][0]) / 2
    return float(flat[:, 0].min() + flat[:, 0].max()) / 2


def _hang_from_shoulders(
    marks: Mapping[str, FloatArray], flat: FloatArray, centre: float, posed: PosedBody, body: Body, trunk: Outline
) -> float:
    """Return the upward shift that brings the shoulder line just above the shoulders."""
    neck, shoulder = (
        [
            (marks[f"{n}_{s}"] - (centre, 0)) * (1 if s == "left" else -1, 1)
            for s in ("left", "right")
            if f"{n}_{s}" in marks
        ]
        for n in ("neck", "shoulder")
    )
    if not neck or not shoulder:
        return body.measurements.chest_height / 100 + 0.04 - float(flat[:, 1].max())
    inner, outer = np.mean(neck, axis=0), np.mean(shoulder, axis=0)
    neck_half = float(posed.joints_m["shoulder01.L"][0]) * 0.75
    shoulder_half = float(posed.joints_m["upperarm01.L"][0]) * 1.05
    along = np.linspace(0, 1, 12)[:, None]
    line = inner + (outer - inner) * along
    x = np.clip(np.abs(line[:, 0]), neck_half, None)
    inside = x <= max(shoulder_half, x.min() + 1e-6)
    tops = np.array([_top_at(trunk, float(v)) for v in x[inside]])
    return float((tops - line[inside, 1]).max()) + SHOULDER_ROOM_M


def _top_at(trunk: Outline, x: float) -> float:
    """Return the highest point of the trunk over x, the mean of both sides."""
    tops = []
    for sign in (1, -1):
        column = round((sign * x - trunk.low[0]) / CELL_M - 0.5)
        known = np.flatnonzero(np.isfinite(trunk.front[column]))
        tops.append(trunk.low[1] + (known.max() + 1) * CELL_M if len(known) else 0.0)
    return float(np.mean(tops))


def _hang_from_waist(marks: Mapping[str, FloatArray], flat: FloatArray, body: Body) -> float:
    """Return the upward shift that brings the waist edge to the waist, or lower where the rise is short."""
    top = float(np.mean([marks[n][1] for n in ("waist_left", "waist_right") if n in marks] or [flat[:, 1].max()]))
    waist = body.measurements.waist_height / 100
    if "crotch" in marks:
        rise = top - float(marks["crotch"][1])
        waist = min(waist, body.measurements.inseam / 100 - 0.012 + rise)
    return waist - top


def _widen_rows(
    placed: FloatArray, garment: Garment, trunk: Outline, marks: Mapping[str, FloatArray], drop: float
) -> FloatArray:
    """Stretch rows that are narrower than the body, smoothly along the height."""
    levels = np.arange(trunk.front.shape[1])
    body_half = np.array([_half_width(trunk, int(k)) for k in levels])
    row = np.floor((placed[:, 1] - trunk.low[1]) / CELL_M).astype(int).clip(0, len(levels) - 1)
    cloth_half = np.zeros(len(levels))
    np.maximum.at(cloth_half, row, np.abs(placed[:, 0]))
    cloth_half = ndimage.grey_closing(cloth_half, 5)
    limit = trunk.low[1] + CELL_M * len(levels)
    if garment.kind.category.covers_upper and "armpit_left" in marks:
        limit = float(marks["armpit_left"][1]) + drop  # above the armpits the sleeves make rows wide
    if garment.kind.category.has_legs and "crotch" in marks:
        body_half[levels * CELL_M + trunk.low[1] < marks["crotch"][1] + drop] = 0.0  # legs are placed one by one
    below = levels * CELL_M + trunk.low[1] <= limit
    need = np.where(below & (cloth_half > 0.02), (body_half + SIDE_ROOM_M) / np.maximum(cloth_half, 0.02), 1.0)
    scale = ndimage.gaussian_filter1d(ndimage.maximum_filter1d(np.clip(need, 1.0, 2.0), 5), 2.0)
    widened = placed.copy()
    widened[:, 0] *= np.interp(placed[:, 1], trunk.low[1] + (levels + 0.5) * CELL_M, scale)
    return widened


def _half_width(trunk: Outline, level: int) -> float:
    known = np.flatnonzero(np.isfinite(trunk.front[:, level]))
    if not len(known):
        return 0.0
    return float(max(-(trunk.low[0] + known.min() * CELL_M), trunk.low[0] + (known.max() + 1) * CELL_M))


def place_legs(flat: FloatArray, cloth: Cloth, garment: Garment, posed: PosedBody) -> FloatArray:
    """Shift each trouser leg sideways onto the body's leg."""
    marks = landmarks_m(garment)
    if not garment.kind.category.has_legs or "crotch" not in marks:
        return flat
    moved = flat.copy()
    below = cloth.flat_cm[:, 1] / 100 < marks["crotch"][1] - 1e-6
    top = float(flat[below, 1].max()) if below.any() else 0.0
    middle = float(flat[np.abs(cloth.flat_cm[:, 1] / 100 - marks["crotch"][1]) < 0.01, 0].mean() * 0)
    for side, sign in (("L", 1.0), ("R", -1.0)):
        leg = below & (sign * (flat[:, 0] - middle) > 0)
        if not leg.any():
            continue
        joints = np.stack([posed.joints_m[f"{b}.{side}"] for b in ("upperleg01", "lowerleg01", "foot")])
        axis_x = np.interp(flat[leg, 1], joints[::-1, 2], joints[::-1, 0])
        rows = np.round(flat[leg, 1] / 0.02).astype(int)
        low, high = np.full(rows.max() + 1, np.inf), np.full(rows.max() + 1, -np.inf)
        np.minimum.at(low, rows, flat[leg, 0])
        np.maximum.at(high, rows, flat[leg, 0])
        centres = (low[rows] + high[rows]) / 2
        share = np.clip((top - flat[leg, 1]) / 0.15, 0, 1)
        moved[leg, 0] += (axis_x - centres) * share
    return moved


def place_armholes(flat: FloatArray, cloth: Cloth, garment: Garment, posed: PosedBody) -> FloatArray:
    """Bring the foot of each armhole under the arm: an arm that crosses the side seam would end inside the torso.

    Returns:
        (N, 2) world x and z.
    """
    marks = landmarks_m(garment)
    moved = flat.copy()
    bare = bare_arms(garment)
    if not bare:
        return moved
    outline = body_outline(posed)
    filled = ndimage.binary_closing(np.isfinite(outline.front), iterations=2)
    for side, bone in (("left", "L"), ("right", "R")):
        if side not in bare or f"armpit_{side}" not in marks:
            continue
        foot = _nearest_placed(cloth, flat, marks[f"armpit_{side}"])
        under = _under_arm(filled, outline, posed, bone, float(foot[0]))
        shift = np.array([under[0] - foot[0], min(0.0, under[1] - foot[1])])
        away = np.linalg.norm(cloth.flat_cm / 100 - marks[f"armpit_{side}"], axis=1)
        moved += shift * np.exp(-((away / ARMHOLE_REACH_M) ** 2))[:, None]
    return moved


def _under_arm(filled: BoolArray, outline: Outline, posed: PosedBody, bone: str, x: float) -> FloatArray:
    """Return (2,) x and z just below the arm: at x, or further out where the arm still touches the body."""
    arm = np.stack([posed.joints_m[f"{name}.{bone}"][[0, 2]] for name in ("upperarm01", "lowerarm01")]).astype(float)
    sign = np.sign(arm[1, 0])
    for column_x in np.arange(abs(x), abs(arm[1, 0]), CELL_M):
        z = float(np.interp(column_x, np.abs(arm[:, 0]), arm[:, 1]))
        column, row = (int(v) for v in outline.cell(np.array(sign * column_x), np.array(z)))
        below = np.flatnonzero(~filled[column, :row])
        if len(below) and row - below.max() < ARM_DEPTH_M / CELL_M:
            return np.array([sign * column_x, outline.low[1] + below.max() * CELL_M - SIDE_ROOM_M])
    return np.array([x, arm[0, 1] - ARM_DEPTH_M])


def place_sleeves(flat: FloatArray, cloth: Cloth, garment: Garment, posed: PosedBody) -> tuple[FloatArray, FloatArray]:
    """Turn the sleeves onto the arms.

    Returns:
        (N, 2) world x and z; (N,) share of each particle that belongs to a sleeve: positive on the left, negative
        on the right.
    """
    marks = landmarks_m(garment)
    on_arm = np.zeros(cloth.count)
    moved = flat.copy()
    for side, sign in (("left", 1.0), ("right", -1.0)):
        names = [f"{n}_{side}" for n in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
        if not all(name in marks for name in names):
            continue
        shoulder, armpit, outer, inner = (marks[name] for name in names)
        shoulder = _corner(garment, f"sleeve_top_{side}", f"shoulder_{side}", shoulder)
        armpit = _corner(garment, f"sleeve_under_{side}", f"side_{side}", armpit)
        root, cuff = (shoulder + armpit) / 2, (outer + inner) / 2
        if np.linalg.norm(cuff - root) < 0.05:
            continue
        sleeve = _beyond(cloth, shoulder, armpit, cuff, sign)
        if not sleeve.any():
            continue
        share = spread(cloth, sleeve.astype(float), 6)
        on_arm += sign * np.where(sleeve, np.maximum(share, 0.5), share)
        anchor = _nearest_placed(cloth, flat, root)
        points = _centred_sleeve(cloth.flat_cm / 100, sleeve, root, cuff, float(np.ptp(posed.vertices_m[:, 2])))
        begin_m = None
        if garment.kind.neckline == Neckline.OFF_SHOULDER:
            begin_m = OFF_ALONG * float(np.ptp(posed.vertices_m[:, 2]))
        target = _along_arm(points, root, cuff, anchor, posed, "L" if sign > 0 else "R", begin_m)
        moved += (target - flat) * share[:, None]
    return moved, np.clip(on_arm, -1, 1)


def cover_arms(flat: FloatArray, cloth: Cloth, garment: Garment, posed: PosedBody) -> FloatArray:
    """Move seams that start inside the body's outline out of it; otherwise the arm would leave through them.

    Shoulder and upper sleeve seams go up; seams that meet at the armpit go between arm and trunk.

    Returns:
        (N, 2) world x and z.
    """
    outline = body_outline(posed)
    inside = ndimage.binary_closing(np.isfinite(outline.front), iterations=2)
    room = ndimage.distance_transform_edt(~inside) * CELL_M
    marks = landmarks_m(garment)
    lift: FloatArray = np.zeros((cloth.count, 2))
    for side, sign, bone in (("left", 1.0, "L"), ("right", -1.0, "R")):
        nearest_below = _nearest_under_arm(room, outline, posed, bone)
        # The foot of an armhole without a sleeve was placed already.
        armpit = None if side in bare_arms(garment) else marks.get(f"armpit_{side}")
        for (_, name), particles in cloth.edge_particles.items():
            if name in (f"shoulder_{side}", f"sleeve_top_{side}"):
                lift[particles] = _way_up(flat[particles], room, outline, np.array([0.5 * sign, 0.87]))
            elif name in (f"sleeve_under_{side}", f"side_{side}") and armpit is not None:
                away = np.linalg.norm(cloth.flat_cm[particles] / 100 - armpit, axis=1)
                at = np.stack(outline.cell(flat[particles, 0], flat[particles, 1])) - 0.5
                hidden = ndimage.map_coordinates(room, at, order=1, mode="nearest") < SIDE_ROOM_M * 0.5
                found = particles[hidden & ((name != f"side_{side}") | (away < ARMPIT_REACH_M))]
                way = nearest_below(flat[found]) - flat[found]
                lift[found] = np.where(np.linalg.norm(way, axis=1, keepdims=True) < COVER_REACH_M, way, 0)
    seam = np.flatnonzero(np.abs(lift).sum(axis=1) > 0)
    spreading: FloatArray = lift
    for _ in range(COVER_ROUNDS if len(seam) else 0):
        spreading = np.array(spread(cloth, spreading, 1), float)
        spreading[seam] = lift[seam]
    return flat + spreading


def _way_up(places: FloatArray, room: FloatArray, outline: Outline, direction: FloatArray) -> FloatArray:
    """Return (P, 2) shortest ways along a direction until there is room beside the body; zero if there is none."""
    reach = np.arange(0.0, COVER_REACH_M, 0.004)
    tried = places[:, None] + reach[None, :, None] * direction
    at = np.stack(outline.cell(tried[..., 0], tried[..., 1])) - 0.5
    free = ndimage.map_coordinates(room, at, order=1, mode="nearest") >= SIDE_ROOM_M * 0.8
    first = np.where(free.any(axis=1), free.argmax(axis=1), 0)
    return np.asarray(reach[first][:, None] * direction)


def _nearest_under_arm(
    room: FloatArray, outline: Outline, posed: PosedBody, bone: str
) -> Callable[[FloatArray], FloatArray]:
    """Return a function that maps (P, 2) places to the nearest (x, z) under an arm with room beside the body."""
    arm = np.stack([posed.joints_m[f"{name}.{bone}"][[0, 2]] for name in ("upperarm01", "lowerarm01", "wrist")])
    x, z = (outline.low[axis] + (np.arange(room.shape[axis]) + 0.5) * CELL_M for axis in (0, 1))
    same_side = x * np.sign(arm[1, 0]) > 0
    axis_z = np.interp(np.abs(x), np.abs(arm[:, 0]), arm[:, 1])
    free = (room >= SIDE_ROOM_M * 0.8) & same_side[:, None] & (z[None] < axis_z[:, None])
    cells = np.argwhere(free)
    places = np.stack([x[cells[:, 0]], z[cells[:, 1]]], axis=1)
    tree = cKDTree(places)
    return lambda wanted: places[tree.query(wanted)[1]]


def _corner(garment: Garment, first: str, second: str, mark: FloatArray) -> FloatArray:
    """Return the point in metres where two outline edges meet: a sleeve's cut must end there. Else the landmark."""
    for panel in garment.panels:
        if first in panel.edges and second in panel.edges:
            a, b = (np.asarray(panel.edges[name], float)[[0, -1]] / 100 for name in (first, second))
            apart = np.linalg.norm(a[:, None] - b[None], axis=2)
            if apart.min() < 0.002:
                return np.asarray(a[int(apart.min(axis=1).argmin())])
    return mark


def _nearest_placed(cloth: Cloth, flat: FloatArray, point_m: FloatArray) -> FloatArray:
    nearest = np.argsort(np.linalg.norm(cloth.flat_cm / 100 - point_m, axis=1))[:6]
    return np.asarray(flat[nearest].mean(axis=0) + point_m - (cloth.flat_cm[nearest] / 100).mean(axis=0))


def _beyond(cloth: Cloth, shoulder: FloatArray, armpit: FloatArray, cuff: FloatArray, sign: float) -> BoolArray:
    """Return the particles cut off by the line from shoulder to armpit, on the cuff's side."""
    points = cloth.flat_cm / 100
    i, j = cloth.edges[:, 0], cloth.edges[:, 1]
    line = armpit - shoulder
    over = shoulder - line * 0.25
    under = armpit + line * 0.10
    crossed = _segments_cross(points[i], points[j], over, under)
    # Particles on the cut itself, including corners of the outline, would connect both sides.
    t = np.clip((points - over) @ (under - over) / max(float((under - over) @ (under - over)), 1e-9), 0, 1)
    on_cut = np.linalg.norm(points - over - t[:, None] * (under - over), axis=1) < ON_CUT_M
    keep = ~(crossed | on_cut[i] | on_cut[j])
    graph = coo_matrix((np.ones(keep.sum()), (i[keep], j[keep])), (cloth.count, cloth.count))
    _, label = connected_components(graph, directed=False)
    distances = np.linalg.norm(points - cuff, axis=1)
    sleeve = label == label[distances.argmin()]
    if sleeve.mean() > 0.45:  # the cut did not sever the sleeve: take the outer side of the line
        normal = np.array([-line[1], line[0]]) * sign
        side = (points - armpit) @ normal
        sleeve = (np.sign(side) == np.sign((cuff - armpit) @ normal)) & (
            sign * points[:, 0] > sign * min(shoulder[0], armpit[0], key=abs) * 1.0
        )
    return np.asarray(sleeve)


def _segments_cross(p: FloatArray, q: FloatArray, a: FloatArray, b: FloatArray) -> BoolArray:
    def side(o: FloatArray, d: FloatArray, r: FloatArray) -> FloatArray:
        return (d[..., 0] - o[..., 0]) * (r[..., 1] - o[..., 1]) - (d[..., 1] - o[..., 1]) * (r[..., 0] - o[..., 0])

    return np.asarray((side(a, b, p) * side(a, b, q) < 0) & (side(p, q, a) * side(p, q, b) < 0))


def _centred_sleeve(
    points: FloatArray, sleeve: BoolArray, root: FloatArray, cuff: FloatArray, height_m: float
) -> FloatArray:
    """Return panel points with the sleeve's rows centred on its axis and at least as wide as an arm."""
    axis = (cuff - root) / np.linalg.norm(cuff - root)
    across = np.array([-axis[1], axis[0]])
    u, v = (points - root) @ axis, (points - root) @ across
    rows = np.clip(np.round(u / 0.02).astype(int), 0, None)
    low, high = np.full(rows.max() + 1, np.inf), np.full(rows.max() + 1, -np.inf)
    np.minimum.at(low, rows[sleeve], v[sleeve])
    np.maximum.at(high, rows[sleeve], v[sleeve])
    known = np.flatnonzero(np.isfinite(low))
    middle = np.interp(rows, known, ndimage.gaussian_filter1d((low[known] + high[known]) / 2, 2.0))
    half = np.interp(rows, known, ndimage.gaussian_filter1d((high[known] - low[known]) / 2, 2.0))
    radius = np.interp(u, [0.0, 0.3 * height_m], [ARM_RADIUS[0] * height_m, ARM_RADIUS[1] * height_m]) + SIDE_ROOM_M
    share = np.clip(u / OFFSET_FADE_M, 0, 1)
    wider = 1 + (np.maximum(radius / np.maximum(half, 0.01), 1) - 1) * share
    moved = (v - middle * share) * wider
    return np.asarray(points + (moved - v)[:, None] * across)


def _along_arm(
    points: FloatArray, root: FloatArray, cuff: FloatArray, anchor: FloatArray, posed: PosedBody, side: str,
    begin_m: float | None = None,
) -> FloatArray:  # fmt: skip
    """Lay a sleeve's panel points along the arm: length from the root line runs along the arm's axis.

    The sleeve begins at its root on the placed trunk, or at a given distance down the arm.
    """
    axis = cuff - root
    length = float(np.linalg.norm(axis))
    axis = axis / length
    across = np.array([-axis[1], axis[0]])
    u, v = (points - root) @ axis, (points - root) @ across
    bones = ("upperarm01", "lowerarm01", "wrist", "finger3-1")
    joints = np.stack([posed.joints_m[f"{b}.{side}"][[0, 2]] for b in bones if f"{b}.{side}" in posed.joints_m]).astype(
        float
    )
    steps = np.linalg.norm(np.diff(joints, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    first = (joints[1] - joints[0]) / steps[0]
    begin = float((anchor - joints[0]) @ first) if begin_m is None else begin_m
    offset = anchor - (joints[0] + first * begin) if begin_m is None else np.zeros(2)
    t = begin + u
    segment = np.clip(np.searchsorted(along, t, side="right") - 1, 0, len(steps) - 1)
    direction = (np.diff(joints, axis=0) / steps[:, None])[segment]
    position = joints[segment] + direction * (t - along[segment])[:, None]
    normal = np.stack([-direction[:, 1], direction[:, 0]], axis=1)
    fade = np.clip(1 - u / min(length, OFFSET_FADE_M), 0, 1)[:, None]
    return np.asarray(position + normal * v[:, None] + offset * fade)
