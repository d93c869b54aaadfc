"""Condition maps: an exact description of the picture without light, for every pipeline."""

from __future__ import annotations

import io
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vmodel.core.colour import to_srgb
from vmodel.core.files import write_whole
from vmodel.scene.camera.framing import project_points
from vmodel.scene.camera.gbuffer import GBuffer, in_batches, interpolate_uv
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Surface
from vmodel.scene.hair.rasteriser import composite_over, draw_strands, uncovered
from vmodel.scene.render.pose_map import draw_pose_map
from vmodel.scene.render.scene import Scene
from vmodel.scene.shading.cloth_shader import ClothShader
from vmodel.scene.shading.irradiance import SurfaceSamples, take_samples
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.types import BoolArray, ByteArray, Camera, ConditionMaps, FloatArray


def render_conditions(scene: Scene, camera: Camera) -> ConditionMaps:
    """Draw all condition maps of one picture.

    Args:
        scene: who wears what.
        camera: from ``frame_camera``.
    Returns:
        Maps in the camera's size; see ``ConditionMaps``.
    """
    gbuffer = scene.gbuffer_for(camera)
    surface = scene.geometry.surface[gbuffer.triangle]
    hair = draw_strands(scene.geometry, gbuffer, None)
    seen = _draw_surfaces(scene, gbuffer)
    covered = hair.head_cover > 0.5
    seen.parts[covered] = PART_NAMES.index("hair")
    seen.warp_px[covered], seen.warp_texture[covered] = np.nan, 255
    keypoints = _keypoints(scene, camera)
    albedo, person = composite_over(hair, seen.albedo, coverage(gbuffer, surface != Surface.STOOL))
    return ConditionMaps(
        pose_map=draw_pose_map(keypoints, camera.size),
        keypoints_px=keypoints,
        normals=seen.normals,
        depth_m=seen.depth_m,
        parts=seen.parts,
        garment_mask=coverage(gbuffer, surface == Surface.CLOTH) * uncovered(hair),
        person_mask=person,
        hair_mask=hair.head_cover,
        warp_px=seen.warp_px,
        warp_texture=seen.warp_texture,
        albedo=albedo,
    )


@dataclass(frozen=True)
class _Surfaces:
    """Surfaces at the pixels' centres; as in ``ConditionMaps``, without hair."""

    parts: ByteArray
    albedo: FloatArray
    normals: FloatArray
    depth_m: FloatArray
    warp_px: FloatArray
    warp_texture: ByteArray


def _draw_surfaces(scene: Scene, gbuffer: GBuffer) -> _Surfaces:
    camera, shape = gbuffer.camera, gbuffer.camera.size
    seen = _Surfaces(
        parts=np.zeros(shape, np.uint8),
        albedo=np.zeros((*shape, 3), np.float32),
        normals=np.zeros((*shape, 3), np.float32),
        depth_m=np.zeros(shape, np.float32),
        warp_px=np.full((*shape, 2), np.nan, np.float32),
        warp_texture=np.full(shape, 255, np.uint8),
    )
    cloth = scene.cloth_shader
    for index in in_batches(gbuffer.centre[gbuffer.centre >= 0], gbuffer.pixel):
        samples = take_samples(scene.geometry, gbuffer, scene.dark, index)
        here = np.divmod(gbuffer.pixel[index], shape[1])
        seen.parts[here], seen.albedo[here] = _parts_and_albedo(scene, samples, cloth)
        seen.normals[here] = samples.normal @ camera.rotation.T.astype(np.float32)
        seen.depth_m[here] = samples.depth_m
        seen.warp_px[here], seen.warp_texture[here] = _warp(scene, samples)
    return seen


def coverage(gbuffer: GBuffer, chosen: BoolArray) -> FloatArray:
    """Return the share (H, W) float32 of each pixel that the chosen samples (S,) cover."""
    height, width = gbuffer.camera.size
    total = np.bincount(gbuffer.pixel[chosen], gbuffer.weight[chosen], height * width)
    return np.clip(total, 0, 1).reshape(height, width).astype(np.float32)


def save_maps(maps: ConditionMaps, folder: Path, stem: str) -> list[Path]:
    """Write the maps as pictures, and their exact numbers as one compressed NumPy file.

    Args:
        maps: from ``render_conditions``.
        folder: existing folder.
        stem: start of the file names.
    Returns:
        The files written: STEM_pose.png, _normals, _depth (16 bit, millimetres), _parts, _garment, _person,
        _hair, _albedo, and STEM_maps.npz with depth_m, keypoints_px, warp_px and warp_texture.
    Raises:
        OutputNotWritable: the folder refuses a file.
    """
    normals = np.where(maps.depth_m[..., None] > 0, maps.normals * [1, -1, -1] * 127.5 + 127.5, 0)
    pictures: dict[str, Any] = {
        "pose": maps.pose_map,
        "normals": normals.astype(np.uint8),
        "depth": np.clip(maps.depth_m * 1000, 0, 65535).astype(np.uint16),
        "parts": maps.parts,
        "garment": (maps.garment_mask * 255 + 0.5).astype(np.uint8),
        "person": (maps.person_mask * 255 + 0.5).astype(np.uint8),
        "hair": (maps.hair_mask * 255 + 0.5).astype(np.uint8),
        "albedo": to_srgb(maps.albedo),
    }
    contents = {f"{name}.png": _as_png(pixels) for name, pixels in pictures.items()}
    numbers = io.BytesIO()
    np.savez_compressed(
        numbers,
        depth_m=maps.depth_m,
        keypoints_px=maps.keypoints_px,
        warp_px=maps.warp_px,
        warp_texture=maps.warp_texture,
    )
    contents["maps.npz"] = numbers.getvalue()
    written = []
    for name, content in contents.items():
        written.append(folder / f"{stem}_{name}")
        write_whole(written[-1], content)
    return written


def _as_png(pixels: Any) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def _keypoints(scene: Scene, camera: Camera) -> FloatArray:
    pixels, depth = project_points(scene.geometry.subject.keypoints_m, camera)
    height, width = camera.size
    inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] < width) & (pixels[:, 1] < height) & (depth > 0)
    return np.column_stack([pixels, inside]).astype(np.float32)


def _parts_and_albedo(scene: Scene, samples: SurfaceSamples, shader: ClothShader) -> tuple[ByteArray, FloatArray]:
    geometry, skin = scene.geometry, scene.skin
    surface = geometry.surface[samples.triangle]
    part = geometry.part[samples.triangle].copy()
    uv = interpolate_uv(geometry, samples.triangle, samples.bary)
    size = skin.albedo.shape[0]
    body = surface == Surface.BODY
    x, y = uv[:, 0] * size, (1 - uv[:, 1]) * size
    base = np.zeros(len(part), bool)
    base[body] = sample_texture(skin.base_layer, x[body], y[body]) > 0.5
    part[base] = PART_NAMES.index("base layer")
    albedo = np.empty((len(part), 3), np.float32)
    prop = (surface == Surface.STOOL) | (surface == Surface.SHOES)
    albedo[prop] = geometry.prop_albedo[samples.triangle[prop] - geometry.props_start]
    albedo[body] = sample_texture(skin.albedo, x[body], y[body])
    cloth = surface == Surface.CLOTH
    if cloth.any():
        albedo[cloth] = shader.albedo(_chosen(samples, cloth))
    return part, albedo


def _chosen(samples: SurfaceSamples, chosen: BoolArray) -> SurfaceSamples:
    names = [field.name for field in fields(samples) if isinstance(getattr(samples, field.name), np.ndarray)]
    return replace(samples, **{name: getattr(samples, name)[chosen] for name in names})


def _warp(scene: Scene, samples: SurfaceSamples) -> tuple[FloatArray, ByteArray]:
    """Return texture pixels (S, 2) and texture numbers (S,); NaN and 255 off the garment."""
    geometry = scene.geometry
    points = interpolate_uv(geometry, samples.triangle, samples.bary).astype(np.float32)
    number = geometry.texture[samples.triangle]
    points[number == 255] = np.nan
    return points, number
