"""Embedded weights and the manifest that vouches for them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vmodel.core.files import sha256_of, write_whole
from vmodel.errors import WeightsMissing

MANIFEST = "manifest.toml"
_HEADER = "# Weights that travel with vmodel. Every entry is checked against its file by a test.\n"
_KINDS = (".json", ".safetensors")


@dataclass(frozen=True)
class Origin:
    """Origin of weights.

    Attributes:
        licence: SPDX identifier.
        data: what they were trained on.
        recipe: command that makes them.
    """

    licence: str
    data: str
    recipe: str


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Read ``manifest.toml``: path below the folder, with slashes -> entry (sha256, bytes, licence, data, recipe).

    Raises:
        WeightsMissing: the folder has no readable manifest.
    """
    try:
        entries = tomllib.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError):
        raise WeightsMissing(MANIFEST) from None
    return {str(entry["name"]): entry for entry in entries.get("weights", [])}


def check_weights(folder: Path) -> dict[str, str | None]:
    """Compare every file with the manifest.

    Returns:
        Path as in the manifest -> None if its hash is right, otherwise the fault and the remedy.
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


def weight_files(folder: Path) -> list[Path]:
    """Return every file below a folder that affects what a network computes: numbers and configuration, sorted."""
    return sorted(path for path in folder.rglob("*") if path.suffix in _KINDS and path.is_file())


def vouch_for(pipeline: Path, origin: Origin) -> Path:
    """Enter every file of a pipeline folder into the manifest, in place of earlier entries of that folder.

    Args:
        pipeline: as ``save_pretrained`` wrote it. Its entries go to the manifest beside it, where there is one, as in
            the weights folder; otherwise the folder gets a manifest of its own.
        origin: of all these files.
    Returns:
        The manifest.
    Raises:
        OutputNotWritable: the manifest cannot be written.
    """
    shared = (pipeline.parent / MANIFEST).is_file()
    root = pipeline.parent if shared else pipeline
    entries = read_manifest(root) if shared else {}
    below = f"{pipeline.name}/" if shared else ""
    kept = [entry for name, entry in entries.items() if not name.startswith(below)]
    made = [
        {"name": path.relative_to(root).as_posix(), "sha256": sha256_of(path), "bytes": path.stat().st_size}
        | asdict(origin)
        for path in weight_files(pipeline)
    ]
    write_whole(root / MANIFEST, _as_toml([*kept, *made]).encode())
    return root / MANIFEST


def _as_toml(entries: Iterable[Mapping[str, Any]]) -> str:
    """Format texts and whole numbers as TOML; their JSON form is also valid TOML."""
    tables = (
        "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in entry.items())
        for entry in entries
    )
    return _HEADER + "".join(f"\n[[weights]]\n{table}" for table in tables)
