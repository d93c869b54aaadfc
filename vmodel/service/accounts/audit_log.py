"""Audit log: who did what to whom; append-only like the ledger."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.core.database import Moment, Table, new_id, now


class AuditEvent(Table):
    """Recorded action.

    Attributes:
        who: id of the account that did it; None if nobody was signed in.
        what: a word, e.g. "key.create".
        whom: id of the account or thing it was done to.
        details: JSON object of plain values; never a secret.
    """

    __tablename__ = "audit_event"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment, index=True)
    who: Mapped[str | None] = mapped_column(String(32), index=True)
    what: Mapped[str] = mapped_column(String(64))
    whom: Mapped[str | None] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text)


def audit(
    session: Session, who: str | None, what: str, whom: str | None = None, **details: str | int | bool | None
) -> None:
    """Record an action in the transaction that performs it.

    Args:
        session: of that transaction.
        who: id of the account; None if nobody is signed in.
        what: a word, e.g. "key.create".
        whom: id of the account or thing it is done to.
        details: further plain values; never a secret.
    """
    kept = json.dumps(details, sort_keys=True, ensure_ascii=False)
    session.add(AuditEvent(id=new_id(), at=now(), who=who, what=what, whom=whom, details=kept))
    session.flush()


def list_audit(session: Session, limit: int = 100, who: str | None = None) -> list[AuditEvent]:
    """List the latest events, or those of one account, the newest first."""
    wanted = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    return list(session.scalars(wanted if who is None else wanted.where(AuditEvent.who == who)))
