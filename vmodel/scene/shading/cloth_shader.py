"""Shading of the garment: the photo's own colours under the studio's light, with the gloss of its material."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vmodel.scene.camera.gbuffer import interpolate, interpolate_uv
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.shading.irradiance import (
    Shaded,
    SurfaceSamples,
    facing,
    gloss,
    irradiance,
    light_rays,
    relief,
    surface_tangents,
)
from vmodel.scene.shading.lights import PlacedSetup
from vmodel.scene.shading.texture_sampling import MipTexture
from vmodel.scene.shading.wrinkle_relief import hanging_slopes, squeeze, wrinkle_slopes
from vmodel.types import Drape, FloatArray


@dataclass(frozen=True)
class MaterialLook:
    """Reflectance of a fabric.

    Attributes:
        roughness: 0..1 of its gloss.
        specular: reflectance seen head-on.
        sheen: 0..1 glow of fibres at grazing angles.
        weave_mm: thread or rib spacing.
        weave: slope of the weave's relief.
        wrinkle: strength of soft folds and fine wrinkles.
    """

    roughness: float
    specular: float
    sheen: float
    weave_mm: float
    weave: float
    wrinkle: float

    @property
    def is_matte(self) -> bool:
        """Matte fabric: its gloss has been through the fibres and has their colour; otherwise it has the lamp's."""
        return self.roughness >= _MATTE


MATERIALS: Mapping[str, MaterialLook] = {
    "jersey": MaterialLook(0.80, 0.012, 0.05, 1.1, 0.10, 1.0),
    "cotton": MaterialLook(0.85, 0.012, 0.03, 0.8, 0.08, 1.15),
    "denim": MaterialLook(0.78, 0.014, 0.02, 1.3, 0.16, 0.9),
    "silk": MaterialLook(0.38, 0.040, 0.08, 0.4, 0.02, 0.8),
    "satin": MaterialLook(0.30, 0.050, 0.08, 0.4, 0.02, 0.7),
    "chiffon": MaterialLook(0.60, 0.020, 0.10, 0.5, 0.05, 1.0),
    "knit": MaterialLook(0.92, 0.008, 0.08, 3.2, 0.28, 0.6),
    "wool": MaterialLook(0.92, 0.008, 0.09, 1.8, 0.16, 0.5),
    "coat-wool": MaterialLook(0.92, 0.008, 0.10, 2.0, 0.16, 0.4),
    "leather": MaterialLook(0.40, 0.045, 0.00, 1.0, 0.05, 0.7),
}
_DEFAULT = "cotton"
_HUELESS = 0.003
_MATTE = 0.65


def look_of_material(drape: Drape | None) -> MaterialLook:
    """Return the look of a drape's fabric; an unknown fabric looks like cotton."""
    return MATERIALS.get("" if drape is None else drape.material, MATERIALS[_DEFAULT])


def looks_of_textures(drape: Drape | None, textures: int) -> list[MaterialLook]:
    """Return the look of each texture's fabric."""
    if drape is None or not drape.texture_materials:
        return [look_of_material(drape)] * max(textures, 1)
    return [MATERIALS.get(material, MATERIALS[_DEFAULT]) for material in drape.texture_materials]


def fibre_tint(albedo: FloatArray) -> FloatArray:
    """Return the colour of the gloss of dyed fibres.

    A photo of a nearly black cloth already shows its white gloss; more of it would grey the dye away.

    Args:
        albedo: (S, 3) linear light.
    Returns:
        (S, 3) in 0..1, the brightest channel 1; white for black cloth, whose hue is noise.
    """
    return np.asarray((albedo + _HUELESS) / (albedo.max(axis=1, keepdims=True) + _HUELESS), np.float32)


class ClothShader:
    """Shader of one garment; it keeps its mip textures and wrinkle field between batches of samples."""

    def __init__(self, geometry: Geometry) -> None:
        self._geometry = geometry
        self._looks = looks_of_textures(geometry.subject.drape, len(geometry.subject.textures))
        self._textures = [MipTexture(picture) for picture in geometry.subject.textures]
        self._squeeze = squeeze(geometry)
        # One scale for the whole garment, so that relief does not slide where the cloth is stretched.
        cloth = np.arange(geometry.cloth_start, len(geometry.triangles), 5)
        self._metres_per_texel = float(1 / np.median(surface_tangents(geometry, cloth)[2])) if len(cloth) else 1.0

    def albedo(self, samples: SurfaceSamples) -> FloatArray:
        """Return the photo's colours, linear light, (S, 3); they are only resampled."""
        _, _, density = surface_tangents(self._geometry, samples.triangle)
        points = interpolate_uv(self._geometry, samples.triangle, samples.bary)
        cosine = np.clip(dot(samples.normal, samples.view), 0.15, 1)
        footprint = density * samples.pixel_m / np.sqrt(cosine)
        index = self._geometry.texture[samples.triangle]
        colours = np.zeros((len(points), 3), np.float32)
        for number, texture in enumerate(self._textures):
            chosen = index == number
            if chosen.any():
                colours[chosen] = texture.colours(points[chosen], footprint[chosen])
        return colours

    def shade(self, samples: SurfaceSamples, setup: PlacedSetup) -> Shaded:
        """Shade samples on cloth triangles."""
        count = len(samples.triangle)
        roughness, specular, sheen = (self._by_fabric(samples, name) for name in ("roughness", "specular", "sheen"))
        albedo = self.albedo(samples)
        normal = self._relief(samples)
        rays = light_rays(samples, setup)
        light = irradiance(samples, normal, albedo, setup, rays)
        lamps, around = gloss(samples, normal, ((1.0, roughness),), specular, setup, rays)
        grazing = np.power(1 - np.clip(dot(normal, samples.view), 0, 1), 4)
        around = around + (sheen * grazing * samples.open_share)[:, None] * (0.3 + 0.7 * np.sqrt(albedo)) * 0.6
        matte = self._by_fabric(samples, "is_matte") > 0
        tint = np.where(matte[:, None], fibre_tint(albedo), 1) * np.where(samples.inside, 0.2, 1)[:, None]
        lamps, shine = (np.asarray(part * tint, np.float32) for part in (lamps, lamps + around))
        # The inside shows the wrong side of the fabric: its print is paler, and less light gets in.
        grey = albedo.mean(axis=1, keepdims=True)
        albedo = np.where(samples.inside[:, None], 0.72 * (0.7 * albedo + 0.3 * grey), albedo)
        part = np.full(count, PART_NAMES.index("garment"), np.uint8)
        return Shaded(albedo, light, shine, lamps, np.zeros(count, np.float32), part)

    def _by_fabric(self, samples: SurfaceSamples, name: str) -> FloatArray:
        """Return a property (S,) of the fabric at each sample."""
        values = np.array([getattr(look, name) for look in self._looks], np.float32)
        return values[np.minimum(self._geometry.texture[samples.triangle], len(values) - 1)]

    def _relief(self, samples: SurfaceSamples) -> FloatArray:
        """Return normals with the weave and, where they are painted, soft folds and fine wrinkles."""
        along_x, along_y, _ = surface_tangents(self._geometry, samples.triangle)
        points = interpolate_uv(self._geometry, samples.triangle, samples.bary)
        texture_m = (points * self._metres_per_texel).astype(np.float32)
        slopes = self._weave_slopes(texture_m, samples)
        if samples.painted:
            squeezed = interpolate(self._geometry, samples.triangle, samples.bary, self._squeeze)
            painted = wrinkle_slopes(texture_m, squeezed, samples.pixel_m) + hanging_slopes(texture_m)
            slopes = slopes + self._by_fabric(samples, "wrinkle")[:, None] * painted
        flip = np.where(samples.inside, -1.0, 1.0).astype(np.float32)
        steep = np.maximum(length(slopes), 1e-6)
        slopes *= (np.tanh(steep / 0.8) * 0.8 / steep * flip)[:, None]
        normal = relief(samples.normal, samples.view, (along_x, along_y), slopes[:, 0], slopes[:, 1])
        return facing(normal, samples.view)

    def _weave_slopes(self, texture_m: FloatArray, samples: SurfaceSamples) -> FloatArray:
        """Return the slopes (S, 2) of threads that a close-up resolves."""
        spacing = self._by_fabric(samples, "weave_mm") * np.float32(1e-3)
        resolved = np.clip(0.45 * spacing / np.maximum(samples.pixel_m, 1e-7) - 0.5, 0, 1)
        visible = self._by_fabric(samples, "weave") * resolved
        turn = 2 * np.pi * texture_m / spacing[:, None]
        wobble = np.sin(0.21 * turn[:, 1]) + np.sin(0.13 * turn[:, 0])
        x = np.sin(turn[:, 0] + 0.4 * wobble) * np.cos(0.5 * turn[:, 1])
        y = np.sin(turn[:, 1] + 0.4 * wobble) * np.cos(0.5 * turn[:, 0])
        return np.stack([x * visible, y * visible], axis=1).astype(np.float32)
