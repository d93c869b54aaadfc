"""Alignment of the mark: from a candidate transform to the position of every tile."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft

from vmodel.rights.watermark.carrier import CarrierPattern, ComplexArray
from vmodel.rights.watermark.planes import Plane, filter_plane
from vmodel.types import FloatArray

_MOST_TILES = 256
AGREED = 6.0
"""Agreement of the blocks, in standard deviations, from which it is worth refining."""
_REACH = 0.1
"""Largest offset of a block from its neighbours' position, as a share of a tile."""


@dataclass(frozen=True)
class Tiles:
    """Waves of every tile of a plane at the pattern's own scale.

    Attributes:
        waves: (rows, columns, F) complex64 in the order of ``Pattern.waves``.
        to_picture: (3, 3) from the pattern, a tile of which has side 1, to picture pixels.
    """

    waves: ComplexArray
    to_picture: FloatArray


def cut_tiles(plane: Plane, to_picture: FloatArray, flat: bool = False) -> Tiles | None:
    """Resample a plane to the pattern's scale and compute every tile's waves.

    Args:
        plane: of the picture.
        to_picture: (2, 2) or (3, 3) from the pattern, a tile of which has side 1, to picture pixels.
        flat: True if the plane is already a difference from its original, which needs no whitening.
    Returns:
        None where the scale is out of reach.
    """
    square = np.eye(3)
    square[: to_picture.shape[0], : to_picture.shape[1]] = to_picture
    (height, width), side = plane.shape, plane.pattern.side
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    reached = cv2.perspectiveTransform(corners, np.linalg.inv(square))[0]
    low = np.floor(reached.min(0) + 0.01)
    columns, rows = (int(n) for n in np.ceil(reached.max(0) - low - 0.01))
    if not 1 <= rows * columns <= _MOST_TILES:
        return None
    placed = square @ np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1]])
    by_pixel = placed @ np.diag([1 / side, 1 / side, 1])
    size = (columns * side, rows * side)
    shrink = float(np.sqrt(abs(np.linalg.det(by_pixel[:2, :2]))))
    soft = cv2.GaussianBlur(plane.values, (0, 0), 0.4 * shrink) if shrink > 1.3 else plane.values
    warping = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    straight = cv2.warpPerspective(soft, by_pixel, size, flags=warping, borderMode=cv2.BORDER_REPLICATE)
    whole = np.ones(plane.shape, np.float32)
    inside = cv2.warpPerspective(whole, by_pixel, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    filtered = (straight if flat else filter_plane(np.asarray(straight), plane.pattern)) * (inside > 0.99)
    return Tiles(waves_of(np.asarray(filtered), plane.pattern), placed)


def waves_of(filtered: FloatArray, pattern: CarrierPattern) -> ComplexArray:
    """Compute the waves, (rows, columns, F), of the tiles of a picture that has whole ones only."""
    side = pattern.side
    rows, columns = (length // side for length in filtered.shape)
    tiles = np.ascontiguousarray(filtered.reshape(rows, side, columns, side).transpose(0, 2, 1, 3))
    spectra = scipy.fft.rfft2(tiles)
    x, y = pattern.waves.T
    left = x < 0
    values = spectra[..., np.where(left, -y, y), np.abs(x)]
    return np.asarray(np.where(left, values.conj(), values), np.complex64)


def align(plane: Plane, to_picture: FloatArray, flat: bool = False) -> Tiles | None:
    """Refine a candidate until the tiles match the pattern.

    Args:
        plane: of the picture.
        to_picture: (2, 2) from the pattern to picture pixels, accurate to one percent and half a degree; it may be off
            by a further half turn.
        flat: see ``cut_tiles``.
    Returns:
        None where the tiles never agree.
    """
    tiles = cut_tiles(plane, to_picture, flat)
    if tiles is None:
        return None
    upright, turned = (_agreement(_surfaces(waves, plane.pattern)).max() for waves in (tiles.waves, tiles.waves.conj()))
    if max(upright, turned) < AGREED:
        return None
    placed = tiles.to_picture if upright >= turned else tiles.to_picture @ np.diag([-1.0, -1.0, 1.0])
    for bent in (False, False, True):
        tiles = cut_tiles(plane, placed, flat)
        if tiles is None:
            return None
        placed = tiles.to_picture @ _correction(_surfaces(tiles.waves, plane.pattern), bent)
    return cut_tiles(plane, placed, flat)


def shown(tiles: Tiles, pattern: CarrierPattern) -> FloatArray:
    """Measure how much of the mark each tile shows, (rows, columns)."""
    surfaces = _surfaces(tiles.waves, pattern)
    middle = np.array([[np.roll(s, (1, 1), (0, 1))[:3, :3].max() for s in row] for row in surfaces])
    return _to_tiles(np.maximum(middle, 0.05), tiles.waves.shape[:2])


def _surfaces(waves: ComplexArray, pattern: CarrierPattern) -> FloatArray:
    """Correlate each 2x2 block of tiles with the pattern at each shift (y, x).

    Returns:
        (rows, columns, side, side) agreement, noise = 1.
    """
    blocks = waves[..., : len(pattern.sync)] * pattern.sync_phases.conj()
    if waves.shape[0] > 1:
        blocks = blocks[:-1] + blocks[1:]
    if waves.shape[1] > 1:
        blocks = blocks[:, :-1] + blocks[:, 1:]
    spectra = np.zeros((*blocks.shape[:2], pattern.side, pattern.side), np.complex64)
    spectra[..., pattern.sync[:, 1], pattern.sync[:, 0]] = blocks
    surfaces = scipy.fft.ifft2(spectra).real
    return np.asarray(surfaces / (surfaces.std() + 1e-9), np.float32)


def _agreement(surfaces: FloatArray) -> FloatArray:
    """Sum the agreement of all blocks, each moved by up to 3 pixels: (side, side) deviations above noise."""
    side = surfaces.shape[-1]
    near = np.zeros((side, side), np.float32)
    for surface in surfaces.reshape(-1, side, side):
        near += cv2.dilate(np.pad(surface, 3, mode="wrap"), np.ones((7, 7), np.uint8))[3:-3, 3:-3]
    return np.asarray((near - np.median(near)) / (near.std() + 1e-9))


def _correction(surfaces: FloatArray, bent: bool) -> FloatArray:
    """Estimate the map (3, 3) from the pattern to the tiles: a shift, and more if the blocks determine it."""
    rows, columns, side = surfaces.shape[:3]
    reach = round(_REACH * side)
    peak = _agreement(surfaces).argmax()
    start = np.array([peak % side, peak // side], float)
    centres, moves, weights = [], [], []
    for row in range(rows):
        for column in range(columns):
            near = np.roll(surfaces[row, column], (reach - int(start[1]), reach - int(start[0])), (0, 1))
            near = near[: 2 * reach + 1, : 2 * reach + 1]
            y, x = np.unravel_index(near.argmax(), near.shape)
            centres.append([(column + min(2, columns) / 2) * side, (row + min(2, rows) / 2) * side])
            moves.append(start + np.array([x - reach, y - reach]) + _within_a_pixel(near, int(y), int(x)))
            weights.append(max(0.0, float(near.max() / (surfaces[row, column].std() + 1e-9)) - 4.0) ** 2)
    by_pixel = _fit(np.array(centres), np.array(moves), np.array(weights), side, bent)
    return np.asarray(np.diag([1 / side, 1 / side, 1]) @ by_pixel @ np.diag([side, side, 1]))


def _within_a_pixel(near: FloatArray, y: int, x: int) -> FloatArray:
    """Return the offset (x, y) of a parabola's vertex through a peak and its neighbours."""
    offsets = []
    for low, middle, high in (
        (near[y, max(x - 1, 0)], near[y, x], near[y, min(x + 1, near.shape[1] - 1)]),
        (near[max(y - 1, 0), x], near[y, x], near[min(y + 1, near.shape[0] - 1), x]),
    ):
        curve = low - 2 * middle + high
        offsets.append(0.5 * (low - high) / curve if curve < -1e-6 else 0.0)
    return np.asarray(np.clip(np.array(offsets), -0.5, 0.5))


def _fit(centres: FloatArray, moves: FloatArray, weights: FloatArray, side: int, bent: bool) -> FloatArray:
    """Fit the smoothest map that explains the blocks' moves, by robust least squares."""
    if (weights > 0).sum() < 3:
        strongest = moves[weights.argmax()] if weights.any() else moves.mean(0)
        return np.array([[1, 0, strongest[0]], [0, 1, strongest[1]], [0, 0, 1.0]])
    middle = centres.mean(0)
    design = np.concatenate([np.ones((len(centres), 1)), (centres - middle) / side], 1)
    if bent and (weights > 0).sum() >= 12:
        x, y = design[:, 1], design[:, 2]
        design = np.concatenate([design, np.stack([x * x, x * y, y * y], 1)], 1)
    ridge = np.diag([1e-6, *[1e-2] * (design.shape[1] - 1)]) * weights.mean()
    robust = weights
    for _ in range(8):
        solved = np.linalg.solve(design.T @ (design * robust[:, None]) + ridge, design.T @ (moves * robust[:, None]))
        off = np.hypot(*(moves - design @ solved).T)
        robust = weights / (1 + (off / 0.7) ** 2) ** 2
    moved = design @ solved
    if design.shape[1] > 3:
        found, _ = cv2.findHomography(centres - moved, centres)
        return np.asarray(found) if found is not None else np.eye(3)
    linear = np.eye(2) - solved[1:3].T / side
    shift = -solved[0] + solved[1:3].T @ middle / side
    forward = np.eye(3)
    forward[:2, :2], forward[:2, 2] = linear, shift
    return np.asarray(np.linalg.inv(forward))


def _to_tiles(blocks: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Average the blocks that cover each tile."""
    rows = np.minimum(np.arange(shape[0])[:, None] - [1, 0], blocks.shape[0] - 1).clip(0)
    columns = np.minimum(np.arange(shape[1])[:, None] - [1, 0], blocks.shape[1] - 1).clip(0)
    return np.asarray(blocks[rows[:, None, :, None], columns[None, :, None, :]].mean((2, 3)))
