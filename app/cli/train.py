"""``vmodel train``: train the weights of the embedded pipeline, or a LoRA, on training pictures."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated

import typer

from app.cli.errors import cli_errors
from vmodel.errors import BadUsage, PackageMissing

_CACHE = Path("~/.cache/vmodel-train")

Pictures = Annotated[Path, typer.Option(help="Folder of training pictures; you may add more during training.")]
Out = Annotated[Path, typer.Option(help="Folder for the checkpoint and the log. A stopped run resumes from here.")]
Minutes = Annotated[
    float | None,
    typer.Option(min=0.01, help="Training time of the whole run in minutes, over all sessions. Default: no limit."),
]
Steps = Annotated[
    int,
    typer.Option(min=1, help="Training steps of the whole run; it ends at --steps or --minutes, whichever is first."),
]
Batch = Annotated[int, typer.Option(min=1, help="Image crops per training step.")]
Seed = Annotated[int, typer.Option(min=0, help="Random seed.")]
Tiny = Annotated[bool, typer.Option("--tiny", help="Train a tiny network for quick tests; its pictures are unusable.")]
Lora = Annotated[
    bool,
    typer.Option("--lora", help="Train a LoRA for FLUX.2 klein instead, for VMODEL_HUB_LORA; see docs/pipelines.md."),
]
Longest = Annotated[
    int | None,
    typer.Option(min=64, help="With --lora: shrink pictures so that no side is longer, in pixels; saves memory."),
]
Start = Annotated[
    Path | None,
    typer.Option(help="Start a new run from the weights of this exported pipeline, such as weights/embedded."),
]
Export = Annotated[
    Path | None,
    typer.Option(help="Do not train; export the last checkpoint to this folder as a pipeline with a manifest."),
]


def train_embedded(
    pictures: Pictures = _CACHE / "pictures",
    out: Out = _CACHE / "embedded",
    minutes: Minutes = None,
    steps: Steps = 1_000_000,
    batch: Batch = 8,
    seed: Seed = 0,
    tiny: Tiny = False,
    start: Start = None,
    export: Export = None,
    lora: Lora = False,
    longest: Longest = None,
) -> None:
    """Train the embedded pipeline on rendered pictures, or export the trained pipeline.

    You can stop the command at any time; run it again to resume. `make train-pictures` renders the pictures.
    """
    bound = math.inf if minutes is None else minutes
    with cli_errors():
        if lora:
            if tiny or start is not None or export is not None:
                raise BadUsage("--tiny, --start and --export are not for --lora; leave them out.")
            folder = _CACHE / "lora" if out == _CACHE / "embedded" else out
            print(_train_lora(pictures.expanduser(), folder.expanduser(), bound, steps, batch, seed, longest))
            return
        if longest is not None:
            raise BadUsage("--longest is for --lora; leave it out.")
        try:
            from pipelines.embedded.network import TINY, NetworkSize
            from pipelines.training import train as recipe
        except ModuleNotFoundError as error:
            raise PackageMissing(str(error.name), extra="train") from None
        plan = recipe.Plan(
            pictures=pictures.expanduser(),
            out=out.expanduser(),
            minutes=bound,
            steps=steps,
            batch=batch,
            seed=seed,
            size=TINY if tiny else NetworkSize(),
            start=None if start is None else start.expanduser(),
        )
        if export is not None:
            print(recipe.export(plan, export.expanduser()))
            return
        print(recipe.train(plan).checkpoint)


def _train_lora(
    pictures: Path, out: Path, minutes: float, steps: int, batch: int, seed: int, longest: int | None
) -> Path:
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from pipelines.hub.weights.store import find_weights
    from vmodel.config import Settings

    weights = find_weights("flux2-klein-base", Settings())
    from pipelines.training.lora import LoraPlan, train_lora

    plan = LoraPlan(pictures, out, steps, minutes, batch, longest, seed)
    with Progress(TextColumn("{task.description}"), TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task("loading")
        return train_lora(plan, weights, lambda step, loss: bar.update(task, description=f"step {step}: {loss:.4f}"))
