"""Relief finer than the cloth mesh: wrinkles where cloth is squeezed, and the soft folds of hanging cloth."""

from __future__ import annotations

from functools import cache

import numpy as np

from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.smoothing import averaging
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.types import Drape, FloatArray

TILE_M = 0.32
ORIENTATIONS = 6
_TILE_PX = 512
_UNSEEN, _FULL, _STEEPEST = 0.03, 0.14, 0.20
HANGING_TILE_M = 0.64
HANGING = 0.072
"""Root mean square slope of soft folds in cloth of common strength."""
_HANGING_M = (0.030, 0.14)
_HANGING_LONG = 9.0
"""Length of soft folds relative to their width."""


def squeeze(geometry: Geometry) -> FloatArray:
    """Return how much the cloth is compressed along each of six directions of its texture.

    Returns:
        (N, 6) float32 at fine vertices, share of length lost (0 where stretched); zero off the cloth.
    """
    drape = geometry.subject.drape
    counts = geometry.coarse.counts
    total = sum(counts)
    values = np.zeros((total, ORIENTATIONS), np.float32)
    if drape is None:
        return geometry.refined(values)
    strain = _triangle_strain(drape)
    angles = np.arange(ORIENTATIONS) * np.pi / ORIENTATIONS
    direction = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    along = np.einsum("ki,tij,kj->tk", direction, strain, direction)
    lost = np.clip(-along, -0.25, 0.25)
    start = counts[0] + counts[1]
    rows = drape.triangles.reshape(-1)
    used = np.maximum(np.bincount(rows, minlength=counts[2]), 1)
    for k in range(ORIENTATIONS):
        values[start:, k] = np.bincount(rows, np.repeat(lost[:, k], 3), counts[2]) / used
    # Signed while it is averaged: a solver's noise cancels, real compression stays.
    smooth = averaging(geometry.coarse.triangles, len(geometry.coarse.vertices_m))
    return np.maximum(geometry.refined(np.asarray(smooth @ (smooth @ values), np.float32)), 0)


def wrinkle_slopes(texture_m: FloatArray, squeezed: FloatArray, pixel_m: FloatArray) -> FloatArray:
    """Return the slopes of the wrinkle relief along the texture's axes.

    Args:
        texture_m: (S, 2) texture coordinates in metres of cloth.
        squeezed: (S, 6) from ``squeeze``.
        pixel_m: (S,) picture pixel's size; wrinkles narrower than that fade.
    Returns:
        (S, 2) float32 rise per run.
    """
    # A solver's cloth is always squeezed a little; only more than that is a wrinkle the mesh could not form.
    lean = _STEEPEST * np.clip((squeezed - _UNSEEN) / _FULL, 0, 1)
    lean *= np.clip(0.004 / np.maximum(pixel_m, 1e-6), 0, 1)[:, None]
    x, y = (np.mod(texture_m, TILE_M) / TILE_M * _TILE_PX).T.astype(np.float32)
    slopes = np.zeros((len(texture_m), 2), np.float32)
    for k in range(ORIENTATIONS):
        active = np.flatnonzero(lean[:, k] > 0.01)
        if len(active):
            tile = sample_texture(_tiles()[k], x[active], y[active], wrap=True)
            slopes[active] += tile * lean[active, k, None]
    return slopes


def hanging_slopes(texture_m: FloatArray) -> FloatArray:
    """Return the slopes of the soft folds that any worn cloth has: upright waves, too shallow for the mesh to form.

    Args:
        texture_m: (S, 2) texture coordinates in metres of cloth, y along the grain.
    Returns:
        (S, 2) float32 rise per run.
    """
    x, y = (np.mod(texture_m, HANGING_TILE_M) / HANGING_TILE_M * _TILE_PX).T.astype(np.float32)
    slopes: FloatArray = sample_texture(_hanging_tile(), x, y, wrap=True)
    return slopes


@cache
def hanging_heights() -> FloatArray:
    """Return the relief of ``hanging_slopes``: a repeating (512, 512) tile of ``HANGING_TILE_M``, in float32 m."""
    rng = np.random.default_rng(31)
    frequency = np.fft.fftfreq(_TILE_PX, HANGING_TILE_M / _TILE_PX)
    fx, fy = np.meshgrid(frequency, frequency)
    radius = np.hypot(fx, _HANGING_LONG * fy)
    shortest, longest = _HANGING_M
    waves = np.where((radius > 1 / longest) & (radius < 1 / shortest), np.maximum(radius, 1) ** -1.6, 0)
    patches = np.exp(-0.5 * (np.hypot(fx, fy) / 3) ** 2)
    height, extent = (np.fft.ifft2(np.fft.fft2(rng.normal(size=fx.shape)) * f).real for f in (waves, patches))
    height = height * np.clip(0.8 + 0.4 * extent / extent.std(), 0.1, 1.6)
    steep = np.hypot(*np.gradient(height, HANGING_TILE_M / _TILE_PX))
    return np.asarray(height * HANGING / np.sqrt(np.square(steep).mean()), np.float32)


@cache
def _hanging_tile() -> FloatArray:
    """Return the slopes (512, 512, 2) of ``hanging_heights``."""
    slope_y, slope_x = np.gradient(np.pad(hanging_heights(), 1, "wrap"), HANGING_TILE_M / _TILE_PX)
    return np.stack([slope_x, slope_y], axis=-1)[1:-1, 1:-1].astype(np.float32)


def _triangle_strain(drape: Drape) -> FloatArray:
    """Return the Green strain (T, 2, 2) of the cloth against its rest lengths, in texture axes.

    The texture's own scale is no reference: a photo is warped onto its cut, and a cut may be widened to fit a body.
    """
    vertices = np.asarray(drape.vertices_m, float)
    count = len(vertices)
    keys = drape.rest_edges.min(axis=1).astype(np.int64) * count + drape.rest_edges.max(axis=1)
    order = np.argsort(keys)
    rows, wanted = [], []
    for i, j in ((0, 1), (1, 2), (2, 0)):
        first, second = drape.triangles[:, i].astype(np.int64), drape.triangles[:, j].astype(np.int64)
        key = np.minimum(first, second) * count + np.maximum(first, second)
        place = order[np.searchsorted(keys, key, sorter=order).clip(0, len(order) - 1)]
        rest = np.where(keys[place] == key, drape.rest_lengths_m[place], np.inf)
        length = np.linalg.norm(vertices[first] - vertices[second], axis=1)
        wanted.append(np.where(np.isfinite(rest), 0.5 * ((length / rest) ** 2 - 1), 0.0))
        flat = (drape.texture_px[:, j] - drape.texture_px[:, i]).astype(float)
        x, y = (flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-9)).T
        rows.append(np.stack([x * x, 2 * x * y, y * y], axis=1))
    matrices = np.stack(rows, axis=1)
    good = np.abs(np.linalg.det(matrices)) > 0.02
    matrices[~good] = np.eye(3)
    xx, xy, yy = np.linalg.solve(matrices, np.stack(wanted, axis=1)[..., None])[..., 0].T
    strain = np.stack([np.stack([xx, xy], axis=1), np.stack([xy, yy], axis=1)], axis=1)
    strain[~good] = 0
    return np.asarray(strain)


@cache
def _tiles() -> tuple[FloatArray, ...]:
    """Return six repeating (512, 512, 2) slope pictures of unit root mean square, ridges across each direction.

    Filtered noise: 30 to 70 mm between ridges, six times as long as wide, in patches a hand wide. Finer ridges looked
    like ripples on water.
    """
    rng = np.random.default_rng(20)
    frequency = np.fft.fftfreq(_TILE_PX, TILE_M / _TILE_PX)
    fx, fy = np.meshgrid(frequency, frequency)
    tiles = []
    for k in range(ORIENTATIONS):
        angle = np.pi * k / ORIENTATIONS
        along = fx * np.cos(angle) + fy * np.sin(angle)
        across = -fx * np.sin(angle) + fy * np.cos(angle)
        band = np.exp(-0.5 * ((np.abs(along) - 24) / 9) ** 2) * np.exp(-0.5 * (across / 4) ** 2)
        patch = np.exp(-0.5 * (np.hypot(fx, fy) / 7) ** 2)
        height, extent = (np.fft.ifft2(np.fft.fft2(rng.normal(size=fx.shape)) * f).real for f in (band, patch))
        height = height * np.clip(0.6 + 0.5 * extent / extent.std(), 0, 1.6)
        slope_y, slope_x = np.gradient(height, TILE_M / _TILE_PX)
        slopes = np.stack([slope_x, slope_y], axis=-1)
        tiles.append((slopes / np.sqrt(np.square(slopes).sum(axis=-1).mean())).astype(np.float32))
    return tuple(tiles)
