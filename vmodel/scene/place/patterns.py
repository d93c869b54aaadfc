"""Parts of drawn surfaces: clouds of noise, and light on a relief."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

Size = tuple[int, int]

_COARSE = 12
"""Pixels across the smallest spots above which noise is drawn small and enlarged."""


def clouds(size: Size, cell_px: float, rng: np.random.Generator, stretch: float = 1.0, octaves: int = 3) -> FloatArray:
    """Return smooth noise (H, W) of mean 0 and deviation 1.

    Args:
        size: (height, width) pixels.
        cell_px: width of its largest spots; each octave halves them.
        rng: source of chance.
        stretch: height of the spots over their width.
        octaves: number of scales that are added up.
    """
    height, width = size
    finest = cell_px / 2 ** (octaves - 1)
    if min(finest, finest * stretch) >= _COARSE and min(size) > 64:  # smooth enough to be drawn a quarter as large
        small = clouds((-(-height // 4), -(-width // 4)), cell_px / 4, rng, stretch, octaves)
        return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))
    total = np.zeros(size, np.float32)
    for octave in range(octaves):
        across = max(cell_px / 2**octave, 1.0)
        down = max(across * stretch, 1.0)
        grid = rng.standard_normal((int(height / down) + 3, int(width / across) + 3)).astype(np.float32)
        scale = np.array([[1 / across, 0, 0.7], [0, 1 / down, 0.7]], np.float32)
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        total += 0.6**octave * cv2.warpAffine(grid, scale, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT)
    return np.asarray((total - total.mean()) / max(float(total.std()), 1e-6), np.float32)


def strokes(size: Size, cell_px: float, length_px: float, degrees: float, rng: np.random.Generator) -> FloatArray:
    """Return noise (H, W) drawn out in a direction, like the strokes of a brush; mean 0 and deviation 1."""
    side = int(np.hypot(*size)) // 2 + 2  # drawn half as large, and enlarged while it is turned
    lying = clouds((side, side), length_px / 2, rng, cell_px / length_px, 2)
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), degrees, 2)
    turn[:, 2] -= [(side - size[1]) / 2, (side - size[0]) / 2]
    return np.asarray(cv2.warpAffine(lying, turn, (size[1], size[0]), borderMode=cv2.BORDER_REFLECT))


def embossed(height: FloatArray, strength: float) -> FloatArray:
    """Return the light (H, W), about 1, on a relief lit from the upper left, where all key lights stand.

    Args:
        height: (H, W) relief in pixels.
        strength: change of the light for a slope of 1.
    """
    down, right = np.gradient(height)
    return np.asarray(np.clip(1 + strength * (0.8 * right + down), 0.3, 1.5), np.float32)


def coloured(colour: tuple[int, int, int], light: FloatArray, hue: FloatArray | None = None) -> ByteArray:
    """Return (H, W, 3) uint8 sRGB: a colour times a light, warmer where ``hue`` (H, W) is above 0."""
    picture = np.asarray(colour, np.float32) * light[..., None]
    if hue is not None:
        picture = picture + hue[..., None] * np.array([1.0, 0.1, -1.0], np.float32)
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def bonded(size: Size, tile_px: tuple[float, float], shift: float, joint_px: float) -> tuple[FloatArray, FloatArray]:
    """Lay tiles in rows, each shifted against the last.

    Args:
        size: (height, width) pixels.
        tile_px: (height, width) of a tile with its joint.
        shift: of each row, as a share of a tile.
        joint_px: width of the joint.
    Returns:
        (H, W) 1 on tiles falling to 0 in joints, and (H, W) whole numbers that tell tiles apart.
    """
    down = (np.arange(size[0], dtype=np.float32) / tile_px[0])[:, None]
    row = np.floor(down)
    across = np.arange(size[1], dtype=np.float32)[None] / tile_px[1] + row * shift
    column = np.floor(across)
    from_edge = [
        np.minimum(place - first, first + 1 - place) * length
        for place, first, length in ((down, row, tile_px[0]), (across, column, tile_px[1]))
    ]
    inside = np.clip(np.minimum(from_edge[0], from_edge[1]) / max(joint_px / 2, 0.5) - 0.5, 0, 1)
    return np.asarray(inside, np.float32), np.asarray(row * 613 + column, np.float32)


def per_tile(tiles: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a random number of deviation 1 for each tile, (H, W)."""
    table = rng.standard_normal(4093).astype(np.float32)
    return np.asarray(table[tiles.astype(int) % 4093])
