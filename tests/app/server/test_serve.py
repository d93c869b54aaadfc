"""Service behind a proxy, and beyond this machine: https is what visitors get, or nobody is let in by mistake."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from app.cli.main import run
from app.server.serve import PlainHttpRefused, serve_until_stopped
from vmodel.config import Settings
from vmodel.errors import BadUsage

ROOT = Path(__file__).resolve().parents[3]
PROXIED = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(
    "named",
    [{}, {"public_url": "https://shop.example"}, {"public_url": "http://shop.example"}, {"trusted_proxies": "[]"}],
)
def test_plain_http_beyond_this_machine_is_refused(tmp_path: Path, named: dict[str, str]) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1"):
        with pytest.raises(PlainHttpRefused) as refused:
            serve_until_stopped(Settings(home=tmp_path / "home", **named), host, 0)
        assert "--plain-http" in str(refused.value)
    assert not (tmp_path / "home").exists()


def test_the_command_says_what_to_do_about_plain_http(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path))
    monkeypatch.setattr(os, "umask", lambda _: 0)  # that of the tests stays
    assert run(["serve", "--host", "0.0.0.0", "--port", "0"]) != 0
    told = " ".join(capsys.readouterr().err.split())
    assert "VMODEL_TRUSTED_PROXIES" in told
    assert "Traceback" not in told


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_a_process_of_the_service_writes_is_its_owners(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    masks = []

    def stop(mask: int) -> int:
        masks.append(mask)
        raise BadUsage("enough seen")

    monkeypatch.setattr(os, "umask", stop)
    assert run([command]) == 2
    assert masks == [0o077]


@pytest.mark.parametrize("value", ["*", '["*"]', '["shop.example"]', "10.0.0.7"])
def test_proxies_that_are_no_addresses_are_refused(value: str) -> None:
    with pytest.raises(BadUsage, match="VMODEL_TRUSTED_PROXIES must be a JSON list"):
        Settings(trusted_proxies=value)


@pytest.mark.parametrize("trusted", [True, False], ids=["named proxy", "unknown proxy"])
def test_only_a_named_proxy_is_believed_for_whom_it_asks(tmp_path: Path, trusted: bool) -> None:
    named = {"VMODEL_PUBLIC_URL": "https://shop.example", "VMODEL_TRUSTED_PROXIES": '["127.0.0.0/8"]'}
    environment = {**os.environ, "VMODEL_HOME": str(tmp_path), **(named if trusted else {})}
    command = [sys.executable, "-m", "app.cli.main", "serve", "--port", "0", "--workers", "0"]
    service = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT
    )
    try:
        assert service.stdout is not None
        address = service.stdout.readline().split()[-1]
        form = httpx.get(f"{address}/login", headers=PROXIED, timeout=60)
        service.send_signal(signal.SIGTERM)
        _, log = service.communicate(timeout=120)
    finally:
        service.kill()
    (client,) = {
        line["client"]
        for line in map(json.loads, filter(lambda line: line.startswith("{"), log.splitlines()))
        if line["event"] == "request"
    }
    cookie = form.headers["set-cookie"]
    assert client == ("203.0.113.9" if trusted else "127.0.0.1")
    assert cookie.startswith("__Host-vmodel_form=") == trusted
    assert ("Secure" in cookie) == trusted
    assert ("strict-transport-security" in form.headers) == trusted
