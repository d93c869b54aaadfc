"""Tables of the ledger, and the only function that adds entries to it.

Each seller has four books in whole credits: issued (the operator's side, never above zero), available, reserved, and
consumed (what the operator has earned). Every entry moves credits between them, so that they always sum to zero.
Entries of a seller are numbered and chained by SHA-256; the database rejects changes and deletions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table, UtcDateTime, hold_lock, new_id, now
from vmodel.service.accounts.users import Account
from vmodel.service.errors import IdempotencyKeyInvalid, UnitsInvalid, UnknownAccount
from vmodel.service.hash_chain import BEGINNING, add_link, plain_values, read_rows, seal

BOOKS = ("issued", "available", "reserved", "consumed")
MOST_UNITS = 10**12
KEY_LENGTH = 200
PERIODS_LOCK = 0x6D6F6E746873
"""Number of the lock of whoever closes a month; those who begin a seller's chain share it."""
CLOCKS_DIFFER = timedelta(days=1)
"""How far the clocks of an installation's machines may be apart; what lies further in the future is set aside."""


class Entry(Table):
    """One line of a seller's ledger; never changed, never deleted.

    Attributes:
        number: 1, 2, 3 ... within the account.
        kind: grant, quota, lapse, withdraw, reserve, charge, commit, void, expire, refund, close.
        issued, available, reserved, consumed: credits that come into each book; they sum to zero.
        available_after, reserved_after, consumed_after: balances after the entry; issued is minus their sum.
        key: idempotency key, permanently unique within account and kind.
        body_hash: of the request that used the key.
        reservation_id: the reserve entry that a charge or an end belongs to.
        ends: the same, for the entry that ends a reservation; unique.
        picture: the charged picture; unique within a reservation.
        corrects: the charge or commit that a refund takes back.
        period: month in which it is booked, "2026-11".
        note: for the statement; holds no personal data.
        at: when it happened.
        previous, digest: SHA-256 of the entry before and of this one, hexadecimal.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("account_id", "number"),
        UniqueConstraint("account_id", "kind", "key"),
        UniqueConstraint("reservation_id", "picture"),
        Index("ix_ledger_entry_account_id_period", "account_id", "period"),
        CheckConstraint("issued + available + reserved + consumed = 0", "zero_sum"),
        CheckConstraint("available_after >= 0 AND reserved_after >= 0 AND consumed_after >= 0", "no_debt"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    number: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(16))
    issued: Mapped[int] = mapped_column(BigInteger)
    available: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    consumed: Mapped[int] = mapped_column(BigInteger)
    available_after: Mapped[int] = mapped_column(BigInteger)
    reserved_after: Mapped[int] = mapped_column(BigInteger)
    consumed_after: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[str | None] = mapped_column(String(200))
    body_hash: Mapped[str | None] = mapped_column(String(128))
    reservation_id: Mapped[str | None] = mapped_column(ForeignKey("ledger_entry.id"))
    ends: Mapped[str | None] = mapped_column(String(32), unique=True)
    picture: Mapped[str | None] = mapped_column(String(200))
    corrects: Mapped[str | None] = mapped_column(ForeignKey("ledger_entry.id"), index=True)
    period: Mapped[str] = mapped_column(String(7))
    note: Mapped[str] = mapped_column(String(400))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class ChainTip(Table):
    """End of a seller's chain; a transaction that adds to the chain locks it.

    Attributes:
        number, digest: of the last entry.
        available, reserved, consumed: credits in the books.
        open_period: the earliest month that entries are still booked in.
        quota_period: the month whose free credits were granted; empty before the first.
    """

    __tablename__ = "ledger_tip"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    available: Mapped[int] = mapped_column(BigInteger)
    reserved: Mapped[int] = mapped_column(BigInteger)
    consumed: Mapped[int] = mapped_column(BigInteger)
    open_period: Mapped[str] = mapped_column(String(7))
    quota_period: Mapped[str] = mapped_column(String(7))


class OpenReservation(Table):
    """Reservation that has not ended, listed for its expiry; the ledger itself is authoritative."""

    __tablename__ = "ledger_open_reservation"

    reservation_id: Mapped[str] = mapped_column(ForeignKey("ledger_entry.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), index=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ClosedPeriod(Table):
    """Month whose closing has begun; a seller who joins later has no entries in it."""

    __tablename__ = "ledger_closed_period"

    period: Mapped[str] = mapped_column(String(7), primary_key=True)
    closed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DailyHead(Table):
    """Signed state of all chains at one moment.

    Attributes:
        number: 1, 2, 3 ...
        day: UTC date of the moment, "2026-11-24".
        accounts: sellers whose chain has grown since the last head.
        entries: of all sellers, so far.
        previous, digest: SHA-256 of the head before and of this one.
        key_id: SHA-256 of the public key.
        audit_number, audit_digest: of the last event of the audit log; None in heads from before it was chained.
        signature: Ed25519 over the digest's bytes, hexadecimal.
    """

    __tablename__ = "ledger_head"

    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    day: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    accounts: Mapped[int] = mapped_column(Integer)
    entries: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    key_id: Mapped[str] = mapped_column(String(64))
    signature: Mapped[str] = mapped_column(String(128))
    audit_number: Mapped[int | None] = mapped_column(BigInteger)
    audit_digest: Mapped[str | None] = mapped_column(String(64))


class HeadLeaf(Table):
    """End of one seller's chain when a head was signed; only for sellers whose chain had grown."""

    __tablename__ = "ledger_head_leaf"

    head: Mapped[int] = mapped_column(ForeignKey("ledger_head.number"), primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))


@dataclass(frozen=True)
class CreditMovement:
    """Credits that come into each book; they sum to zero."""

    issued: int = 0
    available: int = 0
    reserved: int = 0
    consumed: int = 0


def lock_chain_tip(session: Session, account_id: str) -> ChainTip:
    """Return the end of a seller's chain, created on first use and locked until the transaction ends.

    Raises:
        UnknownAccount: there is no such account.
    """
    asked = (
        select(ChainTip)
        .where(ChainTip.account_id == account_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    tip = session.scalars(asked).one_or_none()
    if tip is not None:
        return tip
    account = select(Account.id).where(Account.id == account_id).with_for_update(key_share=True)
    if session.scalar(account) is None:
        raise UnknownAccount(account_id)
    # Another transaction may have begun the chain while this one waited for the account.
    return session.scalars(asked).one_or_none() or _begin_chain(session, account_id)


def _begin_chain(session: Session, account_id: str) -> ChainTip:
    # No month may begin to close between the look at the closed months and the chain's first entry.
    hold_lock(session, PERIODS_LOCK, shared=True)
    closed = session.scalar(select(func.max(ClosedPeriod.period)))
    tip = ChainTip(
        account_id=account_id,
        number=0,
        digest=BEGINNING,
        available=0,
        reserved=0,
        consumed=0,
        open_period=next_period(closed) if closed else "0001-01",
        quota_period="",
    )
    session.add(tip)
    session.flush()
    return tip


def append(
    session: Session, tip: ChainTip, kind: str, movement: CreditMovement, at: datetime | None = None, **fields: Any
) -> Entry:
    """Add an entry to the chain that ``tip`` ends.

    Args:
        session: of an open transaction.
        tip: locked by this transaction.
        kind: see ``Entry``.
        movement: credits that come into each book.
        at: when it happened; now by default. An event of a closed month is booked in the first open one.
        fields: further columns of ``Entry``.
    """
    instant = at or now()
    entry = Entry(
        id=new_id(),
        account_id=tip.account_id,
        kind=kind,
        **{book: getattr(movement, book) for book in BOOKS},
        available_after=tip.available + movement.available,
        reserved_after=tip.reserved + movement.reserved,
        consumed_after=tip.consumed + movement.consumed,
        period=fields.pop("period", None) or max(period_of(instant), tip.open_period),
        note=fields.pop("note", "")[:400],
        at=instant.astimezone(UTC),
        **fields,
    )
    add_link(tip, entry, digest_of)
    session.add(entry)
    tip.available, tip.reserved, tip.consumed = entry.available_after, entry.reserved_after, entry.consumed_after
    session.flush()
    return entry


def find_keyed(session: Session, account_id: str, kind: str, key: str) -> Entry | None:
    """Return the entry of this kind with an idempotency key, or None."""
    asked = select(Entry).where(Entry.account_id == account_id, Entry.kind == kind, Entry.key == key)
    return session.scalars(asked).one_or_none()


def check_units(units: int, least: int = 1, most: int = MOST_UNITS) -> None:
    """Raise UnitsInvalid unless the credits are within ``least`` and ``most``."""
    if not least <= units <= most:
        raise UnitsInvalid(units, least, most)


def check_key(key: str) -> None:
    """Raise IdempotencyKeyInvalid unless the key has 1 to ``KEY_LENGTH`` characters."""
    if not 1 <= len(key) <= KEY_LENGTH:
        raise IdempotencyKeyInvalid(KEY_LENGTH)


def read_entries(database: Database) -> Iterator[Any]:
    """Yield the rows of all entries by account and number, read in batches so that writers do not wait for long."""
    return read_rows(database, Entry.__table__, ("account_id", "number"), ("", 0))


_HASHED = tuple(column.key for column in Entry.__table__.columns if column.key != "digest")


def digest_of(entry: Any) -> str:
    """Return the SHA-256 of an entry's canonical JSON, hexadecimal.

    Args:
        entry: an ``Entry``, or a row with its columns.
    """
    return seal(plain_values(entry, _HASHED))


def is_ahead(at: datetime, of: datetime) -> bool:
    """Return whether a recorded moment lies more than ``CLOCKS_DIFFER`` after another: a clock was wrong."""
    return at > of + CLOCKS_DIFFER


def period_of(at: datetime) -> str:
    """Return the month of an instant in UTC, written as 2026-11."""
    return f"{at.astimezone(UTC):%Y-%m}"


def next_period(period: str) -> str:
    """Return the month that follows."""
    year, month = (int(part) for part in period.split("-"))
    return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
