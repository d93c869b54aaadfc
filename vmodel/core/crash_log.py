"""Crash log: the tracebacks of program faults in one bounded file, and a sentence that names it."""

from __future__ import annotations

import os
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from vmodel.core.files import OWNER_FILE, OWNER_FOLDER, make_folder
from vmodel.errors import VModelError

LARGEST_BYTES: Final = 1_000_000
"""Size from which the file is begun anew; the one before it is kept, so two such files are the most there are."""
_LONGEST_TRACE: Final = 20_000
_VALUES: Final = re.compile(r"^DETAIL:.*", re.MULTILINE)
"""Line in which Postgres quotes the row or key that it refuses: addresses, hashes."""


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, OWNER_FILE)


def log_fault(error: Exception, home: Path, or_on_stderr: bool = False) -> str:
    """Append the traceback of a program fault to ``logs/faults.txt`` under ``home``.

    Args:
        error: the fault.
        home: state folder.
        or_on_stderr: write it on standard error where the file cannot be written, as on a full disk; for a service,
            whose standard error is a log and not what its users see.
    Returns:
        One sentence for the user that names the file.
    """
    trace = _VALUES.sub("DETAIL: left out", "".join(traceback.format_exception(error)))[-_LONGEST_TRACE:]
    sentence = f"Something went wrong inside vmodel ({type(error).__name__})"
    path = home / "logs" / "faults.txt"
    try:
        make_folder(path.parent, OWNER_FOLDER)
        if path.is_file() and path.stat().st_size > LARGEST_BYTES:
            path.replace(path.with_name("faults-before.txt"))
        # A fault's text may hold half a character (a lone surrogate), which UTF-8 cannot write.
        with open(path, "a", encoding="utf-8", errors="backslashreplace", opener=_for_owner) as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='milliseconds')}\n{trace}\n")
    except (VModelError, OSError):
        if or_on_stderr:
            print(trace.encode("ascii", "backslashreplace").decode(), file=sys.stderr, flush=True)
            return f"{sentence}; its traceback is on standard error, since {path} cannot be written."
        return f"{sentence} and no log could be written; please report it with what you did."
    return f"{sentence}; please report it with the file {path}."
