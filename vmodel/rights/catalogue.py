"""The copy indexes of an installation: kept on disk, brought up to date from the database whenever they are opened."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy import select

from vmodel.config import Settings
from vmodel.database import Database
from vmodel.rights.copies import CopyIndex
from vmodel.rights.descriptors import POINT_BYTES, Descriptors
from vmodel.rights.registry import GarmentPhoto, ShotDescriptors

Described = Literal["pictures", "garments"]

_LATE_MS = 10 * 60 * 1000
"""Pictures whose transaction ended so much after their id was made are still noticed."""
_REBUILD_SHARE = 0.25
_FEW = 1000


def index_folder(settings: Settings, of: Described = "pictures") -> Path:
    """Where an index is kept; it may be deleted at any time."""
    return settings.home / "cache" / {"pictures": "copies", "garments": "garment-copies"}[of]


def open_index(settings: Settings, database: Database, of: Described = "pictures") -> CopyIndex:
    """The index of all registered pictures, or of all garment photos.

    Args:
        settings: name the home.
        database: of the registry.
        of: what is indexed.
    """
    folder = index_folder(settings, of)
    try:
        index = CopyIndex.load(folder)
    except (OSError, ValueError, RuntimeError, json.JSONDecodeError):
        return _rebuilt(folder, database, of)
    known = set(index.names)
    missing = [(name, found) for name, found in _described(database, _since(index.names), of) if name not in known]
    if len(missing) > max(_FEW, _REBUILD_SHARE * len(index)):
        # Cells that were trained on few points would hold the many badly.
        return _rebuilt(folder, database, of)
    for name, found in missing:
        index.add(name, found)
    if missing:
        _save(index, folder)
    return index


def _rebuilt(folder: Path, database: Database, of: Described) -> CopyIndex:
    index = CopyIndex.build(_described(database, "", of))
    _save(index, folder)
    return index


def _save(index: CopyIndex, folder: Path) -> None:
    # Another process may save at the same moment; whoever opens a mixture builds it anew.
    with contextlib.suppress(OSError, RuntimeError):
        index.save(folder)


def _since(names: list[str]) -> str:
    """An id that all missing pictures come after; ids begin with their millisecond (UUID version 7)."""
    return f"{max(0, int(max(names)[:12], 16) - _LATE_MS):012x}" if names else ""


def _described(database: Database, since: str, of: Described) -> list[tuple[str, Descriptors]]:
    table = {
        "pictures": (ShotDescriptors.shot_id, ShotDescriptors.pdq, ShotDescriptors.points),
        "garments": (GarmentPhoto.id, GarmentPhoto.pdq, GarmentPhoto.points),
    }[of]
    with database.transaction() as session:
        rows = session.execute(select(*table).where(table[0] > since).order_by(table[0])).all()
    return [(name, _descriptors(pdq, points)) for name, pdq, points in rows]


def _descriptors(pdq: bytes, points: bytes) -> Descriptors:
    return Descriptors(np.frombuffer(pdq, np.uint8), np.frombuffer(points, np.uint8).reshape(-1, POINT_BYTES))
