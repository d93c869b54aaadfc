"""Decoders of the garment reader: from the encoder's features of a close-up to a picture of classes."""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as fn

LEVELS: Final = {4: 24, 8: 40, 16: 112, 32: 320}
"""Stride of a feature map -> its channels."""
STEM: Final = 16
"""Channels of the feature map at stride 2."""
_NECK_WIDTH: Final = 48
_FINE: Final = 16
"""Number of features at stride 2 from which an outline is drawn."""
_BAND_WIDTH: Final = 32
_MIDDLE, _SIDE = 0.25, 0.2
"""Shares of a close-up's width beside its middle, where a sleeve's end lies, and of either side."""
_COARSEST: Final = 32


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """Build a dense convolution: on a CPU faster to train than depthwise ones of the same use."""
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(inplace=True))


class CloseupDecoder(nn.Module):
    """Decoder from feature maps of a close-up to (B, n, S/4, S/4) logits of n classes; (B, S/4, S/4) of one."""

    strides: tuple[int, ...] = (32, 16, 8, 4)
    """Strides of the feature maps that it uses."""

    def __init__(self, things: int = 1) -> None:
        super().__init__()
        self.lateral = nn.ModuleDict({str(s): nn.Conv2d(c, _NECK_WIDTH, 1) for s, c in LEVELS.items()})
        self.merge = nn.ModuleDict({str(s): convolution(_NECK_WIDTH, _NECK_WIDTH) for s in (32, 16, 8, 4)})
        self.front = nn.Conv2d(_NECK_WIDTH, things, 3, padding=1)

    def forward(self, levels: dict[int, Tensor]) -> Tensor:
        """Decode feature maps, stride -> (B, n, S / stride, S / stride)."""
        way = self.merge["32"](self.lateral["32"](levels[32]))
        for stride in (16, 8, 4):
            way = fn.interpolate(way, scale_factor=2.0, mode="bilinear", align_corners=False)
            way = self.merge[str(stride)](way + self.lateral[str(stride)](levels[stride]))
        return cast(Tensor, self.front(way).squeeze(1))


class OutlineDecoder(CloseupDecoder):
    """Decoder from feature maps of a view to (B, S/2, S/2) logits, positive on the garment."""

    strides = (32, 16, 8, 4, 2)

    def __init__(self) -> None:
        super().__init__(_FINE)
        self.fine = nn.Conv2d(STEM, _FINE, 1)
        self.outline = nn.Sequential(convolution(_FINE, _FINE), nn.Conv2d(_FINE, 1, 3, padding=1))

    def forward(self, levels: dict[int, Tensor]) -> Tensor:
        """Decode feature maps, stride -> (B, n, S / stride, S / stride)."""
        way = fn.interpolate(super().forward(levels), scale_factor=2.0, mode="bilinear", align_corners=False)
        return cast(Tensor, self.outline(fn.relu6(way + self.fine(levels[2])))[:, 0])


def band_layers() -> nn.Sequential:
    """Build the layers from what ``by_rows`` returns to (B, n) logits of the rows."""
    features = 3 * sum(LEVELS.values()) - LEVELS[4] - 2 * LEVELS[_COARSEST]
    return nn.Sequential(
        nn.BatchNorm1d(features, affine=False),
        nn.Dropout(0.5),
        nn.Conv1d(features, _BAND_WIDTH, 3, padding=1),
        nn.ReLU(),
        nn.Dropout(0.3),
        nn.Conv1d(_BAND_WIDTH, 1, 5, padding=2),
        nn.Flatten(),
    )


def by_rows(levels: dict[int, Tensor], rows: int) -> Tensor:
    """Return features of each row of a close-up, (B, features, rows): of its middle, their spread, and of its sides.

    Args:
        levels: stride -> (B, n, S / stride, S / stride).
        rows: how many there are.
    """
    found = []
    for stride, level in levels.items():
        if stride not in LEVELS:
            continue
        wide = level.shape[-1]
        middle = level[..., round(_MIDDLE * wide) : round((1 - _MIDDLE) * wide)]
        parts = [middle.mean(3)]
        if stride < _COARSEST:
            parts.append(middle.std(3))
        if 4 < stride < _COARSEST:
            side = max(1, round(_SIDE * wide))
            parts.append(torch.cat([level[..., :side], level[..., -side:]], 3).mean(3))
        each = torch.cat(parts, 1)
        if each.shape[-1] > rows:
            each = fn.avg_pool1d(each, each.shape[-1] // rows)
        found.append(fn.interpolate(each, size=rows, mode="linear", align_corners=False))
    return torch.cat(found, 1)
