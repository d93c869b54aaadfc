"""Where a mark may lie in a picture: its scale, rotation, flip and aspect, from the picture's spectrum.

The waves for finding are peaks of the spectrum at known places. In log-polar coordinates a change of scale moves them
along one axis and a rotation along the other, so that one correlation tries every scale and rotation (Fourier-Mellin).
A flip is the mirrored template; a change of aspect is a squeezed spectrum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from vmodel.rights.mark_pattern import ComplexArray, pattern_of
from vmodel.types import FloatArray

WINDOW = 512
"""Side in pixels of the windows whose spectra are averaged."""
STEP = 0.007
"""Both of the logarithm of a frequency and of an angle in radians."""
_LOWEST = 0.012
_RADII, _ANGLES = 527, 449
TILES = 38.0, 420.0
"""Sides of a tile in pixels that are looked for."""


@dataclass(frozen=True)
class Guess:
    """A place of the mark.

    Attributes:
        tile_px: side of a tile, the geometric mean where the aspect changed.
        turn: angle in radians by which the picture was turned, unknown by half a turn.
        flipped: whether the picture is mirrored.
        aspect: width over height, relative to the picture as it was marked.
        score: deviations above what an unmarked picture gives.
    """

    tile_px: float
    turn: float
    flipped: bool
    aspect: float
    score: float

    def to_picture(self, tile: int) -> FloatArray:
        """(2, 2) matrix from pattern pixels (a tile has ``tile``) to picture pixels."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        turned = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if self.flipped else 1.0, 1.0])
        squeeze = np.diag([np.sqrt(self.aspect), 1 / np.sqrt(self.aspect)])
        return np.asarray(squeeze @ turned * self.tile_px / tile)


def spectrum_of(residual: FloatArray) -> FloatArray:
    """Peaks of a picture's spectrum.

    Args:
        residual: (H, W) float32, the picture without its slow changes.
    Returns:
        (512, 257) float32, row 256 and column 0 are frequency 0: how far the logarithm of the power stands above its
        surroundings, bounded.
    """
    height, width = residual.shape
    rows, columns = min(height, WINDOW), min(width, WINDOW)
    window = np.outer(np.hanning(rows), np.hanning(columns)).astype(np.float32)
    power = np.zeros((WINDOW, WINDOW // 2 + 1), np.float32)
    for top in _starts(height, rows):
        for left in _starts(width, columns):
            block = np.zeros((WINDOW, WINDOW), np.float32)
            block[:rows, :columns] = residual[top : top + rows, left : left + columns] * window
            power += np.abs(np.fft.rfft2(block)) ** 2
    power = np.fft.fftshift(power, 0) + 1e-12
    around = np.exp(cv2.blur(np.log(power), (25, 25)))
    return np.asarray(np.minimum(power / around, 8), np.float32)


def _starts(length: int, side: int) -> Sequence[int]:
    count = 1 if length <= side else -(-(length - side) // (side // 2)) + 1
    return [int(start) for start in np.linspace(0, length - side, count)]


def guesses(spectrum: FloatArray, key: bytes, aspects: Sequence[float], most: int) -> list[Guess]:
    """The likeliest places of the mark, best first.

    Args:
        spectrum: of ``spectrum_of``.
        key: secret of the installation.
        aspects: changes of aspect to try.
        most: how many to return.
    """
    found: list[Guess] = []
    for aspect in aspects:
        log_polar = np.fft.rfft2(_log_polar(spectrum, aspect), s=(2 * _RADII, _ANGLES))
        for flipped in (False, True):
            template, counts = _template(key, flipped)
            moved = np.fft.irfft2(log_polar * template, s=(2 * _RADII, _ANGLES))
            found += _peaks(moved, counts, flipped, aspect, most)
    return sorted(found, key=lambda guess: -guess.score)[:most]


def _log_polar(spectrum: FloatArray, aspect: float) -> FloatArray:
    """(radii, angles) of the half plane, each angle's circle closed by the spectrum's symmetry."""
    radius = _LOWEST * np.exp(STEP * np.arange(_RADII))[:, None]
    angle = np.pi * (np.arange(_ANGLES) / _ANGLES - 0.5)[None]
    x = radius * np.cos(angle) / np.sqrt(aspect) * WINDOW
    y = radius * np.sin(angle) * np.sqrt(aspect) * WINDOW + WINDOW // 2
    values = cv2.remap(spectrum, x.astype(np.float32), y.astype(np.float32), cv2.INTER_LINEAR)
    on_an_axis = (x < 2) | (np.abs(y - WINDOW // 2) < 2)
    values[on_an_axis | (x > 0.48 * WINDOW) | (np.abs(y - WINDOW // 2) > 0.48 * WINDOW)] = 0
    return np.asarray(values - values[values != 0].mean() * (values != 0), np.float32)


@lru_cache(maxsize=8)
def _template(key: bytes, flipped: bool) -> tuple[ComplexArray, FloatArray]:
    """Conjugate spectrum of the waves' places in log-polar coordinates, and the logarithms of their lengths."""
    waves = pattern_of(key).sync.astype(float) * ([-1, 1] if flipped else [1, 1])
    waves[waves[:, 0] < 0] *= -1
    logs = np.log(np.hypot(*waves.T))
    rows = np.round(logs / STEP).astype(int)
    columns = np.round((np.arctan2(waves[:, 1], waves[:, 0]) / np.pi + 0.5) * _ANGLES).astype(int) % _ANGLES
    places = np.zeros((2 * _RADII, _ANGLES))
    np.add.at(places, (rows, columns), 1)
    return np.fft.rfft2(places).conj(), logs


def _peaks(moved: FloatArray, logs: FloatArray, flipped: bool, aspect: float, most: int) -> Iterator[Guess]:
    """The highest places of one correlation."""
    tiles = TILES[1] * np.exp(-STEP * np.arange(int(np.log(TILES[1] / TILES[0]) / STEP)))
    shifts = (-np.log(tiles) - np.log(_LOWEST)) / STEP
    whole = np.round(shifts).astype(int)
    surface = moved[whole % (2 * _RADII)]
    reached = logs[None] - np.log(tiles)[:, None]
    counts = ((reached > np.log(_LOWEST)) & (reached < np.log(0.47))).sum(1)
    surface = surface / np.sqrt(np.maximum(counts, 8))[:, None]
    surface = surface / surface.std()
    for _ in range(most):
        row, column = np.unravel_index(surface.argmax(), surface.shape)
        score = float(surface[row, column])
        tile_px = float(np.exp(-whole[row] * STEP) / _LOWEST)
        yield Guess(tile_px, float(np.pi * column / _ANGLES), flipped, aspect, score)
        surface[max(0, row - 6) : row + 7, np.arange(column - 6, column + 7) % _ANGLES] = -9
