"""State of the queue and its workers, for operators and for Prometheus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.jobs.heartbeat import DRAINING, LIVE
from vmodel.service.jobs.tables import (
    DONE,
    FAILED,
    OPEN,
    QUEUED,
    RELEASED,
    RUNNING,
    WAITING,
    JobRow,
    LaneRow,
    PartRow,
    ShotRow,
    WorkerRow,
)
from vmodel.service.jobs.views import SILENT, measured_s
from vmodel.service.webhooks.subscriptions import count_waiting

_LATELY = timedelta(hours=1)
_FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True)
class WorkerState:
    """One worker process.

    Attributes:
        slots: maximum number of turns at once.
        state: live, draining, left, lost, or silent if it is live or draining without a recent heartbeat.
        making: id of the picture that it makes.
    """

    id: str
    host: str
    slots: int
    state: str
    started_at: datetime
    seen_at: datetime
    making: str | None


@dataclass(frozen=True)
class QueueState:
    """Snapshot of the whole queue.

    Attributes:
        jobs: open ones by state.
        turns: not ended, by state: waiting, released, running.
        sellers_waiting: number of sellers with a waiting turn.
        waited_s: waiting time of the job that has been queued longest, in seconds.
        slots: of live workers.
        workers: those seen within the last day, the latest first.
        pictures: (pipeline, state) -> pictures that were done or failed within the last hour.
        seconds: pipeline -> median seconds that its latest pictures took.
        failures: code -> pictures that failed for it within the last hour.
        calls_waiting: webhook calls still to be made, including retries.
    """

    jobs: dict[str, int]
    turns: dict[str, int]
    sellers_waiting: int
    waited_s: float
    slots: int
    workers: tuple[WorkerState, ...]
    pictures: dict[tuple[str, str], int]
    seconds: dict[str, float]
    failures: dict[str, int]
    calls_waiting: int


def read_queue(database: Database) -> QueueState:
    """Read the current state of the queue."""
    with database.reading() as session:
        jobs, waited_s = _read_jobs(session)
        handed = select(PartRow.state, func.count()).where(PartRow.state.in_((RELEASED, RUNNING)))
        turns = {state: int(count) for state, count in session.execute(handed.group_by(PartRow.state)).all()}
        waiting = select(func.count(), func.coalesce(func.sum(LaneRow.waiting), 0)).where(LaneRow.waiting > 0)
        sellers, turns_waiting = session.execute(waiting).one()
        workers = _read_workers(session)
        pictures, failures = _read_pictures(session)
        seconds = {name: measured_s(session, name) for name, _ in pictures}
        calls_waiting = count_waiting(session)
    return QueueState(
        jobs,
        {WAITING: int(turns_waiting), RELEASED: turns.get(RELEASED, 0), RUNNING: turns.get(RUNNING, 0)},
        sellers,
        waited_s,
        sum(worker.slots for worker in workers if worker.state == LIVE),
        workers,
        pictures,
        {name: measured for name, measured in seconds.items() if measured is not None},
        failures,
        calls_waiting,
    )


def _read_jobs(session: Session) -> tuple[dict[str, int], float]:
    wanted = select(JobRow.state, func.count(), func.min(JobRow.created_at)).where(JobRow.state.in_(OPEN))
    counts, waited_s = dict.fromkeys(OPEN, 0), 0.0
    for state, count, first in session.execute(wanted.group_by(JobRow.state)):
        counts[state] = count
        if state == QUEUED:
            waited_s = max(0.0, (now() - first).total_seconds())
    return counts, waited_s


def _read_workers(session: Session) -> tuple[WorkerState, ...]:
    running = select(ShotRow.worker_id, ShotRow.id).join(JobRow, JobRow.id == ShotRow.job_id)
    running = running.where(JobRow.state == RUNNING, ShotRow.state == RUNNING)
    making = {worker: shot for worker, shot in session.execute(running).all() if worker is not None}
    lately = select(WorkerRow).where(WorkerRow.seen_at > now() - _FORGOTTEN).order_by(WorkerRow.seen_at.desc())
    return tuple(
        WorkerState(row.id, row.host, row.slots, _state(row), row.started_at, row.seen_at, making.get(row.id))
        for row in session.scalars(lately)
    )


def _read_pictures(session: Session) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    lately = (ShotRow.ended_at > now() - _LATELY) & ShotRow.state.in_((DONE, FAILED))
    kinds = (ShotRow.pipeline, ShotRow.state, ShotRow.error_code)
    pictures: Counter[tuple[str, str]] = Counter()
    failures: Counter[str] = Counter()
    for pipeline, state, code, count in session.execute(select(*kinds, func.count()).where(lately).group_by(*kinds)):
        pictures[pipeline, state] += count
        if code is not None:
            failures[code] += count
    return dict(pictures), dict(failures)


class QueueFigures(Collector):
    """Prometheus collector of the queue's figures, which reads the database when it is scraped."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Return nothing, so that registration does not query the database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield all current figures."""
        seen = read_queue(self._database)
        workers = Counter(worker.state for worker in seen.workers)
        yield _gauge("vmodel_jobs_open", "Jobs that have not ended.", ("state",), _keyed(seen.jobs))
        yield _gauge("vmodel_queue_turns", "Turns that have not ended.", ("state",), _keyed(seen.turns))
        yield _gauge("vmodel_queue_sellers", "Sellers with a turn waiting.", (), {(): seen.sellers_waiting})
        yield _gauge("vmodel_queue_waited_seconds", "Wait of the oldest queued job.", (), {(): seen.waited_s})
        yield _gauge("vmodel_worker_slots", "Turns that live workers take at once.", (), {(): seen.slots})
        yield _gauge("vmodel_workers", "Workers of the last day.", ("state",), _keyed(workers))
        made: dict[tuple[str, ...], float] = {(name, state): count for (name, state), count in seen.pictures.items()}
        yield _gauge("vmodel_pictures_hour", "Pictures of the last hour.", ("pipeline", "state"), made)
        yield _gauge("vmodel_picture_seconds", "Median of the latest.", ("pipeline",), _keyed(seen.seconds))
        yield _gauge("vmodel_webhook_calls_waiting", "Calls of webhooks to be made.", (), {(): seen.calls_waiting})
        yield _gauge("vmodel_failures_hour", "Failures of the last hour.", ("code",), _keyed(seen.failures))


def _keyed(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(name,): value for name, value in values.items()}


def _gauge(name: str, meaning: str, labels: tuple[str, ...], values: dict[tuple[str, ...], float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, meaning, labels=labels)
    for label_values, value in values.items():
        family.add_metric(label_values, value)
    return family


def _state(row: WorkerRow) -> str:
    silent = row.state in {LIVE, DRAINING} and row.seen_at < now() - SILENT
    return "silent" if silent else row.state
