"""Pictures damaged in known ways, as generative pipelines might damage them, all made from a context's draft."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.core.colour import LUMINANCE, to_linear, to_srgb
from vmodel.scene import PART_NAMES
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray, FloatArray


def laid(picture: ByteArray, other: ByteArray, cover: FloatArray) -> ByteArray:
    """Blend ``other`` over ``picture`` by coverage, in linear light; alpha stays."""
    result = picture.copy()
    share = cover[..., None]
    below, above = (to_linear(np.ascontiguousarray(one[..., :3])) for one in (picture, other))
    result[..., :3] = to_srgb(below * (1 - share) + above * share)
    return result


def with_other_colours(context: RenderContext) -> ByteArray:
    """Turn the garment's hues by 120 degrees."""
    hsv = cv2.cvtColor(np.ascontiguousarray(context.draft[..., :3]), cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + 60) % 180
    hsv[..., 1] = np.maximum(hsv[..., 1], 90)
    return laid(context.draft, cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), context.maps.garment_mask)


def with_smeared_print(picture: ByteArray, context: RenderContext, sigma_px: float = 2.5) -> ByteArray:
    """Blur the garment within its own outline."""
    weight = (context.maps.garment_mask > 0.99).astype(np.float32)[..., None]
    inside = picture[..., :3].astype(np.float32) * weight
    total = cv2.GaussianBlur(weight, (0, 0), sigma_px)[..., None]
    mean = cv2.GaussianBlur(inside, (0, 0), sigma_px) / np.maximum(total, 1e-3)
    return laid(picture, np.clip(mean, 0, 255).astype(np.uint8), context.maps.garment_mask)


def with_noise(picture: ByteArray, cover: FloatArray, levels: float, grain_px: float = 0) -> ByteArray:
    """Add noise of ``levels`` deviation in sRGB, independent in each channel; grain above 0 makes it blotches."""
    noise = np.random.default_rng(5).normal(0, 1, (*picture.shape[:2], 3))
    if grain_px:
        noise = cv2.GaussianBlur(noise, (0, 0), grain_px)
    noise = noise / noise.std() * levels
    noisy = np.clip(picture[..., :3] + noise, 0, 255).astype(np.uint8)
    return laid(picture, noisy, cover)


def with_nothing_but_noise(context: RenderContext, colours: int = 3, grain_px: float = 0) -> ByteArray:
    """Replace the garment by noise: any colour per pixel, or any grey for ``colours`` 1; grain makes it blotches."""
    height, width = context.maps.garment_mask.shape
    noise = np.random.default_rng(context.seed).integers(0, 256, (height, width, colours)).astype(np.float32)
    if grain_px:
        soft = cv2.GaussianBlur(noise, (0, 0), grain_px)
        noise = np.clip((soft - soft.mean()) / soft.std() * 74 + 128, 0, 255)
    return laid(context.draft, np.broadcast_to(noise.astype(np.uint8), (height, width, 3)), context.maps.garment_mask)


def with_other_light(context: RenderContext) -> ByteArray:
    """Add folds and a shadow edge that the draft lacks, at the same mean brightness of the garment."""
    height, width = context.maps.garment_mask.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    change = 0.2 * np.sin((x + 0.6 * y) / (0.012 * height)) - 0.3 * (x > width / 2)
    inside = context.maps.garment_mask > 0.99
    lit = to_linear(np.ascontiguousarray(context.draft[..., :3]))
    gain = lit[inside].sum() / (lit * np.exp(change)[..., None])[inside].sum()
    return laid(context.draft, to_srgb(lit * gain * np.exp(change)[..., None]), context.maps.garment_mask)


def shifted(context: RenderContext, share: float = 0.01) -> ByteArray:
    """Move the whole picture sideways by a share of its long side."""
    return np.roll(context.draft, round(share * max(context.draft.shape[:2])), axis=1)


def with_melted(context: RenderContext, parts: tuple[str, ...], share: float) -> ByteArray:
    """Blur parts of the body by a share of their size."""
    chosen = np.isin(context.maps.parts, [PART_NAMES.index(part) for part in parts]).astype(np.float32)
    smeared = cv2.GaussianBlur(context.draft, (0, 0), share * float(np.sqrt(chosen.sum())))
    return laid(context.draft, smeared, cv2.GaussianBlur(chosen, (0, 0), 1.0))


def with_base_layer_on_the_garment(context: RenderContext) -> ByteArray:
    """Cut a round hole into the garment, through which the base layer shows."""
    cover = context.maps.garment_mask
    rows, columns = np.nonzero(cover > 0.5)
    y, x = np.mgrid[0 : cover.shape[0], 0 : cover.shape[1]]
    hole = np.hypot(y - rows.mean(), x - columns.mean()) < 0.2 * np.ptp(columns)
    skin = context.scene.skin
    colour = np.median(skin.albedo[skin.base_layer > 0.5], axis=0)
    return laid(context.draft, _lit_like_the_garment(context, colour), cover * hole)


def with_skin_for_the_base_layer(context: RenderContext) -> ByteArray:
    """Replace the visible base layer by skin colour."""
    skin = context.scene.skin
    colour = np.median(skin.albedo[(skin.base_layer < 0.5) & (skin.scatter > 0.3)], axis=0)
    chosen = context.maps.parts == PART_NAMES.index("base layer")
    return laid(
        context.draft, to_srgb(np.broadcast_to(0.9 * colour, context.maps.albedo.shape)), chosen.astype(np.float32)
    )


def with_bare_skin_in_the_drafts_light(context: RenderContext) -> ByteArray:
    """Replace the base layer's own colour by skin colour; light and folds stay."""
    skin = context.scene.skin
    return with_base_layer_of(context, np.median(skin.albedo[(skin.base_layer < 0.5) & (skin.scatter > 0.3)], axis=0))


def with_base_layer_of(context: RenderContext, colour: FloatArray) -> ByteArray:
    """Recolour the base layer, (3,) linear light, lit as it was."""
    chosen = (context.maps.parts == PART_NAMES.index("base layer")).astype(np.float32)
    lit = to_linear(np.ascontiguousarray(context.draft[..., :3])) * (colour + 0.01) / (context.maps.albedo + 0.01)
    return laid(context.draft, to_srgb(np.clip(lit, 0, 1)), chosen)


def with_another_skin(context: RenderContext) -> ByteArray:
    """Tint face and hands green."""
    chosen = np.isin(context.maps.parts, [PART_NAMES.index(part) for part in ("face", "hand")]).astype(np.float32)
    tinted = context.draft.copy()
    tinted[..., :3] = np.clip(context.draft[..., :3] * np.array([0.7, 1.1, 0.7]), 0, 255).astype(np.uint8)
    return laid(context.draft, tinted, chosen)


def with_a_coloured_background(context: RenderContext) -> ByteArray:
    """Remove some red from the backdrop."""
    tinted = context.draft.copy()
    tinted[..., 0] = (context.draft[..., 0] * 0.85).astype(np.uint8)
    return laid(context.draft, tinted, 1 - context.maps.person_mask)


def with_something_beside_the_figure(context: RenderContext) -> ByteArray:
    """Add a second, darker shape that was not requested."""
    height, width = context.draft.shape[:2]
    cover = np.zeros((height, width), np.float32)
    cover[height // 4 : height // 2, : width // 6] = 1
    return laid(context.draft, (context.draft * 0.6).astype(np.uint8), cover * (1 - context.maps.person_mask))


def photographed(context: RenderContext) -> ByteArray:
    """Return a good pipeline's picture: other light, uneven skin and fine grain, without a defect."""
    rng = np.random.default_rng(8)
    height, width = context.maps.garment_mask.shape
    scale = max(height, width) / 1024

    def field(sigma_px: float, deviation: float, channels: int) -> FloatArray:
        values = rng.normal(0, 1, (height, width, channels)).astype(np.float32)
        smooth = cv2.GaussianBlur(values, (0, 0), sigma_px * scale).reshape(values.shape)
        return smooth / smooth.std() * deviation

    change = field(25, 0.15, 1) + field(6, 0.07, 1) + field(1.2, 0.03, 1)
    change = change + field(20, 0.02, 3) * (1 - context.maps.garment_mask[..., None])
    lit = to_linear(np.ascontiguousarray(context.draft[..., :3])) * np.exp(change)
    return laid(context.draft, to_srgb(lit), np.clip(context.maps.person_mask, 0, 1))


def _lit_like_the_garment(context: RenderContext, colour: FloatArray) -> ByteArray:
    shown, plain = (light @ LUMINANCE for light in (to_linear(context.draft[..., :3].copy()), context.maps.albedo))
    return to_srgb(np.clip(shown / np.maximum(plain, 0.02), 0.5, 1.1)[..., None] * colour)
