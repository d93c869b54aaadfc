"""Hair, brows and lashes: shaded strand by strand and drawn as ribbons of their true width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vmodel.scene.camera import project_points
from vmodel.scene.gbuffer import GBuffer
from vmodel.scene.geometry import Geometry
from vmodel.scene.lights import PlacedSetup
from vmodel.scene.visibility import Lighting
from vmodel.types import Camera, FloatArray, IntArray, Strands

HEAD, BROW, LASH, FACIAL = 0, 1, 2, 3

_VOXEL_M = 0.006
_STEPS = 14
_BIAS_M = 0.0025


@dataclass(frozen=True)
class StrandLayer:
    """Strands drawn over the picture.

    Attributes:
        colour: (H, W, 3) float32 linear light, premultiplied by coverage.
        cover: (H, W) float32 0..1 of all strands.
        head_cover: (H, W) float32 0..1 of head and facial hair only, for the hair mask.
    """

    colour: FloatArray
    cover: FloatArray
    head_cover: FloatArray


def draw_strands(geometry: Geometry, gbuffer: GBuffer, lighting: Lighting | None) -> StrandLayer:
    """Draw all strands of the subject in front of what the G-buffer shows.

    Args:
        geometry: its subject carries the strands.
        gbuffer: depth of everything else.
        lighting: studio light, or None to draw the strands' own colours.
    """
    height, width = gbuffer.camera.size
    hair = geometry.subject.hair
    picture = np.zeros((height, width, 4), np.float32)
    if hair is None or len(hair.points_m) == 0:
        return StrandLayer(picture[..., :3], picture[..., 3], picture[..., 3])
    depth = np.full((height, width), np.inf, np.float32)
    seen = gbuffer.centre >= 0
    depth[seen] = gbuffer.depth_m[gbuffer.centre[seen]]
    colours = _own_colours(hair) if lighting is None else _lit_colours(geometry, hair, gbuffer.camera, lighting)
    _draw(hair, colours, gbuffer.camera, depth + _BIAS_M, picture)
    fine = (hair.kind == BROW) | (hair.kind == LASH)
    bulk = picture
    if fine.any():
        bulk = np.zeros_like(picture)
        _draw(_only(hair, ~fine), colours[~fine], gbuffer.camera, depth + _BIAS_M, bulk)
    return StrandLayer(picture[..., :3], np.clip(picture[..., 3], 0, 1), np.clip(bulk[..., 3], 0, 1))


def _only(hair: Strands, chosen: IntArray) -> Strands:
    return Strands(hair.points_m[chosen], hair.radius_m[chosen], hair.colour[chosen], hair.kind[chosen])


def _own_colours(hair: Strands) -> FloatArray:
    return np.repeat(np.asarray(hair.colour, np.float32)[:, None], hair.points_m.shape[1], axis=1)


def _draw(hair: Strands, colours: FloatArray, camera: Camera, depth: FloatArray, picture: FloatArray) -> None:
    """Fill ``picture``, a fresh (H, W, 4) buffer, in place."""
    from vmodel.body.anny_model import init_warp

    if len(hair.points_m) == 0:
        return
    init_warp()
    import warp as wp

    from vmodel.scene.strand_kernels import draw_segments

    pixels, z = project_points(hair.points_m, camera)
    half = np.asarray(hair.radius_m, np.float32) * camera.focal_px / np.maximum(z, 0.05).astype(np.float32)
    points = np.concatenate([pixels, z[..., None]], axis=-1).astype(np.float32)
    start, end = points[:, :-1].reshape(-1, 3), points[:, 1:].reshape(-1, 3)
    height, width = camera.size
    inside = (np.minimum(start, end)[:, 2] > 0.05) & (np.maximum(start, end)[:, :2] > -4).all(axis=1)
    inside &= (np.minimum(start, end)[:, :2] < np.array([width + 4, height + 4])).all(axis=1)
    order = np.argsort(-(start[:, 2] + end[:, 2]), kind="stable")
    order = order[inside[order]].astype(np.int32)
    widths = np.stack([half[:, :-1], half[:, 1:]], axis=-1).reshape(-1, 2)
    opacity = np.full(len(start), 0.92, np.float32)
    buffer = wp.array(picture, dtype=wp.vec4, device="cpu", copy=False)
    wp.launch(
        draw_segments,
        dim=1,
        inputs=[
            wp.array(order, dtype=int, device="cpu"),
            wp.array(start, dtype=wp.vec3, device="cpu"),
            wp.array(end, dtype=wp.vec3, device="cpu"),
            wp.array(widths.astype(np.float32), dtype=wp.vec2, device="cpu"),
            wp.array(np.ascontiguousarray(colours[:, :-1]).reshape(-1, 3), dtype=wp.vec3, device="cpu"),
            wp.array(np.ascontiguousarray(colours[:, 1:]).reshape(-1, 3), dtype=wp.vec3, device="cpu"),
            wp.array(opacity, dtype=float, device="cpu"),
            wp.array(depth, dtype=float, device="cpu"),
            buffer,
        ],
        device="cpu",
    )


def _lit_colours(geometry: Geometry, hair: Strands, camera: Camera, lighting: Lighting) -> FloatArray:
    """(N, K, 3) colours by Kajiya and Kay with Marschner's shifted highlights, dimmed by the hair in between."""
    points = np.asarray(hair.points_m, np.float32)
    strands, count = points.shape[:2]
    tangent = np.gradient(points, axis=1)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=2, keepdims=True), 1e-9)
    flat, along = points.reshape(-1, 3), tangent.reshape(-1, 3)
    view = camera.position_m.astype(np.float32) - flat
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    own = np.repeat(np.asarray(hair.colour, np.float32), count, axis=0)
    rng = np.random.default_rng(5)
    shift = np.repeat(np.asarray(rng.normal(0, 0.035, strands), np.float32), count)
    volume = _HairVolume(geometry, hair, lighting.setup)
    total = own * (lighting.setup.dome * 1.1) * volume.dome(flat)[:, None]
    for index, light in enumerate(lighting.setup.lights):
        towards = light.position_m.astype(np.float32) - flat
        distance = np.linalg.norm(towards, axis=1, keepdims=True)
        towards /= distance
        strength = volume.light(index, flat) * (light.reference_m / distance[:, 0])
        response = _fibre(own, along, towards, view, shift)
        total += response * strength[:, None] * light.irradiance
    return np.asarray(total.reshape(strands, count, 3), np.float32)


def _fibre(own: FloatArray, along: FloatArray, towards: FloatArray, view: FloatArray, shift: FloatArray) -> FloatArray:
    """Light that a fibre sends from a light to the viewer: body colour, a white and a coloured highlight."""
    t_l = (along * towards).sum(axis=1)
    t_v = (along * view).sum(axis=1)
    sin_l = np.sqrt(np.clip(1 - t_l * t_l, 0, 1))
    angle = np.arcsin(np.clip(t_l, -1, 1)) + np.arcsin(np.clip(t_v, -1, 1))
    facing = 0.5 + 0.5 * (towards * view).sum(axis=1)
    white = np.exp(-0.5 * np.square((angle - 0.10 + shift) / 0.11))
    tinted = np.exp(-0.5 * np.square((angle + 0.14 + shift) / 0.19))
    forward = np.power(1 - facing, 6)
    diffuse = own * (0.62 * sin_l)[:, None]
    tint = np.sqrt(own)
    highlight = 0.055 * white[:, None] + 0.20 * tinted[:, None] * tint * own.max(axis=1, keepdims=True) ** 0.35
    return np.asarray(diffuse + highlight * (0.35 + 0.65 * facing)[:, None] + (0.35 * forward)[:, None] * tint * 0.5)


class _HairVolume:
    """Head hair as a density grid: how much light gets through to a point, and past body and garment."""

    def __init__(self, geometry: Geometry, hair: Strands, setup: PlacedSetup) -> None:
        points = np.asarray(hair.points_m, np.float32)
        head = points[(hair.kind == HEAD) | (hair.kind == FACIAL)]
        cloud = head.reshape(-1, 3) if len(head) else points.reshape(-1, 3)
        self._origin = cloud.min(axis=0) - 2 * _VOXEL_M
        shape = np.ceil((cloud.max(axis=0) - self._origin) / _VOXEL_M).astype(int) + 3
        density = np.zeros(shape, np.float32)
        if len(head):
            step = np.linalg.norm(np.diff(head, axis=1), axis=2).reshape(-1)
            width = 2 * float(np.median(hair.radius_m))
            cell = ((head[:, 1:].reshape(-1, 3) - self._origin) / _VOXEL_M).astype(int)
            flat = np.ravel_multi_index(tuple(cell.T), tuple(shape))
            density = np.bincount(flat, step * width, density.size).reshape(shape).astype(np.float32)
        # Fibre area a volume is extinction a metre; hair scatters forward, so only part of it is lost.
        self._extinction = 0.40 * ndimage.gaussian_filter(density, 0.6) / _VOXEL_M**3
        self._occupied = np.argwhere(self._extinction > 0.5)
        self._lights = [self._towards(geometry, light.position_m) for light in setup.lights]
        up = np.array([[0, 0, 1], [0.8, 0, 0.5], [-0.8, 0, 0.5], [0, 0.8, 0.4], [0, -0.8, 0.4]])
        middle = self._origin + 0.5 * np.array(shape) * _VOXEL_M
        self._dome = np.mean([self._through(middle + 10 * d) for d in up], axis=0)

    def dome(self, points: FloatArray) -> FloatArray:
        """(P,) share of the dome's light."""
        return 0.2 + 0.8 * self._sample(self._dome, points)

    def light(self, index: int, points: FloatArray) -> FloatArray:
        """(P,) share of one light."""
        return self._sample(self._lights[index], points)

    def _sample(self, grid: FloatArray, points: FloatArray) -> FloatArray:
        cells = ((points - self._origin) / _VOXEL_M - 0.5).T
        return np.asarray(ndimage.map_coordinates(grid, cells, order=1, mode="nearest"), np.float32)

    def _towards(self, geometry: Geometry, position: FloatArray) -> FloatArray:
        """Transmittance to a light, with the shadow of head, body and garment."""
        through = self._through(position)
        centres = (self._origin + (self._occupied + 0.5) * _VOXEL_M).astype(np.float32)
        towards = position.astype(np.float32) - centres
        coarse = geometry.solid_occluders.blocked(centres, towards, np.full(len(centres), 0.98, np.float32))
        open_share = np.ones(through.shape, np.float32)
        open_share[tuple(self._occupied.T)] = ~coarse
        return np.asarray(through * ndimage.gaussian_filter(open_share, 0.8), np.float32)

    def _through(self, position: FloatArray) -> FloatArray:
        """Transmittance of each voxel towards a far point, marched one voxel at a time."""
        shape = np.array(self._extinction.shape)
        middle = self._origin + 0.5 * shape * _VOXEL_M
        step = (position - middle) / np.linalg.norm(position - middle)
        depth = np.zeros(tuple(shape), np.float32)
        for index in range(1, _STEPS + 1):
            offset = np.rint(step * index * 1.5).astype(int)
            depth += _shifted(self._extinction, offset) * 1.5
        return np.asarray(np.exp(-depth * _VOXEL_M), np.float32)


def _shifted(grid: FloatArray, offset: IntArray) -> FloatArray:
    """grid[p + offset] with zeros outside."""
    result = np.zeros_like(grid)
    target, source = [], []
    for size, shift in zip(grid.shape, offset, strict=True):
        if abs(int(shift)) >= size:
            return result
        target.append(slice(max(0, -int(shift)), size - max(0, int(shift))))
        source.append(slice(max(0, int(shift)), size + min(0, int(shift))))
    result[tuple(target)] = grid[tuple(source)]
    return result
