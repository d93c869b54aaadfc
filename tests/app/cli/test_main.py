"""Command line as a user sees it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.main import app, run
from app.cli.output import Output
from tests.support.tiny_models.embedded import tiny_pipeline
from vmodel.config import Settings
from vmodel.publishing.publisher import Publisher
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import Shot

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
NEEDED_FIELDS = {"photo", "picture", "sidecar", "category", "model", "pose", "view"}
NEEDED_FIELDS |= {"pipeline", "seed", "timings", "warnings", "made_by"}


def commands() -> Iterator[tuple[str, object]]:
    from typer.main import get_command

    def walk(name: str, command: object) -> Iterator[tuple[str, object]]:
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            for part, child in inner.items():
                yield from walk(f"{name} {part}", child)

    yield from walk("vmodel", get_command(app))


@pytest.mark.parametrize(("name", "command"), list(commands()), ids=[name for name, _ in commands()])
def test_every_command_has_help_and_stands_in_the_reference(name: str, command: object) -> None:
    assert len(str(command.help).strip()) > 20  # type: ignore[attr-defined]
    assert f"## {name}\n" in REFERENCE
    section = REFERENCE.split(f"## {name}\n")[1].split("\n## ")[0]
    for parameter in command.params:  # type: ignore[attr-defined]
        if parameter.name == "help":
            continue
        assert parameter.help, f"{name} {parameter.name}"
        flag = next((word for word in parameter.opts if word.startswith("--")), None)
        assert flag is None or flag in section, f"{flag} of {name} is not in docs/cli.md"


@pytest.fixture(scope="module")
def shot(examples: Path, tmp_path_factory: pytest.TempPathFactory, tee_shot: Shot) -> dict[str, object]:
    """Return the JSON line of one shot; the drape comes from the cache that ``tee_shot`` filled."""
    out = tmp_path_factory.mktemp("shot")
    command = [
        sys.executable,
        "-m",
        "app.cli.main",
        "shoot",
        str(examples / "logo-tee.jpg"),
        "--size",
        "512x384",
        "--json",
    ]
    ended = subprocess.run(
        [*command, "--maps", "--contact-sheet", "--out", str(out)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
    found: dict[str, object] = json.loads(ended.stdout)
    return found


@pytest.mark.slow
def test_a_shot_in_json_has_what_a_program_needs(shot: dict[str, object], tee_shot: Shot) -> None:
    assert set(shot) >= NEEDED_FIELDS
    assert "error" not in shot
    assert (shot["category"], shot["view"], shot["pipeline"], shot["seed"]) == ("top", "front", "draft", 0)
    assert shot["model"] == tee_shot.model.id
    picture = Path(str(shot["picture"]))
    assert {path.name for path in picture.parent.iterdir()} >= {"contact-sheet.jpg", f"{picture.stem}.json"}
    assert (picture.parent / f"{picture.stem}_pose.png").is_file()
    assert not list(picture.parent.glob(".*"))
    with Image.open(picture) as opened:
        assert (opened.height, opened.width) == (512, 384)


def pixels_of(picture: object) -> np.ndarray:
    with Image.open(str(picture)) as opened:
        return np.asarray(opened)


@pytest.mark.slow
def test_another_process_makes_the_same_pixels(shot: dict[str, object], tee_shot: Shot) -> None:
    key = open_authority(Settings()).mark_key
    mark = json.loads(Path(str(shot["sidecar"])).read_text())["certificate"]["licence"]["mark"]
    assert np.array_equal(pixels_of(shot["picture"]), embed_mark(tee_shot.picture, int(mark, 16), key))


@pytest.mark.slow
def test_a_later_run_overwrites_a_shot_only_with_itself(tee_shot: Shot, tmp_path: Path) -> None:
    def keep(shot: Shot) -> set[str]:
        output = Output(tmp_path, "png", False, False, False, Publisher(Settings(), lambda name: ()))
        output.check([shot.request])
        assert output.keep(shot) is None
        return {path.name for path in tmp_path.glob("*.png")}

    first = keep(tee_shot)
    assert keep(tee_shot) == first
    lit = replace(tee_shot, request=replace(tee_shot.request, light="daylight"))
    assert len(keep(lit)) == 2
    assert keep(lit) == keep(tee_shot) > first


@pytest.mark.slow
def test_a_sidecar_makes_the_same_pixels_again_under_the_same_licence(
    shot: dict[str, object], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["shoot", "--from", str(shot["sidecar"]), "--out", str(tmp_path), "--json"]) == 0
    again = json.loads(capsys.readouterr().out)
    assert np.array_equal(pixels_of(again["picture"]), pixels_of(shot["picture"]))
    assert again["licence"] == shot["licence"]


@pytest.mark.slow
def test_the_second_of_two_embedded_pictures_is_made_again_from_its_sidecar(
    examples: Path,
    tee_shot: Shot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shutil.copytree(Settings().weights, tmp_path / "weights", ignore=shutil.ignore_patterns("embedded"))
    tiny_pipeline(strength=0.002).save_pretrained(tmp_path / "weights" / "embedded")
    monkeypatch.setenv("VMODEL_WEIGHTS", str(tmp_path / "weights"))
    flags = ["--size", "512x384", "--model", tee_shot.model.id, "--background", "transparent", "--json"]
    flags += ["--pipeline", "embedded", "--steps", "1", "--count", "2", "--seed", "7"]
    assert run(["shoot", str(examples / "logo-tee.jpg"), *flags, "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert [(line["seed"], line["steps"], line["made_by"]) for line in lines] == [
        (7, 1, "embedded"),
        (8, 1, "embedded"),
    ]
    pictures = [pixels_of(line["picture"]) for line in lines]
    assert not np.array_equal(*pictures)
    assert run(["shoot", "--from", lines[1]["sidecar"], "--out", str(tmp_path / "again")]) == 0
    assert np.array_equal(pixels_of(next((tmp_path / "again").glob("*.png"))), pictures[1])


@pytest.mark.slow
def test_a_good_photo_is_made_although_a_bad_one_stands_beside_it(
    examples: Path, tee_shot: Shot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty.jpg").touch()
    photos = [str(tmp_path / "empty.jpg"), str(examples / "logo-tee.jpg")]
    assert run(["shoot", *photos, "--size", "512x384", "--out", str(tmp_path / "out"), "--format", "jpeg"]) == 1
    said = capsys.readouterr()
    assert Path(said.out.strip()).suffix == ".jpg"
    assert Path(said.out.strip()).is_file()
    assert said.err.startswith("photo_unreadable: ")


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"vmodel {version('vmodel')}\n"


def test_the_roster_and_the_poses_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list", "--json"]) == 0
    models = json.loads(capsys.readouterr().out)
    assert len(models) >= 20
    assert sum(model["age"] < 18 for model in models) >= 5
    assert run(["poses", "list"]) == 0
    assert "contrapposto" in capsys.readouterr().out.splitlines()


def test_a_new_model_can_be_shown_but_its_id_not_taken_twice(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "new", "Éva Test", "--age", "41", "--height-cm", "169"]) == 0
    assert capsys.readouterr().out.startswith("wm-eva-test: ")
    assert run(["models", "show", "wm-eva-test", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["measurements_cm"]["height"] == pytest.approx(169, abs=0.5)
    assert run(["models", "new", "Eva Test"]) == 2
    assert capsys.readouterr().err.startswith("model_invalid: ")


def test_the_doctor_finds_this_machine_fit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    findings = {finding["name"]: finding["state"] for finding in json.loads(capsys.readouterr().out)}
    assert findings["python"] == findings["torch"] == findings["VMODEL_HOME"] == "ok"


def test_the_doctor_names_every_package_that_is_needed_and_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = ["pillow>=12.0", "no-such-package>=2,<3", "none-such ; extra == 'gpu'"]
    monkeypatch.setattr("app.cli.doctor.requires", lambda _: stated)
    assert run(["doctor", "--json"]) == 1
    missing = {
        each["name"]: each["detail"] for each in json.loads(capsys.readouterr().out) if each["state"] == "missing"
    }
    assert missing == {"no-such-package": "install it with: pip install no-such-package"}


@pytest.mark.parametrize(
    ("name", "model_id"), [("Çağla Öz", "wm-cagla-oz"), ("小美", "wm-5c0f-7f8e")], ids=["Turkish", "Chinese"]
)
def test_a_new_model_of_any_name_gets_an_id_that_can_be_typed(
    name: str, model_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "new", name]) == 0
    assert capsys.readouterr().out.startswith(f"{model_id}: {name}, size ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [([""], "it needs a name"), (["Ada", "--hair", "mohawk"], "'mohawk' is none of bald, buzz, short-crop")],
    ids=["no name", "hair of another world"],
)
def test_a_new_model_that_cannot_be_says_why(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["models", "new", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_inspecting_an_example_draws_it_and_prints_landmarks_that_can_be_given_back(
    examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photo = str(examples / "denim-trousers.jpg")
    assert run(["inspect", photo, "--json", "--out", str(tmp_path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["category"] == "trousers"
    assert sum(found["made_for"].values()) == pytest.approx(1, abs=0.01)
    assert Path(found["picture"]).is_file()
    (tmp_path / "points.json").write_text(json.dumps(found["landmarks"]))
    again = ["inspect", photo, "--json", "--out", str(tmp_path), "--landmarks", str(tmp_path / "points.json")]
    assert run(again) == 0
    assert json.loads(capsys.readouterr().out)["landmarks"] == found["landmarks"]


def test_ctrl_c_ends_a_run_with_one_line_and_leaves_nothing_half_written(examples: Path, tmp_path: Path) -> None:
    # A shell's background jobs ignore the signal; programs in the foreground of a terminal do not.
    heeding = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from vmodel.studio.stage_cache import StageCache; "
        "StageCache.report = lambda self, stage, share: print(stage, flush=True); from app.cli.main import main; main()"
    )
    photo, out = examples / "pleated-skirt.jpg", tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", heeding, "shoot", str(photo), "--out", str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "reading\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.startswith("interrupted: ")
    assert len(said.splitlines()) == 1
    assert not list(out.iterdir())
