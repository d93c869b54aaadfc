"""The embedded weights and the manifest that vouches for them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from vmodel.errors import WeightsMissing
from vmodel.files import sha256_of


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """File name -> entry (sha256, bytes, licence, data, recipe) of ``manifest.toml``.

    Raises:
        WeightsMissing: the folder has no readable manifest.
    """
    try:
        entries = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        raise WeightsMissing("manifest.toml") from None
    return {str(entry["name"]): entry for entry in entries.get("weights", [])}


def check_weights(folder: Path) -> dict[str, str | None]:
    """Compare every file with the manifest.

    Returns:
        File name -> None if its hash is right, else what is wrong and the remedy.
    Raises:
        WeightsMissing: the folder has no readable manifest.
    """
    faults: dict[str, str | None] = {}
    for name, entry in read_manifest(folder).items():
        path = folder / name
        if not path.is_file():
            faults[name] = "not there; reinstall vmodel"
        elif sha256_of(path) != entry["sha256"]:
            faults[name] = "changed or cut short; reinstall vmodel"
        else:
            faults[name] = None
    return faults
