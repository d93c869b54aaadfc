"""Crash log: a file with the traceback of a program fault, and a sentence that names it."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime
from pathlib import Path

from vmodel.core.files import make_folder, write_whole
from vmodel.errors import VModelError


def log_fault(error: Exception, home: Path) -> str:
    """Write the traceback of a program fault to a new file under ``home``.

    Returns:
        One sentence for the user that names the file.
    """
    trace = "".join(traceback.format_exception(error))
    sentence = f"Something went wrong inside vmodel ({type(error).__name__})"
    path = home / "logs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}.txt"
    try:
        make_folder(path.parent)
        write_whole(path, trace.encode())
    except VModelError:
        return f"{sentence} and no log could be written; please report it with what you did."
    return f"{sentence}; please report it with the file {path}."
