"""Cloth of a sewing pattern: each piece with its ground, its print along the grain and its seams; the marker check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import cv2
import numpy as np

from vmodel.core.colour import parse_rgb
from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.blocks.print_repeat import PrintRepeat, lay_print
from vmodel.garment.sewing.flat_layout import Lay
from vmodel.garment.sewing.panels import TURN, CutPanel, CutSeam
from vmodel.garment.sewing.pattern import Piece, SewingPattern, run_of
from vmodel.types import ByteArray, FloatArray

LONGEST_SIDE_PX: Final = 2600
FITTING_SIDE_PX: Final = 1200
"""Longest side of the sheets of a fitting: twice what its picture resolves."""
_FINEST_PX_PER_CM: Final = 20.0
_GAP_CM: Final = 3.0
_SEAM_CM: Final = 0.07
_SEAM_SHADE: Final = 0.86
_SAMPLES: Final = 40


@dataclass(frozen=True)
class Sheet:
    """Pieces side by side on one picture, right side up.

    Attributes:
        size: (height, width) in pixels.
        px_per_cm: resolution.
        shifts_cm: piece index -> (2,) from the piece's coordinates to the sheet's, y up, (0, 0) below on the left.
    """

    size: tuple[int, int]
    px_per_cm: float
    shifts_cm: Mapping[int, FloatArray]

    def affine(self, piece: int, turned_over: bool = False) -> FloatArray:
        """Return the (2, 3) affine from a piece, or from a panel that was turned over, to pixels."""
        k, (right, up) = self.px_per_cm, self.shifts_cm[piece]
        return np.array([[-k if turned_over else k, 0.0, right * k], [0.0, -k, self.size[0] - up * k]])


@dataclass(frozen=True)
class PrintPlace:
    """Position of the print on a piece: the piece's points times ``turn`` plus ``shift`` are points of the print."""

    turn: FloatArray
    shift: FloatArray

    def on_print(self, points_cm: FloatArray) -> FloatArray:
        """Map points of the piece to the printed cloth: (n, 2), in cm to the right and up."""
        return np.asarray(points_cm @ self.turn.T + self.shift)


def lay_sheets(
    pieces: Sequence[Piece], groups: Sequence[Sequence[int]], longest_px: int = LONGEST_SIDE_PX
) -> list[Sheet]:
    """Lay out a sheet for each group of pieces, all of one resolution; none is longer than ``longest_px``."""
    packed = [_packed(pieces, group) for group in groups]
    longest = max(float(size.max()) for _, size in packed)
    px_per_cm = min(_FINEST_PX_PER_CM, longest_px / longest)
    sheets = []
    for shifts, size in packed:
        width, height = (int(value) for value in np.ceil(size * px_per_cm))
        sheets.append(Sheet((height, width), px_per_cm, shifts))
    return sheets


def _packed(pieces: Sequence[Piece], group: Sequence[int]) -> tuple[dict[int, FloatArray], FloatArray]:
    """Pack pieces on shelves, the tallest first."""
    boxes = {p: (pieces[p].outline_cm.min(0), pieces[p].outline_cm.max(0)) for p in group}
    wide = max(np.sqrt(sum(float(np.prod(high - low + _GAP_CM)) for low, high in boxes.values())) * 1.2, 20.0)
    wide = max(wide, *(float(high[0] - low[0]) + 2 * _GAP_CM for low, high in boxes.values()))
    x, y, shelf, right = _GAP_CM, _GAP_CM, 0.0, 0.0
    shifts = {}
    for p in sorted(group, key=lambda p: float(boxes[p][0][1] - boxes[p][1][1])):
        low, high = boxes[p]
        if x + float(high[0] - low[0]) + _GAP_CM > wide and x > _GAP_CM:
            x, y, shelf = _GAP_CM, y + shelf + _GAP_CM, 0.0
        shifts[p] = np.array([x - low[0], y - low[1]])
        x += float(high[0] - low[0]) + _GAP_CM
        shelf, right = max(shelf, float(high[1] - low[1])), max(right, x)
    return shifts, np.array([right, y + shelf + _GAP_CM])


def place_prints(pattern: SewingPattern, panels: Sequence[CutPanel], lay: Lay) -> list[PrintPlace]:
    """Place the print along each piece's grain, in line with the finished garment at the middle of the piece."""
    places = []
    for p, piece in enumerate(pattern.pieces):
        grain = np.array(piece.grain)
        turn = np.array([[grain[1], -grain[0]], [grain[0], grain[1]]])
        ks = [k for k, panel in enumerate(panels) if panel.piece == p]
        k = max(ks, key=lambda k: int((lay.panel == k).sum()))
        own = lay.panel == k
        middle, laid = lay.points_cm[own].mean(0), lay.laid_cm[own].mean(0)
        if panels[k].side == "back":
            middle, laid = middle * (-1, 1), laid * (-1, 1)
        places.append(PrintPlace(turn, laid - middle @ turn.T))
    return places


def paint_sheet(
    sheet: Sheet,
    pattern: SewingPattern,
    places: Sequence[PrintPlace],
    print_: PrintRepeat | None,
    ground: str,
    seam_lines: Mapping[int, Sequence[FloatArray]],
) -> ByteArray:
    """Paint the cloth of a sheet's pieces, past their outlines too, so that no border shows at a seam.

    Args:
        sheet: where they lie.
        pattern: for their colours and outlines.
        places: of the print on each piece.
        print_: None for plain cloth.
        ground: "#rrggbb" of pieces that have no colour of their own.
        seam_lines: piece index -> polylines along which it is sewn.
    Returns:
        (H, W, 3) uint8 sRGB.
    """
    picture = np.full((*sheet.size, 3), parse_rgb(ground), np.uint8)
    for p in sheet.shifts_cm:
        piece = pattern.pieces[p]
        whole = Canvas(sheet.size, sheet.px_per_cm, (float(-sheet.shifts_cm[p][0]), float(-sheet.shifts_cm[p][1])))
        where, part = whole.window(piece.outline_cm, _GAP_CM / 2)
        cloth: FloatArray = np.broadcast_to(
            np.array(parse_rgb(piece.colour or ground), np.float32), (*part.size, 3)
        ).copy()
        if print_ is not None:
            x, y = part.grid_cm()
            turn, shift = places[p].turn, places[p].shift
            u, v = (x * turn[n, 0] + y * turn[n, 1] + shift[n] for n in (0, 1))
            ink = lay_print(print_, u.astype(np.float32), v.astype(np.float32), part.px_per_cm)
            cloth = ink[..., :3] + cloth * (1 - ink[..., 3:] / 255)
        picture[where] = _with_seams(cloth, part, seam_lines.get(p, ()))
    return picture


def _with_seams(cloth: FloatArray, part: Canvas, lines: Sequence[FloatArray]) -> ByteArray:
    layer = np.zeros(part.size, np.uint8)
    thick = max(1, round(2 * _SEAM_CM * part.px_per_cm))
    for line in lines:
        fixed = np.round((part.to_pixels(line) - 0.5) * 16).astype(np.int32)
        cv2.polylines(layer, [fixed], False, 255, thick, cv2.LINE_AA, 4)
    shade = 1 - (1 - _SEAM_SHADE) * layer.astype(np.float32)[..., None] / 255
    return np.asarray(np.clip(cloth * shade + 0.5, 0, 255), np.uint8)


def paint_lay(
    lay: Lay, panels: Sequence[CutPanel], side: str, sheets: Sequence[tuple[FloatArray, ByteArray]], canvas: Canvas
) -> tuple[ByteArray, FloatArray]:
    """Paint one side of the garment lying flat, from its pieces.

    Args:
        lay: where the cloth lies.
        panels: as laid.
        side: "front" or "back"; the back is seen through the front, mirrored.
        sheets: for each panel its (2, 3) affine to a picture, and the picture.
        canvas: where the garment lies on the result.
    Returns:
        (H, W, 3) uint8 and (H, W) float32 coverage.
    """
    rgb = np.full((*canvas.size, 3), 255, np.uint8)
    alpha = np.zeros(canvas.size, np.float32)
    mine = np.array([panel.side == side for panel in panels])
    numbers = np.zeros(canvas.size, np.int32)
    own = np.flatnonzero(mine[lay.panel[lay.triangles[:, 0]]])
    spots = canvas.to_pixels(lay.laid_cm)
    for number in own.tolist():
        corners = np.round((spots[lay.triangles[number]] - 0.5) * 16).astype(np.int32)
        cv2.fillConvexPoly(numbers, corners, number + 1, cv2.LINE_8, 4)
    rows, columns = np.nonzero(numbers)
    which = numbers[rows, columns] - 1
    corners = spots[lay.triangles[which]]
    a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    d = np.stack([columns + 0.5, rows + 0.5], axis=1) - corners[:, 0]
    size = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    size = np.where(np.abs(size) < 1e-9, 1e-9, size)
    s = np.clip((d[:, 0] * b[:, 1] - d[:, 1] * b[:, 0]) / size, 0, 1)
    t = np.clip((a[:, 0] * d[:, 1] - a[:, 1] * d[:, 0]) / size, 0, 1)
    cloth = lay.points_cm[lay.triangles[which]]
    points = cloth[:, 0] + s[:, None] * (cloth[:, 1] - cloth[:, 0]) + t[:, None] * (cloth[:, 2] - cloth[:, 0])
    owner = lay.panel[lay.triangles[which, 0]]
    for k, (affine, picture) in enumerate(sheets):
        chosen = np.flatnonzero(owner == k)
        if len(chosen):
            at = (points[chosen] @ affine[:, :2].T + affine[:, 2] - 0.5).astype(np.float32)
            # remap's pictures are at most 32767 wide, so the points go in rows
            got = [
                cv2.remap(picture, part[:, :1], part[:, 1:], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)[:, 0]
                for part in np.array_split(at, len(at) // 30_000 + 1)
            ]
            rgb[rows[chosen], columns[chosen]] = np.concatenate(got)
    alpha[rows, columns] = 1.0
    return rgb, alpha


def check_marker(
    pattern: SewingPattern,
    panels: Sequence[CutPanel],
    seams: Sequence[CutSeam],
    places: Sequence[PrintPlace],
    print_: PrintRepeat | None,
) -> dict[str, Any]:
    """Compute the figures that a cutter checks before the cloth is cut.

    Returns:
        Plain values. For each piece its size across and along the grain, its area, the lean of its grain line against
        the upright of the drawing, colour and material; for each seam its lengths in cm, and how far the print's
        repeats lie beside each other along it (mean and largest, in cm; None without a print).
    """
    pieces = [
        {
            "piece": piece.name,
            "size_cm": _size_cm(piece),
            "area_cm2": round(piece.area_cm2, 1),
            "grain_deg": round(float(np.degrees(np.arctan2(piece.grain[0], piece.grain[1]))) + 0.0, 1),
            "material": piece.material or None,
            "colour": piece.colour or None,
        }
        for piece in pattern.pieces
    ]
    index = {panel.name: k for k, panel in enumerate(panels)}
    listed = []
    for seam in pattern.seams:
        (first, first_cm), (second, second_cm) = (run_of(pattern.pieces, run) for run in (seam.first, seam.second))
        parts = [part for part in seams if part.label == seam.label and part.kind != TURN]
        apart = [
            _apart(panels, index, part, places, print_) for part in parts if print_ is not None and seam.kind != "dart"
        ]
        off = np.concatenate(apart) if apart else np.zeros(0)
        listed.append(
            {
                "seam": seam.label, "kind": seam.kind, "first": first, "first_cm": round(first_cm, 1),
                "second": second, "second_cm": round(second_cm, 1),
                "repeat_apart_cm": round(float(off.mean()), 1) if len(off) else None,
                "repeat_apart_most_cm": round(float(off.max()), 1) if len(off) else None,
            }
        )  # fmt: skip
    return {"pieces": pieces, "seams": listed}


def _size_cm(piece: Piece) -> list[float]:
    """Return the width of a piece across its grain, and its length along it."""
    along = np.array(piece.grain)
    extent = np.ptp(piece.outline_cm @ np.stack([[along[1], -along[0]], along], axis=1), axis=0)
    return [round(float(each), 1) for each in extent]


def _apart(
    panels: Sequence[CutPanel],
    index: Mapping[str, int],
    seam: CutSeam,
    places: Sequence[PrintPlace],
    print_: PrintRepeat | None,
) -> FloatArray:
    """Return the cm (n,) between the points of the repeat that meet along a seam."""
    if print_ is None:
        return np.zeros(0)
    sides = []
    for end, turned in ((seam.first, False), (seam.second, True)):
        panel = panels[index[end[0]]]
        line = panel.edges[end[1]]
        if panel.side == "back":
            line = (line * (-1, 1))[::-1]
        share = np.linspace(0, 1, _SAMPLES)
        along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        points = np.stack([np.interp(share * along[-1], along, line[:, axis]) for axis in (0, 1)], axis=1)
        sides.append(places[panel.piece].on_print(points[::-1] if turned else points))
    turn = np.radians(print_.rotate_deg)
    spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    repeat = np.array(print_.size_cm)
    apart = (sides[1] - sides[0]) @ spin.T
    apart = (apart + repeat / 2) % repeat - repeat / 2
    return np.asarray(np.linalg.norm(apart, axis=1))


def recoloured_pieces(pattern: SewingPattern, colours: Mapping[str, str]) -> SewingPattern:
    """Recolour the pieces of a pattern: "#rrggbb" -> "#rrggbb"."""
    pieces = tuple(replace(piece, colour=colours.get(piece.colour, piece.colour)) for piece in pattern.pieces)
    return replace(pattern, pieces=pieces)
