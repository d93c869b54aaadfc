"""Meaning of ``--pipeline auto`` on different machines."""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import pytest

from app.cli.main import run
from pipelines.hub.runtime.device_placement import Machine
from pipelines.hub.runtime.settings import Tuning
from pipelines.hub.weights import catalogue
from pipelines.registry import load_pipeline
from pipelines.selection import PREFERRED, choose_for_this_machine, choose_pipeline, resolve_pipeline
from vmodel.errors import PipelineUnknown

ALL = dict.fromkeys(PREFERRED, "ready")


@pytest.mark.parametrize(
    ("card_gb", "states", "embedded", "name", "words"),
    [
        (80, ALL, True, "flux2-klein", "hold it whole"),
        (12, ALL, False, "flux2-klein", "each of its networks"),
        (6, ALL, False, "flux2-klein", "slowly"),
        (80, ALL | {"flux2-klein": "incomplete"}, False, "qwen-edit", "hold it whole"),
        (24, {"sdxl": "ready"}, True, "sdxl", "hold it whole"),
        (4.5, ALL, True, "sdxl", "slowly"),
        (3, ALL, True, "embedded", "no graphics card"),
        (None, ALL, True, "embedded", "no graphics card"),
        (None, ALL, False, "draft", "neither weights nor a graphics card"),
        (80, {}, False, "draft", "neither weights nor a graphics card"),
    ],
)
def test_the_best_pipeline_that_can_work_is_chosen(
    card_gb: float | None, states: dict[str, str], embedded: bool, name: str, words: str
) -> None:
    choice = choose_pipeline(Machine(card_gb, 64), states, embedded)
    assert choice.name == name
    assert words in choice.reason


def test_each_better_one_is_passed_over_with_a_reason_and_a_remedy() -> None:
    choice = choose_pipeline(Machine(80, 64), {"sdxl": "ready"}, False)
    assert [why.split(":")[0] for why in choice.passed_over] == ["flux2-klein", "qwen-edit"]
    assert "`vmodel weights pull flux2-klein`" in str(choice)
    small = choose_pipeline(Machine(3, 64), ALL, False)
    assert "3 GB are free on the graphics card and 5 GB are needed" in str(small)


def test_weights_that_would_wait_in_too_little_memory_are_passed_over() -> None:
    choice = choose_pipeline(Machine(12, 14.5), ALL, True)
    assert choice.name == "sdxl"
    assert choice.passed_over[0] == (
        "flux2-klein: 14 GB of memory are free and 17 GB are needed beside this graphics card"
    )
    # A card that holds all networks needs no main memory for waiting ones.
    assert choose_pipeline(Machine(24, 2), ALL, True).name == "flux2-klein"


def test_fewer_bits_count_in_the_choice() -> None:
    whole, smaller = (choose_pipeline(Machine(13, 64), ALL, True, Tuning(precision=each)) for each in ("full", "int8"))
    assert "each of its networks" in whole.reason
    assert "hold it whole" in smaller.reason


def test_a_pipeline_whose_package_is_missing_is_passed_over_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = {"qwen-edit": "ready", "sdxl": "ready"}
    monkeypatch.setitem(sys.modules, "torchvision", None)
    choice = choose_pipeline(Machine(80, 64), ready, True)
    assert choice.name == "sdxl"
    assert "'torchvision' is missing; run pip install 'vmodel[gpu]'" in choice.passed_over[1]
    monkeypatch.setitem(sys.modules, "transformers", None)
    choice = choose_pipeline(Machine(80, 64), ready, True)
    assert choice.name == "embedded"
    # Pipelines that were never pulled come first.
    assert "vmodel weights pull flux2-klein" in choice.passed_over[0]


def test_the_doctor_names_a_setting_that_cannot_be_and_looks_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HUB_BATCH", "0")
    assert run(["doctor", "--json"]) == 1
    findings = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert findings["--pipeline auto"]["state"] == "missing"
    assert "VMODEL_HUB_BATCH cannot be '0'" in findings["--pipeline auto"]["detail"]
    assert "face detector" in findings


def test_weights_for_research_only_are_never_chosen_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    forbidden = replace(catalogue.CATALOGUE["flux2-klein"], research_only=True)
    monkeypatch.setattr(catalogue, "CATALOGUE", {**catalogue.CATALOGUE, "flux2-klein": forbidden})
    choice = choose_pipeline(Machine(80, 64), ALL, False)
    assert choice.name == "qwen-edit"
    assert "research only" in choice.passed_over[0]


def test_a_name_that_no_pipeline_has_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(PipelineUnknown, match=r"'magic'; use one of: .*embedded, .*flux2-klein"):
        load_pipeline("magic")


def test_a_name_means_itself_and_auto_what_doctor_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert resolve_pipeline("sdxl") == "sdxl"
    run(["doctor", "--json"])
    findings = {each["name"]: each["detail"] for each in json.loads(capsys.readouterr().out)}
    assert findings["--pipeline auto"] == str(choose_for_this_machine())
    assert findings["--pipeline auto"].startswith(resolve_pipeline("auto"))
