"""Copy indexes of an installation, kept on disk and updated from the database whenever they are opened."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy import select

from vmodel.config import Settings
from vmodel.core.database import Database
from vmodel.rights.fingerprint.copy_index import CopyIndex
from vmodel.rights.fingerprint.descriptors import POINT_BYTES, Descriptors
from vmodel.rights.registry.tables import FilmFrame, GarmentPhoto, ShotDescriptors

Described = Literal["pictures", "garments"]

_LATE_MS = 10 * 60 * 1000
"""Longest delay in ms from making a picture's id to its commit after which an update still finds the picture."""
_REBUILD_SHARE = 0.25
_FEW = 1000
_SAVE_SHARE = 0.001
"""Share of new pictures above which a large index is saved again; fewer are read faster from the database."""


def index_folder(settings: Settings, of: Described = "pictures") -> Path:
    """Return the folder of an index, which may be deleted at any time."""
    return settings.home / "cache" / {"pictures": "copies", "garments": "garment-copies"}[of]


def open_index(settings: Settings, database: Database, of: Described = "pictures") -> CopyIndex:
    """Open the index of all registered pictures and film frames, or of all garment photos.

    A missing or damaged index is rebuilt.

    Args:
        settings: of the installation, for its home folder.
        database: of the registry.
        of: what is indexed.
    """
    folder = index_folder(settings, of)
    try:
        index = CopyIndex.load(folder)
    except (OSError, ValueError, RuntimeError):
        return _rebuilt(folder, database, of)
    return bring_up_to_date(index, settings, database, of)


def bring_up_to_date(index: CopyIndex, settings: Settings, database: Database, of: Described = "pictures") -> CopyIndex:
    """Add to an index what was registered since it was opened.

    Args:
        index: of ``open_index``; it may be changed.
        settings: of the installation, for its home folder.
        database: of the registry.
        of: what is indexed.
    Returns:
        The same index, or a rebuilt one if very many pictures were new.
    """
    known = set(index.names)
    missing = [(name, found) for name, found in _described(database, _since(index.names), of) if name not in known]
    if len(missing) > max(_FEW, _REBUILD_SHARE * len(index)):
        # Cells trained on few points would divide many points badly.
        return _rebuilt(index_folder(settings, of), database, of)
    index.add(missing)
    if len(missing) > _SAVE_SHARE * len(index):
        _save(index, index_folder(settings, of))
    return index


def _rebuilt(folder: Path, database: Database, of: Described) -> CopyIndex:
    index = CopyIndex.build(_described(database, "", of))
    _save(index, folder)
    return index


def _save(index: CopyIndex, folder: Path) -> None:
    # Without its files, the next process that opens the index rebuilds it.
    with contextlib.suppress(OSError, RuntimeError):
        index.save(folder)


def _since(names: list[str]) -> str:
    """Return an id below those of all missing pictures; ids begin with their millisecond (UUID version 7)."""
    return f"{max(0, int(max(names)[:12], 16) - _LATE_MS):012x}" if names else ""


def _described(database: Database, since: str, of: Described) -> list[tuple[str, Descriptors]]:
    tables = {
        "pictures": [
            (ShotDescriptors.shot_id, ShotDescriptors.pdq, ShotDescriptors.points),
            (FilmFrame.id, FilmFrame.pdq, FilmFrame.points),
        ],
        "garments": [(GarmentPhoto.id, GarmentPhoto.pdq, GarmentPhoto.points)],
    }[of]
    with database.transaction() as session:
        rows = [row for table in tables for row in session.execute(select(*table).where(table[0] > since)).all()]
    return [(name, descriptors_of(pdq, points)) for name, pdq, points in sorted(rows, key=lambda row: str(row[0]))]


def descriptors_of(pdq: bytes, points: bytes) -> Descriptors:
    """Convert the bytes of a database row to descriptors."""
    return Descriptors(np.frombuffer(pdq, np.uint8), np.frombuffer(points, np.uint8).reshape(-1, POINT_BYTES))
