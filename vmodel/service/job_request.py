"""What a job asks for, as plain JSON from outside and as a request of the library."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vmodel.files import write_whole
from vmodel.request import FILE_FIELDS, GarmentSource, ShotRequest

FILE = "file:"
"""Stands before a key where a name could stand too."""
BLUR = "blur:"
GARMENT_FILES = FILE_FIELDS
DESIGN = "design"
"""Suffix of a design in the store, whose keys have room for one word only."""
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
            "HEIGHTxWIDTH"; "pose" and "background" may be ``file:`` and a key of the store; files of an "outfit"
            are keys.
        idempotency_key: the same key again is the same job.
        priority: one of ``PRIORITIES``.
        offered: vmodel's own question needs the pictures: they cost nothing and stand in no list, and nobody is called
            about them.
    """

    account_id: str
    garment: Mapping[str, Any]
    shots: Sequence[Mapping[str, Any]]
    idempotency_key: str
    priority: int = 5
    offered: bool = False

    @property
    def body_hash(self) -> str:
        """Hex digest of what is asked, apart from the key."""
        asked = {"garment": dict(self.garment), "shots": [dict(shot) for shot in self.shots], "priority": self.priority}
        return hashlib.sha256(json.dumps(asked, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def dress_with(
    shots: Sequence[Mapping[str, Any]], further: Sequence[Mapping[str, Any]], tucked: bool
) -> list[dict[str, Any]]:
    """The same shots, in which the model wears further garments too.

    Args:
        shots: as of ``JobRequest``.
        further: fields of ``vmodel.request.GarmentSource`` of each; files are keys of the store.
        tucked: tops go inside what is worn on the legs.
    """
    if not further:
        return [dict(shot) for shot in shots]
    return [{**shot, "outfit": [dict(each) for each in further], "tucked": tucked} for shot in shots]


def localise(shot: ShotRequest, fetch: Callable[[str], Path]) -> ShotRequest:
    """The same shot with files of this machine.

    Args:
        shot: from ``vmodel.service.job_checks`` or a job's row.
        fetch: makes a key of the store a path.
    """
    blur, background = (
        (BLUR, shot.background[len(BLUR) :]) if shot.background.startswith(BLUR) else ("", shot.background)
    )
    return replace(
        shot,
        garment=_localised(shot.garment, fetch),
        outfit=tuple(_localised(source, fetch) for source in shot.outfit),
        pose=str(fetch(shot.pose[len(FILE) :])) if shot.pose and shot.pose.startswith(FILE) else shot.pose,
        background=blur + str(fetch(background[len(FILE) :])) if background.startswith(FILE) else shot.background,
    )


def _localised(source: GarmentSource, fetch: Callable[[str], Path]) -> GarmentSource:
    files: dict[str, Any] = {
        name: _under_its_name(fetch(str(key))) for name in GARMENT_FILES if (key := getattr(source, name)) is not None
    }
    return replace(source, **files)


def _under_its_name(path: Path) -> Path:
    """A design is known by the end of its name; the fetched file gets a second one."""
    if path.suffix != f".{DESIGN}":
        return path
    named = path.with_name(f"{path.name}.json")
    if not named.is_file():
        write_whole(named, path.read_bytes())
    return named


def plain_shot(shot: ShotRequest) -> dict[str, Any]:
    """A shot as its row keeps it: plain values, the garment apart."""
    return {name: value for name, value in shot.to_json().items() if name != "garment"}


def read_shot(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    """Read what ``plain_shot`` wrote."""
    return ShotRequest.from_json({**plain, "garment": dict(garment)})
