"""Network: a UNet over folded pixels, and an encoder of the flat-lay and the look."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from diffusers import UNet2DConditionModel
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.embedded.conditioning import (
    BASES,
    LABELS,
    LOCAL,
    LOOK_LENGTH,
    PATCH,
    PLANES,
    RATIO_PLANES,
    garment_plane,
    label_planes,
    lighting_basis,
    local_planes,
    traced_ratio,
)
from pipelines.embedded.log_ratio import RATIO_SCALE

HINTS = 16
"""Number of planes that the UNet hands to ``FineLight`` with its answer."""

LOOK_TOKENS = 4
"""Number of tokens that encode the look; they come first."""

_TOLD = 64
"""Number of values about the look that ``FineLight`` hands to its levels."""


@dataclass(frozen=True)
class NetworkSize:
    """Size of the network.

    Attributes:
        channels: of each level, finest first; each level halves the grid.
        heads: attention heads of each level; only the two coarsest levels attend.
        token: width of the tokens that are attended to.
        groups: of the group norm; divides every entry of ``channels``.
        fine: channels of the levels of ``FineLight``, finest first, the finest at half size.
    """

    channels: tuple[int, ...] = (64, 96, 192, 320)
    heads: tuple[int, ...] = (2, 3, 6, 8)
    token: int = 192
    groups: int = 16
    fine: tuple[int, ...] = (48, 96, 128, 160)


TINY = NetworkSize(channels=(16, 16, 16, 16), heads=(1, 1, 1, 1), token=16, groups=8, fine=(8, 8))
"""For tests and for a trial of a recipe: learns little, but runs everything."""


class ConditionEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Encoder of the flat-lay and of the look as tokens.

    Args:
        token: width of a token.
        look_length: numbers in a look vector.
        look_tokens: tokens made from them.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, token: int = 192, look_length: int = LOOK_LENGTH, look_tokens: int = LOOK_TOKENS) -> None:
        super().__init__()
        widths = (3, max(8, token // 8), max(8, token // 4), max(8, token // 2), token)
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Conv2d(before, after, 3, stride=2, padding=1), nn.SiLU()]
        self.flat_lay = nn.Sequential(*layers, nn.Conv2d(token, token, 1))
        self.place = nn.Parameter(torch.zeros(1, token, 8, 8))
        self.look = nn.Sequential(nn.Linear(look_length, token), nn.SiLU(), nn.Linear(token, token * look_tokens))

    def forward(self, flat_lay: Tensor, look: Tensor) -> Tensor:
        """Encode flat-lay and look.

        Args:
            flat_lay: (B, 3, 128, 128) sRGB in -1..1, on white.
            look: (B, look_length) from ``look_vector``.
        Returns:
            (B, 64 + look_tokens, token).
        """
        seen = rearrange(self.flat_lay(flat_lay) + self.place, "b c h w -> b (h w) c")
        told = rearrange(self.look(look), "b (n c) -> b n c", c=self.place.shape[1])
        return torch.cat([told, seen], dim=1)


class FineLight(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Light in folds, creases, at edges and round eyes and lips, which the UNet's grid is too coarse for.

    Light on a surface is a mean over more than a pixel (``light_smoothing``), so it is predicted at half the
    picture's size, in levels that halve it further. The coarsest see the fold's place in the figure, the finest the
    crease. All receive the look. Cloth and the surfaces beside it get an answer each, mixed by coverage at full size,
    so that neither has a rim of the other's light. The initial answer is zero, because the last layer is.

    Args:
        channels: of each level, finest first.
        planes: number of input planes: ``LOCAL``, ``LABELS``, ``HINTS`` and the UNet's own ratio.
        told: numbers in the tokens of the look.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(
        self,
        channels: tuple[int, ...] = (48, 96, 128, 160),
        planes: int = LOCAL + LABELS + HINTS + 3,
        told: int = 4 * 192,
    ) -> None:
        super().__init__()
        self.first = nn.Conv2d(planes, channels[0], 3, padding=1)
        self.look = nn.Linear(told, _TOLD)
        self.before = nn.ModuleList(_Told(width) for width in channels)
        self.down = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairwise(channels))
        self.up = nn.ModuleList(nn.Conv2d(coarse, fine, 1) for fine, coarse in pairwise(channels))
        self.after = nn.ModuleList(_Told(width) for width in channels[:-1])
        self.last = nn.Conv2d(channels[0], 2 * 3, 3, padding=1)
        # The UNet's answer has no weight at first, until training gives it one.
        with torch.no_grad():
            self.first.weight[:, -(HINTS + 3) :].zero_()
        _begin_as_nothing(self.last)
        self.to(memory_format=torch.channels_last)

    def forward(self, seen: Tensor, look: Tensor, garment: Tensor) -> Tensor:
        """Predict the fine light.

        Args:
            seen: (B, planes, H, W), sides multiples of ``MULTIPLE``.
            look: (B, told).
            garment: (B, 1, H, W) coverage 0..1.
        Returns:
            (B, 3, H, W) log ratio over ``RATIO_SCALE``.
        """
        told = fn.silu(self.look(look))
        inner = self.first(fn.avg_pool2d(seen, 2).contiguous(memory_format=torch.channels_last))
        kept = []
        for level, layer in enumerate(self.before):
            inner = layer(inner, told)
            if level < len(self.down):
                kept.append(inner)
                inner = self.down[level](inner)
        for level in reversed(range(len(self.up))):
            inner = kept[level] + fn.interpolate(self.up[level](inner), scale_factor=2, mode="nearest")
            inner = self.after[level](inner, told)
        cloth, beside = fn.interpolate(self.last(inner), scale_factor=2, mode="bilinear").chunk(2, dim=1)
        return torch.lerp(beside, cloth, garment.to(cloth.dtype))  # autocast leaves this one alone


class _Told(nn.Module):
    """Two convolutions whose result is added, with gains and biases between them that depend on the look.

    The vector of each place is normalised first (Zhang and Sennrich, Root Mean Square Layer Normalization, 2019).
    Unlike a norm over the picture, this gives the same answer in a crop and in a whole figure.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1, width, 1, 1))
        self.enter = nn.Conv2d(width, width, 3, padding=1)
        self.tune = nn.Linear(_TOLD, 2 * width)
        self.leave = nn.Conv2d(width, width, 3, padding=1)
        _begin_as_nothing(self.tune)
        _begin_as_nothing(self.leave)

    def forward(self, inner: Tensor, told: Tensor) -> Tensor:
        gain, bias = self.tune(told)[..., None, None].chunk(2, dim=1)
        even = inner * self.scale * (inner.square().mean(dim=1, keepdim=True) + 1e-4).rsqrt()
        result: Tensor = inner + self.leave(fn.silu(self.enter(even) * (1 + gain) + bias))
        return result


def _begin_as_nothing(layer: nn.Conv2d | nn.Linear) -> None:
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)


def make_unet(size: NetworkSize) -> UNet2DConditionModel:
    """Make a new network that starts as the draft: its last layer is zero."""
    plain, attending = len(size.channels) - 2, 2
    unet = UNet2DConditionModel(
        in_channels=RATIO_PLANES + PLANES,
        out_channels=RATIO_PLANES + BASES + HINTS,
        block_out_channels=size.channels,
        layers_per_block=1,
        down_block_types=("DownBlock2D",) * plain + ("CrossAttnDownBlock2D",) * attending,
        up_block_types=("CrossAttnUpBlock2D",) * attending + ("UpBlock2D",) * plain,
        attention_head_dim=size.heads,
        cross_attention_dim=size.token,
        norm_num_groups=size.groups,
    )
    for part in (unet.conv_out.weight, unet.conv_out.bias):
        nn.init.zeros_(part[:-HINTS])
    return unet.to(memory_format=torch.channels_last)


def predict_ratio(
    unet: UNet2DConditionModel | None,
    fine: FineLight,
    noisy: Tensor,
    planes: Tensor,
    sigma: Tensor,
    tokens: Tensor,
) -> Tensor:
    """Predict the clean ratio over traced light: a change of the light set-up, and two kinds of detail.

    Detail comes per block and per pixel. A change of the light set-up is a weighted sum of ``lighting_basis`` whose
    weights vary slowly over the picture, so that a tone curve or a stronger lamp is one number to learn and not one per
    pixel (after Gharbi et al., Deep Bilateral Learning, 2017). The networks predict the clean ratio itself rather than
    the velocity: folded pixels are many-dimensional and the ratio is smooth, so noise is harder to predict (Li and He,
    Back to Basics, 2025).

    Args:
        unet: from ``make_unet``, new or trained; None leaves everything to ``fine``, as at the start of training.
        fine: adds detail that the UNet's grid cannot hold.
        noisy: (B, 3, H, W) ratio over ``RATIO_SCALE``, mixed with noise.
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
        sigma: (B,) share of noise, 0..1.
        tokens: (B, N, token) from ``ConditionEncoder``.
    Returns:
        (B, 3, H, W) float32 log ratio, on the device of ``noisy``.
    """
    if unet is None:
        whole, hints = noisy.new_zeros(noisy.shape), noisy.new_zeros(len(noisy), HINTS, *noisy.shape[2:])
    else:
        whole, hints = ask_unet(unet, noisy, planes, sigma, tokens)
    return add_fine_light(fine, planes, whole, hints, tokens)


def add_fine_light(fine: FineLight, planes: Tensor, whole: Tensor, hints: Tensor, tokens: Tensor) -> Tensor:
    """Return the clean ratio, from traced light, the UNet's answer and the detail that follows from both.

    Args:
        fine: predicts the detail.
        planes: (B, PLANES, H / PATCH, W / PATCH) from ``condition_planes``.
        whole: (B, 3, H, W) from ``ask_unet``, perhaps of a smaller picture, upsampled.
        hints: (B, HINTS, H, W), the same.
        tokens: (B, N, token) from ``ConditionEncoder``.
    Returns:
        (B, 3, H, W) float32 log ratio, on the device of ``whole``.
    """
    seen = torch.cat([local_planes(planes), label_planes(planes), hints, whole], dim=1).to(fine.device, fine.dtype)
    look = tokens[:, :LOOK_TOKENS].flatten(1).to(fine.device, fine.dtype)
    garment = garment_plane(planes).to(fine.device, fine.dtype)
    ratio: Tensor = (whole + fine(seen, look, garment).to(whole.device).float()) * RATIO_SCALE
    return ratio + traced_ratio(planes)


def ask_unet(
    unet: UNet2DConditionModel, noisy: Tensor, planes: Tensor, sigma: Tensor, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    """Call the UNet; arguments as in ``predict_ratio``.

    Returns:
        (B, 3, H, W) ratio over ``RATIO_SCALE`` that it adds to traced light, and (B, HINTS, H, W) for ``FineLight``.
    """
    folded = torch.cat([fn.pixel_unshuffle(noisy, PATCH), planes], dim=1).to(unet.device, unet.dtype)
    told = tokens.to(unet.device, unet.dtype)
    predicted = unet(folded.contiguous(memory_format=torch.channels_last), sigma.to(unet.device) * 1000, told).sample
    blocks, weights, hints = predicted.to(noisy.device).float().split([RATIO_PLANES, BASES, HINTS], dim=1)
    weights, hints = (fn.interpolate(part, scale_factor=PATCH, mode="bilinear") for part in (weights, hints))
    light = (weights * lighting_basis(planes)).sum(dim=1, keepdim=True)
    return fn.pixel_shuffle(blocks, PATCH) + light, hints
