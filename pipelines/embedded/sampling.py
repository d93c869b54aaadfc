"""Sampling: the UNet denoises the figure at its training size, and fine light is predicted at full size."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from torch import Tensor
from torch.nn import functional as fn

from pipelines.embedded.conditioning import MULTIPLE, PATCH, Conditions, condition_planes
from pipelines.embedded.light_smoothing import even_light
from pipelines.embedded.log_ratio import NOISE, OFFSET, RATIO_SCALE, lit_share, project_ratio
from pipelines.embedded.network import FineLight, add_fine_light, ask_unet
from vmodel.types import FloatArray

LONGEST = 512
"""Longest side of the UNet's input, the size of its training pictures, and side of the tiles of fine light."""

_AT_ONCE = round(1.5 * LONGEST**2)
"""Number of pixels that fine light sees at once; a larger window is seen in tiles."""
_MARGIN = 0.02
"""Margin round the person that the network sees, as a share of the picture's width."""

Box = tuple[int, int, int, int]


def sample_ratio(
    unet: UNet2DConditionModel,
    fine: FineLight,
    scheduler: FlowMatchEulerDiscreteScheduler,
    conditions: Conditions,
    tell: Callable[[float], Tensor],
    steps: int,
    generator: torch.Generator,
) -> Tensor:
    """Sample a ratio from noise over the draft.

    The light set-up varies slowly, so the UNet sees the picture at ``LONGEST`` pixels at most, whatever its size; the
    answer of its last step is upsampled.

    Args:
        unet: the network.
        fine: adds detail to its answer.
        scheduler: flow matching without shift; its time steps are set here.
        conditions: sides of any length; padded inside.
        tell: size of the input over that of the picture -> (B, N, token).
        steps: number of network calls.
        generator: source of the noise.
    Returns:
        (B, 3, H, W) projected log ratio.
    """
    scale = min(1.0, LONGEST / max(conditions.size))
    size = tuple(max(1, round(side * scale)) for side in conditions.size)
    small = conditions if scale == 1 else conditions.resized((size[0], size[1]))
    wide, device, tokens = small.padded(), unet.device, tell(scale)
    planes, lit, garment = (
        part.to(device) for part in (condition_planes(wide), lit_share(wide.person, wide.hair), wide.garment)
    )
    # Noise from the processor's generator is the same on every machine.
    noisy = NOISE * torch.randn(wide.draft.shape, generator=generator).to(device)
    scheduler.set_timesteps(sigmas=np.linspace(1, 1 / steps, steps))
    for timestep, sigma in zip(scheduler.timesteps, scheduler.sigmas, strict=False):
        answer = ask_unet(unet, noisy, planes, sigma.expand(len(noisy)), tokens)
        if timestep == scheduler.timesteps[-1]:
            break
        clean = project_ratio(add_fine_light(fine, planes, *answer, tokens), garment, lit)
        noisy = scheduler.step((noisy - clean / RATIO_SCALE) / sigma, timestep, noisy).prev_sample
    whole, hints = (_carried(part[..., : size[0], : size[1]], conditions.size) for part in answer)
    planes = condition_planes(conditions.padded()).to(device)
    ratio = _fine_in_tiles(fine, planes, whole, hints, tokens if scale == 1 else tell(1.0))
    height, width = conditions.size
    ratio = ratio[..., :height, :width].cpu()
    return project_ratio(ratio, conditions.garment, lit_share(conditions.person, conditions.hair))


def _carried(planes: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (B, C, h, w) to (height, width), continued until both sides are multiples of ``MULTIPLE``."""
    if planes.shape[-2:] != size:
        planes = fn.interpolate(planes, size, mode="bilinear")
    return fn.pad(planes, (0, -size[1] % MULTIPLE, 0, -size[0] % MULTIPLE), mode="replicate")


def _fine_in_tiles(fine: FineLight, planes: Tensor, whole: Tensor, hints: Tensor, tokens: Tensor) -> Tensor:
    """Call ``add_fine_light`` for any size: overlapping tiles of a large picture are blended."""
    height, width = whole.shape[-2:]
    if height * width <= _AT_ONCE:
        return add_fine_light(fine, planes, whole, hints, tokens)
    total, weights = torch.zeros_like(whole), torch.zeros_like(whole[:, :1])
    for top in tile_starts(height):
        for left in tile_starts(width):
            rows, columns = slice(top, top + min(LONGEST, height)), slice(left, left + min(LONGEST, width))
            cells = slice(top // PATCH, rows.stop // PATCH), slice(left // PATCH, columns.stop // PATCH)
            near = whole[..., rows, columns], hints[..., rows, columns]
            seen = add_fine_light(fine, planes[..., *cells], *near, tokens)
            weight = blend_window(seen.shape[-2], seen.shape[-1]).to(seen.device) + 1e-3
            total[..., rows, columns] += seen * weight
            weights[..., rows, columns] += weight
    return total / weights


def tile_starts(length: int) -> list[int]:
    """Return starts of tiles of ``LONGEST`` along a side, in multiples of ``MULTIPLE``; a quarter or more overlaps."""
    room = length - LONGEST
    if room <= 0:
        return [0]
    count = int(np.ceil(room / (0.75 * LONGEST)))
    return [round(room * number / count / MULTIPLE) * MULTIPLE for number in range(count + 1)]


def light_figure(conditions: Conditions, sample: Callable[[Conditions], Tensor]) -> Tensor:
    """Light the person in a picture of any size.

    Args:
        conditions: of one picture.
        sample: conditions of the person's window -> ratio of the same size.
    Returns:
        (1, 3, H, W) projected log ratio, from ``even_light``.
    """
    top, left, height, width = person_box(conditions.person[0, 0].numpy())
    window = conditions.crop(top, left, height, width)
    ratio = torch.zeros_like(conditions.draft)
    ratio[..., top : top + height, left : left + width] = even_light(sample(window), window)
    return ratio


def joint_bilateral_upsample(ratio: Tensor, small: Conditions, large: Conditions, sharpness: float = 6.0) -> Tensor:
    """Upsample a ratio so that its edges follow those of the large draft (Kopf et al., Joint Bilateral Upsampling).

    Args:
        ratio: (1, C, h, w) of ``small``; also other planes that vary with light.
        small: conditions of the picture as sampled.
        large: conditions of the picture at its own size.
        sharpness: rate at which a small pixel's weight falls with its difference in log light and garment coverage.
    Returns:
        (1, C, H, W); 0 far from the person.
    """
    top, left, tall, wide = person_box(large.person[0, 0].numpy())
    guide = torch.cat([(small.draft + OFFSET).log(), 2 * small.garment, 2 * small.person], dim=1)
    here = large.crop(top, left, tall, wide)
    near = torch.cat([(here.draft + OFFSET).log(), 2 * here.garment, 2 * here.person], dim=1)
    height, width = large.size
    rows = (torch.arange(top, top + tall) + 0.5) * (small.size[0] / height) - 0.5
    columns = (torch.arange(left, left + wide) + 0.5) * (small.size[1] / width) - 0.5
    total, weights = ratio.new_zeros(1, ratio.shape[1], tall, wide), ratio.new_zeros(1, 1, tall, wide)
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row, column = rows.round() + down, columns.round() + right
            spatial = torch.exp(-0.9 * ((row - rows)[:, None] ** 2 + (column - columns)[None] ** 2))
            y, x = row.long().clamp(0, small.size[0] - 1), column.long().clamp(0, small.size[1] - 1)
            apart = (guide[:, :, y][..., x] - near).abs().sum(dim=1, keepdim=True)
            weight = spatial * torch.exp(-sharpness / 3 * apart) + 1e-6 * spatial
            total += weight * ratio[:, :, y][..., x]
            weights += weight
    result = ratio.new_zeros(1, ratio.shape[1], height, width)
    result[..., top : top + tall, left : left + wide] = total / weights
    return result


def person_box(person: FloatArray) -> Box:
    """Return the window that holds the person and a margin.

    Args:
        person: (H, W) coverage 0..1.
    Returns:
        (top, left, height, width) inside the picture; the whole picture where nobody is seen.
    """
    spots = np.argwhere(person > 0)
    if len(spots) == 0:
        return 0, 0, person.shape[0], person.shape[1]
    margin = round(_MARGIN * person.shape[1])
    top, left = np.maximum(spots.min(axis=0) - margin, 0)
    bottom, right = np.minimum(spots.max(axis=0) + 1 + margin, person.shape)
    return int(top), int(left), int(bottom - top), int(right - left)


def blend_window(height: int, width: int) -> Tensor:
    """Return a (1, 1, height, width) window: 1 inside, falling smoothly to 0 over the outer fifth."""
    ramps = []
    for side in (height, width):
        place = (torch.arange(side) + 0.5) / side
        edge = (torch.minimum(place, 1 - place) / 0.2).clamp(0, 1)
        ramps.append(edge * edge * (3 - 2 * edge))
    return (ramps[0][:, None] * ramps[1][None])[None, None]
