"""Colourways: one design in other colours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from vmodel.errors import BadUsage, PhotoNotFound
from vmodel.garment.designs.block_design import is_design, read_design, write_design
from vmodel.garment.designs.pattern_design import SewnDesign, read_sewn_design, write_sewn_design
from vmodel.garment.sewing.formats.load import read_pattern_file
from vmodel.garment.sewing.paint import recoloured_pieces
from vmodel.garment.vector.svg_sanitiser import read_svg, recoloured, write_svg
from vmodel.garment.vector.technical_flat import is_drawing


@dataclass(frozen=True)
class Colourway:
    """A name, and a map from old to new colours, as "#rrggbb" in small letters."""

    name: str
    colours: dict[str, str]


def parse_colourways(words: Iterable[str]) -> list[Colourway]:
    """Parse colourways that are written as ``NAME:#old=#new,#old=#new``.

    Raises:
        BadUsage: one is written otherwise, or a name occurs twice.
    """
    found: dict[str, Colourway] = {}
    for word in words:
        name, _, pairs = word.partition(":")
        exchanges = [re.fullmatch(r"(#[0-9a-f]{6})=(#[0-9a-f]{6})", pair.strip().lower()) for pair in pairs.split(",")]
        if not re.fullmatch(r"\w[\w-]{0,39}", name) or name in found or not all(exchanges):
            raise BadUsage(f"{word!r} is no colourway; write it like night:#ffffff=#101830,#cc2222=#e0b040.")
        found[name] = Colourway(name, {pair[1]: pair[2] for pair in exchanges if pair})
    return list(found.values())


def has_colourways(path: Path) -> bool:
    """Tell whether the colours of a file can be exchanged, as those of drawings and kept designs can."""
    return is_drawing(path) or is_design(path)


def recolour_garment(path: Path, colours: dict[str, str]) -> bytes:
    """Recolour a drawing or a kept design, and return a file of the same kind.

    Raises:
        BadUsage: none of the old colours is in it.
        VModelError: the file cannot be read.
    """
    return recolour_design(path, colours) if is_design(path) else recolour_file(path, colours)


def recolour_design(path: Path, colours: dict[str, str]) -> bytes:
    """Recolour a kept design, of a block or of a sewing pattern.

    Raises:
        PhotoNotFound: no such file.
        DesignInvalid: it is no design.
        BadUsage: none of the old colours is in it.
        VModelError: the sewing pattern in it cannot be read.
    """
    sewn = read_sewn_design(path)
    if sewn is None:
        block = read_design(path)
        before, after = write_design(block), write_design(block.in_colours(colours))
        changed = before != after
    else:
        after = write_sewn_design(sewn.in_colours(colours))
        changed = _has_colour(sewn, colours)
    if not changed:
        raise _without(path, colours)
    return after


def _has_colour(design: SewnDesign, colours: dict[str, str]) -> bool:
    """Tell whether a piece, the ground or the print has one of the colours."""
    recoloured_print = replace(design.in_colours(colours), colours=design.colours)
    if write_sewn_design(recoloured_print) != write_sewn_design(design):
        return True
    pattern = recoloured_pieces(read_pattern_file(design.content, design.name), design.colours)
    return any(piece.colour in colours for piece in pattern.pieces)


def _without(path: Path, colours: dict[str, str]) -> BadUsage:
    return BadUsage(f"{path.name} has none of the colours {', '.join(colours)}; colours are looked for as #rrggbb.")


def recolour_file(path: Path, colours: dict[str, str]) -> bytes:
    """Recolour a drawing, rebuilt as ``vmodel.garment.vector.svg_sanitiser`` does.

    Raises:
        PhotoNotFound: no such file.
        DrawingUnreadable, DrawingUnsafe, DrawingTooLarge: see ``read_svg``.
        BadUsage: none of the old colours is in it.
    """
    try:
        root = read_svg(path.read_bytes(), path.name)
    except OSError:
        raise PhotoNotFound(str(path)) from None
    before, after = write_svg(root), write_svg(recoloured(root, colours))
    if before == after:
        raise _without(path, colours)
    return after
