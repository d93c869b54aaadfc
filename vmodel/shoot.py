"""Main path: photo -> pattern -> dressed model -> scene -> picture."""

from __future__ import annotations

from dataclasses import replace

from vmodel.garment.sizing.fit import report_fit
from vmodel.scene import frame_camera, render_conditions
from vmodel.shot.pipeline_interface import Pipeline, PreparedShot, RenderContext, Shot
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.dress_model import cast_and_dress
from vmodel.studio.generate import generate_with_retries
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray


def shoot(request: ShotRequest, stages: StageCache, pipeline: Pipeline) -> Shot:
    """Make one picture.

    Args:
        request: the picture to make.
        stages: keeps the results of earlier shots, so that a further pose, view or light costs only itself.
        pipeline: turns the scene into pixels.
    Raises:
        VModelError: a file, a name or a rule forbids it, or a stage missed its quality bar.
    """
    return complete(prepare(request, stages), pipeline, stages)


def prepare(request: ShotRequest, stages: StageCache) -> PreparedShot:
    """Set a shot up as far as no pipeline is needed; restart the clock.

    Args:
        request: the picture to make.
        stages: keeps the results of earlier shots.
    Raises:
        VModelError: see ``shoot``.
    """
    stages.reset_timings()
    reading = read_pattern(request.garment, stages, request.fitting)
    dressed = cast_and_dress(reading, request, stages)
    request = replace(request, shoes=dressed.shoe_name)
    model, garment, worn, scene = dressed.model, dressed.garment, dressed.worn, dressed.scene

    view = request.view, request.framing, request.size, request.focal_mm
    view_key = (dressed.key, *view)
    camera = stages.get_or_compute(
        Stage.CAMERA, view_key, lambda: frame_camera(dressed.posed, worn, *view, hair=dressed.hair)
    )
    maps = stages.get_or_compute(Stage.CONDITIONS, view_key, lambda: render_conditions(scene, camera))
    context = RenderContext(scene, camera, maps, request.light, request.background, request.seed, reading, model)
    fit = report_fit(garment, dressed.body.measurements)
    return PreparedShot(request, context, dressed.pose, garment, fit, worn, dressed.style, dict(stages.timings))


def complete(prepared: PreparedShot, pipeline: Pipeline, stages: StageCache, picture: ByteArray | None = None) -> Shot:
    """Photograph a prepared shot.

    Args:
        prepared: by ``prepare``.
        pipeline: turns the scene into pixels.
        stages: records the time.
        picture: first attempt, if the pipeline has made it already; further ones still call the pipeline.
    Raises:
        VModelError: see ``shoot``.
    """
    context = prepared.context
    made = generate_with_retries(context, pipeline, stages, picture)
    return Shot(
        request=prepared.request,
        model=context.model,
        pose=prepared.pose,
        reading=context.reading,
        garment=prepared.garment,
        fit=prepared.fit,
        drape=prepared.drape,
        maps=context.maps,
        generated=made,
        timings={**prepared.timings, **stages.timings},
        style=prepared.style,
    )
