"""Walls, drawn 3.2 m high and 6.4 m wide: the middle of the lower edge is where the floor ends behind the model."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.scene.place.patterns import bonded, clouds, coloured, embossed, per_tile, strokes
from vmodel.types import ByteArray, FloatArray

PX_PER_M = 280
HALF_WIDTH_M, HEIGHT_M = 3.2, 3.2
_SIZE = round(HEIGHT_M * PX_PER_M), round(2 * HALF_WIDTH_M * PX_PER_M)

Colour = tuple[int, int, int]


def _heights_m() -> FloatArray:
    """Return (H, 1) metres above the floor."""
    return np.asarray(((_SIZE[0] - 0.5 - np.arange(_SIZE[0])) / PX_PER_M)[:, None], np.float32)


def _across_m() -> FloatArray:
    """Return (1, W) metres to the right of the middle."""
    return np.asarray(((np.arange(_SIZE[1]) + 0.5) / PX_PER_M - HALF_WIDTH_M)[None], np.float32)


def _m(metres: float) -> float:
    return metres * PX_PER_M


def plaster(rng: np.random.Generator, colour: Colour = (224, 219, 210)) -> ByteArray:
    """Draw plaster smoothed by hand."""
    trowel = clouds(_SIZE, _m(0.16), rng, 0.7, 4)
    light = embossed(1.5 * trowel, 0.04) * (1 + 0.012 * clouds(_SIZE, _m(1.2), rng))
    return coloured(colour, light * (1 + 0.006 * clouds(_SIZE, 2, rng, octaves=1)), 0.7 * clouds(_SIZE, _m(0.8), rng))


def limewash(rng: np.random.Generator, colour: Colour = (196, 178, 157)) -> ByteArray:
    """Draw lime wash: clouds of brush strokes that cross."""
    brushed = sum(strokes(_SIZE, _m(0.02), _m(0.16), degrees, rng) for degrees in (33, -52, 71, -14))
    tone = 0.018 * clouds(_SIZE, _m(0.7), rng, octaves=4) + 0.005 * np.asarray(brushed, np.float32)
    return coloured(colour, 1 + tone, 0.9 * clouds(_SIZE, _m(0.5), rng))


def concrete(rng: np.random.Generator) -> ByteArray:
    """Draw concrete as it left its formwork: panels with thin seams, holes of ties, small pores."""
    panel, tiles = bonded(_SIZE, (_m(1.24), _m(2.48)), 0.0, 1.6)
    tone = 1 + 0.022 * clouds(_SIZE, _m(0.9), rng, 1.6, 5) + 0.012 * clouds(_SIZE, _m(0.05), rng)
    tone = tone * (1 + 0.016 * per_tile(tiles, rng)) * (0.86 + 0.14 * panel)
    pores = clouds(_SIZE, 3.0, rng, octaves=1) + 0.5 * clouds(_SIZE, _m(0.3), rng)
    tone = tone * (1 - 0.10 * np.clip(pores - 2.6, 0, 1))
    for height in np.arange(0.31, HEIGHT_M, 0.62):
        for across in np.arange(-3.1, 3.2, 1.24) + 0.31:
            _dent(tone, across, float(height))
    return coloured((164, 163, 160), tone.astype(np.float32), 0.6 * clouds(_SIZE, _m(0.6), rng))


def _dent(tone: FloatArray, across_m: float, height_m: float) -> None:
    """Press the hole of a tie into the tone, in place."""
    x, y = round(_m(across_m + HALF_WIDTH_M)), round(_m(HEIGHT_M - height_m))
    window = tone[max(y - 6, 0) : y + 7, max(x - 6, 0) : x + 7]
    if window.shape != (13, 13):
        return
    place = np.arange(-6, 7)
    away = np.hypot(place[:, None], place[None])
    window *= 1 - 0.34 * np.clip(3.6 - away, 0, 1) + 0.05 * np.clip(1 - np.abs(away - 4.2), 0, 1)


def white_brick(rng: np.random.Generator) -> ByteArray:
    """Draw a brick wall under several coats of white paint."""
    brick, tiles = bonded(_SIZE, (_m(0.075), _m(0.225)), 0.5, _m(0.012))
    wavy = cv2.GaussianBlur(brick, (0, 0), 1.3) + 0.14 * per_tile(tiles, rng) * brick
    wavy = cv2.GaussianBlur(wavy, (0, 0), 0.8) + 0.09 * clouds(_SIZE, _m(0.03), rng) + 0.05 * clouds(_SIZE, 3, rng)
    tone = embossed(wavy, 0.26) * (0.90 + 0.10 * cv2.GaussianBlur(brick, (0, 0), 2.0))
    tone = tone * (1 + 0.010 * clouds(_SIZE, _m(1.0), rng) + 0.010 * per_tile(tiles, rng) * brick)
    return coloured((228, 226, 221), tone, 0.4 * clouds(_SIZE, _m(0.5), rng))


def painted(rng: np.random.Generator, colour: Colour = (221, 216, 207), board: Colour = (236, 234, 230)) -> ByteArray:
    """Draw a painted wall with a skirting board of 12 cm."""
    roller = 0.004 * clouds(_SIZE, 3, rng, octaves=1) + 0.008 * clouds(_SIZE, _m(1.5), rng)
    wall = coloured(colour, 1 + roller)
    height = _heights_m()
    profile = np.interp(height[:, 0], [0, 0.1, 0.108, 0.114, 0.12], [1, 1, 1.06, 0.93, 1.05])
    shade = np.interp(height[:, 0], [0.12, 0.124, 0.16], [0.80, 0.90, 1.0])
    trim = coloured(board, np.repeat(profile[:, None], _SIZE[1], axis=1).astype(np.float32) * (1 + roller))
    wall = np.clip(wall * shade[:, None, None], 0, 255).astype(np.uint8)
    return np.where(height[..., None] <= 0.12, trim, wall)


def panelling(rng: np.random.Generator, colour: Colour = (190, 195, 184)) -> ByteArray:
    """Draw panelled boiserie: a tall field above a low one, framed by mouldings, over a skirting board."""
    across, height = np.abs((_across_m() + 0.55) % 1.1 - 0.55), _heights_m()
    relief = np.zeros(_SIZE, np.float32)
    for low, high in ((0.24, 0.86), (1.04, 2.86)):
        inside = np.minimum(0.45 - across, np.minimum(height - low, high - height))
        # A moulding rises, has a groove, and falls to the field, which lies a little lower than the frame.
        profile = np.interp(inside * 1000, [-8, 0, 8, 16, 24, 34], [0, 5, 8, 3, 5, -2])
        relief += np.asarray(profile, np.float32)
    relief += np.interp(height, [0.0, 0.135, 0.145, 0.15, 0.93, 0.935, 0.955, 0.96, 1.1], [7, 7, 5, 0, 0, 7, 7, 0, 0])
    soft = cv2.GaussianBlur(relief * PX_PER_M / 1000, (0, 0), 0.7)
    tone = embossed(soft, 0.22) * (1 + 0.005 * clouds(_SIZE, 3, rng, octaves=1) + 0.010 * clouds(_SIZE, _m(1.3), rng))
    return coloured(colour, tone)


def curtain(rng: np.random.Generator) -> ByteArray:
    """Draw a heavy linen curtain whose folds fall to the floor."""
    across, height = _across_m(), _heights_m()
    wander = clouds(_SIZE, _m(0.5), rng, 5.0, 2)
    place = across + 0.018 * wander + 0.012 * (HEIGHT_M - height) * clouds(_SIZE, _m(0.9), rng, 6.0, 1)
    drift = np.interp(place, np.linspace(-4, 4, 60), np.cumsum(rng.uniform(0.6, 1.4, 60)))
    folds = np.asarray(np.sin(2.2 * drift) + 0.3 * np.sin(4.9 * drift + 1.3), np.float32)
    folds = np.asarray(folds * (0.78 + 0.11 * clouds(_SIZE, _m(0.4), rng, 4.0, 1).clip(-2, 2)), np.float32)
    depth: FloatArray = np.asarray(cv2.GaussianBlur(folds, (0, 0), 3.5))
    fall = np.gradient(depth, axis=1)
    tone = 1 + 1.3 * fall - 0.3 * np.abs(fall) + 0.035 * depth
    weave = 0.007 * clouds(_SIZE, 2, rng, 12, 1) + 0.007 * clouds(_SIZE, 24, rng, 1 / 12, 1)
    tone = tone * (1 + weave) * np.interp(height, [0, 0.012, 0.018, 0.09, 0.094], [0.5, 0.6, 1.0, 1.0, 1.0])
    return coloured((208, 199, 185), np.clip(tone, 0.55, 1.18).astype(np.float32))


def wood(rng: np.random.Generator) -> ByteArray:
    """Draw upright oak boards with narrow gaps."""
    board, tiles = bonded((_SIZE[1], _SIZE[0]), (_m(0.16), _m(9.0)), 0.37, _m(0.005))
    board, tiles = np.ascontiguousarray(board.T), np.ascontiguousarray(tiles.T)
    grain = clouds(_SIZE, _m(0.014), rng, 60, 3) + 0.8 * clouds(_SIZE, _m(0.07), rng, 16, 2)
    tone = (1 + 0.020 * grain + 0.022 * per_tile(tiles, rng)) * (0.62 + 0.38 * board)
    return coloured((171, 139, 106), tone.astype(np.float32), 1.5 * per_tile(tiles, rng))


def paper(rng: np.random.Generator, colour: Colour) -> ByteArray:
    """Draw background paper: even, with a breath of a wave."""
    return coloured(colour, 1 + 0.006 * clouds(_SIZE, _m(1.6), rng, 0.4, 2) + 0.003 * clouds(_SIZE, 2, rng, octaves=1))
