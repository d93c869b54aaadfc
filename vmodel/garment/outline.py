"""From a cut-out to one clean closed contour, and places on it.

Contours are (n, 2) float64 photo pixels, equally spaced, running from the photo's right over the top to its
left: counter-clockwise when y points up, as panels are stored.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter1d

from vmodel.types import BoolArray, ByteArray, FloatArray

STEP = 0.0025


def extent(mask: BoolArray) -> float:
    """Longer side of the mask's bounding box in pixels; the yardstick of all tolerances here."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return float(max(np.ptp(rows), np.ptp(columns)) + 1)


def clean_mask(mask: BoolArray, keep_thin_above: float) -> BoolArray:
    """One piece without crumbs, pinholes, and ties or threads that stick out below a line.

    Args:
        mask: (H, W) bool.
        keep_thin_above: photo y; thin parts above it (straps, collar tips) stay.
    """
    size = extent(mask)
    solid = mask.astype(np.uint8)
    link = _disc(max(1, round(size * 0.002)))
    solid = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, link)
    opened = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _disc(max(2, round(size * 0.018))))
    row = int(np.clip(keep_thin_above, 0, mask.shape[0]))
    thin = solid & ~opened & 1
    thin[:row] = 0
    solid = _drop_protrusions(solid, opened, thin, size)
    solid[row:] = cv2.morphologyEx(solid, cv2.MORPH_OPEN, _disc(1))[row:]
    return largest_piece(_fill_pinholes(solid, size))


def _drop_protrusions(solid: ByteArray, opened: ByteArray, thin: ByteArray, size: float) -> ByteArray:
    """Remove thin pieces that reach far from the thick part; corners that opening rounded stay."""
    count, labels, _, _ = cv2.connectedComponentsWithStats(thin, connectivity=8)
    away = cv2.distanceTransform(1 - opened, cv2.DIST_L2, 5)
    reach = np.zeros(count)
    np.maximum.at(reach, labels.ravel(), away.ravel())
    gone = np.nonzero(reach > size * 0.03)[0]
    gone = gone[gone > 0]
    return np.asarray(np.where(np.isin(labels, gone), 0, solid), np.uint8)


def _fill_pinholes(solid: ByteArray, size: float) -> ByteArray:
    filled = solid.copy()
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - solid, connectivity=4)
    small = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] < (0.03 * size) ** 2]
    height, width = solid.shape
    for i in small:
        x, y, w, h = stats[i, :4]
        if x > 0 and y > 0 and x + w < width and y + h < height:
            filled[labels == i] = 1
    return filled


def largest_piece(mask: BoolArray | ByteArray) -> BoolArray:
    """(H, W) bool: the connected part with the most pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 1:
        return mask.astype(bool)
    return np.asarray(labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def _disc(radius: int) -> ByteArray:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def trace_contour(mask: BoolArray) -> FloatArray:
    """Outer contour of a mask, equally spaced at about a four-hundredth of its size, lightly smoothed."""
    padded = np.pad(mask.astype(np.uint8), 1)
    loops, _ = cv2.findContours(padded, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    loop = max(loops, key=cv2.contourArea)[:, 0].astype(np.float64) - 0.5
    if cv2.contourArea(loop.astype(np.float32), oriented=True) > 0:
        loop = loop[::-1]
    smooth = np.stack([gaussian_filter1d(axis, 1.2, mode="wrap") for axis in loop.T], 1)
    return resample_loop(smooth, max(1.5, extent(mask) * STEP))


def trace_holes(mask: BoolArray, least_share: float = 0.003) -> list[FloatArray]:
    """Contours of the holes that are part of the cut, clockwise when y points up."""
    loops, tree = cv2.findContours(mask.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found = []
    for loop, (_, _, _, parent) in zip(loops, tree[0] if tree is not None else (), strict=True):
        if parent < 0 or cv2.contourArea(loop) < least_share * mask.sum():
            continue
        points = loop[:, 0].astype(np.float64) + 0.5
        if cv2.contourArea(points.astype(np.float32), oriented=True) < 0:
            points = points[::-1]
        smooth = np.stack([gaussian_filter1d(axis, 1.2, mode="wrap") for axis in points.T], 1)
        found.append(resample_loop(smooth, max(1.5, extent(mask) * STEP)))
    return found


def resample_loop(loop: FloatArray, step: float) -> FloatArray:
    """The same closed curve with equal steps."""
    closed = np.concatenate([loop, loop[:1]])
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))]
    t = np.linspace(0, way[-1], max(16, round(way[-1] / step)), endpoint=False)
    return np.stack([np.interp(t, way, axis) for axis in closed.T], 1)


def resample_path(path: FloatArray, step: float) -> FloatArray:
    """The same open curve with equal steps and the same ends."""
    way = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    t = np.linspace(0, way[-1], max(2, round(way[-1] / step) + 1))
    return np.stack([np.interp(t, way, axis) for axis in path.T], 1)


def smooth_path(path: FloatArray, sigma: float) -> FloatArray:
    """Gaussian smoothing along an open curve that leaves both ends where they are."""
    if len(path) < 4:
        return path
    line = np.linspace(0, 1, len(path))[:, None]
    chord = path[0] + (path[-1] - path[0]) * line
    rest = path - chord
    mirrored = np.concatenate([-rest[:0:-1], rest, -rest[-2::-1]])
    smooth = np.stack([gaussian_filter1d(axis, sigma) for axis in mirrored.T], 1)
    return np.asarray(chord + smooth[len(path) - 1 : 2 * len(path) - 1])


def turning(contour: FloatArray, reach: int) -> FloatArray:
    """(n,) radians: how much the contour turns over ``reach`` points either way; convex is positive."""
    back, ahead = contour - np.roll(contour, reach, 0), np.roll(contour, -reach, 0) - contour
    cross = back[:, 0] * ahead[:, 1] - back[:, 1] * ahead[:, 0]
    # y points down in the photo, so a left turn of the panel is a negative cross product here
    return np.asarray(-np.arctan2(cross, (back * ahead).sum(1)))


def place_in_order(scores: Sequence[FloatArray]) -> list[int]:
    """Best positions on a closed contour for landmarks that follow one another round it.

    Args:
        scores: for each landmark (n,) how well each contour point suits it.
    Returns:
        One index per landmark, strictly increasing from the first landmark's, modulo n.
    """
    start = int(scores[0].argmax())
    rolled = [np.roll(score, -start) for score in scores]
    n = len(rolled[0])
    best, came = np.full(n, -np.inf), []
    best[0] = 0.0
    for score in rolled[1:]:
        source = np.maximum.accumulate(best)
        arg = np.maximum.accumulate(np.where(best == source, np.arange(n), 0))
        best = np.r_[-np.inf, source[:-1]] + score
        came.append(np.r_[0, arg[:-1]])
    places = [int(best.argmax())]
    for back in reversed(came):
        places.append(int(back[places[-1]]))
    return [(place + start) % n for place in reversed(places)]


def arc_between(contour: FloatArray, first: int, last: int) -> FloatArray:
    """The contour's points from one index forward to another, both included."""
    if last < first:
        return np.concatenate([contour[first:], contour[: last + 1]])
    return contour[first : last + 1]


def follow_edge(
    strength: FloatArray, guide: FloatArray, half_width: float, bend: float = 1.0, symmetry: float = 0.0
) -> FloatArray:
    """Shift a guide curve sideways on to the strongest edge near it; its ends stay.

    Dynamic programming over sideways offsets, one column a guide point (as in live-wire tracing).

    Args:
        strength: (H, W) float, high on edges.
        guide: (n, 2) photo pixels, about equally spaced.
        half_width: how far the curve may move, pixels.
        bend: price of a sideways step of one pixel, in units of strength.
        symmetry: 0..0.5, weight of the strength found at the mirrored place of a symmetric guide.
    """
    way = np.gradient(guide, axis=0)
    normal = np.stack([way[:, 1], -way[:, 0]], 1) / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)
    offsets = np.arange(-int(half_width), int(half_width) + 1, dtype=np.float64)
    spots = (guide[:, None] + normal[:, None] * offsets[None, :, None]).astype(np.float32) - 0.5
    gain = cv2.remap(np.asarray(strength, np.float32), spots[..., 0], spots[..., 1], cv2.INTER_LINEAR)
    gain = (1 - symmetry) * gain + symmetry * gain[::-1]
    pinned = np.where(offsets == 0, 0.0, -np.inf)
    best, came = pinned.copy(), []
    for row in gain[1:]:
        moves = np.stack([_shift(best, k) - bend * abs(k) for k in (-2, -1, 0, 1, 2)])
        choice = moves.argmax(0)
        best = moves[choice, np.arange(len(offsets))] + row
        came.append(np.arange(len(offsets)) - (choice - 2))
    place = int(np.argmax(pinned))
    places = [place]
    for back in reversed(came):
        place = int(np.clip(back[place], 0, len(offsets) - 1))
        places.append(place)
    return np.asarray(guide + normal * offsets[places[::-1]][:, None])


def _shift(values: FloatArray, by: int) -> FloatArray:
    moved = np.full_like(values, -np.inf)
    if by > 0:
        moved[by:] = values[:-by]
    elif by < 0:
        moved[:by] = values[-by:]
    else:
        moved[:] = values
    return moved


def edge_strength(rgb: ByteArray, sigma: float) -> FloatArray:
    """(H, W) float32 colour gradient in Lab units a pixel, scaled so that a clear edge is about 1."""
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    lab = cv2.GaussianBlur(lab, (0, 0), sigma)
    across, down = cv2.Sobel(lab, cv2.CV_32F, 1, 0), cv2.Sobel(lab, cv2.CV_32F, 0, 1)
    steep = np.sqrt((across**2 + down**2).sum(2)) / 8
    return np.asarray(steep / (steep + 4.0), np.float32)


def carve(mask: BoolArray, cut: FloatArray, width: float) -> BoolArray:
    """The mask with a thin slit along a polyline of photo pixels."""
    line = np.round((cut - 0.5) * 16).astype(np.int32)
    slit = cv2.polylines(np.zeros(mask.shape, np.uint8), [line], False, 1, max(1, round(width)), cv2.LINE_8, 4)
    return np.asarray(mask & (slit == 0))
