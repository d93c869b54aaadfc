from __future__ import annotations

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import TypeAdapter

from app.cli.main import run
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import BadUsage, FocalOutOfRange
from vmodel.scene import BACKGROUNDS, LIGHTS
from vmodel.shot.request import GarmentSource, ShotRequest, expand_combinations
from vmodel.studio.size_run import expand_size_chart

ROOT = Path(__file__).resolve().parents[2]
LIKE = ShotRequest(GarmentSource(Path("shirt.jpg")), seed=5, pipeline="embedded", steps=3)


def test_each_combination_is_made_as_often_as_asked_with_one_seed_after_the_other() -> None:
    requests = expand_combinations([LIKE.garment], ["wm-ines", None], [None], ["front", "back"], LIKE, count=3)
    assert len(requests) == 12
    # One combination after another, so that a stage that ignores the seed stays warm.
    assert [request.seed for request in requests] == [5, 6, 7] * 4
    assert [request.view for request in requests[:6]] == ["front"] * 3 + ["back"] * 3
    assert {request.steps for request in requests} == {3}


def test_a_request_comes_back_from_json_as_it_went() -> None:
    for request in (LIKE, replace(LIKE, steps=None), replace(LIKE, focal_mm=35.0)):
        assert ShotRequest.from_json(json.loads(json.dumps(request.to_json()))) == request


def test_a_request_that_was_written_before_there_were_steps_is_read() -> None:
    plain = LIKE.to_json()
    del plain["steps"]
    assert ShotRequest.from_json(plain) == replace(LIKE, steps=None)


def test_a_request_that_was_written_before_there_were_styles_is_worn_over_the_base_layer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VMODEL_STYLE", "auto")
    plain = replace(LIKE, style="plain").to_json()
    assert "style" not in plain
    assert ShotRequest.from_json(plain).style == "plain"
    new = ShotRequest(LIKE.garment, pipeline="draft").to_json()
    assert new["style"] == "auto"
    assert ShotRequest.from_json(new).style == "auto"


def test_the_usual_lens_is_not_written_down_so_that_earlier_records_stay_the_same() -> None:
    assert "focal_mm" not in LIKE.to_json()
    assert replace(LIKE, focal_mm=50.0).to_json()["focal_mm"] == 50.0


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"seed": -1}, BadUsage),
        ({"seed": 2**31}, BadUsage),
        ({"steps": 0}, BadUsage),
        ({"steps": 201}, BadUsage),
        ({"focal_mm": 19.0}, FocalOutOfRange),
        ({"focal_mm": float("nan")}, FocalOutOfRange),
        ({"seed": "5"}, TypeError),
        ({"tucked": 1}, TypeError),
        ({"nothing": 1}, TypeError),
    ],
)
def test_a_request_takes_no_value_of_another_type_or_out_of_its_bounds(
    changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error, match=next(iter(changes)).split("_")[0]):
        replace(LIKE, **changes)


def test_a_request_names_what_is_given_in_place_of_a_garment() -> None:
    changes: dict[str, Any] = {"garment": "shirt.jpg"}
    with pytest.raises(TypeError, match=r"'shirt\.jpg' is no GarmentSource"):
        replace(LIKE, **changes)


def test_pictures_with_seeds_beyond_the_last_are_refused_before_any_is_made(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--seed", str(2**31 - 1), "--count", "2", "--out", str(tmp_path / "out")]
    assert run(["shoot", str(examples / "logo-tee.jpg"), *flags]) == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert "give 0 to 2147483647" in said
    assert not (tmp_path / "out").exists()


def test_records_of_a_request_stay_the_same_to_the_letter() -> None:
    # Journals, jobs and licences hold digests of this text.
    jeans = GarmentSource(Path("jeans.jpg"), back=Path("back.jpg"), material="denim", width_cm=40.5, length_cm=104)
    more: dict[str, Any] = {"outfit": (jeans,), "tucked": True, "focal_mm": 50.0, "shoes": "canvas"}
    asked = ShotRequest(LIKE.garment, "wm-ines", seed=3, pipeline="draft", **more)
    assert json.dumps(asked.to_json()) == (
        '{"model": "wm-ines", "pose": null, "view": "front", "framing": "full", "light": "soft-key", '
        '"background": "light-grey", "size": "1024x768", "seed": 3, "pipeline": "draft", "steps": null, '
        '"tucked": true, "channel": null, "barefoot": false, "fitting": false, "focal_mm": 50.0, '
        '"garment": {"photo": "shirt.jpg"}, "outfit": [{"photo": "jeans.jpg", "back": "back.jpg", '
        '"material": "denim", "width_cm": 40.5, "length_cm": 104}]}'
    )


def test_a_record_from_before_there_were_shoes_to_choose_asks_for_canvas_shoes() -> None:
    asked = LIKE.to_json()
    assert asked.pop("shoes") == "auto"
    assert ShotRequest.from_json(asked).shoes == "canvas"
    assert ShotRequest.from_json(asked).to_json() == asked


def test_a_size_chart_without_a_size_is_shot_in_every_size_on_somebody_who_wears_it(
    tmp_path: Path, examples: Path
) -> None:
    chart = tmp_path / "chart.csv"
    chart.write_text("size,width_cm,length_cm\nS,46,66\nXXL,62,74\n116,36,48\n")
    roster, like = load_roster(Settings()), ShotRequest(GarmentSource(examples / "logo-tee.jpg"))
    garment = replace(like.garment, size_chart=chart)
    asked = partial(expand_size_chart, poses=[None], views=["front", "back"], like=like, count=1, roster=roster)
    requests = asked([garment], [None])
    worn = [(request.garment.garment_size, roster[request.model or ""].size, request.view) for request in requests]
    assert worn[::2] == [("S", "S", "front"), ("XXL", "2XL", "front"), ("116", "116", "front")]
    assert len(worn) == 6
    assert {request.model for request in asked([garment], ["wm-ines"])} == {"wm-ines"}
    assert [each.model for each in asked([replace(garment, garment_size="S")], [None])] == [None, None]
    chart.write_text("size,width_cm,length_cm\n9XL,80,90\n")
    with pytest.raises(BadUsage, match="9XL"):
        asked([garment], [None])


def test_flags_and_api_name_every_background_and_light() -> None:
    """The words of both, and the page's, are written by hand."""
    fields = TypeAdapter(ShotRequest).json_schema()["properties"]
    for name, field in (*((each, "background") for each in BACKGROUNDS), *((each, "light") for each in LIGHTS)):
        assert re.search(rf"\b{name}\b", fields[field]["description"]), name
        assert f"`{name}`" in (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"), name
        for language in ("en", "zh"):
            page = ROOT / "app" / "ui" / "locales" / language / "page.yaml"
            words = yaml.safe_load(page.read_text(encoding="utf-8"))
            assert name in words[field], (name, language)
