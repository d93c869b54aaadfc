"""Cut-out of cloth that is like its ground, such as white on white, by the sharpness of its outline.

Colours do not tell shaded white cloth from shaded white paper, but edges do: cloth ends within a pixel or two, while
shadows and folds change over many. Sharp edges are gathered, what they surround along rows and columns is inside, and
a random walk from inside and outside finds the outline between, through the gaps where cloth and paper meet in one
tone (Grady, Random walks for image segmentation, PAMI 28(11), 2006).
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

from vmodel.garment.cutout_plain import (
    Surface,
    along_outline,
    connected_to,
    connected_to_rim,
    difference_of,
    disc,
    flood_with_disc,
    ground_seen_through,
    margin,
    tint_and_shade,
)
from vmodel.types import BoolArray, FloatArray

# A step of one Lab unit scores 0.18; noise of a clean photo stays below the first.
_LEAST_SHARPNESS: Final = 0.2
# Share of a coarse slope that a fine one exceeds where the step is sharp; penumbrae reach 1.15.
_SOFT_SLOPE: Final = 1.25
# Relative to the longer side: the shortest edge that counts, what lies surely within, the widest gap of an edge down
# the sides, and across, where sleeves and legs leave true gaps.
_SHORTEST: Final = 0.02
_DEEP: Final = 0.012
_WIDEST_GAP: Final = (0.15, 0.06)
_WALK: Final = 0.03
_NOTCH: Final = 0.035
_LONG_GAP: Final = 0.1
# Share of the surrounded area that may be bays rather than a leak, and a sharpness that is clear enough.
_MOST_BAYS: Final = 0.3
_CLEAR_EDGE: Final = 0.6
# Lab: how far cloth in the ground's hue may be from it in chroma, and how much darker it may be.
_MOST_TINT: Final = 9.0
_DEEPEST_SHADE: Final = -38.0
# JPEG rings this far, relative to the longer side, and this strongly, relative to the edge it rings around.
_RINGING: Final = 0.012
_RINGING_SHARE: Final = 0.08


def sharpness(lab: FloatArray) -> FloatArray:
    """How much steeper a photo is in the small than in the large, in Lab units per pixel.

    Args:
        lab: (H, W, 3) float32.
    Returns:
        (H, W) float32: 0.18 of a sharp step's height at the step, 0 in penumbrae and folds.
    """
    sharp = np.maximum(_slope(lab, 1.0) - _SOFT_SLOPE * _slope(lab, 3.0), 0).astype(np.float32)
    around = cv2.dilate(sharp, disc(max(3, round(_RINGING * max(sharp.shape)))))
    return np.where(sharp > _RINGING_SHARE * around, sharp, np.float32(0))


def least_sharpness(sharp: FloatArray) -> float:
    """The sharpness above which there is an edge and no noise, going by the photo's margin."""
    rim = margin(sharp.shape[0], sharp.shape[1], 0.04)
    return max(_LEAST_SHARPNESS, 1.5 * float(np.percentile(sharp[rim], 98)))


def sharp_share(mask: BoolArray, sharp: FloatArray) -> float:
    """Share of a mask's outline that lies on sharp edges.

    Args:
        mask: (H, W) bool.
        sharp: (H, W) float32, of ``sharpness``.
    Returns:
        0..1; 0 for a mask without an outline.
    """
    outline = mask ^ cv2.erode(mask.astype(np.uint8), disc(1)).astype(bool)
    outline &= ~margin(mask.shape[0], mask.shape[1], 0.01)
    return float(np.mean(cv2.dilate(sharp, disc(2))[outline] > least_sharpness(sharp))) if outline.any() else 0.0


def cut_by_sharpness(surface: Surface, sharp: FloatArray) -> BoolArray:
    """Cut out what sharp edges surround.

    Args:
        surface: of ``fit_surface``; flat ground is never taken for surely inside.
        sharp: (H, W) float32, of ``sharpness``, about 1000 pixels on the longer side.
    Returns:
        (H, W) bool; empty where no edges surround anything.
    """
    size, least = max(sharp.shape), least_sharpness(sharp)
    edges = _long_edges(sharp > least, size)
    within = _surrounded(edges)
    flat = difference_of(cv2.GaussianBlur(surface.offset, (0, 0), 1.5)) < max(1.0, 1.2 * surface.roughness)
    reached = flood_with_disc(flat & (sharp < least), max(2, round(0.004 * size)))
    bays = _open_bays(edges, within)
    inside = _morphed(cv2.MORPH_ERODE, within, disc(round(_DEEP * size))) & ~reached & ~bays
    low, wide = (round(share * size) for share in _WIDEST_GAP)
    maybe = within | _closed(within, np.ones((1, wide), np.uint8)) | _closed(within, np.ones((low, 1), np.uint8))
    outside = connected_to_rim(~_morphed(cv2.MORPH_DILATE, maybe, disc(4))) | bays
    if not inside.any() or not outside.any():
        return np.zeros_like(within)
    barrier = np.maximum(sharp - 0.5 * least, 0).astype(np.float32)
    mask = _walked_coarsely(barrier, inside, outside)
    mask = _mirrored_where_sharper(_without_soft_notches(mask, sharp, least), sharp)
    core, far = _morphed(cv2.MORPH_ERODE, mask, disc(4)), ~_morphed(cv2.MORPH_DILATE, mask, disc(4))
    mask = np.asarray(_walk(barrier, core, far) > 0.5)
    holes = along_outline(ground_seen_through(surface.offset, ~mask, surface.roughness), ~mask)
    return mask & ~holes & ~_long_gaps(flat, mask, sharp, least)


def like_shaded_ground(mask: BoolArray, surface: Surface, lab: FloatArray) -> bool:
    """True if most of a mask could be the surface in its own shadow, going by colour.

    Args:
        mask: (H, W) bool.
        surface: of ``fit_surface``.
        lab: (H, W, 3) float32.
    """
    tint, shade = tint_and_shade(lab, surface)
    alike = (tint < _MOST_TINT) & (shade > _DEEPEST_SHADE)
    return bool(mask.any() and float(np.mean(alike[mask])) > 0.5)


def _slope(lab: FloatArray, sigma: float) -> FloatArray:
    soft = cv2.GaussianBlur(lab, (0, 0), sigma)
    dx = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125)
    dy = cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    return np.asarray(np.sqrt((dx * dx + dy * dy).sum(-1)), np.float32)


def _morphed(operation: int, region: BoolArray, kernel: FloatArray) -> BoolArray:
    return np.asarray(cv2.morphologyEx(region.astype(np.uint8), operation, kernel).astype(bool))


def _closed(region: BoolArray, kernel: FloatArray) -> BoolArray:
    """Closing that does not stick to the picture's rim."""
    pad = max(kernel.shape)
    return _morphed(cv2.MORPH_CLOSE, np.pad(region, pad), kernel)[pad:-pad, pad:-pad]


def _long_edges(edges: BoolArray, size: int) -> BoolArray:
    bridged = _closed(edges, disc(max(2, round(0.004 * size))))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(bridged.astype(np.uint8), connectivity=8)
    kept = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > _SHORTEST * size
    kept[0] = False
    return np.asarray(kept[labels])


def _surrounded(edges: BoolArray) -> BoolArray:
    """Pixels with an edge on both sides along their row and along their column."""
    within = np.ones_like(edges)
    for axis in (0, 1):
        before = np.maximum.accumulate(edges, axis=axis)
        behind = np.flip(np.maximum.accumulate(np.flip(edges, axis), axis=axis), axis)
        within &= before & behind
    return _morphed(cv2.MORPH_OPEN, within, disc(2))


def _open_bays(edges: BoolArray, within: BoolArray) -> BoolArray:
    """What a disc reaches from the rim between the edges, such as the wedge between legs.

    The disc grows until it does not slip through the edges' own gaps.
    """
    for share in (0.004, 0.008, 0.015):
        radius = round(share * max(edges.shape))
        room = _morphed(cv2.MORPH_ERODE, np.pad(~edges, radius, constant_values=True), disc(radius))
        reached = _morphed(cv2.MORPH_DILATE, connected_to_rim(room), disc(radius))[radius:-radius, radius:-radius]
        if (reached & within).sum() < _MOST_BAYS * within.sum():
            return reached
    return np.zeros_like(within)


def _walked_coarsely(barrier: FloatArray, inside: BoolArray, outside: BoolArray) -> BoolArray:
    """The walk at half size, where the gap between inside and outside is wide."""
    size = (barrier.shape[1] // 2, barrier.shape[0] // 2)
    sure = [
        cv2.resize(seeds.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.99 for seeds in (inside, outside)
    ]
    coarse = cv2.resize(cv2.dilate(barrier, np.ones((2, 2), np.uint8)), size, interpolation=cv2.INTER_NEAREST)
    share = _walk(np.asarray(coarse, np.float32), *sure)
    return np.asarray(cv2.resize(share, barrier.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5)


def _walk(barrier: FloatArray, inside: BoolArray, outside: BoolArray) -> FloatArray:
    """Probability that a walk which shuns barriers comes to the inside before it comes outside, (H, W) float32."""
    share = inside.astype(np.float32)
    open_ = ~(inside | outside)
    count = int(open_.sum())
    if count == 0:
        return share
    place = np.full(barrier.shape, -1)
    place[open_] = np.arange(count)
    whole, start, end = slice(None), slice(None, -1), slice(1, None)
    total, gain, entries = np.zeros(count), np.zeros(count), []
    for first, second in (((whole, start), (whole, end)), ((start, whole), (end, whole))):
        ease = np.exp(-np.maximum(barrier[first], barrier[second]).astype(np.float64) / _WALK) + 1e-5
        for here, there in ((first, second), (second, first)):
            known = place[here] >= 0
            total += np.bincount(place[here][known], ease[known], count)
            lit = known & inside[there]
            gain += np.bincount(place[here][lit], ease[lit], count)
            both = known & (place[there] >= 0)
            entries.append((-ease[both], place[here][both], place[there][both]))
    entries.append((total, np.arange(count), np.arange(count)))
    values, rows, columns = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    system = csc_matrix((values, (rows, columns)), (count, count))
    share[open_] = spsolve(system, gain, permc_spec="MMD_AT_PLUS_A")
    return share


def _without_soft_notches(mask: BoolArray, sharp: FloatArray, least: float) -> BoolArray:
    """Fill bites out of the outline, and cut bumps off it, that no edge borders: there the walk leaked."""
    kernel = disc(round(_NOTCH * max(mask.shape)))
    edges = cv2.dilate(sharp, disc(3)) > least
    bites = _edgeless(_closed(mask, kernel) & ~mask, mask, edges)
    bumps = _edgeless(mask & ~_morphed(cv2.MORPH_OPEN, mask, kernel), ~mask, edges)
    return np.asarray((mask | bites) & ~bumps)


def _mirrored_where_sharper(mask: BoolArray, sharp: FloatArray) -> BoolArray:
    """Give each side what the other has, or take what it lacks, where that follows sharper edges."""
    if not mask.any():
        return mask
    mended = mask.copy()
    for _ in range(2):
        there = _mirror_axis(mended) - np.arange(mask.shape[1])
        known = (there >= 0) & (there < mask.shape[1])
        image = np.zeros_like(mask)
        image[:, known] = mended[:, there[known]]
        missing = _morphed(cv2.MORPH_OPEN, image & ~mended, disc(6))
        mended = mended | _sharper_without_border(missing, mended, sharp)
        extra = _morphed(cv2.MORPH_OPEN, mended & ~image, disc(6))
        mended = mended & ~_sharper_without_border(extra, ~mended, sharp)
    return mended


def _mirror_axis(mask: BoolArray) -> int:
    """Twice the column about which a mask is most like its own mirror image."""
    columns = np.nonzero(mask.any(0))[0]
    reach = round(0.12 * (np.ptp(columns) + 1))
    small = mask[::4].astype(np.float32)
    middle = int(columns[0] + columns[-1])
    best, axis = -1.0, middle
    for twice in range(middle - 2 * reach, middle + 2 * reach + 1, 2):
        there = twice - columns
        fits = (there >= 0) & (there < mask.shape[1])
        overlap = float((small[:, columns[fits]] * small[:, there[fits]]).sum())
        if overlap > best:
            best, axis = overlap, twice
    return axis


def _sharper_without_border(pieces: BoolArray, neighbour: BoolArray, sharp: FloatArray) -> BoolArray:
    """Pieces with less of an edge toward a neighbour than on their other side."""
    _, labels = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=4)
    grown = cv2.dilate(labels.astype(np.float32), disc(4)).astype(np.int64)
    count, edge = int(labels.max()) + 1, cv2.dilate(sharp, disc(3))
    rim = grown > 0
    rim &= ~_morphed(cv2.MORPH_ERODE, pieces, disc(2))
    sides = [rim & neighbour, rim & ~neighbour & ~pieces]
    lengths = [np.bincount(grown[side], minlength=count) for side in sides]
    mean = [
        np.bincount(grown[side], np.minimum(edge[side], _CLEAR_EDGE), count) / np.maximum(length, 1)
        for side, length in zip(sides, lengths, strict=True)
    ]
    better = (mean[0] < 0.7 * mean[1]) & (lengths[0] > 0) & (np.bincount(labels.ravel(), minlength=count) > 0)
    better[0] = False
    return np.asarray(better[labels])


def _long_gaps(flat: BoolArray, mask: BoolArray, sharp: FloatArray, least: float) -> BoolArray:
    """Flat ground between sleeve and body or between legs whose mouth is closed by a faint line: long, sharp-edged."""
    size = max(mask.shape)
    islands = _morphed(cv2.MORPH_OPEN, flat & mask, disc(3))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(islands.astype(np.uint8), connectivity=4)
    long_ = np.hypot(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]) > _LONG_GAP * size
    near = _morphed(cv2.MORPH_DILATE, ~mask, disc(round(_DEEP * size)))
    opens = np.bincount(labels[near & islands], minlength=len(stats)) > 0
    soft = _edgeless(islands, ~islands, cv2.dilate(sharp, disc(4)) > least)
    hard = np.bincount(labels[islands & ~soft], minlength=len(stats)) > 0
    gap = long_ & opens & hard
    gap[0] = False
    grown = _morphed(cv2.MORPH_DILATE, np.asarray(gap[labels]), disc(3))
    return grown & (flat | _morphed(cv2.MORPH_OPEN, grown, disc(4)))


def _edgeless(pieces: BoolArray, neighbour: BoolArray, edges: BoolArray) -> BoolArray:
    """Pieces whose border with a neighbour lies on no edge for the most part."""
    pieces = connected_to(pieces, _morphed(cv2.MORPH_ERODE, pieces, disc(2)))
    _, labels = cv2.connectedComponents(pieces.astype(np.uint8), connectivity=4)
    border = pieces & _morphed(cv2.MORPH_DILATE, neighbour, disc(1))
    count = int(labels.max()) + 1
    length = np.bincount(labels[border], minlength=count)
    seen = np.bincount(labels[border & edges], minlength=count)
    soft = seen < 0.4 * np.maximum(length, 1)
    soft[0] = False
    return np.asarray(soft[labels])
