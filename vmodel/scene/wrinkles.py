"""Wrinkles finer than the cloth mesh: ridges that run across the direction in which the cloth is squeezed."""

from __future__ import annotations

from functools import cache

import numpy as np

from vmodel.scene.geometry import Geometry
from vmodel.scene.texturing import look_up
from vmodel.scene.visibility import averaging
from vmodel.types import FloatArray, IntArray

TILE_M = 0.32
ORIENTATIONS = 6
_TILE_PX = 512
_UNSEEN, _FULL, _STEEPEST = 0.012, 0.10, 0.42


def squeeze(geometry: Geometry) -> FloatArray:
    """How much the cloth is compressed along each of six directions of its texture.

    Returns:
        (N, 6) float32 at fine vertices, share of length lost (0 where stretched); zero off the cloth.
    """
    drape = geometry.subject.drape
    counts = geometry.coarse.counts
    total = sum(counts)
    values = np.zeros((total, ORIENTATIONS), np.float32)
    if drape is None:
        return geometry.refined(values)
    strain = _triangle_strain(np.asarray(drape.vertices_m), drape.triangles, drape.texture_px, drape.texture)
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
    smooth = averaging(geometry.coarse)
    return np.maximum(geometry.refined(np.asarray(smooth @ (smooth @ values), np.float32)), 0)


def wrinkle_slopes(texture_m: FloatArray, squeezed: FloatArray, pixel_m: FloatArray) -> FloatArray:
    """Slopes of the wrinkle relief along the texture's axes.

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
            tile = look_up(_tiles()[k], x[active], y[active], wrap=True)
            slopes[active] += tile * lean[active, k, None]
    return slopes


def _triangle_strain(
    vertices: FloatArray, triangles: IntArray, texture_px: FloatArray, texture: IntArray
) -> FloatArray:
    """(T, 2, 2) Green strain in texture axes, against the median scale of each texture."""
    corners = vertices[triangles]
    world = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=2)
    flat = np.stack([texture_px[:, 1] - texture_px[:, 0], texture_px[:, 2] - texture_px[:, 0]], axis=2).astype(float)
    determinant = np.linalg.det(flat)
    good = np.abs(determinant) > 1e-6
    inverse = np.zeros_like(flat)
    inverse[good] = np.linalg.inv(flat[good])
    gradient = world @ inverse
    metric = np.swapaxes(gradient, 1, 2) @ gradient
    scale = np.ones(len(triangles))
    for index in np.unique(texture):
        chosen = good & (texture == index)
        if chosen.any():
            scale[texture == index] = np.median(np.trace(metric[chosen], axis1=1, axis2=2)) / 2
    strain = 0.5 * (metric / scale[:, None, None] - np.eye(2))
    strain[~good] = 0
    return np.asarray(strain)


@cache
def _tiles() -> tuple[FloatArray, ...]:
    """Six repeating (512, 512, 2) slope pictures of unit root mean square, ridges across each direction.

    Filtered noise: 12 to 40 mm between ridges, five times as long as wide, in patches a hand wide.
    """
    rng = np.random.default_rng(20)
    frequency = np.fft.fftfreq(_TILE_PX, TILE_M / _TILE_PX)
    fx, fy = np.meshgrid(frequency, frequency)
    tiles = []
    for k in range(ORIENTATIONS):
        angle = np.pi * k / ORIENTATIONS
        along = fx * np.cos(angle) + fy * np.sin(angle)
        across = -fx * np.sin(angle) + fy * np.cos(angle)
        band = np.exp(-0.5 * ((np.abs(along) - 46) / 18) ** 2) * np.exp(-0.5 * (across / 9) ** 2)
        patch = np.exp(-0.5 * (np.hypot(fx, fy) / 7) ** 2)
        height, extent = (np.fft.ifft2(np.fft.fft2(rng.normal(size=fx.shape)) * f).real for f in (band, patch))
        height = height * np.clip(0.6 + 0.5 * extent / extent.std(), 0, 1.6)
        slope_y, slope_x = np.gradient(height, TILE_M / _TILE_PX)
        slopes = np.stack([slope_x, slope_y], axis=-1)
        tiles.append((slopes / np.sqrt(np.square(slopes).sum(axis=-1).mean())).astype(np.float32))
    return tuple(tiles)
