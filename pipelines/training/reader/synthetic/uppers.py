"""Drawn garments that hang from the shoulders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.training.reader.synthetic.bottoms import add_bottom
from pipelines.training.reader.synthetic.fronts import add_front, clip_polygon, open_front
from pipelines.training.reader.synthetic.necks import (
    add_band,
    add_collar,
    add_flaps,
    add_frill,
    add_hood,
    add_inside,
    add_scarf,
    add_stand,
    front_curve,
)
from pipelines.training.reader.synthetic.parts import SIDES, Drawing, Plan, arc, flip, joined, line, point, smooth
from pipelines.training.reader.synthetic.sleeves import add_sleeve, add_strap, random_sleeve
from vmodel.types import FloatArray


@dataclass
class Cut:
    """Numbers shared by both sides of a garment that hangs from the shoulders."""

    chest: float
    neck: float
    depth: float
    shoulder: float
    slope: float
    armpit_y: float
    waist_y: float
    waist: float
    hip: float
    hem_y: float
    hem: float


@dataclass
class Half:
    """One side of the outline, of a wearer's left side.

    Attributes:
        edge: end of the front's neckline.
        chain: from there to the armpit.
        seam: the armhole, from shoulder to armpit.
    """

    name: str
    sign: float
    cut: Cut
    edge: FloatArray
    shoulder: FloatArray
    armpit: FloatArray
    chain: FloatArray
    seam: FloatArray


def draw_upper(rng: np.random.Generator, plan: Plan) -> Drawing:
    """Draw a top, dress, coat, jumpsuit, swimsuit or bodysuit."""
    drawing = Drawing(
        {
            "category": plan.category, "sleeve": plan.sleeve, "closure": plan.closure,
            "laid": plan.laid, "face": plan.face, "garments": "one",
        }
    )  # fmt: skip
    if plan.face == "back" or plan.style == "wrap":
        del drawing.choices["closure"]
    if plan.face == "front" or plan.neckline in {"hood", "collar", "high", "strapless", "off-shoulder"}:
        drawing.choices["neckline"] = plan.neckline
    cut = make_cut(rng, plan)
    bare = int(rng.integers(2)) if plan.neckline == "asymmetric" else -1
    seed = int(rng.integers(1 << 31))
    halves = []
    for index, (name, sign) in enumerate(SIDES):
        own = Cut(**{k: v * rng.normal(1, 0.01) for k, v in vars(cut).items()})
        own.hem_y, own.waist_y = cut.hem_y * rng.normal(1, 0.004), cut.waist_y
        # the same numbers on both sides: a garment is symmetric but for the jitter above
        halves.append(_half(np.random.default_rng(seed), plan, own, name, sign, index == bare))
    _paint(rng, drawing, plan, cut, halves, seed)
    return drawing


def make_cut(rng: np.random.Generator, plan: Plan) -> Cut:
    """Choose random numbers for a plan."""
    category, tight = plan.category, plan.laid == "form" or plan.style in {"fitted", "bandeau"}
    chest = 17 + {
        "top": 12 * rng.beta(1.6, 2.2), "dress": rng.uniform(0, 7), "jumpsuit": rng.uniform(0, 7),
        "outerwear": rng.uniform(4, 14), "swimwear": rng.uniform(-2, 3), "underwear": rng.uniform(-2, 3),
    }[category]  # fmt: skip
    if plan.style == "fitted":
        chest = rng.uniform(15, 20)
    short = rng.uniform(0.62, 0.8) if plan.is_child else 1.0
    length = {
        "top": np.clip(rng.normal(62, 8), 36, 82), "dress": rng.uniform(80, 145),
        "outerwear": np.clip(rng.normal(72, 18), 44, 122),
    }.get(category, 70.0)  # fmt: skip
    if plan.style == "crop" and category == "top":
        length = rng.uniform(30, 42)
    armpit = (rng.uniform(18, 25) + (3 if category == "outerwear" else 0)) * (0.85 if plan.is_child else 1.0)
    shoulder = chest * (rng.uniform(0.62, 0.95) if plan.sleeve == "none" else rng.uniform(0.74, 1.02))
    neck, depth = _neck_numbers(rng, plan, chest)
    shoulder = max(shoulder, neck + 1.5, 0.74 * chest if category == "outerwear" else 0.0)
    waist_y = max(armpit + 9 * short, rng.uniform(36, 44) * short)
    if category == "dress" and rng.random() < 0.15:
        waist_y = armpit + rng.uniform(4, 9)
    waist = chest * (rng.uniform(0.76, 0.92) if tight or rng.random() < 0.4 else rng.uniform(0.92, 1.08))
    if category == "outerwear" and rng.random() < 0.8:
        waist = chest * rng.uniform(0.93, 1.08)
    elif category == "dress" and rng.random() < 0.3:
        waist = chest * rng.uniform(0.68, 0.8)
    if category in {"swimwear", "underwear"}:
        waist = chest * rng.uniform(0.74, 0.9)
    flare = rng.uniform(0.92, 1.12) if tight or rng.random() < 0.6 else rng.uniform(1.1, 1.4)
    if category == "dress":
        flare = rng.uniform(0.9, 1.2) if rng.random() < 0.4 else rng.uniform(1.2, 2.3)
        flare = {"aline": rng.uniform(1.4, 2.3), "tiers": rng.uniform(1.4, 2.4)}.get(plan.style, flare)
    return Cut(
        chest=chest, neck=neck, depth=depth, shoulder=shoulder, slope=rng.uniform(1.5, 6.5), armpit_y=armpit,
        waist_y=waist_y, waist=waist, hip=chest * rng.uniform(0.98, 1.15), hem_y=max(length * short, armpit + 9),
        hem=chest * flare,
    )  # fmt: skip


def _neck_numbers(rng: np.random.Generator, plan: Plan, chest: float) -> tuple[float, float]:
    """Choose half the neckline's width, and the front's depth."""
    kind = plan.neckline
    neck = {
        "boat": rng.uniform(0.55, 0.75) * chest, "scoop": rng.uniform(9, 13), "high": rng.uniform(6.5, 9),
        "square": rng.uniform(8.5, 13), "sweetheart": rng.uniform(9, 13), "halter": rng.uniform(4.5, 9),
        "asymmetric": rng.uniform(7, 12),
    }.get(kind, rng.uniform(7, 10.5))  # fmt: skip
    depth = {
        "crew": rng.uniform(5, 11), "v": rng.uniform(12, 27), "scoop": rng.uniform(10, 19), "boat": rng.uniform(2, 5),
        "square": rng.uniform(9, 18), "sweetheart": rng.uniform(13, 19), "collar": rng.uniform(5, 12),
        "high": rng.uniform(1, 3.5), "hood": rng.uniform(5, 12), "halter": rng.uniform(3, 22),
        "asymmetric": 0.0, "off-shoulder": 0.0, "strapless": 0.0,
    }[kind]  # fmt: skip
    if kind == "collar" and plan.category in {"outerwear", "jumpsuit", "dress"} and rng.random() < 0.5:
        depth = rng.uniform(16, 34)
    if plan.style == "wrap":
        depth = rng.uniform(17, 27)
    return min(neck, chest * 0.72), depth * (0.75 if plan.is_child else 1.0)


def _half(rng: np.random.Generator, plan: Plan, cut: Cut, name: str, sign: float, is_bare: bool) -> Half:
    """Return the outline of one side from the neckline's end to the armpit."""
    armpit = point(cut.chest, cut.armpit_y)
    if plan.neckline == "strapless" or is_bare:
        edge = point(cut.chest * rng.uniform(0.88, 0.97), cut.armpit_y - rng.uniform(0, 2.0))
        chain = line(edge, armpit, 4)
        return Half(name, sign, cut, edge, edge, armpit, chain, chain)
    if plan.neckline == "off-shoulder":
        edge = point(cut.chest * rng.uniform(0.82, 0.9), cut.armpit_y - rng.uniform(6, 10))
        seam = arc(edge, armpit, -rng.uniform(0.05, 0.25))
        return Half(name, sign, cut, edge, edge, armpit, seam, seam)
    if plan.sleeve == "strap":
        foot = point(cut.chest * rng.uniform(0.45, 0.66), cut.armpit_y * rng.uniform(0.55, 0.8))
        chain = arc(foot, armpit, -rng.uniform(0.0, 0.3))
        return Half(name, sign, cut, foot, foot, armpit, chain, chain)
    neck = point(cut.neck, 0)
    shoulder = point(cut.shoulder, cut.slope)
    if plan.neckline == "halter":
        neck, shoulder = point(cut.neck, 0), point(cut.neck + rng.uniform(1.2, 4), rng.uniform(0.3, 1.2))
        mid = point(cut.neck * 0.5 + cut.chest * 0.42, cut.armpit_y * rng.uniform(0.5, 0.68))
        seam = smooth(shoulder, mid, armpit)
    elif plan.sleeve == "none":
        seam = smooth(shoulder, point(min(shoulder[0], cut.chest) - rng.uniform(0.5, 3.5), cut.armpit_y * 0.62), armpit)
    else:
        seam = smooth(shoulder, point((shoulder[0] + cut.chest) / 2 - rng.uniform(0, 1.5), cut.armpit_y * 0.62), armpit)
    return Half(
        name, sign, cut, neck, shoulder, armpit, joined(arc(neck, shoulder, rng.uniform(-0.02, 0.08), 6), seam), seam
    )


def _paint(rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Cut, halves: list[Half], seed: int) -> None:
    """Add all layers in order."""
    for half in halves:
        drawing.points[f"armpit_{half.name}"] = flip(half.armpit, half.sign)
        drawing.points[f"neck_{half.name}"] = flip(half.edge, half.sign)
        drawing.points[f"shoulder_{half.name}"] = flip(half.shoulder, half.sign)
    a, b = flip(halves[0].edge, 1), flip(halves[1].edge, -1)
    front = _neck_front(rng, plan, cut, a, b)
    drawing.points["neck_front"] = front[len(front) // 2]
    _add_back(rng, drawing, plan, cut, (a, b), front)
    bottom = add_bottom(rng, drawing, plan, cut, [flip(half.armpit, half.sign) for half in halves])
    left, right = (flip(half.chain, half.sign) for half in halves)
    if plan.closure == "open":
        open_front(rng, drawing, plan, joined(left, bottom, right[::-1]), front)
    else:
        body = joined(left, bottom, right[::-1], front)
        drawing.fill("body", body, place=drawing.below_legs())
        if rng.random() < 0.05:  # colour blocks
            row = rng.uniform(cut.armpit_y, cut.waist_y)
            drawing.fill("body", clip_polygon(body, point(-99, row), point(99, row)), "second", lift=0.2)
    drawing.flush()
    if plan.sleeve not in {"none", "strap"}:
        _add_sleeves(rng, drawing, plan, halves, seed)
    if plan.sleeve == "strap":
        _add_straps(rng, drawing, plan, cut, halves)
    _finish_neck(rng, drawing, plan, (a, b), front)
    if plan.face == "front":
        add_front(rng, drawing, plan, front)
    drawing.flush()


def _neck_front(rng: np.random.Generator, plan: Plan, cut: Cut, a: FloatArray, b: FloatArray) -> FloatArray:
    """Return the front's upper edge from right to left."""
    kind = plan.neckline
    if kind in {"asymmetric", "off-shoulder"}:
        return arc(b, a, rng.uniform(-0.16, 0.02) if kind == "asymmetric" else -rng.uniform(0.0, 0.25), 21)
    if plan.face == "back" and kind not in {"strapless", "high"}:
        shape, depth = ("scoop", rng.uniform(-1, 8)) if plan.sleeve == "strap" else ("crew", rng.uniform(0.5, 3.0))
    elif kind == "strapless":
        shape = "sweetheart" if rng.random() < 0.45 else "crew"
        depth = rng.uniform(2, 5) if shape == "sweetheart" else rng.uniform(-2, 2.5)
    elif plan.sleeve == "strap":
        depths = {"v": rng.uniform(3, 10), "sweetheart": rng.uniform(3, 7), "scoop": rng.uniform(2, 8)}
        shape, depth = (kind, depths[kind]) if kind in depths else ("crew", rng.uniform(0, 1.5))
    else:
        depth = cut.depth
        pointed = kind == "collar" or (kind == "hood" and plan.closure != "none") or (kind == "halter" and depth > 9)
        shape = "v" if pointed else kind
    return front_curve(rng, shape, a, b, depth)


def _add_back(
    rng: np.random.Generator,
    drawing: Drawing,
    plan: Plan,
    cut: Cut,
    ends: tuple[FloatArray, FloatArray],
    front: FloatArray,
) -> None:
    """Draw the visible part of the back above the front's edge; call this before the body is painted."""
    a, b = ends
    kind = plan.neckline
    if plan.face == "back":
        if kind not in {"hood", "collar"}:
            drawing.points["neck_back"] = drawing.points["neck_front"]
        del drawing.points["neck_front"]
        return
    if kind in {"strapless", "asymmetric", "off-shoulder"} or plan.sleeve == "strap":
        if rng.random() < 0.5 and kind != "asymmetric":
            top = np.minimum(front[::-1, 1], arc(a, b, rng.uniform(-0.02, 0.12), len(front))[:, 1])
            back = np.stack([front[::-1, 0], top], 1)
            if float((front[::-1, 1] - top).max()) > 1.0:
                add_inside(rng, drawing, back, front)
                drawing.points["neck_back"] = back[len(back) // 2]
        return
    if kind in {"hood", "high"}:
        return
    rise = rng.uniform(0.8, 2.8) if plan.neckline != "halter" else rng.uniform(0.3, 1.5)
    if kind == "collar":
        add_collar(rng, drawing, plan, a, b)
        rise = 0.06 * float(np.linalg.norm(a - b))
    rise = min(rise, cut.depth * 0.6)
    back = arc(a, b, 2 * rise / float(np.linalg.norm(a - b)))
    if kind == "halter" and rng.random() < 0.5:
        drawing.fill("strap", joined(back - [0, 1.5], back[::-1] + point(0, 0.6)))
        return
    add_inside(rng, drawing, back, front)
    drawing.points["neck_back"] = back[len(back) // 2]


def _add_sleeves(rng: np.random.Generator, drawing: Drawing, plan: Plan, halves: list[Half], seed: int) -> None:
    """Draw both sleeves, behind the body or over it."""
    sleeve = random_sleeve(rng, plan)
    behind = sleeve.angle > 60 and sleeve.bend < 35 and rng.random() < 0.35
    tone = "second" if rng.random() < 0.08 else "cloth"
    own_way = plan.laid == "flat" and rng.random() < 0.25
    for half in halves:
        if np.array_equal(half.edge, half.shoulder) and plan.neckline == "asymmetric":
            continue
        if own_way:
            sleeve.angle += rng.normal(0, 7)
        seam, shoulder = half.seam, half.shoulder
        if plan.neckline == "off-shoulder":
            shoulder = half.shoulder + point(rng.uniform(4.5, 7.5), rng.uniform(1.0, 3.0))
            drawing.points[f"shoulder_{half.name}"] = flip(shoulder, half.sign)
            seam = joined(shoulder, half.seam)
        add_sleeve(
            np.random.default_rng(seed + 1),
            drawing,
            sleeve,
            shoulder,
            half.armpit,
            seam,
            (half.name, half.sign),
            behind,
            tone,
        )


def _add_straps(rng: np.random.Generator, drawing: Drawing, plan: Plan, cut: Cut, halves: list[Half]) -> None:
    """Draw the straps of both sides, thin or wide."""
    width = rng.uniform(0.5, 1.3) if rng.random() < 0.65 else rng.uniform(1.3, 4.0)
    lean, height = rng.uniform(-0.12, 0.12), rng.uniform(0.85, 1.25)
    has_back = rng.random() < 0.6
    for half in halves:
        if plan.neckline == "asymmetric" and half.edge[1] > cut.armpit_y * 0.85:
            continue
        foot = half.edge + point(-width * 0.4, 0.5)
        top = point(foot[0] * (1 + lean) + rng.normal(0, 0.6), foot[1] * (1 - height) + rng.normal(0, 0.5))
        back = point(foot[0] * 0.9, foot[1] + rng.uniform(-2, 3)) if has_back else None
        add_strap(drawing, half.name, half.sign, top, foot, width, back)


def _finish_neck(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, ends: tuple[FloatArray, FloatArray], front: FloatArray
) -> None:
    """Draw collar, hood, stand, binding or frill over the body."""
    a, b = ends
    low = front[len(front) // 2]
    kind = plan.neckline
    if kind == "collar" and plan.face == "front":
        add_flaps(rng, drawing, plan, a, b, low)
    elif kind == "collar":
        drawing.fill("collar", joined(arc(a * 1.02, b * 1.02, -0.22), arc(b * 1.1, a * 1.1, -rng.uniform(0.15, 0.4))))
    elif kind == "hood":
        add_hood(rng, drawing, plan, a, b, front)
        if plan.face == "front":
            drawing.points.pop("neck_back", None)
    elif kind == "high":
        add_stand(rng, drawing, plan, a, b, low)
    elif kind in {"off-shoulder", "strapless", "asymmetric"} and rng.random() < 0.3:
        add_frill(rng, drawing, front, rng.uniform(3, 9))
    elif kind == "halter" and rng.random() < 0.3:
        add_scarf(rng, drawing, (a + b) / 2 - [0, 2], rng.uniform(3, 5))
    elif plan.closure != "open" and plan.style != "wrap" and rng.random() < 0.7:
        add_band(rng, drawing, front)
