"""Checks before any work: conflicting flags, settings and folders, with helpful messages."""

from __future__ import annotations

import json
import os
import shlex
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.main import run
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import BadUsage, ModelInvalid, VModelError
from vmodel.rights.admission.brand_words import read_brands
from vmodel.scene import read_background
from vmodel.service.accounts.plans import read_plans
from vmodel.service.maintenance.backup import restore

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
TEE = str(EXAMPLES / "logo-tee.jpg")
COMMANDS = {
    "shoot": ["shoot", TEE],
    "batch": ["batch", str(EXAMPLES)],
    "clip": ["clip", TEE],
    "pattern": ["pattern", "--block", "tee"],
}
DEEP = "[" * 200_000


def test_flags_that_a_sidecar_would_pass_over_are_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--pose", "walking", "--model", "mn-tomas", "--seed", "0", "--background", "dark", "--size", "384x288"]
    flags += ["--barefoot", "--shoes", "loafers", "--focal", "85", "--with", TEE]
    kept = ["--out", str(tmp_path / "out"), "--format", "jpeg", "--json", "--maps", "--contact-sheet"]
    assert run(["shoot", "--from", str(tmp_path / "any.json"), *flags, *kept]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("usage: ")
    named = {word.strip(",;") for word in said.err.split() if word.startswith("--")}
    assert named == {"--from", *(flag for flag in flags if flag.startswith("--"))}
    assert json.loads(said.out)["error"]["code"] == "usage"
    assert not (tmp_path / "out").exists()


def test_flags_that_say_where_a_picture_goes_stand_beside_a_sidecar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ["--out", str(tmp_path / "out"), "--format", "jpeg", "--json", "--maps", "--contact-sheet"]
    assert run(["shoot", "--from", str(tmp_path / "absent.json"), *kept]) == 2
    assert capsys.readouterr().err.startswith("sidecar_invalid: ")


@pytest.mark.parametrize("seed", [-1, 2**31])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_seed_out_of_range_is_bad_usage_in_every_command(
    command: str, seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*COMMANDS[command], "--seed", str(seed), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert "--seed" in said


def test_a_sidecar_with_an_impossible_seed_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    request = {"garment": {"photo": TEE}, "size": "512x384", "seed": -1}
    (tmp_path / "shot.json").write_text(json.dumps({"format": 1, "request": request, "inputs": {}}))
    assert run(["shoot", "--from", str(tmp_path / "shot.json"), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("sidecar_invalid: ")
    assert "seed" in said


@pytest.mark.parametrize(
    "arguments",
    [*COMMANDS.values(), ["inspect", TEE], ["models", "list"], ["doctor"], ["weights", "list"], ["rights", "show"]],
    ids=lambda arguments: arguments[0],
)
def test_a_setting_that_is_not_understood_is_bad_usage_that_names_its_variable(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_MAX_MEGAPIXELS", "abc")
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert len(said.splitlines()) == 1
    assert "VMODEL_MAX_MEGAPIXELS must be a number" in said


def test_a_fault_under_a_setting_that_is_not_understood_names_the_setting(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("vmodel.body.pose.library.pose_names", lambda: 1 / 0)
    monkeypatch.setenv("VMODEL_READERS", "0")
    assert run(["poses", "list"]) == 2
    assert capsys.readouterr().err.startswith("usage: The environment variable VMODEL_READERS must be ")


@pytest.mark.parametrize(
    ("variable", "value", "must"),
    [
        ("VMODEL_MAX_MEGAPIXELS", "-1", "must be greater than 0"),
        ("VMODEL_MAX_MEGAPIXELS", "inf", "must be a finite number"),
        ("VMODEL_OFFLINE", "perhaps", "must be 1 or 0"),
        ("VMODEL_READERS", "1.5", "must be a whole number"),
        ("VMODEL_SECRET", "hush-hush", "must have at least 32 characters"),
        ("VMODEL_MONITOR_HOSTS", "one.example", "must be a JSON list"),
        ("VMODEL_MONITOR_HOSTS", "[1]", "must be a JSON list"),
        ("VMODEL_CORS_ORIGINS", DEEP, "must be a JSON list"),
    ],
)
def test_a_setting_says_what_it_must_be_and_never_what_it_is(
    variable: str, value: str, must: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(BadUsage, match=f"{variable} {must}") as refused:
        Settings()
    assert "hush" not in str(refused.value)


def test_lists_among_the_settings_are_read_from_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMODEL_MONITOR_HOSTS", '["one.example", "two.example"]')
    assert Settings().monitor_hosts == ("one.example", "two.example")


@pytest.mark.parametrize(
    "arguments", [*COMMANDS.values(), ["models", "new", "Ada"], ["rights", "init"]], ids=lambda arguments: arguments[0]
)
def test_a_state_folder_that_cannot_be_written_is_refused_before_any_work(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", "/proc/nowhere")
    out = ["--out", str(tmp_path / "out")] if arguments in COMMANDS.values() else []
    assert run([*arguments, *out]) == 2
    said = capsys.readouterr().err
    assert said.startswith("output_not_writable: Cannot write to /proc/nowhere ")
    assert "set VMODEL_HOME" in said
    assert "--out" not in said


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["shoot", TEE, "--seed", "many"], "usage"),
        (["shoot", TEE, "--nonsense"], "usage"),
        (["batch", "--seed", "many"], "usage"),
        (["batch", str(EXAMPLES), "--size", "large"], "size_out_of_range"),
        (["clip", TEE, "--model", "nobody"], "unknown_model"),
        (["pattern"], "usage"),
        (["inspect", TEE, "--category", "hat"], "unknown_category"),
    ],
)
def test_any_bad_usage_in_json_is_one_object(
    arguments: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--json", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    error = json.loads(said.out)["error"]
    assert error["code"] == code
    assert said.err == f"{code}: {error['message']}\n"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["admin", "create-account", "--email", "nobody"], "email_invalid"),
        (["admin", "create-key", "nobody"], "account_unknown"),
        (["ledger", "balance", "nobody"], "account_unknown"),
        (["ledger", "verify", "--public-key", "none.pem"], "ledger_key_unreadable"),
        (["rights", "review", "list", "--state", "odd"], "usage"),
        (["rights", "check", "none.jpg"], "photo_not_found"),
        (["models", "show", "nobody"], "unknown_model"),
        (["verify", "none.jpg", "--root", "none.pem"], "photo_not_found"),
        (["trace", "none.jpg"], "photo_not_found"),
        (["monitor", "nowhere"], "evidence_unreadable"),
    ],
    ids=lambda given: " ".join(given[:3]) if isinstance(given, list) else given,
)
def test_what_a_command_refuses_itself_is_one_object_in_json(
    arguments: list[str],
    code: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    assert run([*arguments, "--json"]) == 2
    said = capsys.readouterr()
    [line] = said.out.splitlines()
    error = json.loads(line)["error"]
    assert error["code"] == code
    assert said.err == f"{code}: {error['message']}\n"


def test_a_photo_that_cannot_be_inspected_is_an_object_in_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(tmp_path / "none.jpg"), "--json", "--out", str(tmp_path)]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "photo_not_found"


@pytest.mark.parametrize(
    "arguments",
    [["shoot", ""], ["clip", ""], ["inspect", ""], ["shoot", TEE, "--mask", ""], ["shoot", TEE, "--back", ""]],
    ids=lambda arguments: " ".join(arguments[::2]),
)
def test_an_empty_path_is_bad_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    said = capsys.readouterr().err
    assert said.startswith("usage: ")
    assert "the path is empty" in said


@pytest.mark.parametrize("name", ["season", "season.svg"])
def test_a_folder_in_place_of_a_photo_is_called_one_and_the_batch_is_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).mkdir()
    assert run(["shoot", str(tmp_path / name), "--out", str(tmp_path / "out")]) == 1
    assert f"is a folder; shoot all photos in it with `vmodel batch {tmp_path / name}`" in capsys.readouterr().err


def test_a_photo_that_is_transparent_all_over_is_called_that(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(np.zeros((300, 300, 4), np.uint8)).save(tmp_path / "clear.png")
    assert run(["shoot", str(tmp_path / "clear.png"), "--out", str(tmp_path / "out")]) == 1
    assert "The transparency of clear.png hides everything" in capsys.readouterr().err


def write_header(path: Path, width: int, height: int) -> None:
    """Write a PNG that has a size and no pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")]
    packed = [struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
              for name, body in chunks]  # fmt: skip
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(packed))


@pytest.mark.parametrize("prefix", ["", "blur:"])
@pytest.mark.parametrize("size", [(8200, 5000), (20_000, 20_000)], ids=["a little", "by far"])
def test_a_background_is_bounded_as_photos_are(
    size: tuple[int, int], prefix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_header(tmp_path / "wall.png", *size)
    assert run(["shoot", TEE, "--background", f"{prefix}{tmp_path / 'wall.png'}", "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert said.startswith("photo_too_large: wall.png has ")
    assert "at most 40 megapixels" in said


def test_the_bound_on_photos_is_also_that_of_backgrounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.new("RGB", (1100, 1000), "grey").save(tmp_path / "wall.jpg")
    assert read_background(str(tmp_path / "wall.jpg")).name == "picture"
    monkeypatch.setenv("VMODEL_MAX_MEGAPIXELS", "1")
    with pytest.raises(VModelError, match=r"1\.1 megapixels"):
        read_background(str(tmp_path / "wall.jpg"))


def test_files_of_an_operator_that_nest_too_deep_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    deep = tmp_path / "models" / "deep.yaml"
    deep.write_text(DEEP)
    with pytest.raises(ModelInvalid, match=r"deep\.yaml"):
        load_roster(Settings(home=tmp_path))
    with pytest.raises(VModelError, match=r"deep\.yaml"):
        read_plans(Settings(plans=deep))
    with pytest.raises(VModelError, match=r"deep\.yaml"):
        read_brands(Settings(brands=deep))
    (tmp_path / "backup.json").write_text(DEEP)
    with pytest.raises(VModelError, match=r"backup\.json"):
        restore(Settings(home=tmp_path / "new"), tmp_path)


def test_a_damaged_database_is_named_with_what_helps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    (tmp_path / "vmodel.db").write_bytes(b"neither tables nor pages " * 400)
    assert run(["rights", "reserved", "--json"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith(
        f"output_not_writable: Cannot write to {tmp_path / 'vmodel.db'} (file is not a database)"
    )
    assert "vmodel admin restore" in said.err
    assert json.loads(said.out)["error"]["code"] == "output_not_writable"
    assert not (tmp_path / "logs").exists()


def test_a_state_folder_without_room_is_no_fault_of_the_program(tmp_path: Path) -> None:
    # No file may exceed 32 KiB, as on a full disk.
    command = f"ulimit -f 32; exec {shlex.quote(sys.executable)} -m app.cli.main rights reserved"
    environment = {**os.environ, "VMODEL_HOME": str(tmp_path)}
    ended = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    [line] = ended.stderr.splitlines()
    assert line.startswith(f"output_not_writable: Cannot write to {tmp_path} (")
    assert "make room there" in line
