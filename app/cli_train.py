"""``vmodel train``: training pictures become the weights of the embedded pipeline."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from app.cli_models import refusing
from vmodel.errors import PackageMissing

_CACHE = Path("~/.cache/vmodel-train")

Pictures = Annotated[Path, typer.Option(help="Folder of training pictures; it may still be growing.")]
Out = Annotated[Path, typer.Option(help="Folder of the run: checkpoint and log. A run goes on where it stopped.")]
Minutes = Annotated[float | None, typer.Option(min=0.01, help="Learning time of the whole run, all sittings together.")]
Steps = Annotated[int, typer.Option(min=1, help="Learning steps of the whole run, if they end before the minutes.")]
Batch = Annotated[int, typer.Option(min=1, help="Crops a step.")]
Seed = Annotated[int, typer.Option(min=0, help="Whatever is left to chance follows from it.")]
Tiny = Annotated[bool, typer.Option("--tiny", help="A network for trying things out; its pictures are no good.")]
Export = Annotated[
    Path | None,
    typer.Option(help="Learn nothing; write the run's last checkpoint to this folder as a pipeline, with manifest."),
]


def train_embedded(
    pictures: Pictures = _CACHE / "pictures",
    out: Out = _CACHE / "embedded",
    minutes: Minutes = None,
    steps: Steps = 1_000_000,
    batch: Batch = 8,
    seed: Seed = 0,
    tiny: Tiny = False,
    export: Export = None,
) -> None:
    """Train the embedded pipeline on rendered pictures, or export what was trained.

    Stop it when you like: the same command goes on from there. `make train-pictures` renders the
    pictures.
    """
    with refusing():
        try:
            from pipelines.embedded_network import TINY, NetworkSize
            from pipelines.training import train as recipe
        except ModuleNotFoundError as error:
            raise PackageMissing(str(error.name)) from None
        plan = recipe.Plan(
            pictures=pictures.expanduser(),
            out=out.expanduser(),
            minutes=math.inf if minutes is None else minutes,
            steps=steps,
            batch=batch,
            seed=seed,
            size=TINY if tiny else NetworkSize(),
        )
        if export is not None:
            print(recipe.export(plan, export.expanduser()))
            return
        print(recipe.train(plan).checkpoint)
