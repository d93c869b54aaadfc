"""What tailors sew on trousers: fly, pockets, yoke, belt loops and cuffs, as trims of a block."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block, Trim, edge_of
from vmodel.types import FloatArray

_BAND_CM: Final = 3.5
_FLY_CM: Final = 3.4
_LOOP_CM: Final = 0.55
_COPPER: Final = (150, 104, 66)

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Finish:
    """How trousers are finished.

    Attributes:
        pockets: "jeans" (curved in front, patches behind), "slant" or "none".
        thread: sRGB of the topstitching; None for thread that only darkens the cloth.
        cuffs: width in cm of ribbed cuffs; 0 for hems.
    """

    pockets: str = "none"
    thread: Colour | None = None
    cuffs: float = 0.0


def tailored(block: Block, finish: Finish, fly: bool = True) -> Block:
    """Return trousers with their details drawn on front and back.

    Args:
        block: trousers, from ``draft_legs``.
        finish: what is sewn on.
        fly: the front closes with a fly and a button; elastic waists have none.
    """
    at = _Places.of(block)
    front, back = [*block.trims["front"]], [*block.trims["back"]]
    if finish.thread is not None:
        front, back = ([replace(each, colour=finish.thread) if each.kind == "stitch" else each for each in side]
                       for side in (front, back))  # fmt: skip
    seam = Trim("line", edge_of((0.0, -_BAND_CM), (0.0, -at.rise)))
    front.append(seam)
    back.append(seam)
    if fly:
        front += _fly(at, finish.thread)
        loops = [_loop(share * at.half_waist, at) for share in (-0.62, 0.62)]
        front += loops
        back += [*loops, _loop(0.0, at)]
    if finish.pockets == "jeans":
        front += _both(_curved_pocket(at), finish.thread)
        back += [*_both(_patch(at), finish.thread), *_yoke(at, finish.thread)]
    elif finish.pockets == "slant":
        front += _both(_slanted_pocket(at), None)
        back += _both(edge_of((0.28 * at.half_waist, -10.0), (0.28 * at.half_waist + 12.0, -10.0)), None)
    if finish.cuffs:
        ends = [
            Trim("band", edge_of((s * at.inner, at.bottom), (s * at.outer, at.bottom)), finish.cuffs) for s in (-1, 1)
        ]
        front, back = ([each for each in side if each.kind != "stitch"] + ends for side in (front, back))
    return replace(block, trims={"front": tuple(front), "back": tuple(back)})


@dataclass(frozen=True)
class _Places:
    """Measures of trousers lying flat, cm; the origin is the middle of the waist."""

    half_waist: float
    rise: float
    quarter: float
    inner: float
    outer: float
    bottom: float
    side: FloatArray

    @classmethod
    def of(cls, block: Block) -> _Places:
        marks = block.landmarks_cm
        side = block.front["side_left"]
        return cls(
            float(marks["waist_left"][0]), -float(marks["crotch"][1]), float(marks["hip_left"][0]),
            float(marks["leg_inner_left"][0]), float(marks["leg_outer_left"][0]),
            float(marks["leg_outer_left"][1]), side[np.argsort(side[:, 1])],
        )  # fmt: skip

    def out(self, y: float) -> float:
        """Return how far out the side seam lies at a height."""
        return float(np.interp(y, self.side[:, 1], self.side[:, 0]))


def _both(line: FloatArray, thread: Colour | None) -> list[Trim]:
    """Sew a line on both sides: a seam, and a row of stitches beside it where the thread is seen."""
    found = []
    for way in (line, line * (-1, 1)):
        found.append(Trim("line", way))
        if thread is not None:
            found += [Trim("stitch", way, 0.45, thread)]
    return found


def _fly(at: _Places, thread: Colour | None) -> list[Trim]:
    deep = min(0.62 * at.rise, 17.0)
    curve = edge_of((_FLY_CM, -_BAND_CM), (_FLY_CM, -deep + 3.0), (0.75 * _FLY_CM, -deep + 0.8), (0.0, -deep))
    return [
        Trim("stitch", curve, 0.2, thread),
        Trim("button", np.array([[0.0, -_BAND_CM / 2]]), 1.5, _COPPER if thread else None),
    ]


def _loop(x: float, at: _Places) -> Trim:
    return Trim("band", edge_of((x, 0.2), (x, -_BAND_CM - 0.8)), _LOOP_CM)


def _curved_pocket(at: _Places) -> FloatArray:
    begin, low = 0.52 * at.half_waist, -_BAND_CM - 7.5
    out = at.out(low)
    return edge_of(
        (begin, -_BAND_CM), (begin + 1.0, -_BAND_CM - 3.4), (begin + 0.45 * (out - begin), low + 0.9), (out + 1.0, low)
    )


def _slanted_pocket(at: _Places) -> FloatArray:
    low = -_BAND_CM - 14.0
    return edge_of((0.72 * at.half_waist, -_BAND_CM), (at.out(low) + 0.8, low))


def _patch(at: _Places) -> FloatArray:
    """Return the outline of a patch pocket on the seat."""
    middle, top = 0.56 * at.half_waist, -_BAND_CM - 8.0
    corners = ((-6.8, 0.0), (-6.3, -11.0), (0.0, -13.5), (6.3, -11.0), (6.8, 0.0), (-6.8, 0.0))
    return edge_of(*((middle + x, top + y) for x, y in corners))


def _yoke(at: _Places, thread: Colour | None) -> list[Trim]:
    side = at.out(-_BAND_CM - 2.5) + 1.0
    return [*_both(edge_of((0.0, -_BAND_CM - 5.5), (side, -_BAND_CM - 2.5)), thread)]
