"""Jobs and pictures as their owners see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from vmodel.core.database import now
from vmodel.service.jobs.tables import (
    DONE,
    FITTING,
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

PART_SHOTS = 4
"""Maximum shots of a turn: poses of a garment in a row keep its drape warm, and other sellers wait no longer for it."""
SILENT = timedelta(seconds=15)
"""Time without a heartbeat after which a worker counts as dead."""
_MEASURED = 30


@dataclass(frozen=True)
class JobShot:
    """One picture of a job.

    Attributes:
        number: 0, 1, 2 ... in the order in which they were asked for.
        request: fields of ``vmodel.shot.request.ShotRequest`` without the garment.
        state: queued, running, done, failed, cancelled.
        stage: name of the running stage.
        share: completed share of the picture, 0..1.
        preview_key, picture_key, sidecar_key, model3d_key: keys of the store, once the files exist; the preview is
            small and temporary.
        credits: its price; charged only if it is done.
        seconds: time that the making took.
        error_code, error_message: why it failed, and the remedy.
        deleted: its files were deleted.
    """

    id: str
    job_id: str
    number: int
    request: dict[str, Any]
    state: str
    stage: str | None
    share: float
    preview_key: str | None
    picture_key: str | None
    sidecar_key: str | None
    model3d_key: str | None
    credits: int
    seconds: float | None
    error_code: str | None
    error_message: str | None
    ended_at: datetime | None
    deleted: bool


@dataclass(frozen=True)
class Job:
    """Job and its pictures.

    Attributes:
        garment: fields of ``vmodel.shot.request.GarmentSource``; files are keys of the store.
        state: queued, running, done, partly_done, failed, cancelled.
        cancelling: it was cancelled; its running pictures are given up.
        place: turns that come before its next one; None once it runs or has ended.
        eta_s: seconds until it ends, by the speed measured so far; None if nothing was measured or it has ended.
        credits: price of all its pictures.
        charged: part of ``credits`` for pictures that were delivered.
        shots: in order.
    """

    id: str
    account_id: str
    idempotency_key: str
    garment: dict[str, Any]
    priority: int
    state: str
    cancelling: bool
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    place: int | None
    eta_s: float | None
    credits: int
    charged: int
    shots: tuple[JobShot, ...]

    @property
    def is_open(self) -> bool:
        """True until the job has ended."""
        return self.state in OPEN

    @property
    def share(self) -> float:
        """Completed share of the job, 0..1."""
        return sum(shot.share if shot.state in OPEN else 1.0 for shot in self.shots) / len(self.shots)


def view_job(session: Session, row: JobRow) -> Job:
    """Return a job with its place in the queue."""
    return view_jobs(session, [row])[0]


def view_jobs(session: Session, rows: Sequence[JobRow]) -> list[Job]:
    """Return several jobs of one account."""
    wanted = select(ShotRow).where(ShotRow.job_id.in_([row.id for row in rows])).order_by(ShotRow.number)
    by_job: dict[str, list[JobShot]] = {row.id: [] for row in rows}
    for shot in session.scalars(wanted):
        by_job[shot.job_id].append(view_shot(shot))
    return [_view(session, row, tuple(by_job[row.id])) for row in rows]


def view_shot(row: ShotRow) -> JobShot:
    """Return one picture of a job."""
    return JobShot(
        row.id,
        row.job_id,
        row.number,
        dict(row.request),
        row.state,
        row.stage,
        row.share,
        row.preview_key,
        row.picture_key,
        row.sidecar_key,
        row.model3d_key,
        row.price,
        row.seconds,
        row.error_code,
        row.error_message,
        row.ended_at,
        row.deleted_at is not None,
    )


def _view(session: Session, row: JobRow, shots: tuple[JobShot, ...]) -> Job:
    place = _place(session, row) if row.state == QUEUED else None
    return Job(
        row.id,
        row.account_id,
        row.idempotency_key,
        dict(row.garment),
        row.priority,
        row.state,
        row.cancelling,
        row.created_at,
        row.started_at,
        row.ended_at,
        place,
        _eta_s(session, row, place, shots) if row.state in OPEN else None,
        sum(shot.credits for shot in shots),
        sum(shot.credits for shot in shots if shot.state == DONE),
        shots,
    )


def _place(session: Session, job: JobRow) -> int:
    """Count turns before the job's first: handed to workers, the seller's own, one per round of each other seller."""
    handed = select(func.count()).select_from(PartRow).where(PartRow.state == RELEASED)
    first = session.scalars(
        select(PartRow).where(PartRow.job_id == job.id, PartRow.state != RUNNING).order_by(PartRow.id).limit(1)
    ).first()
    if first is None or first.priority == FITTING:
        return 0
    if first.state == RELEASED:
        return session.scalar(handed.where(PartRow.released_at < first.released_at)) or 0
    own = (PartRow.account_id == job.account_id) & (PartRow.state == WAITING)
    before = (PartRow.priority > first.priority) | ((PartRow.priority == first.priority) & (PartRow.id < first.id))
    own_before = session.scalar(select(func.count()).select_from(PartRow).where(own, before)) or 0
    rounds = own_before + 1
    served = case((LaneRow.waiting < rounds, LaneRow.waiting), else_=rounds)
    lanes = select(func.coalesce(func.sum(served), 0)).where(LaneRow.waiting > 0, LaneRow.account_id != job.account_id)
    return (session.scalar(handed) or 0) + own_before + int(session.scalar(lanes) or 0)


def _eta_s(session: Session, job: JobRow, place: int | None, shots: Sequence[JobShot]) -> float | None:
    pipelines = {str(shot.request["pipeline"]) for shot in shots}
    seconds = {name: measured_s(session, name) for name in pipelines}
    if None in seconds.values():
        return None
    known = {name: value for name, value in seconds.items() if value is not None}
    alive = (WorkerRow.state == "live") & (WorkerRow.seen_at > now() - SILENT)
    slots = max(1, session.scalar(select(func.coalesce(func.sum(WorkerRow.slots), 0)).where(alive)) or 0)
    lane = session.get(LaneRow, job.account_id)
    left = sum(known[str(shot.request["pipeline"])] * (1 - shot.share) for shot in shots if shot.state in OPEN)
    before = 0 if place is None else (place * PART_SHOTS + _being_made(session)) * max(known.values())
    together = min(slots, lane.most if lane else 1, -(-len(shots) // PART_SHOTS))
    return round(before / slots + left / together, 1)


def _being_made(session: Session) -> int:
    """Count the open pictures of turns that workers have begun and not ended."""
    begun = select(func.count()).select_from(ShotRow).join(PartRow, PartRow.id == ShotRow.part_id)
    return session.scalar(begun.where(PartRow.state == RUNNING, ShotRow.state.in_(OPEN))) or 0


def measured_s(session: Session, pipeline: str) -> float | None:
    """Return the median seconds that the latest pictures of this pipeline took; None before the first."""
    made = ShotRow.seconds.is_not(None) & (ShotRow.pipeline == pipeline)
    lately = select(ShotRow.seconds).where(made).order_by(ShotRow.ended_at.desc()).limit(_MEASURED)
    found = [seconds for seconds in session.scalars(lately) if seconds is not None]
    return median(found) if found else None
