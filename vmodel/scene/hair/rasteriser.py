"""Hair, brows and lashes: shaded strand by strand and drawn as ribbons of their true width."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

import cv2
import numpy as np

from vmodel.body.hair.polylines import fewer_strands
from vmodel.scene.camera.framing import project_points
from vmodel.scene.camera.gbuffer import GBuffer
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.vectors import length
from vmodel.scene.hair.child_strands import with_children
from vmodel.scene.hair.fibre_shading import FACIAL, HEAD, shade_strands
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import Camera, FloatArray, IntArray, Strands

_BIAS_M = 0.0025
_APART_M = 0.02
_OPACITY = 0.92
_PIECE_PX = 4.0
_FULL_PX_PER_MM = 2.2
_FEWEST = 1000
_NEAR_PX_PER_MM = 0.9
"""Scale above which a grown strand is drawn as the bundle of finer ones that it represents."""
_ROUND_ABOVE_PX = 20.0
_ASTRAY_MM = 25.0
"""Largest distance of a drawn strand from the grown ones."""
_DRAWING = Lock()
"""Lock of warp, which loads and launches kernels for one thread at a time."""


@dataclass(frozen=True)
class StrandLayer:
    """Strands drawn over the picture.

    Attributes:
        colour: (H, W, 3) float32 linear light, premultiplied by coverage.
        cover: (H, W) float32 0..1 of all strands.
        behind_cover: (H, W) float32, the part of ``cover`` that lies behind an outline crossing the pixel.
        behind_share: (H, W) float32, how much of the pixel's surfaces strands behind that outline hide.
        head_cover: (H, W) float32 0..1 of head and facial hair only, for the hair mask.
    """

    colour: FloatArray
    cover: FloatArray
    behind_cover: FloatArray
    behind_share: FloatArray
    head_cover: FloatArray


def draw_strands(geometry: Geometry, gbuffer: GBuffer, lighting: Lighting | None) -> StrandLayer:
    """Draw all strands of the subject in front of what the G-buffer shows.

    Args:
        geometry: its subject carries the strands.
        gbuffer: depth of everything else.
        lighting: studio light, or None to draw the strands' own colours.
    """
    height, width = gbuffer.camera.size
    grown = geometry.subject.hair
    empty = [np.zeros((height, width), np.float32) for _ in range(4)]
    layer = StrandLayer(np.zeros((height, width, 3), np.float32), *empty)
    if grown is None or len(grown.points_m) == 0 or not _may_show(grown, gbuffer.camera):
        return layer
    hair, numbers = select_level_of_detail(grown, gbuffer.camera)
    outline = _outlines(gbuffer)
    layer = replace(layer, behind_share=outline.covered_behind)
    colours = _own_colours(hair) if lighting is None else shade_strands(geometry, hair, gbuffer.camera, lighting)
    if _px_per_mm(hair, gbuffer.camera) > _NEAR_PX_PER_MM:
        hair, colours = with_children(hair, colours, numbers, len(grown.points_m))
    _draw(hair, colours, gbuffer.camera, outline, layer)
    return layer


@dataclass(frozen=True)
class _Outlines:
    """Depths that strands are tested against, (H, W) each.

    Attributes:
        near_m: nearest surface in the pixel; inf where there is none.
        far_m: farthest surface; inf where part of the pixel shows the backdrop.
        far_share: share of the pixel that does not show the nearest surface.
        covered_behind: of what lies beyond the nearest surface, the share that shows another surface and not
            the backdrop, over the pixel's whole coverage.
    """

    near_m: FloatArray
    far_m: FloatArray
    far_share: FloatArray
    covered_behind: FloatArray


def _outlines(gbuffer: GBuffer) -> _Outlines:
    height, width = gbuffer.camera.size
    pixels = height * width
    near, far = np.full(pixels, np.inf, np.float32), np.zeros(pixels, np.float32)
    np.minimum.at(near, gbuffer.pixel, gbuffer.depth_m)
    np.maximum.at(far, gbuffer.pixel, gbuffer.depth_m)
    cover = np.bincount(gbuffer.pixel, gbuffer.weight, pixels).astype(np.float32)
    whole = cover > 0.999
    # A surface that merely slopes within the pixel is one surface.
    split = np.where(whole & (far - near < _APART_M), far, 0.5 * (near + far)) + _BIAS_M
    split = np.where(~whole & (far - near < _APART_M), far + _BIAS_M, split)
    is_near = gbuffer.depth_m <= split[gbuffer.pixel]
    near_cover = np.bincount(gbuffer.pixel[is_near], gbuffer.weight[is_near], pixels).astype(np.float32)
    behind = np.maximum(cover - near_cover, 0)
    shape = (height, width)
    return _Outlines(
        near_m=(near + _BIAS_M).reshape(shape),
        far_m=np.where(whole, far + _BIAS_M, np.inf).astype(np.float32).reshape(shape),
        far_share=np.clip(1 - near_cover, 0, 1).reshape(shape),
        covered_behind=np.clip(behind / np.maximum(cover * (1 - near_cover), 1e-6), 0, 1).reshape(shape),
    )


def composite_over(layer: StrandLayer, colour: FloatArray, cover: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lay strands over a premultiplied picture.

    Args:
        layer: from ``draw_strands``.
        colour: (H, W, 3) linear light times coverage.
        cover: (H, W) coverage.
    Returns:
        Colour and coverage with strands.
    """
    kept = uncovered(layer)
    return layer.colour + colour * kept[..., None], layer.cover + cover * kept


def uncovered(layer: StrandLayer) -> FloatArray:
    """Return the share (H, W) of the surfaces below the strands that stays visible."""
    return 1 - (layer.cover - layer.behind_cover) - layer.behind_cover * layer.behind_share


def select_level_of_detail(hair: Strands, camera: Camera) -> tuple[Strands, IntArray]:
    """Thin strands where the head is small in the picture, to fewer, wider ones with fewer points; round them close up.

    A camera that comes nearer gets the same strands and more, so that no strand jumps in a film.

    Args:
        hair: all strands, at least one.
        camera: decides how many strands a pixel could show at all.
    Returns:
        The strands, and their indices among all.
    """
    px_per_mm = _px_per_mm(hair, camera)
    points = np.asarray(hair.points_m, np.float32)
    piece_mm = float(np.median(length(np.diff(points[::50], axis=1)))) * 1000
    skip = int(np.clip(_PIECE_PX / max(piece_mm * px_per_mm, 1e-6), 1, 4))
    kept = np.unique(np.append(np.arange(0, points.shape[1], skip), points.shape[1] - 1))
    head = np.flatnonzero(hair.kind == HEAD)
    wanted = max(len(head) * min(px_per_mm / _FULL_PX_PER_MM, 1), len(head) / 4, min(_FEWEST, len(head)))
    few, chosen = fewer_strands(hair, wanted / max(len(head), 1))
    thin = replace(few, points_m=np.asarray(few.points_m[:, kept], np.float32), radius_m=few.radius_m[:, kept])
    return rounded(thin) if piece_mm * px_per_mm > _ROUND_ABOVE_PX else thin, chosen


def _may_show(hair: Strands, camera: Camera) -> bool:
    """Return False where all strands, and finer ones that stray from them, lie outside the picture."""
    pixels, depth = project_points(hair.points_m.reshape(-1, 3), camera)
    if not (depth > 0).all():
        return True
    margin = _ASTRAY_MM * _px_per_mm(hair, camera)
    low, high = pixels.min(axis=0) - margin, pixels.max(axis=0) + margin
    return bool((high >= 0).all() and (low <= camera.size[::-1]).all())


def _px_per_mm(hair: Strands, camera: Camera) -> float:
    distance = np.linalg.norm(np.median(hair.points_m[:, 0], axis=0) - camera.position_m)
    return float(camera.focal_px / distance / 1000)


def rounded(hair: Strands) -> Strands:
    """Insert a point between any two, on a smooth curve through the given ones (Catmull and Rom, 1974)."""
    points = np.asarray(hair.points_m, np.float32)
    padded = np.concatenate([2 * points[:, :1] - points[:, 1:2], points, 2 * points[:, -1:] - points[:, -2:-1]], axis=1)
    middle = (9 * (padded[:, 1:-2] + padded[:, 2:-1]) - padded[:, :-3] - padded[:, 3:]) / 16
    radius = np.asarray(hair.radius_m, np.float32)
    return Strands(
        _interleaved(points, middle),
        _interleaved(radius, 0.5 * (radius[:, 1:] + radius[:, :-1])),
        hair.colour,
        hair.kind,
    )


def _interleaved(knots: FloatArray, between: FloatArray) -> FloatArray:
    result = np.empty((knots.shape[0], knots.shape[1] + between.shape[1], *knots.shape[2:]), np.float32)
    result[:, ::2], result[:, 1::2] = knots, between
    return result


def _own_colours(hair: Strands) -> FloatArray:
    return np.repeat(np.asarray(hair.colour, np.float32)[:, None], hair.points_m.shape[1], axis=1)


def _draw(hair: Strands, colours: FloatArray, camera: Camera, outline: _Outlines, layer: StrandLayer) -> None:
    """Fill ``layer``, whose buffers are fresh, in place."""
    from vmodel.body.mesh.anny_model import init_warp

    with _DRAWING:
        init_warp()
    import warp as wp

    from vmodel.scene.hair.rasteriser_kernels import draw_segments

    points = _projected(np.asarray(hair.points_m, np.float32), camera)
    half = np.asarray(hair.radius_m, np.float32) * np.float32(camera.focal_px)
    half /= np.maximum(points[..., 2], np.float32(0.05))
    bulk = ((hair.kind == HEAD) | (hair.kind == FACIAL)).astype(np.uint8)
    knots: list[tuple[Any, Any]] = [(points.reshape(-1, 3), wp.vec3), (half.ravel(), float)]
    knots += [(np.ascontiguousarray(colours, np.float32).reshape(-1, 3), wp.vec3)]
    buffers: list[tuple[FloatArray, Any]] = [
        (outline.near_m, float),
        (outline.far_m, float),
        (outline.far_share, float),
        (layer.cover, float),
        (layer.behind_cover, float),
        (layer.head_cover, float),
        (layer.colour, wp.vec3),
    ]
    with _DRAWING:
        wp.launch(
            draw_segments,
            dim=1,
            inputs=[
                *(
                    wp.array(values, dtype=kind, device="cpu", copy=False)
                    for values, kind in ((sort_visible_by_depth(points, outline.far_m), int), *knots, (bulk, wp.uint8))
                ),
                points.shape[1],
                _OPACITY,
                *(wp.array(values, dtype=kind, device="cpu", copy=False) for values, kind in buffers),
            ],
            device="cpu",
        )


def _projected(points_m: FloatArray, camera: Camera) -> FloatArray:
    """Project (N, K, 3) points to (x, y) pixels and the depth in metres, in single precision: there are a million."""
    rotation = camera.rotation.astype(np.float32)
    projected = (points_m - camera.position_m.astype(np.float32)) @ rotation.T
    depth = projected[..., 2:]
    projected[..., :2] *= np.float32(camera.focal_px) / np.where(np.abs(depth) < 1e-6, np.float32(1e-6), depth)
    projected[..., :2] += np.asarray(camera.centre_px, np.float32)
    return np.asarray(projected)


def sort_visible_by_depth(points: FloatArray, far_m: FloatArray) -> IntArray:
    """Find the segments that touch the picture and are not hidden at both ends.

    Args:
        points: (N, K, 3) strands: (x, y) pixels and the depth in metres.
        far_m: (H, W) depth from which on strands are hidden.
    Returns:
        Numbers of the segments' first points among all points, the nearest segment first.
    """
    height, width = far_m.shape
    x, y, z = (points[..., k] for k in range(3))
    deepest = cv2.dilate(far_m, np.ones((5, 5), np.uint8))
    rows, columns = np.clip(y.astype(np.int32), 0, height - 1), np.clip(x.astype(np.int32), 0, width - 1)
    chosen = (z[:, :-1] > 0.05) & (z[:, 1:] > 0.05)
    for holds in (x > -4, y > -4, x < width + 4, y < height + 4, z < deepest[rows, columns]):
        chosen &= holds[:, :-1] | holds[:, 1:]
    strand, knot = np.nonzero(chosen)
    if len(strand) == 0:
        return np.zeros(0, np.int32)
    depth = z[strand, knot] + z[strand, knot + 1]
    span = max(float(depth.max() - depth.min()), 1e-6)
    # Sixteen bits of depth sort in linear time and resolve hundredths of a millimetre.
    key = ((depth - depth.min()) * (65535 / span)).astype(np.uint16)
    order = np.argsort(key, kind="stable")
    return np.asarray((strand * points.shape[1] + knot)[order], np.int32)
