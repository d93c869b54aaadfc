"""Device and precision of the embedded network."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch


def find_device() -> torch.device:
    """Return the CUDA card if there is one, otherwise the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def is_fast_in_bfloat16(device: torch.device) -> bool:
    """Check that convolutions in bfloat16 are faster than in float32.

    A CPU needs instructions for it: with Intel's matrix units (AMX) the network takes a quarter of the time, with
    AVX-512 six tenths, and without either several times longer.

    Args:
        device: from ``find_device``.
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    # Releases of torch that cannot report the processor's features compute in float32.
    abilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(abilities.get(name, False) for name in ("amx_bf16", "avx512_bf16"))


def inference_dtype(device: torch.device) -> torch.dtype:
    """Return the type of the weights for inference: bfloat16 where it is fast, otherwise float32."""
    return torch.bfloat16 if is_fast_in_bfloat16(device) else torch.float32


def learning_precision(device: torch.device) -> AbstractContextManager[None]:
    """Return the context of a training step's forward pass: bfloat16 autocast where it is fast."""
    return torch.autocast(device.type, torch.bfloat16, enabled=is_fast_in_bfloat16(device))
