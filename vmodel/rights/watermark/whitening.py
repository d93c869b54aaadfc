"""Local whitening of a picture by its own spectrum: stripes and edges mask a mark at few frequencies only.

Overlapping windows of 16 pixels are Fourier-transformed. Each wave is divided by its mean power around it (a Wiener
filter for a mark that has all waves alike), and the windows are transformed back and added up. Waves that are faster
than the mark's are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from vmodel.rights.watermark.carrier import ComplexArray
from vmodel.types import FloatArray

_WINDOW, _STEP = 16, 8
_FASTEST = 4
"""Periods a window of the fastest wave that is kept: 0.25 cycles a pixel."""
_DOWN, _ACROSS = 2 * _FASTEST + 1, _FASTEST + 1
"""Waves that are kept of a window; a real picture's others are mirror images of these."""
_COLUMNS = 400
"""Columns of a product at once: 9 x 16 x 400 is below the 65,536 from which OpenBLAS uses several threads."""
_ALONE = np.ones(1, np.float32)
_AROUND = np.array([0.25, 0.5, 0.25], np.float32)


def whiten_spectrum(values: FloatArray, unsure: float) -> FloatArray:
    """Bring all waves of a picture to one power, locally.

    Args:
        values: (H, W) float32 without slow changes, at least 24 pixels a side.
        unsure: power that is added to the measured power, so that fainter waves get no more weight.
    Returns:
        (H, W) float32.
    """
    (height, width), step = values.shape, _STEP
    padded = cv2.copyMakeBorder(values, step, step + -height % step, step, step + -width % step, cv2.BORDER_REFLECT)
    waves = _to_waves(np.asarray(padded))
    waves[1:-1] *= _gain(waves[1:-1], unsure)
    return _from_waves(waves)[step : step + height, step : step + width]


def _gain(waves: ComplexArray, unsure: float) -> FloatArray:
    """Compute the gain of each wave, (R, K, C, L); a wave represents its mirror image as well."""
    rows, down, columns, across = waves.shape
    power = waves.real**2 + waves.imag**2
    power = cv2.sepFilter2D(power.reshape(rows, -1), -1, _ALONE, _AROUND)
    power = cv2.sepFilter2D(power.reshape(rows * down, columns, across), -1, _AROUND, _ALONE)
    gain = 1 / (np.asarray(power, np.float32).reshape(waves.shape) + np.float32(unsure))
    gain[..., 1:] *= 2
    gain[:, _FASTEST, :, 0] = 0
    return np.asarray(gain)


def _to_waves(padded: FloatArray) -> ComplexArray:
    """Transform windows in R rows and C columns to (R + 2, K, C, L) complex64: K waves down, L across.

    A row of zeros, which ``_from_waves`` needs, precedes the first and follows the last row of windows. Windows
    overlap, so they are views of the picture and never copied; those side by side share their rows' waves.
    """
    (height, width), basis = padded.shape, _basis()
    rows, columns = height // _STEP - 1, width // _STEP - 1
    lines = np.empty((height, columns, 2 * _ACROSS), np.float32)
    aside = sliding_window_view(padded, _WINDOW, axis=1)[:, ::_STEP].transpose(1, 0, 2)
    np.matmul(aside, basis.across, out=lines.transpose(1, 0, 2))
    stacked = lines.view(np.complex64).reshape(height, -1)
    above = sliding_window_view(stacked, _WINDOW, axis=0)[::_STEP].transpose(0, 2, 1)
    waves = np.zeros((rows + 2, _DOWN, columns, _ACROSS), np.complex64)
    _multiply(basis.down, above, waves[1:-1].reshape(rows, _DOWN, -1))
    return waves


def _from_waves(waves: ComplexArray) -> FloatArray:
    """Transform the windows' waves back to (H, W) and add up overlapping windows: the transpose of ``_to_waves``."""
    (rows, _, columns, _), basis = waves.shape, _basis()
    height = (rows - 1) * _STEP
    # Each block of eight rows, then of eight columns, is the end of one window and the beginning of the next.
    above = sliding_window_view(waves.reshape(rows * _DOWN, -1), 2 * _DOWN, axis=0)[::_DOWN].transpose(0, 2, 1)
    lines = np.zeros((height, columns + 2, _ACROSS), np.complex64)
    _multiply(basis.up, above, lines.reshape(rows - 1, _STEP, -1)[:, :, _ACROSS:-_ACROSS])
    flat = lines.view(np.float32).reshape(height, -1)
    aside = sliding_window_view(flat, 4 * _ACROSS, axis=1)[:, :: 2 * _ACROSS].transpose(1, 0, 2)
    whole = np.empty((height, columns + 1, _STEP), np.float32)
    np.matmul(aside, basis.back, out=whole.transpose(1, 0, 2))
    return whole.reshape(height, -1)


def _multiply(left: ComplexArray, right: ComplexArray, out: ComplexArray) -> None:
    """Multiply matrices in parts so small that BLAS keeps to one thread: on a busy machine it would wait for others."""
    for begin in range(0, right.shape[-1], _COLUMNS):
        part = slice(begin, begin + _COLUMNS)
        np.matmul(left, right[..., part], out=out[..., part])


@dataclass(frozen=True)
class _Basis:
    """Transform of a window under a bell that keeps noise at its power, and inverse of two overlapping windows.

    Attributes:
        across: (16, 10) float32: each wave's cosine and sine.
        down: (9, 16) complex64.
        up: (8, 18) complex64, from the waves of two windows to the eight rows that they share.
        back: (20, 8) float32, the same for columns.
    """

    across: FloatArray
    down: ComplexArray
    up: ComplexArray
    back: FloatArray


@cache
def _basis() -> _Basis:
    at = np.arange(_WINDOW) + 0.5
    bell = np.sin(np.pi * at / _WINDOW)
    bell /= np.sqrt(np.sum(bell**2))
    across = np.exp(-2j * np.pi * np.outer(at, np.arange(_ACROSS)) / _WINDOW) * bell[:, None]
    down = np.exp(-2j * np.pi * np.outer(np.arange(-_FASTEST, _FASTEST + 1), at) / _WINDOW) * bell
    cosines = np.stack([across.real, across.imag], 2).reshape(_WINDOW, -1).astype(np.float32)
    upward = down.conj().T
    return _Basis(
        cosines,
        down.astype(np.complex64),
        np.concatenate([upward[_STEP:], upward[:_STEP]], 1).astype(np.complex64),
        np.ascontiguousarray(np.concatenate([cosines[_STEP:].T, cosines[:_STEP].T])),
    )
