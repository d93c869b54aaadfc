"""The draft: a studio photograph rendered from geometry, light and the photo's own pixels."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from vmodel.errors import UnknownLight
from vmodel.images import to_srgb
from vmodel.scene.background import Background, paint_background, read_background
from vmodel.scene.cloth import ClothShader
from vmodel.scene.gbuffer import GBuffer
from vmodel.scene.geometry import PART_NAMES, Geometry, Surface
from vmodel.scene.lights import LIGHTS
from vmodel.scene.maps import STOOL_ALBEDO
from vmodel.scene.scene import Scene
from vmodel.scene.shading import Shaded, SurfaceSamples, irradiance, light_rays, take_samples
from vmodel.scene.skin import BodyShader
from vmodel.scene.strands import draw_strands, over
from vmodel.scene.tone import film_contrast, roll_off
from vmodel.scene.visibility import Lighting
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray, IntArray

_BATCH = 400_000
# Two Gaussians a channel, in millimetres, fit the profile of light under skin (d'Eon and Luebke, GPU Gems 3).
_SCATTER_MM = ((0.35, 3.4), (0.20, 1.3), (0.12, 0.6))
_SCATTER_SHARE = (0.45, 0.55)


def render_draft(
    scene: Scene,
    camera: Camera,
    maps: ConditionMaps | None = None,
    light: str = "soft-key",
    background: str | Background = "light-grey",
    seed: int = 0,
) -> ByteArray:
    """Render the picture.

    Args:
        scene: who wears what; keep it for further views of the same drape.
        camera: from ``frame_camera``.
        maps: accepted so that every pipeline is called alike; the draft reads the G-buffer they came from.
        light: a name of ``LIGHTS``.
        background: see ``read_background``.
        seed: of ray patterns and dither; the same seed gives the same pixels.
    Returns:
        (H, W, 3) uint8 sRGB; (H, W, 4) with straight alpha on the transparent background.
    Raises:
        UnknownLight, UnknownBackground.
    """
    if light not in LIGHTS:
        raise UnknownLight(light, LIGHTS)
    backdrop = background if isinstance(background, Background) else read_background(background)
    gbuffer = scene.seen_by(camera)
    lighting = scene.lit(light, camera, seed)
    colour, cover = _person(scene.geometry, gbuffer, lighting)
    hair = draw_strands(scene.geometry, gbuffer, lighting)
    hair = replace(hair, colour=film_contrast(hair.colour, lighting.setup.contrast))
    colour, cover = over(hair, colour, cover)
    if backdrop.name == "transparent":
        straight = colour / np.maximum(cover, 1e-4)[..., None]
        return np.dstack([to_srgb(roll_off(straight)), (np.clip(cover, 0, 1) * 255 + 0.5).astype(np.uint8)])
    plate = paint_background(backdrop, camera, lighting.floor)
    return _encoded(roll_off(colour) + plate * (1 - cover)[..., None], seed)


def _person(geometry: Geometry, gbuffer: GBuffer, lighting: Lighting) -> tuple[FloatArray, FloatArray]:
    """Premultiplied colour (H, W, 3) and coverage (H, W) of body, garment and stool."""
    height, width = gbuffer.camera.size
    shaded = _shade(geometry, gbuffer, lighting)
    spread = _scattered(gbuffer, shaded)
    blurred = spread.reshape(-1, 3)[gbuffer.pixel]
    light = shaded.irradiance + (blurred - shaded.irradiance) * shaded.scatter[:, None]
    radiance = shaded.albedo * light + shaded.gloss
    garment = shaded.part == PART_NAMES.index("garment")
    contrast = np.where(garment, 0, lighting.setup.contrast)[:, None].astype(np.float32)
    radiance = roll_off(film_contrast(radiance, contrast)) * gbuffer.weight[:, None]
    pixels = height * width
    colour = np.stack([np.bincount(gbuffer.pixel, radiance[:, c], pixels) for c in range(3)], axis=1)
    cover = np.bincount(gbuffer.pixel, gbuffer.weight, pixels)
    return colour.reshape(height, width, 3).astype(np.float32), cover.reshape(height, width).astype(np.float32)


def _shade(geometry: Geometry, gbuffer: GBuffer, lighting: Lighting) -> Shaded:
    """Shade every sample, in batches that bound memory."""
    count = len(gbuffer.pixel)
    albedo = np.zeros((count, 3), np.float32)
    light = np.zeros((count, 3), np.float32)
    shine = np.zeros((count, 3), np.float32)
    scatter = np.zeros(count, np.float32)
    part = np.zeros(count, np.uint8)
    surface = geometry.surface[gbuffer.triangle]
    body, cloth = BodyShader(geometry), ClothShader(geometry)
    for kind in Surface:
        members = np.flatnonzero(surface == kind)
        for start in range(0, len(members), _BATCH):
            index = members[start : start + _BATCH]
            samples = take_samples(geometry, gbuffer, lighting, index)
            if kind == Surface.BODY:
                result = body.shade(samples, lighting.setup)
            elif kind == Surface.CLOTH:
                result = cloth.shade(samples, lighting.setup)
            else:
                result = _shade_stool(samples, lighting)
            albedo[index], light[index], shine[index] = result.albedo, result.irradiance, result.gloss
            scatter[index], part[index] = result.scatter, result.part
    return Shaded(albedo, light, shine, scatter, part)


def _shade_stool(samples: SurfaceSamples, lighting: Lighting) -> Shaded:
    count = len(samples.triangle)
    albedo = np.full((count, 3), STOOL_ALBEDO, np.float32)
    light = irradiance(samples, samples.normal, albedo, lighting.setup, light_rays(samples, lighting.setup))
    part = np.full(count, PART_NAMES.index("stool"), np.uint8)
    return Shaded(albedo, light, np.zeros((count, 3), np.float32), np.zeros(count, np.float32), part)


def _scattered(gbuffer: GBuffer, shaded: Shaded) -> FloatArray:
    """(H, W, 3) irradiance of skin, spread as light spreads under it; other surfaces take no part."""
    height, width = gbuffer.camera.size
    weight = gbuffer.weight * shaded.scatter
    skin: IntArray = np.flatnonzero(weight > 0)
    mask = np.bincount(gbuffer.pixel[skin], weight[skin], height * width).reshape(height, width).astype(np.float32)
    result = np.zeros((height, width, 3), np.float32)
    if len(skin) == 0:
        return result
    px_per_mm = gbuffer.camera.focal_px / float(np.median(gbuffer.depth_m[skin])) / 1000
    for channel in range(3):
        lit = np.bincount(gbuffer.pixel[skin], weight[skin] * shaded.irradiance[skin, channel], height * width)
        picture = lit.reshape(height, width).astype(np.float32)
        for radius, share in zip(_SCATTER_MM[channel], _SCATTER_SHARE, strict=True):
            sigma = radius * px_per_mm
            if sigma < 0.25:
                spread, norm = picture, mask
            else:
                spread = cv2.GaussianBlur(picture, (0, 0), sigma)
                norm = cv2.GaussianBlur(mask, (0, 0), sigma)
            result[..., channel] += share * spread / np.maximum(norm, 1e-4)
    return result


def _encoded(linear: FloatArray, seed: int) -> ByteArray:
    """sRGB bytes with half a step of noise, so that smooth backdrops show no bands; pure white stays pure."""
    rng = np.random.default_rng(seed)
    result = to_srgb(linear)
    for top in range(0, len(linear), 512):
        rows = np.clip(linear[top : top + 512], 0, 1)
        encoded = np.where(rows <= 0.0031308, rows * 12.92, 1.055 * np.power(rows, 1 / 2.4) - 0.055) * 255
        noise = rng.uniform(-0.5, 0.5, rows.shape[:2]).astype(np.float32)[..., None]
        dithered = np.clip(encoded + 0.5 + noise, 0, 255).astype(np.uint8)
        result[top : top + 512] = np.where(rows >= 1, 255, dithered)
    return result
