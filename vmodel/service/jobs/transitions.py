"""Outcomes of pictures: each is written once, in one transaction with its charge.

A picture may be made twice: its worker was taken for dead, or died after the work and before recording it. The second
result finds the picture ended and changes nothing. So a picture is made at least once and charged exactly once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.errors import VModelError
from vmodel.service.jobs.errors import ShotStopped, WorkerLost
from vmodel.service.jobs.fair_queue import begin_part
from vmodel.service.jobs.renderer import ShotAssignment
from vmodel.service.jobs.tables import (
    CANCELLED,
    DONE,
    FAILED,
    OFFERED,
    OPEN,
    PARTLY_DONE,
    QUEUED,
    RUNNING,
    JobRow,
    ShotRow,
)
from vmodel.service.ledger.reservations import charge, commit, void
from vmodel.service.webhooks.subscriptions import emit_event

MOST_STARTS = 5
"""Maximum number of starts of a picture: one that never ended by then takes its workers down and is not begun again."""


@dataclass(frozen=True)
class Delivery:
    """Finished picture that is already in the store, with its 3D model if there is one."""

    picture_key: str
    sidecar_key: str
    seconds: float
    model3d_key: str | None = None


def open_shots(database: Database, part_id: str, worker_id: str) -> list[str]:
    """Begin a turn.

    Returns:
        Ids of its shots that have not ended, in order.
    """
    with database.transaction() as session:
        if begin_part(session, part_id, worker_id) is None:
            return []
        still = select(ShotRow.id).where(ShotRow.part_id == part_id, ShotRow.state.in_(OPEN))
        return [row.id for row in _kin_first(session.scalars(select(ShotRow).where(ShotRow.id.in_(still))))]


def begin_shot(database: Database, shot_id: str, worker_id: str) -> ShotAssignment | None:
    """Begin a picture.

    Returns:
        What to make; None if the picture has ended, was cancelled, or was begun too often.
    """
    with database.transaction() as session:
        job, shot = _lock(session, shot_id)
        if shot.state not in OPEN:
            return None
        if job.cancelling:
            _end(session, job, shot, CANCELLED)
            return None
        if shot.starts >= MOST_STARTS:
            _fail(session, job, shot, WorkerLost(shot.starts))
            return None
        shot.starts += 1
        shot.state, shot.worker_id, shot.stage, shot.share, shot.started_at = RUNNING, worker_id, None, 0.0, now()
        garment, request = dict(job.garment), dict(shot.request)
        return ShotAssignment(shot.id, job.id, shot.account_id, garment, request, shot.pipeline, shot.starts)


def next_of_turn(database: Database, assignment: ShotAssignment, most: int) -> list[ShotAssignment]:
    """Return the pictures of the same turn and pipeline that are likely to follow, without beginning any.

    Args:
        database: of the installation.
        assignment: the picture that was begun.
        most: how many at most, before those of other pipelines are left out.
    """
    with database.reading() as session:
        part_id = select(ShotRow.part_id).where(ShotRow.id == assignment.shot_id).scalar_subquery()
        waiting = select(ShotRow).where(ShotRow.part_id == part_id, ShotRow.state == QUEUED)
        rows = _kin_first(session.scalars(waiting))[:most]
        return [
            ShotAssignment(
                row.id,
                assignment.job_id,
                row.account_id,
                assignment.garment,
                dict(row.request),
                row.pipeline,
                row.starts,
            )
            for row in rows
            if row.pipeline == assignment.pipeline
        ]


def record_progress(
    database: Database,
    assignment: ShotAssignment,
    worker_id: str,
    stage: str,
    share: float,
    preview_key: str | None = None,
) -> None:
    """Record the progress of a picture.

    Raises:
        ShotStopped: its job was cancelled, or another worker has it.
    """
    with database.relaxed_transaction() as session:
        mine = (ShotRow.id == assignment.shot_id) & (ShotRow.state == RUNNING) & (ShotRow.worker_id == worker_id)
        mine &= ShotRow.starts == assignment.starts
        values: dict[str, object] = {"stage": stage, "share": share}
        if preview_key is not None:
            values["preview_key"] = preview_key
        wanted = select(JobRow.cancelling).where(JobRow.id == assignment.job_id)
        written = session.execute(update(ShotRow).where(mine).values(**values).returning(ShotRow.id)).all()
        stopped = not written or session.scalars(wanted).one()
    if stopped:
        raise ShotStopped


def deliver(database: Database, shot_id: str, delivery: Delivery) -> bool:
    """Record a finished picture and charge for it, once.

    Returns:
        False if the shot had ended before or its job is cancelled; the picture is then neither delivered nor charged.
    """
    with database.transaction() as session:
        job, shot = _lock(session, shot_id)
        if shot.state not in OPEN:
            return False
        if job.cancelling:
            _end(session, job, shot, CANCELLED)
            return False
        shot.picture_key, shot.sidecar_key, shot.seconds = delivery.picture_key, delivery.sidecar_key, delivery.seconds
        shot.model3d_key = delivery.model3d_key
        if job.reservation_id != OFFERED:
            charge(session, job.reservation_id, shot.id, shot.price, note=shot.pipeline)
        _end(session, job, shot, DONE)
        return True


def fail(database: Database, shot_id: str, error: VModelError | None, message: str = "") -> None:
    """Record that a picture cannot be made; nothing is charged.

    Args:
        database: of the installation.
        shot_id: the picture.
        error: the reason; None for a fault of the program.
        message: the sentence for the seller where ``error`` is None.
    """
    with database.transaction() as session:
        job, shot = _lock(session, shot_id)
        if shot.state in OPEN:
            _fail(session, job, shot, error, message)


def cancel_shot(database: Database, shot_id: str) -> None:
    """Record that a picture was given up because its job is cancelled."""
    with database.transaction() as session:
        job, shot = _lock(session, shot_id)
        if shot.state in OPEN and job.cancelling:
            _end(session, job, shot, CANCELLED)


def requeue_shot(database: Database, shot_id: str) -> None:
    """Requeue a running picture for another try."""
    with database.transaction() as session:
        _, shot = _lock(session, shot_id)
        if shot.state == RUNNING:
            shot.state, shot.stage, shot.share = QUEUED, None, 0.0


def finalise_job(session: Session, job: JobRow) -> None:
    """Set a job's final state once all its shots have ended, and end its reservation.

    Args:
        session: of the transaction that holds the job's lock.
        job: its row.
    """
    session.flush()
    states = set(session.scalars(select(ShotRow.state).where(ShotRow.job_id == job.id)))
    if job.state not in OPEN or states & set(OPEN):
        return
    if states == {DONE}:
        job.state = DONE
    elif DONE in states:
        job.state = PARTLY_DONE
    else:
        job.state = CANCELLED if CANCELLED in states else FAILED
    job.ended_at = now()
    if job.reservation_id == OFFERED:
        return
    if DONE in states:
        commit(session, job.reservation_id)
    else:
        void(session, job.reservation_id)
    emit_event(session, job.account_id, f"job.{job.state}", {"job_id": job.id, "state": job.state})


def _kin_first(rows: Iterable[ShotRow]) -> list[ShotRow]:
    """Sort shots as they were put into their turn: those of the same model and pose are adjacent."""
    return sorted(rows, key=lambda row: (row.request["model"] or "", row.request["pose"] or "", row.number))


def _lock(session: Session, shot_id: str) -> tuple[JobRow, ShotRow]:
    """Lock the job, then its shot; the fixed order prevents deadlocks between two transactions."""
    job_id = session.scalars(select(ShotRow.job_id).where(ShotRow.id == shot_id)).one()
    job = session.get_one(JobRow, job_id, with_for_update=True)
    return job, session.get_one(ShotRow, shot_id, with_for_update=True)


def _fail(session: Session, job: JobRow, shot: ShotRow, error: VModelError | None, message: str = "") -> None:
    shot.error_code = "internal" if error is None else error.code
    shot.error_message = message if error is None else str(error)
    _end(session, job, shot, FAILED)


def _end(session: Session, job: JobRow, shot: ShotRow, state: str) -> None:
    shot.state, shot.ended_at, shot.stage, shot.preview_key = state, now(), None, None
    shot.share = 1.0 if state == DONE else shot.share
    if state in {DONE, FAILED} and job.reservation_id != OFFERED:
        about = {"job_id": job.id, "shot_id": shot.id, "state": state, "code": shot.error_code}
        emit_event(session, job.account_id, f"shot.{state}", about)
    finalise_job(session, job)
