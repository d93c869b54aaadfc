"""Tables of the job queue: lanes of sellers, jobs, their turns and pictures, and workers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from vmodel.core.database import Table, UtcDateTime


def _partial(name: str, *columns: str, only: str) -> Index:
    """Define an index over the rows for which ``only`` holds, in both databases."""
    return Index(name, *columns, sqlite_where=text(only), postgresql_where=text(only))


WAITING, RELEASED, RUNNING, ENDED = "waiting", "released", "running", "ended"
QUEUED, DONE, PARTLY_DONE, FAILED, CANCELLED = "queued", "done", "partly_done", "failed", "cancelled"
OPEN = (QUEUED, RUNNING)
"""States of a job or a shot that has not ended."""
FITTING = 10
"""Priority of a turn that consists of one fitting; a seller cannot ask for it."""
OFFERED = ""
"""Replaces the reservation id of a job that costs nothing, see ``JobRequest.offered``."""


class VirtualTimeRow(Table):
    """Virtual time of the queue, one row; the process that hands turns to the workers holds its lock.

    Attributes:
        turn: virtual time of the lane that was served last, when it was served.
    """

    __tablename__ = "job_clock"
    id: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[int]


class LaneRow(Table):
    """Lane of one seller in the queue; a transaction that changes the seller's turns holds this row's lock.

    Attributes:
        turn: virtual time of the seller's next turn, counted in pictures; the lowest is served first.
        waiting, active: turns not yet handed to the workers, and handed to them but not ended; without fittings.
        most: maximum of ``active``, by the seller's plan.
    """

    __tablename__ = "job_lane"
    account_id: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[int]
    waiting: Mapped[int]
    active: Mapped[int]
    most: Mapped[int]
    __table_args__ = (_partial("ix_job_lane_turn_account_id", "turn", "account_id", only="waiting > 0"),)


class JobRow(Table):
    """One job: shots of one garment.

    Attributes:
        body_hash: hash of the request, so that the same key with another request is rejected.
        garment: fields of ``vmodel.shot.request.GarmentSource``; files are keys of the store.
        reservation_id: holds the price of all shots until the job has ended; or ``OFFERED``.
        cancelling: the seller has cancelled it.
    """

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(index=True)
    idempotency_key: Mapped[str]
    body_hash: Mapped[str]
    garment: Mapped[dict[str, Any]] = mapped_column(JSON)
    priority: Mapped[int]
    reservation_id: Mapped[str]
    state: Mapped[str]
    cancelling: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        UniqueConstraint("account_id", "idempotency_key"),
        _partial("ix_job_state", "state", "created_at", only="state IN ('queued', 'running')"),
    )


class PartRow(Table):
    """One turn: a few shots of one job that one worker makes in a row.

    Attributes:
        size: number of shots.
        handed: the durable queue knows it.
        worker_id: the worker that began it last.
    """

    __tablename__ = "job_part"
    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), index=True)
    account_id: Mapped[str]
    priority: Mapped[int]
    size: Mapped[int]
    state: Mapped[str]
    handed: Mapped[bool]
    worker_id: Mapped[str | None]
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        _partial("ix_job_part_in_lane", "account_id", "priority", "id", only="state = 'waiting'"),
        _partial("ix_job_part_not_ended", "state", only="state IN ('released', 'running')"),
    )


class ShotRow(Table):
    """One requested picture and its outcome.

    Attributes:
        request: fields of ``vmodel.shot.request.ShotRequest`` without the garment; files are ``file:`` and a key.
        price: credits; charged on delivery.
        starts: number of times that a worker began it.
        stage, share, preview_key: running stage, completed share 0..1, and a small preview.
        model3d_key: the dressed model in 3D (glTF); the same for every view of one drape.
        seconds: time that the making took.
        deleted_at: when its files were deleted; the row stays to explain the charge.
    """

    __tablename__ = "job_shot"
    id: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("job.id"), index=True)
    part_id: Mapped[str] = mapped_column(ForeignKey("job_part.id"), index=True)
    account_id: Mapped[str]
    number: Mapped[int]
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    pipeline: Mapped[str]
    price: Mapped[int]
    state: Mapped[str]
    starts: Mapped[int]
    worker_id: Mapped[str | None]
    stage: Mapped[str | None]
    share: Mapped[float]
    preview_key: Mapped[str | None]
    picture_key: Mapped[str | None]
    sidecar_key: Mapped[str | None]
    model3d_key: Mapped[str | None]
    seconds: Mapped[float | None]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    __table_args__ = (
        Index("ix_job_shot_account_id_created_at", "account_id", "created_at"),
        Index("ix_job_shot_ended_at", "ended_at"),
        _partial("ix_job_shot_pipeline_ended_at", "pipeline", "ended_at", only="seconds IS NOT NULL"),
    )


class WorkerRow(Table):
    """Process that makes pictures.

    Attributes:
        slots: maximum number of turns at once.
        state: "live", "draining", "left", or "lost" when its heartbeat stopped and others took its turns.
        seen_at: its last heartbeat.
    """

    __tablename__ = "job_worker"
    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    slots: Mapped[int]
    state: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
