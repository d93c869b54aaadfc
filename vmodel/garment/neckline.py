"""Where the front ends and the visible inside of the back begins."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.garment.outline import (
    arc_between,
    edge_strength,
    follow_edge,
    largest_piece,
    resample_path,
    smooth_path,
    trace_contour,
)
from vmodel.types import BoolArray, ByteArray, FloatArray

SHAPES = (0.45, 0.7, 1.0, 1.5, -1.0, -0.6)
"""Powers of a sine, and below zero of a V: -1 is straight, -0.6 bends down from the shoulders as above a placket."""
LEAST_SCORE = 0.8
LEAST_AGREEMENT = 0.07
BOTTOM, ROUND = 0.15, 0.45
"""A V's lowest 15 % are about 15 % of its width, a half circle's half of it."""
FOLD_LEAN = 0.33
PLAIN_SPREAD, SHADOW_STEP = 4.0, 8.0
"""Lab: the median spread of plain cloth, and how much darker the inside of the back must be."""
LABEL_STEP = 14.0
"""Lab distance from the cloth at which something inside the neck is not that cloth."""
LABEL_SHARE = (0.004, 0.2)
"""Area of a sewn-in label, as a share of the visible inside."""


def front_edge(
    rgb: ByteArray, inside: FloatArray, top: FloatArray, low: FloatArray, size: float, waist: bool = False
) -> FloatArray | None:
    """Front neckline (or front waist edge) between the ends of the outline's top edge.

    The inside of the back shows between that top edge and the front's own edge. Curves of several shapes and
    depths compete: by the step in colour across them, which prints blur but do not bias, by the edges along
    them, and by the network's opinion of where the inside shows. The best is then drawn on to the edge.

    Args:
        rgb: (H, W, 3) uint8 photo, its cloth bled over the backdrop so that only edges within the cloth count.
        inside: (H, W) float 0..1, how likely the inside of the back shows.
        top: (n, 2) photo pixels, the outline from the left end to the right end.
        low: (2,) lowest point of the front edge, roughly.
        size: extent of the garment in pixels.
        waist: a waistband dips little, and its own lines look like the front's edge; be sceptical.
    Returns:
        (m, 2) photo pixels from left to right, or None where the front reaches the outline.
    """
    middle = top[np.abs(top[:, 0] - (top[0, 0] + top[-1, 0]) / 2).argmin()]
    span = float(abs(top[0, 0] - top[-1, 0]))
    if span < 0.03 * size:
        return None
    rgb = without_label(rgb, inside, size)
    lab = cv2.GaussianBlur(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32), (0, 0), max(0.8, size * 0.0015))
    pull = edge_strength(rgb, max(0.8, size * 0.0012))
    step = max(1.5, size * 0.0025)
    roof = max(float(top[:, 1].min()), 0.0)
    best, chosen = LEAST_SCORE, None
    deepest, least_agreement = (0.13, 0.45) if waist else (2.0, LEAST_AGREEMENT)
    likely = max(float(low[1] - middle[1]) * 1.5, 0.25 * span)
    for depth in np.geomspace(0.014 * size, max(min(likely, deepest * span), 0.02 * size), 14):
        for shape in SHAPES:
            bottom = np.array([(top[0, 0] + top[-1, 0]) / 2 * 0.5 + low[0] * 0.5, middle[1] + depth])
            if bottom[1] <= max(top[0, 1], top[-1, 1]) + 2:
                continue
            guide = resample_path(_guide(top[0], top[-1], bottom, shape), step)
            overlap = _agreement(inside, guide, roof)
            if _gap(guide, top) < 0.009 * size or overlap < least_agreement:
                continue
            score = _across(lab, guide, size) + _mean_along(pull, guide) + 1.5 * overlap
            if score > best:
                best, chosen = score, guide
    if chosen is None:
        return None
    found = follow_edge(pull, chosen, half_width=0.012 * size, bend=0.25, symmetry=0.4)
    return _below(smooth_path(resample_path(found, step), 1.5), top)


def is_round(neck: FloatArray) -> bool:
    """True if a neckline's bottom is a bow and no point.

    Args:
        neck: (n, 2) photo pixels of the front's own edge, from one end to the other.
    """
    depth = neck[:, 1] - (neck[0, 1] + neck[-1, 1]) / 2
    low = neck[depth > (1 - BOTTOM) * depth.max(), 0]
    return bool(np.ptp(low) > ROUND * abs(neck[-1, 0] - neck[0, 0]))


def edge_below_shadow(rgb: ByteArray, mask: BoolArray, top: FloatArray, size: float) -> FloatArray | None:
    """Front edge of a top on straps whose back shows as a darker patch above it.

    Only plain cloth tells shadow from print.

    Args:
        rgb: (H, W, 3) uint8 photo, its cloth bled over the backdrop.
        mask: (H, W) bool, the cut.
        top: (n, 2) photo pixels, the outline between the tops of the straps, either way round.
        size: extent of the garment in pixels.
    Returns:
        (m, 2) photo pixels between the same ends, or None where no patch shows.
    """
    middle = top[len(top) // 4 : -len(top) // 4]
    lowest = middle[int(middle[:, 1].argmax())]
    left, right = int(top[:, 0].min()), int(top[:, 0].max()) + 1
    lab = cv2.GaussianBlur(
        cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), (0, 0), max(0.8, 0.0015 * size)
    )
    below = np.zeros_like(mask)
    first = int(lowest[1] + 0.08 * size)
    below[first : first + int(0.15 * size), left:right] = True
    cloth = lab[below & mask]
    if len(cloth) < 100 or float(np.median(np.abs(cloth - np.median(cloth, axis=0)), axis=0).max()) > PLAIN_SPREAD:
        return None
    dark = mask & (np.median(cloth[:, 0]) - lab[..., 0] > SHADOW_STEP)
    dark[int(lowest[1] + 0.12 * size) :] = False
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark.astype(np.uint8), connectivity=4)
    rim = np.clip((middle + np.array([0, 0.006 * size])).astype(int), 0, np.array(mask.shape[::-1]) - 1)
    seen = np.bincount(labels[rim[:, 1], rim[:, 0]], minlength=len(stats))
    seen[0] = 0
    patch = int(seen.argmax())
    wide, tall = stats[patch, cv2.CC_STAT_WIDTH], stats[patch, cv2.CC_STAT_HEIGHT]
    if patch == 0 or wide < 0.05 * size or tall < 0.012 * size or wide > 0.9 * (right - left):
        return None
    around = np.ones((2 * round(0.003 * size) + 1,) * 2, np.uint8)
    grown = cv2.dilate((labels == patch).astype(np.uint8), around) > 0
    contour = trace_contour(largest_piece(mask & ~grown))
    ends = [int(np.linalg.norm(contour - end, axis=1).argmin()) for end in (top[0], top[-1])]
    ways = [arc_between(contour, *ends), arc_between(contour, *ends[::-1])[::-1]]
    found = np.concatenate([top[:1], min(ways, key=len)[1:-1], top[-1:]])
    return smooth_path(resample_path(found, max(1.5, 0.0025 * size)), 3.0)


def without_label(rgb: ByteArray, inside: FloatArray, size: float) -> ByteArray:
    """Paint cloth over a sewn-in label, whose edges are clearer than those of a neckline in the cloth's own colour.

    Args:
        rgb: (H, W, 3) uint8 photo.
        inside: (H, W) float 0..1, how likely the inside of the back shows.
        size: extent of the garment in pixels.
    Returns:
        (H, W, 3) uint8; the photo itself where no small box of another colour lies inside.
    """
    seen = inside > 0.3
    if not seen.any():
        return rgb
    lab = cv2.cvtColor(rgb.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    odd = seen & (np.linalg.norm(lab - np.median(lab[seen], axis=0), axis=2) > LABEL_STEP)
    closed = cv2.morphologyEx(odd.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(closed)
    share, filled = stats[:, 4] / seen.sum(), stats[:, 4] / (stats[:, 2] * stats[:, 3])
    boxes = np.flatnonzero((share > LABEL_SHARE[0]) & (share < LABEL_SHARE[1]) & (filled > 0.6))
    boxes = boxes[boxes > 0]
    if not len(boxes):
        return rgb
    around = np.ones((2 * round(0.006 * size) + 1,) * 2, np.uint8)
    painted = cv2.dilate(np.isin(labels, boxes).astype(np.uint8), around)
    return np.asarray(cv2.inpaint(rgb, painted, 3, cv2.INPAINT_TELEA), np.uint8)


def _gap(guide: FloatArray, top: FloatArray) -> float:
    """Median height of a curve's middle half below the outline."""
    order = np.argsort(top[:, 0], kind="stable")
    middle = guide[len(guide) // 4 : -len(guide) // 4]
    return float(np.median(middle[:, 1] - np.interp(middle[:, 0], top[order, 0], top[order, 1])))


def _across(lab: FloatArray, guide: FloatArray, size: float) -> float:
    """0..1: how steadily the colour changes from one side of a curve to the other."""
    way = np.gradient(guide, axis=0)
    normal = np.stack([way[:, 1], -way[:, 0]], 1) / (np.linalg.norm(way, axis=1, keepdims=True) + 1e-9)
    near, far = 0.005 * size, 0.014 * size
    sides = []
    for sign in (1, -1):
        reach = np.linspace(near, far, 4)[None, :, None] * sign
        spots = (guide[:, None] + normal[:, None] * reach).astype(np.float32) - 0.5
        sides.append(cv2.remap(lab, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR).mean(1))
    change = sides[0] - sides[1]
    # neighbours along the curve are not independent: a spread over every sixth of it counts
    parts = np.stack([part.mean(0) for part in np.array_split(change, 6)])
    steady = np.linalg.norm(parts.mean(0)) / (np.linalg.norm(parts.std(0)) / np.sqrt(6) + 4.0)
    return float(np.tanh(steady / 4))


def _agreement(inside: FloatArray, guide: FloatArray, roof: float) -> float:
    """0..1: overlap of the region above a curve with where the inside is thought to show."""
    columns = np.arange(int(guide[:, 0].min()), int(guide[:, 0].max()) + 1)
    if len(columns) < 4:
        return 0.0
    order = np.argsort(guide[:, 0], kind="stable")
    floor = np.interp(columns + 0.5, guide[order, 0], guide[order, 1])
    rows = np.arange(int(roof), min(inside.shape[0], int(2 * guide[:, 1].max() - roof) + 1))
    window = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    above = rows[: window.shape[0], None] + 0.5 < floor[None, : window.shape[1]]
    common, either = np.minimum(window, above).sum(), np.maximum(window, above).sum()
    return float(common / max(either, 1e-6))


def _mean_along(pull: FloatArray, path: FloatArray) -> float:
    spots = path.astype(np.float32)[None] - 0.5
    return float(cv2.remap(pull, spots[..., 0], spots[..., 1], cv2.INTER_LINEAR).mean())


def side_edge(rgb: ByteArray, neck: FloatArray, low: FloatArray, size: float) -> FloatArray:
    """Edge of an open front from the neck point to the top of its free edge, (n, 2) photo pixels."""
    guide = resample_path(np.stack([neck, low]), max(1.5, size * 0.0025))
    found = follow_edge(edge_strength(rgb, max(0.8, size * 0.0012)), guide, half_width=0.015 * size, bend=0.3)
    return smooth_path(resample_path(found, max(1.5, size * 0.0025)), 1.5)


def split_stand(top: FloatArray, least: float) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Part the outline between the neck points into the sides of a standing collar and its open top.

    Args:
        top: (n, 2) photo pixels from the left neck point to the right one.
        least: rise above the neck points, in pixels, under which there is no stand.
    Returns:
        Left side, top, right side (they share their ends), or None.
    """
    chord = top[-1] - top[0]
    span = float(np.linalg.norm(chord))
    along = (top - top[0]) @ chord / max(span, 1e-9)
    rise = (top - top[0]) @ np.array([-chord[1], chord[0]]) / max(span, 1e-9)
    ends = []
    for score, part in ((rise - along, along < 0.4 * span), (rise - (span - along), along > 0.6 * span)):
        spots = np.nonzero(part)[0]
        best = int(spots[score[spots].argmax()]) if len(spots) else 0
        if not len(spots) or rise[best] < least:
            return None
        ends.append(best)
    if not 1 < ends[0] < ends[1] < len(top) - 2:
        return None
    return top[: ends[0] + 1], top[ends[0] : ends[1] + 1], top[ends[1] :]


def fold_down(
    stand_left: FloatArray, stand_right: FloatArray, front: FloatArray
) -> tuple[FloatArray, FloatArray] | None:
    """Neck edges of a collar that folds over: its flaps stay on the front as a print, its stand is left out.

    A collar that lies down leans outwards in the photo and is open in front down to where it rises from the
    shoulders; sewn up as it stands there it would turn into a tight tube round the neck. Rolled and ruffled necks
    stand upright.

    Args:
        stand_left: (n, 2) photo pixels, from the left neck point up.
        stand_right: (n, 2), from the top down to the right neck point.
        front: (m, 2), the front's edge between the tops.
    Returns:
        Neck edges of the back and of the front from left to right, or None where the neck stands.
    """
    left, right = stand_left[0], stand_right[-1]
    rises = [left - stand_left[-1], right - stand_right[0]]
    lean = float(np.mean([abs(rise[0]) / max(rise[1], 1.0) for rise in rises]))
    outwards = rises[0][0] > 0 > rises[1][0]
    low, top = float(front[:, 1].max()), float(stand_left[-1, 1] + stand_right[0, 1]) / 2
    base = float(left[1] + right[1]) / 2
    if not outwards or lean < FOLD_LEAN or low < top + 0.7 * (base - top):
        return None
    span, middle = float(left[0] - right[0]), (left + right) / 2
    bottom = np.array([middle[0], max(low, base + 0.2 * span)])
    hollow = np.array([middle[0], base + 0.04 * span])
    step = float(np.linalg.norm(front[1] - front[0]))
    return resample_path(_guide(left, right, hollow, 1.0), step), resample_path(_guide(left, right, bottom, 1.0), step)


def _guide(left: FloatArray, right: FloatArray, low: FloatArray, shape: float) -> FloatArray:
    """A curve through three points: pointed for shapes below 0, else a power of a sine (0.45 is nearly square)."""
    t = np.linspace(0, 1, 60)[:, None]
    if shape < 0:
        arms = [end + (low - end) * np.hstack([t, t**-shape]) for end in (left, right)]
        return np.concatenate([arms[0], arms[1][-2::-1]])
    angle = np.pi * t[:, 0]
    across = left[0] + (right[0] - left[0]) * (1 - np.cos(angle)) / 2
    chord = left[1] + (right[1] - left[1]) * (across - left[0]) / (right[0] - left[0])
    drop = low[1] - (left[1] + right[1]) / 2
    return np.stack([across, chord + drop * np.sin(angle) ** shape], 1)


def _below(edge: FloatArray, top: FloatArray) -> FloatArray | None:
    """The edge, kept under the outline's top; None if it does not stay below for most of its way."""
    order = np.argsort(top[:, 0])
    roof = np.interp(edge[:, 0], top[order, 0], top[order, 1])
    under = edge[:, 1] > roof + 0.5
    if under[len(edge) // 5 : -len(edge) // 5 or None].mean() < 0.8:
        return None
    kept = edge.copy()
    kept[1:-1, 1] = np.maximum(edge[1:-1, 1], roof[1:-1] + 0.3)
    return kept
