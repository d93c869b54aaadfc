"""Necklines, collars and hoods of the drawn garments."""

from __future__ import annotations

import numpy as np

from pipelines.training.reader.synthetic.parts import (
    SIDES,
    Drawing,
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
    wavy,
)
from vmodel.types import FloatArray


def front_curve(rng: np.random.Generator, kind: str, a: FloatArray, b: FloatArray, depth: float) -> FloatArray:
    """Return the front's neckline from right (b) to left (a)."""
    middle = (a + b) / 2
    half = abs(a[0] - b[0]) / 2
    low = middle + point(rng.normal(0, 0.02 * half), depth)
    if kind == "v":
        bend = rng.uniform(-0.1, 0.08)
        return joined(arc(b, low, bend), arc(low, a, bend))
    if kind == "square":
        wide = rng.uniform(0.78, 0.98)
        corners = [point(middle[0] + s * half * wide, middle[1] + depth) for s in (-1, 1)]
        return joined(line(b, corners[0]), line(corners[0], corners[1], 9), line(corners[1], a))
    if kind == "sweetheart":
        return _sweetheart(rng, a, b, low)
    t = np.linspace(0, np.pi, 29)
    power = rng.uniform(0.75, 1.15)
    x = middle[0] - half * np.cos(t)
    return np.stack([x, np.linspace(b[1], a[1], 29) + depth * np.sin(t) ** power], 1)


def _sweetheart(rng: np.random.Generator, a: FloatArray, b: FloatArray, low: FloatArray) -> FloatArray:
    """Return a neckline of two humps over the bust with a dip between them."""
    half = abs(a[0] - b[0]) / 2
    dip = rng.uniform(0.2, 0.4) * half
    pieces = []
    for start, end in ((b, low), (low, a)):
        outer = start if start is b else end
        sign = np.sign(outer[0] - low[0])
        reach = min(half * 0.85, half - 0.2)
        hump = point(low[0] + sign * half * 0.45, low[1] - dip)
        foot = point(low[0] + sign * reach, low[1] - dip * 0.75)
        steps = [outer, foot, hump, low] if outer[1] < foot[1] - 1 else [outer, hump, low]
        pieces.append(smooth(*(steps if start is b else steps[::-1])))
    return joined(*pieces)


def add_inside(rng: np.random.Generator, drawing: Drawing, back: FloatArray, front: FloatArray) -> None:
    """Draw the back's inner side between its edge (left to right) and the front's neckline (right to left)."""
    drawing.fill("inside", joined(back, front), "lining")
    top, low = back[len(back) // 2], front[len(front) // 2]
    if rng.random() < 0.5:
        drawing.mark("edge", back + point(0, rng.uniform(0.8, 2)), 0.5)
    if rng.random() < 0.5 and low[1] - top[1] > 4:
        drawing.mark("label", top + point(rng.normal(0, 0.3), rng.uniform(1.6, 2.6)), rng.uniform(1.6, 3.2))


def add_band(rng: np.random.Generator, drawing: Drawing, front: FloatArray) -> None:
    """Draw a rib or binding along the front's neckline."""
    middle = front[len(front) // 2]
    centre = point(middle[0], front[0][1])
    wide = rng.uniform(0.8, 2.6)
    reach = np.maximum(np.abs(front - centre).max(0), 3)
    outer = centre + (front - centre) * (1 + wide / reach)
    if rng.random() < 0.3:
        drawing.fill("body", joined(front, outer[::-1]), "second")
    drawing.mark("seam", outer, 0.5)


def add_collar(rng: np.random.Generator, drawing: Drawing, plan: Plan, a: FloatArray, b: FloatArray) -> None:
    """Draw a collar's inner stand at the back; draw the body next, then ``add_flaps``."""
    rise = rng.uniform(2, 4.5)
    seam = arc(a, b, 0.12)
    top = arc(a * [0.92, 1] - [0, rise * 0.8], b * [0.92, 1] - [0, rise * 0.8], -0.06)
    drawing.fill("collar", joined(a, top, b, seam[::-1]), "lining" if rng.random() < 0.5 else "cloth")
    drawing.mark("edge", seam, 0.5)
    if rng.random() < 0.5:
        drawing.mark("label", seam[len(seam) // 2] + point(0, -0.3), rng.uniform(1.6, 3.0))


def add_flaps(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, a: FloatArray, b: FloatArray, low: FloatArray
) -> None:
    """Draw two flaps, or lapels, that fall on the front."""
    reach = rng.uniform(4.5, 8.5)
    out, wide = rng.uniform(-2.5, 3.5), rng.uniform(0.6, 1.8)
    lapel = plan.category in {"outerwear", "jumpsuit", "dress"} and low[1] > 14
    tone = "second" if rng.random() < 0.12 else "cloth"
    for end, sign in ((a, 1.0), (b, -1.0)):
        start = end * [0.9, 1] - [0, rng.uniform(2.5, 3.6)]
        fold = end + point(sign * wide, 0.6)
        share = min(drawing.gap / abs(end[0]), 0.8)
        inner = low * (1 - share) + end * share + point(sign * 0.4, -0.3)
        if lapel:
            notch = end * 0.55 + low * 0.45 + point(sign * rng.uniform(3, 6), -1)
            tip: FloatArray = notch + point(sign * rng.uniform(2, 5), -rng.uniform(1, 3))
            drawing.fill(
                "collar", joined(end * 0.9, tip, smooth(tip, tip * 0.5 + inner * 0.5 + point(sign * 2, 0), inner)), tone
            )
            drawing.fill(
                "collar", joined(start, fold, notch + point(sign * 3, -4.5), notch, end * 0.6 + low * 0.4), tone
            )
            drawing.mark("edge", joined(fold, notch + point(sign * 3, -4.5), notch, tip), 0.6)
            continue
        tip = point(end[0] + sign * out * 0.6, max(low[1] * 0.7, 1.5) + reach)
        neck = arc(inner, start, rng.uniform(0.02, 0.12) * sign)
        edge = smooth(start, fold, fold * 0.5 + tip * 0.5 + point(sign * 0.4, 0), tip)
        drawing.fill("collar", joined(edge, line(tip, inner, 4), neck), tone)
        drawing.mark("edge", joined(edge, inner), 0.5)


def add_stand(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, a: FloatArray, b: FloatArray, low: FloatArray
) -> None:
    """Draw a tube that rises from the neck points: turtleneck, mock neck or a jacket's stand."""
    height, lean = rng.uniform(2.5, 9), rng.uniform(-0.6, 1.6)
    up_a, up_b = a + point(-lean, -height), b + point(lean, -height)
    sag = rng.uniform(0.0, 0.14)
    edge = arc(up_b, up_a, -sag)
    middle = len(edge) // 2
    if plan.face == "back":
        drawing.points["neck_back"] = edge[middle]
    elif plan.closure != "open":
        drawing.points["neck_front"] = edge[middle]
    if plan.face == "front" and (rng.random() < 0.6 or plan.closure in {"open", "half"}):
        back = arc(up_a, up_b, -rng.uniform(0.02, 0.1))
        drawing.points["neck_back"] = back[middle]
        drawing.fill("inside", joined(back, edge), "lining")
    base = arc(a, b, 2 * (low[1] - a[1]) / abs(a[0] - b[0]))
    tone = "second" if rng.random() < 0.12 else "cloth"
    if plan.closure == "open":
        for end, up in ((a, up_a), (b, up_b)):
            share = min(max(drawing.gap, 1.0) / abs(end[0]), 0.8)
            inner = low * (1 - share) + end * share
            drawing.fill("collar", joined(end, up, inner - [0, height * 0.9], inner), tone)
        return
    drawing.fill("collar", joined(edge, base), tone)
    drawing.mark("seam", base, 0.5)
    if height > 6 and rng.random() < 0.5:
        drawing.mark("edge", arc(up_a * 0.5 + a * 0.5, up_b * 0.5 + b * 0.5, sag), 0.6)


def add_hood(
    rng: np.random.Generator, drawing: Drawing, plan: Plan, a: FloatArray, b: FloatArray, front: FloatArray
) -> None:
    """Draw a hood above the neck, opened to the front, or lying back."""
    middle = (a + b) / 2
    if plan.face == "back":
        deep, wide = rng.uniform(16, 28), a[0] + rng.uniform(2, 6)
        shape = smooth(a, point(wide, deep * 0.45), point(wide * 0.55, deep * 0.9), point(0, deep))
        drawing.fill("hood", joined(shape, flip(shape[::-1], -1), arc(b, a, 0.12)))
        drawing.mark("seam", line(middle - [0, 2], point(0, deep)), 0.5)
        return
    tone = "lining" if rng.random() < 0.8 else "second"
    if rng.random() < 0.6:
        height, wide = rng.uniform(20, 34), max(a[0] * rng.uniform(1.15, 1.7), 11)
        peak = middle + point(rng.normal(0, 1.5), -height)
        side = smooth(a, point(wide, -height * 0.35), point(wide * 0.93, -height * 0.7), peak)
        other = smooth(b, point(-wide, -height * 0.35), point(-wide * 0.93, -height * 0.7), peak)
        drawing.fill("hood", joined(side, other[::-1], front))
        rim = rng.uniform(0.08, 0.3)
        mouth = point(wide * (1 - rim * 1.2), -height * 0.45), peak + point(0, height * rim)
        hole = joined(smooth(a * 0.85, *mouth), smooth(mouth[1], mouth[0] * [-1, 1], b * 0.85), front)
        drawing.fill("hood", hole, tone)
        drawing.mark("edge", hole, 0.5)
        drawing.mark("seam", line(mouth[1], middle - [0, 1]), 0.5)
    else:
        height, wide = rng.uniform(4, 11), a[0] + rng.uniform(1, 5)
        roll = smooth(
            a + point(0.5, 1), point(wide, -height * 0.4), point(wide * 0.5, -height), point(0, -height * 1.05)
        )
        drawing.fill("hood", joined(roll, flip(roll[::-1], -1), front))
        hole = smooth(a * 0.86, point(a[0] * 0.7, -height * 0.35), point(0, -height * rng.uniform(0.3, 0.6)))
        drawing.fill("hood", joined(hole, flip(hole[::-1], -1), front), tone)
        drawing.mark("edge", joined(hole, flip(hole[::-1], -1)), 0.6)
    _add_throat(rng, drawing, a, b, front)


def _add_throat(rng: np.random.Generator, drawing: Drawing, a: FloatArray, b: FloatArray, front: FloatArray) -> None:
    """Draw the inside of the back below the hood's seam, and the hood's strings."""
    if front[len(front) // 2][1] > 5:
        drawing.fill("inside", joined(arc(a, b, 0.15), front), "lining")
    if rng.random() < 0.7:
        for _, sign in SIDES:
            start = point(sign * rng.uniform(1.5, 4), front[len(front) // 2][1] * 0.8)
            end = start + point(sign * rng.uniform(-2, 3), rng.uniform(10, 22))
            drawing.late.append(Mark("cord", arc(start, end, rng.uniform(-0.2, 0.2)), 0.7))


def add_scarf(rng: np.random.Generator, drawing: Drawing, at: FloatArray, size: float, part: str = "strap") -> None:
    """Draw a tied bow with two ends."""
    for sign in (-1, 1):
        tip = at + point(sign * size, rng.uniform(-0.4, 0.3) * size)
        drawing.fill(part, joined(smooth(at, tip + point(0, -0.3 * size), tip + point(0, 0.35 * size), at)))
        end = at + point(sign * rng.uniform(0.2, 0.8) * size, rng.uniform(1.2, 2.4) * size)
        drawing.fill(part, ribbon(arc(at, end, rng.uniform(-0.2, 0.2)), 0.5, 0.25 * size + 0.4))
    drawing.fill(part, circle(at, 0.22 * size + 0.3))


def add_frill(rng: np.random.Generator, drawing: Drawing, curve: FloatArray, deep: float, part: str = "body") -> None:
    """Draw a ruffle that hangs from a curve."""
    low = wavy(curve + point(0, deep), 0.12 * deep + 0.2, rng.uniform(5, 11), rng.uniform(0, 6))
    drawing.fill(part, joined(curve, low[::-1]))
    for share in np.linspace(0.05, 0.95, 14):
        start = curve[int(share * (len(curve) - 1))]
        drawing.mark("seam", line(start, start + point(0, deep * rng.uniform(0.4, 0.9)), 3), 0.4)
