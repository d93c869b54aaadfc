"""The gate passes good pictures, refuses damaged ones for the right reason, and the draft replaces them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.support import spoiled_pictures
from vmodel.core.colour import LUMINANCE
from vmodel.publishing.sidecar import describe_shot
from vmodel.quality.gate import BARS, judge
from vmodel.scene import PART_NAMES
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import RenderContext, Shot
from vmodel.shot.request import ShotRequest
from vmodel.studio.generate import ATTEMPTS, generate_with_retries
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray

pytestmark = pytest.mark.slow

FACE = ("face", "lips", "eye", "mouth")

Spoil = Callable[[RenderContext], ByteArray]

SPOILT: dict[str, tuple[str, Spoil]] = {
    "other colours": ("garment colour", spoiled_pictures.with_other_colours),
    "smeared print": (
        "garment structure",
        lambda context: spoiled_pictures.with_smeared_print(context.draft, context, 4),
    ),
    "shifted figure": ("outline", spoiled_pictures.shifted),
    "melted face": ("face", lambda context: spoiled_pictures.with_melted(context, FACE, 0.12)),
    "green face": ("face", spoiled_pictures.with_another_skin),
    "melted hands": ("hands", lambda context: spoiled_pictures.with_melted(context, ("hand",), 0.3)),
    "base layer over the garment": ("modesty", spoiled_pictures.with_base_layer_on_the_garment),
    "skin for the base layer": ("modesty", spoiled_pictures.with_skin_for_the_base_layer),
    "bare skin in the draft's light": ("modesty", spoiled_pictures.with_bare_skin_in_the_drafts_light),
    "noise": ("calm", lambda context: spoiled_pictures.with_noise(context.draft, context.maps.person_mask, 12)),
    "blotches": ("calm", lambda context: spoiled_pictures.with_noise(context.draft, context.maps.person_mask, 16, 5)),
    "coloured background": ("background", spoiled_pictures.with_a_coloured_background),
    "something beside the figure": ("background", spoiled_pictures.with_something_beside_the_figure),
}


class Inventor:
    """Generative pipeline that damages the draft for the seeds it is given."""

    name = "inventor"
    generative = True

    def __init__(self, spoil: Spoil, spoilt_tries: int) -> None:
        self.spoil, self.spoilt_tries = spoil, spoilt_tries
        self.seeds: list[int] = []

    def __call__(self, context: RenderContext) -> ByteArray:
        self.seeds.append(context.seed)
        return self.spoil(context) if len(self.seeds) <= self.spoilt_tries else spoiled_pictures.photographed(context)


def melted(context: RenderContext) -> ByteArray:
    return spoiled_pictures.with_melted(context, FACE, 0.12)


def test_the_draft_passes_with_room_to_spare(example_context: RenderContext) -> None:
    report = judge(example_context.draft, example_context)
    assert report.passed
    assert set(report.scores) == set(BARS)
    assert min(report.scores[name] - bar for name, bar in BARS.items()) > 0.08
    assert min(report.scores.values()) > 0.75


def test_a_picture_that_only_has_other_light_and_grain_passes(example_context: RenderContext) -> None:
    report = judge(spoiled_pictures.photographed(example_context), example_context)
    assert report.passed, report.missed
    assert min(report.scores.values()) > 0.75


@pytest.mark.parametrize("name", SPOILT)
def test_a_spoilt_picture_is_refused_for_what_is_wrong_with_it(tee_context: RenderContext, name: str) -> None:
    score, spoil = SPOILT[name]
    report = judge(spoil(tee_context), tee_context)
    assert score in report.missed, report.scores
    assert report.scores[score] < BARS[score] - 0.05


def test_a_garment_of_another_colour_is_refused_on_every_example(example_context: RenderContext) -> None:
    assert "garment colour" in judge(spoiled_pictures.with_other_colours(example_context), example_context).missed
    assert "modesty" in judge(spoiled_pictures.with_base_layer_on_the_garment(example_context), example_context).missed
    assert "face" in judge(melted(example_context), example_context).missed


def test_a_garment_of_another_colour_is_finished_and_then_passes(
    tee_context: RenderContext, stages: StageCache
) -> None:
    made = generate_with_retries(tee_context, Inventor(spoiled_pictures.with_other_colours, ATTEMPTS), stages)
    assert made.made_by == "inventor"
    assert len(made.attempts) == 1
    assert judge(made.picture, tee_context).scores["garment colour"] > 0.85


def test_a_refused_picture_is_tried_again_with_another_seed(tee_context: RenderContext, stages: StageCache) -> None:
    pipeline = Inventor(melted, 1)
    made = generate_with_retries(tee_context, pipeline, stages)
    assert made.made_by == "inventor"
    assert len(set(pipeline.seeds)) == len(made.attempts) == 2
    assert made.attempts[0].report.missed == ("face",)
    assert made.attempts[1].report.passed
    assert made.warnings == ()


def test_after_three_refusals_the_draft_is_shown_and_the_sidecar_says_so(
    stages: StageCache, tee_request: ShotRequest, tee_shot: Shot
) -> None:
    pipeline = Inventor(melted, ATTEMPTS)
    shot = shoot(replace(tee_request, pipeline="inventor"), stages, pipeline)
    assert len(set(pipeline.seeds)) == ATTEMPTS == 3
    assert np.array_equal(shot.picture, tee_shot.picture)
    assert any("face" in warning and "draft" in warning for warning in shot.warnings)
    content = describe_shot(shot)
    assert content["made_by"] == "draft"
    assert [each["missed"] for each in content["tries"]] == [["face"]] * 3
    assert content["timings"].keys() >= {"inventor", "finish", "quality"}


def test_bare_skin_is_told_from_a_darker_and_greyer_base_layer_of_its_hue(tee_context: RenderContext) -> None:
    skin = tee_context.scene.skin
    bare = np.median(skin.albedo[(skin.base_layer < 0.5) & (skin.scatter > 0.3)], axis=0)
    near_skin = (0.2 * bare + 0.2 * (bare @ LUMINANCE)).astype(np.float32)
    worn = (tee_context.maps.parts == PART_NAMES.index("base layer"))[..., None]
    context = replace(
        tee_context, maps=replace(tee_context.maps, albedo=np.where(worn, near_skin, tee_context.maps.albedo))
    )
    vars(context)["draft"] = spoiled_pictures.with_base_layer_of(tee_context, near_skin)
    assert judge(context.draft, context).scores["modesty"] == 1
    assert judge(spoiled_pictures.photographed(context), context).scores["modesty"] > 0.95
    assert "modesty" in judge(spoiled_pictures.with_bare_skin_in_the_drafts_light(context), context).missed


def test_a_base_layer_painted_as_skin_falls_back_to_the_draft(tee_context: RenderContext, stages: StageCache) -> None:
    made = generate_with_retries(
        tee_context, Inventor(spoiled_pictures.with_bare_skin_in_the_drafts_light, ATTEMPTS), stages
    )
    assert made.made_by == "draft"
    assert np.array_equal(made.picture, tee_context.draft)
    assert len(made.attempts) == ATTEMPTS
    assert all("modesty" in each.report.missed for each in made.attempts)


def test_the_draft_pipeline_is_neither_finished_nor_judged(tee_shot: Shot) -> None:
    assert tee_shot.generated.attempts == ()
    assert tee_shot.generated.made_by == "draft"
    assert "finish" not in tee_shot.timings


def test_a_transparent_picture_is_judged_like_any_other(transparent_context: RenderContext) -> None:
    assert judge(transparent_context.draft, transparent_context).passed
    spoilt = spoiled_pictures.with_other_colours(transparent_context)
    assert judge(spoilt, transparent_context).missed[:1] == ("garment colour",)
