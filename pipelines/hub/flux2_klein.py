"""FLUX.2 klein: an editor of pictures that sees the draft, the garment and the pose map, in four steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from pipelines.hub.catalogue import weights_of
from pipelines.hub.placing import choose_place, free_memory_gb, place_pipeline, prepare_libraries
from pipelines.hub.prompts import instruct_edit
from pipelines.hub.references import as_shot, read_references
from vmodel.take import Take
from vmodel.types import ByteArray

STEPS = 4
"""klein was distilled to four steps without guidance (its model card)."""
GUIDANCE_SCALE = 1.0


class Flux2Klein:
    """The pipeline as the main path calls it.

    Args:
        folder: of the weights, from ``pipelines.hub.store.find_weights``.
        steps: network calls for a picture.
    Raises:
        PackageMissing: ``transformers`` is not installed.
    """

    name = "flux2-klein"
    generative = True

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.steps = steps
        prepare_libraries()
        from diffusers import Flux2KleinPipeline

        place = choose_place(free_memory_gb(), weights_of(self.name).memory_gb)
        self.pipeline: Any = Flux2KleinPipeline.from_pretrained(
            folder / "pipeline", dtype=torch.float32 if place == "cpu" else torch.bfloat16, local_files_only=True
        )
        place_pipeline(self.pipeline, place)

    def __call__(self, take: Take) -> ByteArray:
        """Turn the take's draft into a photograph.

        Returns:
            (H, W, 3) uint8 sRGB; (H, W, 4) with the draft's straight alpha on the transparent background.
        """
        shown = read_references(take)
        height, width = shown.size
        made = self.pipeline(
            image=[shown.draft, shown.garment, shown.pose_map],
            prompt=instruct_edit(take.model, take.pattern.kind, take.material),
            height=height,
            width=width,
            num_inference_steps=self.steps,
            guidance_scale=GUIDANCE_SCALE,
            # On the processor's generator, so that every machine starts from the same noise.
            generator=torch.Generator().manual_seed(take.seed),
        )
        return as_shot(made.images[0], take.draft)
