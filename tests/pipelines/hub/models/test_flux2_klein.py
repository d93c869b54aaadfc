"""FLUX.2 klein with the real classes at their smallest."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from app.cli.main import run
from pipelines.hub.models.flux2_klein import Flux2Klein
from pipelines.hub.runtime.prompts import instruct_edit
from pipelines.hub.runtime.reference_images import as_shot, frame_garment, read_references, working_size
from pipelines.hub.weights.store import find_weights, pull_weights
from pipelines.registry import load_pipeline
from vmodel.config import Settings
from vmodel.errors import PackageMissing
from vmodel.rights.provenance.keys import open_authority
from vmodel.rights.watermark.codec import embed_mark
from vmodel.shot.pipeline_interface import RenderContext, Shot


@pytest.fixture(scope="module")
def weights(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    return pull_weights("flux2-klein", settings, accept_licence=True)


@pytest.fixture(scope="module")
def klein(weights: Path) -> Flux2Klein:
    return Flux2Klein(weights)


@pytest.mark.parametrize(
    "size", [(1024, 768), (512, 384), (384, 288), (1500, 1001), (3072, 3072), (3072, 400), (347, 2995)]
)
def test_a_working_size_fits_the_networks_and_keeps_the_shape(size: tuple[int, int]) -> None:
    height, width = working_size(size)
    assert height % 16 == width % 16 == 0
    assert height * width <= 1024 * 1024
    assert abs(np.log(height / width * size[1] / size[0])) < 0.06
    if size[0] * size[1] <= 1024 * 1024 and size[0] % 16 == size[1] % 16 == 0:
        assert (height, width) == size


def test_without_transformers_the_extra_is_named(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(PackageMissing, match=r"pip install 'vmodel\[gpu\]'"):
        Flux2Klein(weights)


def test_a_transparent_picture_keeps_its_alpha_and_loses_the_grey_behind() -> None:
    draft = np.zeros((32, 16, 4), np.uint8)
    draft[..., 3] = np.linspace(0, 255, 16, dtype=np.uint8)
    draft[..., 0] = 200
    over = draft[..., :3] * (draft[..., 3:] / 255) + 128 * (1 - draft[..., 3:] / 255)
    shot = as_shot(Image.fromarray((over + 0.5).astype(np.uint8)), draft)
    assert np.array_equal(shot[..., 3], draft[..., 3])
    assert np.abs(shot[..., :3].astype(int) - draft[..., :3]).max() <= 2


@pytest.mark.slow
def test_the_same_bits_as_the_stock_pipeline_called_by_hand(
    klein: Flux2Klein, weights: Path, tee_context: RenderContext
) -> None:
    from diffusers import Flux2KleinPipeline

    stock = Flux2KleinPipeline.from_pretrained(weights / "pipeline", dtype=torch.float32)
    drape = tee_context.scene.drape
    assert drape is not None
    expected = stock(
        image=[
            Image.fromarray(tee_context.draft),
            frame_garment(tee_context.reading),
            Image.fromarray(tee_context.maps.pose_map),
        ],
        prompt=instruct_edit(tee_context.model, tee_context.reading.kind, drape.material),
        height=512,
        width=384,
        num_inference_steps=4,
        guidance_scale=1.0,
        generator=torch.Generator().manual_seed(tee_context.seed),
    ).images[0]
    made = klein(tee_context)
    assert np.array_equal(made, np.asarray(expected))
    assert np.array_equal(made, klein(tee_context))
    assert not np.array_equal(made, klein(tee_context.with_seed(tee_context.seed + 1)))


@pytest.mark.slow
def test_draft_garment_and_pose_map_reach_the_model_in_this_order_pixel_by_pixel(
    weights: Path, tee_context: RenderContext
) -> None:
    klein = Flux2Klein(weights)  # one without cached encodings
    seen: list[torch.Tensor] = []
    handle = klein.pipeline.vae.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        klein(tee_context)
    finally:
        handle.remove()
    shown = (tee_context.draft, np.asarray(read_references(tee_context).garment), tee_context.maps.pose_map)
    assert len(seen) == 3
    for tensor, picture in zip(seen, shown, strict=True):
        bytes_seen = ((tensor[0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
        assert np.array_equal(bytes_seen, picture)


@pytest.mark.slow
def test_the_garment_is_shown_whole_on_white_in_the_photo_s_colours(tee_context: RenderContext) -> None:
    garment = np.asarray(frame_garment(tee_context.reading))
    matte = tee_context.reading.cutout.matte
    assert (garment[:8] == 255).all()
    assert (garment[:, :8] == 255).all()
    cloth = garment[(garment != 255).any(axis=2)]
    photo = tee_context.reading.flat_lay.rgb[matte > 0.99]
    assert np.abs(np.median(cloth, axis=0) - np.median(photo, axis=0)).max() <= 3


@pytest.mark.slow
def test_a_transparent_take_gives_a_transparent_picture(klein: Flux2Klein, transparent_context: RenderContext) -> None:
    made = klein(transparent_context)
    assert made.shape == transparent_context.draft.shape
    assert np.array_equal(made[..., 3], transparent_context.draft[..., 3])


@pytest.mark.slow
def test_from_pull_to_picture_on_the_command_line(
    published: Path,
    examples: Path,
    tee_shot: Shot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    monkeypatch.setenv("VMODEL_HOME", str(tmp_path / "home"))  # before any licence was accepted
    shoot = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", "flux2-klein", "--size", "512x384", "--json"]
    shoot += ["--steps", "2"]
    assert run([*shoot, "--out", str(tmp_path)]) == 2
    assert "vmodel weights pull flux2-klein" in capsys.readouterr().err
    assert run(["weights", "pull", "flux2-klein"]) == 1
    assert capsys.readouterr().err.startswith("licence_not_accepted: ")
    assert run(["weights", "pull", "flux2-klein", "--accept-licence"]) == 0
    assert Path(capsys.readouterr().out.strip()) == find_weights("flux2-klein", Settings())
    try:
        assert run([*shoot, "--out", str(tmp_path)]) == 0
        said = capsys.readouterr()
        shot = json.loads(said.out)
        # Random weights paint noise: the gate must refuse it every time, and the draft is shown.
        assert shot["pipeline"] == "flux2-klein"
        assert shot["made_by"] == "draft"
        assert "missed the quality bar" in shot["warnings"][-1]
        assert said.err.startswith("warning: flux2-klein is made for a graphics card; none is here")
        mark = json.loads(Path(shot["sidecar"]).read_text())["certificate"]["licence"]["mark"]
        shown = embed_mark(tee_shot.picture, int(mark, 16), open_authority(Settings()).mark_key)
        with Image.open(shot["picture"]) as picture:
            # The last bit depends on the number of threads, which other tests may have changed in this process.
            assert np.abs(np.asarray(picture).astype(int) - shown).max() <= 2
        assert load_pipeline("flux2-klein").generative
        for precision, kind in (("int8", "WeightQBytesTensor"), ("4bit", "WeightQBitsTensor")):
            monkeypatch.setenv("VMODEL_HUB_PRECISION", precision)
            assert run([*shoot[:-1], "1", "--out", str(tmp_path / precision)]) == 0
            said = capsys.readouterr()
            assert json.loads(said.out)["pipeline"] == "flux2-klein"
            assert len(said.err.splitlines()) == 1
            loaded = load_pipeline("flux2-klein")
            assert isinstance(loaded, Flux2Klein)
            weights = (loaded.pipeline.transformer.proj_out.weight, loaded.pipeline.text_encoder.lm_head.weight)
            assert [type(weight).__name__ for weight in weights] == [kind, kind]
    finally:
        assert run(["weights", "verify", "flux2-klein"]) == 0
        assert run(["weights", "remove", "flux2-klein"]) == 0
