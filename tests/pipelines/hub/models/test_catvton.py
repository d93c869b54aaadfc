"""CatVTON dresses another pipeline's picture, with the real classes at their smallest; for research only."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file

from app.cli.main import run
from pipelines import registry
from pipelines.common.progress import on_denoiser_step
from pipelines.draft import DraftPipeline
from pipelines.hub.models.catvton import ATTENTION, CatVton, lay_on_white, paint_mask
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.store import pull_weights
from vmodel.config import Settings
from vmodel.errors import WeightsIncomplete
from vmodel.quality.gate import BARS
from vmodel.rights.licence.certificate import RESEARCH_USES
from vmodel.scene import PART_NAMES
from vmodel.shot.pipeline_interface import RenderContext, Shot
from vmodel.types import ByteArray

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
SIZE = (512, 384)


@pytest.fixture(scope="module")
def weights(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    return pull_weights("catvton", settings, accept_licence=True)


@pytest.fixture
def asked_anew() -> Iterator[None]:
    registry.dressed_pipeline.cache_clear()
    yield
    registry.dressed_pipeline.cache_clear()


class Negative:
    """A pipeline whose pictures cannot pass for a draft."""

    name = "negative"
    generative = True

    def __call__(self, context: RenderContext) -> ByteArray:
        return 255 - context.draft


class Skip:
    """The authors' replacement of cross-attention: it returns its input."""

    def __call__(
        self, attn: Any, hidden_states: torch.Tensor, encoder_hidden_states: Any = None, attention_mask: Any = None
    ) -> torch.Tensor:
        return hidden_states


@torch.no_grad()
def paint_by_hand(weights: Path, person: ByteArray, context: RenderContext, steps: int) -> ByteArray:
    """Paint by the paper's method with mask and garment of ours only: networks, a sampler, and their arithmetic."""
    unet = UNet2DConditionModel.from_pretrained(weights / "base", subfolder="unet", variant="fp16").float()
    unet.set_attn_processor({name: Skip() if "attn2" in name else each for name, each in unet.attn_processors.items()})
    vae = AutoencoderKL.from_pretrained(weights / "vae")
    blocks = [part for name, part in unet.named_modules() if name.endswith("attn1")]
    published = load_file(weights / "attention" / ATTENTION)
    numbers = sorted({int(name.split(".")[0]) for name in published})
    for number, block in zip(numbers, blocks, strict=True):
        mine = {name.split(".", 1)[1]: each for name, each in published.items() if name.startswith(f"{number}.")}
        block.load_state_dict(mine)
    scheduler = DDIMScheduler.from_pretrained(weights / "base", subfolder="scheduler")
    scheduler.set_timesteps(steps)

    def encode(picture: torch.Tensor) -> torch.Tensor:
        return vae.encode(picture).latent_dist.mean * vae.config.scaling_factor

    def tensor(array: Any) -> torch.Tensor:
        return torch.tensor(np.asarray(array, np.float32)).permute(2, 0, 1)[None] / 127.5 - 1

    mask = torch.tensor(paint_mask(context, SIZE), dtype=torch.float32)[None, None]
    body = encode(tensor(person) * (1 - mask))
    cloth = encode(tensor(lay_on_white(context.reading, SIZE)))
    small = mask[..., ::8, ::8]
    tall_mask = torch.cat([small, 0 * small], 2)
    generator = torch.Generator().manual_seed(context.seed)
    latents = torch.randn(1, 4, 2 * SIZE[0] // 8, SIZE[1] // 8, generator=generator)
    for time in scheduler.timesteps:
        guesses = [
            unet(torch.cat([latents, tall_mask, torch.cat([body, below], 2)], 1), time, None).sample
            for below in (0 * cloth, cloth)
        ]
        guess = guesses[0] + 2.5 * (guesses[1] - guesses[0])
        latents = scheduler.step(guess, time, latents, eta=1.0, generator=generator).prev_sample
    decoded = vae.decode(latents[:, :, : SIZE[0] // 8] / vae.config.scaling_factor).sample[0]
    return np.asarray(((decoded / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(1, 2, 0))


@pytest.mark.slow
def test_the_same_picture_as_the_paper_s_arithmetic_by_hand(weights: Path, tee_context: RenderContext) -> None:
    catvton = CatVton(weights, Negative, steps=2)
    person = 255 - tee_context.draft
    expected = paint_by_hand(weights, person, tee_context, 2)
    made = catvton(tee_context)
    inside = np.zeros(SIZE, bool)
    inside[paint_mask(tee_context, SIZE) == 1] = True
    deep = torch.nn.functional.max_pool2d(torch.tensor(~inside)[None, None].float(), 41, 1, 20)[0, 0].numpy() == 0
    assert deep.sum() > 1000
    assert np.abs(made[deep].astype(int) - expected[deep]).max() <= 1
    assert (made[deep] != person[deep]).mean() > 0.9
    assert not np.array_equal(made, catvton(tee_context.with_seed(tee_context.seed + 1)))


@pytest.mark.slow
def test_nothing_far_from_the_garment_is_painted_and_no_face_nor_hand(
    weights: Path, tee_context: RenderContext
) -> None:
    made = CatVton(weights, Negative, steps=1)(tee_context)
    person = 255 - tee_context.draft
    mask = paint_mask(tee_context, SIZE)
    worn = tee_context.maps.garment_mask > 0.5
    assert mask[worn].all()
    assert worn.sum() < mask.sum() < 2 * worn.sum()
    for part in ("face", "hair", "hand"):
        parts = np.full_like(tee_context.maps.parts, PART_NAMES.index(part))
        beside = replace(tee_context, maps=replace(tee_context.maps, parts=parts))
        assert np.array_equal(paint_mask(beside, SIZE) == 1, worn)
    far = torch.nn.functional.max_pool2d(torch.tensor(mask)[None, None].float(), 41, 1, 20)[0, 0].numpy() == 0
    assert far.mean() > 0.5
    assert np.array_equal(made[far], person[far])


@pytest.mark.slow
def test_person_blanked_garment_and_mask_reach_the_network_one_above_the_other(
    weights: Path, tee_context: RenderContext
) -> None:
    catvton, told, seen, encoded = CatVton(weights, Negative, steps=3), list[float](), list[Any](), list[Any]()
    catvton.pipeline.vae.encoder.register_forward_pre_hook(lambda _, given: encoded.append(given[0]))
    catvton.pipeline.unet.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with on_denoiser_step(catvton, told.append):
        catvton(tee_context)
    assert told == [0, 1 / 3, 2 / 3]
    person, garment = (((each[0].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy() for each in encoded)
    mask = paint_mask(tee_context, SIZE) == 1
    assert np.array_equal(person[~mask], 255 - tee_context.draft[~mask])
    assert set(person[mask].ravel()) == {128}
    assert np.array_equal(garment, np.asarray(lay_on_white(tee_context.reading, SIZE)))
    first = seen[0]
    height, width = SIZE[0] // 8, SIZE[1] // 8
    assert first.shape == (2, 9, 2 * height, width)
    assert torch.equal(first[:, 4, :height] == 1, torch.tensor(mask[::8, ::8]).expand(2, -1, -1))
    assert not first[:, 4, height:].any()
    without, with_it = first[:, 5:, height:]
    assert not without.any()
    assert with_it.any()
    assert torch.equal(first[0, 5:, :height], first[1, 5:, :height])


def test_the_garment_lies_whole_in_the_middle_of_white(tee_context: RenderContext) -> None:
    for size in ((512, 384), (320, 640)):
        laid = np.asarray(lay_on_white(tee_context.reading, size))
        assert laid.shape == (*size, 3)
        there = (laid < 250).any(axis=2)
        rows, columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
        for found, side in ((rows, size[0]), (columns, size[1])):
            assert abs((found[0] + found[-1]) - side) <= 4
        assert max(len(rows) / size[0], len(columns) / size[1]) > 0.85


@pytest.mark.slow
def test_a_transparent_take_gives_a_transparent_picture(weights: Path, transparent_context: RenderContext) -> None:
    made = CatVton(weights, DraftPipeline, steps=1)(transparent_context)
    assert np.array_equal(made[..., 3], transparent_context.draft[..., 3])


def test_attention_of_another_network_is_refused_with_the_command(weights: Path, tmp_path: Path) -> None:
    import shutil

    spoilt = Path(shutil.copytree(weights, tmp_path / "spoilt"))
    path = spoilt / "attention" / ATTENTION
    state = load_file(path)
    for change in ({"0.to_q.weight": torch.zeros(3, 3)}, {"7.to_q.weight": torch.zeros(8, 8)}):
        save_file({**state, **change}, path)
        with pytest.raises(WeightsIncomplete, match="`vmodel weights pull catvton`"):
            CatVton(spoilt, DraftPipeline)
    path.write_bytes(b"no safetensors")
    with pytest.raises(WeightsIncomplete, match="`vmodel weights pull catvton`"):
        CatVton(spoilt, DraftPipeline)


def test_no_weights_of_human_parsers_are_pulled_and_all_are_safetensors() -> None:
    parts = CATALOGUE["catvton"].parts
    files = [pattern for part in parts for pattern in part.patterns]
    assert not any("SCHP" in name or "DensePose" in name or name.endswith((".bin", ".pkl", ".pth")) for name in files)


@pytest.mark.slow
def test_from_licence_to_a_picture_that_may_not_be_sold(
    published: Path,
    examples: Path,
    tee_shot: Shot,
    asked_anew: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    monkeypatch.setenv("VMODEL_HUB_DRESSES", "draft")
    shoot = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", "catvton", "--size", "512x384", "--steps", "2"]
    assert run([*shoot, "--out", str(tmp_path)]) == 2
    assert "vmodel weights pull catvton" in capsys.readouterr().err
    assert run(["weights", "pull", "catvton"]) == 1
    said = capsys.readouterr().err
    for words in ("licence_not_accepted: ", "CC-BY-NC-SA-4.0", "neither be sold", "by-nc-sa/4.0", "--accept-licence"):
        assert words in said
    assert run(["weights", "pull", "catvton", "--accept-licence"]) == 0
    assert run(["weights", "list", "--json"]) == 0
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out.splitlines()[-1])}
    assert listed["catvton"]["research_only"]
    # Random weights paint noise, which the gate refuses; here it may pass, to reveal its licence.
    monkeypatch.setattr("vmodel.quality.gate.BARS", dict.fromkeys(BARS, 0.0))
    try:
        assert run([*shoot, "--json", "--out", str(tmp_path)]) == 0
        shot = json.loads(capsys.readouterr().out)
        assert shot["made_by"] == "catvton"
        assert "zhengchong/CatVTON took part" in shot["warnings"][-1]
        assert "licensed for evaluation only" in shot["warnings"][-1]
        sidecar = json.loads(Path(shot["sidecar"]).read_text())
        assert sidecar["warnings"][-1] == shot["warnings"][-1]
        licence = sidecar["certificate"]["licence"]
        assert licence["permitted_uses"] == list(RESEARCH_USES)
        used = {each["name"]: each for each in licence["weights"]}["zhengchong/CatVTON"]
        assert used["research_only"]
        assert used["licence"].startswith("CC-BY-NC-SA-4.0")
        # Weights that were copied here without an acceptance are not used.
        (Settings().home / "weights" / "licences.json").unlink()
        assert run([*shoot, "--out", str(tmp_path)]) == 2
        assert capsys.readouterr().err.startswith("licence_not_accepted: ")
        # If a draft replaced it, that picture would get the licence of drafts.
        assert not any(each.research_only for each in registry.weights_used("draft"))
    finally:
        assert run(["weights", "verify", "catvton"]) == 0
        assert run(["weights", "remove", "catvton"]) == 0
