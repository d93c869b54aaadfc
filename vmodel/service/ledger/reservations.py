"""Ledger of credits: reserve at submit, charge per delivered picture, end each reservation once.

Functions that book take the session of the caller's transaction, so that an entry and its event are committed or
rolled back together. Entries of one seller wait for each other; sellers do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from vmodel.core.database import Database, now
from vmodel.service.errors import (
    CreditsExhausted,
    IdempotencyConflict,
    ReservationClosed,
    ReservationUnknown,
    UnitsInvalid,
)
from vmodel.service.ledger.entries import (
    ChainTip,
    CreditMovement,
    Entry,
    OpenReservation,
    append,
    check_key,
    check_units,
    find_keyed,
    lock_chain_tip,
)

RESERVED_FOR = timedelta(days=7)
_ENDED_AS = {"commit": "committed", "void": "voided", "expire": "expired"}


@dataclass(frozen=True)
class Balance:
    """Credits of a seller.

    Attributes:
        available: may be spent.
        reserved: held for jobs that have not ended.
        consumed: charged for pictures, less refunds.
    """

    available: int
    reserved: int
    consumed: int


@dataclass(frozen=True)
class Reservation:
    """Credits held for a job.

    Attributes:
        units: held at submit.
        charged: part of ``units`` for pictures that were delivered.
        state: open, committed, voided or expired.
    """

    id: str
    account_id: str
    key: str
    body_hash: str
    units: int
    charged: int
    state: str


def balance(session: Session, account_id: str) -> Balance:
    """Return the credits of a seller; all zero before the first grant."""
    tip = session.get(ChainTip, account_id, populate_existing=True)
    return Balance(0, 0, 0) if tip is None else Balance(tip.available, tip.reserved, tip.consumed)


def reserve(
    session: Session,
    account_id: str,
    key: str,
    units: int,
    body_hash: str,
    note: str = "",
    expires_at: datetime | None = None,
    at: datetime | None = None,
) -> Reservation:
    """Reserve credits for a job; the same key with the same body always returns the same reservation.

    Args:
        session: of an open transaction.
        account_id: the seller.
        key: idempotency key of the request, 1 to 200 characters.
        units: credits, at least 1.
        body_hash: of the request's body.
        note: for the statement; no personal data.
        expires_at: when ``expire_reservations`` may end it; in a week by default.
        at: when it happened; now by default.
    Raises:
        IdempotencyConflict: the key came with another body or another price before.
        CreditsExhausted: fewer credits are available.
        UnitsInvalid, IdempotencyKeyInvalid, UnknownAccount: see there.
    """
    check_units(units)
    check_key(key)
    tip = lock_chain_tip(session, account_id)
    known = find_keyed(session, account_id, "reserve", key)
    if known is not None:
        if (known.body_hash, known.reserved) != (body_hash, units):
            raise IdempotencyConflict(key)
        return _read(session, known)
    if units > tip.available:
        raise CreditsExhausted(units, tip.available)
    movement = CreditMovement(available=-units, reserved=units)
    entry = append(session, tip, "reserve", movement, at, key=key, body_hash=body_hash, note=note)
    until = expires_at or (at or now()) + RESERVED_FOR
    session.add(OpenReservation(reservation_id=entry.id, account_id=account_id, expires_at=until))
    session.flush()
    return Reservation(entry.id, account_id, key, body_hash, units, 0, "open")


def find_reservation(session: Session, reservation_id: str) -> Reservation:
    """Return a reservation with its current state.

    Raises:
        ReservationUnknown: there is none.
    """
    return _read(session, _reserve_entry(session, reservation_id))


def charge(
    session: Session, reservation_id: str, picture: str, units: int, note: str = "", at: datetime | None = None
) -> Entry:
    """Charge one delivered picture; charging the same picture again costs nothing more.

    Args:
        session: of the transaction that records the delivery.
        reservation_id: the reservation that holds the credits.
        picture: names the picture within the reservation, 1 to 200 characters.
        units: its price.
        note: for the statement; no personal data.
        at: when it happened; now by default.
    Raises:
        ReservationUnknown, IdempotencyKeyInvalid: see there.
        ReservationClosed: it has ended.
        UnitsInvalid: more than is still held.
        IdempotencyConflict: the picture was charged at another price.
    """
    check_key(picture)
    held = _reserve_entry(session, reservation_id)
    tip = lock_chain_tip(session, held.account_id)
    asked = select(Entry).where(Entry.reservation_id == reservation_id, Entry.picture == picture)
    known = session.scalars(asked).one_or_none()
    if known is not None:
        if known.consumed != units:
            raise IdempotencyConflict(picture)
        return known
    state = _read(session, held)
    if state.state != "open":
        raise ReservationClosed(reservation_id, state.state)
    check_units(units, most=state.units - state.charged)
    movement = CreditMovement(reserved=-units, consumed=units)
    return append(session, tip, "charge", movement, at, reservation_id=reservation_id, picture=picture, note=note)


def commit(
    session: Session, reservation_id: str, units: int | None = None, note: str = "", at: datetime | None = None
) -> Reservation:
    """End a reservation whose work is done: charge the total and release the rest.

    Args:
        session: of an open transaction.
        reservation_id: the reservation that holds the credits.
        units: total charge, including single pictures; None for the sum of these.
        note: for the statement; no personal data.
        at: when it happened; now by default.
    Raises:
        ReservationUnknown: there is none.
        ReservationClosed: it has ended in another way; repeating the same end changes nothing.
        UnitsInvalid: less than was charged already, or more than was reserved.
    """
    return _end(session, reservation_id, "commit", units, note, at)


def void(session: Session, reservation_id: str, note: str = "", at: datetime | None = None) -> Reservation:
    """End a reservation whose work will not be done; pictures that were charged stay charged.

    Raises:
        ReservationUnknown, ReservationClosed: see ``commit``.
    """
    return _end(session, reservation_id, "void", None, note, at)


def expire(session: Session, reservation_id: str, at: datetime | None = None) -> Reservation:
    """End a reservation that was not ended in time; like ``void``."""
    return _end(session, reservation_id, "expire", None, "", at)


def expire_reservations(database: Database, at: datetime | None = None, most: int = 1000) -> int:
    """Expire the reservations whose time has passed, each in a separate transaction.

    Args:
        database: of the installation.
        at: now by default.
        most: how many at most.
    Returns:
        Number of reservations ended.
    """
    instant = at or now()
    passed = select(OpenReservation.reservation_id).where(OpenReservation.expires_at <= instant)
    with database.transaction() as session:
        due = list(session.scalars(passed.order_by(OpenReservation.expires_at).limit(most)))
    ended = 0
    for reservation_id in due:
        with database.transaction() as session:
            lock_chain_tip(session, _reserve_entry(session, reservation_id).account_id)
            if find_reservation(session, reservation_id).state == "open":
                expire(session, reservation_id, instant)
                ended += 1
    return ended


def _end(
    session: Session, reservation_id: str, kind: str, units: int | None, note: str, at: datetime | None
) -> Reservation:
    held = _reserve_entry(session, reservation_id)
    tip = lock_chain_tip(session, held.account_id)
    before = _read(session, held)
    if before.state != "open":
        if before.state == _ENDED_AS[kind] and units in {None, before.charged}:
            return before
        raise ReservationClosed(reservation_id, before.state)
    total = before.charged if units is None else units
    if not before.charged <= total <= before.units:
        raise UnitsInvalid(total, before.charged, before.units)
    rest, last = before.units - total, total - before.charged
    movement = CreditMovement(available=rest, reserved=-(rest + last), consumed=last)
    append(session, tip, kind, movement, at, reservation_id=reservation_id, ends=reservation_id, note=note)
    session.execute(delete(OpenReservation).where(OpenReservation.reservation_id == reservation_id))
    return Reservation(before.id, before.account_id, before.key, before.body_hash, before.units, total, _ENDED_AS[kind])


def _read(session: Session, held: Entry) -> Reservation:
    end = func.max(case((Entry.ends.is_not(None), Entry.kind)))
    asked = select(func.coalesce(func.sum(Entry.consumed), 0), end).where(Entry.reservation_id == held.id)
    charged, ended_by = session.execute(asked).one()
    state = "open" if ended_by is None else _ENDED_AS[ended_by]
    return Reservation(
        held.id, held.account_id, held.key or "", held.body_hash or "", held.reserved, int(charged), state
    )


def _reserve_entry(session: Session, reservation_id: str) -> Entry:
    held = session.get(Entry, reservation_id)
    if held is None or held.kind != "reserve":
        raise ReservationUnknown(reservation_id)
    return held
