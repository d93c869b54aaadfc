"""Periodic maintenance by workers: cancel expired jobs, end stuck turns, sign the ledger, delete expired data."""

from __future__ import annotations

from datetime import timedelta

import structlog
from sqlalchemy import select

from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.service.accounts.auth import forget_sign_ins
from vmodel.service.accounts.notices import forget_notices
from vmodel.service.accounts.rate_limit import forget_rates
from vmodel.service.jobs import fair_queue
from vmodel.service.jobs.lifecycle import LONGEST, cancel_job
from vmodel.service.jobs.tables import OPEN, RELEASED, RUNNING, JobRow, PartRow
from vmodel.service.ledger.checkpoints import sign_daily_checkpoint
from vmodel.service.ledger.reservations import expire_reservations
from vmodel.service.maintenance import retention
from vmodel.service.storage.file_store import FileStore
from vmodel.service.worker.dbos_queue import DurableQueue

_HANGS = timedelta(minutes=2)


def run_maintenance(settings: Settings, database: Database, store: FileStore, queue: DurableQueue) -> None:
    """Run all maintenance; every worker may do so at the same time."""
    if requeued := queue.requeue_orphans():
        structlog.get_logger().error("turns_put_back", count=requeued)
    end_stuck_parts(database, queue)
    expire_jobs(database)
    expire_reservations(database)
    sign_daily_checkpoint(settings, database)
    with database.transaction() as session:
        forget_sign_ins(session)
        forget_notices(session)
        for asked in ("verify:", "licence:"):
            forget_rates(session, asked, 60)
    retention.delete_expired(settings, database, store)
    retention.collect_uploads(database, store)


def end_stuck_parts(database: Database, queue: DurableQueue) -> int:
    """End turns that were handed out and that the durable queue neither runs nor will run.

    Their open shots move to a new turn. This should never happen; if it does, no job hangs because of it.

    Returns:
        Number of turns ended.
    """
    handed = PartRow.handed & PartRow.state.in_((RELEASED, RUNNING)) & (PartRow.released_at < now() - _HANGS)
    with database.transaction() as session:
        found = list(session.scalars(select(PartRow.id).where(handed)))
    hanging = sorted(set(found) - queue.unfinished(found))
    for part_id in hanging:
        structlog.get_logger().error("turn_hung", part=part_id)
        fair_queue.end_part(database, part_id)
    return len(hanging)


def expire_jobs(database: Database, older_than: timedelta = LONGEST - timedelta(days=1)) -> int:
    """Cancel jobs whose reservation is about to expire.

    Returns:
        Number of jobs cancelled.
    """
    late = (JobRow.created_at < now() - older_than) & JobRow.state.in_(OPEN) & JobRow.cancelling.is_(False)
    with database.transaction() as session:
        found = session.execute(select(JobRow.account_id, JobRow.id).where(late)).all()
    for account_id, job_id in found:
        cancel_job(database, account_id, job_id)
    return len(found)
