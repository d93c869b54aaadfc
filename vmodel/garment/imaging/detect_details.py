"""Detection of single prints, buttons and labels on a garment, as opposed to its cloth."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import find_objects

from vmodel.garment.imaging.inpaint import extent
from vmodel.garment.imaging.remove_details import goes_round
from vmodel.types import BoolArray, ByteArray, FloatArray, IntArray

SMALL = 360
COLOURS = 5
GROUND_SHARE = 0.10
ALLOVER_CELLS = 0.33


def placed_marks(photo: ByteArray, mask: BoolArray) -> BoolArray | None:
    """Find the pixels of single prints, buttons and labels on a plain ground; None for an all-over print.

    Colours are clustered; a connected patch of one colour that covers a tenth of the garment is ground.
    If the rest is spread over the whole garment, the print is all-over.
    """
    scale = min(1.0, SMALL / max(photo.shape[:2]))
    size = (max(8, round(photo.shape[1] * scale)), max(8, round(photo.shape[0] * scale)))
    lab = cv2.cvtColor(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2LAB).astype(np.float32)
    inside = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    lab[..., 0] *= 0.5  # folds change lightness, prints mostly change colour as well
    label = _cluster(cv2.bilateralFilter(lab, 5, 12, 3), inside)
    pieces, areas = _patches(label)
    small = np.nonzero(areas < GROUND_SHARE * inside.sum())[0]
    small = small[(small > 0) & (areas[small] > 0)]
    rest = inside & ~np.isin(pieces, small)
    if rest.sum() < GROUND_SHARE * inside.sum():
        return None
    ground = np.median(lab[rest], 0)
    thinnest, boxes = 0.012 * extent(inside), find_objects(pieces)
    printed = []
    for i in small:
        near = _with_rim(boxes[i - 1])
        if not _is_seam(lab[near], pieces[near] == i, ground, areas[i], thinnest):
            printed.append(i)
    if _is_allover(np.isin(pieces, printed), inside):
        return None
    standing = [i for i in small if areas[i] >= 4 and _stands_out(lab, pieces == i, inside)]
    marks = np.isin(pieces, [i for i in standing if not goes_round(pieces == i, inside)]).astype(np.uint8)
    grown = cv2.dilate(marks, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.resize(grown, mask.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0) & mask


def _with_rim(box: tuple[slice, ...]) -> tuple[slice, ...]:
    """Grow a box by one pixel on each side."""
    return tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)


def _is_seam(lab: FloatArray, piece: BoolArray, ground: FloatArray, area: int, thinnest_px: float) -> bool:
    """Tell whether a patch is the shadow of a seam: a line of the ground's own hue, thinner than a print."""
    step = np.median(lab[piece], 0) - ground
    if step[0] > 0 or np.hypot(step[1], step[2]) > 18:
        return False
    wide = float(cv2.distanceTransform(piece.astype(np.uint8), cv2.DIST_L2, 3).max())
    rows, columns = np.nonzero(piece)
    reach = float(np.hypot(np.ptp(rows), np.ptp(columns)))
    return wide < thinnest_px and reach * wide > 0.25 * area


def _patches(label: IntArray) -> tuple[IntArray, IntArray]:
    """Find connected patches of one colour: (h, w) int numbers from 1 (0 outside), and the area of each number."""
    pieces: IntArray = np.zeros(label.shape, np.int32)
    areas: list[IntArray] = [np.zeros(1, np.int32)]
    for colour in range(COLOURS):
        count, own, stats, _ = cv2.connectedComponentsWithStats((label == colour).astype(np.uint8), connectivity=8)
        start = sum(len(a) for a in areas)
        pieces = np.where(own > 0, own + start - 1, pieces)
        areas.append(stats[1:count, cv2.CC_STAT_AREA])
    return pieces, np.concatenate(areas)


def _is_allover(marks: BoolArray, inside: BoolArray) -> bool:
    ground = inside & ~marks
    return bool(ground.sum() < 0.5 * inside.sum()) or _spread(marks, inside) > ALLOVER_CELLS


def _stands_out(lab: FloatArray, piece: BoolArray, inside: BoolArray) -> bool:
    """Tell whether a patch differs from the cloth around it by more than a fold does."""
    ring = cv2.dilate(piece.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    ring &= inside & ~piece
    if not ring.any():
        return False
    step = np.median(lab[piece], 0) - np.median(lab[ring], 0)
    return bool(np.linalg.norm(step) > 16)


def _cluster(lab: FloatArray, inside: BoolArray) -> IntArray:
    """Label each pixel with the nearest of a few typical colours: (h, w) int, -1 outside."""
    colours = np.ascontiguousarray(lab[inside])
    order = np.argsort(colours[:, 0] + 0.7 * colours[:, 1] + 0.4 * colours[:, 2], kind="stable")
    start = np.zeros(len(colours), np.int32)
    start[order] = np.arange(len(colours)) * COLOURS // len(colours)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, found, centres = cv2.kmeans(colours, COLOURS, start[:, None], stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    near = np.arange(COLOURS)
    for a in range(COLOURS):  # merge shades of one colour
        for b in range(a):
            if np.linalg.norm(centres[a] - centres[b]) < 16:
                near[near == near[a]] = near[b]
    label: IntArray = np.full(inside.shape, -1, np.int32)
    label[inside] = near[found[:, 0]]
    return label


def _spread(marks: BoolArray, inside: BoolArray) -> float:
    """Return the share of the garment's cells that hold a mark."""
    cell = max(4, SMALL // 18)
    height, width = (n // cell * cell for n in marks.shape)
    blocks = [
        a[:height, :width].reshape(height // cell, cell, width // cell, cell).sum((1, 3)) for a in (marks, inside)
    ]
    filled = blocks[1] > 0.5 * cell * cell
    return float((blocks[0][filled] > 0.03 * cell * cell).mean()) if filled.any() else 1.0
