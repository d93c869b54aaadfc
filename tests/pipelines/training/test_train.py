from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from pipelines.embedded.log_ratio import apply_ratio, log_ratio
from pipelines.embedded.network import TINY, NetworkSize
from pipelines.embedded.pipeline import load_embedded
from pipelines.training.dataset import PictureCache, make_batch
from pipelines.training.evaluate import PictureLight, evaluate
from pipelines.training.losses import loss_of
from pipelines.training.train import LOG_EVERY, Plan, Trainer, export, make_steps, train
from tests.support.tiny_models.embedded import tiny_pipeline
from tests.support.training_pictures import write_picture
from vmodel.core.weights_manifest import check_weights
from vmodel.errors import CheckpointMissing, TrainingPicturesMissing


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed, split in enumerate(("train", "train", "test")):
        write_picture(folder / "0000" / f"{seed:06d}.npz", seed, split)
    return folder


@pytest.fixture
def plan(pictures: Path, tmp_path: Path) -> Plan:
    return Plan(pictures, tmp_path / "run", steps=6, batch=2, crop=(64, 64), rate=3e-3, size=TINY)


def test_a_miniature_run_trains_saves_and_loads_as_a_pipeline_that_changes_the_draft(
    plan: Plan, tmp_path: Path
) -> None:
    trainer = train(replace(plan, steps=48, rate=2e-2))
    assert trainer.step == 48
    lines = [json.loads(line) for line in (plan.out / "log.jsonl").read_text().splitlines()]
    assert np.isfinite([line["loss"] for line in lines]).all()
    manifest = export(plan, tmp_path / "weights")
    assert manifest == tmp_path / "weights" / "manifest.toml"
    faults = check_weights(manifest.parent)
    assert set(faults) >= {f"{part}/diffusion_pytorch_model.safetensors" for part in ("unet", "fine", "encoder")}
    assert not any(faults.values())
    picture_cache = PictureCache(plan.pictures)
    picture_cache.scan()
    picture = picture_cache.load(picture_cache.test[0])
    pipeline = load_embedded(tmp_path / "weights")
    made = PictureLight(pipeline, picture_cache, steps=2)(picture_cache.test[0])
    assert made.shape == picture.arrays["draft"].shape
    assert not np.array_equal(made, picture.arrays["draft"])
    assert np.array_equal(made, PictureLight(pipeline, picture_cache, steps=2)(picture_cache.test[0]))
    figures = evaluate(pipeline, picture_cache, count=1, steps=1)
    assert set(figures) >= {"psnr", "draft_psnr", "ssim", "draft_ssim"}


def test_a_piece_is_exposed_like_its_whole_figure_and_without_one_by_itself(tmp_path: Path) -> None:
    whole, piece, alone, other = (tmp_path / f"{number:08d}.npz" for number in (5, 6, 11, 12))
    for path, seed in ((whole, 1), (piece, 2), (alone, 2), (other, 3)):
        write_picture(path, seed, "test")
    light = PictureLight(tiny_pipeline(), PictureCache(tmp_path), steps=1)
    by_itself = light(alone)
    assert not np.array_equal(light(piece), by_itself)
    light(other)
    assert np.array_equal(light(alone), by_itself)


def test_a_run_that_was_interrupted_ends_with_the_same_weights(plan: Plan, tmp_path: Path) -> None:
    whole = train(plan)
    half = replace(plan, out=tmp_path / "halves")
    train(half, stop_at=3)
    resumed = train(half)
    assert resumed.step == whole.step
    for name, value in whole.network.state_dict().items():
        assert torch.equal(value, resumed.network.state_dict()[name]), name
    for one, other in zip(whole.average.shadow_params, resumed.average.shadow_params, strict=True):
        assert torch.equal(one, other)


def test_the_first_share_of_a_run_teaches_fine_light_alone(plan: Plan) -> None:
    fresh = Trainer(plan).unet.state_dict()
    alone = train(replace(plan, steps=4, alone_share=1.0))
    assert alone.fine.last.weight.abs().max() > 0
    assert all(torch.equal(part, fresh[name]) for name, part in alone.unet.state_dict().items())
    shutil.rmtree(plan.out)
    joined = train(replace(plan, steps=4, alone_share=0.5))
    assert not torch.equal(joined.unet.conv_out.weight, fresh["conv_out.weight"])


def test_a_new_run_begins_with_weights_that_were_shipped(plan: Plan, tmp_path: Path) -> None:
    train(plan)
    export(plan, tmp_path / "weights")
    shipped = load_embedded(tmp_path / "weights")
    later = replace(plan, out=tmp_path / "later", start=tmp_path / "weights", rate=0.0)
    begun = train(later, stop_at=1).averaged_pipeline()
    for name, values in begun.unet.state_dict().items():
        assert torch.allclose(values, shipped.unet.state_dict()[name].float(), atol=1e-3)
    with pytest.raises(CheckpointMissing, match="is no exported pipeline"):
        train(replace(later, out=tmp_path / "third", start=tmp_path / "nowhere"))
    with pytest.raises(CheckpointMissing, match="another size"):
        train(replace(later, out=tmp_path / "fourth", size=NetworkSize()))


def test_ctrl_c_loses_the_running_step_only(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    train_step = Trainer.train_step

    def interrupted_in_the_third(self: Trainer, picture_cache: PictureCache) -> dict[str, float]:
        if self.step == 2:
            raise KeyboardInterrupt
        return train_step(self, picture_cache)

    monkeypatch.setattr(Trainer, "train_step", interrupted_in_the_third)
    with pytest.raises(KeyboardInterrupt):
        train(plan)
    trainer = Trainer(plan)
    assert trainer.resume()
    assert trainer.step == 2


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingPicturesMissing):
        train(Plan(tmp_path, tmp_path / "run"))


def test_pictures_that_all_disappear_end_a_run_with_what_it_has_learnt(
    pictures: Path, plan: Plan, tmp_path: Path
) -> None:
    shutil.copytree(pictures, tmp_path / "passing")
    passing = replace(plan, pictures=tmp_path / "passing", steps=10**6)
    # They stay in memory, so their absence shows only at the next scan of the folder, after LOG_EVERY steps.
    train(passing, stop_at=LOG_EVERY - 1)
    trainer = Trainer(passing)
    trainer.resume()
    picture_cache = PictureCache(passing.pictures)
    picture_cache.scan()
    for path in picture_cache.train:
        picture_cache.load(path)
    shutil.rmtree(passing.pictures)
    with pytest.raises(TrainingPicturesMissing, match="passing"):
        make_steps(trainer, picture_cache)
    assert trainer.step == LOG_EVERY


def test_exporting_what_was_not_trained_is_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissing, match="is not there"):
        export(plan, tmp_path / "weights")
    train(plan, stop_at=0)
    with pytest.raises(CheckpointMissing, match="another size"):
        export(replace(plan, size=NetworkSize((16, 16, 16, 32), (1, 1, 1, 1), 16, 8)), tmp_path / "weights")
    assert not (tmp_path / "weights").exists()


def test_pictures_that_appear_later_are_found_and_those_taken_away_forgotten(tmp_path: Path) -> None:
    picture_cache = PictureCache(tmp_path)
    assert picture_cache.scan() == 0
    write_picture(tmp_path / "a" / "000001.npz", 1)
    (tmp_path / "a" / "000002.npz").write_bytes(b"cut short")
    with np.load(tmp_path / "a" / "000001.npz") as whole:
        older = {name: whole[name] for name in whole.files if name != "traced"}
    np.savez(tmp_path / "a" / "000003.npz", **older)  # type: ignore[arg-type]
    assert picture_cache.scan() == 1
    (tmp_path / "a" / "000001.npz").unlink()
    assert picture_cache.scan() == 0


def test_recolouring_changes_what_is_told_and_not_what_is_to_be_learnt(pictures: Path) -> None:
    picture_cache = PictureCache(pictures)
    picture_cache.scan()
    chosen = [picture_cache.load(picture_cache.train[0])] * 8
    batch = make_batch(chosen, (96, 96), [0])
    cloth = batch.conditions.garment[:, 0] > 0.5
    colours = torch.stack([batch.conditions.albedo[i, :, cloth[i]].mean(dim=1) for i in range(8)])
    assert colours.std(dim=0).min() > 0.05
    ratios = torch.stack([batch.ratio[i, 0][cloth[i]].abs().mean() for i in range(8)])
    assert ratios.std() < 0.01


def test_cloth_gets_light_but_no_colour(pictures: Path) -> None:
    picture_cache = PictureCache(pictures)
    picture_cache.scan()
    batch = make_batch([picture_cache.load(picture_cache.train[0])], (96, 96), [1])
    cloth = batch.conditions.garment[:, 0] > 0.5
    inside = batch.ratio.permute(0, 2, 3, 1)[cloth]
    assert torch.allclose(inside[:, 0], inside[:, 1], atol=1e-6)
    assert torch.allclose(inside[:, 0], inside[:, 2], atol=1e-6)


def test_the_finish_that_is_measured_is_the_product_s(tmp_path: Path) -> None:
    """It leaves a draft and everything beside the garment unchanged, and keeps the light of a picture."""
    write_picture(tmp_path / "0000" / "000000.npz", 0, "test")
    picture_cache = PictureCache(tmp_path)
    picture_cache.scan()
    (path,) = picture_cache.test
    light, arrays = PictureLight(tiny_pipeline(), picture_cache, steps=1), picture_cache.load(path).arrays
    draft, target = (arrays[name].astype(np.uint8) for name in ("draft", "target"))
    assert np.array_equal(light.finished(path, draft), draft)
    finished = light.finished(path, target)
    garment = (arrays["garment"] > 0).astype(np.uint8)
    beside = cv2.dilate(garment, np.ones((13, 13), np.uint8)) == 0
    assert np.array_equal(finished[beside], target[beside])
    off, before = (np.abs(each.astype(int) - target)[garment > 0].mean() for each in (finished, draft))
    assert off < 0.6 * before


def test_a_ratio_lights_the_draft_as_the_target_was_lit() -> None:
    generator = torch.Generator().manual_seed(0)
    draft, target = torch.rand(2, 1, 3, 8, 8, generator=generator) * 0.5 + 0.3
    assert torch.allclose(apply_ratio(draft, log_ratio(target, draft)), target, atol=1e-5)


def test_a_network_that_predicts_the_truth_has_no_loss(pictures: Path, tmp_path: Path) -> None:
    picture_cache = PictureCache(pictures)
    picture_cache.scan()
    batch = make_batch([picture_cache.load(picture_cache.train[0])], (64, 64), [2])
    flat = replace(batch, ratio=torch.zeros_like(batch.ratio))
    trainer = train(Plan(pictures, tmp_path, size=TINY), stop_at=0)
    # A fresh network predicts the draft itself.
    _, figures = loss_of(trainer.network, flat, torch.Generator().manual_seed(0), trainer.backbone)
    assert figures["loss"] == 0


def test_a_mirrored_crop_says_so_because_its_lamps_have_changed_sides(pictures: Path) -> None:
    picture_cache = PictureCache(pictures)
    picture_cache.scan()
    picture = picture_cache.load(picture_cache.train[0])
    shapes = {
        bool(batch.look[0, -1]): batch.conditions.parts[0]
        for batch in (make_batch([picture], picture.shape, [seed]) for seed in range(8))
    }
    assert torch.equal(shapes[False], torch.from_numpy(picture.arrays["parts"].astype(np.int64)))
    assert torch.equal(shapes[True], shapes[False].flip(-1))
