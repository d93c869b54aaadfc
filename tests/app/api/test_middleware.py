"""Common layer of all requests: health, problem documents, headers, size limits."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api.factory import create_app
from app.api.http import middleware
from app.api.http.content_policy import PRINTED, write_policy
from vmodel.config import Settings
from vmodel.core.database import now
from vmodel.errors import BadUsage

ROOT = Path(__file__).resolve().parents[3]


def test_health_and_readiness_need_no_key(stranger: TestClient) -> None:
    assert stranger.get("/v1/health").json()["status"] == "ok"
    assert stranger.get("/v1/ready").status_code == 200


def test_a_process_that_was_asked_to_leave_is_not_ready_but_alive(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path))
    with TestClient(app) as balancer:
        app.state.installation.leaving.set()
        leaving = balancer.get("/v1/ready")
        assert (leaving.status_code, leaving.json()["code"]) == (503, "leaving")
        assert balancer.get("/v1/health").status_code == 200


def test_an_unknown_address_is_a_problem_document(stranger: TestClient) -> None:
    answer = stranger.get("/v1/nothing-here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "not_found"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert stranger.delete("/v1/health").json()["code"] == "method_not_allowed"


def test_a_fault_tells_the_caller_nothing_of_the_program(api: FastAPI) -> None:
    @api.get("/v1/broken")
    def broken() -> None:
        raise RuntimeError("secret of the house")

    answer = TestClient(api).get("/v1/broken")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    logs = list((api.state.installation.settings.home / "logs").glob("*.txt"))
    assert any("secret of the house" in log.read_text() for log in logs)


def test_answers_carry_the_headers_that_protect_a_browser(stranger: TestClient) -> None:
    headers = stranger.get("/v1/health", headers={"Origin": "https://evil.example"}).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "access-control-allow-origin" not in headers


def test_only_sites_that_the_operator_named_may_call_from_their_pages(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, cors_origins=("https://shop.example",)))
    asked = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization"}
    with TestClient(app) as browser:
        friend = browser.options("/v1/garments", headers={"Origin": "https://shop.example", **asked})
        stranger = browser.options("/v1/garments", headers={"Origin": "https://evil.example", **asked})
    assert friend.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-credentials" not in friend.headers
    assert "access-control-allow-origin" not in stranger.headers


def test_a_callers_request_id_is_kept_only_if_it_is_a_plain_word(stranger: TestClient) -> None:
    kept = stranger.get("/v1/health", headers={"X-Request-Id": "order-2026-11-24"})
    assert kept.headers["x-request-id"] == "order-2026-11-24"
    hostile = stranger.get("/v1/health", headers={"X-Request-Id": "a b<script>"})
    assert "<" not in hostile.headers["x-request-id"]


def test_a_network_has_a_bounded_number_of_requests_unanswered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(middleware, "MOST_REQUESTS", 1)
    app = create_app(Settings(home=tmp_path))
    other = ("203.0.113.7", 1)

    @app.get("/asking")
    def ask_meanwhile() -> list[int]:
        clients = TestClient(app), TestClient(app, client=other)
        return [client.get("/v1/health").status_code for client in clients]

    assert TestClient(app).get("/asking").json() == [429, 200]
    assert TestClient(app).get("/v1/health").status_code == 200


def test_whoever_finds_a_fault_learns_where_to_report_it(tmp_path: Path, stranger: TestClient) -> None:
    told = Settings(home=tmp_path, security_contact="mailto:security@shop.example", public_url="https://shop.example/")
    with TestClient(create_app(told)) as finder:
        answer = finder.get("/.well-known/security.txt")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
    assert fields["Contact"] == "mailto:security@shop.example"
    assert fields["Canonical"] == "https://shop.example/.well-known/security.txt"
    lasts = datetime.fromisoformat(fields["Expires"]) - now()
    assert timedelta(days=100) < lasts < timedelta(days=365)
    assert stranger.get("/.well-known/security.txt").status_code == 404  # nobody was named


@pytest.mark.parametrize("value", ["security@shop.example", "mailto:nobody", "http://shop.example", "https://a\nX: y"])
def test_a_contact_that_programs_cannot_read_is_refused(value: str) -> None:
    with pytest.raises(
        BadUsage, match="VMODEL_SECURITY_CONTACT must be mailto: with an address, or an https:// address"
    ):
        Settings(security_contact=value)


def test_the_description_can_be_read_by_programs(stranger: TestClient) -> None:
    described = json.loads(stranger.get("/v1/openapi.json").text)
    assert described["openapi"].startswith("3.")
    assert "/v1/models" in described["paths"]


def test_the_service_starts_says_where_it_is_and_stops_when_asked(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", "0", "--workers", "0"]
    environment = os.environ | {"VMODEL_HOME": str(tmp_path)}
    service = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )
    try:
        assert service.stdout is not None
        address = service.stdout.readline().split()[-1]
        host, port = address.removeprefix("http://").split(":")
        half = socket.create_connection((host, int(port)), timeout=60)
        half.sendall(b"GET /v1/health HTTP/1.1\r\n")
        assert httpx.get(f"{address}/v1/ready", timeout=60).json()["status"] == "ok"
        httpx.get(f"{address}/v1/files/a-link-that-opens-a-picture", timeout=60)
        with half:
            assert b" 408 " in half.recv(1000)
        assert "vmodel admin init" in service.stdout.readline()
        service.send_signal(signal.SIGTERM)
        _, log = service.communicate(timeout=120)
    finally:
        service.kill()
    # It ended on the signal; a library that was still loading did not abort it.
    assert service.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert "a-link-that-opens" not in log
    requests = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(
        line["event"] == "request" and line["path"] == "/v1/ready" and line["status"] == 200 for line in requests
    )


def test_a_body_of_two_lengths_is_refused_and_its_rest_is_no_further_request(running: tuple[str, FastAPI]) -> None:
    host, port = running[0].removeprefix("http://").split(":")
    hidden = b"GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n"
    both = b"POST /v1/verify HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall(both + hidden)
        answer = b"".join(iter(lambda: line.recv(65536), b""))  # to the end, which the server makes
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 422 ")
    assert b"both Content-Length and Transfer-Encoding" in answer


def test_words_that_are_no_methods_are_one_series(stranger: TestClient, operator: TestClient) -> None:
    assert stranger.request("WORD", "/v1/health").status_code == 405
    operator.get("/metrics")
    before = len(operator.get("/metrics").text.splitlines())
    for number in range(30):
        stranger.request(f"WORD{number}", "/v1/health")
    after = operator.get("/metrics").text
    assert len(after.splitlines()) == before
    assert 'method="other"' in after
    assert "WORD" not in after


def test_a_text_with_half_a_character_is_refused_as_a_problem(anna: TestClient) -> None:
    body = '{"block": "skirt", "size": "M", "name": "\\ud800"}'
    answer = anna.post("/v1/designs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert "half a character" in answer.json()["message"]


def test_a_policy_has_the_hash_of_each_inline_script_and_style_and_of_nothing_else() -> None:
    slipped_in = '<p>1</p><script>alert(1)</script><script src="/a.js"></script>'
    assert "script" not in write_policy(PRINTED, slipped_in)
    # The hashes are of OpenSSL: printf TEXT | openssl dgst -sha256 -binary | base64
    page = '<body style="a&amp;b"><script src="/a.js"></script><script>1 < 2 && "</b>"</script><p>1 < 2</p>'
    policy = write_policy({"default-src": "'none'", "script-src": "'self'"}, page)
    assert policy == (
        "default-src 'none'; script-src 'self' 'sha256-kWq1y/gXbM9BV9ChPjzWYehXm97HziOqnQMJqsjbkUw='; "
        "style-src 'sha256-TgEjhdfK+EF/ip3Lpzr3Lb0GPjznzXZoEeBmgBGMh4I=' 'unsafe-hashes'"
    )
