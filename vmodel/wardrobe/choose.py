"""Choice of what completes a picture: which halves lack a piece, and which piece suits the garment on sale."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from vmodel.core.colour import parse_rgb, to_srgb
from vmodel.types import Category, FloatArray, GarmentKind, Length
from vmodel.wardrobe.errors import UnknownStyle
from vmodel.wardrobe.pieces import PIECES, Piece
from vmodel.wardrobe.styles import LOOKS, PLAIN, STYLES

_APART: Final = 20.0
"""Difference in CIELAB lightness at which two garments are told apart at the waist."""
_QUIET: Final = 12.0
"""Chroma up to which every piece is quiet, whatever it is worn with."""
_DENIM_IS_QUIET: Final = 0.3
"""Share of denim's chroma that counts: everybody takes it for neutral."""
_NEAR: Final = 10.0
"""Points up to which a piece is as good as the best; the garment and the seed choose among these."""
_LONG_TOPS: Final = frozenset({Length.TUNIC, Length.KNEE, Length.MIDI, Length.ANKLE})

Lab = tuple[float, float, float]


def check_style(style: str) -> None:
    """Refuse a style that is neither named nor made of pieces.

    Raises:
        UnknownStyle: it is unknown.
    """
    if style not in STYLES and not set(style.split("+")) <= set(PIECES):
        raise UnknownStyle(style, STYLES)


def lacking(kinds: Sequence[GarmentKind]) -> tuple[bool, bool]:
    """Return whether an upper and whether a lower piece is wanted to complete an outfit.

    Dresses, jumpsuits and swimwear are shown as they are. An open jacket or cardigan is worn over a top, a closed one
    is not.

    Args:
        kinds: of the garment on sale and all of the seller's own outfit.
    """
    if any(kind.category == Category.SWIMWEAR for kind in kinds):
        return False, False
    closed = [kind for kind in kinds if kind.category.covers_upper and not kind.open_front]
    lower = not any(kind.category.covers_lower for kind in kinds)
    return not closed, lower


def choose_pieces(
    style: str, kinds: Sequence[GarmentKind], gender: str, colour: tuple[float, float, float], content: str
) -> tuple[Piece, ...]:
    """Choose the pieces that complete an outfit; one garment gets the same ones on every wearer of a gender.

    Args:
        style: checked by ``check_style``.
        kinds: of the garment on sale, which comes first, and of all others that the seller gave.
        gender: of the wearer.
        colour: mean of the garment on sale, linear light.
        content: identifies the garment's photo and the seed.
    Returns:
        The upper piece, the lower one, both or none.
    """
    if style == PLAIN:
        return ()
    named = [] if style in STYLES else [PIECES[name] for name in style.split("+")]
    found: list[Piece] = []
    for wanted, upper in zip(lacking(kinds), (True, False), strict=True):
        fitting = [
            each for each in named or PIECES.values()
            if each.kind.category.covers_upper == upper and each.is_worn_by(gender)
            and (style not in LOOKS or style in each.looks)
        ]  # fmt: skip
        if wanted and fitting:
            found.append(_suited(fitting, found, kinds[0], lab_of(colour), content))
    return tuple(found)


def _suited(pieces: Sequence[Piece], beside: Sequence[Piece], garment: GarmentKind, colour: Lab, content: str) -> Piece:
    """Return one of the pieces that suit a garment best, and the pieces beside which it is worn."""
    points = {
        each.name: mismatch(each, garment, colour) + sum(2.0 * _too_like(each, lab_of_hex(o.colour)) for o in beside)
        for each in pieces
    }
    best = min(points.values())
    near = [each for each in pieces if points[each.name] <= best + _NEAR]
    return min(near, key=lambda each: hashlib.sha256(f"{content} {each.name}".encode()).hexdigest())


def mismatch(piece: Piece, garment: GarmentKind, colour: Lab) -> float:
    """Return how ill a piece suits a garment; 0 is best.

    It shall differ in lightness, so that the waist is seen; be quieter than the garment; and be of a related or the
    opposite hue where both are coloured.

    Args:
        piece: of the wardrobe.
        garment: kind of the garment on sale.
        colour: its mean colour in CIELAB.
    """
    own = lab_of_hex(piece.colour)
    chroma, theirs = float(np.hypot(*own[1:])), float(np.hypot(*colour[1:]))
    seen = chroma * (_DENIM_IS_QUIET if piece.cloth == "denim" else 1.0)
    points = 2.0 * _too_like(piece, colour) + 2.0 * max(0.0, seen - max(_QUIET, 0.6 * theirs))
    if chroma > 8 and theirs > 15:
        turn = np.arctan2(own[2], own[1]) - np.arctan2(colour[2], colour[1])
        points += 0.5 * seen * (1 - float(np.cos(2 * turn)))
    if piece.kind.category == Category.SKIRT and garment.length in _LONG_TOPS:
        points += 100.0
    return points


def _too_like(piece: Piece, colour: Lab) -> float:
    """Return by how much lightness a piece falls short of being told apart from a colour."""
    return max(0.0, _APART - abs(lab_of_hex(piece.colour)[0] - colour[0]))


def lab_of(linear: tuple[float, float, float]) -> Lab:
    """Convert linear-light sRGB 0..1 to CIELAB."""
    return _lab(to_srgb(np.array(linear, np.float32)) / 255)


def lab_of_hex(colour: str) -> Lab:
    """Convert "#rrggbb" to CIELAB."""
    return _lab(np.array(parse_rgb(colour)) / 255)


def _lab(rgb: FloatArray) -> Lab:
    light, a, b = np.asarray(cv2.cvtColor(np.asarray(rgb, np.float32)[None, None], cv2.COLOR_RGB2LAB)).ravel()
    return float(light), float(a), float(b)
