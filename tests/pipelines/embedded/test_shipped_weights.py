"""The bundled weights photograph every request that names no pipeline."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.registry import load_pipeline
from vmodel.config import Settings, default_pipeline
from vmodel.core.colour import LUMINANCE, to_linear
from vmodel.scene import PART_NAMES
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import RenderContext, Shot
from vmodel.shot.request import ShotRequest
from vmodel.studio.stage_cache import StageCache


def test_pictures_are_photographed_with_weights_that_come_with_vmodel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VMODEL_PIPELINE")
    assert default_pipeline() == "embedded"
    assert (Settings().weights / "embedded" / "model_index.json").is_file()


@pytest.fixture(scope="module")
def photographed(stages: StageCache, tee_request: ShotRequest, tee_shot: Shot) -> Shot:
    """Photograph the example T-shirt with the shipped weights; the drape is the one of ``tee_shot``."""
    return shoot(replace(tee_request, pipeline="embedded"), stages, load_pipeline("embedded"))


@pytest.mark.slow
def test_the_picture_passes_the_quality_gate_at_once_and_is_the_same_again(
    photographed: Shot, stages: StageCache, tee_request: ShotRequest
) -> None:
    assert photographed.generated.made_by == "embedded"
    assert len(photographed.generated.attempts) == 1
    again = shoot(replace(tee_request, pipeline="embedded"), stages, load_pipeline("embedded"))
    assert np.array_equal(again.picture, photographed.picture)


@pytest.mark.slow
def test_skin_is_lit_anew_and_has_no_less_shape_than_in_the_draft(
    photographed: Shot, tee_context: RenderContext
) -> None:
    skin = np.isin(tee_context.maps.parts, [PART_NAMES.index(name) for name in ("skin", "face", "hand")])
    skin &= tee_context.maps.person_mask > 0.99
    made, drawn = (
        np.log(to_linear(each) @ LUMINANCE + 0.02)[skin] for each in (photographed.picture, tee_context.draft)
    )
    assert made.std() > drawn.std()
    assert np.abs(made - drawn).mean() > 0.02


@pytest.mark.slow
def test_the_garment_keeps_the_photos_colours(photographed: Shot, tee_context: RenderContext) -> None:
    plain = (tee_context.maps.garment_mask > 0.99) & (tee_context.maps.hair_mask < 0.01)
    made, drawn = (to_linear(each)[plain].mean(axis=0) for each in (photographed.picture, tee_context.draft))
    assert np.allclose(made / made.sum(), drawn / drawn.sum(), atol=0.01)


@pytest.mark.slow
def test_no_halo_stands_round_skin_and_cloth(photographed: Shot, tee_context: RenderContext) -> None:
    beside_hair = cv2.dilate((tee_context.maps.hair_mask > 0).astype(np.uint8), np.ones((41, 41), np.uint8)) > 0
    backdrop = (tee_context.maps.person_mask == 0) & ~beside_hair
    assert np.array_equal(photographed.picture[backdrop], tee_context.draft[backdrop])


@pytest.mark.slow
def test_a_child_is_shown_as_a_draft_where_no_detector_could_look_at_the_picture(
    stages: StageCache, tee_request: ShotRequest
) -> None:
    asked = replace(tee_request, model="ch-zuri", pose="standing", pipeline="embedded")
    shot = shoot(asked, stages, load_pipeline("embedded"))
    assert shot.generated.made_by == "draft"
    assert any("face detector" in warning for warning in shot.warnings)
    assert np.array_equal(shot.picture, shoot(asked, stages, load_pipeline("draft")).picture)
