"""A restore equals the backup of a running service; a damaged backup restores nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import text

from vmodel.config import Settings
from vmodel.core.database import Database, database_url, open_database
from vmodel.service.accounts.users import create_account
from vmodel.service.errors import BackupDamaged, BackupFailed, RestoreRefused
from vmodel.service.ledger.checkpoints import read_witness, sign_daily_checkpoint
from vmodel.service.ledger.grants import grant
from vmodel.service.ledger.integrity_check import verify
from vmodel.service.ledger.reservations import balance
from vmodel.service.ledger.signing_key import signing_key
from vmodel.service.maintenance.backup import LIST, back_up, restore


@pytest.fixture(params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Settings]:
    """Return a function that makes installations by name.

    Each has a state folder, and SQLite or an empty Postgres database.
    """
    if request.param == "postgres":
        monkeypatch.setenv("PATH", str(request.getfixturevalue("postgres_programs")), prepend=":")

    def found(name: str) -> Settings:
        if request.param == "sqlite":
            return Settings(home=tmp_path / name)
        new_postgres: Callable[[], str] = request.getfixturevalue("new_empty_postgres")
        return Settings(home=tmp_path / name, database_url=new_postgres())

    return found


def begin(settings: Settings) -> str:
    """Fill an installation with one seller, a picture, keys and a signed checkpoint."""
    database = open_database(settings)
    with database.transaction() as session:
        seller = create_account(session, "Lin", "lin@shop.example").id
        grant(session, seller, 100, "invoice 1")
    sign_daily_checkpoint(settings, database)
    database.close()
    (settings.home / "files" / seller).mkdir(parents=True)
    (settings.home / "files" / seller / "abc.png").write_bytes(b"picture")
    return seller


def test_a_restored_installation_has_the_same_books_keys_and_pictures(
    house: Callable[[str], Settings], tmp_path: Path
) -> None:
    old, new = house("old"), house("new")
    seller = begin(old)
    assert back_up(old, tmp_path / "backup") > 0
    restore(new, tmp_path / "backup")
    database = open_database(new)
    assert signing_key(new).private_bytes_raw() == signing_key(old).private_bytes_raw()
    assert verify(database, [signing_key(new).public_key()], read_witness(new)) == []
    with database.transaction() as session:
        assert balance(session, seller).available == 100
    with pytest.raises(Exception, match="only grows"), database.transaction() as session:
        session.execute(text("DELETE FROM ledger_entry"))
    database.close()
    assert (new.home / "files" / seller / "abc.png").read_bytes() == b"picture"
    assert (new.home / "ledger" / "signing-key.pem").stat().st_mode & 0o077 == 0


def test_a_backup_under_load_is_one_moment_of_the_ledger(house: Callable[[str], Settings], tmp_path: Path) -> None:
    old, new = house("old"), house("new")
    seller = begin(old)
    writing, enough = Event(), Event()

    def go_on() -> None:
        database = Database(database_url(old))
        number = 0
        while not enough.is_set():
            with database.transaction() as session:
                grant(session, seller, 1, f"gift {number}")
            number += 1
            writing.set()
        database.close()

    thread = Thread(target=go_on)
    thread.start()
    try:
        assert writing.wait(30)
        back_up(old, tmp_path / "backup", with_files=False)
    finally:
        enough.set()
        thread.join()
    restore(new, tmp_path / "backup")
    database = open_database(new)
    assert verify(database, [signing_key(old).public_key()], read_witness(new)) == []
    with database.transaction() as session:
        assert balance(session, seller).available > 100
    database.close()
    assert not (new.home / "files").exists()


def test_a_damaged_backup_and_a_place_that_is_taken_are_refused(
    house: Callable[[str], Settings], tmp_path: Path
) -> None:
    old, new = house("old"), house("new")
    begin(old)
    folder = tmp_path / "backup"
    back_up(old, folder)
    with pytest.raises(RestoreRefused):
        back_up(old, folder)
    with pytest.raises(RestoreRefused):
        restore(old, folder)
    key = folder / "ledger" / "signing-key.pem"
    kept = key.read_bytes()
    key.write_bytes(kept[::-1])
    with pytest.raises(BackupDamaged, match="signing-key"):
        restore(new, folder)
    key.unlink()
    with pytest.raises(BackupDamaged, match="signing-key"):
        restore(new, folder)
    key.write_bytes(kept)
    (folder / "stranger").touch()
    with pytest.raises(BackupDamaged, match="stranger"):
        restore(new, folder)
    (folder / LIST).unlink()
    with pytest.raises(BackupDamaged, match=LIST):
        restore(new, folder)
    assert not new.home.exists()


def test_a_database_that_is_not_empty_is_not_written_over(house: Callable[[str], Settings], tmp_path: Path) -> None:
    old, new = house("old"), house("new")
    begin(old)
    back_up(old, tmp_path / "backup")
    open_database(new).close()
    with pytest.raises(RestoreRefused, match="not empty"):
        restore(new, tmp_path / "backup")


def test_another_kind_of_database_and_missing_programs_are_said(
    tmp_path: Path, new_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Settings(home=tmp_path / "old")
    begin(old)
    back_up(old, tmp_path / "backup")
    house = Settings(home=tmp_path / "new", database_url=new_postgres)
    with pytest.raises(BackupFailed, match="another kind"):
        restore(house, tmp_path / "backup")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupFailed, match="pg_dump is not on the PATH"):
        back_up(house, tmp_path / "second")
