"""Soft folds of loosely hanging cloth: wider than wrinkles, finer than the solver's mesh can form."""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.scene.geometry.smoothing import averaging
from vmodel.scene.geometry.vectors import dot
from vmodel.types import Drape, FloatArray, PosedBody

_DEEP_M = 0.0016
"""Root mean square of the relief where cloth hangs free: deeper or shorter folds look like dents and stains."""
_TOUCHING_M, _FREE_M = 0.010, 0.035
"""Distance to the body below which cloth lies on it, and above which it hangs free."""
_LIMIT = 0.45
"""Largest share of the room to the body, or to another garment, that a fold may take."""
_APART_M = (0.055, 0.12)
_LONG_M = 1.3
_WAVES = 32


_STRENGTH = {
    "denim": 0.7,
    "silk": 1.2,
    "satin": 1.2,
    "chiffon": 1.3,
    "knit": 0.7,
    "wool": 0.7,
    "coat-wool": 0.5,
    "leather": 0.5,
}
"""Depth of a fabric's folds relative to those of jersey and cotton: stiff cloth folds less."""


def folded(drape: Drape, posed: PosedBody) -> FloatArray:
    """Return the drape's vertices, moved along their normals into folds along the grain.

    Folds begin where the cloth leaves the body and deepen with its distance from it, as in cloth held from above.
    They depend on the place on the cloth, so they stay the same in every pose and view.

    Args:
        drape: in the pose of the body.
        posed: the body.
    Returns:
        (N, 3) float32; no vertex moves by more than ``_LIMIT`` of its distance to what lies below or above it.
    """
    cloth = np.asarray(drape.vertices_m, np.float32)
    room = _room(drape, cloth, posed)
    free = np.clip((room - _TOUCHING_M) / (_FREE_M - _TOUCHING_M), 0, 1)
    free = free * free * (3 - 2 * free)
    height = _DEEP_M * _strength(drape, len(cloth)) * free * _relief(_cloth_metres(drape, cloth))
    height = np.clip(height, -_LIMIT * room, _LIMIT * room)
    smooth = averaging(drape.triangles, len(cloth))
    height = smooth @ (smooth @ height)
    return np.asarray(cloth + vertex_normals(cloth, drape.triangles) * height[:, None], np.float32)


def _room(drape: Drape, cloth: FloatArray, posed: PosedBody) -> FloatArray:
    """Return the metres (N,) from each vertex to the body or the nearest other piece of cloth."""
    body = np.asarray(posed.vertices_m, np.float32)
    _, nearest = cKDTree(body).query(cloth)
    room = np.abs(dot(cloth - body[nearest], vertex_normals(body, posed.faces)[nearest]))
    ends = drape.triangles[:, [0, 1, 2]].reshape(-1), drape.triangles[:, [1, 2, 0]].reshape(-1)
    links = sparse.coo_matrix((np.ones(len(ends[0]), bool), ends), (len(cloth), len(cloth)))
    pieces, piece = connected_components(links, directed=False)
    if 1 < pieces <= 8:
        for number in range(pieces):
            other, own = piece != number, piece == number
            room[own] = np.minimum(room[own], cKDTree(cloth[other]).query(cloth[own])[0])
    return np.asarray(room)


def _cloth_metres(drape: Drape, cloth: FloatArray) -> FloatArray:
    """Return the place (N, 2) of each vertex on the cloth in metres: the mean over its corners."""
    flat = np.asarray(drape.texture_px, np.float64)
    across = np.linalg.norm(flat - np.roll(flat, -1, axis=1), axis=2).sum(axis=1)
    corners = cloth[drape.triangles]
    along = np.linalg.norm(corners - np.roll(corners, -1, axis=1), axis=2).sum(axis=1)
    metres = float(np.median(along / np.maximum(across, 1e-9)))
    rows = drape.triangles.reshape(-1)
    # A back panel repeats the front's places; it must not repeat the front's folds.
    places = flat * metres + np.asarray(drape.texture, float)[:, None, None] * 7.3
    used = np.maximum(np.bincount(rows, minlength=len(cloth)), 1)
    return np.stack([np.bincount(rows, places[..., axis].reshape(-1), len(cloth)) / used for axis in (0, 1)], axis=1)


def _strength(drape: Drape, count: int) -> FloatArray:
    """Return the fold strength (N,) of the fabric at each vertex."""
    names = drape.texture_materials or (drape.material,)
    known = np.array([_STRENGTH.get(name, 1.0) for name in names])
    rows = drape.triangles.reshape(-1)
    told = np.repeat(known[np.minimum(drape.texture, len(known) - 1)], 3)
    return np.asarray(np.bincount(rows, told, count) / np.maximum(np.bincount(rows, minlength=count), 1))


def _relief(places_m: FloatArray) -> FloatArray:
    """Return the relief (N,) of unit deviation: long waves along the grain that split, join and fade, in patches."""
    waves, phase = _waves()
    height = np.cos(places_m @ waves.T + phase).sum(axis=1) / np.sqrt(_WAVES / 2)
    patches = np.cos(places_m @ (0.17 * waves[::4, ::-1]).T + phase[::4]).sum(axis=1) / np.sqrt(_WAVES / 8)
    return np.asarray(height * np.clip(0.75 + 0.4 * patches, 0.1, 1.6))


@cache
def _waves() -> tuple[FloatArray, FloatArray]:
    """Return wave vectors (_WAVES, 2) in radians per metre and phases (_WAVES,)."""
    rng = np.random.default_rng(8)
    across = 2 * np.pi / rng.uniform(*_APART_M, _WAVES)
    along = rng.normal(0, 2 * np.pi / _LONG_M, _WAVES)
    return np.stack([across, along], axis=1), rng.uniform(0, 2 * np.pi, _WAVES)
