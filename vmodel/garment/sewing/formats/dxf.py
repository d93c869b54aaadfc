"""Sewing patterns in DXF after AAMA and ASTM D6673: a block for each piece, its lines distinguished by layer.

Neither standard knows seams: texts "seam-side_l", "open-neck" and so on beside an edge name it, as the ids of an SVG
do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from vmodel.core.texts import holds_unstorable
from vmodel.garment.sewing.errors import PieceInvalid, SeveralSizes, SewingUnreadable
from vmodel.garment.sewing.formats.dxf_blocks import MOST_ENTITIES, read_blocks
from vmodel.garment.sewing.pattern import MOST_EDGES, MOST_PIECES, Piece, signed_area, words_in
from vmodel.garment.sewing.pieces import NamedLine, along, make_piece, mirrored_piece, read_name, side_of
from vmodel.garment.vector.curves import thinned
from vmodel.types import FloatArray

_UNIT_CM: Final = {1: 2.54, 4: 0.1, 5: 1.0, 6: 100.0}
_CORNER_DEG: Final = 25.0
_MOST_BOUNDARY: Final = 20_000
_NEAR_CM: Final = 4.0
"""Largest distance of a text from the edge that it names."""
_MEET_SHARE: Final = 0.004
"""Share of the piece's size within which ends of lines are one corner of its outline."""
_MOST_CHAINED: Final = 2_000
_FOLD_CM: Final = 0.3
_METRES: Final = 6
_LARGEST_CM: Final = 400.0
CLOTHS: Final = ("jersey", "cotton", "denim", "silk", "chiffon", "knit", "leather", "coat-wool")
"""Stated materials that are recognised; the standard's field is free text, mostly SELF, LINING or a number."""
_OTHER: Final = {"left": "right", "right": "left"}
_SEW_LINE, _BOUNDARY, _TURN_POINTS, _NOTCHES, _MIRROR, _GRAIN, _INNER = "14", "1", "2", "4", "6", "7", "8"


def read_dxf_pieces(content: bytes, name: str) -> list[Piece]:
    """Read the pieces of a DXF file.

    Args:
        content: the file.
        name: for messages.
    Raises:
        SewingUnreadable: ezdxf refuses it, it has no pieces, or it passes a bound.
        SeveralSizes: its pieces are stated in more than one size.
        PieceInvalid: see ``make_piece``.
    """
    try:
        read = read_blocks(content)
    except MemoryError:
        raise
    except OverflowError:
        raise SewingUnreadable(name, f"it has more than {MOST_ENTITIES} entities") from None
    except Exception:  # ezdxf raises whatever its parser met
        raise SewingUnreadable(name, "it is no DXF") from None
    if holds_unstorable(read):
        raise SewingUnreadable(name, "a text in it holds a NUL or half a character")
    blocks = [block for block in read["blocks"] if _border(block) is not None]
    if not 1 <= len(blocks) <= MOST_PIECES:
        raise SewingUnreadable(
            name, f"it has {len(blocks)} blocks with a closed line on layer 1, of 1 to {MOST_PIECES}"
        )
    sizes = list(dict.fromkeys(size for block in blocks if (size := _stated(block, "SIZE"))))
    if len(sizes) > 1:
        raise SeveralSizes(name, sizes)
    cm = _unit(read, blocks)
    return [piece for block in blocks for piece in _pieces(block, cm)]


def _material(block: Mapping[str, Any]) -> str:
    stated = _stated(block, "MATERIAL").lower()
    return stated if stated in CLOTHS else ""


def _pair_of(block: Mapping[str, Any], title: str, labels: Sequence[str]) -> str:
    """Return the labelled side, "left" or "right", of a piece of which two are cut, one mirrored; or ""."""
    quantity = re.findall(r"\d+", _stated(block, "QUANTITY"))
    sides = {side_of(label) for label in labels} - {""}
    if quantity not in (["2"], ["2", "0"], ["1", "1"]) or len(sides) != 1 or words_in(title) & {"left", "right"}:
        return ""
    return sides.pop()


def _unit(read: Mapping[str, Any], blocks: Sequence[Mapping[str, Any]]) -> float:
    words = " ".join(str(text["text"]) for block in [read, *read["blocks"]] for text in block["texts"]).upper()
    if "UNITS: ENGLISH" in words or "UNITS:ENGLISH" in words:
        return 2.54
    if "UNITS: METRIC" in words or "UNITS:METRIC" in words:
        return 0.1
    cm = _UNIT_CM.get(int(read["units"]), 0.1)
    largest = max(float(np.ptp(np.array(_border(block)), axis=0).max()) for block in blocks)
    # Programs that never ask for a unit write metres; no piece is as large, and the standard's unit is the millimetre.
    return 0.1 if int(read["units"]) == _METRES and largest * cm > _LARGEST_CM else cm


def _border(block: Mapping[str, Any]) -> list[Any] | None:
    """Return the line that is sewn along, or the one that is cut along where there is none."""
    for layer in (_SEW_LINE, _BOUNDARY):
        lines = [line["points"] for line in block["lines"] if line["layer"] == layer and len(line["points"]) > 1]
        loops = [line for line in _chained(lines) if len(line) > 3]
        if loops:
            return max(loops, key=lambda loop: abs(signed_area(np.array(loop, float))))
    return None


def _chained(lines: list[list[Any]]) -> list[list[Any]]:
    """Join lines that begin where another ends; outlines are drawn in one line, or in lines, arcs and splines."""
    if len(lines) < 2 or len(lines) > _MOST_CHAINED:
        return lines
    near = _MEET_SHARE * float(np.ptp(np.array([point for line in lines for point in line], float), axis=0).max())
    ends = np.array([[line[0], line[-1]] for line in lines], float)
    left = [k for k in range(len(lines)) if np.linalg.norm(ends[k, 0] - ends[k, 1]) > near]
    chained = [line for k, line in enumerate(lines) if k not in set(left)]
    while left:
        run = list(lines[left.pop(0)])
        while left and np.linalg.norm(np.subtract(run[0], run[-1])) > near:
            away = np.linalg.norm(ends[left] - np.array(run[-1], float), axis=2)
            place, end = np.unravel_index(int(away.argmin()), away.shape)
            if away[place, end] > near:
                break
            line = lines[left.pop(int(place))]
            run += (line if end == 0 else line[::-1])[1:]
        chained.append(run)
    return chained


def _pieces(block: Mapping[str, Any], cm: float) -> list[Piece]:
    """Make the piece of a block, or the pair that is cut from it."""
    title = _stated(block, "PIECE NAME") or str(block["name"])
    border: FloatArray = np.array(_border(block), float) * cm
    if len(border) > _MOST_BOUNDARY or not np.isfinite(border).all():
        raise PieceInvalid(title, f"has more than {_MOST_BOUNDARY} points", "simplify it")
    border = _loop(border)
    named = [(str(text["text"]).strip(), np.array(text["at"], float) * cm) for text in block["texts"]]
    named = [(text, at) for text, at in named if read_name(text) is not None]
    folds = [np.array(line["points"], float) * cm for line in block["lines"] if line["layer"] == _MIRROR]
    lines = _edges(title, border, _points(block, _TURN_POINTS, cm), named, folds)
    for point in _points(block, _NOTCHES, cm):
        lines.append(NamedLine("notch", np.stack([point, point + 1e-3])))
    for line in block["lines"]:
        points = np.array(line["points"], float) * cm
        if line["layer"] == _GRAIN:
            lines.append(NamedLine("grain", points))
        if line["layer"] == _INNER and _is_turn(points, named):
            lines.append(NamedLine("turn", points))
    material = _material(block)
    own = _pair_of(block, title, [text for text, _ in named])
    if not own:
        return [make_piece(title, lines, "", material)]
    piece = make_piece(f"{title} {own}", lines, "", material)
    return [piece, mirrored_piece(piece, f"{title} {_OTHER[own]}")]


def _loop(border: FloatArray) -> FloatArray:
    """Return the boundary counter-clockwise, each corner once."""
    border = thinned(border, _MOST_BOUNDARY)
    if np.linalg.norm(border[0] - border[-1]) < 0.05:
        border = border[:-1]
    return border if signed_area(border) > 0 else border[::-1]


def _points(block: Mapping[str, Any], layer: str, cm: float) -> list[FloatArray]:
    return [np.array(point["at"], float) * cm for point in block["points"] if point["layer"] == layer]


def _stated(block: Mapping[str, Any], word: str) -> str:
    for text in block["texts"]:
        before, colon, after = str(text["text"]).partition(":")
        if colon and before.strip().upper() == word:
            return after.strip()
    return ""


def _edges(
    title: str,
    border: FloatArray,
    turns: Sequence[FloatArray],
    named: Sequence[tuple[str, FloatArray]],
    folds: Sequence[FloatArray],
) -> list[NamedLine]:
    """Cut the boundary at its turn points, or at its corners if it has none; name every edge by the text beside it.

    An edge along a mirror line is the fold.
    """
    if turns:
        corners = sorted({int(np.linalg.norm(border - point, axis=1).argmin()) for point in turns})
    else:
        before, after = border - np.roll(border, 1, axis=0), np.roll(border, -1, axis=0) - border
        bend = np.arctan2(before[:, 0] * after[:, 1] - before[:, 1] * after[:, 0], (before * after).sum(axis=1))
        corners = np.flatnonzero(np.abs(np.degrees(bend)) > _CORNER_DEG).tolist()
    if len(corners) < 2:
        raise PieceInvalid(title, "has no turn points", "put points on layer 2 where its edges meet")
    if len(corners) > MOST_EDGES:
        raise PieceInvalid(title, f"has more than {MOST_EDGES} edges", "simplify it")
    runs = []
    for first, last in zip(corners, [*corners[1:], corners[0] + len(border)], strict=True):
        runs.append(np.take(border, range(first, last + 1), axis=0, mode="wrap"))
    names: dict[int, str] = {}
    for text, at in named:
        if read_name(text) and read_name(text)[0] in {"grain", "turn", "notch", "cloth"}:  # type: ignore[index]
            continue
        away = [_from_middle(run, at) for run in runs]
        nearest = int(np.argmin(away))
        if away[nearest] > _NEAR_CM:
            continue
        if nearest in names:
            raise PieceInvalid(title, f"has two names at one edge: {names[nearest]} and {text}", "move one of them")
        names[nearest] = text
    for k, run in enumerate(runs):
        if k not in names and any(max(along(fold, point)[1] for point in run) < _FOLD_CM for fold in folds):
            names[k] = "fold"
    return [NamedLine(names.get(k, "open"), run) for k, run in enumerate(runs)]


def _from_middle(run: FloatArray, at: FloatArray) -> float:
    """Measure the distance of a text from an edge, with an addition if it is beside the edge's ends."""
    where, away = along(run, at)
    whole = float(np.linalg.norm(np.diff(run, axis=0), axis=1).sum())
    return away + max(0.0, abs(where - whole / 2) - 0.45 * whole)


def _is_turn(points: FloatArray, named: Sequence[tuple[str, FloatArray]]) -> bool:
    return any(text.lower().startswith("turn") and along(points, at)[1] < _NEAR_CM for text, at in named)
