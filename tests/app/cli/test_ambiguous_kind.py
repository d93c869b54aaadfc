"""A photo that may show two kinds of garment: the picture is made, and the seller is asked."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.main import run
from vmodel.batch.journal import read_journal
from vmodel.garment.recognition import kind
from vmodel.garment.recognition.kind import KindQuestion
from vmodel.shot.pipeline_interface import Shot
from vmodel.types import Category

ROOT = Path(__file__).resolve().parents[3]
TWO_KINDS = r"may show .+ \(\d+%\) or .+ \(\d+%\)"


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every photo count as unsure."""
    monkeypatch.setattr(kind, "UNSURE", 1.01)


def checks(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("check: ")]


def test_the_question_names_both_kinds_and_what_to_do_where_the_guess_is_wrong() -> None:
    question = KindQuestion(Category.DRESS, 0.62, Category.TOP, 0.31)
    assert question.ask(Category.DRESS, "dressed", "pass --category {}", "a.jpg") == (
        "a.jpg may show a dress (62%) or a top (31%); it was dressed as a dress. "
        "If it shows a top, pass --category top."
    )
    assert question.ask(Category.TOP).endswith("it was worn as a top. If it shows a dress, state the category dress.")


@pytest.mark.slow
def test_a_shot_of_an_unsure_photo_is_made_and_asked_about_once(
    unsure: None, tee_shot: Shot, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["shoot", str(examples / "logo-tee.jpg"), "--size", "512x384", "--model", tee_shot.model.id]
    assert run([*asked, "--view", "front", "--view", "back", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    (line,) = checks(said.err)
    assert re.search(
        rf"^check: logo-tee\.jpg {TWO_KINDS}; it was dressed as a top\. If .+ pass --category \w+\.$", line
    )
    assert run([*asked, "--json", "--out", str(tmp_path)]) == 0
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert re.search(TWO_KINDS, found["check"]["question"])
    first, second = found["check"]["kinds"]
    assert first["category"] == found["category"] != second["category"]
    assert first["share"] >= second["share"]
    assert json.loads(Path(found["sidecar"]).read_text())["check"] == found["check"]


@pytest.mark.slow
def test_who_states_the_category_or_has_a_sure_photo_is_not_asked(
    tee_shot: Shot, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["shoot", str(examples / "logo-tee.jpg"), "--size", "512x384", "--model", tee_shot.model.id]
    asked += ["--json", "--out", str(tmp_path)]
    monkeypatch.setattr(kind, "UNSURE", 1.01)
    assert run([*asked, "--category", "top"]) == 0
    monkeypatch.setattr(kind, "UNSURE", 0.0)
    assert run(asked) == 0
    said = capsys.readouterr()
    assert [json.loads(line)["check"] for line in said.out.splitlines()] == [None, None]
    assert checks(said.err) == []


def test_inspect_asks_too(unsure: None, examples: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["inspect", str(examples / "logo-tee.jpg"), "--out", str(tmp_path)]
    assert run(asked) == 0
    (line,) = checks(capsys.readouterr().err)
    assert "it was read as a top" in line
    assert "pass --category" in line
    assert run([*asked, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["check"]["kinds"]) == 2
    assert run([*asked, "--json", "--category", "top"]) == 0
    assert json.loads(capsys.readouterr().out)["check"] is None


@pytest.mark.slow
def test_a_batch_makes_every_picture_and_marks_the_rows_to_check(
    tee_shot: Shot, examples: Path, tmp_path: Path
) -> None:
    shutil.copy(examples / "logo-tee.jpg", tmp_path / "a.jpg")
    (tmp_path / "table.csv").write_text("photo,sku,category,views\na.jpg,ASKED,,front;back\na.jpg,STATED,top,front\n")
    out = tmp_path / "out"
    command = [
        sys.executable,
        str(ROOT / "tests" / "support" / "unsure_vmodel.py"),
        "batch",
        str(tmp_path / "table.csv"),
    ]
    command += ["--out", str(out), "--size", "512x384", "--model", tee_shot.model.id, "--jobs", "1"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert ended.returncode == 0, ended.stderr
    row, summary = checks(ended.stderr)
    assert re.search(rf"^check: row 2, \S+: The photo {TWO_KINDS}", row)
    assert summary.startswith("check: 1 row in results.csv ")
    with (out / "results.csv").open(encoding="utf-8-sig") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["status"] for line in lines] == ["made"] * 3
    assert [bool(line["check"]) for line in lines] == [True, True, False]
    page = (out / "index.html").read_text()
    assert "3 made, 1 row to check" in page
    assert page.count("<b>check</b>") == 2
    assert {len(each.check.get("kinds", ())) for each in read_journal(out).values()} == {0, 2}
    command.append("--json")
    again = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment)
    assert (again.returncode, again.stdout) == (0, ""), "what was made stays made"
    assert len(checks(again.stderr)) == 1
