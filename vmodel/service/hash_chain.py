"""Hash chain of rows that are only added: each holds the digest of the one before, so that a change or a gap shows.

The ledger has one chain for each seller, the audit log one for the installation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, select, tuple_

from vmodel.core.database import Database
from vmodel.core.hashing import canonical_json

BEGINNING = "0" * 64
"""Previous digest of a chain's first row."""
_ROWS = 2000
"""Rows read in one transaction."""


@dataclass(frozen=True)
class Break:
    """Place where a chain is not as it was written.

    Attributes:
        problem: missing, moved or changed.
        what: the rest of a sentence that begins with the row's name.
    """

    problem: str
    what: str


def seal(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical JSON (RFC 8785) of plain values, hexadecimal.

    Raises:
        ValueError: it holds a fraction.
    """
    return hashlib.sha256(canonical_json(content)).hexdigest()


def plain_values(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """Return a row's columns as they are hashed and exported: instants as UTC text with microseconds."""
    values = {name: getattr(row, name) for name in names}
    return {name: _plain_moment(value) if isinstance(value, datetime) else value for name, value in values.items()}


def add_link(tip: Any, row: Any, digest_of: Callable[[Any], str]) -> None:
    """Give a new row its number, chain it to the last one, and move the tip on to it.

    Args:
        tip: has the number and the digest of the last row; the transaction has locked it, so that no chain forks.
        row: gets ``number``, ``previous`` and ``digest``; everything else is there.
        digest_of: returns a row's digest.
    """
    row.number, row.previous = tip.number + 1, tip.digest
    row.digest = digest_of(row)
    tip.number, tip.digest = row.number, row.digest


def find_break(number: int, digest: str, row: Any, digest_of: Callable[[Any], str]) -> Break | None:
    """Return what is wrong where a row follows another one; None if nothing is.

    Args:
        number: of the row before; 0 for the first.
        digest: of the row before; ``BEGINNING`` for the first.
        row: as it was read.
        digest_of: returns a row's digest.
    """
    if row.number != number + 1:
        return Break("missing", "is gone")
    if row.previous != digest:
        return Break("moved", "does not follow the one before it")
    if not is_digest(row.digest, digest_of, row):
        return Break("changed", "is not what was written")
    return None


def is_digest(digest: str, digest_of: Callable[..., str], *values: Any) -> bool:
    """Return whether values have this digest."""
    try:
        return digest == digest_of(*values)
    except ValueError:  # a fraction, which nothing genuine has
        return False


def read_rows(
    database: Database, table: FromClause, order: Iterable[str], after: Iterable[Any], *more: ColumnElement[Any]
) -> Iterator[Any]:
    """Yield the rows of a table, read in batches so that writers do not wait for long.

    Args:
        database: of the installation.
        table: to read.
        order: names of columns that are unique together.
        after: values of these columns; rows up to there are left out.
        more: further columns.
    """
    columns, last = tuple(table.c[name] for name in order), tuple(after)
    while True:
        with database.reading() as session:
            asked = select(table, *more).where(tuple_(*columns) > last).order_by(*columns).limit(_ROWS)
            rows = session.execute(asked).all()
        yield from rows
        if len(rows) < _ROWS:
            return
        last = tuple(getattr(rows[-1], column.key) for column in columns)


def _plain_moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
