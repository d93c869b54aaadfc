"""Visitors whose photos wait for a reader hold no thread, so that everybody else is answered."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.api.factory import create_app
from app.api.http.state import AppState
from app.ui.actions import PageActions
from app.ui.fragments import Fragments
from app.ui.mount import mount_page
from tests.support.api_client import new_account
from vmodel.config import Settings
from vmodel.core.database import new_id
from vmodel.service.accounts.auth import Login, open_session

THREADS = 4
"""Threads in which the server runs all routes that are plain functions."""
NONE = "0" * 32


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, FastAPI]]:
    """Serve API and page with one reader; yields the address and the app."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("waiting"), readers=1))
    mount_page(app)

    @app.get("/few-threads")
    async def limit() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS

    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    httpx.get(f"{address}/few-threads").raise_for_status()
    yield address, app
    server.should_exit = True
    thread.join()
    listening.close()


@contextmanager
def busy_reader(here: AppState) -> Iterator[None]:
    """Keep the one reader at work for the duration of the block."""
    begun, door = threading.Event(), threading.Event()

    def read() -> bool:
        begun.set()
        return door.wait(60)

    reading = threading.Thread(target=lambda: asyncio.run(here.reading_pool.run("somebody", read)))
    reading.start()
    assert begun.wait(10)
    try:
        yield
    finally:
        door.set()
        reading.join()


def login_of(here: AppState, email: str) -> Login:
    account_id = new_account(here, email)
    with here.database.transaction() as session:
        return open_session(session, account_id)


@pytest.mark.parametrize(
    ("method", "path", "field"),
    [
        ("POST", "v1/garments", "photo"),
        ("PUT", f"v1/garments/{NONE}/mask", "mask"),
        ("POST", f"ui/garments/{NONE}/mask", "file"),
        ("DELETE", f"v1/garments/{NONE}/mask", ""),
        ("PUT", f"v1/garments/{NONE}/back", "back"),
    ],
)
def test_the_service_answers_while_more_photos_wait_than_it_has_threads(
    serving: tuple[str, FastAPI], method: str, path: str, field: str
) -> None:
    address, app = serving
    here: AppState = app.state.installation
    login = login_of(here, f"{new_id()}@shop.example")
    headers = {"Cookie": f"vmodel_session={login.token}", "X-CSRF-Token": login.csrf}
    files = {field: ("tee.jpg", b"no picture", "image/jpeg")} if field else None

    def send() -> int:
        return httpx.request(method, f"{address}/{path}", files=files, headers=headers, timeout=60).status_code

    with ThreadPoolExecutor(3 * THREADS) as visitors:
        with busy_reader(here):
            sent = [visitors.submit(send) for _ in range(3 * THREADS)]
            until = time.monotonic() + 30
            while here.reading_pool._taken.total() <= THREADS:
                assert time.monotonic() < until
            assert httpx.get(f"{address}/v1/ready", timeout=10).status_code == 200
        assert {each.result() for each in sent} <= {415, 422, 404}


def test_a_request_of_the_page_that_reads_a_photo_holds_no_thread(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, readers=1))
    here: AppState = app.state.installation
    desk, login = PageActions(Fragments(here, "en")), login_of(here, "anna@shop.example")

    async def ask() -> None:
        anyio.to_thread.current_default_thread_limiter().total_tokens = 1
        waiting = asyncio.create_task(desk.receive("correct", login, {"garment": NONE}))
        with anyio.fail_after(10):
            while not here.reading_pool._taken[login.identity.account_id]:
                await asyncio.sleep(0)
            assert await anyio.to_thread.run_sync(here.plans.plan, "free")
        leave.set()
        assert "no such garment" in (await waiting)["signal"]

    leave = threading.Event()
    with ThreadPoolExecutor(1) as visitor, busy_reader(here):
        asking = visitor.submit(asyncio.run, ask())
        assert leave.wait(30)
    asking.result(30)
    here.close()
