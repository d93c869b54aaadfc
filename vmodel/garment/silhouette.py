"""The garment's silhouette ready for cutting: cleaned, with sleeves and legs parted where they touch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np

from vmodel.garment.outline import (
    arc_between,
    carve,
    clean_mask,
    edge_strength,
    extent,
    follow_edge,
    largest_piece,
    resample_path,
    smooth_path,
    trace_contour,
)
from vmodel.garment.texture import ground_in_straps
from vmodel.types import BoolArray, ByteArray, FloatArray, GarmentKind, IntArray, Neckline, Sleeve

# How far from the outline the inner corner of a cuff lies at least, relative to the longer side, if a sleeve is said to
# lie on the body.
_ON_BODY: Final = 0.025


def garment_mask(rgb: ByteArray, mask: BoolArray, kind: GarmentKind, points_px: Mapping[str, FloatArray]) -> BoolArray:
    """Clean the mask and cut slits where a sleeve lies against the body or one leg against the other.

    Args:
        rgb: (H, W, 3) uint8 photo.
        mask: (H, W) bool cut-out.
        kind: decides which slits there should be.
        points_px: rough landmarks in photo pixels.
    Returns:
        (H, W) bool; one piece.
    """
    rows = np.nonzero(mask.any(1))[0]
    top, height = float(rows[0]), float(np.ptp(rows))
    clean = clean_mask(mask, top + height * (0.55 if kind.category.covers_upper else 0.0))
    clean = _cut_at_hem(clean, points_px, _sleeve_ends(kind, points_px))
    if kind.sleeve == Sleeve.STRAP:
        clean = _single_straps(largest_piece(clean & ~ground_in_straps(rgb, clean)), points_px)
    contour, size = trace_contour(clean), extent(clean)
    for group in _slits(kind, points_px, contour):
        # both sides alike: a sleeve that lies against the body on one side mostly does so on the other
        gaps = [float(np.linalg.norm(contour - way[0], axis=1).min()) for way in group]
        if np.mean(gaps) > 0.045 * size:
            for way in group:
                clean = _part(rgb, clean, way)
    return clean


def _single_straps(mask: BoolArray, points: Mapping[str, FloatArray]) -> BoolArray:
    """Keep one of two strands where a strap's front and back lie side by side: the one that the front's peak carries.

    Both panels carry the strap, sewn at its top; the strand whose foot lies lower is the back's, seen behind.
    """
    kept, widest = mask.copy(), 0.04 * extent(mask)
    middle = int((points["neck_left"][0] + points["neck_right"][0]) / 2)
    low = max(0, int(max(points["armpit_left"][1], points["armpit_right"][1])))
    for half in (kept[:low, middle:], kept[:low, :middle][:, ::-1]):  # from the middle outwards, views
        rows, strands = _side_by_side(half)
        widths = np.diff(strands, axis=2)[..., 0]
        thin = widths < widest
        if not len(rows) or not thin.any(axis=0).all():
            continue
        back = 1 if _foot(widths[:, 0]) <= _foot(widths[:, 1]) else 0
        for row, (start, end) in zip(rows[thin[:, back]], strands[thin[:, back], back], strict=True):
            half[row, start:end] = False
        # The loop's bend belongs to the strand that stays as far as that is wide.
        start, end = strands[0, back]
        half[max(0, rows[0] - int(widest)) : rows[0], start:end] = False
        foot = 3 * int(strands[-1, 1, 0] - strands[-1, 0, 0])
        _cut_foot(half if back == 0 else half[:, ::-1], int(rows[-1]), foot)
    return largest_piece(kept)


def _cut_foot(half: BoolArray, row: int, height: int) -> None:
    """Cut off, in place, what is left of the back's strand from the row where it meets the front's edge on.

    An opening is hollow nowhere near a strap: what sticks out into it there is the strand's foot.
    """
    rows = np.arange(row, min(row + height, len(half)))
    edge = half[rows].argmax(axis=1).astype(float)  # of the garment, seen from the opening
    hull = cv2.convexHull(np.stack([rows, edge], 1).astype(np.float32))[:, 0]
    for y, x in zip(rows, edge, strict=True):
        half[y, : round(_upper(hull, float(y), float(x)))] = False


def _upper(hull: FloatArray, at: float, least: float) -> float:
    """The largest ordinate of a convex polygon at an abscissa."""
    ends = np.stack([hull, np.roll(hull, -1, axis=0)], 1)
    ends = ends[(ends[..., 0].min(1) <= at) & (at <= ends[..., 0].max(1)) & (np.ptp(ends[..., 0], axis=1) > 0)]
    along = (at - ends[:, 0, 0]) / (ends[:, 1, 0] - ends[:, 0, 0])
    return float(max([least, *(ends[:, 0, 1] + along * (ends[:, 1, 1] - ends[:, 0, 1])).tolist()]))


def _side_by_side(half: BoolArray) -> tuple[IntArray, IntArray]:
    """The longest stretch of rows in which two strands lie beside each other.

    Args:
        half: (H, W) bool, from the garment's middle outwards.
    Returns:
        (n,) rows and (n, 2, 2) start and end of the inner and the outer strand.
    """
    found = [(row, runs[-2:]) for row, runs in enumerate(map(_runs, half)) if len(runs) > 1]
    rows = np.array([row for row, _ in found], int)
    strands = np.array([runs for _, runs in found], int).reshape(-1, 2, 2)
    blocks = np.split(np.arange(len(rows)), np.flatnonzero(np.diff(rows) > 3) + 1)
    longest = max(blocks, key=len)
    return rows[longest], strands[longest]


def _foot(widths: IntArray) -> int:
    """Index of the row from which a strand is no longer as thin as a strap: it has met the garment."""
    return int(np.flatnonzero(widths <= 1.8 * np.percentile(widths, 20))[-1]) + 1


def _runs(row: BoolArray) -> list[tuple[int, int]]:
    """Start and end of each run of true pixels."""
    steps = np.nonzero(np.diff(row.astype(np.int8), prepend=0, append=0))[0]
    return list(zip(steps[::2].tolist(), steps[1::2].tolist(), strict=True))


def _sleeve_ends(kind: GarmentKind, points: Mapping[str, FloatArray]) -> list[FloatArray]:
    """Both ends of each cuff and its middle, where sleeves may hang below the hem."""
    if not (kind.category.covers_upper and kind.sleeve == Sleeve.LONG):
        return []
    cuffs = [(points[f"cuff_inner_{side}"], points[f"cuff_outer_{side}"]) for side in ("left", "right")]
    return [spot for inner, outer in cuffs for spot in (inner, (inner + outer) / 2, outer)]


def _cut_at_hem(mask: BoolArray, points: Mapping[str, FloatArray], cuffs: Sequence[FloatArray]) -> BoolArray:
    """Drop what hangs below the hem and is much narrower than it: ends of ties and belts, but not of sleeves."""
    if "hem_left" not in points:
        return mask
    left, right = points["hem_left"], points["hem_right"]
    size, span = extent(mask), abs(float(left[0] - right[0]))
    columns = np.arange(mask.shape[1]) + 0.5
    line = np.interp(
        columns, sorted([left[0], right[0]]), [right[1], left[1]] if right[0] < left[0] else [left[1], right[1]]
    )
    below = mask & (np.arange(mask.shape[0])[:, None] + 0.5 > line + 0.015 * size)
    below &= (columns > min(left[0], right[0]) - 0.04 * size) & (columns < max(left[0], right[0]) + 0.04 * size)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(below.astype(np.uint8), connectivity=4)
    kept = mask.copy()
    for i in range(1, count):
        wide, tall = stats[i, cv2.CC_STAT_WIDTH], stats[i, cv2.CC_STAT_HEIGHT]
        if wide < 0.3 * span and tall > 0.03 * size and not any(_within(cuff, stats[i], 0.02 * size) for cuff in cuffs):
            kept &= labels != i
    return kept


def _within(point: FloatArray, box: IntArray, margin: float) -> bool:
    """Whether a point lies in a component's bounds, as OpenCV gives them, or so near."""
    left, top, wide, tall = (float(value) for value in box[:4])
    return bool(left - margin < point[0] < left + wide + margin and top - margin < point[1] < top + tall + margin)


def _slits(kind: GarmentKind, points: Mapping[str, FloatArray], contour: FloatArray) -> list[list[list[FloatArray]]]:
    """Where two parts of the garment meet side by side: groups of ways from the inner end to the open one."""
    wanted = []
    sleeved = kind.category.covers_upper and kind.sleeve not in {Sleeve.NONE, Sleeve.STRAP}
    if sleeved and kind.neckline != Neckline.STRAPLESS:
        wanted.append([_along_sleeve(points, side, contour) for side in ("left", "right")])
    if kind.category.has_legs:
        wanted.append([[points["crotch"], (points["leg_inner_left"] + points["leg_inner_right"]) / 2]])
    return wanted


def _along_sleeve(points: Mapping[str, FloatArray], side: str, contour: FloatArray) -> list[FloatArray]:
    """From the armpit to where sleeve and body part; round the cuff's inner corner where that lies on the body."""
    end, corner = _sleeve_end(points, side, contour), points[f"cuff_inner_{side}"]
    deep = cv2.pointPolygonTest(contour.astype(np.float32), corner.tolist(), measureDist=True)
    if deep <= _ON_BODY * float(np.ptp(contour, axis=0).max()):
        return [points[f"armpit_{side}"], end]
    if np.linalg.norm(end - corner) < 1:
        end = contour[int(np.linalg.norm(contour - corner, axis=1).argmin())]
    return [points[f"armpit_{side}"], corner, end]


def _sleeve_end(points: Mapping[str, FloatArray], side: str, contour: FloatArray) -> FloatArray:
    """Where sleeve and body part by themselves: the highest place of the outline from the cuff to the hem."""
    cuff = points[f"cuff_inner_{side}"]
    ends = [cuff, points.get(f"hem_{side}", points.get(f"leg_outer_{side}", cuff))]
    first, last = (int(np.linalg.norm(contour - end, axis=1).argmin()) for end in ends)
    way = arc_between(contour, *((first, last) if side == "right" else (last, first)))
    highest = way[int(way[:, 1].argmin())]
    armpit = points[f"armpit_{side}"]
    below = highest[1] > armpit[1] + 0.3 * (cuff[1] - armpit[1])
    return highest if len(way) < len(contour) / 3 and below else cuff


def _part(rgb: ByteArray, mask: BoolArray, way_px: Sequence[FloatArray]) -> BoolArray:
    """Cut along a way from its open end up to its inner end unless the outline already reaches the inner end."""
    size, (start, *corners, end) = extent(mask), way_px
    way = end - (corners[-1] if corners else start)
    reach = np.linalg.norm(way)
    if not corners and reach < 0.03 * size:
        return mask
    outside = ~mask
    spots = np.argwhere(outside)[:, ::-1] + 0.5
    beyond = end + way / reach * 0.05 * size
    column, row = np.clip(beyond, 0, np.array(mask.shape[::-1]) - 1).astype(int)
    if mask[row, column] and len(spots):  # straight on lies cloth: a slit that ends in it would be a hole
        beyond = spots[int(((spots - end) ** 2).sum(1).argmin())]
    guide = resample_path(np.stack([start, *corners, beyond]), max(1.5, size * 0.003))
    strength = edge_strength(rgb, max(1.0, size * 0.0015))
    pull = strength + 2.0 * outside
    cut = follow_edge(pull, guide, half_width=0.02 * size, bend=0.5)
    cut = smooth_path(cut, 3.0)
    return carve(mask, cut, max(2.0, size * 0.0022))
