"""The seam between the queue and whatever makes pictures, and how far a picture is."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vmodel.request import ShotRequest

TELL_S = 0.5
"""A stage's progress is written so often; a cancelled picture is given up after at most so long plus one step."""
#: Where each stage of a shot begins, as a share of the whole picture made cold; warm stages are skipped.
_COURSE = {
    "reading": 0.02,
    "cutout": 0.03,
    "body model": 0.10,
    "body": 0.12,
    "pose": 0.14,
    "drape": 0.16,
    "judge": 0.54,
    "skin": 0.55,
    "hair": 0.62,
    "scene": 0.68,
    "conditions": 0.70,
    "photograph": 0.75,
    "finish": 0.93,
    "quality": 0.95,
    "publish": 0.97,
}
_STARTS = sorted(_COURSE.values())


@dataclass(frozen=True)
class Work:
    """What a worker needs to make one picture.

    Attributes:
        garment, request: as of the rows.
        starts: how often it was begun, this time included.
    """

    shot_id: str
    job_id: str
    account_id: str
    garment: dict[str, object]
    request: dict[str, object]
    pipeline: str
    starts: int


class Tell(Protocol):
    """Takes how far a picture is."""

    def __call__(self, stage: str, share: float, preview: bytes | None = None) -> None:
        """Say it.

        Args:
            stage: name of the running stage.
            share: of the stage that is done, 0..1.
            preview: a small JPEG of the picture to come.
        Raises:
            ShotStopped: the picture is wanted no more; let it through.
        """
        ...


@dataclass(frozen=True)
class Rendered:
    """A finished picture as it leaves the installation.

    Attributes:
        picture: the encoded file.
        suffix: its ending, "png" or "jpg".
        sidecar: JSON that says how it came about.
        model3d: who wears it, to be turned in space, GLB; None where nobody made it.
    """

    picture: bytes
    suffix: str
    sidecar: bytes
    model3d: bytes | None = None


#: Makes one picture. The request's files lie on this machine; the work says whose it is.
Renderer = Callable[[ShotRequest, Work, Tell], Rendered]


@runtime_checkable
class TurnRenderer(Protocol):
    """A renderer that gains from making several pictures of a turn at once."""

    def wants_next(self, request: ShotRequest, work: Work) -> int:
        """How many of the turn's further pictures it would make along with this one.

        Raises:
            VModelError: this one cannot be made.
        """
        ...

    def expect(self, shots: Sequence[tuple[str, ShotRequest]]) -> None:
        """Take the turn's further pictures, id and request; they are asked for one by one later, or never."""
        ...


class Progress:
    """Turns what stages tell into a picture's progress, and writes it not too often."""

    def __init__(
        self, write: Callable[[str, float, bytes | None], None], course: Mapping[str, float] = _COURSE
    ) -> None:
        self._write, self._course = write, course
        self._share, self._written = 0.0, -float("inf")

    def __call__(self, stage: str, share: float, preview: bytes | None = None) -> None:
        """See ``Tell``."""
        start = self._course.get(stage)
        if start is not None:
            end = next((each for each in _STARTS if each > start), 1.0)
            self._share = max(self._share, start + (end - start) * min(1.0, max(0.0, share)))
        at = time.monotonic()
        if preview is None and at - self._written < TELL_S:
            return
        self._written = at
        self._write(stage, round(self._share, 3), preview)
