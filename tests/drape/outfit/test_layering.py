"""Several garments on one body: right order, no intersections, tucked in on request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.support.garments import by_formula
from tests.support.garments.mannequin import tube
from vmodel.body.pose.library import load_pose
from vmodel.drape import drape, drape_outfit
from vmodel.drape.geometry.signed_distance import distance_to_body
from vmodel.drape.outfit.compress_layers import drop_triangles
from vmodel.drape.outfit.layering import (
    drop_poking_triangles,
    hangs_beside,
    in_order,
    pad_body,
    poke_through_share,
    push_out_over,
    push_under,
)
from vmodel.drape.simulate.put_on import for_piece
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import (
    BoolArray,
    Category,
    Drape,
    FloatArray,
    Garment,
    GarmentKind,
    IntArray,
    Length,
    Neckline,
    Sleeve,
)
from vmodel.wardrobe.pieces import PIECES, make_piece

if TYPE_CHECKING:
    from vmodel.body.model.body import Body
    from vmodel.shot.pipeline_interface import Shot
    from vmodel.shot.request import ShotRequest
    from vmodel.studio.dress_model import DressedModel
    from vmodel.studio.stage_cache import StageCache


def part(worn: Drape, textures: list[int]) -> Drape:
    """Extract one garment of an outfit: the triangles with its textures, and their vertices."""
    mine = np.isin(worn.texture, textures)
    used, triangles = np.unique(worn.triangles[mine], return_inverse=True)
    return replace(worn, vertices_m=worn.vertices_m[used], triangles=triangles.reshape(-1, 3))


def kind(category: Category) -> GarmentKind:
    return GarmentKind(category, 1.0, Sleeve.SHORT, Neckline.CREW, Length.HIP)


def test_garments_are_put_on_from_the_skin_outwards() -> None:
    kinds = [kind(Category.OUTERWEAR), kind(Category.TOP), kind(Category.TROUSERS)]
    assert in_order(kinds, tucked=False) == [2, 1, 0]
    assert in_order(kinds, tucked=True) == [1, 2, 0]


@pytest.fixture(scope="module")
def dress(stages: StageCache, examples: Path, tee_request: ShotRequest, tee_shot: Shot) -> dict[bool, DressedModel]:
    """Dress the model in the example T-shirt and jeans: the shirt outside the jeans, and tucked in."""
    from vmodel.shot.request import GarmentSource
    from vmodel.studio.dress_model import dress_model
    from vmodel.studio.read_garment import read_pattern

    jeans = GarmentSource(examples / "denim-trousers.jpg", material="denim")
    reading = read_pattern(tee_request.garment, stages)
    asked = {tucked: replace(tee_request, outfit=(jeans,), tucked=tucked) for tucked in (False, True)}
    return {tucked: dress_model(tee_shot.model, reading, request, stages) for tucked, request in asked.items()}


@pytest.mark.slow
@pytest.mark.parametrize("tucked", [False, True])
def test_no_garment_shows_through_the_one_over_it(dress: dict[bool, DressedModel], tucked: bool) -> None:
    worn, garment = dress[tucked].worn, dress[tucked].scene.garment
    assert garment is not None
    tee, jeans = (part(worn, texture) for texture in ([0, 1], [2, 3]))
    inner, outer = (tee, jeans) if tucked else (jeans, tee)
    assert through(inner, outer) <= 0.003


@pytest.mark.slow
def test_three_layers_lie_one_over_the_other(
    dress: dict[bool, DressedModel], stages: StageCache, tee_request: ShotRequest, tmp_path: Path
) -> None:
    """A coat of the library over the T-shirt over the jeans."""
    from vmodel.garment.designs.block_design import ENDING, Design, write_design
    from vmodel.shot.request import GarmentSource
    from vmodel.studio.dress_model import dress_model
    from vmodel.studio.read_garment import read_pattern

    model = dress[False].model
    coat = tmp_path / f"coat{ENDING}"
    coat.write_bytes(write_design(Design("coat", dress[False].body.measurements)))
    jeans = GarmentSource(Path(str(tee_request.garment.photo)).parent / "denim-trousers.jpg", material="denim")
    request = replace(tee_request, outfit=(jeans, GarmentSource(coat)))
    worn = dress_model(model, read_pattern(request.garment, stages), request, stages).worn
    tee, trousers, outside = (part(worn, texture) for texture in ([0, 1], [2, 3], [4, 5]))
    assert max(through(tee, outside), through(trousers, outside), through(trousers, tee)) <= 0.003


@pytest.mark.slow
def test_a_child_wears_three_layers_one_over_the_other(stages: StageCache, tmp_path: Path) -> None:
    """On small bodies, the creases at the armpits are as deep as the gap below a coat."""
    from vmodel.body.model.body import build_body
    from vmodel.garment.designs.block_design import ENDING, Design, write_design
    from vmodel.shot.request import GarmentSource, ShotRequest
    from vmodel.studio.dress_model import dress_model
    from vmodel.studio.read_garment import read_pattern

    model = stages.roster["ch-noah"]
    measures, sources = build_body(model).measurements, []
    for block in ("child-coat", "child-tee", "child-trousers"):
        design = tmp_path / f"{block}{ENDING}"
        design.write_bytes(write_design(Design(block, measures)))
        sources.append(GarmentSource(design))
    request = ShotRequest(sources[0], model.id, "standing", outfit=tuple(sources[1:]))
    worn = dress_model(model, read_pattern(request.garment, stages), request, stages).worn
    coat, tee, trousers = (part(worn, texture) for texture in ([0, 1], [2, 3], [4, 5]))
    assert max(through(tee, coat), through(trousers, coat), through(trousers, tee)) <= 0.003


def through(inner: Drape, outer: Drape) -> float:
    return poke_through_share(inner, outer, nowhere(inner))


def mesh(shot: Shot, points_m: FloatArray, triangles: IntArray) -> Drape:
    """Return a closed mesh as a worn garment."""
    return replace(shot.drape, vertices_m=points_m, triangles=triangles, open_edges=np.zeros((0, 2), np.int32))


def nowhere(garment: Drape) -> BoolArray:
    return np.zeros(len(garment.vertices_m), bool)


def test_a_coat_is_laid_over_what_pokes_through_it(tee_shot: Shot) -> None:
    inner_m, triangles = tube(0.8, 1.2, 0.15)
    swollen = np.abs(inner_m[:, 2] - 1.0) < 0.05
    inner_m[swollen, :2] *= 1.1
    outer_m, _ = tube(0.8, 1.2, 0.155)
    inner, outer = (mesh(tee_shot, each, triangles) for each in (inner_m, outer_m))
    assert through(inner, outer) > 0.1
    laid = push_out_over(outer, inner, nowhere(inner))
    assert through(inner, laid) == 0
    far = np.abs(outer_m[:, 2] - 1.0) > 0.1
    assert np.array_equal(laid.vertices_m[far], outer_m[far])


def test_what_shows_through_a_coat_is_left_out_and_what_comes_out_at_its_hem_stays(tee_shot: Shot) -> None:
    inner_m, triangles = tube(0.6, 1.2, 0.15)
    outer_m, _ = tube(0.8, 1.2, 0.155)
    pinched = (np.abs(inner_m[:, 2] - 1.0) < 0.02) & (inner_m[:, 0] > 0.1)
    inner_m[pinched, :2] *= 1.08
    inner_m[inner_m[:, 2] < 0.8, :2] *= 1.05
    hem = np.stack([np.arange(72), (np.arange(72) + 1) % 72], axis=1)
    edges = np.concatenate([hem, hem + len(outer_m) - 72]).astype(np.int32)
    none = np.zeros((0, 2), np.int32)
    inner, outer = (
        replace(tee_shot.drape, vertices_m=each.astype(np.float32), triangles=triangles, open_edges=ends,
                rest_edges=none, rest_lengths_m=np.zeros(0, np.float32),
                texture_px=np.zeros((len(triangles), 3, 2), np.float32), texture=np.zeros(len(triangles), np.uint8),
                panel=np.zeros(len(triangles), np.uint8))
        for each, ends in ((inner_m, none), (outer_m, edges))
    )  # fmt: skip
    assert through(inner, outer) > 0.003
    left = drop_poking_triangles(inner, outer, nowhere(inner))
    kept = {tuple(point) for point in left.vertices_m.tolist()}
    shows = inner.vertices_m[pinched]
    assert not any(tuple(point) in kept for point in shows.tolist())
    assert all(tuple(point) in kept for point in inner.vertices_m[inner.vertices_m[:, 2] < 0.82].tolist())
    assert len(left.triangles) > 0.9 * len(triangles)
    whole = drop_poking_triangles(inner, outer, ~nowhere(inner))
    assert len(whole.triangles) == len(triangles)  # a sleeve stays whole, however near to trousers it hangs


def test_a_sleeve_that_hangs_beside_a_skirt_neither_draws_nor_is_drawn(tee_shot: Shot) -> None:
    """It turns its outside to the skirt, so the skirt seems to lie above it."""
    skirt_m, triangles = tube(0.6, 1.0, 0.15)
    sleeve_m, _ = tube(0.6, 1.0, 0.05)
    sleeve_m[:, 0] += 0.21
    skirt, sleeve = (mesh(tee_shot, each, triangles) for each in (skirt_m, sleeve_m))
    assert through(skirt, sleeve) == 0
    assert np.array_equal(push_under(skirt, sleeve, nowhere(skirt)).vertices_m, skirt_m.astype(np.float32))
    assert np.array_equal(push_out_over(sleeve, skirt, nowhere(skirt)).vertices_m, sleeve_m.astype(np.float32))


def test_sleeves_that_hang_close_beside_trousers_stay_whole(stages: StageCache) -> None:
    """Cloth of theirs that seems to lie beneath trousers was left out, and a hole showed the arm."""
    from vmodel.body.model.body import build_body

    model = stages.roster["wm-saoirse"]
    body = build_body(model)
    trousers, top = (make_piece(PIECES[name], "woman", body.measurements) for name in ("jeans-dark", "fine-knit-black"))
    alone = drape(top, body, load_pose("standing"), stages.settings, options=for_piece(top))
    worn = drape_outfit([trousers, top], body, load_pose("standing"), stages.settings, tucked=True, pieces=2)[1]
    on_arms = np.abs(alone.vertices_m[alone.triangles].mean(axis=1)[:, 0]) > 0.21
    kept = {cloth.tobytes() for cloth in worn.texture_px[worn.texture >= 2]}
    assert on_arms.sum() > 500
    assert all(cloth.tobytes() in kept for cloth in alone.texture_px[on_arms])


def test_sleeves_are_beside_what_has_none_there(stages: StageCache) -> None:
    """The forearm of a knitted top was pressed into the arm where a vest hung beside it, and skin showed."""
    from vmodel.body.model.body import build_body

    body = build_body(stages.roster["wm-ines"])
    knit, tee = (make_piece(PIECES[name], "woman", body.measurements) for name in ("fine-knit-black", "tee-white"))
    pose = load_pose("standing")
    inner, outer = (drape(top, body, pose, stages.settings, options=for_piece(top)) for top in (knit, tee))
    off_trunk, hangs = np.abs(inner.vertices_m[:, 0]) > 0.23, hangs_beside(inner, outer, body, body.posed(pose))
    below_elbow = inner.vertices_m[:, 2] < body.measurements.waist_height / 100
    assert (off_trunk & below_elbow).sum() > 50
    assert hangs[off_trunk & below_elbow].all()
    assert not hangs[~off_trunk & (np.abs(inner.vertices_m[:, 0]) < 0.15)].any()
    assert not hangs_beside(inner, inner, body, body.posed(pose)).any()


@pytest.fixture(scope="module")
def ines(stages: StageCache) -> Body:
    from vmodel.body.model.body import build_body

    return build_body(stages.roster["wm-ines"])


def put_on(cuts: Sequence[Garment], body: Body, stages: StageCache) -> tuple[Drape, list[Drape]]:
    """Drape an outfit; returns it whole and as separate garments, each with textures for front and back."""
    worn = drape_outfit(cuts, body, load_pose("standing"), stages.settings)[1]
    return worn, [part(worn, [2 * number, 2 * number + 1]) for number in range(len(cuts))]


def seen_from(side: int, worn: Drape, half_width_m: float, low_m: float, high_m: float) -> IntArray:
    """Return the textures visible on a stripe of the trunk: side -1 from the front, 1 from behind."""
    x, z = np.meshgrid(np.linspace(-half_width_m, half_width_m, 9), np.linspace(low_m, high_m, 30))
    origins = np.stack([x.ravel(), np.full(x.size, 2.0 * side), z.ravel()], axis=1)
    hits = Tracer(worn.vertices_m, worn.triangles).first_hits(origins, np.tile([0.0, -1.0 * side, 0.0], (x.size, 1)))
    return np.asarray(worn.texture[hits.triangle[hits.triangle >= 0]], int)


def worn_closed() -> Garment:
    """Return a cardigan whose front is shut."""
    shut = by_formula.long_sleeve(half_width=27.0, length=66.0, cuff=13.0, material="knit")
    return replace(shut, kind=replace(shut.kind, category=Category.OUTERWEAR))


@pytest.mark.slow
@pytest.mark.parametrize("is_open", [True, False])
def test_a_cardigan_lies_over_a_dress_which_shows_between_its_open_edges(
    is_open: bool, ines: Body, stages: StageCache
) -> None:
    cardigan = by_formula.open_jacket(material="knit") if is_open else worn_closed()
    worn, (dress, outside) = put_on([by_formula.dress(), cardigan], ines, stages)
    assert worn.warnings == ()
    assert through(dress, outside) <= 0.003
    low, high = outside.vertices_m[:, 2].min() + 0.1, ines.rest.joints_m["spine03"][2]
    assert set(seen_from(1, worn, 0.1, low, high)) == {3}
    middle = seen_from(-1, worn, 0.01, low, high)
    assert set(middle) == ({0} if is_open else {2})
    # Below the cardigan, the cloth hangs as it would without it: no sleeve has drawn it to the hands.
    alone = drape(by_formula.dress(), ines, load_pose("standing"), stages.settings)
    below = alone.vertices_m[:, 2] < outside.vertices_m[:, 2].min() - 0.03
    assert cKDTree(dress.vertices_m).query(alone.vertices_m[below])[0].max() < 1e-6


@pytest.mark.slow
def test_a_narrow_jacket_worn_open_presses_the_loose_sleeves_of_a_tee(ines: Body, stages: StageCache) -> None:
    worn, (tee, trousers, jacket) = put_on(
        [by_formula.tee(), by_formula.trousers(), by_formula.open_jacket()], ines, stages
    )
    assert worn.warnings == ()
    for inner, outer in ((trousers, tee), (tee, jacket), (trousers, jacket)):
        assert through(inner, outer) <= 0.003
    posed = ines.posed(load_pose("standing"))
    for each in (tee, trousers, jacket):
        assert (distance_to_body(each.vertices_m, posed.vertices_m, posed.faces)[0] < 0).mean() <= 0.001
    low, high = jacket.vertices_m[:, 2].min() + 0.1, ines.rest.joints_m["spine03"][2]
    assert set(seen_from(1, worn, 0.1, low, high)) == {5}
    assert 4 not in set(seen_from(-1, worn, 0.01, low, high))
    shoulder, elbow = (posed.joints_m[f"{bone}.L"] for bone in ("upperarm01", "lowerarm01"))
    assert set(seen_beside(worn, elbow[2], shoulder[2])) <= {4, 5}


def seen_beside(worn: Drape, low_m: float, high_m: float) -> IntArray:
    """Return the textures visible on the left arm from the side."""
    y, z = np.meshgrid(np.linspace(-0.03, 0.03, 15), np.linspace(low_m, high_m, 60))
    origins = np.stack([np.full(y.size, 2.0), y.ravel(), z.ravel()], axis=1)
    hits = Tracer(worn.vertices_m, worn.triangles).first_hits(origins, np.tile([-1.0, 0.0, 0.0], (y.size, 1)))
    return np.asarray(worn.texture[hits.triangle[hits.triangle >= 0]], int)


def test_what_is_left_of_a_garment_has_no_loose_vertex(tee_shot: Shot) -> None:
    worn = tee_shot.drape
    left = drop_triangles(worn, np.asarray(worn.vertices_m)[:, 0] > 0)
    assert np.array_equal(np.unique(left.triangles), np.arange(len(left.vertices_m)))
    assert len(left.vertices_m) < 0.7 * len(worn.vertices_m)
    ends = left.vertices_m[left.rest_edges]
    strain = np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1) / left.rest_lengths_m
    assert np.percentile(strain, 99) < 1.2
    assert left.open_edges.max() < len(left.vertices_m)


@pytest.mark.slow
def test_a_tucked_shirt_ends_at_the_waistband_and_a_loose_one_below(dress: dict[bool, DressedModel]) -> None:
    lowest = {}
    for tucked in (False, True):
        worn = dress[tucked].worn
        shirt, of_jeans = part(worn, [0, 1]), np.unique(worn.triangles[np.isin(worn.texture, [2, 3])])
        rim = worn.vertices_m[np.intersect1d(of_jeans, worn.open_edges), 2]
        waist = rim[rim > rim.max() - 0.15]  # higher behind than in front
        lowest[tucked] = shirt.vertices_m[:, 2].min() - waist.min()
    assert lowest[False] < -0.05
    assert lowest[True] > -0.04


@pytest.mark.slow
def test_an_outfit_can_be_shot_again_from_its_sidecar_unless_one_of_its_photos_changed(
    dress: dict[bool, DressedModel], stages: StageCache, tee_request: ShotRequest, examples: Path, tmp_path: Path
) -> None:
    from pipelines.registry import load_pipeline
    from vmodel.errors import SidecarInvalid
    from vmodel.publishing.sidecar import describe_shot, read_sidecar
    from vmodel.shoot import shoot
    from vmodel.shot.request import GarmentSource

    jeans = tmp_path / "jeans.jpg"
    jeans.write_bytes((examples / "denim-trousers.jpg").read_bytes())
    source = GarmentSource(examples / "denim-trousers.jpg", material="denim")
    asked = replace(tee_request, model=dress[False].model.id, outfit=(source,))
    content = describe_shot(shoot(asked, stages, load_pipeline("draft")))
    content["request"]["outfit"][0]["photo"] = str(jeans)
    (tmp_path / "shot.json").write_text(json.dumps(content))
    again = read_sidecar(tmp_path / "shot.json")
    assert again.outfit == (replace(source, photo=jeans),)
    jeans.write_bytes(b"another picture")
    with pytest.raises(SidecarInvalid, match=r"outfit\.0\.photo"):
        read_sidecar(tmp_path / "shot.json")


@pytest.mark.slow
def test_each_fabric_keeps_its_own_look(dress: dict[bool, DressedModel]) -> None:
    assert dress[False].worn.texture_materials[:1] + dress[False].worn.texture_materials[-1:] == ("jersey", "denim")


@pytest.mark.slow
def test_what_is_worn_makes_the_body_thicker_only_where_it_lies(stages: StageCache, tee_shot: Shot) -> None:
    from vmodel.body.model.body import build_body
    from vmodel.body.pose.library import load_pose

    body = build_body(tee_shot.model)
    pose = load_pose(tee_shot.pose)
    padded = pad_body(body, body.posed(pose), tee_shot.drape)
    grown_m = np.linalg.norm(padded.posed(pose).vertices_m - body.posed(pose).vertices_m, axis=1)
    height = body.posed(pose).vertices_m[:, 2]
    joints = body.posed(pose).joints_m
    trunk = np.abs(body.posed(pose).vertices_m[:, 0]) < 0.1
    belly = trunk & (np.abs(height - joints["spine04"][2]) < 0.05)
    assert np.median(grown_m[belly]) > 0.003
    assert grown_m[height < joints["lowerleg01.L"][2]].max() < 1e-6
    assert grown_m[height > joints["head"][2] + 0.05].max() < 1e-6
