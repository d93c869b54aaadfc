"""The main path: photo -> pattern -> body -> drape -> scene -> picture."""

from __future__ import annotations

import contextlib

from vmodel.body.anny_model import prepare_body_model
from vmodel.body.base_layer import choose_base_layer
from vmodel.body.hair_motion import pose_hair
from vmodel.body.model import build_body
from vmodel.body.pose import load_pose
from vmodel.casting import choose_pose, rank_models
from vmodel.drape import drape
from vmodel.errors import DrapeFailed
from vmodel.files import sha256_of
from vmodel.garment.fit import report_fit
from vmodel.garment.scale import read_size_chart, scale_garment
from vmodel.looks import grown_hair, painted_skin
from vmodel.photograph import photograph
from vmodel.reading import check_rights, read_pattern
from vmodel.request import GarmentSource, ShotRequest
from vmodel.scene import Scene, frame_camera, render_conditions
from vmodel.studio import Studio
from vmodel.take import Pattern, Pipeline, Shot, Take
from vmodel.types import VirtualModel

ASKED = 3
"""How many people try a garment on before a failed drape is reported, unless the seller named one."""


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
    pattern = read_pattern(request.garment, studio)
    *others, last = cast_models(request, pattern, studio)
    for model in others:
        with contextlib.suppress(DrapeFailed):
            return shoot_on(model, pattern, request, studio, pipeline)
    return shoot_on(last, pattern, request, studio, pipeline)


def shoot_on(model: VirtualModel, pattern: Pattern, request: ShotRequest, studio: Studio, pipeline: Pipeline) -> Shot:
    """Make one picture of a known person in a garment that was read; see ``shoot``."""
    once, cache = studio.once, studio.settings.cache
    check_rights(model, request.garment, pattern, studio)

    once("body model", "anny", prepare_body_model)
    body = once("body", model.id, lambda: build_body(model))
    pose_name = request.pose or choose_pose(model)
    pose_key = (model.id, pose_name)
    pose = once("pose", pose_name, lambda: load_pose(pose_name))
    posed = once("posing", pose_key, lambda: body.posed(pose))

    size_cm = read_size(request.garment)
    garment = scale_garment(pattern.garment, body.measurements, model.gender, *size_cm)
    worn_key = (pattern.key, pose_key, size_cm)
    worn = once("drape", worn_key, lambda: drape(garment, body, pose, studio.settings, studio.report))

    base_layer = choose_base_layer(pattern.kind, model)
    skin = once("skin", (model.id, base_layer), lambda: painted_skin(model, body, base_layer, cache))
    grown = once("hair", model.id, lambda: grown_hair(model, body, cache))
    hair = once("posing hair", worn_key, lambda: pose_hair(grown, body, posed, worn.vertices_m))

    scene = once("scene", worn_key, lambda: Scene(posed, body, skin, hair, worn, garment))
    view = request.view, request.framing, request.size
    view_key = (worn_key, *view)
    camera = once("camera", view_key, lambda: frame_camera(posed, worn, *view, hair=hair))
    maps = once("conditions", view_key, lambda: render_conditions(scene, camera))
    take = Take(scene, camera, maps, request.light, request.background, request.seed, pattern, model)
    made = photograph(take, pipeline, studio)
    fit = report_fit(garment, body.measurements)
    return Shot(request, model, pose_name, pattern, garment, fit, worn, maps, made, dict(studio.timings))


def cast_models(request: ShotRequest, pattern: Pattern, studio: Studio) -> list[VirtualModel]:
    """Who is asked to wear a garment, in order: whom the seller named, or whom the photo and the seed choose."""
    if request.model:
        return [studio.roster[request.model]]
    photo = request.garment.photo
    digest = studio.once("digest", pattern.key, lambda: sha256_of(photo))
    return rank_models(pattern.kind, studio.roster.values(), f"{digest} {request.seed}")[:ASKED]


def read_size(source: GarmentSource) -> tuple[float | None, float | None]:
    """(width, length) in cm as stated; the row of a size chart fills what was not."""
    if source.size_chart is None or source.garment_size is None:
        return source.width_cm, source.length_cm
    width_cm, length_cm = read_size_chart(source.size_chart, source.garment_size)
    return source.width_cm or width_cm, source.length_cm or length_cm
