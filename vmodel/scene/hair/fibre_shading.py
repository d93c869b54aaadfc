"""Light on strands: fibre highlights, and the shadow that hair casts on itself."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from vmodel.core.parallel import side_by_side
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.shading.lights import PlacedSetup
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import Camera, FloatArray, IntArray, Strands

HEAD, BROW, LASH, FACIAL = 0, 1, 2, 3
"""Values of ``Strands.kind``."""

_LASH_GLEAM = 0.12
"""Share of its light that a lash keeps: lashes shade one another, and their row is seen as a dark line."""
_SLEEK_M, _LEAST_SHINE = 0.05, 0.35
_VOXEL_M = 0.006
_ROOTS_M = 0.022
_ROOT_ABSORPTION = np.array([0.55, 0.68, 0.80], np.float32)
_STEPS = 14
_AT_ONCE = 2048
"""Strands that are lit at a time, so that what is computed on the way stays small."""


def shade_strands(geometry: Geometry, hair: Strands, camera: Camera, lighting: Lighting) -> FloatArray:
    """Return colours (N, K, 3) by Kajiya and Kay with Marschner's shifted highlights, dimmed by the hair in between."""
    shift = np.random.default_rng(5).normal(0, 0.035, len(hair.points_m)).astype(np.float32)
    volume = _HairVolume(geometry, hair, lighting.setup)

    def part(start: int) -> FloatArray:
        some = slice(start, start + _AT_ONCE)
        strands = Strands(hair.points_m[some], hair.radius_m[some], hair.colour[some], hair.kind[some])
        return _lit(strands, shift[some], camera, lighting.setup, volume)

    return np.concatenate(list(side_by_side(part, range(0, len(shift), _AT_ONCE))))


def _lit(hair: Strands, shifts: FloatArray, camera: Camera, setup: PlacedSetup, volume: _HairVolume) -> FloatArray:
    points = np.asarray(hair.points_m, np.float32)
    strands, count = points.shape[:2]
    tangent = np.gradient(points, axis=1)
    tangent /= np.maximum(length(tangent)[..., None], 1e-9)
    flat, along = points.reshape(-1, 3), tangent.reshape(-1, 3)
    view = camera.position_m.astype(np.float32) - flat
    view /= length(view)[..., None]
    own = _with_roots(hair).reshape(-1, 3)
    shine, shift = np.repeat(_shine(points), count), np.repeat(shifts, count)
    dark = np.repeat(np.where(hair.kind == LASH, _LASH_GLEAM, 1).astype(np.float32), count)[:, None]
    total = own * (setup.dome * 1.1).astype(np.float32) * volume.dome(points).reshape(-1, 1)
    for index, light in enumerate(setup.lights):
        towards = light.position_m.astype(np.float32) - flat
        distance = length(towards)[..., None]
        towards /= distance
        strength = volume.light(index, points).reshape(-1) * (light.reference_m / distance[:, 0])
        response = _fibre(own, along, towards, view, shift, shine)
        total += response * strength[:, None] * light.irradiance
    total *= dark
    return np.asarray(total.reshape(strands, count, 3), np.float32)


def _with_roots(hair: Strands) -> FloatArray:
    """Return colours (N, K, 3) along strands: light coloured hair is darker at the scalp, grey and black is not."""
    colour = np.asarray(hair.colour, np.float32)
    points = np.asarray(hair.points_m, np.float32)
    arc = np.cumsum(length(np.diff(points, axis=1)), axis=1)
    arc = np.concatenate([np.zeros((len(points), 1), np.float32), arc], axis=1)
    reach = np.minimum(_ROOTS_M, 0.35 * arc[:, -1:])
    peak = colour.max(axis=1)
    saturation = (peak - colour.min(axis=1)) / np.maximum(peak, 1e-6)
    amount = np.clip(4 * peak, 0, 1) * np.clip(2 * saturation - 0.4, 0, 1) * (hair.kind == HEAD)
    near_root = np.exp(-arc / np.maximum(reach, 1e-6)) * amount[:, None]
    # The absorption of a darker fibre: it takes most of the blue.
    return np.asarray(colour[:, None] * np.exp(-near_root[..., None] * _ROOT_ABSORPTION), np.float32)


def _shine(points_m: FloatArray) -> FloatArray:
    """Return the share (N,) of its white highlight that a strand shows: long hair lies in sheets, stubble does not."""
    arc = length(np.diff(points_m, axis=1)).sum(axis=1)
    return np.asarray(np.clip(arc / _SLEEK_M, _LEAST_SHINE, 1), np.float32)


def _fibre(
    own: FloatArray, along: FloatArray, towards: FloatArray, view: FloatArray, shift: FloatArray, shine: FloatArray
) -> FloatArray:
    """Return the light that a fibre sends from a lamp to the viewer: body colour, a white and a coloured highlight."""
    t_l = dot(along, towards)
    t_v = dot(along, view)
    sin_l = np.sqrt(np.clip(1 - t_l * t_l, 0, 1))
    angle = np.arcsin(np.clip(t_l, -1, 1)) + np.arcsin(np.clip(t_v, -1, 1))
    facing = 0.5 + 0.5 * dot(towards, view)
    white = np.exp(-0.5 * np.square((angle - 0.10 + shift) / 0.11))
    tinted = np.exp(-0.5 * np.square((angle + 0.14 + shift) / 0.19))
    forward = np.power(1 - facing, 6)
    diffuse = own * (0.95 * sin_l)[:, None]
    tint = np.sqrt(own)
    # Light that went through a fibre twice is deeper in colour than its surface.
    deep = own**0.7 * own.max(axis=1, keepdims=True) ** 0.15
    highlight = 0.10 * (shine * white)[:, None] + 0.30 * tinted[:, None] * deep
    return np.asarray(diffuse + highlight * (0.35 + 0.65 * facing)[:, None] + (0.35 * forward)[:, None] * tint * 0.5)


class _HairVolume:
    """Density grid of head hair: share of light that passes hair, body and garment to a point."""

    def __init__(self, geometry: Geometry, hair: Strands, setup: PlacedSetup) -> None:
        points = np.asarray(hair.points_m, np.float32)
        head = points[(hair.kind == HEAD) | (hair.kind == FACIAL)]
        cloud = head.reshape(-1, 3) if len(head) else points.reshape(-1, 3)
        self._origin = cloud.min(axis=0) - 2 * _VOXEL_M
        shape = np.ceil((cloud.max(axis=0) - self._origin) / _VOXEL_M).astype(int) + 3
        density = np.zeros(shape, np.float32)
        if len(head):
            step = length(np.diff(head, axis=1)).reshape(-1)
            width = 2 * float(np.median(hair.radius_m))
            cell = ((head[:, 1:].reshape(-1, 3) - self._origin) / _VOXEL_M).astype(int)
            flat = np.ravel_multi_index(tuple(cell.T), tuple(shape))
            density = np.bincount(flat, step * width, density.size).reshape(shape).astype(np.float32)
        # Fibre area per volume is extinction per metre; hair scatters forward, so only part of it is lost.
        self._extinction = 0.30 * ndimage.gaussian_filter(density, 0.6) / _VOXEL_M**3
        self._occupied = np.argwhere(self._extinction > 0.5)
        self._lights = [self._towards(geometry, light.position_m) for light in setup.lights]
        up = np.array([[0, 0, 1], [0.8, 0, 0.5], [-0.8, 0, 0.5], [0, 0.8, 0.4], [0, -0.8, 0.4]])
        middle = self._origin + 0.5 * np.array(shape) * _VOXEL_M
        self._dome = np.mean([self._through(middle + 10 * d) for d in up], axis=0)

    def dome(self, points: FloatArray) -> FloatArray:
        """Return the share (N, K) of the dome's light at strand points (N, K, 3)."""
        return np.asarray(0.2 + 0.8 * self._sample(self._dome, points))

    def light(self, index: int, points: FloatArray) -> FloatArray:
        """Return the share (N, K) of one light at strand points (N, K, 3)."""
        return self._sample(self._lights[index], points)

    def _sample(self, grid: FloatArray, points: FloatArray) -> FloatArray:
        """Interpolate at every third point of each strand, and along the strand in between."""
        count = points.shape[1]
        knots = np.unique(np.append(np.arange(0, count, 3), count - 1))
        cells = ((points[:, knots] - self._origin) / _VOXEL_M - 0.5).reshape(-1, 3).T
        at_knots = ndimage.map_coordinates(grid, cells, order=1, mode="nearest").reshape(len(points), -1)
        blend = np.stack([np.interp(np.arange(count), knots, row) for row in np.eye(len(knots))])
        return np.asarray(at_knots.astype(np.float32) @ blend.astype(np.float32))

    def _towards(self, geometry: Geometry, position: FloatArray) -> FloatArray:
        """Return the transmittance to a light, with the shadow of head, body and garment."""
        through = self._through(position)
        centres = (self._origin + (self._occupied + 0.5) * _VOXEL_M).astype(np.float32)
        towards = position.astype(np.float32) - centres
        coarse = geometry.solid_occluders.blocked(centres, towards, np.full(len(centres), 0.98, np.float32))
        open_share = np.ones(through.shape, np.float32)
        open_share[tuple(self._occupied.T)] = ~coarse
        return np.asarray(through * ndimage.gaussian_filter(open_share, 0.8), np.float32)

    def _through(self, position: FloatArray) -> FloatArray:
        """Return the transmittance of each voxel towards a far point, marched in steps of 1.5 voxels."""
        shape = np.array(self._extinction.shape)
        middle = self._origin + 0.5 * shape * _VOXEL_M
        step = (position - middle) / np.linalg.norm(position - middle)
        depth = np.zeros(tuple(shape), np.float32)
        for index in range(1, _STEPS + 1):
            offset = np.rint(step * index * 1.5).astype(int)
            depth += _shifted(self._extinction, offset) * 1.5
        return np.asarray(np.exp(-depth * _VOXEL_M), np.float32)


def _shifted(grid: FloatArray, offset: IntArray) -> FloatArray:
    """Return grid[p + offset], with zeros outside."""
    result = np.zeros_like(grid)
    target, source = [], []
    for size, shift in zip(grid.shape, offset, strict=True):
        if abs(int(shift)) >= size:
            return result
        target.append(slice(max(0, -int(shift)), size - max(0, int(shift))))
        source.append(slice(max(0, int(shift)), size + min(0, int(shift))))
    result[tuple(target)] = grid[tuple(source)]
    return result
