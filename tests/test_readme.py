"""Every capability in README works."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from app.cli.main import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return code lines and inline commands that begin with vmodel, without the path of the environment."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    written = [line for block in blocks for line in block.splitlines()] + re.findall(r"`(vmodel [^`]+)`", README)
    return [
        line.removeprefix(".venv/bin/") for line in written if line.removeprefix(".venv/bin/").startswith("vmodel ")
    ]


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z-]+)", README)) - {"it"}))
def test_every_make_target_of_readme_exists(target: str) -> None:
    if f"`make {target}" in README or f"\nmake {target}\n" in README:
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_every_linked_file_exists() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).is_file(), link


@pytest.mark.parametrize("command", commands())
def test_every_command_of_readme_is_understood(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # The photo is empty on purpose: flags are checked before it is read, so only the photo may be refused.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shirt.jpg").touch()
    code = run(shlex.split(command)[1:])
    said = capsys.readouterr().err
    assert code == 0 or said.split(":")[0] in {"photo_unreadable", "sidecar_invalid"}, said


def test_the_demo_shoots_the_examples_that_are_bundled() -> None:
    assert "examples/*.jpg" in MAKEFILE
    assert len(list((ROOT / "examples").glob("*.jpg"))) == 8
    for photo in (ROOT / "examples").glob("*.jpg"):
        assert photo.stat().st_size < 400_000
