"""Whatever a pipeline did to the garment, the finished picture shows the photo's own pixels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.common.colour_difference import colour_difference
from benchmarks.fidelity import close_up, colour_error, matching, open_reader, words_of
from pipelines.registry import load_pipeline
from tests.support.spoiled_pictures import (
    laid,
    with_noise,
    with_nothing_but_noise,
    with_other_colours,
    with_other_light,
    with_smeared_print,
)
from vmodel.core.colour import LUMINANCE, blurred, to_linear
from vmodel.finish.garment_detail import restore_garment_detail
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.generate import generate_with_retries
from vmodel.studio.stage_cache import StageCache
from vmodel.types import BoolArray, ByteArray, FloatArray

pytestmark = pytest.mark.slow


def difference(first: ByteArray, second: ByteArray, chosen: BoolArray) -> FloatArray:
    return colour_difference(*(to_linear(np.ascontiguousarray(one[..., :3]))[chosen] for one in (first, second)))


def solid(context: RenderContext) -> BoolArray:
    return context.maps.garment_mask > 0.995


def detail(picture: ByteArray, chosen: BoolArray) -> FloatArray:
    """Return the fine structure of the luminance, which OCR reads."""
    bright = np.log(to_linear(np.ascontiguousarray(picture[..., :3])) @ LUMINANCE + 0.01)
    return (bright - cv2.GaussianBlur(bright, (0, 0), 2.0))[chosen]


def spoilt(context: RenderContext) -> ByteArray:
    return with_noise(with_smeared_print(with_other_colours(context), context), context.maps.garment_mask, 6)


def test_the_draft_comes_back_as_it_is(example_context: RenderContext) -> None:
    assert np.array_equal(restore_garment_detail(example_context.draft, example_context), example_context.draft)


def test_a_wrong_colour_a_smeared_print_and_noise_are_undone(example_context: RenderContext) -> None:
    picture = spoilt(example_context)
    finished = restore_garment_detail(picture, example_context)
    inside = solid(example_context)
    assert np.median(difference(picture, example_context.draft, inside)) > 15
    assert np.median(difference(finished, example_context.draft, inside)) < 2
    assert np.percentile(difference(finished, example_context.draft, inside), 90) < 5
    wanted = detail(example_context.draft, inside)
    before, after = (np.corrcoef(detail(one, inside), wanted)[0, 1] for one in (picture, finished))
    assert after > max(0.95, before + 0.1)


def test_a_lit_print_is_no_less_the_seller_s_than_in_the_draft(
    example_context: RenderContext, stages: StageCache, examples: Path, request: pytest.FixtureRequest
) -> None:
    """Compares the bundled weights' light as ``benchmarks.fidelity`` does; a quarter of a unit more is invisible."""
    photo = examples / f"{request.node.callspec.params['example_context']}.jpg"
    asked = ShotRequest(GarmentSource(photo), size=(512, 384))
    drafted, lit = (shoot(asked, stages, load_pipeline(name)) for name in ("draft", "embedded"))
    assert np.abs(lit.picture.astype(int) - drafted.picture)[solid(example_context)].max() > 5
    assert np.median(colour_error(lit)) < np.median(colour_error(drafted)) + 0.25


class Noise:
    """Pipeline that replaces the garment by noise of any colour or of any grey."""

    name = "noise"
    generative = True

    def __init__(self, colours: int = 3, grain_px: float = 0) -> None:
        self.colours, self.grain_px = colours, grain_px

    def __call__(self, context: RenderContext) -> ByteArray:
        return with_nothing_but_noise(context, self.colours, self.grain_px)


@pytest.mark.parametrize(
    ("noise", "most"),
    [(Noise(), 0.5), (Noise(colours=1), 0.5), (Noise(grain_px=6), 2.5)],
    ids=["colours", "greys", "blotches"],
)
def test_a_pipeline_that_returns_noise_over_the_garment_spoils_no_print(
    example_context: RenderContext, stages: StageCache, noise: Noise, most: float
) -> None:
    made = generate_with_retries(example_context, noise, stages)
    assert made.made_by == "noise"
    inside = solid(example_context)
    off = difference(made.picture, example_context.draft, inside)
    assert np.median(off) < most
    assert np.percentile(off, 90) < 4 * most
    assert np.corrcoef(detail(made.picture, inside), detail(example_context.draft, inside))[0, 1] > 0.97


def test_every_word_of_a_print_is_read_again_under_noise(tee_request: ShotRequest, stages: StageCache) -> None:
    shot = shoot(replace(tee_request, size=(1280, 960)), stages, Noise())
    assert shot.generated.made_by == "noise"
    reader = open_reader()
    words = words_of(reader, shot.reading.flat_lay.rgb)
    assert {"tidefolk", "coastal", "supply", "1987"} <= set(words)
    assert matching(words, words_of(reader, close_up(shot))) == len(words)


def test_nothing_but_the_garment_is_touched(example_context: RenderContext) -> None:
    picture = spoilt(example_context)
    away = cv2.dilate((example_context.maps.garment_mask > 0).astype(np.uint8), np.ones((9, 9))) == 0
    assert np.array_equal(restore_garment_detail(picture, example_context)[away], picture[away])


def test_no_halo_is_left_where_the_picture_s_outline_is_two_pixels_off(example_context: RenderContext) -> None:
    picture = laid(
        example_context.draft,
        np.roll(with_other_colours(example_context), 2, axis=1),
        np.maximum(np.roll(example_context.maps.garment_mask, 2, axis=1), example_context.maps.garment_mask),
    )
    ring = cv2.dilate(solid(example_context).astype(np.uint8), np.ones((5, 5))) > 0
    ring &= cv2.erode(solid(example_context).astype(np.uint8), np.ones((5, 5))) == 0
    before = difference(picture, example_context.draft, ring)
    after = difference(restore_garment_detail(picture, example_context), example_context.draft, ring)
    assert np.mean(before > 12) > 0.3
    assert np.mean(after > 12) < 0.06


def test_new_folds_and_shadows_stay_and_keep_the_colours(example_context: RenderContext) -> None:
    picture = with_other_light(example_context)
    finished = restore_garment_detail(picture, example_context)
    inside = cv2.erode(solid(example_context).astype(np.uint8), np.ones((7, 7))) > 0
    made, kept = (
        np.log(to_linear(np.ascontiguousarray(one[..., :3])) @ LUMINANCE + 0.01)[inside] for one in (picture, finished)
    )
    drawn = np.log(to_linear(np.ascontiguousarray(example_context.draft[..., :3])) @ LUMINANCE + 0.01)[inside]
    assert np.corrcoef(made - drawn, kept - drawn)[0, 1] > 0.9
    assert np.std(kept - drawn) > 0.8 * np.std(made - drawn)


def test_a_transparent_picture_keeps_its_alpha(transparent_context: RenderContext) -> None:
    picture = with_other_colours(transparent_context)
    finished = restore_garment_detail(picture, transparent_context)
    assert finished.shape[2] == 4
    assert np.array_equal(finished[..., 3], transparent_context.draft[..., 3])
    shown = (transparent_context.maps.garment_mask > 0.2) & (finished[..., 3] > 50)
    assert np.percentile(difference(finished, transparent_context.draft, shown), 95) < 5


def test_finishing_gives_the_same_pixels_twice(example_context: RenderContext) -> None:
    picture = spoilt(example_context)
    assert np.array_equal(
        restore_garment_detail(picture, example_context), restore_garment_detail(picture, example_context)
    )


def test_wide_blurs_take_any_number_of_channels() -> None:
    """A picture of 2,048 pixels blurs seven fields at once over more than 8 pixels."""
    values = np.random.default_rng(1).uniform(size=(90, 70, 7)).astype(np.float32)
    for sigma in (2.0, 10.0):
        alone = np.dstack([blurred(np.ascontiguousarray(values[..., k]), sigma) for k in range(7)])
        np.testing.assert_allclose(blurred(values, sigma), alone, atol=1e-6)
