"""Drawn bikinis, bras, briefs, bibbed dungarees, and hangers."""

from __future__ import annotations

import numpy as np

from pipelines.training.reader.synthetic.bottoms import brief_edge
from pipelines.training.reader.synthetic.lowers import add_legs, add_skirt_lines, add_waist, random_legs, split_waist
from pipelines.training.reader.synthetic.necks import add_scarf
from pipelines.training.reader.synthetic.parts import (
    SIDES,
    Drawing,
    Layer,
    Mark,
    Plan,
    arc,
    circle,
    flip,
    joined,
    line,
    point,
    ribbon,
    smooth,
)
from pipelines.training.reader.synthetic.sleeves import add_strap
from vmodel.types import FloatArray


def draw_briefs(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw briefs, bikini bottoms, boxers or swimming trunks."""
    drawing = Drawing({"category": plan.category, "laid": plan.laid, "face": plan.face, "garments": "one"})
    half = rng.uniform(15, 20)
    if plan.style == "trunks":
        front = add_waist(rng, drawing, half, 3.0)
        hip, rise = half * rng.uniform(1.05, 1.2), rng.uniform(18, 26)
        drawing.points["crotch"] = point(0, rise)
        hips = {name: point(sign * hip, rise * 0.7) for name, sign in SIDES}
        drawing.points |= {f"hip_{name}": place for name, place in hips.items()}
        legs = random_legs(rng, Plan("shorts", lower="shorts"), hip)
        legs.length = rng.uniform(4, 16) if plan.category == "underwear" else legs.length
        legs.gap = min(legs.gap, legs.length * 0.3)
        add_legs(rng, drawing, legs, hips, split_waist(front))
    else:
        side = rng.uniform(1.0, 4) if rng.random() < 0.4 else rng.uniform(4, 14)
        front = add_waist(rng, drawing, half, 1.5)
        hip = half * rng.uniform(1.0, 1.12)
        drawing.points |= {f"hip_{name}": point(sign * hip, side) for name, sign in SIDES}
        edge = brief_edge(rng, drawing, hip, side, rng.uniform(18, 27))
        if rng.random() < 0.4 and plan.face == "front":  # the back hangs lower at the legs
            lower = edge * [1, 1.0] + point(0, 1) * np.abs(np.sin(np.linspace(0, np.pi * 2, len(edge))))[:, None] * 2.5
            drawing.fill("inside", joined(front, lower[::-1]), "lining", place=0)
        drawing.fill("body", joined(front, edge[::-1]))
        drawing.flush()
        if side < 3 and rng.random() < 0.4:
            for name, _ in SIDES:
                add_scarf(rng, drawing, drawing.points[f"hip_{name}"] - [0, side / 2], rng.uniform(2, 4), "body")
    band = rng.uniform(1, 3.5)
    if rng.random() < 0.3:
        drawing.fill("body", joined(front, front[::-1] + point(0, band)), "second")
    drawing.mark("seam", front + point(0, band), 0.4)
    return drawing


def draw_bra(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw a bra, bikini top or bandeau."""
    choices = {"category": plan.category, "sleeve": plan.sleeve, "closure": "none", "laid": plan.laid}
    drawing = Drawing(choices | {"neckline": plan.neckline, "face": "front", "garments": "one"})
    half, deep = rng.uniform(13, 17), rng.uniform(6, 16)
    low = (
        point(0, 15 + rng.uniform(0.35, 0.75) * deep)
        if plan.style == "triangle"
        else point(0, 15 + rng.uniform(0, 0.4) * deep)
    )
    under = 15 + deep
    cup = point(half * rng.uniform(0.5, 0.6), 15 - rng.uniform(0, 6))
    side = point(half, 15 + deep * rng.uniform(0.25, 0.6))
    end = point(half * rng.uniform(0.92, 1.0), under)
    if plan.sleeve == "none":
        cup = point(half * 0.6, 15 - rng.uniform(0, 1.5))
    top = joined(arc(side, cup, rng.uniform(-0.05, 0.15)), arc(cup, low, rng.uniform(-0.1, 0.12)))
    hem = arc(end, flip(end, -1), rng.uniform(0.0, 0.06), 21)
    if rng.random() < 0.6:
        back = rng.uniform(-1, 3)
        band = joined(line(side + point(0, back), flip(side, -1) + point(0, back)), hem[::-1])
        drawing.fill("inside", band, "lining")
    drawing.fill("body", joined(top, flip(top[::-1], -1), flip(end, -1), hem[::-1], end))
    for name, sign in SIDES:
        drawing.points[f"armpit_{name}"] = flip(side, sign)
        drawing.points[f"hem_{name}"] = flip(end, sign)
        corner = flip(cup, sign)
        drawing.points |= {f"neck_{name}": corner, f"shoulder_{name}": flip(side, sign)}
        drawing.mark("seam", flip(arc(cup + point(0, 2), point(cup[0] * 0.9, under - 2), 0.1), sign), 0.5)
        drawing.mark("edge", flip(arc(side, point(1.5, under - 1), -0.35), sign), 0.5)
    drawing.points |= {"neck_front": low, "hem_mid": hem[10]}
    if plan.sleeve == "strap":
        width = rng.uniform(0.6, 2.0)
        high = point(cup[0] * rng.uniform(0.4, 1.0), rng.uniform(-3, 3))
        behind = point(half * 0.55, 15 + deep * 0.5) if rng.random() < 0.5 and plan.neckline != "halter" else None
        for name, sign in SIDES:
            add_strap(
                drawing,
                name,
                sign,
                high + point(rng.normal(0, 0.7), rng.normal(0, 0.7)),
                cup + point(0, 0.8),
                width,
                behind,
            )
    if rng.random() < 0.3:
        add_scarf(rng, drawing, low + point(0, 1), rng.uniform(1, 3.5), "body")
    return drawing


def draw_pair(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw a bikini, or bra and briefs, laid as one."""
    top = draw_bra(rng, plan)
    bottom = draw_briefs(rng, Plan(plan.category, style="" if rng.random() < 0.9 else "trunks", laid=plan.laid))
    low = max(
        float(item.curve[:, 1].max() if isinstance(item, Mark) else item.outline[:, 1].max()) for item in top.items
    )
    shift = point(rng.normal(0, 2), low + rng.uniform(2, 12))
    for item in bottom.items:
        if isinstance(item, Mark):
            top.items.append(Mark(item.kind, item.curve + shift, item.width))
        else:
            top.items.append(Layer(item.part, item.outline + shift, item.tone, item.grain))
    top.points |= {name: place + shift for name, place in bottom.points.items()}
    return top


def draw_dungarees(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw a bib with straps above trousers, shorts or a skirt."""
    choices = {"category": plan.category, "sleeve": "strap", "closure": "none", "laid": plan.laid, "face": "front"}
    drawing = Drawing(choices | {"neckline": "square", "garments": "one"})
    short = 0.72 if plan.is_child else 1.0
    waist_y, half = rng.uniform(34, 44) * short, rng.uniform(17, 24)
    bib_y, bib = rng.uniform(14, 22) * short, half * rng.uniform(0.42, 0.6)
    side_y = waist_y - rng.uniform(2, 12) * short
    corners = {name: point(sign * bib, bib_y) for name, sign in SIDES}
    tops = {name: point(sign * half * 0.98, side_y) for name, sign in SIDES}
    edge = line(corners["right"], corners["left"], 9)
    back_y = bib_y + rng.uniform(-6, 8)
    back = joined(
        tops["left"], arc(tops["left"], point(bib * 0.6, back_y), 0.2), point(-bib * 0.6, back_y), tops["right"]
    )
    drawing.fill("inside", joined(back, point(-half, waist_y), point(half, waist_y)), "lining")
    for name, _ in SIDES:
        drawing.points |= {f"armpit_{name}": tops[name], f"waist_{name}": point(tops[name][0] * 1.02, waist_y)}
    drawing.points |= {"neck_front": edge[4], "waist_front": point(0, waist_y)}
    bottom = _bib_bottom(rng, drawing, plan, waist_y, half, tops)
    chain = smooth(corners["left"], point(bib * rng.uniform(1.0, 1.2), side_y * 0.6 + bib_y * 0.4), tops["left"])
    body = joined(chain, bottom, flip(chain[::-1], -1), edge)
    drawing.fill("body", body, place=drawing.below_legs())
    width, reach = rng.uniform(1.8, 4.0), rng.uniform(-3, 2)
    for name, sign in SIDES:
        foot = point(bib - width * 0.7, bib_y + 2.0)
        high = point(foot[0] * rng.uniform(0.85, 1.25), reach + rng.normal(0, 0.6))
        add_strap(drawing, name, sign, high, foot, width, point(bib * 0.5, back_y + 1))
        drawing.mark("metal", flip(foot, sign), rng.uniform(1.4, 2.4))
    _bib_lines(rng, drawing, bib, bib_y, waist_y, half)
    drawing.flush()
    return drawing


def _bib_bottom(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, waist_y: float, half: float, tops: dict[str, FloatArray]
) -> FloatArray:
    """Return the lower outline from the left side's top to the right one's."""
    short = 0.75 if plan.is_child else 1.0
    if plan.lower == "skirt":
        y, wide = waist_y + rng.uniform(28, 60) * short, half * rng.uniform(1.15, 1.7)
        ends = {name: point(sign * wide, y) for name, sign in SIDES}
        hips = {name: point(sign * (half * 0.6 + wide * 0.45), waist_y + 17 * short) for name, sign in SIDES}
        hem = arc(ends["left"], ends["right"], rng.uniform(0, 0.08), 21)
        drawing.points |= {f"hem_{name}": ends[name] for name, _ in SIDES}
        drawing.points |= {f"hip_{name}": hips[name] for name, _ in SIDES} | {"hem_mid": hem[10]}
        scratch = Drawing({})
        add_skirt_lines(rng, scratch, "", arc(point(half, waist_y), point(-half, waist_y), 0.0), hem)
        drawing.late += scratch.items
        sides = {n: smooth(tops[n], drawing.points[f"waist_{n}"], hips[n], ends[n]) for n, _ in SIDES}
        return joined(sides["left"], hem, sides["right"][::-1])
    hip = half * rng.uniform(1.08, 1.3)
    hips = {name: point(sign * hip, waist_y + rng.uniform(14, 19) * short) for name, sign in SIDES}
    drawing.points |= {f"hip_{name}": hips[name] for name, _ in SIDES}
    drawing.points["crotch"] = crotch = point(rng.normal(0, 0.4), waist_y + rng.uniform(24, 32) * short)
    middle = drawing.points["waist_front"]
    waist = {name: line(middle, drawing.points[f"waist_{name}"]) for name, _ in SIDES}
    add_legs(rng, drawing, random_legs(rng, plan, hip), hips, waist)
    sides = {n: smooth(tops[n], drawing.points[f"waist_{n}"], hips[n]) for n, _ in SIDES}
    return joined(sides["left"], line(hips["left"], crotch), line(crotch, hips["right"]), sides["right"][::-1])


def _bib_lines(
    rng: np.random.Generator, drawing: Drawing, bib: float, bib_y: float, waist_y: float, half: float
) -> None:
    """Draw the bib's pocket, waistband, fly and pockets."""
    wide, y = bib * rng.uniform(0.5, 0.75), bib_y + rng.uniform(3, 6)
    low = min(y + rng.uniform(8, 13), waist_y - 3)
    drawing.mark("stitch", np.array([[-wide, y], [wide, y], [wide, low], [0, low + 1], [-wide, low], [-wide, y]]), 0.45)
    drawing.mark("seam", line(point(-half, waist_y), point(half, waist_y)), 0.6)
    if rng.random() < 0.6:
        drawing.mark("seam", line(point(-half, waist_y + 4), point(half, waist_y + 4)), 0.5)
    if "crotch" in drawing.points:
        drawing.mark("seam", line(point(0, waist_y), drawing.points["crotch"]), 0.5)
    for sign in (-1, 1):
        start, end = point(sign * half * 0.5, waist_y + 4), point(sign * half * 0.98, waist_y + 13)
        drawing.mark("edge", arc(start, end, -0.3 * sign), 0.5)


def add_hanger(rng: np.random.Generator, drawing: Drawing) -> None:
    """Draw a hanger behind the front, its hook above, and clips for garments that hang from the waist."""
    points = drawing.points
    tone = "hanger"
    thick = rng.uniform(0.8, 2.6)
    if "neck_left" in points and "armpit_left" in points:
        middle: FloatArray = (points["neck_left"] + points["neck_right"]) / 2 + point(0, rng.uniform(-2.5, 0.5))
        shoulders = [points["shoulder_left"], points["shoulder_right"]]
        drop = max(3.0, float((shoulders[0] + shoulders[1])[1] / 2 - middle[1]))
        reach = max(float(shoulders[0][0]) * rng.uniform(0.8, 0.97), 13.0)
        bow = [
            middle + point(0, -0.5),
            middle + point(reach * 0.4, drop * 0.25),
            middle + point(reach, drop + rng.uniform(0, 2)),
        ]
        arm = smooth(*bow)
        shape = joined(arm, (arm + point(0, thick))[::-1])
    else:
        left = points["waist_left"]
        middle = point(0, min(left[1], 0) - rng.uniform(4, 7))
        reach = left[0] * rng.uniform(0.8, 1.05)
        arm = line(middle, middle + point(reach, rng.uniform(0, 1.5)))
        shape = joined(arm, (arm + point(0, thick))[::-1])
        for sign in (-1, 1):
            x = sign * min(reach, left[0]) * 0.85
            clip = np.array(
                [[x - 1.5, middle[1]], [x + 1.5, middle[1]], [x + 1.5, left[1] + 2.5], [x - 1.5, left[1] + 2.5]]
            )
            drawing.fill("hanger", clip, tone)
    place = _above_inside(drawing)
    for sign in (1, -1):
        drawing.fill("hanger", middle + flip(shape - middle, sign), tone, place=place)
    radius = rng.uniform(2.2, 3.4)
    turn = np.linspace(np.pi * 0.5, -np.pi * 0.95, 16)
    inner = [item.outline for item in drawing.items if isinstance(item, Layer) and item.part in {"hood", "collar"}]
    top = min([float(middle[1]), *(float(outline[:, 1].min()) for outline in inner)])
    bow_top = point(middle[0], top - rng.uniform(2.5, 5) - radius)
    hook = joined(middle, bow_top + point(0, radius), bow_top + radius * np.stack([np.cos(turn), np.sin(turn)], 1))
    drawing.fill("hanger", ribbon(flip(hook, rng.choice([-1.0, 1.0])), rng.uniform(0.5, 1.0)), "metal", place=0)
    if rng.random() < 0.3:
        drawing.fill("hanger", circle(middle, thick * 0.9), tone, place=place)


def _above_inside(drawing: Drawing) -> int:
    """Return the place in the order above the back's inside and below the front."""
    for place, item in enumerate(drawing.items):
        if isinstance(item, Layer) and item.part not in {"inside", "background"} and item.tone != "lining":
            return place
    return 0
