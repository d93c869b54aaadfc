"""Maps from a fitted block to its photo: trunk, sleeves and skirts, joined at their seams."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block, Edges
from vmodel.garment.imaging.contour import (
    HEM_SHARES,
    SIDES,
    gap_row,
    hem_spots,
    outline_across,
    outline_beside,
    side_spots,
    trunk_of,
)
from vmodel.garment.imaging.warp import Pairs, Places, solve_warp
from vmodel.garment.pattern.cut.cap_sleeves import cap_pairs, has_caps
from vmodel.garment.pattern.cut.upper import SLEEVED
from vmodel.garment.pattern.details.bare_shoulders import bare_side, with_bands
from vmodel.garment.pattern.maps.ends import to_end, to_neck
from vmodel.garment.pattern.maps.prints import printed_places
from vmodel.garment.pattern.maps.sleeve_cloth import cut_from_trunk
from vmodel.garment.pattern.maps.sleeves import joined, sleeve_maps
from vmodel.garment.pattern.maps.swim import above, brief_pairs, leg_line_pairs, top_pairs
from vmodel.types import BoolArray, Category, FloatArray, GarmentPhoto, Neckline

_EDGE_SHARES: Final = (0.25, 0.5, 0.75)
_NECK_SHARES: Final = (0.15, 0.25, 0.38, 0.62, 0.75, 0.85)
_FOLD_SHARES: Final = (0.0, 0.1, *_NECK_SHARES, 0.9, 1.0)
"""Shares of a collar's fold line, below which the neck points lie."""
_UP: Final = np.array([0.0, 1.0])
_OPENING_SHARES: Final = np.linspace(0, 1, 9)


@dataclass(frozen=True, eq=False)
class Source:
    """Photo with the separate marks on its cloth.

    Attributes:
        marks: (H, W) bool, prints, buttons and plackets; None where the print is all-over.
        printed: the same without what is sewn; the maps keep its shapes.
    """

    photo: GarmentPhoto
    marks: BoolArray | None
    printed: BoolArray | None


def upper_maps(source: Source, block: Block, side: str, closed: bool = False) -> tuple[Places, float]:
    """Map trunk and sleeves.

    Args:
        source: a photo of the garment's side, its landmarks with the wearer's sides.
        block: fitted to it.
        side: "front" or "back".
        closed: an open front's edges meet in the middle, whatever the block is.
    Returns:
        The map, and how far a print is stretched at most.
    """
    photo, marks = source.photo, block.landmarks_cm
    gap = gap_row(photo.mask) if block.kind.category == Category.SWIMWEAR else None
    outline = _trunk(_edges(block, side))
    if side == "front" and photo.opening is not None:
        places, stretch = _halves(source, block, photo.opening, closed)
    elif gap is not None:
        printed = printed_places(photo, source.printed, block, side)
        top = solve_warp(outline, top_pairs(photo, block, side, gap), printed)
        brief = solve_warp(outline, brief_pairs(photo, block, side, gap))
        places, stretch = above(top.at, brief.at, block), top.stretch
    else:
        printed = printed_places(photo, source.printed, block, side)
        body = solve_warp(outline, _body_pairs(photo, block, side), printed)
        places, stretch = body.at, body.stretch
    if not (block.kind.category.has_legs or photo.is_drawn):
        places = to_end(places, trunk_of(photo), _edges(block, side)["hem"], _UP)
    if side == "front" and photo.neck_edge is not None and photo.collar is None and photo.opening is None:
        places = to_neck(places, block.front["neck"], photo.neck_edge)
    if block.kind.sleeve in SLEEVED or block.kind.neckline == Neckline.OFF_SHOULDER:
        photo = with_bands(photo)
        arms = tuple(arm for arm in SIDES if f"cuff_{arm}" in block.front)
        sleeves = sleeve_maps(photo, block, arms)
        recut = cut_from_trunk(photo, block, places, sleeves)
        for arm in arms:
            seam = (marks[f"{name}_{arm}"] for name in ("shoulder", "armpit", "cuff_outer"))
            places = joined(places, recut.get(arm, sleeves[arm]), *seam, adjacent=arm not in recut)
    return places, stretch


def _halves(source: Source, block: Block, opening: FloatArray, closed: bool) -> tuple[Places, float]:
    """Map the trunk of a front with two edges: each half by itself, up to its own edge."""
    printed, hem = printed_places(source.photo, source.printed, block, "front"), block.front["hem"]
    middle = np.array([block.landmarks_cm["neck_front"], hem[len(hem) // 2]])
    halves = {}
    for side, edge_px in zip(SIDES, opening, strict=True):
        piece = next((each.edges for each in block.pieces if each.name == f"front_{side}" and not closed), None)
        edge = middle if piece is None else piece[f"front_opening_{side}"]
        edge = edge[np.argsort(-edge[:, 1])]
        pairs = _side_pairs(source.photo, block, side) + _half_hem_pairs(source.photo, hem, side, edge[-1], edge_px[-1])
        pairs += [(_at_share(edge, share), _at_share(edge_px, share), 1.0) for share in _OPENING_SHARES]
        pairs += _fold_pairs(source.photo, block, side)
        halves[side] = solve_warp(np.array([place for place, _, _ in pairs]), pairs, printed)

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.where((x >= 0)[..., None], halves["left"].at(x, y), halves["right"].at(x, y))

    return at, max(half.stretch for half in halves.values())


def _half_hem_pairs(photo: GarmentPhoto, hem: FloatArray, side: str, foot: FloatArray, foot_px: FloatArray) -> Pairs:
    """Pair the hem of one half with the photo, from the end of its edge, in cm and in pixels, to its corner."""
    spots = hem_spots(photo)
    if side == "right":
        hem, spots = hem[::-1], spots[::-1]
    way = spots[-1] - spots[0]
    start = foot[0] / hem[-1, 0]
    start_px = float(np.clip(2 * ((foot_px - spots[0]) @ way) / (way @ way) - 1, -0.8, 0.8))
    pairs: Pairs = []
    for share in HEM_SHARES[HEM_SHARES > 0]:
        in_block, in_photo = (begin + share * (1 - begin) for begin in (start, start_px))
        pairs.append((_at_share(hem, (1 + in_block) / 2), _at_share(spots, (1 + in_photo) / 2), 0.8))
    return pairs


def _fold_pairs(photo: GarmentPhoto, block: Block, side: str) -> Pairs:
    """Pair the line along which half of an open front's collar folds over with the photo, down to near its end."""
    if photo.collar is None or photo.neck_edge is None:
        return []
    shares = [share if side == "left" else 1 - share for share in _FOLD_SHARES if share < 0.5]
    return [(_at_share(block.front["neck"], share), _at_share(photo.neck_edge, share), 3.0) for share in shares]


def _at_share(line: FloatArray, share: float) -> FloatArray:
    """Return the (2,) place on a line of evenly spread points, at a share of their number."""
    at = share * (len(line) - 1)
    return np.array([np.interp(at, np.arange(len(line)), line[:, axis]) for axis in (0, 1)])


def _edges(block: Block, side: str) -> Edges:
    return block.back if side == "back" else block.front


def _trunk(edges: Edges) -> FloatArray:
    """Return the (n, 2) points of a side without its sleeves."""
    kept = [line for name, line in edges.items() if not name.startswith(("sleeve", "cuff"))]
    return np.concatenate(kept)


def _body_pairs(photo: GarmentPhoto, block: Block, which: str) -> Pairs:
    marks, points = block.landmarks_cm, photo.points
    pairs = [pair for side in SIDES for pair in _side_pairs(photo, block, side)]
    lowest = f"neck_{which}"
    if lowest in points and block.kind.neckline != Neckline.STRAPLESS:
        pairs.append((marks[lowest], points[lowest], 1.0))
    if photo.neck_edge is not None and which == "front":
        neck = block.front["neck"]
        shares, weight = (_NECK_SHARES, 0.8) if photo.collar is None else (_FOLD_SHARES, 3.0)
        pairs += [(_at_share(neck, share), _at_share(photo.neck_edge, share), weight) for share in shares]
    if block.kind.category.has_legs:
        pairs.append((marks["crotch"], points["crotch"], 1.0))
        pairs += [(marks[f"leg_inner_{side}"], points[f"leg_inner_{side}"], 1.0) for side in SIDES]
        if block.kind.category == Category.SWIMWEAR:
            pairs += leg_line_pairs(photo, block, which)
    else:
        hem = _edges(block, which)["hem"]
        for share, spot in zip(HEM_SHARES, hem_spots(photo), strict=True):
            place = round((share + 1) / 2 * (len(hem) - 1))
            pairs.append((hem[place], spot, 0.8))
        pairs += _above_band(photo, block, hem)
    return pairs


def _above_band(photo: GarmentPhoto, block: Block, hem: FloatArray) -> Pairs:
    """Pair the line along which a hem's band is sewn on with the photo, so that the band is as high as there."""
    if "hem" not in block.bands:
        return []
    up_cm, up_px = block.bands["hem"].height_cm, 2 * photo.half("armpit") * photo.bands["hem"]
    spots, trunk = hem_spots(photo) - np.array([0.0, up_px]), trunk_of(photo)
    ends = [outline_beside(trunk, spot, 0.5 * up_px, sign) for spot, sign in ((spots[0], -1.0), (spots[-1], 1.0))]
    return [
        (
            _at_share(hem, (share + 1) / 2) + np.array([0.0, up_cm]),
            np.array([np.interp(share, (-1, 1), ends), spot[1]]),
            0.8,
        )
        for share, spot in zip(HEM_SHARES, spots, strict=True)
    ]


def _side_pairs(photo: GarmentPhoto, block: Block, side: str) -> Pairs:
    """Pair neck point, shoulder, armhole and side seam of one side of the trunk with the photo."""
    marks, points = block.landmarks_cm, photo.points
    is_bare = block.kind.neckline == Neckline.STRAPLESS or bare_side(photo) == side
    folds = photo.collar is not None and photo.neck_edge is not None
    stems = ("armpit",) if is_bare else ("shoulder", "armpit") if folds else ("neck", "shoulder", "armpit")
    pairs: Pairs = [(marks[f"{stem}_{side}"], points[f"{stem}_{side}"], 1.0) for stem in stems]
    caps = has_caps(photo)
    pairs += cap_pairs(photo, block, side) if caps else []
    for share in () if is_bare or caps else (1 / 3, 2 / 3):  # trunk and sleeve meet on one line in block and photo
        ends = f"shoulder_{side}", f"armpit_{side}", share
        pairs.append((_between(marks, *ends), _between(points, *ends), 0.6))
    for share, spots in side_spots(photo).items():
        pairs.append((_along_side(block.front[f"side_{side}"], share), spots[SIDES.index(side)], 1.0))
    return pairs


def _along_side(line: FloatArray, share: float) -> FloatArray:
    """Return the (2,) place on a side, at a share of the height from its upper to its lower end."""
    high, low = float(line[:, 1].max()), float(line[:, 1].min())
    y = high + share * (low - high)
    order = np.argsort(line[:, 1])
    return np.array([np.interp(y, line[order, 1], line[order, 0]), y])


def _between(places: object, first: str, second: str, share: float) -> FloatArray:
    a, b = places[first], places[second]  # type: ignore[index]
    return np.asarray((1 - share) * a + share * b)


def skirt_map(source: Source, block: Block, which: str) -> tuple[Places, float]:
    """Map a skirt; see ``upper_maps``."""
    photo = source.photo
    marks, points = block.landmarks_cm, photo.points
    pairs: Pairs = [(marks[f"waist_{side}"], points[f"waist_{side}"], 1.0) for side in SIDES]
    pairs.append((np.zeros(2), points.get("waist_front", photo.middle("waist")), 1.0))
    reach = 0.6 * photo.half("waist")
    for side in SIDES:
        start, end = points[f"waist_{side}"], points[f"hem_{side}"]
        pairs.append((marks[f"hem_{side}"], end, 1.0))
        for share in _EDGE_SHARES:
            spot = outline_across(photo.mask, start, end, share, photo.middle("waist"))
            if np.linalg.norm(spot - ((1 - share) * start + share * end)) < reach:
                pairs.append((_along_side(block.front[f"side_{side}"], share), spot, 0.8))
    hem = _edges(block, which)["hem"]
    for share, spot in zip(HEM_SHARES, hem_spots(photo), strict=True):
        pairs.append((hem[round((share + 1) / 2 * (len(hem) - 1))], spot, 0.8))
    warp = solve_warp(_trunk(block.front), pairs, printed_places(photo, source.printed, block, which))
    return warp.at if photo.is_drawn else to_end(warp.at, photo.mask, hem, _UP), warp.stretch
