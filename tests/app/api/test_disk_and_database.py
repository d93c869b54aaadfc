"""A full disk and a database that others hold: what can be answered is, and the rest says what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError
from starlette.requests import HTTPConnection

from app.api.factory import create_app
from app.ui.base.session import find_login
from tests.support.api_client import PASSWORD, client_of, new_account
from vmodel.config import Settings
from vmodel.core import database
from vmodel.service.accounts.auth import log_in


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """Make an API that waits for other writers for a moment only."""
    monkeypatch.setattr(database, "_BUSY_MS", 200)
    monkeypatch.setattr(database, "_BRIEF_MS", 100)
    app = create_app(Settings(home=tmp_path / "home"))
    with TestClient(app):
        yield app


@pytest.fixture
def seller(api: FastAPI) -> TestClient:
    client = client_of(api, new_account(api.state.installation, "anna@shop.example"))
    assert client.get("/v1/usage").status_code == 200  # the month's free credits are granted
    return client


def fill(api: FastAPI) -> None:
    """Let the database grow no further, as on a full disk, and use up the room that it has."""
    opened = api.state.installation.database
    for engine in {opened.engine, opened._relaxed, opened._brief}:

        @event.listens_for(engine, "connect")
        def _bound(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA max_page_count=1")  # SQLite takes the present size instead

        engine.dispose()
    for length in (3000, 300, 30, 1):
        for number in range(100_000):
            try:
                with opened.transaction() as session:
                    session.execute(text(f"INSERT INTO rate_window VALUES ('{number}{'x' * length}', 1, 1)"))
            except OperationalError:
                break


def test_on_a_full_disk_what_only_reads_is_answered_and_what_writes_says_what_to_do(
    api: FastAPI, seller: TestClient
) -> None:
    fill(api)
    made = (seller.post("/v1/keys", json={"name": "another", "scopes": ["read"]}) for _ in range(100))
    refused = next(answer for answer in made if answer.status_code != 201)  # some fit into pages that are there
    for address in ("/v1/usage", "/v1/garments", "/v1/jobs", "/v1/models", "/v1/keys"):
        assert seller.get(address).status_code == 200, address
    problem = refused.json()
    assert (refused.status_code, problem["code"], problem["retryable"]) == (507, "no_space_left", True)
    assert "make room" in problem["message"]
    assert int(refused.headers["Retry-After"]) > 0
    ready = TestClient(api).get("/v1/ready")
    assert (ready.status_code, ready.json()["code"]) == (503, "not_ready")
    assert "disk is full" in ready.json()["message"]
    assert TestClient(api).get("/v1/health").status_code == 200


def test_while_another_process_writes_for_long_what_only_reads_is_answered(api: FastAPI, seller: TestClient) -> None:
    path = api.state.installation.settings.home / "vmodel.db"
    login = log_in(api.state.installation.database, "anna@shop.example", PASSWORD)
    page = HTTPConnection({"type": "http", "headers": [(b"cookie", f"vmodel_session={login.token}".encode())]})
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert seller.get("/v1/garments").status_code == 200
        assert find_login(page, api.state.installation).identity == login.identity
        refused = seller.post("/v1/keys", json={"name": "another", "scopes": ["read"]})
        assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
        assert "try again" in refused.json()["message"]
        assert refused.headers["Retry-After"] == "5"
        ready = TestClient(api).get("/v1/ready")
        assert (ready.status_code, "writing for long" in ready.json()["message"]) == (503, True)
        other.execute("ROLLBACK")
    assert seller.post("/v1/keys", json={"name": "another", "scopes": ["read"]}).status_code == 201
    assert TestClient(api).get("/v1/ready").status_code == 200


def test_a_store_whose_folder_is_gone_is_not_ready(api: FastAPI) -> None:
    home = api.state.installation.settings.home
    (home / "files").rmdir()
    ready = TestClient(api).get("/v1/ready")
    assert (ready.status_code, "file store" in ready.json()["message"]) == (503, True)


def test_a_process_whose_connections_are_all_in_use_says_when_to_come_back(
    api: FastAPI, seller: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = api.state.installation.database
    monkeypatch.setattr(opened._reading.pool, "_timeout", 0.1)
    held = [opened._reading.connect() for _ in range(15)]
    refused = seller.get("/v1/garments")
    assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
    assert "in use" in refused.json()["message"]
    assert refused.headers["Retry-After"] == "5"
    for connection in held:
        connection.close()
    assert seller.get("/v1/garments").status_code == 200


def test_a_fault_is_on_standard_error_where_no_file_can_be_written(
    api: FastAPI, seller: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    (api.state.installation.settings.home / "logs").write_text("a file")
    with api.state.installation.database.transaction() as session:
        session.execute(text("ALTER TABLE webhook RENAME TO gone"))
    refused = seller.get("/v1/webhooks")
    assert (refused.status_code, refused.json()["code"]) == (500, "internal")
    assert "no such table: webhook" in capfd.readouterr().err
