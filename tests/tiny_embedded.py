"""The embedded pipeline at its smallest, with random weights that do change the draft."""

from __future__ import annotations

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from pipelines.embedded import EmbeddedPipeline
from pipelines.embedded_network import TINY, ConditionEncoder, make_unet


def tiny_pipeline(strength: float = 0.05) -> EmbeddedPipeline:
    """The same at every call.

    Args:
        strength: spread of the last layer's weights; 0 gives the draft back.
    """
    torch.manual_seed(0)
    unet = make_unet(TINY)
    torch.nn.init.normal_(unet.conv_out.weight, std=strength)
    pipeline = EmbeddedPipeline(unet.eval(), ConditionEncoder(TINY.token).eval(), FlowMatchEulerDiscreteScheduler())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
