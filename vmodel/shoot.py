"""The main path: photo -> pattern -> dressed model -> scene -> picture."""

from __future__ import annotations

from vmodel.dressing import cast_and_dress
from vmodel.garment.fit import report_fit
from vmodel.photograph import photograph
from vmodel.reading import read_pattern
from vmodel.request import ShotRequest
from vmodel.scene import frame_camera, render_conditions
from vmodel.studio import Studio
from vmodel.take import Pipeline, Shot, Take


def shoot(request: ShotRequest, studio: Studio, pipeline: Pipeline) -> Shot:
    """Make one picture.

    Args:
        request: what is asked for.
        studio: keeps what earlier shots made, so that a further pose, view or light costs only itself.
        pipeline: turns the scene into pixels.
    Raises:
        VModelError: a file, a name or a rule stands against it, or a stage missed its quality bar.
    """
    studio.new_shot()
    pattern = read_pattern(request.garment, studio, request.fitting)
    dressed = cast_and_dress(pattern, request, studio)
    model, garment, worn, scene = dressed.model, dressed.garment, dressed.worn, dressed.scene

    view = request.view, request.framing, request.size, request.focal_mm
    view_key = (dressed.key, *view)
    camera = studio.once("camera", view_key, lambda: frame_camera(dressed.posed, worn, *view, hair=dressed.hair))
    maps = studio.once("conditions", view_key, lambda: render_conditions(scene, camera))
    take = Take(scene, camera, maps, request.light, request.background, request.seed, pattern, model)
    made = photograph(take, pipeline, studio)
    fit = report_fit(garment, dressed.body.measurements)
    return Shot(request, model, dressed.pose, pattern, garment, fit, worn, maps, made, dict(studio.timings))
