"""Interface between the queue and the renderers of pictures, and the progress of a picture."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import PipelineName, Stage

TELL_S = 0.5
"""Seconds between two writes of progress; a cancelled picture is given up within this time plus one step."""
_STARTS = sorted(stage.start for stage in Stage if stage.start is not None)


@dataclass(frozen=True)
class ShotAssignment:
    """Input of a worker for one picture.

    Attributes:
        garment, request: as in the rows.
        starts: number of times that it was begun, including this one.
    """

    shot_id: str
    job_id: str
    account_id: str
    garment: dict[str, object]
    request: dict[str, object]
    pipeline: str
    starts: int


class ProgressCallback(Protocol):
    """Callback for the progress of a picture."""

    def __call__(self, stage: Stage | PipelineName, share: float, preview: bytes | None = None) -> None:
        """Report progress.

        Args:
            stage: the running one.
            share: completed share of the stage, 0..1.
            preview: a small JPEG of the picture to come.
        Raises:
            ShotStopped: the picture is no longer wanted; do not catch it.
        """
        ...


@dataclass(frozen=True)
class Rendered:
    """Finished picture as it leaves the installation.

    Attributes:
        picture: the encoded file.
        suffix: its extension, "png" or "jpg".
        sidecar: JSON that says how it was made.
        model3d: the dressed model in 3D as GLB; None if it was not made.
    """

    picture: bytes
    suffix: str
    sidecar: bytes
    model3d: bytes | None = None


#: Makes one picture. The request's files are on this machine; the assignment names the account.
Renderer = Callable[[ShotRequest, ShotAssignment, ProgressCallback], Rendered]


@runtime_checkable
class BatchRenderer(Protocol):
    """Renderer that benefits from making several pictures of a turn at once."""

    def further_batch_capacity(self, request: ShotRequest, assignment: ShotAssignment) -> int:
        """Return how many of the turn's further pictures it would make along with this one.

        Raises:
            VModelError: this one cannot be made.
        """
        ...

    def queue_ahead(self, shots: Sequence[tuple[str, ShotRequest]]) -> None:
        """Accept the turn's further pictures as (id, request); each may be requested later or never."""
        ...


class Progress:
    """Converter from the progress of stages to that of the picture; limits how often it is written."""

    def __init__(self, write: Callable[[str, float, bytes | None], None]) -> None:
        self._write = write
        self._share, self._written = 0.0, -float("inf")

    def __call__(self, stage: Stage | PipelineName, share: float, preview: bytes | None = None) -> None:
        """See ``ProgressCallback``."""
        start = stage.start if isinstance(stage, Stage) else None
        if start is not None:
            end = next((each for each in _STARTS if each > start), 1.0)
            self._share = max(self._share, start + (end - start) * min(1.0, max(0.0, share)))
        at = time.monotonic()
        if preview is None and at - self._written < TELL_S:
            return
        self._written = at
        self._write(str(stage), round(self._share, 3), preview)
