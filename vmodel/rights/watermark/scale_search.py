"""Search for a mark in a picture that was scaled and cropped but not rotated, at every scale.

The spectrum of the whole picture at the sync waves, with their phases, shows for each scale and shift how well the
mark agrees. This adds up amplitudes where ``registration`` adds up powers, and so detects far fainter marks.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import scipy.fft

from vmodel.rights.watermark.carrier import TILE, CarrierPattern, ComplexArray
from vmodel.rights.watermark.registration import CandidateTransform
from vmodel.types import FloatArray, IntArray

SCALES = 0.3, 1.3
"""Scales of the picture that are tried, relative to tiles of 125 pixels."""
STRETCHES = 0.85, 1.18
"""Scales of one side only that are tried."""
_STEP = 0.003
_GRID = 48
_MOST = 3.0


def scaled_candidates(
    residual: FloatArray, pattern: CarrierPattern, most: int, shrunk: float = 1.0, smaller: bool = False
) -> list[CandidateTransform]:
    """Find the likeliest scales of an upright picture, best first.

    Args:
        residual: (H, W) float32, the plane without its slow changes.
        pattern: of the plane.
        most: how many to return.
        shrunk: factor by which the plane was made smaller.
        smaller: only scales below 1 are tried, and no stretch of one side.
    """
    spectrum = _whitened_spectrum(residual)
    sync, phases, tiles = pattern.sync, pattern.sync_phases, _tiles(smaller)
    frequencies = (sync[None] / tiles[:, None] * shrunk).astype(np.float32)
    seen = np.hypot(frequencies[..., 0], frequencies[..., 1]) < 0.46
    values = _sampled(spectrum, frequencies) * phases.conj() * seen
    surface = _most_agreement(values, sync)
    scores = surface / np.sqrt((np.abs(values) ** 2).sum(1) / 2 + 1e-9)
    found = []
    for _ in range(most):
        best = int(scores.argmax())
        across, down = (float(side) for side in tiles[best])
        found.append(
            CandidateTransform(float(np.sqrt(across * down)), 0.0, False, across / down, float(scores[best]), True)
        )
        scores[np.abs(np.log(tiles / tiles[best])).max(1) < 4.5 * _STEP] = 0
    return found


def _most_agreement(values: ComplexArray, sync: IntArray) -> FloatArray:
    """Sum the real parts of (N, M) waves for each of N scales, at the shift where the sum is largest: (N,)."""
    half = np.zeros((len(values), _GRID, _GRID // 2 + 1), np.complex64)
    x, y = sync.T
    half[:, np.where(x < 0, -y, y) % _GRID, np.abs(x)] = np.where(x < 0, values.conj(), values)
    half[:, -y[x == 0] % _GRID, 0] = values[:, x == 0].conj()
    return np.asarray(scipy.fft.irfft2(half, s=(_GRID, _GRID)).max((1, 2)) * (_GRID**2 / 2))


@cache
def _tiles(smaller: bool) -> FloatArray:
    """List the widths and heights in pixels of the tiles to try, (N, 2) float32."""
    scales, stretches = (
        low * np.exp(_STEP * np.arange(int(np.log(high / low) / _STEP))) for low, high in (SCALES, STRETCHES)
    )
    if smaller:
        return np.asarray(TILE * scales[scales < 1, None] * np.ones(2), np.float32)
    one = np.ones_like(stretches)
    tried = [np.stack(pair, 1) for pair in ((scales, scales), (stretches, one), (one, stretches))]
    return np.asarray(TILE * np.concatenate(tried), np.float32)


def _whitened_spectrum(residual: FloatArray) -> ComplexArray:
    """Divide the spectrum of a picture centred on the origin, padded to twice its size, by its local amplitude."""
    height, width = residual.shape
    size = [scipy.fft.next_fast_len(2 * side, real=True) for side in (height, width)]
    padded = np.zeros(size, np.float32)
    padded[:height, :width] = residual
    padded = np.roll(padded, (-(height // 2), -(width // 2)), (0, 1))
    spectrum = scipy.fft.rfft2(padded)
    amplitude = np.abs(spectrum)
    around = np.sqrt(cv2.blur(np.minimum(amplitude, 4 * cv2.blur(amplitude, (25, 25))) ** 2, (25, 25))) + 1e-9
    whitened = spectrum * (np.minimum(amplitude, _MOST * around) / (amplitude * around + 1e-9))
    return np.asarray(np.fft.fftshift(whitened, 0), np.complex64)


def _sampled(spectrum: ComplexArray, frequencies: FloatArray) -> ComplexArray:
    """Sample the spectrum at (..., 2) frequencies (x, y) in cycles a pixel, interpolating linearly between bins."""
    rows, columns = len(spectrum), 2 * (spectrum.shape[1] - 1)
    turned = np.where(frequencies[..., :1] < 0, -1, 1).astype(np.float32)
    bins = (frequencies * turned * np.array([columns, rows])).astype(np.float32)
    maps = np.ascontiguousarray(bins[..., 0]), np.ascontiguousarray(bins[..., 1] + rows // 2)
    parts = (np.ascontiguousarray(part) for part in (spectrum.real, spectrum.imag))
    real, imaginary = (cv2.remap(part, *maps, cv2.INTER_LINEAR) for part in parts)
    return np.asarray(real + 1j * imaginary * turned[..., 0], np.complex64)
