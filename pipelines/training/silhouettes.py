"""Train the silhouette network on drawn garments: ``python -m pipelines.training.silhouettes``.

Data: none but our own drawings (``silhouette_shapes``, painted by ``silhouette_paint``); no photo is
used for training or for choosing a checkpoint. One core, 20 minutes: about 50,000 drawings, each seen
once or twice. Result: ``garment_silhouette.safetensors`` in float16, read by
``vmodel.garment.silhouette_net``. Loss: cross-entropy of category, sleeve, neckline and open front,
cross-entropy of each landmark's heat against a Gaussian of one cell, binary cross-entropy of the
visible inside.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as fn

from pipelines.training.silhouette_paint import CANVAS, Sample, paint
from pipelines.training.silhouette_shapes import draw_garment
from vmodel.garment.silhouette_net import (
    CATEGORIES,
    GRID,
    NECKLINES,
    SIZE,
    SLEEVES,
    SilhouetteNet,
    network_input,
)
from vmodel.types import ByteArray, FloatArray


def make_batch(rng: np.random.Generator, size: int) -> dict[str, Tensor]:
    """Draw ``size`` garments.

    Returns:
        pictures (B, 4, 128, 128), labels (B, 4) int64 of category, sleeve, neckline, open front, upper (B,)
        bool, points (B, L, 2) in grid cells (NaN where absent), inside (B, 64, 64).
    """
    masks, lumas, insides, points, labels, upper = [], [], [], [], [], []
    for _ in range(size):
        drawing = draw_garment(rng)
        sample = paint(rng, drawing)
        masks.append(_shrink(sample.mask, SIZE))
        lumas.append(_shrink(_backdrop(rng, sample), SIZE))
        insides.append(_shrink(np.minimum(sample.inside, sample.mask), GRID))
        points.append(sample.points * GRID / CANVAS)
        labels.append(
            [
                CATEGORIES.index(drawing.category),
                SLEEVES.index(drawing.sleeve),
                NECKLINES.index(drawing.neckline),
                int(drawing.open_front),
            ]
        )
        upper.append(drawing.category.covers_upper)
    pictures = network_input(np.stack(masks), np.stack(lumas))
    return {
        "pictures": torch.from_numpy(pictures),
        "labels": torch.tensor(labels),
        "upper": torch.tensor(upper),
        "points": torch.from_numpy(np.stack(points)),
        "inside": torch.from_numpy(np.stack(insides)),
    }


def _shrink(picture: ByteArray, size: int) -> FloatArray:
    small = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32) / 255


def _backdrop(rng: np.random.Generator, sample: Sample) -> ByteArray:
    """Luma over a backdrop, with a camera's blur and noise."""
    luma = np.where(sample.mask > 127, sample.luma, rng.uniform(0, 255)).astype(np.float32)
    luma = cv2.GaussianBlur(luma, (0, 0), rng.uniform(0.4, 1.6))
    return np.asarray(np.clip(luma + rng.normal(0, rng.uniform(0, 8), luma.shape), 0, 255), np.uint8)


def loss_of(network: SilhouetteNet, batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Weighted loss and the figures worth watching."""
    # without instructions of its own, bfloat16 is emulated and eight times slower than float32
    with torch.autocast("cpu", torch.bfloat16, enabled=torch.cpu._is_avx512_bf16_supported()):
        scores, heat = network(batch["pictures"].contiguous(memory_format=torch.channels_last))
    scores, heat = scores.float(), heat.float()
    category, sleeve, neckline, opened = torch.split(scores, [len(CATEGORIES), len(SLEEVES), len(NECKLINES), 1], 1)
    labels, upper = batch["labels"], batch["upper"]
    kinds = fn.cross_entropy(category, labels[:, 0], label_smoothing=0.02)
    details = fn.cross_entropy(sleeve[upper], labels[upper, 1]) + 0.5 * fn.cross_entropy(
        neckline[upper], labels[upper, 2]
    )
    front = fn.binary_cross_entropy_with_logits(opened[upper, 0], labels[upper, 3].float())
    there = ~batch["points"][..., 0].isnan()
    cells = torch.arange(GRID) + 0.5
    target = batch["points"][there]
    spread = [torch.exp(-((cells[None] - target[:, axis, None]) ** 2) / 2) for axis in (0, 1)]
    goal = spread[1][:, :, None] * spread[0][:, None, :]
    goal = (goal / (goal.sum((1, 2), keepdim=True) + 1e-6)).flatten(1)
    logs = heat[:, :-1][there].flatten(1).log_softmax(1)
    points = -(goal * logs).sum(1).mean()
    inside = fn.binary_cross_entropy_with_logits(heat[:, -1], batch["inside"])
    total = kinds + 0.5 * details + 0.3 * front + 0.35 * points + 2.0 * inside
    right = (category.argmax(1) == labels[:, 0]).float().mean()
    cuts = (sleeve[upper].argmax(1) == labels[upper, 1]).float().mean()
    return total, {"category": float(right), "sleeve": float(cuts), "points": points.item(), "inside": inside.item()}


def train(out: Path, minutes: float, seed: int, batch_size: int = 48, start: Path | None = None) -> None:
    """Train for a span of time, halving noise by a running average of the weights; save as float16."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = SilhouetteNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if start is not None:
        state = load_file(start) if start.suffix == ".safetensors" else torch.load(start)
        network.load_state_dict({name: value.float() for name, value in state.items()})
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_blend, use_buffers=True)
    highest = 2e-3 if start is None else 8e-4
    optimiser = torch.optim.AdamW(network.parameters(), lr=highest, weight_decay=0.02)
    begin, step, told = time.monotonic(), 0, 0.0
    fresh, watched = make_batch(rng, batch_size), []
    while (spent := (time.monotonic() - begin) / 60) < minutes:
        share = spent / minutes
        for group in optimiser.param_groups:
            group["lr"] = highest * min(1, (step + 1) / 40) * (0.5 * (1 + np.cos(np.pi * share)) + 0.01)
        if step % 2 == 0:  # each drawing is seen twice: drawing costs as much as a step
            fresh = make_batch(rng, batch_size)
        loss, figures = loss_of(network, fresh)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        average.update_parameters(network)
        step += 1
        watched.append(figures)
        if spent - told > 0.5:
            told = spent
            means = {name: round(float(np.mean([w[name] for w in watched])), 3) for name in figures}
            print(f"{spent:.1f} min, step {step}: {means}", flush=True)
            watched = []
            _save(average.module, out)
            torch.save(average.module.state_dict(), out.with_suffix(".pt"))
    _save(average.module, out)


def _blend(mean: Tensor, new: Tensor, seen: Tensor | int) -> Tensor:
    """A running mean that forgets its start: over all steps at first, over the last hundred later."""
    return mean + (new - mean) * max(0.01, 1 / (int(seen) + 1))


def _save(network: torch.nn.Module, out: Path) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    state = {
        name: value.half().contiguous() for name, value in network.state_dict().items() if value.is_floating_point()
    }
    counts = {name: value for name, value in network.state_dict().items() if not value.is_floating_point()}
    save_file(state | counts, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("weights/garment_silhouette.safetensors"))
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--start", type=Path, help="state (.pt) or weights (.safetensors) to go on from")
    given = parser.parse_args()
    train(given.out, given.minutes, given.seed, start=given.start)
