"""Tampering that bypasses the database's triggers is detected, and the first bad row is named."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import SecretStr
from sqlalchemy import Connection, select, text

from tests.support.disk_log import DiskLog
from vmodel.config import Settings
from vmodel.core.database import Database, now
from vmodel.errors import VModelError
from vmodel.service.accounts.audit_log import list_audit
from vmodel.service.accounts.users import create_account
from vmodel.service.ledger.checkpoints import (
    append_witness_log,
    day_of,
    read_witness,
    sign_daily_checkpoint,
    sign_daily_head,
    sign_head,
    witness_path,
)
from vmodel.service.ledger.entries import Entry, digest_of
from vmodel.service.ledger.export import export_ledger
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import Fault, find_ahead, verify
from vmodel.service.ledger.reservations import charge, commit, reserve, void
from vmodel.service.ledger.signing_key import key_path, public_pem, read_public_key, signing_key

KEY = Ed25519PrivateKey.generate()
TRUSTED = [KEY.public_key()]
GROWING = ("ledger_entry", "ledger_head", "ledger_head_leaf", "ledger_closed_period")


@pytest.fixture
def sellers(any_database: Database) -> tuple[str, str]:
    """Return two sellers with eight entries each; a signed checkpoint covers the first five of each."""
    found = []
    with any_database.transaction() as session:
        for name in ("lin", "mei"):
            seller = create_account(session, name, f"{name}@shop.example").id
            grant(session, seller, 100, "invoice 1", "bank transfer")
            held = reserve(session, seller, "order 1", 10, "hash")
            charge(session, held.id, "shot 1", 4)
            charge(session, held.id, "shot 2", 4)
            commit(session, held.id)
            found.append(seller)
    sign_head(any_database, KEY)
    with any_database.transaction() as session:
        for seller in found:
            void(session, reserve(session, seller, "order 2", 30, "hash").id)
            grant(session, seller, 20, "invoice 2")
    return found[0], found[1]


@contextmanager
def unguarded(database: Database) -> Iterator[Connection]:
    """Open a connection of a database owner who has disabled its checks and triggers."""
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.execute(text("PRAGMA ignore_check_constraints=ON"))
            for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            for table in GROWING:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield connection


def named(faults: list[Fault]) -> list[tuple[str, int, str]]:
    return [(fault.account_id, fault.number, fault.problem) for fault in faults]


def test_an_honest_ledger_has_no_fault(any_database: Database, sellers: tuple[str, str]) -> None:
    assert verify(any_database, TRUSTED) == []
    assert sign_daily_head(any_database, KEY) is None
    sign_head(any_database, KEY)
    assert verify(any_database, TRUSTED) == []


@pytest.mark.parametrize("table", [*GROWING])
def test_the_database_refuses_every_change(any_database: Database, sellers: tuple[str, str], table: str) -> None:
    column = {"ledger_entry": "note", "ledger_head": "day", "ledger_head_leaf": "digest"}.get(table, "closed_at")
    with any_database.transaction() as session:
        session.execute(text("INSERT INTO ledger_closed_period VALUES ('2020-01', '2020-02-01 00:00:00')"))
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    statements.append(
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"
        if any_database.is_sqlite
        else f"TRUNCATE {table} CASCADE"
    )
    for statement in statements:
        with pytest.raises(Exception, match="only grows"), any_database.transaction() as session:
            session.execute(text(statement))


def test_the_database_refuses_credits_from_nowhere_and_debts(any_database: Database, sellers: tuple[str, str]) -> None:
    columns = "id, account_id, number, kind, issued, available, reserved, consumed, available_after, reserved_after, "
    columns += "consumed_after, period, note, at, previous, digest"
    for moves in ("0, 5, 0, 0, 5, 0, 0", "5, -5, 0, 0, -5, 0, 0"):
        values = f"'x', '{sellers[0]}', 99, 'grant', {moves}, '2026-11', '', '2026-11-24 00:00:00', '', ''"
        with pytest.raises(Exception, match=r"zero_sum|no_debt"), any_database.transaction() as session:
            session.execute(text(f"INSERT INTO ledger_entry ({columns}) VALUES ({values})"))


@pytest.mark.parametrize(
    "change",
    [
        "note = 'gift'",
        "at = '2026-01-01 00:00:00'",
        "key = 'other'",
        "consumed = 3, reserved = -3",
        "consumed = 3.2, reserved = -3.2",
        "period = '2020-01'",
    ],
)
def test_a_flipped_field_is_named(any_database: Database, sellers: tuple[str, str], change: str) -> None:
    lin, _ = sellers
    with unguarded(any_database) as connection:
        connection.execute(text(f"UPDATE ledger_entry SET {change} WHERE account_id = '{lin}' AND number = 3"))
    assert named(verify(any_database, TRUSTED)) == [(lin, 3, "changed")]


def test_a_deleted_entry_is_named(any_database: Database, sellers: tuple[str, str]) -> None:
    _, mei = sellers
    with unguarded(any_database) as connection:
        connection.execute(text(f"DELETE FROM ledger_entry WHERE account_id = '{mei}' AND number = 4"))
    assert named(verify(any_database, TRUSTED)) == [(mei, 4, "missing")]


def test_two_entries_that_changed_places_are_named(any_database: Database, sellers: tuple[str, str]) -> None:
    lin, mei = sellers
    with unguarded(any_database) as connection:
        for old, new in ((3, 99), (4, 3), (99, 4)):
            move = f"UPDATE ledger_entry SET number = {new} WHERE account_id = '{lin}' AND number = {old}"
            connection.execute(text(move))
        to_another = f"UPDATE ledger_entry SET account_id = '{lin}', number = 9, key = 'x'"
        connection.execute(text(f"{to_another} WHERE number = 8 AND account_id = '{mei}'"))
    assert named(verify(any_database, TRUSTED)) == [(lin, 3, "moved"), (mei, 8, "cut")]


def test_a_ledger_that_was_cut_off_is_named(any_database: Database, sellers: tuple[str, str]) -> None:
    lin, _ = sellers
    with unguarded(any_database) as connection:
        connection.execute(text(f"DELETE FROM ledger_entry WHERE account_id = '{lin}' AND number > 6"))
    assert named(verify(any_database, TRUSTED)) == [(lin, 7, "cut")]


def test_a_cut_that_also_moved_the_tip_contradicts_the_signed_head(
    any_database: Database, sellers: tuple[str, str]
) -> None:
    lin, _ = sellers
    with unguarded(any_database) as connection:
        connection.execute(text("DELETE FROM ledger_open_reservation"))
        connection.execute(text(f"DELETE FROM ledger_entry WHERE account_id = '{lin}' AND number > 4"))
        last = connection.execute(select(Entry.__table__).where(Entry.account_id == lin, Entry.number == 4)).one()
        books = ", ".join(
            f"{book} = {getattr(last, f'{book}_after')}" for book in ("available", "reserved", "consumed")
        )
        connection.execute(
            text(f"UPDATE ledger_tip SET number = 4, digest = '{last.digest}', {books} WHERE account_id = '{lin}'")
        )
    assert named(verify(any_database, TRUSTED)) == [(lin, 5, "head_differs")]


def test_a_balance_that_was_raised_beside_the_entries_is_named(
    any_database: Database, sellers: tuple[str, str]
) -> None:
    for book in ("available", "reserved", "consumed"):
        with any_database.engine.begin() as connection:
            connection.execute(text(f"UPDATE ledger_tip SET {book} = {book} + 7 WHERE account_id = '{sellers[0]}'"))
        (fault,) = verify(any_database, TRUSTED)
        assert (fault.account_id, fault.problem) == (sellers[0], "wrong_balance"), book
        with any_database.engine.begin() as connection:
            connection.execute(text(f"UPDATE ledger_tip SET {book} = {book} - 7 WHERE account_id = '{sellers[0]}'"))


def test_a_chain_written_anew_contradicts_the_signed_head(any_database: Database, sellers: tuple[str, str]) -> None:
    lin, _ = sellers
    with unguarded(any_database) as connection:
        rewrite(connection, lin, lambda number: {"note": "gift"} if number == 1 else {})
    assert named(verify(any_database, TRUSTED)) == [(lin, 5, "head_differs")]


def test_credits_from_nowhere_are_named_even_where_all_hashes_fit(
    any_database: Database, sellers: tuple[str, str]
) -> None:
    lin, _ = sellers
    with unguarded(any_database) as connection:
        if not any_database.is_sqlite:
            connection.execute(text("ALTER TABLE ledger_entry DROP CONSTRAINT ck_ledger_entry_zero_sum"))
        rewrite(connection, lin, lambda number: {"available": 120} if number == 8 else {})
    assert named(verify(any_database, TRUSTED)) == [(lin, 8, "unbalanced")]


def rewrite(connection: Connection, account_id: str, change: Callable[[int], dict[str, object]]) -> None:
    """Change a chain and recompute all its hashes, as an attacker who knows the algorithm would."""
    previous = "0" * 64
    table = Entry.__table__
    asked = select(table).where(table.c.account_id == account_id).order_by(table.c.number)
    for row in connection.execute(asked).all():
        entry = Entry(**{**row._mapping, **change(row.number), "previous": previous})
        entry.digest = previous = digest_of(entry)
        values = {**change(row.number), "previous": entry.previous, "digest": entry.digest}
        connection.execute(table.update().where(table.c.id == row.id).values(**values))
    connection.execute(text(f"UPDATE ledger_tip SET digest = '{previous}' WHERE account_id = '{account_id}'"))


def test_changed_deleted_and_forged_heads_are_named(any_database: Database, sellers: tuple[str, str]) -> None:
    for _ in range(2):
        sign_head(any_database, KEY)
    stranger = Ed25519PrivateKey.generate().public_key()
    assert named(verify(any_database, [stranger])) == [("", 1, "head_forged")]
    with unguarded(any_database) as connection:
        connection.execute(text("UPDATE ledger_head SET signature = '00' WHERE number = 3"))
    assert named(verify(any_database, TRUSTED)) == [("", 3, "head_forged")]
    with unguarded(any_database) as connection:
        connection.execute(text("UPDATE ledger_head SET entries = 1 WHERE number = 2"))
    assert named(verify(any_database, TRUSTED)) == [("", 2, "head_changed")]
    with unguarded(any_database) as connection:
        connection.execute(text("DELETE FROM ledger_head_leaf WHERE head = 1"))
        connection.execute(text("DELETE FROM ledger_head WHERE number = 1"))
    assert named(verify(any_database, TRUSTED)) == [("", 1, "head_missing")]


def test_a_head_that_was_cut_off_is_known_from_the_state_folder(
    any_database: Database, sellers: tuple[str, str], tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path)
    last = sign_head(any_database, KEY)
    append_witness_log(settings, last)
    with witness_path(settings).open("a", encoding="utf-8") as stream:
        stream.write('{"number": 3, "dig')
    assert verify(any_database, TRUSTED, read_witness(settings)) == []
    with unguarded(any_database) as connection:
        connection.execute(text("DELETE FROM ledger_head_leaf WHERE head = 2"))
        connection.execute(text("DELETE FROM ledger_head WHERE number = 2"))
    assert verify(any_database, TRUSTED) == []
    assert named(verify(any_database, TRUSTED, read_witness(settings))) == [("", 2, "head_missing")]


def test_a_head_that_a_wrong_clock_dated_ahead_stops_no_later_day(
    any_database: Database, sellers: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    today, ahead = now(), now() + timedelta(days=1200)
    wrong = sign_daily_head(any_database, KEY, ahead)
    assert wrong is not None
    following = today + timedelta(days=1)
    days = [sign_daily_head(any_database, KEY, at) for at in (following, following, today + timedelta(days=2))]
    assert [head and head.day for head in days] == [day_of(following), None, day_of(today + timedelta(days=2))]
    assert "ledger_head_ahead" in capsys.readouterr().out
    with any_database.transaction() as session:
        [told] = [row for row in list_audit(session) if row.what == "ledger.head_ahead"]
        assert (told.whom, json.loads(told.details)["day"]) == (str(wrong.number), wrong.day)
    # Named until its day comes, and after it by its place before an earlier one; nobody tampered with it.
    for at in (today + timedelta(days=2), ahead + timedelta(days=30)):
        assert [note.number for note in find_ahead(any_database, at)] == [wrong.number]
    assert verify(any_database, TRUSTED) == []


def test_a_heads_digest_is_on_the_disk_when_it_was_recorded(
    any_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, settings = DiskLog(monkeypatch), Settings(home=tmp_path, secret=None)
    sign_daily_checkpoint(settings, any_database)
    assert log.when_synced(witness_path(settings))
    assert log.when_synced(key_path(settings))
    assert log.when_synced(tmp_path / "ledger")


def test_machines_that_share_a_secret_share_the_key_and_sign_once_a_day(
    any_database: Database, sellers: tuple[str, str], tmp_path: Path
) -> None:
    machines = [Settings(home=tmp_path / name, secret=SecretStr("s" * 32)) for name in ("one", "two")]
    with unguarded(any_database) as connection:
        connection.execute(text("DELETE FROM ledger_head_leaf"))
        connection.execute(text("DELETE FROM ledger_head"))
    for machine in (*machines, *machines):
        sign_daily_checkpoint(machine, any_database)
    assert set(read_witness(machines[0])) == {1}
    assert read_witness(machines[1]) == {}
    assert verify(any_database, [signing_key(machines[1]).public_key()], read_witness(machines[0])) == []
    assert named(verify(any_database, TRUSTED)) == [("", 1, "head_forged")]
    other = Settings(home=tmp_path, secret=SecretStr("t" * 32))
    assert signing_key(other).private_bytes_raw() != signing_key(machines[0]).private_bytes_raw()


def test_the_installations_key_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "state")
    key = signing_key(settings)
    assert signing_key(settings).private_bytes_raw() == key.private_bytes_raw()
    assert key_path(settings).stat().st_mode & 0o077 == 0
    (tmp_path / "public.pem").write_text(public_pem(key.public_key()), encoding="utf-8")
    assert read_public_key(tmp_path / "public.pem").public_bytes_raw() == key.public_key().public_bytes_raw()
    key_path(settings).write_text("damaged", encoding="utf-8")
    for broken in (lambda: signing_key(settings), lambda: read_public_key(key_path(settings))):
        with pytest.raises(VModelError, match="restore it from the backup"):
            broken()


def test_an_auditor_checks_an_export_with_nothing_but_its_text(
    any_database: Database, sellers: tuple[str, str]
) -> None:
    stream = io.StringIO()
    export_ledger(any_database, stream, KEY.public_key())
    key, *lines = (json.loads(line) for line in stream.getvalue().splitlines())
    public = load_pem_public_key(key["public_key"].encode())
    assert isinstance(public, Ed25519PublicKey)
    ends: dict[str, list[str]] = {}
    for line in lines:
        kind, digest = line.pop("type"), line.pop("digest")
        signature = line.pop("signature", None)
        canonical = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        assert hashlib.sha256(canonical).hexdigest() == digest
        if kind == "entry":
            chain = ends.setdefault(line["account_id"], ["0" * 64])
            assert line["previous"] == chain[-1]
            chain.append(digest)
        else:
            public.verify(bytes.fromhex(signature), bytes.fromhex(digest))
            assert all(ends[account][number] == end for account, number, end in line["leaves"])
    assert {account: len(chain) - 1 for account, chain in ends.items()} == dict.fromkeys(sellers, 8)
