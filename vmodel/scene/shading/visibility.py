"""Share of the dome and of each light that reaches every vertex and the floor: ray traced, then smoothed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.smoothing import averaging
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.shading.lights import LightSetup, PlacedLight, PlacedSetup, place_lights
from vmodel.types import FloatArray

AMBIENT_RAYS = 48
_OFFSET_M = 0.005
_AMBIENT_REACH_M = 1.0
_FLOOR_CELL_M = 0.022
_FLOOR_HALF_M = 1.45


@dataclass(frozen=True)
class Ambient:
    """Light of the dome; the same for every camera.

    Attributes:
        open_share: (N, 2) float32 in 0..1 for the outside and the inside of the surface; fine vertices.
        bent: (N, 3) float32 mean unblocked direction on the outside, unit length.
    """

    open_share: FloatArray
    bent: FloatArray


@dataclass(frozen=True)
class FloorShadow:
    """Light that reaches the floor, as a picture of it seen from above.

    Attributes:
        open_share: (n, n) float32; 1 is unshadowed; row runs along world y, column along x.
        origin_m: (x, y) of the first cell's centre; ``cell_m`` is the spacing.
    """

    open_share: FloatArray
    origin_m: tuple[float, float]
    cell_m: float


@dataclass(frozen=True)
class Lighting:
    """One light setup for one camera azimuth.

    Attributes:
        setup: lights in world space.
        ambient: of the dome.
        reach: (N, L) float32 in 0..1, the share of each light that fine vertices see.
        floor: shadow on the floor.
    """

    setup: PlacedSetup
    ambient: Ambient
    reach: FloatArray
    floor: FloorShadow


def gather_ambient(geometry: Geometry, seed: int = 0, rays: int = AMBIENT_RAYS) -> Ambient:
    """Trace the dome's light to every vertex; once per drape.

    Args:
        geometry: what stands in the studio.
        seed: turns the ray patterns.
        rays: per vertex; a third as many towards the inside of cloth.
    """
    coarse = geometry.coarse
    adjacency = averaging(coarse.triangles, len(coarse.vertices_m))
    outside, bent = _dome(geometry.occluders, coarse.vertices_m, coarse.normals, rays, seed)
    cloth = sum(coarse.counts[:2])
    inside = np.ones(len(outside), np.float32)
    inside[cloth:], _ = _dome(
        geometry.occluders, coarse.vertices_m[cloth:], -coarse.normals[cloth:], rays // 3, seed + 1
    )
    smooth = adjacency @ (adjacency @ np.column_stack([outside, inside, bent]))
    fine = geometry.refined(smooth.astype(np.float32))
    direction = fine[:, 2:] / np.maximum(np.linalg.norm(fine[:, 2:], axis=1, keepdims=True), 1e-6)
    return Ambient(np.clip(fine[:, :2], 0, 1), direction)


def light_scene(geometry: Geometry, ambient: Ambient, setup: LightSetup, azimuth_deg: float, seed: int = 0) -> Lighting:
    """Trace the soft boxes; once for each light setup and camera azimuth.

    Args:
        geometry: what stands in the studio.
        ambient: from ``gather_ambient``.
        setup: a value of ``LIGHTS``.
        azimuth_deg: of the camera; the lights turn with it.
        seed: turns the ray patterns.
    """
    coarse = geometry.coarse
    height = float(coarse.vertices_m[: coarse.counts[0], 2].max())
    placed = place_lights(setup, azimuth_deg, height)
    columns = [
        _reach(geometry.occluders, coarse.vertices_m, coarse.normals, light, placed.forward, seed + index)
        for index, light in enumerate(placed.lights)
    ]
    adjacency = averaging(coarse.triangles, len(coarse.vertices_m))
    smooth = (adjacency @ (adjacency @ np.stack(columns, axis=1))).astype(np.float32)
    reach = np.clip(geometry.refined(smooth), 0, 1)
    return Lighting(placed, ambient, reach, _floor(geometry, placed, seed))


def _dome(
    tracer: Tracer, points: FloatArray, normals: FloatArray, rays: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the cosine-weighted open share of the hemisphere, and the mean open direction times that share."""
    local = hemisphere(rays)
    tangent, bitangent = frames(normals)
    turn = _hash_angle(len(points), seed)
    cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    x = local[None, :, :1] * cos - local[None, :, 1:2] * sin
    y = local[None, :, :1] * sin + local[None, :, 1:2] * cos
    directions = x * tangent[:, None] + y * bitangent[:, None] + local[None, :, 2:] * normals[:, None]
    origins = np.repeat(points + normals * _OFFSET_M, rays, axis=0)
    flat = directions.reshape(-1, 3)
    blocked = tracer.blocked(origins, flat, np.full(len(flat), _AMBIENT_REACH_M, np.float32)).reshape(-1, rays)
    free = (~blocked).astype(np.float32)
    bent = (directions * free[..., None]).mean(axis=1) + 0.05 * normals
    return free.mean(axis=1), bent.astype(np.float32)


def _reach(
    tracer: Tracer, points: FloatArray, normals: FloatArray, light: PlacedLight, forward: FloatArray, seed: int
) -> FloatArray:
    """Return the share (N,) of a light seen from each point; points that face away from light or camera get 0."""
    towards = light.position_m.astype(np.float32) - points
    distance = length(towards)
    facing = dot(normals, towards / distance[:, None]) > -light.radius_m / distance - 0.1
    chosen = np.flatnonzero(facing & (normals @ forward.astype(np.float32) < 0.6))
    reach = np.zeros(len(points), np.float32)
    turn = _hash_angle(len(chosen), seed)
    reach[chosen] = share_of_light(tracer, points[chosen], normals[chosen], light, turn)
    return reach


def share_of_light(
    tracer: Tracer,
    points: FloatArray,
    normals: FloatArray,
    light: PlacedLight,
    turn: FloatArray,
    offset_m: float = _OFFSET_M,
) -> FloatArray:
    """Return how much of a light is seen from each point, (N,) 0..1.

    Args:
        tracer: of what casts shadows.
        points: (N, 3).
        normals: (N, 3) unit vectors.
        light: rays go to ``samples`` places on it.
        turn: (N,) how far each point's pattern of rays is turned, radians.
        offset_m: how far from the surface rays start.
    """
    towards = light.position_m.astype(np.float32) - points
    distance = length(towards)[:, None]
    tangent, bitangent = frames(towards / distance)
    disc = _disc(light.samples) * light.radius_m
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    x = disc[None, :, 0] * cos - disc[None, :, 1] * sin
    y = disc[None, :, 0] * sin + disc[None, :, 1] * cos
    rays = towards[:, None] + x[..., None] * tangent[:, None] + y[..., None] * bitangent[:, None]
    origins = np.repeat(points + normals * np.float32(offset_m), light.samples, axis=0)
    flat = rays.reshape(-1, 3)
    blocked = tracer.blocked(origins, flat, np.full(len(flat), 0.98, np.float32)).reshape(-1, light.samples)
    # The cosine law handles rays below a point's horizon; only blocked rays above it are shadow.
    above = np.maximum(dot(rays, normals[:, None]), 0) + 0.02 * distance
    return np.asarray((above * ~blocked).sum(axis=1) / above.sum(axis=1), np.float32)


def _floor(geometry: Geometry, placed: PlacedSetup, seed: int) -> FloorShadow:
    """Compute contact shadow and cast shadow on the floor; cast shadows fade with distance as on a lit sweep."""
    coarse = geometry.coarse
    low, high = coarse.vertices_m.min(axis=0), coarse.vertices_m.max(axis=0)
    middle = 0.5 * (low + high)[:2]
    steps = np.arange(-_FLOOR_HALF_M, _FLOOR_HALF_M + 1e-6, _FLOOR_CELL_M, dtype=np.float32)
    x, y = np.meshgrid(steps + middle[0], steps + middle[1])
    points = np.stack([x.ravel(), y.ravel(), np.full(x.size, -_OFFSET_M + 1e-3)], axis=1).astype(np.float32)
    up = np.broadcast_to(np.array([0, 0, 1], np.float32), points.shape)
    dome, _ = _dome(geometry.occluders, points, up, 32, seed)
    shares, weights = [dome], [1.8 * float(placed.dome.mean())]
    level = np.zeros(3)
    for index, light in enumerate(placed.lights):
        towards = light.position_m - np.array([*middle, 0.0])
        strength = float(light.irradiance.mean() * max(towards[2], 0) / np.linalg.norm(towards))
        if strength > 0.02:
            shares.append(_reach(geometry.occluders, points, up, light, level, seed + 10 + index))
            weights.append(strength)
    total = np.average(np.stack(shares), axis=0, weights=weights).reshape(x.shape)
    away = np.hypot(x - middle[0], y - middle[1]) / _FLOOR_HALF_M
    fade = np.clip(1.6 - 1.7 * away, 0, 1)
    picture = 1 - (1 - ndimage.gaussian_filter(total.astype(np.float32), 0.9)) * fade
    return FloorShadow(picture.astype(np.float32), (float(x[0, 0]), float(y[0, 0])), _FLOOR_CELL_M)


def frames(normals: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return two unit vectors that complete each unit normal to a frame (Duff et al., JCGT 2017)."""
    x, y, z = normals.T
    sign = np.where(z >= 0, 1.0, -1.0).astype(np.float32)
    a = -1 / (sign + z)
    b = x * y * a
    tangent = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    return tangent.astype(np.float32), np.stack([b, sign + y * y * a, -y], axis=1).astype(np.float32)


def hemisphere(count: int) -> FloatArray:
    """Return cosine-weighted directions (count, 3) round +z on a golden spiral."""
    index = np.arange(count) + 0.5
    radius, turn = np.sqrt(index / count), index * 2.399963229728653
    return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.sqrt(1 - radius**2)], axis=1).astype(np.float32)


def _disc(count: int) -> FloatArray:
    """Return points (count, 2) spread evenly over the unit disc."""
    index = np.arange(count) + 0.5
    radius, turn = np.sqrt(index / count), index * 2.399963229728653
    return np.stack([radius * np.cos(turn), radius * np.sin(turn)], axis=1).astype(np.float32)


def _hash_angle(count: int, seed: int) -> FloatArray:
    """Return a turn for each point's ray pattern, so that banding becomes noise that smoothing removes."""
    return np.random.default_rng(seed).uniform(0, 2 * np.pi, count).astype(np.float32)
