"""From the outline of a flat-lay to the pieces of a sewing pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from shapely.geometry import Polygon

from vmodel.config import Settings
from vmodel.garment.back import back_texture, photographed_back
from vmodel.garment.back_colour import agree_with_front
from vmodel.garment.cutting import OPENINGS, cut_edges, cut_front_halves
from vmodel.garment.flat import is_drawing
from vmodel.garment.front import between_fronts
from vmodel.garment.hood import cut_off_hood, draw_bag, lower_hood, neck_points, without_hood
from vmodel.garment.neckline import edge_below_shadow, fold_down, front_edge, is_round, side_edge, without_label
from vmodel.garment.opening import FrontOpening, find_opening
from vmodel.garment.outline import extent, smooth_path, trace_holes
from vmodel.garment.silhouette import garment_mask
from vmodel.garment.silhouette_net import load_readers, read_silhouette
from vmodel.garment.texture import bleed, ground_in_straps
from vmodel.garment.unfold import unfold_sleeves
from vmodel.garment.waist import waist_edge
from vmodel.garment.working import working_copy
from vmodel.types import (
    BoolArray,
    ByteArray,
    Category,
    Cutout,
    FlatLay,
    FloatArray,
    Garment,
    GarmentKind,
    Landmarks,
    Neckline,
    Panel,
    Seam,
    Sleeve,
)

GATHERED = 0.95


@dataclass(frozen=True)
class Cut:
    """A garment's outline, cut into pieces, in photo pixels.

    Attributes:
        mask: (H, W) bool, the garment.
        back: edges of the back by name, (n, 2) each.
        fronts: the same of each front piece.
        top: upper edge of the back.
        lowered: edge of the front below it, or None.
    """

    mask: BoolArray
    back: dict[str, FloatArray]
    fronts: dict[str, dict[str, FloatArray]]
    top: FloatArray
    lowered: FloatArray | None


def infer_pattern(
    flat_lay: FlatLay,
    cutout: Cutout,
    kind: GarmentKind,
    landmarks: Landmarks,
    back: tuple[FlatLay, Cutout] | None = None,
    material: str | None = None,
) -> Garment:
    """Cut the garment into a front and a back that share their seams.

    Args:
        flat_lay: the photo.
        cutout: its garment.
        kind: from ``understand``.
        landmarks: from ``understand``.
        back: photo of the garment's back and its cut-out.
        material: name in the drape's materials; guessed from the category when None.
    Returns:
        Garment in photo pixels (cm_per_px 0), x from the garment's middle, y up from its top edge. Panels are
        "front" and "back"; an open front is "front_left" and "front_right".
    """
    if back is None:  # a back is laid on to the front's outline, so both keep their sleeves as they lie
        flat_lay, cutout, landmarks = unfold_sleeves(flat_lay, cutout, kind, landmarks)
    cut = cut_panels(flat_lay, cutout, kind, landmarks)
    return paint_panels(cut, flat_lay, cutout, kind, landmarks, back, material)


def cut_panels(flat_lay: FlatLay, cutout: Cutout, kind: GarmentKind, landmarks: Landmarks) -> Cut:
    """Cut the garment's outline into pieces; see ``infer_pattern``."""
    small, small_cutout, scale = working_copy(flat_lay, cutout)
    small_marks = replace(landmarks, points_px={name: point * scale for name, point in landmarks.points_px.items()})
    mask = garment_mask(small.rgb, small_cutout.mask, kind, small_marks.points_px)
    inside = read_silhouette(load_readers(Settings().weights), small.rgb, small_cutout.mask).inside
    cut = _cut(_bled(small, small_cutout, mask), mask, inside, kind, small_marks)
    return _enlarged(cut, scale, cutout.mask)


def paint_panels(
    cut: Cut,
    flat_lay: FlatLay,
    cutout: Cutout,
    kind: GarmentKind,
    landmarks: Landmarks,
    back: tuple[FlatLay, Cutout] | None,
    material: str | None,
) -> Garment:
    """The cut pieces with the photo's own pixels; see ``infer_pattern``."""
    photo = _bled(flat_lay, cutout, cut.mask)
    origin = _origin(cut.top, cut.mask)
    to_texture = np.array([[1.0, 0.0, origin[0]], [0.0, -1.0, origin[1]]])
    doubt = None
    if back is not None:
        behind = photographed_back(back, cut.mask)
        if not is_drawing(Path(back[0].name)):  # no light falls on a drawing
            sides = [line for name, line in cut.back.items() if name.startswith("side_")]
            behind, doubt = agree_with_front(photo, behind, cut.mask, sides)
    else:
        behind = back_texture(
            photo,
            cut.mask,
            _torso(cut.mask, kind, landmarks),
            cut.top,
            cut.lowered,
            kind.neckline,
            is_open=len(cut.fronts) > 1,
        )
        if kind.neckline == Neckline.HOOD:
            behind = draw_bag(behind, neck_points(cut.back))
    holes = tuple(_to_panel(hole, origin) for hole in trace_holes(cut.mask))
    elastic = _elastic(kind, cut.back)
    panels = [
        Panel(name, "front", _panel_edges(edges, origin), to_texture, holes if name == "front" else (), 0, elastic)
        for name, edges in cut.fronts.items()
    ]
    panels.append(Panel("back", "back", _panel_edges(cut.back, origin), to_texture, holes, 1, elastic))
    return Garment(
        kind=_with_seen_neck(kind, cut.lowered),
        panels=tuple(panels),
        seams=_seams(cut),
        textures=(photo, behind),
        landmarks_cm={name: _to_panel(point[None], origin)[0] for name, point in landmarks.points_px.items()},
        sleeve_angle_deg=sleeve_angle(landmarks.points_px),
        material=material or guess_material(kind),
        warnings=(*cutout.warnings, *(() if doubt is None else (doubt,))),
    )


def _with_seen_neck(kind: GarmentKind, lowered: FloatArray | None) -> GarmentKind:
    """The kind; an outline hardly tells a crew neck from a V, the front's own edge does."""
    if kind.neckline != Neckline.V or kind.sleeve == Sleeve.STRAP or lowered is None or not is_round(lowered):
        return kind
    return replace(kind, neckline=Neckline.CREW)


def _bled(flat_lay: FlatLay, cutout: Cutout, mask: BoolArray) -> ByteArray:
    whole = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)) > 0
    cloth = cutout.mask & whole
    return bleed(flat_lay.rgb, cloth & ~ground_in_straps(flat_lay.rgb, cloth), max(1, round(extent(mask) * 0.002)))


def _enlarged(cut: Cut, scale: float, full_mask: BoolArray) -> Cut:
    """The cut of a working copy in the photo's own pixels."""
    if scale == 1.0:
        return cut
    size = full_mask.shape[::-1]
    return Cut(
        mask=cv2.resize(cut.mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0,
        back={name: line / scale for name, line in cut.back.items()},
        fronts={piece: {name: line / scale for name, line in edges.items()} for piece, edges in cut.fronts.items()},
        top=cut.top / scale,
        lowered=None if cut.lowered is None else cut.lowered / scale,
    )


def _cut(photo: ByteArray, mask: BoolArray, inside: FloatArray, kind: GarmentKind, landmarks: Landmarks) -> Cut:
    points = landmarks.points_px
    opened = _opening(photo, mask, inside, points) if kind.open_front else None
    if opened is not None:
        mask = opened.closed_mask
    edges = cut_edges(mask, kind, landmarks)
    opening = "neck" if kind.category.covers_upper else "waist"
    top = edges[opening]
    if kind.neckline == Neckline.HOOD:
        hoodless = _cut_hooded(photo, mask, inside, edges, points["neck_front"], opened)
        if hoodless is not None:
            return hoodless
    if opened is not None:
        return _cut_open(photo, mask, edges, opened)
    lowered = None
    low = _front_low(kind, landmarks)
    if low is not None:
        lowered = front_edge(photo, inside, top, low, extent(mask), waist=not kind.category.covers_upper)
    elif kind.sleeve == Sleeve.STRAP and kind.neckline != Neckline.STRAPLESS:
        lowered = edge_below_shadow(photo, mask, top, extent(mask))
    if lowered is None and opening == "waist":
        lowered = waist_edge(without_label(photo, inside, extent(mask)), top, extent(mask))
    if lowered is not None and "stand_left" in edges:
        folded = fold_down(edges["stand_left"], edges["stand_right"], lowered)
        if folded is not None:
            top, lowered = folded
            edges = {name: top if name == "neck" else line for name, line in edges.items() if "stand" not in name}
    if lowered is not None:
        # an edge drawn on to creases may cross itself or a shoulder; smoother ones follow it less
        tries = (smooth_path(lowered, sigma) if sigma else lowered for sigma in (0, 4, 8, 16, 32))
        lowered = next((line for line in tries if _is_simple({**edges, opening: line})), None)
    if lowered is None:
        return Cut(mask, edges, {"front": dict(edges)}, top, None)
    return Cut(mask, edges, {"front": {**edges, opening: lowered}}, top, lowered)


def _opening(
    photo: ByteArray, mask: BoolArray, inside: FloatArray, points: Mapping[str, FloatArray]
) -> FrontOpening | None:
    """Where an open front parts; the network misses linings that are nearly as light or as dark as the fronts."""
    neck, hem = points["neck_front"], (points["hem_left"], points["hem_right"])
    opened = find_opening(photo, mask, inside, neck, hem)
    if opened is None:
        opened = find_opening(photo, mask, np.maximum(inside, between_fronts(photo, mask, points)), neck, hem)
    return opened


def _cut_hooded(
    photo: ByteArray, mask: BoolArray, inside: FloatArray, edges: dict[str, FloatArray], low: FloatArray,
    opened: FrontOpening | None,
) -> Cut | None:  # fmt: skip
    """The cut of a garment whose hood is worn down; None where its outline would cross itself."""
    if opened is not None:
        edges = cut_off_hood(edges)
        return _cut_open(photo, without_hood(mask, edges), edges, opened) if _is_simple(edges) else None
    rim = front_edge(photo, inside, edges["neck"], low, extent(mask))
    edges, neck = lower_hood(edges, low if rim is None else rim[rim[:, 1].argmax()])
    front = {**edges, "neck": neck}
    if not (_is_simple(edges) and _is_simple(front)):
        return None
    return Cut(without_hood(mask, edges), edges, {"front": front}, edges["neck"], neck)


def _is_simple(edges: Mapping[str, FloatArray]) -> bool:
    """True if the loop of edges does not cross itself."""
    return bool(Polygon(np.concatenate([line[:-1] for line in edges.values()])).is_valid)


def _cut_open(photo: ByteArray, mask: BoolArray, edges: dict[str, FloatArray], opened: FrontOpening) -> Cut:
    top, size = edges["neck"], extent(mask)
    necks = (
        side_edge(photo, top[0], opened.left[0], size),
        side_edge(photo, top[-1], opened.right[0], size),
    )
    left, right = cut_front_halves(edges, opened.left, opened.right, necks)
    lowered = np.concatenate([necks[0], opened.left[1:-1], opened.right[::-1], necks[1][-2::-1]])
    return Cut(mask, edges, {"front_left": left, "front_right": right}, top, lowered)


def _seams(cut: Cut) -> tuple[Seam, ...]:
    return tuple(
        Seam((piece, name), ("back", name))
        for piece, edges in cut.fronts.items()
        for name in edges
        if name not in OPENINGS and name in cut.back
    )


def _front_low(kind: GarmentKind, landmarks: Landmarks) -> FloatArray | None:
    """Lowest point of the front's own upper edge, if it may lie below the outline's."""
    points = landmarks.points_px
    if not kind.category.covers_upper:
        return points.get("waist_front")
    if kind.neckline == Neckline.STRAPLESS or kind.sleeve == Sleeve.STRAP:
        return None
    return points["neck_front"]


def _elastic(kind: GarmentKind, edges: Mapping[str, FloatArray]) -> dict[str, float]:
    """Edges that are gathered: a waist much narrower than the hip, a top edge without straps, a bloused hem."""
    if kind.neckline == Neckline.STRAPLESS:
        return {"neck": GATHERED}
    sides = [edges[f"side_{s}"] for s in ("left", "right") if f"side_{s}" in edges]
    if len(sides) < 2:
        return {}
    if "waist" in edges:
        waist = np.linalg.norm(edges["waist"][0] - edges["waist"][-1])
        rows = np.linspace(0.12, 0.3, 5) * np.ptp(sides[0][:, 1]) + edges["waist"][0, 1]
        widths = [_width(sides, row) for row in rows]
        return {"waist": GATHERED} if kind.category != Category.SKIRT and max(widths) > 1.3 * waist else {}
    if kind.category in {Category.TOP, Category.OUTERWEAR}:
        hem = np.linalg.norm(edges["hem"][0] - edges["hem"][-1])
        low = max(float(side[:, 1].max()) for side in sides)
        above = _width(sides, low - 0.15 * float(np.ptp(sides[0][:, 1])))
        return {"hem": GATHERED} if above > 1.1 * hem else {}
    return {}


def _width(sides: list[FloatArray], row: float) -> float:
    spots = [side[np.abs(side[:, 1] - row).argmin(), 0] for side in sides]
    return float(abs(spots[0] - spots[1]))


def _torso(mask: BoolArray, kind: GarmentKind, landmarks: Landmarks) -> BoolArray:
    """Between the armpits; everything for garments without sleeves."""
    points = landmarks.points_px
    torso = np.ones(mask.shape, bool)
    if kind.category.covers_upper and kind.sleeve not in {Sleeve.NONE, Sleeve.STRAP}:
        ends = sorted(float(points[f"armpit_{s}"][0]) for s in ("left", "right"))
        torso[:, : max(0, int(ends[0]))] = False
        torso[:, int(ends[1]) :] = False
    return torso


def _origin(top: FloatArray, mask: BoolArray) -> FloatArray:
    columns = np.nonzero(mask.any(0))[0]
    return np.array([(columns[0] + columns[-1] + 1) / 2, float(top[[0, -1], 1].mean())])


def _to_panel(points: FloatArray, origin: FloatArray) -> FloatArray:
    return np.asarray((np.asarray(points) - origin) * [1.0, -1.0])


def _panel_edges(edges: Mapping[str, FloatArray], origin: FloatArray) -> dict[str, FloatArray]:
    return {name: _to_panel(points, origin) for name, points in edges.items()}


def sleeve_angle(points: Mapping[str, FloatArray]) -> float:
    """Mean angle of the sleeves below the horizontal in degrees; 45 without sleeves."""
    angles = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        names = [f"{n}_{side}" for n in ("shoulder", "armpit", "cuff_outer", "cuff_inner")]
        if not all(name in points for name in names):
            continue
        shoulder, armpit, outer, inner = (points[name] for name in names)
        way = (outer + inner) / 2 - (shoulder + armpit) / 2
        if np.linalg.norm(way) > 0.3 * np.linalg.norm(shoulder - armpit):
            angles.append(np.degrees(np.arctan2(way[1], way[0] * sign)))
    return float(np.clip(np.mean(angles), 0, 90)) if angles else 45.0


def guess_material(kind: GarmentKind) -> str:
    """A material that hangs like most garments of the kind."""
    by_category = {
        Category.TROUSERS: "cotton",
        Category.SHORTS: "cotton",
        Category.SKIRT: "cotton",
        Category.OUTERWEAR: "coat-wool",
        Category.JUMPSUIT: "cotton",
    }
    return by_category.get(kind.category, "cotton" if kind.neckline == Neckline.COLLAR else "jersey")
