"""A LoRA is trained on rendered pairs and added to klein, with the real classes at their smallest."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import Flux2Transformer2DModel
from PIL import Image
from safetensors.torch import load_file, save

from app.cli.main import run
from pipelines.embedded.develop import TRACED_PLANES
from pipelines.hub.models.flux2_klein import Flux2Klein
from pipelines.hub.models.flux2_klein_batch import BatchKlein
from pipelines.hub.runtime.device_placement import Machine
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.store import pull_weights
from pipelines.registry import weights_used
from pipelines.training.common.errors import TrainingMemoryExhausted
from pipelines.training.dataset import PictureCache
from pipelines.training.lora import FILE, LEARNING_RATE, LoraPlan, flow_loss, train_lora
from vmodel.config import Settings
from vmodel.errors import (
    BadUsage,
    CardTooSmall,
    MemoryTooSmall,
    OutputNotWritable,
    TrainingPicturesMissing,
)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two training pictures in the layout of the renderer, of random content."""
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
            traced=np.zeros((100, 70, TRACED_PLANES), np.float16),
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
    # Two layers for every projection, in both kinds of blocks; the upper ones start at zero and have moved.
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
    monkeypatch.setattr("pipelines.training.lora._SAVE_EVERY", 2)
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
    picture_cache = PictureCache(pictures, kept=2)
    assert picture_cache.scan()
    picture = picture_cache.load(picture_cache.train[0])
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
    monkeypatch.setattr("pipelines.training.lora.probe_memory", lambda: Machine(17.0, 64))
    refused = r"flux2-klein-base needs 18 GB .* and 17\.0 GB are free; close what else .*, or learn on a larger one\."
    with pytest.raises(CardTooSmall, match=refused):
        train_lora(plan, weights)
    monkeypatch.setattr("pipelines.training.lora.probe_memory", lambda: Machine(None, 0.5))
    with pytest.raises(MemoryTooSmall, match=r"without a graphics card .* with a card, or close other programs\."):
        train_lora(plan, weights)
    assert not plan.out.exists()


def test_a_second_run_goes_on_from_what_was_learnt(published: Path, pictures: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)

    def learnt(seed: int) -> dict[str, torch.Tensor]:
        return load_file(train_lora(LoraPlan(pictures, tmp_path / "lora", steps=1, minutes=60, seed=seed), weights))

    first, second = learnt(seed=1), learnt(seed=2)
    # A step changes a weight by at most its rate; another seed draws the lower weights again.
    assert all((second[name] - first[name]).abs().max() < 3 * LEARNING_RATE for name in first)
    assert any(not torch.equal(second[name], first[name]) for name in first)
    for spoilt in (b"spoilt", save({"transformer.x.lora_A.weight": torch.zeros(1)})):
        (tmp_path / "lora" / FILE).write_bytes(spoilt)
        with pytest.raises(BadUsage, match="name another --out"):
            learnt(seed=3)
        assert (tmp_path / "lora" / FILE).read_bytes() == spoilt


def no_room_on_a_card() -> Exception:
    """Return the error that PyTorch raises when a card's memory is exhausted."""
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def no_room_on_a_processor() -> Exception:
    """Return the error that PyTorch raises when main memory is exhausted, provoked by a huge allocation."""
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)
    return raised.value


@pytest.mark.parametrize("no_room", [no_room_on_a_card, no_room_on_a_processor, MemoryError])
@pytest.mark.parametrize("backwards", [False, True], ids=["there", "on the way back"])
def test_memory_that_runs_out_keeps_what_was_learnt_and_says_how_to_go_on(
    no_room: Callable[[], Exception],
    backwards: bool,
    published: Path,
    pictures: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))
    assert run(["weights", "pull", "flux2-klein-base", "--accept-licence"]) == 0
    called, forward, error = list[bool](), Flux2Transformer2DModel.forward, no_room()
    fails = True

    def on_a_small_card(network: Any, *given: Any, **named: Any) -> Any:
        called.append(True)
        if fails and len(called) == 3 and not backwards:
            raise error
        made = forward(network, *given, **named)
        if fails and len(called) == 3:
            made[0].register_hook(lambda _: (_ for _ in ()).throw(error))
        return made

    monkeypatch.setattr(Flux2Transformer2DModel, "forward", on_a_small_card)
    path = tmp_path / "lora" / FILE
    train = ["train", "--lora", "--pictures", str(pictures), "--out", str(path.parent), "--batch", "1", "--steps", "3"]
    capsys.readouterr()
    assert run(train) == 2
    said = capsys.readouterr()
    assert said.out == ""
    last = said.err.splitlines()[-1]
    assert last.startswith("training_memory_exhausted: Memory ran out after 2 steps: close what else uses the memory")
    assert "or learn from smaller pictures with --longest 256" in last
    assert f"what was learnt is kept in {path}, and the same command goes on from there" in last
    assert "Traceback" not in said.err
    learnt = load_file(path)
    assert any(weight.abs().max() > 0 for name, weight in learnt.items() if "lora_B" in name)
    assert [each.name for each in path.parent.iterdir()] == [FILE]

    # The remedy: the same command with smaller pictures continues from the checkpoint.
    fails = False
    assert run([*train, "--steps", "1", "--longest", "64"]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    gone_on = load_file(path)
    assert 0 < max(float((gone_on[name] - learnt[name]).abs().max()) for name in learnt) < 3 * LEARNING_RATE


def test_memory_that_runs_out_at_once_writes_nothing_and_spoils_nothing(
    published: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)
    plan = LoraPlan(pictures, tmp_path / "lora", steps=1, minutes=60, longest_px=64)

    def placed(*_: object, **__: object) -> None:
        raise no_room_on_a_card()

    with monkeypatch.context() as patch:
        patch.setattr(BatchKlein, "to", placed)
        with pytest.raises(TrainingMemoryExhausted, match="nothing was learnt yet") as raised:
            train_lora(plan, weights)
        # There is no smaller size left to suggest.
        assert "--longest" not in str(raised.value)
        assert not (plan.out / FILE).exists()
    first = train_lora(plan, weights).read_bytes()
    monkeypatch.setattr(BatchKlein, "to", placed)
    with pytest.raises(TrainingMemoryExhausted, match=r"after 0 steps.* is kept in"):
        train_lora(plan, weights)
    assert (plan.out / FILE).read_bytes() == first


def test_another_fault_is_not_taken_for_memory(
    published: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a shape is wrong")

    monkeypatch.setattr(Flux2Transformer2DModel, "forward", broken)
    with pytest.raises(RuntimeError, match="a shape is wrong"):
        train_lora(LoraPlan(pictures, tmp_path / "lora", steps=1, minutes=60), weights)


def test_smaller_pictures_are_what_the_networks_see(
    published: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = BatchKlein.from_pretrained(published / CATALOGUE["flux2-klein-base"].parts[0].repository)
    picture_cache = PictureCache(pictures, kept=2)
    assert picture_cache.scan()
    picture, text = picture_cache.load(picture_cache.train[0]), pipeline.encode_prompt("a photograph")
    seen = list[tuple[int, ...]]()
    handle = pipeline.vae.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(tuple(inputs[0].shape[2:])))
    try:
        for longest_px, sizes in ((None, [(96, 64), (128, 128), (96, 64), (96, 64)]), (64, [(64, 32), (64, 64)])):
            seen.clear()
            flow_loss(pipeline, picture, text, torch.Generator().manual_seed(0), longest_px)
            assert set(seen) == set(sizes)
    finally:
        handle.remove()


def test_a_lora_that_cannot_be_written_is_said_and_the_last_one_stays(
    published: Path, pictures: Path, tmp_path: Path
) -> None:
    settings = Settings(home=tmp_path / "home", weights_source=str(published))
    weights = pull_weights("flux2-klein-base", settings, accept_licence=True)
    plan = LoraPlan(pictures, tmp_path / "lora", steps=1, minutes=60)
    first = train_lora(plan, weights).read_bytes()
    (plan.out / f"passing-{FILE}").mkdir()
    with pytest.raises(OutputNotWritable, match="choose another folder with --out"):
        train_lora(plan, weights)
    assert (plan.out / FILE).read_bytes() == first


def test_flags_of_the_embedded_recipe_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--lora", "--tiny"]) == 2
    assert "--tiny, --start and --export are not for --lora" in capsys.readouterr().err
    assert run(["train", "--longest", "256"]) == 2
    assert "--longest is for --lora" in capsys.readouterr().err


def test_a_folder_without_pictures_is_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingPicturesMissing):
        train_lora(LoraPlan(tmp_path, tmp_path / "out", steps=1, minutes=1), published)
    assert not (tmp_path / "out").exists()
