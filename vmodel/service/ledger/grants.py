"""Movements of credits without a job: grants, the month's free credits, and corrections."""

from __future__ import annotations

from datetime import datetime

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.accounts.audit_log import audit
from vmodel.service.errors import CreditsExhausted, EntryUnknown, IdempotencyConflict, RefundTooLarge
from vmodel.service.ledger.entries import (
    CLOCKS_DIFFER,
    ChainTip,
    CreditMovement,
    Entry,
    append,
    check_key,
    check_units,
    find_keyed,
    lock_chain_tip,
    period_of,
)
from vmodel.service.ledger.reservations import Balance, balance


def grant(session: Session, account_id: str, units: int, key: str, note: str = "", at: datetime | None = None) -> Entry:
    """Grant credits to a seller; repeating the key grants nothing more.

    Args:
        session: of an open transaction.
        account_id: the seller.
        units: credits.
        key: idempotency key, e.g. the number of the invoice.
        note: for the statement; no personal data.
        at: when it happened; now by default.
    Raises:
        UnitsInvalid, IdempotencyKeyInvalid, UnknownAccount: see there.
        IdempotencyConflict: the key granted another number of credits.
    """
    check_units(units)
    check_key(key)
    tip = lock_chain_tip(session, account_id)
    known = find_keyed(session, account_id, "grant", key)
    if known is not None:
        if known.available != units:
            raise IdempotencyConflict(key)
        return known
    return append(session, tip, "grant", CreditMovement(issued=-units, available=units), at, key=key, note=note)


def withdraw(
    session: Session, account_id: str, units: int, key: str, note: str = "", at: datetime | None = None
) -> Entry:
    """Withdraw available credits to correct a grant; repeating the key withdraws nothing more.

    Raises:
        CreditsExhausted: fewer are available.
        UnitsInvalid, IdempotencyKeyInvalid, IdempotencyConflict, UnknownAccount: see ``grant``.
    """
    check_units(units)
    check_key(key)
    tip = lock_chain_tip(session, account_id)
    known = find_keyed(session, account_id, "withdraw", key)
    if known is not None:
        if known.issued != units:
            raise IdempotencyConflict(key)
        return known
    if units > tip.available:
        raise CreditsExhausted(units, tip.available)
    return append(session, tip, "withdraw", CreditMovement(issued=units, available=-units), at, key=key, note=note)


def grant_month(session: Session, account_id: str, units: int, at: datetime | None = None) -> None:
    """Grant a seller the month's free credits once, and let unused ones of the last month lapse.

    Call it before every ``reserve`` and ``balance`` that a user sees; after the first call of a month it costs one
    read. Free credits are spent before bought ones; those reserved when the month ends are not taken back.

    A month that a wrong clock granted ahead of its time is set aside, which the audit log and the log name: what is
    left of it lapses, and the present month's credits come, or come back as far as they lapsed.

    Args:
        session: of an open transaction.
        account_id: the seller.
        units: of the seller's plan; may be 0.
        at: now by default.
    Raises:
        UnknownAccount: there is no such account.
    """
    instant = at or now()
    month = period_of(instant)
    seen = session.get(ChainTip, account_id, populate_existing=True)
    if seen is not None and _is_granted(seen, instant):
        return
    tip = lock_chain_tip(session, account_id)
    if _is_granted(tip, instant):
        return
    granted = tip.quota_period
    _let_lapse(session, tip, instant)
    still_due = units - _credited(session, tip, month)
    if still_due > 0:
        movement = CreditMovement(issued=-still_due, available=still_due)
        again = find_keyed(session, account_id, "quota", month) is not None
        key = f"{month}/{tip.number + 1}" if again else month
        append(session, tip, "quota", movement, instant, key=key, note=f"free credits of {month}")
    tip.quota_period = month
    session.flush()
    if granted > month:
        audit(session, None, "ledger.month_ahead", account_id, granted=granted, month=month)
        structlog.get_logger().warning("ledger_month_ahead", account=account_id, granted=granted)


def current_balance(database: Database, account_id: str, monthly_credits: int) -> Balance:
    """Return the credits of an account with this month's free ones; wait for writers only if these must be granted.

    Args:
        database: of the installation.
        account_id: the seller.
        monthly_credits: of the account's plan.
    Raises:
        UnknownAccount: there is no such account.
    """
    with database.reading() as session:
        tip = session.get(ChainTip, account_id)
        if tip is not None and _is_granted(tip, now()):
            return balance(session, account_id)
    with database.transaction() as session:
        grant_month(session, account_id, monthly_credits)
        return balance(session, account_id)


def _is_granted(tip: ChainTip, at: datetime) -> bool:
    """Return whether the month's free credits were granted, or the next month's by a machine whose clock is ahead."""
    return period_of(at) <= tip.quota_period <= period_of(at + CLOCKS_DIFFER)


def _let_lapse(session: Session, tip: ChainTip, at: datetime) -> None:
    """Take back what is unused of the free credits that were granted last."""
    newest = (
        select(Entry).where(Entry.account_id == tip.account_id, Entry.kind == "quota").order_by(Entry.number.desc())
    )
    quota = session.scalars(newest.limit(1)).one_or_none()
    if quota is None or quota.key is None or quota.key.partition("/")[0] != tip.quota_period:
        return
    if find_keyed(session, tip.account_id, "lapse", quota.key) is not None:
        return
    # Credits that were charged or are still held since the grant.
    spent = tip.consumed + tip.reserved - quota.consumed_after - quota.reserved_after
    unused = min(tip.available, max(0, quota.available - max(0, spent)))
    if unused > 0:
        movement = CreditMovement(issued=unused, available=-unused)
        append(session, tip, "lapse", movement, at, key=quota.key, note=quota.note)


def _credited(session: Session, tip: ChainTip, month: str) -> int:
    """Return the free credits of a month that were granted and have not lapsed; more than none if a clock was wrong."""
    of_month = Entry.kind.in_(("quota", "lapse")) & ((Entry.key == month) | Entry.key.startswith(f"{month}/"))
    credited = select(func.coalesce(func.sum(Entry.available), 0)).where(Entry.account_id == tip.account_id, of_month)
    return int(session.scalar(credited) or 0)


def refund(
    session: Session, account_id: str, entry_id: str, units: int, key: str, note: str, at: datetime | None = None
) -> Entry:
    """Refund credits of a charge: the charge stays, and a new entry corrects it.

    Args:
        session: of an open transaction.
        account_id: the seller.
        entry_id: the charge or commit that is corrected.
        units: at most what is left of it.
        key: idempotency key.
        note: the reason, for the statement.
        at: when it happened; now by default.
    Raises:
        EntryUnknown: the account has no such charge.
        RefundTooLarge: less is left of it.
        UnitsInvalid, IdempotencyKeyInvalid, IdempotencyConflict, UnknownAccount: see ``grant``.
    """
    check_units(units)
    check_key(key)
    tip = lock_chain_tip(session, account_id)
    known = find_keyed(session, account_id, "refund", key)
    if known is not None:
        if (known.corrects, known.available) != (entry_id, units):
            raise IdempotencyConflict(key)
        return known
    corrected = session.get(Entry, entry_id)
    if corrected is None or corrected.account_id != account_id or corrected.consumed <= 0:
        raise EntryUnknown(entry_id)
    given = session.scalar(select(func.coalesce(func.sum(Entry.available), 0)).where(Entry.corrects == entry_id)) or 0
    if units > corrected.consumed - given:
        raise RefundTooLarge(units, corrected.consumed - given)
    movement = CreditMovement(available=units, consumed=-units)
    return append(session, tip, "refund", movement, at, key=key, corrects=entry_id, note=note)
