"""Painting of the neighbouring cloth past the edges of a piece, so that a seam between colours is not jagged.

A picture's pixel on a seam covers a little of both pieces. It is looked up on the sheet of one, with the colours around
it as far as the pixel reaches. Past the seam, these have to be the colours of the other piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from scipy.spatial import cKDTree

from vmodel.garment.sewing.paint import Sheet
from vmodel.garment.sewing.panels import TURN, CutPanel, CutSeam
from vmodel.garment.sewing.pattern import Piece, length_of
from vmodel.types import ByteArray, FloatArray, IntArray

REACH_CM: Final = 0.9
"""Width painted past an edge: half of what a pixel covers in a picture of 512 pixels that shows a whole person, plus a
margin."""
_STEP_CM: Final = 0.05


@dataclass(frozen=True)
class _Border:
    """Points along the edges of one piece.

    Attributes:
        points_cm: (n, 2) on the piece.
        partner: (n,) index of the piece that is sewn there, -1 for none.
        there_cm: (n, 2) the same point on the partner.
        inward: (n, 2) unit vector into the partner.
    """

    points_cm: FloatArray
    partner: IntArray
    there_cm: FloatArray
    inward: FloatArray


def paint_across(
    sheets: Sequence[Sheet],
    pictures: Sequence[ByteArray],
    pieces: Sequence[Piece],
    panels: Sequence[CutPanel],
    seams: Sequence[CutSeam],
) -> tuple[ByteArray, ...]:
    """Paint the cloth of the other piece past every sewn edge of the sheets.

    Args:
        sheets: where the pieces lie.
        pictures: (H, W, 3) uint8 of each sheet, cloth painted past the outlines.
        pieces: of the pattern.
        panels: as cut, those of the back turned over.
        seams: between edges of the panels.
    """
    borders = _borders(pieces, panels, seams)
    sheet_of = {p: n for n, sheet in enumerate(sheets) for p in sheet.shifts_cm}
    done = tuple(picture.copy() for picture in pictures)
    for p, border in borders.items():
        sheet, own = sheets[sheet_of[p]], done[sheet_of[p]]
        rows, columns = _outside(sheet, p, pieces[p])
        affine = sheet.affine(p)
        at_cm = (np.stack([columns + 0.5, rows + 0.5], axis=1) - affine[:, 2]) / np.diag(affine[:, :2])
        away, nearest = cKDTree(border.points_cm).query(at_cm, distance_upper_bound=REACH_CM)
        near = np.flatnonzero(np.isfinite(away))
        partner = border.partner[nearest[near]]
        for q in np.unique(partner[partner >= 0]).tolist():
            chosen = near[partner == q]
            ids = nearest[chosen]
            there = border.there_cm[ids] + border.inward[ids] * away[chosen, None]
            other = sheets[sheet_of[q]].affine(q)
            spots = there @ other[:, :2].T + other[:, 2]
            own[rows[chosen], columns[chosen]] = _seen(pictures[sheet_of[q]], spots)
    return done


def _borders(pieces: Sequence[Piece], panels: Sequence[CutPanel], seams: Sequence[CutSeam]) -> Mapping[int, _Border]:
    """Sample the border of each piece that has a seam."""
    index = {panel.name: panel for panel in panels}
    parts: dict[int, list[tuple[FloatArray, int, FloatArray, FloatArray]]] = {}
    for seam in seams:
        if seam.kind == TURN:
            continue
        (p, first), (q, second) = (_upright(index[name], edge) for name, edge in (seam.first, seam.second))
        count = max(2, int(max(length_of(first), length_of(second)) / _STEP_CM))
        (a, into_a), (b, into_b) = _sampled(first, count), _sampled(second, count)
        parts.setdefault(p, []).append((a, q, b[::-1], into_b[::-1]))
        parts.setdefault(q, []).append((b, p, a[::-1], into_a[::-1]))
    for p, known in parts.items():
        for edge in pieces[p].edges:
            if edge.kind == "open":
                free, into = _sampled(edge.points_cm, max(2, int(edge.length_cm / _STEP_CM)))
                known.append((free, -1, free, into))
    return {
        p: _Border(
            np.concatenate([part[0] for part in known]),
            np.concatenate([np.full(len(part[0]), part[1]) for part in known]),
            np.concatenate([part[2] for part in known]),
            np.concatenate([part[3] for part in known]),
        )
        for p, known in parts.items()
    }


def _upright(panel: CutPanel, edge: str) -> tuple[int, FloatArray]:
    """Return a panel's piece, and an edge in the piece's own coordinates and direction."""
    line = panel.edges[edge]
    return panel.piece, (line * (-1, 1))[::-1] if panel.side == "back" else line


def _sampled(line: FloatArray, count: int) -> tuple[FloatArray, FloatArray]:
    """Sample a line that has its piece on the left: (count, 2) points, and unit vectors into the piece."""
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0.0, along[-1], count)
    points = np.stack([np.interp(wanted, along, line[:, axis]) for axis in (0, 1)], axis=1)
    way = np.gradient(points, axis=0)
    way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 1e-9)
    return points, np.stack([-way[:, 1], way[:, 0]], axis=1)


def _outside(sheet: Sheet, p: int, piece: Piece) -> tuple[IntArray, IntArray]:
    """Find rows and columns of the pixels past a piece's outline, as far as ``REACH_CM``."""
    affine = sheet.affine(p)
    outline = piece.outline_cm @ affine[:, :2].T + affine[:, 2]
    reach = int(np.ceil(REACH_CM * sheet.px_per_cm))
    left, top = np.maximum(np.floor(outline.min(0)).astype(int) - reach, 0)
    right, low = np.minimum(np.ceil(outline.max(0)).astype(int) + reach + 1, sheet.size[::-1])
    inside = np.zeros((low - top, right - left), np.uint8)
    fixed = np.round((outline - (left, top) - 0.5) * 16).astype(np.int32)
    cv2.fillPoly(inside, [fixed], 1, cv2.LINE_8, 4)
    wide = cv2.dilate(inside, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    rows, columns = np.nonzero((wide > 0) & (inside == 0))
    return rows + top, columns + left


def _seen(picture: ByteArray, spots_px: FloatArray) -> ByteArray:
    """Look up (n, 3) colours at points; the points go in rows, because remap's pictures are at most 32767 wide."""
    at = (spots_px - 0.5).astype(np.float32)
    found = [
        cv2.remap(picture, part[:, :1], part[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
        for part in np.array_split(at, len(at) // 30_000 + 1)
    ]
    return np.asarray(np.concatenate(found), np.uint8)
