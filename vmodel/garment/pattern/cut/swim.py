"""Cut of swimwear: widths are the wearer's; leg lines and bare midriff are the photo's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import OPENINGS, Block, Edges, Piece, edge_of, mirrored_edges
from vmodel.garment.imaging.contour import SIDES, gap_row, outline_across
from vmodel.garment.pattern.cut.sizes import Size
from vmodel.garment.pattern.cut.upper_sizes import BriefCut
from vmodel.types import BodyMeasurements, FloatArray, GarmentKind, GarmentPhoto, Neckline, Seam, Sleeve

SNUG: Final = 0.94
"""Girth of the cloth over the body's."""
SWIM_STRINGS: Final = {Neckline.V: 0.5, Neckline.SCOOP: 0.35, Neckline.CREW: 0.35}
"""How far down the neck straps go before the front begins, as a share of its depth."""
SWIM_ARMHOLE: Final = 4.0
"""Exponent of the armhole's curve beside straps: it covers the chest's sides."""
_LEG_LINE: Final = (0.26, 0.72)
"""Height of the sides' lower end over the crotch, as a share of the way from there to the waist."""
_GUSSET_CM: Final = (2.8, 3.8)
"""Half width of the crotch seam."""
_BOW: Final = (0.02, 0.2)
"""Bounds of the hollow of a leg line in front, see ``BriefCut.bow``."""
_BOW_BEHIND: Final = -0.1
"""Hollow of a leg line behind, where it covers the seat."""
_ABOVE_CREST: Final = 0.07
"""Least height of the front's upper edge above the middle of the chest, as a share of the chest's girth."""
_TOP_HEM: Final = (0.064, 0.1)
"""Bounds of the end of a two-piece's top below the middle of the chest, as shares of the body's height."""
_RISE: Final = (0.5, 1.0)
"""Waist of a two-piece's brief over its crotch, as a share of the way to the wearer's waist."""
_LEAST_SIDE_CM: Final = 3.5
_LEAST_BARE_CM: Final = 5.0


def swim_sizes(sizes: Iterable[Size], kind: GarmentKind, body: BodyMeasurements) -> Iterable[Size]:
    """Bound the sizes of a garment from the shoulders to those of swimwear: it clings, and covers the chest."""
    to_chest = body.neck_height - body.chest_height
    chest, above = SNUG * body.chest / 4, _ABOVE_CREST * body.chest
    arm = min(0.2 * body.chest, (0.125 if kind.sleeve == Sleeve.NONE else 0.105) * body.height)
    pointed = kind.neckline == Neckline.V and kind.sleeve != Sleeve.STRAP
    bounds = {"chest": (chest, 1.01 * chest)}
    if kind.hangs_from_shoulders:
        bounds["depth"] = arm, max(to_chest - 0.75 * above, arm + 0.1)
        bounds["drop"] = 1.5, to_chest - (0.0 if pointed else above)
    for size in sizes:
        low, high = bounds.get(size.name, (size.low, size.high))
        yield replace(size, low=low, high=high, usual=float(np.clip(size.usual, low, high)))


def swim_top(body: BodyMeasurements) -> float:
    """Return how far the upper edge of strapless swimwear lies below the neck points."""
    return body.neck_height - body.chest_height - _ABOVE_CREST * body.chest


def swim_length(photo: GarmentPhoto, body: BodyMeasurements, below: float) -> Size:
    """Return the length from the upper end to the crotch: the wearer's, and a measure of scale if there is one piece.

    Args:
        photo: upright.
        body: of the wearer.
        below: how far the upper end lies under the neck points, cm.
    """
    usual = body.neck_height - body.inseam - below
    is_one = gap_row(photo.mask) is None
    pixels = float(np.linalg.norm(photo.points["crotch"] - photo.middle("neck"))) if is_one else None
    return Size("length", pixels, 0.08, usual, 0.03, 0.97 * usual, 1.03 * usual)


def fit_brief(
    photo: GarmentPhoto, body: BodyMeasurements, scale: float, armpit_cm: float
) -> tuple[BriefCut, float, tuple[float, float] | None]:
    """Find the lower end of swimwear.

    Args:
        photo: upright.
        body: of the wearer.
        scale: cm per pixel.
        armpit_cm: of the cut, below its neck points.
    Returns:
        The brief; where its sides end, and where it is bare between two pieces, all in cm below the neck points.
    """
    crotch, rise = body.neck_height - body.inseam, body.waist_height - body.inseam
    points = photo.points
    high = _within(scale * float(points["crotch"][1] - photo.middle("leg_outer")[1]), _LEG_LINE, rise)
    gusset = float(np.clip(scale * photo.half("leg_inner"), *_GUSSET_CM))
    brief = BriefCut(crotch, gusset, float(np.clip(_hollow(photo), *_BOW)), _BOW_BEHIND)
    gap = gap_row(photo.mask)
    if gap is None:
        return brief, crotch - high, None
    top_cm = scale * (_lowest_above(photo, gap) - photo.middle("armpit")[1])
    chest = body.neck_height - body.chest_height
    hem = chest + _within(armpit_cm + top_cm - chest, _TOP_HEM, body.height)
    waist_cm = scale * float(points["crotch"][1] - _waist_row(photo, gap))
    waist = max(crotch - _within(waist_cm, _RISE, rise), hem + _LEAST_BARE_CM)
    return brief, max(crotch - high, waist + _LEAST_SIDE_CM), (hem, waist)


def _within(value_cm: float, shares: tuple[float, float], of_cm: float) -> float:
    """Clip the value between two shares of a length."""
    return float(np.clip(value_cm, shares[0] * of_cm, shares[1] * of_cm))


def _hollow(photo: GarmentPhoto) -> float:
    """Return how far the leg lines run inside the straight line between their ends, as a share of it."""
    found = []
    for side in SIDES:
        outer, inner = photo.points[f"leg_outer_{side}"], photo.points[f"leg_inner_{side}"]
        middle = (outer + inner) / 2
        spot = outline_across(photo.mask, outer, inner, 0.5, np.array([photo.points["crotch"][0], outer[1]]))
        way = float(np.linalg.norm(outer - inner))
        sign = 1.0 if abs(spot[0] - photo.points["crotch"][0]) < abs(middle[0] - photo.points["crotch"][0]) else -1.0
        found.append(sign * float(np.linalg.norm(spot - middle)) / max(way, 1.0))
    return float(np.mean(found))


def _lowest_above(photo: GarmentPhoto, gap: float) -> float:
    return float(np.flatnonzero(photo.mask[: int(gap)].any(axis=1)).max()) + 1


def _waist_row(photo: GarmentPhoto, gap: float) -> float:
    """Return the row where the brief begins, in its middle."""
    rows = np.flatnonzero(photo.mask[int(gap) :, round(float(photo.points["crotch"][0]))])
    return float(rows.min(initial=0)) + int(gap)


def in_two(block: Block, bare_cm: tuple[float, float]) -> Block:
    """Cut a one-piece into a top and a brief; what a top has besides front and back stays as it is.

    Args:
        block: from ``draft_upper``.
        bare_cm: where the top ends and where the brief begins, below the neck points.
    """
    hem, waist = (-each for each in bare_cm)
    tops, briefs, others = [], [], []
    for piece in block.cut:
        if "gusset" not in piece.edges:
            others.append(piece)
            continue
        edges = piece.edges
        top, brief = _part(edges["side_left"], hem, above=True), _part(edges["side_left"], waist, above=False)
        ends = float(top[0, 0]), float(brief[-1, 0])
        upper: Edges = {"hem": edge_of((-ends[0], hem), (ends[0], hem)), "side_left": top}
        lower: Edges = {"gusset": edges["gusset"], "leg_left": edges["leg_left"], "side_left": brief}
        lower["waist"] = edge_of((ends[1], waist), (-ends[1], waist), bow=(0.0, -1.0 if piece.side == "front" else 0.0))
        lower |= mirrored_edges({"side_left": brief}) | {"leg_right": edges["leg_right"]}
        kept = {name: line for name, line in edges.items() if not name.startswith(("gusset", "leg", "side"))}
        upper |= {**kept, **mirrored_edges({"side_left": top})}
        tops.append(Piece(f"{piece.name} top", piece.side, upper))
        briefs.append(Piece(f"{piece.name} brief", piece.side, lower))
    pieces = (*tops, *briefs, *others)
    seams = [
        Seam((first.name, name), (second.name, name))
        for first, *behind in ((briefs[0], briefs[1]), (tops[0], tops[1], *others))
        for second in behind
        for name in first.edges
        if name in second.edges and name not in OPENINGS
    ]
    elastic = {**block.elastic, "hem": 0.95, "waist": 0.97}
    return replace(block, pieces=pieces, sewn=tuple(seams), elastic=elastic)


def _part(side: FloatArray, y: float, above: bool) -> FloatArray:
    """Return the (n, 2) part of a side, which runs upwards, that lies above or below a height."""
    order = np.argsort(side[:, 1])
    at = np.array([[np.interp(y, side[order, 1], side[order, 0]), y]])
    return np.concatenate([at, side[side[:, 1] > y]]) if above else np.concatenate([side[side[:, 1] < y], at])
