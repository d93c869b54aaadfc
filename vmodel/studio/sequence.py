"""Sequential shots, none of which can stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from vmodel.core.crash_log import log_fault
from vmodel.errors import VModelError
from vmodel.shot.pipeline_interface import Failure
from vmodel.shot.request import ShotRequest

T = TypeVar("T")


def run_sequentially(
    requests: Iterable[ShotRequest], make_shot: Callable[[ShotRequest], T], home: Path
) -> Iterator[T | Failure]:
    """Make every shot, in order, and yield each as soon as it is finished.

    Args:
        requests: what is asked for.
        make_shot: ``vmodel.shoot.shoot`` with its studio and pipeline, or ``prepare``; raises the errors of one shot.
        home: folder where a fault of the program is logged.
    Yields:
        For each request, the result of ``make_shot`` or a ``Failure``.
    """
    for request in requests:
        try:
            yield make_shot(request)
        except VModelError as error:
            yield Failure(request, error.code, str(error))
        except Exception as error:
            yield Failure(request, "internal", log_fault(error, home))
