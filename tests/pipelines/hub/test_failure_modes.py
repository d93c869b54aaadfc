"""Faults of weights and memory on the command line: each gives one line with its remedy."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import DiffusionPipeline, Flux2Transformer2DModel

from app.cli.main import run
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.sources import SUMS
from pipelines.hub.weights.store import RECORD, folder_of, pull_weights
from vmodel.config import Settings
from vmodel.quality.gate import BARS
from vmodel.shot.pipeline_interface import Shot

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword"),
]
NAME = "flux2-klein"
PART = CATALOGUE[NAME].parts[0]
LARGEST = "transformer/diffusion_pytorch_model.safetensors"
Shoot = Callable[..., tuple[int, str, str]]


@pytest.fixture
def weights(published: Path, home: Path) -> Iterator[Path]:
    """Install klein's weights until the test ends."""
    settings = Settings(home=home, weights_source=str(published))
    yield pull_weights(NAME, settings, accept_licence=True)
    shutil.rmtree(folder_of(NAME, settings), ignore_errors=True)


@pytest.fixture
def shoot(examples: Path, tee_shot: Shot, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Shoot:
    """Return a function that runs ``vmodel shoot`` and returns exit code, output and errors."""

    def shot(*further: str) -> tuple[int, str, str]:
        asked = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", NAME, "--size", "512x384", "--steps", "1"]
        asked += ["--model", tee_shot.model.id]
        code = run([*asked, "--out", str(tmp_path / "out"), *further])
        said = capsys.readouterr()
        return code, said.out, said.err

    return shot


def only_line(err: str, code: str) -> str:
    assert len(err.splitlines()) == 1, err
    assert err.startswith(f"{code}: ")
    return err


def with_card(patch: pytest.MonkeyPatch, free_gb: float | None) -> None:
    """Simulate a graphics card with ``free_gb`` of free memory, or a machine without a card (None)."""
    patch.setattr(torch.cuda, "is_available", lambda: free_gb is not None)
    patch.setattr(torch.cuda, "mem_get_info", lambda: (int((free_gb or 0) * 1e9), int(80e9)))
    patch.setattr(torch.cuda, "get_device_name", lambda _: "a card")


def test_without_a_card_the_doctor_says_so_and_auto_makes_what_needs_none(
    weights: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_card(monkeypatch, None)
    run(["doctor", "--json"])
    found = {each["name"]: each["detail"] for each in json.loads(capsys.readouterr().out)}
    assert "everything runs on the processor" in found["cuda"]
    assert "flux2-klein: no graphics card" in found["--pipeline auto"]
    assert not found["--pipeline auto"].startswith("flux2-klein")


def test_too_small_a_card_is_refused_before_anything_is_loaded(
    weights: Path, shoot: Shoot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card(monkeypatch, 2.0)
    code, _, err = shoot()
    assert code == 2
    assert "close what else uses the card, or choose another --pipeline" in only_line(err, "card_too_small")
    assert not list((tmp_path / "out").rglob("*.png"))


def test_a_setting_that_wants_more_on_the_card_than_it_holds_is_refused_with_the_figures(
    weights: Path, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory")

    with_card(monkeypatch, 8.0)
    monkeypatch.setenv("VMODEL_HUB_OFFLOAD", "none")
    monkeypatch.setattr(DiffusionPipeline, "to", full)
    code, out, err = shoot("--json")
    assert code == 2
    assert "needs 18 GB of free memory on the graphics card and 8.0 GB are free" in only_line(err, "card_too_small")
    assert json.loads(out)["error"]["code"] == "card_too_small"


def test_too_little_memory_without_a_card_is_refused(
    weights: Path, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_card(monkeypatch, None)
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(available=int(0.4e9)))
    code, out, err = shoot("--json")
    assert code == 2
    assert "use a machine with a card, or --pipeline draft" in only_line(err, "memory_too_small")
    assert json.loads(out)["error"]["code"] == "memory_too_small"


def test_half_pulled_weights_are_refused_with_the_command(weights: Path, shoot: Shoot) -> None:
    (weights / RECORD).unlink()
    (weights / PART.folder / LARGEST).unlink()
    code, _, err = shoot()
    assert code == 2
    assert "run `vmodel weights pull flux2-klein`" in only_line(err, "weights_incomplete")


def test_a_wrong_hash_is_refused_and_what_came_is_not_kept(
    published: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repository = Path(shutil.copytree(published / PART.repository, tmp_path / "copied" / PART.repository))
    files = [path for path in repository.rglob("*") if path.is_file()]
    sums = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(repository)}\n" for path in files]
    (repository / SUMS).write_text("".join(sums))
    content = bytearray((repository / LARGEST).read_bytes())
    content[-1] ^= 1
    (repository / LARGEST).write_bytes(content)
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(tmp_path / "copied"))
    try:
        assert run(["weights", "pull", NAME, "--accept-licence"]) == 1
        err = only_line(capsys.readouterr().err, "weights_changed")
        assert "run `vmodel weights pull flux2-klein` again, from another VMODEL_WEIGHTS_SOURCE" in err
        assert not (folder_of(NAME, Settings()) / PART.folder / LARGEST).exists()
    finally:
        shutil.rmtree(folder_of(NAME, Settings()), ignore_errors=True)


@pytest.mark.parametrize("name", CATALOGUE)
def test_no_licence_is_accepted_by_saying_nothing(
    name: str, published: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    assert run(["weights", "pull", name]) == 1
    said = capsys.readouterr()
    err = only_line(said.err, "licence_not_accepted")
    weights = CATALOGUE[name]
    # The repositories' licence texts come first.
    held = [published / part.repository / "LICENSE.md" for part in weights.parts]
    assert said.out == "".join(
        f"{part.repository}\n\n{path.read_text()}\n"
        for part, path in zip(weights.parts, held, strict=True)
        if path.is_file()
    )
    for words in (weights.licence, weights.licence_note, *weights.licence_urls, f"pull {name} --accept-licence"):
        assert words in err
    assert not (tmp_path / "weights" / name).exists()


def test_memory_that_runs_out_in_the_middle_of_a_batch_makes_it_smaller_and_goes_on(
    weights: Path, shoot: Shoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, most, forward = list[int](), 1, Flux2Transformer2DModel.forward

    def on_a_small_card(network: Any, *given: Any, **named: Any) -> Any:
        rows.append(len(named["hidden_states"]))
        if rows[-1] > most:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(network, *given, **named)

    monkeypatch.setattr(Flux2Transformer2DModel, "forward", on_a_small_card)
    monkeypatch.setenv("VMODEL_HUB_BATCH", "2")
    # Random weights paint noise, which the gate would refuse.
    monkeypatch.setattr("vmodel.quality.gate.BARS", dict.fromkeys(BARS, 0.0))
    code, out, err = shoot("--json", "--count", "2")
    assert (code, len(err.splitlines())) == (0, 1)  # that no card is here
    assert [json.loads(line)["made_by"] for line in out.splitlines()] == [NAME, NAME]
    assert rows == [2, 1, 1]

    most = 0
    code, out, err = shoot("--json")
    assert code == 1
    assert "choose a smaller --size" in err
    assert "VMODEL_HUB_OFFLOAD=group" in only_line(err.split("\n", 1)[1], "card_memory_exhausted")
    assert json.loads(out)["error"]["code"] == "card_memory_exhausted"
