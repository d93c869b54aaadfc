"""Embedded pipeline: vmodel's own small diffusion model relights the draft like a photograph, offline, on a CPU."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline, FlowMatchEulerDiscreteScheduler, UNet2DConditionModel
from diffusers.utils import BaseOutput, logging
from einops import rearrange
from torch import Tensor

from pipelines.common.network_images import frame_flat_lay, over_backdrop
from pipelines.embedded.close_ups import lay_near, near_views
from pipelines.embedded.conditioning import Conditions, Look, look_vector, stack_conditions
from pipelines.embedded.develop import develop_light
from pipelines.embedded.device import find_device, inference_dtype
from pipelines.embedded.exposure import ExposedView, normalise_exposure
from pipelines.embedded.log_ratio import apply_ratio, limit_on_cloth, to_linear, to_srgb
from pipelines.embedded.network import ConditionEncoder, FineLight
from pipelines.embedded.sampling import LONGEST, joint_bilateral_upsample, light_figure, sample_ratio
from vmodel.core.colour import to_srgb as encode_srgb
from vmodel.errors import WeightsMissing
from vmodel.scene import TracedLight, shrink, trace_light
from vmodel.shot.pipeline_interface import GarmentReading, RenderContext
from vmodel.types import ByteArray, Camera, ConditionMaps, FloatArray

STEPS = 1
FOLDER = "embedded"
_FIGURE_SHARE = 0.895
"""Share of the picture's height that ``frame_camera`` gives a whole figure."""


@dataclass
class EmbeddedOutput(BaseOutput):  # type: ignore[misc]
    """Output of the pipeline.

    Attributes:
        images: (H, W, 3) uint8 sRGB.
        ratio: (1, 3, H, W) log ratio of the picture over the draft in linear light.
    """

    images: ByteArray
    ratio: Tensor


class EmbeddedPipeline(DiffusionPipeline):  # type: ignore[misc]
    """Diffusion pipeline from condition maps, flat-lay and look to a picture.

    It saves and loads with ``save_pretrained`` and ``from_pretrained``; ``DiffusionPipeline.from_pretrained``, which
    looks for classes in diffusers only, needs
    ``custom_pipeline=pipelines.embedded.pipeline.__file__, trust_remote_code=True``.

    Args:
        unet: predicts the clean log ratio, see ``network.predict_ratio``.
        fine: adds detail that the UNet's grid is too coarse for.
        encoder: tokens of flat-lay and look.
        scheduler: flow matching, without shift.
    """

    model_cpu_offload_seq = "encoder->unet->fine"

    def __init__(
        self,
        unet: UNet2DConditionModel,
        fine: FineLight,
        encoder: ConditionEncoder,
        scheduler: FlowMatchEulerDiscreteScheduler,
    ) -> None:
        super().__init__()
        self.register_modules(unet=unet, fine=fine, encoder=encoder, scheduler=scheduler)

    @torch.inference_mode()
    def __call__(
        self, conditions: Conditions, flat_lay: Tensor, look: Look, steps: int = STEPS, seed: int = 0
    ) -> EmbeddedOutput:
        """Light one picture.

        Args:
            conditions: of one picture of any size.
            flat_lay: (1, 3, 128, 128) sRGB in -1..1, on white.
            look: properties of the person; its zoom is that of ``conditions``.
            steps: calls of the UNet, 1..8.
            seed: the only source of randomness.
        """
        generator = torch.Generator().manual_seed(seed)

        def tell(scale: float) -> Tensor:
            nearer = torch.from_numpy(look_vector(replace(look, zoom=look.zoom * scale)))[None]
            told = (part.to(self.encoder.device, self.encoder.dtype) for part in (flat_lay, nearer))
            tokens: Tensor = self.encoder(*told)
            return tokens

        def sample(seen: Conditions) -> Tensor:
            return sample_ratio(self.unet, self.fine, self.scheduler, seen, tell, steps, generator)

        ratio = light_figure(conditions, sample)
        picture = to_srgb(apply_ratio(conditions.draft, ratio))[0]
        images = (rearrange(picture, "c h w -> h w c") * 255 + 0.5).to(torch.uint8).numpy()
        return EmbeddedOutput(images=images, ratio=ratio)


class Embedded:
    """Embedded pipeline in the form that the main path calls.

    Args:
        folder: where ``EmbeddedPipeline.save_pretrained`` wrote.
        steps: see ``EmbeddedPipeline``.
    Raises:
        WeightsMissing: the folder holds no pipeline, or one that another version of vmodel exported.
    """

    name = "embedded"
    generative = True

    def __init__(self, folder: Path, steps: int = STEPS) -> None:
        if not (folder / "model_index.json").is_file():
            remedy = "restore the weights folder, make them with `vmodel train`, or pass --pipeline draft"
            raise WeightsMissing(f"{FOLDER}/model_index.json", remedy)
        self.pipeline = load_embedded(folder)
        self.steps = steps

    def __call__(self, context: RenderContext) -> ByteArray:
        """Light the context's draft.

        Returns:
            (H, W, 3) uint8 sRGB; (H, W, 4) with the draft's straight alpha on the transparent background.
        """
        context.scene.precompute(context.light, context.camera, context.seed)
        # Rays and arrays release the GIL, so a second core is busy meanwhile.
        with ThreadPoolExecutor(1) as beside:
            light_on_all = beside.submit(traced_light, context, context.camera, LONGEST)
            drawn = beside.submit(lambda: context.draft)
            near, light_near = [], []
            for seen_near in near_views(context):
                near.append(seen_near)
                light_near.append(beside.submit(traced_light, context, seen_near.window.camera, seen_near.traced_px))
            sides = [(drawn.result(), context.maps, light_on_all.result())]
            sides += [(each.draft, each.maps, light.result()) for each, light in zip(near, light_near, strict=True)]
        zooms = [1.0, *(each.window.factor for each in near)]
        views = [
            ExposedView(light, draft, maps.parts, maps.hair_mask)
            for light, (draft, maps, _) in zip(develop_light([traced for *_, traced in sides]), sides, strict=True)
        ]
        told = [
            read_conditions(maps, over_backdrop(draft), light)
            for (draft, maps, _), light in zip(sides, normalise_exposure(views), strict=True)
        ]
        flat_lay, look = read_flat_lay(context.reading), read_look(context)
        answers = []
        for view, conditions, zoom in zip(views, told, zooms, strict=True):
            seen = replace(look, zoom=look.zoom * zoom)
            ratio = self.pipeline(conditions, flat_lay, seen, self.steps, context.seed).ratio
            answers.append(replace(view, light=rearrange(ratio[0].numpy(), "c h w -> h w c")))
        lit = []
        for view, conditions, light in zip(views, told, normalise_exposure(answers), strict=True):
            ratio = rearrange(torch.from_numpy(light), "h w c -> 1 c h w")
            lit.append(
                relight(
                    view.draft, limit_on_cloth(ratio, conditions.traced[:, :3], conditions.garment, conditions.draft)
                )
            )
        picture = lit[0]
        for seen_near, lit_near in zip(near, lit[1:], strict=True):
            picture = lay_near(lit_near, seen_near, picture, context)
        return picture


def relight(draft: ByteArray, ratio: Tensor) -> ByteArray:
    """Change the light of a draft.

    Args:
        draft: (H, W, 3) uint8 sRGB, or (H, W, 4) with straight alpha.
        ratio: (1, 3, H, W) log ratio.
    Returns:
        The same shape, with the draft's alpha where it has one.
    """
    straight = rearrange(torch.from_numpy(draft[..., :3].astype(np.float32) / 255), "h w c -> 1 c h w")
    lit = to_srgb(apply_ratio(to_linear(straight), ratio))[0]
    colour = (rearrange(lit, "c h w -> h w c") * 255 + 0.5).to(torch.uint8).numpy()
    return np.dstack([colour, draft[..., 3:]])


def load_embedded(folder: Path) -> EmbeddedPipeline:
    """Load the pipeline on the device and in the precision that suit this machine; see ``device``.

    Raises:
        WeightsMissing: the folder holds a pipeline that another version of vmodel exported.
    """
    device = find_device()
    pipeline = read_embedded(folder, inference_dtype(device))
    pipeline.to(device)
    for network in (pipeline.unet, pipeline.fine):
        network.to(memory_format=torch.channels_last)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def read_embedded(folder: Path, dtype: torch.dtype = torch.float32) -> EmbeddedPipeline:
    """Read an exported pipeline into the processor's memory.

    Raises:
        WeightsMissing: another version of vmodel exported it.
    """
    try:
        with _without_progress_bar():
            pipeline: EmbeddedPipeline = EmbeddedPipeline.from_pretrained(folder, dtype=dtype, local_files_only=True)
    except ValueError as error:  # its index names modules or parts that are not there
        remedy = "those there are of another version, so export them again from the run with `vmodel train --export`"
        raise WeightsMissing(f"{folder.name}/model_index.json", remedy) from error
    return pipeline


@contextmanager
def _without_progress_bar() -> Iterator[None]:
    """Hide the progress bar of a load that takes a second; it would stand among the errors."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def traced_light(context: RenderContext, camera: Camera, longest: int) -> TracedLight:
    """Trace light with at most ``longest`` pixels on a side: rays for every pixel of a large picture take too long."""
    return trace_light(context.scene, shrink(camera, longest), context.light, context.seed)


def read_conditions(maps: ConditionMaps, draft: ByteArray, traced: FloatArray) -> Conditions:
    """Convert condition maps to the form of the network's training pictures.

    Args:
        maps: of one camera.
        draft: (H, W, 3) uint8 sRGB of the same camera.
        traced: (h, w, TRACED_PLANES) of it, perhaps smaller: it is upsampled along the draft's edges.
    """
    height, width = maps.parts.shape
    whole = traced.shape[:2] == (height, width)
    arrays: dict[str, Any] = {
        "draft": draft,
        "albedo": encode_srgb(maps.albedo),
        "normals": np.rint(maps.normals * 127),
        "depth_m": maps.depth_m,
        "parts": maps.parts,
        "garment": maps.garment_mask * 255,
        "person": maps.person_mask * 255,
        "hair": maps.hair_mask * 255,
        "pose_map": maps.pose_map,
        "traced": traced if whole else np.zeros((height, width, traced.shape[2]), np.float32),
    }
    conditions = stack_conditions([arrays])
    if whole:
        return conditions
    planes = rearrange(torch.from_numpy(traced), "h w c -> 1 c h w")
    return replace(
        conditions, traced=joint_bilateral_upsample(planes, conditions.resized(traced.shape[:2]), conditions)
    )


def read_flat_lay(reading: GarmentReading) -> Tensor:
    """Return (1, 3, 128, 128) sRGB in -1..1: the garment cut out, whole, centred on white."""
    return flat_lay_tensor(frame_flat_lay(reading.flat_lay.rgb, reading.cutout.matte))


def flat_lay_tensor(flat_lay: ByteArray) -> Tensor:
    """Convert a (128, 128, 3) uint8 picture to (1, 3, 128, 128) in -1..1."""
    return rearrange(torch.from_numpy(flat_lay.astype(np.float32)), "h w c -> 1 c h w") / 127.5 - 1


def read_look(context: RenderContext) -> Look:
    """Return the properties of the person, the light and the cloth."""
    model, depth = context.model, context.maps.depth_m
    distance = float(np.median(depth[depth > 0])) if (depth > 0).any() else 1.0
    figure_px_per_m = _FIGURE_SHARE * 512 / (model.height_cm / 100)
    return Look(
        skin_tone=model.skin_tone,
        hair_colour=model.hair.colour,
        age=model.age,
        gender=model.gender,
        light=context.light,
        material=context.material,
        zoom=context.camera.focal_px / distance / figure_px_per_m,
    )
