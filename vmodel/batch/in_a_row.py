"""Many shots in a row, none of which can stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from vmodel.crash_log import log_fault
from vmodel.errors import VModelError
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
