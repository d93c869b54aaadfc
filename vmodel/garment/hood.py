"""Hoods, worn down: spread out above the neck in the photo, they stand round it on the body and hang behind."""

from __future__ import annotations

from collections.abc import Mapping

import cv2
import numpy as np

from vmodel.garment.outline import resample_path
from vmodel.types import BoolArray, ByteArray, FloatArray

RISE, LEAN = 0.66, 0.14
"""How far what stands rises above the neck points and leans outwards, in halves of the neck's width."""
DEEP, HALF = 2.6, 1.5
"""Depth and half width of the bag on the back, in the same measure."""
_HALF_NECK_CM = 9.5


def cut_off_hood(edges: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """The edges of an outline whose ``neck`` runs round a hood, with a neck from point to point instead."""
    left, right = edges["neck"][0], edges["neck"][-1]
    return {**edges, "neck": _bow(left, right, 0.06 * float(abs(left[0] - right[0])))}


def lower_hood(edges: Mapping[str, FloatArray], low: FloatArray) -> tuple[dict[str, FloatArray], FloatArray]:
    """Cut off a hood a hand's breadth above the neck; what is left stands round the neck.

    Args:
        edges: of the whole outline in loop order, whose ``neck`` runs round the hood.
        low: (2,) lowest point of the face opening.
    Returns:
        Edges with ``stand_left``, ``neck`` and ``stand_right`` in its place, and the front's own neck edge between
        the tops of the stands, all in photo pixels.
    """
    left, right = edges["neck"][0], edges["neck"][-1]
    half = float(abs(left[0] - right[0])) / 2
    outwards = float(np.sign(left[0] - right[0]))
    tops = [end + half * np.array([sign * LEAN, -RISE]) for end, sign in ((left, outwards), (right, -outwards))]
    stands = {"stand_left": np.stack([left, tops[0]]), "stand_right": np.stack([tops[1], right])}
    drop = max(float(low[1]) - (tops[0][1] + tops[1][1]) / 2, RISE * half)
    lowered: dict[str, FloatArray] = {}
    for name, line in edges.items():
        if name == "neck":
            lowered["stand_left"] = resample_path(stands["stand_left"], max(1.5, half / 40))
            lowered["neck"] = _bow(tops[0], tops[1], 0.08 * half)
            lowered["stand_right"] = resample_path(stands["stand_right"], max(1.5, half / 40))
        else:
            lowered[name] = line
    return lowered, _bow(tops[0], tops[1], drop, 1.6)


def _bow(left: FloatArray, right: FloatArray, drop: float, power: float = 1.0) -> FloatArray:
    """(n, 2) a line that hangs through by so many pixels in its middle; the power makes it more pointed."""
    share = np.linspace(0, 1, 60)[:, None]
    line = left + (right - left) * share + drop * np.sin(np.pi * share) ** power * [0, 1]
    return resample_path(line, max(1.5, float(abs(left[0] - right[0])) / 80))


def without_hood(mask: BoolArray, edges: Mapping[str, FloatArray]) -> BoolArray:
    """(H, W) bool: the mask within lowered edges, and what stands filled.

    Args:
        mask: (H, W) bool, the garment with its hood.
        edges: from ``lower_hood`` or ``cut_off_hood``, in loop order.
    """
    outline = np.concatenate([line[:-1] for line in edges.values()])
    inside = cv2.fillPoly(np.zeros(mask.shape, np.uint8), [np.round(outline * 16).astype(np.int32)], 1, cv2.LINE_8, 4)
    above = np.arange(mask.shape[0])[:, None] < max(float(point[1]) for point in neck_points(edges))
    return np.asarray(np.where(above, inside > 0, mask))


def neck_points(edges: Mapping[str, FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Left and right end of the neck on the shoulders, (2,) each."""
    return (edges.get("stand_left", edges["neck"])[0], edges.get("stand_right", edges["neck"])[-1])


def draw_bag(behind: ByteArray, neck: tuple[FloatArray, FloatArray]) -> ByteArray:
    """Draw the bag that a hood makes on the back: its edge, its middle seam, and the shadow below it.

    Args:
        behind: (H, W, 3) uint8, plain cloth of the back.
        neck: (2,) neck points in photo pixels.
    """
    centre, half = (neck[0] + neck[1]) / 2, float(abs(neck[0][0] - neck[1][0])) / 2
    way = np.array([(1.1, -0.1), (HALF, 0.35 * DEEP), (0.62 * HALF, 0.9 * DEEP), (0.0, DEEP)])
    side = _rounded(way)
    bag = centre + half * np.concatenate([side, side[-2::-1] * (-1, 1)])
    light = bag_light(behind.shape[:2], bag, half / _HALF_NECK_CM)
    line = np.zeros(behind.shape[:2], np.uint8)
    seam = centre + half * np.array([(0, -RISE), (0, DEEP)])
    width = max(1, round(0.02 * half))
    for path in (bag, seam):
        cv2.polylines(line, [np.round(path * 16).astype(np.int32)], False, 255, width, cv2.LINE_AA, 4)
    light = light * (1 - 0.22 * line.astype(np.float32) / 255)
    return np.asarray(np.clip(behind * light[..., None] + 0.5, 0, 255), np.uint8)


def bag_light(size: tuple[int, int], outline_px: FloatArray, cm_px: float) -> FloatArray:
    """What light a bag of cloth on the back leaves: it rolls off towards its edge, and throws a shadow below.

    Args:
        size: (H, W) of the picture.
        outline_px: (n, 2) pixels.
        cm_px: pixels a centimetre.
    Returns:
        (H, W) float32, at most 1.
    """
    inside = np.zeros(size, np.uint8)
    cv2.fillPoly(inside, [np.round(outline_px * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    covered = inside.astype(np.float32) / 255
    fallen = cv2.GaussianBlur(np.roll(covered, round(0.7 * cm_px), 0), (0, 0), max(0.5, 0.7 * cm_px))
    roll = cv2.GaussianBlur(covered, (0, 0), max(0.5, cm_px))
    return np.asarray((1 - 0.34 * fallen * (1 - covered)) * (1 - 0.16 * (1 - roll) * covered), np.float32)


def _rounded(corners: FloatArray) -> FloatArray:
    """A polyline with its corners cut three times (Chaikin); its ends stay."""
    path = np.asarray(corners, float)
    for _ in range(3):
        quarter, three = 0.75 * path[:-1] + 0.25 * path[1:], 0.25 * path[:-1] + 0.75 * path[1:]
        path = np.concatenate([path[:1], np.stack([quarter, three], 1).reshape(-1, 2), path[-1:]])
    return path
