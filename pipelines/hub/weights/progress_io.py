"""Long work with files of many gigabytes, with reports of its progress."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

#: Receives the work and its file, and the number of further bytes done; "" means that others report from here on.
TransferCallback = Callable[[str, int], None]
_CHUNK = 2**24


def tell_nobody(what: str, done: int) -> None:
    """Ignore the progress."""


def sha256_told(path: Path, tell: TransferCallback) -> str:
    """Return the SHA-256 of a file as hex digits, and report the bytes as they are read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            tell(f"checking {path.name}", len(chunk))
    return digest.hexdigest()


def copy_told(source: Path, target: Path, tell: TransferCallback) -> None:
    """Copy a file, and report the bytes as they are written.

    Raises:
        OSError: one of the files cannot be read or written.
    """
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
            tell(f"copying {source.name}", len(chunk))
