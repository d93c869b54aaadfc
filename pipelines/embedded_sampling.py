"""Sampling: the whole figure small, then its light carried up to full size, then head and hands near."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as fn

from pipelines.embedded_light import OFFSET, RATIO_SCALE, near_person, project_ratio
from pipelines.embedded_maps import MULTIPLE, Conditions, condition_planes
from pipelines.embedded_network import predict_ratio
from vmodel.scene import PART_NAMES
from vmodel.types import IntArray

LONGEST = 512
"""Longest side that the network sees at once: the size of its training pictures."""

REFINE_STRENGTH = 0.5
"""Share of noise that a near view starts from: enough to draw hair anew, not enough to move light."""

Box = tuple[int, int, int, int]
Sampler = Callable[[Conditions, float, Tensor | None], Tensor]

_FACE = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth")]
_HAND = PART_NAMES.index("hand")


def sample_ratio(
    unet: UNet2DConditionModel,
    scheduler: FlowMatchEulerDiscreteScheduler,
    conditions: Conditions,
    tokens: Tensor,
    steps: int,
    generator: torch.Generator,
    start: Tensor | None = None,
) -> Tensor:
    """Walk from noise over the draft to a ratio.

    Args:
        unet: the network.
        scheduler: flow matching without shift; it is set anew.
        conditions: sides of any length; padded inside.
        tokens: (B, N, token).
        steps: network calls.
        generator: source of the noise.
        start: (B, 3, H, W) log ratio to start from with ``REFINE_STRENGTH`` of noise; None starts from noise alone.
    Returns:
        (B, 3, H, W) projected log ratio.
    """
    height, width = conditions.size
    wide = conditions.padded()
    planes, near = condition_planes(wide), near_person(wide.person)
    noise = torch.randn(wide.draft.shape, generator=generator)
    first = 1.0 if start is None else REFINE_STRENGTH
    noisy = first * noise
    if start is not None:
        padding = (0, wide.size[1] - width, 0, wide.size[0] - height)
        noisy = noisy + (1 - first) / RATIO_SCALE * fn.pad(start, padding, mode="replicate")
    scheduler.set_timesteps(sigmas=np.linspace(first, first / steps, steps))
    for timestep, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
        clean = predict_ratio(unet, noisy, planes, sigma.expand(len(noisy)), tokens)
        clean = project_ratio(clean, wide.garment, near)
        noisy = scheduler.step((noisy - clean / RATIO_SCALE) / sigma, timestep, noisy).prev_sample
    return noisy[..., :height, :width] * RATIO_SCALE


def light_figure(conditions: Conditions, sample: Sampler) -> Tensor:
    """Light one picture of any size.

    Args:
        conditions: of one picture.
        sample: (conditions, scale, start) -> ratio of the same size; ``scale`` is the size of what it sees
            over the picture's.
    Returns:
        (1, 3, H, W) projected log ratio.
    """
    ratio = light_window(conditions, sample, None)
    if max(conditions.size) <= 1.25 * LONGEST:
        return ratio
    for box in near_boxes(conditions.parts[0].numpy()):
        top, left, height, width = box
        window = conditions.crop(*box)
        before = ratio[..., top : top + height, left : left + width]
        after = light_window(window, sample, before)
        ratio[..., top : top + height, left : left + width] = torch.lerp(before, after, feather(height, width))
    return project_ratio(ratio, conditions.garment, near_person(conditions.person))


def light_window(conditions: Conditions, sample: Sampler, start: Tensor | None) -> Tensor:
    """Sample at most ``LONGEST`` pixels long, and carry the result up to the window's own size."""
    height, width = conditions.size
    scale = min(1.0, LONGEST / max(height, width))
    if scale == 1.0:
        return sample(conditions, 1.0, start)
    size = (round(height * scale), round(width * scale))
    small = conditions.resized(size)
    small_start = None if start is None else fn.interpolate(start, size, mode="area")
    return carry_up(sample(small, scale, small_start), small, conditions)


def carry_up(ratio: Tensor, small: Conditions, large: Conditions, sharpness: float = 6.0) -> Tensor:
    """Upsample a ratio so that its edges follow those of the large draft (Kopf et al., Joint Bilateral Upsampling).

    Args:
        ratio: (1, 3, h, w) of ``small``.
        small: conditions of the picture as sampled.
        large: conditions of the picture at its own size.
        sharpness: how fast a small pixel's say falls with its difference in log light and garment coverage.
    Returns:
        (1, 3, H, W).
    """
    guide = torch.cat([(small.draft + OFFSET).log(), 2 * small.garment, 2 * small.person], dim=1)
    fine = torch.cat([(large.draft + OFFSET).log(), 2 * large.garment, 2 * large.person], dim=1)
    height, width = large.size
    rows = (torch.arange(height) + 0.5) * (small.size[0] / height) - 0.5
    columns = (torch.arange(width) + 0.5) * (small.size[1] / width) - 0.5
    total, weights = torch.zeros_like(large.draft), torch.zeros_like(large.garment)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = rows.round() + down, columns.round() + right
            spatial = torch.exp(-0.9 * ((row - rows)[:, None] ** 2 + (column - columns)[None] ** 2))
            y, x = row.long().clamp(0, small.size[0] - 1), column.long().clamp(0, small.size[1] - 1)
            apart = (guide[:, :, y][..., x] - fine).abs().sum(dim=1, keepdim=True)
            weight = spatial * torch.exp(-sharpness / 3 * apart) + 1e-6 * spatial
            total += weight * ratio[:, :, y][..., x]
            weights += weight
    return total / weights


def near_boxes(parts: IntArray) -> list[Box]:
    """Windows round the head and each hand, large ones first.

    Args:
        parts: (H, W) index into ``PART_NAMES``.
    Returns:
        (top, left, height, width) with sides in multiples of 32, inside the picture.
    """
    boxes = []
    face = np.argwhere(np.isin(parts, _FACE))
    if len(face) >= 64:
        boxes.append(_grown(face.min(axis=0), face.max(axis=0) + 1, 0.75, parts.shape))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((parts == _HAND).astype(np.uint8))
    for number in sorted(range(1, count), key=lambda n: -int(stats[n, cv2.CC_STAT_AREA]))[:2]:
        hand = np.argwhere(labels == number)
        if len(hand) >= 64:
            boxes.append(_grown(hand.min(axis=0), hand.max(axis=0) + 1, 0.5, parts.shape))
    return boxes


def _grown(low: IntArray, high: IntArray, margin: float, shape: tuple[int, ...]) -> Box:
    span = int((high - low).max())
    sides, starts = [], []
    for axis in (0, 1):
        wanted = int(np.ceil((high[axis] - low[axis] + 2 * margin * span) / MULTIPLE)) * MULTIPLE
        side = min(wanted, shape[axis])
        centre = (low[axis] + high[axis]) // 2
        starts.append(int(np.clip(centre - side // 2, 0, shape[axis] - side)))
        sides.append(side)
    return starts[0], starts[1], sides[0], sides[1]


def feather(height: int, width: int) -> Tensor:
    """(1, 1, height, width) window: 1 inside, falling smoothly to 0 over the outer fifth."""
    ramps = []
    for side in (height, width):
        place = (torch.arange(side) + 0.5) / side
        edge = (torch.minimum(place, 1 - place) / 0.2).clamp(0, 1)
        ramps.append(edge * edge * (3 - 2 * edge))
    return (ramps[0][:, None] * ramps[1][None])[None, None]
