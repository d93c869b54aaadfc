"""The mark's pattern: which waves of a square tile carry what, all derived from the key.

A tile is a sum of about 860 plane waves with a whole number of periods, so that tiles join without a seam and waves do
not disturb one another. One wave in twelve is for finding the mark (its phase is known to the key's holder); of each
other, the cosine and the sine carry one symbol each.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vmodel.rights.mark_code import GENERATORS, STEPS, SYMBOLS, encode_payload, keyed_bytes
from vmodel.types import FloatArray, IntArray

ComplexArray: TypeAlias = NDArray[np.complexfloating[Any, Any]]

TILE = 125
"""Side of a tile in pixels, in a picture whose shorter side has 768. Odd, so that JPEG cuts every tile otherwise."""
SLOWEST, FASTEST = 5.0, 24.2
"""Periods a tile: 0.04 to 0.19 cycles a pixel."""
SYNC_FASTEST = 18.0
"""Periods a tile of the fastest wave for finding: it survives a picture's shrinking to a third."""
SYNC_SHARE = 0.34
"""Share of the energy that serves finding."""
_GROUP = 7


@dataclass(frozen=True)
class Pattern:
    """Waves of one key.

    Attributes:
        sync: (M, 2) int (x, y) periods a tile of the waves for finding.
        sync_phases: (M,) complex64 of length 1.
        data: (720, 2) int periods of the waves that carry symbols.
        data_phases: (720,) complex64 of length 1.
        symbol: (1440,) int: which symbol each cosine (first 720) and sine carries.
    """

    key: bytes
    sync: IntArray
    sync_phases: ComplexArray
    data: IntArray
    data_phases: ComplexArray
    symbol: IntArray

    @property
    def waves(self) -> IntArray:
        """(M + 720, 2) all waves, those for finding first."""
        return np.concatenate([self.sync, self.data])


@lru_cache(maxsize=8)
def pattern_of(key: bytes) -> Pattern:
    """Choose the waves, their phases and what they carry."""
    waves = _waves()
    groups = int((np.hypot(*waves.T) < SYNC_FASTEST).sum()) // _GROUP
    picks = np.frombuffer(keyed_bytes(key, "finding", groups), np.uint8) % _GROUP
    sync = np.arange(groups) * _GROUP + picks
    data = np.setdiff1d(np.arange(len(waves)), sync)[: SYMBOLS // 2]
    turns = np.frombuffer(keyed_bytes(key, "phases", 4 * len(waves)), np.uint32) / 2.0**32
    phases = np.exp(2j * np.pi * turns).astype(np.complex64)
    return Pattern(key, waves[sync], phases[sync], waves[data], phases[data], _symbols(key))


def draw_tile(pattern: Pattern, payload: int, side: int, sizes: FloatArray | None = None) -> FloatArray:
    """One tile of a payload's mark.

    Args:
        pattern: of the key.
        payload: id below 2**40.
        side: pixels.
        sizes: (72, 20) how large each symbol is drawn, with a mean square of 1; all 1 by default.
    Returns:
        (side, side) float32 with mean 0 and deviation 1; where it begins differs from payload to payload.
    """
    spectrum = np.zeros((side, side), np.complex64)
    signed = encode_payload(payload, pattern.key) * (1.0 if sizes is None else sizes)
    symbols = signed.ravel()[pattern.symbol].reshape(2, -1)
    data = (symbols[0] + 1j * symbols[1]) * pattern.data_phases * np.sqrt((1 - SYNC_SHARE) / 2 / len(pattern.data))
    found = pattern.sync_phases * np.sqrt(SYNC_SHARE / len(pattern.sync))
    for waves, values in ((pattern.sync, found), (pattern.data, data)):
        spectrum[waves[:, 1], waves[:, 0]] = values
        spectrum[-waves[:, 1], -waves[:, 0]] = values.conj()
    tile = np.fft.ifft2(spectrum).real
    across, down = begin_of(pattern, payload)
    tile = np.roll(tile, (round(down * side), round(across * side)), (0, 1))
    return np.asarray(tile / tile.std(), np.float32)


def begin_of(pattern: Pattern, payload: int) -> tuple[float, float]:
    """(x, y) as shares of a tile's side by which a payload's pattern is moved."""
    down, across = np.frombuffer(keyed_bytes(pattern.key, f"begin {payload}", 8), np.uint32) % TILE
    return float(across) / TILE, float(down) / TILE


def _waves() -> IntArray:
    """(F, 2) of a half plane, by rising frequency."""
    reach = np.arange(-int(FASTEST), int(FASTEST) + 1)
    x, y = (axis.ravel() for axis in np.meshgrid(reach, reach))
    length = np.hypot(x, y)
    kept = (length >= SLOWEST) & (length <= FASTEST) & ((y > 0) | ((y == 0) & (x > 0)))
    x, y, length = x[kept], y[kept], length[kept]
    order = np.lexsort((y, x, length))
    return np.stack([x, y], 1)[order]


def _symbols(key: bytes) -> IntArray:
    """(1440,) which symbol each cosine and sine carries: each step's 20 parities lie from slow to fast waves."""
    columns = len(GENERATORS)
    placed = np.empty(SYMBOLS, np.int64)
    for column in range(columns):
        noise = np.frombuffer(keyed_bytes(key, f"order {column}", 8 * STEPS), np.uint64)
        placed[column * STEPS : (column + 1) * STEPS] = noise.argsort(kind="stable") * columns + column
    return np.concatenate([placed[0::2], placed[1::2]])
