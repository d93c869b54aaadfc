"""Pictures as light over the draft: the embedded model predicts a log ratio, not colours.

With ``ratio = log((picture + OFFSET) / (draft + OFFSET))`` in linear light, unseen colours and prints pass through the
model untouched: they are in the draft, and the ratio of a red shirt equals that of a green one.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from torch import Tensor

from vmodel.core.colour import blurred
from vmodel.types import FloatArray

OFFSET = 0.02
"""Linear light added before the ratio, so that black hair does not turn its noise into large numbers."""

LIMIT = 2.0
"""Largest ratio either way; beyond it the cause is a silhouette that moved, not light."""

RATIO_SCALE = 0.2
"""Divisor of the ratios that the diffusion works on; a little above their spread in training pictures (0.16)."""

NOISE = 0.35
"""Spread of the initial noise over that of the ratios.

It is enough to draw strands and pores from, and the rest that a young network leaves of it is faint."""


CLOTH_SHARE, CREASE_SHARE = 0.012, 0.004
"""Standard deviations over the picture's longer side of the Gaussians that smooth light on cloth: the model's, and
traced light."""

BESIDE = 0.03
"""Weight in a mean of pixels beside another surface: a lens mixes them with it."""

WHITEST = 0.9
"""Linear light above which cloth is not brightened."""


def log_ratio(picture: Tensor, draft: Tensor) -> Tensor:
    """Return the log ratio of a picture's light over the draft's.

    Args:
        picture: (B, 3, H, W) linear light.
        draft: the same.
    Returns:
        (B, 3, H, W) natural log, within +-LIMIT.
    """
    ratio = ((picture.clamp(min=0) + OFFSET) / (draft.clamp(min=0) + OFFSET)).log()
    return ratio.clamp(-LIMIT, LIMIT)


def apply_ratio(draft: Tensor, ratio: Tensor) -> Tensor:
    """Light the draft with a ratio; the inverse of ``log_ratio``.

    Args:
        draft: (B, 3, H, W) linear light.
        ratio: (B, 3, H, W).
    Returns:
        (B, 3, H, W) linear light, not below 0.
    """
    return ((draft + OFFSET) * ratio.clamp(-LIMIT, LIMIT).exp() - OFFSET).clamp(min=0)


def project_ratio(ratio: Tensor, garment: Tensor, lit: Tensor) -> Tensor:
    """Restrict a ratio to what the model may change.

    Cloth gets light and shade but no colour: one grey ratio. Backdrop and hair keep the draft's light.

    Args:
        ratio: (B, 3, H, W).
        garment: (B, 1, H, W) coverage 0..1.
        lit: (B, 1, H, W) from ``lit_share``.
    Returns:
        (B, 3, H, W); projecting twice changes nothing where both are 0 or 1.
    """
    grey = ratio.mean(dim=1, keepdim=True)
    return (ratio + (grey - ratio) * garment) * lit


def limit_on_cloth(ratio: Tensor, traced: Tensor, garment: Tensor, draft: Tensor) -> Tensor:
    """Smooth the model's change on a garment, so that print and fine folds stay and no colour is clipped.

    Traced light does not depend on the print, so its creases stay.

    A display clips what is brighter than white, which brings the bright colours of a print near its dark ones. So all
    cloth within reach of a bright colour is brightened only as far as that colour has room.

    Args:
        ratio: (1, 3, H, W), the whole change.
        traced: (1, 3, H, W), the part of it that comes from ``develop_light``.
        garment: (1, 1, H, W) coverage 0..1.
        draft: (1, 3, H, W) linear light.
    Returns:
        (1, 3, H, W); unchanged where no cloth is seen.
    """
    reach, fine = (share * max(ratio.shape[-2:]) for share in (CLOTH_SHARE, CREASE_SHARE))
    cover = np.ascontiguousarray(garment[0, 0].float().numpy())
    whole, creases = (part[0].float().mean(dim=0).numpy() for part in (ratio, traced))  # one grey value on cloth

    inner = cv2.erode((cover > 0.98).astype(np.float32), np.ones((3, 3)))
    weight = BESIDE * cover + (1 - BESIDE) * inner

    def smooth(change: FloatArray, sigma: float) -> FloatArray:
        return np.asarray(blurred(change * weight, sigma) / np.maximum(blurred(weight, sigma), 1e-4))

    change = smooth(whole - creases, reach) + smooth(creases, fine)
    peak = draft[0].amax(dim=0).float().numpy() * (cover > 0.99)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(round(reach), 1) + 1,) * 2)
    room = np.log(np.maximum(WHITEST / np.maximum(blurred(cv2.dilate(peak, disc), 0.5 * reach), 1e-3), 1))
    held = np.where(change > 0, room * np.tanh(change / np.maximum(room, 1e-4)), change).astype(np.float32)
    return ratio + (torch.from_numpy(held).to(ratio) - ratio) * garment.to(ratio)


def lit_share(person: Tensor, hair: Tensor) -> Tensor:
    """Return the share of a change of light that shows in each pixel: 1 on skin, base layer and cloth, 0 on strands.

    Strands are drawn one by one, and a network that cannot know which of them a photograph would show can only blur
    them. Surfaces between strands are mostly brighter than the strands, so their influence on a pixel's light exceeds
    their share of it: it is about the root of the share.

    Args:
        person: (B, 1, H, W) coverage 0..1, hair included.
        hair: the same, of hair alone.
    Returns:
        (B, 1, H, W) in 0..1; 0 where nobody is seen.
    """
    return (1 - hair / person.clamp(min=1e-3)).clamp(0, 1).sqrt() * (person > 0)


def to_linear(srgb: Tensor) -> Tensor:
    """Decode sRGB 0..1 to linear light (IEC 61966-2-1)."""
    return torch.where(srgb <= 0.04045, srgb / 12.92, ((srgb.clamp(min=0) + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: Tensor) -> Tensor:
    """Encode linear light as sRGB 0..1, clipped (IEC 61966-2-1)."""
    light = linear.clamp(0, 1)
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light.clamp(min=1e-6) ** (1 / 2.4) - 0.055)
