"""Maps from trousers and shorts to their photo: one for each leg, from its waist to its hem."""

from __future__ import annotations

from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block, Edges
from vmodel.garment.imaging.contour import SIDES, outline_across
from vmodel.garment.imaging.warp import Pairs, Places, Prints, solve_warp
from vmodel.garment.pattern.details.front_edge import WAIST_SHARES, waist_spot
from vmodel.types import BoolArray, FloatArray, GarmentPhoto

_SIDE_SHARES: Final = (0.12, 0.25, 0.4, 0.55, 0.7, 0.85)
"""Shares of the height from the waist to the hem at which the side is fitted."""
_INNER_SHARES: Final = (0.3, 0.5, 0.75)
"""Shares of the height from the crotch to the hem. Above, the fork lies folded away between the legs."""
_HEM_SHARES: Final = (0.25, 0.5, 0.75)
_HEM_REACH: Final = 0.25
"""How far a leg's end may bulge or be hollow, as a share of its width."""
_FORK_SHARES: Final = (0.0, 0.3, 0.45)
_CLEAR_CM: Final = 2.5
"""Places along the inseam, and distance from the middle, where the fork takes mirrored cloth from beside it: in the
photo the legs' seams lie there, or the ground between them."""
_MIDDLE_SHARES: Final = (0.0, 0.35, 0.7, 1.0)
_LEAST_RISE: Final = 0.6
"""Least depth of the crotch, as a share of the way from the waist to where the legs part in a photo."""


def legs_map(photo: GarmentPhoto, block: Block, side: str, printed: Prints | None) -> tuple[Places, float]:
    """Map both legs.

    Args:
        photo: of the garment's side, upright, its landmarks with the wearer's sides.
        block: fitted to it, in pieces.
        side: "front" or "back".
        printed: see ``solve_warp``.
    Returns:
        The map from the pieces' own places, and how far a print is stretched at most.
    """
    crotch_px = _crotch(photo, block)
    legs = {}
    for which in SIDES:
        edges = next(piece.edges for piece in block.pieces if piece.name == f"{side} {which}")
        pairs = _leg_pairs(photo, edges, which, float(block.landmarks_cm["crotch"][1]), crotch_px)
        legs[which] = solve_warp(np.concatenate(list(edges.values())), pairs, printed)

    crotch_y = float(block.landmarks_cm["crotch"][1])
    bottom = float(block.landmarks_cm["leg_outer_left"][1])
    heights = [crotch_y + share * (bottom - crotch_y) for share in _FORK_SHARES]

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        clear = _CLEAR_CM * np.interp(y, [*heights[::-1], crotch_y + _CLEAR_CM], [0.0, 1.0, 1.0, 0.0])
        beside = np.maximum(2 * clear - np.abs(x), np.abs(x))
        x = np.where(x < 0, -beside, beside)
        return np.where((x >= 0)[..., None], legs["left"].at(x, y), legs["right"].at(x, y))

    return at, max(leg.stretch for leg in legs.values())


def behind_front(block: Block, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the places of the front that show the back's cloth at given places: the waist lies higher behind."""
    rise = max(float(line[:, 1].max()) for name, line in block.back.items() if name == "waist")
    crotch = float(block.landmarks_cm["crotch"][1])
    return x, np.where(y > crotch, crotch + (y - crotch) * (0 - crotch) / (rise - crotch), y)


def _crotch(photo: GarmentPhoto, block: Block) -> FloatArray:
    """Return the (2,) pixels where the seams meet, above where the legs part: the legs lie side by side below it."""
    marks, points = block.landmarks_cm, photo.points
    waist, parting, hem = photo.middle("waist"), points["crotch"], photo.middle("leg_inner")
    in_block = marks["crotch"][1] / np.mean([marks[f"leg_inner_{which}"][1] for which in SIDES])
    in_photo = (parting[1] - waist[1]) / max(hem[1] - waist[1], 1.0)
    share = float(np.clip(in_block / max(in_photo, 1e-3), _LEAST_RISE, 1.0))
    top = points.get("waist_front", waist)
    return np.asarray((1 - share) * top + share * parting)


def _leg_pairs(photo: GarmentPhoto, edges: Edges, which: str, crotch_y: float, crotch_px: FloatArray) -> Pairs:
    points = photo.points
    parting, outer, inner, corner = (
        points[name] for name in ("crotch", f"leg_outer_{which}", f"leg_inner_{which}", f"waist_{which}")
    )
    side_line, inseam = edges[f"side_{which}"], edges[f"inseam_{which}"]
    top = max(edges[f"middle_{which}"], key=lambda spot: float(spot[1]))
    bottom = float(side_line[:, 1].min())
    pairs: Pairs = [
        (max(side_line, key=lambda spot: float(spot[1])), corner, 1.0),
        (_at_height(side_line, bottom), outer, 1.0),
        (_at_height(inseam, bottom), inner, 1.0),
    ]
    waist_px = points.get("waist_front", photo.middle("waist"))
    for share in _MIDDLE_SHARES:
        pairs.append(((1 - share) * top + share * np.array([0.0, crotch_y]),
                      (1 - share) * waist_px + share * crotch_px, 1.0))  # fmt: skip
    for share in WAIST_SHARES:
        pairs.append(((1 - share) * top + share * pairs[0][0], waist_spot(photo, which, share), 0.8))
    centre = (corner + parting + outer + inner) / 4
    for share in _SIDE_SHARES:
        y = share * bottom
        rows = np.interp(y, [bottom, crotch_y, 0.0], [outer[1], crotch_px[1], corner[1]])
        along = float(np.clip((rows - corner[1]) / max(outer[1] - corner[1], 1.0), 0.02, 0.98))
        pairs.append((_at_height(side_line, y), outline_across(photo.mask, corner, outer, along, centre), 0.8))
    hem = _at_height(side_line, bottom), _at_height(inseam, bottom)
    for share in _HEM_SHARES:
        spot = outline_across(photo.mask, outer, inner, share, centre, _HEM_REACH)
        pairs.append(((1 - share) * hem[0] + share * hem[1], spot, 0.6))
    for share in _INNER_SHARES:
        place = _at_height(inseam, (1 - share) * crotch_y + share * bottom)
        pairs.append((place, _inner(photo.mask, share, crotch_px, parting, inner, centre), 0.7))
    return pairs


def _inner(
    mask: BoolArray, share: float, crotch: FloatArray, parting: FloatArray, end: FloatArray, centre: FloatArray
) -> FloatArray:
    """Return (2,) pixels on a leg's inside at a share of its height, in the middle as far as the legs lie together."""
    row = (1 - share) * crotch[1] + share * end[1]
    if row <= parting[1]:
        along = (row - crotch[1]) / max(parting[1] - crotch[1], 1.0)
        return np.asarray((1 - along) * crotch + along * parting)
    along = float(np.clip((row - parting[1]) / max(end[1] - parting[1], 1.0), 0.0, 1.0))
    return outline_across(mask, parting, end, along, centre)


def _at_height(line: FloatArray, y: float) -> FloatArray:
    """Return the (2,) cm at which a line that runs up or down has a height."""
    order = np.argsort(line[:, 1], kind="stable")
    return np.array([np.interp(y, line[order, 1], line[order, 0]), y])
