"""Export of the whole ledger as text, for auditors and for another system; docs/service.md says how to check it."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any, TextIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from vmodel.core.database import Database
from vmodel.service.ledger.entries import DailyHead, HeadLeaf, read_entries
from vmodel.service.ledger.signing_key import key_id, public_pem


def export_ledger(database: Database, stream: TextIO, public_key: Ed25519PublicKey) -> int:
    """Write one JSON object per line: the public key, every entry by account and number, every head with its leaves.

    Args:
        database: of the installation; others may write to it meanwhile.
        stream: open for text.
        public_key: of the key that signs heads here.
    Returns:
        Number of entries written.
    """
    _write(stream, {"type": "key", "key_id": key_id(public_key), "public_key": public_pem(public_key)})
    written = 0
    for row in read_entries(database):
        _write(stream, {"type": "entry", **_plain(row._mapping)})
        written += 1
    with database.transaction() as session:
        for head in session.scalars(select(DailyHead).order_by(DailyHead.number)):
            of_head = select(HeadLeaf).where(HeadLeaf.head == head.number).order_by(HeadLeaf.account_id)
            leaves = [[leaf.account_id, leaf.number, leaf.digest] for leaf in session.scalars(of_head)]
            columns = {column.key: getattr(head, column.key) for column in DailyHead.__table__.columns}
            _write(stream, {"type": "head", **_plain(columns), "leaves": leaves})
    return written


def _plain(columns: Any) -> dict[str, Any]:
    plain = dict(columns)
    plain["at"] = plain["at"].astimezone(UTC).isoformat(timespec="microseconds")
    return plain


def _write(stream: TextIO, plain: dict[str, Any]) -> None:
    stream.write(json.dumps(plain, ensure_ascii=False) + "\n")
