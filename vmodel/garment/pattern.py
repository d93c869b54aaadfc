"""From the outline of a flat-lay to the pieces of a sewing pattern."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from vmodel.garment.landmarks import loop_order, snap_to_contour
from vmodel.garment.neckline import front_edge, split_stand
from vmodel.garment.outline import (
    arc_between,
    extent,
    resample_path,
    smooth_path,
    trace_contour,
    trace_holes,
)
from vmodel.garment.silhouette import garment_mask
from vmodel.garment.texture import bleed, mirror_fill
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

# edge from one landmark to the next round the outline
EDGES = {
    ("neck_left", "neck_right"): "neck",
    ("neck_right", "shoulder_right"): "shoulder_right",
    ("shoulder_right", "cuff_outer_right"): "sleeve_top_right",
    ("cuff_outer_right", "cuff_inner_right"): "cuff_right",
    ("cuff_inner_right", "armpit_right"): "sleeve_under_right",
    ("shoulder_right", "armpit_right"): "armhole_right",
    ("armpit_right", "hem_right"): "side_right",
    ("armpit_right", "leg_outer_right"): "side_right",
    ("neck_right", "hem_right"): "side_right",
    ("neck_right", "leg_outer_right"): "side_right",
    ("hem_right", "hem_left"): "hem",
    ("waist_left", "waist_right"): "waist",
    ("waist_right", "hem_right"): "side_right",
    ("waist_right", "leg_outer_right"): "side_right",
    ("leg_outer_right", "leg_inner_right"): "leg_right",
    ("leg_inner_right", "crotch"): "inseam_right",
    ("crotch", "leg_inner_left"): "inseam_left",
    ("leg_inner_left", "leg_outer_left"): "leg_left",
    ("leg_outer_left", "waist_left"): "side_left",
    ("leg_outer_left", "armpit_left"): "side_left",
    ("leg_outer_left", "neck_left"): "side_left",
    ("hem_left", "waist_left"): "side_left",
    ("hem_left", "armpit_left"): "side_left",
    ("hem_left", "neck_left"): "side_left",
    ("armpit_left", "cuff_inner_left"): "sleeve_under_left",
    ("cuff_inner_left", "cuff_outer_left"): "cuff_left",
    ("cuff_outer_left", "shoulder_left"): "sleeve_top_left",
    ("armpit_left", "shoulder_left"): "armhole_left",
    ("shoulder_left", "neck_left"): "shoulder_left",
}
OPENINGS = {"neck", "waist", "hem", "cuff_left", "cuff_right", "armhole_left", "armhole_right", "leg_left", "leg_right"}


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
        flat_lay, cutout: the photo and its garment.
        kind, landmarks: from ``understand``.
        back: photo of the garment's back and its cut-out.
        material: name in the drape's materials; guessed from the category when None.
    Returns:
        Garment in photo pixels (cm_per_px 0), x from the garment's middle, y up from its top edge.
    """
    mask = garment_mask(flat_lay.rgb, cutout.mask, kind, landmarks.points_px)
    size = extent(mask)
    edges = cut_edges(mask, kind, landmarks)
    opening = "neck" if kind.category.covers_upper else "waist"
    front_edges = dict(edges)
    low = _front_low(kind, landmarks, edges[opening])
    lowered = None
    if low is not None:
        lowered = front_edge(flat_lay.rgb, edges[opening], low, kind.neckline, size)
    if lowered is not None:
        front_edges[opening] = lowered
    origin = _origin(edges[opening], mask)
    to_texture = np.array([[1.0, 0.0, origin[0]], [0.0, -1.0, origin[1]]])
    fringe = max(1, round(size * 0.002))
    photo = bleed(flat_lay.rgb, cutout.mask & _filled(mask, edges), fringe)
    behind = back_texture(photo, mask, edges[opening], lowered)
    holes = tuple(_to_panel(hole, origin) for hole in trace_holes(mask))
    front = Panel("front", "front", _panel_edges(front_edges, origin), to_texture, holes, 0)
    rear = Panel("back", "back", _panel_edges(edges, origin), to_texture, holes, 1)
    seams = tuple(Seam(("front", name), ("back", name)) for name in edges if name not in OPENINGS)
    return Garment(
        kind=kind,
        panels=(front, rear),
        seams=seams,
        textures=(photo, behind),
        landmarks_cm={name: _to_panel(point[None], origin)[0] for name, point in landmarks.points_px.items()},
        sleeve_angle_deg=sleeve_angle(landmarks.points_px),
        material=material or guess_material(kind),
    )


def cut_edges(mask: BoolArray, kind: GarmentKind, landmarks: Landmarks) -> dict[str, FloatArray]:
    """Split the outline at the landmarks: edge name -> (n, 2) photo pixels, in loop order."""
    contour, size = trace_contour(mask), extent(mask)
    order = loop_order(kind)
    wanted = {name: landmarks.points_px[name] for name in order}
    places = snap_to_contour(contour, size, wanted, order, 0.004)
    edges = {}
    for first, second in zip(order, (*order[1:], order[0]), strict=True):
        way = arc_between(contour, places[first], places[second])
        edges[EDGES[first, second]] = smooth_path(way, 1.0)
    if "neck" in edges and kind.neckline not in {Neckline.STRAPLESS, Neckline.HOOD} and kind.sleeve != Sleeve.STRAP:
        stand = split_stand(edges["neck"], 0.015 * size)
        if stand is not None:
            edges = dict(zip(("stand_left", "neck", "stand_right"), stand, strict=True)) | {
                name: line for name, line in edges.items() if name != "neck"
            }
    return edges


def _front_low(kind: GarmentKind, landmarks: Landmarks, top: FloatArray) -> FloatArray | None:
    if kind.category.covers_upper and kind.neckline not in {Neckline.STRAPLESS, Neckline.HIGH}:
        return landmarks.points_px["neck_front"] if kind.sleeve != Sleeve.STRAP else None
    return None


def _origin(top: FloatArray, mask: BoolArray) -> FloatArray:
    columns = np.nonzero(mask.any(0))[0]
    return np.array([(columns[0] + columns[-1] + 1) / 2, float(top[[0, -1], 1].mean())])


def _to_panel(points: FloatArray, origin: FloatArray) -> FloatArray:
    return (np.asarray(points) - origin) * [1.0, -1.0]


def _panel_edges(edges: Mapping[str, FloatArray], origin: FloatArray) -> dict[str, FloatArray]:
    return {name: _to_panel(points, origin) for name, points in edges.items()}


def _filled(mask: BoolArray, edges: Mapping[str, FloatArray]) -> BoolArray:
    """The mask with its slits closed again: cloth on both sides of a slit is cloth."""
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8))
    return np.asarray(closed > 0)


def back_texture(photo: ByteArray, mask: BoolArray, top: FloatArray, lowered: FloatArray | None) -> ByteArray:
    """The back's picture: the photo with the visible inside replaced by the cloth below it."""
    if lowered is None:
        return photo.copy()
    loop = np.concatenate([top, lowered[::-1]])
    reach = max(2.0, 0.003 * extent(mask))
    hole = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(hole, [np.round(loop).astype(np.int32)], 1)
    hole = cv2.dilate(hole, np.ones((3, 3), np.uint8), iterations=int(reach))
    edge = lowered + [0, reach + 1]
    above = np.interp(np.arange(mask.shape[1]) + 0.5, *edge[np.argsort(edge[:, 0])].T)
    hole &= (np.arange(mask.shape[0])[:, None] + 0.5 < above).astype(np.uint8)
    return mirror_fill(photo, hole > 0, edge)


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
    return {
        Category.TROUSERS: "cotton",
        Category.SHORTS: "cotton",
        Category.SKIRT: "cotton",
        Category.OUTERWEAR: "coat-wool",
        Category.JUMPSUIT: "cotton",
    }.get(kind.category, "cotton" if kind.neckline == Neckline.COLLAR else "jersey")


__all__ = ["cut_edges", "guess_material", "infer_pattern", "resample_path", "sleeve_angle"]
