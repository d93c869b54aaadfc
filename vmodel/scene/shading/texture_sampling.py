"""Looking up pictures at surface samples, without aliasing where they shrink."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from vmodel.core.colour import to_linear
from vmodel.types import ByteArray, FloatArray, IntArray

_ROW = 8192
# A print gets the full sharpness when an output pixel covers less than 0.75 of one of its own.
_ENLARGED = 0.25


def sample_texture(picture: Any, x: FloatArray, y: FloatArray, cubic: bool = False, wrap: bool = False) -> Any:
    """Interpolate a picture at points.

    Args:
        picture: (H, W) or (H, W, C) uint8 or float32.
        x: (S,) pixels from the left, pixel centres at half-integers.
        y: (S,) pixels from the top.
        cubic: bicubic instead of bilinear.
        wrap: the picture repeats outside itself; otherwise its border does.
    Returns:
        (S,) or (S, C), the picture's dtype.
    """
    count = len(x)
    rows = max(1, -(-count // _ROW))
    padded = np.zeros((2, rows * _ROW), np.float32)
    padded[0, :count], padded[1, :count] = x - 0.5, y - 0.5
    grid = padded.reshape(2, rows, _ROW)
    kind = cv2.INTER_CUBIC if cubic else cv2.INTER_LINEAR
    border = cv2.BORDER_WRAP if wrap else cv2.BORDER_REPLICATE
    found = cv2.remap(picture, grid[0], grid[1], kind, borderMode=border)
    return found.reshape(rows * _ROW, -1)[:count] if picture.ndim == 3 else found.reshape(-1)[:count]


class MipTexture:
    """Picture of a garment with half-sized copies, looked up by footprint so that prints neither blur nor shimmer."""

    def __init__(self, picture: ByteArray) -> None:
        levels = [np.ascontiguousarray(picture)]
        while min(levels[-1].shape[:2]) > 8 and len(levels) < 8:
            height, width = levels[-1].shape[:2]
            levels.append(cv2.resize(levels[-1], ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_AREA))
        self._levels = levels

    def colours(self, points_px: FloatArray, footprint_px: FloatArray) -> FloatArray:
        """Return linear-light colours.

        Args:
            points_px: (S, 2) (x, y) in the picture.
            footprint_px: (S,) picture pixels that one output pixel covers along a side.
        Returns:
            (S, 3) float32.
        """
        # Half a level sharper than the textbook: edges of prints matter more than the last bit of shimmer.
        level = np.clip(np.log2(np.maximum(footprint_px, 1e-3)) - 0.4, 0, len(self._levels) - 1)
        lower: IntArray = np.floor(level).astype(np.int32)
        share = (level - lower)[:, None].astype(np.float32)
        result = np.empty((len(points_px), 3), np.float32)
        for index in np.unique(lower):
            chosen = np.flatnonzero(lower == index)
            fine = self._at(int(index), points_px[chosen])
            if index == 0:
                fine = self._sharpened(fine, points_px[chosen], footprint_px[chosen])
            coarse = self._at(min(int(index) + 1, len(self._levels) - 1), points_px[chosen])
            result[chosen] = fine * (1 - share[chosen]) + coarse * share[chosen]
        return result

    def _at(self, level: int, points_px: FloatArray) -> FloatArray:
        picture = self._levels[level]
        scale_y = picture.shape[0] / self._levels[0].shape[0]
        scale_x = picture.shape[1] / self._levels[0].shape[1]
        return to_linear(sample_texture(picture, points_px[:, 0] * scale_x, points_px[:, 1] * scale_y))

    def _sharpened(self, colours: FloatArray, points_px: FloatArray, footprint_px: FloatArray) -> FloatArray:
        """Give enlarged prints up to half the bicubic's extra sharpness, hence half its ringing.

        Each sample is independent, so that it does not matter which others are looked up with it.
        """
        share = np.clip(0.5 * (1 - footprint_px) / _ENLARGED, 0, 0.5)
        chosen = np.flatnonzero(share > 0)
        if len(chosen) == 0:
            return colours
        cubic = to_linear(sample_texture(self._levels[0], points_px[chosen, 0], points_px[chosen, 1], cubic=True))
        result = colours.copy()
        result[chosen] += (cubic - colours[chosen]) * share[chosen, None].astype(np.float32)
        return result
