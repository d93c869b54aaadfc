"""Cache of arrays by the hash of what they depend on: a drape or a skin that is known is not made again."""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from vmodel.core.files import OWNER_FOLDER, make_folders
from vmodel.types import FloatArray


def read_arrays(folder: Path, key: str) -> dict[str, FloatArray] | None:
    """Return the arrays stored under a key; None if there are none or the file is damaged."""
    path = folder / f"{key}.npz"
    try:
        # Opened here because numpy leaves a damaged file open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile):  # zipfile raises all of them
        return None


def write_arrays(folder: Path, key: str, arrays: Mapping[str, FloatArray]) -> None:
    """Store arrays under a key; readers see the whole file or none. A full or read-only disk raises no error."""
    try:
        make_folders(folder, OWNER_FOLDER)
        handle, name = tempfile.mkstemp(dir=folder, suffix=".part")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **dict(arrays))  # type: ignore[arg-type]
        os.replace(name, folder / f"{key}.npz")
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
