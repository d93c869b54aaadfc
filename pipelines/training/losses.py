"""Loss of a training step of the embedded model."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.embedded.conditioning import condition_planes
from pipelines.embedded.exposure import GROUPS
from pipelines.embedded.light_smoothing import even_light
from pipelines.embedded.log_ratio import NOISE, RATIO_SCALE, apply_ratio, project_ratio, to_srgb
from pipelines.embedded.network import FineLight, predict_ratio
from pipelines.training.dataset import Batch
from pipelines.training.perceptual_features import LEARNT, block_features, features_apart

SEEN = 18.0
"""Weight of the perceptual part of the loss."""
_ALL_NOISE = 0.85
_EXPOSURE = 0.8
"""Share of a mean difference that costs nothing; the rest holds the network to the middle."""


def loss_of(
    network: nn.ModuleDict, batch: Batch, generator: torch.Generator, backbone: Any, alone: bool = False
) -> tuple[Tensor, dict[str, float]]:
    """Return the loss of the predicted clean ratio against the true one, and its parts.

    It adds four terms. Absolute and squared difference of pixels; absolute difference of means over 2, 4, 8 and 16
    pixels, where unpredictable detail (which pore, which strand) has averaged out and light remains; absolute
    difference of gradients; and the distance of the two lit drafts' features in a pretrained network. They are
    weighted by the importance of the pixel, and mostly ignore the overall brightness of cloth, base layer and skin.
    ``alone`` leaves the UNet out.
    """
    size = len(batch.ratio)
    clean = batch.ratio / RATIO_SCALE
    share = draw_sigmas(size, generator).to(clean.device)[:, None, None, None]
    noise = NOISE * torch.randn(clean.shape, generator=generator).to(clean.device)
    tokens = network["encoder"](batch.flat_lay, batch.look)
    noisy = (1 - share) * clean + share * noise
    planes = condition_planes(batch.conditions)
    fine = network["fine"]
    assert isinstance(fine, FineLight)
    made = predict_ratio(None if alone else network["unet"], fine, noisy, planes, share[:, 0, 0, 0], tokens)
    made = even_light(project_ratio(made, batch.conditions.garment, batch.lit), batch.conditions)
    apart = remove_mean_exposure((made - batch.ratio) / RATIO_SCALE, batch)
    pixels = ((apart.abs() + 0.5 * apart.square()) * batch.weight).mean()
    weighted, light = apart * batch.weight, pixels.new_zeros(())
    for _ in range(4):
        weighted = fn.avg_pool2d(weighted, 2)
        light = light + weighted.abs().mean()
    edges = _gradient(apart, batch.weight)
    seen = _seen_apart(batch.ratio + apart * RATIO_SCALE, batch, backbone)
    loss = pixels + light + 0.25 * edges + SEEN * seen
    parts = {"loss": loss, "pixels": pixels, "light": light, "edges": edges, "seen": seen}
    return loss, {name: float(part.detach()) for name, part in parts.items()}


def remove_mean_exposure(apart: Tensor, batch: Batch) -> Tensor:
    """Remove most of the mean of differences (B, 3, H, W) over cloth, over base layer and over skin.

    A piece of a picture does not show its exposure, and ``normalise_exposure`` decides that for the whole.
    """
    for group in GROUPS:
        parts = torch.tensor(group, device=apart.device)
        inside = torch.isin(batch.conditions.parts, parts)[:, None] * batch.lit
        mean = (apart * inside).sum(dim=(2, 3), keepdim=True) / inside.sum(dim=(2, 3), keepdim=True).clamp(min=1)
        apart = apart - _EXPOSURE * mean * inside
    return apart


def _seen_apart(made: Tensor, batch: Batch, backbone: Any) -> Tensor:
    """Return the mean squared distance of the lit drafts' features, where the model may change them."""
    draft = batch.conditions.draft
    ours, theirs = (
        block_features(backbone, to_srgb(apply_ratio(draft, ratio)), LEARNT) for ratio in (made, batch.ratio)
    )
    maps = features_apart(ours, theirs)
    lit = [fn.interpolate(batch.lit, apart.shape[-2:], mode="area") for apart in maps]
    return torch.stack([(apart * weight).mean() for apart, weight in zip(maps, lit, strict=True)]).mean()


def draw_sigmas(count: int, generator: torch.Generator) -> Tensor:
    """Draw (count,) shares of noise: mostly 1, where pictures start; otherwise eighths, as few steps meet them.

    A ratio is smooth, so even a tenth of it shows through noise: a start from less noise mostly reads its answer.
    """
    sigma = (1 + torch.randint(8, (count,), generator=generator)) / 8
    return torch.where(torch.rand(count, generator=generator) < _ALL_NOISE, torch.ones(count), sigma)


def _gradient(apart: Tensor, weight: Tensor) -> Tensor:
    across = (apart.diff(dim=-1).abs() * weight[..., 1:]).mean()
    down = (apart.diff(dim=-2).abs() * weight[..., 1:, :]).mean()
    return across + down
