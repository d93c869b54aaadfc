"""Backup and restore of an installation: its database, its keys, and its pictures if they are in a folder.

A backup is a folder with a list of all its files and their hashes. It may be made while the service runs. The database
is read at one moment; the files copied after it can only be more than it references.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, inspect, make_url

from vmodel.config import Settings
from vmodel.core.database import Database, database_url, now
from vmodel.core.files import (
    OWNER_FILE,
    OWNER_FOLDER,
    close_to_others,
    make_folder,
    make_home,
    sha256_of,
    write_durably,
)
from vmodel.errors import OutputNotWritable
from vmodel.service.errors import BackupDamaged, BackupFailed, RestoreRefused

LIST = "backup.json"
#: Parts of the state folder that cannot be recreated: the secret, the keys, the sellers' own virtual models.
_KEPT = ("secret", "ledger", "rights", "models")
_SQLITE = ("vmodel.db", "queue.db")
_DUMP = "database.dump"
_FILES = "files"


def back_up(settings: Settings, folder: Path, with_files: bool = True) -> int:
    """Write a backup; the service may keep running.

    Args:
        settings: of the installation.
        folder: new or empty.
        with_files: also copy the pictures if they are in the state folder; those in S3 have their own backup.
    Returns:
        Bytes written.
    Raises:
        RestoreRefused: the folder is not empty.
        BackupFailed: Postgres's tools are missing or failed.
        OutputNotWritable: the folder cannot be written.
    """
    if folder.exists() and any(folder.iterdir()):
        raise RestoreRefused(str(folder))
    make_folder(folder, OWNER_FOLDER)
    try:
        folder.chmod(OWNER_FOLDER)  # before anything is in it
        _save_database(settings, folder)
        for name in (*_KEPT, *([_FILES] if with_files and settings.files_url is None else [])):
            _copy(settings.home / name, folder / name)
        listed = {str(path.relative_to(folder)): sha256_of(path) for path in _files_of(folder)}
        content = {"made_at": now().isoformat(timespec="seconds"), "files": listed}
        write_durably(folder / LIST, json.dumps(content, indent=1).encode(), OWNER_FILE)
        close_to_others(folder)
        os.sync()  # a backup that is reported as made survives a power cut
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None
    return sum(path.stat().st_size for path in _files_of(folder))


def restore(settings: Settings, folder: Path) -> None:
    """Restore an installation from a backup; check it afterwards with ``vmodel ledger verify``.

    Args:
        settings: of the new installation, whose state folder and database are empty.
        folder: see ``back_up``.
    Raises:
        BackupDamaged: a file is missing or changed; nothing was restored.
        RestoreRefused: the target is not empty.
        BackupFailed: the database is of another kind, or Postgres's tools are missing or failed.
        OutputNotWritable: the state folder cannot be written.
    """
    _check(folder)
    taken = [settings.home / name for name in (*_KEPT, *_SQLITE, _FILES) if (settings.home / name).exists()]
    if taken:
        raise RestoreRefused(str(taken[0]))
    url = make_url(settings.owner_database_url or database_url(settings))
    if (folder / _DUMP).is_file() == (url.get_backend_name() == "sqlite"):
        raise BackupFailed("it is of another kind of database than the one that is set")
    make_home(settings.home)
    try:
        if (folder / _DUMP).is_file():
            _load_postgres(url, folder / _DUMP)
        for name in (*_KEPT, *_SQLITE, _FILES):
            _copy(folder / name, _place(settings, name))
        os.sync()
    except OSError as error:
        raise OutputNotWritable(str(settings.home), error.strerror or str(error)) from None


def _place(settings: Settings, name: str) -> Path:
    if name == _SQLITE[0]:
        return Path(make_url(database_url(settings)).database or "")
    return settings.home / name


def _save_database(settings: Settings, folder: Path) -> None:
    url = make_url(database_url(settings))
    if url.get_backend_name() != "sqlite":
        _run_tool(url, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={folder / _DUMP}")
        return
    for name in _SQLITE:
        source = _place(settings, name)
        if source.is_file():
            with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(folder / name)) as copy:
                live.backup(copy)


def _load_postgres(url: URL, dump: Path) -> None:
    database = Database(url.render_as_string(hide_password=False))
    tables = inspect(database.engine).get_table_names()
    database.close()
    if tables:
        raise RestoreRefused(f"The database {url.database}")
    _run_tool(url, "pg_restore", "--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction", str(dump))


def _run_tool(url: URL, tool: str, *arguments: str) -> None:
    """Run one of Postgres's programs, with the password in the environment, which other users cannot see."""
    found = shutil.which(tool)
    if found is None:
        raise BackupFailed(f"{tool} is not on the PATH, install Postgres's client programs")
    address = url.set(drivername="postgresql", password=None).render_as_string()
    environment = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    ended = subprocess.run(
        [found, f"--dbname={address}", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if ended.returncode != 0:
        raise BackupFailed(f"{tool} said {ended.stderr.strip().splitlines()[-1:]}")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copy2)
        close_to_others(target)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)
        close_to_others(target)


def _files_of(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / LIST)


def _check(folder: Path) -> None:
    try:
        listed: dict[str, str] = json.loads((folder / LIST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, RecursionError, KeyError, TypeError):
        raise BackupDamaged(str(folder / LIST)) from None
    there = {str(path.relative_to(folder)) for path in _files_of(folder)}
    for name in sorted(set(listed) | there):
        path = folder / name
        if name not in there or name not in listed or sha256_of(path) != listed[name]:
            raise BackupDamaged(str(path))
