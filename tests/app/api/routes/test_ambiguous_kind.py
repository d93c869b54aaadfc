"""Photos that may show two kinds of garment: answers of the API, price of a correction, speed of moving a point."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from app.api.http.state import AppState
from app.cli.main import app
from tests.support.api_client import new_account, upload, work_off
from vmodel.client import Client
from vmodel.garment.recognition import kind
from vmodel.garment.recognition.kind import KindQuestion
from vmodel.service.accounts.auth import create_api_key
from vmodel.service.garments import recognition
from vmodel.service.jobs.lifecycle import cancel_job, find_job, list_jobs, submit
from vmodel.service.jobs.request import JobRequest
from vmodel.service.ledger.grants import current_balance
from vmodel.types import Category


@pytest.fixture
def unsure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every photo count as unsure."""
    monkeypatch.setattr(kind, "UNSURE", 1.01)


@pytest.fixture
def garment(unsure: None, anna: TestClient, tee_photo: bytes) -> dict[str, Any]:
    found: dict[str, Any] = upload(anna, tee_photo).json()
    return found


def test_an_unsure_garment_has_two_hypotheses_and_a_question(garment: dict[str, Any]) -> None:
    first, second = garment["hypotheses"]
    assert first == {"category": garment["understood"]["category"], "share": garment["understood"]["confidence"]}
    assert first["share"] >= second["share"]
    assert garment["question"].startswith("The photo may show ")
    assert f"state the category {second['category']}." in garment["question"]


def test_stating_a_category_answers_the_question_and_taking_it_back_asks_again(
    anna: TestClient, garment: dict[str, Any]
) -> None:
    address, second = f"/v1/garments/{garment['id']}", garment["hypotheses"][1]["category"]
    answered = anna.patch(address, json={"category": second}).json()
    assert (answered["question"], answered["hypotheses"]) == (None, [{"category": second, "share": 1.0}])
    assert anna.patch(address, json={"category": None}).json()["question"] == garment["question"]


def test_a_garment_of_a_sure_or_stated_kind_has_one_hypothesis(
    anna: TestClient, tee_photo: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kind, "UNSURE", 0.0)
    sure = upload(anna, tee_photo, name="sure").json()
    monkeypatch.setattr(kind, "UNSURE", 1.01)
    stated = upload(anna, tee_photo, name="stated", category="top").json()
    assert [(len(each["hypotheses"]), each["question"]) for each in (sure, stated)] == [(1, None)] * 2
    assert upload(anna, tee_photo[:2000], name="broken").status_code == 422


def test_a_garment_that_was_read_before_questions_were_asked_has_its_kind(
    anna: TestClient, here: AppState, garment: dict[str, Any]
) -> None:
    from vmodel.service.garments.records import StoredGarment

    with here.database.transaction() as session:
        row = session.get_one(StoredGarment, garment["id"])
        row.understood = {n: v for n, v in (row.understood or {}).items() if n not in {"hypotheses", "question"}}
    shown = anna.get(f"/v1/garments/{garment['id']}").json()
    assert (len(shown["hypotheses"]), shown["question"]) == (1, None)


def test_a_moved_point_is_fitted_without_reading_the_photo_again(
    anna: TestClient, garment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_again(*_: object) -> None:
        raise AssertionError("the photo was read again")

    for name in ("read_photo", "cut_out", "read_kinds"):
        monkeypatch.setattr(recognition, name, read_again)
    marks = garment["understood"]["landmarks"]
    moved = {name: [x, y - 60] if name.startswith("hem") else [x, y] for name, (x, y) in marks.items()}
    answer = anna.patch(f"/v1/garments/{garment['id']}", json={"landmarks": moved}).json()
    before, after = (each["understood"]["size_cm"]["length"] for each in (garment, answer))
    assert after < before - 3
    assert anna.get(f"/v1/garments/{garment['id']}/cutout").status_code == 200


def test_pictures_that_vmodel_offers_cost_nothing_and_stand_in_no_list(
    here: AppState,
) -> None:
    account_id = new_account(here, "cora@shop.example")
    photo = here.store.put(account_id, b"\x89PNG photo", "png")
    look = {"size": "384x288", "pipeline": "draft", "fitting": True}
    asked = JobRequest(account_id, {"photo": photo, "category": "top"}, [look], "reading", offered=True)
    jobs = [submit(here.database, here.plans, here.roster, asked) for _ in range(2)]
    assert jobs[0].id == jobs[1].id
    work_off(here)
    job = find_job(here.database, account_id, jobs[0].id)
    assert (job.state, job.credits, job.charged) == ("done", 0, 0)
    assert current_balance(here.database, account_id, 50).available == 50
    assert list_jobs(here.database, account_id) == []
    assert [each.id for each in list_jobs(here.database, account_id, with_offered=True)] == [job.id]
    waiting = submit(here.database, here.plans, here.roster, replace(asked, idempotency_key="other"))
    assert cancel_job(here.database, account_id, waiting.id).state == "cancelled"


def test_the_client_reads_hypotheses_and_question(
    unsure: None, running: tuple[str, FastAPI], tee_photo: bytes, tmp_path: Path
) -> None:
    here: AppState = running[1].state.installation
    account_id = new_account(here, "client@shop.example")
    with here.database.transaction() as session:
        token = create_api_key(session, account_id).token
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    with Client(running[0], token) as client:
        found = client.upload(tmp_path / "tee.jpg")
        assert found.question is not None
        assert len(found.hypotheses) == 2
        assert client.correct(found.id, category="dress").question is None


def test_a_batch_through_the_service_marks_the_rows_to_check(
    running: tuple[str, FastAPI], tee_photo: bytes, tmp_path: Path
) -> None:
    here: AppState = running[1].state.installation
    account_id = new_account(here, "season@shop.example")
    with here.database.transaction() as session:
        token = create_api_key(session, account_id).token
    check = KindQuestion(Category.TOP, 0.5, Category.DRESS, 0.4).to_json(Category.TOP)
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            work_off(here, sidecar=json.dumps({"seed": 1, "check": check}).encode())

    worker = threading.Thread(target=work)
    worker.start()
    (tmp_path / "tee.jpg").write_bytes(tee_photo)
    (tmp_path / "table.csv").write_text("photo,models,poses\ntee.jpg,wm-ines,standing\n")
    asked = ["batch", str(tmp_path / "table.csv"), "--service", running[0], "--out", str(tmp_path / "out")]
    asked += ["--size", "384x288", "--pipeline", "draft"]
    try:
        told = CliRunner().invoke(app, asked, env={"VMODEL_API_KEY": token})
    finally:
        ended.set()
        worker.join()
    assert told.exit_code == 0, told.output
    assert "check: row 2, tee: The photo may show a top (50%) or a dress (40%)" in told.stderr
    assert "check: 1 row in results.csv" in told.stderr
    assert "state the category dress" in (tmp_path / "out" / "results.csv").read_text(encoding="utf-8-sig")
