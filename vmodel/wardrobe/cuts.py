"""Cuts of the wardrobe: blocks for adults and children, drafted to the wearer's measures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from vmodel.garment.blocks.library import KINDS, cut_block
from vmodel.garment.blocks.parts import (
    Block,
    Upper,
    both_sides,
    edge_of,
    fitted,
    jersey_trims,
    mirrored_edges,
    upper_edges,
    with_long_sleeves,
)
from vmodel.garment.blocks.trousers import draft_legs
from vmodel.types import BodyMeasurements, GarmentKind, Length, Sleeve
from vmodel.wardrobe.tailoring import Finish, tailored

_TOPSTITCH: Final = (186, 132, 74)
_LONG_TEE: Final = replace(KINDS["tee"], sleeve=Sleeve.LONG)
_MIDI: Final = replace(KINDS["skirt"], length=Length.MIDI)


@dataclass(frozen=True)
class Cut:
    """A cut of the wardrobe.

    Attributes:
        kind: what it makes.
        adult, child: draft it; None where that wearer has no such piece.
        material: name in the drape's materials.
        only: gender of the adults who wear it; "" for women and men.
    """

    kind: GarmentKind
    adult: Callable[[BodyMeasurements], Block] | None
    child: Callable[[BodyMeasurements], Block] | None
    material: str
    only: str = ""

    def draft_for(self, gender: str) -> Callable[[BodyMeasurements], Block] | None:
        """Return what drafts it for a wearer; None if they do not wear it."""
        if gender in {"girl", "boy"}:
            return self.child
        return None if self.only and gender != self.only else self.adult


def _legs(opening: float, knee: float, ease: float, long: float, finish: Finish) -> Callable[[BodyMeasurements], Block]:
    """Return what drafts trousers; opening and knee are flat widths as shares of the hip, the inseam of the body's."""

    def draft(body: BodyMeasurements) -> Block:
        hip, seat = body.hip, body.waist + 0.3 * (body.hip - body.waist) + 1.0
        block = draft_legs(
            KINDS["trousers"],
            body,
            long * body.inseam,
            opening * hip,
            seat / 4,
            quarter=(hip + ease) / 4,
            knee=knee * hip,
        )
        return tailored(block, finish)

    return draft


def _child_legs(opening: float, finish: Finish) -> Callable[[BodyMeasurements], Block]:
    def draft(body: BodyMeasurements) -> Block:
        half = (body.hip + 2.0) / 4
        share = min(1.0, (body.waist + 0.06 * (body.hip - body.waist)) / (4 * half))
        block = draft_legs(KINDS["child-trousers"], body, 0.91 * body.inseam, opening * body.hip, half, share)
        return tailored(block, finish, fly=False)

    return draft


def _skirt(body: BodyMeasurements) -> Block:
    """Draft a straight skirt to the middle of the calf."""
    half_waist, low = (body.waist + 0.3 * (body.hip - body.waist) + 1.0) / 4, -0.73 * body.waist_height
    hip_y, half_hip, half_hem = body.hip_height - body.waist_height, (body.hip + 5.0) / 4, (body.hip + 26.0) / 4
    left = {"side_left": edge_of((half_hem, low), (half_hip + 0.6, hip_y), (half_waist, 0.0))}
    loop = {
        "hem": edge_of((-half_hem, low), (half_hem, low), bow=(0, -2.5)),
        **left,
        "waist": edge_of((half_waist, 0.0), (-half_waist, 0.0)),
        **mirrored_edges(left),
    }
    marks = {"waist_left": (half_waist, 0.0), "hip_left": (half_hip, hip_y), "hem_left": (half_hem, low)}
    trims = jersey_trims(loop, loop, ("waist",), 3.5)
    return Block(_MIDI, loop, dict(loop), both_sides(marks), "cotton", (), trims)


def _slim(body: BodyMeasurements) -> Upper:
    """Draft a top close to the body, to be worn under what is sold."""
    return replace(fitted(body, ease=8.0), drop=0.28 * body.neck)


def _tee(body: BodyMeasurements) -> Block:
    cut = _slim(body)
    front, back, marks, sleeves = upper_edges(cut)
    return Block(KINDS["tee"], front, back, marks, "jersey", sleeves, jersey_trims(front, back, ("neck",)), cut.angle)


def _long_tee(body: BodyMeasurements) -> Block:
    return _with_sleeves(body, _slim(body), ("neck",), "jersey")


def _fine_knit(body: BodyMeasurements) -> Block:
    return _with_sleeves(body, replace(_slim(body), drop=0.24 * body.neck), ("neck", "cuff", "hem"), "knit")


def _with_sleeves(body: BodyMeasurements, cut: Upper, ribbed: tuple[str, ...], material: str) -> Block:
    cut = with_long_sleeves(cut, 0.9 * body.arm_length, 0.1 * body.chest + 1.5, (0.3 * body.chest + 4.5) / 2)
    front, back, marks, sleeves = upper_edges(cut)
    trims = jersey_trims(front, back, ribbed, 2.0)
    return Block(_LONG_TEE, front, back, marks, material, sleeves, trims, cut.angle)


_JEANS = Finish("jeans", _TOPSTITCH)
CUTS: Final[Mapping[str, Cut]] = MappingProxyType(
    {
        "straight-jeans": Cut(
            KINDS["trousers"], _legs(0.19, 0.215, 5.0, 0.95, _JEANS), _child_legs(0.185, _JEANS), "denim"
        ),
        "slim-jeans": Cut(KINDS["trousers"], _legs(0.155, 0.19, 4.0, 0.94, _JEANS), None, "denim"),
        "slim-trousers": Cut(KINDS["trousers"], _legs(0.155, 0.19, 4.0, 0.93, Finish("slant")), None, "cotton"),
        "chinos": Cut(
            KINDS["trousers"],
            _legs(0.175, 0.21, 7.0, 0.93, Finish("slant")),
            _child_legs(0.19, Finish("slant")),
            "cotton",
        ),
        "tailored-trousers": Cut(KINDS["trousers"], _legs(0.195, 0.22, 7.0, 0.95, Finish("slant")), None, "cotton"),
        "joggers": Cut(KINDS["child-trousers"], None, _child_legs(0.17, Finish(cuffs=4.0)), "jersey"),
        "midi-skirt": Cut(_MIDI, _skirt, None, "cotton", only="woman"),
        "tee": Cut(KINDS["tee"], _tee, lambda body: cut_block("child-tee", body), "jersey"),
        "long-sleeve": Cut(_LONG_TEE, _long_tee, None, "jersey"),
        "fine-knit": Cut(_LONG_TEE, _fine_knit, None, "knit"),
    }
)
"""Name of a cut -> how it is drafted, and for whom."""
