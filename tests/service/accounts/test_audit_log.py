"""The audit log is one chain that nobody rewrites unseen, whoever writes to it at once, and anybody can check it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import text

from vmodel.core.database import Database, now
from vmodel.service.accounts.audit_log import audit, list_audit
from vmodel.service.ledger.checkpoints import sign_head
from vmodel.service.ledger.export import export_audit
from vmodel.service.ledger.integrity_check import verify

KEY = Ed25519PrivateKey.generate()
TRUSTED = [KEY.public_key()]
LIN, MEI = "1" * 32, "2" * 32


def record(database: Database, *whats: str, who: str = LIN) -> None:
    for what in whats:
        with database.transaction() as session:
            audit(session, who, what, origin="192.0.2.7")


def tamper(database: Database, *statements: str) -> None:
    """Run statements as a database owner who has taken the guards away."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


def faults(database: Database) -> list[tuple[str, int, str]]:
    return [(fault.account_id, fault.number, fault.problem) for fault in verify(database, TRUSTED)]


def test_many_who_write_at_once_make_one_chain(any_database: Database) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda who: record(any_database, *["login"] * 10, who=f"{who:032x}"), range(12)))
    with any_database.reading() as session:
        assert sorted(event.number for event in list_audit(session, 1000)) == list(range(1, 121))
    assert faults(any_database) == []


def test_what_a_failed_transaction_recorded_leaves_no_gap(any_database: Database) -> None:
    record(any_database, "login")
    with contextlib.suppress(ZeroDivisionError), any_database.transaction() as session:
        audit(session, LIN, "key.create")
        raise ZeroDivisionError
    record(any_database, "login")
    assert faults(any_database) == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_event SET details = '{}' WHERE number = 2", (2, "changed")),
        ("UPDATE audit_event SET who = NULL WHERE number = 2", (2, "changed")),
        ("UPDATE audit_event SET at = '2026-01-01 00:00:00' WHERE number = 2", (2, "changed")),
        ("DELETE FROM audit_event WHERE number = 3", (3, "missing")),
        ("DELETE FROM audit_event WHERE number = 1", (1, "missing")),
        ("DELETE FROM audit_event WHERE number > 3", (4, "cut")),
        ("DELETE FROM audit_tip", (5, "missing")),
    ],
)
def test_the_first_bad_event_is_named(any_database: Database, statement: str, found: tuple[int, str]) -> None:
    record(any_database, "login", "key.create", "login", "key.revoke", "login")
    assert faults(any_database) == []
    tamper(any_database, statement)
    assert faults(any_database) == [("audit", *found)]


def test_a_log_written_anew_contradicts_the_signed_head(any_database: Database) -> None:
    record(any_database, "login", "key.create", "login")
    sign_head(any_database, KEY)
    record(any_database, "login")
    assert faults(any_database) == []
    # As though nothing had ever happened, all hashes fitting, and later events on top.
    begin = f"UPDATE audit_tip SET number = 0, digest = '{'0' * 64}'"
    tamper(any_database, "DELETE FROM audit_event", begin)
    assert faults(any_database) == [("audit", 3, "head_differs")]
    record(any_database, "login", "login", "login")
    assert faults(any_database) == [("audit", 3, "head_differs")]


@pytest.fixture(params=["sqlite", "postgres"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """Return a database without tables."""
    address = f"sqlite:///{tmp_path / 'old.db'}" if request.param == "sqlite" else "new_postgres"
    return Database(address if request.param == "sqlite" else request.getfixturevalue(address))


def test_events_from_before_the_chain_are_chained_by_the_upgrade(empty: Database) -> None:
    empty.upgrade("0015_second_factor")
    with empty.engine.begin() as connection:
        for number in (2, 1, 3):
            row = {"id": f"{number:032x}", "at": datetime(2026, 3, number, 9, 8, 7, 65, UTC), "who": LIN}
            told = "INSERT INTO audit_event VALUES (:id, :at, :who, 'login', NULL, '{\"code\": \"app\"}')"
            connection.execute(text(told), row | ({"at": str(row["at"])[:26]} if empty.is_sqlite else {}))
    empty.upgrade()
    record(empty, "login")
    assert faults(empty) == []
    with empty.reading() as session:
        assert [int(event.id, 16) for event in list_audit(session)[1:]] == [3, 2, 1]
    changes = ["UPDATE audit_event SET what = 'x'", "DELETE FROM audit_event"]
    again = "INSERT OR REPLACE INTO audit_event SELECT * FROM audit_event WHERE number = 1"
    for change in [*changes, again if empty.is_sqlite else "TRUNCATE audit_event"]:
        with pytest.raises(Exception, match="only grows"), empty.transaction() as session:
            session.execute(text(change))
    tamper(empty, "UPDATE audit_event SET who = NULL WHERE number = 2")
    assert faults(empty) == [("audit", 2, "changed")]
    empty.close()


def check_export(written: str) -> list[dict[str, Any]]:
    """Check an export as docs/service.md says, with nothing of vmodel; return its events."""
    key, *lines = (json.loads(line) for line in written.splitlines())
    end, previous, number = lines.pop(), None, 0
    assert end["first"] == (lines[0]["number"] if lines else 0), "does not begin where it should"
    for line in lines:
        if line["type"] == "event":
            content = seal({name: line[name] for name in ("id", "at", "who", "what", "whom", "details")})
        else:
            content = line["content"]
        assert previous in {None, line["previous"]}, "does not follow"
        number, previous = line["number"], seal({name: line[name] for name in ("number", "previous")}, content=content)
        assert previous == line["digest"], "was changed"
    assert (end["number"], end["last"]) == (number, previous or "")
    public = load_pem_public_key(key["public_key"].encode())
    assert isinstance(public, Ed25519PublicKey)
    signature = end.pop("signature")
    public.verify(bytes.fromhex(signature), bytes.fromhex(seal(end)))
    return [line for line in lines if line["type"] == "event"]


def seal(plain: dict[str, Any], **more: Any) -> str:
    canonical = json.dumps({**plain, **more}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def export(database: Database, *picked: Any) -> str:
    stream = io.StringIO()
    export_audit(database, stream, KEY, *picked)
    return stream.getvalue()


def test_a_stranger_checks_an_export_of_one_seller_and_reads_of_nobody_else(any_database: Database) -> None:
    record(any_database, "login", who=MEI)
    record(any_database, "login", "key.create")
    record(any_database, "password.secret-of-mei", who=MEI)
    with any_database.transaction() as session:
        audit(session, None, "second-factor.reset", LIN, by="command line")
        audit(session, None, "key.revoke", "k1", account=LIN, by="命令行")
    record(any_database, "login", who=MEI)
    written = export(any_database, None, None, LIN)
    whats = ["login", "key.create", "second-factor.reset", "key.revoke"]
    assert [event["what"] for event in check_export(written)] == whats
    assert MEI not in written
    assert "secret-of-mei" not in written
    assert len(check_export(export(any_database))) == 7
    assert check_export(export(any_database, None, None, "3" * 32)) == []


def test_an_export_picks_moments_out(any_database: Database) -> None:
    record(any_database, "login")
    between = now()
    record(any_database, "key.create")
    assert [event["what"] for event in check_export(export(any_database, between, None, None))] == ["key.create"]
    assert [event["what"] for event in check_export(export(any_database, None, between, None))] == ["login"]
    assert check_export(export(any_database, between + timedelta(days=1))) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace('"key.create"', '"key.delete"'),
        lambda text: "\n".join(line for line in text.splitlines() if '"number": 2' not in line),
        lambda text: "\n".join(line for line in text.splitlines() if '"number": 3' not in line or '"end"' in line),
        lambda text: text.replace('"type": "end", "at": "20', '"type": "end", "at": "21'),
    ],
)
def test_a_changed_export_does_not_pass(any_database: Database, change: Callable[[str], str]) -> None:
    record(any_database, "login", who=MEI)
    record(any_database, "key.create")
    record(any_database, "login", who=MEI)
    record(any_database, "login")
    written = export(any_database, None, None, LIN)
    changed = change(written)
    assert changed != written
    with pytest.raises((AssertionError, InvalidSignature)):
        check_export(changed)
