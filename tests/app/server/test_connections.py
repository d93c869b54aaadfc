"""Connections of callers who send or take nothing, or too many of them; over a real socket with short limits."""

from __future__ import annotations

import itertools
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from app.api.factory import create_app
from app.server.connections import ConnectionLimits, bounded_protocol
from app.ui.mount import mount_page
from tests.app.api.test_auth import OPEN
from vmodel.config import Settings

HALF_HEADER = b"GET /v1/health HTTP/1.1\r\nHost: shop"
ASKED = b"GET /v1/health HTTP/1.1\r\nHost: shop\r\n\r\n"
#: Far more than any test takes, so that only the limit that a test sets can end its connection.
PATIENT = ConnectionLimits(header_s=600.0, body_s=600.0, answer_s=600.0, spare_s=600.0)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    app = create_app(Settings(home=tmp_path_factory.mktemp("connections")))
    mount_page(app)

    @app.get("/endless")
    def send_much() -> Response:
        return Response(b"x" * 50_000_000)

    @app.post("/refusing")
    async def refuse(request: Request) -> Response:
        return Response("no", 403)

    @app.post("/weighing")
    async def weigh(request: Request) -> Response:
        return Response(str(len(await request.body())))

    return app


@contextmanager
def served(app: FastAPI, limits: ConnectionLimits) -> Iterator[tuple[str, int]]:
    """Serve an app on a free port of this machine until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=bounded_protocol(limits),
        lifespan="off",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=600,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield listening.getsockname()[:2]
    finally:
        server.should_exit = True
        thread.join()
        listening.close()


def upload_header(method: str, path: str, size: int) -> bytes:
    """Return the header of an upload and the beginning of its body."""
    header = f"{method} {path} HTTP/1.1\r\nHost: shop\r\nContent-Length: {size}\r\n"
    return f"{header}Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode()


def rest(line: socket.socket) -> bytes:
    """Return everything that arrives until the service ends the connection."""
    return b"".join(iter(lambda: line.recv(65536), b""))


def test_a_header_that_never_ends_is_cut_off_with_a_reason(site: FastAPI) -> None:
    with served(site, replace(PATIENT, header_s=0.5)) as address:
        for begun in (b"", HALF_HEADER, ASKED + HALF_HEADER):
            with socket.create_connection(address, timeout=30) as line:
                line.sendall(begun)
                answer = rest(line)
            assert b"HTTP/1.1 408 " in answer
            assert b"request_too_slow" in answer


def test_a_kept_connection_has_the_whole_time_for_its_next_header(site: FastAPI) -> None:
    limits = replace(PATIENT, header_s=4.0)
    with served(site, limits) as address, socket.create_connection(address, timeout=30) as line:
        line.sendall(ASKED)
        time.sleep(3)
        line.sendall(HALF_HEADER)
        time.sleep(2.5)
        line.sendall(b"\r\nConnection: close\r\n\r\n")
        assert rest(line).count(b"HTTP/1.1 200 ") == 2


def test_a_body_that_trickles_is_cut_off_and_one_that_flows_is_not(site: FastAPI) -> None:
    limits = replace(PATIENT, header_s=2.0, body_s=1.0, bytes_a_second=1000)
    with served(site, limits) as address, socket.create_connection(address, timeout=30) as steady:
        steady.sendall(upload_header("POST", "/weighing", 2_000_000) + b"x" * 1_000_000)
        time.sleep(1)  # what cuts off the slow one, which begins later, would have cut off this one
        with socket.create_connection(address, timeout=30) as slow:
            slow.sendall(upload_header("POST", "/v1/verify", 2_000_000))
            assert b" 408 " in rest(slow)
        steady.sendall(b"x" * 1_000_000)
        assert steady.recv(100).startswith(b"HTTP/1.1 200 ")


def test_an_answer_that_nobody_takes_does_not_hold_its_connection(site: FastAPI) -> None:
    limits = replace(PATIENT, header_s=4.0, answer_s=1.0, most=1)
    with served(site, limits) as address, socket.create_connection(address, timeout=60) as line:
        line.sendall(b"GET /endless HTTP/1.1\r\nHost: shop\r\n\r\n")
        health = f"http://{address[0]}:{address[1]}/v1/health"
        until = time.monotonic() + 60
        answers = iter(lambda: httpx.get(health).status_code if time.monotonic() < until else 0, 0)
        assert set(itertools.takewhile(lambda status: status != 200, answers)) <= {503}
        assert time.monotonic() < until


def test_connections_are_bounded_in_all_and_for_a_network(site: FastAPI) -> None:
    limits = replace(PATIENT, most=5, most_of_network=3)
    with served(site, limits) as address, ExitStack() as stack:
        lines = [stack.enter_context(socket.create_connection(address, timeout=30)) for _ in range(3)]
        for line in lines:
            line.sendall(ASKED)
            assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with socket.create_connection(address, timeout=30) as refused:
            assert b"too_many_connections" in rest(refused)
        lines[0].close()
        assert httpx.get(f"http://{address[0]}:{address[1]}/v1/health").status_code == 200
    proxied = replace(PATIENT, proxies=("127.0.0.0/8",), most=5, most_of_network=3)
    with served(site, proxied) as address, ExitStack() as stack:
        for _ in range(5):
            line = stack.enter_context(socket.create_connection(address, timeout=30))
            line.sendall(ASKED)
            assert line.recv(65536).startswith(b"HTTP/1.1 200 ")
        with socket.create_connection(address, timeout=30) as refused:
            assert b"too_many_connections" in rest(refused)


def test_a_proxy_is_known_by_its_address_and_not_by_its_network() -> None:
    limits = ConnectionLimits(("fd00::5/128",), most=5, most_of_network=2)
    assert [limits.enter("fd00::5") for _ in range(4)] == [True] * 4
    assert not limits.enter("fd00::6")
    for _ in range(3):
        limits.leave("fd00::5")
    assert [limits.enter("fd00::6") for _ in range(2)] == [True, False]


def test_the_rest_of_a_refused_body_is_not_read_for_ever(site: FastAPI) -> None:
    header = b"POST /refusing HTTP/1.1\r\nHost: shop\r\nContent-Length: 900000000\r\n\r\n"
    limits = replace(PATIENT, header_s=2.0, spare_s=1.0)
    with served(site, limits) as address, socket.create_connection(address, timeout=30) as silent:
        silent.sendall(header)
        assert rest(silent).startswith(b"HTTP/1.1 403 ")
    limits = PATIENT
    with served(site, limits) as address, socket.create_connection(address, timeout=30) as sending:
        sending.sendall(header)
        assert sending.recv(1000).startswith(b"HTTP/1.1 403 ")
        with pytest.raises(OSError, match=r"reset|pipe"):
            sending.sendall(bytes(900_000_000))


def test_no_upload_of_a_stranger_is_read(site: FastAPI) -> None:
    described = site.openapi()["paths"]
    asked = [
        (method.upper(), path)
        for path, item in described.items()
        for method, operation in item.items()
        if path not in OPEN and "requestBody" in operation
    ]
    assert len(asked) >= 10
    asked.append(("POST", "/ui/garments/{id}/mask"))
    with served(site, PATIENT) as address:
        for method, path in asked:
            target = re.sub(r"\{\w+\}", "0" * 32, path)
            with socket.create_connection(address, timeout=30) as line:
                line.sendall(upload_header(method, target, 40_000_000))
                assert line.recv(1000).startswith(b"HTTP/1.1 401 "), path


@pytest.mark.parametrize("path", ["/login", "/logout"])
def test_the_login_takes_no_files(site: FastAPI, path: str) -> None:
    with served(site, PATIENT) as address, socket.create_connection(address, timeout=30) as line:
        line.sendall(upload_header("POST", path, 40_000_000))
        assert line.recv(1000).startswith(b"HTTP/1.1 422 ")


def test_a_stranger_who_verifies_too_often_is_refused_before_the_file_is_read(site: FastAPI) -> None:
    with served(site, PATIENT) as address:
        while httpx.post(f"http://{address[0]}:{address[1]}/v1/verify").status_code == 422:  # it lacks a file
            pass
        for path in ("/v1/verify", "/verify"):
            with socket.create_connection(address, timeout=30) as line:
                line.sendall(upload_header("POST", path, 30_000_000))
                assert line.recv(1000).startswith(b"HTTP/1.1 429 "), path
