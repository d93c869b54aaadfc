"""Many shots in a row, none of which can stop the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from vmodel.errors import VModelError
from vmodel.files import make_folder, write_whole
from vmodel.request import ShotRequest
from vmodel.take import Failure, Shot

#: Makes one shot; raises what stands against it.
MakeShot = Callable[[ShotRequest], Shot]


def shoot_all(requests: Iterable[ShotRequest], make_shot: MakeShot, home: Path) -> Iterator[Shot | Failure]:
    """Make every shot, in order, and yield each as soon as it is there.

    Args:
        requests: what is asked for.
        make_shot: ``vmodel.shoot.shoot`` with its studio and pipeline.
        home: folder where a fault of the program is logged.
    Yields:
        One ``Shot`` or ``Failure`` a request.
    """
    for request in requests:
        try:
            yield make_shot(request)
        except VModelError as error:
            yield Failure(request, error.code, str(error))
        except Exception as error:
            yield Failure(request, "internal", log_fault(error, home))


def log_fault(error: Exception, home: Path) -> str:
    """Write the traceback of a fault of the program to a file of its own under ``home``.

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
