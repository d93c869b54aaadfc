"""From a guess of where the mark lies to its symbols: align tile by tile, fold, and weigh."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from scipy.ndimage import maximum_filter, uniform_filter1d

from vmodel.rights.mark_code import STEPS, SYMBOLS
from vmodel.rights.mark_pattern import TILE, ComplexArray, Pattern
from vmodel.rights.mark_visibility import band_of, enlarged, hidden_by, texture_of
from vmodel.types import FloatArray

_MOST_PIXELS = 4_000_000
_DEVIATIONS = 3.0
_UNSURE = 2.0
"""Grey levels of noise that any copy may have: quieter places count no more, for compression wipes them out."""
AGREED = 6.0
"""Deviations at which the blocks' agreement is worth refining."""
REACH = 12
"""Pixels by which a block may lie off its neighbours' place."""


@dataclass(frozen=True)
class Tiles:
    """Waves of every tile of a picture that was brought to the pattern's own scale.

    Attributes:
        waves: (rows, columns, F) complex64 in the order of ``Pattern.waves``.
        to_picture: (3, 3) from pattern pixels to picture pixels.
    """

    waves: ComplexArray
    to_picture: FloatArray


def whiten(luma: FloatArray) -> FloatArray:
    """Matched filter for a mark as strong as its surroundings hide: (H, W) float32."""
    band = band_of(luma)
    power = cv2.max(cv2.blur(cv2.multiply(band, band), (9, 9)), 0.0)
    most = cv2.sqrt(power) * np.float32(_DEVIATIONS)
    bounded = cv2.max(cv2.min(band, most), -most)
    strength = enlarged(hidden_by(texture_of(luma)), luma.shape)
    return np.asarray(cv2.divide(cv2.multiply(bounded, strength), power + np.float32(_UNSURE**2)), np.float32)


def cut_tiles(luma: FloatArray, to_picture: FloatArray, pattern: Pattern, flat: bool = False) -> Tiles | None:
    """Bring a picture to the pattern's scale and take every tile's waves.

    Args:
        luma: (H, W) float32.
        to_picture: (2, 2) or (3, 3) from pattern pixels to picture pixels.
        pattern: of the key.
        flat: the picture is a difference from its original already: nothing is to be whitened.
    Returns:
        None where the scale is out of reach.
    """
    square = np.eye(3)
    square[: to_picture.shape[0], : to_picture.shape[1]] = to_picture
    height, width = luma.shape
    corners = np.array([[[0, 0], [width, 0], [width, height], [0, height]]], np.float64)
    reached = cv2.perspectiveTransform(corners, np.linalg.inv(square))[0]
    low = np.floor(reached.min(0) / TILE + 0.01) * TILE
    columns, rows = (int(n) for n in np.ceil((reached.max(0) - low) / TILE - 0.01))
    if rows * columns * TILE * TILE > _MOST_PIXELS or rows * columns < 1:
        return None
    placed = square @ np.array([[1, 0, low[0]], [0, 1, low[1]], [0, 0, 1]])
    size = (columns * TILE, rows * TILE)
    shrink = float(np.sqrt(abs(np.linalg.det(placed[:2, :2]))))
    soft = cv2.GaussianBlur(luma, (0, 0), 0.4 * shrink) if shrink > 1.3 else luma
    warping = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    straight = cv2.warpPerspective(soft, placed, size, flags=warping, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones_like(luma), placed, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    filtered = (straight if flat else whiten(straight)) * (inside > 0.99)
    tiles = filtered.reshape(rows, TILE, columns, TILE).transpose(0, 2, 1, 3)
    spectra = np.fft.rfft2(tiles)
    return Tiles(_pick(spectra, pattern), placed)


def _pick(spectra: ComplexArray, pattern: Pattern) -> ComplexArray:
    """(..., F) of real tiles' half spectra (..., 125, 65); waves to the left are conjugates of those to the right."""
    x, y = pattern.waves.T
    left = x < 0
    values = spectra[..., np.where(left, -y, y), np.abs(x)]
    return np.asarray(np.where(left, values.conj(), values), np.complex64)


@dataclass(frozen=True)
class Alignment:
    """A picture whose tiles lie on the pattern.

    Attributes:
        score: deviations by which the waves for finding agree, above noise, over the whole picture.
        folded: (F,) complex: every wave, summed over the tiles by how much of the mark each shows.
        noise: (F,) variance of each folded wave.
        to_picture: (3, 3) from pattern pixels to picture pixels.
    """

    score: float
    folded: ComplexArray
    noise: FloatArray
    to_picture: FloatArray


def align(luma: FloatArray, to_picture: FloatArray, pattern: Pattern, flat: bool = False) -> tuple[Alignment, ...]:
    """Refine a guess until the tiles lie on the pattern.

    Args:
        luma: (H, W) float32.
        to_picture: (2, 2) from pattern pixels to picture pixels, right within a percent and half a degree, or half a
            turn plus that.
        pattern: of the key.
        flat: see ``cut_tiles``.
    Returns:
        The tiles folded alike, as the mark was made for, and folded by how much of the mark each shows, which is better
        where many show none; nothing where they never agree.
    """
    tiles = cut_tiles(luma, to_picture, pattern, flat)
    if tiles is None:
        return ()
    upright, turned = _agreement(_surfaces(tiles.waves, pattern)), _agreement(_surfaces(tiles.waves.conj(), pattern))
    if max(upright.max(), turned.max()) < AGREED:
        return ()
    placed = tiles.to_picture if upright.max() >= turned.max() else tiles.to_picture @ np.diag([-1.0, -1.0, 1.0])
    for bent in (False, False, True):
        tiles = cut_tiles(luma, placed, pattern, flat)
        if tiles is None:
            return ()
        placed = tiles.to_picture @ _correction(_surfaces(tiles.waves, pattern), bent)
    tiles = cut_tiles(luma, placed, pattern, flat)
    if tiles is None:
        return ()
    count = len(pattern.waves)
    waves, weight = tiles.waves.reshape(-1, count), _shown(tiles, pattern).reshape(-1)
    return tuple(_fold(waves, by, pattern, tiles.to_picture) for by in (np.ones_like(weight), weight))


def fold_straight(luma: FloatArray, tile_px: float, pattern: Pattern, flipped: bool = False) -> Alignment:
    """Fold a picture that was cropped at most: no tile is looked for, they lie one beside the other.

    Args:
        luma: (H, W) float32.
        tile_px: side of a tile in the picture.
        pattern: of the key.
        flipped: whether the picture is mirrored.
    """
    return fold_filtered(filter_straight(luma, tile_px), tile_px, pattern, flipped)


def filter_straight(luma: FloatArray, tile_px: float) -> FloatArray:
    """(rows * 125, columns * 125) float32: the picture at the pattern's scale, whitened, 0 where it has no pixel."""
    scale = TILE / tile_px
    if abs(scale - 1) > 1e-3:
        size = round(luma.shape[1] * scale), round(luma.shape[0] * scale)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        luma = np.asarray(cv2.resize(luma, size, interpolation=way))
    height, width = luma.shape
    return np.pad(whiten(luma), ((0, -height % TILE), (0, -width % TILE)))


def fold_filtered(filtered: FloatArray, tile_px: float, pattern: Pattern, flipped: bool = False) -> Alignment:
    """See ``fold_straight``; takes what ``filter_straight`` returns."""
    straight = filtered[:, ::-1] if flipped else filtered
    rows, columns = (side // TILE for side in straight.shape)
    tiles = np.ascontiguousarray(straight.reshape(rows, TILE, columns, TILE).transpose(0, 2, 1, 3))
    waves = _pick(scipy.fft.rfft2(tiles), pattern).reshape(rows * columns, -1)
    mirror = np.array([[-1.0, 0, straight.shape[1]], [0, 1, 0], [0, 0, 1]]) if flipped else np.eye(3)
    scale = np.diag([tile_px / TILE, tile_px / TILE, 1.0])
    return _fold(waves, np.ones(len(waves), np.float32), pattern, scale @ mirror)


def moved(alignment: Alignment, pattern: Pattern, across: float, down: float) -> Alignment:
    """The same picture read with the pattern moved by shares of a tile's side."""
    turn = np.exp(2j * np.pi * (pattern.waves @ np.array([across, down]))).astype(np.complex64)
    return Alignment(alignment.score, alignment.folded * turn, alignment.noise, alignment.to_picture)


def received(alignment: Alignment, pattern: Pattern) -> FloatArray:
    """(72, 20) symbols as they arrive, each with noise of variance 1/2."""
    count = len(pattern.sync)
    data = alignment.folded[count:] * pattern.data_phases.conj() / np.sqrt(alignment.noise[count:])
    values = np.zeros(SYMBOLS, np.float32)
    values[pattern.symbol] = np.concatenate([data.real, data.imag])
    return values.reshape(STEPS, -1)


def _surfaces(waves: ComplexArray, pattern: Pattern) -> FloatArray:
    """(rows, columns, 125, 125) agreement of each 2x2 block of tiles with the pattern moved by (y, x), noise = 1."""
    sync = waves[..., : len(pattern.sync)] * pattern.sync_phases.conj()
    blocks = sync
    if waves.shape[0] > 1:
        blocks = blocks[:-1] + blocks[1:]
    if waves.shape[1] > 1:
        blocks = blocks[:, :-1] + blocks[:, 1:]
    spectra = np.zeros((*blocks.shape[:2], TILE, TILE), np.complex64)
    spectra[..., pattern.sync[:, 1], pattern.sync[:, 0]] = blocks
    surfaces = scipy.fft.ifft2(spectra).real
    return np.asarray(surfaces / (surfaces.std() + 1e-9), np.float32)


def _agreement(surfaces: FloatArray) -> FloatArray:
    """(125, 125) deviations above noise of all blocks together, each moved by up to 3 pixels on its own."""
    near = maximum_filter(surfaces, (1, 1, 7, 7), mode="wrap").sum((0, 1))
    return np.asarray((near - np.median(near)) / (near.std() + 1e-9))


def _correction(surfaces: FloatArray, bent: bool) -> FloatArray:
    """(3, 3) from where the pattern is to where the tiles are: a shift, and if the blocks tell it, more."""
    peak = _agreement(surfaces).argmax()
    start = np.array([peak % TILE, peak // TILE], float)
    rows, columns = surfaces.shape[:2]
    centres, moves, weights = [], [], []
    for row in range(rows):
        for column in range(columns):
            near = np.roll(surfaces[row, column], (REACH - int(start[1]), REACH - int(start[0])), (0, 1))
            near = near[: 2 * REACH + 1, : 2 * REACH + 1]
            y, x = np.unravel_index(near.argmax(), near.shape)
            centres.append([(column + min(2, columns) / 2) * TILE, (row + min(2, rows) / 2) * TILE])
            moves.append(start + np.array([x - REACH, y - REACH]) + _within_a_pixel(near, int(y), int(x)))
            weights.append(max(0.0, float(near.max() / (surfaces[row, column].std() + 1e-9)) - 4.0) ** 2)
    return _fit(np.array(centres), np.array(moves), np.array(weights), bent)


def _within_a_pixel(near: FloatArray, y: int, x: int) -> FloatArray:
    """(x, y) of a parabola's top through a peak and its neighbours."""
    offsets = []
    for low, middle, high in (
        (near[y, max(x - 1, 0)], near[y, x], near[y, min(x + 1, near.shape[1] - 1)]),
        (near[max(y - 1, 0), x], near[y, x], near[min(y + 1, near.shape[0] - 1), x]),
    ):
        curve = low - 2 * middle + high
        offsets.append(0.5 * (low - high) / curve if curve < -1e-6 else 0.0)
    return np.asarray(np.clip(np.array(offsets), -0.5, 0.5))


def _fit(centres: FloatArray, moves: FloatArray, weights: FloatArray, bent: bool) -> FloatArray:
    """The smoothest map that explains the blocks' moves: robust least squares."""
    if (weights > 0).sum() < 3:
        strongest = moves[weights.argmax()] if weights.any() else moves.mean(0)
        return np.array([[1, 0, strongest[0]], [0, 1, strongest[1]], [0, 0, 1.0]])
    middle = centres.mean(0)
    design = np.concatenate([np.ones((len(centres), 1)), (centres - middle) / TILE], 1)
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
    linear = np.eye(2) - solved[1:3].T / TILE
    shift = -solved[0] + solved[1:3].T @ middle / TILE
    forward = np.eye(3)
    forward[:2, :2], forward[:2, 2] = linear, shift
    return np.asarray(np.linalg.inv(forward))


def _shown(tiles: Tiles, pattern: Pattern) -> FloatArray:
    """(rows, columns) how much of the mark each tile shows."""
    surfaces = _surfaces(tiles.waves, pattern)
    middle = np.array([[np.roll(s, (1, 1), (0, 1))[:3, :3].max() for s in row] for row in surfaces])
    return _to_tiles(np.maximum(middle, 0.05), tiles.waves.shape[:2])


def _fold(waves: ComplexArray, weight: FloatArray, pattern: Pattern, to_picture: FloatArray) -> Alignment:
    """Sum the (N, F) waves of N tiles, each by its weight."""
    total = weight @ waves
    mean = total / weight.sum()
    spread = weight**2 @ np.abs(waves - mean) ** 2 if len(weight) >= 4 else np.abs(total) ** 2
    noise = _smooth_over_frequency(spread, pattern)
    sync = total[: len(pattern.sync)] * pattern.sync_phases.conj()
    score = float((sync.real / np.sqrt(noise[: len(sync)] / 2)).sum() / np.sqrt(len(sync)))
    return Alignment(score, total, noise, to_picture)


def other_places(alignment: Alignment, pattern: Pattern, most: int) -> list[Alignment]:
    """The picture read with the pattern moved to where the waves for finding agree best, best first.

    A picture that was averaged from several copies has as many marks, each beginning elsewhere in the tile.

    Args:
        alignment: the picture, aligned.
        pattern: of the key.
        most: how many places to return.
    """
    count = len(pattern.sync)
    weighed = alignment.folded[:count] * pattern.sync_phases.conj() / np.sqrt(alignment.noise[:count])
    spectrum = np.zeros((TILE, TILE), np.complex64)
    spectrum[pattern.sync[:, 1], pattern.sync[:, 0]] = weighed
    surface = scipy.fft.ifft2(spectrum).real
    places = []
    for _ in range(most):
        y, x = (int(at) for at in np.unravel_index(surface.argmax(), surface.shape))
        turn = np.exp(2j * np.pi * (pattern.waves @ np.array([x, y])) / TILE).astype(np.complex64)
        score = float(surface[y, x] * TILE * TILE / np.sqrt(count / 2))
        places.append(Alignment(score, alignment.folded * turn, alignment.noise, alignment.to_picture))
        surface[np.ix_(np.arange(y - 4, y + 5) % TILE, np.arange(x - 4, x + 5) % TILE)] = -np.inf
    return places


def _to_tiles(blocks: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Mean of the blocks that cover each tile."""
    rows = np.minimum(np.arange(shape[0])[:, None] - [1, 0], blocks.shape[0] - 1).clip(0)
    columns = np.minimum(np.arange(shape[1])[:, None] - [1, 0], blocks.shape[1] - 1).clip(0)
    return np.asarray(blocks[rows[:, None, :, None], columns[None, :, None, :]].mean((2, 3)))


def _smooth_over_frequency(power: FloatArray, pattern: Pattern) -> FloatArray:
    """The noise changes slowly with frequency: the mean of the 61 waves nearest in length."""
    order = np.hypot(*pattern.waves.T).argsort(kind="stable")
    smooth = np.empty_like(power)
    smooth[order] = uniform_filter1d(power[order], 61, mode="nearest")
    return np.asarray(smooth + power.mean() * 1e-6)


def symbols_of(alignment: Alignment, pattern: Pattern) -> FloatArray:
    """(72, 20) soft symbols for ``decode_symbols``: the signal over the noise's variance.

    How much of the signal is left at each frequency follows from the waves' power above the noise.
    """
    count = len(pattern.sync)
    data, noise = alignment.folded[count:] * pattern.data_phases.conj(), alignment.noise[count:]
    excess = uniform_filter1d(np.abs(data) ** 2 / noise - 1, 91, mode="nearest")
    data = data * np.sqrt(np.maximum(excess, 0.02) / noise)
    soft = np.zeros(SYMBOLS)
    soft[pattern.symbol] = np.concatenate([data.real, data.imag])
    return soft.reshape(STEPS, -1)
