"""Sizes of a mark's symbols, chosen for the picture that carries it.

To a reader without the original, the picture itself is noise, and in cloth it is many times the mark. The embedder
knows that noise. A code word is misread for a neighbour that differs from it in one of the code's lightest
differences. At the same total energy, the symbols' sizes are chosen so that the picture favours none of these
neighbours ("informed embedding": Miller, Doërr and Cox 2004). Where the picture happens to favour the word itself,
that does not count, because a copy may be cropped or read with its original. The slow symbols alone are kept apart as
well.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.ndimage import uniform_filter1d

from vmodel.rights.watermark.carrier import CarrierPattern, tile_offset
from vmodel.rights.watermark.demodulation import Folded, received
from vmodel.rights.watermark.payload_code import CHECK_BITS, GENERATORS, PAYLOAD_BITS, STEPS, SYMBOLS, encode_payload
from vmodel.types import FloatArray

_NEIGHBOURS = 16
_LONGEST_DIFFERENCE = 8
_ROUNDS = 20
_SLOW = 15.0
"""Periods a tile below which waves survive what removes the fast ones."""
_FIRST_STEP = 0.2
_PLACES = PAYLOAD_BITS + CHECK_BITS


def shape_symbols(seen: Folded, payload: int) -> FloatArray:
    """Choose sizes of a payload's symbols that keep its code word apart from its neighbours.

    Args:
        seen: the luma with the mark at symbols of size 1, folded at its own place.
        payload: id below 2**40.
    Returns:
        (72, 20) float32, not negative, with a mean square of 1.
    """
    pattern = seen.pattern
    values = received(seen.moved(*tile_offset(pattern, payload))) * encode_payload(payload, pattern.key)
    every = _over_frequency(values, pattern)
    gains = [every, every * _slow(pattern)]
    apart = [np.sqrt(_sums(gain * gain / 2)) + 1e-3 for gain in gains]
    against = [np.minimum(_sums(gain * (values - every)) / by, 0) for gain, by in zip(gains, apart, strict=True)]
    sizes = np.ones((STEPS, len(GENERATORS)), np.float32)
    for turn in range(_ROUNDS):
        wanted = np.zeros_like(sizes)
        for gain, by, low in zip(gains, apart, against, strict=True):
            margins = low + _sums(gain * gain * sizes) / by
            nearest = np.exp(margins.min() - margins)
            toward = _spread_out(nearest / by) * gain * gain
            wanted += toward / (np.linalg.norm(toward) + 1e-9)
        wanted *= np.sqrt(wanted.size) / (np.linalg.norm(wanted) + 1e-9)
        sizes = np.maximum(sizes + _FIRST_STEP * (1 - turn / _ROUNDS) * wanted, 0)
        sizes *= np.sqrt(sizes.size) / np.linalg.norm(sizes)
    return np.asarray(sizes, np.float32)


def _slow(pattern: CarrierPattern) -> FloatArray:
    """Select the symbols that survive scaling a picture to a third: (72, 20) of 0 and 1."""
    slow = np.hypot(*pattern.data.T) < _SLOW
    kept = np.zeros(SYMBOLS, np.float32)
    kept[pattern.symbol] = np.concatenate([slow, slow])
    return kept.reshape(STEPS, -1)


def _over_frequency(values: FloatArray, pattern: CarrierPattern) -> FloatArray:
    """Estimate how much of a symbol of size 1 is received, (72, 20), as a mean over waves of similar frequency."""
    by_wave = values.ravel()[pattern.symbol].reshape(2, -1).mean(0)
    smooth = np.maximum(uniform_filter1d(by_wave, 91, mode="nearest"), 1e-3)
    gain = np.zeros(SYMBOLS, np.float32)
    gain[pattern.symbol] = np.concatenate([smooth, smooth])
    return gain.reshape(STEPS, -1)


@cache
def _differences() -> FloatArray:
    """List the lightest differences of two code words, from their first step on: (E, L, 20) of 0 and 1."""
    generators, found = np.array(GENERATORS), []
    for length in range(1, _LONGEST_DIFFERENCE + 1):
        for inner in range(1 << max(0, length - 2)):
            register, parities = 0, []
            bits = [1, *[(inner >> place) & 1 for place in range(length - 2)], *([1] if length > 1 else [])]
            for bit in [*bits, *[0] * 8]:
                register = (bit << 8) | (register >> 1)
                parities.append(np.bitwise_count(register & generators) & 1)
            found.append(np.array(parities, np.float32))
    lightest = sorted(found, key=lambda rows: float(rows.sum()))[:_NEIGHBOURS]
    every = np.zeros((len(lightest), max(map(len, lightest)), len(generators)), np.float32)
    for number, rows in enumerate(lightest):
        every[number, : len(rows)] = rows
    return every


def _sums(values: FloatArray) -> FloatArray:
    """Sum (72, 20) values over each difference, wherever it may begin: (64, E)."""
    differences = _differences()
    length = differences.shape[1]
    padded = np.concatenate([values, np.zeros((length, values.shape[1]))]).astype(np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, length, axis=0)[:_PLACES].transpose(0, 2, 1)
    return np.asarray(windows.reshape(_PLACES, -1) @ differences.reshape(len(differences), -1).T)


def _spread_out(weights: FloatArray) -> FloatArray:
    """Spread weights over the differences' symbols, (72, 20): the transpose of ``_sums``."""
    differences = _differences()
    length = differences.shape[1]
    parts = (weights @ differences.reshape(len(differences), -1)).reshape(_PLACES, length, -1)
    total = np.zeros((STEPS + length, parts.shape[2]), np.float32)
    for step in range(length):
        total[step : step + _PLACES] += parts[:, step]
    return total[:STEPS]
