"""Textures of the panels: the photo bled past its outline, and a back made from it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

RIM = 0.008
LEAST_TINT = 0.1
LEAST_CONTRAST = 12.0
_LEAST_SHADED: Final = 0.35
"""Share of the way from cloth's hue to the backdrop's beyond which a strip is backdrop in the garment's shadow."""
_MOST_TINT: Final = 1.15
"""Share of the way from cloth to backdrop beyond which a colour belongs to something else, such as a trim."""
_LEAST_HUE: Final = 0.15
"""Contrast of hue above which ground in the garment's shadow can be distinguished from cloth."""
_ASKED_SIDE: Final = 512
"""Longer side in pixels of the photo in which strips of ground are searched."""
_STRIP: Final = 0.015
"""Depth of these strips into the mask, as a share of the garment's extent."""
_SMOOTH_PX: Final = 4
"""How much smaller the picture is from which pixels are filled smoothly."""


def extent(mask: BoolArray) -> float:
    """Return the longer side of a mask's bounding box in pixels, the yardstick of tolerances."""
    rows, columns = np.nonzero(mask.any(1))[0], np.nonzero(mask.any(0))[0]
    return float(max(np.ptp(rows), np.ptp(columns)) + 1) if len(rows) else 1.0


def bleed(rgb: ByteArray, mask: BoolArray, fringe: int) -> ByteArray:
    """Replace everything outside a mask, and a fringe inside its edge, by cloth mirrored at its edge.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, the garment.
        fringe: see ``clean_cloth``.
    Returns:
        (H, W, 3) uint8.
    """
    return fill_mirrored(rgb, clean_cloth(rgb, mask, fringe))


def clean_cloth(rgb: ByteArray, mask: BoolArray, fringe: int) -> BoolArray:
    """Tell which pixels of a garment hold its cloth alone.

    Args:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool, the garment.
        fringe: pixels at the edge that hold a mixture with the backdrop.
    Returns:
        (H, W) bool.
    """
    padded = np.pad(mask.astype(np.uint8), 1)
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 5)[1:-1, 1:-1]
    inner = depth > fringe
    # where the cloth is too thin for the fringe (straps), its middle stays
    ridge = (depth >= cv2.dilate(depth, np.ones((2 * fringe + 1, 2 * fringe + 1), np.uint8)) - 0.5) & mask
    ridge &= cv2.dilate(inner.astype(np.uint8), np.ones((4 * fringe + 1, 4 * fringe + 1), np.uint8)) == 0
    return np.asarray((inner & ~_ground_within(rgb, mask)) | ridge)


def _ground_within(rgb: ByteArray, mask: BoolArray) -> BoolArray:
    """Find pixels (H, W) inside a mask's edge that are ground or tinted by it, in its light or in its shade."""
    height, width = mask.shape
    scale = min(1.0, _ASKED_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    less = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    small = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA) >= 0.5
    depth, away = (cv2.distanceTransform(each.astype(np.uint8), cv2.DIST_L2, 5) for each in (small, ~small))
    reach = max(3, round(RIM * float(np.sqrt(small.sum()))))
    strip = max(round(_STRIP * extent(small)), reach)
    if not ((depth > strip).any() and (away > strip).any()):
        return np.zeros(mask.shape, bool)
    lab, hues = cv2.cvtColor(less.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), _hues(less)
    found = _tinted(lab, depth, away, reach, LEAST_CONTRAST, LEAST_TINT)
    found |= _tinted(hues, depth, away, reach, _LEAST_HUE, LEAST_TINT)
    found |= _tinted(hues, depth, away, strip, _LEAST_HUE, _LEAST_SHADED)
    found = cv2.morphologyEx(found.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    # include the outside, or pixels between two of the smaller photo's would be missed
    found |= ~small
    return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_NEAREST) > 0) & mask


def _tinted(
    colours: FloatArray, depth: FloatArray, away: FloatArray, reach: int, contrast: float, least: float
) -> BoolArray:
    """Find pixels near the edge that lean towards the backdrop's colour more than the cloth further in does.

    A photo's chroma is stored at half its size, so that a backdrop tints cloth over several pixels.

    Args:
        colours: (H, W, C) float32.
        depth: (H, W) float32, pixels from within the garment to its edge; 0 outside.
        away: the same from outside.
        reach: of the tint in pixels.
        contrast: how far cloth and backdrop are apart at least, in the colours' unit.
        least: share of the way from the one to the other.
    """
    rim, deep = (depth > 0) & (depth <= reach), (depth > reach) & (depth <= 6 * reach)
    size = (10 * reach + 1, 10 * reach + 1)

    def mean(values: FloatArray, where: BoolArray) -> FloatArray:
        """Average values over the pixels of a region around each pixel."""
        weight = where.astype(np.float32)
        total = cv2.boxFilter(values * (weight if values.ndim == 2 else weight[..., None]), -1, size, normalize=False)
        count = np.maximum(cv2.boxFilter(weight, -1, size, normalize=False), 1e-3)
        return np.asarray(total / (count if values.ndim == 2 else count[..., None]))

    cloth = mean(colours, deep)
    way = mean(colours, (away > reach) & (away <= 6 * reach)) - cloth
    far = np.maximum((way**2).sum(2), 1e-6)
    own = colours - cloth
    share = (own * way).sum(2) / far
    aside = ((own - share[..., None] * way) ** 2).sum(2)
    # where prints and trims of the backdrop's colour reach the edge, cloth nearby leans to it as far
    usual = mean(share, deep)
    spread = np.sqrt(np.maximum(mean(share**2, deep) - usual**2, 0))
    leans = (share > usual + np.maximum(least, 1.5 * spread)) & (share < _MOST_TINT)
    return np.asarray(rim & leans & (far > contrast**2) & (aside < (0.5 * contrast + 0.35 * np.sqrt(far)) ** 2))


def _hues(rgb: ByteArray) -> FloatArray:
    """Return logs of red and of blue over green, (H, W, 2) float32, which shade changes little."""
    logs = np.log(rgb.astype(np.float32) + 16)
    return np.asarray(logs[..., ::2] - logs[..., 1:2])


def fill_mirrored(rgb: ByteArray, known: BoolArray) -> ByteArray:
    """Give every unknown pixel the colour of its mirror image behind the edge of known ones; see ``mirrored_at``."""
    return taken_from(rgb, mirrored_at(known))


def taken_from(rgb: ByteArray, sources: IntArray) -> ByteArray:
    """Make a picture (H, W, 3) uint8 from the pixels of another at flat indices (H, W)."""
    return np.asarray(rgb.reshape(-1, 3)[sources])


def mirrored_at(known: BoolArray) -> IntArray:
    """Find the pixel whose colour each pixel takes: its own where it is known, else that of its mirror image.

    Mirrored cloth continues with its threads and folds, whereas the nearest colours alone would run out in streaks.
    Where the mirror image is unknown as well, the nearest known pixel is taken.

    Args:
        known: (H, W) bool.
    Returns:
        (H, W) flat indices.
    """
    height, width = known.shape
    sources = np.arange(height * width, dtype=np.int32)  # half the memory of int64, whose first use takes longest
    if known.all() or not known.any():
        return sources.reshape(known.shape)
    _, label = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    at = np.zeros(int(label.max()) + 1, np.int32)
    at[label[known]] = sources[known.ravel()]
    unknown = sources[~known.ravel()]
    nearest = at[label.ravel()[unknown]]
    own, near = np.divmod(unknown, width), np.divmod(nearest, width)
    rows, columns = 2 * near[0] - own[0], 2 * near[1] - own[1]
    inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    mirrored = np.where(inside, rows * width + columns, nearest)
    sources[unknown] = np.where(known.ravel()[mirrored], mirrored, nearest)
    return sources.reshape(known.shape)


def fill_smooth(rgb: ByteArray, known: BoolArray) -> ByteArray:
    """Fill unknown pixels by a blend of the known around them, near ones counting most (pull-push, Gortler 1996)."""
    least = (max(1, known.shape[1] // _SMOOTH_PX), max(1, known.shape[0] // _SMOOTH_PX))
    parts = np.where(known[..., None], rgb, 0), known.astype(np.uint8) * np.uint8(255)
    colour, weight = (cv2.resize(each, least, interpolation=cv2.INTER_AREA).astype(np.float32) for each in parts)
    levels = [(colour, weight / 255)]
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
    whole = cv2.resize(np.clip(filled, 0, 255).astype(np.uint8), known.shape[::-1], interpolation=cv2.INTER_LINEAR)
    return np.where(known[..., None], rgb, whole)
