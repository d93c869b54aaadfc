"""A sewing pattern and a designer's choices for it, in one file that is shot like a photo (``*.design.json``)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from vmodel.errors import VModelError
from vmodel.garment.blocks.print_repeat import PrintRepeat, recolour_tile
from vmodel.garment.designs.block_design import DesignInvalid, check_colour, load_plain, plain_print, read_print
from vmodel.garment.sewing.assemble import Sewn, Shape, sew, shape_of, with_materials
from vmodel.garment.sewing.formats.load import read_pattern_file
from vmodel.garment.sewing.paint import recoloured_pieces
from vmodel.garment.sewing.pattern import SewingPattern

_KEPT_SHAPES = 4


@dataclass(frozen=True, eq=False)
class SewnDesign:
    """A designer's choices for a sewing pattern.

    Attributes:
        name: of the pattern's file, whose ending says how it is read.
        content: the pattern's file.
        print: what is printed on all pieces, or None.
        ground: "#rrggbb" of pieces without a colour of their own.
        material: of pieces without one; None for cotton.
        materials: piece, or word in several pieces' names -> material.
        colours: a colourway of the pieces, "#rrggbb" -> "#rrggbb".
    """

    name: str
    content: bytes
    print: PrintRepeat | None = None
    ground: str = "#f4f2ee"
    material: str | None = None
    materials: Mapping[str, str] = field(default_factory=dict)
    colours: Mapping[str, str] = field(default_factory=dict)

    def in_colours(self, colours: Mapping[str, str]) -> SewnDesign:
        """Return the same design in a colourway of pieces, ground and print; an earlier one is recoloured in turn."""
        printed = self.print and replace(self.print, tile=recolour_tile(self.print.tile, dict(colours)))
        both = {**colours, **{old: colours.get(new, new) for old, new in self.colours.items()}}
        return replace(self, print=printed, ground=colours.get(self.ground, self.ground), colours=both)


def write_sewn_design(design: SewnDesign) -> bytes:
    """Serialise the design to a file that needs no other."""
    plain: dict[str, Any] = {
        "format": 1,
        "pattern": {"name": design.name, "file": base64.b64encode(design.content).decode()},
        "ground": design.ground,
        "material": design.material,
        "materials": dict(design.materials),
        "colours": dict(design.colours),
        "print": None if design.print is None else plain_print(design.print),
    }
    return (json.dumps(plain, indent=1) + "\n").encode()


def read_sewn_design(path: Path) -> SewnDesign | None:
    """Read what ``write_sewn_design`` wrote; None for a design of a block.

    Raises:
        PhotoNotFound: no such file.
        DesignInvalid: it is no design.
    """
    plain = load_plain(path)
    if not isinstance(plain, dict) or "pattern" not in plain:
        return None
    try:
        if plain["format"] != 1:
            raise DesignInvalid(path.name, "is of another version")
        content = base64.b64decode(plain["pattern"]["file"], validate=True)
        print_ = None if plain["print"] is None else read_print(plain["print"], path.name)
        material = None if plain["material"] is None else str(plain["material"])
        materials = {str(name): str(value) for name, value in plain["materials"].items()}
        colours = {check_colour(old): check_colour(new) for old, new in plain["colours"].items()}
        name = Path(str(plain["pattern"]["name"])).name
        return SewnDesign(name, content, print_, check_colour(plain["ground"]), material, materials, colours)
    except DesignInvalid:
        raise
    except VModelError as error:
        raise DesignInvalid(path.name, f"is wrong: {str(error).partition(';')[0].rstrip('.')}") from None
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise DesignInvalid(path.name, "lacks what a design has") from None


def sew_design(design: SewnDesign, sha256: str = "", fitting: bool = False) -> Sewn:
    """Read, check, colour and sew a design; a pattern seen before in other colours is not cut and laid again.

    Args:
        design: the choice.
        sha256: hex digest of the design file; of the pattern when empty.
        fitting: smaller pictures for a first look.
    Raises:
        VModelError: the pattern cannot be read or sewn; see ``read_pattern_file`` and ``sew``.
    """
    pattern, shape = _read_shape(design.content, design.name)
    pattern = recoloured_pieces(with_materials(pattern, design.materials), design.colours)
    digest = sha256 or hashlib.sha256(design.content).hexdigest()
    return sew(replace(pattern, sha256=digest), design.print, design.ground, design.material, shape, fitting)


@lru_cache(maxsize=_KEPT_SHAPES)
def _read_shape(content: bytes, name: str) -> tuple[SewingPattern, Shape]:
    """Read a pattern and make its shape; the latest are cached."""
    pattern = read_pattern_file(content, name)
    return pattern, shape_of(pattern)
