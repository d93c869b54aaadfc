"""Draft: a studio photograph rendered from geometry, light and the photo's own pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np

from vmodel.core.colour import to_srgb
from vmodel.core.parallel import side_by_side
from vmodel.errors import UnknownLight
from vmodel.scene.camera.close_up import close_up
from vmodel.scene.camera.gbuffer import GBuffer, in_batches, scatter_add
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry, Surface
from vmodel.scene.geometry.vectors import dot
from vmodel.scene.hair.rasteriser import composite_over, draw_strands
from vmodel.scene.place.catalogue import PLACES
from vmodel.scene.place.reflection import mirror_person
from vmodel.scene.render.background import Background, paint_background, read_background
from vmodel.scene.render.scene import Drawn, Scene
from vmodel.scene.shading.cloth_shader import fibre_tint
from vmodel.scene.shading.irradiance import (
    Shaded,
    SurfaceSamples,
    TracedSamples,
    gloss,
    irradiance,
    light_rays,
    take_samples,
)
from vmodel.scene.shading.lights import LIGHTS
from vmodel.scene.shading.tone_mapping import compress_highlights, film_contrast
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray, IntArray

_ROWS = 256
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
    lighting = scene.lighting_for(light, camera, seed)
    near = close_up(scene.geometry, camera)
    if near is None:
        colour, cover = _with_hair(scene, camera, lighting)
    else:
        colour, cover = _person(scene, scene.gbuffer_for(camera), lighting)
        drawn = Drawn(near.camera, lighting, *_with_hair(scene, near.camera, lighting))
        scene.keep_near(drawn)
        near.lay(drawn.colour, colour)
        near.lay(drawn.cover, cover)
    if backdrop.name == "transparent":
        return _cut_out(colour, cover)
    plate = paint_background(backdrop, camera, lighting)
    if backdrop.name in PLACES:
        plate = mirror_person(plate, colour, cover, _depth_m(scene.gbuffer_for(camera)), backdrop.name, camera)
    return _developed(colour, cover, plate, seed)


def _with_hair(scene: Scene, camera: Camera, lighting: Lighting) -> tuple[FloatArray, FloatArray]:
    """Return premultiplied colour (H, W, 3) and coverage (H, W) of all but the backdrop; do not write to them."""
    kept = scene.drawn_near(camera, lighting)
    if kept is not None:
        return kept.colour, kept.cover
    gbuffer = scene.gbuffer_for(camera)
    colour, cover = _person(scene, gbuffer, lighting)
    hair = draw_strands(scene.geometry, gbuffer, lighting)
    drawn = hair.cover > 0
    hair.colour[drawn] = film_contrast(hair.colour[drawn], lighting.setup.contrast)
    return composite_over(hair, colour, cover)


def _person(scene: Scene, gbuffer: GBuffer, lighting: Lighting) -> tuple[FloatArray, FloatArray]:
    """Return premultiplied colour (H, W, 3) and coverage (H, W) of body, garment and props."""
    height, width = gbuffer.camera.size
    colour = np.zeros((height * width, 3), np.float32)
    cover = np.zeros(height * width, np.float32)
    for index, shaded, light in lit_samples(scene, gbuffer, lighting):
        garment = shaded.part == PART_NAMES.index("garment")
        contrast = np.where(garment, 0, lighting.setup.contrast)[:, None].astype(np.float32)
        radiance = compress_highlights(film_contrast(shaded.albedo * light + shaded.gloss, contrast))
        scatter_add(colour, gbuffer.pixel[index], radiance * gbuffer.weight[index, None])
        scatter_add(cover, gbuffer.pixel[index], gbuffer.weight[index])
    return colour.reshape(height, width, 3), cover.reshape(height, width)


def lit_samples(
    scene: Scene, gbuffer: GBuffer, lighting: Lighting, traced: TracedSamples | None = None
) -> Iterator[tuple[IntArray, Shaded, FloatArray]]:
    """Shade all visible samples.

    Only skin needs its neighbours' light, so only the body is kept until all of it is shaded.

    Args:
        scene: who wears what.
        gbuffer: of a camera.
        lighting: at the vertices.
        traced: traced light of each pixel; None to use the light at the vertices.
    Yields:
        Indices (S,) of samples, their shading, and the light (S, 3) on them, already spread under skin.
    """
    geometry, surface = scene.geometry, scene.geometry.surface[gbuffer.triangle]

    def taken(index: IntArray) -> SurfaceSamples:
        samples = take_samples(geometry, gbuffer, lighting, index)
        return samples if traced is None else traced.light(samples, gbuffer.pixel[index])

    def shade_prop(index: IntArray) -> tuple[IntArray, Shaded]:
        return index, _shade_prop(geometry, taken(index), lighting)

    def shade_cloth(index: IntArray) -> tuple[IntArray, Shaded]:
        return index, scene.cloth_shader.shade(taken(index), lighting.setup)

    def shade_body(index: IntArray) -> Shaded:
        return scene.body_shader.shade(taken(index), lighting.setup)

    for kind, shade in ((Surface.STOOL, shade_prop), (Surface.SHOES, shade_prop), (Surface.CLOTH, shade_cloth)):
        for index, shaded in side_by_side(shade, in_batches(np.flatnonzero(surface == kind), gbuffer.pixel)):
            yield index, shaded, shaded.irradiance
    body = list(in_batches(np.flatnonzero(surface == Surface.BODY), gbuffer.pixel))
    bare = list(side_by_side(shade_body, body))
    spread = _scattered(gbuffer, body, bare).reshape(-1, 3)
    for index, shaded in zip(body, bare, strict=True):
        blurred = spread[gbuffer.pixel[index]]
        yield index, shaded, shaded.irradiance + (blurred - shaded.irradiance) * shaded.scatter[:, None]


def _shade_prop(geometry: Geometry, samples: SurfaceSamples, lighting: Lighting) -> Shaded:
    count, prop = len(samples.triangle), samples.triangle - geometry.props_start
    albedo, rays = geometry.prop_albedo[prop], light_rays(samples, lighting.setup)
    light = irradiance(samples, samples.normal, albedo, lighting.setup, rays)
    lamps = shine = np.zeros((count, 3), np.float32)
    roughness, specular, sheen = geometry.prop_gloss[prop].T
    if specular.any():
        lamps, around = gloss(samples, samples.normal, ((1.0, roughness),), specular, lighting.setup, rays)
        grazing = np.power(1 - np.clip(dot(samples.normal, samples.view), 0, 1), 4)
        around += (sheen * grazing * samples.open_share)[:, None] * fibre_tint(albedo) * np.sqrt(albedo)
        glossy = ((specular > 0) * np.where(samples.inside, 0.2, 1))[:, None].astype(np.float32)
        lamps, shine = lamps * glossy, (lamps + around) * glossy
    return Shaded(albedo, light, shine, lamps, np.zeros(count, np.float32), geometry.part[samples.triangle])


def _depth_m(gbuffer: GBuffer) -> FloatArray:
    """Return the depth (H, W) at the middle of each pixel; 0 where no surface is."""
    depth = np.where(gbuffer.centre >= 0, gbuffer.depth_m[gbuffer.centre], 0)
    return np.asarray(depth.reshape(gbuffer.camera.size), np.float32)


def _scattered(gbuffer: GBuffer, body: Sequence[IntArray], shaded: Sequence[Shaded]) -> FloatArray:
    """Return the irradiance (H, W, 3) of skin, spread as light spreads under it.

    Args:
        gbuffer: places the samples.
        body: batches of the body's samples.
        shaded: light on each batch.
    """
    height, width = gbuffer.camera.size
    mask = np.zeros(height * width, np.float32)
    lit = np.zeros((height * width, 3), np.float32)
    for index, part in zip(body, shaded, strict=True):
        weight = gbuffer.weight[index] * part.scatter
        scatter_add(mask, gbuffer.pixel[index], weight)
        scatter_add(lit, gbuffer.pixel[index], part.irradiance * weight[:, None])
    skin = np.concatenate([np.zeros(0, int), *(i[p.scatter > 0] for i, p in zip(body, shaded, strict=True))])
    result = np.zeros((height, width, 3), np.float32)
    if len(skin) == 0:
        return result
    px_per_mm = gbuffer.camera.focal_px / float(np.median(gbuffer.depth_m[skin])) / 1000
    whole = mask.reshape(height, width)
    for channel in range(3):
        picture = np.ascontiguousarray(lit[:, channel]).reshape(height, width)
        for radius, share in zip(_SCATTER_MM[channel], _SCATTER_SHARE, strict=True):
            sigma = radius * px_per_mm
            if sigma < 0.25:
                spread, norm = picture, whole
            else:
                spread = cv2.GaussianBlur(picture, (0, 0), sigma)
                norm = cv2.GaussianBlur(whole, (0, 0), sigma)
            result[..., channel] += share * spread / np.maximum(norm, 1e-4)
    return result


def _developed(colour: FloatArray, cover: FloatArray, plate: FloatArray, seed: int) -> ByteArray:
    """Compose the person with the backdrop as sRGB bytes.

    Half a step of noise keeps smooth backdrops free of bands; pure white stays pure.

    Args:
        colour: (H, W, 3) linear light times coverage.
        cover: (H, W) coverage.
        plate: (H, W, 3) the backdrop.
        seed: of the noise.
    """
    rng = np.random.default_rng(seed)
    result = np.empty(colour.shape, np.uint8)
    for top in range(0, len(colour), _ROWS):
        band = slice(top, top + _ROWS)
        linear = compress_highlights(colour[band]) + plate[band] * (1 - cover[band])[..., None]
        rows = np.clip(linear, 0, 1)
        encoded = np.where(rows <= 0.0031308, rows * 12.92, 1.055 * np.power(rows, 1 / 2.4) - 0.055) * 255
        noise = rng.uniform(-0.5, 0.5, rows.shape[:2]).astype(np.float32)[..., None]
        dithered = np.clip(encoded + 0.5 + noise, 0, 255).astype(np.uint8)
        result[band] = np.where(rows >= 1, 255, dithered)
    return result


def _cut_out(colour: FloatArray, cover: FloatArray) -> ByteArray:
    """Return sRGB (H, W, 4) with straight alpha."""
    result = np.empty((*cover.shape, 4), np.uint8)
    for top in range(0, len(colour), _ROWS):
        band = slice(top, top + _ROWS)
        result[band, :, :3] = to_srgb(compress_highlights(colour[band] / np.maximum(cover[band], 1e-4)[..., None]))
        result[band, :, 3] = (np.clip(cover[band], 0, 1) * 255 + 0.5).astype(np.uint8)
    return result
