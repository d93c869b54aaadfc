"""Fit of garments that hang from the shoulders: from landmarks and outline to a cut that this body can wear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.pattern.cut.bands import with_cuff_bands, with_hem_band
from vmodel.garment.pattern.cut.cap_sleeves import cap_cm, has_caps
from vmodel.garment.pattern.cut.lower import LEG_FOLLOWS
from vmodel.garment.pattern.cut.sides import fit_hem, fit_sides, lift_cm
from vmodel.garment.pattern.cut.sizes import SAMPLE_CHEST, Size, shown_narrower, solve_sizes
from vmodel.garment.pattern.cut.sleeves import least_sleeve, roomy_angle, sleeve_ease
from vmodel.garment.pattern.cut.swim import (
    SWIM_ARMHOLE,
    SWIM_STRINGS,
    fit_brief,
    swim_length,
    swim_sizes,
    swim_top,
)
from vmodel.garment.pattern.cut.upper_sizes import LegCut, UpperCut
from vmodel.garment.pattern.details.bare_shoulders import as_if_carried, bare_side, cut_in, string_width
from vmodel.garment.pattern.details.neck import (
    depth_px,
    falls_in_front,
    usual_drop,
    usual_neck,
    widened,
    worn_stand_cm,
)
from vmodel.garment.pattern.details.neck_edge import edge_profile
from vmodel.garment.pattern.details.sleeves_seen import LONG
from vmodel.types import BodyMeasurements, Category, GarmentKind, GarmentPhoto, Neckline, Sleeve

SLEEVED: Final = frozenset({Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG})
_EASE_CM: Final = {
    Category.TOP: 10.0,
    Category.DRESS: 8.0,
    Category.JUMPSUIT: 10.0,
    Category.OUTERWEAR: 18.0,
    Category.SWIMWEAR: 0.0,
}
_LENGTH: Final = {Category.TOP: 1.08, Category.OUTERWEAR: 1.2}
"""Usual length over the way from neck to hip; of dresses a share of the neck's height."""
_SHOULDER_CM: Final = 0.8, -2.5
_OUTER_SHOULDER_CM: Final = 2.9, 2.4
"""Usual half span of the shoulder points beyond the body's, with and without sleeves: with these the lengths, sleeves
and armholes of 94 labelled jackets and vests come out as usual in the middle."""
_MOST_ON_ARM, _MOST_ON_ARM_CM = 0.86, 7.0
"""Most half span of the shoulder points as a share of the chest's, and beyond the body's. In the middle of 1,123
labelled tops that lie flat the points are 0.88 times as far apart as the armpits, which look 0.95 times as
far apart as they are."""
_VEST_DEEPER_CM: Final = 2.0
"""Depth of a vest's armholes beyond a jacket's."""
_SLEEVE_OF_ARM: Final = {Sleeve.SHORT: 0.36, Sleeve.THREE_QUARTER: 0.68, Sleeve.LONG: 0.94}
_SLEEVE_BOUNDS: Final = {Sleeve.SHORT: (0.16, 0.58), Sleeve.THREE_QUARTER: (0.5, 0.84), Sleeve.LONG: (0.85, 1.03)}
_MOST_CUFF: Final = 0.25, 0.21
"""Largest flat width of a short sleeve's end, and of a longer one's, over the chest's girth: 99 % of 1,576 are less."""
_STRAP_CM: Final = 1.0, 5.0
"""Widths of a strap."""
_LEAST_NECK: Final = 0.235
"""Least half span of the neck points, as a share of the neck's girth."""
_LEAST_APART: Final = (0.03, 0.055)
"""Least distance of an open front's edges from its middle at the neck and at the hem, as shares of the chest."""
_MOST_APART: Final = (0.06, 0.1)
_SHORTEST_DRESS: Final = 0.82  # height of its hem over the inseam
_ANYWHERE: Final = 0.6
"""Deviation of a size about which little is known in advance."""
_WIDEST_ROUND: Final = {Neckline.HOOD: 0.32, Neckline.COLLAR: 0.215, Neckline.HIGH: 0.3}
"""Most half span of the neck points where something goes round the neck, as a share of its girth."""
_LEAST_ROUND: Final = {Neckline.COLLAR: 0.19, Neckline.HIGH: 0.26}
_COAT_ROUND: Final = 0.26, 0.29
"""Least half span of the neck points where something stands round the neck, as a share of its girth. A collar has a
stand beside, see ``vmodel.drape.neck.stand``. Bounds of a coat's collar, which goes round other clothes."""
_WIDEST_NECK: Final = {Neckline.BOAT: 0.86}
"""Most half span of the neck points, as a share of the shoulders, where it is more than usual."""
_HALTER_CM: Final = 0.8, 6.0
"""Bounds of the width of what goes round the neck."""
_STRING_CM, _STRING_DROP_CM = 3.0, 6.0
"""Width below which a halter's band beside a neck deeper than the second is a string."""
_STRINGS: Final = {Neckline.HALTER: 0.8, Neckline.V: 0.5}
"""Depth to which strings, or straps beside a pointed front, go down the neck, as a share of its depth."""
_HALTER_REACH: Final = 0.72
"""Outermost place of a halter's band, as a share of the shoulders."""
_ROUND_ARM: Final = 0.15
"""Half the girth of an upper arm, as a share of the chest."""
_OFF_ANGLE: Final = 58.0
"""Angle of a sleeve that begins below the shoulder: the arm hangs in it."""
_OFF_ROOM_CM, _BAND_CM = 2.0, 7.0
"""Room of such a sleeve beyond half the arm, and its length where it is a band or a flounce."""
_OFF_LATER: Final = 0.04
"""Distance of its root down the arm, as a share of the height."""


def fit_upper(
    photo: GarmentPhoto, body: BodyMeasurements, gender: str, stated_cm: Mapping[str, float], trust: float = 1.0
) -> tuple[UpperCut, float]:
    """Find the cut of a garment that hangs from the shoulders.

    Args:
        photo: the garment as read.
        body: of the wearer.
        gender: "woman", "man", "girl" or "boy".
        stated_cm: "width" and "length" as the seller stated them, either, both or none.
        trust: in the photo, see ``solve_sizes``.
    Returns:
        The cut, and cm per pixel.
    """
    kind = photo.kind
    bare = bare_side(photo)
    if bare:
        photo = as_if_carried(photo, bare)
    off = kind.neckline == Neckline.OFF_SHOULDER
    stated = {}
    if "width" in stated_cm:
        stated["chest"] = stated_cm["width"] / 2
    if "length" in stated_cm:
        stated["length"] = stated_cm["length"]
    graded = body.chest / body.height / SAMPLE_CHEST
    sizes, scale = solve_sizes(_sizes(photo, body, gender), kind, stated, trust, graded)
    sleeved = kind.sleeve in SLEEVED
    chest = sizes["chest"]
    below = _below(kind, body)
    shoulder, neck, strings = _across_the_top(photo, body, sizes, scale)
    later = max(shoulder - sizes["shoulder"], 0.0) if kind.sleeve in LONG else 0.0
    slope = 0.24 * (shoulder - neck) + 0.6 if kind.hangs_from_shoulders else below
    depth = 0.0 if kind.neckline == Neckline.STRAPLESS else sizes["depth"]
    length = sizes["length"] + below
    if not kind.category.has_legs:
        length = max(length, depth + slope + 4.0)
    brief = midriff = None
    if kind.category == Category.SWIMWEAR:
        brief, length, midriff = fit_brief(photo, body, scale, depth + slope)
    sides = fit_sides(photo, body, chest, length, depth + slope)
    sides, bands = with_hem_band(photo, body, chest, sides, (depth + slope, length), scale)
    angle, sleeve, cuff, root = 40.0, 0.0, 0.0, 0.0
    if off:
        angle, root = _OFF_ANGLE, _ROUND_ARM * body.chest + _OFF_ROOM_CM
        sleeve, cuff = (sizes["sleeve"], sizes["cuff"]) if sleeved else (_BAND_CM, root + 1.0)
    elif sleeved and not has_caps(photo):
        angle = roomy_angle(chest - shoulder, depth, (0.3 * body.chest + sleeve_ease(kind)) / 2)
        cuff, rounds = with_cuff_bands(photo, body, sizes["cuff"], _MOST_CUFF[1] * body.chest, scale)
        bands |= rounds
        flare = (sides[0, 1] - chest) / max(sides[0, 0] * (length - depth - slope), 1.0)
        sleeve = max(sizes["sleeve"] - later, least_sleeve(chest - shoulder, depth, angle, cuff, flare))
    legs = _legs(body, sizes, length, below) if kind.category == Category.JUMPSUIT else None
    if legs is not None:
        sides[-1, 1] = legs.outer
    return UpperCut(
        half_chest=chest,
        length=length,
        shoulder=shoulder,
        neck=neck,
        drop=sizes["drop"],
        depth=depth,
        sleeve=sleeve,
        cuff=cuff,
        angle=angle,
        sides=sides,
        hem=np.zeros((0, 2)) if kind.category.has_legs else fit_hem(photo, scale),
        lift=lift_cm(kind, body, float(sides[-1, 1]), length),
        stand=worn_stand_cm(photo, scale),
        falls=falls_in_front(photo),
        legs=legs,
        apart=_apart(photo, body, scale) if kind.open_front else None,
        strings=strings,
        armhole=_armhole(photo),
        below=below,
        root=root,
        brief=brief,
        midriff=midriff,
        bare=bare,
        profile=None if photo.neck_edge is None else edge_profile(photo.neck_edge),
        cap=cap_cm(photo, scale),
        bands=bands,
    ), scale


def _apart(photo: GarmentPhoto, body: BodyMeasurements, scale: float) -> tuple[float, float]:
    """Return how far an open front's edges are cut from its middle at neck and hem: as in the photo, bounded."""
    seen = np.zeros(2)
    if photo.opening is not None:
        gap = scale * np.linalg.norm(photo.opening[0] - photo.opening[1], axis=1) / 2
        seen = np.array([gap[: len(gap) // 4].mean(), gap[-len(gap) // 2 :].mean()])
    top, foot = np.clip(seen, np.array(_LEAST_APART) * body.chest, np.array(_MOST_APART) * body.chest)
    return float(top), float(foot)


def _across_the_top(
    photo: GarmentPhoto, body: BodyMeasurements, sizes: Mapping[str, float], scale: float
) -> tuple[float, float, float]:
    """Return the half spans of shoulders and neck, and ``UpperCut.strings``."""
    kind, chest = photo.kind, sizes["chest"]
    if not kind.hangs_from_shoulders:
        return chest, min(sizes["neck"], chest - 1.0), 0.0
    sleeved = kind.sleeve in SLEEVED
    shoulder = min(sizes["shoulder"], chest - (1.0 if sleeved else 0.5))
    drawn_in = shoulder / max(scale * photo.half("shoulder"), shoulder)
    neck = min(sizes["neck"] * (drawn_in if sleeved else 1.0), shoulder - (2.0 if sleeved else 0.9))
    wide = scale * photo.distance("shoulder", "neck")
    if kind.neckline == Neckline.HALTER:
        string, strings = scale * string_width(photo), 0.0
        if 0 < string < _STRING_CM and sizes["drop"] > _STRING_DROP_CM:
            wide, strings = string, _STRINGS[Neckline.HALTER]
        most = max(min(_HALTER_CM[1], _HALTER_REACH * body.shoulder_width / 2 - neck), _HALTER_CM[0])
        return neck + float(np.clip(wide, _HALTER_CM[0], most)), neck, strings
    if kind.sleeve == Sleeve.STRAP:  # the photo shows its width, whatever its neck's width
        going_down = SWIM_STRINGS if kind.category == Category.SWIMWEAR else _STRINGS
        return shoulder, shoulder - float(np.clip(wide, *_STRAP_CM)), going_down.get(kind.neckline, 0.0)
    return _sewn_on(photo, body, chest, shoulder), neck, 0.0


def _sewn_on(photo: GarmentPhoto, body: BodyMeasurements, chest: float, shoulder: float) -> float:
    """Return the half span at which sleeves are sewn on: beside the chest as in the photo, so that prints fit between.

    Seams mostly lie on the arm, beyond the shoulders that its sizes are judged by.
    """
    if photo.kind.sleeve not in SLEEVED or photo.kind.category == Category.OUTERWEAR:
        return shoulder
    shown = chest * shown_narrower(photo.kind) * photo.half("shoulder") / max(photo.half("armpit"), 1.0)
    most = min(_MOST_ON_ARM * chest, body.shoulder_width / 2 + _MOST_ON_ARM_CM)
    return max(shoulder, min(shown, most))


def _below(kind: GarmentKind, body: BodyMeasurements) -> float:
    """Return how far an upper edge that no shoulder carries lies below the neck points."""
    if kind.category == Category.SWIMWEAR and kind.neckline == Neckline.STRAPLESS:
        return swim_top(body)
    share = {Neckline.OFF_SHOULDER: 0.5, Neckline.STRAPLESS: 0.95}.get(kind.neckline, 0.0)
    return share * (body.neck_height - body.chest_height)


def _sizes(photo: GarmentPhoto, body: BodyMeasurements, gender: str) -> list[Size]:
    kind = photo.kind
    sleeved, strap = kind.sleeve in SLEEVED, kind.sleeve == Sleeve.STRAP
    outer = kind.category == Category.OUTERWEAR
    ease = _EASE_CM[kind.category] * (1.3 if gender in {"man", "boy"} else 1.0) * body.chest / 95
    off, halter = kind.neckline == Neckline.OFF_SHOULDER, kind.neckline == Neckline.HALTER
    if strap or kind.neckline == Neckline.STRAPLESS:
        ease *= 0.4
    half = body.shoulder_width / 2
    across = half + (_OUTER_SHOULDER_CM if outer else _SHOULDER_CM)[not sleeved]
    if strap or halter:
        across = 0.62 * half
    torso = body.neck_height - body.hip_height
    # the sag of an elastic edge and the distance of a halter's ends in a photo say nothing about how they are worn
    drop = depth_px(photo)
    widest = half if off else (0.95 if strap or halter else _WIDEST_NECK.get(kind.neckline, 0.78)) * across
    least = _LEAST_ROUND.get(kind.neckline, _LEAST_NECK)
    if outer and kind.neckline == Neckline.COLLAR:
        least, widest = _COAT_ROUND[0], min(widest, _COAT_ROUND[1] * body.neck)
    elif kind.neckline in _WIDEST_ROUND:  # neck points of cloth spread out beside the neck are easily read too far out
        widest = min(widest, _WIDEST_ROUND[kind.neckline] * body.neck)
    found = [
        Size("chest", photo.half("armpit"), 0.04, (body.chest + ease) / 4, 0.12,
             (body.chest + (2 if kind.neckline == Neckline.STRAPLESS else 4)) / 4, (body.chest + 46) / 4, True),
        Size("shoulder", None if off or halter else photo.half("shoulder"), 0.05 if sleeved else 0.07, across,
             0.08 if sleeved else 0.25 if strap else 0.12,
             half - 1 if sleeved else (0.42 if strap or halter else 0.55) * half,
             half + (10 if sleeved else 5 if outer else 1.5)),
        Size("neck", photo.half("neck") / widened(kind), 0.6 if halter or off else 0.08,
             usual_neck(kind, body, across), 0.5,
             least * body.neck, widest),
        Size("drop", drop, 0.15, usual_drop(kind, body), 0.6, *((0.5, 2.0) if off else (1.5, 0.33 * body.chest))),
        _depth_size(photo, body, ease),
        _length_size(photo, body, torso),
    ]  # fmt: skip
    if kind.category == Category.SWIMWEAR:
        found = list(swim_sizes(found, kind, body))
    if kind.bib:
        found = [_beside_bib(size, body) for size in found]
    if sleeved and not has_caps(photo):
        found += _sleeve_sizes(photo, body)
    if kind.category == Category.JUMPSUIT:
        found += _leg_sizes(photo, body)
    return found


def _armhole(photo: GarmentPhoto) -> float | None:
    """Return ``UpperCut.armhole``."""
    if photo.kind.neckline == Neckline.HALTER:
        return cut_in(photo)
    return SWIM_ARMHOLE if photo.kind.category == Category.SWIMWEAR and photo.kind.sleeve == Sleeve.STRAP else None


def _depth_size(photo: GarmentPhoto, body: BodyMeasurements, ease: float) -> Size:
    """Return the depth from the shoulder points to the armpits, or from an upper edge that lies across both arms."""
    off = photo.kind.neckline == Neckline.OFF_SHOULDER
    pixels = float((photo.middle("armpit") - photo.middle("neck" if off else "shoulder"))[1])
    if off:
        return Size("depth", pixels, 0.3, 0.07 * body.chest, 0.2, 0.05 * body.chest, 0.1 * body.chest)
    usual = 0.2 * body.chest + 0.12 * ease
    if photo.kind.category == Category.OUTERWEAR and photo.kind.sleeve == Sleeve.NONE:
        usual += _VEST_DEEPER_CM
    spread = 0.3 if photo.kind.neckline == Neckline.HALTER else 0.10
    return Size("depth", pixels, spread, usual, 0.12, 0.165 * body.chest, 0.33 * body.chest)


def _beside_bib(size: Size, body: BodyMeasurements) -> Size:
    """Adapt a size to dungarees, whose sides begin anywhere between arm and waist."""
    if size.name == "chest":
        return replace(size, low=(body.waist + 8) / 4)
    if size.name == "depth":
        return replace(size, usual_spread=_ANYWHERE, high=body.neck_height - body.waist_height)
    return size


def _length_size(photo: GarmentPhoto, body: BodyMeasurements, torso: float) -> Size:
    kind, below = photo.kind, _below(photo.kind, body)
    if kind.category.has_legs:
        low = [photo.middle("leg_outer"), photo.middle("leg_inner")] if photo.has("leg_outer", "leg_inner") else []
        end = np.mean(low, axis=0) if low else None
        pixels = None if end is None else float(np.linalg.norm(end - photo.middle("neck")))
        if kind.category == Category.SWIMWEAR:
            return swim_length(photo, body, below)
        floor = body.neck_height - 4.0
        least = body.neck_height - body.inseam + 6.0
        return Size("length", pixels, 0.05, 0.9 * floor - below, 0.2, least - below, floor - below)
    pixels = float(np.linalg.norm(photo.middle("hem") - photo.middle("neck")))
    neck, mini = body.neck_height, body.neck_height - _SHORTEST_DRESS * body.inseam
    usual, spread, low_cm, high_cm = {
        Category.TOP: (_LENGTH[Category.TOP] * torso, 0.16, 0.5 * torso, 1.6 * torso),
        Category.OUTERWEAR: (_LENGTH[Category.OUTERWEAR] * torso, 0.3, 0.7 * torso, 0.82 * neck),
        Category.DRESS: (0.66 * neck, 0.17, mini, 0.95 * neck),
    }[kind.category]
    return Size("length", pixels, 0.03, usual - below, spread, low_cm - below, high_cm - below)


def _sleeve_sizes(photo: GarmentPhoto, body: BodyMeasurements) -> list[Size]:
    kind, points = photo.kind, photo.points
    runs, wide = [], []
    for side in (each for each in SIDES if each not in photo.lying):
        outer, inner = points[f"cuff_outer_{side}"], points[f"cuff_inner_{side}"]
        root = (points[f"shoulder_{side}"] + points[f"armpit_{side}"]) / 2
        runs.append(float(np.linalg.norm((outer + inner) / 2 - root)))
        wide.append(float(np.linalg.norm(outer - inner)))
    # a sleeve that begins below the shoulder is shorter by the part above it
    later = _OFF_LATER * body.height if kind.neckline == Neckline.OFF_SHOULDER else 0.0
    low, high = (max(share * body.arm_length - later, 4.0) for share in _SLEEVE_BOUNDS[kind.sleeve])
    usual = max(_SLEEVE_OF_ARM[kind.sleeve] * body.arm_length - later, 6.0)
    spread = {Sleeve.SHORT: 0.6, Sleeve.THREE_QUARTER: 0.2, Sleeve.LONG: 0.08}[kind.sleeve]
    short = kind.sleeve == Sleeve.SHORT
    cuff = (0.175 if short else 0.125) * body.chest
    return [
        # a sleeve that lies folded or hangs behind looks shorter than it is: the longer one counts
        Size("sleeve", max(runs, default=None), 0.07, usual, spread, low, high),
        Size("cuff", float(np.mean(wide)) if wide else None, 0.12, cuff, 0.4, (0.16 if short else 0.1) * body.chest,
             _MOST_CUFF[not short] * body.chest),
    ]  # fmt: skip


def _leg_sizes(photo: GarmentPhoto, body: BodyMeasurements) -> list[Size]:
    rise = body.neck_height - body.inseam - _below(photo.kind, body)
    crotch = float(photo.points["crotch"][1] - photo.middle("neck")[1]) if "crotch" in photo.points else None
    opening = photo.distance("leg_outer", "leg_inner") if photo.has("leg_outer", "leg_inner") else None
    return [
        Size("crotch", crotch, 0.06, rise + 4.0, 0.04, rise + 2.0, rise + 12.0),
        Size("opening", opening, 0.1, 0.24 * body.hip, 0.25, 0.2 * body.hip, 0.45 * body.hip, True, LEG_FOLLOWS),
    ]


def _legs(body: BodyMeasurements, sizes: Mapping[str, float], length: float, below: float) -> LegCut:
    middle = 0.125 * body.hip
    inner = max(middle - sizes["opening"] / 2, 1.0)
    return LegCut(min(sizes["crotch"] + below, length - 4.0), inner, inner + sizes["opening"])
