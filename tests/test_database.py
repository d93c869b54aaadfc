"""The database keeps instants, is brought up to date, and keeps all of a transaction or none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Mapped, Session, mapped_column

from vmodel.config import Settings
from vmodel.database import Database, Moment, Table, database_url, new_id, open_database


class Happening(Table):
    __tablename__ = "happening_of_a_test"
    id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)


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
