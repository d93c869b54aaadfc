"""Network that separates the light on a photographed garment from its cloth: a small UNet over the garment's picture.

Trained by ``pipelines.training.light.train`` on the shade of real plain garments, laid on cloths of every kind.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from vmodel.core.network_weights import load_numbers

WEIGHTS: Final = "garment_light.safetensors"
SIDE: Final = 320
"""Longer side in pixels of a garment that the network sees."""
STRIDE: Final = 32
"""Sides of pictures are multiples of it."""
OFFSET: Final = 0.04
"""Offset of values in 0..1 before their logarithm, so that the noise of black cloth does not count as light."""
_WIDTHS: Final = (32, 48, 64, 96, 128)
"""Channels at strides 2, 4, 8, 16 and 32."""
_GROUPS: Final = 8
_INPUTS: Final = 7


class _Block(nn.Module):
    """Two convolutions, the first one normalised."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm = nn.GroupNorm(_GROUPS, outputs)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return fn.relu(self.second(fn.relu(self.norm(self.first(x)))))


class GarmentLightNet(nn.Module):
    """(B, 3, H, W) sRGB 0..1 and (B, 1, H, W) mask 0..1 -> (B, 3, H, W) logarithm of the light on the cloth.

    The light is that of each channel of sRGB, up to a constant: only its differences count.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = 4 * _INPUTS
        self.down = nn.ModuleList()
        for width in _WIDTHS:
            self.down.append(_Block(inputs, width))
            inputs = width
        self.context = nn.Linear(_WIDTHS[-1], _WIDTHS[-1])
        self.up = nn.ModuleList(
            _Block(below + width, width) for below, width in zip(_WIDTHS[:0:-1], _WIDTHS[-2::-1], strict=True)
        )
        self.light = nn.Conv2d(_WIDTHS[0], 12, 3, padding=1)
        nn.init.zeros_(self.light.weight)
        nn.init.zeros_(self.light.bias)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor, masks: Tensor) -> Tensor:
        """Run the network; H and W are multiples of ``STRIDE``."""
        logs = torch.log(pictures + OFFSET)
        weight = masks.sum((2, 3), keepdim=True).clamp(min=1.0)
        relative = (logs - (logs * masks).sum((2, 3), keepdim=True) / weight) * masks
        x = fn.pixel_unshuffle(torch.cat([pictures * masks, relative, masks], 1), 2)
        levels = []
        for number, block in enumerate(self.down):
            x = block(x if number == 0 else fn.avg_pool2d(x, 2))
            levels.append(x)
        x = x + self.context(x.mean((2, 3)))[:, :, None, None]
        for block, level in zip(self.up, levels[-2::-1], strict=True):
            x = block(torch.cat([fn.interpolate(x, scale_factor=2.0, mode="bilinear"), level], 1))
        return fn.pixel_shuffle(self.light(x), 2) * masks


@lru_cache(maxsize=2)
def load_light_network(weights: Path) -> GarmentLightNet:
    """Load the trained network, in evaluation mode.

    Args:
        weights: folder that holds ``WEIGHTS``.
    Raises:
        WeightsMissing: it does not hold them.
    """
    network = GarmentLightNet()
    network.load_state_dict(load_numbers(weights, WEIGHTS))
    return network.eval()
