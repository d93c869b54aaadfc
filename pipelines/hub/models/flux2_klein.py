"""FLUX.2 klein: an image editor that sees the draft, the garment and the pose map, in four steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from pipelines.hub.runtime.batching import HubPipeline
from pipelines.hub.runtime.device_placement import layout_here, loading_options, place_pipeline, prepare_libraries
from pipelines.hub.runtime.prompts import instruct_edit
from pipelines.hub.runtime.reference_images import as_shot, read_references
from pipelines.hub.runtime.settings import read_tuning
from pipelines.hub.runtime.visible_parts import find_visible_parts
from vmodel.errors import BadUsage
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray

STEPS = 4
"""klein was distilled to four steps without guidance (its model card)."""
GUIDANCE_SCALE = 1.0


class Flux2Klein(HubPipeline):
    """FLUX.2 klein in the form that the main path calls.

    Args:
        folder: of the weights, from ``pipelines.hub.weights.store.find_weights``.
        steps: network calls for a picture.
    Raises:
        PackageMissing: ``transformers`` or what the settings need is not installed.
        CardTooSmall, MemoryTooSmall: it cannot work on this machine.
    """

    name = "flux2-klein"

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        self.steps = steps
        tuning = read_tuning()
        prepare_libraries(*(["peft"] if tuning.lora else []))
        from pipelines.hub.models.flux2_klein_batch import BatchKlein

        layout = layout_here(self.name, folder, tuning)
        self.pipeline: Any = BatchKlein.from_pretrained(folder / "pipeline", **loading_options(layout))
        if tuning.lora is not None:
            lay_lora(self.pipeline, tuning.lora)
        place_pipeline(self.pipeline, layout)
        self.at_once = layout.batch

    def make_batch(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context; see ``HubPipeline``."""
        shown = [read_references(context) for context in contexts]
        height, width = shown[0].size
        made = self.pipeline.make(
            [(each.draft, each.garment, each.pose_map) for each in shown],
            [
                instruct_edit(context.model, context.reading.kind, context.material, seen=find_visible_parts(context))
                for context in contexts
            ],
            [context.seed for context in contexts],
            height=height,
            width=width,
            num_inference_steps=self.steps,
            guidance_scale=GUIDANCE_SCALE,
        )
        return [as_shot(picture, context.draft) for picture, context in zip(made, contexts, strict=True)]


def lay_lora(pipeline: Any, path: Path) -> None:
    """Fuse trained low-rank weights into the transformer.

    Args:
        pipeline: a ``Flux2KleinPipeline`` in memory.
        path: of the file that ``vmodel train --lora`` wrote.
    Raises:
        BadUsage: there is no such file, or it holds no weights of klein.
    """
    if not path.is_file():
        raise BadUsage(f"VMODEL_HUB_LORA names {path}, which is no file; name what `vmodel train --lora` wrote.")
    try:
        pipeline.load_lora_weights(str(path.parent), weight_name=path.name, local_files_only=True)
    except (ValueError, RuntimeError, OSError, KeyError, SafetensorError):
        raise BadUsage(f"VMODEL_HUB_LORA names {path}, which holds no LoRA of klein; train it anew.") from None
    pipeline.fuse_lora()
    pipeline.unload_lora_weights()
