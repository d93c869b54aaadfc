"""Development of traced light like a photograph: with its gloss, with film's curve, and with deeper folds.

The result is a log ratio over the draft, which is developed too: the part of a photograph's light that follows from
geometry and needs no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from pipelines.embedded.log_ratio import LIMIT, OFFSET
from vmodel.scene import TracedLight
from vmodel.scene.shading.tone_mapping import compress_highlights, film_contrast
from vmodel.types import BoolArray, FloatArray

TRACED_PLANES = 5
"""Number of values per pixel that ``develop_light`` returns."""

FILM, FOLDS = 0.4, 0.3
"""Contrast of a photograph beyond the draft's: of skin and base layer, and of light and shade on cloth."""
CLOTH_GLOSS, SKIN_GLOSS, BASE_GLOSS = 1.1, 2.0, 0.7
"""Factors on the draft's gloss: on cloth, of lamps on skin, and on other surfaces."""
SKIN_SHEEN = 1.0
"""Factor on skin's reflection of dome and surroundings; more would veil dark skin in grey."""
_LEAST, _MOST = 0.6, 1.35
"""Limits of the factor that changes the contrast of folds."""
_FEWEST = 200
_THIN = 0.02
_SMOOTH_PX = 0.8


@dataclass(frozen=True)
class _Exposure:
    """Exposure of all views, from the first: ``cloth`` and ``rest`` are gains, ``middle`` the median light on cloth."""

    cloth: float
    rest: float
    middle: float


def develop_light(views: Sequence[TracedLight]) -> list[FloatArray]:
    """Develop the light of the views of one scene for the networks.

    Args:
        views: of one scene under one light; the first decides exposure and the median light on cloth.
    Returns:
        (H, W, TRACED_PLANES) float32 each, 0 where no surface is seen: three channels of the log ratio of the
        photograph over the draft, and the logs of gloss and of the light that falls on the surface.
    """
    dyed = [_in_one_colour(view, views[0]) for view in views]
    exposure = _expose(dyed[0])
    return [_developed(view, exposure) for view in dyed]


def _in_one_colour(view: TracedLight, first: TracedLight) -> TracedLight:
    """Give the garment the mean colour that the first view shows of it, because light must not depend on its print."""
    cloth = first.cloth > 0.98
    if cloth.sum() < _FEWEST:
        return view
    share = (view.cloth / np.maximum(view.cover, _THIN))[..., None]
    return replace(view, albedo=view.albedo + (first.albedo[cloth].mean(axis=0) - view.albedo) * share)


def _sent(view: TracedLight) -> FloatArray:
    """Return (H, W, 3) linear light under traced light."""
    return np.asarray(view.albedo * view.light + _gloss(view), np.float32)


def _drawn(view: TracedLight) -> FloatArray:
    """Return (H, W, 3) linear light under the draft's light."""
    return np.asarray(view.albedo * view.drawn_light + view.drawn_gloss, np.float32)


def _gloss(view: TracedLight) -> FloatArray:
    cloth = view.cloth / np.maximum(view.cover, _THIN)
    others = BASE_GLOSS + (CLOTH_GLOSS - BASE_GLOSS) * cloth
    lamps, around = (others + (skin - BASE_GLOSS) * view.skin for skin in (SKIN_GLOSS, SKIN_SHEEN))
    result = lamps[..., None] * view.lamp_gloss + around[..., None] * (view.gloss - view.lamp_gloss)
    return np.asarray(result, np.float32)


def _expose(view: TracedLight) -> _Exposure:
    share = view.cloth / np.maximum(view.cover, _THIN)
    whole = view.cover > 0.98
    cloth, rest = whole & (share > 0.98), whole & (share < 0.02)
    middle = float(np.median(_light_on(view)[cloth])) if cloth.sum() >= _FEWEST else 1.0
    return _Exposure(_gain(view, cloth), _gain(view, rest), max(middle, 1e-3))


def _gain(view: TracedLight, where: BoolArray) -> float:
    if where.sum() < _FEWEST:
        return 1.0
    return float(_drawn(view)[where].mean() / max(float(_sent(view)[where].mean()), 1e-4))


def _light_on(view: TracedLight) -> FloatArray:
    """Return (H, W) ratios of a surface's radiance to its colour."""
    ratio = (_sent(view).sum(axis=2) + OFFSET) / (view.albedo.sum(axis=2) + OFFSET)
    return np.asarray(cv2.GaussianBlur(ratio.astype(np.float32), (0, 0), _SMOOTH_PX), np.float32)


def _developed(view: TracedLight, exposure: _Exposure) -> FloatArray:
    share = (view.cloth / np.maximum(view.cover, _THIN))[..., None]
    deeper = np.clip((_light_on(view) / exposure.middle) ** FOLDS, _LEAST, _MOST)[..., None]
    gain = exposure.rest + (exposure.cloth * deeper - exposure.rest) * share
    photograph = compress_highlights(film_contrast(gain * _sent(view), (view.contrast + FILM) * (1 - share)))
    draft = compress_highlights(film_contrast(_drawn(view), view.contrast * (1 - share)))
    ratio = np.log((photograph + OFFSET) / (draft + OFFSET))
    told = [
        np.clip(ratio, -LIMIT, LIMIT),
        np.log(view.gloss.mean(axis=2, keepdims=True) + OFFSET),
        np.log(view.light.mean(axis=2, keepdims=True) + OFFSET),
    ]
    return np.where(view.cover[..., None] > _THIN, np.concatenate(told, axis=2), 0).astype(np.float32)
