"""The copy index of an installation: kept on disk, brought up to date from the database whenever it is opened."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
from sqlalchemy import select

from vmodel.config import Settings
from vmodel.database import Database
from vmodel.rights.copies import CopyIndex
from vmodel.rights.descriptors import POINT_BYTES, Descriptors
from vmodel.rights.registry import ShotDescriptors

_LATE_MS = 10 * 60 * 1000
"""Pictures whose transaction ended so much after their id was made are still noticed."""
_REBUILD_SHARE = 0.25
_FEW = 1000


def index_folder(settings: Settings) -> Path:
    """Where the index is kept; it may be deleted at any time."""
    return settings.home / "cache" / "copies"


def open_index(settings: Settings, database: Database) -> CopyIndex:
    """The index of all registered pictures.

    Args:
        settings: name the home.
        database: of the registry.
    """
    folder = index_folder(settings)
    try:
        index = CopyIndex.load(folder)
    except (OSError, ValueError, RuntimeError, json.JSONDecodeError):
        return _rebuilt(folder, database)
    known = set(index.names)
    missing = [(name, found) for name, found in _described(database, _since(index.names)) if name not in known]
    if len(missing) > max(_FEW, _REBUILD_SHARE * len(index)):
        # Cells that were trained on few points would hold the many badly.
        return _rebuilt(folder, database)
    for name, found in missing:
        index.add(name, found)
    if missing:
        _save(index, folder)
    return index


def _rebuilt(folder: Path, database: Database) -> CopyIndex:
    index = CopyIndex.build(_described(database, ""))
    _save(index, folder)
    return index


def _save(index: CopyIndex, folder: Path) -> None:
    # Another process may save at the same moment; whoever opens a mixture builds it anew.
    with contextlib.suppress(OSError, RuntimeError):
        index.save(folder)


def _since(names: list[str]) -> str:
    """An id that all missing pictures come after; ids begin with their millisecond (UUID version 7)."""
    return f"{max(0, int(max(names)[:12], 16) - _LATE_MS):012x}" if names else ""


def _described(database: Database, since: str) -> list[tuple[str, Descriptors]]:
    wanted = select(ShotDescriptors).where(ShotDescriptors.shot_id > since).order_by(ShotDescriptors.shot_id)
    with database.transaction() as session:
        rows = session.scalars(wanted).all()
    return [(row.shot_id, _descriptors(row)) for row in rows]


def _descriptors(row: ShotDescriptors) -> Descriptors:
    points = np.frombuffer(row.points, np.uint8).reshape(-1, POINT_BYTES)
    return Descriptors(np.frombuffer(row.pdq, np.uint8), points)
