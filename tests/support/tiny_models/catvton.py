"""CatVTON at its smallest: the real classes with random weights, saved as the hub would serve them."""

from __future__ import annotations

from pathlib import Path

import torch
from accelerate.utils import save
from diffusers import AutoencoderKL, PNDMScheduler, UNet2DConditionModel
from safetensors.torch import save_file
from torch import nn


def tiny_unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        in_channels=9,
        out_channels=4,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        attention_head_dim=2,
        cross_attention_dim=12,
        norm_num_groups=4,
        sample_size=32,
    )


def tiny_vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        sample_size=512,
    )


class PublishedProcessor(nn.Module):
    """Placeholder that the authors keep as a part of each block, which their file's numbering counts."""


def save_attention(unet: UNet2DConditionModel, path: Path) -> None:
    """Write the self-attention like its authors: every part of every block in one list, each weight once."""
    parts = nn.ModuleList()
    for name, block in unet.named_modules():
        if name.endswith(".attn1"):
            block.processor = PublishedProcessor()
    for name, part in unet.named_modules():
        if "attn1" in name:
            parts.append(part)
    path.parent.mkdir(parents=True)
    save(parts.state_dict(), path, safe_serialization=True)


def old_name(name: str) -> str:
    """Return the former name of an autoencoder weight, as in the published file."""
    for new, old in (("to_q", "query"), ("to_k", "key"), ("to_v", "value"), ("to_out.0", "proj_attn")):
        name = name.replace(f"attentions.0.{new}.", f"attentions.0.{old}.")
    return name


def save_vae(folder: Path) -> None:
    """Write the autoencoder with the old names."""
    vae = tiny_vae()
    vae.save_pretrained(folder)
    state = {old_name(name): weight.contiguous() for name, weight in vae.state_dict().items()}
    save_file(state, folder / "diffusion_pytorch_model.safetensors", metadata={"format": "pt"})


def save_catvton(root: Path, base: str, vae: str, attention: str) -> None:
    """Write the three repositories into a folder that stands for the hub."""
    torch.manual_seed(0)
    tiny_unet().save_pretrained(root / base / "unet", variant="fp16")
    # The published schedule belongs to another sampler; DDIM takes the values that it supports.
    schedule = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    PNDMScheduler(**schedule, skip_prk_steps=True, steps_offset=1).save_pretrained(root / base / "scheduler")
    save_vae(root / vae)
    save_attention(tiny_unet(), root / attention / "mix-48k-1024" / "attention" / "model.safetensors")
