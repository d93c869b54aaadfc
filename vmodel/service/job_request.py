"""What a job may ask for: plain JSON from outside, checked word by word before anything is reserved.

No path of this machine can be named: every file is one that the same account uploaded.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vmodel.body.pose import pose_names
from vmodel.body.roster import Roster
from vmodel.drape.materials import load_material
from vmodel.errors import BadUsage, UnknownBackground, UnknownFraming, UnknownLight, UnknownPose
from vmodel.request import GarmentSource, ShotRequest
from vmodel.rights.policy import check_declared, read_category
from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS, read_background
from vmodel.scene.camera import view_angle
from vmodel.service.job_errors import TooManyShots
from vmodel.service.store import check_key

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


def check_job(request: JobRequest, roster: Roster) -> list[ShotRequest]:
    """Refuse whatever could only fail later.

    Args:
        request: as it came from outside.
        roster: the models that may be asked for.
    Returns:
        The shots in order, defaults filled in; their files are keys, not yet files of a machine.
    Raises:
        VModelError: the first thing that is wrong.
    """
    if not request.shots:
        raise BadUsage("Nothing is asked for; name at least one shot.")
    if len(request.shots) > MOST_SHOTS:
        raise TooManyShots(len(request.shots), MOST_SHOTS)
    if request.priority not in PRIORITIES:
        raise BadUsage(f"The priority {request.priority} is none; use 0 to {PRIORITIES[-1]}.")
    shots = [_read(request.garment, shot) for shot in request.shots]
    for shot in shots:
        # First of all, so that no other refusal hides this one.
        if shot.model is not None:
            check_declared(roster[shot.model], shot.garment.category, shot.garment.material)
    _check_garment(shots[0].garment, request.account_id)
    for shot in shots:
        _check_shot(shot, request.account_id)
    return shots


def localise(shot: ShotRequest, fetch: Callable[[str], Path]) -> ShotRequest:
    """The same shot with files of this machine.

    Args:
        shot: from ``check_job`` or a job's row.
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


def _read(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    if "photo" not in garment:
        raise BadUsage("The garment has no photo; upload one and name it.")
    defaults = plain_shot(ShotRequest(GarmentSource(Path("photo"))))
    try:
        shot = read_shot(garment, {**defaults, **plain})
        _check_types(shot)
    except (TypeError, KeyError, AttributeError) as error:
        raise BadUsage(f"The job is not understood ({error}); see the list of fields in docs/api.md.") from None
    return shot


def _check_types(shot: ShotRequest) -> None:
    words = (shot.view, shot.framing, shot.light, shot.background, shot.pipeline)
    optional = (shot.model, shot.pose, shot.garment.category, shot.garment.material, shot.garment.garment_size)
    if not all(isinstance(word, str) for word in words) or not all(isinstance(word, str | None) for word in optional):
        raise TypeError("a name is not a text")
    whole = (shot.seed, 0 if shot.steps is None else shot.steps)
    if any(isinstance(number, bool) or not isinstance(number, int) for number in whole):
        raise TypeError("seed and steps are whole numbers")
    if not 0 <= shot.seed < 2**31 or not 0 <= (shot.steps or 0) <= 200:
        raise TypeError("seed or steps are out of range")


def _check_garment(source: GarmentSource, account_id: str) -> None:
    for name in GARMENT_FILES:
        key = getattr(source, name)
        if key is not None:
            check_key(account_id, str(key))
    read_category(source.category)
    if source.material is not None:
        load_material(source.material)
    if (source.size_chart is None) != (source.garment_size is None):
        raise BadUsage("size_chart and garment_size need each other.")
    for name, centimetres in (("width_cm", source.width_cm), ("length_cm", source.length_cm)):
        if centimetres is None:
            continue
        # Also refuses NaN, which compares false.
        if isinstance(centimetres, bool) or not isinstance(centimetres, int | float) or not 5 <= centimetres <= 250:
            raise BadUsage(f"{name} {centimetres} is not a garment's size; measure it lying flat in centimetres.")


def _check_shot(shot: ShotRequest, account_id: str) -> None:
    view_angle(shot.view)
    if shot.pose is not None and shot.pose.startswith(FILE):
        check_key(account_id, shot.pose[len(FILE) :])
    elif shot.pose is not None and shot.pose not in pose_names():
        raise UnknownPose(shot.pose, pose_names())
    if shot.framing not in FRAMINGS:
        raise UnknownFraming(shot.framing, FRAMINGS)
    if shot.light not in LIGHTS:
        raise UnknownLight(shot.light, LIGHTS)
    background = shot.background.removeprefix(BLUR)
    if background.startswith(FILE):
        check_key(account_id, background[len(FILE) :])
    elif background in BACKGROUNDS or _is_colour(background):
        read_background(background)
    else:
        raise UnknownBackground(shot.background, BACKGROUNDS)


def _is_colour(text: str) -> bool:
    digits = text.removeprefix("#")
    return len(digits) == 6 and all(digit in "0123456789abcdefABCDEF" for digit in digits)
