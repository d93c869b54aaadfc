"""Estimated duration of a batch, from earlier runs on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from vmodel.batch.plan import Task
from vmodel.core.files import make_home, write_whole

_FILE: Final = "speed.json"
_KEPT: Final = 400


@dataclass(frozen=True)
class Measured:
    """Measurement of one picture of an earlier run.

    Attributes:
        dressed: its garment was draped for it; otherwise it is a further view.
        megapixels: of the picture.
        seconds: time that it took, with ``jobs`` processes at work.
    """

    pipeline: str
    dressed: bool
    megapixels: float
    seconds: float
    jobs: int


def read_speed(home: Path) -> list[Measured]:
    """Read the measurements of earlier runs, oldest first; empty if there were none or the file is damaged."""
    try:
        return [Measured(**plain) for plain in json.loads((home / _FILE).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


def keep_speed(home: Path, news: Sequence[Measured]) -> None:
    """Add measurements and keep the newest.

    Raises:
        OutputNotWritable: ``home`` cannot be written.
    """
    if news:
        make_home(home)
        kept = [asdict(each) for each in [*read_speed(home), *news][-_KEPT:]]
        write_whole(home / _FILE, json.dumps(kept).encode())


def megapixels_of(task: Task) -> float:
    """Return the size of a task's picture in megapixels."""
    height, width = task.request.size
    return height * width / 1e6


def expect_seconds(tasks: Iterable[Task], jobs: int, known: Sequence[Measured]) -> float | None:
    """Estimate the seconds that a run will take.

    The first picture of a garment on a person in a pose costs a drape; a further one costs only its own light and
    pixels. Each counts as the median of the measurements of its kind with the nearest number of pixels.

    Args:
        tasks: to be made.
        jobs: processes that share them.
        known: measurements of earlier runs.
    Returns:
        None if nothing like it was ever measured.
    """
    total, worn = 0.0, set()
    for task in tasks:
        request = task.request
        # Another colourway costs no drape on the same model; the colours decide who is cast.
        wearing = (request.garment, request.model or task.colourway_name, request.pose)
        seconds = _expect(task, wearing not in worn, jobs, known)
        worn.add(wearing)
        if seconds is None:
            return None
        total += seconds
    return total / jobs


def _expect(task: Task, dressed: bool, jobs: int, known: Sequence[Measured]) -> float | None:
    alike = [each for each in known if each.pipeline == task.request.pipeline and each.dressed == dressed]
    if not alike:
        return None
    megapixels = megapixels_of(task)
    nearest = min(alike, key=lambda each: (abs(each.megapixels - megapixels), abs(each.jobs - jobs)))
    same = [each.seconds for each in alike if (each.megapixels, each.jobs) == (nearest.megapixels, nearest.jobs)]
    # Work that grows with pixels is about half of a draft at its usual size, and all of a picture that is invented.
    grown = max(megapixels / nearest.megapixels, 1.0) if not dressed else 1.0
    return median(same) * grown
