"""docs/api.md against a service: its commands and its program run, and it names every address."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.api.http.state import AppState
from tests.support.api_client import new_account, work_off
from vmodel.service.accounts.auth import create_api_key

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def key_for(here: AppState, email: str) -> str:
    account_id = new_account(here, email)
    with here.database.transaction() as session:
        return create_api_key(session, account_id).token


def commands() -> list[str]:
    """Return every curl command of the page, in order."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.startswith("curl")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_pages_commands_run_one_after_the_other(running: tuple[str, FastAPI]) -> None:
    address, app = running
    here: AppState = app.state.installation
    environment = os.environ | {"URL": address, "KEY": key_for(here, "reader@shop.example")}
    answers: list[dict[str, Any]] = []
    assert len(commands()) >= 6
    for command in commands():
        if command.endswith("/events"):
            work_off(here)
        ended = subprocess.run(
            ["bash", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT, env=environment, timeout=120
        )
        answer = json.loads(ended.stdout.rpartition("data: ")[2] or ended.stdout)
        assert "code" not in answer, f"{command}\n{answer}"
        answers.append(answer)
        if "understood" in answer:
            environment["GARMENT"] = answer["id"]
        if "size_px" in answer:
            environment["PRINT"] = answer["id"]
        if "seams" in answer:
            environment["PATTERN"] = answer["id"]
        if "shots" in answer:
            environment["JOB"] = answer["id"]
    assert [answer["state"] for answer in answers if "shots" in answer][-1] == "done"
    assert answers[-1]["colorways"][1]["name"] == "night"
    assert answers[1]["understood"]["size_cm"]["width"] == 51


def test_the_pages_program_runs(
    running: tuple[str, FastAPI], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    address, app = running
    here: AppState = app.state.installation
    program = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    assert 'Path("out")' in program
    done = threading.Event()

    def make_pictures() -> None:
        while not done.wait(0.2):
            work_off(here)

    working = threading.Thread(target=make_pictures)
    working.start()
    try:
        monkeypatch.chdir(ROOT)
        names = {"url": address, "key": key_for(here, "programmer@shop.example")}
        exec(program.replace('Path("out")', f"Path({str(tmp_path)!r})"), names)
    finally:
        done.set()
        working.join()
    assert "done 100%" in capsys.readouterr().out
    assert [path.suffix for path in sorted(tmp_path.iterdir())] == [".json", ".png"]


def test_the_page_names_every_address(running: tuple[str, FastAPI]) -> None:
    for path in running[1].openapi()["paths"]:
        if not path.startswith("/v1"):
            continue
        plain = re.sub(r"\{\w+\}", "{id}", path).replace("/v1/files/{id}", "/v1/files/{token}")
        last = plain.rpartition("/")[2]
        assert plain in PAGE or f"…/{last}" in PAGE, path
