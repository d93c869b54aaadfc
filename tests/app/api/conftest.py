"""Fixtures of the API's tests: an API for each module, with a real database, real files and real requests."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.factory import create_app
from app.api.http.state import AppState
from tests.support.api_client import client_of, new_account
from vmodel.config import Settings

PLANS = """
pipelines: {draft: 1, embedded: 2, flux2-klein: 4, sdxl: 4}
steps: {embedded: {1: 2, 4: 8}}
sizes: [{megapixels: 10, times: 1}]
plans:
  free: {monthly_credits: 50, concurrent_jobs: 4, pictures_a_day: 100, requests_a_minute: 100000}
  slow: {monthly_credits: 50, concurrent_jobs: 1, pictures_a_day: 2, requests_a_minute: 5}
  small: {monthly_credits: 50, concurrent_jobs: 1, pictures_a_day: 2, requests_a_minute: 1000, storage_mb: 1,
    stored_files: 5}
"""


@pytest.fixture(scope="module")
def api_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    home = tmp_path_factory.mktemp("api")
    (home / "plans.yaml").write_text(PLANS)
    return Settings(home=home, plans=home / "plans.yaml", max_upload_mb=8)


@pytest.fixture(scope="module")
def api(api_settings: Settings) -> Iterator[FastAPI]:
    app = create_app(api_settings)
    with TestClient(app):
        yield app


@pytest.fixture(scope="module")
def here(api: FastAPI) -> AppState:
    found: AppState = api.state.installation
    return found


@pytest.fixture
def stranger(api: FastAPI) -> TestClient:
    """Return a client without a key."""
    return TestClient(api)


@pytest.fixture(scope="module")
def anna(api: FastAPI, here: AppState) -> TestClient:
    """Return a seller's client."""
    return client_of(api, new_account(here, "anna@shop.example"))


@pytest.fixture(scope="module")
def bert(api: FastAPI, here: AppState) -> TestClient:
    """Return another seller's client."""
    return client_of(api, new_account(here, "bert@shop.example"))


@pytest.fixture(scope="module")
def operator(api: FastAPI, here: AppState) -> TestClient:
    """Return the client of the installation's operator."""
    return client_of(api, new_account(here, "olga@house.example", "operator"), ("read", "manage", "operate"))


@pytest.fixture(scope="session")
def tee_photo(examples: Path) -> bytes:
    """Return the example T-shirt as a JPEG, small enough to be read quickly."""
    import io

    from PIL import Image

    with Image.open(examples / "logo-tee.jpg") as photo:
        small = photo.resize((300, 400), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=92)
    return stream.getvalue()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, FastAPI]]:
    """Serve an API until the module's tests end; yields its address and the app."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("running"), webhooks_inside=True))
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}", app
    server.should_exit = True
    thread.join()
    listening.close()
