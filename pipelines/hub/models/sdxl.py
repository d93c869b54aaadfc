"""Stable Diffusion XL: starts from the draft, with pose and depth (ControlNet) and the garment (IP-Adapter)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from pipelines.hub.runtime.batching import EncodingCache, HubPipeline
from pipelines.hub.runtime.device_placement import (
    Layout,
    layout_here,
    loading_options,
    place_pipeline,
    prepare_libraries,
)
from pipelines.hub.runtime.prompts import NEGATIVE_PROMPT, describe_photograph
from pipelines.hub.runtime.reference_images import as_shot, read_references
from pipelines.hub.runtime.visible_parts import find_visible_parts
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray, FloatArray

STEPS = 15
STRENGTH = 0.5
"""Share of noise at the start from the draft: enough for skin and hair, not enough to move a limb."""
GUIDANCE_SCALE = 5.0
CONTROL_SCALE = 0.8
GARMENT_SCALE = 0.6
"""Weight of the garment's look in the IP-Adapter, inside the garment's mask only."""
_ENCODED = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
"""Names in the library of an encoded caption and its negative, in its order."""
POSE, DEPTH = 0, 1
"""Kinds of condition in ControlNet-Union's own order (its model card)."""


class Sdxl(HubPipeline):
    """Stable Diffusion XL in the form that the main path calls.

    Args:
        folder: of the weights, from ``pipelines.hub.weights.store.find_weights``.
        steps: network calls for a picture.
    Raises:
        PackageMissing: ``transformers`` or what the settings need is not installed.
        CardTooSmall, MemoryTooSmall: it cannot work on this machine.
    """

    name = "sdxl"

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.steps = steps
        prepare_libraries()
        layout = layout_here(self.name, folder)
        self.pipeline: Any = load_sdxl(folder, layout)
        place_pipeline(self.pipeline, layout)
        self.at_once, self._captions_kept, self._garments_kept = layout.batch, EncodingCache(), EncodingCache()

    def make_batch(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context; see ``HubPipeline``."""
        shown = [read_references(context) for context in contexts]
        height, width = shown[0].size
        near = [near_map(context.maps.depth_m, each.size) for context, each in zip(contexts, shown, strict=True)]
        masks = torch.cat([garment_mask(context.maps.garment_mask, (height, width)) for context in contexts])
        made = self.pipeline(
            **self._captions(contexts),
            ip_adapter_image_embeds=self._garment(contexts[0], shown[0].garment),
            image=[each.draft for each in shown],
            strength=STRENGTH,
            control_image=[[each.pose_map for each in shown], near],
            control_mode=[POSE, DEPTH],
            controlnet_conditioning_scale=CONTROL_SCALE,
            # Guidance calls the network twice per picture, without and with its conditions.
            cross_attention_kwargs={"ip_adapter_masks": [torch.cat([masks, masks])]},
            # The library counts the steps from pure noise and walks the last part of them.
            num_inference_steps=round(self.steps / STRENGTH),
            guidance_scale=GUIDANCE_SCALE,
            height=height,
            width=width,
            # On the processor's generator, so that every machine starts from the same noise.
            generator=[torch.Generator().manual_seed(context.seed) for context in contexts],
        )
        return [as_shot(picture, context.draft) for picture, context in zip(made.images, contexts, strict=True)]

    def _captions(self, contexts: Sequence[RenderContext]) -> dict[str, Tensor]:
        """Encode the contexts' captions and the negative prompt."""
        captions = [
            describe_photograph(context.model, context.reading.kind, context.material, find_visible_parts(context))
            for context in contexts
        ]
        encoded = [self._captions_kept.get_or_compute(caption, partial(self._encode, caption)) for caption in captions]
        return {name: torch.cat(tensors) for name, tensors in zip(_ENCODED, zip(*encoded, strict=True), strict=True)}

    def _encode(self, caption: str) -> tuple[Tensor, ...]:
        encoded: tuple[Tensor, ...] = self.pipeline.encode_prompt(caption, negative_prompt=NEGATIVE_PROMPT)
        return encoded

    def _garment(self, context: RenderContext, garment: Image.Image) -> list[Tensor]:
        """Return the IP-Adapter's embeddings of the garment, and of none."""
        pipeline = self.pipeline
        return self._garments_kept.get_or_compute(
            context.reading.key,
            lambda: pipeline.prepare_ip_adapter_image_embeds(garment, None, pipeline._execution_device, 1, True),
        )


def load_sdxl(folder: Path, layout: Layout) -> Any:
    """Load the networks of three repositories as one pipeline.

    Args:
        folder: with the parts' folders "pipeline", "controlnet" and "ip-adapter".
        layout: placement and precision; the autoencoder goes to float32 by itself where it would overflow in 16 bits.
    """
    from diffusers import ControlNetUnionModel, StableDiffusionXLControlNetUnionImg2ImgPipeline

    controlnet = ControlNetUnionModel.from_pretrained(
        folder / "controlnet", dtype=layout.dtype(torch.float16), local_files_only=True
    )
    pipeline = StableDiffusionXLControlNetUnionImg2ImgPipeline.from_pretrained(
        folder / "pipeline", controlnet=controlnet, variant="fp16", **loading_options(layout, torch.float16)
    )
    pipeline.load_ip_adapter(
        str(folder / "ip-adapter"),
        subfolder="sdxl_models",
        weight_name="ip-adapter_sdxl_vit-h.safetensors",
        image_encoder_folder="models/image_encoder",
        local_files_only=True,
    )
    pipeline.set_ip_adapter_scale(GARMENT_SCALE)
    return pipeline


def near_map(depth_m: FloatArray, size: tuple[int, int]) -> Image.Image:
    """Convert depth to the form of monocular estimators, which ControlNets know: near white, far darker, never black.

    Args:
        depth_m: (H, W) metres; 0 where there is nothing.
        size: (height, width) of the picture.
    """
    near = np.zeros(depth_m.shape, np.float32)
    there = depth_m > 0
    if there.any():
        inverse = 1 / depth_m[there]
        least, most = float(inverse.min()), float(inverse.max())
        near[there] = 0.35 + 0.65 * (inverse - least) / max(most - least, 1e-6)
    grey = Image.fromarray((near * 255 + 0.5).astype(np.uint8)).convert("RGB")
    return grey if grey.size == (size[1], size[0]) else grey.resize((size[1], size[0]), Image.Resampling.BILINEAR)


def garment_mask(coverage: FloatArray, size: tuple[int, int]) -> Tensor:
    """Return the mask in which the IP-Adapter may act.

    Args:
        coverage: (H, W) of the garment, 0..1.
        size: (height, width) of the picture.
    Returns:
        (1, 1, height, width) float32, 0 or 1.
    """
    from diffusers.image_processor import IPAdapterMaskProcessor

    mask = Image.fromarray((coverage * 255 + 0.5).astype(np.uint8))
    made: Tensor = IPAdapterMaskProcessor().preprocess([mask], height=size[0], width=size[1])
    return made
