"""Verification that ledger and audit log are as they were written: every chain, every balance, every signed head."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from vmodel.core.database import Database, now
from vmodel.service.accounts.audit_log import AuditEvent, AuditTip, digest_of_event, read_events
from vmodel.service.hash_chain import BEGINNING, find_break, is_digest
from vmodel.service.ledger.checkpoints import digest_of_head
from vmodel.service.ledger.entries import (
    BOOKS,
    CLOCKS_DIFFER,
    ChainTip,
    ClosedPeriod,
    DailyHead,
    Entry,
    HeadLeaf,
    digest_of,
    is_ahead,
    period_of,
    read_entries,
)
from vmodel.service.ledger.signing_key import key_id

AUDIT = "audit"
"""Name of the audit log's chain among those of sellers."""


@dataclass(frozen=True)
class Fault:
    """First fault of a chain.

    Attributes:
        account_id: the chain's seller; ``AUDIT`` for the audit log, empty for the chain of heads.
        number: of the entry, event or head.
        entry_id: of the entry or event; empty if it is missing.
        problem: changed, missing, moved, unbalanced, wrong_move, wrong_balance, late, cut, head_changed, head_missing,
            head_forged or head_differs; ahead for what ``find_ahead`` notes.
        message: one sentence.
    """

    account_id: str
    number: int
    entry_id: str
    problem: str
    message: str


@dataclass
class _Chain:
    """State of one seller's chain while its entries are read."""

    account_id: str
    number: int = 0
    digest: str = BEGINNING
    books: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BOOKS, 0))
    held: dict[str, int] = field(default_factory=dict)
    closed: str = ""


def verify(
    database: Database, public_keys: Sequence[Ed25519PublicKey], witnessed: Mapping[int, str] | None = None
) -> list[Fault]:
    """Read the whole ledger and the audit log and report their faults.

    Args:
        database: of the installation; others may write to it meanwhile.
        public_keys: of those who may sign heads.
        witnessed: head number -> digest known from outside the database, see ``read_witness``.
    Returns:
        First fault of each chain; empty if everything is as it was written.
    """
    faults = list(_check_heads(database, public_keys, witnessed or {}))
    chains = [*_check_chains(database), *_check_audit(database)]
    named = {fault.account_id for fault in chains}
    compared = (*_compare_with_heads(database), *_compare_audit_with_heads(database))
    faults += chains + [fault for fault in compared if fault.account_id not in named]
    return faults


def find_ahead(database: Database, at: datetime | None = None) -> list[Fault]:
    """Report what a wrong clock has dated ahead of its time; nothing of it was altered, and it is set aside.

    Args:
        database: of the installation.
        at: now by default.
    Returns:
        One note, its problem "ahead", for each head, each closed month, and each seller with entries or free credits of
        the future.
    """
    instant = at or now()
    latest, month = instant + CLOCKS_DIFFER, period_of(instant + CLOCKS_DIFFER)
    following = aliased(DailyHead)
    out_of_order = select(DailyHead.number, DailyHead.day, DailyHead.at, following.at).outerjoin(
        following, following.number == DailyHead.number + 1
    )
    entries = select(Entry.account_id, func.min(Entry.number), func.max(Entry.at)).where(Entry.at > latest)
    months = select(ChainTip.account_id, ChainTip.number, ChainTip.quota_period).where(ChainTip.quota_period > month)
    with database.reading() as session:
        heads = session.execute(out_of_order.order_by(DailyHead.number)).all()
        dated = session.execute(entries.group_by(Entry.account_id).order_by(Entry.account_id)).all()
        granted = session.execute(months.order_by(ChainTip.account_id)).all()
        closed = session.scalars(select(ClosedPeriod.period).where(ClosedPeriod.period > month)).all()
    found = [
        _ahead("", number, f"Head {number} is dated {day}")
        for number, day, signed_at, next_at in heads
        if is_ahead(signed_at, min(instant, next_at or instant))
    ]
    found += [_ahead("", 0, f"The month {period} is closed") for period in closed]
    found += [
        _ahead(account_id, number, f"Entries of {account_id} from {number} on are dated up to {last:%Y-%m-%d}")
        for account_id, number, last in dated
    ]
    return found + [
        _ahead(account_id, number, f"{account_id} has the free credits of {period}")
        for account_id, number, period in granted
    ]


def _ahead(account_id: str, number: int, what: str) -> Fault:
    message = (
        f"{what}, ahead of its time: a clock was wrong, or this machine's is. Nothing was altered; set the clocks."
    )
    return Fault(account_id, number, "", "ahead", message)


def _check_chains(database: Database) -> Iterator[Fault]:
    with database.transaction() as session:
        ends = {tip.account_id: tip for tip in session.scalars(select(ChainTip))}
    chain, broken = _Chain(""), ""
    for row in read_entries(database):
        if row.account_id != chain.account_id:
            if chain.account_id != broken:
                yield from _check_end(chain, ends)
            ends.pop(chain.account_id, None)
            chain = _Chain(row.account_id)
        if row.account_id == broken:
            continue
        fault = _check_entry(chain, row) or _check_known_end(row, ends)
        if fault is not None:
            broken = row.account_id
            yield fault
    if chain.account_id and chain.account_id != broken:
        yield from _check_end(chain, ends)
    ends.pop(chain.account_id, None)
    for account_id in sorted(ends):
        yield from _check_end(_Chain(account_id), ends)


def _check_entry(chain: _Chain, row: Any) -> Fault | None:
    found = find_break(chain.number, chain.digest, row, digest_of)
    if found is not None and found.problem == "missing":
        number = chain.number + 1
        return Fault(row.account_id, number, "", found.problem, f"Entry {number} of {row.account_id} {found.what}.")
    if found is not None:
        return _fault(row, found.problem, found.what)
    chain.number, chain.digest = row.number, row.digest
    return _check_credits(chain, row) or _check_period(chain, row)


def _check_credits(chain: _Chain, row: Any) -> Fault | None:
    for book in BOOKS:
        chain.books[book] += getattr(row, book)
    after = (row.available_after, row.reserved_after, row.consumed_after)
    counted = tuple(chain.books[book] for book in BOOKS[1:])
    if sum(chain.books.values()) != 0 or after != counted or min(after) < 0:
        return _fault(row, "unbalanced", f"leaves {after} in the books, which come to {counted}")
    if row.kind == "reserve":
        chain.held[row.id] = row.reserved
    elif row.reservation_id is not None:
        left = chain.held.pop(row.reservation_id, 0) + row.reserved
        if left < 0 or row.reserved > 0 or (row.ends is not None and left != 0):
            return _fault(row, "wrong_move", "takes more from its reservation than was held, or ends it twice")
        if row.ends is None:
            chain.held[row.reservation_id] = left
    if sum(chain.held.values()) != row.reserved_after:
        return _fault(row, "wrong_move", "does not leave in reserve what open reservations hold")
    return None


def _check_period(chain: _Chain, row: Any) -> Fault | None:
    if row.period <= chain.closed:
        return _fault(row, "late", f"is booked in {row.period}, which was closed before")
    if row.kind == "close":
        chain.closed = row.period
    return None


def _check_known_end(row: Any, ends: dict[str, ChainTip]) -> Fault | None:
    tip = ends.get(row.account_id)
    if tip is None or row.number != tip.number:
        return None
    if row.digest != tip.digest:
        return _fault(row, "changed", "is not the one that was written last")
    after = (row.available_after, row.reserved_after, row.consumed_after)
    told = (tip.available, tip.reserved, tip.consumed)
    if after != told:
        return _fault(row, "wrong_balance", f"leaves {after} in the books, but the account's balance says {told}")
    return None


def _check_end(chain: _Chain, ends: dict[str, ChainTip]) -> Iterator[Fault]:
    tip = ends.get(chain.account_id)
    number = 0 if tip is None else tip.number
    if chain.account_id and chain.number < number:
        missing = chain.number + 1
        message = f"Entry {missing} of {chain.account_id} and what followed up to {number} is cut off."
        yield Fault(chain.account_id, missing, "", "cut", message)


def _fault(row: Any, problem: str, what: str) -> Fault:
    message = f"Entry {row.number} of {row.account_id} ({row.kind}, {row.id}) {what}."
    return Fault(row.account_id, row.number, row.id, problem, message)


def _check_heads(
    database: Database, public_keys: Sequence[Ed25519PublicKey], witnessed: Mapping[int, str]
) -> Iterator[Fault]:
    trusted = {key_id(key): key for key in public_keys}
    number, digest = 0, BEGINNING
    while True:
        number += 1
        with database.transaction() as session:
            following = select(DailyHead).where(DailyHead.number >= number).order_by(DailyHead.number).limit(1)
            head = session.scalars(following).one_or_none()
            leaves = list(session.scalars(select(HeadLeaf).where(HeadLeaf.head == number)))
        if head is None:
            if number <= max(witnessed, default=0):
                yield Fault("", number, "", "head_missing", f"Head {number} is gone.")
            return
        fault = _check_head(head, leaves, number, digest, trusted)
        if fault is None and witnessed.get(number, head.digest) != head.digest:
            fault = Fault("", number, "", "head_changed", f"Head {number} of {head.day} is not what was signed.")
        if fault is not None:
            yield fault
            return
        digest = head.digest


def _check_head(
    head: DailyHead, leaves: list[HeadLeaf], number: int, previous: str, trusted: dict[str, Ed25519PublicKey]
) -> Fault | None:
    if head.number != number:
        return Fault("", number, "", "head_missing", f"Head {number} is gone.")
    name = f"Head {number} of {head.day}"
    if head.previous != previous or not is_digest(head.digest, digest_of_head, head, leaves):
        return Fault("", number, "", "head_changed", f"{name} is not what was signed.")
    if head.key_id not in trusted:
        return Fault("", number, "", "head_forged", f"{name} is signed with a key that is not trusted here.")
    try:
        trusted[head.key_id].verify(bytes.fromhex(head.signature), bytes.fromhex(head.digest))
    except (InvalidSignature, ValueError):
        return Fault("", number, "", "head_forged", f"The signature of {name.lower()} is wrong.")
    return None


def _compare_with_heads(database: Database) -> Iterator[Fault]:
    same = and_(Entry.account_id == HeadLeaf.account_id, Entry.number == HeadLeaf.number)
    asked = (
        select(HeadLeaf.account_id, HeadLeaf.number, HeadLeaf.head, Entry.id)
        .outerjoin(Entry, same)
        .where(or_(Entry.digest.is_(None), Entry.digest != HeadLeaf.digest))
        .order_by(HeadLeaf.account_id, HeadLeaf.number)
    )
    with database.transaction() as session:
        differing = session.execute(asked).all()
    seen: set[str] = set()
    for account_id, number, head, entry_id in differing:
        if account_id not in seen:
            seen.add(account_id)
            what = "is gone" if entry_id is None else "was written anew"
            message = f"Entry {number} of {account_id}, which head {head} was signed over, {what}."
            yield Fault(account_id, number, entry_id or "", "head_differs", message)


def _check_audit(database: Database) -> Iterator[Fault]:
    with database.reading() as session:
        tip = session.scalars(select(AuditTip)).one_or_none()
    number, digest = 0, BEGINNING
    for row in read_events(database):
        found = find_break(number, digest, row, digest_of_event)
        if found is not None and found.problem == "missing":
            yield Fault(AUDIT, number + 1, "", found.problem, f"Audit event {number + 1} {found.what}.")
            return
        if found is not None:
            yield _audit_fault(row, found.problem, found.what)
            return
        number, digest = row.number, row.digest
        if tip is not None and number == tip.number and digest != tip.digest:
            yield _audit_fault(row, "changed", "is not the one that was written last")
            return
    if tip is None:
        yield Fault(AUDIT, number, "", "missing", "The row that holds the end of the audit log is gone.")
    elif number < tip.number:
        what = f"Audit event {number + 1} and what followed up to {tip.number} is cut off."
        yield Fault(AUDIT, number + 1, "", "cut", what)


def _audit_fault(row: Any, problem: str, what: str) -> Fault:
    return Fault(AUDIT, row.number, row.id, problem, f"Audit event {row.number} ({row.what}, {row.id}) {what}.")


def _compare_audit_with_heads(database: Database) -> Iterator[Fault]:
    differing = or_(AuditEvent.digest.is_(None), AuditEvent.digest != DailyHead.audit_digest)
    asked = (
        select(DailyHead.audit_number, DailyHead.number, AuditEvent.id)
        .outerjoin(AuditEvent, AuditEvent.number == DailyHead.audit_number)
        .where(DailyHead.audit_number > 0, differing)
        .order_by(DailyHead.audit_number)
        .limit(1)
    )
    with database.reading() as session:
        for number, head, event_id in session.execute(asked):
            what = "is gone" if event_id is None else "was written anew"
            message = f"Audit event {number}, which head {head} was signed over, {what}."
            yield Fault(AUDIT, number or 0, event_id or "", "head_differs", message)
