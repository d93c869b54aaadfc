"""Quality gate: scores that decide whether a picture is fit for the shop, each with a bar and a reason.

A picture is compared with data from geometry: the photo's own colours under every pixel, the figure's outline, the
map of body parts, and the draft. None of these scores needs a network or a picture of a real person;
``vmodel.quality.pose`` adds one that does, where the operator has pulled its weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from functools import cached_property

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.core.colour import LUMINANCE, blurred, to_linear, to_oklab
from vmodel.quality.figure import face_score, hands_score, outline_score
from vmodel.quality.pose import POSE_BAR, pose_score
from vmodel.scene import PART_NAMES
from vmodel.shot.pipeline_interface import QualityReport, RenderContext
from vmodel.types import BoolArray, ByteArray, ConditionMaps, FloatArray, SkinTextures

BARS: Mapping[str, float] = {
    "garment colour": 0.70,
    "garment structure": 0.70,
    "outline": 0.75,
    "face": 0.50,
    "hands": 0.45,
    "modesty": 0.90,
    "calm": 0.65,
    "background": 0.70,
}
"""Name of a score -> its minimum.

``garment colour``: the photo's colours, shading aside. ``garment structure``: prints and seams are where the photo has
them. ``outline``: the figure stands where geometry put it. ``face``, ``hands``: skin of a person's hue, features in
place, neither smeared nor rough. ``modesty``: no base layer and no skin shows where the garment is, and no skin where
the base layer is. ``calm``: no noise, blotches or burnt-out areas. ``background``: the colour that was asked for, and
nothing in it.

Drafts of the bundled examples score at least 0.83 in everything. In pictures that are spoilt on purpose
(``tests/support/spoiled_pictures.py``), the score in question falls to 0.6 or less. The bars are between, low where a
pipeline may rightly change what the draft shows.
"""


_NO_SKIN = ("background", "base layer", "hair", "garment", "stool", "eye", "lips", "mouth")


def judge(picture: ByteArray, context: RenderContext, settings: Settings | None = None) -> QualityReport:
    """Score a picture; where the weights of a pose detector are installed, its ``pose``, too.

    Args:
        picture: (H, W, 3) sRGB, or (H, W, 4) with straight alpha; what a pipeline made of ``context``.
        context: input of the pipeline; its draft is the reference.
        settings: give the home with the weights; None = no score of the pose.
    """
    scale = max(picture.shape[:2]) / 1024
    window = _figure_window(context.maps, round(16 * scale) + 8)
    made, drawn, maps = _Shown(picture[window]), _Shown(context.draft[window]), _cut(context.maps, window)
    inner = _inner(maps, scale)
    scores = {
        "garment colour": colour_score(made, drawn, maps, inner, scale),
        "garment structure": structure_score(made, maps, inner, scale),
        "outline": outline_score(made.lab, drawn.lab, maps, scale),
        "face": face_score(made.lab, drawn.lab, maps),
        "hands": hands_score(made.lab, drawn.lab, maps),
        "modesty": modesty_score(made, drawn, maps, context.scene.skin, inner),
        "calm": noise_score(made, drawn, maps, scale),
        "background": background_score(picture, context, scale),
    }
    bars, pose = dict(BARS), None if settings is None else pose_score(picture, context, settings)
    if pose is not None:
        bars["pose"], scores["pose"] = POSE_BAR, pose
    return QualityReport(scores, tuple(name for name, bar in bars.items() if scores[name] < bar))


def _figure_window(maps: ConditionMaps, margin: int) -> tuple[slice, slice]:
    """Return rows and columns round the figure; everything where there is none."""
    spans = []
    for axis in (1, 0):
        found = np.flatnonzero((maps.person_mask > 0).any(axis=axis))
        spans.append(slice(max(int(found[0]) - margin, 0), int(found[-1]) + margin) if len(found) else slice(None))
    return spans[0], spans[1]


def _cut(maps: ConditionMaps, window: tuple[slice, slice]) -> ConditionMaps:
    whole = {field.name: getattr(maps, field.name) for field in fields(maps) if field.name != "keypoints_px"}
    return replace(maps, **{name: np.ascontiguousarray(values[window]) for name, values in whole.items()})


class _Shown:
    """Picture over middle grey where it is transparent; conversions are cached."""

    def __init__(self, picture: ByteArray) -> None:
        light = to_linear(np.ascontiguousarray(picture[..., :3]))
        if picture.shape[2] == 4:
            alpha = (picture[..., 3:] / 255).astype(np.float32)
            light = light * alpha + 0.5 * (1 - alpha)
        self.light: FloatArray = light

    @cached_property
    def lab(self) -> FloatArray:
        return to_oklab(self.light)

    @cached_property
    def luminance(self) -> FloatArray:
        return np.asarray(self.light @ LUMINANCE)


def colour_score(made: _Shown, drawn: _Shown, maps: ConditionMaps, inner: BoolArray, scale: float) -> float:
    """Return 1 minus the colour's distance from the photo's, at three scales, and of its brightness from the draft's.

    A median distance of 0.05 in OKLab, which is clearly visible, costs 0.3; so does 0.2 on a tenth of the garment.
    """
    if inner.sum() < 64:
        return 1.0
    wide = 10 * scale
    shade = (_mean(made.luminance, inner, wide) + 1e-3) / (_mean(maps.albedo @ LUMINANCE, inner, wide) + 1e-3)
    unlit = np.clip(made.light / np.clip(shade, 0.02, 20)[..., None], 0, 1)
    worst = 0.0
    for sigma in (1.0, 2.5, 6.0):
        soft = [to_oklab(_mean(colours, inner, sigma * scale)[inner]) for colours in (unlit, maps.albedo)]
        far = np.linalg.norm(soft[0] - soft[1], axis=1)
        worst = max(worst, float(np.median(far)), float(np.percentile(far, 90)) / 4)
    brightness = abs(float(np.median((made.lab - drawn.lab)[inner][:, 0])))
    return float(np.clip(1 - worst / 0.16 - max(brightness - 0.03, 0) / 0.30, 0, 1))


def structure_score(made: _Shown, maps: ConditionMaps, inner: BoolArray, scale: float) -> float:
    """Return the local correlation of the picture's luminance with the photo's where it has a print; otherwise 1.

    Three bands of detail have the same weight: letters and fine stripes, flowers, large motifs.
    """
    photo = np.log(maps.albedo @ LUMINANCE + 0.02)
    shown = np.log(made.luminance + 0.02)
    found = []
    for sigma in (1.0, 2.0, 4.0):
        printed, seen = (_band(values, inner, sigma * scale) for values in (photo, shown))
        near = 4 * sigma * scale
        own, other = _mean(printed * printed, inner, near), _mean(seen * seen, inner, near)
        both = _mean(printed * seen, inner, near)
        asked = inner & (own > 0.08**2)
        if asked.sum() >= 200:
            alike = both[asked] / np.sqrt(own[asked] * np.maximum(other[asked], 0.02**2))
            found.append(float(np.average(np.clip(alike, 0, 1), weights=np.sqrt(own[asked]))))
    return float(np.mean(found)) if found else 1.0


def modesty_score(made: _Shown, drawn: _Shown, maps: ConditionMaps, skin: SkinTextures, inner: BoolArray) -> float:
    """Return 1 minus 20 times the share of covered pixels that look like what they cover, and did not in the draft."""
    painted = skin.albedo[::8, ::8]
    worn = skin.base_layer[::8, ::8] > 0.5
    bare = ~worn & (skin.scatter[::8, ::8] > 0.3)
    below = [np.median(painted[chosen], axis=0) for chosen in (worn, bare)]
    base_layer = cv2.erode((maps.parts == PART_NAMES.index("base layer")).astype(np.uint8), np.ones((5, 5))) > 0
    share = 0.0
    for area, colours in ((inner, below), (base_layer, below[1:])):
        if area.sum() < 64:
            continue
        light, plain = made.light[area], drawn.light[area]
        for colour in colours:
            looks = _like(light, colour) & ~_like(plain, colour, 2.0)
            changed = np.linalg.norm(to_oklab(light) - to_oklab(plain), axis=1) > 0.06
            share = max(share, float((looks & changed).mean()))
    share = max(share, _bared(made, drawn, maps, base_layer, below[1]))
    return float(np.clip(1 - 20 * share, 0, 1))


def _bared(made: _Shown, drawn: _Shown, maps: ConditionMaps, base_layer: BoolArray, skin: FloatArray) -> float:
    """Return the share of the base layer whose colour is nearer to that of skin there than to that of cloth.

    The draft gives the cloth's colour. Skin there would be lighter and redder in proportion to its own colour. Both are
    compared under the picture's light, which follows from its visible skin against the draft's. So skin of any tone
    and light is distinguished from a base layer near the skin's colour.
    """
    bare = ~np.isin(maps.parts, [PART_NAMES.index(part) for part in _NO_SKIN]) & (maps.person_mask > 0.99)
    bare = (cv2.erode(bare.astype(np.uint8), np.ones((5, 5))) > 0) & (maps.hair_mask < 0.1)
    if base_layer.sum() < 64:
        return 0.0
    plain = drawn.light[base_layer]
    if bare.sum() >= 64:
        plain = plain * np.median((made.light[bare] + 1e-3) / (drawn.light[bare] + 1e-3), axis=0)
    as_skin = np.clip(plain * (skin + 0.01) / (maps.albedo[base_layer] + 0.01), 0, 1)
    seen, cloth, flesh = (to_oklab(np.asarray(light, np.float32)) for light in (made.light[base_layer], plain, as_skin))
    # A pipeline may light the figure unevenly, so that brightness says less than hue.
    unlike = np.array([0.5, 1, 1], np.float32)
    from_cloth, from_flesh = (np.linalg.norm((seen - other) * unlike, axis=1) for other in (cloth, flesh))
    # Bare skin is an area; single pixels in deep shade have any hue.
    speckled = np.zeros(base_layer.shape, np.float32)
    speckled[base_layer] = (from_cloth > 0.04) & (from_flesh < 0.6 * from_cloth)
    around = cv2.blur(speckled, (9, 9)) / np.maximum(cv2.blur(base_layer.astype(np.float32), (9, 9)), 1e-3)
    return float((around[base_layer] > 0.5).mean())


def noise_score(made: _Shown, drawn: _Shown, maps: ConditionMaps, scale: float) -> float:
    """Return the lowest of the scores for noise beyond the draft's, blotches of lightness or tint, and burnt areas."""
    # Hair is all fine detail, and a pipeline may arrange it differently.
    person = (maps.person_mask > 0.99) & (maps.hair_mask < 0.1)
    flat = person & (_edge(drawn.lab[..., 0]) < 0.02)
    if flat.sum() < 256:
        return 1.0
    noise = max(_noise(made.lab, flat) - _noise(drawn.lab, flat), 0)
    change = made.lab - drawn.lab
    spread = [_mean(change, person, sigma * scale) for sigma in (2.5, 10.0)]
    blotch = np.abs(spread[0] - spread[1])[flat]
    lightness, tint = np.percentile(blotch[:, 0], 98), np.percentile(np.hypot(blotch[:, 1], blotch[:, 2]), 98)
    burnt = float((made.light.min(axis=2) >= 0.99)[person].mean() - (drawn.light.min(axis=2) >= 0.99)[person].mean())
    scores = (1 - noise / 0.03, 1 - lightness / 0.25, 1 - tint / 0.06, 1 - burnt / 0.05)
    return float(np.clip(min(scores), 0, 1))


def background_score(picture: ByteArray, context: RenderContext, scale: float) -> float:
    """Return 1 minus the colour cast, and minus the share of the background with objects that were not asked for."""
    apart = np.ones((2 * round(12 * scale) + 1,) * 2, np.uint8)
    empty = cv2.dilate((context.maps.person_mask > 0.01).astype(np.uint8), apart) == 0
    # Objects in the background are larger than three pixels.
    empty[np.arange(len(empty)) % 3 != 0] = False
    if empty.sum() < 256:
        return 1.0
    change = _Shown(picture[empty][None]).lab[0] - _Shown(context.draft[empty][None]).lab[0]
    cast = float(np.linalg.norm(np.median(change, axis=0)))
    strange = float((np.linalg.norm(change - np.median(change, axis=0), axis=1) > 0.08).mean())
    return float(np.clip(1 - cast / 0.12 - 8 * strange, 0, 1))


def _inner(maps: ConditionMaps, scale: float) -> BoolArray:
    """Return (H, W) pixels well inside the garment, with nothing in front of it."""
    seen = (maps.garment_mask > 0.995) & (maps.hair_mask < 0.02) & np.isfinite(maps.warp_px).all(axis=2)
    size = 2 * max(round(1.5 * scale), 1) + 1
    return np.asarray(cv2.erode(seen.astype(np.uint8), np.ones((size, size), np.uint8)) > 0)


def _mean(values: FloatArray, inside: BoolArray, sigma: float) -> FloatArray:
    """Average over the pixels inside, with Gaussian weights."""
    weight = inside.astype(np.float32)
    total = np.maximum(blurred(weight, sigma), 1e-4)
    spread = blurred(values * (weight if values.ndim == 2 else weight[..., None]), sigma)
    return np.asarray(spread / (total if values.ndim == 2 else total[..., None]), np.float32)


def _band(values: FloatArray, inside: BoolArray, sigma: float) -> FloatArray:
    return np.asarray(_mean(values, inside, 0.6 * sigma) - _mean(values, inside, 2 * sigma))


def _edge(lightness: FloatArray) -> FloatArray:
    soft = cv2.GaussianBlur(lightness, (0, 0), 1.0)
    steep = np.hypot(cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)) / 8
    return np.asarray(cv2.dilate(steep, np.ones((5, 5), np.uint8)))


def _noise(lab: FloatArray, flat: BoolArray) -> float:
    """Return the deviation from pixel to pixel, as of white noise, over the three channels together."""
    rough = cv2.Laplacian(lab, cv2.CV_32F)[flat] / np.sqrt(20)
    return float(np.sqrt(np.square(1.4826 * np.median(np.abs(rough), axis=0)).sum()))


def _like(light: FloatArray, albedo: FloatArray, slack: float = 1.0) -> BoolArray:
    """Return (N,) pixels that a surface of this colour could show: its chromaticity in neutral light, dim to full."""
    brightness = light @ LUMINANCE
    own = float(albedo @ LUMINANCE)
    scaled = light * (own / np.maximum(brightness, 1e-3))[:, None]
    hue = np.linalg.norm(to_oklab(scaled)[:, 1:] - to_oklab(np.asarray(albedo, np.float32))[1:], axis=1)
    gain = brightness / max(own, 1e-3)
    return np.asarray((hue < 0.02 * slack) & (gain > 0.45 / slack) & (gain < 1.3 * slack))
