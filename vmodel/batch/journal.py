"""Journal of a batch: one line per picture, written at once, so that a killed run resumes where it ended."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from filelock import FileLock, Timeout

from vmodel.batch.errors import BatchRunning
from vmodel.core.files import sha256_of
from vmodel.errors import OutputNotWritable

JOURNAL: Final = "journal.jsonl"
_LOCK: Final = ".running"


@dataclass(frozen=True)
class Outcome:
    """Result of one picture.

    Attributes:
        key: of its task.
        picture, sidecar: names in the output folder; empty if it failed.
        sha256: hex digest of the picture.
        model, pose: wearer and pose as chosen in the end.
        seconds: time that it took.
        code, message: of the failure; empty where there is none.
        dressed: it needed a drape of its own, which further views reuse.
        look: features that must stay the same in its set, see ``vmodel.quality.consistency``; empty in older journals.
        check: question for the seller about the garment's kind, see ``Shot.check``; empty where it is certain.
    """

    key: str
    picture: str = ""
    sidecar: str = ""
    sha256: str = ""
    model: str = ""
    pose: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    code: str = ""
    message: str = ""
    dressed: bool = False
    look: Mapping[str, Any] = field(default_factory=dict)
    check: Mapping[str, Any] = field(default_factory=dict)

    @property
    def made(self) -> bool:
        """Success: there is a picture."""
        return not self.code

    @property
    def question(self) -> str:
        """Question for the seller; empty if there is none."""
        return str(self.check.get("question", ""))


@dataclass
class Journal:
    """Journal of an output folder.

    Attributes:
        folder: of the journal.
        stream: of the file, at its end.
        outcomes: key -> newest outcome.
    """

    folder: Path
    stream: IO[bytes]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def keep(self, outcome: Outcome) -> None:
        """Append an outcome and flush it to the disk, so that it survives a crash.

        Raises:
            OutputNotWritable: the disk is full.
        """
        line = (json.dumps({"format": 1, **asdict(outcome)}, ensure_ascii=False) + "\n").encode()
        try:
            if self.stream.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self.stream.fileno())
        except OSError as error:
            raise OutputNotWritable(str(self.folder), error.strerror or str(error)) from None
        self.outcomes[outcome.key] = outcome


def is_made(outcome: Outcome | None, folder: Path) -> bool:
    """Check that the picture of an outcome exists, whole and as it was written."""
    if outcome is None or not outcome.made or not (folder / outcome.sidecar).is_file():
        return False
    try:
        return sha256_of(folder / outcome.picture) == outcome.sha256
    except OSError:
        return False


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """Open the journal of a folder, exclusively for this process until the block ends.

    Args:
        folder: exists.
    Raises:
        BatchRunning: another process has opened it.
        OutputNotWritable: it cannot be written.
    """
    lock = FileLock(folder / _LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise BatchRunning(str(folder)) from None
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None
    try:
        journal = _open(folder)
        with journal.stream:
            yield journal
    finally:
        lock.release()


def _open(folder: Path) -> Journal:
    path = folder / JOURNAL
    try:
        outcomes, whole_bytes = _read(path)
        # Unbuffered: Python would retry a buffer that a full disk rejected, and raise, when the file is closed.
        stream = path.open("ab", buffering=0)
        stream.truncate(whole_bytes)  # a kill may leave half a line
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None
    return Journal(folder, stream, outcomes)


def read_journal(folder: Path) -> Mapping[str, Outcome]:
    """Return the outcomes of a folder by key, without locking it; empty if there was no batch yet."""
    return _read(folder / JOURNAL)[0]


def _read(path: Path) -> tuple[dict[str, Outcome], int]:
    """Return outcomes by key, and the position where the last whole line ends."""
    outcomes: dict[str, Outcome] = {}
    whole_bytes = 0
    content = path.read_bytes() if path.is_file() else b""
    for line in content.splitlines(keepends=True):
        if not line.endswith(b"\n"):
            break
        whole_bytes += len(line)
        outcome = _parse(line)
        if outcome is not None:
            outcomes[outcome.key] = outcome
    return outcomes, whole_bytes


def _parse(line: bytes) -> Outcome | None:
    """Parse a line; return None if it is no entry of a journal, so that its picture is made again."""
    try:
        plain: dict[str, Any] = json.loads(line)
        if plain.pop("format") != 1:
            return None
        outcome = Outcome(**plain | {"warnings": tuple(plain["warnings"])})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    named = (outcome.picture, outcome.sidecar)
    return outcome if all(Path(name).name == name for name in named) else None
