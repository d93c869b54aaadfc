"""Cloth as a photograph shows it: the draft's painted wrinkles become real ones, and cloth that hung for a while."""

from __future__ import annotations

from functools import cache

import numpy as np

from vmodel.scene.cloth import look_of_material
from vmodel.scene.geometry import Geometry
from vmodel.scene.shading import surface_tangents
from vmodel.scene.texturing import look_up
from vmodel.scene.wrinkles import HANGING_TILE_M, ORIENTATIONS, TILE_M, hanging_heights, squeeze, wrinkle_slopes
from vmodel.types import FloatArray

_PX = 256
_DEPTH = 1.7
"""How much deeper real creases are than the slopes that the draft shades."""
_RIPPLE_M = 0.0001
_UNSEEN, _FULL = 0.012, 0.10


def cloth_metres(geometry: Geometry) -> FloatArray:
    """(T, 3, 2) texture coordinates of the cloth's corners in metres."""
    cloth = np.arange(geometry.cloth_start, len(geometry.triangles))
    density = float(np.median(surface_tangents(geometry, cloth[::5])[2]))
    return np.asarray(geometry.corner_uv[cloth] / density, np.float32)


def wrinkled(geometry: Geometry, seed: int) -> FloatArray:
    """All vertices (N, 3); those of the cloth are moved along their normals into creases.

    Creases and soft folds stand at the very places where the draft shades them, so that a network can learn to see one
    from the other; a faint ripple everywhere is the photograph's own.

    Args:
        geometry: with a drape.
        seed: of the ripple.
    """
    count = len(geometry.vertices_m)
    metres = np.zeros((count, 2), np.float32)
    triangles = geometry.triangles[geometry.cloth_start :]
    metres[triangles.reshape(-1)] = cloth_metres(geometry).reshape(-1, 2)
    on_cloth = np.unique(triangles)
    strength = look_of_material(geometry.subject.drape).wrinkle
    height = np.zeros(count, np.float32)
    column, row = (np.mod(metres[on_cloth], TILE_M) / TILE_M * _PX).T
    squeezed = squeeze(geometry)[on_cloth]
    for k in range(ORIENTATIONS):
        lean = _lean(squeezed[:, k])
        height[on_cloth] += _DEPTH * strength * lean * look_up(_height_tiles()[k], column, row, wrap=True)
    soft = hanging_heights()
    place = np.mod(metres[on_cloth], HANGING_TILE_M) / HANGING_TILE_M * len(soft)
    height[on_cloth] += strength * look_up(soft, place[:, 0], place[:, 1], wrap=True)
    ripple = _ripple_tile(seed)
    height[on_cloth] += _RIPPLE_M * strength * look_up(ripple, column, row, wrap=True)
    rims = len(geometry.rim_parents)
    if rims:
        height[count - rims :] = height[geometry.rim_parents]
    # Cloth gives way outwards: below it lies the body.
    height = np.where(height < 0, 0.6 * height, height)
    return np.asarray(geometry.vertices_m + geometry.normals * height[:, None], np.float32)


def _lean(squeezed: FloatArray) -> FloatArray:
    """(n,) 0..1 share of a wrinkle's full slope; the ramp is that of the draft's shading."""
    return np.asarray(np.clip((squeezed - _UNSEEN) / _FULL, 0, 1), np.float32)


@cache
def _height_tiles() -> tuple[FloatArray, ...]:
    """Six repeating (256, 256) reliefs in metres whose slopes are the draft's at full squeeze."""
    step = TILE_M / _PX
    rows, columns = np.mgrid[0:_PX, 0:_PX]
    place = (np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32) + 0.5) * np.float32(step)
    frequency = 2j * np.pi * np.fft.fftfreq(_PX, step)
    fx, fy = frequency[None, :], frequency[:, None]
    power = np.abs(fx) ** 2 + np.abs(fy) ** 2
    power[0, 0] = 1
    tiles = []
    for k in range(ORIENTATIONS):
        full = np.zeros((len(place), ORIENTATIONS), np.float32)
        full[:, k] = 1.0
        slopes = wrinkle_slopes(place, full, np.full(len(place), 1e-3, np.float32)).reshape(_PX, _PX, 2)
        spectrum = np.conj(fx) * np.fft.fft2(slopes[..., 0]) + np.conj(fy) * np.fft.fft2(slopes[..., 1])
        tiles.append(np.fft.ifft2(spectrum / power).real.astype(np.float32))
    return tuple(tiles)


def _ripple_tile(seed: int) -> FloatArray:
    """(256, 256) repeating noise of deviation one, features of 15 to 60 mm: cloth that was worn before."""
    frequency = np.fft.fftfreq(_PX, TILE_M / _PX)
    radius = np.hypot(frequency[None], frequency[:, None])
    band = np.exp(-0.5 * ((radius - 24) / 12) ** 2)
    noise = np.random.default_rng([seed, 72]).normal(size=(_PX, _PX))
    height = np.fft.ifft2(np.fft.fft2(noise) * band).real
    return np.asarray(height / height.std(), np.float32)
