"""Several garments on one body: the right order, nothing through one another, tucked in where asked."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mannequin import tube

from vmodel.drape.layers import in_order, lift, pad_body, share_through
from vmodel.types import Category, GarmentKind, Length, Neckline, Sleeve

if TYPE_CHECKING:
    from vmodel.dressing import DressedModel
    from vmodel.request import ShotRequest
    from vmodel.studio import Studio
    from vmodel.take import Shot
    from vmodel.types import Drape


def part(worn: Drape, textures: list[int]) -> Drape:
    """One garment of an outfit: the triangles with its textures, and their vertices."""
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
def dress(studio: Studio, examples: Path, tee_request: ShotRequest, tee_shot: Shot) -> dict[bool, DressedModel]:
    """The example T-shirt with the example jeans: outside and inside."""
    from vmodel.dressing import dress_model
    from vmodel.reading import read_pattern
    from vmodel.request import GarmentSource

    jeans = GarmentSource(examples / "denim-trousers.jpg", material="denim")
    pattern = read_pattern(tee_request.garment, studio)
    asked = {tucked: replace(tee_request, outfit=(jeans,), tucked=tucked) for tucked in (False, True)}
    return {tucked: dress_model(tee_shot.model, pattern, request, studio) for tucked, request in asked.items()}


@pytest.mark.slow
@pytest.mark.parametrize("tucked", [False, True])
def test_no_garment_shows_through_the_one_over_it(dress: dict[bool, DressedModel], tucked: bool) -> None:
    worn, garment = dress[tucked].worn, dress[tucked].scene.garment
    assert garment is not None
    tee, jeans = (part(worn, texture) for texture in ([0, 1], [2, 3]))
    inner, outer = (tee, jeans) if tucked else (jeans, tee)
    assert share_through(inner, outer) <= 0.002


@pytest.mark.slow
def test_three_layers_lie_one_over_the_other(
    dress: dict[bool, DressedModel], studio: Studio, tee_request: ShotRequest, tmp_path: Path
) -> None:
    """A coat of the library over the T-shirt over the jeans."""
    from vmodel.dressing import dress_model
    from vmodel.garment.design import ENDING, Design, write_design
    from vmodel.reading import read_pattern
    from vmodel.request import GarmentSource

    model = dress[False].model
    coat = tmp_path / f"coat{ENDING}"
    coat.write_bytes(write_design(Design("coat", dress[False].body.measurements)))
    jeans = GarmentSource(Path(str(tee_request.garment.photo)).parent / "denim-trousers.jpg", material="denim")
    request = replace(tee_request, outfit=(jeans, GarmentSource(coat)))
    worn = dress_model(model, read_pattern(request.garment, studio), request, studio).worn
    tee, trousers, outside = (part(worn, texture) for texture in ([0, 1], [2, 3], [4, 5]))
    assert max(share_through(tee, outside), share_through(trousers, outside), share_through(trousers, tee)) <= 0.002


def test_a_coat_is_laid_over_what_pokes_through_it(tee_shot: Shot) -> None:
    inner_m, triangles = tube(0.8, 1.2, 0.15)
    swollen = np.abs(inner_m[:, 2] - 1.0) < 0.05
    inner_m[swollen, :2] *= 1.1
    outer_m, _ = tube(0.8, 1.2, 0.155)
    inner, outer = (replace(tee_shot.drape, vertices_m=each, triangles=triangles) for each in (inner_m, outer_m))
    assert share_through(inner, outer) > 0.1
    laid = lift(outer, inner)
    assert share_through(inner, laid) == 0
    far = np.abs(outer_m[:, 2] - 1.0) > 0.1
    assert np.array_equal(laid.vertices_m[far], outer_m[far])


@pytest.mark.slow
def test_a_tucked_shirt_ends_at_the_waistband_and_a_loose_one_below(dress: dict[bool, DressedModel]) -> None:
    lowest = {}
    for tucked in (False, True):
        shirt, jeans = (part(dress[tucked].worn, textures) for textures in ([0, 1], [2, 3]))
        lowest[tucked] = shirt.vertices_m[:, 2].min() - jeans.vertices_m[:, 2].max()
    assert lowest[False] < -0.1
    assert lowest[True] > -0.08


@pytest.mark.slow
def test_an_outfit_can_be_shot_again_from_its_sidecar_unless_one_of_its_photos_changed(
    dress: dict[bool, DressedModel], studio: Studio, tee_request: ShotRequest, examples: Path, tmp_path: Path
) -> None:
    from pipelines.loading import load_pipeline
    from vmodel.errors import SidecarInvalid
    from vmodel.request import GarmentSource
    from vmodel.shoot import shoot
    from vmodel.sidecar import describe_shot, read_sidecar

    jeans = tmp_path / "jeans.jpg"
    jeans.write_bytes((examples / "denim-trousers.jpg").read_bytes())
    source = GarmentSource(examples / "denim-trousers.jpg", material="denim")
    asked = replace(tee_request, model=dress[False].model.id, outfit=(source,))
    content = describe_shot(shoot(asked, studio, load_pipeline("draft")))
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
def test_what_is_worn_makes_the_body_thicker_only_where_it_lies(studio: Studio, tee_shot: Shot) -> None:
    from vmodel.body.model import build_body
    from vmodel.body.pose import load_pose

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
