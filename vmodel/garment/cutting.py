"""The outline split at its landmarks into named edges."""

from __future__ import annotations

import numpy as np

from vmodel.garment.landmarks import loop_order, snap_to_contour
from vmodel.garment.neckline import split_stand
from vmodel.garment.outline import arc_between, extent, smooth_path, trace_contour
from vmodel.types import BoolArray, FloatArray, GarmentKind, Landmarks, Neckline, Sleeve

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


def cut_front_halves(
    edges: dict[str, FloatArray], left: FloatArray, right: FloatArray, necks: tuple[FloatArray, FloatArray]
) -> tuple[dict[str, FloatArray], dict[str, FloatArray]]:
    """Part an open front into the wearer's left and right pieces.

    Args:
        edges: of the whole outline, in loop order.
        left: (n, 2) free edge of the left front, from the neck down.
        right: the same of the right front.
        necks: front necklines from the neck point to the top of each free edge, left and right.
    Returns:
        Edges of the left and of the right piece, counter-clockwise (y up).
    """
    hem = edges["hem"]
    ends = [int(np.linalg.norm(hem - line[-1], axis=1).argmin()) for line in (left, right)]
    ends = [int(np.clip(end, 2, len(hem) - 3)) for end in ends]
    if ends[1] > ends[0]:  # the fronts overlap at the hem: they meet halfway
        ends = [sum(ends) // 2] * 2
    names = list(edges)
    at = names.index("hem")
    sides_right = {n: edges[n] for n in names[:at] if n.endswith("_right") and not n.startswith("stand")}
    sides_left = {n: edges[n] for n in names[at + 1 :] if not n.startswith("stand")}
    opening_left = np.concatenate([left[:-1], hem[ends[0]][None]])
    opening_right = np.concatenate([right[:-1], hem[ends[1]][None]])
    first = {"neck": necks[0], "front_opening_left": opening_left, "hem": hem[ends[0] :], **sides_left}
    second = {
        "neck": necks[1][::-1], **sides_right, "hem": hem[: ends[1] + 1], "front_opening_right": opening_right[::-1]
    }  # fmt: skip
    return first, second
