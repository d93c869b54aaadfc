"""Database: exact timestamps, migrations, and transactions that store everything or nothing."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.config import Settings
from vmodel.core.crash_log import log_fault
from vmodel.core.database import Database, Table, UtcDateTime, database_url, new_id, open_database
from vmodel.core.storage_faults import DatabaseNewer, explain_fault

ROOT = Path(__file__).resolve().parents[2]


class Happening(Table):
    __tablename__ = "happening_of_a_test"
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@pytest.fixture
def database(any_database: Database) -> Database:
    Table.metadata.create_all(any_database.engine, tables=[Table.metadata.tables["happening_of_a_test"]])
    return any_database


def test_an_instant_comes_back_in_utc(database: Database) -> None:
    at = datetime(2026, 3, 1, 8, 30, tzinfo=timezone(timedelta(hours=8)))
    with database.transaction() as session:
        session.add(Happening(id="a", at=at))
    with database.transaction() as session:
        kept = session.get_one(Happening, "a").at
    assert kept == at
    assert kept.utcoffset() == timedelta(0)


def test_an_instant_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="time zone"), database.transaction() as session:
        session.add(Happening(id="a", at=datetime(2026, 3, 1)))


def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    def add_and_fail(session: Session) -> None:
        session.add(Happening(id="a", at=datetime.now(UTC)))
        session.flush()
        raise LookupError

    with pytest.raises(LookupError), database.transaction() as session:
        add_and_fail(session)
    with database.transaction() as session:
        assert session.get(Happening, "a") is None


def test_threads_that_write_to_sqlite_take_turns_instead_of_asking_again_and_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'test.db'}")
    Table.metadata.create_all(database.engine, tables=[Table.metadata.tables["happening_of_a_test"]])
    database.close()

    @event.listens_for(database.engine, "connect")
    def refuse_at_once(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA busy_timeout=0")

    def write(number: int) -> None:
        for _ in range(10):
            with database.transaction() as session:
                session.add(Happening(id=new_id(), at=datetime.now(UTC)))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(8)))
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Happening)) == 80
    database.close()


def test_tables_are_brought_up_to_date_again_and_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "state")
    for _ in range(2):
        database = open_database(settings)
        with database.transaction() as session:
            assert session.execute(text("SELECT 1")).scalar_one() == 1
        database.close()
    assert (tmp_path / "state" / "vmodel.db").is_file()


def test_an_address_that_is_set_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database_url(Settings(home=tmp_path)) == f"sqlite:///{tmp_path}/vmodel.db"
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/vmodel")
    assert database_url(Settings(home=tmp_path)) == "postgresql://somewhere/vmodel"


def test_identifiers_sort_by_age() -> None:
    made = [new_id() for _ in range(1000)]
    assert made == sorted(made)
    assert len(set(made)) == 1000


def test_migrations_make_the_tables_that_the_code_speaks_of(any_database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    for module in (ROOT / "vmodel").rglob("*.py"):
        if re.search(r"^class \w+\(Table\):", module.read_text(encoding="utf-8"), re.MULTILINE):
            importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
    with any_database.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), Table.metadata)
    # Tables of tests and of DBOS do not belong to us.
    assert [difference for difference in found if "of_a_test" not in str(difference)] == []


def test_processes_that_start_together_on_an_empty_postgres_all_start(new_postgres: str, tmp_path: Path) -> None:
    code = (
        "from vmodel.config import Settings; from vmodel.core.database import open_database; open_database(Settings())"
    )
    command = [sys.executable, "-c", code]
    environment = os.environ | {"DATABASE_URL": new_postgres, "VMODEL_HOME": str(tmp_path)}
    started = [subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(3)]
    ended = [(process.communicate(timeout=300)[1][-300:], process.returncode) for process in started]
    assert [code for _, code in ended] == [0, 0, 0], ended


def test_a_database_of_a_newer_program_is_refused_and_left_as_it_is(any_database: Database) -> None:
    with any_database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match=r"newer vmodel \(revision 9999\).*install that version"):
        any_database.upgrade()
    with any_database.reading() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == "9999"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("SELECT pg_sleep(30)", "a query took too long"),
        ("SELECT pg_advisory_xact_lock(7)", "another change holds what is needed"),
    ],
)
def test_a_postgres_ends_what_takes_too_long(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch, statement: str, reason: str
) -> None:
    monkeypatch.setattr("vmodel.core.database._STATEMENT_MS", 1000)
    monkeypatch.setattr("vmodel.core.database._BUSY_MS", 300)
    database = Database(new_postgres)
    with database.transaction() as holder:
        holder.execute(text("SELECT pg_advisory_xact_lock(7)"))
        with pytest.raises(DBAPIError) as stopped, database.transaction() as session:
            session.execute(text(statement))
    told = explain_fault(stopped.value)
    assert told is not None
    assert told.reason == reason
    database.close()


def test_a_migration_waits_for_another_one_as_long_as_it_takes(
    new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("_STATEMENT_MS", "_BUSY_MS", "_IDLE_MS"):
        monkeypatch.setattr(f"vmodel.core.database.{name}", 200)

    def migrate(*_: object) -> None:
        time.sleep(0.6)  # as one that computes between its statements

    monkeypatch.setattr("vmodel.core.database.command.upgrade", migrate)
    database = Database(new_postgres)
    with ThreadPoolExecutor(2) as together:
        list(together.map(lambda _: database.upgrade(), range(2)))
    database.close()


def test_a_postgres_that_is_not_there_does_not_answer(tmp_path: Path) -> None:
    database = Database(f"postgresql://nobody@/none?host={tmp_path}")
    with pytest.raises(DBAPIError) as failed, database.transaction() as session:
        session.execute(text("SELECT 1"))
    told = explain_fault(failed.value)
    assert told is not None
    assert told.reason == "it does not answer"


def test_the_note_of_a_fault_holds_no_values(database: Database, tmp_path: Path) -> None:
    values = {"id": "a", "name": new_id()}  # not written here, where a traceback would quote it
    with pytest.raises(DBAPIError) as failed, database.transaction() as session:
        session.execute(text("INSERT INTO account (id, name) VALUES (:id, :name)"), values)
    log_fault(failed.value, tmp_path)
    note = (tmp_path / "logs" / "faults.txt").read_text()
    assert "INSERT INTO account" in note
    assert values["name"] not in note


def test_a_reader_waits_for_no_writer_and_sees_only_what_is_kept(database: Database) -> None:
    at = datetime(2026, 3, 1, tzinfo=UTC)
    with database.transaction() as writing:
        writing.add(Happening(id="kept", at=at))
        writing.flush()
        with database.reading() as session:
            assert session.get(Happening, "kept") is None
    with database.relaxed_transaction() as session:
        session.add(Happening(id="counted", at=at))
    with database.reading() as session:
        assert {each.id for each in session.scalars(select(Happening))} == {"kept", "counted"}
