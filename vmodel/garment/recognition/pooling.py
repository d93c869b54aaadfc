"""Features of the encoder pooled over a garment, its inside, what surrounds it, and the strip down its front."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as fn

_SIDE, _MIDDLE, _BELOW_NECK = 0.22, 0.4, 0.125
"""Width of the strip's sides and of its middle, as shares of its width, and what of its height the neck takes."""


def within(mask: Tensor, levels: list[Tensor]) -> Tensor:
    """Return mean and deviation of every feature over a garment, (B, 2 * channels), whatever lies around it."""
    found = []
    for level in levels:
        share = fn.adaptive_avg_pool2d(mask, (level.shape[2], level.shape[3]))
        share = share / share.sum((2, 3), keepdim=True).clamp(min=1e-3)
        mean = (share * level).sum((2, 3), keepdim=True)
        spread = (share * (level - mean).square()).sum((2, 3))
        found += [mean[..., 0, 0], (spread + 1e-4).sqrt()]
    return torch.cat(found, 1)


def inside(mask: Tensor, levels: dict[int, Tensor], strides: tuple[int, ...]) -> Tensor:
    """Return the mean of every feature over a garment without its rim, (B, n)."""
    return _mean_where(levels, strides, lambda size: fn.adaptive_avg_pool2d(mask, size) ** 4)


def around(mask: Tensor, levels: dict[int, Tensor], strides: tuple[int, ...]) -> Tensor:
    """Return the mean of every feature over what surrounds a garment, (B, n)."""
    return _mean_where(levels, strides, lambda size: (1 - fn.adaptive_avg_pool2d(mask, size)) ** 8)


def _mean_where(
    levels: dict[int, Tensor], strides: tuple[int, ...], share_of: Callable[[tuple[int, int]], Tensor]
) -> Tensor:
    """Return the weighted mean of every feature, (B, n); ``share_of`` gives a map's weights, (B, 1, h, w)."""
    found = []
    for level in (levels[stride] for stride in strides):
        share = share_of((level.shape[2], level.shape[3])) + 1e-4
        found.append((share * level).sum((2, 3)) / share.sum((2, 3)))
    return torch.cat(found, 1)


def across(level: Tensor) -> Tensor:
    """Return (B, 4 * n) means and extremes of (B, n, H, W) features in the middle of a strip, and means beside it."""
    height, width = level.shape[2:]
    below = level[:, :, round(_BELOW_NECK * height) :]
    side, edge = max(1, round(_SIDE * width)), round((1 - _MIDDLE) / 2 * width)
    middle, sides = below[..., edge : width - edge], torch.cat([below[..., :side], below[..., -side:]], 3)
    means = middle.mean((2, 3)), middle.amax(3).mean(2), sides.mean((2, 3)), middle.amin(3).mean(2)
    return torch.cat(means, 1)
