"""Record of what a process hands to the disk and when, beside the statements that it gives its database."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import event

from vmodel.core.database import Database


class DiskLog:
    """Order of the calls that write files and folders to the disk; the calls are carried out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.events: list[object] = []
        really_sync, really_replace = os.fsync, Path.replace

        def sync(opened: int) -> None:
            really_sync(opened)
            self.events.append(os.fstat(opened).st_ino)

        def replace(path: Path, target: Path) -> Path:
            self.events.append(f"named {target.name}")
            return really_replace(path, target)

        monkeypatch.setattr(os, "fsync", sync)
        monkeypatch.setattr(Path, "replace", replace)

    def listen(self, database: Database) -> None:
        """Record the values of every statement as text, too."""

        @event.listens_for(database.engine, "before_cursor_execute")
        def _note(*call: object) -> None:
            self.events.append(f"stated {call[3]}")

    def when_synced(self, path: Path) -> list[int]:
        """Return the places in ``events`` at which a file or folder was on the disk."""
        return [place for place, each in enumerate(self.events) if each == path.stat().st_ino]

    def when_named(self, path: Path) -> int:
        """Return the place in ``events`` at which a file got its name."""
        return self.events.index(f"named {path.name}")

    def when_stated(self, value: str) -> int:
        """Return the place in ``events`` at which the database was first given a value."""
        return next(
            place for place, each in enumerate(self.events) if str(each).startswith("stated") and value in str(each)
        )
