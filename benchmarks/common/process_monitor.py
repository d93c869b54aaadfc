"""Watcher of a running vmodel command: its pictures as they come, its memory, its processor time."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from benchmarks.common.tables import ROOT

_SAMPLE_S = 1.0


@dataclass(frozen=True)
class Run:
    """A command that ended.

    Attributes:
        seconds: of wall-clock time.
        processor_s: of all its processes.
        others: share of the machine's processor time that other programs used meanwhile.
        made: seconds after the start at which each picture was reported.
        memory_gib: (seconds after the start, resident memory of all its processes).
        code: exit code; 130 if it was asked to end.
    """

    seconds: float
    processor_s: float
    others: float
    made: tuple[float, ...]
    memory_gib: tuple[tuple[float, float], ...]
    code: int = 0

    def memory_by_quarter(self) -> list[float]:
        """Return the highest memory in each quarter of the pictures."""
        bounds = [0.0, *(self.made[max(0, len(self.made) * k // 4 - 1)] for k in range(1, 5))]
        return [
            max((gib for moment, gib in self.memory_gib if low <= moment <= high), default=float("nan"))
            for low, high in pairwise(bounds)
        ]


def run_to_end(command: Sequence[str], home: Path, most_s: float = float("inf")) -> Run:
    """Run a command that prints one JSON object per picture.

    Args:
        command: with its arguments.
        home: its VMODEL_HOME.
        most_s: seconds after which it is asked to end, as by Ctrl-C.
    """
    before, busy, start = _children_s(), _busy_s(), time.monotonic()
    memory: list[tuple[float, float]] = []
    with _started(command, home) as process, _sampling(process.pid, start, memory):
        assert process.stdout is not None
        timer = threading.Timer(min(most_s, threading.TIMEOUT_MAX), process.send_signal, [signal.SIGINT])
        timer.start()
        made = tuple(time.monotonic() - start for line in process.stdout if _is_picture(line))
        timer.cancel()
    seconds, own_s = time.monotonic() - start, _children_s() - before
    others = max(0.0, (_busy_s() - busy - own_s) / (seconds * (os.cpu_count() or 1)))
    return Run(seconds, own_s, others, made, tuple(memory), process.returncode)


def joined(runs: Sequence[Run]) -> Run:
    """Join several sittings of one command as if it had run once."""
    starts = [sum(run.seconds for run in runs[:k]) for k in range(len(runs))]
    seconds = sum(run.seconds for run in runs)
    return Run(
        seconds,
        sum(run.processor_s for run in runs),
        sum(run.others * run.seconds for run in runs) / seconds,
        tuple(start + moment for start, run in zip(starts, runs, strict=True) for moment in run.made),
        tuple((start + at, gib) for start, run in zip(starts, runs, strict=True) for at, gib in run.memory_gib),
        runs[-1].code,
    )


def run_until(command: Sequence[str], home: Path, pictures: int) -> None:
    """Run a command until it has made so many pictures, kill it as ``kill -9`` does, and wait for its last process."""
    with _started(command, home) as process:
        assert process.stdout is not None
        count = 0
        for line in process.stdout:
            count += _is_picture(line)
            if count >= pictures:
                break
        workers = psutil.Process(process.pid).children(recursive=True)
        process.kill()
    psutil.wait_procs(workers, timeout=60)


@contextmanager
def _started(command: Sequence[str], home: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "VMODEL_HOME": str(home)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        yield process


@contextmanager
def _sampling(pid: int, start: float, memory: list[tuple[float, float]]) -> Iterator[None]:
    ended = threading.Event()

    def sample() -> None:
        while not ended.wait(_SAMPLE_S):
            memory.append((time.monotonic() - start, _tree_gib(pid)))

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _tree_gib(pid: int) -> float:
    total = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
    return total / 2**30


def _is_picture(line: str) -> bool:
    with suppress(ValueError):
        return bool(json.loads(line).get("picture"))
    return False


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _busy_s() -> float:
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)
