"""Maps from swimwear to its photo: leg lines, and the two pieces of a two-piece."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block, Edges
from vmodel.garment.imaging.contour import SIDES, outline_across
from vmodel.garment.imaging.warp import Pairs, Places
from vmodel.types import BoolArray, FloatArray, GarmentPhoto, Neckline

_SHARES: Final = (0.25, 0.5, 0.75)
_ACROSS: Final = (-0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9)
"""Shares of a hem's or a waist's half width."""


def leg_line_pairs(photo: GarmentPhoto, block: Block, which: str) -> Pairs:
    """Pair the leg lines of a side with the photo; the back, which covers more, has the same cloth drawn down."""
    pairs: Pairs = []
    middle = np.array([photo.points["crotch"][0], photo.middle("leg_outer")[1]])
    for side in SIDES:
        line = (block.back if which == "back" else block.front)[f"leg_{side}"]
        line = line if side == "left" else line[::-1]
        inner, outer = photo.points[f"leg_inner_{side}"], photo.points[f"leg_outer_{side}"]
        for share in _SHARES:
            spot = outline_across(photo.mask, inner, outer, share, middle)
            pairs.append((line[round(share * (len(line) - 1))], spot, 0.8))
    return pairs


def top_pairs(photo: GarmentPhoto, block: Block, which: str, gap: float) -> Pairs:
    """Pair the upper one of two pieces with the photo.

    Args:
        photo: upright.
        block: from ``in_two``.
        which: "front" or "back".
        gap: row between the pieces.
    """
    marks, points = block.landmarks_cm, photo.points
    stems = ("armpit",) if block.kind.neckline == Neckline.STRAPLESS else ("neck", "shoulder", "armpit")
    pairs: Pairs = [(marks[f"{stem}_{s}"], points[f"{stem}_{s}"], 1.0) for stem in stems for s in SIDES]
    if f"neck_{which}" in points:
        pairs.append((marks[f"neck_{which}"], points[f"neck_{which}"], 1.0))
    piece = photo.mask.copy()
    piece[int(gap) :] = False
    return pairs + _edge_pairs(piece, _edges_with(block, "hem")["hem"], points, "armpit", lowest=True)


def brief_pairs(photo: GarmentPhoto, block: Block, which: str, gap: float) -> Pairs:
    """Pair the lower one of two pieces with the photo; see ``top_pairs``."""
    marks, points = block.landmarks_cm, photo.points
    names = [f"{stem}_{side}" for stem in ("leg_outer", "leg_inner") for side in SIDES]
    pairs: Pairs = [(marks[name], points[name], 1.0) for name in (*names, "crotch")]
    piece = photo.mask.copy()
    piece[: int(gap)] = False
    waist = _edges_with(block, "waist")["waist"][::-1]
    return pairs + leg_line_pairs(photo, block, which) + _edge_pairs(piece, waist, points, "leg_outer", lowest=False)


def above(upper: Places, lower: Places, block: Block) -> Places:
    """Combine one map above the bare midriff of a two-piece and another below it."""
    border = float(_edges_with(block, "hem")["hem"][0, 1] + _edges_with(block, "waist")["waist"][0, 1]) / 2
    return lambda x, y: np.where((y > border)[..., None], upper(x, y), lower(x, y))


def _edges_with(block: Block, name: str) -> Edges:
    return next(piece.edges for piece in block.pieces if name in piece.edges)


def _edge_pairs(piece: BoolArray, line: FloatArray, points: Mapping[str, FloatArray], ends: str, lowest: bool) -> Pairs:
    """Pair the lower or the upper edge of a piece with the photo; the line runs from the right to the left."""
    right, left = (float(points[f"{ends}_{side}"][0]) for side in ("right", "left"))
    pairs: Pairs = []
    for across in _ACROSS:
        column = int(np.clip(right + (left - right) * (across + 1) / 2, 0, piece.shape[1] - 1))
        rows = np.flatnonzero(piece[:, column])
        if len(rows):
            spot = np.array([column + 0.5, rows[-1] + 1 if lowest else rows[0]], np.float64)
            pairs.append((line[round((across + 1) / 2 * (len(line) - 1))], spot, 0.6))
    return pairs
