"""Cloth of the wardrobe: weave and wash, drawn over a block's painted panels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np

from vmodel.core.colour import blurred
from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.blocks.parts import Block
from vmodel.types import ByteArray, FloatArray


def _noise(canvas: Canvas, wide_cm: float, high_cm: float, seed: int) -> FloatArray:
    """Return (H, W) smooth noise of deviation 1 whose spots have this width and height."""
    k = canvas.px_per_cm
    small = tuple(
        max(4, int(side / max(1.0, cm * k / 2))) for side, cm in zip(canvas.size, (high_cm, wide_cm), strict=True)
    )
    coarse = np.random.default_rng(seed).standard_normal(small).astype(np.float32)
    found = cv2.resize(coarse, canvas.size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(found / max(float(found.std()), 1e-6))


def _twill(canvas: Canvas, seed: int, depth: float, pitch_cm: float) -> FloatArray:
    x, y = canvas.grid_cm()
    return np.asarray(
        depth * np.sin((x + 1.6 * y) * (2 * np.pi / pitch_cm)) + 0.6 * depth * _noise(canvas, 0.1, 1.2, seed)
    )


def _denim(canvas: Canvas, seed: int) -> FloatArray:
    return _twill(canvas, seed, 0.045, 0.22) + 0.03 * _noise(canvas, 0.12, 3.5, seed + 1)


def _heather(canvas: Canvas, seed: int) -> FloatArray:
    return np.asarray(0.05 * _noise(canvas, 0.35, 0.12, seed) + 0.03 * _noise(canvas, 0.1, 0.1, seed + 1))


_WEAVES: Final[Mapping[str, Callable[[Canvas, int], FloatArray]]] = MappingProxyType(
    {
        "denim": _denim,
        "twill": lambda canvas, seed: _twill(canvas, seed, 0.02, 0.18),
        "wool": lambda canvas, seed: 0.8 * _heather(canvas, seed) + _twill(canvas, seed, 0.012, 0.2),
        "jersey": lambda canvas, seed: 0.008 * _noise(canvas, 0.1, 0.25, seed),
        "heather": _heather,
    }
)
"""Name of a cloth -> relative brightness of its threads at each pixel."""


def weave_cloth(painted: ByteArray, canvas: Canvas, cloth: str, seed: int) -> ByteArray:
    """Draw the threads of a cloth over a painted side.

    Args:
        painted: (H, W, 3) uint8 sRGB, from ``paint_side``.
        canvas: on which it was painted.
        cloth: "denim", "twill", "wool", "jersey" or "heather".
        seed: of its unevenness.
    """
    shade = 1 + _WEAVES[cloth](canvas, seed)
    return np.asarray(np.clip(painted * shade[..., None] + 0.5, 0, 255), np.uint8)


def wash_legs(painted: ByteArray, canvas: Canvas, block: Block, side: str, strength: float) -> ByteArray:
    """Rub trousers paler where wear and washing take the dye: thighs, knees, seat and seams.

    Args:
        painted: (H, W, 3) uint8 sRGB.
        canvas: on which it was painted.
        block: the trousers.
        side: "front" or "back".
        strength: 0 for raw denim to 1 for a pale wash.
    """
    marks = block.landmarks_cm
    rise, low = -float(marks["crotch"][1]), float(marks["leg_outer_left"][1])
    hip, outer, inner = (float(marks[f"{name}_left"][0]) for name in ("hip", "leg_outer", "leg_inner"))
    x, y = canvas.grid_cm()
    thigh, knee, calf = -1.45 * rise, -rise + 0.48 * (low + rise), (outer + inner) / 2
    middle = np.interp(y, (low, -rise), (calf, 0.55 * hip))
    across = np.exp(-np.square((np.abs(x) - middle) / (0.38 * hip)))
    if side == "front":
        rubbed = across * (np.exp(-np.square((y - thigh) / 17.0)) + 0.5 * np.exp(-np.square((y - knee) / 9.0)))
    else:
        rubbed = across * (
            0.8 * np.exp(-np.square((y + 0.75 * rise) / 9.0)) + 0.35 * np.exp(-np.square((y - knee) / 12.0))
        )
    mottled = np.clip(rubbed * (1 + 0.12 * _noise(canvas, 1.5, 5.0, 5)), 0, 1.2)
    pale = np.array([168, 184, 204], np.float32)
    share = (0.5 * strength * blurred(np.asarray(mottled, np.float32), 3.0))[..., None]
    return np.asarray(np.clip(painted * (1 - share) + pale * share + 0.5, 0, 255), np.uint8)
