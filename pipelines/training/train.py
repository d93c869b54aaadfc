"""Train the embedded model: ``python -m pipelines.training.train --pictures DIR --out DIR --minutes N``.

It reads new pictures as they appear, so training can begin while pictures are still being rendered. A stopped run
resumes where it stopped: the randomness of a step follows from the seed and the step's number. ``--export FOLDER``
writes the averaged weights of the last checkpoint as a pipeline and enters them into the manifest. Losses, choices and
figures: ``embedded.md``.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import EMAModel
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from torch import nn

from pipelines.embedded.device import find_device, inference_dtype, learning_precision
from pipelines.embedded.network import LOOK_TOKENS, TINY, ConditionEncoder, FineLight, NetworkSize, make_unet
from pipelines.embedded.pipeline import STEPS, EmbeddedPipeline, read_embedded
from pipelines.training.dataset import PictureCache, make_batch
from pipelines.training.evaluate import evaluate
from pipelines.training.losses import loss_of
from pipelines.training.perceptual_features import load_backbone
from vmodel.core.files import make_folder
from vmodel.core.weights_manifest import Origin, vouch_for
from vmodel.errors import CheckpointMissing, TrainingPicturesMissing, VModelError

LOG_EVERY = 20
_FINE_RATE = 4.0
"""Factor on the UNet's learning rate for the small network of fine light."""
ORIGIN = Origin(
    licence="Apache-2.0",
    data="Pictures of invented people in drawn garments, rendered by pipelines/training/pictures.py; no photos",
    recipe="weights/reproduce.sh",
)


@dataclass(frozen=True)
class Plan:
    """Plan of a training run.

    Attributes:
        pictures: folder of the training pictures, searched recursively.
        out: folder of ``checkpoint.pt`` and ``log.jsonl``.
        minutes, steps: the run ends at the first of both limits; the learning rate falls towards that end.
        batch: crops per step.
        crop: (height, width) of a crop, multiples of 32.
        wide_share: share of the steps that see a quarter as many crops, twice as high and wide.
        alone_share: first share of the run that trains the network of fine light alone, in crops half as high and wide:
            such steps cost a tenth, and this network profits most from traced light.
        seed: the only source of randomness.
        rate: highest learning rate.
        size: of the network.
        kept: pictures held in memory, 5 MB each.
        save_minutes, test_minutes: time between checkpoints, and between held-out figures.
        start: pipeline whose weights a new run begins with; None = random weights.
    """

    pictures: Path
    out: Path
    minutes: float = math.inf
    steps: int = 1_000_000
    batch: int = 8
    crop: tuple[int, int] = (256, 192)
    wide_share: float = 0.25
    alone_share: float = 0.85
    seed: int = 0
    rate: float = 4e-4
    size: NetworkSize = field(default_factory=NetworkSize)
    kept: int = 1600
    save_minutes: float = 5.0
    test_minutes: float = 10.0
    start: Path | None = None


class Trainer:
    """State that a step changes, and that a checkpoint therefore holds.

    Attributes:
        step: steps done.
        minutes: time spent on them, over all runs.
        whole: False while a step is being applied; the state of a stop there cannot be saved.
    """

    def __init__(self, plan: Plan) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.device = find_device()
        self.unet, self.encoder = make_unet(plan.size), ConditionEncoder(plan.size.token)
        self.fine = FineLight(plan.size.fine, told=LOOK_TOKENS * plan.size.token)
        parts = {"unet": self.unet, "fine": self.fine, "encoder": self.encoder}
        self.network = nn.ModuleDict(parts).to(self.device)
        self.parameters = list(self.network.parameters())
        self.average = _running_average(self.parameters)
        self.optimiser = torch.optim.AdamW(
            self._groups(), lr=plan.rate, betas=(0.9, 0.99), weight_decay=0.01, fused=True
        )
        self.backbone = load_backbone().to(self.device)
        self.step, self.minutes, self.whole = 0, 0.0, True

    @property
    def checkpoint(self) -> Path:
        """Path of the run's state."""
        return self.plan.out / "checkpoint.pt"

    def save(self) -> None:
        """Write the checkpoint; an interrupted write leaves the old one."""
        state = {
            "step": self.step,
            "minutes": self.minutes,
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }
        unfinished = self.checkpoint.with_suffix(".unfinished")
        torch.save(state, unfinished)
        os.replace(unfinished, self.checkpoint)

    def resume(self) -> bool:
        """Resume from the checkpoint, if there is one.

        Raises:
            CheckpointMissing: it is of a network of another size.
        """
        if not self.checkpoint.is_file():
            return False
        state = torch.load(self.checkpoint, map_location=self.device, weights_only=True)
        try:
            self.network.load_state_dict(state["network"])
        except RuntimeError:
            raise CheckpointMissing(str(self.checkpoint), "is of a network of another size") from None
        self.step, self.minutes = state["step"], state["minutes"]
        self.average.load_state_dict(state["average"])
        self.optimiser.load_state_dict(state["optimiser"])
        return True

    def load_pretrained(self, folder: Path) -> None:
        """Take over the weights of an exported pipeline; everything else is a new run's.

        Raises:
            CheckpointMissing: there is none, or one of a network of another size.
            WeightsMissing: another version of vmodel exported it.
        """
        if not (folder / "model_index.json").is_file():
            raise CheckpointMissing(str(folder), "is no exported pipeline")
        try:
            known = read_embedded(folder)
            self.unet.load_state_dict(known.unet.state_dict())
            self.fine.load_state_dict(known.fine.state_dict())
            self.encoder.load_state_dict(known.encoder.state_dict())
        except RuntimeError:
            raise CheckpointMissing(str(folder), "is of a network of another size") from None
        self.average = _running_average(self.parameters)

    def train_step(self, picture_cache: PictureCache) -> dict[str, float]:
        """Train one step.

        Returns:
            loss, its parts, gradient norm and learning rate.
        Raises:
            FileNotFoundError: a picture was removed since the last scan.
        """
        plan, begun = self.plan, time.monotonic()
        rng = np.random.default_rng([plan.seed, self.step])
        alone = self.share_done() < plan.alone_share
        chosen = rng.choice(len(picture_cache.train), plan.batch, replace=len(picture_cache.train) < plan.batch)
        pictures, crop = [picture_cache.load(picture_cache.train[i]) for i in chosen], plan.crop
        if alone:
            crop = (crop[0] // 2, crop[1] // 2)
        if rng.random() < plan.wide_share and all(2 * crop[k] <= pictures[0].shape[k] for k in (0, 1)):
            pictures, crop = pictures[: max(1, plan.batch // 4)], (2 * crop[0], 2 * crop[1])
        batch = make_batch(pictures, crop, [plan.seed, self.step, 1]).to(self.device)
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        for group in self.optimiser.param_groups:
            group["lr"] = self._rate() * group["times"]
        with learning_precision(self.device):
            loss, figures = loss_of(self.network, batch, generator, self.backbone, alone)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.whole = False
        self.optimiser.step()
        self.average.step(self.parameters)
        self.step += 1
        self.minutes += (time.monotonic() - begun) / 60
        self.whole = True
        return {**figures, "gradient": float(norm), "rate": self._rate()}

    def share_done(self) -> float:
        """Return the share of the plan that is done, 0..1."""
        return min(1.0, max(self.step / self.plan.steps, self.minutes / self.plan.minutes))

    def averaged_pipeline(self) -> EmbeddedPipeline:
        """Make a pipeline with a copy of the averaged weights."""
        copy = Trainer(self.plan)
        self.average.copy_to(copy.parameters)
        copy.network.eval().requires_grad_(False)
        pipeline = EmbeddedPipeline(copy.unet, copy.fine, copy.encoder, FlowMatchEulerDiscreteScheduler())
        pipeline.set_progress_bar_config(disable=True)
        return pipeline

    def _groups(self) -> list[dict[str, Any]]:
        large = [*self.unet.parameters(), *self.encoder.parameters()]
        return [{"params": large, "times": 1.0}, {"params": list(self.fine.parameters()), "times": _FINE_RATE}]

    def _rate(self) -> float:
        warm = min(1.0, (self.step + 1) / 100)
        return self.plan.rate * warm * (0.5 * (1 + math.cos(math.pi * self.share_done())) + 0.02)


def _running_average(parameters: list[nn.Parameter]) -> EMAModel:
    return EMAModel(parameters, decay=0.999, use_ema_warmup=True, power=0.75, foreach=True)


def train(plan: Plan, stop_at: int | None = None) -> Trainer:
    """Train until the plan's end, from the checkpoint if there is one; a stop by Ctrl-C or SIGTERM is saved.

    Args:
        plan: the run.
        stop_at: step after which to save and return, as an interruption would.
    Raises:
        TrainingPicturesMissing: the folder holds no picture of the training split, or no longer does; the training
            until then is saved.
        CheckpointMissing: the checkpoint or the start is of a network of another size, or the start is not there.
        WeightsMissing: another version of vmodel exported the start.
        OutputNotWritable: the run's folder cannot be made or written.
    """
    picture_cache = PictureCache(plan.pictures, plan.kept)
    _look_again(picture_cache)
    make_folder(plan.out)
    trainer = Trainer(plan)
    if not trainer.resume() and plan.start is not None:
        trainer.load_pretrained(plan.start)
    try:
        make_steps(trainer, picture_cache, stop_at)
    except (TrainingPicturesMissing, KeyboardInterrupt, SystemExit):
        if trainer.whole:
            trainer.save()
        raise
    trainer.save()
    return trainer


def make_steps(trainer: Trainer, picture_cache: PictureCache, stop_at: int | None = None) -> None:
    """Train until the plan's end, and write log and checkpoints.

    Raises:
        TrainingPicturesMissing: all pictures were removed.
    """
    plan, watched = trainer.plan, list[dict[str, float]]()
    saved = tested = trainer.minutes
    precision = inference_dtype(trainer.device)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("training", total=1.0)
        while trainer.share_done() < 1 and trainer.step != stop_at:
            try:
                watched.append(trainer.train_step(picture_cache))
            except FileNotFoundError:  # another process has removed pictures
                _look_again(picture_cache)
                continue
            done = f"step {trainer.step}, loss {watched[-1]['loss']:.3f}"
            bar.update(task, completed=trainer.share_done(), description=done)
            if trainer.step % LOG_EVERY == 0:
                means = {name: round(float(np.mean([w[name] for w in watched])), 5) for name in watched[0]}
                _log(plan.out, trainer, {"pictures": _look_again(picture_cache), **means})
                watched = []
            if trainer.minutes - saved > plan.save_minutes:
                saved = trainer.minutes
                trainer.save()
            if trainer.minutes - tested > plan.test_minutes and picture_cache.test:
                tested = trainer.minutes
                with contextlib.suppress(FileNotFoundError):  # the next look at the folder tells
                    figures = evaluate(trainer.averaged_pipeline().to(precision), picture_cache, count=12, steps=STEPS)
                    _log(plan.out, trainer, {"held_out": figures})


def _look_again(picture_cache: PictureCache) -> int:
    count = picture_cache.scan()
    if count == 0:
        raise TrainingPicturesMissing(str(picture_cache.folder))
    return count


def _log(out: Path, trainer: Trainer, figures: dict[str, Any]) -> None:
    line = {"step": trainer.step, "minutes": round(trainer.minutes, 2), **figures}
    with (out / "log.jsonl").open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")


def export(plan: Plan, folder: Path) -> Path:
    """Write the averaged weights of the plan's checkpoint as a float16 pipeline, and vouch for them.

    Returns:
        The manifest: the one beside ``folder`` if there is one, otherwise one inside.
    Raises:
        CheckpointMissing: there is no checkpoint, or one of a network of another size.
        OutputNotWritable: the folder cannot be made or written.
    """
    trainer = Trainer(plan)
    if not trainer.resume():
        raise CheckpointMissing(str(trainer.checkpoint), "is not there")
    make_folder(folder)
    pipeline = trainer.averaged_pipeline()
    for part in (pipeline.unet, pipeline.fine, pipeline.encoder):
        part.half()
    pipeline.save_pretrained(folder)
    return vouch_for(folder, ORIGIN)


def main(arguments: Sequence[str] | None = None) -> None:
    """Train the embedded model, or export its last checkpoint as a pipeline."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.training.train", description=main.__doc__)
    parser.add_argument("--pictures", type=Path, default=Path("~/.cache/vmodel-train/pictures").expanduser())
    parser.add_argument("--out", type=Path, default=Path("~/.cache/vmodel-train/embedded").expanduser())
    parser.add_argument("--minutes", type=float, default=math.inf)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--alone", type=float, default=0.85, help="first share of the run, for fine light alone")
    parser.add_argument("--tiny", action="store_true", help="a network for trying the recipe out")
    parser.add_argument("--start", type=Path, help="exported pipeline whose weights a new run begins with")
    parser.add_argument("--export", type=Path, help="write the last checkpoint as a pipeline and leave")
    told = parser.parse_args(arguments)
    size = TINY if told.tiny else NetworkSize()
    plan = Plan(told.pictures, told.out, told.minutes, told.steps, told.batch, seed=told.seed, rate=told.rate)
    plan = replace(plan, size=size, start=told.start, alone_share=told.alone)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # leave the way that saves
    try:
        print(export(plan, told.export) if told.export else train(plan).checkpoint)
    except VModelError as error:
        raise SystemExit(f"{error.code}: {error}") from None


if __name__ == "__main__":
    main()
