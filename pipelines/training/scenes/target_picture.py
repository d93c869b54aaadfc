"""Finish of Cycles' pictures, so that they match the draft: same exposure, outline, backdrop and tone curve.

Cycles gives the light on skin and cloth. Denoising its few samples leaves hair as a smear, so hair only casts its
shadow there, and the draft's strands are drawn afterwards. Outlines come from the same rays as the draft's, so both
pictures agree to a fraction of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
import numpy as np
import torch
from einops import rearrange

from pipelines.embedded.conditioning import Conditions
from pipelines.embedded.exposure import BARE, FEWEST, GROUPS, share_of_group, skin_exposure_gain
from pipelines.embedded.light_smoothing import even_light
from pipelines.embedded.log_ratio import OFFSET, apply_ratio, log_ratio
from vmodel.core.colour import to_linear, to_srgb
from vmodel.scene import PART_NAMES, Scene
from vmodel.scene.camera.close_up import close_up
from vmodel.scene.geometry.scene_mesh import Surface
from vmodel.scene.hair.rasteriser import StrandLayer, draw_strands, uncovered
from vmodel.scene.render.background import paint_background, read_background
from vmodel.scene.render.condition_maps import coverage
from vmodel.scene.shading.tone_mapping import compress_highlights, film_contrast
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray

REFERENCES = 2
"""Number of first views of a scene by which brightness is judged: the figure, and half of it."""
_DARKEST_GAIN, _BRIGHTEST_GAIN = 0.55, 1.8
_SKIN = [PART_NAMES.index(name) for name in ("skin", "face", "hand", "foot")]
_HAIR = PART_NAMES.index("hair")
_FILM, _FOLDS = 0.4, 0.35
"""Contrast that the photograph has beyond the draft's: of skin, and of light and shade on cloth."""


def exposure_gain(photograph: FloatArray, draft: ByteArray, maps: ConditionMaps) -> float:
    """Return the factor that gives the photograph's garment the mean light of the draft's.

    Args:
        photograph: (H, W, 4) premultiplied linear light.
        draft: (H, W, 3) of the same camera.
        maps: of the same camera.
    """
    inside = (maps.garment_mask > 0.98) & (photograph[..., 3] > 0.98)
    if inside.sum() < 200:
        return 1.0
    # Cloth that is burnt out in the draft says nothing about its light.
    light = to_linear(draft)[inside]
    sure = light.max(axis=1) < 0.9
    if sure.sum() < 200:
        sure[:] = True
    gain = float(light[sure].mean() / max(float(photograph[inside][sure, :3].mean()), 1e-4))
    return float(np.clip(gain, _DARKEST_GAIN, _BRIGHTEST_GAIN))


def skin_gain(
    photograph: FloatArray, overlay: Overlay, gain: float, draft: ByteArray, maps: ConditionMaps
) -> FloatArray:
    """Return the (3,) factor that gives the photograph's skin the mean colour of the draft's: scattering pales it.

    Args:
        photograph: (H, W, 4) premultiplied linear light.
        overlay: of the same camera.
        gain: from ``exposure_gain``.
        draft: (H, W, 3) of the same camera.
        maps: of the same camera.
    """
    skin = np.isin(maps.parts, _SKIN)
    skin &= (maps.person_mask > 0.98) & (maps.hair_mask < 0.02) & (photograph[..., 3] > 0.98)
    if skin.sum() < 200:
        return np.ones(3, np.float32)
    seen = compress_highlights(film_contrast(gain * photograph[skin][:, :3], overlay.contrast + _FILM))
    wanted = to_linear(draft)[skin].mean(axis=0)
    ratio = skin_exposure_gain(wanted) * wanted / np.maximum(seen.mean(axis=0), 1e-4)
    return np.asarray(np.clip(ratio, 0.7, 1.5), np.float32)


@dataclass(frozen=True)
class Overlay:
    """Additions to the photograph, of one camera.

    Attributes:
        strands: hair as the draft has it.
        body: (H, W) coverage of all surfaces; ``cloth`` of the garment.
        plate: (H, W, 3) linear light of the backdrop with the shadow on its floor.
        contrast: of the light set-up.
    """

    strands: StrandLayer
    body: FloatArray
    cloth: FloatArray
    plate: FloatArray
    contrast: float


def prepare(scene: Scene, camera: Camera, light: str, background: str, seed: int) -> Overlay:
    """Draw hair, outlines and backdrop; cheapest right after the draft of the same camera.

    Args:
        scene: the set.
        camera: of the photograph.
        light: name of the light set-up.
        background: name of the backdrop.
        seed: of the draft.
    """
    lighting = scene.lighting_for(light, camera, seed)
    gbuffer, surface = scene.gbuffer_for(camera), scene.geometry.surface
    return Overlay(
        strands=_strands(scene, camera, lighting),
        body=coverage(gbuffer, np.ones(len(gbuffer.pixel), bool)),
        cloth=coverage(gbuffer, surface[gbuffer.triangle] == Surface.CLOTH),
        plate=paint_background(read_background(background), camera, lighting),
        contrast=lighting.setup.contrast,
    )


def _strands(scene: Scene, camera: Camera, lighting: Lighting) -> StrandLayer:
    """Draw the draft's hair, through its longer lens where it used one."""
    near = close_up(scene.geometry, camera)
    seen = scene.gbuffer_for(camera if near is None else near.camera)
    fine = draw_strands(scene.geometry, seen, lighting)
    if near is None:
        return fine
    whole = StrandLayer(np.zeros((*camera.size, 3), np.float32), *np.zeros((4, *camera.size), np.float32))
    for part in fields(StrandLayer):
        near.lay(getattr(fine, part.name), getattr(whole, part.name))
    return whole


def develop(
    photograph: FloatArray,
    overlay: Overlay,
    maps: ConditionMaps,
    gain: float,
    bare: FloatArray,
    middle: float | None,
) -> ByteArray:
    """Draw the hair into the photograph, apply the draft's tone curve, and add the draft's backdrop.

    Args:
        photograph: (H, W, 4) premultiplied linear light and coverage.
        overlay: from ``prepare``.
        maps: of the same camera.
        gain: from ``exposure_gain``.
        bare: from ``skin_gain``; for skin.
        middle: from ``middle_of_cloth``.
    Returns:
        (H, W, 3) uint8 sRGB.
    """
    strands, body, kept = overlay.strands, overlay.body, uncovered(overlay.strands)
    skin = np.isin(maps.parts, (*BARE, _HAIR)) * (1 - overlay.cloth)  # under thin hair there is skin as well
    seen = gain * _straight(photograph) * (1 + (bare - 1) * skin[..., None].astype(np.float32))
    seen = seen * _deeper_folds(seen, maps.albedo, overlay.cloth, middle)
    amount = ((overlay.contrast + _FILM) * (1 - overlay.cloth))[..., None].astype(np.float32)
    toned = compress_highlights(film_contrast(seen, amount))
    hair = compress_highlights(film_contrast(strands.colour, overlay.contrast))
    person = np.clip(strands.cover + body * kept, 0, 1)[..., None]
    full = hair + toned * (body * kept)[..., None] + overlay.plate * (1 - person)
    return to_srgb(full)


def settle_exposure(
    targets: Sequence[ByteArray], drafts: Sequence[ByteArray], maps: Sequence[ConditionMaps]
) -> list[ByteArray]:
    """Correct the brightness of cloth, base layer and skin in the photographs of a scene once more.

    Cloth and base layer get the draft's brightness on the whole, and skin more, the darker it is. The correction
    follows the overall brightness in the first two views, figure and half; shade and shape stay.

    Args:
        targets: (H, W, 3) of each view of the scene.
        drafts: the same.
        maps: of each.
    """
    linear = [
        (to_linear(target) + OFFSET, to_linear(draft) + OFFSET) for target, draft in zip(targets, drafts, strict=True)
    ]
    for group in GROUPS:
        where = [np.isin(each.parts, group) for each in maps]
        pairs = [(made[at], drawn[at]) for (made, drawn), at in list(zip(linear, where, strict=True))[:REFERENCES]]
        made, drawn = (np.concatenate(side) for side in zip(*pairs, strict=True))
        if len(made) < FEWEST:
            continue
        wanted = np.log(skin_exposure_gain(drawn.mean(axis=0) - OFFSET)) if group == BARE else 0.0
        factor = float(np.exp(wanted - np.log(made / drawn).mean()))
        for (view, _), each in zip(linear, maps, strict=True):
            view[:] *= (factor ** share_of_group(group, each.parts, each.hair_mask))[..., None]
    return [to_srgb(np.clip(made - OFFSET, 0, 1)) for made, _ in linear]


def with_backdrop(target: ByteArray, draft: ByteArray, overlay: Overlay) -> ByteArray:
    """Put the draft's own pixels, dither included, where nobody is, so that no network has to change them."""
    nobody = (overlay.strands.cover <= 0) & (overlay.body <= 0)
    return np.where(nobody[..., None], draft, target)


def with_texture(target: ByteArray, plain: ByteArray, conditions: Conditions) -> ByteArray:
    """Apply the photograph's light to the draft, which keeps its print, dye, weave, ribs and pores, and its outlines.

    A photograph that is to sell a garment shows its true colours, and a camera resolves its print. The denoiser of a
    few light paths does neither: it blurs detail of a pixel's width, the more the fewer paths it has. So cloth is
    photographed in one colour, and only the light on cloth and skin is used.

    Args:
        target: (H, W, 3) of the scene whose cloth has one colour.
        plain: the draft of that scene.
        conditions: of the same camera, with the print.
    """
    made, drawn = (rearrange(torch.from_numpy(to_linear(each)), "h w c -> 1 c h w").float() for each in (target, plain))
    ratio = log_ratio(made, drawn)
    ratio = ratio + (ratio.mean(dim=1, keepdim=True) - ratio) * conditions.garment
    lit = apply_ratio(conditions.draft, even_light(ratio, conditions))
    return to_srgb(np.clip(rearrange(lit[0], "c h w -> h w c").numpy(), 0, 1))


def with_catchlights(target: ByteArray, draft: ByteArray, maps: ConditionMaps) -> ByteArray:
    """Add the draft's reflections of soft boxes in the eyes, which six light paths per pixel miss."""
    eye = (maps.parts == PART_NAMES.index("eye")) & (maps.hair_mask < 0.5)
    glint = eye & (to_linear(draft).mean(axis=2) > 0.42)
    return np.where(glint[..., None], np.maximum(target, draft), target)


def middle_of_cloth(photograph: FloatArray, overlay: Overlay, gain: float, maps: ConditionMaps) -> float | None:
    """Return the median light on cloth, the pivot of the folds' contrast; None where too little cloth is seen.

    All views of a scene use that of the first view. With its own, a dark piece of cloth would become as bright as any
    other, and nothing in the piece would show how dark it was.

    Args:
        photograph: (H, W, 4) premultiplied linear light.
        overlay: of the same camera.
        gain: from ``exposure_gain``.
        maps: of the same camera.
    """
    light = _light_on_cloth(gain * _straight(photograph), maps.albedo)
    inside = overlay.cloth > 0.98
    return float(np.median(light[inside])) if inside.sum() >= FEWEST else None


def _light_on_cloth(seen: FloatArray, albedo: FloatArray) -> FloatArray:
    light = (seen.sum(axis=2) + 0.02) / (albedo.sum(axis=2) + 0.02)
    return np.asarray(cv2.GaussianBlur(light.astype(np.float32), (0, 0), 0.8), np.float32)


def _deeper_folds(seen: FloatArray, albedo: FloatArray, cloth: FloatArray, middle: float | None) -> FloatArray:
    """Return the (H, W, 1) factor that gives light and shade on cloth, not its colours, the contrast of film."""
    if middle is None:
        return np.ones((*cloth.shape, 1), np.float32)
    factor = np.clip((_light_on_cloth(seen, albedo) / middle) ** _FOLDS, 0.6, 1.35)
    return np.asarray(1 + (factor - 1) * cloth, np.float32)[..., None]


def _straight(photograph: FloatArray) -> FloatArray:
    """Return (H, W, 3) colours that are valid beyond the photograph's own ragged coverage."""
    cover = np.clip(photograph[..., 3], 0, 1)
    result = photograph[..., :3] / np.maximum(cover, 1e-3)[..., None]
    for sigma in (1.0, 2.5, 6.0):
        thin = cover < 0.35
        spread = cv2.GaussianBlur(photograph[..., :3], (0, 0), sigma)
        share = cv2.GaussianBlur(cover, (0, 0), sigma)
        result[thin] = spread[thin] / np.maximum(share[thin], 1e-3)[:, None]
        if float(share[thin].min(initial=1.0)) > 0.02:
            break
    return np.asarray(result, np.float32)
