"""Drawn garments that hang from the waist, and the legs of those that hang from the shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.training.reader.synthetic.parts import SIDES, Drawing, Plan, arc, joined, line, pick, point, smooth, wavy
from vmodel.types import FloatArray

LEG_STYLES = {"straight": 0.2, "skinny": 0.2, "wide": 0.2, "flare": 0.14, "jogger": 0.16, "tapered": 0.1}


@dataclass
class Legs:
    """Numbers of both legs.

    Attributes:
        length: from the crotch down.
        knee, end: widths.
        gap: between the inner corners.
        lean: shift of both ends to the viewer's right.
        cuff: height of a ribbed cuff, or 0.
    """

    length: float
    knee: float
    end: float
    gap: float
    lean: float
    cuff: float = 0.0


def random_legs(rng: np.random.Generator, plan: Plan, hip: float) -> Legs:
    """Choose random legs for a garment with the given half width of the hip."""
    is_short = plan.lower == "shorts" or plan.category == "shorts"
    short = 0.68 if plan.is_child else 1.0
    gap = rng.uniform(0, 1.0) if rng.random() < 0.4 else rng.uniform(1, 13)
    lean = rng.normal(0, 2.0) * (0.3 if plan.laid != "flat" else 1.0)
    if is_short:
        length = rng.uniform(4, 12) if rng.random() < 0.5 else rng.uniform(10, 30)
        end = hip * rng.uniform(0.84, 1.25)
        return Legs(length * short, (hip + end) / 2, end, min(gap, 0.35 * length + 0.5), lean * 0.4)
    style = plan.style if plan.style in LEG_STYLES else pick(rng, LEG_STYLES)
    knee, end = {
        "straight": (rng.uniform(0.68, 0.9), rng.uniform(0.6, 0.9)),
        "skinny": (rng.uniform(0.5, 0.66), rng.uniform(0.34, 0.52)),
        "wide": (rng.uniform(0.95, 1.15), rng.uniform(1.0, 1.7)),
        "flare": (rng.uniform(0.58, 0.75), rng.uniform(0.9, 1.45)),
        "jogger": (rng.uniform(0.72, 0.95), rng.uniform(0.4, 0.55)),
        "tapered": (rng.uniform(0.68, 0.85), rng.uniform(0.45, 0.6)),
    }[style]
    length = rng.uniform(62, 84) if rng.random() < 0.75 else rng.uniform(34, 62)
    cuff = rng.uniform(3, 7) if style == "jogger" else 0.0
    return Legs(length * short, hip * knee, hip * end, gap * rng.uniform(0.4, 1.4), lean, cuff)


def add_legs(
    rng: np.random.Generator,
    drawing: Drawing,
    legs: Legs,
    hips: dict[str, FloatArray],
    tops: dict[str, FloatArray],
) -> None:
    """Add both halves of a pair of trousers from the waist down; below hips and crotch they are legs.

    Args:
        rng: the only source of chance.
        drawing: changed.
        legs: numbers of both.
        hips: side -> its landmark.
        tops: side -> (n, 2) the waist's edge from the middle to the side.
    """
    crotch = drawing.points["crotch"]
    names = list(SIDES) if rng.random() < 0.5 else list(SIDES)[::-1]
    bend, stripe, hem = rng.normal(0, 0.02), rng.random() < 0.1, rng.uniform(1.2, 4)
    ruffle, has_hem, crease = rng.random() < 0.08, rng.random() < 0.6, rng.random() < 0.2
    for name, sign in names:
        hip = hips[name]
        y = crotch[1] + legs.length * rng.normal(1, 0.008)
        inner = point(crotch[0] + legs.lean + sign * legs.gap / 2, y + rng.normal(0, 0.4))
        outer = inner + point(sign * legs.end * rng.normal(1, 0.02), rng.normal(0, 0.6) - 0.015 * legs.length)
        middle = crotch * 0.5 + inner * 0.5 + point(sign * (0.15 * legs.gap + bend * 20), 0)
        side = hip * 0.45 + outer * 0.55
        knee = point(middle[0] + sign * legs.knee, side[1])
        waist = tops[name][-1]
        line_out = smooth(waist, hip, knee, outer) if legs.length > 20 else smooth(waist, hip, outer)
        line_in = smooth(inner, middle, crotch) if legs.length > 20 else arc(inner, crotch, 0)
        mouth = arc(outer, inner, rng.uniform(-0.05, 0.1) * sign)
        if ruffle:
            mouth = wavy(mouth, rng.uniform(0.3, 0.9), rng.uniform(2, 4), rng.uniform(0, 6))
        if legs.cuff:
            up = point(0, -legs.cuff)
            wide = point(sign * legs.end * 0.28, 0)
            line_out = joined(smooth(waist, hip, knee, outer + up + wide), outer + up * 0.9, outer)
            line_in = joined(inner, inner + up * 0.9, smooth(inner + up - wide * 0.4, middle, crotch))
        drawing.fill(f"leg_{name}", joined(tops[name], line_out, mouth, line_in), lift=0.45)
        drawing.points |= {f"leg_outer_{name}": outer, f"leg_inner_{name}": inner}
        if stripe:
            wide = point(-sign * rng.uniform(1.5, 3.5), 0)
            drawing.fill(f"leg_{name}", joined(line_out, line_out[::-1] + wide), "second", lift=0.3)
        if legs.cuff:
            drawing.mark("edge", arc(outer, inner, 0.05 * sign) - [0, legs.cuff * 0.9], 0.6)
        elif has_hem:
            drawing.mark("stitch" if rng.random() < 0.6 else "seam", arc(outer, inner, 0) - [0, hem], 0.4)
        if crease:
            drawing.mark("seam", smooth((hip + crotch) / 2, (knee + middle) / 2, (outer + inner) / 2), 0.5)
    left, right = hips["left"], hips["right"]
    high = min(float(top[:, 1].min()) for top in tops.values()) - 5
    over = [
        left,
        left + point(20, 0),
        point(left[0] + 20, high),
        point(right[0] - 20, high),
        right - point(20, 0),
        right,
    ]
    drawing.fill("body", joined(line(crotch, left), *over, line(right, crotch)), "label")
    if legs.gap < 2.5:
        drawing.mark("edge", line(crotch, (drawing.points["leg_inner_left"] + drawing.points["leg_inner_right"]) / 2))


def add_waist(rng: np.random.Generator, drawing: Drawing, half: float, band: float) -> FloatArray:
    """Draw the front's waist edge, returned from left to right, and the visible inside of the back."""
    left, right = point(half, rng.normal(0, 0.3)), point(-half, rng.normal(0, 0.3))
    drawing.points |= {"waist_left": left, "waist_right": right}
    dip = rng.uniform(0.02, 0.16)
    back = arc(left, right, rng.uniform(-0.04, 0.03))
    is_back = drawing.choices.get("face") == "back"
    front = arc(left, right, dip if not is_back else rng.uniform(-0.01, 0.05))
    if rng.random() < 0.2:
        front = wavy(front, rng.uniform(0.15, 0.4), rng.uniform(6, 11), 0.0)
    drawing.points["waist_front"] = front[len(front) // 2]
    if not is_back and rng.random() < 0.75:
        drawing.fill("inside", joined(back, front[::-1]), "lining")
        if rng.random() < 0.4:
            drawing.mark("label", point(rng.normal(0, half * 0.1), back[len(back) // 2][1] + 1.0), rng.uniform(1.5, 3))
    if is_back:
        del drawing.points["waist_front"]
    return front


def split_waist(front: FloatArray) -> dict[str, FloatArray]:
    """Split a waist's edge from left to right into two halves that begin in the middle."""
    middle = len(front) // 2
    return {"left": front[: middle + 1][::-1], "right": front[middle:]}


def draw_legs(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw trousers, leggings or shorts."""
    drawing = Drawing({"category": plan.category, "laid": plan.laid, "face": plan.face, "garments": "one"})
    style = plan.style
    half = rng.uniform(16, 24) if style not in {"skinny"} else rng.uniform(13, 18)
    gathered = style == "jogger" or rng.random() < 0.2
    hip = half * (rng.uniform(1.15, 1.45) if gathered else rng.uniform(1.03, 1.25))
    rise = rng.uniform(21, 34) * (0.85 if plan.is_child else 1.0)
    band = rng.uniform(2.5, 6)
    legs = random_legs(rng, plan, hip)
    front = add_waist(rng, drawing, half, band)
    drawing.points["crotch"] = crotch = point(rng.normal(0, 0.5), rise)
    hips = {}
    for name, sign in SIDES:
        hips[name] = point(sign * hip * rng.normal(1, 0.012), rise * rng.uniform(0.6, 0.78))
        drawing.points[f"hip_{name}"] = hips[name]
    add_legs(rng, drawing, legs, hips, split_waist(front))
    _trim_waist(rng, drawing, front, band, crotch)
    return drawing


def _trim_waist(rng: np.random.Generator, drawing: Drawing, front: FloatArray, band: float, crotch: FloatArray) -> None:
    """Draw waistband, fly, pockets, loops and strings."""
    below = front * [1.015, 1] + point(0, band)
    drawing.mark("seam", below, 0.5)
    middle = front[len(front) // 2]
    elastic = rng.random() < 0.35
    if elastic:
        for share in np.linspace(0.08, 0.92, int(rng.integers(8, 16))):
            spot = front[int(share * (len(front) - 1))]
            drawing.mark("seam", line(spot + point(0, 0.4), spot + point(rng.normal(0, 0.3), band * 0.9)), 0.35)
        if rng.random() < 0.6:
            for sign in (-1.0, 1.0):
                end = middle + point(sign * rng.uniform(1, 5), band + rng.uniform(5, 15))
                drawing.mark("cord", arc(middle + point(sign * 1.2, band * 0.5), end, rng.uniform(-0.3, 0.3)), 0.6)
    if drawing.choices["face"] == "back":
        for sign in (-1.0, 1.0):
            corner = point(sign * front[0][0] * 0.55, band + rng.uniform(4, 7))
            pocket = [
                corner + point(-6, 0),
                corner + point(6, 0),
                corner + point(5.5, 12),
                corner + point(0, 14),
                corner + point(-5.5, 12),
            ]
            drawing.mark("stitch", joined(*pocket, pocket[0]), 0.4)
        drawing.mark("seam", line(middle, crotch), 0.5)
        return
    drawing.mark("seam", line(middle + point(0, band), crotch), 0.5)
    if not elastic and rng.random() < 0.8:
        fly = [middle + point(-3, band), middle + point(-3, crotch[1] * 0.55), middle + point(-1.5, crotch[1] * 0.7)]
        drawing.mark("stitch", smooth(*fly, middle + point(0, crotch[1] * 0.75)), 0.4)
        drawing.mark("button", middle + point(0, band * 0.5), rng.uniform(0.8, 1.3))
        for share in (0.15, 0.35, 0.65, 0.85):
            spot = front[int(share * (len(front) - 1))]
            drawing.mark("edge", line(spot, spot + point(0, band)), 0.8)
    if rng.random() < 0.7:
        for name, sign in SIDES:
            end = drawing.points[f"hip_{name}"] + point(-sign * 0.5, -2)
            start = point(sign * front[0][0] * rng.uniform(0.55, 0.75), band)
            drawing.mark("edge", arc(start, end, rng.uniform(0.0, 0.5) * -sign), 0.5)


def draw_skirt(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw a skirt, pencil to circle."""
    drawing = Drawing({"category": plan.category, "laid": plan.laid, "face": plan.face, "garments": "one"})
    half, style = rng.uniform(15, 22), plan.style
    length = rng.uniform(28, 60) if rng.random() < 0.55 else rng.uniform(60, 98)
    length = {"pencil": rng.uniform(42, 75), "maxi": rng.uniform(80, 102)}.get(style, length)
    length *= 0.6 if plan.is_child else 1.0
    spread = {
        "pencil": rng.uniform(0.95, 1.25), "aline": rng.uniform(1.3, 1.9), "pleated": rng.uniform(1.35, 2.3),
        "maxi": rng.uniform(1.4, 2.4), "tiers": rng.uniform(1.5, 2.4), "circle": rng.uniform(2.2, 3.2),
    }.get(style, rng.uniform(1.1, 1.8))  # fmt: skip
    hem_half = half * spread
    down = min(rng.uniform(15, 20), length * 0.55)
    hip_half = half * rng.uniform(1.14, 1.3) if spread < 1.4 else half + (hem_half - half) * rng.uniform(0.3, 0.45)
    band = rng.uniform(2, 5)
    front = add_waist(rng, drawing, half, band)
    sides = {}
    for name, sign in SIDES:
        hip = point(sign * hip_half, down)
        hem = point(sign * hem_half * rng.normal(1, 0.012), length + rng.normal(0, 0.6) - 0.05 * max(hem_half - 30, 0))
        drawing.points |= {f"hip_{name}": hip, f"hem_{name}": hem}
        sides[name] = smooth(drawing.points[f"waist_{name}"], hip, hem)
    lift = float(np.clip((spread - 1.2) * 0.1, 0, 0.14))
    hem_curve = arc(sides["left"][-1], sides["right"][-1], rng.uniform(-0.02, 0.03) + lift, 29)
    if style in {"pleated", "circle", "maxi", "tiers"} or rng.random() < 0.2:
        hem_curve = wavy(hem_curve, rng.uniform(0.2, 1.2), rng.uniform(3, 10), rng.uniform(0, 6))
    drawing.points["hem_mid"] = hem_curve[len(hem_curve) // 2]
    drawing.fill("body", joined(sides["left"], hem_curve, sides["right"][::-1], front[::-1]))
    drawing.mark("seam", front * [1.01, 1] + point(0, band), 0.5)
    add_skirt_lines(rng, drawing, style, front + point(0, band), hem_curve)
    return drawing


def add_skirt_lines(rng: np.random.Generator, drawing: Drawing, style: str, top: FloatArray, hem: FloatArray) -> None:
    """Draw pleats, tiers, slits and hems between a top and a hem that both run from left to right."""

    def across(share: float) -> FloatArray:
        return at_share(top, share)

    if style == "pleated" or (style in {"circle", "maxi"} and rng.random() < 0.4):
        for share in np.linspace(0.05, 0.95, int(rng.integers(7, 22))):
            drawing.mark("seam", line(across(share), at_share(hem, share), 6), rng.uniform(0.4, 0.9))
    elif style == "tiers":
        for down in np.linspace(0, 1, int(rng.integers(3, 5)))[1:-1]:
            row = np.stack([across(s) * (1 - down) + at_share(hem, s) * down for s in np.linspace(0, 1, 20)])
            drawing.mark("edge", wavy(row, 0.3, 12, 0), 0.6)
            for share in np.linspace(0.04, 0.96, int(rng.integers(10, 24))):
                start = at_share(row, share)
                drawing.mark("seam", line(start, start + point(rng.normal(0, 0.6), rng.uniform(3, 8)), 3), 0.4)
    else:
        for share in rng.uniform(0.1, 0.9, int(rng.integers(0, 4))):
            drawing.mark("seam", line(at_share(hem, share), across(share) * 0.4 + at_share(hem, share) * 0.6, 5), 0.6)
    if rng.random() < 0.5:
        drawing.mark("stitch" if rng.random() < 0.5 else "seam", hem - [0, rng.uniform(1, 4)], 0.4)
    if style in {"", "aline", "pencil"} and rng.random() < 0.25:
        share = rng.uniform(0.25, 0.75)
        drawing.mark("edge", line(at_share(hem, share), across(share) * 0.45 + at_share(hem, share) * 0.55), 0.8)
    if style in {"", "aline"} and rng.random() < 0.2:
        for down in np.linspace(0.06, 0.94, int(rng.integers(5, 9))):
            drawing.mark("button", across(0.5) * (1 - down) + at_share(hem, 0.5) * down, rng.uniform(0.8, 1.3))


def at_share(curve: FloatArray, share: float) -> FloatArray:
    """Return the (2,) point at a share of a curve's points."""
    place = share * (len(curve) - 1)
    low = min(int(place), len(curve) - 2)
    return np.asarray(curve[low] + (curve[low + 1] - curve[low]) * (place - low))
