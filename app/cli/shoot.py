"""``vmodel shoot``: turn flags into requests, and requests into pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from app.cli import flags
from app.cli.console import say_warning, watching
from app.cli.errors import cli_errors
from vmodel.errors import BadUsage
from vmodel.shot.request import ShotRequest

if TYPE_CHECKING:
    from app.cli.output import Output
    from vmodel.shot.pipeline_interface import Pipeline
    from vmodel.studio.stage_cache import StageCache

_WITH_A_SIDECAR = {"sidecar", "out", "file_format", "as_json", "maps", "contact_sheet"}
"""Parameters that concern a picture's output, not how it is made."""


def shoot_photos(
    context: typer.Context,
    photos: flags.Photos = None,
    model: flags.Models = None,
    pose: flags.Poses = None,
    view: flags.Views = None,
    framing: flags.Framing = ShotRequest.framing,
    set_name: flags.SetName = None,
    background: flags.Background = ShotRequest.background,
    light: flags.Light = ShotRequest.light,
    channel: flags.ChannelName = None,
    size: flags.Size = flags.SIZE,
    focal_mm: flags.Focal = ShotRequest.focal_mm,
    seed: flags.Seed = ShotRequest.seed,
    count: flags.Count = 1,
    pipeline: flags.PipelineName = None,
    steps: flags.Steps = None,
    fitting: flags.Fitting = False,
    barefoot: flags.Barefoot = False,
    shoes: flags.Shoes = ShotRequest.shoes,
    out: flags.Out = Path("out"),
    file_format: flags.FileFormat = "png",
    as_json: flags.AsJson = False,
    maps: flags.Maps = False,
    contact_sheet: flags.Sheet = False,
    mask: flags.Mask = None,
    back: flags.Back = None,
    category: flags.Category = None,
    landmarks: flags.LandmarksFile = None,
    material: flags.Material = None,
    width_cm: flags.WidthCm = None,
    length_cm: flags.LengthCm = None,
    size_chart: flags.Chart = None,
    garment_size: flags.GarmentSize = None,
    worn_open: flags.WornOpen = None,
    worn_with: flags.With = None,
    outfit: flags.Outfit = None,
    tucked: flags.Tucked = False,
    style: flags.Style = None,
    sidecar: flags.From = None,
) -> None:
    """Make pictures of virtual models wearing the garments of flat-lay photos.

    The command makes every combination of photos, models, poses and views, or a set for each photo and model. Without
    flags, it picks an adult model that suits the garment and shows them standing, from the front.
    Exit codes: 0 all made, 1 some failed, 2 bad usage.
    """
    from app.cli.output import Output
    from pipelines.registry import PIPELINES, load_pipeline, weights_used
    from pipelines.selection import warn_of_slowness
    from vmodel.config import Settings
    from vmodel.core.files import make_home
    from vmodel.publishing.publisher import Publisher
    from vmodel.publishing.sidecar import read_sidecar
    from vmodel.shot.outfit_file import read_outfit
    from vmodel.shot.pose_sets import in_set
    from vmodel.studio.size_run import expand_size_chart
    from vmodel.studio.stage_cache import StageCache
    from vmodel.studio.validate import check_requests

    with cli_errors(as_json):
        settings = Settings()
        output = Output(out, file_format, maps, contact_sheet, as_json, Publisher(settings, weights_used))
        if bool(photos) == (sidecar is not None):
            raise BadUsage("Give either PHOTOS or --from SIDECAR; `vmodel shoot --help` shows all flags.")
        if sidecar is not None:
            _refuse_flags(context)
        make_home(settings.home)
        stages = StageCache(settings)
        if sidecar is not None:
            requests = [read_sidecar(sidecar)]
        else:
            flags.check_set(context)
            garments = [flags.garment_of(context, photo) for photo in photos or []]
            further, inside = read_outfit(outfit, worn_with or [])
            like = flags.request_of(context, garments[0], outfit=further, tucked=tucked or inside)
            roster, views = stages.roster, view or [ShotRequest.view]
            requests = expand_size_chart(garments, model or [None], pose or [None], views, like, count, roster)
            requests = requests if set_name is None else in_set(requests, set_name, roster)
        check_requests(requests, stages.roster, PIPELINES)
        output.check(requests)
        loaded = load_pipeline(requests[0].pipeline, requests[0].steps)
        if (slow := warn_of_slowness(requests[0].pipeline)) is not None:
            say_warning(slow)
    raise typer.Exit(make_shots(requests, stages, loaded, output))


def _refuse_flags(context: typer.Context) -> None:
    """Refuse flags that would be ignored, because the sidecar already determines how its picture is made."""
    ignored = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name is not None
        and parameter.name not in _WITH_A_SIDECAR
        and flags.is_given(context, parameter.name)
    ]
    if ignored:
        raise BadUsage(
            f"--from makes the picture again just as its sidecar says, so leave out {', '.join(ignored)}; "
            "to change the picture, shoot its photo."
        )


def make_shots(requests: list[ShotRequest], stages: StageCache, pipeline: Pipeline, output: Output) -> int:
    """Make and save every shot, and return the exit code."""
    from pipelines.common.batching import shoot_batched
    from vmodel.shot.pipeline_interface import Shot

    failed = 0
    with watching(len(requests), output.as_json) as watch:
        stages.watch = watch.stage
        for result in shoot_batched(watch.each(requests), stages, pipeline, stages.settings.home):
            failure = output.keep(result) if isinstance(result, Shot) else result
            if failure is not None:
                failed += 1
                output.report_failure(failure, stages.timings)
        output.close()
    return 1 if failed else 0
