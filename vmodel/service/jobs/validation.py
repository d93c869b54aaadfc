"""Validation of job requests, field by field, before any credits are reserved.

A request cannot name a path of this machine: every file is one that the same account uploaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vmodel.body.model.roster import Roster
from vmodel.body.pose.library import pose_names
from vmodel.drape.cloth.materials import load_material
from vmodel.errors import BadUsage, UnknownBackground, UnknownFraming, UnknownLight, UnknownPose
from vmodel.limits import GARMENT_CM, MOST_WORN
from vmodel.rights.policy.minors import check_declared, check_staging, read_category
from vmodel.rights.provenance.channels import find_channel
from vmodel.scene import BACKGROUNDS, FRAMINGS, LIGHTS, read_background
from vmodel.scene.camera.framing import view_angle
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
    for shot in shots:
        # First of all, so that no other error hides this one.
        if shot.model is not None:
            for source in (shot.garment, *shot.outfit):
                check_declared(roster[shot.model], source.category, source.material)
            check_staging(roster[shot.model], shot.pose)
    _check_garment(shots[0].garment, request.account_id)
    for shot in shots:
        _check_shot(shot, request.account_id)
    return shots


def _read(garment: Mapping[str, Any], plain: Mapping[str, Any]) -> ShotRequest:
    if "photo" not in garment:
        raise BadUsage("The garment has no photo; upload one and name it.")
    defaults = plain_shot(ShotRequest(GarmentSource(Path("photo"))))
    try:
        return read_shot(garment, {**defaults, **plain})
    except (TypeError, KeyError, AttributeError) as error:
        raise BadUsage(f"The job is not understood ({error}); see the list of fields in docs/api.md.") from None


def _check_garment(source: GarmentSource, account_id: str) -> None:
    for name in FILE_FIELDS:
        key = getattr(source, name)
        if key is not None:
            check_key(account_id, str(key))
    read_category(source.category)
    if source.material is not None:
        load_material(source.material)
    if (source.size_chart is None) != (source.garment_size is None):
        raise BadUsage("size_chart and garment_size need each other.")
    for name, centimetres in (("width_cm", source.width_cm), ("length_cm", source.length_cm)):
        # Also refuses NaN, which compares false.
        if centimetres is not None and not GARMENT_CM[0] <= centimetres <= GARMENT_CM[1]:
            raise BadUsage(f"{name} {centimetres} is not a garment's size; measure it lying flat in centimetres.")


def _check_shot(shot: ShotRequest, account_id: str) -> None:
    if len(shot.outfit) >= MOST_WORN:
        raise BadUsage(f"A model wears at most {MOST_WORN} garments; leave out some of the outfit.")
    for source in shot.outfit:
        _check_garment(source, account_id)
    find_channel(shot.channel)
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
