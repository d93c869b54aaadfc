"""Sleeves and straps of the drawn garments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.training.reader.synthetic.parts import (
    Drawing,
    Plan,
    arc,
    flip,
    joined,
    line,
    pick,
    point,
    ribbon,
    smooth,
    wavy,
)
from vmodel.types import FloatArray


@dataclass
class Sleeve:
    """Numbers of one sleeve.

    Attributes:
        length: along the outer line.
        angle: of the upper arm in degrees, from the side (0) to straight down (90).
        bend: additional angle in degrees by which the forearm points down.
        cuff: width of its end.
        puff: distance that the upper arm stands out.
        style: "plain", "puff", "bell", "balloon", "frill" or "band".
        is_long: reaches past the elbow; its cuff is centimetres, else a share of the upper arm's width.
    """

    length: float
    angle: float
    bend: float
    cuff: float
    puff: float
    style: str
    is_long: bool


def random_sleeve(rng: np.random.Generator, plan: Plan) -> Sleeve:
    """Choose a random sleeve of the plan's length and layout."""
    length = {"short": rng.uniform(9, 27), "three-quarter": rng.uniform(34, 50), "long": rng.uniform(54, 66)}[
        plan.sleeve
    ]
    is_long = plan.sleeve != "short"
    style = pick(rng, {"plain": 0.62, "puff": 0.1, "bell": 0.08, "balloon": 0.06, "frill": 0.06, "band": 0.08})
    if plan.category in {"outerwear", "swimwear"} or plan.laid == "form":
        style = "plain" if rng.random() < 0.8 else style
    if plan.laid == "flat":
        angle = rng.uniform(15, 65) if not is_long else rng.uniform(25, 82)
        bend = rng.normal(3, 8)
        if is_long and style != "bell" and rng.random() < 0.12:
            bend = rng.uniform(40, 110)
    else:
        angle, bend = rng.uniform(62, 84), rng.normal(4, 4)
    cuff = rng.uniform(7.5, 12.5) if is_long else rng.uniform(0.7, 1.05)
    cuff *= {"bell": rng.uniform(1.4, 2.4) if is_long else 1.25, "balloon": 0.85}.get(style, 1.0)
    puff = rng.uniform(2, 6) if style == "puff" else rng.uniform(-0.5, 0.8)
    return Sleeve(length * (0.72 if plan.is_child else 1.0), angle, bend, cuff, puff, style, is_long)


def _ways(degrees: float) -> tuple[FloatArray, FloatArray]:
    """Return the direction down the arm, and the one out of it."""
    way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
    return way, np.array([way[1], -way[0]])


def add_sleeve(
    rng: np.random.Generator,
    drawing: Drawing,
    sleeve: Sleeve,
    shoulder: FloatArray,
    armpit: FloatArray,
    seam: FloatArray,
    side: tuple[str, float],
    is_behind: bool,
    tone: str = "cloth",
) -> None:
    """Paint one sleeve and set its cuff's landmarks.

    Args:
        rng: the only source of chance.
        drawing: changed.
        sleeve: its numbers.
        shoulder: upper end of the armhole, of a wearer's left side.
        armpit: its lower end.
        seam: from the shoulder to the armpit.
        side: name and sign.
        is_behind: painted under all others.
        tone: cloth's name, see ``Layer``.
    """
    name, sign = side
    way1, out1 = _ways(sleeve.angle)
    way2, out2 = _ways(float(np.clip(sleeve.angle + sleeve.bend, -10, 178)))
    armhole = float(np.linalg.norm(armpit - shoulder))
    steep = float(np.clip((sleeve.angle - 45) / 45, 0, 1))
    width = armhole * (0.84 - 0.3 * steep)
    biceps = armpit + out1 * (width + sleeve.puff) + way1 * 1.5
    first = float(np.linalg.norm(biceps - shoulder))
    rest = sleeve.length - first
    if rest < 1.0:
        outer = shoulder + (biceps - shoulder) * sleeve.length / first
        inner = armpit + way1 * rng.uniform(0.3, 1.5)
        top, under = arc(shoulder, outer, 0.08), line(inner, armpit, 3)
    elif not sleeve.is_long:
        outer = biceps + way1 * rest
        inner = outer - out1 * (width * sleeve.cuff) + way1 * rng.uniform(-0.8, 1.0)
        inner = inner if (inner - armpit) @ way1 > 0.8 else armpit + way1 * 1.0
        top, under = smooth(shoulder, biceps, outer), line(inner, armpit, 5)
    else:
        elbow = biceps + way1 * rest * 0.38
        outer = elbow + way2 * rest * 0.62
        inner = outer - out2 * sleeve.cuff + way2 * rng.uniform(-1, 1)
        mid = (width + sleeve.cuff) / 2 * (1.25 if sleeve.style == "balloon" else 1.0)
        mid = min(mid, width) if sleeve.style == "bell" else mid
        normal = (out1 + out2) / max(float(np.linalg.norm(out1 + out2)), 0.3)
        inside = elbow - normal * mid
        if sleeve.bend > 35:
            _add_folded(drawing, sleeve, side, (shoulder, seam, armpit), (biceps, elbow, outer, inner, inside))
            _trim(rng, drawing, sleeve, outer, inner, way2, side)
            return
        top, under = smooth(shoulder, biceps, elbow, outer), smooth(inner, inside, armpit)
        if sleeve.style == "balloon":
            full = outer - way2 * 8 + out2 * rng.uniform(3, 6)
            top, under = (
                smooth(shoulder, biceps, elbow, full, outer),
                smooth(inner, inner - way2 * 7 - out2 * 3, inside, armpit),
            )
    mouth = arc(outer, inner, rng.uniform(-0.02, 0.1))
    if sleeve.style == "frill":
        mouth = wavy(mouth, rng.uniform(0.3, 0.8), rng.uniform(2, 5), rng.uniform(0, 6))
    shape = joined(top, mouth, under, seam[::-1])
    grain = (90 - sleeve.angle - sleeve.bend / 2) * sign
    drawing.fill(f"sleeve_{name}", flip(shape, sign), tone, -grain, 0 if is_behind else None)
    drawing.points |= {f"cuff_outer_{name}": flip(outer, sign), f"cuff_inner_{name}": flip(inner, sign)}
    if not is_behind:
        drawing.mark("seam", flip(seam, sign), 0.5)
        _trim(rng, drawing, sleeve, outer, inner, way2 if sleeve.is_long else way1, side)


def _add_folded(
    drawing: Drawing,
    sleeve: Sleeve,
    side: tuple[str, float],
    hole: tuple[FloatArray, FloatArray, FloatArray],
    arm: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray],
) -> None:
    """Draw a sleeve whose forearm is folded back over the upper arm or the body."""
    name, sign = side
    shoulder, seam, armpit = hole
    biceps, elbow, outer, inner, inside = arm
    upper = joined(smooth(shoulder, biceps, elbow), inside, line(inside, armpit, 4), seam[::-1])
    drawing.fill(f"sleeve_{name}", flip(upper, sign), "cloth", -(90 - sleeve.angle) * sign)
    corner = elbow + (elbow - inside) * 0.05
    fore = joined(arc(corner, outer, 0.03), line(outer, inner, 4), line(inner, inside, 5))
    drawing.fill(f"sleeve_{name}", flip(fore, sign), "cloth", -(90 - sleeve.angle - sleeve.bend) * sign)
    drawing.points |= {f"cuff_outer_{name}": flip(outer, sign), f"cuff_inner_{name}": flip(inner, sign)}


def _trim(
    rng: np.random.Generator,
    drawing: Drawing,
    sleeve: Sleeve,
    outer: FloatArray,
    inner: FloatArray,
    way: FloatArray,
    side: tuple[str, float],
) -> None:
    """Draw cuff, rib or hem at a sleeve's end."""
    name, sign = side
    up = rng.uniform(1, 2.5) if not sleeve.is_long and sleeve.style != "band" else rng.uniform(2, 7)
    if sleeve.length < 12:
        return
    edge = line(outer - way * up, inner - way * up, 6)
    if sleeve.style == "band":
        drawing.fill(f"sleeve_{name}", flip(joined(line(outer, inner), edge[::-1]), sign), "second")
    drawing.mark("edge" if up > 3 else "stitch", flip(edge, sign), 0.5)
    if up > 4 and rng.random() < 0.3:
        drawing.mark("button", flip(inner * 0.7 + outer * 0.3 - way * up * 0.5, sign), 1.0)


def add_strap(
    drawing: Drawing, name: str, sign: float, top: FloatArray, foot: FloatArray, width: float, back: FloatArray | None
) -> None:
    """Draw one strap from the bodice's edge to its highest place, and set its landmarks.

    Args:
        drawing: changed.
        name: of the side.
        sign: of the side.
        top: middle of its upper end, of a wearer's left side.
        foot: middle of its lower end.
        width: of the strap.
        back: point where it meets the back's edge behind, or None if that is hidden.
    """
    half = point(width / 2, 0)
    if back is not None:
        behind = ribbon(flip(arc(back, top, -0.03), sign), width)
        drawing.fill("strap", behind, "cloth", place=0)
    drawing.fill("strap", ribbon(flip(joined(arc(foot, top, 0.03), top - [0, 0.2]), sign), width))
    drawing.points |= {f"neck_{name}": flip(top - half, sign), f"shoulder_{name}": flip(top + half, sign)}
