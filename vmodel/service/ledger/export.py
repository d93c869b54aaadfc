"""Export of ledger and audit log as text, for auditors and other systems; docs/service.md says how to check it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy import select

from vmodel.core.database import Database, now
from vmodel.service.accounts.audit_log import AuditEvent, content_of, events_that, range_of, read_events
from vmodel.service.hash_chain import plain_values, seal
from vmodel.service.ledger.checkpoints import plain_head
from vmodel.service.ledger.entries import DailyHead, Entry, HeadLeaf, read_entries
from vmodel.service.ledger.signing_key import key_id, public_pem

_ENTRY = tuple(column.key for column in Entry.__table__.columns)
_EVENT = tuple(column.key for column in AuditEvent.__table__.columns)


def export_ledger(database: Database, stream: TextIO, public_key: Ed25519PublicKey) -> int:
    """Write one JSON object per line: the public key, every entry by account and number, every head with its leaves.

    Args:
        database: of the installation; others may write to it meanwhile.
        stream: open for text.
        public_key: of the key that signs heads here.
    Returns:
        Number of entries written.
    """
    _write_key(stream, public_key)
    written = 0
    for row in read_entries(database):
        _write(stream, {"type": "entry", **plain_values(row, _ENTRY)})
        written += 1
    with database.transaction() as session:
        for head in session.scalars(select(DailyHead).order_by(DailyHead.number)):
            leaves = session.scalars(select(HeadLeaf).where(HeadLeaf.head == head.number))
            signed = {"digest": head.digest, "signature": head.signature}
            _write(stream, {"type": "head", **plain_head(head, leaves), **signed})
    return written


def export_audit(
    database: Database,
    stream: TextIO,
    key: Ed25519PrivateKey,
    since: datetime | None = None,
    until: datetime | None = None,
    account_id: str | None = None,
) -> int:
    """Write one JSON object per line: the public key, the events that are picked, and a signed end.

    Of an event in between that is not picked, a ``link`` tells the hash of what it says only, so that the chain can be
    followed and nobody reads of others.

    Args:
        database: of the installation; others may write to it meanwhile.
        stream: open for text.
        key: that signs heads here.
        since: the first moment; None for the beginning of the log.
        until: the first moment after them; None for its end.
        account_id: who did it, or to whom it was done; None for everybody.
    Returns:
        Number of events written.
    """
    _write_key(stream, key.public_key())
    picked = events_that(since, until, account_id)
    with database.reading() as session:
        first, last = range_of(session, picked)
    written, end = 0, ""
    for row in read_events(database, max(0, first - 1), picked):
        if row.number > last:
            break
        if row.picked:
            _write(stream, {"type": "event", **plain_values(row, _EVENT)})
            written += 1
        else:
            link = plain_values(row, ("number", "previous", "digest"))
            _write(stream, {"type": "link", **link, "content": content_of(row)})
        end = row.digest
    ended: dict[str, Any] = {
        "type": "end",
        "at": _told(now()),
        "since": _told(since),
        "until": _told(until),
        "account": account_id,
    }
    ended |= {"first": first, "number": last, "last": end, "key_id": key_id(key.public_key())}
    signature = key.sign(bytes.fromhex(seal(ended))).hex()
    _write(stream, {**ended, "signature": signature})
    return written


def _told(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _write_key(stream: TextIO, key: Ed25519PublicKey) -> None:
    _write(stream, {"type": "key", "key_id": key_id(key), "public_key": public_pem(key)})


def _write(stream: TextIO, plain: dict[str, Any]) -> None:
    stream.write(json.dumps(plain, ensure_ascii=False) + "\n")
