"""Fronts of the drawn garments: openings, zips, buttons, pockets and wraps."""

from __future__ import annotations

import numpy as np

from pipelines.training.reader.synthetic.parts import SIDES, Drawing, Plan, arc, joined, line, point, ribbon, smooth
from vmodel.types import FloatArray


def clip_polygon(polygon: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Return the part of a polygon to the left of the way from start to end, as seen with y down."""
    way = end - start
    side = (polygon[:, 0] - start[0]) * way[1] - (polygon[:, 1] - start[1]) * way[0]
    kept: list[FloatArray] = []
    for i in range(len(polygon)):
        before, now = side[i - 1], side[i]
        if (before >= 0) != (now >= 0):
            share = before / (before - now)
            kept.append(polygon[i - 1] + share * (polygon[i] - polygon[i - 1]))
        if now >= 0:
            kept.append(polygon[i])
    return np.array(kept)


def open_front(rng: np.random.Generator, drawing: Drawing, plan: Plan, outline: FloatArray, front: FloatArray) -> None:
    """Draw two fronts with a gap that shows the back's inside, or the ground.

    Args:
        rng: the only source of chance.
        drawing: changed.
        plan: of the garment.
        outline: from the neckline's left end by the hem to its right end.
        front: from there back to the left.
    """
    low, hem = front[len(front) // 2], drawing.points["hem_mid"]
    half = float(drawing.points["hem_left"][0])
    top, foot = rng.uniform(0.3, 5), rng.uniform(0.4, 0.6 * half)
    if rng.random() < 0.3:
        foot = top * rng.uniform(0.6, 1.6)
    neck = max(float(front[-1][0]), 4.0)
    top = min(top, neck * 0.7)
    lean = rng.normal(0, 0.6)
    drawing.gap = top
    body = joined(outline, front)
    drawing.fill("inside", joined(outline, front[[0, -1]]), "lining")
    edges = {}
    for name, sign in SIDES:
        edges[name] = (point(sign * top + lean, low[1] - 2), point(sign * foot + lean, hem[1] + 1))
    if rng.random() < 0.15:
        start = low[1] + rng.uniform(0, 6)
        hole = [point(e[0][0], start) for e in edges.values()] + [e[1] + [0, 9] for e in list(edges.values())[::-1]]
        drawing.fill("background", np.stack(hole), "ground")
        drawing.doubtful.add("hem_mid")
    for name, sign in SIDES:
        start, end = edges[name]
        start, end = start - 3 * (end - start), start + 3 * (end - start)
        panel = clip_polygon(body, *((start, end) if sign > 0 else (end, start)))
        if len(panel) > 2:
            drawing.fill("body", panel)
            drawing.mark("edge", np.stack([point(*edges[name][0]), edges[name][1] - [0, 1]]), 0.5)
    _trim_edges(rng, drawing, edges)
    drawing.doubtful.add("neck_front")


def _trim_edges(rng: np.random.Generator, drawing: Drawing, edges: dict[str, tuple[FloatArray, FloatArray]]) -> None:
    """Draw a band, a zip or buttons along both edges."""
    kind = rng.choice(["band", "zip", "buttons", "none"])
    for name, sign in SIDES:
        start, end = edges[name][0] + point(0, 3), edges[name][1] - [0, 2]
        if kind == "band":
            wide = point(sign * rng.uniform(2, 3.5), 0)
            drawing.mark("seam", line(start + wide, end + wide), 0.5)
        elif kind == "zip":
            drawing.mark("zip", line(start, end), 0.9)
        elif kind == "buttons" and name == "left":
            for share in np.linspace(0.05, 0.95, int(rng.integers(3, 8))):
                drawing.mark("button", start * (1 - share) + end * share + point(sign * 1.3, 0), rng.uniform(1.0, 1.9))


def add_front(rng: np.random.Generator, drawing: Drawing, plan: Plan, front: FloatArray) -> None:
    """Draw closing, pockets and seams of a front."""
    low = front[len(front) // 2]
    if plan.style == "wrap":
        _wrap(rng, drawing, low)
    elif plan.closure in {"half", "closed"}:
        _closing(rng, drawing, plan, low)
    if plan.category == "outerwear" or (plan.neckline == "hood" and plan.closure != "none"):
        _side_pockets(rng, drawing)
    elif plan.neckline == "hood" and rng.random() < 0.8:
        _pouch(rng, drawing)
    if plan.neckline in {"collar", "crew"} and plan.category in {"top", "outerwear"} and rng.random() < 0.25:
        _chest_pockets(rng, drawing, both=rng.random() < 0.4)
    if plan.category == "dress" and rng.random() < 0.3:
        _darts(rng, drawing)


def _end_of_front(drawing: Drawing) -> FloatArray:
    points = drawing.points
    return points["hem_mid"] if "hem_mid" in points else points["crotch"]


def _wrap(rng: np.random.Generator, drawing: Drawing, low: FloatArray) -> None:
    """Continue the upper front's edge from the neckline to the other side's waist."""
    points = drawing.points
    sign = rng.choice([-1.0, 1.0])
    side = points.get("waist_left", points["armpit_left"] + point(0, 14)) if sign > 0 else None
    side = points.get("waist_right", points["armpit_right"] + point(0, 14)) if side is None else side
    drawing.mark("edge", arc(low, side * [0.95, 1], rng.uniform(-0.1, 0.1)), 0.7)
    if "hem_mid" in points and rng.random() < 0.6:
        drawing.mark(
            "edge", smooth(side * [0.9, 1], (side + points["hem_mid"]) / 2, points["hem_mid"] * [1, 0.99]), 0.7
        )
    if rng.random() < 0.7:
        for _ in range(2):
            end = side + point(-sign * rng.uniform(-3, 8), rng.uniform(12, 28))
            drawing.fill("body", ribbon(arc(side * [0.93, 1], end, rng.uniform(-0.3, 0.3)), rng.uniform(0.8, 2.2)))


def _closing(rng: np.random.Generator, drawing: Drawing, plan: Plan, low: FloatArray) -> None:
    """Draw a zip or buttons down the middle."""
    end = _end_of_front(drawing) - [0, 0.5]
    if plan.closure == "half":
        end = low + (end - low) * min(rng.uniform(9, 20) / max(end[1] - low[1], 1), 0.8)
    wide = rng.uniform(1.2, 2.6)
    if rng.random() < (0.5 if plan.category == "outerwear" else 0.2):
        drawing.mark("zip", line(low, end), rng.uniform(0.7, 1.3))
        if rng.random() < 0.5:
            drawing.mark("metal", low + point(0, rng.uniform(0, 3)), 1.2)
        return
    for sign in (-1, 1) if rng.random() < 0.7 else (1,):
        drawing.mark("seam", line(low + point(sign * wide, -1), end + point(sign * wide, 0)), 0.4)
    rows = (-3.5, 3.5) if plan.category == "outerwear" and rng.random() < 0.25 else (0.0,)
    count = max(2, int((end[1] - low[1]) / rng.uniform(6, 12)))
    size = rng.uniform(0.9, 1.4) * (1.6 if plan.category == "outerwear" else 1)
    for x in rows:
        for share in np.linspace(0.06, 0.94, count):
            drawing.mark("button", low * (1 - share) + end * share + point(x, 0), size)
    if plan.closure == "half":
        drawing.mark("seam", line(end + point(-wide, 0), end + point(wide, 0), 3), 0.5)


def _side_pockets(rng: np.random.Generator, drawing: Drawing) -> None:
    end = _end_of_front(drawing)
    y, x, kind = (
        end[1] * rng.uniform(0.6, 0.78),
        drawing.points["armpit_left"][0] * rng.uniform(0.5, 0.68),
        rng.integers(4),
    )
    wide, deep, tilt = rng.uniform(5, 7.5), rng.uniform(3, 6), rng.uniform(-3, 3)
    for sign in (-1, 1):
        left, right = point(sign * x - wide, y - sign * tilt), point(sign * x + wide, y + sign * tilt)
        if kind == 0:
            drawing.mark("edge", joined(left, right, right + point(0, deep), left + point(0, deep), left), 0.5)
        elif kind == 1:
            corners = [left, right, right + point(0, deep * 2.6), left + point(0, deep * 2.6)]
            drawing.mark("stitch", joined(*corners, left), 0.4)
        elif kind == 2:
            drawing.mark("edge", line(point(sign * x, y - 6), point(sign * (x + 4), y + 8)), 0.8)


def _pouch(rng: np.random.Generator, drawing: Drawing) -> None:
    """Draw a hooded sweater's pocket for both hands."""
    end = _end_of_front(drawing)
    half = drawing.points["armpit_left"][0] * rng.uniform(0.5, 0.62)
    low, high = end[1] - rng.uniform(5, 8), end[1] - rng.uniform(20, 27)
    curve = [
        point(-half * 0.6, high),
        point(half * 0.6, high),
        point(half, high + 9),
        point(half, low),
        point(-half, low),
    ]
    drawing.mark("edge", joined(*curve, point(-half, high + 9), curve[0]), 0.5)


def _chest_pockets(rng: np.random.Generator, drawing: Drawing, both: bool) -> None:
    x, y = (
        drawing.points["armpit_left"][0] * rng.uniform(0.42, 0.52),
        drawing.points["armpit_left"][1] * rng.uniform(0.85, 1),
    )
    wide, deep = rng.uniform(4, 5.5), rng.uniform(9, 12)
    for sign in (1, -1) if both else (1,):
        spot = point(sign * x, y)
        corners = [[-wide, 0], [wide, 0], [wide, deep], [0, deep + 1.5], [-wide, deep], [-wide, 0]]
        drawing.mark("stitch", spot + np.array(corners), 0.45)
        if both:
            drawing.mark(
                "edge", spot + np.array([[-wide, 0], [wide, 0], [wide, 3], [0, 4.5], [-wide, 3], [-wide, 0]]), 0.5
            )


def _darts(rng: np.random.Generator, drawing: Drawing) -> None:
    """Draw two seams that shape the bust and the waist."""
    armpit = drawing.points["armpit_left"]
    end = _end_of_front(drawing)
    y = min(armpit[1] + rng.uniform(22, 40), end[1] - 2)
    for sign in (-1, 1):
        start = point(sign * armpit[0] * 0.85, armpit[1] * 0.85)
        middle = point(sign * armpit[0] * 0.48, armpit[1] + 8)
        drawing.mark("seam", smooth(start, middle, point(sign * armpit[0] * 0.45, y)), 0.5)
