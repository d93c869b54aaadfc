from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline

from pipelines.embedded import pipeline as embedded
from pipelines.embedded.conditioning import BASES, RATIO_PLANES, Conditions, Look, stack_conditions
from pipelines.embedded.device import find_device, inference_dtype
from pipelines.embedded.exposure import BARE, skin_exposure_gain
from pipelines.embedded.log_ratio import OFFSET
from pipelines.embedded.pipeline import Embedded, load_embedded
from pipelines.embedded.sampling import blend_window, joint_bilateral_upsample, person_box, tile_starts
from tests.support.tiny_models.embedded import tiny_pipeline
from tests.support.training_pictures import write_picture
from vmodel.core.colour import to_linear
from vmodel.errors import WeightsMissing
from vmodel.scene import magnify, project_points
from vmodel.shoot import prepare
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.shot.request import ShotRequest
from vmodel.studio.stage_cache import StageCache
from vmodel.types import Camera

LOOK = Look((0.5, 0.3, 0.2), (0.03, 0.02, 0.01), 30, "woman", "soft-key", "jersey", 1.0)


@pytest.fixture
def conditions(tmp_path: Path) -> Conditions:
    write_picture(tmp_path / "1.npz", 1, size=(104, 80))
    with np.load(tmp_path / "1.npz") as stored:
        return stack_conditions([{name: stored[name] for name in stored.files if name not in {"meta", "flat_lay"}}])


@pytest.fixture
def flat_lay() -> torch.Tensor:
    return torch.zeros(1, 3, 128, 128)


def test_the_pipeline_that_was_saved_draws_the_same_picture(
    conditions: Conditions, flat_lay: torch.Tensor, tmp_path: Path
) -> None:
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(tmp_path / "saved")
    device = find_device()
    pipeline.to(device, inference_dtype(device))
    made = pipeline(conditions, flat_lay, LOOK, steps=2, seed=3).images
    again = load_embedded(tmp_path / "saved")(conditions, flat_lay, LOOK, steps=2, seed=3).images
    assert np.array_equal(made, again)
    other = pipeline(conditions, flat_lay, LOOK, steps=2, seed=4).images
    assert not np.array_equal(made, other)


def test_the_base_class_of_diffusers_loads_it_too(
    conditions: Conditions, flat_lay: torch.Tensor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.syspath_prepend(tmp_path / "modules")
    pipeline = tiny_pipeline()
    pipeline.save_pretrained(tmp_path / "saved")
    loaded = DiffusionPipeline.from_pretrained(
        tmp_path / "saved", custom_pipeline=embedded.__file__, trust_remote_code=True
    )
    made = pipeline(conditions, flat_lay, LOOK, steps=1).images
    assert np.array_equal(loaded(conditions, flat_lay, LOOK, steps=1).images, made)


def test_cloth_keeps_its_colour_and_the_far_backdrop_keeps_its_own(
    conditions: Conditions, flat_lay: torch.Tensor
) -> None:
    ratio = tiny_pipeline()(conditions, flat_lay, LOOK, steps=1).ratio
    cloth = conditions.garment[0, 0] > 0.5
    assert (ratio[0, 0] - ratio[0, 2])[cloth].abs().max() < 1e-5
    assert ratio[0, :, 0, 0].abs().max() < 1e-3


def test_a_picture_larger_than_training_pictures_has_no_seam(conditions: Conditions, flat_lay: torch.Tensor) -> None:
    large = conditions.resized((1040, 800))
    made = tiny_pipeline()(large, flat_lay, LOOK, steps=1)
    assert made.images.shape == (1040, 800, 3)
    cloth = (large.garment[0, 0] == 1).numpy()
    box = person_box(large.person[0, 0].numpy())
    for axis in (0, 1):
        steps = np.abs(np.diff(made.ratio[0, 0].numpy(), axis=axis, prepend=0))
        rims = np.zeros_like(cloth)
        for start in tile_starts(-(-box[2 + axis] // 32) * 32):
            for line in (start, start + 512):
                np.swapaxes(rims, 0, axis)[np.clip(box[axis] + line, 0, rims.shape[axis] - 1)] = True
        assert (rims & cloth).any()
        assert np.median(steps[rims & cloth]) <= 3 * np.median(steps[cloth]) + 0.01


def test_a_large_picture_is_lit_as_the_same_picture_is_small(conditions: Conditions, flat_lay: torch.Tensor) -> None:
    pipeline = tiny_pipeline()
    torch.nn.init.zeros_(pipeline.fine.last.weight)  # the rest belongs to the UNet
    whole = replace(conditions, person=torch.ones_like(conditions.person), hair=torch.zeros_like(conditions.hair))
    large, small = (
        pipeline(whole.resized(size), flat_lay, LOOK, steps=2, seed=3).ratio for size in ((1024, 768), (512, 384))
    )
    shrunk, small = (torch.nn.functional.adaptive_avg_pool2d(ratio, (64, 48)) for ratio in (large, small))
    assert small.std() > 1e-3
    assert (shrunk - small).abs().mean() < 0.25 * small.abs().mean()


def test_a_ratio_carried_up_follows_the_edge_of_the_large_draft(conditions: Conditions) -> None:
    large = conditions.resized((416, 320))
    small = large.resized((104, 80))
    ratio = (small.garment - 0.5).expand(1, 3, -1, -1)
    carried = joint_bilateral_upsample(ratio, small, large)[0, 0]
    inside = large.garment[0, 0] == 1
    assert (carried[inside] > 0.25).float().mean() > 0.99


def test_tiles_reach_from_end_to_end_and_overlap() -> None:
    for length in (512, 544, 1024, 1504, 3072):
        starts = tile_starts(length)
        assert starts[0] == 0
        assert starts[-1] == max(0, length - 512)
        assert all(0 < after - before <= 400 for before, after in itertools.pairwise(starts))


def test_the_window_of_the_person_holds_the_person_and_lies_inside_the_picture() -> None:
    person = np.zeros((1024, 768), np.float32)
    person[100:1000, 300:500] = 1
    top, left, height, width = person_box(person)
    assert top < 100 < top + height
    assert left < 300
    assert left + width > 500
    assert top + height <= 1024


def test_a_longer_lens_sees_the_window_and_nothing_else() -> None:
    camera = Camera(np.zeros(3), np.eye(3), 900.0, (384.0, 512.0), (1024, 768))
    near = magnify(camera, (80, 300, 200, 160), 3)
    assert near.size == (600, 480)
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 0.3, (50, 2)), rng.uniform(2, 4, (50, 1))], axis=1)
    whole, _ = project_points(points, camera)
    close, _ = project_points(points, near)
    assert np.allclose(close, (whole - [300, 80]) * 3)


def test_a_feathered_window_is_whole_inside_and_nothing_at_its_rim() -> None:
    window = blend_window(64, 96)[0, 0]
    assert window[32, 48] == 1
    assert window[0].max() < 0.02


def test_a_weight_of_one_field_sets_the_light_anew_and_leaves_backdrop_and_hair(
    conditions: Conditions, flat_lay: torch.Tensor
) -> None:
    pipeline = tiny_pipeline()
    torch.nn.init.zeros_(pipeline.fine.last.weight)
    last = pipeline.unet.conv_out
    lit = []
    for field in range(BASES):
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
        last.bias.data[RATIO_PLANES + field] = 1.0
        ratio = pipeline(conditions, flat_lay, LOOK, steps=1).ratio[0, 0]
        lit.append(ratio)
        assert ratio[0, 0].abs() < 1e-3
    hair = conditions.hair[0, 0] == 1
    assert hair.any()
    assert lit[0][hair].abs().max() == 0
    person = (conditions.person[0, 0] == 1) & (conditions.hair[0, 0] == 0)
    assert lit[0][person].std() < 1e-3
    assert lit[0][person].mean() > 0.1
    brightness = (conditions.draft[0] + 0.02).log().mean(dim=0)
    assert torch.corrcoef(torch.stack([lit[2][person], brightness[person]]))[0, 1] > 0.99


def test_fine_light_changes_single_pixels_of_the_person_only(conditions: Conditions, flat_lay: torch.Tensor) -> None:
    pipeline = tiny_pipeline(strength=0.0)
    assert pipeline(conditions, flat_lay, LOOK, steps=1).ratio.abs().max() < 1e-6
    torch.nn.init.normal_(pipeline.fine.last.weight, std=0.1)
    ratio = pipeline(conditions, flat_lay, LOOK, steps=1).ratio[0, 0]
    still = (conditions.person[0, 0] == 0) | (conditions.hair[0, 0] == 1)
    assert ratio[still].abs().max() == 0
    # Within blocks of the UNet's grid as well as between them.
    assert ratio[:, 1::4].sub(ratio[:, 2::4]).abs().max() > 1e-3


def test_traced_light_is_what_networks_add_to(conditions: Conditions, flat_lay: torch.Tensor) -> None:
    darker = replace(conditions, traced=conditions.traced.clone())
    darker.traced[:, :3] = -0.5
    ratio = tiny_pipeline(strength=0.0)(darker, flat_lay, LOOK, steps=1).ratio[0]
    lit = (conditions.person[0, 0] == 1) & (conditions.hair[0, 0] == 0)
    assert (ratio[:, lit] + 0.5).abs().max() < 1e-4
    assert ratio[:, conditions.person[0, 0] == 0].abs().max() == 0


def test_missing_weights_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(WeightsMissing, match="vmodel train"):
        Embedded(tmp_path)


def test_weights_of_an_earlier_version_are_to_be_exported_again(tmp_path: Path) -> None:
    tiny_pipeline().save_pretrained(tmp_path / "embedded")
    index = tmp_path / "embedded" / "model_index.json"
    index.write_text(index.read_text().replace("pipelines.embedded.network", "pipelines.embedded_network"))
    with pytest.raises(WeightsMissing, match=r"embedded/model_index\.json.+ export them again .+--export"):
        Embedded(tmp_path / "embedded")


@pytest.mark.slow
def test_a_take_becomes_a_picture_of_its_own_size(stages: StageCache, tee_request: ShotRequest, tmp_path: Path) -> None:
    tiny_pipeline().save_pretrained(tmp_path / "saved")
    pipeline = Embedded(tmp_path / "saved", steps=1)

    context = prepare(replace(tee_request, background="transparent"), stages).context
    made = pipeline(context)
    assert made.shape == context.draft.shape
    assert np.array_equal(made[..., 3], context.draft[..., 3])
    assert not np.array_equal(made, context.draft)


@pytest.mark.slow
@pytest.mark.parametrize("strength", [0, 0.01])
def test_whatever_a_network_says_skin_is_exposed_like_a_photograph(
    tee_context: RenderContext, tmp_path: Path, strength: float
) -> None:
    tiny_pipeline(strength=strength).save_pretrained(tmp_path / "saved")
    made = Embedded(tmp_path / "saved", steps=1)(tee_context)
    skin = (
        np.isin(tee_context.maps.parts, BARE)
        & (tee_context.maps.hair_mask < 0.01)
        & (tee_context.maps.person_mask > 0.99)
    )
    drawn, lit = (to_linear(np.ascontiguousarray(each[..., :3]))[skin] for each in (tee_context.draft, made))
    changed = np.log((lit + OFFSET) / (drawn + OFFSET)).mean(axis=0)
    assert np.abs(changed - np.log(skin_exposure_gain(drawn.mean(axis=0)))).max() < 0.02
