"""File stores of each kind: a folder, and a local S3 server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.installation import Shop, open_shop
from vmodel.core.database import new_id


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Start a local S3 server and yield its address; its bucket belongs to the tests."""
    import httpx
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    httpx.put(f"{address}/pictures").raise_for_status()
    yield address
    server.stop()


@pytest.fixture
def s3_files(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the address of an empty place in S3, and set the environment variables of its client."""
    for name, value in s3_environment(s3_address).items():
        monkeypatch.setenv(name, value)
    return f"s3://pictures/{new_id()}"


def s3_environment(address: str) -> dict[str, str]:
    """Return the environment variables that a process needs to reach the server."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
    }


@pytest.fixture(params=["folder", "s3"])
def files_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty store; tests run with both kinds."""
    if request.param == "s3":
        address: str = request.getfixturevalue("s3_files")
        return address
    return (tmp_path / "files").as_uri()


@pytest.fixture
def shop(tmp_path: Path, database_address: str) -> Iterator[Shop]:
    """Open an installation on SQLite and on Postgres in turn, with its files in a folder."""
    opened = open_shop(tmp_path / "home", database_address)
    yield opened
    opened.database.close()


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Open an installation on SQLite, for tests that do not depend on the database."""
    opened = open_shop(tmp_path_factory.mktemp("laptop"))
    yield opened
    opened.database.close()
