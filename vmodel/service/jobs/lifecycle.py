"""Jobs: submitted once, charged per picture, watched and cancelled by their owners.

This module makes no pictures: a submitted job waits in the tables until its turns go to workers
(``vmodel.service.jobs.fair_queue``). So a machine that accepts jobs needs no worker.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from vmodel.core.database import Database, new_id, now
from vmodel.rights.admission.garment_review import check_state
from vmodel.rights.policy.model_reservation import check_exclusive
from vmodel.rights.registry.queries import recording_refusals
from vmodel.service.accounts.users import find_account
from vmodel.service.errors import IdempotencyConflict
from vmodel.service.jobs.errors import DayFull, JobUnknown, ShotUnknown
from vmodel.service.jobs.fair_queue import enqueue_parts, lock_lane
from vmodel.service.jobs.request import JobRequest, plain_shot
from vmodel.service.jobs.tables import (
    CANCELLED,
    ENDED,
    FITTING,
    OFFERED,
    OPEN,
    QUEUED,
    WAITING,
    JobRow,
    PartRow,
    ShotRow,
)
from vmodel.service.jobs.transitions import finalise_job
from vmodel.service.jobs.views import PART_SHOTS, Job, JobShot, view_job, view_jobs, view_shot
from vmodel.service.ledger.grants import grant_month
from vmodel.service.ledger.reservations import reserve
from vmodel.shot.request import ShotRequest

if TYPE_CHECKING:
    from vmodel.body.model.roster import Roster
    from vmodel.service.accounts.plans import Plan, Plans

LONGEST = timedelta(days=30)
"""Maximum age of a job: if it has not ended by then, its reserved credits are returned."""
_DAY = timedelta(days=1)


def submit(database: Database, plans: Plans, roster: Roster, request: JobRequest) -> Job:
    """Accept a job and reserve its price; repeating the idempotency key always returns the same job.

    Args:
        database: of the installation.
        plans: prices, and what the seller's plan allows.
        roster: the models that may be requested.
        request: the request; its files are in the store already.
    Raises:
        IdempotencyConflict: the key came with another request before.
        DayFull: the plan allows no more pictures within 24 hours.
        CreditsExhausted: the seller cannot pay for it.
        GarmentInReview, GarmentRefused, ModelReserved: a right forbids it.
        VModelError: a name or a number is invalid, or a rule forbids it; see ``vmodel.service.jobs.validation``.
    """
    asked = {str(shot.get("model") or "") for shot in request.shots if isinstance(shot, Mapping)}
    declared = request.garment.get("category")
    with recording_refusals(database, request.account_id, ", ".join(sorted(asked)), str(declared or "")):
        return _submit(database, plans, roster, request)


def _submit(database: Database, plans: Plans, roster: Roster, request: JobRequest) -> Job:
    from vmodel.service.jobs.validation import check_job  # it loads poses and materials, which takes seconds

    shots = check_job(request, roster)
    prices = [0 if request.offered else plans.price_shot(shot.pipeline, shot.size, shot.steps) for shot in shots]
    with database.transaction() as session:
        account = find_account(session, request.account_id)
        plan = plans.plan(account.plan)
        # From here on the seller's submits wait for each other, so that one key can never make two jobs.
        lane = lock_lane(session, request.account_id)
        known = _find_keyed(session, request)
        if known is not None:
            return view_job(session, known)
        _check_rights(session, request.account_id, shots, roster)
        _check_day(session, request.account_id, plan, len(shots))
        grant_month(session, request.account_id, plan.monthly_credits)
        job = _write_job(session, request, OFFERED if request.offered else _reserve(session, request, prices))
        parts = _write_parts(session, job, shots, prices)
        lane.most = plan.concurrent_jobs
        enqueue_parts(session, lane, 0 if _is_fitting(shots) else parts)
        session.flush()
        return view_job(session, job)


def _reserve(session: Session, request: JobRequest, prices: Sequence[int]) -> str:
    """Reserve the price of a job and return the reservation's id."""
    until, note = now() + LONGEST, f"{len(prices)} pictures"
    key, body = request.idempotency_key, request.body_hash
    return reserve(session, request.account_id, key, sum(prices), body, note=note, expires_at=until).id


def find_job(database: Database, account_id: str, job_id: str) -> Job:
    """Return one job of an account.

    Raises:
        JobUnknown: there is none, or it is another account's.
    """
    with database.reading() as session:
        return view_job(session, _get_job(session, account_id, job_id))


def list_jobs(
    database: Database,
    account_id: str,
    most: int = 50,
    before: str | None = None,
    states: Sequence[str] = (),
    with_offered: bool = False,
) -> list[Job]:
    """List the latest jobs of an account, the newest first.

    Args:
        database: of the installation.
        account_id: the owner.
        most: how many at most.
        before: id of the job where the last page ended.
        states: only jobs in one of these; empty for all.
        with_offered: also those that the seller did not ask for, see ``JobRequest.offered``.
    """
    wanted = select(JobRow).where(JobRow.account_id == account_id).order_by(JobRow.id.desc()).limit(most)
    if not with_offered:
        wanted = wanted.where(JobRow.reservation_id != OFFERED)
    if before is not None:
        wanted = wanted.where(JobRow.id < before)
    if states:
        wanted = wanted.where(JobRow.state.in_(states))
    with database.reading() as session:
        return view_jobs(session, list(session.scalars(wanted)))


def cancel_job(database: Database, account_id: str, job_id: str) -> Job:
    """Cancel a job: waiting pictures at once, running ones at their next step; cancelling again changes nothing.

    Delivered pictures stay and stay charged; the price of all others is returned.

    Raises:
        JobUnknown: there is none, or it is another account's.
    """
    with database.transaction() as session:
        lane = lock_lane(session, account_id)
        job = _get_job(session, account_id, job_id, locked=True)
        if job.state in OPEN:
            job.cancelling = True
            waiting = update(ShotRow).where(ShotRow.job_id == job_id, ShotRow.state == QUEUED)
            session.execute(waiting.values(state=CANCELLED, ended_at=now()))
            never_began = update(PartRow).where(PartRow.job_id == job_id, PartRow.state == WAITING)
            ended = session.scalars(never_began.values(state=ENDED, ended_at=now()).returning(PartRow.priority)).all()
            lane.waiting -= sum(priority != FITTING for priority in ended)
            finalise_job(session, job)
        session.flush()
        return view_job(session, job)


def watch_job(
    database: Database, account_id: str, job_id: str, every_s: float = 0.5, stop: threading.Event | None = None
) -> Iterator[Job]:
    """Yield the job now, and again after every change, until it has ended.

    Args:
        database: of the installation.
        account_id: the owner.
        job_id: the job.
        every_s: polling interval in seconds.
        stop: event that ends the watch early.
    Raises:
        JobUnknown: there is none, or it is another account's.
    """
    stop = stop or threading.Event()
    seen = None
    while not stop.is_set():
        job = find_job(database, account_id, job_id)
        if job != seen:
            yield job
            seen = job
        if not job.is_open or stop.wait(every_s):
            return


def find_shot(database: Database, account_id: str, shot_id: str) -> JobShot:
    """Return one picture of an account.

    Raises:
        ShotUnknown: there is none, or it is another account's.
    """
    with database.reading() as session:
        row = session.get(ShotRow, shot_id)
        if row is None or row.account_id != account_id:
            raise ShotUnknown(shot_id)
        return view_shot(row)


def _get_job(session: Session, account_id: str, job_id: str, locked: bool = False) -> JobRow:
    wanted = select(JobRow).where(JobRow.id == job_id, JobRow.account_id == account_id)
    row = session.scalars(wanted.with_for_update() if locked else wanted).one_or_none()
    if row is None:
        raise JobUnknown(job_id)
    return row


def _find_keyed(session: Session, request: JobRequest) -> JobRow | None:
    same = (JobRow.account_id == request.account_id) & (JobRow.idempotency_key == request.idempotency_key)
    row = session.scalars(select(JobRow).where(same)).one_or_none()
    if row is not None and row.body_hash != request.body_hash:
        raise IdempotencyConflict(request.idempotency_key)
    return row


def _check_rights(session: Session, account_id: str, shots: Sequence[ShotRequest], roster: Roster) -> None:
    """Reject garment photos that await a review or were refused, and models reserved for another seller."""
    sources = [source for shot in shots for source in (shot.garment, *shot.outfit)]
    for photo in {str(photo) for each in sources for photo in (each.photo, each.back) if photo is not None}:
        check_state(session, account_id, photo.rpartition("/")[2].partition(".")[0])
    for model_id in {shot.model for shot in shots if shot.model is not None}:
        check_exclusive(session, roster[model_id], account_id)


def _check_day(session: Session, account_id: str, plan: Plan, asked: int) -> None:
    """Raise DayFull if the pictures of the last 24 hours, except cancelled ones, leave no room for these."""
    since = now() - _DAY
    counted = (ShotRow.account_id == account_id) & (ShotRow.created_at > since) & (ShotRow.state != CANCELLED)
    used, first = session.execute(select(func.count(), func.min(ShotRow.created_at)).where(counted)).one()
    if used + asked > plan.pictures_a_day:
        wait_s = max(1, int((first - since).total_seconds())) if first is not None else 1
        raise DayFull(asked, max(0, plan.pictures_a_day - used), plan.pictures_a_day, wait_s)


def _write_job(session: Session, request: JobRequest, reservation_id: str) -> JobRow:
    job = JobRow(
        id=new_id(),
        account_id=request.account_id,
        idempotency_key=request.idempotency_key,
        body_hash=request.body_hash,
        garment=dict(request.garment),
        priority=request.priority,
        reservation_id=reservation_id,
        state=QUEUED,
        cancelling=False,
        created_at=now(),
    )
    session.add(job)
    session.flush()
    return job


def _is_fitting(shots: Sequence[ShotRequest]) -> bool:
    """Return whether the job is a fitting: a preview of one picture for which a user waits."""
    return len(shots) == 1 and shots[0].fitting


def _write_parts(session: Session, job: JobRow, shots: Sequence[ShotRequest], prices: Sequence[int]) -> int:
    """Cut a job into turns and return their number; shots of one model and pose are adjacent, to be draped once."""
    numbered = list(enumerate(zip(shots, prices, strict=True)))
    kin = sorted(numbered, key=lambda each: (each[1][0].pipeline, each[1][0].model or "", each[1][0].pose or ""))
    parts = [kin[start : start + PART_SHOTS] for start in range(0, len(kin), PART_SHOTS)]
    priority = FITTING if _is_fitting(shots) else job.priority
    for place, part in enumerate(parts):
        part_id = f"{job.id}-{place:03d}"
        shared = {"job_id": job.id, "account_id": job.account_id}
        session.add(PartRow(id=part_id, priority=priority, size=len(part), state=WAITING, handed=False, **shared))
        session.flush()
        for number, (shot, price) in part:
            session.add(
                ShotRow(
                    id=f"{job.id}-s{number:03d}",
                    part_id=part_id,
                    number=number,
                    request=plain_shot(shot),
                    pipeline=shot.pipeline,
                    price=price,
                    state=QUEUED,
                    starts=0,
                    share=0.0,
                    created_at=job.created_at,
                    **shared,
                )
            )
    return len(parts)
