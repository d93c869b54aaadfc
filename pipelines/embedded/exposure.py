"""Exposure: the overall brightness of cloth, base layer and skin is the photographer's choice, not the network's.

A photograph is exposed so that garment and base layer are as bright on the whole as in the draft, and skin is
brighter the darker it is. Traced light does not know that, and a network that sees a piece of the picture could only
guess. So traced light is normalised to it before anything else uses it, and the networks' answers are normalised once
more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.core.colour import to_linear
from vmodel.scene import PART_NAMES
from vmodel.types import ByteArray, FloatArray, IntArray

BARE = tuple(PART_NAMES.index(name) for name in ("skin", "face", "hand", "foot", "lips"))
"""Parts that count as skin."""
GROUPS = ((PART_NAMES.index("garment"),), (PART_NAMES.index("base layer"),), BARE)
"""Parts that are exposed together."""
FEWEST = 200
"""Least number of pixels from which the brightness of a group is judged."""
_HAIR = PART_NAMES.index("hair")
_DARKEST_GAIN, _MIDDLE_SKIN = 1.3, 0.22


def skin_exposure_gain(skin: FloatArray) -> float:
    """Return the factor over the draft with which skin of a (3,) mean linear colour is photographed: 1 to 1.3.

    A photographer who wants to see the shape of dark skin exposes for it.
    """
    return float(np.clip((_MIDDLE_SKIN / max(float(skin.mean()), 1e-3)) ** 0.25, 1.0, _DARKEST_GAIN))


def share_of_group(group: tuple[int, ...], parts: IntArray, hair: FloatArray) -> FloatArray:
    """Return (H, W) 0..1 shares of a group; skin gets one under thin hair, or a hairline would show as a step.

    Args:
        group: one of ``GROUPS``.
        parts: (H, W) index into ``PART_NAMES``.
        hair: (H, W) coverage 0..1.
    """
    inside = np.isin(parts, group)
    if group == BARE:
        return np.asarray((inside | (parts == _HAIR)) * (1 - hair), np.float32)
    return inside.astype(np.float32)


@dataclass(frozen=True)
class ExposedView:
    """Light of one view, and the maps by which its exposure is judged.

    Attributes:
        light: (h, w, C), whose first three planes are a log ratio over the draft: from ``develop_light``, or a
            network's answer.
        draft: (H, W, 3 or more) uint8 sRGB of the same camera.
        parts: (H, W) index into ``PART_NAMES``.
        hair: (H, W) coverage 0..1.
    """

    light: FloatArray
    draft: ByteArray
    parts: IntArray
    hair: FloatArray


def normalise_exposure(views: Sequence[ExposedView], references: int = 1) -> list[FloatArray]:
    """Normalise light to the brightness that a photograph has.

    Args:
        views: of one scene under one light.
        references: number of leading views by which brightness is judged; the others follow.
    Returns:
        The views' light: in the first views the mean log ratio is 0 on cloth and on the base layer, and on
        skin that of ``skin_exposure_gain``. A group of fewer than ``FEWEST`` pixels stays as it was.
    """
    normalised = [view.light.copy() for view in views]
    told = [_told(view) for view in views]
    for group in GROUPS:
        known = list(zip(normalised, told, strict=True))[:references]
        ratios = np.concatenate([light[np.isin(parts, group)][:, :3] for light, (parts, _, _) in known])
        if len(ratios) < FEWEST:
            continue
        change = np.broadcast_to(-ratios.mean(), 3)
        if group == BARE:
            skin = np.concatenate([draft[np.isin(parts, group)] for _, (parts, draft, _) in known])
            change = np.log(skin_exposure_gain(skin.mean(axis=0))) - ratios.mean(axis=0)
        for light, (parts, _, hair) in zip(normalised, told, strict=True):
            light[..., :3] += share_of_group(group, parts, hair)[..., None] * change
    return normalised


def _told(view: ExposedView) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return parts (h, w), draft (h, w, 3) in linear light and coverage of hair (h, w), at the size of the light."""
    height, width = view.light.shape[:2]
    parts = cv2.resize(view.parts, (width, height), interpolation=cv2.INTER_NEAREST_EXACT)
    draft = np.ascontiguousarray(to_linear(view.draft[..., :3]), np.float32)
    draft, hair = (cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA) for plane in (draft, view.hair))
    return parts, draft, hair
