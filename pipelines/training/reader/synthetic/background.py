"""Grounds below or behind drawn garments."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.training.reader.synthetic.cloth import random_cloth, random_colour
from pipelines.training.reader.synthetic.parts import pick
from vmodel.types import ByteArray, FloatArray


def paint_ground(rng: np.random.Generator, background: ByteArray | None, side: int) -> FloatArray:
    """Return (side, side, 3) float32 sRGB 0..1: the photo's crop, or a studio's wall, wood, cloth or carpet."""
    if background is not None:
        square = min(background.shape[:2])
        row, column = (int(rng.integers(length - square + 1)) for length in background.shape[:2])
        background = background[row : row + square, column : column + square]
        shrinks = background.shape[0] > side
        photo = cv2.resize(background, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return np.asarray(photo, np.float32) / 255
    kind = pick(rng, {"studio": 0.58, "wood": 0.16, "cloth": 0.14, "carpet": 0.12})
    ground = {"studio": _studio, "wood": _wood, "cloth": _cloth, "carpet": _carpet}[kind](rng, side)
    shade = light(rng, side, 0.12)
    return np.asarray(ground * cv2.merge((shade, shade, shade)), np.float32)


def light(rng: np.random.Generator, side: int, strength: float) -> FloatArray:
    """Return (side, side) float32 light about 1: brighter to one corner or in the middle."""
    t = np.linspace(-1, 1, side, dtype=np.float32)
    along = rng.normal(0, strength / 2, 2).astype(np.float32)
    middle = np.float32(abs(rng.normal(0, strength / 4)))
    columns, rows = (slope * t - middle * t**2 for slope in along)
    return np.asarray(1 + columns[None, :] + rows[:, None], np.float32)


def smooth_noise(rng: np.random.Generator, side: int, rows: int, columns: int) -> FloatArray:
    """Return (side, side) float32 noise that changes over side / rows and side / columns pixels."""
    grid = rng.standard_normal((max(rows, 2), max(columns, 2)), np.float32)
    return np.asarray(cv2.resize(grid, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _studio(rng: np.random.Generator, side: int) -> FloatArray:
    kind = rng.random()
    colour = np.full(3, rng.uniform(0.88, 1.0), np.float32)
    if kind > 0.5:
        colour = np.full(3, rng.uniform(0.45, 0.9), np.float32) + rng.uniform(-0.03, 0.03, 3).astype(np.float32)
    if kind > 0.75:
        colour = random_colour(rng) * 0.4 + 0.55
    ground = np.broadcast_to(colour, (side, side, 3)).astype(np.float32)
    if rng.random() < 0.25:  # a floor below the wall
        row = int(side * rng.uniform(0.7, 0.95))
        ground = ground.copy()
        ground[row:] *= np.float32(rng.uniform(0.8, 0.97))
    return ground


def _wood(rng: np.random.Generator, side: int) -> FloatArray:
    shade = rng.uniform(0.25, 0.9)
    colour = np.array([1.0, rng.uniform(0.72, 0.92), rng.uniform(0.45, 0.85)], np.float32) * np.float32(shade)
    grain = smooth_noise(rng, side, int(rng.integers(40, 128)), int(rng.integers(2, 6))) * rng.uniform(0.02, 0.08)
    planks = int(rng.integers(2, 9))
    edges = np.linspace(0, side, planks + 1).astype(int) + int(rng.integers(0, side // planks))
    for start in edges:
        grain[start % side : start % side + side // planks] += np.float32(rng.normal(0, 0.05))
        if start % side < side - 1:
            grain[start % side : start % side + max(1, side // 200)] -= np.float32(rng.uniform(0.1, 0.4))
    ground = colour * (1 + grain[..., None])
    return ground if rng.random() < 0.5 else np.ascontiguousarray(ground.transpose(1, 0, 2))


def _cloth(rng: np.random.Generator, side: int) -> FloatArray:
    cloth = random_cloth(rng)
    wide = max(8, int(side * cloth.repeat / 100))
    tile = cv2.resize(cloth.tile, (wide, wide), interpolation=cv2.INTER_AREA)
    times = side // wide + 1
    ground = np.tile(tile, (times, times, 1))[:side, :side]
    folds = smooth_noise(rng, side, int(rng.integers(3, 9)), int(rng.integers(3, 9))) * rng.uniform(0.02, 0.09)
    return np.asarray(ground * (1 + folds[..., None]), np.float32)


def _carpet(rng: np.random.Generator, side: int) -> FloatArray:
    fine = rng.standard_normal((side, side), np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), rng.uniform(0.5, 1.8))
    fine /= fine.std()
    broad = smooth_noise(rng, side, 9, 9) * 0.04
    return np.asarray(random_colour(rng) * (1 + rng.uniform(0.04, 0.2) * fine + broad)[..., None], np.float32)
