"""Blocks for children, whose bodies have hardly any waist, a large head, and grow.

Cuts therefore hang straight from the shoulders with room to move. Necks are wide enough for the head, and elastic holds
what is worn at the waist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from vmodel.garment.blocks.parts import (
    Block,
    Trim,
    Upper,
    both_sides,
    buttoned,
    edge_of,
    hooded,
    jersey_trims,
    mirrored_edges,
    pouch,
    upper_edges,
    with_long_sleeves,
)
from vmodel.garment.blocks.trousers import draft_legs
from vmodel.types import BodyMeasurements, Category, GarmentKind, Length, Neckline, Sleeve

KINDS: Final[Mapping[str, GarmentKind]] = MappingProxyType(
    {
        "child-tee": GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW, Length.HIP, stated=True),
        "child-sweatshirt": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.CREW, Length.HIP, stated=True),
        "child-hoodie": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.HOOD, Length.HIP, stated=True),
        "child-coat": GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.KNEE, stated=True),
        "child-dress": GarmentKind(Category.DRESS, 1.0, Sleeve.SHORT, Neckline.CREW, Length.KNEE, stated=True),
        "child-skirt": GarmentKind(Category.SKIRT, 1.0, length=Length.KNEE, stated=True),
        "child-trousers": GarmentKind(Category.TROUSERS, 1.0, length=Length.ANKLE, stated=True),
        "child-shorts": GarmentKind(Category.SHORTS, 1.0, length=Length.KNEE, stated=True),
    }
)
"""Name of a block -> kind of garment."""
_KNEE: Final = 0.52
"""Height of a child's knee as a share of the inside leg."""


def _straight(body: BodyMeasurements, ease: float, longer: float = 0.0) -> Upper:
    """Draft a top that hangs straight from the chest, over the belly, to the hip."""
    half_chest = (max(body.chest, body.waist + 2.0) + ease) / 4
    return Upper(
        half_chest=half_chest,
        half_hem=max(half_chest + 0.5, (body.hip + 0.7 * ease) / 4),
        length=1.1 * (body.neck_height - body.hip_height) + longer,
        shoulder=min(body.shoulder_width / 2 + 0.4, half_chest - 1.2),
        depth=0.19 * body.chest + 0.16 * ease + 1.0,
        neck=0.25 * body.neck + 0.9,
        drop=0.24 * body.neck,
        sleeve=0.34 * body.arm_length,
        cuff=0.165 * body.chest + 0.2 * ease + 0.5,
        angle=38.0,
    )


def _tee(body: BodyMeasurements) -> Block:
    cut = _straight(body, ease=10.0)
    front, back, marks, sleeves = upper_edges(cut)
    trims = jersey_trims(front, back, ("neck",), 1.5)
    return Block(KINDS["child-tee"], front, back, marks, "jersey", sleeves, trims, cut.angle)


def _sweatshirt(body: BodyMeasurements) -> Block:
    cut = _sweat_cut(body)
    front, back, marks, sleeves = upper_edges(cut)
    trims = jersey_trims(front, back, ("neck", "cuff", "hem"), 3.5)
    return Block(KINDS["child-sweatshirt"], front, back, marks, "knit", sleeves, trims, cut.angle)


def _hoodie(body: BodyMeasurements) -> Block:
    """Cut a hoodie without cords, because a slide can catch cords on children's clothes (EN 14682)."""
    cut = _sweat_cut(body)
    front, back, marks, sleeves = upper_edges(cut)
    front, back, trims = hooded(front, back, cut, 3.5, cords=False)
    trims["front"] = (pouch(cut), *trims["front"])
    return Block(KINDS["child-hoodie"], front, back, marks, "knit", sleeves, trims, cut.angle)


def _sweat_cut(body: BodyMeasurements) -> Upper:
    cut = _straight(body, ease=14.0, longer=1.0)
    cut = replace(cut, depth=cut.depth + 1.5, shoulder=min(cut.shoulder + 1.8, cut.half_chest - 1.2))
    return with_long_sleeves(cut, 0.91 * body.arm_length, 0.12 * body.chest + 2.0, (0.31 * body.chest + 5.0) / 2)


def _coat(body: BodyMeasurements) -> Block:
    """Cut a straight coat to the middle of the thigh, worn over a sweater."""
    cut = _straight(body, ease=18.0)
    length = body.neck_height - 0.78 * body.inseam
    cut = replace(cut, depth=cut.depth + 1.5, shoulder=min(cut.shoulder + 1.8, cut.half_chest - 1.2))
    cut = replace(cut, length=length, half_hem=cut.half_hem + 2.0)
    cut = with_long_sleeves(cut, 0.95 * body.arm_length, 0.14 * body.chest + 2.5, (0.31 * body.chest + 7.0) / 2)
    front, back, marks, sleeves = upper_edges(cut)
    trims = buttoned(front, back, -cut.drop - 2, -0.72 * length, 9.0, 2.4)
    trims = {
        side: (Trim("band", edges["neck"], 4.0), *trims[side]) for side, edges in (("front", front), ("back", back))
    }
    return Block(KINDS["child-coat"], front, back, marks, "coat-wool", sleeves, trims, cut.angle)


def _dress(body: BodyMeasurements) -> Block:
    """Cut a dress with short sleeves, a yoke, and a skirt that widens evenly from the chest to just above the knee."""
    cut = _straight(body, ease=9.0)
    length = body.neck_height - (_KNEE * body.inseam + 6.0)
    cut = replace(cut, length=length, half_hem=max(cut.half_hem, (body.hip + 10.0) / 4) + 0.13 * length)
    front, back, marks, sleeves = upper_edges(cut)
    trims = dict(jersey_trims(front, back, ("neck",), 1.2))
    armpit = float(marks["armpit_left"][1])
    yoke = Trim("line", edge_of((-cut.half_chest - 2.0, armpit - 2.5), (cut.half_chest + 2.0, armpit - 2.5)))
    trims = {side: (*shown, yoke) for side, shown in trims.items()}
    return Block(KINDS["child-dress"], front, back, marks, "cotton", sleeves, trims, cut.angle)


def _elastic_waist(body: BodyMeasurements) -> tuple[float, float]:
    """Return half of a waistband's flat width, wide enough for the hips, and the share of it that elastic leaves."""
    half = (body.hip + 2.0) / 4
    return half, min(1.0, (body.waist + 0.06 * (body.hip - body.waist)) / (4 * half))


def _legs(name: str, body: BodyMeasurements, inseam: float, opening: float) -> Block:
    half_waist, share = _elastic_waist(body)
    return draft_legs(KINDS[name], body, inseam, opening, half_waist, share)


def _trousers(body: BodyMeasurements) -> Block:
    return _legs("child-trousers", body, 0.91 * body.inseam, 0.20 * body.hip)


def _shorts(body: BodyMeasurements) -> Block:
    return _legs("child-shorts", body, (1.0 - _KNEE) * body.inseam - 2.0, 0.28 * body.hip)


def _skirt(body: BodyMeasurements) -> Block:
    half_waist, share = _elastic_waist(body)
    low = -(body.waist_height - _KNEE * body.inseam - 6.0)
    hip_y, half_hem = -(body.waist_height - body.hip_height), (body.hip + 34.0) / 4
    half_hip = half_waist + (half_hem - half_waist) * hip_y / low
    left = {"side_left": edge_of((half_hem, low), (half_hip, hip_y), (half_waist, 0.0))}
    loop = {
        "hem": edge_of((-half_hem, low), (half_hem, low), bow=(0, -2.5)),
        **left,
        "waist": edge_of((half_waist, 0.0), (-half_waist, 0.0)),
        **mirrored_edges(left),
    }
    marks = both_sides({"waist_left": (half_waist, 0.0), "hip_left": (half_hip, hip_y), "hem_left": (half_hem, low)})
    trims = jersey_trims(loop, loop, ("waist",), 3.0)
    return Block(KINDS["child-skirt"], loop, dict(loop), marks, "cotton", (), trims, elastic={"waist": share})


DRAFTS: Final[Mapping[str, Callable[[BodyMeasurements], Block]]] = MappingProxyType(
    {
        "child-tee": _tee,
        "child-sweatshirt": _sweatshirt,
        "child-hoodie": _hoodie,
        "child-coat": _coat,
        "child-dress": _dress,
        "child-skirt": _skirt,
        "child-trousers": _trousers,
        "child-shorts": _shorts,
    }
)
"""Name of a block -> function that cuts it."""
