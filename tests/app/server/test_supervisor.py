"""Supervisor: a worker that cannot be started now is started later."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from app.server import supervisor
from app.server.supervisor import Supervisor


def test_a_worker_that_could_not_be_started_is_started_later(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(supervisor, "_FIRST_S", 0.01)
    program, started = tmp_path / "python", tmp_path / "started"
    monkeypatch.setattr(sys, "executable", str(program))
    watched, until = Supervisor(1, drain_s=1), time.monotonic() + 20
    with capture_logs() as logs:
        watched.start()
        try:
            while not logs:
                assert time.monotonic() < until, "the failure is logged"
            (tmp_path / "new").write_text(f"#!/bin/sh\ntouch {started}\n")
            (tmp_path / "new").chmod(0o700)
            (tmp_path / "new").rename(program)
            while not started.exists():
                assert time.monotonic() < until
        finally:
            watched.stop()
    assert logs[0]["event"] == "worker_ended"
