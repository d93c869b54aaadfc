"""Visible surface at every picture point; traced once per camera and shared by maps and draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vmodel.scene.camera.framing import pixel_rays, project_points
from vmodel.scene.geometry.raytracer import Hits
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry
from vmodel.scene.geometry.vectors import dot, length
from vmodel.types import BoolArray, Camera, FloatArray, IntArray

EDGE_SAMPLES = 8
BATCH = 60_000
"""Samples that are shaded at once: memory grows with it, the picture does not change."""

_POKE_M = 0.008
_POKE_BASE_LAYER_M = 0.03
_POKE_HAND_M = 0.0015
_ROWS_PER_BATCH = 256


@dataclass(frozen=True)
class GBuffer:
    """Surface samples of one picture: one at each pixel's centre, more where outlines cross a pixel.

    Attributes:
        camera: the camera.
        pixel: (S,) int32 row * width + column.
        weight: (S,) float32 share of the pixel that the sample stands for; a pixel's weights sum to its coverage.
        triangle: (S,) int32 triangle of the geometry.
        bary: (S, 2) float32 weights of the second and third corner.
        depth_m: (S,) float32 distance along the camera's forward axis.
        centre: (H, W) int32 the sample at the pixel's centre, -1 where it misses everything.
    """

    camera: Camera
    pixel: IntArray
    weight: FloatArray
    triangle: IntArray
    bary: FloatArray
    depth_m: FloatArray
    centre: IntArray


def trace_gbuffer(geometry: Geometry, camera: Camera) -> GBuffer:
    """Trace the picture.

    Cloth hides body that pokes through it by less than 8 mm (30 mm for the base layer). A drape that
    touches the body therefore never shows skin through the cloth; hands lie on top of cloth.

    Args:
        geometry: what stands in the studio.
        camera: pinhole.
    """
    height, width = camera.size
    top, bottom, left, right = _bounds(geometry, camera)
    hits = _trace_centres(geometry, camera, (top, bottom, left, right))
    shape = (bottom - top, right - left)
    edge = _edges(geometry, hits, shape, camera)
    rows, columns = np.divmod(np.arange(shape[0] * shape[1], dtype=np.int32), max(shape[1], 1))
    pixel = (rows + top) * width + columns + left
    found = hits.triangle >= 0
    centre = np.full(height * width, -1, np.int32)
    centre[pixel[found]] = np.arange(int(found.sum()), dtype=np.int32)
    extra_pixel, extra = _trace_edges(geometry, camera, pixel[edge])
    share = np.float32(1 / (EDGE_SAMPLES + 1))
    weight = np.where(edge, share, np.float32(1))[found]
    return GBuffer(
        camera=camera,
        pixel=np.concatenate([pixel[found], extra_pixel]).astype(np.int32),
        weight=np.concatenate([weight, np.full(len(extra_pixel), share)]).astype(np.float32),
        triangle=np.concatenate([hits.triangle[found], extra.triangle]),
        bary=np.concatenate([hits.bary[found], extra.bary]),
        depth_m=np.concatenate([hits.distance[found], extra.distance]),
        centre=centre.reshape(height, width),
    )


def in_batches(chosen: IntArray, pixel: IntArray) -> Iterator[IntArray]:
    """Split samples into batches that keep each pixel's samples together, so that the split changes no sum.

    Args:
        chosen: (S,) indices of samples.
        pixel: the G-buffer's.
    Yields:
        Indices, sorted by pixel; at least ``BATCH`` but for the last batch.
    """
    order = chosen[np.argsort(pixel[chosen], kind="stable")]
    owner = pixel[order]
    start = 0
    while start < len(order):
        end = min(start + BATCH, len(order))
        end = int(np.searchsorted(owner, owner[end - 1], side="right"))
        yield order[start:end]
        start = end


def scatter_add(total: FloatArray, pixel: IntArray, values: FloatArray) -> None:
    """Add (S,) or (S, C) values of one batch to the pixels (P,) or (P, C) of ``total``, in place."""
    if len(pixel) == 0:
        return
    first = int(pixel.min())
    place = pixel - first
    span = slice(first, first + int(place.max()) + 1)
    if values.ndim == 1:
        total[span] += np.bincount(place, values)
        return
    for channel in range(values.shape[1]):
        total[span, channel] += np.bincount(place, values[:, channel])


def interpolate(geometry: Geometry, triangle: IntArray, bary: FloatArray, attribute: FloatArray) -> FloatArray:
    """Blend a (N, k) vertex attribute at samples; return (S, k) float32."""
    corners = geometry.triangles[triangle]
    u, v = bary[:, :1], bary[:, 1:]
    result: FloatArray = attribute[corners[:, 0]] * (1 - u - v)
    result += attribute[corners[:, 1]] * u
    result += attribute[corners[:, 2]] * v
    return result


def interpolate_uv(geometry: Geometry, triangle: IntArray, bary: FloatArray) -> FloatArray:
    """Blend ``Geometry.corner_uv`` at samples; return (S, 2) float32."""
    corners = geometry.corner_uv[triangle]
    u, v = bary[:, :1], bary[:, 1:]
    return np.asarray(corners[:, 0] * (1 - u - v) + corners[:, 1] * u + corners[:, 2] * v)


def _bounds(geometry: Geometry, camera: Camera) -> tuple[int, int, int, int]:
    """Return the rows and columns that the geometry can touch: (top, bottom, left, right), end exclusive."""
    height, width = camera.size
    pixels, depth = project_points(geometry.vertices_m, camera)
    pixels = pixels[depth > 0.05]
    if len(pixels) == 0:
        return 0, 0, 0, 0
    low = np.floor(pixels.min(axis=0)).astype(int) - 1
    high = np.ceil(pixels.max(axis=0)).astype(int) + 1
    top, bottom = np.clip([low[1], high[1]], 0, height)
    left, right = np.clip([low[0], high[0]], 0, width)
    return int(top), int(bottom), int(left), int(right)


def _trace_centres(geometry: Geometry, camera: Camera, bounds: tuple[int, int, int, int]) -> Hits:
    top, bottom, left, right = bounds
    columns = np.arange(left, right, dtype=np.float32) + 0.5
    parts = []
    for start in range(top, bottom, _ROWS_PER_BATCH):
        rows = np.arange(start, min(start + _ROWS_PER_BATCH, bottom), dtype=np.float32) + 0.5
        pixels = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        parts.append(_first_visible(geometry, camera, pixels))
    return _joined(parts)


def _trace_edges(geometry: Geometry, camera: Camera, pixels: IntArray) -> tuple[IntArray, Hits]:
    """Trace eight more samples in each given pixel; return the pixel of each hit and the hits."""
    width = camera.size[1]
    rows, columns = np.divmod(pixels, width)
    corner = np.stack([columns, rows], axis=1).astype(np.float32)
    parts, owners = [], []
    batch = 1 << 15
    for start in range(0, len(pixels), batch):
        points = (corner[start : start + batch, None] + _sample_offsets()[None]).reshape(-1, 2)
        hits = _first_visible(geometry, camera, points)
        found = hits.triangle >= 0
        parts.append(Hits(hits.triangle[found], hits.bary[found], hits.distance[found]))
        owners.append(np.repeat(pixels[start : start + batch], EDGE_SAMPLES)[found])
    owner = np.concatenate(owners) if owners else np.zeros(0, np.int32)
    return owner, _joined(parts)


def _sample_offsets() -> FloatArray:
    """Place eight samples like rooks: no two share a row or column, so near-straight edges get even steps."""
    rooks = np.array([1, 6, 3, 0, 7, 4, 2, 5])
    return np.stack([(np.arange(8) + 0.5) / 8, (rooks + 0.5) / 8], axis=1).astype(np.float32)


def _joined(parts: list[Hits]) -> Hits:
    if not parts:
        return Hits(np.zeros(0, np.int32), np.zeros((0, 2), np.float32), np.zeros(0, np.float32))
    return Hits(
        np.concatenate([part.triangle for part in parts]),
        np.concatenate([part.bary for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )


def _first_visible(geometry: Geometry, camera: Camera, pixels: FloatArray) -> Hits:
    """Return first hits, with cloth brought in front of body that pokes through it."""
    directions = pixel_rays(pixels, camera)
    origin = camera.position_m.astype(np.float32)
    hits = geometry.all_surfaces.first_hits(np.broadcast_to(origin, directions.shape), directions)
    doubtful = np.flatnonzero((hits.triangle >= 0) & geometry.near_cloth[hits.triangle])
    if len(doubtful) == 0:
        return hits
    rays = directions[doubtful]
    cloth = geometry.cloth_only.first_hits(np.broadcast_to(origin, rays.shape), rays)
    gap_m = (cloth.distance - hits.distance[doubtful]) * length(rays)
    body = Hits(hits.triangle[doubtful], hits.bary[doubtful], hits.distance[doubtful])
    pokes = (cloth.triangle >= 0) & (gap_m < _poke_limit(geometry, body))
    pokes[pokes] = _faces_camera(geometry, cloth.triangle[pokes] + geometry.cloth_start, rays[pokes])
    triangle, bary, distance = hits.triangle.copy(), hits.bary.copy(), hits.distance.copy()
    changed = doubtful[pokes]
    triangle[changed] = cloth.triangle[pokes] + geometry.cloth_start
    bary[changed] = cloth.bary[pokes]
    distance[changed] = cloth.distance[pokes]
    return Hits(triangle, bary, distance)


def _poke_limit(geometry: Geometry, body: Hits) -> FloatArray:
    """Return how far in front of cloth each body hit may lie and still count as poking through it, in metres."""
    part = geometry.part[body.triangle]
    uv = interpolate_uv(geometry, body.triangle, body.bary)
    mask = geometry.subject.skin.base_layer
    size = mask.shape[0]
    column = np.clip((uv[:, 0] * size).astype(np.int32), 0, size - 1)
    row = np.clip(((1 - uv[:, 1]) * size).astype(np.int32), 0, size - 1)
    limit = np.where(mask[row, column] > 0.5, _POKE_BASE_LAYER_M, _POKE_M)
    return np.where(part == PART_NAMES.index("hand"), _POKE_HAND_M, limit)


def _faces_camera(geometry: Geometry, triangle: IntArray, directions: FloatArray) -> BoolArray:
    corners = geometry.vertices_m[geometry.triangles[triangle]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(dot(normal, directions) < 0)


def _edges(geometry: Geometry, hits: Hits, shape: tuple[int, int], camera: Camera) -> BoolArray:
    """Mark pixels that an outline may cross, judged by their four neighbours: (P,) bool."""
    found = hits.triangle >= 0
    part = np.where(found, geometry.part[hits.triangle], 0).reshape(shape)
    piece = np.where(found, geometry.piece[hits.triangle], -1).reshape(shape)  # a collar lies close on the cloth below
    depth = np.where(np.isfinite(hits.distance), hits.distance, 0).reshape(shape)
    back = (_inside_out(geometry, camera)[hits.triangle] & found).reshape(shape)
    edge = np.zeros(shape, bool)
    for axis in (0, 1):
        here = tuple(slice(None, -1) if axis == a else slice(None) for a in (0, 1))
        there = tuple(slice(1, None) if axis == a else slice(None) for a in (0, 1))
        # A surface seen at 80 degrees steps six pixel widths in depth; only more than that is an outline.
        step = np.abs(depth[here] - depth[there]) > 6 * depth[here] / camera.focal_px + 0.002
        differs = step
        for each in (part, piece, back):
            differs |= each[here] != each[there]
        edge[here] |= differs
        edge[there] |= differs
    return edge.reshape(-1)


def _inside_out(geometry: Geometry, camera: Camera) -> BoolArray:
    """Mark cloth triangles whose inside the camera sees: (T,) bool."""
    corners = geometry.vertices_m[geometry.triangles[geometry.cloth_start :]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    towards = corners[:, 0] - camera.position_m.astype(np.float32)
    result = np.zeros(len(geometry.triangles), bool)
    result[geometry.cloth_start :] = dot(normal, towards) >= 0
    return result
