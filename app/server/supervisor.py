"""Supervision of worker processes: one that ends is restarted, and all are stopped together."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import sys
import threading
import time

import structlog

DRAIN_S = 600
_FIRST_S, _LONGEST_S = 1.0, 30.0
_STEADY_S = 60.0


class Supervisor:
    """Worker processes of this machine.

    Args:
        count: how many.
        name: prefix of their names, stable across restarts and unique among machines; the host's name if None.
        drain_s: seconds that running pictures may still take when the workers are asked to stop.
    """

    def __init__(self, count: int = 1, name: str | None = None, drain_s: int = DRAIN_S) -> None:
        host = name or socket.gethostname()
        self._names = [f"{host}-{number}" for number in range(count)]
        self._drain_s = drain_s
        self._leaving = threading.Event()
        self._threads: list[threading.Thread] = []
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start the workers and watch over them."""
        for name in self._names:
            thread = threading.Thread(target=self._keep_running, args=(name,), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Ask the workers to stop, wait for them, and kill those that take longer than allowed."""
        self._leaving.set()
        until = time.monotonic() + self._drain_s + 5
        for process in list(self._running.values()):
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in list(self._running.values()):
            try:
                process.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join()

    def _keep_running(self, name: str) -> None:
        wait_s = _FIRST_S
        while not self._leaving.is_set():
            began = time.monotonic()
            # The worker gets its own session, so that Ctrl-C reaches only us and it can finish its picture.
            command = [sys.executable, "-m", "app.server.render_worker", name, str(self._drain_s)]
            try:
                process = subprocess.Popen(command, start_new_session=True)
            except OSError as error:  # no memory or no process left for now: later there may be
                code: int | str = f"not started: {error}"
            else:
                self._running[name] = process
                if self._leaving.is_set():
                    process.send_signal(signal.SIGTERM)
                code = process.wait()
            if self._leaving.is_set():
                return
            wait_s = _FIRST_S if time.monotonic() - began > _STEADY_S else min(wait_s * 2, _LONGEST_S)
            structlog.get_logger().error("worker_ended", worker=name, code=code, again_in_s=wait_s)
            self._leaving.wait(wait_s)
