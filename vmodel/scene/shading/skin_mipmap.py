"""Painted skin with half-sized copies, so that edges, lips and eyes neither alias nor shimmer where they are small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.types import FloatArray, IntArray, SkinTextures

_LEVELS = 3
"""Number of levels: a texel of the coarsest is four wide, as far as the painted gutter round each island allows."""


@dataclass(frozen=True)
class TextureSpots:
    """Places of samples in the skin textures; (S, ...) float32.

    Attributes:
        x, y: texels from the left and from the top.
        footprint: texels that one pixel covers along a side.
        tangents: dP/dx and dP/dy (S, 3) in metres per texture unit.
        texel_m: width and height of a texel.
    """

    x: FloatArray
    y: FloatArray
    footprint: FloatArray
    tangents: tuple[FloatArray, FloatArray]
    texel_m: tuple[FloatArray, FloatArray]


class SkinPyramid:
    """Skin textures looked up by footprint."""

    def __init__(self, skin: SkinTextures) -> None:
        self.size = skin.albedo.shape[0]
        self._skin = skin
        self._levels: dict[str, list[FloatArray]] = {}

    def at(self, name: str, spots: TextureSpots) -> Any:
        """Look up a field of ``SkinTextures`` at spots: (S,) or (S, 3) float32."""
        levels = self._filtered(name)
        level = np.clip(np.log2(np.maximum(spots.footprint, 1e-3)), 0, len(levels) - 1)
        lower: IntArray = np.minimum(level.astype(np.int32), max(len(levels) - 2, 0))
        share = (level - lower).astype(np.float32)
        result = np.empty((len(spots.x), *levels[0].shape[2:]), np.float32)
        for index in np.unique(lower):
            chosen = np.flatnonzero(lower == index)
            fine = self._look_up(levels, int(index), spots, chosen)
            blended = np.flatnonzero(share[chosen] > 0)
            if len(blended):
                coarse = self._look_up(levels, int(index) + 1, spots, chosen[blended])
                weight = share[chosen[blended]].reshape(-1, *(1,) * (fine.ndim - 1))
                fine[blended] += weight * (coarse - fine[blended])
            result[chosen] = fine
        return result

    def _filtered(self, name: str) -> list[FloatArray]:
        if name not in self._levels:
            levels = [getattr(self._skin, name)]
            while len(levels) < _LEVELS and min(levels[-1].shape[:2]) >= 2:
                half = (levels[-1].shape[1] // 2, levels[-1].shape[0] // 2)
                levels.append(cv2.resize(levels[-1], half, interpolation=cv2.INTER_AREA))
            self._levels[name] = levels
        return self._levels[name]

    def _look_up(self, levels: list[FloatArray], level: int, spots: TextureSpots, chosen: IntArray) -> Any:
        scale = levels[level].shape[0] / self.size
        return sample_texture(levels[level], spots.x[chosen] * scale, spots.y[chosen] * scale)
