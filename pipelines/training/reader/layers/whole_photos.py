"""Shared parts of recipes whose layers see whole photos: small photos, garments on paper, layers fitted on features."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.training.reader.layers.outline import coarse_mask
from pipelines.training.reader.train import as_pictures
from vmodel.core.colour import to_srgb
from vmodel.garment.recognition.network import GarmentReaderNet
from vmodel.types import ByteArray, FloatArray

_EPOCHS, _BATCH, _RATE = 20, 128, 2e-3
_SIDE: Final = 448


def read_photos(photos: Path, labels: Path, side: int = _SIDE) -> Iterator[tuple[dict[str, Any], ByteArray]]:
    """Yield label and picture, (H, W, 3) uint8, of the labelled photos that exist.

    Args:
        photos: their folder.
        labels: lines of JSON, each with "photo".
        side: longer side of a picture in pixels, at most.
    """
    for line in track(labels.read_text().splitlines(), "photos"):
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            picture.thumbnail((side, side), Image.Resampling.BOX)
            yield label, np.asarray(picture)


def read_masked_photos(
    network: GarmentReaderNet, photos: Path, labels: Path
) -> Iterator[tuple[dict[str, Any], ByteArray, FloatArray]]:
    """Yield what ``read_photos`` yields, and the probability of the garment, (H, W) float32, that the network finds."""
    for label, rgb in read_photos(photos, labels):
        yield label, rgb, coarse_mask(network, rgb)


def laid_on(paper: FloatArray, garment: FloatArray, mask: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Return the picture of a garment on paper, (H, W, 3) uint8.

    Args:
        paper: (3,) linear light of the paper.
        garment: (H, W, 3) linear light.
        mask: (H, W) float32, coverage.
        rng: draws the paper's slope of light, the garment's soft shadow and noise.
    """
    height, width = mask.shape
    across, down = np.meshgrid(np.linspace(-0.1, 0.1, width), np.linspace(-0.1, 0.1, height))
    slope = rng.uniform(-1, 1) * across + rng.uniform(-1, 1) * down
    shadow = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.005, 0.03) * max(height, width))
    level = (1 + slope) * (1 - rng.uniform(0, 0.4) * shadow)
    ground = level[..., None] * paper + rng.normal(0, 0.01, (height, width, 1))
    share = mask[..., None]
    return to_srgb(np.clip(garment * share + ground * (1 - share), 0, 1))


def fit_on_views(
    network: GarmentReaderNet,
    layers: nn.Module,
    views: Iterable[list[tuple[ByteArray, FloatArray]]],
    rng: np.random.Generator,
    weight_decay: float = 0.05,
    loss_of: Callable[[Tensor, Tensor], Tensor] = fn.l1_loss,
    look: Callable[[Tensor], object] | None = None,
) -> None:
    """Fit layers of the network on the features that it gives them, which stay as they are.

    Args:
        network: the reader.
        layers: of the network, from (n, f) features to (n, k) values.
        views: of each photo, (H, W, 3) uint8 with the values, (k,), that the layers should answer.
        rng: source of all randomness.
        weight_decay: of AdamW.
        loss_of: of answers and values, both (n, k).
        look: runs the encoder and the layers over views of another size; the network where None.
    """
    features: list[Tensor] = []
    wanted: list[FloatArray] = []
    for shown in views:
        pictures, values = zip(*shown, strict=True)
        hook = layers.register_forward_pre_hook(lambda _, given: features.append(given[0]))
        with torch.no_grad():
            (look or network)(as_pictures(list(pictures)))
        hook.remove()  # the reader itself may look at the next photo
        wanted += values
    given, goal = torch.cat(features), torch.from_numpy(np.array(wanted, np.float32))
    layers.train()
    optimiser = torch.optim.AdamW(layers.parameters(), _RATE, weight_decay=weight_decay)
    for _ in track(range(_EPOCHS), "fit"):
        for chosen in torch.split(torch.from_numpy(rng.permutation(len(given))), _BATCH):
            loss = loss_of(layers(given[chosen]), goal[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    layers.eval()
