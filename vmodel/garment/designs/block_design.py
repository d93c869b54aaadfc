"""Designs: a block, body measures and a print in one file that is shot like a photo (``*.design.json``)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from vmodel.core.colour import parse_rgb
from vmodel.errors import BadUsage, InputError, PhotoNotFound, VModelError
from vmodel.garment.blocks.library import BLOCKS, Block, cut_block
from vmodel.garment.blocks.paint import Canvas, Colours, lay_out, outline_alpha, paint_side, seam_mismatch_cm
from vmodel.garment.blocks.print_repeat import PrintRepeat, decode_tile, recolour_tile
from vmodel.types import BodyMeasurements, ByteArray, Cutout, FlatLay, Garment, Landmarks, Panel

ENDING: Final = ".design.json"
_LARGEST_BYTES: Final = 40_000_000
_MISMATCH_CM: Final = 0.5
_INSIDE: Final = 0.72
"""Brightness of the inside of cloth that lies flat, relative to its outside."""
# cm; toddler to 6XL
_PLAUSIBLE: Final = {"height": (70, 230), "chest": (40, 190), "waist": (38, 190), "hip": (40, 200), "neck": (18, 70)}


class DesignInvalid(InputError):
    """The design file is not understood."""

    code = "design_invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"The design {path} {reason}; make it with `vmodel pattern --block`.")
        self.path = path


@dataclass(frozen=True)
class Design:
    """A designer's choices.

    Attributes:
        block: a key of ``BLOCKS``.
        body: the measures that it is cut to.
        print: what is printed on it, or None.
        ground, trim: "#rrggbb".
        material: name in the drape's materials; None for the block's own.
    """

    block: str
    body: BodyMeasurements
    print: PrintRepeat | None = None
    ground: str = "#f4f2ee"
    trim: str = "#f4f2ee"
    material: str | None = None

    def in_colours(self, colours: Mapping[str, str]) -> Design:
        """Return the same design in a colourway: ground, trim and print."""
        printed = self.print and replace(self.print, tile=recolour_tile(self.print.tile, dict(colours)))
        ground, trim = (colours.get(colour, colour) for colour in (self.ground, self.trim))
        return replace(self, print=printed, ground=ground, trim=trim)


def is_design(path: Path) -> bool:
    """Tell whether a file is read as a design."""
    return path.name.lower().endswith(ENDING)


def write_design(design: Design) -> bytes:
    """Serialise the design to a file that includes the print's tile, so that it needs no other file."""
    plain: dict[str, Any] = {
        "format": 1,
        "block": design.block,
        "measures_cm": {name: round(value, 2) for name, value in asdict(design.body).items()},
        "ground": design.ground,
        "trim": design.trim,
        "material": design.material,
        "print": None,
    }
    if design.print is not None:
        plain["print"] = plain_print(design.print)
    return (json.dumps(plain, indent=1) + "\n").encode()


def read_design(path: Path) -> Design:
    """Read what ``write_design`` wrote.

    Raises:
        PhotoNotFound: no such file.
        DesignInvalid: it is no design.
    """
    plain = load_plain(path)
    try:
        if plain["format"] != 1 or plain["block"] not in BLOCKS:
            raise DesignInvalid(path.name, "names no block of this version")
        body = BodyMeasurements(
            **{field.name: float(plain["measures_cm"][field.name]) for field in fields(BodyMeasurements)}
        )
        check_measures(body)
        print_ = None if plain["print"] is None else read_print(plain["print"], path.name)
        colours = check_colour(plain["ground"]), check_colour(plain["trim"])
        material = None if plain["material"] is None else str(plain["material"])
    except DesignInvalid:
        raise
    except VModelError as error:
        raise DesignInvalid(path.name, f"is wrong: {str(error).partition(';')[0].rstrip('.')}") from None
    except (KeyError, TypeError, ValueError, AttributeError, binascii.Error):
        raise DesignInvalid(path.name, "lacks what a design has") from None
    return Design(plain["block"], body, print_, *colours, material)


def load_plain(path: Path) -> Any:
    """Load the plain values of a design file of any kind.

    Raises:
        PhotoNotFound: no such file.
        DesignInvalid: it is too large or no JSON.
    """
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise DesignInvalid(path.name, "is too large")
        return json.loads(path.read_bytes())
    except OSError:
        raise PhotoNotFound(str(path)) from None
    except (ValueError, RecursionError):
        raise DesignInvalid(path.name, "is no JSON") from None


def plain_print(print_: PrintRepeat) -> dict[str, Any]:
    """Convert a print, including its tile, to plain values."""
    stream = io.BytesIO()
    Image.fromarray(print_.tile).save(stream, "PNG")
    return {
        "repeat_cm": print_.repeat_cm,
        "rotate_deg": print_.rotate_deg,
        "offset_cm": list(print_.offset_cm),
        "tile_png": base64.b64encode(stream.getvalue()).decode(),
    }


def read_print(plain: dict[str, Any], name: str) -> PrintRepeat:
    """Read a print from the values that ``plain_print`` made.

    Raises:
        KeyError, TypeError, ValueError, VModelError: it is no print.
    """
    tile = decode_tile(base64.b64decode(plain["tile_png"], validate=True), name)
    right, up = plain["offset_cm"]
    return PrintRepeat(tile, float(plain["repeat_cm"]), float(plain["rotate_deg"]), (float(right), float(up)))


def check_measures(body: BodyMeasurements) -> None:
    """Refuse measures that no body has.

    Raises:
        BadUsage: one is out of range.
    """
    for name, value in asdict(body).items():
        low, high = _PLAUSIBLE.get(name, (5, 220))
        if not low <= value <= high:  # also refuses NaN
            raise BadUsage(f"A {name} of {value:g} cm is nobody's; give {low} to {high} cm.")


def check_colour(text: str) -> str:
    """Return a colour as "#rrggbb" in small letters.

    Raises:
        BadUsage: it is no colour.
    """
    if not re.fullmatch("#[0-9a-fA-F]{6}", text):
        raise BadUsage(f"{text!r} is no colour; write it like #d8d0c8.")
    return text.lower()


def make_garment(design: Design, name: str, sha256: str = "") -> tuple[FlatLay, Cutout, Landmarks, Garment]:
    """Cut and paint a design, as if read from a photo of the finished garment but without uncertainty.

    Args:
        design: the choice.
        name: for messages and sidecars.
        sha256: hex digest of the design file.
    Returns:
        Its picture lying flat, the outline, landmarks in that picture's pixels, and the garment in centimetres.
    """
    block = cut_block(design.block, design.body)
    canvas = lay_out(block)
    colours = Colours(parse_rgb(design.ground), parse_rgb(design.trim))
    front = paint_side(block, "front", canvas, design.print, colours)
    back = paint_side(block, "back", canvas, design.print, colours)
    alpha = outline_alpha(block, canvas)
    # Where the front's neck is cut out, the inside of the back shows.
    above = outline_alpha(block, canvas, front_only=True)[..., None]
    seen = np.asarray(np.rint(front * above + _INSIDE * back * (1 - above)), np.uint8)
    lying = np.where(alpha[..., None] > 0, seen, np.uint8(255))
    marks_px = {name: canvas.to_pixels(place[None])[0] for name, place in block.landmarks_cm.items()}
    return (
        FlatLay(name, sha256 or hashlib.sha256(write_design(design)).hexdigest(), lying, alpha),
        Cutout(alpha, "alpha", 1.0),
        Landmarks(marks_px, dict.fromkeys(marks_px, 1.0)),
        replace(
            sew_block(block, canvas, (front, back), design.material or block.material),
            warnings=_warnings(design, block),
        ),
    )


def sew_block(block: Block, canvas: Canvas, textures: tuple[ByteArray, ByteArray], material: str) -> Garment:
    """Return a cut and painted block as a garment in centimetres.

    Args:
        block: cut.
        canvas: on which both textures were painted.
        textures: front and back, see ``paint_side``.
        material: name in the drape's materials.
    """
    affine = canvas.panel_to_texture
    panels = tuple(
        Panel(
            each.name,
            each.side,
            each.edges,
            affine,
            texture=int(each.side == "back"),
            elastic=block.elastic,
            laid=each.laid,
        )
        for each in block.cut
    )
    return Garment(
        kind=block.kind,
        panels=panels,
        seams=block.seams,
        textures=textures,
        landmarks_cm=block.landmarks_cm,
        cm_per_px=1 / canvas.px_per_cm,
        scale_source="design",
        sleeve_angle_deg=block.sleeve_angle_deg,
        material=material,
    )


def _warnings(design: Design, block: Block) -> tuple[str, ...]:
    """Return a warning where the print's repeats do not match at the side seams."""
    print_ = design.print
    if print_ is None or print_.rotate_deg % 90:
        return ()
    apart = seam_mismatch_cm(block, print_)
    if apart <= _MISMATCH_CM:
        return ()
    return (
        f"the print's repeats meet {apart:.1f} cm apart at the side seams; another --repeat-cm or size matches them",
    )
