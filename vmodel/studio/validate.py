"""Checks of shots before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from vmodel.body.model.roster import Roster
from vmodel.body.pose.library import load_pose
from vmodel.body.shoes.catalogue import check_shoes
from vmodel.drape.cloth.materials import load_material
from vmodel.errors import (
    BadUsage,
    LandmarksInvalid,
    MaskMismatch,
    PhotoNotFound,
    PipelineUnknown,
    SizeChartInvalid,
    UnknownFraming,
    UnknownLight,
)
from vmodel.garment.sizing.stated_sizes import read_size_chart
from vmodel.limits import GARMENT_CM, MOST_WORN
from vmodel.rights.policy.minors import check_declared, check_staging, read_category
from vmodel.rights.provenance.channels import find_channel
from vmodel.scene import FRAMINGS, LIGHTS, read_background
from vmodel.scene.camera.framing import view_angle
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.wardrobe.choose import check_style


class Files(Protocol):
    """Place of the files that shots name."""

    def spelled(self, field: str) -> str:
        """Return what the user calls a field."""

    def check_garment(self, source: GarmentSource, on_sale: bool) -> None:
        """Reject a garment of which a file is not there; that on sale may be looked at later."""

    def check_pose(self, pose: str) -> None:
        """Reject a pose that is neither known nor a file."""

    def check_background(self, background: str) -> None:
        """Reject a background that is neither known nor a file."""


class LocalFiles:
    """Files of this machine, which flags name."""

    def spelled(self, field: str) -> str:
        """See ``Files``."""
        return f"--{field.replace('_', '-')}"

    def check_garment(self, source: GarmentSource, on_sale: bool) -> None:
        """See ``Files``."""
        if not on_sale and not source.photo.is_file():
            raise PhotoNotFound(str(source.photo))
        if source.mask is not None and not source.mask.is_file():
            raise MaskMismatch(str(source.mask), "is not there")
        if source.back is not None and not source.back.is_file():
            raise PhotoNotFound(str(source.back))
        if source.landmarks is not None and not source.landmarks.is_file():
            raise LandmarksInvalid(str(source.landmarks), "is not there")
        if source.size_chart is not None and source.garment_size is not None:
            if not source.size_chart.is_file():
                raise SizeChartInvalid(str(source.size_chart), "is not there")
            read_size_chart(source.size_chart, source.garment_size)

    def check_pose(self, pose: str) -> None:
        """See ``Files``."""
        load_pose(pose)

    def check_background(self, background: str) -> None:
        """See ``Files``."""
        read_background(background)


def check_requests(requests: Sequence[ShotRequest], roster: Roster, pipelines: Iterable[str]) -> None:
    """Check shots that name files of this machine, as ``validate`` does, and their pipelines.

    Args:
        requests: all shots of a run.
        roster: the models that may be asked for.
        pipelines: names that exist.
    Raises:
        VModelError: the first fault.
    """
    if not requests:
        raise BadUsage("Nothing is asked for.")
    validate(requests, roster, LocalFiles())
    if len({request.garment.photo for request in requests}) > 1:
        _check_single(requests[0].garment)
    known = list(pipelines)
    for request in requests:
        if request.pipeline not in known:
            raise PipelineUnknown(request.pipeline, known)


def validate(requests: Sequence[ShotRequest], roster: Roster, files: Files) -> None:
    """Check names, numbers and side files of shots, but not yet their photos.

    Args:
        requests: all shots of a run or job.
        roster: the models that may be asked for.
        files: where their files are.
    Raises:
        VModelError: the first fault.
    """
    _check_wearers(requests, roster)  # first of all, so that no other refusal hides this one
    if any(len(request.outfit) >= MOST_WORN for request in requests):
        raise BadUsage(f"A model wears at most {MOST_WORN} garments; leave out some of the outfit.")
    worn = [(each, each is request.garment) for request in requests for each in (request.garment, *request.outfit)]
    for source, on_sale in dict.fromkeys(worn):
        files.check_garment(source, on_sale)
        _check_garment(source, files)
    for request in requests:
        find_channel(request.channel)
        check_style(request.style)
        view_angle(request.view)
        check_shoes(request.shoes)
    for pose in dict.fromkeys(request.pose for request in requests):
        if pose is not None:
            files.check_pose(pose)
    for framing, light, background in dict.fromkeys((each.framing, each.light, each.background) for each in requests):
        if framing not in FRAMINGS:
            raise UnknownFraming(framing, FRAMINGS)
        if light not in LIGHTS:
            raise UnknownLight(light, LIGHTS)
        files.check_background(background)


def _check_wearers(requests: Sequence[ShotRequest], roster: Roster) -> None:
    for request in requests:
        if request.model is not None:
            check_staging(roster[request.model], request.pose)
            for source in (request.garment, *request.outfit):
                check_declared(roster[request.model], source.category, source.material)


def _check_garment(source: GarmentSource, files: Files) -> None:
    read_category(source.category)
    if source.material is not None:
        load_material(source.material)
    if (source.size_chart is None) != (source.garment_size is None):
        raise BadUsage(f"{files.spelled('size_chart')} and {files.spelled('garment_size')} need each other.")
    for field, centimetres in (("width_cm", source.width_cm), ("length_cm", source.length_cm)):
        # Also refuses NaN, which compares false.
        if centimetres is not None and not GARMENT_CM[0] <= centimetres <= GARMENT_CM[1]:
            raise BadUsage(
                f"{files.spelled(field)} {centimetres:g} is not a garment's size; measure it lying flat in centimetres."
            )


def _check_single(source: GarmentSource) -> None:
    for flag, value in (("--mask", source.mask), ("--back", source.back), ("--landmarks", source.landmarks)):
        if isinstance(value, Path):
            raise BadUsage(f"{flag} belongs to one photo; shoot the photos one at a time.")
