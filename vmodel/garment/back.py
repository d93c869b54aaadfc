"""The picture that the back panel wears: from a photo of the back, or made from the front."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import find_objects

from vmodel.garment.ground import draw_fall, fill_woven, goes_round, sewn_marks
from vmodel.garment.outline import extent
from vmodel.garment.texture import bleed, mirror_fill
from vmodel.types import BoolArray, ByteArray, Cutout, FlatLay, FloatArray, IntArray, Neckline

SMALL = 360
COLOURS = 5
GROUND_SHARE = 0.10
ALLOVER_CELLS = 0.33
BAND = 3.5
"""A waistband is about so many times as wide as the crescent above it is deep; what lies below it is drawn out."""


def back_texture(
    photo: ByteArray,
    mask: BoolArray,
    torso: BoolArray,
    top: FloatArray,
    lowered: FloatArray | None,
    neckline: Neckline = Neckline.NONE,
    is_open: bool = False,
) -> ByteArray:
    """Make the back's picture from the front's.

    An all-over print goes round to the back. Of anything else only the ground does: what is printed once or sewn on
    to the front (logos, buttons, plackets, pockets, lapels, zips) gives way to the cloth beside it, and so does the
    visible inside of the back.

    Args:
        photo: (H, W, 3) uint8, colours already bled past the outline.
        mask: (H, W) bool, the garment.
        torso: (H, W) bool, where marks may be dropped (not on sleeves).
        top: (n, 2) photo pixels, upper edge of the back.
        lowered: (m, 2) photo pixels, edge of the front below it, or None.
        neckline: a collar's fall is drawn; a hood shows its outside.
        is_open: the front lies open down to the hem; there is no cloth below the inside to copy.
    """
    placed = placed_marks(photo, mask)
    allover = placed is None
    marks = np.zeros(mask.shape, bool)
    if placed is not None:
        marks = placed & torso
        margin = 2 * max(2, round(0.005 * extent(mask))) + 1
        marks = cv2.dilate(marks.astype(np.uint8), np.ones((margin, margin), np.uint8)) > 0
        marks |= sewn_marks(photo, mask) & torso
    hole = np.zeros(mask.shape, bool) if lowered is None else _inside(top, lowered, mask)
    plain = is_open or neckline == Neckline.HOOD
    if plain:
        marks |= hole
    behind = fill_woven(photo, ~marks, mask) if marks.any() else photo.copy()
    if lowered is not None and neckline == Neckline.NONE:
        return _raised(behind, mask, top, lowered)
    if lowered is not None and not plain:
        reach = max(2.0, 0.004 * extent(mask))
        edge = lowered + np.array([0, reach + 1])
        above = np.interp(np.arange(mask.shape[1]) + 0.5, *edge[np.argsort(edge[:, 0], kind="stable")].T)
        hole &= np.arange(mask.shape[0])[:, None] + 0.5 < above
        behind = mirror_fill(behind, hole, edge) if allover else fill_woven(behind, ~hole, mask)
    return draw_fall(behind, mask, top) if neckline == Neckline.COLLAR and not allover else behind


def _raised(picture: ByteArray, mask: BoolArray, top: FloatArray, lowered: FloatArray) -> ByteArray:
    """The picture drawn up from the front's waist to the back's: a band stays as wide and its stitching unbroken."""
    columns = np.arange(mask.shape[1]) + 0.5
    roof, floor = (np.interp(columns, *line[np.argsort(line[:, 0], kind="stable")].T) for line in (top, lowered))
    edge = max(2.0, 0.004 * extent(mask))
    gap = np.maximum(floor - roof, 0.0) + edge * (floor > roof)  # the front's very edge is tinted by what lies behind
    below = np.arange(mask.shape[0])[:, None] + 0.5 - roof[None]
    rows = np.arange(mask.shape[0])[:, None] + gap * np.clip(
        1 - (below - BAND * gap.max()) / (BAND * gap.max() + 1), 0, 1
    )
    x = np.broadcast_to(columns[None] - 0.5, rows.shape)
    return np.asarray(cv2.remap(picture, x.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR), np.uint8)


def _inside(top: FloatArray, lowered: FloatArray, mask: BoolArray) -> BoolArray:
    """Where the inside of the back shows, and a little more."""
    hole = np.zeros(mask.shape, np.uint8)
    cv2.fillPoly(hole, [np.round(np.concatenate([top, lowered[::-1]])).astype(np.int32)], 1)
    reach = max(2.0, 0.004 * extent(mask))
    return np.asarray(cv2.dilate(hole, np.ones((3, 3), np.uint8), iterations=int(reach)) > 0)


def placed_marks(photo: ByteArray, mask: BoolArray) -> BoolArray | None:
    """Pixels of prints, buttons and labels that stand singly on a plain ground; None for an all-over print.

    Colours are clustered; a connected patch of one colour that covers a tenth of the garment is ground.
    If what is left is spread over the whole garment, the print is all-over.
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
    """A box and the pixels round it."""
    return tuple(slice(max(0, side.start - 1), side.stop + 1) for side in box)


def _is_seam(lab: FloatArray, piece: BoolArray, ground: FloatArray, area: int, thinnest_px: float) -> bool:
    """True for a line of the ground's own hue thinner than a print, which is a shadow of what is sewn."""
    step = np.median(lab[piece], 0) - ground
    if step[0] > 0 or np.hypot(step[1], step[2]) > 18:
        return False
    wide = float(cv2.distanceTransform(piece.astype(np.uint8), cv2.DIST_L2, 3).max())
    rows, columns = np.nonzero(piece)
    reach = float(np.hypot(np.ptp(rows), np.ptp(columns)))
    return wide < thinnest_px and reach * wide > 0.25 * area


def _patches(label: IntArray) -> tuple[IntArray, IntArray]:
    """Connected patches of one colour: (h, w) int numbers from 1 (0 outside), and the area of each number."""
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
    """True if a patch differs from the cloth round it by more than a fold does."""
    ring = cv2.dilate(piece.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    ring &= inside & ~piece
    if not ring.any():
        return False
    step = np.median(lab[piece], 0) - np.median(lab[ring], 0)
    return bool(np.linalg.norm(step) > 16)


def _cluster(lab: FloatArray, inside: BoolArray) -> IntArray:
    """(h, w) int label of the nearest of a few typical colours, -1 outside."""
    colours = np.ascontiguousarray(lab[inside])
    order = np.argsort(colours[:, 0] + 0.7 * colours[:, 1] + 0.4 * colours[:, 2], kind="stable")
    start = np.zeros(len(colours), np.int32)
    start[order] = np.arange(len(colours)) * COLOURS // len(colours)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 0.5)
    _, found, centres = cv2.kmeans(colours, COLOURS, start[:, None], stop, 1, cv2.KMEANS_USE_INITIAL_LABELS)
    near = np.arange(COLOURS)
    for a in range(COLOURS):  # shades of one colour are one colour
        for b in range(a):
            if np.linalg.norm(centres[a] - centres[b]) < 16:
                near[near == near[a]] = near[b]
    label: IntArray = np.full(inside.shape, -1, np.int32)
    label[inside] = near[found[:, 0]]
    return label


def _spread(marks: BoolArray, inside: BoolArray) -> float:
    """Share of the garment's cells that hold a mark."""
    cell = max(4, SMALL // 18)
    height, width = (n // cell * cell for n in marks.shape)
    blocks = [
        a[:height, :width].reshape(height // cell, cell, width // cell, cell).sum((1, 3)) for a in (marks, inside)
    ]
    filled = blocks[1] > 0.5 * cell * cell
    return float((blocks[0][filled] > 0.03 * cell * cell).mean()) if filled.any() else 1.0


def photographed_back(back: tuple[FlatLay, Cutout], front_mask: BoolArray) -> ByteArray:
    """Lay a photo of the back over the front's outline.

    Seen from behind, a garment is mirrored: the photo is flipped, moved on to the front's bounding box and
    then fitted by maximising the correlation of both silhouettes (Evangelidis and Psarakis, 2008).

    Returns:
        (H, W, 3) uint8 in the front photo's pixels, colours bled past the outline.
    """
    lay, cutout = back
    mask = np.ascontiguousarray(cutout.mask[:, ::-1])
    photo = np.ascontiguousarray(lay.rgb[:, ::-1])
    photo = bleed(photo, mask, max(1, round(extent(mask) * 0.002)))
    to_back = _box_map(front_mask, mask)
    to_back = _refined(front_mask, mask, to_back)
    size = front_mask.shape[::-1]
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(photo, to_back, size, flags=flags, borderMode=cv2.BORDER_REPLICATE))


def _box_map(front: BoolArray, back: BoolArray) -> FloatArray:
    """(2, 3) affine from front pixels to back pixels that matches the bounding boxes."""
    spans = []
    for axis in (0, 1):
        ends = [np.nonzero(mask.any(axis))[0][[0, -1]] + np.array([0, 1]) for mask in (front, back)]
        scale = np.ptp(ends[1]) / np.ptp(ends[0])
        spans.append((scale, ends[1][0] - ends[0][0] * scale))
    return np.array([[spans[0][0], 0, spans[0][1]], [0, spans[1][0], spans[1][1]]])


def _refined(front: BoolArray, back: BoolArray, start: FloatArray) -> FloatArray:
    shrink = min(1.0, 256 / max(front.shape))
    size = (max(16, round(front.shape[1] * shrink)), max(16, round(front.shape[0] * shrink)))
    still = cv2.GaussianBlur(cv2.resize(front.astype(np.float32), size, interpolation=cv2.INTER_AREA), (0, 0), 3)
    moved = cv2.warpAffine(back.astype(np.float32), start, front.shape[::-1], flags=cv2.WARP_INVERSE_MAP)
    moved = cv2.GaussianBlur(cv2.resize(moved, size, interpolation=cv2.INTER_AREA), (0, 0), 3)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
    try:
        score, warp = cv2.findTransformECC(still, moved, np.eye(2, 3, dtype=np.float32), cv2.MOTION_AFFINE, stop)
    except cv2.error:  # the silhouettes do not overlap enough to climb from
        return start
    if score < 0.9 or np.abs(warp[:, :2] - np.eye(2)).max() > 0.15:
        return start
    step = np.array(warp, np.float64)
    step[:, 2] /= shrink
    whole = np.vstack([start, [0, 0, 1]]) @ np.vstack([step, [0, 0, 1]])
    return np.asarray(whole[:2])
