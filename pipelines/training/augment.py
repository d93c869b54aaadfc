"""Other colours and prints for a training picture, so that the model learns light and not a garment's colour.

The log ratio of target over draft does not change with albedo: only the model's inputs change.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor
from torch.nn import functional as fn

from pipelines.embedded.conditioning import Conditions
from pipelines.embedded.log_ratio import to_linear, to_srgb
from vmodel.scene import PART_NAMES

_SKIN = [PART_NAMES.index(name) for name in ("skin", "face", "lips", "hand", "foot")]
_FLOOR = 0.01


def recolour(conditions: Conditions, flat_lay: Tensor, generator: torch.Generator) -> tuple[Conditions, Tensor]:
    """Dye and re-print the garment, and shift the skin a little.

    Args:
        conditions: of B pictures.
        flat_lay: (B, 3, 128, 128) sRGB in -1..1, on white.
        generator: source of randomness.
    Returns:
        The same pictures in other colours; nothing but ``draft``, ``albedo`` and the flat-lay changes.
    """
    batch = len(flat_lay)
    matrix, lift = random_dye(batch, generator)
    print_factor = random_print(batch, conditions.size, generator)
    dyed = (_dye(conditions.albedo, matrix, lift) * print_factor).clamp(0.004, 0.95)
    toned = conditions.albedo * random_tone(batch, generator)
    skin = torch.isin(conditions.parts, torch.tensor(_SKIN))[:, None].float() * (1 - conditions.garment)
    factor = 1 + (_ratio(dyed, conditions.albedo) - 1) * conditions.garment
    factor = factor * (1 + (_ratio(toned, conditions.albedo) - 1) * skin)
    albedo = torch.lerp(torch.lerp(conditions.albedo, toned, skin), dyed, conditions.garment)
    light = to_linear((flat_lay + 1) / 2)
    cloth = ((1 - flat_lay).amax(dim=1, keepdim=True) * 8).clamp(0, 1)
    swatch = to_srgb(torch.lerp(light, _dye(light, matrix, lift).clamp(0.004, 0.95), cloth)) * 2 - 1
    return replace(conditions, draft=(conditions.draft * factor).clamp(0, 1), albedo=albedo), swatch


def random_dye(batch: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw a colour matrix and a lift for every picture; every fourth picture keeps its colours.

    Returns:
        (B, 3, 3) whose rows mix the channels, and (B, 3, 1, 1) added linear light.
    """
    mix = torch.softmax(torch.randn(batch, 3, 3, generator=generator) * 2.5, dim=-1)
    mix = mix * torch.exp(0.6 * torch.randn(batch, 1, 1, generator=generator))
    lift = 0.3 * torch.rand(batch, 3, 1, 1, generator=generator)
    lift = lift * (torch.rand(batch, 1, 1, 1, generator=generator) < 0.5)
    keep = (torch.rand(batch, generator=generator) < 0.25).float()[:, None, None]
    return torch.lerp(mix, torch.eye(3).expand(batch, 3, 3), keep), lift * (1 - keep[..., None])


def random_print(batch: int, size: tuple[int, int], generator: torch.Generator) -> Tensor:
    """Draw a factor on the albedo: stripes, checks or spots on about a third of the pictures, 1 elsewhere.

    Returns:
        (B, 3, H, W) in 0.15..1.
    """
    height, width = size
    y, x = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    prints = torch.ones(batch, 3, height, width)
    for number in range(batch):
        kind, turn, pitch, depth = torch.rand(4, generator=generator).tolist()
        tint = torch.rand(3, 1, 1, generator=generator)
        noise = torch.rand(1, 1, max(2, height // 16), max(2, width // 16), generator=generator)
        if kind > 0.36:
            continue
        angle = torch.tensor(turn * torch.pi)
        along, across = x * angle.cos() + y * angle.sin(), y * angle.cos() - x * angle.sin()
        wave = 2 * torch.pi / (5 + 40 * pitch)
        if kind < 0.12:
            mask = ((along * wave).sin() > 0).float()
        elif kind < 0.24:
            mask = ((along * wave).sin() * (across * wave).sin() > 0).float()
        else:
            spots = fn.interpolate(noise, size, mode="bicubic", align_corners=False)[0, 0]
            mask = ((spots - 0.5) * 12).sigmoid()
        prints[number] = 1 - mask * depth * 0.85 * (1 - 0.8 * tint)
    return prints


def random_tone(batch: int, generator: torch.Generator) -> Tensor:
    """Draw a (B, 3, 1, 1) factor on skin: a little lighter or darker, warmer or cooler.

    The range is small: gloss lies on top of the colour, so its share of the light reveals how dark skin is.
    """
    together = 0.08 * torch.randn(batch, 1, 1, 1, generator=generator)
    apart = 0.03 * torch.randn(batch, 3, 1, 1, generator=generator)
    return torch.exp(together + apart).clamp(0.5, 1.8)


def _dye(light: Tensor, matrix: Tensor, lift: Tensor) -> Tensor:
    return torch.einsum("bij,bjhw->bihw", matrix, light) + lift


def _ratio(new: Tensor, old: Tensor) -> Tensor:
    return ((new + _FLOOR) / (old + _FLOOR)).clamp(0, 40)
