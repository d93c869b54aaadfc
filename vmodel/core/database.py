"""Database access: open by URL and migrate the tables; SQLite on a laptop, Postgres on a server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, DateTime, Dialect, Engine, MetaData, TextClause, create_engine, event, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator
from uuid_utils import uuid7

from vmodel.config import Settings
from vmodel.core.files import make_home, make_private
from vmodel.core.storage_faults import DatabaseNeedsOwner, DatabaseNewer

_MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_NOT_ALLOWED = "42501"
"""Postgres's SQLSTATE for a missing right."""
_MIGRATION_LOCK = 0x766D6F64656C
"""Number of the lock that migrations of a Postgres database hold."""
_BUSY_MS = 30_000
"""Longest wait for other writers."""
_BRIEF_MS = 1_500
"""The same where it would hold up an answer that can be given without writing."""
_STATEMENT_MS, _IDLE_MS = 120_000, 120_000
"""Longest statement, and longest pause within a transaction, on a Postgres: a process that hangs frees its locks."""
_POOL_S, _CONNECT_S = 10, 10
"""Longest wait for one of the process's connections, and for a new one."""
#: Takes the write lock at the start: a reader that becomes a writer later could no longer get it.
_AT_ONCE = "BEGIN IMMEDIATE"


class Table(DeclarativeBase):
    """Base of all tables; constraints get names, so that migrations can refer to them."""

    metadata = MetaData(naming_convention=_NAMES)


class UtcDateTime(TypeDecorator[datetime]):
    """Instant in UTC. SQLite stores no time zone, so it is restored when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Reject an instant without a time zone; store UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return UTC."""
        if value is None:
            return None
        stored: datetime = value
        return stored.replace(tzinfo=UTC) if stored.tzinfo is None else stored.astimezone(UTC)


class Database:
    """Open database.

    Attributes:
        engine: SQLAlchemy engine; one per process.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        # On Postgres readers never wait, and ``relaxed_transaction`` turns durability off within a transaction.
        self._reading = _engine(url, "BEGIN", "query_only=ON") if self.is_sqlite else self.engine
        self._relaxed = _engine(url, _AT_ONCE, "synchronous=NORMAL") if self.is_sqlite else self.engine
        busy = f"busy_timeout={_BRIEF_MS}"
        self._brief = _engine(url, _AT_ONCE, "synchronous=NORMAL", busy) if self.is_sqlite else self.engine
        self._turn = threading.Lock() if self.is_sqlite else None

    @property
    def is_sqlite(self) -> bool:
        """Laptop installation: a single file with one writer at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Open a session whose changes are all kept when the block ends, or none if it raises."""
        with self._taking_turns(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def _taking_turns(self, most_ms: int = _BUSY_MS) -> Iterator[None]:
        # SQLite has one writer, and waiting threads poll the lock ever more rarely. Of twelve threads that wrote at
        # once, one waited 4.2 s, and 0.5 s with this lock. Other processes still poll.
        taken = self._turn is not None and self._turn.acquire(timeout=most_ms / 1000)
        try:
            yield
        finally:
            if taken and self._turn is not None:
                self._turn.release()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read-only session at one moment; readers and writers do not wait for each other."""
        with Session(self._reading, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def relaxed_transaction(self) -> Iterator[Session]:
        """Open a ``transaction`` that never waits for the disk; a power cut may lose it (such as request counts)."""
        with self._taking_turns(), Session(self._relaxed, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(_set(synchronous_commit="off"))
            yield session

    @contextmanager
    def brief(self) -> Iterator[Session]:
        """Open a ``relaxed_transaction`` that gives up soon where other writers or the disk do not let it in."""
        with self._taking_turns(_BRIEF_MS), Session(self._brief, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(_set(synchronous_commit="off", lock_timeout=_BRIEF_MS))
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Migrate the tables to ``revision``; do nothing if they are there.

        Raises:
            DatabaseNewer: a newer version of the program has migrated them.
            DatabaseNeedsOwner: this role may not migrate them.
        """
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.engine.begin() as connection:
            if not self.is_sqlite:  # processes that start together migrate one after the other; SQLite has one writer
                connection.execute(_set(statement_timeout=0, lock_timeout=0, idle_in_transaction_session_timeout=0))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            _refuse_newer(connection, ScriptDirectory.from_config(config))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, revision)
            except ProgrammingError as error:
                if is_not_allowed(error):
                    raise DatabaseNeedsOwner from None
                raise

    def close(self) -> None:
        """Close all connections."""
        for engine in (self.engine, self._reading, self._relaxed, self._brief):
            engine.dispose()


def database_url(settings: Settings) -> str:
    """Return the URL of the database: the configured one, or a file in the state folder."""
    return settings.database_url or f"sqlite:///{settings.home / 'vmodel.db'}"


def open_database(settings: Settings) -> Database:
    """Open the database of an installation and migrate its tables to the newest revision.

    Raises:
        DatabaseNewer, DatabaseNeedsOwner: see ``Database.upgrade``.
        VModelError: the state folder cannot be made.
    """
    if settings.database_url is None:
        make_home(settings.home)
    database = Database(database_url(settings))
    try:
        database.upgrade()
    except BaseException:
        database.close()
        raise
    return database


def _refuse_newer(connection: Connection, known: ScriptDirectory) -> None:
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None and present not in {script.revision for script in known.walk_revisions()}:
        raise DatabaseNewer(present)


def is_not_allowed(error: ProgrammingError) -> bool:
    """Return whether a role of a Postgres lacked a right."""
    return getattr(error.orig, "sqlstate", None) == _NOT_ALLOWED


def hold_lock(session: Session, number: int, shared: bool = False) -> None:
    """Hold a lock until the transaction ends; SQLite has one writer anyway.

    A lock of a table would need the right to change its rows, which nobody has where a table only grows.

    Args:
        session: of an open transaction.
        number: of the lock.
        shared: others may hold it too if they share it.
    """
    if session.get_bind().dialect.name == "postgresql":
        wait = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        session.execute(text(f"SELECT {wait}(:lock)"), {"lock": number})


def new_id() -> str:
    """Return a new identifier, 32 hexadecimal digits; later ones sort after earlier ones (UUID version 7, RFC 9562)."""
    return uuid7().hex


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def _engine(url: str, begin: str = _AT_ONCE, *pragmas: str) -> Engine:
    if not url.startswith("sqlite"):
        return _postgres(url.replace("postgresql://", "postgresql+psycopg://", 1))
    # A fault's text would otherwise hold the values of its statement: addresses, hashes, tokens.
    engine = create_engine(url, hide_parameters=True, pool_timeout=_POOL_S)
    if engine.url.database not in {None, "", ":memory:"}:
        make_private(Path(str(engine.url.database)))  # its journals get the same permissions

    # The driver's own transactions begin too late for a reader that becomes a writer; ours take the lock at once.
    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in ("foreign_keys=ON", "journal_mode=WAL", f"busy_timeout={_BUSY_MS}", "synchronous=FULL", *pragmas):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgres(url: str) -> Engine:
    within = {"connect_timeout": _CONNECT_S}
    engine = create_engine(url, hide_parameters=True, pool_timeout=_POOL_S, pool_pre_ping=True, connect_args=within)
    bounds = _set(
        False,
        statement_timeout=_STATEMENT_MS,
        lock_timeout=_BUSY_MS,
        idle_in_transaction_session_timeout=_IDLE_MS,
    ).text

    # Not as an option of the connection, which a pooler in front of the database may refuse.
    @event.listens_for(engine, "connect")
    def _bound(connection: Any, _record: Any) -> None:
        connection.execute(bounds)
        connection.commit()

    return engine


def _set(within_transaction: bool = True, **values: str | int) -> TextClause:
    """Return the statement that sets Postgres's own settings, for this transaction or for the connection."""
    each = (f"set_config('{name}', '{value}', {within_transaction})" for name, value in values.items())
    return text(f"SELECT {', '.join(each)}")
