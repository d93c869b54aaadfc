"""A LoRA is learnt on rendered pairs and laid over klein, with the real classes at their smallest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save

from app.cli import run
from pipelines.hub.catalogue import CATALOGUE
from pipelines.hub.flux2_klein import Flux2Klein
from pipelines.hub.klein_batch import BatchKlein
from pipelines.hub.lora import FILE, LEARNING_RATE, LoraPlan, flow_loss, train_lora
from pipelines.hub.placing import Machine
from pipelines.hub.store import pull_weights
from pipelines.loading import weights_used
from pipelines.training.dataset import PictureShelf
from vmodel.config import Settings
from vmodel.errors import BadUsage, CardTooSmall, MemoryTooSmall, TrainingPicturesMissing


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two training pictures in the layout of the renderer, of random content."""
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    for number in range(2):
        colours = {name: rng.integers(0, 256, (100, 70, 3), np.uint8) for name in ("draft", "target", "albedo")}
        maps = {name: np.zeros((100, 70), np.uint8) for name in ("parts", "garment", "person", "hair")}
        np.savez_compressed(
            folder / f"{number}.npz",
            **colours,
            **maps,
            pose_map=np.zeros((100, 70, 3), np.uint8),
            normals=np.zeros((100, 70, 3), np.int8),
            depth_m=np.zeros((100, 70), np.float16),
            flat_lay=rng.integers(0, 256, (128, 128, 3), np.uint8),
            meta=json.dumps({"split": "train"}),
        )
    return folder


def test_lora_from_pull_to_picture(
    published: Path,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    train = ["train", "--lora", "--pictures", str(pictures), "--out", str(tmp_path / "lora"), "--batch", "1"]
    assert run([*train, "--steps", "2"]) == 2
    assert "vmodel weights pull flux2-klein-base" in capsys.readouterr().err
    assert run(["weights", "pull", "flux2-klein-base", "--accept-licence"]) == 0
    capsys.readouterr()
    assert run([*train, "--steps", "2"]) == 0
    path = Path(capsys.readouterr().out.strip())
    state = load_file(path)
    # Two layers each of every projection, in both kinds of blocks; the upper ones start at zero and have moved.
    assert {name.split(".")[1] for name in state} == {"transformer_blocks", "single_transformer_blocks"}
    assert all(weight.abs().max() > 0 for name, weight in state.items() if "lora_B" in name)

    folder = pull_weights("flux2-klein", Settings(), accept_licence=True)
    plain = Flux2Klein(folder).pipeline.transformer.state_dict()
    monkeypatch.setenv("VMODEL_HUB_LORA", str(path))
    laid = Flux2Klein(folder).pipeline.transformer.state_dict()
    assert laid.keys() == plain.keys()
    changed = {name for name in plain if not torch.equal(plain[name], laid[name])}
    assert len(changed) == len(state) // 2
    assert any(weights.name == path.name for weights in weights_used("flux2-klein"))

    path.write_bytes(b"spoilt")
    for named in (path, tmp_path / "gone.safetensors"):
        monkeypatch.setenv("VMODEL_HUB_LORA", str(named))
        with pytest.raises(BadUsage, match="VMODEL_HUB_LORA"):
            Flux2Klein(folder)


def test_a_run_that_is_stopped_keeps_what_was_learnt(
    published: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)
    monkeypatch.setattr("pipelines.hub.lora._SAVE_EVERY", 2)
    path, kept = tmp_path / "lora" / "pytorch_lora_weights.safetensors", list[bool]()

    def stop(step: int, loss: float) -> None:
        kept.append(path.is_file())
        if step == 3:
            raise KeyboardInterrupt

    assert train_lora(LoraPlan(pictures, tmp_path / "lora", steps=9, minutes=60), weights, stop) == path
    # Written after the second step, and once more at the end.
    assert kept == [False, False, True]
    assert any(weight.abs().max() > 0 for name, weight in load_file(path).items() if "lora_B" in name)


@torch.no_grad()
def test_what_is_learnt_is_the_way_that_the_sampler_walks(published: Path, pictures: Path) -> None:
    pipeline = BatchKlein.from_pretrained(published / CATALOGUE["flux2-klein-base"].parts[0].repository)
    shelf = PictureShelf(pictures, kept=2)
    assert shelf.scan()
    picture = shelf.load(shelf.train[0])
    names = {"target": (96, 64), "draft": (96, 64), "flat_lay": (128, 128), "pose_map": (96, 64)}
    shown = [Image.fromarray(picture.arrays[name][:height, :width]) for name, (height, width) in names.items()]
    prepared = [pipeline.image_processor.preprocess(each) for each in shown]
    photograph = pipeline._pack_latents(pipeline._encode_vae_image(prepared[0], None))
    references, _ = pipeline.prepare_image_latents(prepared[1:], 1, None, "cpu", torch.float32)
    count = photograph.shape[1]

    def answer_rightly(_: object, __: object, named: dict[str, Any], made: Any) -> Any:
        # The sampler subtracts the answer times the remaining time: from here it must end at the photograph.
        told = named["hidden_states"]
        assert torch.equal(told[:, count:], references)
        return (torch.cat([(told[:, :count] - photograph) / named["timestep"], references], dim=1),)

    text = pipeline.encode_prompt("a photograph")
    learnt_nothing = flow_loss(pipeline, picture, text, torch.Generator().manual_seed(0))
    handle = pipeline.transformer.register_forward_hook(answer_rightly, with_kwargs=True)
    try:
        assert flow_loss(pipeline, picture, text, torch.Generator().manual_seed(0)) < 1e-8 < learnt_nothing
    finally:
        handle.remove()
    # The sampler of the published pipeline: one step of its scheduler along that answer.
    sampler = pipeline.scheduler
    sampler.set_timesteps(sigmas=[1.0], mu=0.0)
    noise = torch.randn(photograph.shape)
    walked = sampler.step(noise - photograph, sampler.timesteps[0], noise, return_dict=False)[0]
    assert torch.allclose(walked, photograph, atol=1e-5)


def test_a_machine_that_cannot_hold_klein_base_is_refused_before_anything_is_written(
    published: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights, plan = published / "nothing", LoraPlan(pictures, tmp_path / "out", steps=1, minutes=1)
    monkeypatch.setattr("pipelines.hub.lora.look_at_machine", lambda: Machine(17.0, 64))
    with pytest.raises(CardTooSmall, match=r"flux2-klein-base needs 18 GB .* and 17\.0 GB are free"):
        train_lora(plan, weights)
    monkeypatch.setattr("pipelines.hub.lora.look_at_machine", lambda: Machine(None, 0.5))
    with pytest.raises(MemoryTooSmall, match="without a graphics card"):
        train_lora(plan, weights)
    assert not plan.out.exists()


def test_a_second_run_goes_on_from_what_was_learnt(published: Path, pictures: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)

    def learnt(seed: int) -> dict[str, torch.Tensor]:
        return load_file(train_lora(LoraPlan(pictures, tmp_path / "lora", steps=1, minutes=60, seed=seed), weights))

    first, second = learnt(seed=1), learnt(seed=2)
    # A step changes a weight by its rate at most; the lower weights are drawn anew by another seed.
    assert all((second[name] - first[name]).abs().max() < 3 * LEARNING_RATE for name in first)
    assert any(not torch.equal(second[name], first[name]) for name in first)
    for spoilt in (b"spoilt", save({"transformer.x.lora_A.weight": torch.zeros(1)})):
        (tmp_path / "lora" / FILE).write_bytes(spoilt)
        with pytest.raises(BadUsage, match="name another --out"):
            learnt(seed=3)
        assert (tmp_path / "lora" / FILE).read_bytes() == spoilt


def test_flags_of_the_embedded_recipe_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--lora", "--tiny"]) == 2
    assert "--tiny, --start and --export are not for --lora" in capsys.readouterr().err


def test_a_folder_without_pictures_is_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingPicturesMissing):
        train_lora(LoraPlan(tmp_path, tmp_path / "out", steps=1, minutes=1), published)
    assert not (tmp_path / "out").exists()
