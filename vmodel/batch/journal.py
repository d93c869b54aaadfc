"""What a batch has made so far: one line a picture, kept as it comes, so that a killed run goes on where it ended."""

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
from vmodel.errors import OutputNotWritable
from vmodel.files import sha256_of

JOURNAL: Final = "journal.jsonl"
_LOCK: Final = ".running"


@dataclass(frozen=True)
class Outcome:
    """What became of one picture.

    Attributes:
        key: of its task.
        picture, sidecar: names in the output folder; empty where it failed.
        sha256: hex digest of the picture.
        model, pose: who wears the garment and how they stand, as chosen in the end.
        seconds: that it took.
        code, message: of the failure; empty where there is none.
        dressed: it took a drape of its own, which further views are spared.
        look: what has to stay the same in its set, see ``vmodel.consistency``; empty in older journals.
        check: what the seller is asked of the garment's kind, see ``Shot.check``; empty where it is sure.
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
        """True if there is a picture."""
        return not self.code

    @property
    def question(self) -> str:
        """What the seller is asked; empty where nothing is."""
        return str(self.check.get("question", ""))


@dataclass
class Journal:
    """The lines of an output folder.

    Attributes:
        folder: that they belong to.
        stream: of the file, at its end.
        outcomes: key -> newest outcome.
    """

    folder: Path
    stream: IO[bytes]
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def keep(self, outcome: Outcome) -> None:
        """Write an outcome down; it survives whatever happens next.

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
    """True if the picture of an outcome is there, whole and as it was written."""
    if outcome is None or not outcome.made or not (folder / outcome.sidecar).is_file():
        return False
    try:
        return sha256_of(folder / outcome.picture) == outcome.sha256
    except OSError:
        return False


@contextmanager
def open_journal(folder: Path) -> Iterator[Journal]:
    """The journal of a folder, which belongs to this process until the block ends.

    Args:
        folder: exists.
    Raises:
        BatchRunning: another process has it.
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
        # Without a buffer: one that a full disk did not take would be tried again, and raise, when the file is closed.
        stream = path.open("ab", buffering=0)
        stream.truncate(whole_bytes)  # a kill may leave half a line
    except OSError as error:
        raise OutputNotWritable(str(folder), error.strerror or str(error)) from None
    return Journal(folder, stream, outcomes)


def read_journal(folder: Path) -> Mapping[str, Outcome]:
    """Outcomes of a folder by key, without taking it; empty if there was no batch yet."""
    return _read(folder / JOURNAL)[0]


def _read(path: Path) -> tuple[dict[str, Outcome], int]:
    """Outcomes by key, and where the last whole line ends."""
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
    """None for a line that is none of ours; what it stood for is made again."""
    try:
        plain: dict[str, Any] = json.loads(line)
        if plain.pop("format") != 1:
            return None
        outcome = Outcome(**plain | {"warnings": tuple(plain["warnings"])})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    named = (outcome.picture, outcome.sidecar)
    return outcome if all(Path(name).name == name for name in named) else None
