"""A real store of files of each kind: a folder, and a server of the S3 protocol on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shops import Shop, open_shop

from vmodel.database import new_id


@pytest.fixture(scope="session")
def s3_address() -> Iterator[str]:
    """Address of a server that speaks S3 on loopback; its bucket is the tests' own."""
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
    """Address of an empty place in S3, with what its client reads from the environment."""
    for name, value in s3_environment(s3_address).items():
        monkeypatch.setenv(name, value)
    return f"s3://pictures/{new_id()}"


def s3_environment(address: str) -> dict[str, str]:
    """What a process needs to reach the server."""
    return {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
        "AWS_ALLOW_HTTP": "true",
    }


@pytest.fixture(params=["folder", "s3"])
def files_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of an empty store: one test, both kinds."""
    if request.param == "s3":
        address: str = request.getfixturevalue("s3_files")
        return address
    return (tmp_path / "files").as_uri()


@pytest.fixture
def shop(tmp_path: Path, database_address: str) -> Iterator[Shop]:
    """An installation on SQLite and on Postgres in turn, its files in a folder."""
    opened = open_shop(tmp_path / "home", database_address)
    yield opened
    opened.database.close()


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """An installation on SQLite, for what no database changes."""
    opened = open_shop(tmp_path_factory.mktemp("laptop"))
    yield opened
    opened.database.close()
