"""The copy indexes of an installation: kept on disk, brought up to date from the database whenever they are opened."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy import select

from vmodel.config import Settings
from vmodel.database import Database
from vmodel.rights.copies import CopyIndex
from vmodel.rights.descriptors import POINT_BYTES, Descriptors
from vmodel.rights.registry import FilmFrame, GarmentPhoto, ShotDescriptors

Described = Literal["pictures", "garments"]

_LATE_MS = 10 * 60 * 1000
"""Pictures whose transaction ended so much after their id was made are still noticed."""
_REBUILD_SHARE = 0.25
_FEW = 1000
_SAVE_SHARE = 0.001
"""Of a large index the files are written anew only for so many new pictures: the few come from the database sooner."""


def index_folder(settings: Settings, of: Described = "pictures") -> Path:
    """Where an index is kept; it may be deleted at any time."""
    return settings.home / "cache" / {"pictures": "copies", "garments": "garment-copies"}[of]


def open_index(settings: Settings, database: Database, of: Described = "pictures") -> CopyIndex:
    """The index of all registered pictures and films' frames, or of all garment photos.

    It is made anew where it is missing or damaged.

    Args:
        settings: name the home.
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
    """An index with what was registered since it was opened.

    Args:
        index: of ``open_index``; it may be changed.
        settings: name the home.
        database: of the registry.
        of: what is indexed.
    Returns:
        The same index, or another one where very much was new.
    """
    known = set(index.names)
    missing = [(name, found) for name, found in _described(database, _since(index.names), of) if name not in known]
    if len(missing) > max(_FEW, _REBUILD_SHARE * len(index)):
        # Cells that were trained on few points would hold the many badly.
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
    # Without its files an index is built anew by whoever opens it next.
    with contextlib.suppress(OSError, RuntimeError):
        index.save(folder)


def _since(names: list[str]) -> str:
    """An id that all missing pictures come after; ids begin with their millisecond (UUID version 7)."""
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
    """Descriptors as rows hold them."""
    return Descriptors(np.frombuffer(pdq, np.uint8), np.frombuffer(points, np.uint8).reshape(-1, POINT_BYTES))
