"""Train the layers that find the edge of a front's neck: ``python -m pipelines.training.reader.necks --photos DIR``.

``necks.jsonl`` has edges that were drawn by eye over close-ups of photos at their full size: where a front ends, its
band included, and its opening begins. The encoder stays as it is, so that nothing else that the reader says changes.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.progress import track
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as fn

from pipelines.training.reader.augment import relit
from pipelines.training.reader.train import as_pictures
from vmodel.garment.recognition.closeup import neck_closeup
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet, load_network
from vmodel.garment.recognition.reader import resampled
from vmodel.types import ByteArray, FloatArray

EDGES: Final = Path(__file__).with_name("necks.jsonl")
BATCH, VIEWS, EPOCHS, RATE, AVERAGE = 16, 10, 8, 2e-3, 0.995
_FINEST: Final = 1.5
"""Pixels of a kept photo a pixel of the close-up."""
_AROUND: Final = 1.1
"""Of the neck's extent, what is kept around it."""
_BESIDE: Final = 0.2
"""How far from an edge it is asked what is front and what is not, as a share of the close-up."""
_ENDS_OFF, _FRONT_OFF = 0.06, 0.12
"""Deviations of the reader's neck points and of its lowest point, in widths of the neck: close-ups lie by these."""
_TURNED_DEG, _SCALED = 5.0, 0.1
"""Of close-ups: deviations of their angle and, as a logarithm, of their size."""


@dataclass(frozen=True, eq=False)
class LabelledNeck:
    """A neck whose edge is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8, the photo around it.
        edge: (n, 2) pixels, from the picture's left to its right.
    """

    photo: str
    rgb: ByteArray
    edge: FloatArray


def read_necks(photos: Path, edges: Path = EDGES) -> Iterator[LabelledNeck]:
    """The labelled necks of photos that are there.

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
            yield _cut(label["photo"], rgb, edge)


def _cut(photo: str, rgb: ByteArray, edge: FloatArray) -> LabelledNeck:
    low, high = edge.min(0), edge.max(0)
    extent = float((high - low).max())
    first = np.maximum(low - _AROUND * extent, 0).astype(int)
    last = np.minimum(high + _AROUND * extent, rgb.shape[1::-1]).astype(int)
    part, edge = rgb[first[1] : last[1], first[0] : last[0]], edge - first
    scale = min(1.0, _FINEST * NECK_SIZE / (2 * extent))
    size = (max(8, round(part.shape[1] * scale)), max(8, round(part.shape[0] * scale)))
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return LabelledNeck(photo, small, edge * scale)


def view_of(neck: LabelledNeck, rng: np.random.Generator | None) -> tuple[ByteArray, FloatArray]:
    """The close-up of a neck as the reader may cut it out.

    Args:
        neck: with its edge.
        rng: of the reader's errors, and of another light; None for the close-up as the edge has it.
    Returns:
        (NECK_SIZE, NECK_SIZE, 3) uint8, and (n, 2) its edge.
    """
    right, left = neck.edge[0], neck.edge[-1]
    chord = (left + right) / 2
    front = chord + max(float(((neck.edge - chord) @ _down(left, right)).max()), 0.0) * _down(left, right)
    if rng is None:
        affine = neck_closeup((left, right, front))
    else:
        wide = float(np.linalg.norm(left - right))
        left, right = (each + rng.normal(0, _ENDS_OFF * wide, 2) for each in (left, right))
        affine = neck_closeup((left, right, front + rng.normal(0, _FRONT_OFF * wide, 2)))
        turn, scale = np.radians(rng.normal(0, _TURNED_DEG)), np.exp(rng.normal(0, _SCALED))
        jitter = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        middle = np.full(2, NECK_SIZE / 2)
        affine = np.column_stack([jitter @ affine[:, :2], jitter @ (affine[:, 2] - middle) + middle])
    picture = resampled(neck.rgb, affine, NECK_SIZE)
    edge = neck.edge @ affine[:, :2].T + affine[:, 2]
    if rng is None:
        return picture, edge
    if rng.random() < 0.5:
        picture, edge = np.ascontiguousarray(picture[:, ::-1]), (edge * (-1, 1) + (NECK_SIZE, 0))[::-1]
    return relit(picture, rng), edge


def _down(left: FloatArray, right: FloatArray) -> FloatArray:
    """(2,) unit vector across the line of the neck points, towards the hem."""
    across = left - right
    return np.array([-across[1], across[0]]) / max(float(np.linalg.norm(across)), 1e-6)


def goal_of(edge: FloatArray) -> tuple[FloatArray, FloatArray]:
    """What the network is to say of a close-up.

    Args:
        edge: (n, 2) pixels of the close-up, from left to right.
    Returns:
        (NECK_SIZE / 4, NECK_SIZE / 4) float32 share of the front, and how much it is asked for.
    """
    opening, asked, above = (np.zeros((NECK_SIZE, NECK_SIZE), np.float32) for _ in range(3))
    line = np.round(16 * (edge - 0.5)).astype(np.int32)
    cv2.fillPoly(opening, [line], 1.0, cv2.LINE_AA, 4)
    cv2.polylines(asked, [line], False, 1.0, 2 * round(_BESIDE * NECK_SIZE), shift=4)
    chord = edge[[0, -1]]
    beyond = -2 * NECK_SIZE * _down(chord[1], chord[0])
    way = (chord[1] - chord[0]) * 4
    field = np.array([chord[0] - way, chord[1] + way, chord[1] + way - beyond, chord[0] - way - beyond])
    cv2.fillPoly(above, [np.round(field).astype(np.int32)], 1.0)
    quarter = (NECK_SIZE // 4, NECK_SIZE // 4)
    front, weight = (cv2.resize(each, quarter, interpolation=cv2.INTER_AREA) for each in (1 - opening, asked * above))
    return front.astype(np.float32), weight.astype(np.float32)


def loss_of(answer: Tensor, front: Tensor, weight: Tensor) -> Tensor:
    """Cross-entropy of (B, S, S) logits, where it is asked for."""
    return (fn.binary_cross_entropy_with_logits(answer, front, reduction="none") * weight).sum() / weight.sum()


def fit(network: GarmentReaderNet, necks: list[LabelledNeck], rng: np.random.Generator, views: int = VIEWS) -> None:
    """Fit ``network.neck``, on features that stay as they are.

    Args:
        network: as trained; all else in it stays.
        necks: what is learnt from.
        rng: decides everything.
        views: of each neck, whose features are kept: 0.3 MB each.
    """
    levels, fronts, weights = _features(network, necks, rng, views)
    count, steps = len(fronts), EPOCHS * max(1, len(fronts) // BATCH)
    averaged = {name: value.clone() for name, value in network.neck.state_dict().items()}
    optimiser = torch.optim.AdamW(network.neck.parameters(), RATE, weight_decay=1e-2)
    for step in track(range(steps), "fit"):
        chosen = torch.from_numpy(rng.integers(count, size=BATCH))
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / 30) * (0.02 + 0.49 * (1 + math.cos(math.pi * step / steps)))
        answer = network.neck({stride: kept[chosen].float() for stride, kept in levels.items()})
        loss = loss_of(answer, fronts[chosen], weights[chosen])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        keep = min(AVERAGE, (1 + step) / (10 + step))
        for name, value in network.neck.state_dict().items():
            averaged[name].lerp_(value, 1 - keep)
    network.neck.load_state_dict(averaged)


def _features(
    network: GarmentReaderNet, necks: list[LabelledNeck], rng: np.random.Generator, views: int
) -> tuple[dict[int, Tensor], Tensor, Tensor]:
    """Stride -> (n, C, S, S) float16 features of random views, (n, S, S) the front in them, and where it is asked."""
    seen: list[dict[int, Tensor]] = []
    goals = []
    hook = network.neck.register_forward_pre_hook(
        lambda _, given: seen.append({s: x.half() for s, x in given[0].items()})
    )
    order = np.concatenate([rng.permutation(len(necks)) for _ in range(views)])
    for start in track(range(0, len(order), BATCH), "views"):
        batch = [view_of(necks[int(n)], rng) for n in order[start : start + BATCH]]
        goals += [goal_of(edge) for _, edge in batch]
        with torch.no_grad():
            network.front_of_neck(as_pictures([rgb for rgb, _ in batch]))
    hook.remove()
    fronts, weights = (torch.from_numpy(np.stack([goal[n] for goal in goals])) for n in (0, 1))
    return {stride: torch.cat([each[stride] for each in seen]) for stride in seen[0]}, fronts, weights


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--weights", type=Path, default=Path("weights"), help="folder of the reader's weights")
    parser.add_argument("--out", type=Path, required=True, help="write all of the reader's weights here")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    network = load_network(given.weights)
    fit(network, list(read_necks(given.photos)), np.random.default_rng(given.seed))
    state = network.state_dict().items()
    save_file({name: value.half().contiguous() for name, value in state if value.is_floating_point()}, given.out)


if __name__ == "__main__":
    main()
