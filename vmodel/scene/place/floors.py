"""Floors, drawn from above: columns run to the camera's right, the first row is nearest to the camera."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene.place.patterns import bonded, clouds, coloured, embossed, per_tile
from vmodel.types import ByteArray, FloatArray

PX_PER_M = 240
HALF_WIDTH_M, FRONT_M, BACK_M = 2.6, 1.6, 4.4
_SIZE = round((FRONT_M + BACK_M) * PX_PER_M), round(2 * HALF_WIDTH_M * PX_PER_M)

Colour = tuple[int, int, int]


def _m(metres: float) -> float:
    return metres * PX_PER_M


def screed(rng: np.random.Generator, colour: Colour = (176, 173, 167)) -> ByteArray:
    """Draw trowelled cement."""
    tone = 1 + 0.022 * clouds(_SIZE, _m(0.8), rng, octaves=5) + 0.012 * clouds(_SIZE, _m(0.05), rng)
    return coloured(colour, tone, 0.8 * clouds(_SIZE, _m(0.7), rng))


def planks(
    rng: np.random.Generator, colour: Colour = (178, 147, 114), lying: bool = False, contrast: float = 1.0
) -> ByteArray:
    """Draw boards of 15 cm that run away from the camera, or across where ``lying``."""
    size = _SIZE if lying else _SIZE[::-1]
    board, tiles = bonded(size, (_m(0.15), _m(1.9)), 0.381, _m(0.004))
    grain = clouds(size, _m(0.5), rng, 1 / 45, 3) + 0.7 * clouds(size, _m(0.6), rng, 1 / 9, 2)
    tone = 1 + contrast * (0.028 * grain + 0.032 * per_tile(tiles, rng))
    floor = coloured(colour, tone * (0.66 + 0.34 * board), 2 * contrast * per_tile(tiles, rng))
    return floor if lying else np.ascontiguousarray(floor.transpose(1, 0, 2))


def herringbone(rng: np.random.Generator, colour: Colour = (166, 134, 102)) -> ByteArray:
    """Draw oak parquet in herringbone, blocks of 9 by 45 cm."""
    side, along = _m(0.09), 5
    rows, columns = np.mgrid[: _SIZE[0], : _SIZE[1]].astype(np.float32) / side
    a, b = (columns + rows) * np.float32(0.70711) + 400, (columns - rows) * np.float32(0.70711) + 400
    i, j = np.floor(a), np.floor(b)
    step = (i - j) % (2 * along)
    flat = step < along
    first = np.where(flat, i - step, i)
    second = np.where(flat, j, j - (2 * along - 1 - step))
    long_place = np.where(flat, a - first, b - second)
    wide_place = np.where(flat, b - j, a - i)
    edge = np.minimum(np.minimum(wide_place, 1 - wide_place), np.minimum(long_place, along - long_place)) * side
    tiles = first * 617 + second
    # The grain of each block runs along it and begins somewhere else.
    field = clouds((256, 1024), 120, rng, 1 / 30, 3)
    shift = (per_tile(tiles, rng) * 311).astype(np.float32)
    grain = cv2.remap(
        field,
        (np.abs(long_place * side + shift) % 1024).astype(np.float32),
        ((wide_place * side * 3 + np.abs(shift) * 7) % 256).astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )
    tone = (1 + 0.03 * grain + 0.035 * per_tile(tiles, rng)) * (0.7 + 0.3 * np.clip(edge - 0.2, 0, 1))
    return coloured(colour, tone.astype(np.float32), 1.2 * per_tile(tiles, rng))


def slabs(
    rng: np.random.Generator, colour: Colour = (188, 180, 166), tile_m: tuple[float, float] = (0.6, 0.6)
) -> ByteArray:
    """Draw stone slabs with joints."""
    stone, tiles = bonded(_SIZE, (_m(tile_m[0]), _m(tile_m[1])), 0.5, _m(0.008))
    tone = 1 + 0.02 * per_tile(tiles, rng) + 0.02 * clouds(_SIZE, _m(0.3), rng, octaves=5)
    tone = tone * (1 + 0.02 * clouds(_SIZE, 3, rng)) * (0.74 + 0.26 * stone)
    return coloured(colour, np.asarray(tone * embossed(stone, 0.1), np.float32), 1.2 * per_tile(tiles, rng))


def paper(rng: np.random.Generator, colour: Colour) -> ByteArray:
    """Draw background paper that lies on the floor."""
    tone: FloatArray = 1 + 0.006 * clouds(_SIZE, _m(1.0), rng, octaves=2) + 0.003 * clouds(_SIZE, 2, rng, octaves=1)
    return coloured(colour, tone)
