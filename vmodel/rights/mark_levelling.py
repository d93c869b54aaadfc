"""Divide a picture by its own spectrum, place by place: stripes and edges drown a mark at few frequencies only.

Overlapping windows of 16 pixels are taken to their waves, each wave is divided by its usual power round about (a Wiener
filter for a mark that has all waves alike), and the windows are put together again. Waves that are faster than the
mark's are left out.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from vmodel.types import FloatArray

_WINDOW, _STEP = 16, 8
_FASTEST = 4
"""Periods a window of the fastest wave that is kept: 0.25 cycles a pixel."""


def level(values: FloatArray, unsure: float) -> FloatArray:
    """Bring all waves of a picture to one power, place by place.

    Args:
        values: (H, W) float32 without slow changes, at least 24 pixels a side.
        unsure: power that is added to what is seen: fainter waves count no more.
    Returns:
        (H, W) float32.
    """
    (height, width), step = values.shape, _STEP
    padded = cv2.copyMakeBorder(values, step, step + -height % step, step, step + -width % step, cv2.BORDER_REFLECT)
    real, imaginary = _to_waves(np.asarray(padded))
    gain = _gain(real * real + imaginary * imaginary, unsure)
    return _from_waves(real * gain, imaginary * gain)[step : step + height, step : step + width]


def _gain(power: FloatArray, unsure: float) -> FloatArray:
    """(R, K, C, L) by which each wave is multiplied; a wave stands for its mirror image as well."""
    rows, down, columns, across = power.shape
    stacked = np.ascontiguousarray(power.transpose(0, 2, 1, 3)).reshape(rows, columns, -1)
    around = np.asarray(cv2.GaussianBlur(stacked, (3, 3), 0)).reshape(rows, columns, down, across)
    gain = 1 / (around.transpose(0, 2, 1, 3) + np.float32(unsure))
    gain[..., 1:] *= 2
    gain[:, _FASTEST, :, 0] = 0
    return np.asarray(gain, np.float32)


def _to_waves(padded: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Real and imaginary parts (R, K, C, L) of the windows of R rows and C columns: K waves down, L across.

    Windows that lie side by side share their rows, which are taken to their waves once.
    """
    (height, width), (across, down) = padded.shape, _basis()
    rows, columns = height // _STEP - 1, width // _STEP - 1
    cut = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW, axis=1)[:, ::_STEP]
    lines = np.ascontiguousarray(cut).reshape(-1, _WINDOW) @ across
    halves = lines.reshape(height // _STEP, _STEP, -1)
    waves = np.matmul(down[:, :_STEP], halves[:-1]) + np.matmul(down[:, _STEP:], halves[1:])
    parts = waves.reshape(rows, 2, len(down) // 2, columns, 2, across.shape[1] // 2)
    return parts[:, 0, :, :, 0] - parts[:, 1, :, :, 1], parts[:, 0, :, :, 1] + parts[:, 1, :, :, 0]


def _from_waves(real: FloatArray, imaginary: FloatArray) -> FloatArray:
    """(H, W) of the windows' waves, overlapping windows added up: the transpose of ``_to_waves``."""
    (rows, kept, columns, slow), (across, down) = real.shape, _basis()
    height, width = (rows + 1) * _STEP, (columns + 1) * _STEP
    cosine, sine = down[:kept].T, down[kept:].T
    flat, turned = (part.reshape(rows, kept, -1) for part in (real, imaginary))
    lines = np.zeros((rows + 1, _STEP, 2, columns, slow), np.float32)
    for number, part in enumerate((cosine @ flat + sine @ turned, cosine @ turned - sine @ flat)):
        windows = part.reshape(rows, 2, _STEP, columns, slow)
        lines[:-1, :, number] += windows[:, 0]
        lines[1:, :, number] += windows[:, 1]
    by_column = lines.reshape(height, 2, columns, slow).transpose(0, 2, 1, 3).reshape(height * columns, -1)
    halves = (by_column @ across.T).reshape(height, columns, 2, _STEP)
    whole = np.zeros((height, width // _STEP, _STEP), np.float32)
    whole[:, :-1] += halves[:, :, 0]
    whole[:, 1:] += halves[:, :, 1]
    return whole.reshape(height, width)


@cache
def _basis() -> tuple[FloatArray, FloatArray]:
    """Waves across (16, 10) and down (18, 16): cosines, then sines, under a bell by which noise keeps its power."""
    at = np.arange(_WINDOW) + 0.5
    bell = np.sin(np.pi * at / _WINDOW)
    bell /= np.sqrt(np.sum(bell**2))
    across = np.exp(-2j * np.pi * np.outer(at, np.arange(_FASTEST + 1)) / _WINDOW) * bell[:, None]
    down = np.exp(-2j * np.pi * np.outer(np.arange(-_FASTEST, _FASTEST + 1), at) / _WINDOW) * bell
    return (
        np.concatenate([across.real, across.imag], 1).astype(np.float32),
        np.concatenate([down.real, down.imag]).astype(np.float32),
    )
