"""Stable Diffusion XL with ControlNet-Union and IP-Adapter at their smallest, saved as the hub would serve them."""

from __future__ import annotations

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    ControlNetUnionModel,
    EulerDiscreteScheduler,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

TOKEN = 32
_SHARED = {
    "block_out_channels": (16, 16),
    "layers_per_block": 1,
    "in_channels": 4,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "attention_head_dim": (1, 2),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "transformer_layers_per_block": (1, 1),
    "projection_class_embeddings_input_dim": 6 * 8 + TOKEN,
    "cross_attention_dim": 2 * TOKEN,
    "norm_num_groups": 4,
}


def letter_tokenizer() -> CLIPTokenizer:
    """Return a CLIP tokenizer that knows single letters only."""
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=[], model_max_length=77)


def text_config(vocabulary: int) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=TOKEN,
        intermediate_size=16,
        projection_dim=TOKEN,
        num_hidden_layers=2,
        num_attention_heads=2,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )


def tiny_base() -> StableDiffusionXLPipeline:
    tokenizer = letter_tokenizer()
    vae = AutoencoderKL(
        block_out_channels=(4, 4, 4, 4),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        sample_size=128,
    )
    return StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=CLIPTextModel(text_config(len(tokenizer))),
        text_encoder_2=CLIPTextModelWithProjection(text_config(len(tokenizer))),
        tokenizer=tokenizer,
        tokenizer_2=letter_tokenizer(),
        unet=UNet2DConditionModel(
            **_SHARED, out_channels=4, up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"), sample_size=32
        ),
        scheduler=EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear"),
    )


def tiny_controlnet() -> ControlNetUnionModel:
    return ControlNetUnionModel(
        **_SHARED,
        conditioning_embedding_out_channels=(4, 4, 4, 4),
        num_trans_channel=16,
        num_trans_head=2,
        num_proj_channel=16,
    )


def adapter_state(unet: UNet2DConditionModel, token: int) -> dict[str, torch.Tensor]:
    """Return random weights of an IP-Adapter of the plain kind for a network, by the published names.

    Args:
        unet: the network whose cross-attention gets four more tokens.
        token: width of the image encoder's output.
    """
    tokens, width = 4, unet.config.cross_attention_dim
    state = {
        "image_proj.proj.weight": torch.randn(tokens * width, token, device=unet.device) * 0.1,
        "image_proj.proj.bias": torch.zeros(tokens * width, device=unet.device),
        "image_proj.norm.weight": torch.ones(width, device=unet.device),
        "image_proj.norm.bias": torch.zeros(width, device=unet.device),
    }
    attending = [name for name in unet.attn_processors if "attn2" in name]
    for number, name in enumerate(attending):
        hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.in_features
        for which in ("to_k_ip", "to_v_ip"):
            weight = torch.randn(hidden, width, device=unet.device) * 0.1
            state[f"ip_adapter.{2 * number + 1}.{which}.weight"] = weight
    return state


def published_names(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Rename a CLIP encoder's weights to the names in files of older library versions."""
    if "vision_model.embeddings.class_embedding" in state:
        places = torch.arange(len(state["vision_model.embeddings.position_embedding.weight"]))[None]
        return {**state, "vision_model.embeddings.position_ids": places}
    return {name if name.startswith("text_") else f"text_model.{name}": weight for name, weight in state.items()}


def rename_as_published(path: Path) -> None:
    """Give the weights in a file the published names."""
    state = {name: weight.contiguous() for name, weight in published_names(load_file(path)).items()}
    save_file(state, path, metadata={"format": "pt"})


def save_ip_adapter(unet: UNet2DConditionModel, folder: Path) -> None:
    """Write an IP-Adapter and its image encoder, in the layout of the published one."""
    (folder / "sdxl_models").mkdir(parents=True)
    save_file(adapter_state(unet, TOKEN), folder / "sdxl_models" / "ip-adapter_sdxl_vit-h.safetensors")
    encoder = CLIPVisionModelWithProjection(
        CLIPVisionConfig(
            hidden_size=TOKEN,
            intermediate_size=16,
            projection_dim=TOKEN,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            patch_size=8,
        )
    )
    encoder.save_pretrained(folder / "models" / "image_encoder")
    rename_as_published(folder / "models" / "image_encoder" / "model.safetensors")


def save_sdxl(root: Path, base: str, controlnet: str, ip_adapter: str) -> None:
    """Write the three repositories into a folder that stands for the hub."""
    torch.manual_seed(0)
    pipeline = tiny_base()
    pipeline.save_pretrained(root / base, variant="fp16")
    for encoder in ("text_encoder", "text_encoder_2"):
        rename_as_published(root / base / encoder / "model.fp16.safetensors")
    tiny_controlnet().save_pretrained(root / controlnet)
    save_ip_adapter(pipeline.unet, root / ip_adapter)
