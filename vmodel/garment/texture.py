"""Pictures that the panels wear: the photo bled past its outline, and a back made from it."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import BoolArray, ByteArray, FloatArray

RIM = 0.008
LEAST_TINT = 0.15
LEAST_CONTRAST = 12.0


def extent(mask: BoolArray) -> float:
    """Longer side of a mask's bounding box in pixels; the yardstick of tolerances."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return float(max(np.ptp(rows), np.ptp(columns)) + 1) if len(rows) else 1.0


def bleed(rgb: ByteArray, mask: BoolArray, fringe: int) -> ByteArray:
    """Replace everything outside a mask, and a fringe inside its edge, by the nearest inner colours.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, the garment.
        fringe: pixels at the edge that hold a mixture with the backdrop.
    Returns:
        (H, W, 3) uint8.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    inner = depth > fringe
    # where the cloth is too thin for the fringe (straps), its middle stays
    ridge = (depth >= cv2.dilate(depth, np.ones((2 * fringe + 1, 2 * fringe + 1), np.uint8)) - 0.5) & mask
    reach = max(fringe + 2, round(RIM * float(np.sqrt(mask.sum()))))
    ridge &= cv2.dilate(inner.astype(np.uint8), np.ones((4 * fringe + 1, 4 * fringe + 1), np.uint8)) == 0
    return fill_nearest(rgb, (inner & ~_tinted(rgb, mask, depth, reach)) | ridge)


def _tinted(rgb: ByteArray, mask: BoolArray, depth: FloatArray, reach: int) -> BoolArray:
    """Pixels near the edge whose colour lies between the cloth further in and the backdrop further out."""
    rim = mask & (depth <= reach)
    deep = depth > reach
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, 5) > reach
    tinted = np.zeros(mask.shape, bool)
    if not (deep.any() and away.any()):
        return tinted
    colours = cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB).astype(np.float32)
    # prints that hold the backdrop's colour themselves reach the edge: a tint is closer to it than any cloth nearby
    unlike = np.linalg.norm(colours - np.median(colours[away][::7], axis=0), axis=2).astype(np.float32)
    around = np.ones((6 * reach + 1, 6 * reach + 1), np.uint8)
    nearest = cv2.erode(np.where(deep, unlike, np.float32(1e3)), around)[rim]
    lab = colours[rim]
    cloth, ground = (
        cv2.cvtColor(nearest_colours(rgb, known, rim)[None], cv2.COLOR_RGB2LAB)[0].astype(np.float32)
        for known in (deep, away)
    )
    way = ground - cloth
    far = (way**2).sum(1)
    share = ((lab - cloth) * way).sum(1) / np.maximum(far, 1e-6)
    tinted[rim] = (share > LEAST_TINT) & (far > LEAST_CONTRAST**2) & (unlike[rim] < 0.85 * nearest)
    return tinted


def nearest_colours(rgb: ByteArray, known: BoolArray, where: BoolArray) -> ByteArray:
    """(n, 3) uint8: colours of the known pixels nearest to the n pixels of a mask."""
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    lookup = np.zeros((int(label.max()) + 1, 3), np.uint8)
    lookup[label[known]] = rgb[known]
    return np.asarray(lookup[label[where]])


def fill_nearest(rgb: ByteArray, known: BoolArray) -> ByteArray:
    """Give every unknown pixel the colour of the nearest known one, softened away from the known."""
    if known.all() or not known.any():
        return rgb.copy()
    away, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    # Four bytes at a time: three are looked up and chosen several times as slowly.
    packed = np.dstack([rgb, np.zeros_like(rgb[..., 0])]).view(np.uint32)[..., 0]
    lookup = np.zeros(int(label.max()) + 1, np.uint32)
    lookup[label[known]] = packed[known]
    filled = lookup[label]
    soft = cv2.GaussianBlur(filled.view(np.uint8).reshape(*known.shape, 4), (0, 0), 4).view(np.uint32)
    beyond = np.flatnonzero(away > 3)
    share = np.clip((away.ravel()[beyond] - 3) / 6, 0, 1)[:, None]
    near, far = (colours.ravel()[beyond].view(np.uint8).reshape(-1, 4) for colours in (filled, soft))
    filled.ravel()[beyond] = (near * (1 - share) + far * share + 0.5).astype(np.uint8).view(np.uint32)[:, 0]
    filled = np.where(known, packed, filled)
    return np.ascontiguousarray(filled.view(np.uint8).reshape(*known.shape, 4)[..., :3])


def fill_smooth(rgb: ByteArray, known: BoolArray) -> ByteArray:
    """Fill unknown pixels by a blend of the known around them, near ones counting most (pull-push, Gortler 1996)."""
    weight = known.astype(np.float32)
    levels = [(rgb.astype(np.float32) * weight[..., None], weight)]
    while min(levels[-1][1].shape) > 2 and not (levels[-1][1] > 0).all():
        colour, weight = levels[-1]
        size = ((colour.shape[1] + 1) // 2, (colour.shape[0] + 1) // 2)
        levels.append(tuple(cv2.resize(a, size, interpolation=cv2.INTER_AREA) for a in (colour, weight)))
    colour, weight = levels[-1]
    filled = colour / np.maximum(weight, 1e-6)[..., None]
    for colour, weight in reversed(levels[:-1]):
        coarse = cv2.resize(filled, colour.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        share = np.minimum(weight, 1)[..., None]
        filled = colour / np.maximum(weight, 1e-6)[..., None] * share + coarse * (1 - share)
    return np.where(known[..., None], rgb, np.clip(filled + 0.5, 0, 255).astype(np.uint8))
