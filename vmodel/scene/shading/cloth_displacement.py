"""Wrinkles and soft folds in the cloth's mesh: the relief that the draft paints as normals moves vertices here.

Painted relief only tilts normals. Real creases are deeper, shade one another and lie in shadow from lamps, as in a
photograph. Light traced per pixel (``raytraced_light``) and the photographs that the embedded model learns from use
this cloth; the draft is faster with the painted one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.shading.cloth_shader import look_of_material
from vmodel.scene.shading.irradiance import surface_tangents
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.scene.shading.wrinkle_relief import (
    HANGING_TILE_M,
    ORIENTATIONS,
    TILE_M,
    hanging_heights,
    squeeze,
    wrinkle_slopes,
)
from vmodel.types import FloatArray, IntArray

TILE_PX = 256
_DEPTH = 1.7
"""Depth of real creases relative to the slopes that the draft shades."""
_INWARDS = 0.6
"""Share of its depth that a hollow keeps: below the cloth lies the body."""
_UNSEEN, _FULL = 0.012, 0.10


def creased(geometry: Geometry) -> Geometry:
    """Return the studio with creases in the cloth's mesh; vertices and triangles keep their numbers.

    Args:
        geometry: with or without a drape.
    """
    cloth = geometry.triangles[geometry.cloth_start :]
    if len(cloth) == 0:
        return geometry
    vertices = displaced(geometry, crease_heights(geometry))
    normals, used = geometry.normals.copy(), np.unique(cloth)
    normals[used] = vertex_normals(vertices, cloth)[used]
    return replace(
        geometry,
        vertices_m=vertices,
        normals=normals,
        all_surfaces=Tracer(vertices, geometry.triangles),
        cloth_only=Tracer(vertices, cloth),
    )


def displaced(geometry: Geometry, height: FloatArray) -> FloatArray:
    """Return all vertices (N, 3) float32, moved along their normals.

    Args:
        geometry: with a drape.
        height: (N,) metres; a hem's rim follows the vertices that it was made from.
    """
    height, rims = height.copy(), len(geometry.rim_parents)
    if rims:
        height[len(height) - rims :] = height[geometry.rim_parents]
    height = np.where(height < 0, _INWARDS * height, height)
    return np.asarray(geometry.vertices_m + geometry.normals * height[:, None], np.float32)


def crease_heights(geometry: Geometry) -> FloatArray:
    """Return the height (N,) of creases in float32 metres.

    Wrinkles form where cloth is squeezed and soft folds where it hangs, as the draft shades them.

    Args:
        geometry: with a drape.
    """
    height = np.zeros(len(geometry.vertices_m), np.float32)
    on_cloth, metres = vertices_in_metres(geometry)
    strength = look_of_material(geometry.subject.drape).wrinkle
    column, row = (np.mod(metres, TILE_M) / TILE_M * TILE_PX).T
    squeezed = squeeze(geometry)[on_cloth]
    for k in range(ORIENTATIONS):
        lean = np.clip((squeezed[:, k] - _UNSEEN) / _FULL, 0, 1)
        height[on_cloth] += _DEPTH * strength * lean * sample_texture(_height_tiles()[k], column, row, wrap=True)
    soft = hanging_heights()
    column, row = (np.mod(metres, HANGING_TILE_M) / HANGING_TILE_M * len(soft)).T
    height[on_cloth] += strength * sample_texture(soft, column, row, wrap=True)
    return height


def cloth_metres(geometry: Geometry) -> FloatArray:
    """Return the texture coordinates (T, 3, 2) of the cloth's corners in metres."""
    cloth = np.arange(geometry.cloth_start, len(geometry.triangles))
    density = float(np.median(surface_tangents(geometry, cloth[::5])[2]))
    return np.asarray(geometry.corner_uv[cloth] / density, np.float32)


def vertices_in_metres(geometry: Geometry) -> tuple[IntArray, FloatArray]:
    """Return the indices (n,) of the cloth's vertices, and their texture coordinates (n, 2) in metres."""
    metres = np.zeros((len(geometry.vertices_m), 2), np.float32)
    triangles = geometry.triangles[geometry.cloth_start :]
    metres[triangles.reshape(-1)] = cloth_metres(geometry).reshape(-1, 2)
    on_cloth = np.unique(triangles)
    return on_cloth, metres[on_cloth]


@cache
def _height_tiles() -> tuple[FloatArray, ...]:
    """Return six repeating (256, 256) reliefs in metres whose slopes are the draft's at full squeeze."""
    step = TILE_M / TILE_PX
    rows, columns = np.mgrid[0:TILE_PX, 0:TILE_PX]
    place = (np.stack([columns.ravel(), rows.ravel()], axis=1).astype(np.float32) + 0.5) * np.float32(step)
    frequency = 2j * np.pi * np.fft.fftfreq(TILE_PX, step)
    fx, fy = frequency[None, :], frequency[:, None]
    power = np.abs(fx) ** 2 + np.abs(fy) ** 2
    power[0, 0] = 1
    tiles = []
    for k in range(ORIENTATIONS):
        full = np.zeros((len(place), ORIENTATIONS), np.float32)
        full[:, k] = 1.0
        slopes = wrinkle_slopes(place, full, np.full(len(place), 1e-3, np.float32)).reshape(TILE_PX, TILE_PX, 2)
        spectrum = np.conj(fx) * np.fft.fft2(slopes[..., 0]) + np.conj(fy) * np.fft.fft2(slopes[..., 1])
        tiles.append(np.fft.ifft2(spectrum / power).real.astype(np.float32))
    return tuple(tiles)
