"""Colourways: one design in other colours."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from vmodel.errors import BadUsage, PhotoNotFound
from vmodel.garment.svg import read_svg, recoloured, write_svg


@dataclass(frozen=True)
class Colourway:
    """A name, and which colours give way to which, as "#rrggbb" in small letters."""

    name: str
    colours: dict[str, str]


def parse_colourways(words: Iterable[str]) -> list[Colourway]:
    """Read ``NAME:#old=#new,#old=#new`` of each.

    Raises:
        BadUsage: it is written otherwise, or a name comes twice.
    """
    found: dict[str, Colourway] = {}
    for word in words:
        name, _, pairs = word.partition(":")
        exchanges = [re.fullmatch(r"(#[0-9a-f]{6})=(#[0-9a-f]{6})", pair.strip().lower()) for pair in pairs.split(",")]
        if not re.fullmatch(r"\w[\w-]{0,39}", name) or name in found or not all(exchanges):
            raise BadUsage(f"{word!r} is no colourway; write it like night:#ffffff=#101830,#cc2222=#e0b040.")
        found[name] = Colourway(name, {pair[1]: pair[2] for pair in exchanges if pair})
    return list(found.values())


def recolour_file(path: Path, colours: dict[str, str]) -> bytes:
    """A drawing in another colourway, rebuilt as ``vmodel.garment.svg`` does.

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
        raise BadUsage(f"{path.name} has none of the colours {', '.join(colours)}; colours are looked for as #rrggbb.")
    return after
