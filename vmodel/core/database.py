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
from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, text
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator
from uuid_utils import uuid7

from vmodel.config import Settings
from vmodel.core.files import make_home, make_private

_MIGRATIONS = Path(__file__).resolve().parents[1] / "migrations"
_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
_MIGRATION_LOCK = 0x766D6F64656C
"""Number of the lock that migrations of a Postgres database hold."""
_BUSY_MS = 30_000
#: Takes the write lock at the start: a reader that becomes a writer later could no longer get it.
_AT_ONCE = "BEGIN IMMEDIATE"


class Table(DeclarativeBase):
    """Base of all tables; constraints get names, so that migrations can refer to them."""

    metadata = MetaData(naming_convention=_NAMES)


class Moment(TypeDecorator[datetime]):
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
        # On Postgres readers never wait, and ``passing`` turns durability off within a transaction.
        self._reading = _engine(url, "BEGIN", "query_only=ON") if self.is_sqlite else self.engine
        self._passing = _engine(url, _AT_ONCE, "synchronous=NORMAL") if self.is_sqlite else self.engine
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
    def _taking_turns(self) -> Iterator[None]:
        # SQLite has one writer, and waiting threads poll the lock ever more rarely. Of twelve threads that wrote at
        # once, one waited 4.2 s, and 0.5 s with this lock. Other processes still poll.
        taken = self._turn is not None and self._turn.acquire(timeout=_BUSY_MS / 1000)
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
    def passing(self) -> Iterator[Session]:
        """Open a ``transaction`` that never waits for the disk; a power cut may lose it (such as request counts)."""
        with self._taking_turns(), Session(self._passing, expire_on_commit=False) as session, session.begin():
            if not self.is_sqlite:
                session.execute(text("SET LOCAL synchronous_commit TO OFF"))
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Migrate the tables to ``revision``; do nothing if they are there."""
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        with self.engine.begin() as connection:
            if not self.is_sqlite:  # processes that start together migrate one after the other; SQLite has one writer
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, revision)

    def close(self) -> None:
        """Close all connections."""
        for engine in (self.engine, self._reading, self._passing):
            engine.dispose()


def database_url(settings: Settings) -> str:
    """Return the URL of the database: the configured one, or a file in the state folder."""
    return settings.database_url or f"sqlite:///{settings.home / 'vmodel.db'}"


def open_database(settings: Settings) -> Database:
    """Open the database of an installation and migrate its tables to the newest revision.

    Raises:
        VModelError: the state folder cannot be made.
    """
    if settings.database_url is None:
        make_home(settings.home)
    database = Database(database_url(settings))
    database.upgrade()
    return database


def new_id() -> str:
    """Return a new identifier, 32 hexadecimal digits; later ones sort after earlier ones (UUID version 7, RFC 9562)."""
    return uuid7().hex


def now() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def _engine(url: str, begin: str = _AT_ONCE, *pragmas: str) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url.replace("postgresql://", "postgresql+psycopg://", 1), pool_pre_ping=True, hide_parameters=True)
    # A fault's text would otherwise hold the values of its statement: addresses, hashes, tokens.
    engine = create_engine(url, hide_parameters=True)
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
