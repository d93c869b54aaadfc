"""Where a pipeline's weights lie while it works."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch

from vmodel.errors import PackageMissing


def choose_place(free_gb: float | None, needed_gb: float) -> str:
    """Where weights of this size go.

    Args:
        free_gb: free memory of the graphics card, or None where there is none.
        needed_gb: to hold everything at once.
    Returns:
        "cpu", "cuda", or "offload": each network is on the card only while it works.
    """
    if free_gb is None:
        return "cpu"
    return "cuda" if free_gb >= needed_gb else "offload"


def free_memory_gb() -> float | None:
    """Free memory of the graphics card, or None where there is none."""
    return torch.cuda.mem_get_info()[0] / 1e9 if torch.cuda.is_available() else None


def place_pipeline(pipeline: Any, place: str) -> None:
    """Put a ``DiffusionPipeline`` where ``choose_place`` says, and keep it quiet."""
    pipeline.set_progress_bar_config(disable=True)
    if place == "cuda":
        pipeline.to("cuda")
    elif place == "offload":
        pipeline.enable_model_cpu_offload()


def prepare_libraries(*further: str) -> None:
    """Make sure that text encoders can be loaded, and that they write nothing between our lines.

    Args:
        further: packages that are needed besides ``transformers``.
    Raises:
        PackageMissing: one of them is not installed.
    """
    for package in ("transformers", *further):
        if find_spec(package) is None:
            raise PackageMissing(package, extra="gpu")
    import diffusers.utils.logging
    import transformers.utils.logging

    for library in (diffusers.utils.logging, transformers.utils.logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
