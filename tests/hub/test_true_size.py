"""The classes that the pipelines load, at their published size: each fits its published file to the last byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from accelerate import init_empty_weights
from diffusers import (
    AutoencoderKLQwenImage,
    ControlNetUnionModel,
    Flux2Transformer2DModel,
    QwenImageTransformer2DModel,
    UNet2DConditionModel,
)
from huggingface_hub import split_torch_state_dict_into_shards

from benchmarks.true_size import KLEIN, PARAMETERS, SDXL, SDXL_SHARED

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
    """Size of the file that ``save_pretrained`` would write in 16 bits: names and shapes in a header, then numbers."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}} if named else {}
    end = 0
    for name, tensor in sorted(state.items()):
        start, end = end, end + 2 * tensor.numel()
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
