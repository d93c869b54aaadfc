"""Leaf of a collar, the part that falls from its fold: how wide it is along the neck, and which cloth it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import cv2
import numpy as np
from scipy import ndimage

from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.blocks.parts import Block
from vmodel.types import BoolArray, Category, FloatArray

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
_LEANS_DOWN: Final = (0.55, 0.83)
"""Usual direction of a collar's front edges on the cloth: outwards and down."""
LEANS: Final = 0.3
"""Share of the way along the neck over which a collar turns from its front edges to falling straight from the neck."""
_TO_TIP: Final = (0.5, 0.87)
"""Direction, outwards and down, in which the tip is the furthest place of a collar's half."""
_LEAST_OUT: Final = 0.1
"""Least share of a front edge's direction that leads outwards."""
_TOUCH_CM: Final = 0.5
"""Largest distance of a collar from the line of its fold where it begins in front."""
_BEGINS: Final = 0.75
"""Share of the front's edge within which it begins."""
_SHOWN: Final = 0.8
"""Share of the front's edge, from its middle, along which a photo shows a collar's width; beyond it, the collar goes
behind the neck."""
_STATIONS: Final = 25
"""Places along the front's edge at which its width is measured."""
_STEP_CM, _REACH_CM = 0.1, 22.0
_GAP_CM: Final = 2.0
"""Largest distance from the fold at which a collar begins: its roll may lie beside the line that was found."""
_ROLL_CM: Final = 0.6
"""Width that the roll of a collar takes up before the collar falls."""
_NECK_CM: Final = 38.0
"""Girth of the neck for which widths are given: worn widths are proportional to its square root."""
_NARROW_CM: Final = 1.0
"""Largest width of a collar below which it counts as not found."""

ToPixels = Callable[[FloatArray], FloatArray]
"""Function from (n, 2) cm, y up, to the (n, 2) pixels of a picture."""


class Leaf(NamedTuple):
    """Leaf of a collar.

    Attributes:
        widths_cm: (n, 2) share of the way along the neck from its front end to the back's middle, and the leaf's width.
        lines_px: (2, n, 2, 2) pixels of a picture: for the wearer's left and right half and each of these shares the
            place at the fold and that at the leaf's end.
    """

    widths_cm: FloatArray
    lines_px: FloatArray


NO_LEAF: Final = Leaf(np.zeros((0, 2)), np.zeros((2, 0, 2, 2)))


def has_lapels(block: Block) -> bool:
    """Tell whether the opening of a coat or jacket is so deep that it has lapels."""
    return block.kind.category == Category.OUTERWEAR and bool(np.ptp(block.front["neck"][:, 1]) > _LAPEL_FROM_CM)


def usual_leaf(block: Block, canvas: Canvas) -> Leaf:
    """Return the leaf of a collar which its photo does not show; its cloth is what the front's canvas has there."""
    widths = _usual_widths(block)
    front, behind = _half_edges(block)
    return Leaf(widths, _lines(block.front["neck"], widths, front + behind, _LEANS_DOWN, canvas.to_pixels))


def measured_leaf(block: Block, fold_px: FloatArray, collar: BoolArray, cm_per_px: float) -> Leaf | None:
    """Measure a collar or lapels in their photo.

    Args:
        block: fitted to the photo.
        fold_px: (n, 2) line along which the collar folds over, from ``fold_line``.
        collar: (H, W) bool, its outer faces.
        cm_per_px: scale of the photo.
    Returns:
        Its widths and its places in the photo; None where it lies so far from its fold that it is not worn as seen.
    """
    flip = cm_per_px * np.array([1.0, -1.0])
    fold = fold_px * flip

    def to_pixels(places: FloatArray) -> FloatArray:
        return places / flip

    front, behind = _half_edges(block)
    whole = _length(fold) / 2 * (front + behind) / front
    edge = _front_edge(fold, collar, cm_per_px)
    if edge is None:
        return None
    begins, lean = edge
    share = np.linspace(begins, _SHOWN, _STATIONS) * front / (front + behind)
    widths = [_reach(*_headings(half, share, whole, lean), collar, to_pixels) for half in _halves(fold)]
    found = ndimage.median_filter(np.max(widths, axis=0), 3, mode="nearest")  # a fold hides part of a half
    if found.max() < _NARROW_CM:
        return None
    share, found = (each[int(np.flatnonzero(found)[0]) :] for each in (share, found))
    shares, usual = np.transpose(_USUAL)
    rest = shares > share[-1] + 0.1
    at, wide = np.r_[share, shares[rest]], np.r_[found, usual[rest]]
    table = np.stack([at, wide / np.sqrt(2 * (front + behind) / _NECK_CM)], axis=1)
    return Leaf(table, _lines(fold, table, whole, lean, to_pixels))


def _front_edge(fold: FloatArray, collar: BoolArray, cm_per_px: float) -> tuple[float, tuple[float, float]] | None:
    """Find the front edges of a collar's halves in their photo.

    Args:
        fold: (n, 2) cm, y up.
        collar: (H, W) bool.
        cm_per_px: scale of the photo.
    Returns:
        Share of the front's neck, from its middle, at which the collar begins; direction of its edges from there,
        outwards and down; None where it does not reach the fold.
    """
    away = cv2.distanceTransform((~collar).astype(np.uint8), cv2.DIST_L2, 5) * cm_per_px
    rows, columns = np.nonzero(collar)
    places = np.stack([columns + 0.5, -(rows + 0.5)], axis=1) * cm_per_px
    found = []
    for half in _halves(fold):
        side = np.sign(half[-1, 0] - half[0, 0])
        mine = places[(places[:, 0] - half[0, 0]) * side > 0]
        line, _ = _headings(half, np.linspace(0, _BEGINS, _STATIONS), _length(half), _LEANS_DOWN)
        at = np.clip(np.floor(line / (cm_per_px, -cm_per_px)).astype(int), 0, np.array(collar.shape[::-1]) - 1)
        touches = np.flatnonzero(away[at[:, 1], at[:, 0]] < _TOUCH_CM)
        if len(touches) and len(mine):
            tip = mine[np.argmax(mine @ (side * _TO_TIP[0], -_TO_TIP[1]))]
            edge = (tip - line[touches[0]]) * (side, -1.0)
            found.append((_BEGINS * touches[0] / (_STATIONS - 1), edge))
    if not found:
        return None
    edge = np.mean([each for _, each in found], axis=0)
    edge /= max(float(np.linalg.norm(edge)), 1e-6)
    out, down = max(float(edge[0]), _LEAST_OUT), max(float(edge[1]), 0.0)
    return float(np.mean([begins for begins, _ in found])), (out, down)


def _usual_widths(block: Block) -> FloatArray:
    if has_lapels(block):
        return _beside_lapels(block)
    front, back = _half_edges(block)
    begins = max(0.0, front - _SEWN_ON_CM) / (front + back)
    if begins < _TIP:
        return np.array(_USUAL)
    shares, widths = np.transpose(_USUAL)
    at = begins + _TIP + (1 - begins - _TIP) * shares
    return np.stack([np.r_[0.0, begins, at], np.r_[0.0, 0.0, widths]], axis=1)


def _beside_lapels(block: Block) -> FloatArray:
    """Return the widths of a collar that begins above lapels, which lie flat and stay printed on the fronts."""
    front, back = _half_edges(block)
    seam = front / (front + back)
    begins = max(seam - _ABOVE_LAPELS_CM / (front + back), 0.0)
    return np.array([(begins, 0.0), (seam, _ABOVE_CM), (1.0, _ABOVE_CM)])


def _half_edges(block: Block) -> tuple[float, float]:
    """Return the lengths of half of the front's and of the back's neck, cm."""
    return _length(block.front["neck"]) / 2, _length(block.back["neck"]) / 2


def _length(line: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _lines(
    line: FloatArray, widths: FloatArray, whole: float, lean: tuple[float, float], to_pixels: ToPixels
) -> FloatArray:
    """Return ``Leaf.lines_px`` of widths along a neck's edge (n, 2), in cm from the left to the right end.

    ``whole`` is the length of half of the neck, front and back. Places behind the neck are at the front's end.
    """
    found = []
    for half in _halves(line):
        places, heading = _headings(half, widths[:, 0], whole, lean if widths[0, 1] > 0 else None)
        reach = widths[:, 1:] * np.sqrt(2 * whole / _NECK_CM) + _ROLL_CM * (widths[:, 1:] > 0)
        found.append(np.stack([to_pixels(places), to_pixels(places + reach * heading)], axis=1))
    return np.stack(found)


def _halves(line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the left and the right half of a front's neck, (n, 2) each, from its front end to the shoulder."""
    middle = len(line) // 2
    return line[middle::-1], line[middle:]


def _headings(
    half: FloatArray, share: FloatArray, whole_cm: float, lean: tuple[float, float] | None
) -> tuple[FloatArray, FloatArray]:
    """Return places on half of a front's neck, and the directions in which a collar lies on the cloth from there.

    Args:
        half: from ``_halves``, cm, y up.
        share: (n,) of the way from the neck's front end to the back's middle, from where the collar begins.
        whole_cm: length of this way.
        lean: direction of the collar's front edge, outwards and down; None where it ends in a point.
    Returns:
        (n, 2) cm, (n, 2) unit vectors.
    """
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(half, axis=0), axis=1))]
    at = np.minimum(share * whole_cm, along[-1])
    places, ahead, before = (
        np.stack([np.interp(at + by, along, half[:, axis]) for axis in (0, 1)], axis=1) for by in (0.0, 1.0, -1.0)
    )
    way = ahead - before
    side = np.sign(half[-1, 0] - half[0, 0])  # the cloth lies on the right of the wearer's left half
    outwards = side * np.stack([way[:, 1], -way[:, 0]], axis=1)
    outwards /= np.maximum(np.linalg.norm(outwards, axis=1, keepdims=True), 1e-6)
    leaning = np.clip(1 - (share - share[0]) / LEANS, 0, 1)[:, None] * (lean is not None)
    out, down = lean or _LEANS_DOWN
    heading = (1 - leaning) * outwards + leaning * np.array([side * out, -down])
    return places, heading / np.maximum(np.linalg.norm(heading, axis=1, keepdims=True), 1e-6)


def _reach(places: FloatArray, heading: FloatArray, seen: BoolArray, to_pixels: ToPixels) -> FloatArray:
    """Return the (n,) cm from each place of the fold to the end of the collar, less the width of its roll."""
    steps = np.arange(0.0, _REACH_CM, _STEP_CM)
    spots = places[:, None] + steps[:, None] * heading[:, None]
    pixels = to_pixels(spots.reshape(-1, 2)).reshape(spots.shape)
    x, y = (pixels[..., axis].astype(np.float32) - 0.5 for axis in (0, 1))
    inside = cv2.remap(seen.astype(np.uint8), x, y, cv2.INTER_NEAREST, borderValue=0) > 0
    reach = np.zeros(len(places))
    for row, line in enumerate(inside):
        begins = np.flatnonzero(line[: round(_GAP_CM / _STEP_CM)])
        if len(begins):
            ends = np.flatnonzero(~line[begins[0] :])
            reach[row] = steps[begins[0] + (ends[0] if len(ends) else len(line) - begins[0]) - 1]
    return np.maximum(reach - _ROLL_CM, 0.0)
