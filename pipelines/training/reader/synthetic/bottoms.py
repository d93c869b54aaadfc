"""Lower ends of the drawn garments for the torso: a hem, a skirt, legs or briefs."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from pipelines.training.reader.synthetic.lowers import add_legs, add_skirt_lines, random_legs
from pipelines.training.reader.synthetic.parts import (
    SIDES,
    Drawing,
    Layer,
    Mark,
    Plan,
    arc,
    joined,
    line,
    point,
    ribbon,
    smooth,
    wavy,
)
from vmodel.types import FloatArray


class Torso(Protocol):
    """The numbers of a cut that the lower part needs."""

    chest: float
    armpit_y: float
    waist_y: float
    waist: float
    hip: float
    hem_y: float
    hem: float


def add_bottom(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Torso, armpits: list[FloatArray]
) -> FloatArray:
    """Return the body's lower outline from the left armpit to the right one; add legs and landmarks."""
    if plan.lower in {"legs", "shorts"}:
        return _to_legs(rng, drawing, plan, cut, armpits)
    if plan.lower == "brief":
        return _to_brief(rng, drawing, cut, armpits)
    return _to_hem(rng, drawing, plan, cut, armpits)


def _to_legs(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Torso, armpits: list[FloatArray]
) -> FloatArray:
    short = 0.75 if plan.is_child else 1.0
    hip = cut.waist * rng.uniform(1.1, 1.35)
    crotch_y = cut.waist_y + rng.uniform(25, 34) * short
    hip_y = cut.waist_y + rng.uniform(15, 20) * short
    drawing.points["crotch"] = point(rng.normal(0, 0.4), crotch_y)
    hips, sides = {}, []
    for (name, sign), armpit in zip(SIDES, armpits, strict=True):
        waist = point(sign * cut.waist, cut.waist_y)
        hips[name] = point(sign * hip, hip_y)
        drawing.points |= {f"waist_{name}": waist, f"hip_{name}": hips[name]}
        sides.append(smooth(armpit, waist, hips[name]))
    middle = point(0, cut.waist_y + rng.uniform(0, 0.8))
    drawing.points["waist_front"] = middle
    tops = {name: line(middle, drawing.points[f"waist_{name}"]) for name, _ in SIDES}
    add_legs(rng, drawing, random_legs(rng, plan, hip), hips, tops)
    crotch = drawing.points["crotch"]
    if rng.random() < 0.75:
        drawing.late.append(Mark("seam", line(middle, crotch), 0.4))
    add_waist_line(rng, drawing, [point(cut.waist, cut.waist_y), middle, point(-cut.waist, cut.waist_y)])
    return joined(sides[0], line(hips["left"], crotch), line(crotch, hips["right"]), sides[1][::-1])


def _to_brief(rng: np.random.Generator, drawing: Drawing, cut: Torso, armpits: list[FloatArray]) -> FloatArray:
    hip_y = cut.waist_y + rng.uniform(10, 20)
    sides = []
    for (name, sign), armpit in zip(SIDES, armpits, strict=True):
        waist = point(sign * cut.waist, cut.waist_y)
        outer = point(sign * cut.hip, hip_y)
        drawing.points |= {f"waist_{name}": waist, f"hip_{name}": outer}
        sides.append(smooth(armpit, waist, outer))
    openings = brief_edge(rng, drawing, cut.hip, hip_y, cut.waist_y + rng.uniform(27, 33))
    return joined(sides[0], openings, sides[1][::-1])


def brief_edge(rng: np.random.Generator, drawing: Drawing, half: float, side_y: float, low_y: float) -> FloatArray:
    """Return the lower edge of briefs from the left side to the right; set the legs' corners and the crotch."""
    gusset, bend = rng.uniform(2.5, 4.5), rng.uniform(0.1, 0.35)
    pieces = {}
    for name, sign in SIDES:
        outer, inner = point(sign * half, side_y), point(sign * gusset, low_y)
        drawing.points |= {f"leg_outer_{name}": outer, f"leg_inner_{name}": inner}
        pieces[name] = arc(outer, inner, -bend * sign)
    crotch = point(0, low_y + rng.uniform(0.2, 1.0))
    drawing.points["crotch"] = crotch
    for curve in pieces.values():
        drawing.late.append(Mark("stitch", curve, 0.4))
    return joined(pieces["left"], crotch, pieces["right"][::-1])


def add_waist_line(rng: np.random.Generator, drawing: Drawing, marks: list[FloatArray]) -> None:
    """Add a seam, a gathered line or a belt at the waist."""
    curve = smooth(*marks)
    dice = rng.random()
    if dice < 0.35:
        drawing.late.append(Mark("seam", curve, 0.6))
    elif dice < 0.55:
        drawing.late.append(
            Layer("body", ribbon(curve, rng.uniform(2, 6)), "second" if rng.random() < 0.5 else "cloth")
        )


def _to_hem(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Torso, armpits: list[FloatArray]
) -> FloatArray:
    is_dress = plan.category == "dress"
    has_waist = cut.hem_y > cut.waist_y + 8
    ends, sides = [], []
    gathered = is_dress and cut.hem > cut.waist * 1.2 and rng.random() < 0.35
    step, ribbed = rng.uniform(0.8, 3), not is_dress and plan.closure != "open" and rng.random() < 0.15
    rib = rng.uniform(3.5, 7)
    for (name, sign), armpit in zip(SIDES, armpits, strict=True):
        hem = point(sign * cut.hem * rng.normal(1, 0.008), cut.hem_y * rng.normal(1, 0.004))
        waist = point(sign * cut.waist, cut.waist_y)
        if not has_waist:
            middle = (armpit + hem) / 2 - [sign * rng.uniform(0, 1), 0]
            side = smooth(armpit, middle, hem)
        elif gathered:
            side = joined(smooth(armpit, waist), smooth(waist + point(sign * step, 0.6), waist * 0.4 + hem * 0.6, hem))
        elif is_dress and cut.hem_y > cut.waist_y + 28:
            down = min(19.0, (cut.hem_y - cut.waist_y) * 0.5)
            width = max(cut.hip, abs(waist[0] + (hem[0] - waist[0]) * down / (cut.hem_y - cut.waist_y)))
            hip = point(sign * width, cut.waist_y + down)
            side = smooth(armpit, waist, hip, hem)
            drawing.points[f"hip_{name}"] = hip
        else:
            side = smooth(armpit, waist, hem)
        if has_waist and (is_dress or cut.waist < 0.93 * cut.chest):
            drawing.points[f"waist_{name}"] = waist
        if ribbed:
            pulled = hem * [rng.uniform(0.82, 0.95), 1]
            side = joined(
                smooth(*[p for p in (armpit, waist if has_waist else None) if p is not None], hem - [0, rib]), pulled
            )
            hem = pulled
        drawing.points[f"hem_{name}"] = hem
        ends.append(hem)
        sides.append(side)
    curve = _hem_curve(rng, plan, cut, ends)
    drawing.points["hem_mid"] = curve[len(curve) // 2]
    _decorate(rng, drawing, plan, cut, curve, rib if ribbed else 0.0)
    return joined(sides[0], curve, sides[1][::-1])


def _hem_curve(rng: np.random.Generator, plan: Plan, cut: Torso, ends: list[FloatArray]) -> FloatArray:
    spread = cut.hem / cut.waist
    lift = 0.09 * max(spread - 1.25, 0)
    left, right = ends
    if plan.category == "top" and plan.neckline == "collar" and rng.random() < 0.5:
        down = point(0, rng.uniform(3, 7))  # a shirt's tail
        return smooth(left, left * [0.55, 1] + down, point(0, left[1]) + down, right * [0.55, 1] + down, right)
    curve = arc(left, right, rng.uniform(-0.02, 0.05) + lift, 29)
    if plan.style in {"tiers", "frill"} or rng.random() < 0.1:
        curve = wavy(curve, rng.uniform(0.3, 1.0), rng.uniform(4, 9), rng.uniform(0, 6))
    if plan.closure != "open" and plan.category == "dress" and rng.random() < 0.08:
        low = np.stack([curve[:, 0], curve[:, 1] + np.linspace(0, 1, len(curve)) * rng.uniform(-14, 14)], 1)
        left[:], right[:] = low[0], low[-1]
        return low
    return curve


def _decorate(rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Torso, hem: FloatArray, rib: float) -> None:
    """Draw lines of the lower part."""
    if rib:
        drawing.late.append(Mark("edge", hem * [1.03, 1] - [0, rib], 0.6))
    elif rng.random() < 0.6:
        drawing.late.append(Mark("stitch" if rng.random() < 0.6 else "seam", hem - [0, rng.uniform(1.2, 3)], 0.4))
    if plan.category != "dress" or plan.closure == "open":
        return
    top = arc(point(cut.waist, cut.waist_y), point(-cut.waist, cut.waist_y), rng.uniform(-0.02, 0.06))
    if plan.style == "wrap" or rng.random() < 0.45:
        add_waist_line(rng, drawing, [top[0], top[len(top) // 2], top[-1]])
    scratch = Drawing({})
    style = plan.style if plan.style == "tiers" else ("pleated" if rng.random() < 0.1 else "dress")
    add_skirt_lines(rng, scratch, style, top, hem)
    drawing.late += scratch.items
