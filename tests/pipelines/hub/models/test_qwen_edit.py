"""Qwen-Image-Edit with the real classes at their smallest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler, QwenImageEditPlusPipeline
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as library
from PIL import Image

from app.cli.main import run
from pipelines.hub.models.qwen_edit import LIGHTNING, QwenEdit, shown_size
from pipelines.hub.models.qwen_edit_batch import BatchQwen
from pipelines.hub.runtime.prompts import instruct_edit
from pipelines.hub.runtime.reference_images import frame_garment
from pipelines.hub.weights.catalogue import CATALOGUE
from pipelines.hub.weights.store import pull_weights
from vmodel.config import Settings
from vmodel.errors import PackageMissing
from vmodel.shot.pipeline_interface import RenderContext, Shot


@pytest.fixture(scope="module")
def weights(published: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = Settings(home=tmp_path_factory.mktemp("home"), weights_source=str(published))
    return pull_weights("qwen-edit", settings, accept_licence=True)


@pytest.fixture(scope="module")
def small_size() -> Iterator[tuple[int, int]]:
    """Shrink references from one megapixel to a 64th, for two cores; yields the draft's (height, width)."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(library, "VAE_IMAGE_SIZE", 128 * 128)
        patch.setattr(library, "CONDITION_IMAGE_SIZE", 64 * 64)
        yield shown_size((512, 384))


def references(context: RenderContext, size: tuple[int, int]) -> list[Image.Image]:
    height, width = size
    return [
        Image.fromarray(context.draft).resize((width, height), Image.Resampling.LANCZOS),
        frame_garment(context.reading, shown_size),
        Image.fromarray(context.maps.pose_map).resize((width, height), Image.Resampling.BILINEAR),
    ]


def call_by_hand(stock: Any, context: RenderContext, size: tuple[int, int], **further: Any) -> Any:
    drape = context.scene.drape
    assert drape is not None
    made = stock(
        image=references(context, size),
        prompt=instruct_edit(context.model, context.reading.kind, drape.material, "picture"),
        height=size[0],
        width=size[1],
        generator=torch.Generator().manual_seed(context.seed),
        **further,
    ).images[0]
    return np.asarray(made.resize((384, 512), Image.Resampling.LANCZOS))


@pytest.mark.parametrize("size", [(1024, 768), (512, 384), (768, 1024), (3072, 288), (1023, 777)])
def test_the_library_leaves_a_shown_size_as_it_is(size: tuple[int, int]) -> None:
    height, width = shown_size(size)
    assert library.calculate_dimensions(library.VAE_IMAGE_SIZE, width / height) == (width, height)
    assert abs(height * width / 1024**2 - 1) < 0.06
    assert abs(np.log(height / width * size[1] / size[0])) < 0.1


def test_every_shape_settles() -> None:
    for ratio in np.geomspace(1 / 40, 40, 2001):
        height, width = shown_size((3000, round(3000 * ratio)))
        assert library.calculate_dimensions(library.VAE_IMAGE_SIZE, width / height) == (width, height)


def test_few_steps_need_peft_and_many_do_not(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(PackageMissing, match=r"pip install 'vmodel\[gpu\]'"):
        QwenEdit(weights, steps=4)
    monkeypatch.setitem(sys.modules, "torchvision", None)
    with pytest.raises(PackageMissing, match="torchvision"):
        QwenEdit(weights)


@pytest.mark.slow
def test_the_same_bits_as_the_stock_pipeline_called_by_hand(
    weights: Path, tee_context: RenderContext, small_size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.hub.models.qwen_edit.FEW_STEPS", 1)
    qwen = QwenEdit(weights, steps=2)
    stock = QwenImageEditPlusPipeline.from_pretrained(weights / "pipeline", dtype=torch.float32)
    expected = call_by_hand(
        stock, tee_context, small_size, num_inference_steps=2, true_cfg_scale=4.0, negative_prompt=" "
    )
    made = qwen(tee_context)
    assert np.array_equal(made, expected)
    assert not np.array_equal(made, qwen(tee_context.with_seed(tee_context.seed + 1)))


def test_without_a_batch_it_is_the_stock_pipeline(published: Path, small_size: tuple[int, int]) -> None:
    folder, rng = published / CATALOGUE["qwen-edit"].parts[0].repository, np.random.default_rng(0)
    shown = [Image.fromarray(rng.integers(0, 256, (80, 64, 3), np.uint8)) for _ in range(3)]
    made = []
    for kind in (QwenImageEditPlusPipeline, BatchQwen):
        pipeline = kind.from_pretrained(folder, dtype=torch.float32)
        size = {"height": 144, "width": 112, "num_inference_steps": 2, "output_type": "latent"}
        generator = torch.Generator().manual_seed(0)
        made.append(pipeline(image=shown, prompt="a red shirt", generator=generator, true_cfg_scale=1.0, **size).images)
    assert torch.equal(*made)


@pytest.mark.slow
def test_few_steps_are_those_of_lightning_without_guidance(
    weights: Path, tee_context: RenderContext, small_size: tuple[int, int]
) -> None:
    qwen = QwenEdit(weights, steps=2)
    stock = QwenImageEditPlusPipeline.from_pretrained(weights / "pipeline", dtype=torch.float32)
    plain = stock.transformer.transformer_blocks[0].attn.to_q.weight.detach().clone()
    stock.load_lora_weights(weights / "lightning", weight_name=LIGHTNING)
    stock.fuse_lora()
    assert not torch.equal(plain, qwen.pipeline.transformer.transformer_blocks[0].attn.to_q.weight)
    shift = float(np.log(3))
    stock.scheduler = FlowMatchEulerDiscreteScheduler(
        use_dynamic_shifting=True, base_shift=shift, max_shift=shift, max_image_seq_len=8192
    )
    expected = call_by_hand(stock, tee_context, small_size, num_inference_steps=2, true_cfg_scale=1.0)
    calls: list[None] = []
    handle = qwen.pipeline.transformer.register_forward_hook(lambda *_: calls.append(None))
    try:
        made = qwen(tee_context)
    finally:
        handle.remove()
    assert len(calls) == 2
    assert np.abs(made.astype(int) - expected).max() <= 1


@pytest.mark.slow
def test_draft_garment_and_pose_map_reach_the_model_in_this_order_pixel_by_pixel(
    weights: Path, tee_context: RenderContext, small_size: tuple[int, int]
) -> None:
    qwen, seen = QwenEdit(weights, steps=1), list[torch.Tensor]()
    handle = qwen.pipeline.vae.encoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    try:
        qwen(tee_context)
    finally:
        handle.remove()
    shown = references(tee_context, small_size)
    assert len(seen) == len(shown)
    for tensor, picture in zip(seen, shown, strict=True):
        bytes_seen = ((tensor[0, :, 0].permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()
        assert np.array_equal(bytes_seen, np.asarray(picture))


@pytest.mark.slow
def test_from_pull_to_picture_on_the_command_line(
    published: Path,
    examples: Path,
    tee_shot: Shot,
    small_size: tuple[int, int],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS_SOURCE", str(published))
    assert run(["weights", "pull", "qwen-edit", "--accept-licence"]) == 0
    capsys.readouterr()
    shoot = ["shoot", str(examples / "logo-tee.jpg"), "--pipeline", "qwen-edit", "--size", "512x384", "--steps", "1"]
    try:
        assert run([*shoot, "--json", "--out", str(tmp_path)]) == 0
        said = capsys.readouterr()
        # Random weights paint noise, which the gate must refuse.
        assert json.loads(said.out)["made_by"] == "draft"
        assert len(said.err.splitlines()) == 1  # no card is here
    finally:
        assert run(["weights", "remove", "qwen-edit"]) == 0
