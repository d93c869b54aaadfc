"""Qwen-Image-Edit: a large image editor that sees the draft, the garment and the pose map; slow and thorough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.hub.runtime.batching import HubPipeline
from pipelines.hub.runtime.device_placement import layout_here, loading_options, place_pipeline, prepare_libraries
from pipelines.hub.runtime.prompts import instruct_edit
from pipelines.hub.runtime.reference_images import as_shot, read_references
from pipelines.hub.runtime.visible_parts import find_visible_parts
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray

STEPS = 40
TRUE_CFG_SCALE = 4.0
"""Steps and guidance of the model card."""
NEGATIVE_PROMPT = " "
FEW_STEPS = 8
"""Number of steps up to which the Lightning weights are fused into the transformer; they are distilled to four."""
LIGHTNING = "Qwen-Image-Edit-2511-Lightning-4steps-V1.0-bf16.safetensors"
LIGHTNING_SCHEDULE = {
    "base_shift": math.log(3),
    "max_shift": math.log(3),
    "max_image_seq_len": 8192,
    "shift_terminal": None,
    "use_dynamic_shifting": True,
    "time_shift_type": "exponential",
}
"""Lightning was distilled at a shift of three (generate_with_diffusers.py of ModelTC/Qwen-Image-Lightning)."""


class QwenEdit(HubPipeline):
    """Qwen-Image-Edit in the form that the main path calls.

    Args:
        folder: of the weights, from ``pipelines.hub.weights.store.find_weights``.
        steps: denoising steps of a picture; each calls the network twice, or once with Lightning.
    Raises:
        PackageMissing: ``transformers``, ``torchvision`` or, for few steps, ``peft`` is not installed.
        CardTooSmall, MemoryTooSmall: it cannot work on this machine.
    """

    name = "qwen-edit"

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.steps, self.lightning = steps, steps <= FEW_STEPS
        prepare_libraries("torchvision", *(["peft"] if self.lightning else []))
        from pipelines.hub.models.qwen_edit_batch import BatchQwen

        layout = layout_here(self.name, folder)
        self.pipeline: Any = BatchQwen.from_pretrained(folder / "pipeline", **loading_options(layout))
        if self.lightning:
            lay_lightning(self.pipeline, folder / "lightning")
        place_pipeline(self.pipeline, layout)
        self.at_once = layout.batch

    def make_batch(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context; see ``HubPipeline``."""
        shown = [read_references(context, shown_size) for context in contexts]
        height, width = shown[0].size
        guidance: dict[str, Any] = {"true_cfg_scale": 1.0}
        if not self.lightning:
            guidance = {"true_cfg_scale": TRUE_CFG_SCALE, "negative_prompt": NEGATIVE_PROMPT}
        made = self.pipeline.make(
            [(each.draft, each.garment, each.pose_map) for each in shown],
            [
                instruct_edit(
                    context.model, context.reading.kind, context.material, "picture", find_visible_parts(context)
                )
                for context in contexts
            ],
            [context.seed for context in contexts],
            height=height,
            width=width,
            num_inference_steps=self.steps,
            **guidance,
        )
        return [as_shot(picture, context.draft) for picture, context in zip(made, contexts, strict=True)]


def shown_size(size: tuple[int, ...]) -> tuple[int, int]:
    """Return (height, width) of about a megapixel that the library does not change again.

    The library scales every reference to a megapixel. A picture of another size than its draft would drift against
    it, and a reference that is scaled twice is blurred.
    """
    from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus as library

    height, width = size[:2]
    # A few rounds: every shape up to 1 to 40 settles within six.
    while (fitted := library.calculate_dimensions(library.VAE_IMAGE_SIZE, width / height)) != (width, height):
        width, height = fitted
    return height, width


def lay_lightning(pipeline: Any, folder: Path) -> None:
    """Fuse the weights for few steps into a ``QwenImageEditPlusPipeline`` and set their schedule.

    Args:
        pipeline: in memory.
        folder: of the weights.
    """
    from diffusers import FlowMatchEulerDiscreteScheduler

    pipeline.load_lora_weights(str(folder), weight_name=LIGHTNING, local_files_only=True)
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
    pipeline.scheduler = FlowMatchEulerDiscreteScheduler.from_config(pipeline.scheduler.config | LIGHTNING_SCHEDULE)
