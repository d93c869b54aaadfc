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
    AutoencoderKLFlux2,
    AutoencoderKLQwenImage,
    ControlNetUnionModel,
    Flux2Transformer2DModel,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
)
from huggingface_hub import split_torch_state_dict_into_shards
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from benchmarks.hub.true_size import KLEIN, PARAMETERS, SDXL, SDXL_SHARED
from pipelines.hub.models.catvton import attention_weights, skip_text
from tests.support.tiny_models.catvton import old_name
from tests.support.tiny_models.sdxl import adapter_state, published_names

#: Configuration of Stable Diffusion 1.5 for inpainting, where it differs from the class's own.
INPAINTING = {"in_channels": 9, "cross_attention_dim": 768, "attention_head_dim": 8, "sample_size": 64}
#: Autoencoder of Stable Diffusion, of both kinds.
AUTOENCODER = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
#: Class, its published configuration, data type, bytes of the published file at the pinned commit, and whether
#: that file names its format.
PUBLISHED = {
    "flux2-klein transformer": (
        Flux2Transformer2DModel,
        KLEIN,
        "BF16",
        7_751_109_744,
        True,
    ),
    "flux2-klein autoencoder": (AutoencoderKLFlux2, {}, "BF16", 168_120_878, True),
    "sdxl autoencoder": (AutoencoderKL, AUTOENCODER, "F16", 167_335_342, True),
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
#: Names and shapes that third-party readers of the published files expect in them.
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
    "qwen-edit autoencoder": {
        "post_quant_conv.weight": (16, 16, 1, 1, 1),
        "decoder.conv_in.weight": (384, 16, 3, 3, 3),
        "decoder.mid_block.attentions.0.to_qkv.weight": (1152, 384, 1, 1),
        "decoder.norm_out.gamma": (96, 1, 1, 1),
        "decoder.conv_out.weight": (3, 96, 3, 3, 3),
    },
    "controlnet-union": {
        "task_embedding": (6, 320),
        "control_add_embedding.linear_1.weight": (1280, 1536),
        "spatial_ch_projs.weight": (320, 320),
        "transformer_layes.0.attn.in_proj_weight": (960, 320),
    },
}
QWEN_NAMED = {
    "img_in.weight": (3072, 64),
    "txt_norm.weight": (3584,),
    "txt_in.weight": (3072, 3584),
    "time_text_embed.timestep_embedder.linear_1.weight": (3072, 256),
    "transformer_blocks.0.attn.to_q.bias": (3072,),
    "transformer_blocks.0.attn.norm_q.weight": (128,),
    "transformer_blocks.0.attn.add_q_proj.weight": (3072, 3072),
    "transformer_blocks.0.attn.to_add_out.weight": (3072, 3072),
    "transformer_blocks.0.img_mod.1.weight": (18432, 3072),
    "transformer_blocks.0.img_mlp.net.0.proj.weight": (12288, 3072),
    "transformer_blocks.59.attn.to_v.weight": (3072, 3072),
    "norm_out.linear.weight": (6144, 3072),
    "proj_out.weight": (64, 3072),
}
"""The same of the transformer and, below, the text encoder of Qwen-Image, of which the editor is a further training."""
QWEN_TEXT_NAMED = {
    "model.embed_tokens.weight": (152_064, 3584),
    "model.layers.0.self_attn.q_proj.bias": (3584,),
    "model.layers.0.self_attn.k_proj.weight": (512, 3584),
    "model.layers.0.mlp.gate_proj.weight": (18_944, 3584),
    "model.layers.27.mlp.down_proj.weight": (3584, 18_944),
    "model.norm.weight": (3584,),
}
QWEN_SHARDS = {
    "diffusion_pytorch_model-00001-of-00005.safetensors": 9_973_578_592,
    "diffusion_pytorch_model-00002-of-00005.safetensors": 9_987_326_072,
    "diffusion_pytorch_model-00003-of-00005.safetensors": 9_987_307_440,
    "diffusion_pytorch_model-00004-of-00005.safetensors": 9_930_685_712,
    "diffusion_pytorch_model-00005-of-00005.safetensors": 982_130_472,
}
"""Bytes of the files of Qwen/Qwen-Image-Edit-2511's transformer, at the pinned commit."""

KLEIN_TEXT_SHARDS = {
    "model-00001-of-00002.safetensors": 4_967_215_360,
    "model-00002-of-00002.safetensors": 3_077_766_632,
}
"""The same of black-forest-labs/FLUX.2-klein-4B's text encoder."""

QWEN_TEXT_SHARDS = {
    "model-00001-of-00004.safetensors": 4_968_243_304,
    "model-00002-of-00004.safetensors": 4_991_495_816,
    "model-00003-of-00004.safetensors": 4_932_751_040,
    "model-00004-of-00004.safetensors": 1_691_924_384,
}


def safetensors_bytes(state: Mapping[str, torch.Tensor], number: str, named: bool) -> int:
    """Return the size of the file that ``save_pretrained`` would write: names and shapes in a header, then numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}} if named else {}
    end = 0
    # The widest data types come first.
    for name, tensor in sorted(state.items(), key=lambda item: (item[1].is_floating_point(), item[0])):
        whole = not tensor.is_floating_point()
        start, end = end, end + (8 if whole else 4 if number == "F32" else 2) * tensor.numel()
        kind = "I64" if whole else number
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [start, end]}
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
    # The file's numbers take two bytes each; the rest are names, and the digits of shapes and offsets.
    assert sum(weight.numel() for weight in model.parameters()) == PARAMETERS[network]
    assert 0 < size - 2 * PARAMETERS[network] - names_only < 60 * len(model.state_dict())


def test_qwen_s_transformer_fits_its_published_files_to_the_last_byte() -> None:
    with init_empty_weights():
        model = QwenImageTransformer2DModel(zero_cond_t=True)
    state = {name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}
    assert len(state) == 1933
    assert {key: tuple(state[key].shape) for key in QWEN_NAMED} == QWEN_NAMED
    # Qwen/Qwen-Image, from which the editor was trained further, states this number of parameters.
    assert sum(tensor.numel() for tensor in state.values()) == 20_430_401_088
    assert shard_bytes(state, "diffusion_pytorch_model", "10GB") == QWEN_SHARDS


def test_klein_s_text_encoder_fits_its_published_files_to_the_last_byte() -> None:
    sides = {"vocab_size": 151_936, "hidden_size": 2560, "intermediate_size": 9728, "head_dim": 128}
    heads = {"num_hidden_layers": 36, "num_attention_heads": 32, "num_key_value_heads": 8}
    with init_empty_weights():
        model = Qwen3ForCausalLM(Qwen3Config(**sides, **heads, tie_word_embeddings=True))
    state = {name: tensor.to(torch.bfloat16) for name, tensor in model.state_dict().items()}
    # It repeats the embedding.
    del state["lm_head.weight"]
    assert shard_bytes(state, "model", "5GB") == KLEIN_TEXT_SHARDS


def test_qwen_s_text_encoder_fits_its_published_files_to_the_last_byte() -> None:
    sides = {"vocab_size": 152_064, "hidden_size": 3584, "intermediate_size": 18_944}
    heads = {"num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4}
    seeing = {"depth": 32, "hidden_size": 1280, "intermediate_size": 3420, "num_heads": 16, "out_hidden_size": 3584}
    with init_empty_weights():
        model = Qwen2_5_VLForConditionalGeneration(
            Qwen2_5_VLConfig(text_config={**sides, **heads}, vision_config=seeing, tie_word_embeddings=False)
        )
    state = {
        # An older version of the library wrote the files, and the library still reads their names.
        name.replace("model.language_model.", "model.").replace("model.visual.", "visual."): tensor.to(torch.bfloat16)
        for name, tensor in model.state_dict().items()
    }
    assert len(state) == 729
    assert {key: tuple(state[key].shape) for key in QWEN_TEXT_NAMED} == QWEN_TEXT_NAMED
    assert shard_bytes(state, "model", "5GB") == QWEN_TEXT_SHARDS


def shard_bytes(state: Mapping[str, torch.Tensor], stem: str, most: str) -> dict[str, int]:
    """Return sizes of the files that ``save_pretrained`` would write, none larger than ``most``."""
    split = split_torch_state_dict_into_shards(
        dict(state), filename_pattern=f"{stem}{{suffix}}.safetensors", max_shard_size=most
    )
    return {
        file: safetensors_bytes({name: state[name] for name in names}, "BF16", True)
        for file, names in split.filename_to_tensors.items()
    }


CLIP_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
CLIP_BIG_G = {"hidden_size": 1280, "intermediate_size": 5120, "num_hidden_layers": 32, "num_attention_heads": 20}
CLIP_H = {**CLIP_BIG_G, "num_attention_heads": 16, "patch_size": 14}


@pytest.mark.parametrize(
    ("model", "config", "number", "size"),
    [
        (CLIPTextModel, CLIPTextConfig(**CLIP_L, projection_dim=768), "F16", 246_144_152),
        (CLIPTextModelWithProjection, CLIPTextConfig(**CLIP_BIG_G, projection_dim=1280), "F16", 1_389_382_176),
        (CLIPVisionModelWithProjection, CLIPVisionConfig(**CLIP_H, projection_dim=1024), "F32", 2_528_373_448),
    ],
    ids=["text encoder", "second text encoder", "image encoder"],
)
def test_sdxl_s_encoders_fit_their_published_files_to_the_last_byte(
    model: Any, config: Any, number: str, size: int
) -> None:
    with init_empty_weights():
        state = model(config).state_dict()
    assert safetensors_bytes(published_names(state), number, True) == size


def test_the_garment_s_adapter_fits_its_published_file_to_the_last_byte() -> None:
    with init_empty_weights():
        unet = UNet2DConditionModel(**SDXL)
    state = adapter_state(unet, token=1024)
    assert len(state) == 4 + 2 * 70
    assert safetensors_bytes(state, "F16", False) == 698_391_064


@pytest.mark.parametrize("name", NAMED)
def test_what_others_read_in_the_published_files_stands_in_the_class(name: str) -> None:
    kind, config, *_ = PUBLISHED[name]
    with init_empty_weights():
        state = kind(**config).state_dict()
    assert name != "qwen-edit autoencoder" or len(state) == 194
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
    # The paper states 49.57 million trained parameters, and 167.02 million removed: 123.06 of the text encoder.
    assert sum(weight.numel() for weight in attention.values()) == 49_574_080
    whole = sum(weight.numel() for weight in unet.parameters())
    skip_text(unet)
    assert whole - sum(weight.numel() for weight in unet.parameters()) == 43_962_560


def test_catvton_s_autoencoder_is_the_published_file_to_the_last_byte() -> None:
    with init_empty_weights():
        state = AutoencoderKL(**AUTOENCODER).state_dict()
    assert safetensors_bytes({old_name(name): each for name, each in state.items()}, "F32", True) == 334_643_276
