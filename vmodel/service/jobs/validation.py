"""Validation of job requests, field by field, before any credits are reserved.

A request cannot name a path of this machine: every file is one that the same account uploaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmodel.body.model.roster import Roster
from vmodel.body.pose.library import pose_names
from vmodel.errors import BadUsage, UnknownBackground, UnknownPose
from vmodel.scene import BACKGROUNDS, read_background
from vmodel.service.jobs.errors import TooManyShots
from vmodel.service.jobs.request import (
    BLUR,
    FILE,
    MOST_SHOTS,
    PRIORITIES,
    JobRequest,
    plain_shot,
    read_shot,
)
from vmodel.service.storage.file_store import check_key
from vmodel.shot.request import FILE_FIELDS, GarmentSource, ShotRequest
from vmodel.studio.validate import validate


def check_job(request: JobRequest, roster: Roster) -> list[ShotRequest]:
    """Reject a request that could only fail later.

    Args:
        request: as it came from outside.
        roster: the models that may be requested.
    Returns:
        The shots in order, defaults filled in; their files are keys of the store, not yet local files.
    Raises:
        VModelError: the first problem found.
    """
    if not request.shots:
        raise BadUsage("Nothing is asked for; name at least one shot.")
    if len(request.shots) > MOST_SHOTS:
        raise TooManyShots(len(request.shots), MOST_SHOTS)
    if request.priority not in PRIORITIES:
        raise BadUsage(f"The priority {request.priority} is none; use 0 to {PRIORITIES[-1]}.")
    shots = [_read(request.garment, shot) for shot in request.shots]
    validate(shots, roster, StoredFiles(request.account_id))
    return shots


def _read(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    if "photo" not in garment:
        raise BadUsage("The garment has no photo; upload one and name it.")
    defaults = plain_shot(ShotRequest(GarmentSource(Path("photo"))))
    try:
        return read_shot(garment, {**defaults, **plain})
    except (TypeError, KeyError, AttributeError) as error:
        raise BadUsage(f"The job is not understood ({error}); see the list of fields in docs/api.md.") from None


@dataclass(frozen=True)
class StoredFiles:
    """Files that an account uploaded, which fields of a job name."""

    account_id: str

    def spelled(self, field: str) -> str:
        """See ``Files``."""
        return field

    def check_garment(self, source: GarmentSource, on_sale: bool) -> None:
        """See ``Files``."""
        for name in FILE_FIELDS:
            key = getattr(source, name)
            if key is not None:
                check_key(self.account_id, str(key))

    def check_pose(self, pose: str) -> None:
        """See ``Files``."""
        if pose.startswith(FILE):
            check_key(self.account_id, pose[len(FILE) :])
        elif pose not in pose_names():
            raise UnknownPose(pose, pose_names())

    def check_background(self, background: str) -> None:
        """See ``Files``."""
        named = background.removeprefix(BLUR)
        if named.startswith(FILE):
            check_key(self.account_id, named[len(FILE) :])
        elif named in BACKGROUNDS or _is_colour(named):
            read_background(named)
        else:
            raise UnknownBackground(background, BACKGROUNDS)


def _is_colour(text: str) -> bool:
    digits = text.removeprefix("#")
    return len(digits) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
