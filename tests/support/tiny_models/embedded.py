"""The embedded pipeline at its smallest, with random weights that do change the draft."""

from __future__ import annotations

import torch
from diffusers import FlowMatchEulerDiscreteScheduler

from pipelines.embedded.network import LOOK_TOKENS, TINY, ConditionEncoder, FineLight, make_unet
from pipelines.embedded.pipeline import EmbeddedPipeline


def tiny_pipeline(strength: float = 0.05) -> EmbeddedPipeline:
    """Return a pipeline that is the same at every call.

    Args:
        strength: spread of the last layer's weights; 0 leaves the draft under traced light.
    """
    torch.manual_seed(0)
    unet = make_unet(TINY)
    fine = FineLight(TINY.fine, told=LOOK_TOKENS * TINY.token)
    for last in (unet.conv_out, fine.last):
        torch.nn.init.normal_(last.weight, std=strength)
    encoder = ConditionEncoder(TINY.token)
    pipeline = EmbeddedPipeline(unet.eval(), fine.eval(), encoder.eval(), FlowMatchEulerDiscreteScheduler())
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
