"""Train the network that tells light from cloth: ``python -m pipelines.training.light.train --crops DIR``.

Checkpoints hold everything that is needed to go on; ``--export`` writes the averaged weights in float16.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.training.common.checkpoints import Training
from pipelines.training.light.crops import read_crops
from pipelines.training.light.samples import LitCloths
from vmodel.garment.delighting.network import GarmentLightNet, load_light_network

_LEARNING_RATE: Final = 1.5e-3
_AVERAGE: Final = 0.998
_SCALES: Final = (1, 2, 4)
"""How many pixels are averaged each way before differences of neighbours are compared."""


def begin(path: Path | None = None, weights: Path | None = None) -> Training[GarmentLightNet]:
    """Begin a training, or go on where a checkpoint left it.

    Args:
        path: of the checkpoint, which may not exist yet.
        weights: folder of weights to begin from; None for random ones.
    """
    network = GarmentLightNet()
    if weights is not None:
        network.load_state_dict(load_light_network(weights).state_dict())
    average = GarmentLightNet()
    average.load_state_dict(network.state_dict())
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    training = Training(network, average, torch.optim.AdamW(network.parameters(), _LEARNING_RATE, weight_decay=1e-3))
    if path is not None and path.is_file():
        training.restore(path)
    return training


@lru_cache(maxsize=1)
def _cloths(crops: Path, seed: int) -> LitCloths:
    cv2.setNumThreads(1)
    return LitCloths(list(read_crops(crops)), np.random.default_rng(seed))


def _batch(crops: Path, seed: int, size: int, side: int) -> tuple[np.ndarray[Any, Any], ...]:
    """Arrays of ``LitCloth``, stacked; the next ones each time, in the process that it is called in.

    Pictures come as many as ``size``, then a quarter as many pairs of ``draw_two``.
    """
    cloths = _cloths(crops, seed)
    samples = [cloths.draw(side) for _ in range(size)]
    for _ in range(_pairs(size)):
        samples.extend(cloths.draw_two(side))
    return tuple(np.stack([getattr(each, name) for each in samples]) for name in ("rgb", "mask", "light", "known"))


def _pairs(size: int) -> int:
    return max(1, size // 4)


def without_own_light(fields: Tensor, masks: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Replace the pairs that follow the first pictures of a batch by their differences, where both are known.

    Args:
        fields: (B, 3, H, W) light.
        masks: (B, 1, H, W), where it is known.
        size: how many single pictures there are.
    Returns:
        (size + pairs, 3, H, W) and (size + pairs, 1, H, W).
    """
    difference = fields[size::2] - fields[size + 1 :: 2]
    both = torch.minimum(masks[size::2], masks[size + 1 :: 2])
    return torch.cat([fields[:size], difference]), torch.cat([masks[:size], both])


def loss_of(answer: Tensor, goal: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of the light, each picture's level left free, and of its differences over distances."""
    area = mask.sum((1, 2, 3)).clamp(min=200)
    wrong = (answer - goal) * mask
    wrong = wrong - wrong.sum((2, 3), keepdim=True) / area[:, None, None, None] * mask
    total = wrong.abs().sum((1, 2, 3)) / area / 3
    for scale in _SCALES:
        if scale > 1:
            wrong, mask = fn.avg_pool2d(wrong, 2), fn.avg_pool2d(mask, 2)
        for axis in (2, 3):
            both = torch.minimum(mask.narrow(axis, 1, mask.shape[axis] - 1), mask.narrow(axis, 0, mask.shape[axis] - 1))
            steps = (wrong.diff(dim=axis) * both).abs().sum((1, 2, 3)) * scale**2
            total = total + steps / area / 3
    return total.mean()


def train(
    training: Training[GarmentLightNet],
    crops: Path,
    minutes: float,
    total: float,
    side: int,
    batch: int,
    out: Path,
    rate: float = _LEARNING_RATE,
) -> None:
    """Train for a span of time, with checkpoints every three minutes.

    Args:
        training: where it stands.
        crops: folder of ``crops.prepare``.
        minutes: how long this run takes at most.
        total: minutes after which the learning rate has fallen to nothing, over all runs.
        side: of the pictures in pixels.
        batch: pictures a step.
        out: folder of checkpoints and the log.
        rate: largest learning rate.
    """
    before, begun, losses = training.seconds, time.monotonic(), []
    saved = begun
    training.network.train()
    asked = (crops, training.step, batch, side)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        waiting = [pool.submit(_batch, *asked) for _ in range(4)]
        while (spent := time.monotonic() - begun) < 60 * minutes:
            rgb, mask, light, sure = waiting.pop(0).result()
            waiting.append(pool.submit(_batch, *asked))
            pictures, goal = (torch.from_numpy(each).permute(0, 3, 1, 2) for each in (rgb, light))
            masks, where = (torch.from_numpy(each)[:, None] for each in (mask, sure))
            training.seconds = before + spent
            share = min(training.seconds / (60 * total), 1.0)
            for group in training.optimiser.param_groups:
                group["lr"] = rate * min(1, (training.step + 1) / 60) * (0.01 + 0.495 * (1 + math.cos(math.pi * share)))
            with torch.autocast("cpu", torch.bfloat16):
                answer = training.network(pictures.contiguous(memory_format=torch.channels_last), masks)
            answered, known = without_own_light(answer.float(), where, batch)
            loss = loss_of(answered, without_own_light(goal, where, batch)[0], known)
            training.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(training.network.parameters(), 1.0)
            training.optimiser.step()
            training.count(_AVERAGE)
            losses.append(float(loss.detach()))
            if training.step % 50 == 0:
                line = {
                    "step": training.step,
                    "minutes": round(training.seconds / 60, 1),
                    "loss": round(float(np.mean(losses)), 4),
                }
                with (out / "log.jsonl").open("a") as log:
                    log.write(json.dumps(line) + "\n")
                losses.clear()
            if time.monotonic() - saved > 180:
                saved = time.monotonic()
                training.save(out / "light.pt")
        for each in waiting:
            each.cancel()
    training.save(out / "light.pt")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--crops", type=Path, default=Path("build/light/crops"), help="folder of light.crops")
    parser.add_argument("--out", type=Path, default=Path("build/light"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--total", type=float, default=None, help="minutes over all runs; default: those of this one")
    parser.add_argument("--side", type=int, default=288)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--weights", type=Path, help="folder of weights to begin from, instead of random ones")
    parser.add_argument("--rate", type=float, default=_LEARNING_RATE, help="largest learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--export", type=Path, help="write the weights of the last checkpoint here and stop")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(given.seed)
    torch.set_flush_denormal(True)  # tiny moments of the optimiser cost more than the network else
    training = begin(given.out / "light.pt", given.weights)
    if given.export is not None:
        training.export(given.export)
        return
    total = given.total or given.minutes
    train(training, given.crops, given.minutes, total, given.side, given.batch, given.out, given.rate)


if __name__ == "__main__":
    main()
