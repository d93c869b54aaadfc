"""Texture from the draft: light changes over more than a pixel, and finer detail is not light.

Pores, freckles, ribs, weave, print and outlines are sharp in the draft. A network that answers for each pixel, or a
denoiser that makes its training pictures, can only blur them. So light on a surface is a mean over some pixels, in
training pictures and in every answer, and it is applied to the draft.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from einops import rearrange
from torch import Tensor
from torch.nn import functional as fn

from pipelines.embedded.conditioning import Conditions
from pipelines.embedded.exposure import GROUPS
from pipelines.embedded.log_ratio import BESIDE, OFFSET
from vmodel.scene import PART_NAMES

SMEAR_PX = 1.5
"""Standard deviation in pixels of the Gaussian that averages light on cloth, base layer and skin."""
_REACH = 5
_WHOLE = 0.98
"""Coverage from which a pixel counts as all of one surface; below one minus it, as none of it."""
_KNOWN = 1e-3
"""Share of a surface within reach from which its light counts as known there."""
_APART = [PART_NAMES.index(name) for name in ("eye", "mouth")]


def even_light(ratio: Tensor, conditions: Conditions) -> Tensor:
    """Smooth the light of a log ratio within cloth, base layer and skin, but not across their borders.

    In pixels that surfaces share with each other or with the backdrop, each surface gets as much light as nearby.

    Args:
        ratio: (B, 3, H, W).
        conditions: of the same pictures; the light is applied to ``draft``.
    Returns:
        (B, 3, H, W); eyes, mouth and pixels with strands keep their ratio, and so does the backdrop.
    """
    free, bare = (plane < 1 - _WHOLE for plane in (conditions.hair, conditions.garment))
    cloth = conditions.garment > _WHOLE
    whole = free & (conditions.person > _WHOLE)
    insides = [whole & cloth, *(whole & bare & _is_one_of(conditions.parts, group) for group in GROUPS[1:])]
    inside = torch.stack(insides, dim=1).to(ratio.dtype)  # (B, groups, 1, H, W), and so below
    base = (conditions.draft + OFFSET)[:, None]
    light, colour, near = _nearby(ratio[:, None], base, inside)
    gain = light.exp() - 1

    # Pixels brighter than their surroundings: gloss on skin and ribs, not multiplied by more light; print on cloth.
    dull = (colour / base).clamp(max=1)
    dull[:, 0] = 1
    even = (1 + gain * torch.where(gain > 0, dull, 1)).log()
    even = ratio + ((even - ratio[:, None]) * inside).sum(dim=1)

    beside = (conditions.person - conditions.hair - conditions.garment).clamp(0, 1)
    shares = torch.stack([conditions.garment, *[beside] * (len(GROUPS) - 1)], dim=1)
    added = (shares * colour).minimum(base) * gain  # no surface sends more into a pixel than all of them
    under = (near * added)[:, 1:].sum(dim=1) / near[:, 1:].sum(dim=1).clamp(min=1e-6)
    mixed = ((base[:, 0] + added[:, 0] + under).clamp(min=OFFSET / 2) / base[:, 0]).log()
    known = (near[:, 0] > _KNOWN) | bare
    known &= (near[:, 1:].sum(dim=1) > _KNOWN) | (beside < 1 - _WHOLE)
    shared = free & known & (conditions.person > 1 - _WHOLE) & (inside.sum(dim=1) < 0.5)
    return torch.where(shared & ~_is_one_of(conditions.parts, _APART), mixed, even)


def _nearby(ratio: Tensor, base: Tensor, inside: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Average light and colour (B, groups, 3, H, W) over the pixels inside, and return how much of them is near."""
    weight = BESIDE * inside + (1 - BESIDE) * _eroded(inside)
    spread = _blurred(torch.cat([ratio * weight, base * weight, weight], dim=2))
    near = spread[:, :, 6:]
    light, colour = (spread[:, :, first : first + 3] / near.clamp(min=1e-6) for first in (0, 3))
    return light, colour, near


def _is_one_of(parts: Tensor, group: Sequence[int]) -> Tensor:
    """Return a (B, 1, H, W) bool mask of a group of parts."""
    return torch.isin(parts, torch.tensor(group, device=parts.device))[:, None]


def _eroded(inside: Tensor) -> Tensor:
    """Return (B, groups, 1, H, W) 1 where all neighbours are inside as well."""
    flat = fn.pad(-rearrange(inside, "b g c h w -> (b g) c h w"), (1, 1, 1, 1), mode="replicate")
    return rearrange(-fn.max_pool2d(flat, 3, stride=1), "(b g) c h w -> b g c h w", g=inside.shape[1])


def _blurred(planes: Tensor) -> Tensor:
    """Blur (B, groups, C, H, W) with a Gaussian of ``SMEAR_PX``, padded with zeros."""
    # In channels_last it takes a third of the time.
    flat = rearrange(planes, "b g c h w -> b (g c) h w").contiguous(memory_format=torch.channels_last)
    channels = flat.shape[1]
    place = torch.arange(-_REACH, _REACH + 1, device=planes.device, dtype=planes.dtype)
    weights = torch.exp(-0.5 * (place / SMEAR_PX) ** 2)
    kernel = (weights / weights.sum()).expand(channels, 1, 1, -1)
    wide = fn.conv2d(flat, kernel, padding=(0, _REACH), groups=channels)
    tall = fn.conv2d(wide, kernel.transpose(-1, -2), padding=(_REACH, 0), groups=channels)
    return rearrange(tall, "b (g c) h w -> b g c h w", g=planes.shape[1])
