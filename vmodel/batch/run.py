"""Execution of a plan in several processes; pictures made before are not made again."""

from __future__ import annotations

import contextlib
import os
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Protocol

from vmodel.batch.errors import StartFailed, WorkerDied
from vmodel.batch.journal import Journal, Outcome
from vmodel.batch.plan import Task
from vmodel.batch.worker import StageNews, StartFault, WorkerConfig, work

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_STRIKES = 2


class ProgressObserver(Protocol):
    """Observer of a batch's progress; workers are counted from 0."""

    def begin(self, worker: int, task: Task) -> None:
        """Handle the start of a picture by a worker."""

    def stage(self, worker: int, name: str, share: float) -> None:
        """Handle the progress of a worker: its stage, and the share of it done, 0..1."""

    def rest(self, worker: int) -> None:
        """Handle a worker that has nothing left to do."""


@dataclass
class _Seat:
    """Place of a worker; its process changes when it dies."""

    number: int
    config: WorkerConfig
    process: BaseProcess | None = None
    connection: Connection | None = None
    tasks: deque[Task] = field(default_factory=deque)


def run_tasks(
    tasks: Sequence[Task], jobs: int, config: WorkerConfig, journal: Journal, watch: ProgressObserver
) -> Iterator[tuple[Task, Outcome]]:
    """Make pictures; each is recorded in the journal before it is yielded.

    Args:
        tasks: those without a picture yet, garments together.
        jobs: number of processes.
        config: setup that the workers share.
        journal: of the output folder.
        watch: observer of the progress.
    Yields:
        Every task with its outcome, in the order in which they end.
    Raises:
        StartFailed: no process can begin, for example because weights are missing.
    """
    parcels, strikes = partition_tasks(tasks, jobs), defaultdict[str, int](int)
    seats = [_Seat(number, config) for number in range(min(jobs, len(parcels)))]
    try:
        for seat in seats:
            _hand_on(seat, parcels, watch)
        while busy := {_connection(seat): seat for seat in seats if seat.tasks}:
            for ready in wait(list(busy)):
                seat = busy[ready]  # type: ignore[index]
                outcome = _listen(seat, strikes, watch)
                if outcome is None:
                    continue
                journal.keep(outcome)
                yield seat.tasks.popleft(), outcome
                if seat.tasks:
                    watch.begin(seat.number, seat.tasks[0])
                else:
                    _hand_on(seat, parcels, watch)
    finally:
        for seat in seats:
            _dismiss(seat)


def partition_tasks(tasks: Sequence[Task], jobs: int) -> deque[tuple[Task, ...]]:
    """Group tasks that share most of their work: by garment, or by worn garment if there are few garments."""
    by_photo, by_wearer = defaultdict[object, list[Task]](list), defaultdict[object, list[Task]](list)
    for task in tasks:
        request = task.request
        by_photo[request.garment.photo].append(task)
        by_wearer[request.garment, request.model, request.pose].append(task)
    chosen = by_photo if len(by_photo) >= 2 * jobs or jobs == 1 else by_wearer
    return deque(tuple(parcel) for parcel in chosen.values())


def _listen(seat: _Seat, strikes: defaultdict[str, int], watch: ProgressObserver) -> Outcome | None:
    """Return the next outcome of a worker, or None for other messages."""
    try:
        news = _connection(seat).recv()
    except (EOFError, OSError):
        return _replace(seat, strikes)
    if isinstance(news, StartFault):
        raise StartFailed(news.code, news.message)
    if isinstance(news, StageNews):
        watch.stage(seat.number, news.name, news.share)
        return None
    outcome: Outcome = news
    return outcome


def _replace(seat: _Seat, strikes: defaultdict[str, int]) -> Outcome | None:
    """Start a new process for a worker that died; its current picture is tried once more, then given up."""
    task = seat.tasks[0]
    strikes[task.key] += 1
    given_up = strikes[task.key] >= _STRIKES
    _dismiss(seat)
    _send(seat, tuple(seat.tasks)[given_up:])
    error = WorkerDied()
    return Outcome(task.key, code=error.code, message=str(error)) if given_up else None


def _hand_on(seat: _Seat, parcels: deque[tuple[Task, ...]], watch: ProgressObserver) -> None:
    if not parcels:
        watch.rest(seat.number)
        return
    parcel = parcels.popleft()
    seat.tasks.extend(parcel)
    _send(seat, parcel)
    watch.begin(seat.number, parcel[0])


def _send(seat: _Seat, tasks: tuple[Task, ...]) -> None:
    """Send tasks to a worker, whose process is started with its first tasks."""
    if not tasks:
        return
    with contextlib.suppress(OSError):  # a dead worker is noticed by ``_listen``
        _connection(seat).send(tasks)


def _connection(seat: _Seat) -> Connection:
    if seat.connection is None:
        context = get_context("spawn")
        seat.connection, theirs = context.Pipe()
        name = f"vmodel-worker-{seat.number + 1}"
        seat.process = context.Process(target=work, args=(theirs, seat.config), name=name, daemon=True)
        with _threads(seat.config.threads):
            seat.process.start()
        theirs.close()  # so that the worker's death ends the connection
    return seat.connection


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    """Set the thread limits of numerical libraries for child processes that are started in the block."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, str(count)))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _dismiss(seat: _Seat) -> None:
    if seat.connection is not None:
        seat.connection.close()
    if seat.process is not None:
        seat.process.terminate()
        seat.process.join()
        seat.process.close()
    seat.connection = seat.process = None
