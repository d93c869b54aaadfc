"""A LoRA is learnt on rendered pairs and laid over klein, with the real classes at their smallest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from app.cli import run
from pipelines.hub.flux2_klein import Flux2Klein
from pipelines.hub.lora import LoraPlan, train_lora
from pipelines.hub.store import pull_weights
from pipelines.loading import weights_used
from vmodel.config import Settings
from vmodel.errors import BadUsage, TrainingPicturesMissing


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


def test_flags_of_the_embedded_recipe_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "--lora", "--tiny"]) == 2
    assert "--tiny, --start and --export are not for --lora" in capsys.readouterr().err


def test_a_folder_without_pictures_is_refused(published: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingPicturesMissing):
        train_lora(LoraPlan(tmp_path, tmp_path / "out", steps=1, minutes=1), published)
    assert not (tmp_path / "out").exists()
