"""The network: a UNet over folded pixels, and an encoder of what is told apart from the maps."""

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

from pipelines.embedded_light import RATIO_SCALE
from pipelines.embedded_maps import (
    BASES,
    LABELS,
    LOCAL,
    LOOK_LENGTH,
    PATCH,
    PLANES,
    RATIO_PLANES,
    label_planes,
    light_bases,
    local_planes,
    traced_ratio,
)

HINTS = 16
"""Planes that the UNet hands to ``FineLight`` with its answer."""

LOOK_TOKENS = 4
"""How many of the tokens tell of the look; they come first."""


@dataclass(frozen=True)
class NetworkSize:
    """How large the network is.

    Attributes:
        channels: of each level, finest first; each level halves the grid.
        heads: attention heads of each level; only the two coarsest levels attend.
        token: width of the tokens that are attended to.
        groups: of the group norm; divides every entry of ``channels``.
        fine: channels of ``FineLight``.
    """

    channels: tuple[int, ...] = (64, 96, 192, 320)
    heads: tuple[int, ...] = (2, 3, 6, 8)
    token: int = 192
    groups: int = 16
    fine: int = 48


TINY = NetworkSize(channels=(16, 16, 16, 16), heads=(1, 1, 1, 1), token=16, groups=8, fine=8)
"""For tests and for a first look at a recipe: learns little, but runs everything."""


class ConditionEncoder(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """Tokens of the flat-lay and of the look.

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
        """Encode.

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
    """Light in creases, at edges and round eyes and lips, which the UNet's grid is too coarse for.

    A few convolutions at full size, each reaching twice as far as the one before. After each, two layers look at their
    own pixel only, and are told of the look: most of light depends on what is traced and known right there. Starts as
    nothing: its last layer is zero.

    Args:
        channels: of the convolutions.
        planes: that it sees: ``LOCAL``, ``LABELS``, ``HINTS`` and the UNet's own ratio.
        told: numbers in the tokens of the look.
    """

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, channels: int = 48, planes: int = LOCAL + LABELS + HINTS + 3, told: int = 4 * 192) -> None:
        super().__init__()
        first = nn.Conv2d(planes, channels, 3, padding=1)
        further = [nn.Conv2d(channels, channels, 3, padding=reach, dilation=reach) for reach in (2, 4)]
        self.reaching = nn.ModuleList([first, *further])
        self.wide = nn.ModuleList(nn.Conv2d(channels, 2 * channels, 1) for _ in self.reaching)
        self.narrow = nn.ModuleList(nn.Conv2d(2 * channels, channels, 1) for _ in self.reaching)
        self.tuned = nn.ModuleList(nn.Linear(told, 4 * channels) for _ in self.reaching)
        self.last = nn.Conv2d(channels, 3, 3, padding=1)
        # What the UNet says counts once it has something to say.
        with torch.no_grad():
            first.weight[:, -(HINTS + 3) :].zero_()
        for layer in (self.last, *self.tuned):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.to(memory_format=torch.channels_last)

    def forward(self, seen: Tensor, look: Tensor) -> Tensor:
        """Answer pixel by pixel.

        Args:
            seen: (B, planes, H, W).
            look: (B, told).
        Returns:
            (B, 3, H, W) log ratio over ``RATIO_SCALE``.
        """
        inner = seen.contiguous(memory_format=torch.channels_last)
        for reaching, wide, narrow, tuned in zip(self.reaching, self.wide, self.narrow, self.tuned, strict=True):
            inner = fn.silu(reaching(inner))
            gain, bias = tuned(look)[..., None, None].chunk(2, dim=1)
            inner = inner + narrow(fn.silu(wide(inner) * (1 + gain) + bias))
        result: Tensor = self.last(inner)
        return result


def make_unet(size: NetworkSize) -> UNet2DConditionModel:
    """A fresh network that starts as the draft: its last layer is zero."""
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
    """What the networks take the clean ratio to be, over traced light: light set differently, and two kinds of detail.

    Detail comes by the block and by the pixel. Light set differently is a weighted sum of ``light_bases`` whose weights
    vary slowly over the picture, so that a tone curve or a stronger lamp is one number to be learnt and not one a pixel
    (after Gharbi et al., Deep Bilateral Learning, 2017). The networks predict the clean ratio itself rather than the
    velocity: folded pixels are many-dimensional and the ratio is smooth, so noise is the harder thing to predict (Li
    and He, Back to Basics, 2025).

    Args:
        unet: from ``make_unet``, fresh or trained; None leaves everything to ``fine``, as training begins.
        fine: the detail that the UNet's grid cannot hold.
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
        whole, hints = _ask_unet(unet, noisy, planes, sigma, tokens)
    seen = torch.cat([local_planes(planes), label_planes(planes), hints, whole], dim=1).to(fine.device, fine.dtype)
    look = tokens[:, :LOOK_TOKENS].flatten(1).to(fine.device, fine.dtype)
    ratio: Tensor = (whole + fine(seen, look).to(noisy.device).float()) * RATIO_SCALE
    return ratio + traced_ratio(planes)


def _ask_unet(
    unet: UNet2DConditionModel, noisy: Tensor, planes: Tensor, sigma: Tensor, tokens: Tensor
) -> tuple[Tensor, Tensor]:
    """(B, 3, H, W) ratio over ``RATIO_SCALE``, and (B, HINTS, H, W)."""
    folded = torch.cat([fn.pixel_unshuffle(noisy, PATCH), planes], dim=1).to(unet.device, unet.dtype)
    told = tokens.to(unet.device, unet.dtype)
    predicted = unet(folded.contiguous(memory_format=torch.channels_last), sigma.to(unet.device) * 1000, told).sample
    blocks, weights, hints = predicted.to(noisy.device).float().split([RATIO_PLANES, BASES, HINTS], dim=1)
    weights, hints = (fn.interpolate(part, scale_factor=PATCH, mode="bilinear") for part in (weights, hints))
    light = (weights * light_bases(planes)).sum(dim=1, keepdim=True)
    return fn.pixel_shuffle(blocks, PATCH) + light, hints
