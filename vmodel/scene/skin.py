"""Shading of the body: skin, lips, eyes and the base layer, from the painted textures."""

from __future__ import annotations

import numpy as np

from vmodel.scene.gbuffer import interpolate_uv
from vmodel.scene.geometry import PART_NAMES, Geometry
from vmodel.scene.lights import PlacedSetup
from vmodel.scene.shading import Shaded, SurfaceSamples, gloss, irradiance, light_rays, relief, surface_tangents
from vmodel.scene.texturing import look_up
from vmodel.types import FloatArray, SkinTextures

SKIN_SPECULAR = 0.028
EYE_SPECULAR = 0.035

# Red light travels furthest in skin: how far the terminator bleeds, as added softness of the light.
_WRAP = (0.22, 0.09, 0.05)


def shade_body(geometry: Geometry, samples: SurfaceSamples, setup: PlacedSetup) -> Shaded:
    """Shade samples on body triangles.

    Args:
        geometry: its ``subject`` carries the painted skin.
        samples: on the body only.
        setup: placed lights.
    """
    skin = geometry.subject.skin
    size = skin.albedo.shape[0]
    uv = interpolate_uv(geometry, samples.triangle, samples.bary)
    x, y = uv[:, 0] * size, (1 - uv[:, 1]) * size
    albedo = look_up(skin.albedo, x, y)
    roughness = np.clip(look_up(skin.roughness, x, y), 0.04, 1)
    scatter = np.clip(look_up(skin.scatter, x, y), 0, 1)
    base_layer = look_up(skin.base_layer, x, y)
    part = geometry.part[samples.triangle].copy()
    part[base_layer > 0.5] = PART_NAMES.index("base layer")
    normal = _with_pores(geometry, samples, skin, x, y)
    eye = part == PART_NAMES.index("eye")
    # The cornea is smooth however the iris below it is painted.
    normal[eye] = samples.normal[eye]
    rays = light_rays(samples, setup)
    light = irradiance(samples, normal, albedo, setup, rays, (_WRAP, scatter))
    # Skin has a broad and a tight lobe (d'Eon and Luebke, GPU Gems 3); the base layer hardly shines.
    head_on = np.where(eye, EYE_SPECULAR, SKIN_SPECULAR * (1 - 0.6 * np.clip(base_layer, 0, 1))).astype(np.float32)
    lobes = ((0.72, roughness), (0.28, np.maximum(0.55 * roughness, 0.2)))
    return Shaded(albedo, light, gloss(samples, normal, lobes, head_on, setup, rays), scatter, part)


def _with_pores(
    geometry: Geometry, samples: SurfaceSamples, skin: SkinTextures, x: FloatArray, y: FloatArray
) -> FloatArray:
    """Normals tilted by the painted relief; relief finer than a pixel fades instead of glittering."""
    along_u, along_v, _ = surface_tangents(geometry, samples.triangle)
    size = skin.height_mm.shape[0]
    texel_u = np.maximum(np.linalg.norm(along_u, axis=1) / size, 1e-5)
    texel_v = np.maximum(np.linalg.norm(along_v, axis=1) / size, 1e-5)
    step = np.clip(samples.pixel_m / np.minimum(texel_u, texel_v), 1, 8)
    here = look_up(skin.height_mm, x, y)
    right = look_up(skin.height_mm, x + step, y)
    up = look_up(skin.height_mm, x, y - step)
    fade = np.clip(1.5 / step, 0, 1)
    slope_u = np.clip((right - here) * 1e-3 / (texel_u * step), -0.6, 0.6) * fade
    slope_v = np.clip((up - here) * 1e-3 / (texel_v * step), -0.6, 0.6) * fade
    return relief(samples.normal, samples.view, (along_u, along_v), slope_u, slope_v)
