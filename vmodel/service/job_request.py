"""What a job asks for, as plain JSON from outside and as a request of the library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vmodel.request import ShotRequest

FILE = "file:"
"""Stands before a key where a name could stand too."""
BLUR = "blur:"
GARMENT_FILES = ("photo", "mask", "back", "landmarks", "size_chart")
MOST_SHOTS = 500
PRIORITIES = range(10)
"""0..9; 9 first. It orders one seller's jobs among each other and nobody else's."""


@dataclass(frozen=True)
class JobRequest:
    """Shots of one garment.

    Attributes:
        account_id: whose job it is and who pays.
        garment: fields of ``vmodel.request.GarmentSource``; "photo" and the other files are keys of the store.
        shots: fields of ``vmodel.request.ShotRequest`` without the garment; absent ones take their default; "size" is
            "HEIGHTxWIDTH"; "pose" and "background" may be ``file:`` and a key of the store.
        idempotency_key: the same key again is the same job.
        priority: one of ``PRIORITIES``.
    """

    account_id: str
    garment: Mapping[str, Any]
    shots: Sequence[Mapping[str, Any]]
    idempotency_key: str
    priority: int = 5

    @property
    def body_hash(self) -> str:
        """Hex digest of what is asked, apart from the key."""
        asked = {"garment": dict(self.garment), "shots": [dict(shot) for shot in self.shots], "priority": self.priority}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def localise(shot: ShotRequest, fetch: Callable[[str], Path]) -> ShotRequest:
    """The same shot with files of this machine.

    Args:
        shot: from ``vmodel.service.job_checks`` or a job's row.
        fetch: makes a key of the store a path.
    """
    garment = {name: fetch(str(key)) for name in GARMENT_FILES if (key := getattr(shot.garment, name)) is not None}
    blur, background = (
        (BLUR, shot.background[len(BLUR) :]) if shot.background.startswith(BLUR) else ("", shot.background)
    )
    return replace(
        shot,
        garment=replace(shot.garment, **garment),  # type: ignore[arg-type]
        pose=str(fetch(shot.pose[len(FILE) :])) if shot.pose and shot.pose.startswith(FILE) else shot.pose,
        background=blur + str(fetch(background[len(FILE) :])) if background.startswith(FILE) else shot.background,
    )


def plain_shot(shot: ShotRequest) -> dict[str, Any]:
    """A shot as its row keeps it: plain values, the garment apart."""
    return {name: value for name, value in shot.to_json().items() if name != "garment"}


def read_shot(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    """Read what ``plain_shot`` wrote."""
    return ShotRequest.from_json({**plain, "garment": dict(garment)})
