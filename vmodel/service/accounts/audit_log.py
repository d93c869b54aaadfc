"""Audit log: who did what to whom; append-only and chained like the ledger."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, String, Text, and_, func, or_, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Database, Table, UtcDateTime, new_id, now
from vmodel.service.hash_chain import add_link, plain_values, read_rows, seal

_CONTENT = ("id", "at", "who", "what", "whom", "details")


class AuditEvent(Table):
    """Recorded action.

    Attributes:
        who: id of the account that did it; None if nobody was signed in.
        what: a word, e.g. "key.create".
        whom: id of the account or thing it was done to.
        details: JSON object of plain values; never a secret.
        number: 1, 2, 3 ...
        previous, digest: of the event before and of this one, see ``digest_of_event``.
    """

    __tablename__ = "audit_event"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    who: Mapped[str | None] = mapped_column(String(32), index=True)
    what: Mapped[str] = mapped_column(String(64))
    whom: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text)
    number: Mapped[int] = mapped_column(BigInteger, unique=True)
    previous: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class AuditTip(Table):
    """End of the log, a single row; whoever adds to the log locks it.

    Attributes:
        number, digest: of the last event.
    """

    __tablename__ = "audit_tip"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))


def audit(
    session: Session, who: str | None, what: str, whom: str | None = None, **details: str | int | bool | None
) -> None:
    """Record an action in the transaction that performs it.

    Everybody else who records something waits until that transaction ends: do it last.

    Args:
        session: of that transaction.
        who: id of the account; None if nobody is signed in.
        what: a word, e.g. "key.create".
        whom: id of the account or thing it is done to.
        details: further plain values; never a secret.
    """
    kept = json.dumps(details, sort_keys=True, ensure_ascii=False)
    session.flush()  # whatever else the transaction locks, it has before it locks the log
    tip = lock_log(session)
    event = AuditEvent(id=new_id(), at=now(), who=who, what=what, whom=whom, details=kept)
    add_link(tip, event, digest_of_event)
    session.add(event)
    session.flush()


def list_audit(session: Session, limit: int = 100, who: str | None = None) -> list[AuditEvent]:
    """List the latest events, or those of one account, the newest first."""
    wanted = select(AuditEvent).order_by(AuditEvent.number.desc()).limit(limit)
    return list(session.scalars(wanted if who is None else wanted.where(AuditEvent.who == who)))


def lock_log(session: Session) -> AuditTip:
    """Return the end of the log, to which no other transaction adds until this one ends."""
    return session.scalars(select(AuditTip).with_for_update().execution_options(populate_existing=True)).one()


def content_of(event: Any) -> str:
    """Return the SHA-256 of what an event says, which stands for it where others may not read it."""
    return seal(plain_values(event, _CONTENT))


def digest_of_event(event: Any) -> str:
    """Return the SHA-256 that chains an event: of its number, the digest before it, and its ``content_of``."""
    return seal({"number": event.number, "previous": event.previous, "content": content_of(event)})


def read_events(database: Database, after: int = 0, picked: ColumnElement[bool] | None = None) -> Iterator[Any]:
    """Yield the rows of all events that follow a number, in order.

    Args:
        database: of the installation; others may write to it meanwhile.
        after: the number.
        picked: condition; each row tells in its last column ``picked`` whether it is met.
    """
    more = (true() if picked is None else picked).label("picked")
    return read_rows(database, AuditEvent.__table__, ("number",), (after,), more)


def events_that(since: datetime | None, until: datetime | None, account_id: str | None) -> ColumnElement[bool]:
    """Return the condition that picks events out.

    Args:
        since: the first moment; None for the beginning.
        until: the first moment after them; None for the end.
        account_id: who did it, or to whom it was done; None for everybody.
    """
    picked = [] if since is None else [AuditEvent.at >= since]
    picked += [] if until is None else [AuditEvent.at < until]
    if account_id is not None:
        told = AuditEvent.details.contains(f'"account": "{account_id}"', autoescape=True)
        picked.append(or_(AuditEvent.who == account_id, AuditEvent.whom == account_id, told))
    return and_(true(), *picked)


def range_of(session: Session, picked: ColumnElement[bool]) -> tuple[int, int]:
    """Return the first and the last number of the events that are picked; 0 and 0 if none is."""
    first, last = session.execute(select(func.min(AuditEvent.number), func.max(AuditEvent.number)).where(picked)).one()
    return first or 0, last or 0
