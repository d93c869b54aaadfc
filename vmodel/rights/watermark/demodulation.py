"""Reading of the mark's symbols from aligned planes: fold the tiles, find where the mark begins, weigh the waves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import scipy.fft
from scipy.ndimage import median_filter, uniform_filter1d

from vmodel.rights.watermark.carrier import TILE, CarrierPattern, ComplexArray
from vmodel.rights.watermark.payload_code import STEPS, SYMBOLS
from vmodel.rights.watermark.planes import Plane, filter_plane
from vmodel.rights.watermark.tile_alignment import Tiles, waves_of
from vmodel.types import FloatArray

_LEAST_EXCESS, _LEAST_SYNC_EXCESS = 0.02, 0.05
"""Least signal power over noise power that is assumed for a wave."""
_PEAK = 2.0
"""Multiple of the median size of waves of similar frequency above which a wave is attenuated."""
_BESIDE = 15
"""Sync waves of similar frequency that show a signal's size."""


@dataclass(frozen=True)
class Folded:
    """The waves of one plane, summed over its tiles.

    Attributes:
        pattern: of the plane.
        waves: (F,) complex.
        noise: (F,) variance of each.
    """

    pattern: CarrierPattern
    waves: ComplexArray
    noise: FloatArray

    def moved(self, across: float, down: float) -> Folded:
        """Return the same plane, read with the pattern moved by shares of a tile's side."""
        turn = np.exp(2j * np.pi * (self.pattern.waves @ np.array([across, down]))).astype(np.complex64)
        return Folded(self.pattern, self.waves * turn, self.noise)


@dataclass(frozen=True)
class Place:
    """Position in the tile where a mark begins.

    Attributes:
        score: deviations by which the sync waves agree, above noise.
        begin: (x, y) shares of a tile's side.
        planes: read from that position.
    """

    score: float
    begin: tuple[float, float]
    planes: tuple[Folded, ...]

    def begins_at(self, begin: tuple[float, float]) -> bool:
        """Return True if the mark begins at (x, y), within a pixel."""
        off = (abs((a - b + 0.5) % 1 - 0.5) for a, b in zip(self.begin, begin, strict=True))
        return max(off) * TILE < 1.5


def fold(tiles: Tiles, pattern: CarrierPattern, weight: FloatArray | None = None) -> Folded:
    """Sum a plane's tiles.

    Args:
        tiles: of the plane.
        pattern: of the plane.
        weight: (rows, columns) of each tile; equal by default, as the mark is made for.
    """
    waves = tiles.waves.reshape(-1, len(pattern.waves))
    return _fold(waves, np.ones(len(waves), np.float32) if weight is None else weight.reshape(-1), pattern)


def fold_straight(plane: Plane, tile_px: float) -> Folded:
    """Fold a plane that was at most cropped: its tiles are side by side and need no search."""
    return fold_filtered(filter_straight(plane, tile_px), plane.pattern)


def filter_straight(plane: Plane, tile_px: float) -> FloatArray:
    """Scale a plane to the pattern and filter it: (rows * side, columns * side) float32, 0 outside the plane."""
    values, side = plane.values, plane.pattern.side
    scale = side / tile_px
    if abs(scale - 1) > 1e-3:
        size = round(values.shape[1] * scale), round(values.shape[0] * scale)
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        values = np.asarray(cv2.resize(values, size, interpolation=way))
    height, width = values.shape
    filtered = filter_plane(values, plane.pattern)
    return np.asarray(cv2.copyMakeBorder(filtered, 0, -height % side, 0, -width % side, cv2.BORDER_CONSTANT, value=0))


def fold_filtered(filtered: FloatArray, pattern: CarrierPattern, flipped: bool = False) -> Folded:
    """Fold what ``filter_straight`` returns.

    Args:
        filtered: whole tiles.
        pattern: of the plane.
        flipped: whether the picture is mirrored.
    """
    waves = waves_of(filtered[:, ::-1] if flipped else filtered, pattern).reshape(-1, len(pattern.waves))
    return _fold(waves, np.ones(len(waves), np.float32), pattern)


def received(folded: Folded) -> FloatArray:
    """Return the symbols as received, (72, 20), each with noise of variance 1/2."""
    count = len(folded.pattern.sync)
    data = folded.waves[count:] * folded.pattern.data_phases.conj() / np.sqrt(folded.noise[count:])
    return _by_step(data, folded.pattern)


def places_of(planes: Sequence[Folded], most: int) -> list[Place]:
    """Find the positions where the sync waves of all planes together agree best, best first.

    A picture averaged from several copies has as many marks, each with its own starting point in the tile.

    Args:
        planes: of one picture, folded.
        most: how many places to return.
    """
    surface, variance = np.zeros((TILE, TILE), np.float32), 0.0
    for folded in planes:
        pattern, count = folded.pattern, len(folded.pattern.sync)
        sync = _without_peaks(folded.waves / np.sqrt(folded.noise), count)[:count] * pattern.sync_phases.conj()
        excess = max(_LEAST_SYNC_EXCESS, float(np.mean(np.abs(sync) ** 2)) - 1)
        spectrum = np.zeros((TILE, TILE), np.complex64)
        spectrum[pattern.sync[:, 1], pattern.sync[:, 0]] = sync * np.sqrt(excess)
        surface += scipy.fft.ifft2(spectrum).real * TILE**2
        variance += excess * count / 2
    surface /= np.sqrt(variance)
    places = []
    for _ in range(most):
        y, x = (int(at) for at in np.unravel_index(surface.argmax(), surface.shape))
        moved = tuple(folded.moved(x / TILE, y / TILE) for folded in planes)
        places.append(Place(float(surface[y, x]), (x / TILE, y / TILE), moved))
        surface[np.ix_(np.arange(y - 4, y + 5) % TILE, np.arange(x - 4, x + 5) % TILE)] = -np.inf
    return places


def symbols_of(planes: Sequence[Folded]) -> FloatArray:
    """Compute soft symbols, (72, 20), for ``decode_symbols``: signal over noise variance, summed over the planes.

    The waves' power above the noise shows how much of the signal is left at each frequency. Stripes and compression
    disturb every tile alike, so that the noise is larger than the tiles' differences suggest. The sync waves, whose
    phases are known, show by how much.
    """
    soft = np.zeros((STEPS, SYMBOLS // STEPS), np.float32)
    for folded in planes:
        pattern, count = folded.pattern, len(folded.pattern.sync)
        waves = _without_peaks(folded.waves / np.sqrt(folded.noise), count)
        data, sync = waves[count:] * pattern.data_phases.conj(), waves[:count] * pattern.sync_phases.conj()
        noise = max(1.0, 2 * float(np.mean(sync.imag**2)))
        excess = uniform_filter1d(np.abs(data) ** 2 - noise, len(data) // 8 + 1, mode="nearest")
        soft += _by_step(data * np.sqrt(np.maximum(excess, _LEAST_EXCESS)) / noise, pattern)
    return soft


def _by_step(data: ComplexArray, pattern: CarrierPattern) -> FloatArray:
    """Arrange the (N,) waves that carry symbols as (72, 20); 0 where none does."""
    values = np.zeros(SYMBOLS, np.float32)
    values[pattern.symbol] = np.concatenate([data.real, data.imag])
    return values.reshape(STEPS, -1)


def _without_peaks(waves: ComplexArray, count: int) -> ComplexArray:
    """Attenuate waves that exceed those of similar frequency: they are stripes of the picture."""
    size = np.abs(waves)
    usual = [median_filter(part, max(15, len(part) // 8), mode="nearest") for part in (size[:count], size[count:])]
    most = _PEAK * np.concatenate(usual)
    return np.asarray(waves * np.minimum(1, most / (size + 1e-20)) ** 2, np.complex64)


def _fold(waves: ComplexArray, weight: FloatArray, pattern: CarrierPattern) -> Folded:
    """Sum the (N, F) waves of N tiles, each by its weight."""
    total = np.einsum("n,nf->f", weight, waves)
    apart = waves - total / weight.sum()
    power = apart.real**2 + apart.imag**2
    spread = np.einsum("n,nf->f", weight**2, power) if len(weight) >= 4 else np.abs(total) ** 2
    return Folded(pattern, total, _smooth_over_frequency(spread, pattern))


def _smooth_over_frequency(power: FloatArray, pattern: CarrierPattern) -> FloatArray:
    """Average over the 61 waves nearest in length, because noise changes slowly with frequency."""
    order = np.hypot(*pattern.waves.T).argsort(kind="stable")
    smooth = np.empty_like(power)
    smooth[order] = uniform_filter1d(power[order], 61, mode="nearest")
    return np.asarray(smooth + power.mean() * 1e-6 + 1e-20)
