"""Cover of the body by the cut: rays from the skin outwards must meet the inside of the right cloth."""

from __future__ import annotations

import numpy as np
import shapely
from scipy.spatial import cKDTree

from vmodel.body.base_layer.paint import LINING, BaseLayer, base_layer_depth, is_guarded
from vmodel.body.mesh.anatomy_chart import load_anatomy
from vmodel.drape.geometry.raycast import first_hits
from vmodel.quality.wear.chart import ARMS, HEAD, LEGS, TRUNK, OnBody
from vmodel.quality.wear.views import WornView, laid_out
from vmodel.types import BoolArray, Category, FloatArray, IntArray, Neckline

_REACH_M = 0.35
_BELOW_SKIN_M = 0.012
"""Depth below the skin at which rays begin: the body may bulge a little less between particles of coarse cloth."""
_MARGIN_CM = 4.0
_ARMPIT_DEG = (55.0, 130.0)
"""Bearings under the arms, where the skin faces the arm."""
_SAMPLES = 1600
_BETWEEN_THIGHS_MM = -738.0
"""Height on the neutral body below which no skin of the lining is seen."""
_FACING_DOWN = -0.3
"""Upward part of the skin's normal below which an open hem need not hide it."""
_FEWEST = 12
_ARM_FROM, _ARM_TO, _LEG_TO = 0.35, 0.8, 0.85
"""Range of a sleeve, and of a leg, in which skin must be inside."""


def cover_figures(view: WornView) -> dict[str, float]:
    """Measure skin that is bare though the cut covers it, and faces that are covered.

    Args:
        view: the garment on the body.
    Returns:
        Figure's name -> share of the tested skin; an area that is too small for a test is absent.
    """
    chart, measures = view.chart, view.chart.body.measurements
    figures: dict[str, float] = {}
    asked = _meant_covered(view)
    bare = np.zeros(len(chart.part), bool)
    bare[asked] = ~_covered(view, asked)
    height, front = 100 * chart.rest_m[:, 2], np.abs(chart.bearing_deg) < 90
    chosen = np.zeros(len(chart.part), bool)
    chosen[asked] = True
    upper = (height > measures.waist_height) & view.kind.category.covers_upper
    areas = {"chest": upper & front, "back": upper & ~front, "seat": ~upper}
    if view.is_open:  # an open front may gape freely
        areas = {"back": areas["back"], "seat": ~upper & ~front}
    for name, area in areas.items():
        here = chosen & area & ~np.isin(chart.part, LEGS)
        if here.sum() >= _FEWEST:
            figures[f"{name} bare"] = float(bare[here].mean())
    if view.kind.category == Category.SWIMWEAR:
        figures["lining bare"] = float(1 - _covered(view, _lined()).mean())
    elif upper.any() and not (view.is_open or view.kind.bib or chart.body.model.is_child):
        figures["guard zone bare"] = float(1 - _covered(view, _guarded(view)).mean())
    figures |= _limbs_bare(view)
    shoulders = _bare_shoulders(view)
    if len(shoulders) >= _FEWEST:
        figures["bare shoulder covered"] = float(_covered(view, shoulders, any_side=True, beside=False).mean())
    head = chart.part == HEAD
    above_chin = chart.rest_m[:, 2] > chart.rest_m[head, 2].mean() - 0.02 * chart.scale
    face = np.flatnonzero(head & above_chin & (np.abs(chart.bearing_deg) < 60))[::6]
    figures["face covered"] = float(_covered(view, face, view.sleeve == 0, any_side=True).mean())
    return figures


def _lined() -> IntArray:
    """Return the vertices on the lining beneath swimwear, the same on every body."""
    spot_mm = load_anatomy().spot_mm
    depths = base_layer_depth(BaseLayer(*LINING), spot_mm)
    return np.flatnonzero((np.maximum(*depths) > 0) & (spot_mm[:, 2] > _BETWEEN_THIGHS_MM))


def _guarded(view: WornView) -> IntArray:
    """Return the vertices of the guard zone that a closed garment must cover; below a skirt the skin may face down."""
    zone = is_guarded(load_anatomy().spot_mm)
    zone &= (view.chart.rest_m[:, 2] > view.chart.body.measurements.waist_height / 100) | (
        view.kind.category.covers_lower & (view.chart.normals[:, 2] > _FACING_DOWN)
    )
    return np.flatnonzero(zone)


def _meant_covered(view: WornView) -> IntArray:
    """Return the vertices of trunk and thighs that lie below the cut, well inside its outline."""
    chart = view.chart
    parts = [TRUNK] if view.kind.category.has_legs else [TRUNK, *LEGS]
    candidates = np.flatnonzero(np.isin(chart.part, parts))
    under_arms = np.abs(np.abs(chart.bearing_deg) - np.mean(_ARMPIT_DEG)) < np.ptp(_ARMPIT_DEG) / 2
    under_arms &= chart.rest_m[:, 2] > chart.body.measurements.chest_height / 100 - 0.03 * chart.scale
    # Between the legs the skin faces down, where a skirt is open.
    between = (chart.part == TRUNK) & (chart.rest_m[:, 2] < chart.body.measurements.inseam / 100 + 0.05 * chart.scale)
    candidates = candidates[~(under_arms | between)[candidates]]
    candidates = candidates[:: max(1, len(candidates) // _SAMPLES)]
    y_cm = view.flat_heights_cm(chart.rest_m[candidates, 2])
    bearing = chart.bearing_deg[candidates]
    front = np.abs(bearing) <= 90
    share = np.where(front, bearing / 90, np.sign(bearing) * (180 - np.abs(bearing)) / 90)
    middle, half = view.span_at(y_cm)
    points = np.stack([middle + half * share, y_cm], axis=1)
    inside = np.zeros(len(candidates), bool)
    for side, own in (("front", front), ("back", ~front)):
        inside[own] = _well_inside(view, side, points[own])
    if "crotch" in view.marks:
        inside &= y_cm > view.marks["crotch"][1] + _MARGIN_CM
    return np.asarray(candidates[inside])


def _bare_shoulders(view: WornView) -> IntArray:
    """Return the vertices on top of the shoulders that the garment leaves bare."""
    chart = view.chart
    out = 100 * np.abs(chart.rest_m[:, 0])
    inner, outer = 0.4 * 100 * chart.shoulder_x_m, 100 * chart.shoulder_x_m + 1.0
    if view.kind.neckline == Neckline.HALTER and "shoulder_left" in view.marks:
        inner = max(inner, float(view.marks["shoulder_left"][0]) + _MARGIN_CM)
    chosen = np.isin(chart.part, (TRUNK, *ARMS)) & (chart.rest_m[:, 2] > chart.shoulder_m + 0.01 * chart.scale)
    chosen &= (out > inner) & (out < outer)
    sides = [np.sign(chart.rest_m[:, 0]) == (1.0 if side == "left" else -1.0) for side in view.bare_sides]
    return np.flatnonzero(chosen & np.any(sides, axis=0)) if sides else np.zeros(0, int)


def _well_inside(view: WornView, side: str, points_cm: FloatArray) -> BoolArray:
    """Return (P,) bool: inside the panels of a side lying flat, away from their open edges; seams do not count."""
    panels = [each for each in view.garment.panels if each.side == side]
    if not panels or not len(points_cm):
        return np.zeros(len(points_cm), bool)
    if any(each.laid is not None for each in panels):
        laid = np.concatenate([np.asarray(each.laid[1], float) for each in panels if each.laid is not None])
        inside = cKDTree(laid).query(points_cm)[0] < _MARGIN_CM / 2
    else:
        areas = [shapely.make_valid(shapely.Polygon(each.outline_cm, each.holes)) for each in panels]
        inside = shapely.contains_xy(shapely.union_all(areas).buffer(0.5), points_cm[:, 0], points_cm[:, 1])
    sewn = {end for seam in view.garment.seams for end in (seam.first, seam.second)}
    open_lines = [
        laid_out(each, np.asarray(line, float))
        for each in panels
        for name, line in each.edges.items()
        if (each.name, name) not in sewn
    ]
    open_lines += [np.vstack([hole, hole[:1]]) for each in panels for hole in each.holes]
    lines = shapely.MultiLineString([line for line in open_lines if len(line) > 1])
    if lines.is_empty:
        return np.asarray(inside)
    apart = shapely.distance(lines, shapely.points(points_cm))
    # Cloth that goes over a chest or a belly ends higher than its length says, the more the further down.
    length = max(view.anchor[0] - float(view.middle_cm[:, 1].min()), 1.0)
    down = np.clip(view.anchor[0] - points_cm[:, 1], 0, length)
    room = _MARGIN_CM * view.chart.scale + (0.12 + view.lift_cm / length) * down
    return np.asarray(inside & (apart > room))


def _limbs_bare(view: WornView) -> dict[str, float]:
    """Measure the share of an arm or a leg that is bare though its sleeve or leg reaches further down."""
    chart, found = view.chart, dict[str, float]()
    for side, arm in zip(("left", "right"), ARMS, strict=True):
        length = view.sleeve_length_cm(side)
        if length is None or not view.kind.category.covers_upper:
            continue
        own = np.flatnonzero(chart.part == arm)
        along = chart.along_arm_cm(OnBody(own, chart.part[own], chart.rest_m[own], np.zeros(len(own))))
        shoulder = view.sleeve_start_cm(side)
        wrist = chart.body.measurements.arm_length
        reach = min(length, 0.95 * wrist, _cuff_at_cm(view, side, arm) - max(shoulder, 0))
        low = max(shoulder, 0) + max(_ARM_FROM * reach, 0.2 * wrist)
        asked = own[(along > low) & (along < max(shoulder, 0) + _ARM_TO * reach)][::3]
        if len(asked) >= _FEWEST:
            bare = float(1 - _covered(view, asked).mean())
            found["arm bare"] = max(found.get("arm bare", 0.0), bare)
    if view.kind.category.has_legs and "crotch" in view.marks:
        crotch = view.marks["crotch"]
        for (side, sign), leg in zip((("left", 1.0), ("right", -1.0)), LEGS, strict=True):
            end = view.marks.get(f"leg_inner_{side}")
            if end is None:
                continue
            own = np.flatnonzero(chart.part == leg)
            y_cm = view.flat_heights_cm(chart.rest_m[own, 2])
            lowest = float(end[1])
            hem = view.edge_on_body(f"leg_{side}", (leg,))
            if hem is not None:
                lowest = max(lowest, float(np.median(view.flat_heights_cm(hem.rest_m[:, 2]))))
            low = crotch[1] + _LEG_TO * (lowest - crotch[1])
            ankle = 0.1 * chart.scale
            asked = own[(y_cm < crotch[1] - _MARGIN_CM) & (y_cm > low) & (chart.rest_m[own, 2] > ankle)][::3]
            cloth = (sign * (view.middle_cm[:, 0] - crotch[0]) > 0) & (view.sleeve == 0)
            if len(asked) >= _FEWEST:
                found["leg bare"] = max(found.get("leg bare", 0.0), float(1 - _covered(view, asked, cloth).mean()))
    return found


def _cuff_at_cm(view: WornView, side: str, arm: int) -> float:
    """Return the distance of a cuff down its arm; its intended place is measured elsewhere."""
    where = view.edge_on_body(f"cuff_{side}", (arm,))
    return np.inf if where is None else float(np.median(view.chart.along_arm_cm(where)))


def _covered(
    view: WornView, vertices: IntArray, cloth: BoolArray | None = None, any_side: bool = False, beside: bool = True
) -> BoolArray:
    """Return (P,) bool: a ray from each vertex along its normal meets the inside of the given cloth, or of any."""
    chosen = np.ones(len(view.sleeve), bool) if cloth is None else cloth
    if not len(vertices) or not chosen.any():
        return np.zeros(len(vertices), bool)
    chart = view.chart
    ways = chart.normals[vertices]
    starts = chart.posed_m[vertices] - _BELOW_SKIN_M * ways
    points, faces = np.asarray(view.drape.vertices_m), np.asarray(view.drape.triangles)[chosen]
    if view.beside is not None and beside:
        faces = np.concatenate([faces, np.asarray(view.beside.triangles) + len(points)])
        points = np.concatenate([points, view.beside.vertices_m])
    far, facing = first_hits(points, faces, starts, ways, _REACH_M)
    return np.asarray((far < _REACH_M) & (any_side | (facing > 0)))
