"""Sewing patterns drawn as SVG: a group for each piece, a named line for each edge; docs/patterns.md has the names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from xml.etree.ElementTree import Element

import numpy as np

from vmodel.core.texts import unescaped
from vmodel.garment.sewing.errors import PieceInvalid, SewingUnreadable
from vmodel.garment.sewing.pattern import MOST_EDGES, MOST_PIECES, Piece
from vmodel.garment.sewing.pieces import NamedLine, make_piece
from vmodel.garment.vector.curves import path_lines, split_length, transform_of
from vmodel.garment.vector.svg_sanitiser import SVG, read_svg
from vmodel.types import FloatArray

_CM: Final = {"": 2.54 / 96, "px": 2.54 / 96, "pt": 2.54 / 72, "pc": 2.54 / 6, "mm": 0.1, "cm": 1.0, "in": 2.54}
_PIECE: Final = re.compile(r"(?:piece|schnittteil|裁片)[-_ :]++(.+)", re.IGNORECASE)


def is_svg_pattern(content: bytes) -> bool:
    """Tell whether an SVG has at least one group that is named as a piece; cheap, and safe on any bytes."""
    return re.search(rb"""=\s*["']\s*(?:piece|schnittteil)(?:[-_ :]|_x2D_)""", content, re.IGNORECASE) is not None


def read_svg_pieces(content: bytes, name: str) -> list[Piece]:
    """Read the pieces of a drawing.

    Args:
        content: the file.
        name: for messages.
    Raises:
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``vmodel.garment.vector.svg_sanitiser``.
        SewingUnreadable: there are no pieces, too many, or a line that cannot be read.
        PieceInvalid: see ``make_piece``.
    """
    root = read_svg(content, name)
    to_cm = _scale(root, content, name)
    try:
        pieces = [_piece(group, affine) for group, affine in _groups(root, to_cm)]
    except ValueError as error:
        raise SewingUnreadable(name, str(error)) from None
    if not 1 <= len(pieces) <= MOST_PIECES:
        raise SewingUnreadable(name, f"it has {len(pieces)} groups named piece-..., of 1 to {MOST_PIECES}")
    return pieces


def _scale(root: Element, content: bytes, name: str) -> FloatArray:
    """Return the (2, 3) affine from the drawing's unit to centimetres, y up."""
    unit = _user_unit_cm(root, content)
    try:
        view = [float(word) for word in re.split(r"[\s,]+", root.get("viewBox", "").strip()) if word]
        size = [_length_cm(root.get(side, ""), unit) for side in ("width", "height")]
    except ValueError:
        raise SewingUnreadable(name, "its size cannot be read") from None
    across, up = unit, unit
    if len(view) == 4 and min(view[2:]) > 0 and any(size):
        shares = [cm / units for cm, units in zip(size, view[2:], strict=True) if cm]
        across, up = shares[0], shares[-1]
        fitted = root.get("preserveAspectRatio", "")
        if "none" not in fitted:  # the page is fitted into its size, whose sides need not be in proportion
            across = up = max(shares) if "slice" in fitted else min(shares)
    if not (1e-4 < across < 1e3 and 1e-4 < up < 1e3):
        raise SewingUnreadable(name, "its size makes no sense")
    return np.array([[across, 0.0, 0.0], [0.0, -up, 0.0]])


def _user_unit_cm(root: Element, content: bytes) -> float:
    """Return the cm of a drawing's own unit: 96 to the inch, from Illustrator 72, from Inkscape before 0.92 90."""
    begin = content[:4096]
    inkscape = re.search(rb'inkscape:version="0\.(\d+)', begin)
    if inkscape is not None and int(inkscape[1]) < 92:
        return 2.54 / 90
    exported = root.get("data-name") and root.get("id") and not root.get("width") and inkscape is None
    if b"Generator: Adobe Illustrator" in begin or (exported and b"inkscape" not in begin):
        return 2.54 / 72
    return _CM["px"]


def _length_cm(text: str, unit_cm: float) -> float:
    if not text.strip() or text.strip().endswith("%"):
        return 0.0
    number, unit = split_length(text)
    if unit not in _CM:
        raise ValueError(unit)
    return number * (unit_cm if unit in ("", "px") else _CM[unit])


def _groups(element: Element, affine: FloatArray) -> Iterator[tuple[Element, FloatArray]]:
    for child in element:
        inner = _within(affine, child)
        if child.tag != f"{SVG}g":
            continue
        if _piece_name(child):
            yield child, inner
        else:
            yield from _groups(child, inner)


def _within(affine: FloatArray, element: Element) -> FloatArray:
    step = transform_of(element.get("transform", ""))
    return np.hstack([affine[:, :2] @ step[:, :2], affine[:, :2] @ step[:, 2:] + affine[:, 2:]])


def _names(element: Element) -> Iterator[str]:
    for attribute in ("data-name", "id"):
        yield unescaped(element.get(attribute, ""))


def _piece_name(group: Element) -> str:
    matches = (_PIECE.fullmatch(name.strip()) for name in _names(group))
    return next((match[1].strip() for match in matches if match), "")


def _piece(group: Element, affine: FloatArray) -> Piece:
    name = _piece_name(group)
    lines = list(_lines(group, affine))
    if len(lines) > 4 * MOST_EDGES:
        raise PieceInvalid(name, f"has more than {4 * MOST_EDGES} lines", "simplify it")
    return make_piece(name, lines, _fill(group), group.get("data-material", "").strip().lower())


def _lines(group: Element, affine: FloatArray) -> Iterator[NamedLine]:
    for child in group:
        inner = _within(affine, child)
        kind = str(child.tag).removeprefix(SVG)
        if kind == "g":
            yield from _lines(child, inner)
            continue
        runs = _runs(child, kind)
        if not runs:
            continue
        label = next((name for name in _names(child) if name), "")
        for run in runs:
            yield NamedLine(label, run @ inner[:, :2].T + inner[:, 2])


def _runs(element: Element, kind: str) -> list[FloatArray]:
    if kind == "path":
        return path_lines(element.get("d", ""))
    if kind in {"polyline", "polygon"}:
        numbers = [float(word) for word in re.split(r"[\s,]+", element.get("points", "").strip()) if word]
        points = np.array(numbers[: len(numbers) // 2 * 2]).reshape(-1, 2)
        return [points] if len(points) > 1 else []
    if kind == "line":
        return [np.array([[float(element.get(f"{axis}{end}", "0")) for axis in "xy"] for end in (1, 2)])]
    return []


def _fill(group: Element) -> str:
    """Return the piece's colour: the fill of the shape named cloth, or the group's."""
    cloth = [child for child in group if any(name.lower().startswith("cloth") for name in _names(child))]
    for element in (*cloth, group):
        styled = re.search(r"(?:^|;)\s*fill\s*:\s*([^;]+)", element.get("style", ""))
        colour = (styled[1] if styled else element.get("fill", "")).strip().lower()
        if re.fullmatch(r"#[0-9a-f]{6}", colour):
            return colour
        if re.fullmatch(r"#[0-9a-f]{3}", colour):
            return "#" + "".join(2 * digit for digit in colour[1:])
    return ""
