"""Sources of published weights: the hub or a mirror of it by address, or a folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from huggingface_hub import HfApi, RepoFile, snapshot_download
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

from pipelines.hub.weights.catalogue import Part
from pipelines.hub.weights.progress_io import TransferCallback, copy_told, sha256_told, tell_nobody
from vmodel.errors import WeightsUnavailable

_CLIENT_ERRORS: tuple[type[Exception], ...] = (
    *HfHubHTTPError.__bases__,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
)
"""Exceptions of the hub's client; the bases are those of its HTTP library, which its versions exchange."""
SUMS = "SHA256SUMS"
"""File of a repository in a folder that states the hashes of the others, as ``sha256sum`` writes it."""


@dataclass(frozen=True)
class SourceFile:
    """File as its source states it.

    Attributes:
        path: inside its repository.
        size: bytes.
        sha256: hex digest, or None where the source does not state it.
        git_sha1: hex digest of git's blob, or None.
    """

    path: str
    size: int
    sha256: str | None = None
    git_sha1: str | None = None

    def is_at(self, folder: Path, tell: TransferCallback = tell_nobody) -> bool:
        """Check that the folder has this file with the stated size and hash."""
        path = folder / self.path
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if self.sha256 is not None:
            return sha256_told(path, tell) == self.sha256
        return self.git_sha1 is None or git_sha1_of(path) == self.git_sha1


class Source(Protocol):
    """Interface that lists and fetches the files of a part."""

    def files_of(self, part: Part, tell: TransferCallback = tell_nobody) -> list[SourceFile]:
        """List the files of a part.

        Raises:
            WeightsUnavailable: the source cannot be reached, or does not have it.
        """
        ...

    def fetch(self, part: Part, files: list[SourceFile], folder: Path, tell: TransferCallback = tell_nobody) -> None:
        """Download the files into a folder.

        Raises:
            WeightsUnavailable: the source broke off.
        """
        ...


@dataclass(frozen=True)
class FolderSource:
    """Source in a folder with a folder OWNER/NAME for every repository.

    Attributes:
        root: the folder.
    """

    root: Path

    def files_of(self, part: Part, tell: TransferCallback = tell_nobody) -> list[SourceFile]:
        """List the files of a part; see ``Source``."""
        repository = self.root / part.repository
        found = sorted(path for path in repository.rglob("*") if path.is_file())
        taken = _taken((path.relative_to(repository).as_posix() for path in found), part)
        if not taken:
            raise WeightsUnavailable(part.repository, f"{self.root} has no {part.repository}")
        sums = _read_sums(repository / SUMS)
        return [
            SourceFile(name, (repository / name).stat().st_size, sums.get(name) or sha256_told(repository / name, tell))
            for name in taken
        ]

    def fetch(self, part: Part, files: list[SourceFile], folder: Path, tell: TransferCallback = tell_nobody) -> None:
        """Copy the files into a folder; see ``Source``."""
        for file in files:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            passing = target.with_name(target.name + ".part")
            try:
                copy_told(self.root / part.repository / file.path, passing, tell)
                passing.replace(target)
            except OSError as error:
                raise WeightsUnavailable(part.repository, f"{file.path}: {error.strerror or error}") from None
            finally:
                passing.unlink(missing_ok=True)


@dataclass(frozen=True)
class HubSource:
    """Source at the hub, or at a mirror with the same interface.

    Attributes:
        endpoint: its address.
    """

    endpoint: str

    def files_of(self, part: Part, tell: TransferCallback = tell_nobody) -> list[SourceFile]:
        """List the files of a part; see ``Source``."""
        api = HfApi(endpoint=self.endpoint, library_name="vmodel")
        try:
            entries = list(api.list_repo_tree(part.repository, recursive=True, revision=part.revision))
        except _CLIENT_ERRORS as error:
            raise WeightsUnavailable(part.repository, _first_line(error)) from None
        files = {entry.path: entry for entry in entries if isinstance(entry, RepoFile)}
        taken = _taken(files, part)
        if not taken:
            raise WeightsUnavailable(part.repository, f"{self.endpoint} has no such files")
        return [_as_stated(files[path]) for path in taken]

    def fetch(self, part: Part, files: list[SourceFile], folder: Path, tell: TransferCallback = tell_nobody) -> None:
        """Download the files into a folder; an interrupted file is resumed. See ``Source``."""
        tell("", 0)
        try:
            snapshot_download(
                part.repository,
                revision=part.revision,
                local_dir=folder,
                allow_patterns=[file.path for file in files],
                endpoint=self.endpoint,
                library_name="vmodel",
            )
        except _CLIENT_ERRORS as error:
            raise WeightsUnavailable(part.repository, _first_line(error)) from None


def open_source(setting: str) -> Source:
    """Open the source that a setting names.

    Args:
        setting: address starting with http:// or https://, otherwise a folder.
    """
    if setting.startswith(("http://", "https://")):
        return HubSource(setting.rstrip("/"))
    return FolderSource(Path(setting).expanduser())


def git_sha1_of(path: Path) -> str:
    """Return the hex digest under which git stores a file's bytes."""
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def total_bytes(files: Iterable[SourceFile]) -> int:
    """Add the sizes up."""
    return sum(file.size for file in files)


def _taken(paths: Iterable[str], part: Part) -> list[str]:
    return [path for path in paths if any(fnmatchcase(path, pattern) for pattern in part.patterns)]


def _as_stated(entry: RepoFile) -> SourceFile:
    if entry.lfs is not None:
        return SourceFile(entry.path, entry.lfs.size, sha256=entry.lfs.sha256)
    return SourceFile(entry.path, entry.size, git_sha1=entry.blob_id)


def _read_sums(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    lines = (line.split(maxsplit=1) for line in path.read_text(encoding="utf-8").splitlines())
    return {name.lstrip("*").removeprefix("./"): digest for digest, name in lines}


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
