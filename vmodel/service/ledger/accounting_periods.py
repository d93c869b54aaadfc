"""Closing of months: each is closed once, and later events are booked in the next open one."""

from __future__ import annotations

import json
import re
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, hold_lock, now
from vmodel.service.errors import PeriodInvalid, PeriodNotOver
from vmodel.service.ledger.entries import (
    BOOKS,
    PERIODS_LOCK,
    ChainTip,
    ClosedPeriod,
    CreditMovement,
    Entry,
    append,
    lock_chain_tip,
    next_period,
    period_of,
)
from vmodel.service.ledger.reservations import Balance

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


def check_period(period: str) -> str:
    """Raise PeriodInvalid unless this is a month like 2026-11; return it."""
    if _MONTH.fullmatch(period) is None:
        raise PeriodInvalid(period)
    return period


def close_period(database: Database, period: str, at: datetime | None = None) -> int:
    """Close a month, and the months before it, for every seller; an interrupted closing continues.

    Each seller is closed in a separate transaction, so that no seller waits for all others.

    Args:
        database: of the installation.
        period: a month that is over, "2026-11".
        at: now by default.
    Returns:
        Number of sellers with entries that were closed now.
    Raises:
        PeriodInvalid, PeriodNotOver: see there.
    """
    check_period(period)
    instant = at or now()
    if period >= period_of(instant):
        raise PeriodNotOver(period, "it has not ended (UTC)")
    with database.transaction() as session:
        hold_lock(session, PERIODS_LOCK)
        if session.get(ClosedPeriod, period) is None:
            session.add(ClosedPeriod(period=period, closed_at=instant))
    with database.transaction() as session:
        open_ones = select(ChainTip.account_id).where(ChainTip.open_period <= period).order_by(ChainTip.account_id)
        sellers = list(session.scalars(open_ones))
    closed = 0
    for account_id in sellers:
        with database.transaction() as session:
            closed += _close_seller(session, account_id, period, instant)
    return closed


def _close_seller(session: Session, account_id: str, period: str, at: datetime) -> bool:
    tip = lock_chain_tip(session, account_id)
    first = session.scalar(select(func.min(Entry.period)).where(Entry.account_id == account_id))
    month = max(first or next_period(period), tip.open_period)
    has_entries = month <= period
    while month <= period:
        closing = balance_after(session, account_id, month)
        note = json.dumps({"available": closing.available, "reserved": closing.reserved, "consumed": closing.consumed})
        append(session, tip, "close", CreditMovement(), at, key=month, period=month, note=note)
        month = next_period(month)
    tip.open_period = max(tip.open_period, next_period(period))
    session.flush()
    return has_entries


def balance_after(session: Session, account_id: str, period: str) -> Balance:
    """Return a seller's balance at the end of a month."""
    sums = [func.coalesce(func.sum(getattr(Entry, book)), 0) for book in BOOKS[1:]]
    booked = select(*sums).where(Entry.account_id == account_id, Entry.period <= period)
    return Balance(*(int(units) for units in session.execute(booked).one()))
