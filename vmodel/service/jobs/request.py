"""Requests of jobs, as plain JSON from outside and as requests of the library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vmodel.core.files import write_whole
from vmodel.shot.request import FILE_FIELDS, GarmentSource, ShotRequest

FILE = "file:"
"""Prefix of a store key in a field that may hold a name instead."""
BLUR = "blur:"
DESIGN = "design"
"""Suffix of a design in the store, whose keys allow a single suffix only."""
MOST_SHOTS = 500
PRIORITIES = range(10)
"""Priorities 0..9, 9 first; they order the jobs of one seller and do not affect other sellers."""


@dataclass(frozen=True)
class JobRequest:
    """Shots of one garment.

    Attributes:
        account_id: whose job it is and who pays.
        garment: fields of ``vmodel.shot.request.GarmentSource``; "photo" and the other files are keys of the store.
        shots: fields of ``vmodel.shot.request.ShotRequest`` without the garment; absent ones take their default; "size"
            is "HEIGHTxWIDTH"; "pose" and "background" may be ``file:`` and a key of the store; files of an "outfit" are
            keys.
        idempotency_key: repeating it returns the same job.
        priority: one of ``PRIORITIES``.
        offered: vmodel needs the pictures for a question of its own: they cost nothing, appear in no list of jobs
            unless requested, and no webhook is called about them.
    """

    account_id: str
    garment: Mapping[str, Any]
    shots: Sequence[Mapping[str, Any]]
    idempotency_key: str
    priority: int = 5
    offered: bool = False

    @property
    def body_hash(self) -> str:
        """Hex digest of the request, without the key."""
        asked = {"garment": dict(self.garment), "shots": [dict(shot) for shot in self.shots], "priority": self.priority}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def with_outfit(
    shots: Sequence[Mapping[str, Any]], further: Sequence[Mapping[str, Any]], tucked: bool
) -> list[dict[str, Any]]:
    """Return the same shots with a model that wears further garments too.

    Args:
        shots: see ``JobRequest``.
        further: fields of ``vmodel.shot.request.GarmentSource`` of each; files are keys of the store.
        tucked: tops are tucked into the garment on the legs.
    """
    if not further:
        return [dict(shot) for shot in shots]
    return [{**shot, "outfit": [dict(each) for each in further], "tucked": tucked} for shot in shots]


def download_inputs(shot: ShotRequest, fetch: Callable[[str], Path]) -> ShotRequest:
    """Return the same shot with keys of the store replaced by files of this machine.

    Args:
        shot: from ``vmodel.service.jobs.validation`` or a job's row.
        fetch: returns the local path for a key of the store.
    """
    blur, background = (
        (BLUR, shot.background[len(BLUR) :]) if shot.background.startswith(BLUR) else ("", shot.background)
    )
    return replace(
        shot,
        garment=_with_local_files(shot.garment, fetch),
        outfit=tuple(_with_local_files(source, fetch) for source in shot.outfit),
        pose=str(fetch(shot.pose[len(FILE) :])) if shot.pose and shot.pose.startswith(FILE) else shot.pose,
        background=blur + str(fetch(background[len(FILE) :])) if background.startswith(FILE) else shot.background,
    )


def _with_local_files(source: GarmentSource, fetch: Callable[[str], Path]) -> GarmentSource:
    files: dict[str, Any] = {
        name: _under_its_name(fetch(str(key))) for name in FILE_FIELDS if (key := getattr(source, name)) is not None
    }
    return replace(source, **files)


def _under_its_name(path: Path) -> Path:
    """Return a fetched file; give a design a second file ending in ".json", since its name identifies its kind."""
    if path.suffix != f".{DESIGN}":
        return path
    named = path.with_name(f"{path.name}.json")
    if not named.is_file():
        write_whole(named, path.read_bytes())
    return named


def plain_shot(shot: ShotRequest) -> dict[str, Any]:
    """Return a shot as its row stores it: plain values without the garment."""
    return {name: value for name, value in shot.to_json().items() if name != "garment"}


def read_shot(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    """Read a shot from its garment and the values that ``plain_shot`` returned."""
    return ShotRequest.from_json({**plain, "garment": dict(garment)})
