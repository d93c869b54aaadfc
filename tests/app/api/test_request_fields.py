"""Command line, API, page, tables and client offer one request: the same names, bounds and defaults."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from pydantic import ValidationError
from pydantic.fields import FieldInfo

from app.api.schemas.jobs import ShotAsked
from app.cli import flags
from app.cli.main import run
from app.ui.view_models.order_form import Order
from vmodel.batch.tables.reader import COLUMNS
from vmodel.body.model.roster import load_roster
from vmodel.client import Shot
from vmodel.config import Settings
from vmodel.shot.request import GarmentSource, ShotRequest, bounds_of, field_of

FIELDS = {each.name: field_of(ShotRequest, each.name) for each in fields(ShotRequest)}
NUMBERS = [name for name, field in FIELDS.items() if bounds_of(field) != (None, None)]
SHARED = {"garment", "outfit", "tucked"}  # by all pictures of a job


def refused(model: Any, **changes: Any) -> bool:
    try:
        model(**changes)
    except ValidationError:
        return True
    return False


def test_api_and_client_take_every_field_of_a_request_and_no_other() -> None:
    asked = set(FIELDS) - SHARED | {"set"}  # a set stands for several requests
    assert set(ShotAsked.model_fields) == asked
    assert {each.name for each in fields(Shot)} == asked


def test_a_picture_of_the_page_has_fields_that_the_api_takes() -> None:
    (shot,) = Order(garment="g").shots(load_roster(Settings()))
    assert ShotAsked(**shot).model_dump() == ShotAsked().model_dump()


def test_api_and_client_ask_for_the_same_picture_where_nothing_is_said() -> None:
    told = {name: value for name, value in asdict(Shot()).items() if value is not None}
    assert ShotAsked(**told).model_dump() == ShotAsked().model_dump()
    assert ShotAsked().model_dump()["size"] == "1024x768"


@pytest.mark.parametrize("style", ["auto", "smart"])
def test_every_door_completes_outfits_in_the_installations_style_where_none_is_named(
    style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VMODEL_STYLE", style)
    context = typer.Context(click.Command("shoot"))
    context.params = {"size": "1024x768", "pipeline": None, "style": None}
    told = flags.request_of(context, GarmentSource(Path("shirt.jpg"))).style
    assert [told, ShotAsked().style, Order(garment="g").shots(load_roster(Settings()))[0]["style"]] == [style] * 3


@pytest.mark.parametrize("name", NUMBERS)
def test_api_and_page_refuse_a_number_out_of_the_requests_bounds(name: str) -> None:
    low, high = bounds_of(FIELDS[name])
    assert low is not None
    assert high is not None
    for model in (ShotAsked, Order):
        if name in model.model_fields:
            given: dict[str, Any] = {"garment": "g"} if model is Order else {}
            assert [refused(model, **given, **{name: value}) for value in (low - 1, low, high, high + 1)] == [
                True,
                False,
                False,
                True,
            ]


@pytest.mark.parametrize("flag", ["seed", "steps", "focal"])
def test_the_command_line_refuses_a_number_out_of_the_requests_bounds(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    low, high = bounds_of(FIELDS["focal_mm" if flag == "focal" else flag])
    assert low is not None
    assert high is not None
    for value in (low - 1, high + 1):
        assert run(["shoot", "no-photo.jpg", f"--{flag}", str(value)]) == 2
        assert f"--{flag}" in capsys.readouterr().err


def test_help_and_table_describe_a_field_in_the_same_words() -> None:
    help_of = {name: alias.__metadata__[0].help for name, alias in vars(flags).items() if is_flag(alias)}
    assert help_of["Framing"] == f"{COLUMNS['framing']}."
    assert help_of["Material"].lower() == f"{COLUMNS['material']}."
    assert help_of["WidthCm"].lower() == f"{COLUMNS['width_cm']}."


def is_flag(alias: Any) -> bool:
    return isinstance(getattr(alias, "__metadata__", (None,))[0], typer.models.OptionInfo)


def test_every_field_of_a_request_says_what_it_is() -> None:
    def told(field: FieldInfo) -> str:
        return field.description or ""

    assert [name for name, field in FIELDS.items() if not told(field) and name != "garment"] == []
