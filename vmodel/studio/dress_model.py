"""Dressed models, ready to be photographed: casting -> body -> drape -> scene."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, fields, replace
from functools import partial
from itertools import chain
from typing import TypeVar

from vmodel.body.appearance.cache import load_or_grow_hair, load_or_paint_skin
from vmodel.body.appearance.skin import SKIN_SIZE
from vmodel.body.base_layer.paint import BaseLayer
from vmodel.body.hair.motion import pose_hair
from vmodel.body.hair.polylines import fewer_strands
from vmodel.body.mesh.anny_model import prepare_body_model
from vmodel.body.model.body import Body, build_body
from vmodel.body.pose.library import load_pose
from vmodel.body.shoes.build import make_shoes
from vmodel.body.shoes.worn import Shoes
from vmodel.core.hashing import content_key
from vmodel.drape import drape_outfit
from vmodel.drape.neck.collar import with_collars
from vmodel.drape.neck.hood import with_hoods
from vmodel.errors import DrapeFailed
from vmodel.quality.errors import NotWornRight
from vmodel.quality.wear.judge import check_worn
from vmodel.rights.policy.minors import check_shown
from vmodel.scene import Scene
from vmodel.scene.shading.visibility import AMBIENT_RAYS
from vmodel.shot.pipeline_interface import GarmentReading, WornStyle
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage
from vmodel.studio.casting import choose_pose, rank_models
from vmodel.studio.choose_shoes import choose_shoes
from vmodel.studio.complete_outfit import Completion, complete_outfit
from vmodel.studio.fit_outfit import Outfit, fit_outfit
from vmodel.studio.read_garment import check_rights, digest_of, read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Drape, Garment, Pose, PosedBody, SkinTextures, Strands, VirtualModel

T = TypeVar("T")

ASKED = 3
"""Number of people who try a garment on before a failed drape is reported, unless the seller named one."""

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
        style: pieces of the wardrobe that complete the outfit.
        shoe_name: with kind and colour; as asked for the barefoot.
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
    shoe_name: str
    scene: Scene
    style: WornStyle


def cast_and_dress(reading: GarmentReading, request: ShotRequest, stages: StageCache) -> DressedModel:
    """Find a model whom the garment fits: the named one, or one of those chosen by photo and seed.

    Raises:
        VModelError: a name or a rule forbids it, the garment stays on none of the models, or none wears it right.
    """
    *others, last = cast_models(reading, request, stages)
    for model in others:
        with contextlib.suppress(DrapeFailed, NotWornRight):
            return dress_model(model, reading, request, stages)
    return dress_model(last, reading, request, stages)


def cast_models(reading: GarmentReading, request: ShotRequest, stages: StageCache) -> list[VirtualModel]:
    """Return the models who try a garment on, in order."""
    if request.model:
        return [stages.roster[request.model]]
    free = [model for model in stages.roster.values() if model.id not in stages.barred]
    return rank_models(free, _content(reading, request, stages), reading.kind.made_for)[:ASKED]


def _content(reading: GarmentReading, request: ShotRequest, stages: StageCache) -> str:
    """Identify the garment's photo and the seed."""
    return f"{digest_of(request.garment, reading, stages)} {request.seed}"


def dress_model(model: VirtualModel, reading: GarmentReading, request: ShotRequest, stages: StageCache) -> DressedModel:
    """Dress a model and bring both into the pose.

    Args:
        model: the wearer.
        reading: what was read from the photo.
        request: pose, and the size that was stated.
        stages: keeps the results of earlier shots.
    Raises:
        VModelError: a name or a rule forbids it, the garment does not stay on, or is not worn right.
    """
    sources = request.garment, *request.outfit
    pose_name = request.pose or choose_pose(model, reading.kind.category)
    readings = _read_outfit(model, reading, pose_name, request, stages)
    wearer = _pose_body(model, pose_name, stages)
    bare = fit_outfit(readings, sources, model, wearer.body.measurements)
    completion = complete_outfit(bare, reading, model, wearer.body.measurements, request, stages)
    outfit = completion.beside(bare)

    base_layer = outfit.base_layer(outfit.main, model)
    stages.prefetch(Stage.SKIN, *_skin(wearer, base_layer, request, stages))
    stages.prefetch(Stage.HAIR, *_hair(wearer, stages))
    put_on = _put_on(bare, completion, reading, wearer, request, stages)
    garments, whole, cloth = put_on.garments, put_on.whole, put_on.cloth
    worn = with_collars(garments, whole, with_hoods(garments, whole, cloth), wearer.posed)

    main, *beside = garments
    if [each.kind for each in garments] != [each.kind for each in (outfit.main, *outfit.beside)]:
        base_layer = replace(bare, beside=tuple(beside)).base_layer(main, model)
    named = request.shoes
    if not request.barefoot:
        named = choose_shoes(request.shoes, outfit.main, model, _content(reading, request, stages))
    look = _paint(wearer, base_layer, named, request, stages)
    key = (*bare.key, put_on.style, request.tucked, request.fitting, wearer.key)
    scene_key = (key, look.shod)  # shoes do not affect the drape, but they are seen
    hair, scene = _set_scene(wearer, look, whole, worn, scene_key, request, stages)
    return DressedModel(
        scene_key, model, pose_name, main, wearer.body, wearer.posed, cloth, worn, look.skin, look.hair, hair,
        look.shoes, named, scene, put_on.style,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Wearer:
    """Model with a body, at rest and in the pose; ``key`` identifies both."""

    model: VirtualModel
    pose: Pose
    body: Body
    posed: PosedBody
    key: tuple[str, str]


@dataclass(frozen=True, eq=False)
class _Look:
    """What is seen of a model beside the garments; ``hair`` is on the body at rest, ``shoes`` on the feet at rest.

    ``shod`` names the shoes, empty for the barefoot.
    """

    base_layer: BaseLayer
    skin: SkinTextures
    hair: Strands
    shoes: Shoes | None
    shod: str


def _read_outfit(
    model: VirtualModel, reading: GarmentReading, pose_name: str, request: ShotRequest, stages: StageCache
) -> list[GarmentReading]:
    """Read what is worn with the garment on sale, and apply the rules for child models to all of it and to the view."""
    readings = [reading]
    counts_as = check_rights(model, request.garment, reading, stages)
    for source in request.outfit:
        readings.append(read_pattern(source, stages, request.fitting))
        counts_as |= check_rights(model, source, readings[-1], stages)
    check_shown(model, counts_as, pose_name, request.framing)
    return readings


def _pose_body(model: VirtualModel, pose_name: str, stages: StageCache) -> _Wearer:
    stages.get_or_compute(Stage.BODY_MODEL, "anny", prepare_body_model)
    body = stages.get_or_compute(Stage.BODY, model.id, lambda: build_body(model))
    pose = stages.get_or_compute(Stage.POSE, pose_name, lambda: load_pose(pose_name))
    key = (model.id, pose_name)
    return _Wearer(model, pose, body, stages.get_or_compute(Stage.POSING, key, lambda: body.posed(pose)), key)


def _skin(
    wearer: _Wearer, base_layer: BaseLayer, request: ShotRequest, stages: StageCache
) -> tuple[Hashable, Callable[[], SkinTextures]]:
    """Return the key of the painted skin, and what paints it."""
    size, cache = FITTING_SKIN if request.fitting else SKIN_SIZE, stages.settings.cache
    key = (wearer.model.id, base_layer, size)
    return key, lambda: load_or_paint_skin(wearer.model, wearer.body, base_layer, cache, size)


def _hair(wearer: _Wearer, stages: StageCache) -> tuple[Hashable, Callable[[], Strands]]:
    """Return the key of the hair on the body at rest, and what grows it."""
    return wearer.model.id, lambda: load_or_grow_hair(wearer.model, wearer.body, stages.settings.cache)


@dataclass(frozen=True, eq=False)
class _PutOn:
    """Garments on a model, the one on sale first; ``whole`` is all of them joined, ``cloth`` their drape."""

    garments: list[Garment]
    whole: Garment
    cloth: Drape
    style: WornStyle


def _put_on(
    outfit: Outfit,
    completion: Completion,
    reading: GarmentReading,
    wearer: _Wearer,
    request: ShotRequest,
    stages: StageCache,
) -> _PutOn:
    """Drape the outfit; the garment on sale is the first of its readings that is worn right.

    A reading that is not worn right with the pieces of the wardrobe is tried without them, as is one that covers
    another half than the first, for which they were chosen.
    """
    how = request.tucked, request.fitting
    first, tell = outfit.main, partial(stages.report, Stage.DRAPE)

    def drape_and_judge(garments: list[Garment], tucked: bool, style: WornStyle, pieces: int = 0) -> _PutOn:
        whole, cloth = drape_outfit(
            garments, wearer.body, wearer.pose, stages.settings, tucked, request.fitting, tell, pieces
        )
        with stages.timed(Stage.JUDGE):
            check_worn(garments, cloth, wearer.body, wearer.posed)
        return _PutOn(garments, whole, cloth, style)

    def put_on(main: Garment) -> _PutOn:
        garments, plain, pieces = [main, *outfit.beside], WornStyle(), completion.garments
        if pieces and _covered_halves(main) == _covered_halves(first):
            try:
                tucked = request.tucked or completion.tucks
                return drape_and_judge([*garments, *pieces], tucked, completion.style, len(pieces))
            except (DrapeFailed, NotWornRight) as error:
                reason = str(error).partition(";")[0].rstrip(".")  # the rest is a remedy for the garment on sale
                plain = WornStyle(fault=f"with {completion.style.name}, {reason[:1].lower()}{reason[1:]}")
        return drape_and_judge(garments, request.tucked, plain)

    def put_on_first_right() -> _PutOn:
        return first_worn_right(chain([first], outfit.further), put_on)

    if outfit.beside or completion.garments:
        key = (*outfit.key, completion.style, *how, wearer.key)
        return stages.get_or_compute(Stage.DRAPE, key, put_on_first_right)
    # A single garment's textures do not affect its drape; several garments come back joined, with the textures of all.
    own = reading.key if reading.garment.photo is not None else None  # a photo may be read in other ways as well
    cut = (content_key(_cut_of(first)), own, *how, wearer.key)
    found = stages.get_or_compute(Stage.DRAPE, cut, put_on_first_right)
    main = found.garments[0]
    # The drape was computed for a garment of this cut; the textures are this photo's own.
    main = first if _same_cut(main, first) else main
    return replace(found, garments=[main], whole=main)


def _paint(wearer: _Wearer, base_layer: BaseLayer, named: str, request: ShotRequest, stages: StageCache) -> _Look:
    skin = stages.get_or_compute(Stage.SKIN, *_skin(wearer, base_layer, request, stages))
    shod = "" if request.barefoot else named
    key = (wearer.model.id, shod)
    shoes = stages.get_or_compute(Stage.SHOES, key, lambda: make_shoes(wearer.body, shod)) if shod else None
    return _Look(base_layer, skin, stages.get_or_compute(Stage.HAIR, *_hair(wearer, stages)), shoes, shod)


def _set_scene(
    wearer: _Wearer, look: _Look, whole: Garment, worn: Drape, key: Hashable, request: ShotRequest, stages: StageCache
) -> tuple[Strands, Scene]:
    """Return the hair in the pose, and the lit scene."""
    # A print changes neither the drape nor the light and hair on it.
    lying = (wearer.key, look.base_layer, request.fitting, _cloth_key(worn))
    seen = fewer_strands(look.hair, FITTING_HAIR)[0] if request.fitting else look.hair
    body, posed, shoes = wearer.body, wearer.posed, look.shoes
    hair = stages.get_or_compute(Stage.POSING_HAIR, lying, lambda: pose_hair(seen, body, posed, worn.vertices_m))
    stand = (wearer.key, look.shod)
    on_feet = None if shoes is None else stages.get_or_compute(Stage.POSING_SHOES, stand, lambda: shoes.carried(posed))
    rays = FITTING_RAYS if request.fitting else AMBIENT_RAYS
    bare = stages.get_or_compute(
        Stage.SCENE, (lying, look.shod), lambda: Scene(posed, body, look.skin, hair, worn, whole, on_feet, rays)
    )
    scene = stages.get_or_compute(
        Stage.SCENE, key, lambda: bare if bare.garment is whole else bare.with_textures(whole)
    )
    return hair, scene


def first_worn_right(fits: Iterable[Garment], put_on: Callable[[Garment], T]) -> T:
    """Put a garment on, or its next reading if that fails.

    Args:
        fits: the garment as the photo is read, the likeliest reading first.
        put_on: drapes and judges it.
    Returns:
        What ``put_on`` returned.
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


def _covered_halves(garment: Garment) -> tuple[bool, bool]:
    """Return whether a garment covers the upper and whether it covers the lower half."""
    return garment.kind.category.covers_upper, garment.kind.category.covers_lower


def _same_cut(first: Garment, second: Garment) -> bool:
    return content_key(_cut_of(first)) == content_key(_cut_of(second))


def _cut_of(garment: Garment) -> Garment:
    """Return a garment without the fields that do not affect its drape."""
    return replace(garment, textures=(), warnings=())


def _cloth_key(worn: Drape) -> str:
    """Return a key of the draped geometry, whatever is printed on the cloth and however long the drape took."""
    names = [each.name for each in fields(Drape) if each.name not in {"report", "warnings"}]
    return content_key([getattr(worn, name) for name in names])
