"""Search for a mark's scale, rotation, flip and aspect in the picture's spectrum.

The sync waves are peaks of the spectrum at known places. In log-polar coordinates a change of scale moves them along
one axis and a rotation along the other, so that one correlation tries every scale and rotation (Fourier-Mellin). A
flip is the mirrored template; a change of aspect is a squeezed spectrum.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
import scipy.fft

from vmodel.rights.watermark.carrier import CarrierPattern, ComplexArray
from vmodel.types import FloatArray

_LARGEST, _SMALLEST = 1024, 256
"""Sides in pixels of the windows whose spectra are averaged: a large one shows fainter peaks, a small one is faster."""
TILES = 38.0, 420.0
"""Least and largest side of a tile in pixels that are searched."""
_LOWEST, _HIGHEST = 0.012, 0.48
"""Cycles a pixel."""


@dataclass(frozen=True)
class Spectrum:
    """Peaks of a picture's spectrum.

    Attributes:
        window: side in pixels of the windows.
        peaks: (window, window / 2 + 1) float32, row ``window / 2`` and column 0 are frequency 0: the power over its
            surroundings', at most 8.
    """

    window: int
    peaks: FloatArray

    @property
    def step(self) -> float:
        """Step in log-polar coordinates, both of a frequency's logarithm and of an angle in radians."""
        return 3.6 / self.window

    @property
    def shape(self) -> tuple[int, int]:
        """(radii, angles) in log-polar coordinates, rounded up to lengths with a fast Fourier transform."""
        radii, angles = np.log(_HIGHEST / _LOWEST) / self.step, np.pi / self.step
        return scipy.fft.next_fast_len(int(radii)), scipy.fft.next_fast_len(int(angles), real=True)


@dataclass(frozen=True)
class CandidateTransform:
    """Candidate for the mark's scale and orientation.

    Attributes:
        tile_px: side of a tile, the geometric mean where the aspect changed.
        turn: angle in radians by which the picture was rotated, ambiguous by half a turn.
        flipped: True if the picture is mirrored.
        aspect: width over height, relative to the picture as it was marked.
        score: deviations above what an unmarked picture gives.
        upright: True if the scale is so exact that tiles far apart agree.
    """

    tile_px: float
    turn: float
    flipped: bool
    aspect: float
    score: float
    upright: bool = False

    @property
    def to_picture(self) -> FloatArray:
        """(2, 2) matrix from the pattern, a tile of which has side 1, to picture pixels."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        turned = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if self.flipped else 1.0, 1.0])
        squeeze = np.diag([np.sqrt(self.aspect), 1 / np.sqrt(self.aspect)])
        return np.asarray(squeeze @ turned * self.tile_px)


def window_of(residual: FloatArray, shrunk: float) -> int:
    """Return the windows' side for a shrunk picture: at least twice its longer side, if that is not too large."""
    wanted = 1 << int(np.ceil(np.log2(2 * max(residual.shape))))
    return min(round(_LARGEST / shrunk), max(_SMALLEST, wanted))


def spectrum_of(residual: FloatArray, window: int) -> Spectrum:
    """Average the spectra of overlapping windows and extract their peaks.

    Args:
        residual: (H, W) float32, the picture without its slow changes.
        window: side in pixels.
    """
    height, width = residual.shape
    rows, columns = min(height, window), min(width, window)
    bell = np.outer(np.hanning(rows), np.hanning(columns)).astype(np.float32)
    power = np.zeros((window, window // 2 + 1), np.float32)
    for top in _starts(height, rows):
        for left in _starts(width, columns):
            block = residual[top : top + rows, left : left + columns] * bell
            power += np.abs(scipy.fft.rfft2(block, s=(window, window), workers=2)) ** 2
    power = np.fft.fftshift(power, 0) + np.float32(1e-12)
    around = np.exp(cv2.blur(np.log(power), (25, 25)))
    return Spectrum(window, np.asarray(np.minimum(power / around, 8), np.float32))


def _starts(length: int, side: int) -> Sequence[int]:
    count = 1 if length <= side else -(-(length - side) // (side // 2)) + 1
    return [int(start) for start in np.linspace(0, length - side, count)]


def candidate_transforms(
    spectrum: Spectrum, pattern: CarrierPattern, aspects: Sequence[float], most: int, shrunk: float = 1.0
) -> list[CandidateTransform]:
    """Find the likeliest scales and orientations of the mark, best first.

    Args:
        spectrum: of ``spectrum_of``.
        pattern: of the plane.
        aspects: changes of aspect to try.
        most: how many to return.
        shrunk: factor by which the plane was made smaller.
    """
    found: list[CandidateTransform] = []
    radii, angles = spectrum.shape
    for aspect in aspects:
        log_polar = scipy.fft.rfft2(_log_polar(spectrum, aspect), s=(2 * radii, angles), workers=2)
        for flipped in (False, True):
            template, logs = _template(pattern, flipped, spectrum.window)
            moved = scipy.fft.irfft2(log_polar * template, s=(2 * radii, angles), workers=2)
            found += _peaks(moved, logs, spectrum, flipped, aspect, most, shrunk)
    return sorted(found, key=lambda candidate: -candidate.score)[:most]


def symmetric_candidates(found: Sequence[CandidateTransform]) -> Iterator[CandidateTransform]:
    """Yield candidates with quarter turns and flips, which the many waves of a plane do not tell apart."""
    tried: list[CandidateTransform] = []
    for candidate in found:
        if any(_looks_alike(candidate, other) for other in tried):
            continue
        tried.append(candidate)
        for quarter in (0.0, np.pi / 2):
            for flipped in (candidate.flipped, not candidate.flipped):
                yield replace(candidate, turn=candidate.turn + quarter, flipped=flipped)


def _looks_alike(one: CandidateTransform, other: CandidateTransform) -> bool:
    near = abs((one.turn - other.turn + np.pi / 4) % (np.pi / 2) - np.pi / 4)
    return abs(np.log(one.tile_px / other.tile_px)) < 0.015 and abs(one.aspect - other.aspect) < 0.01 and near < 0.02


def _log_polar(spectrum: Spectrum, aspect: float) -> FloatArray:
    """Resample the half plane to (radii, angles); the spectrum's symmetry closes each circle of angles."""
    window, (radii, angles) = spectrum.window, spectrum.shape
    radius = window * _LOWEST * np.exp(spectrum.step * np.arange(radii, dtype=np.float32))[:, None]
    angle = np.pi * (np.arange(angles, dtype=np.float32) / angles - 0.5)[None]
    x = radius * np.cos(angle) / np.float32(np.sqrt(aspect))
    y = radius * np.sin(angle) * np.float32(np.sqrt(aspect))
    values = cv2.remap(spectrum.peaks, x, y + window // 2, cv2.INTER_LINEAR)
    on_an_axis = (x < 2) | (np.abs(y) < 2)
    left_out = on_an_axis | (x > _HIGHEST * window) | (np.abs(y) > _HIGHEST * window)
    values -= values[~left_out].mean()
    values[left_out] = 0
    return np.asarray(values, np.float32)


@lru_cache(maxsize=16)
def _template(pattern: CarrierPattern, flipped: bool, window: int) -> tuple[ComplexArray, FloatArray]:
    """Compute the conjugate spectrum of the waves' log-polar positions, and the logarithms of their lengths."""
    empty = Spectrum(window, np.zeros((1, 1)))
    radii, angles = empty.shape
    waves = pattern.sync.astype(float) * ([-1, 1] if flipped else [1, 1])
    waves[waves[:, 0] < 0] *= -1
    logs = np.log(np.hypot(*waves.T))
    rows = np.round(logs / empty.step).astype(int)
    columns = np.round((np.arctan2(waves[:, 1], waves[:, 0]) / np.pi + 0.5) * angles).astype(int) % angles
    places = np.zeros((2 * radii, angles), np.float32)
    np.add.at(places, (rows, columns), 1)
    return scipy.fft.rfft2(places).conj(), logs


def _peaks(
    moved: FloatArray, logs: FloatArray, spectrum: Spectrum, flipped: bool, aspect: float, most: int, shrunk: float
) -> Iterator[CandidateTransform]:
    """Yield the highest peaks of one correlation."""
    step, angles = spectrum.step, spectrum.shape[1]
    tiles = TILES[1] / shrunk * np.exp(-step * np.arange(int(np.log(TILES[1] / TILES[0]) / step)))
    rows = np.round((-np.log(tiles) - np.log(_LOWEST)) / step).astype(int)
    reached = logs[None] - np.log(tiles)[:, None]
    counts = ((reached > np.log(_LOWEST)) & (reached < np.log(_HIGHEST))).sum(1)
    surface = moved[rows % len(moved)] / np.sqrt(np.maximum(counts, 8)).astype(np.float32)[:, None]
    surface = surface / surface.std()
    for _ in range(most):
        row, column = np.unravel_index(surface.argmax(), surface.shape)
        tile_px = float(np.exp(-rows[row] * step) / _LOWEST) * shrunk
        yield CandidateTransform(tile_px, float(np.pi * column / angles), flipped, aspect, float(surface[row, column]))
        surface[max(0, row - 6) : row + 7, np.arange(column - 6, column + 7) % angles] = -9
