"""Fixtures of the page's tests: a service with a real database and real files."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.factory import create_app
from app.api.http.state import AppState
from app.ui.mount import mount_page
from tests.support.api_client import new_account
from tests.support.browser_login import sign_in
from vmodel.config import Settings


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    """Serve the API and page of an empty installation."""
    app = create_app(Settings(home=tmp_path_factory.mktemp("site"), max_upload_mb=4))
    mount_page(app)
    with TestClient(app):
        yield app


@pytest.fixture(scope="module")
def here(site: FastAPI) -> AppState:
    found: AppState = site.state.installation
    return found


@pytest.fixture
def stranger(site: FastAPI) -> TestClient:
    """Return a browser without a session."""
    return TestClient(site, follow_redirects=False)


@pytest.fixture(scope="module")
def anna_id(here: AppState) -> str:
    return new_account(here, "anna@shop.example")


@pytest.fixture(scope="module")
def anna(site: FastAPI, anna_id: str) -> TestClient:
    """Return a seller's browser."""
    return sign_in(site, "anna@shop.example")


@pytest.fixture(scope="module")
def bert(site: FastAPI, here: AppState) -> TestClient:
    """Return another seller's browser."""
    new_account(here, "bert@shop.example")
    return sign_in(site, "bert@shop.example")
