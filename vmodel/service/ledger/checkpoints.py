"""Signed heads: checkpoints of the ledger's chains and of the audit log, which make truncation detectable.

A chain by itself reveals any change except a cut at its end or a rewrite from some row on. A head names the last entry
of every chain that has grown since the previous head, and of the audit log. It is chained to that head, and signed
with a key that is not in the database.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from vmodel.config import Settings
from vmodel.core.database import Database, hold_lock, now
from vmodel.core.files import OWNER_FOLDER, append_durably, make_folder
from vmodel.service.accounts.audit_log import audit, lock_log
from vmodel.service.hash_chain import BEGINNING, plain_values, seal
from vmodel.service.ledger.entries import CLOCKS_DIFFER, ChainTip, DailyHead, HeadLeaf, is_ahead
from vmodel.service.ledger.signing_key import key_id, signing_key

_HEADS_LOCK = 0x6865616473
"""Number of the lock of whoever signs: heads are numbered and chained, and two at a time would fork the chain."""


def sign_head(database: Database, key: Ed25519PrivateKey, at: datetime | None = None) -> DailyHead:
    """Sign the state of all chains.

    Args:
        database: of the installation.
        key: see ``signing_key``.
        at: now by default.
    """
    with database.transaction() as session:
        hold_lock(session, _HEADS_LOCK)
        return _sign(session, key, at or now())


def sign_daily_head(database: Database, key: Ed25519PrivateKey, at: datetime | None = None) -> DailyHead | None:
    """Sign the state of all chains once a day (UTC); return None if that was done today.

    A head that a wrong clock dated more than a day ahead does not count as today's: it stays in the chain, is named in
    the audit log and the log, and the days go on after it.
    """
    instant = at or now()
    signed_today = (
        select(DailyHead.number)
        .where(DailyHead.day >= day_of(instant), DailyHead.at <= instant + CLOCKS_DIFFER)
        .limit(1)
    )
    with database.transaction() as session:
        if session.scalar(signed_today) is not None:
            return None
        hold_lock(session, _HEADS_LOCK)
        # Another process may have signed while this one waited.
        if session.scalar(signed_today) is not None:
            return None
        last = _last_head(session)
        if last is not None and is_ahead(last.at, instant):
            audit(session, None, "ledger.head_ahead", str(last.number), day=last.day, today=day_of(instant))
            structlog.get_logger().warning("ledger_head_ahead", number=last.number, day=last.day)
        return _sign(session, key, instant)


def sign_daily_checkpoint(settings: Settings, database: Database) -> None:
    """Sign today's head unless that was done, and record it in the state folder; every process may call this often.

    Raises:
        LedgerKeyUnreadable, OutputNotWritable: see there.
    """
    head = sign_daily_head(database, signing_key(settings))
    if head is not None:
        append_witness_log(settings, head)


def append_witness_log(settings: Settings, head: DailyHead) -> None:
    """Write a head's digest into the state folder, outside the database, so that deleting the head is detectable.

    Raises:
        OutputNotWritable: the state folder cannot be written.
    """
    path = witness_path(settings)
    make_folder(path.parent, OWNER_FOLDER)
    line = {"number": head.number, "day": head.day, "digest": head.digest, "signature": head.signature}
    append_durably(path, json.dumps(line) + "\n")


def read_witness(settings: Settings) -> dict[int, str]:
    """Read the digests of the heads that this machine has signed, by number; skip a line cut short by a crash."""
    path, found = witness_path(settings), {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            with contextlib.suppress(ValueError, KeyError):
                plain = json.loads(line)
                found[int(plain["number"])] = str(plain["digest"])
    return found


def witness_path(settings: Settings) -> Path:
    """Return the path that ``append_witness_log`` writes to, one JSON object per line."""
    return settings.home / "ledger" / "heads.jsonl"


def day_of(at: datetime) -> str:
    """Return the UTC date of an instant, written as 2026-11-24."""
    return f"{at.astimezone(UTC):%Y-%m-%d}"


def _last_head(session: Session) -> DailyHead | None:
    return session.scalars(select(DailyHead).order_by(DailyHead.number.desc()).limit(1)).one_or_none()


def _sign(session: Session, key: Ed25519PrivateKey, at: datetime) -> DailyHead:
    last = _last_head(session)
    tips = session.execute(
        select(ChainTip.account_id, ChainTip.number, ChainTip.digest).order_by(ChainTip.account_id)
    ).all()
    signed = select(HeadLeaf.account_id, func.max(HeadLeaf.number)).group_by(HeadLeaf.account_id)
    known: dict[str, int] = {row[0]: row[1] for row in session.execute(signed)}
    number, log = last.number + 1 if last else 1, lock_log(session)
    leaves = [
        HeadLeaf(head=number, account_id=tip.account_id, number=tip.number, digest=tip.digest)
        for tip in tips
        if tip.number > known.get(tip.account_id, 0)
    ]
    head = DailyHead(
        number=number,
        day=day_of(at),
        at=at,
        accounts=len(leaves),
        entries=sum(tip.number for tip in tips),
        previous=last.digest if last else BEGINNING,
        key_id=key_id(key.public_key()),
        audit_number=log.number,
        audit_digest=log.digest,
    )
    head.digest = digest_of_head(head, leaves)
    head.signature = key.sign(bytes.fromhex(head.digest)).hex()
    session.add(head)
    session.flush()
    session.add_all(leaves)
    session.flush()
    return head


def digest_of_head(head: DailyHead, leaves: Iterable[HeadLeaf]) -> str:
    """Return the SHA-256 of a head's canonical JSON with its leaves by account, hexadecimal."""
    return seal(plain_head(head, leaves))


def plain_head(head: DailyHead, leaves: Iterable[HeadLeaf]) -> dict[str, Any]:
    """Return what is hashed of a head; one from before the audit log was chained says nothing of it."""
    plain = plain_values(head, ("number", "day", "at", "accounts", "entries", "previous", "key_id"))
    plain["leaves"] = sorted([leaf.account_id, leaf.number, leaf.digest] for leaf in leaves)
    if head.audit_number is not None:
        plain["audit"] = [head.audit_number, head.audit_digest]
    return plain
