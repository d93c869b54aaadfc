"""An API of its own for each module: real database, real files, real requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.factory import create_app
from vmodel.config import Settings


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    app = create_app(Settings(home=tmp_path_factory.mktemp("api")))
    with TestClient(app):
        yield app


@pytest.fixture
def stranger(api: FastAPI) -> TestClient:
    """Somebody without a key."""
    return TestClient(api)


@pytest.fixture(scope="session")
def tee_photo(examples: Path) -> bytes:
    return (examples / "logo-tee.jpg").read_bytes()
