"""On a Postgres with two roles the service works, and cannot touch what guards ledger and audit log."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from app.cli.main import run
from vmodel.config import Settings
from vmodel.core.database import Database, new_id, open_database
from vmodel.core.storage_faults import DatabaseNeedsOwner
from vmodel.service.accounts.auth import log_in
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import OwnerTooWeak, RolesNotApart
from vmodel.service.ledger.accounting_periods import close_period
from vmodel.service.ledger.checkpoints import sign_head
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import charge, commit, reserve
from vmodel.service.maintenance.backup import back_up, restore
from vmodel.service.maintenance.database_roles import migrate
from vmodel.service.worker.dbos_queue import DurableQueue
from vmodel.service.worker.periodic_tasks import expire_jobs

KEY = Ed25519PrivateKey.generate()
PASSWORD = "a long enough password"
GUARDED = ("ledger_entry", "ledger_head", "ledger_head_leaf", "ledger_closed_period", "audit_event")


def two_roles(folder: Path, owner: str) -> Settings:
    """Return the settings of an installation whose service has a role of its own, which does not exist yet."""
    service = make_url(owner).set(username=f"app_{new_id()}", password="it's 100 % secret")
    address = service.render_as_string(hide_password=False)
    return Settings(home=folder / new_id(), database_url=address, owner_database_url=owner, secret=None)


@pytest.fixture
def house(tmp_path: Path, new_postgres: str) -> Settings:
    settings = two_roles(tmp_path, new_postgres)
    assert migrate(settings) == make_url(settings.database_url or "").username
    return settings


def use(database: Database) -> str:
    """Do what a service does to all kinds of tables; return the seller."""
    with database.transaction() as session:
        seller = create_account(session, "Lin", f"{new_id()}@shop.example", password=PASSWORD)
        grant(session, seller.id, 100, "invoice 1")
        held = reserve(session, seller.id, "order 1", 10, "hash")
        charge(session, held.id, "shot 1", 4)
        commit(session, held.id)
    log_in(database, seller.email or "", PASSWORD, "192.0.2.7")
    sign_head(database, KEY)
    close_period(database, "2020-01", datetime(2026, 2, 1, tzinfo=UTC))
    expire_jobs(database)
    return seller.id


def test_the_service_works_as_a_role_that_owns_nothing(house: Settings) -> None:
    database = open_database(house)
    use(database)
    assert verify(database, [KEY.public_key()]) == []
    with database.reading() as session:
        owned = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user"
        assert session.scalar(text(owned)) == 0
    database.close()


@pytest.mark.parametrize("table", GUARDED)
def test_the_services_role_can_neither_change_nor_unguard_what_only_grows(house: Settings, table: str) -> None:
    database = open_database(house)
    use(database)
    with database.reading() as session:
        column = session.scalar(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = :table LIMIT 1"),
            {"table": table},
        )
    for statement in (
        f"UPDATE {table} SET {column} = {column}",
        f"DELETE FROM {table}",
        f"TRUNCATE {table} CASCADE",
        f"DROP TRIGGER {table}_rows_stay ON {table}",
        f"DROP TRIGGER {table}_stays ON {table}",
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} RENAME TO other",
        f"DROP TABLE {table} CASCADE",
        "CREATE OR REPLACE FUNCTION vmodel_only_grows() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "DROP FUNCTION vmodel_only_grows() CASCADE",
        "SET session_replication_role = replica",
        "UPDATE alembic_version SET version_num = '0001_accounts'",
        f"CREATE TABLE public.{table}_2 (id int)",
    ):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            database.transaction() as session,
        ):
            session.execute(text(statement))
    database.close()


def use_queue(settings: Settings) -> None:
    """Do what a worker does at its start, with nothing to make."""

    class Nothing:
        def open_shots(self, part_id: str) -> list[str]:
            return []

        def make_shot(self, shot_id: str) -> bool:
            return True

        def end_part(self, part_id: str) -> None:
            pass

    queue = DurableQueue(settings, "worker", 1, Nothing())
    assert queue.unfinished(["none"]) == set()
    queue.close(1)


def test_the_durable_queue_looks_after_its_own_tables(house: Settings) -> None:
    use_queue(house)
    migrate(house)  # once more, with tables of the queue there


def new_owner(new_postgres: str, rights: str) -> str:
    """Return the address of the database with a new role, no superuser, that owns it."""
    url = make_url(new_postgres).set(username=f"owner_{new_id()}", password="of the owner")
    strong = Database(new_postgres)
    with strong.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {url.username} LOGIN PASSWORD '{url.password}' {rights}"))
        connection.execute(text(f"ALTER DATABASE {url.database} OWNER TO {url.username}"))
    strong.close()
    return url.render_as_string(hide_password=False)


def test_an_installation_with_one_role_becomes_one_with_two(tmp_path: Path, new_postgres: str) -> None:
    owner = new_owner(new_postgres, "CREATEROLE")
    before = Settings(home=tmp_path, database_url=owner, secret=None)
    database = open_database(before)
    seller = use(database)
    database.close()
    use_queue(before)
    settings = two_roles(tmp_path, owner)
    migrate(settings)
    migrate(settings)
    use_queue(settings)
    database = open_database(settings)
    with database.transaction() as session:
        grant(session, seller, 5, "invoice 2")
    assert verify(database, [KEY.public_key()]) == []
    database.close()


def test_tables_that_wait_for_their_owner_are_said_so(
    tmp_path: Path, new_postgres: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = two_roles(tmp_path, new_postgres)
    migrate(settings)
    owner = Database(new_postgres)
    with owner.engine.begin() as connection:
        connection.execute(text("DROP TABLE known_origin, notice"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0016_audit_chain'"))
    owner.close()
    with pytest.raises(DatabaseNeedsOwner, match="vmodel admin migrate"):
        open_database(settings)
    for name, value in {
        "DATABASE_URL": settings.database_url,
        "VMODEL_OWNER_DATABASE_URL": new_postgres,
        "VMODEL_HOME": str(settings.home),
    }.items():
        monkeypatch.setenv(name, str(value))
    assert run(["admin", "list", "--json"]) == 2
    assert "database_needs_owner" in capsys.readouterr().err
    assert run(["admin", "migrate"]) == 0
    assert "may use them" in capsys.readouterr().out
    assert run(["admin", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_an_owner_that_may_not_make_the_role_is_told_what_it_needs(tmp_path: Path, new_postgres: str) -> None:
    owner = new_owner(new_postgres, "NOCREATEROLE")
    with pytest.raises(OwnerTooWeak, match="CREATEROLE"):
        migrate(two_roles(tmp_path, owner))


def test_a_role_that_owns_the_database_is_refused(tmp_path: Path, new_postgres: str) -> None:
    settings = Settings(
        home=tmp_path,
        database_url=new_owner(new_postgres, "NOCREATEROLE"),
        owner_database_url=new_postgres,
        secret=None,
    )
    with pytest.raises(RolesNotApart, match="the database"):
        migrate(settings)


def test_one_role_migrates_too(tmp_path: Path) -> None:
    assert migrate(Settings(home=tmp_path / "new" / "home", secret=None)) is None
    assert (tmp_path / "new" / "home" / "vmodel.db").is_file()


def test_roles_that_are_not_apart_are_refused(tmp_path: Path, new_postgres: str) -> None:
    url = make_url(new_postgres)
    name = f"strong_{new_id()}"
    owner = Database(new_postgres)
    with owner.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN SUPERUSER"))
        connection.execute(text(f"CREATE ROLE {name}_2 LOGIN"))
        connection.execute(text(f"CREATE TABLE mine (id int); ALTER TABLE mine OWNER TO {name}_2"))
    owner.close()
    for wrong, why in (
        (url, "the same role"),
        (url.set(username=name), "superuser"),
        (url.set(username=f"{name}_2"), "owns tables"),
        (url.set(username="app", database="other"), "two databases"),
        (make_url("sqlite:///x.db"), "both must be addresses of a Postgres"),
    ):
        address = wrong.render_as_string(hide_password=False)
        settings = Settings(home=tmp_path, database_url=address, owner_database_url=new_postgres, secret=None)
        with pytest.raises(RolesNotApart, match=why):
            migrate(settings)


def test_the_service_backs_up_and_the_owner_restores(
    house: Settings,
    tmp_path: Path,
    new_empty_postgres: Callable[[], str],
    postgres_programs: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(postgres_programs), prepend=":")
    database = open_database(house)
    use(database)
    database.close()
    back_up(house, tmp_path / "backup")
    new = two_roles(tmp_path, new_empty_postgres())
    restore(new, tmp_path / "backup")
    migrate(new)
    database = open_database(new)
    assert verify(database, [KEY.public_key()]) == []
    use(database)
    database.close()
