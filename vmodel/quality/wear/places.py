"""Places of a garment's parts: neck, shoulders, sleeves, front and back, waistband, hem, legs, print."""

from __future__ import annotations

import numpy as np

from vmodel.quality.wear.chart import ARMS, BODY, EVERYWHERE, HEAD, LEGS, NECK, TRUNK
from vmodel.quality.wear.views import ROOT_ON_ARM, WornView, wrapped
from vmodel.types import Category, FloatArray, Neckline

_UPPER = (TRUNK, NECK, *ARMS, HEAD)
_SIDES = (("left", 1.0), ("right", -1.0))
_WRONG_DEG = 80.0
_MIDDLE = 0.15
"""Share of a panel's half width that counts as its centre column."""
_OF_EDGE = 16
"""Points along the edge of an open front."""
_CROSSED_DEG, _APART_DEG = -12.0, 50.0
"""Range of bearings, on its own side of the body, between which such an edge hangs."""
Figures = dict[str, float]


def place_figures(view: WornView) -> Figures:
    """Measure where the garment's parts lie; the lower each figure, the better.

    Args:
        view: the garment on the body.
    Returns:
        Figure's name -> cm on a body of 170 cm, degrees, or share; figures that cannot be measured are absent.
    """
    figures = {**_turn_figures(view), **_print_figures(view)}
    if view.kind.category.covers_upper:
        figures |= _neck_figures(view) | _shoulder_figures(view) | _sleeve_figures(view) | _opening_figures(view)
    else:
        figures |= _band_figures(view)
    return figures | _hem_figures(view) | _leg_figures(view)


def _turn_figures(view: WornView) -> Figures:
    """Measure how far the garment is turned round the body, and how much of it lies on the wrong side of it."""
    own = view.torso
    if not own.any():
        return {}
    turned, weight = view.turned_deg[own], view.area_cm2[own]
    mean = np.radians(turned)
    return {
        "turned": abs(float(np.degrees(np.arctan2(weight @ np.sin(mean), weight @ np.cos(mean))))),
        "wrong side": float(weight[np.abs(turned) > _WRONG_DEG].sum() / weight.sum()),
    }


def _print_figures(view: WornView) -> Figures:
    """Measure the direction of the front's print, and the place of its middle."""
    own = view.torso & view.front
    if not own.any():
        return {}
    middle, half = view.span_at(view.middle_cm[:, 1])
    turned = np.radians(_leaning_deg(view)[own])
    weight = view.area_cm2[own]
    leans = np.degrees(np.arctan2(weight @ np.sin(turned), weight @ np.cos(turned)))
    figures = {
        "print leans": abs(float(leans)),
        "print askew": float(weight[np.abs(turned) > 1.2].sum() / weight.sum()),
    }
    centre = own & (np.abs(view.middle_cm[:, 0] - middle) < _MIDDLE * half)
    if centre.any() and not view.is_open:
        beside = view.chart.bearing_deg[view.on_body.vertex]
        figures["print beside the middle"] = float(np.median(np.abs(wrapped(beside[centre]))))
    off = 100 * (view.on_body.rest_m[own, 2] - view.rest_height_m(view.middle_cm[own, 1])) / view.chart.scale
    off_cm = float(np.median(off))
    figures["print off its height"] = max(-off_cm, off_cm - view.lift_cm / view.chart.scale, 0.0)
    return figures


def _leaning_deg(view: WornView) -> FloatArray:
    """Return (T,) angles -180..180 in the cloth's own plane from the skin's upward direction to the cut's."""
    flat = np.stack([view.flat_cm[:, 1] - view.flat_cm[:, 0], view.flat_cm[:, 2] - view.flat_cm[:, 0]], axis=2)
    worn = np.stack([view.corners_m[:, 1] - view.corners_m[:, 0], view.corners_m[:, 2] - view.corners_m[:, 0]], axis=2)
    det = flat[:, 0, 0] * flat[:, 1, 1] - flat[:, 0, 1] * flat[:, 1, 0]
    det = np.where(np.abs(det) < 1e-9, 1e-9, det)
    up = np.einsum("tij,tj->ti", worn, np.stack([-flat[:, 0, 1], flat[:, 0, 0]], axis=1) / det[:, None])
    skin_up = view.chart.up[view.on_body.vertex]
    across = np.cross(view.normal, skin_up)
    return np.asarray(np.degrees(np.arctan2((up * across).sum(axis=1), (up * skin_up).sum(axis=1))))


def _neck_figures(view: WornView) -> Figures:
    """Measure how far the neck's ends lie above or below the shoulders' line, and on which side."""
    figures: Figures = {}
    chart, measures = view.chart, view.chart.body.measurements
    if not view.hangs_from_shoulders:
        edge = view.edge_on_body("neck", (TRUNK, NECK, HEAD, *LEGS, *ARMS))
        if edge is not None:
            height = 100 * float(np.median(edge.rest_m[:, 2])) / chart.scale
            low, high = measures.chest_height / chart.scale, 100 * chart.shoulder_m / chart.scale
            figures["top edge below the chest"] = max(0.0, low - height)
            figures["top edge above the shoulders"] = max(0.0, height - high)
        return figures | _arm_edge_figures(view)
    heights, besides = [], []
    for side, sign in _SIDES:
        at = view.mark(f"neck_{side}")
        if at is None:
            continue
        rest = chart.locate(at[None], _UPPER).rest_m[0]
        x_cm = abs(float(view.marks[f"neck_{side}"][0]))
        heights.append(100 * abs(float(rest[2]) - chart.shoulder_line_m(x_cm)) / chart.scale)
        besides.append(abs(100 * sign * float(rest[0]) - x_cm) / chart.scale)
        away = 100 * float(chart.locate(at[None], EVERYWHERE).away_m[0]) / chart.scale
        figures["neck off the skin"] = max(figures.get("neck off the skin", 0.0), away)
    if heights:
        figures["neck off its height"] = max(heights)
        figures["neck off its side"] = max(besides)
    for side in view.bare_sides if view.kind.neckline == Neckline.ASYMMETRIC else ():
        at = view.mark(f"armpit_{side}")
        if at is not None:
            height = 100 * float(chart.locate(at[None], BODY).rest_m[0, 2])
            figures["top edge below the chest"] = max(0.0, measures.chest_height - height) / chart.scale
    return figures


def _arm_edge_figures(view: WornView) -> Figures:
    """Measure how far an upper edge that lies across both upper arms has slid off them or down them."""
    figures: Figures = {}
    if view.kind.neckline != Neckline.OFF_SHOULDER:
        return figures
    for side, arm in zip(("left", "right"), ARMS, strict=True):
        at = view.mark(f"shoulder_{side}")
        if at is None:
            continue
        where = view.chart.locate(at[None], (arm,))
        down = float(view.chart.along_arm_cm(where)[0]) - 2 * ROOT_ON_ARM * view.chart.body.measurements.height
        off = max(down, 100 * float(where.away_m[0])) / view.chart.scale
        figures["top edge off its arm"] = max(figures.get("top edge off its arm", 0.0), off)
    return figures


def _shoulder_figures(view: WornView) -> Figures:
    """Measure how far shoulder seams and straps lie below the shoulders' line, and on which side."""
    figures: Figures = {}
    chart = view.chart
    for side, sign in _SIDES:
        points = np.concatenate([view.edge(f"{stem}_{side}") for stem in ("shoulder", "strap")])
        if not len(points):
            continue
        where = chart.locate(points, _UPPER)
        beside_cm = 100 * sign * where.rest_m[:, 0]
        line_cm = np.array([100 * chart.shoulder_line_m(x) for x in beside_cm])
        # A dropped shoulder lies on the arm, which points down at rest.
        out_cm = np.maximum(np.abs(beside_cm) - 100 * chart.shoulder_x_m, 0)
        measured = {
            "shoulder low": line_cm - 100 * where.rest_m[:, 2] - 1.3 * out_cm,
            "shoulder on the other side": -beside_cm,
            "shoulder off the skin": 100 * where.away_m,
        }
        for name, values in measured.items():
            figures[name] = max(figures.get(name, 0.0), float(values.mean()) / chart.scale)
    return figures


def _sleeve_figures(view: WornView) -> Figures:
    """Measure how much of a sleeve lies off its arm, and how far its cuff is from its place on it."""
    figures: Figures = {}
    chart = view.chart
    for number, (side, arm) in enumerate(zip(("left", "right"), ARMS, strict=True), start=1):
        length = view.sleeve_length_cm(side)
        own = view.sleeve == number
        if length is None or not own.any():
            continue
        elsewhere = (view.on_body.part != arm)[own]
        share = float(view.area_cm2[own][elsewhere].sum() / view.area_cm2[own].sum())
        figures["sleeve not on its arm"] = max(figures.get("sleeve not on its arm", 0.0), share)
        cuff = view.edge(f"cuff_{side}")
        if not len(cuff):
            continue
        where = chart.locate(cuff, EVERYWHERE)
        on = where.part == arm
        off = float(1 - on.mean())
        figures["cuff not on its arm"] = max(figures.get("cuff not on its arm", 0.0), off)
        if on.any():
            meant = length + view.sleeve_start_cm(side)
            along = float(np.median(chart.along_arm_cm(where)[on]))
            slack = 0.15 * length + 0.4 * view.lift_cm
            wrong = max(0.0, abs(along - meant) - slack) / chart.scale
            figures["cuff off its place"] = max(figures.get("cuff off its place", 0.0), wrong)
    return figures


def _opening_figures(view: WornView) -> Figures:
    """Measure how far the edges of an open front lie out of their range, across the middle or round the side."""
    figures: Figures = {}
    for side, sign in _SIDES if view.kind.open_front else ():
        edge = view.edge(f"front_opening_{side}", _OF_EDGE)
        if not len(edge):
            continue
        upper = edge[np.argsort(-edge[:, 2])][: _OF_EDGE // 2]  # below the waist fronts swing with the pose
        out_deg = sign * view.chart.bearing_deg[view.chart.locate(upper, BODY).vertex]
        off = float(np.median(np.maximum(_CROSSED_DEG - out_deg, out_deg - _APART_DEG)))
        figures["front edge off its place"] = max(figures.get("front edge off its place", 0.0), off)
    return figures


def _band_figures(view: WornView) -> Figures:
    """Measure how far a waistband lies off the waist or off the skin, and how aslant it is."""
    where = view.edge_on_body("waist", BODY)
    if where is None:
        return {}
    chart, measures = view.chart, view.chart.body.measurements
    height = 100 * float(np.median(where.rest_m[:, 2]))
    highest = (measures.waist_height + measures.chest_height) / 2
    lowest = (measures.hip_height + measures.inseam) / 2
    figures = {
        "band below the hips": max(0.0, lowest - height) / chart.scale,
        "band above the waist": max(0.0, height - highest) / chart.scale,
        "band off the skin": 100 * float(np.median(where.away_m)) / chart.scale,
    }
    if not chart.posed.pose.seated:  # it slides down behind then
        figures["band aslant"] = 100 * float(np.ptp(where.rest_m[:, 2])) / chart.scale
    return figures


def _hem_figures(view: WornView) -> Figures:
    """Measure how far the hem, or swimwear's leg lines at the sides, are from the intended height and from level."""
    swims = view.kind.category == Category.SWIMWEAR
    if view.kind.category.has_legs and not swims:
        return {}
    stem = "leg_outer" if swims else "hem"
    figures: Figures = {}
    chart = view.chart
    ends = {}
    for side, _ in _SIDES:
        at = view.mark(f"{stem}_{side}")
        if at is not None:
            rest = float(chart.locate(at[None], BODY).rest_m[0, 2])
            meant = float(view.rest_height_m(view.marks[f"{stem}_{side}"][1]))
            ends[side] = 100 * (rest - max(meant, 0.02)) / chart.scale
    length = max(view.anchor[0] - float(view.middle_cm[:, 1].min()), 1.0) / chart.scale
    edge = None if swims else view.edge_on_body("hem", BODY)
    lift_cm = view.lift_cm / chart.scale
    heights = list(ends.values())
    if edge is not None:
        lowest = np.median([float(view.middle_cm[:, 1].min())])
        heights.append(100 * (float(np.median(edge.rest_m[:, 2])) - float(view.rest_height_m(lowest))) / chart.scale)
    if heights:
        off = float(np.median(heights))
        figures["hem high"] = max(0.0, off - 0.1 * length - lift_cm)
        if not view.chart.posed.pose.seated:  # a skirt's hem hangs beside the calves then
            figures["hem low"] = max(0.0, -off - 0.05 * length)
    if len(ends) == 2 and not view.chart.posed.pose.seated:
        figures["hem aslant"] = max(0.0, abs(ends["left"] - ends["right"]) - 0.05 * length - 0.4 * lift_cm)
    return figures


def _leg_figures(view: WornView) -> Figures:
    """Measure how much of a leg of cloth lies off its leg, and how far its end is from its place."""
    if not view.kind.category.has_legs or "crotch" not in view.marks:
        return {}
    figures: Figures = {}
    chart, crotch = view.chart, view.marks["crotch"]
    for (side, sign), leg in zip(_SIDES, LEGS, strict=True):
        own = (view.middle_cm[:, 1] < crotch[1] - 4) & (sign * (view.middle_cm[:, 0] - crotch[0]) > 0)
        own &= view.sleeve == 0
        if not own.any():
            continue
        elsewhere = (view.on_body.part != leg)[own]
        share = float(view.area_cm2[own][elsewhere].sum() / view.area_cm2[own].sum())
        figures["leg not on its leg"] = max(figures.get("leg not on its leg", 0.0), share)
        end = view.edge_on_body(f"leg_{side}", BODY)
        mark = view.marks.get(f"leg_inner_{side}")
        if end is None or mark is None:
            continue
        meant = max(100 * float(view.rest_height_m(mark[1])), 4.0)
        off = 100 * float(np.median(end.rest_m[:, 2])) - meant
        length = view.anchor[0] - float(mark[1])
        wrong = max(0.0, abs(off) - 0.1 * length) / chart.scale
        figures["leg off its length"] = max(figures.get("leg off its length", 0.0), wrong)
    return figures
