"""Cloth as a photograph shows it: creases where the draft shades them, and a ripple of worn cloth."""

from __future__ import annotations

import numpy as np

from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.shading.cloth_displacement import TILE_PX, crease_heights, displaced, vertices_in_metres
from vmodel.scene.shading.cloth_shader import look_of_material
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.scene.shading.wrinkle_relief import TILE_M
from vmodel.types import FloatArray

_RIPPLE_M = 0.0001


def wrinkled(geometry: Geometry, seed: int) -> FloatArray:
    """Return all vertices (N, 3); those of the cloth are moved along their normals into creases.

    Creases and soft folds are at the same places where the draft shades them, so that a network can learn one from the
    other; a faint ripple everywhere is the photograph's own.

    Args:
        geometry: with a drape.
        seed: of the ripple.
    """
    height = crease_heights(geometry)
    on_cloth, metres = vertices_in_metres(geometry)
    column, row = (np.mod(metres, TILE_M) / TILE_M * TILE_PX).T
    strength = look_of_material(geometry.subject.drape).wrinkle
    height[on_cloth] += _RIPPLE_M * strength * sample_texture(_ripple_tile(seed), column, row, wrap=True)
    return displaced(geometry, height)


def _ripple_tile(seed: int) -> FloatArray:
    """Return (256, 256) repeating noise of deviation one, features of 15 to 60 mm: cloth that was worn before."""
    frequency = np.fft.fftfreq(TILE_PX, TILE_M / TILE_PX)
    radius = np.hypot(frequency[None], frequency[:, None])
    band = np.exp(-0.5 * ((radius - 24) / 12) ** 2)
    noise = np.random.default_rng([seed, 72]).normal(size=(TILE_PX, TILE_PX))
    height = np.fft.ifft2(np.fft.fft2(noise) * band).real
    return np.asarray(height / height.std(), np.float32)
