"""Unmarked pictures by the thousand, to look for false alarms: whole ones, crops of them, and drawn ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from vmodel.types import ByteArray, FloatArray

_DRAWN_EVERY = 5
"""One in this many pictures is drawn."""
_LARGE_EVERY = 8
"""One in this many crops is large: small ones take less time, and many pictures are copied small."""
_LEAST_PX = 72

Task = tuple[Path | None, int]


def tasks_of(paths: Sequence[Path], count: int) -> list[Task]:
    """List so many pictures: of each path first the whole picture, then its crops; without a path, a drawn one."""
    drawn = count // _DRAWN_EVERY
    crops: list[Task] = [(paths[number % len(paths)], number // len(paths)) for number in range(count - drawn)]
    return [*crops, *((None, number) for number in range(drawn))]


def picture_of(task: Task, read: Callable[[Path], ByteArray]) -> ByteArray:
    """Return (H, W, 3) uint8 of one of ``tasks_of``; the same each time."""
    path, turn = task
    if path is None:
        return _drawn(np.random.default_rng(turn))
    picture = read(path)
    if not turn:
        return picture
    rng = np.random.default_rng([turn, *path.stem.encode()])
    low, high = (0.3, 0.8) if turn % _LARGE_EVERY == 0 else (0.09, 0.3)
    height, width = (max(_LEAST_PX, int(side * rng.uniform(low, high))) for side in picture.shape[:2])
    top, left = rng.integers(picture.shape[0] - height), rng.integers(picture.shape[1] - width)
    return np.ascontiguousarray(picture[top : top + height, left : left + width])


def _drawn(rng: np.random.Generator) -> ByteArray:
    """Draw noise, cloth-like noise, stripes or checks as fine as the mark, in two colours, with a little grain."""
    height, width = (int(side) for side in rng.integers(_LEAST_PX, 320, 2))
    share = _PATTERNS[int(rng.integers(len(_PATTERNS)))](rng, height, width)
    first, second = rng.integers(0, 256, (2, 3)).astype(np.float32)
    picture = first + (second - first) * share[..., None] + rng.normal(0, rng.uniform(0, 4), (height, width, 3))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


def _noise(rng: np.random.Generator, height: int, width: int) -> FloatArray:
    return np.asarray(rng.random((height, width)), np.float32)


def _cloth(rng: np.random.Generator, height: int, width: int) -> FloatArray:
    soft = cv2.GaussianBlur(_noise(rng, height, width), (0, 0), float(rng.uniform(0.6, 4)))
    return np.asarray(cv2.normalize(soft, None, 0, 1, cv2.NORM_MINMAX))  # type: ignore[call-overload]


def _stripes(rng: np.random.Generator, height: int, width: int) -> FloatArray:
    angle, period = rng.uniform(0, np.pi), rng.uniform(4, 30)
    y, x = np.mgrid[:height, :width]
    wave = np.sin(2 * np.pi * (x * np.cos(angle) + y * np.sin(angle)) / period + rng.uniform(0, 6))
    return np.asarray(np.clip(wave * rng.uniform(0.5, 4) / 2 + 0.5, 0, 1), np.float32)


def _checks(rng: np.random.Generator, height: int, width: int) -> FloatArray:
    return np.asarray((_stripes(rng, height, width) + _stripes(rng, height, width)) / 2, np.float32)


_PATTERNS = (_noise, _cloth, _stripes, _checks)
