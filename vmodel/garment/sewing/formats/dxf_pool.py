"""Processes that read DXF files; one may be started ahead, because loading ezdxf takes longer than reading with it."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from vmodel.garment.sewing.formats.dxf_main import LONGEST_S

_Process = subprocess.Popen[bytes]


@dataclass
class _Ahead:
    """A process that has loaded ezdxf and waits for a file."""

    process: _Process | None = None
    owner: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def begin(self) -> None:
        with self.lock:
            if self._waiting() is None:
                self.process, self.owner = _start(), os.getpid()

    def take(self) -> _Process | None:
        with self.lock:
            taken, self.process = self._waiting(), None
            return taken

    def end(self) -> None:
        left = self.take()
        if left is not None:
            left.communicate()

    def _waiting(self) -> _Process | None:
        # A reader that a forked process inherited belongs to its parent.
        usable = self.process is not None and self.owner == os.getpid() and self.process.poll() is None
        return self.process if usable else None


_AHEAD: Final = _Ahead()


def begin_reader() -> None:
    """Start a process that loads ezdxf in the background and reads the next file."""
    atexit.register(_AHEAD.end)  # repeated registration does no harm
    _AHEAD.begin()


def waiting_reader() -> _Process | None:
    """Return the process that was started ahead, if one waits for a file."""
    return _AHEAD.process


def read_blocks(content: bytes) -> bytes | None:
    """Read the blocks of a DXF file as JSON, see ``dxf_main``; None if it cannot be read.

    Raises:
        subprocess.TimeoutExpired: it takes too long.
    """
    process = _AHEAD.take() or _start()
    try:
        blocks, _ = process.communicate(b"%d\n" % len(content) + content, timeout=2 * LONGEST_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise
    return None if process.returncode else blocks


def _start() -> _Process:
    command = [sys.executable, "-m", "vmodel.garment.sewing.formats.dxf_main"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
