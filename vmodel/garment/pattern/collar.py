"""How wide a collar is, from where its photo shows it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from vmodel.garment.block_paint import Canvas
from vmodel.garment.block_parts import Block
from vmodel.garment.pattern.photo import SIDES
from vmodel.types import BoolArray, FloatArray

_LAPEL_FROM_CM: Final = 13.0
"""How far a front hangs open from which on lapels go down to its end and narrow to nothing there."""
_LAPEL: Final = ((0.0, 0.0), (0.12, 3.0), (0.35, 7.0), (0.6, 5.5), (1.0, 4.6))
_USUAL: Final = ((0.0, 7.0), (0.3, 5.5), (0.6, 4.6), (1.0, 4.6))
"""Share of the way along the neck from a collar's front end to the back's middle, and its usual width there, cm."""
LEANS_DOWN: Final = (0.83, 0.55)
"""Way of a collar's front edges on the cloth: down and outwards."""
LEANS: Final = 0.3
"""Share of that way over which they lean like this; from there on a collar falls away from the neck."""
_FRONT_STEPS: Final = 7
_STEP_CM: Final = 0.1
_MOST_CM: Final = 11.0
_WIDEST: Final = 1.25
"""How much wider than usual one that is no lapel is at most: what is wider lies on a shoulder in the photo as well."""
_LEAST_BEHIND_CM: Final = 3.5
_GAP_CM: Final = 0.8
"""Length of a gap across which a collar goes on, and that it begins below the neck's edge."""
_LEAST_SEEN_CM: Final = 2.5
"""Mean width below which the photo's collar was not recognised."""


def collar_widths(shown: BoolArray, block: Block, canvas: Canvas) -> FloatArray:
    """Measure a collar.

    Args:
        shown: (H, W) bool canvas of the front, where its cloth is the collar's.
        block: fitted to the photo.
        canvas: of the block.
    Returns:
        (n, 2) share of the way along the neck from the collar's front end to the back's middle, and its width, cm.
    """
    depth = float(np.ptp(block.front["neck"][:, 1]))
    is_lapel = depth > _LAPEL_FROM_CM
    closed = cv2.morphologyEx(shown.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0
    edge = block.front["neck"]
    half, behind = len(edge) // 2, block.back["neck"]
    front_long, back_long = (float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum()) / 2 for line in (edge, behind))
    ends = front_long / (front_long + back_long)
    widths = []
    for share in np.linspace(0, 0.9, _FRONT_STEPS):
        found = []
        for side, line in zip(SIDES, (edge[half::-1], edge[half:]), strict=True):
            found.append(
                _width(closed, canvas, line, share, share * ends, 1.0 if side == "left" else -1.0, not is_lapel)
            )
        widths.append(float(np.mean(found)))
    if np.mean(widths) < _LEAST_SEEN_CM:
        return np.array(_LAPEL if is_lapel else _USUAL)
    smooth = np.convolve(np.pad(widths, 1, "edge"), (0.25, 0.5, 0.25), "valid")
    shares = np.r_[np.linspace(0, 0.9, _FRONT_STEPS) * ends, 1.0]
    if is_lapel:
        smooth[0] = 0.0
    else:
        smooth = np.minimum(smooth, _WIDEST * np.interp(shares[:-1], *np.transpose(_USUAL)))
    last = max(float(smooth[-1]), _LEAST_BEHIND_CM)
    return np.stack([shares, np.r_[smooth[:-1], last, min(last, _USUAL[-1][1])]], axis=1)


def _width(
    shown: BoolArray, canvas: Canvas, line: FloatArray, share: float, along: float, out: float, leans: bool
) -> float:
    """Width in cm at a share of a line from the neck's middle to its end; ``out`` is +1 on the left."""
    at = share * (len(line) - 1)
    place = np.array([np.interp(at, np.arange(len(line)), line[:, axis]) for axis in (0, 1)])
    index = int(np.clip(round(at), 1, len(line) - 2))
    way = line[index + 1] - line[index - 1]
    away = np.array([way[1], -way[0]]) * out
    away /= max(float(np.linalg.norm(away)), 1e-9)
    leaning = np.clip(1 - along / LEANS, 0, 1) if leans else 0.0
    heading = (1 - leaning) * away + leaning * np.array([out * LEANS_DOWN[1], -LEANS_DOWN[0]])
    heading /= max(float(np.linalg.norm(heading)), 1e-9)
    steps = np.arange(0, _MOST_CM, _STEP_CM)
    pixels = np.floor(canvas.to_pixels(place + steps[:, None] * heading)).astype(int)
    inside = (pixels >= 0).all(1) & (pixels[:, 0] < shown.shape[1]) & (pixels[:, 1] < shown.shape[0])
    on = np.zeros(len(steps), bool)
    on[inside] = shown[pixels[inside, 1], pixels[inside, 0]]
    reached = np.r_[0.0, steps[on]]
    breaks = np.flatnonzero(np.diff(reached) > _GAP_CM)
    return float(reached[breaks[0]] if len(breaks) else reached[-1])
