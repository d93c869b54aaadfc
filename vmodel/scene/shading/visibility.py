"""Share of the dome and of each light that reaches every vertex and the floor: ray traced, then smoothed."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from scipy import ndimage

from vmodel.core.parallel import side_by_side
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.smoothing import averaging
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.shading.lights import LightSetup, PlacedLight, PlacedSetup, place_lights
from vmodel.types import FloatArray

AMBIENT_RAYS = 48
_OFFSET_M = 0.005
_AMBIENT_REACH_M = 1.0
_AT_ONCE = 4096
"""Points from which rays are shot at a time: a million rays would have to be kept otherwise."""
_FLOOR_CELL_M = 0.022
_FLOOR_HALF_M = 1.45
_HARD = 0.1
"""Radius over distance of the key light below which its shadow has a fine edge."""
_CONTACT = 0.9
_LONG_HALF_M, _FINE_CELL_M = 2.4, 0.014
_WALL_HALF_M, _WALL_HEIGHT_M, _WALL_CELL_M = 1.7, 2.3, 0.024


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
class ShadowMap:
    """Light that reaches a plane, as a picture of it: of the floor from above, or of a wall from the front.

    Attributes:
        open_share: (n, m) float32; 1 is unshadowed. On the floor, columns run along world x and rows along world y; on
            a wall, columns to the camera's right and rows upwards.
        origin_m: place of the first cell's centre along both axes; ``cell_m`` is the spacing.
    """

    open_share: FloatArray
    origin_m: tuple[float, float]
    cell_m: float

    def seen_at(self, first_m: FloatArray, second_m: FloatArray) -> FloatArray:
        """Return the share of light at places of the plane, metres along its two axes; the border repeats outside."""
        columns, rows = (
            ((place - start) / self.cell_m).astype(np.float32)
            for place, start in zip((first_m, second_m), self.origin_m, strict=True)
        )
        return np.asarray(
            cv2.remap(self.open_share, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
        )


@dataclass(frozen=True)
class Lighting:
    """One light setup for one camera azimuth.

    Attributes:
        setup: lights in world space.
        ambient: of the dome.
        reach: (N, L) float32 in 0..1, the share of each light that fine vertices see.
        floor: shadow on the floor.
        geometry: what casts shadows; None where nothing does.
    """

    setup: PlacedSetup
    ambient: Ambient
    reach: FloatArray
    floor: ShadowMap
    geometry: Geometry | None = None
    _walls: dict[float, ShadowMap] = field(default_factory=dict, repr=False)

    def on_wall(self, behind_m: float) -> ShadowMap:
        """Return the shadow on a wall that faces the camera at a distance behind the model; computed on first use."""
        if self.geometry is None:
            return ShadowMap(np.ones((2, 2), np.float32), (0.0, 0.0), 1.0)
        if behind_m not in self._walls:
            self._walls[behind_m] = _wall(self.geometry, self.setup, behind_m)
        return self._walls[behind_m]


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

    def reach_of(index: int) -> FloatArray:
        light = placed.lights[index]
        return _reach(geometry.occluders, coarse.vertices_m, coarse.normals, light, placed.forward, seed + index)

    columns = list(side_by_side(reach_of, range(len(placed.lights))))
    adjacency = averaging(coarse.triangles, len(coarse.vertices_m))
    smooth = (adjacency @ (adjacency @ np.stack(columns, axis=1))).astype(np.float32)
    reach = np.clip(geometry.refined(smooth), 0, 1)
    return Lighting(placed, ambient, reach, _floor(geometry, placed, seed), geometry)


def _dome(
    tracer: Tracer, points: FloatArray, normals: FloatArray, rays: int, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the cosine-weighted open share of the hemisphere, and the mean open direction times that share."""
    local, turns = hemisphere(rays), _hash_angle(len(points), seed)

    def part(start: int) -> tuple[FloatArray, FloatArray]:
        some = slice(start, start + _AT_ONCE)
        up = normals[some]
        tangent, bitangent = frames(up)
        cos, sin = np.cos(turns[some])[:, None, None], np.sin(turns[some])[:, None, None]
        x = local[None, :, :1] * cos - local[None, :, 1:2] * sin
        y = local[None, :, :1] * sin + local[None, :, 1:2] * cos
        directions = x * tangent[:, None] + y * bitangent[:, None] + local[None, :, 2:] * up[:, None]
        origins = np.repeat(points[some] + up * _OFFSET_M, rays, axis=0)
        flat = directions.reshape(-1, 3)
        blocked = tracer.blocked(origins, flat, np.full(len(flat), _AMBIENT_REACH_M, np.float32)).reshape(-1, rays)
        free = (~blocked).astype(np.float32)
        bent = (directions * free[..., None]).mean(axis=1) + 0.05 * up
        return free.mean(axis=1), bent.astype(np.float32)

    shares, ways = zip(*side_by_side(part, range(0, max(len(points), 1), _AT_ONCE)), strict=True)
    return np.concatenate(shares), np.concatenate(ways)


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


def _floor(geometry: Geometry, placed: PlacedSetup, seed: int) -> ShadowMap:
    """Compute contact shadow and cast shadow on the floor.

    Soft shadows fade with the distance, as on a lit sweep. A hard key's shadow is long and has a fine edge.
    """
    coarse = geometry.coarse
    low, high = coarse.vertices_m.min(axis=0), coarse.vertices_m.max(axis=0)
    middle = 0.5 * (low + high)[:2]
    hard = placed.lights[0].radius_m < _HARD * placed.lights[0].reference_m
    half, cell = (_LONG_HALF_M, 2 * _FLOOR_CELL_M) if hard else (_FLOOR_HALF_M, _FLOOR_CELL_M)
    x, y = _grid(middle, half, cell)
    dome, _ = _dome(geometry.occluders, _on_floor(x, y), _up(x.size), 32, seed)
    shares, weights = [dome.reshape(x.shape)], [1.8 * float(placed.dome.mean())]
    for index, light in enumerate(placed.lights):
        towards = light.position_m - np.array([*middle, 0.0])
        strength = float(light.irradiance.mean() * max(towards[2], 0) / np.linalg.norm(towards))
        if strength > 0.02:
            fine = _grid(middle, half, _FINE_CELL_M) if hard and index == 0 else (x, y)
            points = _on_floor(*fine)
            reach = _reach(geometry.occluders, points, _up(len(points)), light, np.zeros(3), seed + 10 + index)
            shares.append(reach.reshape(fine[0].shape))
            weights.append(strength)
    if hard:
        x, y = _grid(middle, half, _FINE_CELL_M)
        shares = [cv2.resize(share, x.shape[::-1], interpolation=cv2.INTER_LINEAR) for share in shares]
    # Light that bounces about the studio comes from everywhere, too, but not to where a sole touches the floor.
    contact = 1 - _CONTACT * np.square(1 - shares[0])
    total = np.average(np.stack(shares), axis=0, weights=weights) * contact
    away = np.hypot(x - middle[0], y - middle[1]) / half
    fade = np.clip((1 - away) / 0.15 if hard else 1.6 - 1.7 * away, 0, 1)
    picture = 1 - (1 - ndimage.gaussian_filter(total.astype(np.float32), 0.9)) * fade
    return ShadowMap(picture.astype(np.float32), (float(x[0, 0]), float(y[0, 0])), float(x[0, 1] - x[0, 0]))


def _wall(geometry: Geometry, placed: PlacedSetup, behind_m: float) -> ShadowMap:
    """Compute the key light's shadow on a wall, as deep as its part in the light there."""
    forward = np.asarray(placed.forward, np.float64)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    across, up = np.meshgrid(
        np.arange(-_WALL_HALF_M, _WALL_HALF_M, _WALL_CELL_M), np.arange(0, _WALL_HEIGHT_M, _WALL_CELL_M)
    )
    points = across.ravel()[:, None] * right + behind_m * forward + up.ravel()[:, None] * [0.0, 0.0, 1.0]
    lit = []
    for light in placed.lights:
        towards = light.position_m - np.array([0.0, 0.0, 1.0]) - behind_m * forward
        distance = float(np.linalg.norm(towards))
        facing = max(float(-towards @ forward), 0) / distance
        lit.append(float(light.irradiance.mean()) * facing * (light.reference_m / distance) ** 2)
    normals = np.broadcast_to(-forward, points.shape).astype(np.float32)
    key = placed.lights[0]
    share = _reach(geometry.occluders, points.astype(np.float32), normals, key, np.zeros(3), 7).reshape(across.shape)
    depth = lit[0] / max(sum(lit) + float(placed.dome.mean()), 1e-6)
    picture = 1 - depth * (1 - ndimage.gaussian_filter(share, 0.9))
    picture[:, [0, -1]], picture[-1] = 1, 1  # the border repeats outside
    return ShadowMap(picture.astype(np.float32), (float(across[0, 0]), 0.0), _WALL_CELL_M)


def _grid(middle: FloatArray, half_m: float, cell_m: float) -> tuple[FloatArray, FloatArray]:
    steps = np.arange(-half_m, half_m + 1e-6, cell_m, dtype=np.float32)
    x, y = np.meshgrid(steps + middle[0], steps + middle[1])
    return x, y


def _on_floor(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.stack([x.ravel(), y.ravel(), np.full(x.size, -_OFFSET_M + 1e-3)], axis=1).astype(np.float32)


def _up(count: int) -> FloatArray:
    return np.broadcast_to(np.array([0, 0, 1], np.float32), (count, 3))


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
