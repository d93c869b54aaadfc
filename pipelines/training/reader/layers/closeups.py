"""Shared parts of close-up training: labelled edges, small photo crops, simulated reader errors, fitting of layers."""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.training.reader.train import as_pictures
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet, load_network
from vmodel.types import ByteArray, FloatArray

_Labelled = TypeVar("_Labelled")
View = tuple[ByteArray, FloatArray, FloatArray]
"""uint8 close-up, its goal as (S, S) or (n, S, S) float32, and the goal's weight; a cell is 2 or 4 pixels wide."""
BATCH, VIEWS, EPOCHS, RATE, AVERAGE = 16, 10, 8, 2e-3, 0.995
_FINEST: Final = 1.5
"""Pixels of a kept photo per pixel of the close-up."""
_AROUND: Final = 1.1
"""Margin that is kept around the labelled extent, as a share of it."""
_TURNED_DEG, _SCALED = 5.0, 0.1
"""Standard deviations of a close-up's angle and of the logarithm of its size."""


@dataclass(frozen=True, eq=False)
class LabelledEdge:
    """An edge of a front that is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, the photo around it.
        edge: (n, 2) pixels, from left to right where the garment lies below it.
    """

    photo: str
    rgb: ByteArray
    edge: FloatArray


def read_edges(photos: Path, edges: Path) -> Iterator[LabelledEdge]:
    """Yield the labelled edges of photos that exist.

    Args:
        photos: their folder.
        edges: lines of JSON: "photo", and "edge", points as fractions of its width and height.
    """
    for line in edges.read_text().splitlines():
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            rgb = np.asarray(ImageOps.exif_transpose(Image.open(path)).convert("RGB"))
            edge = np.array(label["edge"]) * rgb.shape[1::-1]
            part, affine = cut_around(rgb, edge)
            yield LabelledEdge(label["photo"], part, edge @ affine[:, :2].T + affine[:, 2])


def cut_around(rgb: ByteArray, marked: FloatArray) -> tuple[ByteArray, FloatArray]:
    """Cut a photo to the surroundings of marked places, no larger than needed.

    Args:
        rgb: (H, W, 3) uint8.
        marked: (n, 2) pixels.
    Returns:
        The part of the photo, and the (2, 3) affine of the photo to it.
    """
    low, high = marked.min(0), marked.max(0)
    extent = float((high - low).max())
    first = np.maximum(low - _AROUND * extent, 0).astype(int)
    last = np.minimum(high + _AROUND * extent, rgb.shape[1::-1]).astype(int)
    part = rgb[first[1] : last[1], first[0] : last[0]]
    scale = min(1.0, _FINEST * NECK_SIZE / (2 * extent))
    size = (max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return small, np.column_stack([scale * np.eye(2), -scale * first])


def reduced(shape: tuple[int, ...], view: FloatArray, finest: float = _FINEST) -> tuple[tuple[int, int], FloatArray]:
    """Find how small a photo may be for a view of it.

    Args:
        shape: (height, width, ...) of the photo.
        view: (2, 3) map from the photo to the view.
        finest: pixels of the small photo per pixel of the view.
    Returns:
        Width and height of the small photo, and the (2, 3) map from it to the view.
    """
    scale = min(1.0, finest * float(np.sqrt(abs(np.linalg.det(view[:, :2])))))
    size = max(8, round(shape[1] * scale)), max(8, round(shape[0] * scale))
    ratio = np.array([size[0] / shape[1], size[1] / shape[0]])
    return size, np.column_stack([view[:, :2] / ratio, view[:, 2]])


def jittered(affine: FloatArray, rng: np.random.Generator, size: int = NECK_SIZE) -> FloatArray:
    """Turn and scale the (2, 3) map of a photo to a close-up a little round the close-up's middle."""
    turn, scale = np.radians(rng.normal(0, _TURNED_DEG)), np.exp(rng.normal(0, _SCALED))
    jitter = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.full(2, size / 2)
    return np.column_stack([jitter @ affine[:, :2], jitter @ (affine[:, 2] - middle) + middle])


def loss_of(answer: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """Return the weighted cross-entropy of (B, S, S) or (B, n, S, S) logits."""
    return (fn.binary_cross_entropy_with_logits(answer, wanted, reduction="none") * weight).sum() / weight.sum()


def fit_decoder(
    decoder: nn.Module,
    look: Callable[[Tensor], Tensor],
    labelled: Sequence[_Labelled],
    view_of: Callable[[_Labelled, np.random.Generator], View],
    rng: np.random.Generator,
    views: int = VIEWS,
) -> None:
    """Fit layers over the reader's encoder, on fixed features.

    Args:
        decoder: the layers; the rest of the network stays as it is.
        look: runs the encoder and these layers over (B, 3, H, H) close-ups.
        labelled: training examples.
        view_of: cuts a close-up of an example as the reader may.
        rng: source of all randomness.
        views: number of views per example, whose features are kept: 0.3 MB each of a neck, 2 MB of an outline.
    """
    levels, wanted, weights = _features(decoder, look, labelled, view_of, rng, views)
    count, steps = len(wanted), EPOCHS * max(1, len(wanted) // BATCH)
    averaged = {name: value.clone() for name, value in decoder.state_dict().items()}
    optimiser = torch.optim.AdamW(decoder.parameters(), RATE, weight_decay=1e-2)
    for step in track(range(steps), "fit"):
        chosen = torch.from_numpy(rng.integers(count, size=BATCH))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 30) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
        answer = decoder({stride: kept[chosen].float() for stride, kept in levels.items()})
        loss = loss_of(answer, wanted[chosen], weights[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        keep = min(AVERAGE, (1 + step) / (10 + step))
        for name, value in decoder.state_dict().items():
            averaged[name].lerp_(value, 1 - keep)
    decoder.load_state_dict(averaged)


def _features(
    decoder: nn.Module,
    look: Callable[[Tensor], Tensor],
    labelled: Sequence[_Labelled],
    view_of: Callable[[_Labelled, np.random.Generator], View],
    rng: np.random.Generator,
    views: int,
) -> tuple[dict[int, Tensor], Tensor, Tensor]:
    """Return stride -> (n, C, s, s) float16 features of random views, the goal of each, and the goals' weights."""
    seen: list[dict[int, Tensor]] = []
    goals: list[tuple[FloatArray, FloatArray]] = []
    hook = decoder.register_forward_pre_hook(
        lambda own, given: seen.append({stride: given[0][stride].half() for stride in own.strides})
    )
    order = np.concatenate([rng.permutation(len(labelled)) for _ in range(views)])
    for start in track(range(0, len(order), BATCH), "views"):
        batch = [view_of(labelled[int(n)], rng) for n in order[start : start + BATCH]]
        goals += [(wanted, weight) for _, wanted, weight in batch]
        with torch.no_grad():
            look(as_pictures([rgb for rgb, _, _ in batch]))
    hook.remove()
    wanted, weights = (torch.from_numpy(np.stack([goal[n] for goal in goals])) for n in (0, 1))
    return {stride: torch.cat([each.pop(stride) for each in seen]) for stride in list(seen[0])}, wanted, weights


def run(description: str | None, fit: Callable[[GarmentReaderNet, Path, np.random.Generator], None]) -> None:
    """Run a recipe from the command line: read the reader's weights, fit some of its layers, and write all weights.

    Args:
        description: of the recipe.
        fit: fits them, given the network, the folder of photos, and the random generator.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of the reader's weights")
    parser.add_argument("--out", type=Path, required=True, help="write all of the reader's weights here")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    network = load_network(given.weights)
    fit(network, given.photos, np.random.default_rng(given.seed))
    state = network.state_dict().items()
    save_file({name: value.half().contiguous() for name, value in state if value.is_floating_point()}, given.out)
