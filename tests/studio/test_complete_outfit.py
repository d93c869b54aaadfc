"""Outfits completed from the wardrobe: worn, recorded, made again, and left out where they are not worn right."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.registry import load_pipeline
from vmodel.body.model.body import build_body
from vmodel.errors import DrapeFailed
from vmodel.publishing.sidecar import describe_shot, read_sidecar
from vmodel.shoot import prepare, shoot
from vmodel.shot.pipeline_interface import GarmentReading, Shot
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.dress_model import DressedModel, cast_and_dress
from vmodel.studio.fit_outfit import _fitted_readings
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import BodyMeasurements, Category, Garment
from vmodel.wardrobe.pieces import PIECES, Piece, make_piece


@pytest.fixture(scope="module")
def styled(tee_request: ShotRequest, stages: StageCache) -> Shot:
    """Return the example T-shirt worn with trousers of the wardrobe."""
    request = replace(tee_request, model="wm-ines", style="slim-black", fitting=True)
    return shoot(request, stages, load_pipeline("draft"))


def dressed(shot: Shot, stages: StageCache) -> DressedModel:
    return cast_and_dress(shot.reading, shot.request, stages)


def test_a_model_in_a_t_shirt_wears_trousers_that_hang_from_its_waist_to_its_ankles(
    styled: Shot, stages: StageCache
) -> None:
    assert styled.style.name == "slim-black"
    look = dressed(styled, stages)
    panels = len(look.garment.panels)
    trousers = np.unique(styled.drape.triangles[np.asarray(styled.drape.panel) >= panels])
    height = np.asarray(styled.drape.vertices_m)[trousers, 2]
    body_m = look.posed.vertices_m[:, 2].max()
    assert height.min() < 0.1 * body_m
    assert 0.55 * body_m < height.max() < 0.68 * body_m
    assert styled.garment.kind.category == "top"  # the one on sale is still what the shot is about


def test_the_sidecar_names_the_pieces_and_makes_the_same_pixels_again(
    styled: Shot, stages: StageCache, tmp_path: Path
) -> None:
    content = describe_shot(replace(styled, request=replace(styled.request, style="auto")))
    assert content["request"]["style"] == "slim-black"
    assert content["style"] == {"asked": "auto", "name": "slim-black", "fault": ""}
    sidecar = tmp_path / "picture.json"
    sidecar.write_text(json.dumps(content))
    again = shoot(read_sidecar(sidecar), stages, load_pipeline("draft"))
    assert np.array_equal(again.picture, styled.picture)


def test_a_sidecar_without_a_style_makes_the_plain_picture(
    tee_shot: Shot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    content = describe_shot(tee_shot)
    assert "style" not in content
    assert "style" not in content["request"]
    monkeypatch.setenv("VMODEL_STYLE", "auto")
    (tmp_path / "old.json").write_text(json.dumps(content))
    assert read_sidecar(tmp_path / "old.json").style == "plain"


def test_pieces_that_do_not_stay_on_are_left_out_and_the_sidecar_says_so(
    tee_request: ShotRequest, tee_shot: Shot, stages: StageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_narrow(piece: Piece, gender: str, measures: BodyMeasurements) -> Garment:
        return make_piece(piece, gender, replace(measures, waist=0.5 * measures.waist, hip=0.5 * measures.hip))

    monkeypatch.setattr("vmodel.studio.complete_outfit.make_piece", too_narrow)
    request = replace(tee_request, model=tee_shot.model.id, style="chinos-olive", fitting=True)
    fallen = shoot(request, stages, load_pipeline("draft"))
    assert fallen.style.name == "plain"
    assert any("chinos-olive" in each and "--style" in each for each in fallen.warnings)
    content = describe_shot(fallen)
    assert "style" not in content["request"]
    assert content["style"]["name"] == "plain"
    assert "chinos-olive" in content["style"]["fault"]
    plain = shoot(replace(request, style="plain"), stages, load_pipeline("draft"))
    assert np.array_equal(fallen.picture, plain.picture)


def test_the_sellers_own_outfit_wins(tee_request: ShotRequest, stages: StageCache, examples: Path) -> None:
    jeans = GarmentSource(examples / "denim-trousers.jpg")
    prepared = prepare(replace(tee_request, outfit=(jeans,), style="smart", fitting=True), stages)
    assert prepared.style.name == "plain"
    assert not prepared.style.fault


def test_a_piece_is_the_same_on_every_woman_in_every_pose_and_from_every_side(
    tee_request: ShotRequest, stages: StageCache, piece_of: Callable[[ShotRequest], str]
) -> None:
    asked = replace(tee_request, style="auto")
    others = (("wm-mei", None, "front"), ("wm-amina", "walking", "front"), ("wm-ines", None, "back"))
    worn = {piece_of(replace(asked, model=model, pose=pose, view=view)) for model, pose, view in others}
    assert len(worn) == 1
    assert worn.pop() in PIECES


def test_pieces_are_not_worn_with_another_reading_that_covers_another_half(
    tee_request: ShotRequest, stages: StageCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A top that does not stay on may be a dress, under which nobody wears the trousers chosen for the top."""
    readings = Category.TOP, Category.DRESS, Category.SKIRT, Category.OUTERWEAR
    tried: list[list[Category]] = []

    def slips(garments: list[Garment], *_: object) -> None:
        tried.append([each.kind.category for each in garments])
        raise DrapeFailed("it slips")

    def read(reading: GarmentReading, *more: Any) -> Iterator[Garment]:
        first = next(_fitted_readings(reading, *more))
        return (replace(first, kind=replace(first.kind, category=each)) for each in readings)

    monkeypatch.setattr("vmodel.studio.dress_model.drape_outfit", slips)
    monkeypatch.setattr("vmodel.studio.fit_outfit._fitted_readings", read)
    with pytest.raises(DrapeFailed, match="it slips"):
        prepare(replace(tee_request, model="wm-hana", style="chinos-brown"), stages)
    assert tried == [
        [Category.TOP, Category.TROUSERS], [Category.TOP], [Category.DRESS], [Category.SKIRT],
        [Category.OUTERWEAR, Category.TROUSERS], [Category.OUTERWEAR],
    ]  # fmt: skip


@pytest.mark.parametrize(("style", "worn"), [("auto", "plain"), ("jeans-dark", "jeans-dark")])
def test_a_fast_preview_is_completed_only_by_a_style_that_was_named(
    tee_request: ShotRequest, piece_of: Callable[[ShotRequest], str], style: str, worn: str
) -> None:
    assert piece_of(replace(tee_request, model="wm-mei", style=style, fitting=True)) == worn


@pytest.fixture
def piece_of(stages: StageCache, monkeypatch: pytest.MonkeyPatch) -> Callable[[ShotRequest], str]:
    """Return what names the piece that a request is completed with, without draping it."""
    from vmodel.studio.complete_outfit import complete_outfit
    from vmodel.studio.fit_outfit import fit_outfit

    def name(request: ShotRequest) -> str:
        model = stages.roster[str(request.model)]
        measures = build_body(model).measurements
        reading = read_pattern(request.garment, stages)
        outfit = fit_outfit([reading], [request.garment], model, measures)
        return complete_outfit(outfit, reading, model, measures, request, stages).style.name

    return name
