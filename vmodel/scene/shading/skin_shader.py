"""Shading of the body: skin, lips, eyes and the base layer, from the painted textures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vmodel.scene.camera.gbuffer import interpolate_uv
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry
from vmodel.scene.geometry.vectors import length
from vmodel.scene.shading.cornea import eye_mirrors
from vmodel.scene.shading.irradiance import (
    Shaded,
    SurfaceSamples,
    gloss,
    irradiance,
    light_rays,
    relief,
    surface_tangents,
)
from vmodel.scene.shading.lights import PlacedSetup
from vmodel.scene.shading.skin_mipmap import SkinPyramid, TextureSpots
from vmodel.types import FloatArray

SKIN_SPECULAR = 0.028
SKIN_GRAZING = 0.4
"""Reflectance of skin seen edge-on: fine hairs and dead cells leave less than the mirror of a smooth surface."""
POWDER = 0.08
"""Roughness that a make-up artist's powder adds: bare skin under studio lights looks like plastic."""
_RELIEF = 1.3
"""Depth of pores and creases relative to the painted one: light that spreads under skin leaves their gloss."""
EYE_SPECULAR = 0.035
_WET = 0.3
"""Reflectance of the white of an eye, which tears only wet, as a share of the cornea's."""

# Softness added to the light because the terminator bleeds on skin; red light travels furthest. It is not used where
# light is traced for each pixel: there, light that spreads under skin has this effect alone.
_WRAP = (0.22, 0.09, 0.05)


class BodyShader:
    """Shader of samples on body triangles; build one per scene, because it filters the skin's textures once."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._skin = SkinPyramid(geometry.subject.skin)

    def shade(self, samples: SurfaceSamples, setup: PlacedSetup) -> Shaded:
        """Shade samples.

        Args:
            samples: on the body only.
            setup: placed lights.
        """
        geometry = self._geometry
        spots = self._spots(samples)
        albedo = self._skin.at("albedo", spots)
        scatter = np.clip(self._skin.at("scatter", spots), 0, 1)
        base_layer = self._skin.at("base_layer", spots)
        part = geometry.part[samples.triangle].copy()
        part[base_layer > 0.5] = PART_NAMES.index("base layer")
        normal = self._with_pores(samples, spots)
        eye = part == PART_NAMES.index("eye")
        # Eyes are smooth however the iris is painted.
        normal[eye] = samples.normal[eye]
        roughness = np.clip(self._skin.at("roughness", spots) + np.where(eye, 0, POWDER), 0.04, 1).astype(np.float32)
        rays = light_rays(samples, setup)
        gathered = samples.dome is None
        light = irradiance(samples, normal, albedo, setup, rays, (_WRAP, scatter) if gathered else None)
        # Skin has a broad and a tight lobe (d'Eon and Luebke, GPU Gems 3); the base layer hardly shines.
        mirror, head_on = normal.copy(), SKIN_SPECULAR * (1 - 0.6 * np.clip(base_layer, 0, 1))
        mirror[eye], clear = eye_mirrors(geometry.subject.eyes, samples.position_m[eye])
        head_on[eye] = EYE_SPECULAR * (_WET + (1 - _WET) * clear)
        grazing = np.where(eye, 1, SKIN_GRAZING).astype(np.float32)
        lobes = ((0.78, roughness), (0.22, np.maximum(0.6 * roughness, 0.2)))
        lamps, around = gloss(samples, mirror, lobes, head_on.astype(np.float32), setup, rays, grazing)
        return Shaded(albedo, light, lamps + around, lamps, scatter, part)

    def _spots(self, samples: SurfaceSamples) -> TextureSpots:
        geometry, size = self._geometry, self._skin.size
        uv = interpolate_uv(geometry, samples.triangle, samples.bary)
        along_u, along_v, _ = surface_tangents(geometry, samples.triangle)
        texel_u = np.maximum(length(along_u) / size, 1e-5)
        texel_v = np.maximum(length(along_v) / size, 1e-5)
        footprint = samples.pixel_m / np.sqrt(texel_u * texel_v)
        tangents = (along_u, along_v)
        return TextureSpots(uv[:, 0] * size, (1 - uv[:, 1]) * size, footprint, tangents, (texel_u, texel_v))

    def _with_pores(self, samples: SurfaceSamples, spots: TextureSpots) -> FloatArray:
        """Tilt normals by the painted relief; relief finer than a pixel fades instead of glittering."""
        texel_u, texel_v = spots.texel_m
        step = np.clip(samples.pixel_m / np.minimum(texel_u, texel_v), 1, 8)
        here = self._skin.at("height_mm", spots)
        right = self._skin.at("height_mm", replace(spots, x=spots.x + step))
        up = self._skin.at("height_mm", replace(spots, y=spots.y - step))
        fade = _RELIEF * np.clip(2.2 / step, 0, 1)
        slope_u = np.clip((right - here) * 1e-3 / (texel_u * step), -0.6, 0.6) * fade
        slope_v = np.clip((up - here) * 1e-3 / (texel_v * step), -0.6, 0.6) * fade
        return relief(samples.normal, samples.view, spots.tangents, slope_u, slope_v)
