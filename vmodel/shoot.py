"""The main path: photo -> pattern -> body -> drape -> scene -> picture."""

from __future__ import annotations

from vmodel.body.base_layer import choose_base_layer
from vmodel.body.hair import grow_hair, pose_hair
from vmodel.body.model import build_body
from vmodel.body.pose import load_pose
from vmodel.body.skin import paint_skin
from vmodel.casting import choose_model, choose_pose
from vmodel.drape import drape
from vmodel.files import identity
from vmodel.garment.cutout import cut_out
from vmodel.garment.fit import report_fit
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.reading import read_flat_lay
from vmodel.garment.scale import read_size_chart, scale_garment
from vmodel.request import GarmentSource, ShotRequest
from vmodel.rights.policy import check_declared, check_detected, read_category
from vmodel.scene import frame_camera, make_scene, render_conditions
from vmodel.studio import Studio
from vmodel.take import Pattern, Pipeline, Shot, Take
from vmodel.types import VirtualModel


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
    source, once = request.garment, studio.once
    pattern = read_pattern(source, studio)
    model = studio.roster[request.model] if request.model else choose_model(pattern.kind, studio.roster.values())
    check_rights(model, source, pattern, studio)

    body = once("body", model.id, lambda: build_body(model))
    pose_name = request.pose or choose_pose(model)
    pose = once("pose", (model.id, pose_name), lambda: load_pose(pose_name))
    posed = once("posing", (model.id, pose_name), lambda: body.posed(pose))

    width_cm, length_cm = read_size(source)
    garment = scale_garment(pattern.garment, body.measurements, model.gender, width_cm, length_cm)
    worn_key = (pattern.key, model.id, pose_name, width_cm, length_cm)
    worn = once("drape", worn_key, lambda: drape(garment, body, pose, studio.settings, studio.report))

    base_layer = choose_base_layer(pattern.kind)
    skin = once("skin", (model.id, base_layer), lambda: paint_skin(model, body, base_layer))
    grown = once("hair", model.id, lambda: grow_hair(model, body))
    hair = once("posing hair", worn_key, lambda: pose_hair(grown, body, posed, worn.vertices_m))

    scene = make_scene(body, posed, skin, hair, worn, garment)
    camera = frame_camera(posed, worn, request.view, request.framing, request.size)
    view_key = (worn_key, request.view, request.framing, request.size)
    maps = once("conditions", view_key, lambda: render_conditions(scene, camera))
    with studio.timed(pipeline.name):
        picture = pipeline(Take(scene, camera, maps, request.light, request.background, request.seed))
    fit = report_fit(garment, body.measurements)
    return Shot(request, model, pose_name, pattern, garment, fit, worn, maps, picture, dict(studio.timings))


def read_pattern(source: GarmentSource, studio: Studio) -> Pattern:
    """Turn the photo, and that of the back if there is one, into a sewing pattern that has no size yet."""
    key = (identity(source.photo), identity(source.mask), source.category, identity(source.landmarks))
    flat_lay = studio.once("reading", key[0], lambda: read_flat_lay(source.photo, studio.settings))
    cutout = studio.once("cutout", key[:2], lambda: cut_out(flat_lay, source.mask))
    category = read_category(source.category)
    kind, landmarks = studio.once(
        "understanding", key, lambda: understand(flat_lay, cutout, category, source.landmarks)
    )
    back = None
    if source.back is not None:
        back_path, back_key = source.back, identity(source.back)
        back_lay = studio.once("reading", back_key, lambda: read_flat_lay(back_path, studio.settings))
        back = back_lay, studio.once("cutout", back_key, lambda: cut_out(back_lay))
    whole_key = (*key, identity(source.back), source.material)
    garment = studio.once(
        "pattern", whole_key, lambda: infer_pattern(flat_lay, cutout, kind, landmarks, back, source.material)
    )
    return Pattern(whole_key, flat_lay, cutout, kind, landmarks, garment)


def check_rights(model: VirtualModel, source: GarmentSource, pattern: Pattern, studio: Studio) -> None:
    """Apply the rules for child models to the declared and to the detected garment; the stricter wins."""
    if model.is_child:
        check_declared(model, source.category, source.material)
        seen = studio.once("detecting", pattern.key, lambda: understand(pattern.flat_lay, pattern.cutout)[0])
        check_detected(model, seen, pattern.garment.material)


def read_size(source: GarmentSource) -> tuple[float | None, float | None]:
    """(width, length) in cm as stated; the row of a size chart fills what was not."""
    if source.size_chart is None or source.garment_size is None:
        return source.width_cm, source.length_cm
    width_cm, length_cm = read_size_chart(source.size_chart, source.garment_size)
    return source.width_cm or width_cm, source.length_cm or length_cm
