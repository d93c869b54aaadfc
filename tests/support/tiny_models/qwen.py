"""Qwen-Image-Edit at its smallest: the real classes with random weights, saved as the hub would serve them."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKLQwenImage,
    FlowMatchEulerDiscreteScheduler,
    QwenImageEditPlusPipeline,
    QwenImageTransformer2DModel,
)
from safetensors.torch import save_file
from transformers import (
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

from pipelines.hub.models.qwen_edit import LIGHTNING
from tests.support.tiny_models.base import CHAT, byte_tokenizer

WIDTH, LATENT, HEADS, RANK = 16, 4, 2, 4
_MARKS = ("<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")


def tiny_text_encoder(tokens: int, ids: dict[str, int]) -> Qwen2_5_VLForConditionalGeneration:
    config = Qwen2_5_VLConfig(
        text_config={
            "vocab_size": tokens,
            "hidden_size": WIDTH,
            "intermediate_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2], "rope_theta": 1e6},
        },
        vision_config={
            "depth": 2,
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_heads": 2,
            "out_hidden_size": WIDTH,
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
    )
    return Qwen2_5_VLForConditionalGeneration(config).eval()


def tiny_qwen_edit() -> QwenImageEditPlusPipeline:
    torch.manual_seed(0)
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": list(_MARKS)})
    ids = {mark: tokenizer.convert_tokens_to_ids(mark) for mark in _MARKS}
    transformer = QwenImageTransformer2DModel(
        in_channels=4 * LATENT,
        out_channels=LATENT,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=HEADS,
        joint_attention_dim=WIDTH,
        axes_dims_rope=(8, 4, 4),
        zero_cond_t=True,
    )
    vae = AutoencoderKLQwenImage(
        base_dim=4,
        z_dim=LATENT,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=[0.0] * LATENT,
        latents_std=[1.0] * LATENT,
    )
    return QwenImageEditPlusPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift_terminal=0.02),
        vae=vae.eval(),
        text_encoder=tiny_text_encoder(len(tokenizer), ids),
        tokenizer=tokenizer,
        processor=Qwen2VLProcessor(
            image_processor=Qwen2VLImageProcessor(),
            tokenizer=tokenizer,
            video_processor=Qwen2VLVideoProcessor(),
            chat_template=CHAT,
        ),
        transformer=transformer.eval(),
    )


def save_lightning(folder: Path) -> None:
    """Write low-rank weights with the names of the published ones."""
    width = 16 * HEADS
    state = {}
    for layer in ("to_q", "to_k", "to_v", "to_out.0", "add_q_proj", "add_k_proj", "add_v_proj", "to_add_out"):
        name = f"transformer_blocks.0.attn.{layer}"
        state[f"{name}.lora_down.weight"] = torch.randn(RANK, width)
        state[f"{name}.lora_up.weight"] = torch.randn(width, RANK)
        state[f"{name}.alpha"] = torch.tensor(float(RANK))
    folder.mkdir(parents=True)
    save_file(state, folder / LIGHTNING)


def save_qwen_edit(root: Path, base: str, lightning: str) -> None:
    """Write the two repositories into a folder that stands for the hub."""
    tiny_qwen_edit().save_pretrained(root / base)
    save_lightning(root / lightning)
