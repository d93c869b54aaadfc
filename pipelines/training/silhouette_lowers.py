"""Drawn garments that hang from the waist."""

from __future__ import annotations

import numpy as np

from pipelines.training.silhouette_drawing import SIDES, Drawing, arc, point, wavy
from vmodel.types import Category, FloatArray


def jumpsuit_leg(rng: np.random.Generator, waist: FloatArray, waist_y: float) -> dict[str, FloatArray]:
    """Outer line of a jumpsuit's leg, from the waist down (wearer's left)."""
    hip = point(waist[0] * rng.uniform(1.1, 1.4), waist_y + rng.uniform(15, 22))
    short = rng.random() < 0.3
    y = waist_y + rng.uniform(24, 34) + (rng.uniform(6, 22) if short else rng.uniform(50, 80))
    outer = point(hip[0] * (rng.uniform(1.0, 1.3) if short else rng.uniform(0.75, 1.6)), y)
    width = (outer[0] - 0.6) * (rng.uniform(0.6, 0.98))
    return {"hip": hip, "leg_outer": outer, "leg_inner": point(outer[0] - width, y + rng.uniform(-1, 1.5))}


def paint_legs(rng: np.random.Generator, drawing: Drawing, crotch: FloatArray) -> None:
    """Add both legs from the waist's landmarks down."""
    marks = drawing.landmarks
    bend = rng.uniform(-0.05, 0.08)
    for name, sign in SIDES:
        waist, hip = marks[f"waist_{name}"], marks[f"hip_{name}"]
        outer, inner = marks[f"leg_outer_{name}"], marks[f"leg_inner_{name}"]
        side = np.concatenate([arc(waist, hip, -0.08 * -sign), arc(hip, outer, bend * sign)])
        mouth = arc(outer, inner, rng.uniform(-0.06, 0.06))
        if rng.random() < 0.07:
            mouth = wavy(mouth, rng.uniform(0.3, 0.9), rng.uniform(2, 4), rng.uniform(0, 6))
        inseam = arc(inner, crotch, rng.uniform(-0.04, 0.05) * sign)
        middle = point(crotch[0], waist[1])
        drawing.layers.append(("cloth", np.concatenate([side, mouth, inseam, middle[None]])))
        if rng.random() < 0.4:
            drawing.lines.append(mouth - [0, rng.uniform(1.5, 5)])
        if rng.random() < 0.3:
            drawing.lines.append(np.stack([(waist + middle) / 2, (outer + inner) / 2]))


def _waist_top(rng: np.random.Generator, drawing: Drawing, half: float) -> FloatArray:
    """Waist edge from left to right, the visible inside of the back, and the band's lines."""
    left, right = point(half, rng.normal(0, 0.4)), point(-half, rng.normal(0, 0.4))
    drawing.landmarks |= {"waist_left": left, "waist_right": right}
    top = arc(left, right, rng.uniform(-0.06, 0.05))
    if rng.random() < 0.12:
        top = wavy(top, rng.uniform(0.2, 0.6), rng.uniform(4, 9), 0.0)
    if rng.random() < 0.5:
        front = arc(left, right, rng.uniform(0.02, 0.3))
        low = np.maximum(front[:, 1], top[: len(front), 1] if len(top) == len(front) else front[:, 1])
        front = np.stack([front[:, 0], low], 1)
        drawing.layers.append(("inside", np.concatenate([top, front[::-1]])))
        drawing.lines.append(front)
    drawing.lines.append(arc(left, right, 0.05) + point(0, rng.uniform(2.5, 6)))
    return top


def draw_legs(rng: np.random.Generator, category: Category) -> Drawing:
    """Trousers or shorts."""
    drawing = Drawing(category)
    half = rng.uniform(15, 24)
    gathered = rng.random() < 0.3
    hip_half = half * (rng.uniform(1.15, 1.55) if gathered else rng.uniform(1.02, 1.3))
    rise = rng.uniform(22, 37)
    inseam = rng.uniform(3, 32) if category == Category.SHORTS else rng.uniform(48, 86)
    width = hip_half * np.clip(rng.normal(0.72, 0.24), 0.42, 1.45)
    if category == Category.SHORTS:
        width = hip_half * rng.uniform(0.82, 1.3)
    gap = rng.uniform(0, 0.5) if rng.random() < 0.5 else rng.uniform(0.5, 12)
    gap = min(gap, inseam * 0.35)
    crotch = point(rng.normal(0, 0.8), rise)
    top = _waist_top(rng, drawing, half)
    lean = rng.normal(0, 2.5)
    for name, sign in SIDES:
        hip = point(sign * hip_half * rng.normal(1, 0.015), rise * rng.uniform(0.55, 0.8))
        y = rise + inseam + rng.normal(0, 0.7)
        inner = point(sign * gap / 2 + lean + rng.normal(0, 0.4), y)
        outer = inner + point(sign * width * rng.normal(1, 0.03), rng.normal(0, 1))
        drawing.landmarks |= {f"hip_{name}": hip, f"leg_outer_{name}": outer, f"leg_inner_{name}": inner}
    drawing.landmarks["crotch"] = crotch
    paint_legs(rng, drawing, crotch)
    marks = drawing.landmarks
    if gap < 2:
        drawing.closing.append(np.stack([crotch, (marks["leg_inner_left"] + marks["leg_inner_right"]) / 2]))
    left, right = drawing.landmarks["hip_left"], drawing.landmarks["hip_right"]
    sides = [arc(top[-1], right, -0.06), arc(left, top[0], -0.06)]
    drawing.layers.insert(0, ("cloth", np.concatenate([top, sides[0], crotch[None], sides[1]])))
    drawing.lines.append(np.stack([point(0, 4), crotch]))
    if rng.random() < 0.2:
        drawing.lines.append(np.stack([point(1.5, 3), point(1.0, rng.uniform(8, 16))]))
    return drawing


def draw_skirt(rng: np.random.Generator) -> Drawing:
    """A skirt, pencil to circle."""
    drawing = Drawing(Category.SKIRT)
    half = rng.uniform(15, 22)
    length = rng.uniform(28, 98)
    hem_half = half * (rng.uniform(1.0, 1.5) if rng.random() < 0.5 else rng.uniform(1.4, 3.2))
    hip_half = (
        half + (hem_half - half) * rng.uniform(0.2, 0.5) if hem_half > half * 1.5 else half * rng.uniform(1.1, 1.3)
    )
    top = _waist_top(rng, drawing, half)
    parts = {}
    for name, sign in SIDES:
        hip = point(sign * hip_half, min(rng.uniform(16, 22), length * 0.6))
        hem = point(sign * hem_half * rng.normal(1, 0.02), length + rng.normal(0, 1))
        drawing.landmarks |= {f"hip_{name}": hip, f"hem_{name}": hem}
        waist = drawing.landmarks[f"waist_{name}"]
        bulge = -0.05 * -sign if hem_half < half * 1.5 else 0.0
        parts[name] = np.concatenate([arc(waist, hip, bulge), arc(hip, hem, rng.uniform(-0.04, 0.04))])
    hem_curve = arc(parts["left"][-1], parts["right"][-1], rng.uniform(-0.06, 0.22))
    if rng.random() < 0.35:
        hem_curve = wavy(hem_curve, rng.uniform(0.3, 1.5), rng.uniform(3, 10), rng.uniform(0, 6))
    drawing.layers.insert(0, ("cloth", np.concatenate([parts["left"], hem_curve, parts["right"][::-1], top[::-1]])))
    if rng.random() < 0.3:
        for x in np.linspace(-0.9, 0.9, rng.integers(4, 14)):
            drawing.lines.append(np.stack([point(x * half, 2), point(x * hem_half, length)]))
    return drawing
