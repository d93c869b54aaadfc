"""Long work with files of many gigabytes, told as it goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

#: Is told what is done with which file, and to how many further bytes; "" means that others tell from here on.
Tell = Callable[[str, int], None]
_CHUNK = 2**24


def tell_nobody(what: str, done: int) -> None:
    """Where nobody looks."""


def sha256_told(path: Path, tell: Tell) -> str:
    """Hex digest of a file's bytes, which are told as they are read."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
            tell(f"checking {path.name}", len(chunk))
    return digest.hexdigest()


def copy_told(source: Path, target: Path, tell: Tell) -> None:
    """Copy a file's bytes, which are told as they are written.

    Raises:
        OSError: one of the files cannot be read or written.
    """
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(_CHUNK):
            writing.write(chunk)
            tell(f"copying {source.name}", len(chunk))
