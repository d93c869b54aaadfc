"""Necklines, collars, hoods and fronts of the drawn garments."""

from __future__ import annotations

import numpy as np

from pipelines.training.silhouette_drawing import Drawing, arc, point, wavy
from vmodel.types import Category, FloatArray, Neckline, Sleeve


def add_neck(
    rng: np.random.Generator, drawing: Drawing, depth: float, left: FloatArray, right: FloatArray
) -> tuple[FloatArray, FloatArray | None]:
    """Draw the neck opening between both sides' first points.

    Returns:
        The front neckline from right to left, and the back's top edge from left to right if it shows.
    """
    a, b = left[0], right[0]
    marks = drawing.landmarks
    middle = (a + b) / 2
    if drawing.sleeve == Sleeve.STRAP:
        front = _strap_front(rng, drawing, a, b)
        back_depth = rng.uniform(0.3, 1.2) * np.abs(front[:, 1]).max()
        marks["neck_front"] = front[len(front) // 2]
        marks["neck_back"] = middle + point(0, back_depth)
        return front, None
    front = _front_curve(rng, drawing.neckline, depth, a, b)
    marks["neck_front"] = front[len(front) // 2].copy()
    if drawing.neckline == Neckline.STRAPLESS:
        marks["neck_back"] = marks["neck_front"]
        return front, None
    if drawing.neckline == Neckline.HIGH:
        return _stand(rng, drawing, a, b)
    rise = rng.uniform(-1.0, 3.0) if drawing.neckline != Neckline.COLLAR else rng.uniform(-4.5, 0.5)
    rise = min(rise, max(depth, 0) * 0.8)
    top = arc(a, b, rise / float(np.linalg.norm(a - b)) * 2)
    marks["neck_back"] = top[len(top) // 2]
    if drawing.neckline == Neckline.HOOD:
        height, wide = rng.uniform(18, 34), rng.uniform(1.1, 1.9)
        peak = middle - [rng.normal(0, 2), height]
        top = np.concatenate(
            [
                arc(a, middle + point(a[0] * wide, -height * 0.55), 0.12),
                arc(middle + point(a[0] * wide, -height * 0.55), peak, -0.3),
                arc(peak, middle + point(b[0] * wide, -height * 0.55), -0.3),
                arc(middle + point(b[0] * wide, -height * 0.55), b, 0.12),
            ]
        )
        drawing.layers.insert(0, ("cloth", np.concatenate([top, front])))
        rim = arc(a * 0.9, peak + point(0, rng.uniform(3, 8)), -0.35)
        rim = np.concatenate([rim, arc(peak + point(0, rng.uniform(3, 8)), b * 0.9, -0.35)])
        drawing.layers.append(("inside", np.concatenate([rim, front])))
        marks["neck_back"] = peak
        _front_opening(rng, drawing, front)
        return front, None
    if drawing.neckline == Neckline.COLLAR:
        _collar(rng, drawing, a, b, front, top)
    _front_opening(rng, drawing, front)
    return front, top


def _front_curve(rng: np.random.Generator, kind: Neckline, depth: float, a: FloatArray, b: FloatArray) -> FloatArray:
    low = (a + b) / 2 + point(rng.normal(0, 0.4), max(depth, 0.3))
    if kind == Neckline.V or (kind in {Neckline.COLLAR, Neckline.HOOD} and depth > 7):
        bend = rng.uniform(-0.12, 0.1)
        return np.concatenate([arc(b, low, bend), arc(low, a, bend)])
    if kind == Neckline.SQUARE:
        wide = rng.uniform(0.75, 1.0)
        return np.concatenate(
            [arc(b, low + point((b[0] - low[0]) * wide, 0), 0, 6), arc(low + point((a[0] - low[0]) * wide, 0), a, 0, 6)]
        )
    if kind == Neckline.STRAPLESS:
        heart = rng.uniform(0, 4) if rng.random() < 0.5 else 0.0
        half = arc(b, low + point(0, heart), rng.uniform(0, 0.15))
        return np.concatenate([half, arc(low + point(0, heart), a, rng.uniform(0, 0.15))])
    t = np.linspace(0, np.pi, 28)
    power = rng.uniform(0.8, 1.3)
    x = (a[0] + b[0]) / 2 - (a[0] - b[0]) / 2 * np.cos(t)
    y = np.linspace(b[1], a[1], 28) + max(depth, 0.3) * np.sin(t) ** power
    return np.stack([x, y], 1)


def _strap_front(rng: np.random.Generator, drawing: Drawing, a: FloatArray, b: FloatArray) -> FloatArray:
    """Straps' inner lines and the bodice's top edge, from right to left."""
    marks = drawing.landmarks
    foot_a, foot_b = marks.pop("strap_foot_left").copy(), marks.pop("strap_foot_right").copy()
    width = abs(marks["shoulder_left"][0] - a[0])
    foot_a[0] -= width * 1.1
    foot_b[0] += width * 1.1
    dip = {Neckline.V: rng.uniform(4, 12), Neckline.SCOOP: rng.uniform(2, 8)}.get(drawing.neckline, rng.uniform(0, 2))
    low = (foot_a + foot_b) / 2 + point(0, dip)
    bend = rng.uniform(-0.05, 0.08) if drawing.neckline == Neckline.V else rng.uniform(-0.3, 0.05)
    edge = np.concatenate([arc(foot_b, low, bend), arc(low, foot_a, bend)])
    if rng.random() < 0.25:
        edge = wavy(edge, rng.uniform(0.15, 0.4), rng.uniform(8, 16), 0)
    if rng.random() < 0.5:  # the back's edge and straps, seen behind
        lift = rng.uniform(0.3, 0.95)
        back = np.array([foot_b * [1, lift], foot_a * [1, lift]])
        drawing.layers.insert(0, ("inside", np.concatenate([back, edge[::-1]])))
    return np.concatenate([b[None], edge, a[None]])


def _stand(
    rng: np.random.Generator, drawing: Drawing, a: FloatArray, b: FloatArray
) -> tuple[FloatArray, FloatArray | None]:
    """A tube that rises from the neck points."""
    height, lean = rng.uniform(1.5, 9), rng.uniform(-1.2, 1.5)
    up_a, up_b = a + point(lean, -height), b + point(-lean, -height)
    edge = arc(up_b, up_a, rng.uniform(-0.05, 0.12))
    if rng.random() < 0.3:
        edge = wavy(edge, rng.uniform(0.2, 0.6), rng.uniform(4, 9), 0)
    marks = drawing.landmarks
    marks["neck_front"] = edge[len(edge) // 2]
    marks["neck_back"] = edge[len(edge) // 2]
    drawing.lines.append(arc(b, a, rng.uniform(-0.25, -0.05)))
    front = np.concatenate([b[None], edge, a[None]])
    if rng.random() < 0.4:
        top = arc(up_a, up_b, rng.uniform(-0.15, 0.0))
        drawing.layers.append(("inside", np.concatenate([top, edge])))
    _front_opening(rng, drawing, front)
    return front, None


def _collar(
    rng: np.random.Generator, drawing: Drawing, a: FloatArray, b: FloatArray, front: FloatArray, top: FloatArray
) -> None:
    """Two flaps that fall on the front, drawn after the body."""
    reach = rng.uniform(5, 10) if drawing.category != Category.OUTERWEAR else rng.uniform(7, 22)
    peak = top[len(top) // 2]
    for end, sign in ((a, 1.0), (b, -1.0)):
        tip = end + point(sign * rng.uniform(-1, 6), reach)
        start = peak + point(sign * abs(end[0]) * rng.uniform(0.3, 0.8), 0.2)
        half = front[len(front) // 2] * 0.75 + end * 0.25
        flap = np.stack([start, end + point(sign * 0.8, 0.8), tip, half])
        drawing.layers.append(("collar", flap))
        if rng.random() < 0.7:
            drawing.closing.append(flap)


def _front_opening(rng: np.random.Generator, drawing: Drawing, front: FloatArray) -> None:
    """Buttons, zips and open fronts."""
    marks = drawing.landmarks
    low = marks["neck_front"]
    length = max(marks[k][1] for k in ("hem_left", "hem_right") if k in marks) if "hem_left" in marks else low[1] + 30
    if drawing.open_front:
        half = rng.uniform(0.5, 9)
        spread = rng.uniform(0.4, 2.2)
        slit = np.stack(
            [
                low + point(-half, 0),
                low + point(half, 0),
                [half * spread, length * 1.03],
                [-half * spread, length * 1.03],
            ]
        )
        drawing.layers.append(("slit" if rng.random() < 0.4 else "inside", slit))
        drawing.closing += [slit[[0, 3]], slit[[1, 2]]]
        return
    full = drawing.category == Category.OUTERWEAR or rng.random() < 0.08
    if full or (drawing.neckline == Neckline.COLLAR and rng.random() < 0.8):
        end = low + point(rng.normal(0, 0.6), (length - low[1]) if full else rng.uniform(6, 16))
        (drawing.closing if full else drawing.lines).append(np.stack([low, end]))
        if rng.random() < 0.6:
            drawing.lines.append(np.stack([low, end]) + point(rng.uniform(1, 3), 0))
            for y in np.linspace(low[1] + 1, end[1] - 1, rng.integers(2, 8)):
                c = np.linspace(0, 2 * np.pi, 8)[:, None]
                drawing.layers.append(
                    ("detail", np.concatenate([np.cos(c), np.sin(c)], 1) * 0.6 + point(low[0] + 0.8, y))
                )
    if drawing.category == Category.OUTERWEAR and rng.random() < 0.85:
        for sign in (1, -1):
            x = marks["waist_left"][0] * rng.uniform(0.45, 0.65) * sign
            y = length * rng.uniform(0.6, 0.75)
            drawing.closing.append(np.stack([np.array([x - 6, y]), np.array([x + 6, y + sign * rng.uniform(-2, 2)])]))
