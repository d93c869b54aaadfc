"""Fair queueing between sellers: each seller has a lane, and the lanes take turns.

The method is start-time fair queueing (Goyal, Vin, Cheng 1996) with a seller's pictures as the cost. A turn has up to
``PART_SHOTS`` pictures. The lane with the lowest virtual time is served, and its time advances by the pictures of the
turn. A lane that was empty starts no earlier than the queue's current virtual time. So a newcomer's first turn comes
after at most one turn of every other seller, however many jobs they have waiting. At most as many turns as workers have
slots are handed to the durable queue ahead of time, so that it keeps this order.

A fitting (a preview for which a user waits at the page) does not wait in its seller's lane. It is handed out at once,
one per seller at a time, and advances the lane's virtual time like a turn.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from vmodel.core.database import Database, Table, now
from vmodel.service.jobs.tables import (
    ENDED,
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
    VirtualTimeRow,
    WorkerRow,
)
from vmodel.service.jobs.views import SILENT

_CLOCK = 1


def lock_lane(session: Session, account_id: str) -> LaneRow:
    """Return the lane of a seller, created on first use and locked until the transaction ends."""
    _insert_once(session, LaneRow, account_id=account_id, turn=0, waiting=0, active=0, most=1)
    return session.scalars(
        select(LaneRow)
        .where(LaneRow.account_id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def enqueue_parts(session: Session, lane: LaneRow, parts: int) -> None:
    """Add a seller's new turns to the lane.

    Args:
        session: of the transaction that holds the lane's lock.
        lane: of the seller.
        parts: number of turns; 0 for a fitting, which does not wait in the lane.
    """
    if lane.waiting == 0:
        # An empty lane gains no advantage from its idle time.
        lane.turn = max(lane.turn, session.scalar(select(VirtualTimeRow.turn).where(VirtualTimeRow.id == _CLOCK)) or 0)
    lane.waiting += parts


def schedule_parts(database: Database) -> list[str]:
    """Hand out the next turns, up to the slots of the live workers less the turns that no worker has begun yet.

    Returns:
        Ids of all handed-out turns that the durable queue may not have yet; see ``mark_enqueued``.
    """
    with database.transaction() as session:
        free_clock = select(VirtualTimeRow).where(VirtualTimeRow.id == _CLOCK).with_for_update(skip_locked=True)
        clock = session.scalars(free_clock).one_or_none()
        if clock is None:
            return []  # another worker is handing out
        slots = _slots(session)
        for _ in range(slots - _released(session, PartRow.priority == FITTING)):
            if not _release_fitting(session):
                break
        for _ in range(slots - _released(session, PartRow.priority != FITTING)):
            if not _release_next(session, clock):
                break
        unhanded = select(PartRow.id).where(PartRow.state == RELEASED, PartRow.handed.is_(False)).order_by(PartRow.id)
        session.flush()
        return list(session.scalars(unhanded))


def mark_enqueued(database: Database, part_ids: list[str]) -> None:
    """Record that the durable queue has these turns."""
    with database.transaction() as session:
        session.execute(update(PartRow).where(PartRow.id.in_(part_ids)).values(handed=True))


def find_interleaved_fittings(database: Database, part_ids: list[str]) -> set[str]:
    """Return those of these turns that are fittings without an idle worker; a busy one runs them between pictures."""
    known = PartRow.id.in_(part_ids)
    with database.reading() as session:
        fittings = set(session.scalars(select(PartRow.id).where(known, PartRow.priority == FITTING)))
        if not fittings:
            return fittings
        busy = select(func.count()).select_from(PartRow).where(PartRow.state.in_((RELEASED, RUNNING)), ~known)
        idle = _slots(session) - (session.scalar(busy) or 0)
    return fittings if idle < len(part_ids) else set()


def is_fitting(database: Database, shot_id: str) -> bool:
    """Return whether this picture is a fitting, for which a user waits at the page."""
    of_shot = select(ShotRow.part_id).where(ShotRow.id == shot_id).scalar_subquery()
    with database.reading() as session:
        return session.scalars(select(PartRow.priority).where(PartRow.id == of_shot)).one() == FITTING


def begin_part(session: Session, part_id: str, worker_id: str) -> PartRow | None:
    """Record the worker that begins a turn.

    Returns:
        The turn, or None if it has ended.
    """
    job_id = session.scalars(select(PartRow.job_id).where(PartRow.id == part_id)).one()
    job = session.get_one(JobRow, job_id, with_for_update=True)
    part = session.get_one(PartRow, part_id, with_for_update=True)
    if part.state == ENDED:
        return None
    part.state, part.worker_id = RUNNING, worker_id
    if job.state == QUEUED:
        job.state, job.started_at = RUNNING, now()
    return part


def end_part(database: Database, part_id: str) -> None:
    """Record that a turn has ended, so that its seller's next one may begin; ending it again changes nothing.

    Shots that are still open, because a worker is leaving, move to a new turn, the seller's next.
    """
    with database.transaction() as session:
        account_id = session.scalars(select(PartRow.account_id).where(PartRow.id == part_id)).one()
        lane = lock_lane(session, account_id)
        part = session.get_one(PartRow, part_id, with_for_update=True)
        if part.state == ENDED:
            return
        part.state, part.ended_at = ENDED, now()
        counts = int(part.priority != FITTING)
        lane.active -= counts
        left = list(session.scalars(select(ShotRow.id).where(ShotRow.part_id == part_id, ShotRow.state.in_(OPEN))))
        if left:
            rest = f"{part.id}+"
            values = {"job_id": part.job_id, "account_id": account_id, "priority": part.priority}
            session.add(PartRow(id=rest, size=len(left), state=WAITING, handed=False, **values))
            session.flush()
            moved = {"part_id": rest, "state": QUEUED, "stage": None, "share": 0.0}
            session.execute(update(ShotRow).where(ShotRow.id.in_(left)).values(**moved))
            enqueue_parts(session, lane, counts)


def _slots(session: Session) -> int:
    alive = (WorkerRow.state == "live") & (WorkerRow.seen_at > now() - SILENT)
    return int(session.scalar(select(func.coalesce(func.sum(WorkerRow.slots), 0)).where(alive)) or 0)


def _released(session: Session, which: ColumnElement[bool]) -> int:
    """Count the turns that are handed out and that no worker has begun."""
    handed = select(func.count()).select_from(PartRow).where(PartRow.state == RELEASED, which)
    return session.scalar(handed) or 0


def _release_fitting(session: Session) -> bool:
    """Hand out the fitting of the seller with the lowest virtual time among those who have none under way."""
    other = aliased(PartRow)
    under_way = select(other.account_id).where(other.state.in_((RELEASED, RUNNING)), other.priority == FITTING)
    waits = (PartRow.state == WAITING) & (PartRow.priority == FITTING)
    first = (
        select(PartRow, LaneRow)
        .join(LaneRow, LaneRow.account_id == PartRow.account_id)
        .where(waits, PartRow.account_id.not_in(under_way))
        .order_by(LaneRow.turn, PartRow.id)
        .limit(1)
    )
    # A lane that its seller is just changing is skipped, as below.
    locked = first.with_for_update(of=LaneRow, skip_locked=True).execution_options(populate_existing=True)
    found = session.execute(locked).one_or_none()
    if found is None:
        return False
    part, lane = found
    part.state, part.released_at = RELEASED, now()
    lane.turn += part.size
    session.flush()
    return True


def _release_next(session: Session, clock: VirtualTimeRow) -> bool:
    ready = (LaneRow.waiting > 0) & (LaneRow.active < LaneRow.most)
    # A lane that its seller is just changing is skipped; the next call tries it again.
    first = select(LaneRow).where(ready).order_by(LaneRow.turn, LaneRow.account_id).limit(1)
    locked = first.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    lane = session.scalars(locked).one_or_none()
    if lane is None:
        return False
    own = (PartRow.account_id == lane.account_id) & (PartRow.state == WAITING) & (PartRow.priority != FITTING)
    part = session.scalars(select(PartRow).where(own).order_by(PartRow.priority.desc(), PartRow.id).limit(1)).one()
    part.state, part.released_at = RELEASED, now()
    clock.turn = max(clock.turn, lane.turn)
    lane.turn += part.size
    lane.waiting -= 1
    lane.active += 1
    session.flush()
    return True


def _insert_once(session: Session, table: type[Table], **values: Any) -> None:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(table).values(**values).on_conflict_do_nothing())
