"""Batches on a running service: ordered once and charged once, whichever process is killed."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from typer.testing import CliRunner

from app.api.http.state import AppState
from app.cli.main import app
from tests.support.api_client import new_account, work_off
from vmodel.batch.journal import JOURNAL
from vmodel.client import Client, Job, Shot
from vmodel.errors import BadUsage
from vmodel.limits import KeyDays
from vmodel.service.accounts.auth import create_api_key, replace_api_key
from vmodel.service.ledger.grants import grant, withdraw

KEY = "VMODEL_API_KEY"


@pytest.fixture(scope="module")
def key(running: tuple[str, FastAPI]) -> str:
    here: AppState = running[1].state.installation
    account_id = new_account(here, "season@shop.example")
    with here.database.transaction() as session:
        return create_api_key(session, account_id).token


@pytest.fixture
def working(running: tuple[str, FastAPI]) -> Iterator[None]:
    """Let the service make every picture that is ordered."""
    here: AppState = running[1].state.installation
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            work_off(here)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    ended.set()
    worker.join()


def batch(*words: str, **environment: str) -> Any:
    return CliRunner().invoke(app, ["batch", *words], env={KEY: "", **environment})


def test_a_killed_batch_finds_its_pictures_on_the_service_and_pays_once(
    running: tuple[str, FastAPI], key: str, working: None, tee_photo: bytes, tmp_path: Path
) -> None:
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    table = tmp_path / "season.csv"
    table.write_text("photo,width_cm,models,poses\ntee.jpg,50,wm-ines,walking;standing\ntee.jpg,52,wm-hana,standing\n")
    asked = [str(table), "--service", running[0], "--out", str(tmp_path / "out"), "--size", "512x384", "--json"]
    asked += ["--pipeline", "draft", "--jobs", "2"]
    first = batch(*asked, **{KEY: key})
    assert first.exit_code == 0, first.output
    told = [json.loads(line) for line in first.stdout.splitlines() if line[:1] == "{"]  # among the logs
    assert len(told) == 3
    names = sorted(path.name for path in (tmp_path / "out").glob("*.png"))
    assert names == ["tee--wm-hana--standing--front.png", *sorted(Path(each["picture"]).name for each in told)[1:]]
    with Client(running[0], key) as client:
        assert client.usage().consumed == 3
        (tmp_path / "out" / JOURNAL).unlink()  # as after a kill between a delivery and its journal line
        assert batch(*asked, **{KEY: key}).exit_code == 0
        assert client.usage().consumed == 3
        assert len(client.garments()) == 2
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == names


def test_a_balance_that_runs_out_ends_the_batch_once_and_is_gone_on_with(
    running: tuple[str, FastAPI], working: None, tee_photo: bytes, tmp_path: Path
) -> None:
    here: AppState = running[1].state.installation
    account_id = new_account(here, "poor@shop.example")
    with here.database.transaction() as session:
        token = create_api_key(session, account_id).token
    with Client(running[0], token) as client:
        with here.database.transaction() as session:
            withdraw(session, account_id, client.usage().available - 1, "leave one")
        (tmp_path / "tee.jpg").write_bytes(tee_photo)
        table, out = tmp_path / "season.csv", tmp_path / "out"
        table.write_text("photo,width_cm,models,poses,views\ntee.jpg,50,wm-ines,standing,front;back;side;30;60\n")
        asked = [str(table), "--service", running[0], "--out", str(out), "--size", "384x288", "--pipeline", "draft"]
        foreseen = batch(*asked, "--dry-run", **{KEY: token})
        assert "5 credits by" in foreseen.stdout
        assert "the account has 1 credit\n" in foreseen.stdout
        assert not out.exists()
        ended = batch(*asked, "--jobs", "1", **{KEY: token})
        assert ended.exit_code == 1
        assert ended.stderr.count("credits_exhausted: ") == 1
        assert "3 pictures not tried" in ended.stderr
        assert (len(list(out.glob("*.png"))), client.usage().available) == (1, 0)
        with here.database.transaction() as session:
            grant(session, account_id, 4, "invoice 7")
        assert batch(*asked, "--jobs", "2", **{KEY: token}).exit_code == 0
        assert (len(list(out.glob("*.png"))), client.usage().consumed, client.usage().available) == (5, 5, 0)


def test_a_key_that_has_ended_ends_the_batch_at_its_first_picture(
    running: tuple[str, FastAPI], tee_photo: bytes, tmp_path: Path
) -> None:
    here: AppState = running[1].state.installation
    with here.database.transaction() as session:
        old = create_api_key(session, new_account(here, "ended@shop.example"))
        replace_api_key(session, old.id, KeyDays.YEAR, grace_hours=0)
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    table = tmp_path / "season.csv"
    table.write_text("photo,width_cm,models,poses,views\ntee.jpg,50,wm-ines,standing,front;back;side\n")
    asked = [str(table), "--service", running[0], "--out", str(tmp_path / "out"), "--pipeline", "draft", "--jobs", "1"]
    ended = batch(*asked, **{KEY: old.token})
    assert ended.exit_code == 1
    assert ended.stderr.count("key_expired: ") == 1
    assert "2 pictures not tried" in ended.stderr


def test_a_service_is_told_to_leave_outfit_and_shoes_as_plain_as_the_command_says(
    tee_photo: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Shot] = []

    def note(_: Client, garment_id: str, shots: list[Shot], **more: str) -> Job:
        told.extend(shots)
        raise BadUsage(f"Nothing is made of {garment_id}.")

    monkeypatch.setattr(Client, "upload", lambda *files, **stated: SimpleNamespace(id="g"))
    monkeypatch.setattr(Client, "submit", note)
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    asked = [str(tmp_path), "--service", "http://127.0.0.1:9", "--out", str(tmp_path / "out"), "--pipeline", "draft"]
    batch(*asked, "--style", "plain", "--shoes", "canvas", **{KEY: "key"})
    assert [(shot.style, shot.shoes) for shot in told] == [("plain", "canvas")]


def test_what_a_service_cannot_do_for_a_batch_is_said_in_one_sentence(
    running: tuple[str, FastAPI], key: str, tee_photo: bytes, examples: Path, tmp_path: Path
) -> None:
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    out = ["--out", str(tmp_path / "out"), "--pipeline", "draft"]
    without = batch(str(tmp_path), "--service", running[0], *out)
    assert (without.exit_code, KEY in without.stderr) == (2, True)
    packed = batch(str(tmp_path), "--service", running[0], "--marketplace", "taobao", *out, **{KEY: key})
    assert (packed.exit_code, "--marketplace" in packed.stderr) == (2, True)
    closed = batch(str(tmp_path), "--service", "http://127.0.0.1:9", "--jobs", "1", *out, **{KEY: key})
    assert (closed.exit_code, "service_unreachable" in closed.stderr) == (1, True)
    assert "Traceback" not in closed.output
    drawn = tmp_path / "table.csv"
    drawn.write_text(f"photo\n{examples / 'raglan-tee.svg'}\n")
    refused = batch(str(drawn), "--photos", str(examples), "--service", running[0], *out, **{KEY: key})
    assert (refused.exit_code, "without --service" in refused.stderr) == (1, True)
