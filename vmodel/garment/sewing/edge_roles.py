"""Roles of the edges of a sewn garment: openings, shoulders and sides, and the landmarks that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from vmodel.garment.sewing.errors import SewingUnreadable
from vmodel.garment.sewing.flat_layout import Lay
from vmodel.garment.sewing.panels import TURN, CutPanel, CutSeam
from vmodel.types import BoolArray, Category, FloatArray, GarmentKind, IntArray, Length, Neckline, Sleeve

OPENINGS: Final = ("neck", "armhole", "cuff", "waist", "hem", "leg")
_STRAP_CM: Final = 5.0
_DRESS_CM: Final = 78.0
_HIP_BELOW_WAIST_CM: Final = 19.0


@dataclass(frozen=True, eq=False)
class Roles:
    """Names of edges and points of a garment.

    Attributes:
        edges: (panel index, edge name) -> the field's name of it: neck, shoulder_left, side_right ...; not for all.
        landmarks_cm: in the plane of the finished garment; its middle is x = 0.
        kind: what the garment is.
    """

    edges: Mapping[tuple[int, str], str]
    landmarks_cm: Mapping[str, FloatArray]
    kind: GarmentKind


@dataclass(frozen=True, eq=False)
class _Sewn:
    """A garment once its seams are closed; J points.

    Attributes:
        at: (J, 2) positions.
        fold: (J,) bool, shared by front and back: the silhouette, and the ends of openings.
        limb, trunk: (J,) bool, of a sleeve, of anything else.
    """

    at: FloatArray
    fold: BoolArray
    limb: BoolArray
    trunk: BoolArray


def find_roles(
    name: str, panels: Sequence[CutPanel], seams: Sequence[CutSeam], lay: Lay, limbs: Sequence[bool], is_skirted: bool
) -> Roles:
    """Find the roles of edges, the landmarks and the kind of a garment that lies flat.

    Args:
        name: of the pattern, for messages.
        panels: as laid; back panels turned over.
        seams: as laid.
        lay: from ``lay_flat``, its middle at x = 0.
        limbs: which panels go round an arm.
        is_skirted: whether a piece is called skirt.
    Raises:
        SewingUnreadable: its openings are not those of a garment.
    """
    sewn = _closed(panels, lay, limbs)
    loops = _open_loops(lay)
    openings = _named_loops(name, loops, sewn, panels, lay, any(limbs))
    edges = _edge_names(panels, seams, lay, limbs, openings, sewn)
    upper = "neck" in openings
    marks = _upper_marks(name, sewn, openings) if upper else _lower_marks(name, sewn, openings)
    kind = _kind(openings, marks, is_skirted, any(limbs), "shoulder_left" in edges.values())
    return Roles(edges, marks, kind)


def _closed(panels: Sequence[CutPanel], lay: Lay, limbs: Sequence[bool]) -> _Sewn:
    count = int(lay.joined.max()) + 1
    weight = np.bincount(lay.joined, minlength=count)
    at = np.stack([np.bincount(lay.joined, lay.laid_cm[:, axis], count) / weight for axis in (0, 1)], axis=1)

    def among(chosen: BoolArray) -> BoolArray:
        return np.bincount(lay.joined, chosen[lay.panel], count) > 0

    front = np.array([panel.side == "front" for panel in panels])
    limb = np.array(limbs)
    return _Sewn(at, among(front) & among(~front), among(limb), among(~limb))


def _open_loops(lay: Lay) -> list[IntArray]:
    """Find rings of joined points along the open edges; rings that branch are left out."""
    triangles = lay.joined[lay.triangles]
    sides = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    _, first, counts = np.unique(np.sort(sides, axis=1), axis=0, return_index=True, return_counts=True)
    follow: dict[int, list[int]] = {}
    for a, b in sides[first[counts == 1]].tolist():
        follow.setdefault(a, []).append(b)
        follow.setdefault(b, []).append(a)
    loops, seen = [], set()
    for start in follow:
        if start in seen:
            continue
        ring, before, here = [start], -1, start
        while True:
            seen.add(here)
            onwards = [point for point in follow[here] if point != before]
            if len(follow[here]) != 2 or not onwards:
                ring = []
                break
            before, here = here, onwards[0]
            if here == start:
                break
            ring.append(here)
        if len(ring) > 5:
            loops.append(np.array(ring))
    return loops


def _named_loops(
    name: str, loops: Sequence[IntArray], sewn: _Sewn, panels: Sequence[CutPanel], lay: Lay, sleeved: bool
) -> dict[str, IntArray]:
    """Name the ring of each opening by the designer's words, or by its position where there are none."""
    stated = [_stated(ring, panels, lay) for ring in loops]
    heights = [float(sewn.at[ring, 1].mean()) for ring in loops]
    middles = [float(sewn.at[ring, 0].mean()) for ring in loops]
    found: dict[str, IntArray] = {}
    order = np.argsort(heights)[::-1]
    is_upper = sleeved or len(loops) >= 4 or "neck" in stated or "armhole" in stated
    for place, k in enumerate(order):
        role = stated[k]
        side = "left" if middles[k] > 0 else "right"
        if not role:
            aside = abs(middles[k]) > 4.0
            if place == 0 and not aside:
                role = "neck" if is_upper else "waist"
            elif aside:
                alone = heights[k] < min((heights[j] for j in order if abs(middles[j]) <= 4.0), default=0.0)
                role = "leg" if alone else "cuff" if sleeved else "armhole"
            else:
                role = "hem"
        if role in ("cuff", "armhole"):
            role = "cuff" if sewn.limb[loops[k]].mean() > 0.5 else "armhole"
        key = role if role in ("neck", "waist", "hem") else f"{role}_{side}"
        if key not in found:
            found[key] = loops[k]
    ends = {"hem"} if "hem" in found else {"leg_left", "leg_right"}
    if not ({"neck", "waist"} & set(found)) or not ends <= set(found):
        raise SewingUnreadable(
            name,
            f"once sewn it is open at {', '.join(found) or 'nothing'}, where a garment has a neck or waist and a hem",
        )
    return found


def _stated(ring: IntArray, panels: Sequence[CutPanel], lay: Lay) -> str:
    """Return the designer's word for most of the edges round an opening, or "" if there is none."""
    within = set(ring.tolist())
    votes: dict[str, int] = {}
    for k, panel in enumerate(panels):
        for edge, role in panel.roles.items():
            word = next((opening for opening in OPENINGS if opening in role), "")
            if word:
                votes[word] = votes.get(word, 0) + len(within & set(lay.joined[lay.edges[k, edge]].tolist()))
    best = max(votes, key=lambda word: votes[word], default="")
    return best if votes.get(best, 0) > 2 else ""


def _edge_names(
    panels: Sequence[CutPanel],
    seams: Sequence[CutSeam],
    lay: Lay,
    limbs: Sequence[bool],
    openings: Mapping[str, IntArray],
    sewn: _Sewn,
) -> dict[tuple[int, str], str]:
    index = {panel.name: k for k, panel in enumerate(panels)}
    names: dict[tuple[int, str], str] = {}
    sewn_edges = set()
    neck = set(openings.get("neck", np.zeros(0, int)).tolist())
    for seam in seams:
        ends = [(index[end[0]], end[1]) for end in (seam.first, seam.second)]
        sewn_edges.update(ends)
        if panels[ends[0][0]].side == panels[ends[1][0]].side:
            continue
        side = "left" if lay.of_edge(*ends[0])[:, 0].mean() > 0 else "right"
        limb = limbs[ends[0][0]] and limbs[ends[1][0]]
        if limb:
            role = f"sleeve_top_{side}" if seam.kind == TURN else f"sleeve_under_{side}"
        elif neck & set(lay.joined[lay.edges[ends[0]]].tolist()):
            role = f"shoulder_{side}"
        else:
            role = f"side_{side}"
        for end in ends:
            names[end] = role
    rings = {opening: set(ring.tolist()) for opening, ring in openings.items()}
    for k, panel in enumerate(panels):
        for edge in panel.edges:
            if (k, edge) in sewn_edges:
                continue
            points = set(lay.joined[lay.edges[k, edge]].tolist())
            names[k, edge] = next((opening for opening, ring in rings.items() if points <= ring), "open")
    return names


def _upper_marks(name: str, sewn: _Sewn, openings: Mapping[str, IntArray]) -> dict[str, FloatArray]:
    neck = openings["neck"]
    ends = neck[sewn.fold[neck]]
    if len(ends) < 2:
        raise SewingUnreadable(name, "no front meets a back at the neck")
    marks = _extremes(sewn, ends, "neck")
    top = float(marks["neck_left"][1] + marks["neck_right"][1]) / 2
    middle = neck[np.abs(sewn.at[neck, 0]) < 0.35 * np.ptp(sewn.at[neck, 0])]
    rows = sewn.at[middle if len(middle) else neck, 1]
    marks["neck_front"] = np.array([0.0, float(rows.min())])
    marks["neck_back"] = np.array([0.0, float(rows.max() if rows.max() < top else top)])
    for side, sign in (("left", 1.0), ("right", -1.0)):
        sleeved = f"cuff_{side}" in openings
        root: IntArray = np.flatnonzero(sewn.fold & sewn.limb & sewn.trunk & (sign * sewn.at[:, 0] > 0))
        ring = openings.get(f"cuff_{side}", openings.get(f"armhole_{side}"))
        if ring is None:
            continue
        ring = ring[sewn.fold[ring]]
        root = root if sleeved and len(root) > 1 else ring
        if len(root) < 2 or len(ring) < 2:
            raise SewingUnreadable(name, f"no front meets a back at the {side} arm")
        marks[f"shoulder_{side}"], marks[f"armpit_{side}"] = _high_and_low(sewn, root)
        marks[f"cuff_outer_{side}"], marks[f"cuff_inner_{side}"] = _high_and_low(sewn, ring)
    ends_low = _hem_marks(sewn, openings)
    marks.update(ends_low)
    low = float(np.mean([at[1] for at in ends_low.values()]))
    high = float(np.mean([marks[f"armpit_{s}"][1] for s in ("left", "right") if f"armpit_{s}" in marks] or [top]))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        x, y = sign * sewn.at[:, 0], sewn.at[:, 1]
        rim = np.flatnonzero(sewn.fold & ~sewn.limb & (x > 0) & (y < high - 3) & (y > max(low, high - 40)))
        if len(rim):
            marks[f"waist_{side}"] = sewn.at[rim[int(x[rim].argmin())]]
    return marks


def _lower_marks(name: str, sewn: _Sewn, openings: Mapping[str, IntArray]) -> dict[str, FloatArray]:
    waist = openings["waist"]
    ends = waist[sewn.fold[waist]]
    if len(ends) < 2:
        raise SewingUnreadable(name, "no front meets a back at the waist")
    marks = {**_extremes(sewn, ends, "waist"), **_hem_marks(sewn, openings)}
    level = float(marks["waist_left"][1]) - _HIP_BELOW_WAIST_CM
    for side, sign in (("left", 1.0), ("right", -1.0)):
        rim = np.flatnonzero(sewn.fold & (sign * sewn.at[:, 0] > 3))
        if len(rim):
            marks[f"hip_{side}"] = sewn.at[rim[int(np.abs(sewn.at[rim, 1] - level).argmin())]]
    return marks


def _hem_marks(sewn: _Sewn, openings: Mapping[str, IntArray]) -> dict[str, FloatArray]:
    if "hem" in openings:
        ring = openings["hem"]
        return _extremes(sewn, ring[sewn.fold[ring]] if sewn.fold[ring].sum() > 1 else ring, "hem")
    marks = {}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        ring = openings[f"leg_{side}"]
        rim = ring[sewn.fold[ring]] if sewn.fold[ring].sum() > 1 else ring
        order = np.argsort(sign * sewn.at[rim, 0])
        marks[f"leg_inner_{side}"], marks[f"leg_outer_{side}"] = sewn.at[rim[order[0]]], sewn.at[rim[order[-1]]]
    middle = np.flatnonzero(sewn.fold & (np.abs(sewn.at[:, 0]) < 3.0))
    if len(middle):
        marks["crotch"] = sewn.at[middle[int(sewn.at[middle, 1].argmin())]]
    return marks


def _extremes(sewn: _Sewn, points: IntArray, name: str) -> dict[str, FloatArray]:
    x = sewn.at[points, 0]
    return {f"{name}_left": sewn.at[points[int(x.argmax())]], f"{name}_right": sewn.at[points[int(x.argmin())]]}


def _high_and_low(sewn: _Sewn, points: IntArray) -> tuple[FloatArray, FloatArray]:
    y = sewn.at[points, 1]
    return sewn.at[points[int(y.argmax())]], sewn.at[points[int(y.argmin())]]


def _kind(
    openings: Mapping[str, IntArray], marks: Mapping[str, FloatArray], is_skirted: bool, sleeved: bool, shouldered: bool
) -> GarmentKind:
    legs = "leg_left" in openings
    low = marks["leg_outer_left" if legs else "hem_left"][1]
    if "neck" not in openings:
        long = float(marks["waist_left"][1] - low)
        category = (Category.TROUSERS if long > 70 else Category.SHORTS) if legs else Category.SKIRT
        return GarmentKind(category, 1.0, length=_length(long + 40), stated=True)
    long = float(marks["neck_left"][1] - low)
    category = Category.JUMPSUIT if legs else Category.DRESS if is_skirted or long > _DRESS_CM else Category.TOP
    drop = float(marks["neck_left"][1] - marks["neck_front"][1])
    neckline = Neckline.CREW if drop < 9 else Neckline.SCOOP
    sleeve = Sleeve.NONE
    if sleeved and "shoulder_left" in marks:
        reach = float(np.linalg.norm(marks["cuff_outer_left"] - marks["shoulder_left"]))
        sleeve = Sleeve.SHORT if reach < 30 else Sleeve.THREE_QUARTER if reach < 46 else Sleeve.LONG
    elif not shouldered:
        neckline = Neckline.STRAPLESS
    elif abs(float(marks["shoulder_left"][0] - marks["neck_left"][0])) < _STRAP_CM:
        sleeve = Sleeve.STRAP
    length = (
        _length(long)
        if category != Category.TOP
        else Length.CROPPED
        if long < 48
        else Length.HIP
        if long < 70
        else Length.TUNIC
    )
    return GarmentKind(category, 1.0, sleeve, neckline, length, stated=True)


def _length(from_neck_cm: float) -> Length:
    bounds = ((88, Length.MINI), (112, Length.KNEE), (132, Length.MIDI))
    return next((length for most, length in bounds if from_neck_cm < most), Length.ANKLE)
