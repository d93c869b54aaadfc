"""Garments drawn for the reading benchmark, piece by piece as they lie: lining, sleeves, fronts, collars, closings.

Centimetres from the middle of the neck or waist, y down. The shapes are drawn apart from those that the silhouette
network was trained on, so that the benchmark does not repeat its lessons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from vmodel.types import Category, FloatArray, Sleeve

SIDES = (("left", 1.0), ("right", -1.0))


@dataclass
class Drawn:
    """A garment as it lies.

    Attributes:
        layers: (cloth, outline) from the bottom up; cloth is "main", "lining", "trim" or "metal".
        lines: (shade, polyline) of seams, zips and quilting; a negative shade is darker.
        marks: landmark -> (2,) centimetres.
    """

    category: Category
    sleeve: Sleeve = Sleeve.NONE
    open_front: bool = False
    layers: list[tuple[str, FloatArray]] = field(default_factory=list)
    lines: list[tuple[float, FloatArray]] = field(default_factory=list)
    marks: dict[str, FloatArray] = field(default_factory=dict)


@dataclass(frozen=True)
class Cut:
    """Measures of a garment that hangs from the shoulders, in centimetres, half of it where it is a width."""

    category: Category
    sleeve: Sleeve
    chest: float
    length: float
    front: str = "closed"
    neck: str = "crew"
    depth: float = 8.0
    waist: float = 1.0
    hem: float = 1.0
    shoulder: float = 0.86
    cuff: float = 10.0
    wide: float = 1.0
    details: tuple[str, ...] = ()


def curve(points: Iterable[tuple[float, float]], count: int = 10) -> FloatArray:
    """A Catmull-Rom spline through points."""
    knots = np.array(list(points), np.float64)
    if len(knots) < 3:
        return knots
    padded = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0, 1, count, endpoint=False)[:, None]
    spans = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        spans.append((2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3) / 2)
    return np.vstack([*spans, knots[-1:]])


def mirrored(outline: FloatArray, sign: float) -> FloatArray:
    """The outline of the wearer's left side, or of the right one for sign -1."""
    return np.asarray(outline * [sign, 1.0])


def draw_upper(cut: Cut, rng: np.random.Generator) -> Drawn:
    """Lay out a garment that hangs from the shoulders."""
    drawn = Drawn(cut.category, cut.sleeve, cut.front == "open")
    neck = (rng.uniform(7.5, 9.5), 0.0)
    shoulder = (cut.chest * cut.shoulder, rng.uniform(3, 6))
    deep = (19 if cut.chest < 24 else 22) + rng.uniform(-1, 3)
    armpit, waist = (cut.chest, deep), (cut.chest * cut.waist, 42.0)
    hem = (cut.chest * cut.hem, cut.length)
    side = [armpit, waist, hem] if cut.length > 50 else [armpit, hem]
    half = np.vstack([[neck], curve([shoulder, (cut.chest * 0.86, deep * 0.6), armpit], 8), curve(side)])
    for name, sign in SIDES:
        for stem, place in (("neck", neck), ("shoulder", shoulder), ("armpit", armpit), ("hem", hem)):
            drawn.marks[f"{stem}_{name}"] = np.array([sign * place[0], place[1]])
    whole = np.vstack([half, mirrored(half, -1)[::-1]])
    drawn.layers.append(("lining", whole))
    _back_neck(cut, drawn, neck)
    if cut.sleeve not in {Sleeve.NONE, Sleeve.STRAP}:
        _lay_sleeves(cut, drawn, rng, shoulder, armpit)
    _lay_fronts(cut, drawn, rng, half)
    _lay_neck(cut, drawn, rng, neck)
    _lay_details(cut, drawn, rng)
    return drawn


def _back_neck(cut: Cut, drawn: Drawn, neck: tuple[float, float]) -> None:
    if cut.neck != "hood":
        top = curve([(neck[0], 0), (neck[0] * 0.5, 1.2), (-neck[0] * 0.5, 1.2), (-neck[0], 0)])
        drawn.layers[0] = ("lining", np.vstack([drawn.layers[0][1], top[::-1]]))
        return
    dome = curve([(neck[0], 1), (14, -9), (13, -20), (6, -27), (-6, -27), (-13, -20), (-14, -9), (-neck[0], 1)])
    drawn.layers.append(("main", dome))
    inner = curve([(6, 4), (9.5, -8), (9, -18), (4, -23), (-4, -23), (-9, -18), (-9.5, -8), (-6, 4), (0, 9)])
    drawn.layers.append(("lining", inner))


def _lay_sleeves(
    cut: Cut, drawn: Drawn, rng: np.random.Generator, shoulder: tuple[float, float], armpit: tuple[float, float]
) -> None:
    reach = {Sleeve.SHORT: 21.0, Sleeve.THREE_QUARTER: 44.0}.get(cut.sleeve, 60.0) * rng.uniform(0.95, 1.05)
    angle = np.radians(rng.uniform(45, 60) if cut.sleeve == Sleeve.SHORT else rng.uniform(58, 76))
    if "sleeves down" in cut.details:
        angle = np.radians(rng.uniform(80, 86))
    bend = np.radians(rng.uniform(0, 9))
    for name, sign in SIDES:
        way = np.array([[np.cos(angle), np.sin(angle)], [np.cos(angle + bend), np.sin(angle + bend)]])
        elbow = np.array(shoulder) + way[0] * reach / 2
        outer = elbow + way[1] * reach / 2
        across = np.array([-way[1][1], way[1][0]])
        inner = outer + across * cut.cuff * (1.5 if cut.sleeve == Sleeve.SHORT else 1.0)
        inside_elbow = elbow + across * cut.cuff * 1.35 * cut.wide
        top = curve([shoulder, tuple(elbow), tuple(outer)])
        under = curve([tuple(inner), tuple(inside_elbow), armpit] if reach > 30 else [tuple(inner), armpit])
        deep = np.array([[armpit[0] * 0.7, armpit[1]], [shoulder[0] * 0.8, shoulder[1] + 2]])
        drawn.layers.append(("main", mirrored(np.vstack([top, under, deep]), sign)))
        drawn.marks |= {f"cuff_outer_{name}": outer * [sign, 1], f"cuff_inner_{name}": inner * [sign, 1]}
        if "rib" in cut.details:
            band = np.stack([outer, inner, inner - way[1] * 6, outer - way[1] * 6])
            drawn.layers.append(("trim", mirrored(band, sign)))
        elif reach > 30:
            drawn.lines.append((-0.25, mirrored(np.stack([outer, inner]) - way[1] * 3, sign)))


def _lay_fronts(cut: Cut, drawn: Drawn, rng: np.random.Generator, half: FloatArray) -> None:
    """Both front pieces; an open one shows the lining between them."""
    neck = half[0]
    gap_top, gap_low = 0.0, 0.0
    if cut.front == "open":
        gap_top, gap_low = rng.uniform(2.5, 6), rng.uniform(4, 11)
    low = (gap_top, cut.depth)
    pieces: list[FloatArray] = []
    for _, sign in SIDES:
        edge = curve([(gap_low, cut.length + 0.5), ((gap_top + gap_low) / 2, cut.length * 0.6), low])
        if cut.neck in {"v", "lapel"}:
            line = np.array([low, tuple(neck)])
        else:
            line = curve([low, (max(neck[0] * 0.62, gap_top + 1), cut.depth * 0.75), (neck[0] * 0.93, cut.depth * 0.3)])
        pieces.append(mirrored(np.vstack([half, edge, line]), sign))
        if cut.front != "closed":
            drawn.layers.append(("main", pieces[-1]))
            drawn.lines.append((-0.3, mirrored(edge, sign)))
    if cut.front == "closed":  # cut in one piece
        drawn.layers.append(("main", np.vstack([pieces[0], pieces[1][::-1]])))
    drawn.marks["neck_front"] = np.array([0.0, cut.depth])
    for sign in (1, -1):
        drawn.lines.append((-0.16, mirrored(half[1:9] * [0.99, 1], sign)))


def _lay_neck(cut: Cut, drawn: Drawn, rng: np.random.Generator, neck: tuple[float, float]) -> None:
    """Collars, lapels, ribs and drawstrings."""
    for _, sign in SIDES:
        if cut.neck == "collar":
            stand = [(neck[0] * 0.2, 1.5), (neck[0] * 0.95, -2.6), (neck[0] * 1.25, 1.2)]
            flap = [*stand, (rng.uniform(8, 11), rng.uniform(7, 10)), (1.2, max(2.5, cut.depth))]
            drawn.layers.append(("main", mirrored(np.array(flap), sign)))
        elif cut.neck == "lapel":
            fall = np.array([(1.0, 0.3), (neck[0] * 0.9, -2.2), (13, 3), (13.5, 11), (9, 12), (6, 7)])
            drawn.layers.append(("main", mirrored(fall, sign)))
            notch = np.array([(6, 7), (9.5, 12), (15, 12.5), (12, 20), (1.5, cut.depth + 1), (2.5, cut.depth - 8)])
            drawn.layers.append(("main", mirrored(notch, sign)))
        elif cut.neck == "high":
            tall = np.array([(0, 3), (0, -6), (neck[0] * 0.92, -6.5), (neck[0] * 1.02, 0.5), (neck[0] * 0.6, 2.6)])
            drawn.layers.append(("main", mirrored(tall, sign)))
        elif cut.neck in {"crew", "v"}:
            drawn.lines.append((-0.2, mirrored(np.array([(0, cut.depth + 2), (neck[0] * 1.1, 2)]), sign)))
        elif cut.neck == "hood":
            drawn.lines.append(
                (0.5, mirrored(curve([(2, cut.depth), (2.6, cut.depth + 9), (2, cut.depth + 18)]), sign))
            )


def _lay_details(cut: Cut, drawn: Drawn, rng: np.random.Generator) -> None:
    low, end = cut.depth + 1.0, cut.length - 1.0
    if cut.front == "zip":
        drawn.layers.append(("metal", np.array([(-0.4, low), (0.4, low), (0.4, end), (-0.4, end)])))
    if cut.front in {"buttons", "double"}:
        columns = (0.6,) if cut.front == "buttons" else (-6.0, 6.0)
        # a coat's buttons measure 2 cm and more, a shirt's 1.2 cm, and it has more of them
        count, radius, end_share = (5, 1.05, 0.75) if cut.category == Category.OUTERWEAR else (8, 0.6, 0.9)
        drawn.lines.append(
            (-0.3, np.array([(2.2 if len(columns) == 1 else 9, low), (2.2 if len(columns) == 1 else 9, end)]))
        )
        for x in columns:
            for y in np.linspace(low + 3, cut.length * end_share, count):
                turn = np.linspace(0, 2 * np.pi, 14)[:, None]
                drawn.layers.append(("trim", np.array([x, y]) + radius * np.hstack([np.cos(turn), np.sin(turn)])))
    _lay_pockets(cut, drawn)
    if "kangaroo" in cut.details:
        pocket = [(-9, end - 22), (9, end - 22), (15, end - 8), (15, end - 5), (-15, end - 5), (-15, end - 8)]
        drawn.lines.append((-0.3, np.array([*pocket, pocket[0]])))
    if "quilted" in cut.details:
        for y in np.arange(10, cut.length - 3, rng.uniform(6, 9)):
            drawn.lines.append((-0.35, np.array([(-cut.chest * 0.98, y), (cut.chest * 0.98, y)])))
    if "rib" in cut.details:
        band, low_end = cut.chest * cut.hem, 7.0 if cut.front == "open" else 0.0
        rib = np.array([(band, cut.length), (low_end, cut.length), (low_end, cut.length - 6), (band, cut.length - 6)])
        drawn.layers += [("trim", mirrored(rib, sign)) for _, sign in SIDES]
    if "belt" in cut.details:
        wide = cut.chest * cut.waist
        drawn.layers.append(("main", np.array([(-wide, 41), (wide, 41), (wide, 45), (-wide, 45)])))


def _lay_pockets(cut: Cut, drawn: Drawn) -> None:
    for sign in (1, -1):
        x, y = cut.chest * 0.55, min(cut.length * 0.66, 56.0)
        if "patch pockets" in cut.details:
            patch = np.array([(x - 7, y), (x + 7, y), (x + 6.5, y + 15), (x - 6.5, y + 15)])
            drawn.lines.append((-0.28, mirrored(np.vstack([patch, patch[:1]]), sign)))
        if "welt pockets" in cut.details:
            drawn.lines.append((-0.35, mirrored(np.array([(x - 6, y + 1), (x + 6, y - 1)]), sign)))
        if "chest pockets" in cut.details:
            flap = np.array([(5, 24), (16, 24), (16, 28), (10.5, 30), (5, 28)])
            drawn.lines.append((-0.3, mirrored(np.vstack([flap, flap[:1]]), sign)))


def draw_lower(
    category: Category, rng: np.random.Generator, length: float, flare: float, pleats: bool = False
) -> Drawn:
    """Lay out trousers, shorts or a skirt."""
    drawn = Drawn(category)
    waist, hip, rise = rng.uniform(18, 21), rng.uniform(24, 27), rng.uniform(24, 29)
    band = curve([(waist, 0), (0, 1.2), (-waist, 0)])
    drawn.layers.append(("lining", np.vstack([band - np.array([0, 0.4]), [(-waist, 4), (waist, 4)]])))
    front = curve([(waist, 0.0), (0, 2.4), (-waist, 0.0)])
    for name, sign in SIDES:
        drawn.marks[f"waist_{name}"] = np.array([sign * waist, 0.0])
    if category == Category.SKIRT:
        hem = hip * flare
        side = curve(
            [(waist, 0), (hip if flare < 1.5 else (waist * 0.65 + hem * 0.35), min(20, length / 2)), (hem, length)]
        )
        low = curve([(hem, length), (0, length + 1.5 * flare), (-hem, length)])
        drawn.layers.append(("main", np.vstack([side, low, mirrored(side, -1)[::-1], front[::-1]])))
        for name, sign in SIDES:
            drawn.marks[f"hem_{name}"] = np.array([sign * hem, length])
        if pleats:
            for share in np.linspace(-0.9, 0.9, 13):
                drawn.lines.append((-0.25, np.array([(share * waist, 4), (share * hem, length)])))
    else:
        _lay_legs(drawn, rng, waist, hip, rise, length, flare, front)
    drawn.lines.append((-0.3, band + np.array([0, 4.5])))
    return drawn


def _lay_legs(
    drawn: Drawn, rng: np.random.Generator, waist: float, hip: float, rise: float, length: float, flare: float,
    front: FloatArray,
) -> None:  # fmt: skip
    gap = rng.uniform(0.6, 6)
    for name, sign in SIDES:
        inner, outer = (gap / 2, length), (gap / 2 + hip * 0.85 * flare, length - rng.uniform(0, 1))
        side = curve([(waist, 0), (hip, rise * 0.7), ((hip + outer[0]) / 2, (rise + length) / 2), outer])
        leg = np.vstack([side, [inner], curve([inner, (0.8, (rise + length) / 2), (0.0, rise)]), [(0, 1.2)]])
        drawn.layers.append(("main", mirrored(leg, sign)))
        drawn.marks[f"leg_outer_{name}"] = np.array([sign * outer[0], outer[1]])
        drawn.marks[f"leg_inner_{name}"] = np.array([sign * inner[0], inner[1]])
        drawn.lines.append((-0.3, mirrored(np.array([(waist * 0.5, 2.5), (waist * 0.95, 13)]), sign)))
    drawn.layers.append(("main", np.vstack([[(waist, 0)], [(waist, 6), (-waist, 6), (-waist, 0)], front[::-1]])))
    drawn.lines.append((-0.35, np.array([(0, 3), (0, rise)])))
    drawn.marks["crotch"] = np.array([0.0, rise])


def draw_jumpsuit(rng: np.random.Generator, sleeve: Sleeve, short: bool) -> Drawn:
    """Lay out a bodice that goes on into trouser legs."""
    chest = rng.uniform(22, 25)
    neck = "collar" if sleeve == Sleeve.LONG else "v"
    cut = Cut(Category.JUMPSUIT, sleeve, chest, 44.0, "buttons" if neck == "collar" else "closed", neck,
              depth=3.0 if neck == "collar" else 14.0, waist=0.86, hem=0.84)  # fmt: skip
    drawn = draw_upper(cut, rng)
    waist, hip, crotch = chest * 0.84, chest * 1.12, 42.0 + rng.uniform(26, 31)
    end = crotch + (rng.uniform(10, 18) if short else rng.uniform(64, 74))
    gap = rng.uniform(1, 6)
    for name, sign in SIDES:
        inner, outer = (gap / 2, end), (gap / 2 + hip * rng.uniform(0.85, 1.1), end)
        side = curve([(waist, 43), (hip, 60), outer])
        leg = np.vstack([side, [inner], [(0.0, crotch)], [(0, 43)]])
        drawn.layers.append(("main", mirrored(leg, sign)))
        drawn.marks[f"leg_outer_{name}"] = np.array([sign * outer[0], outer[1]])
        drawn.marks[f"leg_inner_{name}"] = np.array([sign * inner[0], inner[1]])
        drawn.marks.pop(f"hem_{name}")
    drawn.layers.append(("trim", np.array([(-waist, 42), (waist, 42), (waist, 46), (-waist, 46)])))
    drawn.marks["crotch"] = np.array([0.0, crotch])
    return drawn


def _coat(
    front: str, neck: str, details: tuple[str, ...], low: float, high: float, **more: float
) -> Callable[..., Drawn]:
    def draw(rng: np.random.Generator) -> Drawn:
        deep = {"lapel": rng.uniform(28, 38), "v": rng.uniform(20, 28), "hood": 8.0, "high": 0.5}.get(neck, 3.5)
        measures = {"cuff": rng.uniform(12, 15), "hem": rng.uniform(0.98, 1.15), **more}
        cut = Cut(Category.OUTERWEAR, Sleeve.LONG, rng.uniform(25, 29), rng.uniform(low, high), front, neck, deep,
                  details=details, **measures)  # fmt: skip
        return draw_upper(cut, rng)

    return draw


def _top(
    category: Category, sleeve: Sleeve, neck: str, depth: float, length: float, **more: object
) -> Callable[..., Drawn]:
    def draw(rng: np.random.Generator) -> Drawn:
        cut = Cut(
            category, sleeve, rng.uniform(22, 26), length * rng.uniform(0.95, 1.05), neck=neck, depth=depth, **more
        )  # type: ignore[arg-type]
        return draw_upper(cut, rng)

    return draw


KINDS: dict[str, Callable[[np.random.Generator], Drawn]] = {
    "tee": _top(Category.TOP, Sleeve.SHORT, "crew", 8.0, 68),
    "sweater": _top(Category.TOP, Sleeve.LONG, "crew", 7.0, 64, details=("rib",), hem=0.95),
    "shirt": _top(Category.TOP, Sleeve.LONG, "collar", 4.0, 74, front="buttons", details=("chest pockets",)),
    "pullover hoodie": _top(Category.TOP, Sleeve.LONG, "hood", 7.0, 67, details=("rib", "kangaroo"), hem=0.95),
    "sleeveless top": _top(Category.TOP, Sleeve.NONE, "crew", 9.0, 62, shoulder=0.72),
    "shirt dress": _top(Category.DRESS, Sleeve.LONG, "collar", 4.0, 105, front="buttons", waist=0.85, hem=1.4),
    "summer dress": _top(Category.DRESS, Sleeve.NONE, "v", 14.0, 100, waist=0.8, hem=1.7, shoulder=0.7),
    "zip hoodie": _coat("zip", "hood", ("rib", "welt pockets"), 64, 70, hem=0.95, cuff=10),
    "denim jacket": _coat("buttons", "collar", ("chest pockets", "rib"), 56, 64, hem=0.92, cuff=11),
    "puffer": _coat("zip", "high", ("quilted", "welt pockets"), 62, 74, wide=1.15),
    "blazer": _coat("buttons", "lapel", ("patch pockets",), 68, 76, waist=0.93),
    "double-breasted coat": _coat("double", "lapel", ("welt pockets",), 88, 112, hem=1.15),
    "belted trench": _coat("double", "lapel", ("welt pockets", "belt"), 95, 112, waist=0.9, hem=1.2),
    "open coat": _coat("open", "lapel", ("patch pockets",), 85, 110, hem=1.15),
    "open blazer": _coat("open", "lapel", ("welt pockets",), 66, 76),
    "open cardigan": _coat("open", "v", ("rib", "patch pockets"), 60, 78, cuff=10),
    "open zip hoodie": _coat("open", "hood", ("rib", "welt pockets"), 62, 70, hem=0.95, cuff=10),
    "padded vest": lambda rng: draw_upper(
        Cut(Category.OUTERWEAR, Sleeve.NONE, rng.uniform(24, 27), rng.uniform(60, 68), "zip", "high", 0.5,
            details=("quilted", "welt pockets")), rng),
    "pencil skirt": lambda rng: draw_lower(Category.SKIRT, rng, rng.uniform(50, 66), rng.uniform(0.9, 1.05)),
    "a-line skirt": lambda rng: draw_lower(Category.SKIRT, rng, rng.uniform(42, 68), rng.uniform(1.3, 1.7)),
    "pleated skirt": lambda rng: draw_lower(Category.SKIRT, rng, rng.uniform(55, 80), rng.uniform(1.6, 2.2), True),
    "shorts": lambda rng: draw_lower(Category.SHORTS, rng, rng.uniform(38, 56), rng.uniform(1.0, 1.15)),
    "trousers": lambda rng: draw_lower(Category.TROUSERS, rng, rng.uniform(98, 108), rng.uniform(0.7, 1.1)),
    "jumpsuit": lambda rng: draw_jumpsuit(rng, Sleeve.NONE if rng.random() < 0.5 else Sleeve.LONG, False),
    "playsuit": lambda rng: draw_jumpsuit(rng, Sleeve.SHORT if rng.random() < 0.5 else Sleeve.NONE, True),
}  # fmt: skip
