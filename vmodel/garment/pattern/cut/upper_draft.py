"""Cut of a garment that hangs from the shoulders: sleeves, neck, sides and hem as parameters, in centimetres.

The origin is the middle between the neck points, x to the wearer's left, y up; front and back share their seams.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator

from vmodel.garment.blocks.parts import (
    OPENINGS,
    Block,
    Edges,
    Piece,
    Point,
    as_point,
    both_sides,
    edge_of,
    mirrored_edges,
    parted,
)
from vmodel.garment.pattern.cut.upper_sizes import BriefCut, LegCut, UpperCut
from vmodel.types import FloatArray, GarmentKind, Neckline, Seam, Sleeve

_MOST_HOLLOW_CM: Final = 12.0
NECK_POWER: Final = {
    Neckline.V: 1.0, Neckline.COLLAR: 1.5, Neckline.CREW: 2.0, Neckline.HIGH: 2.0, Neckline.HOOD: 1.7,
    Neckline.SCOOP: 2.6, Neckline.BOAT: 3.0, Neckline.SQUARE: 9.0, Neckline.SWEETHEART: 6.0,
}  # fmt: skip
"""How square a neck opening is: the exponent of its curve."""
_STRAP_POWER: Final = 6.0
_TALL_CM: Final = 4.0
_SNUG_NECK, _FRONT_RAISED = 0.85, 0.35
"""Height from which on a high neck is a polo neck, the share of its length to which its rib draws its upper edge in,
and the height of its front's middle above its sides, as a share of its height."""
_SLEEVED: Final = frozenset({Sleeve.SHORT, Sleeve.THREE_QUARTER, Sleeve.LONG})
BACK_DROP_CM: Final = 2.0
_STRAPS_BEHIND: Final = 0.85
"""Length of straps behind, as a share of the armhole's depth."""
_STEPS: Final = 32
_WHOLE_BOW_CM: Final = 10.0
"""Length from which the seam below the arm is bowed in full."""
GATHERED: Final = 0.95
"""Share of its length to which an upper edge is gathered that no shoulder, or only one, carries."""
ELASTIC: Final = 0.93
"""Share of their length to which the leg lines of swimwear are gathered."""
_LEG_LINES: Final = ("leg_left", "leg_right")
_DEEP_HALTER_CM: Final = 9.0
"""Drop of a halter's neck beyond which it is pointed."""
_NAPE_CM: Final = 1.0
_BACK_RISE: Final = 0.2
"""Rise of the middle of a halter's back from the cut's armpits to the body's, as a share of their depth."""
_SAG: Final = 0.07
"""Sag of the upper edge of a garment on one shoulder below a straight line, as a share of its length."""


def draft_upper(kind: GarmentKind, cut: UpperCut, material: str) -> Block:
    """Draft a garment that hangs from the shoulders.

    Args:
        kind: category, sleeve and neckline decide which edges there are.
        cut: its sizes.
        material: name in the drape's materials.
    Returns:
        The block; with cap sleeves it counts as sleeveless.
    """
    if cut.cap:
        kind = replace(kind, sleeve=Sleeve.NONE)
    shoulder, armpit = _shoulder_and_armpit(kind, cut)
    side = {"side_left": _side(cut, armpit)}
    low, low_back = (_low_edges(cut, side["side_left"], is_front) for is_front in (True, False))
    if kind.neckline == Neckline.STRAPLESS:
        half: Edges = {}
        top = edge_of(as_point(armpit), (-armpit[0], armpit[1]))
        necks = {"neck": top}, {"neck": top.copy()}
        neck = armpit
        ends = {"cuff_outer_left": as_point(armpit), "cuff_inner_left": as_point(armpit)}
    else:
        half, ends = _armhole_or_sleeve(kind, cut, shoulder, armpit)
        neck = np.array([cut.neck, -cut.below])
        if kind.neckline == Neckline.OFF_SHOULDER:
            necks = {"neck": _across_arms(cut, shoulder, cut.drop)}, {"neck": _across_arms(cut, shoulder, 0.0)}
        elif cut.bare:
            necks = {"neck": _under_one_arm(cut, armpit)}, {"neck": _under_one_arm(cut, armpit)}
        else:
            necks = (
                _neck_edges(kind, cut, half, cut.drop),
                _neck_edges(kind, cut, half, _back_drop(kind, cut), is_back=True),
            )
    front = _loop(low, side, half, necks[0], cut.bare)
    back = _loop(low_back, side, half, necks[1], cut.bare)
    marks = {"neck_left": as_point(neck), "shoulder_left": as_point(shoulder), "armpit_left": as_point(armpit)}
    marks |= {**ends, "waist_left": as_point(side["side_left"][len(side["side_left"]) // 2])}
    if cut.legs:
        marks |= {"leg_outer_left": (cut.legs.outer, -cut.length), "leg_inner_left": (cut.legs.inner, -cut.length)}
        marks |= {
            "crotch": (0.0, -cut.legs.crotch),
            "hip_left": as_point(_on_side(side["side_left"], -0.9 * cut.legs.crotch)),
        }
    elif cut.brief:
        marks |= {"leg_outer_left": as_point(side["side_left"][0]), "hip_left": as_point(side["side_left"][4])}
        marks |= {"leg_inner_left": (cut.brief.gusset, -cut.brief.crotch), "crotch": (0.0, -cut.brief.crotch)}
    else:
        marks |= {"hem_left": as_point(side["side_left"][0])}
    lowest = -cut.drop, -_back_drop(kind, cut)  # below a stand round the neck
    if cut.bare or not kind.hangs_from_shoulders:
        lowest = _in_the_middle(front), _in_the_middle(back)
    marks |= {"neck_front": (0.0, lowest[0]), "neck_back": (0.0, lowest[1])}
    landmarks = both_sides(marks)
    if cut.bare:  # its landmarks lie where those of a carried side would: none of them is on the cloth
        landmarks[f"cuff_outer_{cut.bare}"] = landmarks[f"shoulder_{cut.bare}"]
        landmarks[f"cuff_inner_{cut.bare}"] = landmarks[f"armpit_{cut.bare}"]
    pieces, sewn = _halter_pieces(front, back, armpit) if kind.neckline == Neckline.HALTER else ((), ())
    gathered = {"top": GATHERED} if pieces else {"neck": GATHERED}
    if cut.apart is not None:
        pieces = (*parted(front, *cut.apart), Piece("back", "back", back))
    return Block(
        kind, front, back, landmarks, material,
        sleeve_angle_deg=cut.angle if kind.sleeve in _SLEEVED or cut.root else 45.0,
        elastic=(gathered if kind.bares_a_shoulder else {})
        | (dict.fromkeys(_LEG_LINES, ELASTIC) if cut.brief else {})
        | ({"neck": _SNUG_NECK} if _is_tall(kind, cut) else {}),
        bands=cut.bands, pieces=pieces, sewn=sewn,
    )  # fmt: skip


def _shoulder_and_armpit(kind: GarmentKind, cut: UpperCut) -> tuple[FloatArray, FloatArray]:
    """Return shoulder and armpit, (2,) each.

    Where the upper edge lies across the arms, the shoulder is the place where it crosses the arm's outside.
    """
    if kind.hangs_from_shoulders:
        slope = 0.24 * (cut.shoulder - cut.neck) + 0.6
        return np.array([cut.shoulder, -slope]), np.array([cut.half_chest, -slope - cut.depth])
    armpit = np.array([cut.half_chest, -cut.below - cut.depth])
    if kind.neckline == Neckline.STRAPLESS:
        return armpit, armpit
    axis, across = _sleeve_axes(cut)
    return armpit - cut.root * across - cut.depth * axis, armpit


def _sleeve_axes(cut: UpperCut) -> tuple[FloatArray, FloatArray]:
    """Return (2,) unit vectors down the left sleeve, and across it towards the trunk."""
    turn = np.radians(cut.angle)
    axis = np.array([np.cos(turn), -np.sin(turn)])
    return axis, np.array([axis[1], -axis[0]])


def _in_the_middle(edges: Edges) -> float:
    """Return the height of the neck in the middle of a side."""
    line = edges["neck"][np.argsort(edges["neck"][:, 0])]
    return float(np.interp(0.0, *line.T))


def _across_arms(cut: UpperCut, shoulder: FloatArray, drop: float) -> FloatArray:
    """Return an (n, 2) upper edge from the outside of the left arm over chest or back to that of the right one."""
    x = np.linspace(1, -1, 4 * _STEPS + 1) * shoulder[0]
    height = PchipInterpolator([0.0, cut.neck, shoulder[0]], [-cut.below - drop, -cut.below, shoulder[1]])
    return np.stack([x, height(np.abs(x))], axis=1)


def _under_one_arm(cut: UpperCut, armpit: FloatArray) -> FloatArray:
    """Return an (n, 2) upper edge from the left neck point to the right armpit, mirrored where the left is bare."""
    long = float(np.hypot(cut.neck + armpit[0], armpit[1]))
    line = edge_of((cut.neck, 0.0), (-armpit[0], armpit[1]), bow=(0.0, -_SAG * long))
    return line if cut.bare == "right" else (line * (-1, 1))[::-1]


def _halter_pieces(front: Edges, back: Edges, armpit: FloatArray) -> tuple[tuple[Piece, ...], tuple[Seam, ...]]:
    """Cut a halter into the front, a back that ends at the body's armpits, and a band behind the neck.

    The band carries the front. Front and back are given as if the back went up to the neck.
    """
    end = as_point(armpit)
    bare = {"top": edge_of(end, (-end[0], end[1]), bow=(0.0, -_BACK_RISE * end[1]))}
    lower: Edges = {}
    for name, line in back.items():  # the new edge replaces what lies between the sides
        lower |= bare if name == "armhole_left" else {}
        lower |= {} if name.startswith(("armhole", "shoulder", "neck")) else {name: line}
    seam = front["shoulder_left"]
    wide = float(np.linalg.norm(seam[0] - seam[-1]))
    outer, inner = as_point(seam[0]), as_point(seam[-1])
    band = {
        "shoulder_left": seam,
        "neck": edge_of(inner, (-inner[0], inner[1]), bow=(0.0, -_NAPE_CM)),
        "shoulder_right": front["shoulder_right"],
        "nape": edge_of((-outer[0], outer[1]), outer, bow=(0.0, inner[1] - outer[1] - wide - _NAPE_CM)),
    }
    pieces = Piece("front", "front", front), Piece("back", "back", lower), Piece("band", "back", band)
    others = {name: "band" if name in band else "back" for name in front if name not in OPENINGS}
    return pieces, tuple(Seam(("front", name), (other, name)) for name, other in others.items())


def _loop(low: Edges, side: Edges, half: Edges, top: Edges, bare: str) -> Edges:
    """Return the whole outline, counter-clockwise from the hem's right end; a bare side ends at its armpit."""
    right = mirrored_edges(side if bare == "right" else {**side, **half})
    half = side if bare == "left" else {**side, **half}
    left_legs = {name: line for name, line in low.items() if name.endswith("left")}
    return {**low, **half, **top, **right, **mirrored_edges(left_legs)}


def _side(cut: UpperCut, armpit: FloatArray) -> FloatArray:
    """Return the (n, 2) side from the hem's corner up to the armpit."""
    shares = np.r_[0.0, cut.sides[:, 0]] if len(cut.sides) else np.array([0.0, 1.0])
    widths = np.r_[cut.half_chest, cut.sides[:, 1]] if len(cut.sides) else np.array([cut.half_chest] * 2)
    along = np.linspace(1, 0, 2 * _STEPS)
    y = armpit[1] + along * (-cut.length - armpit[1])
    return np.stack([PchipInterpolator(shares, widths)(along), y], axis=1)


def _on_side(side: FloatArray, y: float) -> FloatArray:
    return np.array([np.interp(y, side[:, 1], side[:, 0]), y])


def _hem(cut: UpperCut, side: FloatArray, front: bool) -> FloatArray:
    """Return the (n, 2) hem from the right corner to the left one, hollow enough to hang level below slanted sides."""
    half = float(cut.sides[-1, 1]) if len(cut.sides) else cut.half_chest
    share = np.linspace(-1, 1, 2 * _STEPS)
    below = np.interp(share, cut.hem[:, 0], cut.hem[:, 1]) if front and len(cut.hem) else 1.2 * (1 - share**2)
    below = np.maximum(below, level_hollow(side) * (1 - share**2)) + front * cut.lift * (1 - share**2)
    return np.stack([half * share, -cut.length - below], axis=1)


def level_hollow(side: FloatArray) -> float:
    """Return how far a hem's middle is cut below its corners, in cm, so that it hangs level.

    Args:
        side: (n, 2) cm, an edge from armpit or waist to the hem: where it slants it is longer than the middle.
    """
    longer = np.linalg.norm(np.diff(side, axis=0), axis=1).sum() - np.ptp(side[:, 1])
    return min(float(longer), _MOST_HOLLOW_CM)


def _low_edges(cut: UpperCut, side: FloatArray, is_front: bool) -> Edges:
    """Return the lower edges from the right to the left; of legs and leg lines only the left ones."""
    if cut.legs:
        return _legs(cut.legs, cut.length)
    if cut.brief:
        return _leg_line(cut.brief, (float(cut.sides[-1, 1]), -cut.length), is_front)
    return {"hem": _hem(cut, side, is_front)}


def _leg_line(brief: BriefCut, outer: Point, is_front: bool) -> Edges:
    inner = (brief.gusset, -brief.crotch)
    way = np.subtract(outer, inner)
    bow = (brief.bow if is_front else brief.bow_behind) * np.array([-way[1], way[0]])
    return {
        "gusset": edge_of((-inner[0], inner[1]), inner),
        "leg_left": edge_of(inner, outer, bow=as_point(bow)),
    }


def _legs(legs: LegCut, length: float) -> Edges:
    inner = edge_of((0.0, -legs.crotch), (legs.inner, -length))
    return {"inseam_left": inner, "leg_left": edge_of((legs.inner, -length), (legs.outer, -length))}


def _back_drop(kind: GarmentKind, cut: UpperCut) -> float:
    """Return the drop of the back's neck below the neck points: between straps nearly to the armpits."""
    if kind.bib:
        return max(BACK_DROP_CM, cut.drop)
    if kind.sleeve == Sleeve.STRAP and kind.neckline != Neckline.HALTER:
        return max(BACK_DROP_CM, _STRAPS_BEHIND * cut.depth)
    return min(BACK_DROP_CM, cut.drop)


def _neck_edges(kind: GarmentKind, cut: UpperCut, half: Edges, drop: float, is_back: bool = False) -> Edges:
    """Return the neck from left to right, with the edges of a stand beside it."""
    power = 2.0 if is_back else NECK_POWER.get(kind.neckline, 2.0)
    if kind.neckline == Neckline.HALTER and not is_back and drop > _DEEP_HALTER_CM:
        power = NECK_POWER[Neckline.V]
    elif kind.neckline == Neckline.HIGH and cut.falls and not is_back:  # unzipped
        power = NECK_POWER[Neckline.COLLAR]
    elif kind.sleeve == Sleeve.STRAP:
        power = _STRAP_POWER
    if cut.strings and (cut.brief or not is_back):  # the backs of other garments go straight across
        power = NECK_POWER[Neckline.V] if kind.neckline == Neckline.V and not is_back else 2.0
        return {"neck": _between_strings(cut, half["armhole_left"], drop, power)}
    profile = None if is_back else cut.profile
    if not cut.stand and profile is not None:
        return {"neck": profile * (cut.neck, -drop)}
    if not cut.stand:
        return {"neck": neck_curve(cut.neck, drop, power, sweetheart=kind.neckline == Neckline.SWEETHEART)}
    top = 0.96 * cut.neck
    rise = cut.stand
    stand = {"stand_left": edge_of((cut.neck, 0.0), (top, rise), bow=(0.3, 0.0))}
    deep = rise + (drop if cut.falls and not is_back else -0.2 * rise)
    if _is_tall(kind, cut) and not is_back:
        deep = rise - _FRONT_RAISED * rise
    line = neck_curve(top, deep, power) if profile is None else profile * (top, -deep)
    return {**stand, "neck": line + np.array([0.0, rise]), **mirrored_edges(stand)}


def _is_tall(kind: GarmentKind, cut: UpperCut) -> bool:
    """Tell whether a closed high neck is so tall that it would stand off or sink down if it were not knitted snugly."""
    return kind.neckline == Neckline.HIGH and not cut.falls and cut.stand > _TALL_CM


def _between_strings(cut: UpperCut, armhole: FloatArray, drop: float, power: float) -> FloatArray:
    """Return an (n, 2) neck that follows the left armhole down at a strap's width, and crosses to the right one."""
    rows = armhole[np.argsort(armhole[:, 1])]
    y = np.linspace(0.0, -cut.strings * drop, _STEPS)
    x = np.maximum(np.interp(y, rows[:, 1], rows[:, 0]) - (cut.shoulder - cut.neck), cut.neck)
    x[0] = cut.neck
    share = np.linspace(1, 0, _STEPS)[1:]
    below = np.stack([x[-1] * share, -drop + (1 - cut.strings) * drop * share**power], axis=1)
    half = np.concatenate([np.stack([x, y], axis=1), below])
    return np.concatenate([half, (half * (-1, 1))[-2::-1]])


def neck_curve(half: float, drop: float, power: float, sweetheart: bool = False) -> FloatArray:
    """Return the (n, 2) curve of a neck from its left point to the right one.

    Args:
        half: half the distance of the neck points, cm.
        drop: how far the curve hangs, cm.
        power: 1 for a V, 2 for a round neck, much more for a square one.
        sweetheart: two bows that meet in a point.
    """
    share = np.linspace(1, -1, 2 * _STEPS + 1)
    below = drop * (1 - np.abs(share) ** power)
    if sweetheart:
        below -= 0.18 * drop * np.clip(np.sin(np.pi * np.clip(np.abs(share) / 0.85, 0, 1)), 0, 1)
    return np.stack([half * share, -below], axis=1)


def _armhole_or_sleeve(
    kind: GarmentKind, cut: UpperCut, shoulder: FloatArray, armpit: FloatArray
) -> tuple[Edges, dict[str, tuple[float, float]]]:
    """Return the edges from the armpit up to the neck point, and the landmarks of cuffs."""
    off = kind.neckline == Neckline.OFF_SHOULDER
    seam = {} if off else {"shoulder_left": edge_of(as_point(shoulder), (cut.neck, 0.0))}
    if kind.sleeve in _SLEEVED or off:
        axis, across = _sleeve_axes(cut)
        middle = (shoulder + armpit) / 2 + axis * cut.sleeve
        inner, outer = middle + across * cut.cuff / 2, middle - across * cut.cuff / 2
        bow = min(1.0, float(np.linalg.norm(inner - armpit)) / _WHOLE_BOW_CM)
        edges = {
            "sleeve_under_left": edge_of(as_point(armpit), as_point(inner), bow=(0.4 * bow, -0.6 * bow)),
            "cuff_left": edge_of(as_point(inner), as_point(outer)),
            "sleeve_top_left": edge_of(as_point(outer), as_point(shoulder), bow=(0.3, 0.5)),
        }
        return {**edges, **seam}, {"cuff_outer_left": as_point(outer), "cuff_inner_left": as_point(inner)}
    if cut.cap:
        end = as_point(shoulder + np.array([cut.cap[0], -cut.cap[1]]))
        edges = {"armhole_left": edge_of(as_point(armpit), end)}
        edges["shoulder_left"] = edge_of(end, as_point(shoulder), (cut.neck, 0.0))
        return edges, {"cuff_outer_left": end, "cuff_inner_left": as_point(armpit)}
    power = cut.armhole or (_STRAP_POWER if kind.sleeve == Sleeve.STRAP else 2.4)
    down = np.linspace(1, 0, 2 * _STEPS)
    hollow = 0.0 if cut.armhole or kind.sleeve == Sleeve.STRAP else 0.8
    x = shoulder[0] + (armpit[0] - shoulder[0]) * down**power - hollow * np.sin(np.pi * down)
    y = shoulder[1] + (armpit[1] - shoulder[1]) * down
    ends = {"cuff_outer_left": as_point(shoulder), "cuff_inner_left": as_point(armpit)}
    return {"armhole_left": np.stack([x, y], axis=1), **seam}, ends
