"""Dressed models, ready to be photographed: casting -> body -> drape -> scene."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import chain

from vmodel.body.appearance.cache import grown_hair, painted_skin
from vmodel.body.appearance.skin import SKIN_SIZE
from vmodel.body.base_layer.paint import BaseLayer, between_halves, choose_base_layer
from vmodel.body.hair.motion import pose_hair
from vmodel.body.hair.polylines import fewer_strands
from vmodel.body.mesh.anny_model import prepare_body_model
from vmodel.body.model.body import Body, build_body
from vmodel.body.pose.library import load_pose
from vmodel.body.shoes.canvas_shoes import Shoes, make_shoes
from vmodel.core.colour import to_linear
from vmodel.core.files import sha256_of
from vmodel.core.hashing import content_key
from vmodel.drape import drape_outfit
from vmodel.drape.neck.collar import with_collars
from vmodel.drape.neck.hood import with_hoods
from vmodel.errors import DrapeFailed
from vmodel.garment.pattern.fit import fit_garment, worn_closed
from vmodel.garment.sizing.stated_sizes import read_size_chart
from vmodel.quality.errors import NotWornRight
from vmodel.quality.wear.judge import check_worn
from vmodel.rights.policy.minors import check_shown
from vmodel.scene import Scene
from vmodel.scene.shading.visibility import AMBIENT_RAYS
from vmodel.shot.pipeline_interface import Pattern
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.casting import choose_pose, rank_models
from vmodel.studio.read_garment import check_rights, read_pattern
from vmodel.studio.stage_cache import Studio
from vmodel.types import (
    BodyMeasurements,
    Category,
    Drape,
    Garment,
    GarmentKind,
    PosedBody,
    SkinTextures,
    Strands,
    VirtualModel,
)

ASKED = 3
"""Number of people who try a garment on before a failed drape is reported, unless the seller named one."""

CAUTIOUS = 0.3
"""Trust in a photo's proportions on the second try, see ``fit_garment``."""

_WHOLE = Category.JUMPSUIT
FITTING_HAIR, FITTING_SKIN, FITTING_RAYS = 0.5, 1024, 15
"""Detail of a fitting: share of the strands, side of the skin's textures in texels, dome-light rays per vertex."""


@dataclass(frozen=True, eq=False)
class DressedModel:
    """Model who wears a garment.

    Attributes:
        key: identifies garment, wearer and pose.
        pose: its name or file.
        garment: the one on sale, scaled to centimetres.
        cloth: as it was draped; ``worn`` is the same with hoods and collars laid round the neck.
        grown: hair on the body at rest; ``hair`` is the same in the pose.
        shoes: on the feet at rest; None for the barefoot.
    """

    key: Hashable
    model: VirtualModel
    pose: str
    garment: Garment
    body: Body
    posed: PosedBody
    cloth: Drape
    worn: Drape
    skin: SkinTextures
    grown: Strands
    hair: Strands
    shoes: Shoes | None
    scene: Scene


def cast_and_dress(pattern: Pattern, request: ShotRequest, studio: Studio) -> DressedModel:
    """Find a model whom the garment fits: the named one, or one of those chosen by photo and seed.

    Raises:
        VModelError: a name or a rule forbids it, the garment stays on none of the models, or none wears it right.
    """
    *others, last = cast_models(pattern, request, studio)
    for model in others:
        with contextlib.suppress(DrapeFailed, NotWornRight):
            return dress_model(model, pattern, request, studio)
    return dress_model(last, pattern, request, studio)


def cast_models(pattern: Pattern, request: ShotRequest, studio: Studio) -> list[VirtualModel]:
    """Return the models who try a garment on, in order."""
    if request.model:
        return [studio.roster[request.model]]
    photo = request.garment.photo
    digest = studio.once(Stage.DIGEST, pattern.key, lambda: sha256_of(photo))
    free = [model for model in studio.roster.values() if model.id not in studio.barred]
    return rank_models(free, f"{digest} {request.seed}")[:ASKED]


def dress_model(model: VirtualModel, pattern: Pattern, request: ShotRequest, studio: Studio) -> DressedModel:
    """Dress a model and bring both into the pose.

    Args:
        model: the wearer.
        pattern: what was read from the photo.
        request: pose, and the size that was stated.
        studio: keeps the results of earlier shots.
    Raises:
        VModelError: a name or a rule forbids it, the garment does not stay on, or is not worn right.
    """
    counts_as = check_rights(model, request.garment, pattern, studio)
    once, cache = studio.once, studio.settings.cache
    once(Stage.BODY_MODEL, "anny", prepare_body_model)
    body = once(Stage.BODY, model.id, lambda: build_body(model))
    pose_name = request.pose or choose_pose(model, pattern.kind.category)
    pose_key = (model.id, pose_name)
    pose = once(Stage.POSE, pose_name, lambda: load_pose(pose_name))
    posed = once(Stage.POSING, pose_key, lambda: body.posed(pose))

    patterns = [pattern]
    for source in request.outfit:
        patterns.append(read_pattern(source, studio, request.fitting))
        counts_as |= check_rights(model, source, patterns[-1], studio)
    check_shown(model, counts_as, pose_name, request.framing)
    sizes_cm = [read_size(source) for source in (request.garment, *request.outfit)]
    fits = _fits(pattern, body.measurements, model, sizes_cm[0], request.garment.worn_open)
    beside = [
        fit_garment(each.garment, body.measurements, model.gender, *size_cm)
        for each, size_cm in zip(patterns[1:], sizes_cm[1:], strict=True)
    ]
    fitted = [next(fits), *beside]
    base_layer = base_layer_under([garment.kind for garment in fitted], model, mean_colour(fitted[0]))
    skin_size = FITTING_SKIN if request.fitting else SKIN_SIZE
    skin_key = (model.id, base_layer, skin_size)
    studio.begin(Stage.SKIN, skin_key, lambda: painted_skin(model, body, base_layer, cache, skin_size))
    studio.begin(Stage.HAIR, model.id, lambda: grown_hair(model, body, cache))

    settings, how = studio.settings, (request.tucked, request.fitting)
    key = (tuple(each.key for each in patterns), tuple(sizes_cm), *how, pose_key)
    # A single garment's textures do not affect its drape; several garments come back joined, with the textures of all.
    own = pattern.key if pattern.garment.photo is not None else None  # a photo may be read in other ways as well
    cut = key if beside else (content_key(_cut_of(fitted[0])), own, *how, pose_key)

    def put_on(main: Garment) -> tuple[Garment, Garment, Drape]:
        tell = partial(studio.report, Stage.DRAPE)
        whole, worn = drape_outfit([main, *beside], body, pose, settings, *how, progress=tell)
        with studio.timed(Stage.JUDGE):
            check_worn([whole] if not beside else [main, *beside], worn, body, posed)
        return main, whole, worn

    main, whole, cloth = once(Stage.DRAPE, cut, lambda: first_worn_right(chain([fitted[0]], fits), put_on))
    if not beside:
        # The drape was computed for a garment of this cut; the textures are this photo's own.
        main = whole = fitted[0] if _same_cut(main, fitted[0]) else main
    worn = with_collars([main, *beside], whole, with_hoods([main, *beside], whole, cloth))
    if main.kind != fitted[0].kind:
        base_layer = base_layer_under([main.kind, *(garment.kind for garment in beside)], model, mean_colour(main))
        skin_key = (model.id, base_layer, skin_size)

    skin = once(Stage.SKIN, skin_key, lambda: painted_skin(model, body, base_layer, cache, skin_size))
    shoes = None if request.barefoot else once(Stage.SHOES, model.id, lambda: make_shoes(body))
    grown = once(Stage.HAIR, model.id, lambda: grown_hair(model, body, cache))
    # A print changes neither the drape nor the light and hair on it.
    lying = (pose_key, base_layer, request.fitting, request.barefoot, _cloth_key(worn))
    seen = fewer_strands(grown, FITTING_HAIR)[0] if request.fitting else grown
    hair = once(Stage.POSING_HAIR, lying, lambda: pose_hair(seen, body, posed, worn.vertices_m))
    worn_shoes = None if shoes is None else once(Stage.POSING_SHOES, pose_key, lambda: shoes.carried(posed))
    rays = FITTING_RAYS if request.fitting else AMBIENT_RAYS
    bare = once(Stage.SCENE, lying, lambda: Scene(posed, body, skin, hair, worn, whole, worn_shoes, rays))
    scene_key = (key, request.barefoot)  # shoes do not affect the drape, but they are seen
    scene = once(Stage.SCENE, scene_key, lambda: bare if bare.garment is whole else bare.printed(whole))
    return DressedModel(scene_key, model, pose_name, main, body, posed, cloth, worn, skin, grown, hair, shoes, scene)


def first_worn_right(
    fits: Iterable[Garment], put_on: Callable[[Garment], tuple[Garment, Garment, Drape]]
) -> tuple[Garment, Garment, Drape]:
    """Put a garment on, or its next reading if that fails.

    Args:
        fits: the garment as the photo is read, the likeliest reading first.
        put_on: drapes and judges it.
    Raises:
        DrapeFailed, NotWornRight: no reading is worn right; the error is that of the first.
    """
    first: DrapeFailed | NotWornRight | None = None
    for garment in fits:
        try:
            return put_on(garment)
        except (DrapeFailed, NotWornRight) as error:
            first = first or error
    assert first is not None
    raise first


def _fits(
    pattern: Pattern,
    measurements: BodyMeasurements,
    model: VirtualModel,
    stated_cm: tuple[float | None, float | None],
    worn_open: bool | None,
) -> Iterator[Garment]:
    """Yield the garment as read, then more like others of its kind, then closed, then as other kinds it may be."""

    width_cm, length_cm = stated_cm

    def fit(garment: Garment, trust: float = 1.0) -> Garment:
        return fit_garment(garment, measurements, model.gender, width_cm, length_cm, trust)

    yield fit(pattern.garment)
    if pattern.garment.photo is None:
        return
    yield fit(pattern.garment, CAUTIOUS)
    if pattern.kind.open_front and worn_open is None:
        yield fit(worn_closed(pattern.garment))
    # Rights were checked for the first reading: a child wears that or nothing.
    for other in () if model.is_child else pattern.others:
        yield fit(other)


def _same_cut(first: Garment, second: Garment) -> bool:
    return content_key(_cut_of(first)) == content_key(_cut_of(second))


def _cut_of(garment: Garment) -> Garment:
    """Return a garment without the fields that do not affect its drape."""
    return replace(garment, textures=(), warnings=())


def _cloth_key(worn: Drape) -> str:
    """Return a key of the draped geometry, whatever is printed on the cloth and however long the drape took."""
    names = [each.name for each in fields(Drape) if each.name not in {"report", "warnings"}]
    return content_key([getattr(worn, name) for name in names])


def mean_colour(garment: Garment) -> tuple[float, float, float]:
    """Return the mean linear-light colour of a garment's front."""
    red, green, blue = to_linear(garment.textures[0][::16, ::16]).reshape(-1, 3).mean(axis=0)
    return float(red), float(green), float(blue)


def base_layer_under(
    kinds: Sequence[GarmentKind], model: VirtualModel, garment: tuple[float, float, float] | None = None
) -> BaseLayer:
    """Choose what a model wears below garments, of which the one on sale comes first."""
    lined = next((kind for kind in kinds if kind.category == Category.SWIMWEAR), None)
    if lined is not None:  # whatever is worn over it, nothing shows at its edges
        return choose_base_layer(lined, model, garment)
    whole = _as_one(kinds)
    chosen = choose_base_layer(whole, model, garment)
    return between_halves(chosen) if whole.category == _WHOLE != kinds[0].category else chosen


def _as_one(kinds: Sequence[GarmentKind]) -> GarmentKind:
    """Return the kind that decides the base layer: two halves that cover all count as a jumpsuit.

    A garment below an open front takes precedence over it.
    """
    upper = sorted((kind for kind in kinds if kind.category.covers_upper), key=lambda kind: kind.open_front)
    main = upper[0] if kinds[0].open_front else kinds[0]
    if not upper or not any(kind.category.covers_lower for kind in kinds):
        return main
    return main if main.category.covers_upper and main.category.covers_lower else replace(upper[0], category=_WHOLE)


def read_size(source: GarmentSource) -> tuple[float | None, float | None]:
    """Return (width, length) in cm as stated; the row of a size chart fills in missing ones."""
    if source.size_chart is None or source.garment_size is None:
        return source.width_cm, source.length_cm
    width_cm, length_cm = read_size_chart(source.size_chart, source.garment_size)
    return source.width_cm or width_cm, source.length_cm or length_cm
