from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import run
from pipelines.embedded.network import TINY
from pipelines.embedded.pipeline import load_embedded
from tests.support.training_pictures import write_picture
from vmodel.core.weights_manifest import check_weights

ROOT = Path(__file__).resolve().parents[3]


def test_a_run_is_trained_and_exported_with_a_manifest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed, split in enumerate(("train", "test")):
        write_picture(tmp_path / "pictures" / f"{seed:06d}.npz", seed, split, size=(256, 192))
    flags = ["--pictures", str(tmp_path / "pictures"), "--out", str(tmp_path / "run"), "--tiny"]
    assert run(["train", *flags, "--steps", "2", "--batch", "1"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'run' / 'checkpoint.pt'}\n"
    made = tmp_path / "made"
    assert run(["train", *flags, "--export", str(made)]) == 0
    assert capsys.readouterr().out == f"{made / 'manifest.toml'}\n"
    assert set(check_weights(made).values()) == {None}
    assert tuple(load_embedded(made).unet.config.block_out_channels) == TINY.channels
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        ([], "training_pictures_missing"),
        (["--export", "made"], "checkpoint_missing"),
        (["--minutes", "0"], "usage"),
        (["--batch", "0"], "usage"),
    ],
)
def test_what_cannot_be_trained_is_said_on_one_line(
    flags: list[str], code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["train", "--pictures", "none", "--out", "run", *flags]) == 2
    said = capsys.readouterr()
    assert said.err.startswith(f"{code}: ")
    assert len(said.err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_named() -> None:
    code = "import sys; sys.modules['diffusers'] = None; from app.cli.main import run; sys.exit(run(['train']))"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert ended.returncode == 2
    assert ended.stderr.startswith("package_missing: The package 'diffusers' ")
    assert len(ended.stderr.splitlines()) == 1
