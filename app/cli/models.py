"""``vmodel models`` and ``vmodel poses``: the roster of virtual models and the library of poses."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from app.cli.errors import cli_errors
from vmodel.limits import SEEDS

models_app = typer.Typer(no_args_is_help=True, help="Virtual models; all of them are invented people.")
poses_app = typer.Typer(no_args_is_help=True, help="Poses of the library.")

ModelId = Annotated[str, typer.Argument(help="Model id, see `vmodel models list`.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@models_app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """List all virtual models, one per line."""
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings

    with cli_errors(as_json):
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
def show_model(model_id: ModelId, as_json: AsJson = False) -> None:
    """Show one virtual model: measurements, origin (invented or not), tools it was made with, and licence."""
    from vmodel.body.model.body import build_body
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings
    from vmodel.core.database import open_database
    from vmodel.rights.policy.model_card import card_of

    with cli_errors(as_json):
        settings = Settings()
        model = load_roster(settings)[model_id]
        measured = asdict(build_body(model).measurements)
        with open_database(settings).reading() as session:
            card = card_of(session, settings, model)
    if as_json:
        shown = asdict(model) | {"measurements_cm": measured, "card": card.to_json()}
        print(json.dumps(shown, ensure_ascii=False, default=list))
        return
    _print_pairs({"id": model.id, "name": model.name, "gender": model.gender, "age": model.age, "size": model.size})
    _print_pairs({name.replace("_", " "): f"{value:.1f} cm" for name, value in measured.items()})
    _print_pairs(card.lines())


@models_app.command("new")
def add_model(
    name: Annotated[str, typer.Argument(help="Display name; the id is made from it.")],
    gender: Annotated[str, typer.Option(help="woman or man.")] = "woman",
    age: Annotated[float, typer.Option(help="Age in years, 18 to 75.")] = 28,
    height_cm: Annotated[float, typer.Option(help="Height in cm.")] = 172,
    chest_cm: Annotated[
        float | None, typer.Option(help="Chest girth in cm; give chest, waist and hip together.")
    ] = None,
    waist_cm: Annotated[float | None, typer.Option(help="Waist girth in cm.")] = None,
    hip_cm: Annotated[float | None, typer.Option(help="Hip girth in cm.")] = None,
    weight: Annotated[float, typer.Option(help="Body weight, 0 to 1; 0.5 is average.")] = 0.5,
    muscle: Annotated[float, typer.Option(help="Muscle, 0 to 1; 0.5 is average.")] = 0.5,
    skin: Annotated[str, typer.Option(help="Skin tone, I (lightest) to VI (darkest).")] = "III",
    hair: Annotated[str, typer.Option(help="Hair style, see `vmodel models list`.")] = "shoulder-length",
    seed: Annotated[
        int, typer.Option(min=0, max=SEEDS - 1, help="Random seed for details of face, skin and hair.")
    ] = 0,
    model_id: Annotated[
        str | None, typer.Option("--id", help="Id of your choice. Default: made from the name.", show_default=False)
    ] = None,
) -> None:
    """Create an adult model from sliders or from measurements in centimetres, and save it under VMODEL_HOME."""
    from vmodel.body.model.create import Girths, Sliders, new_model, save_model
    from vmodel.body.model.roster import load_roster
    from vmodel.config import Settings
    from vmodel.errors import BadUsage, ModelInvalid
    from vmodel.types import Hair

    with cli_errors():
        girths = None
        if chest_cm is not None and waist_cm is not None and hip_cm is not None:
            girths = Girths(chest_cm, waist_cm, hip_cm)
        elif any(value is not None for value in (chest_cm, waist_cm, hip_cm)):
            raise BadUsage("Give --chest-cm, --waist-cm and --hip-cm together, or none of them.")
        made_id = model_id or _id_from(name, gender)
        if made_id in load_roster(Settings()):
            raise ModelInvalid(f"the id {made_id!r} is in use; choose another with --id")
        made = new_model(
            model_id=made_id,
            name=name,
            gender=gender,
            age=age,
            height_cm=height_cm,
            girths=girths,
            sliders=Sliders(weight=weight, muscle=muscle),
            skin=skin,
            hair=Hair(hair, (0.03, 0.017, 0.01)),
            seed=seed,
        )
        save_model(made, Settings())
    print(f"{made.id}: {made.name}, size {made.size}; use it with --model {made.id}")


def _id_from(name: str, gender: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    # A name in another script still needs an id that every shell can type: the code points of its letters.
    words = words or "-".join(f"{ord(letter):x}" for letter in name if letter.isalnum())
    return ("mn-" if gender == "man" else "wm-") + words


@poses_app.command("list")
def list_poses(as_json: AsJson = False) -> None:
    """List the names that --pose accepts."""
    from vmodel.body.pose.library import pose_names

    names = pose_names()
    print(json.dumps(list(names)) if as_json else "\n".join(names))


def _print_pairs(pairs: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    for name, value in pairs.items():
        table.add_row(name, str(value))
    Console().print(table)
