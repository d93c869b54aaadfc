"""Width of a collar along the neck: measured where the photo shows it, otherwise the usual width."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy import ndimage

from vmodel.config import Settings
from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.blocks.parts import Block
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import read_collar
from vmodel.types import BoolArray, ByteArray, Category, FloatArray, GarmentPhoto, Neckline

_USUAL: Final = ((0.0, 7.0), (0.3, 5.5), (0.6, 4.6), (1.0, 4.6))
"""Share of the way along the neck from a collar's front end to the back's middle, and its usual width there, cm."""
_SEWN_ON_CM: Final = 11.5
"""Length from the shoulder to a collar's front end; the rest of a longer neck edge is the placket that hangs open."""
_TIP: Final = 0.03
"""Share of the whole way over which an open collar's front edge leads out to its tip."""
_LAPEL_FROM_CM: Final = 13.0
"""Depth of a coat's opening beyond which it has lapels: they lie flat, as printed on its fronts."""
_ABOVE_LAPELS_CM, _ABOVE_CM = 5.0, 4.6
"""Distance from the shoulder at which a collar begins above lapels, and its width from the shoulder on."""
LEANS_DOWN: Final = (0.83, 0.55)
"""Direction of a collar's front edges on the cloth: down and outwards."""
LEANS: Final = 0.3
"""Share of the way along the neck over which they lean like this; from there on a collar falls away from the neck."""
_LEAST_SEEN: Final = 0.03
"""Least area of a collar in its photo, as a share of the square of the neck's width."""
_LEAST_LEAF: Final = 0.08
"""Least height along which each half of a collar folds over, in widths of the neck."""
_UPRIGHT: Final = 0.04
"""Distance by which a half's front end may lie further out than its innermost place, in widths of the neck: edges of
open collars run straight down."""
_CLOSED: Final = 0.25
"""Largest distance between the front ends of a buttoned collar, in widths of the neck."""
_OPENS: Final = 0.4
"""Least depth of the opening below the front ends of an unbuttoned collar, as a share of that distance."""
_LAPELS_FROM: Final = 1.0
"""Depth of the neck's front from which on lapels cross at it, however far up they were seen, in widths of the neck."""
_SHOWN: Final = 0.8
"""Share of the front's edge, from its middle, along which a photo shows a collar's width; beyond it, the collar goes
behind the neck."""
_BINS, _HALF = 32, 17
"""Rows of a collar's half whose inner edge is found, and points along half of the neck."""
_STATIONS: Final = 25
"""Places along the front's edge at which its width is measured."""
_STEP_CM, _REACH_CM = 0.1, 22.0
_GAP_CM: Final = 2.0
"""Largest distance from the neck's edge at which a collar begins: its roll may lie beside the edge that was found."""
_ROLL_CM: Final = 0.6
"""Width that the roll of a collar takes up before the collar falls."""
_NECK_CM: Final = 38.0
"""Girth of the neck for which widths are given: worn widths are proportional to its square root."""
_NARROW_CM: Final = 1.0
"""Largest width of a collar below which it counts as not found."""


def find_collar(photo: GarmentPhoto, rgb: ByteArray) -> BoolArray | None:
    """Find the outer faces of the collar or of lapels on the front, (H, W) bool; return None if there are none.

    Args:
        photo: the garment as read.
        rgb: (H, W, 3) uint8 sRGB, the photo with its own light and ground.
    """
    names = [f"neck_{name}" for name in ("left", "right", "front")]
    if photo.kind.neckline != Neckline.COLLAR or not set(names) <= photo.points.keys():
        return None
    neck = [photo.points[name] for name in names]
    told, affine = read_collar(load_network(Settings().weights), rgb, neck)
    at = affine.copy()
    at[:, 2] += at[:, :2] @ [0.5, 0.5] - 0.5  # cv2's pixel centres lie at integers
    size = photo.mask.shape[1::-1]
    found = cv2.warpAffine(told, at, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP) > 0.5
    found &= photo.mask
    wide = float(np.linalg.norm(neck[0] - neck[1]))
    return found if found.sum() > _LEAST_SEEN * wide**2 else None


def fold_line(photo: GarmentPhoto, collar: BoolArray) -> FloatArray | None:
    """Find the line along which a collar folds over, (33, 2) pixels along the neck from the left to the right.

    The line of an open collar goes down to its opening's end. There is none (None) for open fronts, and where a half of
    the collar is not seen.

    Args:
        photo: the garment as read.
        collar: from ``find_collar``.
    """
    if photo.opening is not None:
        return None
    left, right, front = (photo.points[f"neck_{name}"] for name in ("left", "right", "front"))
    middle, wide = (left + right) / 2, max(float(np.linalg.norm(left - right)), 1.0)
    across = (left - right) / wide
    axes = np.stack([across, [-across[1], across[0]]])
    rows, columns = np.nonzero(collar)
    places = (np.stack([columns + 0.5, rows + 0.5], axis=1) - middle) @ axes.T / wide
    sides = []
    for sign in (1.0, -1.0):
        half = np.zeros((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1), np.uint8)
        at = rows - rows.min(), columns - columns.min()
        half[at] = places[:, 0] * sign > 0
        _, pieces, sizes, _ = cv2.connectedComponentsWithStats(half)
        largest = 1 + int(np.argmax(sizes[1:, cv2.CC_STAT_AREA])) if len(sizes) > 1 else 0
        sides.append(_inner_edge(places[(pieces[at] == largest) & (half[at] > 0)], sign))
    if sides[0] is None or sides[1] is None:
        return None
    ends = np.array([side[-1] for side in sides if side is not None])
    lowest = float(ends[:, 1].mean())
    apart = float(ends[0, 0] - ends[1, 0])
    told = float((front - middle) @ axes[1]) / wide
    if apart > _CLOSED:
        lowest = max(lowest + _OPENS * apart, told)
    if told > _LAPELS_FROM:
        lowest = max(lowest, told)
    foot = np.array([ends[:, 0].mean(), lowest])
    halves = [_evenly(np.vstack([side, foot])) for side in sides if side is not None]
    line = np.vstack([halves[0], halves[1][-2::-1]])
    return np.asarray(middle + wide * line @ axes)


def _inner_edge(places: FloatArray, sign: float) -> FloatArray | None:
    """Return the (n, 2) inner edge of a collar's half, from its top down to its front end, in widths of the neck.

    Args:
        places: (m, 2) of its pixels: across from the neck's middle to the wearer's left, and down.
        sign: 1 for the wearer's left half, -1 for the right.
    """
    if len(places) < _BINS:
        return None
    top, tall = float(places[:, 1].min()), max(float(np.ptp(places[:, 1])), 1e-6)
    inner = np.full(_BINS + 1, np.inf)
    np.minimum.at(inner, np.floor(_BINS * (places[:, 1] - top) / tall).astype(int), places[:, 0] * sign)
    inner = ndimage.median_filter(inner[:_BINS], 3, mode="nearest")
    height = top + (np.arange(_BINS) + 0.5) / _BINS * tall
    innermost = np.flatnonzero(inner <= inner.min() + _UPRIGHT)
    end = int(innermost[0 if inner.min() < _UPRIGHT else -1])  # both halves touch below where they meet
    edge = np.stack([sign * np.minimum.accumulate(inner), height], axis=1)[: end + 1]
    if not np.isfinite(inner[: end + 1]).all() or np.ptp(edge[:, 1]) < _LEAST_LEAF:
        return None
    return edge


def _evenly(line: FloatArray) -> FloatArray:
    """Return (17, 2) points spread evenly along a line."""
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, along[-1], _HALF)
    return np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1)


def has_lapels(block: Block) -> bool:
    """Tell whether the opening of a coat or jacket is so deep that it has lapels."""
    return block.kind.category == Category.OUTERWEAR and bool(np.ptp(block.front["neck"][:, 1]) > _LAPEL_FROM_CM)


def at_neck(seen: BoolArray, block: Block, canvas: Canvas) -> BoolArray:
    """Keep those pieces of a collar on the front's canvas, (H, W) bool, that reach near the neck's edge."""
    near = np.zeros(canvas.size, np.uint8)
    edge = np.round(canvas.to_pixels(block.front["neck"])).astype(np.int32)
    cv2.polylines(near, [edge], False, 1, 2 * round(_GAP_CM * canvas.px_per_cm))
    _, pieces = cv2.connectedComponents(seen.astype(np.uint8))
    return seen & np.isin(pieces, pieces[(near > 0) & seen])


def usual_widths(block: Block) -> FloatArray:
    """Return the width of a collar along the neck where its photo does not show one.

    Args:
        block: with a collar, fitted to a photo.
    Returns:
        (n, 2) share of the way along the neck from its front end to the back's middle, and the collar's width, cm.
    """
    if has_lapels(block):
        return _beside_lapels(block)
    front, back = _half_edges(block)
    begins = max(0.0, front - _SEWN_ON_CM) / (front + back)
    if begins < _TIP:
        return np.array(_USUAL)
    shares, widths = np.transpose(_USUAL)
    at = begins + _TIP + (1 - begins - _TIP) * shares
    return np.stack([np.r_[0.0, begins, at], np.r_[0.0, 0.0, widths]], axis=1)


def measured_widths(block: Block, seen: BoolArray, canvas: Canvas) -> FloatArray | None:
    """Measure a collar or lapels along the neck; see ``usual_widths``.

    Args:
        block: fitted to a photo.
        seen: (H, W) bool, the collar on the front's canvas.
        canvas: of the block.
    Returns:
        As ``usual_widths``; None where the collar lies so far from the neck's edge that it is not worn as it was seen.
    """
    for leans in (True, False):
        widths = _measured(block, seen, canvas, leans)
        if widths is not None and (widths[0, 1] > 0) == leans:
            first = int(np.flatnonzero(widths[:, 1] > 0)[0])
            return widths[max(first - 1, 0) :]  # it ends there, beside the opening
    return None


def _beside_lapels(block: Block) -> FloatArray:
    """Return the widths of a collar that begins above lapels, which lie flat and stay printed on the fronts."""
    front, back = _half_edges(block)
    seam = front / (front + back)
    begins = max(seam - _ABOVE_LAPELS_CM / (front + back), 0.0)
    return np.array([(begins, 0.0), (seam, _ABOVE_CM), (1.0, _ABOVE_CM)])


def _half_edges(block: Block) -> tuple[float, float]:
    """Return the lengths of half of the front's and of the back's neck, cm."""
    edges = (block.front["neck"], block.back["neck"])
    front, back = (float(np.linalg.norm(np.diff(edge, axis=0), axis=1).sum()) / 2 for edge in edges)
    return front, back


def _measured(block: Block, seen: BoolArray, canvas: Canvas, leans: bool) -> FloatArray | None:
    """Measure ``measured_widths`` along the directions in which the collar falls; return None if it is too narrow.

    With ``leans`` its front edges lean down and outwards; otherwise it ends in a point.
    """
    neck = block.front["neck"]
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(neck, axis=0), axis=1))]
    front = along[-1] / 2
    behind = float(np.linalg.norm(np.diff(block.back["neck"], axis=0), axis=1).sum()) / 2
    share = np.linspace(0, _SHOWN, _STATIONS) * front / (front + behind)
    widths = []
    for side in (1.0, -1.0):  # the wearer's left first
        at = front - side * share * (front + behind)
        places = np.stack([np.interp(at, along, neck[:, axis]) for axis in (0, 1)], axis=1)
        ahead, before = (
            np.stack([np.interp(at + by, along, neck[:, axis]) for axis in (0, 1)], axis=1) for by in (1.0, -1.0)
        )
        way = ahead - before  # from the left to the right: the cloth is on its left
        outwards = np.stack([way[:, 1], -way[:, 0]], axis=1)
        outwards *= np.sign(outwards[:, 1:].mean() * -1.0) or 1.0
        outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
        leaning = (np.clip(1 - share / LEANS, 0, 1) * leans)[:, None]
        heading = (1 - leaning) * outwards + leaning * np.array([side * LEANS_DOWN[1], -LEANS_DOWN[0]])
        heading /= np.linalg.norm(heading, axis=1, keepdims=True)
        widths.append(_reach(places, heading, seen, canvas))
    found = ndimage.median_filter(np.max(widths, axis=0), 3, mode="nearest")  # a fold hides part of a half
    if found.max() < _NARROW_CM:
        return None
    shares, usual = np.transpose(_USUAL)
    rest = shares > share[-1] + 0.1
    at, wide = np.r_[share, shares[rest]], np.r_[found, usual[rest]]
    return np.stack([at, wide / np.sqrt(2 * (front + behind) / _NECK_CM)], axis=1)


def _reach(places: FloatArray, heading: FloatArray, seen: BoolArray, canvas: Canvas) -> FloatArray:
    """Return the (n,) cm from each place of the neck's edge to the end of the collar, less the width of its roll."""
    steps = np.arange(0.0, _REACH_CM, _STEP_CM)
    spots = places[:, None] + steps[:, None] * heading[:, None]
    pixels = canvas.to_pixels(spots.reshape(-1, 2)).reshape(spots.shape)
    x, y = (pixels[..., axis].astype(np.float32) - 0.5 for axis in (0, 1))
    inside = cv2.remap(seen.astype(np.uint8), x, y, cv2.INTER_NEAREST, borderValue=0) > 0
    reach = np.zeros(len(places))
    for row, line in enumerate(inside):
        begins = np.flatnonzero(line[: round(_GAP_CM / _STEP_CM)])
        if len(begins):
            ends = np.flatnonzero(~line[begins[0] :])
            reach[row] = steps[begins[0] + (ends[0] if len(ends) else len(line) - begins[0]) - 1]
    return np.maximum(reach - _ROLL_CM, 0.0)
