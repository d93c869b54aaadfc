"""Store of the published weights on this machine: pulled whole, recorded, checked, removed.

Every pull ends by writing ``record.json``; weights without it are incomplete.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from pipelines.hub.weights.catalogue import HubWeights, Part, weights_of
from pipelines.hub.weights.progress_io import TransferCallback, sha256_told, tell_nobody
from vmodel.config import Settings
from vmodel.core.files import make_folder, write_whole
from vmodel.errors import (
    DiskTooFull,
    LicenceNotAccepted,
    WeightsChanged,
    WeightsIncomplete,
    WeightsNotPulled,
    WeightsUnavailable,
)

if TYPE_CHECKING:
    from pipelines.hub.weights.sources import Source, SourceFile

RECORD = "record.json"
_ACCEPTED = "licences.json"
_SPARE_BYTES = 10**9
"""Disk space that a pull leaves free."""
_MOST_LICENCE_BYTES = 10**6


def folder_of(name: str, settings: Settings) -> Path:
    """Return the folder of the weights of a name, whether they are there or not.

    Raises:
        UnknownWeights: the catalogue has no such name.
    """
    return settings.home / "weights" / weights_of(name).name


def find_weights(name: str, settings: Settings) -> Path:
    """Return the folder of weights that are ready to be loaded; ``verify_weights`` checks the hashes.

    Raises:
        WeightsNotPulled, WeightsIncomplete: they are not ready; the message names the command that gets them.
        LicenceNotAccepted: they are for research only, and nobody has accepted their licence here.
    """
    weights, folder = weights_of(name), folder_of(name, settings)
    if not folder.is_dir():
        raise WeightsNotPulled(name)
    for path, file in _recorded_files(weights, folder).items():
        if not (folder / path).is_file() or (folder / path).stat().st_size != file["bytes"]:
            raise WeightsIncomplete(name, path)
    if weights.research_only:
        _accept(weights, settings, now=False)
    return folder


def verify_weights(name: str, settings: Settings, tell: TransferCallback = tell_nobody) -> dict[str, str | None]:
    """Compare every file with the record of the pull.

    Args:
        name: in the catalogue.
        settings: give the home.
        tell: receives every piece that was read.
    Returns:
        Path below the folder -> None if its hash is right, otherwise the fault.
    Raises:
        WeightsNotPulled, WeightsIncomplete: there is no finished pull to compare with.
    """
    folder = folder_of(name, settings)
    if not folder.is_dir():
        raise WeightsNotPulled(name)
    faults: dict[str, str | None] = {}
    for path, file in _recorded_files(weights_of(name), folder).items():
        if not (folder / path).is_file():
            faults[path] = "not there"
        else:
            right = sha256_told(folder / path, tell) == file["sha256"]
            faults[path] = None if right else "changed or cut short"
    return faults


def pulled_bytes(name: str, settings: Settings) -> int:
    """Return the size of all files of a finished pull, as recorded.

    Raises:
        WeightsNotPulled, WeightsIncomplete: there is none.
    """
    folder = folder_of(name, settings)
    if not folder.is_dir():
        raise WeightsNotPulled(name)
    return sum(file["bytes"] for file in _recorded_files(weights_of(name), folder).values())


def pull_weights(
    name: str, settings: Settings, accept_licence: bool = False, tell: TransferCallback = tell_nobody
) -> Path:
    """Pull the weights of a name; complete files are kept.

    Args:
        name: in the catalogue.
        settings: give the source and the home.
        accept_licence: the user agrees to the licence; remembered.
        tell: receives every piece that was copied or checked; the hub's client reports downloads itself.
    Returns:
        Their folder.
    Raises:
        LicenceNotAccepted, DiskTooFull, WeightsUnavailable, WeightsChanged: see their messages.
    """
    from pipelines.hub.weights.sources import open_source, total_bytes

    weights, folder = weights_of(name), folder_of(name, settings)
    _accept(weights, settings, accept_licence)
    if settings.offline and settings.weights_source.startswith(("http://", "https://")):
        remedy = "take VMODEL_OFFLINE away, or set VMODEL_WEIGHTS_SOURCE to a folder"
        raise WeightsUnavailable(name, "VMODEL_OFFLINE forbids downloads", remedy)
    source = open_source(settings.weights_source)
    wanted = [(part, source.files_of(part, tell)) for part in weights.parts]
    make_folder(folder)
    (folder / RECORD).unlink(missing_ok=True)
    missing = [[file for file in files if not file.is_at(folder / part.folder, tell)] for part, files in wanted]
    free, needed = shutil.disk_usage(folder).free, total_bytes(chain.from_iterable(missing))
    if needed and needed + _SPARE_BYTES > free:
        raise DiskTooFull(str(folder), (needed + _SPARE_BYTES) / 1e9, free / 1e9)
    parts = []
    for (part, files), lacking in zip(wanted, missing, strict=True):
        _fetch(source, part, lacking, folder / part.folder, name, tell)
        recorded = {file.path: _describe(file, folder / part.folder, tell) for file in files}
        parts.append(
            {"folder": part.folder, "repository": part.repository, "revision": part.revision, "files": recorded}
        )
    record = {"name": name, "licence": weights.licence, "source": settings.weights_source, "parts": parts}
    write_whole(folder / RECORD, json.dumps(record, indent=1).encode())
    return folder


def licence_texts(name: str, settings: Settings) -> dict[str, str]:
    """Return the licences in the weights' repositories, before anything else of them is pulled.

    Returns:
        Repository -> text; without repositories that hold none or cannot be reached.
    """
    from pipelines.hub.weights.sources import open_source

    if settings.offline and settings.weights_source.startswith(("http://", "https://")):
        return {}
    source, texts = open_source(settings.weights_source), dict[str, str]()
    for part in weights_of(name).parts:
        patterns = tuple(each for each in part.patterns if each.startswith("LICENSE"))
        if not patterns:
            continue
        papers = replace(part, patterns=patterns)
        with suppress(WeightsUnavailable, OSError, UnicodeDecodeError), TemporaryDirectory() as place:
            files = [file for file in source.files_of(papers) if file.size <= _MOST_LICENCE_BYTES]
            if files:
                source.fetch(papers, files, Path(place))
                read = [(Path(place) / file.path).read_text(encoding="utf-8") for file in files]
                texts[part.repository] = "\n\n".join(read)
    return texts


def _fetch(
    source: Source, part: Part, files: list[SourceFile], folder: Path, name: str, tell: TransferCallback
) -> None:
    """Fetch files and check them; wrong ones are deleted."""
    for file in files:
        (folder / file.path).unlink(missing_ok=True)
    if files:
        source.fetch(part, files, folder, tell)
    for file in files:
        if not file.is_at(folder, tell):
            (folder / file.path).unlink(missing_ok=True)
            raise WeightsChanged(name, file.path)


def remove_weights(name: str, settings: Settings) -> int:
    """Delete the weights of a name.

    Returns:
        Bytes that were freed.
    Raises:
        WeightsNotPulled: there is nothing to remove.
    """
    folder = folder_of(name, settings)
    if not folder.is_dir():
        raise WeightsNotPulled(name)
    freed = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
    return freed


def state_of(name: str, settings: Settings) -> str:
    """Return "ready", "incomplete", "not pulled" or "not accepted"."""
    try:
        find_weights(name, settings)
    except WeightsNotPulled:
        return "not pulled"
    except WeightsIncomplete:
        return "incomplete"
    except LicenceNotAccepted:
        return "not accepted"
    return "ready"


def _recorded_files(weights: HubWeights, folder: Path) -> dict[str, dict[str, Any]]:
    """Return path below the folder -> bytes and sha256."""
    try:
        parts = json.loads((folder / RECORD).read_text(encoding="utf-8"))["parts"]
        found = [(part["folder"], part["repository"], part["revision"]) for part in parts]
        files = {f"{part['folder']}/{path}": file for part in parts for path, file in part["files"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        raise WeightsIncomplete(weights.name, "the pull did not end") from None
    if found != [(part.folder, part.repository, part.revision) for part in weights.parts]:
        raise WeightsIncomplete(weights.name, "another revision than this version of vmodel needs")
    return files


def _describe(file: SourceFile, folder: Path, tell: TransferCallback) -> dict[str, Any]:
    # A file whose source states this hash was compared with it just now.
    return {"bytes": file.size, "sha256": file.sha256 or sha256_told(folder / file.path, tell)}


def _accept(weights: HubWeights, settings: Settings, now: bool) -> None:
    path = settings.home / "weights" / _ACCEPTED
    accepted: dict[str, Any] = {}
    # A file that cannot be read counts as no acceptance.
    with suppress(OSError, ValueError, TypeError):
        accepted = dict(json.loads(path.read_text(encoding="utf-8")))
    if accepted.get(weights.name) == weights.licence:
        return
    if not now:
        raise LicenceNotAccepted(weights.name, weights.licence, weights.licence_note, weights.licence_urls)
    make_folder(path.parent)
    write_whole(path, json.dumps({**accepted, weights.name: weights.licence}, indent=1).encode())
