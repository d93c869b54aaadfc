"""Checks of shots before any work is done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from vmodel.body.model.roster import Roster
from vmodel.body.pose.library import load_pose
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


def check_requests(requests: Sequence[ShotRequest], roster: Roster, pipelines: Iterable[str]) -> None:
    """Check names, flags and side files of all shots, but not yet their photos.

    Args:
        requests: all shots of a run.
        roster: the models that may be asked for.
        pipelines: names that exist.
    Raises:
        VModelError: the first fault.
    """
    if not requests:
        raise BadUsage("Nothing is asked for.")
    # First of all, so that no other refusal hides this one.
    _check_wearers(requests, roster)
    for source in dict.fromkeys(each for request in requests for each in (request.garment, *request.outfit)):
        _check_source(source)
    if len({request.garment.photo for request in requests}) > 1:
        _check_single(requests[0].garment)
    known = list(pipelines)
    for request in requests:
        if request.pipeline not in known:
            raise PipelineUnknown(request.pipeline, known)
        _check_outfit(request)
        read_category(request.garment.category)
        view_angle(request.view)
    for pose in dict.fromkeys(request.pose for request in requests):
        if pose is not None:
            load_pose(pose)
    for request in requests[:1]:
        if request.framing not in FRAMINGS:
            raise UnknownFraming(request.framing, FRAMINGS)
        if request.light not in LIGHTS:
            raise UnknownLight(request.light, LIGHTS)
        read_background(request.background)


def _check_wearers(requests: Sequence[ShotRequest], roster: Roster) -> None:
    for request in requests:
        find_channel(request.channel)
        if request.model is not None:
            check_staging(roster[request.model], request.pose)
            for source in (request.garment, *request.outfit):
                check_declared(roster[request.model], source.category, source.material)


def _check_source(source: GarmentSource) -> None:
    if source.mask is not None and not source.mask.is_file():
        raise MaskMismatch(str(source.mask), "is not there")
    if source.back is not None and not source.back.is_file():
        raise PhotoNotFound(str(source.back))
    if source.landmarks is not None and not source.landmarks.is_file():
        raise LandmarksInvalid(str(source.landmarks), "is not there")
    if source.material is not None:
        load_material(source.material)
    if (source.size_chart is None) != (source.garment_size is None):
        raise BadUsage("--size-chart and --garment-size need each other.")
    if source.size_chart is not None and source.garment_size is not None:
        if not source.size_chart.is_file():
            raise SizeChartInvalid(str(source.size_chart), "is not there")
        read_size_chart(source.size_chart, source.garment_size)
    for flag, centimetres in (("--width-cm", source.width_cm), ("--length-cm", source.length_cm)):
        # Also refuses NaN, which compares false.
        if centimetres is not None and not GARMENT_CM[0] <= centimetres <= GARMENT_CM[1]:
            raise BadUsage(f"{flag} {centimetres:g} is not a garment's size; measure it lying flat in centimetres.")


def _check_outfit(request: ShotRequest) -> None:
    if len(request.outfit) > MOST_WORN - 1:
        raise BadUsage(f"A model wears at most {MOST_WORN} garments; leave out some of the outfit.")
    for source in request.outfit:
        read_category(source.category)
        if not source.photo.is_file():
            raise PhotoNotFound(str(source.photo))


def _check_single(source: GarmentSource) -> None:
    for flag, value in (("--mask", source.mask), ("--back", source.back), ("--landmarks", source.landmarks)):
        if isinstance(value, Path):
            raise BadUsage(f"{flag} belongs to one photo; shoot the photos one at a time.")
