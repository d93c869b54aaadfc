"""The classes that the pipelines load, at their published size: each fits its published file to the last byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKL,
    AutoencoderKLQwenImage,
    ControlNetUnionModel,
    Flux2Transformer2DModel,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
)
from huggingface_hub import split_torch_state_dict_into_shards
from tiny_catvton import old_name

from benchmarks.true_size import KLEIN, PARAMETERS, SDXL, SDXL_SHARED
from pipelines.hub.catvton import attention_weights, skip_text

#: That of Stable Diffusion 1.5 for inpainting, where it is not the class's own.
INPAINTING = {"in_channels": 9, "cross_attention_dim": 768, "attention_head_dim": 8, "sample_size": 64}
#: Class, its published configuration, kind of number, bytes of the published file at the pinned commit, and whether
#: that file names its format.
PUBLISHED = {
    "flux2-klein transformer": (
        Flux2Transformer2DModel,
        KLEIN,
        "BF16",
        7_751_109_744,
        True,
    ),
    "sdxl unet": (
        UNet2DConditionModel,
        SDXL,
        "F16",
        5_135_149_760,
        True,
    ),
    "controlnet-union": (
        ControlNetUnionModel,
        {**SDXL_SHARED, "conditioning_embedding_out_channels": (16, 32, 96, 256), "num_control_type": 6},
        "F16",
        2_512_030_408,
        False,
    ),
    "qwen-edit autoencoder": (AutoencoderKLQwenImage, {}, "BF16", 253_806_966, True),
    "catvton unet": (UNet2DConditionModel, INPAINTING, "F16", 1_719_154_104, True),
}
#: Names and shapes that readers of the published files by other hands expect in them.
NAMED = {
    "flux2-klein transformer": {
        "double_stream_modulation_img.linear.weight": (18432, 3072),
        "transformer_blocks.0.attn.to_q.weight": (3072, 3072),
        "transformer_blocks.0.ff_context.linear_out.weight": (3072, 9216),
        "single_transformer_blocks.0.attn.to_qkv_mlp_proj.weight": (27648, 3072),
        "single_transformer_blocks.19.attn.to_out.weight": (3072, 12288),
    },
    "sdxl unet": {
        "time_embedding.linear_1.weight": (1280, 320),
        "add_embedding.linear_1.weight": (1280, 2816),
        "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_q.weight": (640, 640),
        "down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight": (640, 2048),
    },
    "controlnet-union": {
        "task_embedding": (6, 320),
        "control_add_embedding.linear_1.weight": (1280, 1536),
        "spatial_ch_projs.weight": (320, 320),
        "transformer_layes.0.attn.in_proj_weight": (960, 320),
    },
}
QWEN_SHARDS = {
    "diffusion_pytorch_model-00001-of-00005.safetensors": 9_973_578_592,
    "diffusion_pytorch_model-00002-of-00005.safetensors": 9_987_326_072,
    "diffusion_pytorch_model-00003-of-00005.safetensors": 9_987_307_440,
    "diffusion_pytorch_model-00004-of-00005.safetensors": 9_930_685_712,
    "diffusion_pytorch_model-00005-of-00005.safetensors": 982_130_472,
}
"""Bytes of the files that Qwen/Qwen-Image-Edit-2511 publishes its transformer in, at the pinned commit."""


def safetensors_bytes(state: Mapping[str, torch.Tensor], number: str, named: bool) -> int:
    """Size of the file that ``save_pretrained`` would write: names and shapes in a header, then numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}} if named else {}
    end = 0
    for name, tensor in sorted(state.items()):
        start, end = end, end + (4 if number == "F32" else 2) * tensor.numel()
        header[name] = {"dtype": number, "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = len(json.dumps(header, separators=(",", ":")).encode())
    return 8 + -(-text // 8) * 8 + end


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_class_fits_the_published_file_to_the_last_byte(name: str) -> None:
    kind, config, number, size, named = PUBLISHED[name]
    with init_empty_weights():
        model = kind(**config)
    assert safetensors_bytes(model.state_dict(), number, named) == size


@pytest.mark.parametrize(("name", "network"), [("flux2-klein transformer", "flux2-klein"), ("sdxl unet", "sdxl")])
def test_the_benchmark_steps_networks_with_the_published_number_of_parameters(name: str, network: str) -> None:
    kind, config, number, size, named = PUBLISHED[name]
    with init_empty_weights():
        model = kind(**config)
    names_only = safetensors_bytes({key: torch.empty(0) for key in model.state_dict()}, number, named)
    # The file's numbers take two bytes each; what is left are its names, and the digits of shapes and places.
    assert sum(weight.numel() for weight in model.parameters()) == PARAMETERS[network]
    assert 0 < size - 2 * PARAMETERS[network] - names_only < 60 * len(model.state_dict())


def test_qwen_s_transformer_fits_its_published_files_to_the_last_byte() -> None:
    with init_empty_weights():
        model = QwenImageTransformer2DModel(zero_cond_t=True)
    state = {name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}
    assert len(state) == 1933
    # Qwen/Qwen-Image, of which the editor is a further training, states this number of parameters.
    assert sum(tensor.numel() for tensor in state.values()) == 20_430_401_088
    split = split_torch_state_dict_into_shards(
        state, filename_pattern="diffusion_pytorch_model{suffix}.safetensors", max_shard_size="10GB"
    )
    sizes = {
        file: safetensors_bytes({name: state[name] for name in names}, "BF16", True)
        for file, names in split.filename_to_tensors.items()
    }
    assert sizes == QWEN_SHARDS


@pytest.mark.parametrize("name", NAMED)
def test_what_others_read_in_the_published_files_stands_in_the_class(name: str) -> None:
    kind, config, *_ = PUBLISHED[name]
    with init_empty_weights():
        state = kind(**config).state_dict()
    assert {key: tuple(state[key].shape) for key in NAMED[name]} == NAMED[name]
    if name.startswith("flux2-klein"):
        # 7 before the blocks, 16 in each of five, 4 in each of twenty, 2 after them; none has a bias.
        assert len(state) == 7 + 5 * 16 + 20 * 4 + 2
        assert not any(key.endswith(".bias") for key in state)


def test_catvton_s_attention_is_the_published_file_to_the_last_byte() -> None:
    with init_empty_weights():
        unet = UNet2DConditionModel(**INPAINTING)
    attention = attention_weights(unet)
    assert safetensors_bytes(attention, "F32", True) == 198_303_368
    # The paper states 49.57 million that were trained, and 167.02 million that fell away: 123.06 of the text encoder.
    assert sum(weight.numel() for weight in attention.values()) == 49_574_080
    whole = sum(weight.numel() for weight in unet.parameters())
    skip_text(unet)
    assert whole - sum(weight.numel() for weight in unet.parameters()) == 43_962_560


def test_catvton_s_autoencoder_is_the_published_file_to_the_last_byte() -> None:
    sides = {"block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "latent_channels": 4}
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4}
    with init_empty_weights():
        state = AutoencoderKL(**sides, **blocks).state_dict()
    assert safetensors_bytes({old_name(name): each for name, each in state.items()}, "F32", True) == 334_643_276
