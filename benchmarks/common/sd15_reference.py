"""Cost of a network of usual size on this machine: one step of Stable Diffusion 1.5's UNet with random weights."""

from __future__ import annotations

import time

import torch
from diffusers import UNet2DConditionModel

from pipelines.embedded.device import find_device, inference_dtype

STEPS = 25
"""Steps of an ordinary run; guidance doubles the work of each."""
_LATENT = 8
_CONFIGURATION = {
    "in_channels": 4,
    "out_channels": 4,
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "cross_attention_dim": 768,
    "attention_head_dim": 8,
}


@torch.inference_mode()
def guided_run_seconds(size: tuple[int, int]) -> tuple[float, int]:
    """Return the seconds of ``STEPS`` guided steps, extrapolated from one, without text encoder and decoder.

    Args:
        size: (height, width) of the picture, multiples of 64.
    Returns:
        Seconds, and the network's number of parameters.
    """
    device = find_device()
    with torch.device("meta"):
        network = UNet2DConditionModel(**_CONFIGURATION)
    network = network.to(inference_dtype(device)).to_empty(device=device)
    for part in network.parameters():
        part.normal_(std=0.02)
    pair = {"device": device, "dtype": network.dtype}
    latents = torch.randn(2, 4, size[0] // _LATENT, size[1] // _LATENT, **pair)
    told = torch.randn(2, 77, _CONFIGURATION["cross_attention_dim"], **pair)
    start = time.perf_counter()
    network(latents, 500, told)
    if device.type == "cuda":
        torch.cuda.synchronize()
    return STEPS * (time.perf_counter() - start), sum(part.numel() for part in network.parameters())
