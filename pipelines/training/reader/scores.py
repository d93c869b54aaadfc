"""Train the layers that score attributes further, on features that stay as they are.

``python -m pipelines.training.reader.scores --copies DIR --labels FILE ...`` looks at every labelled photo some times
with the averaged network of a checkpoint, keeps what its scores are made from, and fits the two layers that make them:
a thousand times cheaper than a step of the whole network, and attributes learn more slowly than places.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.training.reader.augment import View, close_view, plain_view, training_view
from pipelines.training.reader.samples import Sample
from pipelines.training.reader.train import Source, as_pictures, collate, resume
from vmodel.garment.recognition.network import CHOICES, CLOSE, GarmentReaderNet

PLAIN: Final = 0.25
"""Share of views that show the whole picture unchanged."""
BATCH, EPOCHS, RATE, DROPOUT = 64, 30, 5e-4, 0.3
WEIGHTS: Final = {"category": 1.0, "sleeve": 1.0, "neckline": 1.0, "closure": 0.6, "laid": 0.6, "face": 0.3,
                  "garments": 0.6, "cloth": 1.0}  # fmt: skip
HEADS: Final = {"scores": [name for name in CHOICES if name != "cloth"], "cloth_scores": ["cloth"]}
"""Layers of the network -> what they score."""
_LOOKED_AT: Final = 16
_OTHERS: Final = {"drawn": 160, "pairs": 128, "unlabelled": 128, "nothing": 128}
"""Views of drawings, of pairs, of hats and shoes, and of no garment, per round over the labelled photos."""


def views_of(source: Source, side: int) -> Iterator[View]:
    """Yield one round of views over all sources."""
    samples: list[Sample] = [source.labelled[int(index)] for index in source.rng.permutation(len(source.labelled))]
    samples += [source.drawing() for _ in range(_OTHERS["drawn"])]
    samples += [pair for _ in range(_OTHERS["pairs"]) if (pair := source.pair()) is not None]
    samples += [source.nothing() for _ in range(_OTHERS["nothing"])]
    if source.unlabelled:
        picks = source.rng.integers(len(source.unlabelled), size=_OTHERS["unlabelled"])
        samples += [source.unlabelled[int(index)] for index in picks]
    for sample in samples:
        plain = source.rng.random() < PLAIN
        yield plain_view(sample, side) if plain else training_view(sample, side, source.rng)


def features_of(network: GarmentReaderNet, source: Source, rounds: int, side: int) -> tuple[dict[str, Tensor], Tensor]:
    """Return the inputs of the score layers for each view, and their goals.

    Args:
        network: as trained.
        source: of the training views.
        rounds: number of rounds over all of it.
        side: of the views in pixels.
    Returns:
        Name of each of ``HEADS`` -> (n, features) float32, and (n, len(CHOICES)) indices, -1 where not known.
    """
    seen: dict[str, list[Tensor]] = {name: [] for name in HEADS}
    goals: list[Tensor] = []
    hooks = [
        getattr(network, name).register_forward_pre_hook(lambda _, given, to=kept: to.append(given[0].detach()))
        for name, kept in seen.items()
    ]
    for _ in range(rounds):
        waiting = list(track(views_of(source, side), "views", len(source.labelled) + sum(_OTHERS.values())))
        for start in track(range(0, len(waiting), _LOOKED_AT), "features"):
            batch = collate(waiting[start : start + _LOOKED_AT])
            with torch.no_grad():
                network(batch["pictures"])
            goals.append(batch["choices"])
    for hook in hooks:
        hook.remove()
    return {name: torch.cat(kept) for name, kept in seen.items()}, torch.cat(goals)


def close_features_of(network: GarmentReaderNet, source: Source, rounds: int) -> tuple[Tensor, Tensor]:
    """Return the same for close-ups: (n, features) float32, and (n, len(CLOSE)) indices."""
    seen: list[Tensor] = []
    goals: list[Tensor] = []
    hook = network.close_scores.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    for _ in range(rounds):
        samples = [*source.labelled, *(source.drawing() for _ in range(_OTHERS["drawn"]))]
        views = (close_view(sample, source.rng) for sample in track(samples, "close-ups"))
        found = (view for view in views if view is not None)
        while batch := list(islice(found, _LOOKED_AT)):
            with torch.no_grad():
                network.look_closely(as_pictures([rgb for rgb, _ in batch]))
            goals.append(torch.from_numpy(np.stack([choices for _, choices in batch])))
    hook.remove()
    return torch.cat(seen), torch.cat(goals)


def fit_scores(head: nn.Sequential, names: Sequence[str], features: Tensor, goals: Tensor) -> None:
    """Fit layers that make scores.

    Args:
        head: the layers; changed.
        names: attributes that they score, in order.
        features: (n, features) inputs of the layers.
        goals: (n, len(names)) indices, -1 where not known.
    """
    sizes = [len(CHOICES[name]) for name in names]
    dropouts = [module for module in head if isinstance(module, torch.nn.Dropout)]
    for module in dropouts:
        module.p = DROPOUT
    optimiser = torch.optim.AdamW(head.parameters(), lr=RATE, weight_decay=1e-2)
    steps = EPOCHS * max(1, len(features) // BATCH)
    head.train()
    for step in track(range(steps), "scores"):
        for group in optimiser.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        chosen = torch.randint(len(features), (BATCH,))
        scores = torch.split(head(features[chosen]), sizes, 1)
        losses = [
            WEIGHTS[name] * fn.cross_entropy(score, goal, ignore_index=-1, label_smoothing=0.05)
            for name, score, goal in zip(names, scores, goals[chosen].T, strict=True)
            if (goal >= 0).any()
        ]
        optimiser.zero_grad()
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    head.eval()


def main() -> None:
    """Run from the command line; update the layers in the checkpoint's averaged network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--copies", type=Path, required=True, help="folder that pipelines.training.reader.masks filled")
    parser.add_argument("--labels", type=Path, nargs="+", required=True)
    parser.add_argument("--out", type=Path, default=Path("build/reader"), help="folder of the checkpoint")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    torch.manual_seed(given.seed)
    training = resume(given.out / "reader.pt")
    network = training.average.eval()
    source = Source(given.copies, given.labels, given.seed)
    features, goals = features_of(network, source, given.rounds, given.side)
    for name, asked in HEADS.items():
        fit_scores(getattr(network, name), asked, features[name], goals[:, [list(CHOICES).index(a) for a in asked]])
    fit_scores(network.close_scores, CLOSE, *close_features_of(network, source, 2 * given.rounds))
    training.save(given.out / "reader.pt")


if __name__ == "__main__":
    main()
