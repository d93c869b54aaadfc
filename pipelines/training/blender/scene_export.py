"""Hand-over of a scene to the photographer's process, as plain arrays in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.training.scenes.wrinkles import wrinkled
from vmodel.core.colour import to_linear
from vmodel.scene import PART_NAMES, Scene, project_points
from vmodel.scene.geometry.hair_ribbons import hair_ribbons
from vmodel.scene.geometry.scene_mesh import Geometry, Surface
from vmodel.scene.shading.cloth_displacement import cloth_metres
from vmodel.scene.shading.cloth_shader import look_of_material
from vmodel.scene.shading.lights import PlacedSetup
from vmodel.types import BoolArray, Camera, FloatArray

_POKE_M = 0.012
_CHEST_SHARE = 0.66


def hand_over(scene: Scene, cameras: Sequence[Camera], setup: PlacedSetup, seed: int, path: Path) -> None:
    """Write a scene for ``bpy_render``.

    Args:
        scene: with a drape.
        cameras: all of one size and one azimuth.
        setup: lights placed for that azimuth.
        seed: of the ripples that only the photograph's cloth has.
        path: of the uncompressed NumPy file to write.
    """
    arrays: dict[str, Any] = {"size": np.array(cameras[0].size)}
    arrays |= _body(scene) | _cloth(scene, seed) | _hair(scene)
    arrays |= _lights(scene, setup) | _cameras(scene, cameras)
    np.savez(path, **arrays)


def _body(scene: Scene) -> dict[str, Any]:
    geometry = scene.geometry
    members = np.flatnonzero(geometry.surface == Surface.BODY)
    members = members[~_poking(geometry)[geometry.triangles[members]].any(axis=1)]
    skin = scene.skin
    stool = np.flatnonzero(geometry.surface == Surface.STOOL)
    used, local = np.unique(geometry.triangles[stool], return_inverse=True)
    return {
        "body_vertices": geometry.vertices_m,
        "body_triangles": geometry.triangles[members],
        "body_uv": geometry.corner_uv[members],
        "body_is_eye": geometry.part[members] == PART_NAMES.index("eye"),
        "skin_albedo": skin.albedo.astype(np.float16),
        "skin_roughness": skin.roughness.astype(np.float16),
        "skin_height": skin.height_mm.astype(np.float16),
        "skin_scatter": skin.scatter.astype(np.float16),
        "stool_vertices": geometry.vertices_m[used],
        "stool_triangles": local.reshape(-1, 3),
    }


def _poking(geometry: Geometry) -> BoolArray:
    """Return (N,) vertices of skin outside cloth: the draft hides them view by view, a photograph must have none."""
    poking = np.zeros(len(geometry.vertices_m), bool)
    near = np.unique(geometry.triangles[geometry.near_cloth & (geometry.part != PART_NAMES.index("hand"))])
    inward = -geometry.normals[near]
    origins = geometry.vertices_m[near]
    hits = geometry.cloth_only.first_hits(np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(inward))
    found = (hits.triangle >= 0) & (hits.distance < _POKE_M)
    corners = geometry.vertices_m[geometry.triangles[hits.triangle[found] + geometry.cloth_start]]
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    found[found] = (outward * inward[found]).sum(axis=1) < 0
    poking[near[found]] = True
    return poking


def _cloth(scene: Scene, seed: int) -> dict[str, Any]:
    geometry = scene.geometry
    members = np.arange(geometry.cloth_start, len(geometry.triangles))
    vertices = wrinkled(geometry, seed)
    used, local = np.unique(geometry.triangles[members], return_inverse=True)
    textures = geometry.subject.textures
    texture = geometry.texture[members].astype(int)
    size = np.array([[t.shape[1], t.shape[0]] for t in textures], np.float32)[texture][:, None]
    uv = geometry.corner_uv[members] / size
    uv[..., 1] = 1 - uv[..., 1]
    look = look_of_material(scene.drape)
    fabric = [look.roughness, look.specular, look.sheen, look.weave_mm, look.weave]
    pictures = {f"texture{n}": to_linear(t).astype(np.float16) for n, t in enumerate(textures)}
    return pictures | {
        "texture_count": np.int32(len(textures)),
        "cloth_vertices": vertices[used],
        "cloth_triangles": local.reshape(-1, 3),
        "cloth_uv": uv,
        "cloth_metres": cloth_metres(geometry),
        "cloth_texture": texture,
        "fabric": np.array(fabric, np.float32),
    }


def _hair(scene: Scene) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for name, head in (("head", True), ("face", False)):
        vertices, triangles, colour = hair_ribbons(scene.hair, head)
        arrays |= {f"{name}_vertices": vertices, f"{name}_triangles": triangles, f"{name}_colour": colour}
    return arrays


def _lights(scene: Scene, setup: PlacedSetup) -> dict[str, Any]:
    height = float(scene.geometry.coarse.vertices_m[: scene.geometry.coarse.counts[0], 2].max())
    return {
        "aim_m": np.array([0.0, 0.0, _CHEST_SHARE * height]),
        "light_position": np.stack([light.position_m for light in setup.lights]),
        "light_radius": np.array([light.radius_m for light in setup.lights]),
        "light_irradiance": np.stack([light.irradiance for light in setup.lights]),
        "light_distance": np.array([light.reference_m for light in setup.lights]),
        "dome": np.asarray(setup.dome),
        "dome_gradient": np.asarray(setup.dome_gradient),
    }


def _cameras(scene: Scene, cameras: Sequence[Camera]) -> dict[str, Any]:
    return {
        "camera_position": np.stack([camera.position_m for camera in cameras]),
        "camera_rotation": np.stack([camera.rotation for camera in cameras]),
        "camera_focal_px": np.array([camera.focal_px for camera in cameras]),
        "camera_centre_px": np.array([camera.centre_px for camera in cameras]),
        "camera_focus_m": np.array([_nearest_m(scene, camera) for camera in cameras]),
        "camera_f_stop": np.array([4.5 * camera.focal_px / cameras[0].focal_px for camera in cameras]),
    }


def _nearest_m(scene: Scene, camera: Camera) -> float:
    """Return the depth of the middle of the picture, a little in front of its mean."""
    depth: FloatArray
    pixels, depth = project_points(scene.geometry.coarse.vertices_m, camera)
    height, width = camera.size
    inside = (np.abs(pixels / [width, height] - 0.5) < 0.35).all(axis=1)
    return float(np.quantile(depth[inside], 0.15)) if inside.any() else float(np.median(depth))
