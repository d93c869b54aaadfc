"""Coats, jackets, hoodies, cardigans and shirts in many cuts: what closes in front, and what only looks like it.

Drawn apart from ``benchmarks.reading_kinds``, from wider ranges: every draw picks its own proportions, collar, closing,
pockets, quilting and print. Centimetres from the middle of the neck, y down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.reading_kinds import SIDES, Drawn, curve, mirrored
from vmodel.types import Category, FloatArray, Sleeve

Rng = np.random.Generator


@dataclass
class Style:
    """How one garment is made; lengths in centimetres, widths are half of the flat garment's."""

    category: Category
    length: tuple[float, float]
    chest: tuple[float, float] = (22.0, 29.0)
    sleeve: Sleeve = Sleeve.LONG
    necks: tuple[str, ...] = ("crew",)
    closings: tuple[str, ...] = ("none",)
    quilted: float = 0.0
    pockets: tuple[str, ...] = ()
    rib: float = 0.0
    belt: float = 0.0
    flare: tuple[float, float] = (0.95, 1.08)
    waist: tuple[float, float] = (0.92, 1.02)
    cuff: tuple[float, float] = (9.0, 12.0)
    prints: tuple[str, ...] = ("plain",)
    tail: float = 0.0


STYLES: dict[str, Style] = {
    "coat": Style(
        Category.OUTERWEAR, (82, 118), (25, 31), necks=("lapel", "shawl", "collar", "funnel"),
        closings=("double", "buttons", "hidden", "double"), pockets=("welt", "flap", "patch"), belt=0.3,
        flare=(0.98, 1.22), cuff=(12, 16),
    ),
    "jacket": Style(
        Category.OUTERWEAR, (58, 78), (24, 30), necks=("lapel", "lapel", "collar", "funnel"),
        closings=("zip", "zip", "buttons", "double"), pockets=("welt", "flap", "chest"), rib=0.4, cuff=(11, 15),
    ),
    "padded jacket": Style(
        Category.OUTERWEAR, (60, 100), (25, 31), necks=("funnel", "hood"), closings=("zip",), quilted=1.0,
        pockets=("welt",), rib=0.2, cuff=(12, 17),
    ),
    "padded vest": Style(
        Category.OUTERWEAR, (56, 72), (23, 29), Sleeve.NONE, ("funnel", "collar", "hood"), ("zip",), quilted=1.0,
        pockets=("welt", "patch"), rib=0.2,
    ),
    "zip hoodie": Style(
        Category.OUTERWEAR, (58, 74), (23, 30), necks=("hood",), closings=("zip",), pockets=("welt", "pouch"),
        rib=1.0, cuff=(8, 11),
    ),
    "open coat": Style(
        Category.OUTERWEAR, (78, 116), (25, 30), necks=("lapel", "shawl", "collar"), closings=("open",),
        pockets=("welt", "patch"), flare=(0.98, 1.2), cuff=(12, 15),
    ),
    "open jacket": Style(
        Category.OUTERWEAR, (56, 80), (23, 29), necks=("lapel", "hood", "collar", "v"), closings=("open",),
        pockets=("welt", "patch", "pouch"), rib=0.4, cuff=(9, 13),
    ),
    "open cardigan": Style(
        Category.OUTERWEAR, (56, 90), (22, 28), necks=("v", "crew"), closings=("open",), pockets=("patch",), rib=0.7,
    ),
    "shirt": Style(
        Category.TOP, (66, 82), (21, 29), necks=("collar", "collar", "band"), closings=("buttons",), pockets=("chest",),
        flare=(0.95, 1.05), prints=("plain", "plain", "stripes", "checks"), tail=0.6, cuff=(8, 11),
    ),
    "short shirt": Style(
        Category.TOP, (60, 76), (21, 28), Sleeve.SHORT, ("collar", "band"), ("buttons",), pockets=("chest",),
        prints=("plain", "stripes", "checks"), tail=0.3,
    ),
    "pullover": Style(
        Category.TOP, (56, 74), (22, 29), necks=("crew", "v", "hood", "funnel"), closings=("none", "none", "placket"),
        pockets=("pouch",), rib=0.8, prints=("plain", "stripes", "level stripes"), cuff=(8, 12),
    ),
    "tee or polo": Style(
        Category.TOP, (60, 74), (21, 28), Sleeve.SHORT, ("crew", "v", "collar"), ("none", "placket"),
        pockets=("chest",), prints=("plain", "level stripes"),
    ),
    "shirt dress": Style(
        Category.DRESS, (96, 122), (20, 25), necks=("collar", "band"), closings=("buttons",), pockets=("chest",),
        flare=(1.15, 1.6), waist=(0.78, 0.92), prints=("plain", "stripes", "checks"), belt=0.4,
    ),
}  # fmt: skip


def draw_front(name: str, rng: Rng) -> Drawn:
    """Lay out a garment of one style.

    Args:
        name: key of ``STYLES``.
        rng: decides everything that the style leaves open.
    """
    style = STYLES[name]
    chest, length = rng.uniform(*style.chest), rng.uniform(*style.length)
    neck = str(rng.choice(style.necks))
    closing = str(rng.choice(style.closings))
    drawn = Drawn(style.category, style.sleeve, closing == "open")
    half = _half_body(style, chest, length, rng)
    whole = np.vstack([half, mirrored(half, -1)[::-1]])
    depth = _depth(neck, closing, rng)
    drawn.layers.append(("lining", whole))
    for side, sign in SIDES:
        for landmark, place in (("neck", half[0]), ("shoulder", half[1]), ("armpit", half[17])):
            drawn.marks[f"{landmark}_{side}"] = place * [sign, 1]
    if neck == "hood":
        _lay_hood(drawn, rng)
    if style.sleeve != Sleeve.NONE:
        _lay_sleeve_pair(drawn, style, chest, half, rng)
    edges = _lay_front_pieces(drawn, half, neck, depth, closing, length, rng)
    _lay_print(drawn, str(rng.choice(style.prints)), chest, length, rng)
    if rng.random() < style.quilted:
        _quilt(drawn, chest, length, rng)
    _lay_pocket(drawn, style, chest, length, rng)
    if rng.random() < style.rib:
        deep, wide = rng.uniform(3, 8), abs(half[-1, 0])
        for sign, top in edges.items():
            start = max(0.0, float(top[0])) + 2.0 * (closing == "open")
            drawn.layers.append(("trim", mirrored(_box(start, length - deep, wide, length), sign)))
    _lay_collar(drawn, neck, depth, edges, rng)
    _CLOSINGS[closing](drawn, depth, length, chest, rng)
    if rng.random() < style.belt:
        wide, y = chest * 0.99, rng.uniform(38, 46)
        drawn.layers.append(("main", _box(-wide, y, wide, y + 4)))
        drawn.lines += [(-0.3, np.array([(-wide, level), (wide, level)])) for level in (y, y + 4)]
    return drawn


def _box(left: float, top: float, right: float, low: float) -> FloatArray:
    return np.array([(left, top), (right, top), (right, low), (left, low)])


def _half_body(style: Style, chest: float, length: float, rng: Rng) -> FloatArray:
    neck = (rng.uniform(7, 10), 0.0)
    shoulder = (min(chest * rng.uniform(0.76, 0.96), 26.0), rng.uniform(2.5, 6.5))
    deep = rng.uniform(20, 26) * (0.92 + 0.004 * chest)
    hem = (chest * rng.uniform(*style.flare), length)
    side = [(chest, deep), (chest * rng.uniform(*style.waist), 41.0), (chest * rng.uniform(0.97, 1.04), 60.0), hem]
    side = [point for point in side if point[1] <= length - 8 or point is hem]
    armhole = curve([shoulder, (shoulder[0] * 0.97, deep * 0.6), (chest, deep)], 8)
    half = np.vstack([[neck], armhole, curve(side)])
    if rng.random() < style.tail:
        up = rng.uniform(3, 9)
        half[-1, 1] -= up
        half = np.vstack([half, curve([tuple(half[-1]), (hem[0] * 0.7, length - up * 0.3), (0.0, length)])])
    return half


def _depth(neck: str, closing: str, rng: Rng) -> float:
    if neck in {"lapel", "shawl"}:
        return float(rng.uniform(20, 42) if closing != "double" else rng.uniform(18, 34))
    deep = {"v": (14, 30), "crew": (6, 10), "hood": (5, 11), "funnel": (0, 1.5), "collar": (2, 5), "band": (3, 6)}
    return float(rng.uniform(*deep[neck]))


def _lay_hood(drawn: Drawn, rng: Rng) -> None:
    wide, tall = rng.uniform(11, 16), rng.uniform(18, 30)
    dome = curve([(8, 2), (wide, -tall * 0.3), (wide * 0.9, -tall * 0.75), (wide * 0.4, -tall)])
    drawn.layers.append(("main", np.vstack([dome, mirrored(dome, -1)[::-1]])))
    drop = rng.uniform(0.55, 0.85)
    inner = curve([(6, 5), (wide * drop, -tall * 0.3), (wide * drop * 0.85, -tall * 0.7), (wide * 0.25, -tall * 0.86)])
    drawn.layers.append(("lining", np.vstack([inner, mirrored(inner, -1)[::-1], [(0, 9)]])))


def _lay_sleeve_pair(drawn: Drawn, style: Style, chest: float, half: FloatArray, rng: Rng) -> None:
    shoulder, armpit = half[1], half[17]
    short = style.sleeve == Sleeve.SHORT
    reach = rng.uniform(17, 25) if short else rng.uniform(80, 88) - shoulder[0]
    angle = np.radians(rng.uniform(38, 62) if short else rng.uniform(50, 76))
    bend, cuff = np.radians(rng.uniform(-2, 6)), rng.uniform(*style.cuff) * (1.5 if short else 1.0)
    for side, sign in SIDES:
        lean = angle + np.radians(rng.normal(0, 1.5))
        ways = [np.array([np.cos(a), np.sin(a)]) for a in (lean, lean + bend)]
        elbow = shoulder + ways[0] * reach / 2
        outer = elbow + ways[1] * reach / 2
        across = np.array([-ways[1][1], ways[1][0]])
        inner, under = outer + across * cuff, elbow + across * cuff * rng.uniform(1.2, 1.6)
        top = curve([tuple(shoulder), tuple(elbow), tuple(outer)])
        low = curve([tuple(inner), tuple(armpit)] if short else [tuple(inner), tuple(under), tuple(armpit)])
        sleeve = np.vstack([top, low, [(armpit[0] * 0.7, armpit[1]), (shoulder[0] * 0.8, shoulder[1] + 2)]])
        drawn.layers.append(("main", mirrored(sleeve, sign)))
        drawn.marks |= {f"cuff_outer_{side}": outer * [sign, 1], f"cuff_inner_{side}": inner * [sign, 1]}
        end = rng.uniform(2, 7)
        band = np.stack([outer, inner, inner - ways[1] * end, outer - ways[1] * end])
        if rng.random() < style.rib:
            drawn.layers.append(("trim", mirrored(band, sign)))
        else:
            drawn.lines.append((-0.25, mirrored(band[2:], sign)))


def _lay_front_pieces(
    drawn: Drawn, half: FloatArray, neck: str, depth: float, closing: str, length: float, rng: Rng
) -> dict[float, FloatArray]:
    """Both fronts from the shoulders to the hem; side sign -> top of its free edge."""
    # closed fronts lap over each other
    gap_top = rng.uniform(1.5, 7) if closing == "open" else -0.8
    gap_low = gap_top + rng.uniform(0, 9) if closing == "open" else -0.8
    tops, pieces = {}, {}
    for _, sign in SIDES:
        more = rng.uniform(0.6, 1.4)
        low = (gap_top * more, depth)
        edge = curve(
            [(gap_low * more, length + 0.3), ((gap_top + gap_low) * more / 2 + rng.normal(0, 0.5), length * 0.6), low]
        )
        if neck in {"v", "lapel", "shawl"}:
            line = np.array([low, tuple(half[0])])
        else:
            line = curve([low, (max(half[0, 0] * 0.62, low[0] + 1), depth * 0.75), (half[0, 0] * 0.93, depth * 0.3)])
        body = half if half[-1, 0] > 1 else half[:-1]
        pieces[sign] = mirrored(np.vstack([body, edge, line]), sign)
        if closing in {"none", "placket"}:  # cut in one piece
            pieces[sign] = mirrored(np.vstack([body, [(0.0, length)], [(0.0, depth)], line[1:]]), sign)
        else:
            drawn.layers.append(("main", pieces[sign]))
        if closing == "open":
            drawn.lines.append((-0.3, mirrored(edge, sign)))
            if rng.random() < 0.4:
                wide = np.array([rng.uniform(2, 5), 0])
                drawn.layers.append(("trim", mirrored(np.vstack([edge, (edge + wide)[::-1]]), sign)))
        tops[sign] = np.array(low)
        drawn.lines.append((-0.15, mirrored(half[1:18] * [0.99, 1], sign)))
    if closing in {"none", "placket"}:
        drawn.layers.append(("main", np.vstack([pieces[1.0], pieces[-1.0][::-1]])))
    drawn.marks["neck_front"] = np.array([0.0, depth])
    return tops


def _lay_collar(drawn: Drawn, neck: str, depth: float, tops: dict[float, FloatArray], rng: Rng) -> None:
    wide, tip, fall = rng.uniform(8, 10), rng.uniform(6, 11), rng.uniform(5, 10)
    notch, spread, tall = rng.uniform(8, 14), rng.uniform(9, 16), rng.uniform(3, 9)
    for _, sign in SIDES:
        x = float(tops[sign][0])
        pieces = []
        if neck == "collar":
            pieces.append(
                [(x * 0.7 + 0.5, 1.2), (wide * 0.9, -2.4), (wide * 1.2, 1.4), (tip, fall), (x + 1.0, max(2.5, depth))]
            )
        elif neck == "lapel":
            pieces.append([(1.0, 0.2), (wide * 0.9, -2.2), (spread * 0.9, 3), (spread, notch), (spread * 0.6, notch)])
            pieces.append([(5, 6), (spread * 0.62, notch), (spread * 1.1, notch - 1), (spread * 0.8, depth * 0.65),
                           (x + 1, depth + 1), (x + 2, depth - 7)])  # fmt: skip
        elif neck == "shawl":
            pieces.append(
                [
                    (2, 0),
                    (wide, -2),
                    (spread, notch),
                    (spread * 0.8, depth * 0.6),
                    (x + 0.5, depth + 1),
                    (x + 2.5, depth * 0.5),
                ]
            )
        elif neck == "funnel":
            pieces.append([(0, 3), (0, -tall), (wide * 0.92, -tall - 0.5), (wide * 1.02, 0.5), (wide * 0.6, 2.6)])
        elif neck == "band":
            pieces.append([(0.3, 2.5), (wide * 0.92, -1.5), (wide * 1.0, 0.8), (1.0, depth + 1)])
        elif neck in {"crew", "v"}:
            drawn.lines.append((-0.2, mirrored(np.array([(x, depth + 2), (wide * 1.1, 2)]), sign)))
        elif rng.random() < 0.7:
            cord = curve([(x + 2, depth), (x + 2.8, depth + 8), (x + 2, depth + rng.uniform(12, 22))])
            drawn.lines.append((0.5, mirrored(cord, sign)))
        for piece in pieces:
            outline = mirrored(np.array(piece), sign)
            drawn.layers.append(("main", outline))
            drawn.lines.append((-0.2, outline))


def _closed_by_nothing(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    """Neither line nor button."""


def _zip(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    half, low = rng.uniform(0.25, 0.8), max(depth, -5.0)
    cloth = str(rng.choice(["metal", "trim", "lining"]))
    drawn.layers.append((cloth, _box(-half, low, half, length - 0.5)))
    beside = half + rng.uniform(0.4, 2.0)
    drawn.lines += [(-0.25, np.array([(sign * beside, low), (sign * beside, length)])) for sign in (1, -1)]


def _hidden(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    wide = rng.uniform(4, 7)
    drawn.lines.append((-0.35, np.array([(0.0, depth), (0.0, length)])))
    drawn.lines.append((-0.2, np.array([(wide, depth), (wide, length)])))
    _buttons(drawn, (0.0,), np.array([depth + 2.0]), rng.uniform(0.8, 1.3), rng)


def _row(drawn: Drawn, depth: float, length: float, rng: Rng, radius: float, apart: float, end: float) -> None:
    edge = float(rng.choice([-1, 1]) * rng.uniform(1.2, 2.5))
    drawn.lines.append((-0.3, np.array([(edge, depth), (edge, length)])))
    if rng.random() < 0.5:
        drawn.lines.append((-0.15, np.array([(-edge, depth + 1), (-edge, length)])))
    _buttons(drawn, (0.0,), np.arange(depth + rng.uniform(1, 4), end, apart), radius, rng)


def _single(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    coat = drawn.category == Category.OUTERWEAR
    radius, apart = (
        (rng.uniform(1.0, 1.6), rng.uniform(9, 14)) if coat else (rng.uniform(0.45, 0.75), rng.uniform(7, 10))
    )
    _row(
        drawn,
        depth,
        length,
        rng,
        radius,
        apart,
        length * (rng.uniform(0.65, 0.95) if coat else rng.uniform(0.82, 0.96)),
    )


def _double(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    x = rng.uniform(4.5, 9)
    edge = x + rng.uniform(2, 4)
    drawn.lines.append((-0.35, np.array([(edge * 0.4, depth), (edge, depth + 9), (edge, length)])))
    heights = np.arange(depth + rng.uniform(1, 4), length * rng.uniform(0.6, 0.8), rng.uniform(9, 13))
    _buttons(
        drawn, (-x, x), heights if len(heights) > 1 else np.array([depth + 3, depth + 13]), rng.uniform(0.9, 1.5), rng
    )


def _placket(drawn: Drawn, depth: float, length: float, chest: float, rng: Rng) -> None:
    end, wide = depth + rng.uniform(9, 18), rng.uniform(1.2, 2.0)
    box = np.array([(-wide, depth), (-wide, end), (wide, end), (wide, depth)])
    drawn.lines.append((-0.3, box))
    if rng.random() < 0.4:
        drawn.layers.append(("metal", _box(-0.4, depth, 0.4, end)))
    else:
        _buttons(drawn, (0.0,), np.arange(depth + 2, end, rng.uniform(4, 7)), rng.uniform(0.4, 0.7), rng)


def _buttons(drawn: Drawn, columns: tuple[float, ...], heights: FloatArray, radius: float, rng: Rng) -> None:
    cloth = str(rng.choice(["trim", "metal", "lining"]))
    turn = np.linspace(0, 2 * np.pi, 14)[:, None]
    ring = radius * np.hstack([np.cos(turn), np.sin(turn)])
    for x in columns:
        for y in heights:
            drawn.layers.append((cloth, np.array([x, y]) + ring))
            drawn.lines.append((-0.25, np.array([x, y]) + ring))


_CLOSINGS: dict[str, Callable[[Drawn, float, float, float, Rng], None]] = {
    "none": _closed_by_nothing,
    "open": _closed_by_nothing,
    "zip": _zip,
    "hidden": _hidden,
    "buttons": _single,
    "double": _double,
    "placket": _placket,
}


def _quilt(drawn: Drawn, chest: float, length: float, rng: Rng) -> None:
    apart, shade = rng.uniform(4, 11), -rng.uniform(0.2, 0.4)
    ways = [(1.0, 0.0)] if rng.random() < 0.7 else [(1.0, 1.0), (1.0, -1.0)]
    reach = chest * (2.3 if rng.random() < 0.6 and drawn.sleeve != Sleeve.NONE else 0.98)
    for across, down in ways:
        for y in np.arange(6 - abs(down) * chest * 2, length + abs(down) * chest * 2, apart * (1 + abs(down))):
            line = np.array([(x * across, y + x * down) for x in np.linspace(-reach, reach, 25)])
            kept = line[(line[:, 1] > 5) & (line[:, 1] < length - 2)]
            if len(kept) > 1:
                drawn.lines.append((shade, kept))


def _lay_print(drawn: Drawn, name: str, chest: float, length: float, rng: Rng) -> None:
    shade, apart = float(rng.choice([-1, 1]) * rng.uniform(0.15, 0.35)), rng.uniform(1.5, 5)
    if name in {"stripes", "checks"}:
        drawn.lines += [(shade, np.array([(x, 0), (x, length)])) for x in np.arange(-chest * 2.4, chest * 2.4, apart)]
    if name in {"level stripes", "checks"}:
        drawn.lines += [(shade, np.array([(-90.0, y), (90.0, y)])) for y in np.arange(3, length, apart)]


def _lay_pocket(drawn: Drawn, style: Style, chest: float, length: float, rng: Rng) -> None:
    name = str(rng.choice([*style.pockets, "none"]))
    x, y = chest * rng.uniform(0.45, 0.62), min(length * 0.66, 58.0)
    both = [1.0, -1.0] if name != "chest" or rng.random() < 0.5 else [1.0]
    for sign in both:
        if name in {"patch", "flap"}:
            box = _box(x - 7, y, x + 7, y + (15 if name == "patch" else 5))
            drawn.lines.append((-0.3, mirrored(np.vstack([box, box[:1]]), sign)))
        elif name == "welt":
            lean = rng.uniform(-6, 6)
            drawn.lines.append((-0.35, mirrored(np.array([(x - 5, y + lean), (x + 5, y - lean)]), sign)))
        elif name == "chest":
            pocket = [(5, 22), (15, 22), (15, 33), (10, 35), (5, 33), (5, 22)]
            drawn.lines.append((-0.3, mirrored(np.array(pocket), sign)))
        elif name == "pouch":
            pouch = [(0.5, y), (9, y), (14, y + 14), (14, y + 17), (0.5, y + 17)]
            drawn.lines.append((-0.3, mirrored(np.array(pouch), sign)))
