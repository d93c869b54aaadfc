"""Monthly statements of a seller's credits, for people, for spreadsheets and for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.core.texts import escape_csv_formula
from vmodel.service.accounts.users import Account
from vmodel.service.errors import UnknownAccount
from vmodel.service.ledger.accounting_periods import check_period
from vmodel.service.ledger.entries import BOOKS, Entry
from vmodel.service.ledger.reservations import Balance

_COLUMNS = (
    "number",
    "at",
    "kind",
    "available",
    "reserved",
    "consumed",
    "available_after",
    "reserved_after",
    "consumed_after",
    "key",
    "reservation",
    "picture",
    "corrects",
    "note",
    "id",
)


@dataclass(frozen=True)
class Line:
    """One entry on a statement.

    Attributes:
        number: of the entry in the seller's ledger.
        at: UTC, ISO 8601.
        kind: see ``vmodel.service.ledger.entries.Entry``.
        available, reserved, consumed: credits that came into each book.
        available_after, reserved_after, consumed_after: balances after the entry, by the bookings up to this month.
        key, reservation, picture, corrects, note: as given when it was booked.
        id: of the entry.
    """

    number: int
    at: str
    kind: str
    available: int
    reserved: int
    consumed: int
    available_after: int
    reserved_after: int
    consumed_after: int
    key: str
    reservation: str
    picture: str
    corrects: str
    note: str
    id: str


@dataclass(frozen=True)
class Statement:
    """Statement of one month of one seller.

    Attributes:
        account_id, name: of the seller.
        period: "2026-11".
        closed: nothing can be added to this month any more.
        opening, closing: balances before and after the month.
        lines: entries in the order of the ledger.
    """

    account_id: str
    name: str
    period: str
    closed: bool
    opening: Balance
    closing: Balance
    lines: tuple[Line, ...]

    def consumed_by_day(self) -> dict[str, int]:
        """Return the credits charged on each day, less refunds, by UTC date; days without any are left out."""
        days: dict[str, int] = {}
        for line in self.lines:
            if line.consumed:
                days[line.at[:10]] = days.get(line.at[:10], 0) + line.consumed
        return days

    def totals(self) -> dict[str, int]:
        """Return the month's credits by movement: granted, lapsed, withdrawn, charged, refunded."""
        of_kinds = {
            "granted": ("available", {"grant", "quota"}, 1),
            "lapsed": ("available", {"lapse"}, -1),
            "withdrawn": ("available", {"withdraw"}, -1),
            "charged": ("consumed", {"charge", "commit"}, 1),
            "refunded": ("available", {"refund"}, 1),
        }
        return {
            name: sign * sum(getattr(line, book) for line in self.lines if line.kind in kinds)
            for name, (book, kinds, sign) in of_kinds.items()
        }


def make_statement(session: Session, account_id: str, period: str) -> Statement:
    """Make the statement of a month.

    Args:
        session: of an open transaction.
        account_id: the seller; the account may be closed.
        period: "2026-11".
    Raises:
        PeriodInvalid, UnknownAccount: see there.
    """
    check_period(period)
    account = session.get(Account, account_id)
    if account is None:
        raise UnknownAccount(account_id)
    sums = [func.coalesce(func.sum(getattr(Entry, book)), 0) for book in BOOKS[1:]]
    before = select(*sums).where(Entry.account_id == account_id, Entry.period < period)
    opening = Balance(*(int(units) for units in session.execute(before).one()))
    booked = select(Entry).where(Entry.account_id == account_id, Entry.period == period).order_by(Entry.number)
    entries = list(session.scalars(booked))
    lines = tuple(_lines(entries, opening))
    closing = (
        Balance(lines[-1].available_after, lines[-1].reserved_after, lines[-1].consumed_after) if lines else opening
    )
    closed = any(entry.kind == "close" for entry in entries)
    return Statement(account_id, account.name, period, closed, opening, closing, lines)


def list_periods(session: Session, account_id: str) -> list[str]:
    """List the months in which a seller has entries, the newest first."""
    months = select(Entry.period).where(Entry.account_id == account_id).distinct().order_by(Entry.period.desc())
    return list(session.scalars(months))


def _lines(entries: list[Entry], opening: Balance) -> Iterator[Line]:
    after = [opening.available, opening.reserved, opening.consumed]
    for entry in entries:
        moves = [getattr(entry, book) for book in BOOKS[1:]]
        after = [there + move for there, move in zip(after, moves, strict=True)]
        at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
        yield Line(
            entry.number,
            at,
            entry.kind,
            *(moves[0], moves[1], moves[2]),
            *(after[0], after[1], after[2]),
            key=entry.key or "",
            reservation=entry.reservation_id or "",
            picture=entry.picture or "",
            corrects=entry.corrects or "",
            note=entry.note,
            id=entry.id,
        )


def as_csv(statement: Statement) -> str:
    """Format the statement as CSV for spreadsheets; the opening balances come before the entries."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    opening = statement.opening
    books = (opening.available, opening.reserved, opening.consumed)
    writer.writerow(["", f"{statement.period}-01", "opening", 0, 0, 0, *books, *[""] * 6])
    for line in statement.lines:
        cells = (getattr(line, column) for column in _COLUMNS)
        writer.writerow([escape_csv_formula(cell) if isinstance(cell, str) else cell for cell in cells])
    return stream.getvalue()


def as_json(statement: Statement, made_at: datetime) -> str:
    """Format the statement as JSON for programs."""
    plain = asdict(statement)
    plain["totals"] = statement.totals()
    plain["consumed_by_day"] = statement.consumed_by_day()
    plain["made_at"] = made_at.astimezone(UTC).isoformat(timespec="seconds")
    return json.dumps(plain, ensure_ascii=False, indent=1)
