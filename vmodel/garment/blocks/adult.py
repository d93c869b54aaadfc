"""Blocks for adults: edges drafted from body measures, in centimetres."""

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
    fitted,
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
        "tee": GarmentKind(Category.TOP, 1.0, Sleeve.SHORT, Neckline.CREW, Length.HIP, stated=True),
        "sweatshirt": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.CREW, Length.HIP, stated=True),
        "hoodie": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.HOOD, Length.HIP, stated=True),
        "shirt": GarmentKind(Category.TOP, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.HIP, stated=True),
        "coat": GarmentKind(Category.OUTERWEAR, 1.0, Sleeve.LONG, Neckline.COLLAR, Length.KNEE, stated=True),
        "dress": GarmentKind(Category.DRESS, 1.0, Sleeve.NONE, Neckline.SCOOP, Length.KNEE, stated=True),
        "skirt": GarmentKind(Category.SKIRT, 1.0, length=Length.KNEE, stated=True),
        "trousers": GarmentKind(Category.TROUSERS, 1.0, length=Length.ANKLE, stated=True),
        "shorts": GarmentKind(Category.SHORTS, 1.0, length=Length.KNEE, stated=True),
    }
)
"""Name of a block -> kind of garment."""


def _tee(body: BodyMeasurements) -> Block:
    cut = fitted(body, ease=12.0)
    front, back, marks, sleeves = upper_edges(cut)
    return Block(KINDS["tee"], front, back, marks, "jersey", sleeves, jersey_trims(front, back, ("neck",)), cut.angle)


def _sweatshirt(body: BodyMeasurements) -> Block:
    cut = _sweat_cut(body)
    front, back, marks, sleeves = upper_edges(cut)
    trims = jersey_trims(front, back, ("neck", "cuff", "hem"), 5.0)
    trims["front"] = (*trims["front"], pouch(cut))
    return Block(KINDS["sweatshirt"], front, back, marks, "knit", sleeves, trims, cut.angle)


def _hoodie(body: BodyMeasurements) -> Block:
    cut = _sweat_cut(body)
    front, back, marks, sleeves = upper_edges(cut)
    front, back, trims = hooded(front, back, cut, 5.0)
    trims["front"] = (pouch(cut), *trims["front"])
    return Block(KINDS["hoodie"], front, back, marks, "knit", sleeves, trims, cut.angle)


def _sweat_cut(body: BodyMeasurements) -> Upper:
    """Draft the cut of a sweatshirt: a dropped shoulder and a deep armhole."""
    cut = fitted(body, ease=18.0, longer=1.0, wide=4.0)
    cut = replace(cut, depth=cut.depth + 3.0, drop=0.2 * body.neck)
    return with_long_sleeves(cut, 0.9 * body.arm_length, 0.11 * body.chest + 2.5, _upper_arm(body, 6.5))


def _shirt(body: BodyMeasurements) -> Block:
    cut = fitted(body, ease=14.0, longer=4.0, wide=1.6)
    cut = replace(cut, depth=cut.depth + 1.5, drop=0.2 * body.neck)
    cut = with_long_sleeves(cut, 0.94 * body.arm_length, 0.1 * body.chest + 2.0, _upper_arm(body, 5.0))
    front, back, marks, sleeves = upper_edges(cut)
    trims = buttoned(front, back, -cut.drop, -cut.length + 10, 9.0, 1.6)
    for side, edges in (("front", front), ("back", back)):
        bands = (Trim("band", edges["neck"], 3.6), *(Trim("band", edges[f"cuff_{s}"], 6.0) for s in ("left", "right")))
        trims[side] = (*bands, *trims[side])
    return Block(KINDS["shirt"], front, back, marks, "cotton", sleeves, trims, cut.angle)


def _coat(body: BodyMeasurements) -> Block:
    cut = fitted(body, ease=20.0, wide=2.4)
    length = 0.62 * body.neck_height
    half_hem = (body.hip + 32.0) / 4
    cut = replace(cut, depth=cut.depth + 2.5, drop=0.46 * body.neck, length=length, half_hem=half_hem)
    cut = with_long_sleeves(cut, 0.96 * body.arm_length, 0.13 * body.chest + 2.5, _upper_arm(body, 9.0))
    front, back, marks, sleeves = upper_edges(cut)
    trims = buttoned(front, back, -cut.drop - 3, -0.72 * length, 13.0, 3.0)
    trims = {
        side: (Trim("band", edges["neck"], 7.0), *trims[side]) for side, edges in (("front", front), ("back", back))
    }
    return Block(KINDS["coat"], front, back, marks, "coat-wool", sleeves, trims, cut.angle)


def _upper_arm(body: BodyMeasurements, ease: float) -> float:
    """Return half the girth of a sleeve at the armpit."""
    return (0.3 * body.chest + ease) / 2


def _dress(body: BodyMeasurements) -> Block:
    slope, half = 3.0, (body.chest + 6.0) / 4
    shoulder, neck = body.shoulder_width / 2 - 0.8, 0.25 * body.neck + 1.0
    waist_y, hip_y = -(body.neck_height - body.waist_height), -(body.neck_height - body.hip_height)
    low = -0.66 * body.neck_height
    armpit = (half, -slope - 0.2 * body.chest)
    waist, hip, hem = (body.waist + 8.0) / 4, (body.hip + 8.0) / 4, (body.hip + 44.0) / 4
    left = {
        "side_left": edge_of((hem, low), (hip + 0.5, hip_y), (waist, waist_y), armpit),
        "armhole_left": edge_of(armpit, (shoulder - 1.0, 0.55 * (armpit[1] - slope)), (shoulder, -slope)),
        "shoulder_left": edge_of((shoulder, -slope), (neck, 0.0)),
    }
    bottom = {"hem": edge_of((-hem, low), (hem, low), bow=(0, -3.0))}
    front = {
        **bottom,
        **left,
        "neck": edge_of((neck, 0), (-neck, 0), bow=(0, -0.3 * body.neck)),
        **mirrored_edges(left),
    }
    back = {**bottom, **left, "neck": edge_of((neck, 0), (-neck, 0), bow=(0, -2.5)), **mirrored_edges(left)}
    marks = {
        "neck_left": (neck, 0.0), "shoulder_left": (shoulder, -slope), "armpit_left": armpit, "hem_left": (hem, low),
        "cuff_outer_left": (shoulder, -slope), "cuff_inner_left": armpit, "waist_left": (waist, waist_y),
        "neck_front": (0.0, -0.3 * body.neck), "neck_back": (0.0, -2.5),
    }  # fmt: skip
    trims = jersey_trims(front, back, ("neck", "armhole"), 1.0)
    return Block(KINDS["dress"], front, back, both_sides(marks), "cotton", (), trims, 60.0)


def _skirt(body: BodyMeasurements) -> Block:
    half_waist, low = _seat(body) / 4, -0.56 * body.waist_height
    half_hip, half_hem = (body.hip + 6.0) / 4, (body.hip + 52.0) / 4
    hip_y = -(body.waist_height - body.hip_height)
    left = {"side_left": edge_of((half_hem, low), (half_hip + 0.6, hip_y), (half_waist, 0.0))}
    loop = {
        "hem": edge_of((-half_hem, low), (half_hem, low), bow=(0, -5.0)),
        **left,
        "waist": edge_of((half_waist, 0.0), (-half_waist, 0.0)),
        **mirrored_edges(left),
    }
    marks = {"waist_left": (half_waist, 0.0), "hip_left": (half_hip, hip_y), "hem_left": (half_hem, low)}
    return Block(
        KINDS["skirt"], loop, dict(loop), both_sides(marks), "cotton", (), jersey_trims(loop, loop, ("waist",), 3.5)
    )


def _seat(body: BodyMeasurements) -> float:
    """Return the girth where a waistband sits, a little below the natural waist."""
    return body.waist + 0.3 * (body.hip - body.waist) + 1.0


def _trousers(body: BodyMeasurements) -> Block:
    return draft_legs(KINDS["trousers"], body, 0.93 * body.inseam, 0.2 * body.hip, _seat(body) / 4)


def _shorts(body: BodyMeasurements) -> Block:
    return draft_legs(KINDS["shorts"], body, 0.22 * body.inseam, 0.3 * body.hip, _seat(body) / 4)


DRAFTS: Final[Mapping[str, Callable[[BodyMeasurements], Block]]] = MappingProxyType(
    {
        "tee": _tee,
        "shirt": _shirt,
        "sweatshirt": _sweatshirt,
        "hoodie": _hoodie,
        "dress": _dress,
        "skirt": _skirt,
        "trousers": _trousers,
        "shorts": _shorts,
        "coat": _coat,
    }
)
"""Name of a block -> function that cuts it."""
