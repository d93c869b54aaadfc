"""``vmodel models`` and ``vmodel poses``: who can be asked for, and how they can stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.console import say_error
from vmodel.errors import VModelError

models_app = typer.Typer(no_args_is_help=True, help="The roster of virtual models, all of them invented people.")
poses_app = typer.Typer(no_args_is_help=True, help="The library of poses.")

ModelId = Annotated[str, typer.Argument(help="Id, see `vmodel models list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Show every virtual model on one line each."""
    from vmodel.body.roster import load_roster
    from vmodel.config import Settings

    with refusing():
        models = list(load_roster(Settings()).values())
    if as_json:
        print(json.dumps([asdict(model) for model in models], ensure_ascii=False, default=list))
        return
    table = Table("id", "name", "gender", "age", "size", "height", "hair", box=None)
    for model in models:
        height = f"{model.height_cm:.0f} cm"
        table.add_row(model.id, model.name, model.gender, f"{model.age:g}", model.size, height, model.hair.style)
    Console().print(table)


@models_app.command("show")
def show_model(
    model_id: ModelId, as_json: AsJson = False
) -> None:
    """Show one virtual model with its measurements."""
    from vmodel.body.model import build_body
    from vmodel.body.roster import load_roster
    from vmodel.config import Settings

    with refusing():
        model = load_roster(Settings())[model_id]
        measured = asdict(build_body(model).measurements)
    if as_json:
        print(json.dumps(asdict(model) | {"measurements_cm": measured}, ensure_ascii=False, default=list))
        return
    _print_pairs({"id": model.id, "name": model.name, "gender": model.gender, "age": model.age, "size": model.size})
    _print_pairs({name.replace("_", " "): f"{value:.1f} cm" for name, value in measured.items()})


@poses_app.command("list")
def list_poses(as_json: AsJson = False) -> None:
    """Show the names that --pose takes."""
    from vmodel.body.pose import pose_names

    names = pose_names()
    print(json.dumps(list(names)) if as_json else "\n".join(names))


@contextmanager
def refusing() -> Iterator[None]:
    """Turn what is wrong with a command's arguments into one line and exit code 2."""
    try:
        yield
    except VModelError as error:
        say_error(error.code, str(error))
        raise typer.Exit(2) from None


def _print_pairs(pairs: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    for name, value in pairs.items():
        table.add_row(name, str(value))
    Console().print(table)
