"""Heartbeats of workers: each worker writes its own and watches those of the others."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.jobs.tables import WorkerRow

LIVE, DRAINING, LEFT, LOST = "live", "draining", "left", "lost"
BEAT_S = 2.0


def join(database: Database, worker_id: str, slots: int) -> datetime:
    """Register a worker; an older process with the same name has ended, or will end at its next heartbeat.

    Returns:
        Start time, which distinguishes this process from others with its name.
    """
    started_at = now()
    with database.transaction() as session:
        session.merge(
            WorkerRow(
                id=worker_id,
                host=socket.gethostname()[:255],
                pid=os.getpid(),
                slots=slots,
                state=LIVE,
                started_at=started_at,
                seen_at=started_at,
            )
        )
    return started_at


def beat(database: Database, worker_id: str, started_at: datetime, state: str) -> bool:
    """Write the heartbeat of this worker.

    Returns:
        False if it was taken for dead, or another process has its name by now; the worker must then stop.
    """
    with database.relaxed_transaction() as session:
        mine = (
            (WorkerRow.id == worker_id) & (WorkerRow.started_at == started_at) & (WorkerRow.state.in_((LIVE, DRAINING)))
        )
        told = update(WorkerRow).where(mine).values(seen_at=now(), state=state).returning(WorkerRow.id)
        return session.execute(told).first() is not None


def leave(database: Database, worker_id: str, state: str = LEFT) -> None:
    """Record that a worker has stopped."""
    with database.transaction() as session:
        session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(state=state))


def list_workers(session: Session) -> list[WorkerRow]:
    """List every worker that ever joined, the latest heartbeat first."""
    return list(session.scalars(select(WorkerRow).order_by(WorkerRow.seen_at.desc())))


def count_alive(database: Database) -> int:
    """Count the workers that have joined and not left, with or without a recent heartbeat."""
    with database.reading() as session:
        alive = select(func.count()).select_from(WorkerRow).where(WorkerRow.state.in_((LIVE, DRAINING)))
        return session.scalar(alive) or 0


class LivenessMonitor:
    """Detector of dead workers by this process's own clock, since the clocks of machines may differ.

    Attributes:
        others: number of other workers at the last look.

    A worker counts as dead if its heartbeat has not changed during ``silent_s`` of looks without a break. So no worker
    is declared dead because the database was unreachable or this process was stopped.
    """

    def __init__(self, worker_id: str, silent_s: float) -> None:
        self._own, self._silent_s = worker_id, silent_s
        self._seen: dict[str, tuple[object, float]] = {}
        self._looked = -float("inf")
        self.others = 0

    def find_dead_workers(self, database: Database) -> list[str]:
        """Return the ids of the workers that count as dead by now."""
        with database.transaction() as session:
            alive = WorkerRow.state.in_((LIVE, DRAINING)) & (WorkerRow.id != self._own)
            beats = session.execute(select(WorkerRow.id, WorkerRow.started_at, WorkerRow.seen_at).where(alive)).all()
        at = time.monotonic()
        if at - self._looked > self._silent_s * 0.75:
            self._seen.clear()
        self._looked = at
        found = {worker: (started_at, seen_at) for worker, started_at, seen_at in beats}
        self.others = len(found)
        kept = {worker: self._seen[worker] for worker in found if worker in self._seen}
        self._seen = {
            worker: kept[worker] if worker in kept and kept[worker][0] == last else (last, at)
            for worker, last in found.items()
        }
        return [worker for worker, (_, since) in self._seen.items() if at - since >= self._silent_s]
