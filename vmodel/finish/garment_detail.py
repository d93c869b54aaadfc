"""Finish: restore the photo's own pixels on the garment of a generated picture, under the picture's own light.

The draft shows the photo's pixels where the garment warp puts them, at the picture's full resolution. A generative
pipeline may add only light and shade: the log ratio of both pictures' luminance, without noise and everything that
follows the print. So prints, text and colours are those of the photo, whichever pipeline ran.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vmodel.core.colour import LUMINANCE, blurred, to_linear, to_srgb
from vmodel.finish.light_limit import limit_high_frequency_light, undo_quantisation
from vmodel.scene.shading.cloth_shader import look_of_material
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import BoolArray, ByteArray, FloatArray

_DARKEST = 0.01
"""Added to linear-light luminance before logarithms: below it, a display shows black."""
_MOST_SHADE = 1.6
"""Largest accepted change of light, natural logarithm (a factor of five)."""
_MOST_CHANGE = 1.0
"""Asymptote of the change of light on the garment, natural logarithm (a factor of 2.7)."""
_DIFFUSE_MOST = 1.15
"""Brightness of cloth in the studio's full light over its albedo; what is brighter is gloss."""
_KNEE = 0.9
"""Linear light above which brightening is compressed, so that white cloth keeps its folds."""
_PRINT_STEP = 0.10
"""Step of log albedo from pixel to pixel that counts as the edge of a print."""
_ROUGH = 0.05
"""Deviation of the log ratio from its own neighbourhood at which it counts as remains of the print."""
_FINE_PX = 2.0
"""Radius of the neighbourhood that is searched for remains of a print."""
_WILD = ((_FINE_PX, 0.15), (6.0, 0.25), (15.0, 0.35))
"""Radius of a neighbourhood, and the deviation from its mean at which a ratio no longer counts as light.

Folds and edges of shadows in ``tests/support/spoiled_pictures.py`` deviate by half of it, noise over the garment by
several times."""
_TINTED = 0.35
"""Deviation of the log ratio of two channels at which a tint no longer counts as the cloth's."""
_REFERENCE_PX = 1024
"""Long side of the picture for which the radii below hold; they grow and shrink with it."""


def restore_garment_detail(picture: ByteArray, context: RenderContext) -> ByteArray:
    """Put the photo's own pixels back on the garment, under the picture's light and shade.

    The garment's exposure and colours are anchored to the draft's. Wrong colours are corrected, and a garment that is
    brighter or darker as a whole is brought back. One that is brighter on one side or has other folds keeps them.

    Args:
        picture: (H, W, 3) sRGB, or (H, W, 4) with straight alpha; what a pipeline made of ``context``.
        context: what the pipeline was asked for.
    Returns:
        The same shape; pixels that show no garment are unchanged. The draft itself comes back unchanged.
    """
    maps, material = context.maps, look_of_material(context.scene.drape)
    known: BoolArray = np.asarray(np.isfinite(maps.warp_px).all(axis=2))
    return finish_garment(
        picture,
        context.draft,
        GarmentView(maps.garment_mask, maps.hair_mask, maps.albedo, known),
        not material.is_matte,
    )


@dataclass(frozen=True)
class GarmentView:
    """Place and colours of the garment in a picture.

    Attributes:
        garment_mask: (H, W) float32 coverage 0..1.
        hair_mask: (H, W) float32 coverage 0..1.
        albedo: (H, W, 3) linear light, the photo's colours without shading.
        known: (H, W) bool, pixels whose place in the photo is known.
    """

    garment_mask: FloatArray
    hair_mask: FloatArray
    albedo: FloatArray
    known: BoolArray


def finish_garment(picture: ByteArray, draft: ByteArray, view: GarmentView, shiny: bool) -> ByteArray:
    """Finish a picture of which only the draft and the garment's place are known; see ``restore_garment_detail``.

    Args:
        picture: (H, W, 3) sRGB, or (H, W, 4) with straight alpha.
        draft: the same.
        view: of the same size.
        shiny: the cloth has gloss.
    Returns:
        The same shape; pixels that show no garment are unchanged.
    """
    window = _garment_window(view.garment_mask)
    if window is None:
        return picture
    maps = _cut(view, window, picture)
    draft = np.ascontiguousarray(draft[window][..., :3])
    drawn, made = to_linear(draft), to_linear(np.ascontiguousarray(picture[window][..., :3]))
    seen = (maps.garment_mask > 0.995) & (maps.hair_mask < 0.02) & maps.known
    scale = max(picture.shape[:2]) / _REFERENCE_PX
    change = light_change(made, drawn, maps.albedo, seen, scale)
    change = limit_high_frequency_light(change, drawn, maps.albedo, seen, scale)
    rounded_off = (undo_quantisation(draft, maps.albedo, seen) - drawn) * np.exp(change)[..., None]
    cloth = relight(drawn, maps.albedo, change, shiny)
    result = picture.copy()
    result[window][..., :3] = _laid_over(picture[window][..., :3], made, drawn, cloth, maps.garment_mask, seen)
    result[window][..., :3][seen] = to_srgb((cloth + rounded_off)[seen])
    return result


def _cut(view: GarmentView, window: tuple[slice, slice], picture: ByteArray) -> GarmentView:
    cover = view.garment_mask[window]
    if picture.shape[2] == 4:
        # Straight colours: the garment's share of what a pixel shows, not of the whole pixel.
        cover = np.minimum(cover / np.maximum(picture[window][..., 3] / 255, 1 / 255), 1).astype(np.float32)
    return GarmentView(cover, view.hair_mask[window], np.ascontiguousarray(view.albedo[window]), view.known[window])


def _garment_window(garment_mask: FloatArray) -> tuple[slice, slice] | None:
    """Return rows and columns round the garment, with a margin; None where there is none."""
    rows = np.flatnonzero((garment_mask > 0).any(axis=1))
    columns = np.flatnonzero((garment_mask > 0).any(axis=0))
    if len(rows) == 0:
        return None
    margin = 8
    top, left = max(rows[0] - margin, 0), max(columns[0] - margin, 0)
    return slice(int(top), int(rows[-1] + margin)), slice(int(left), int(columns[-1] + margin))


def light_change(made: FloatArray, drawn: FloatArray, albedo: FloatArray, seen: BoolArray, scale: float) -> FloatArray:
    """Return the log ratio of the picture's light on the garment to the draft's.

    Args:
        made: (H, W, 3) linear light of the picture.
        drawn: (H, W, 3) linear light of the draft.
        albedo: (H, W, 3) linear light, the photo's colours without shading.
        seen: (H, W) bool, pixels that show nothing but garment.
        scale: long side of the whole picture over 1024.
    Returns:
        (H, W) float32 natural logarithm of the ratio, continued smoothly past ``seen``; 0 where both agree.
    """
    # A generated outline may be slightly off; differences there are not light.
    inner = _eroded(seen, 2.0 * scale)
    if int(inner.sum()) < 64:
        return np.zeros(seen.shape, np.float32)
    bright = made @ LUMINANCE + _DARKEST
    expected = (drawn @ LUMINANCE + _DARKEST) * _colour_swap(bright, drawn, albedo, inner, scale)
    ratio = np.clip(np.log(bright / expected), -_MOST_SHADE, _MOST_SHADE).astype(np.float32)
    ink = np.log(albedo + 0.02).astype(np.float32)
    ratio = _without_smear(ratio, ink @ LUMINANCE, inner, scale)
    plain = np.where(inner, _plainness(ink, scale), 0).astype(np.float32)
    faithful = _calmness(ratio, inner, _FINE_PX * scale, _ROUGH)
    believed = np.minimum(_credibility(ratio, inner, scale), _colour_credibility(made, albedo, inner, scale))
    credible = np.where(inner, believed, 0).astype(np.float32)
    sharp = (plain + (1 - plain) * faithful) * credible
    bridged = _bridged(bright, expected, credible, sharp, scale)
    calm = _denoised(np.where(inner, ratio, bridged), inner & (sharp > 0.5), scale)
    change = sharp * calm + (1 - sharp) * bridged
    change -= np.median(change[inner])
    return np.asarray(_MOST_CHANGE * np.tanh(change / _MOST_CHANGE), np.float32)


def relight(drawn: FloatArray, albedo: FloatArray, change: FloatArray, shiny: bool) -> FloatArray:
    """Change the light on the draft's garment: diffuse light takes the cloth's colour, gloss the lamp's.

    Args:
        drawn: (H, W, 3) linear light of the draft.
        albedo: (H, W, 3) linear light.
        change: (H, W) natural logarithm of the new luminance over the old.
        shiny: what is brighter than cloth in full light is gloss; otherwise it is light on the cloth.
    Returns:
        (H, W, 3) linear light in 0..1.
    """
    before = drawn @ LUMINANCE
    after = before * np.exp(change)
    most = _DIFFUSE_MOST * (albedo @ LUMINANCE) if shiny else np.full_like(before, np.inf)
    # No channel of the diffuse part may fall below zero where the draft's highlight is taken from it.
    shine_before = np.minimum(np.maximum(before - most, 0), drawn.min(axis=2))
    diffuse = before - shine_before
    shine_after = np.maximum(after - np.maximum(most, diffuse), 0)
    body = drawn - shine_before[..., None]
    gain = np.clip((after - shine_after) / np.maximum(diffuse, 1e-4), 0, 6)
    bright = np.minimum(body * _held(gain, body.max(axis=2))[..., None] + shine_after[..., None], 1)
    return np.asarray(bright, np.float32)


def _held(gain: FloatArray, peak: FloatArray) -> FloatArray:
    """Return the gain, reduced where it would clip the brightest channel; 1 stays 1."""
    knee = np.maximum(peak, _KNEE)
    room = np.maximum(1 - knee, 1e-3)
    over = np.maximum(gain * peak - knee, 0)
    return np.where(over > 0, (knee + room * (1 - np.exp(-over / room))) / np.maximum(peak, 1e-4), gain)


def _colour_swap(
    bright: FloatArray, drawn: FloatArray, albedo: FloatArray, inner: BoolArray, scale: float
) -> FloatArray:
    """Return (H, W) ratios of the picture's brightness to the photo's, by colour; 1 where the colours are right.

    Light does not depend on the colour that it falls on; swapped or faded colours do. The picture's
    luminance is fitted as a root polynomial of the photo's colours (Finlayson, Mackiewicz and Hurlbert, 2015), on
    blurred copies, so that a smeared print is compared with what it was smeared from.
    """
    sigma = 5.0 * scale
    weight = inner.astype(np.float32)
    lit = ((drawn @ LUMINANCE + _DARKEST) / np.maximum(albedo @ LUMINANCE + _DARKEST, 1e-4) * weight)[..., None]
    terms = _root_terms(albedo)
    step = max(int(np.sqrt(inner.sum() / 8000)), 1)
    chosen = inner[::step, ::step]
    wanted = blurred(bright * weight, sigma)[::step, ::step][chosen]
    known = blurred(terms * lit, sigma)[::step, ::step][chosen]
    right = np.append(LUMINANCE, [0, 0, 0, 1]).astype(np.float64)
    known, wanted = known / wanted[:, None], np.ones_like(wanted)
    robust = np.ones(len(wanted), np.float32)
    mix = right
    for _ in range(4):
        weighted = (known * robust[:, None]).T.astype(np.float64)
        normal = weighted @ known + 1e-4 * np.trace(weighted @ known) * np.eye(len(right))
        mix = right + np.linalg.solve(normal, weighted @ (wanted - known @ right))
        robust = (1 / (1 + np.square((wanted - known @ mix) / 0.5))).astype(np.float32)
    swapped = np.maximum(terms @ mix.astype(np.float32), 1e-3) / (terms @ right.astype(np.float32))
    return np.asarray(np.clip(swapped, 0.05, 20), np.float32)


def _root_terms(albedo: FloatArray) -> FloatArray:
    """Return (H, W, 7) terms that scale with the colour's brightness; the last is what a display's black adds."""
    red, green, blue = (np.maximum(albedo[..., channel], 1e-5) for channel in range(3))
    mixed = [np.sqrt(red * green), np.sqrt(green * blue), np.sqrt(blue * red)]
    return np.stack([red, green, blue, *mixed, np.full_like(red, _DARKEST)], axis=-1)


def _without_smear(ratio: FloatArray, ink: FloatArray, inner: BoolArray, scale: float) -> FloatArray:
    """Remove what follows the photo's fine detail: ribs and seams that the picture drew too weak or too strong."""
    weight = inner.astype(np.float32)
    fine, wide = 3.0 * scale, 7.0 * scale
    near, far = (np.maximum(blurred(weight, sigma), 1e-3) for sigma in (fine, wide))
    detail, change = ((one - blurred(one * weight, fine) / near) * weight for one in (ink, ratio))
    both, own, other = (blurred(one, wide) / far for one in (detail * change, detail * detail, change * change))
    slope = np.clip(both / (own + 1e-5), -1, 1)
    alike = np.square(both) / (own * other + 1e-9)
    return np.asarray(ratio - slope * alike / (alike + 0.05) * detail, np.float32)


def _plainness(ink: FloatArray, scale: float) -> FloatArray:
    """Return (H, W) 0..1: 1 on plain cloth, 0 near edges of the print, where a picture may have smeared it."""
    change_x = np.abs(ink[:, 2:] - ink[:, :-2]).max(axis=2) / 2
    change_y = np.abs(ink[2:] - ink[:-2]).max(axis=2) / 2
    edge = np.zeros(ink.shape[:2], np.float32)
    edge[:, 1:-1] = change_x
    edge[1:-1] = np.maximum(edge[1:-1], change_y)
    near = cv2.dilate(edge, _disc(2.5 * scale))
    return np.asarray(1 / (1 + np.square(near / _PRINT_STEP)), np.float32)


def _credibility(ratio: FloatArray, inner: BoolArray, scale: float) -> FloatArray:
    """Return (H, W) 0..1: 1 where the ratio could be light, 0 where it fluctuates as no light on cloth does."""
    calm = [_calmness(ratio, inner, sigma * scale, most) for sigma, most in _WILD]
    return np.asarray(np.minimum.reduce(calm), np.float32)


def _colour_credibility(made: FloatArray, albedo: FloatArray, inner: BoolArray, scale: float) -> FloatArray:
    """Return (H, W) 0..1: 1 where the picture's tint follows from the photo's colour, 0 where it does not.

    Light does not colour cloth in patches. Any function of the photo's colour is accepted, so that swapped and faded
    colours pass; both are blurred, so that a smeared print is compared with what it was smeared from.
    """
    sigma, weight = 5.0 * scale, inner.astype(np.float32)
    total = np.maximum(blurred(weight, sigma), 1e-3)[..., None]
    shown, known = (blurred(colour * weight[..., None], sigma) / total for colour in (made, albedo))
    tint = np.log((shown[..., ::2] + _DARKEST) / (shown[..., 1:2] + _DARKEST)).astype(np.float32)
    root = np.sqrt(np.maximum(known, 0))
    pairs = [root[..., first] * root[..., second] for first in range(3) for second in range(first, 3)]
    terms = np.stack([np.ones_like(pairs[0]), *np.moveaxis(root, -1, 0), *pairs], axis=-1)
    step = max(int(np.sqrt(inner.sum() / 4000)), 1)
    chosen = inner[::step, ::step]
    rows, wanted = (values[::step, ::step][chosen].astype(np.float64) for values in (terms, tint))
    mix = np.linalg.solve(rows.T @ rows + 1e-3 * len(rows) * np.eye(rows.shape[1]), rows.T @ wanted)
    off = np.square(tint - terms @ mix.astype(np.float32)).sum(axis=-1) * weight
    power = blurred(off, sigma) / total[..., 0]
    return np.asarray(1 / (1 + np.square(power / _TINTED**2)), np.float32)


def _calmness(ratio: FloatArray, inner: BoolArray, sigma: float, most: float) -> FloatArray:
    """Return (H, W) 0..1: 1 where the ratio equals its mean over a neighbourhood, 0.5 where it deviates by ``most``."""
    weight = inner.astype(np.float32)
    smooth = blurred(ratio * weight, sigma) / np.maximum(blurred(weight, sigma), 1e-3)
    rough = np.square((ratio - smooth) * weight)
    wide = 4 * sigma
    power = blurred(rough, wide) / np.maximum(blurred(weight, wide), 1e-3)
    return np.asarray(1 / (1 + np.square(power / most**2)), np.float32)


def _bridged(
    bright: FloatArray, expected: FloatArray, credible: FloatArray, sharp: FloatArray, scale: float
) -> FloatArray:
    """Average the light over neighbourhoods, which holds even if a print was smeared within them.

    Pixels away from the print count most. Where none are near, the neighbourhood grows; where the picture's light is
    not credible, the draft's stays.
    """
    result = np.zeros(bright.shape, np.float32)
    weight = (sharp + 0.03 * credible).astype(np.float32)
    for sigma in (40.0, 14.0, 5.0):
        total = blurred(weight, sigma * scale)
        mean = blurred(bright * weight, sigma * scale) / np.maximum(blurred(expected * weight, sigma * scale), 1e-7)
        share = np.clip(total / 0.25, 0, 1)
        result = share * np.log(np.clip(mean, 0.2, 5)) + (1 - share) * result
    return np.asarray(result, np.float32)


def _denoised(ratio: FloatArray, plain: BoolArray, scale: float) -> FloatArray:
    """Smooth in proportion to the picture's noise; folds and shadow edges stay."""
    rough = cv2.Laplacian(ratio, cv2.CV_32F)[plain]
    if len(rough) < 64:
        return ratio
    # The four-neighbour Laplacian of white noise has sqrt(20) times its deviation.
    noise = float(np.median(np.abs(rough)) * 1.4826 / np.sqrt(20))
    if noise < 1e-4:
        return ratio
    size = 2 * round(3 * max(scale, 0.6)) + 1
    return np.asarray(cv2.bilateralFilter(ratio, size, 4 * noise, 2.0 * max(scale, 0.6)), np.float32)


def _laid_over(
    picture: ByteArray, made: FloatArray, drawn: FloatArray, cloth: FloatArray, cover: FloatArray, seen: BoolArray
) -> ByteArray:
    """Blend the finished garment into the picture; borders and hair show it by its coverage."""
    result = picture.copy()
    inside = _eroded(seen, 1.0)
    # The border takes the finish's change, not its result: hair and skin there keep their detail.
    mixed = made + cover[..., None] * _carried(cloth - made, inside)
    expected = drawn * np.exp(_change_around(made, drawn, cover)) ** (1 - cover[..., None])
    expected += cover[..., None] * _carried(cloth - drawn, inside)
    ring = ~seen & (cv2.dilate((cover > 0.004).astype(np.uint8), _disc(3.0)) > 0)
    stray = _strays(made, mixed, expected, _carried(made, inside), cover)
    mixed += stray[..., None] * (expected - mixed)
    touched = ring & (np.abs(mixed - made).max(axis=2) > 1e-4)
    result[touched] = to_srgb(mixed[touched])
    return result


def _carried(values: FloatArray, inside: BoolArray) -> FloatArray:
    """Return (H, W, 3) values of the pixels inside, extended a few pixels outwards."""
    weight = inside.astype(np.float32)
    result = np.zeros_like(values)
    for sigma in (6.0, 1.5):
        total = blurred(weight, sigma)[..., None]
        share = total / (total + 0.02)
        mean = blurred(np.where(inside[..., None], values, 0), sigma) / np.maximum(total, 1e-6)
        result = share * mean + (1 - share) * result
    return result


def _change_around(made: FloatArray, drawn: FloatArray, cover: FloatArray) -> FloatArray:
    """Return (H, W, 3) log ratios of picture to draft just outside the garment, extended to its outline."""
    outside = cv2.dilate((cover > 0).astype(np.uint8), _disc(3.0)) == 0
    change = np.clip(np.log((made + _DARKEST) / (drawn + _DARKEST)), -1, 1)
    return _carried(change, outside)


def _strays(
    made: FloatArray, mixed: FloatArray, expected: FloatArray, cloth_made: FloatArray, cover: FloatArray
) -> FloatArray:
    """Return (H, W) 0..1: 1 where the picture's garment reaches past the outline, or falls short of it.

    Outside the outline, only pixels in the colour of the picture's own garment count.
    """
    off = np.abs(np.sqrt(np.maximum(mixed, 0)) - np.sqrt(np.maximum(expected, 0))).max(axis=2)
    strange = np.clip((off - 0.06) / 0.08, 0, 1)
    from_cloth = np.abs(np.sqrt(made) - np.sqrt(np.maximum(cloth_made, 0))).max(axis=2)
    from_outside = np.abs(np.sqrt(made) - np.sqrt(np.maximum(expected, 0))).max(axis=2)
    like_cloth = np.clip((from_outside / np.maximum(from_outside + from_cloth, 1e-4) - 0.3) / 0.3, 0, 1)
    return np.asarray(np.where(cover > 0.05, strange, strange * like_cloth), np.float32)


def _eroded(mask: BoolArray, radius_px: float) -> BoolArray:
    return np.asarray(cv2.erode(mask.astype(np.uint8), _disc(radius_px), borderType=cv2.BORDER_REPLICATE) > 0)


def _disc(radius_px: float) -> Any:
    size = 2 * max(round(radius_px), 1) + 1
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
