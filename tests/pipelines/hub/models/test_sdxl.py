"""Stable Diffusion XL with the real classes at their smallest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from app.cli.main import run
from pipelines.hub.models.sdxl import Sdxl, garment_mask, near_map
from pipelines.hub.runtime.prompts import NEGATIVE_PROMPT, describe_photograph
from pipelines.hub.runtime.reference_images import frame_garment, read_references
from pipelines.hub.weights.store import find_weights, pull_weights
from vmodel.config import Settings
from vmodel.shot.pipeline_interface import RenderContext, Shot

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")


@pytest.fixture(scope="module")
def weights(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    return pull_weights("sdxl", settings, accept_licence=True)


@pytest.fixture(scope="module")
def sdxl(weights: Path) -> Sdxl:
    return Sdxl(weights, steps=2)


def test_the_nearest_is_white_and_the_background_black() -> None:
    depth_m = np.zeros((32, 48), np.float32)
    depth_m[8:24, 8:24], depth_m[8:24, 24:40] = 2.0, 2.5
    near = np.asarray(near_map(depth_m, (32, 48)))
    assert near.shape == (32, 48, 3)
    assert near[0, 0, 0] == 0
    assert near[16, 16, 0] == 255
    assert 60 < near[16, 32, 0] < 200
    assert np.asarray(near_map(np.zeros_like(depth_m), (32, 48))).max() == 0


def test_the_garment_s_mask_has_the_picture_s_size() -> None:
    coverage = np.zeros((64, 48), np.float32)
    coverage[16:32, 8:24] = 1
    mask = garment_mask(coverage, (32, 32))
    assert mask.shape == (1, 1, 32, 32)
    assert set(mask.unique().tolist()) == {0.0, 1.0}
    assert mask[0, 0, 12, 10] == 1
    assert mask[0, 0, 24, 24] == 0


@pytest.mark.slow
def test_the_same_bits_as_the_stock_pipeline_called_by_hand(
    sdxl: Sdxl, weights: Path, tee_context: RenderContext
) -> None:
    from diffusers import ControlNetUnionModel, StableDiffusionXLControlNetUnionImg2ImgPipeline
    from diffusers.image_processor import IPAdapterMaskProcessor

    controlnet = ControlNetUnionModel.from_pretrained(weights / "controlnet", dtype=torch.float32)
    stock = StableDiffusionXLControlNetUnionImg2ImgPipeline.from_pretrained(
        weights / "pipeline", controlnet=controlnet, dtype=torch.float32, variant="fp16"
    )
    stock.load_ip_adapter(
        str(weights / "ip-adapter"),
        subfolder="sdxl_models",
        weight_name="ip-adapter_sdxl_vit-h.safetensors",
        image_encoder_folder="models/image_encoder",
    )
    stock.set_ip_adapter_scale(0.6)
    coverage = Image.fromarray((tee_context.maps.garment_mask * 255 + 0.5).astype(np.uint8))
    drape = tee_context.scene.drape
    assert drape is not None
    expected = stock(
        prompt=describe_photograph(tee_context.model, tee_context.reading.kind, drape.material),
        negative_prompt=NEGATIVE_PROMPT,
        image=Image.fromarray(tee_context.draft),
        strength=0.5,
        control_image=[Image.fromarray(tee_context.maps.pose_map), near_map(tee_context.maps.depth_m, (512, 384))],
        control_mode=[0, 1],
        controlnet_conditioning_scale=0.8,
        ip_adapter_image=frame_garment(tee_context.reading),
        cross_attention_kwargs={
            "ip_adapter_masks": [IPAdapterMaskProcessor().preprocess([coverage], height=512, width=384)]
        },
        num_inference_steps=4,
        guidance_scale=5.0,
        height=512,
        width=384,
        generator=torch.Generator().manual_seed(tee_context.seed),
    ).images[0]
    made = sdxl(tee_context)
    assert np.array_equal(made, np.asarray(expected))
    assert not np.array_equal(made, sdxl(tee_context.with_seed(tee_context.seed + 1)))


@pytest.mark.slow
def test_draft_pose_depth_and_garment_each_reach_the_network_that_reads_them(
    weights: Path, tee_context: RenderContext
) -> None:
    sdxl = Sdxl(weights, steps=2)  # one without cached encodings
    pipeline, seen = sdxl.pipeline, dict[str, Any]()

    def see_control(_: object, __: object, named: dict[str, Any]) -> None:
        seen.update(control=named["controlnet_cond"], kinds=named["control_type_idx"])

    def see_masks(_: object, __: object, named: dict[str, Any]) -> None:
        seen.update(masks=named["cross_attention_kwargs"]["ip_adapter_masks"])

    handles = [
        pipeline.vae.encoder.register_forward_pre_hook(lambda _, inputs: seen.update(draft=inputs[0])),
        pipeline.controlnet.register_forward_pre_hook(see_control, with_kwargs=True),
        pipeline.unet.register_forward_pre_hook(see_masks, with_kwargs=True),
        pipeline.image_encoder.register_forward_pre_hook(lambda _, inputs: seen.setdefault("garment", inputs[0])),
    ]
    calls: list[None] = []
    handles.append(pipeline.unet.register_forward_hook(lambda *_: calls.append(None)))
    try:
        sdxl(tee_context)
    finally:
        for handle in handles:
            handle.remove()
    shown = read_references(tee_context)
    draft = ((seen["draft"][0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
    assert np.array_equal(draft, tee_context.draft)
    assert seen["kinds"] == [0, 1]
    for tensor, picture in zip(
        seen["control"], (tee_context.maps.pose_map, near_map(tee_context.maps.depth_m, shown.size)), strict=True
    ):
        bytes_seen = (tensor[-1].permute(1, 2, 0) * 255).round().to(torch.uint8).numpy()
        assert np.array_equal(bytes_seen, np.asarray(picture))
    garment = pipeline.feature_extractor(shown.garment, return_tensors="pt").pixel_values
    assert torch.equal(seen["garment"], garment)
    covered = seen["masks"][0][0, 0] > 0.5
    assert (covered.numpy() == (tee_context.maps.garment_mask > 0.5)).mean() > 0.999
    assert len(calls) == sdxl.steps


@pytest.mark.slow
def test_a_transparent_take_gives_a_transparent_picture(sdxl: Sdxl, transparent_context: RenderContext) -> None:
    made = sdxl(transparent_context)
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
    assert run(["weights", "pull", "sdxl", "--accept-licence"]) == 0
    assert Path(capsys.readouterr().out.strip()) == find_weights("sdxl", Settings())
    shoot = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", "sdxl", "--size", "512x384", "--steps", "1"]
    try:
        assert run([*shoot, "--json", "--out", str(tmp_path)]) == 0
        shot = json.loads(capsys.readouterr().out)
        assert shot["pipeline"] == "sdxl"
        # Random weights paint noise, which the gate must refuse.
        assert shot["made_by"] == "draft"
    finally:
        assert run(["weights", "remove", "sdxl"]) == 0
