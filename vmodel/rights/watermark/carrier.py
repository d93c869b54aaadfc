"""Pattern of the mark: the waves of a square tile and their symbols, all derived from the key.

A tile is a sum of plane waves with a whole number of periods, so that tiles join without a seam and waves do not
disturb one another. Some waves, the sync waves, serve to find the mark: the key's holder knows their phases. Each
other wave carries one symbol in its cosine and one in its sine. There are two patterns, which carry the same word
from the same starting point. One has fine waves in the luma, where cloth hides them. The other has slow waves in
blue, which the eye resolves least. On plain ground blue can carry what luma may not, and a picture's own blue varies
so little that it masks little of the mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vmodel.rights.watermark.payload_code import GENERATORS, STEPS, encode_payload, keyed_bytes
from vmodel.types import FloatArray, IntArray

ComplexArray: TypeAlias = NDArray[np.complexfloating[Any, Any]]

TILE = 125
"""Side of a tile in pixels, in a picture whose shorter side has 768. Odd, so that JPEG cuts every tile differently."""
SLOWEST, FASTEST = 5.0, 24.2
"""Periods a tile: 0.04 to 0.19 cycles a pixel."""
BLUE_SIDE = 64
"""Side of a tile in pixels at which blue is read."""
BLUE_SLOWEST, BLUE_SLOW, BLUE_FASTEST, BLUE_FAST_SIZE = 4.0, 9.3, 11.5, 0.5
"""Periods a tile in blue, and the size of waves above ``BLUE_SLOW``, of which JPEG and WebP leave little."""
SYNC_FASTEST = 18.0
"""Periods a tile of the fastest sync wave, which survives shrinking a picture to a third."""
SYNC_SHARE = 0.22
"""Share of the energy in the sync waves."""
_GROUP, _BLUE_GROUP = 7, 3
_BLUE_COLUMNS = 4
"""Parities of each step that blue carries: the best code of rate 1/4."""


@dataclass(frozen=True, eq=False)
class CarrierPattern:
    """Waves of one key in one plane of a picture.

    Attributes:
        key: secret of the installation.
        side: of a tile in pixels at which the plane is read.
        sync: (M, 2) int (x, y) periods a tile of the sync waves.
        sync_phases: (M,) complex64 of length 1.
        data: (N, 2) int periods of the waves that carry symbols: 720 in luma, 144 in blue.
        data_phases: (N,) complex64 of length 1.
        data_sizes: (N,) how large each is drawn, with a mean square of 1.
        symbol: (2 N,) int, number of the symbol, of 1,440, that each cosine (first N) and sine carries.
    """

    key: bytes
    side: int
    sync: IntArray
    sync_phases: ComplexArray
    data: IntArray
    data_phases: ComplexArray
    data_sizes: FloatArray
    symbol: IntArray

    @property
    def waves(self) -> IntArray:
        """All (M + N, 2) waves, sync waves first."""
        return np.concatenate([self.sync, self.data])


@lru_cache(maxsize=8)
def pattern_of(key: bytes) -> CarrierPattern:
    """Choose the luma's waves, their phases and their symbols."""
    return _chosen(key, "", _waves(SLOWEST, FASTEST), SYNC_FASTEST, _GROUP, TILE, len(GENERATORS))


@lru_cache(maxsize=8)
def blue_pattern_of(key: bytes) -> CarrierPattern:
    """Choose the waves of blue, their phases and their symbols."""
    return _chosen(key, "blue ", _waves(BLUE_SLOWEST, BLUE_FASTEST), BLUE_SLOW, _BLUE_GROUP, BLUE_SIDE, _BLUE_COLUMNS)


def _chosen(
    key: bytes, plane: str, waves: IntArray, sync_fastest: float, group: int, side: int, columns: int
) -> CarrierPattern:
    groups = int((np.hypot(*waves.T) < sync_fastest).sum()) // group
    picks = np.frombuffer(keyed_bytes(key, f"{plane}finding", groups), np.uint8) % group
    sync = np.arange(groups) * group + picks
    data = np.setdiff1d(np.arange(len(waves)), sync)[: STEPS * columns // 2]
    turns = np.frombuffer(keyed_bytes(key, f"{plane}phases", 4 * len(waves)), np.uint32) / 2.0**32
    phases = np.exp(2j * np.pi * turns).astype(np.complex64)
    sizes = np.where((np.hypot(*waves[data].T) > BLUE_SLOW) & (side == BLUE_SIDE), BLUE_FAST_SIZE, 1.0)
    sizes /= np.sqrt(np.mean(sizes**2))
    symbol = _symbols(key, plane, columns)
    return CarrierPattern(
        key, side, waves[sync], phases[sync], waves[data], phases[data], sizes.astype(np.float32), symbol
    )


def draw_tile(pattern: CarrierPattern, payload: int, side: int, sizes: FloatArray | None = None) -> FloatArray:
    """Draw one tile of a payload's mark.

    Args:
        pattern: of the key.
        payload: id below 2**40.
        side: pixels.
        sizes: (72, 20) how large each symbol is drawn, with a mean square of 1; all 1 by default.
    Returns:
        (side, side) float32 with mean 0 and deviation 1; its starting point depends on the payload.
    """
    spectrum = np.zeros((side, side), np.complex64)
    signed = encode_payload(payload, pattern.key) * (1.0 if sizes is None else sizes)
    symbols = signed.ravel()[pattern.symbol].reshape(2, -1)
    data = (symbols[0] + 1j * symbols[1]) * pattern.data_phases * pattern.data_sizes
    data *= np.sqrt((1 - SYNC_SHARE) / 2 / len(pattern.data))
    found = pattern.sync_phases * np.sqrt(SYNC_SHARE / len(pattern.sync))
    for waves, values in ((pattern.sync, found), (pattern.data, data)):
        spectrum[waves[:, 1], waves[:, 0]] = values
        spectrum[-waves[:, 1], -waves[:, 0]] = values.conj()
    tile = np.fft.ifft2(spectrum).real
    across, down = tile_offset(pattern, payload)
    tile = np.roll(tile, (round(down * side), round(across * side)), (0, 1))
    return np.asarray(tile / tile.std(), np.float32)


def tile_offset(pattern: CarrierPattern, payload: int) -> tuple[float, float]:
    """Return the shift (x, y) of a payload's pattern, as shares of a tile's side."""
    down, across = np.frombuffer(keyed_bytes(pattern.key, f"begin {payload}", 8), np.uint32) % TILE
    return float(across) / TILE, float(down) / TILE


def _waves(slowest: float, fastest: float) -> IntArray:
    """List the waves of a half plane, (F, 2), by rising frequency."""
    reach = np.arange(-int(fastest), int(fastest) + 1)
    x, y = (axis.ravel() for axis in np.meshgrid(reach, reach))
    length = np.hypot(x, y)
    kept = (length >= slowest) & (length <= fastest) & ((y > 0) | ((y == 0) & (x > 0)))
    x, y, length = x[kept], y[kept], length[kept]
    order = np.lexsort((y, x, length))
    return np.stack([x, y], 1)[order]


def _symbols(key: bytes, plane: str, columns: int) -> IntArray:
    """Assign a symbol to each cosine and sine; each step's parities range from slow to fast waves."""
    placed = np.empty(STEPS * columns, np.int64)
    for column in range(columns):
        noise = np.frombuffer(keyed_bytes(key, f"{plane}order {column}", 8 * STEPS), np.uint64)
        placed[column * STEPS : (column + 1) * STEPS] = noise.argsort(kind="stable") * len(GENERATORS) + column
    return np.concatenate([placed[0::2], placed[1::2]])
