"""CatVTON: inpaints the garment into a person's picture from another pipeline; for research only.

It is Stable Diffusion 1.5 for inpainting with a self-attention trained to dress (Chong et al. 2024,
https://arxiv.org/abs/2407.15886). The person, blank where the garment goes, stands above the garment in one tall
picture, so that every place of one attends to every place of the other. No text is read. diffusers has no class for it;
this module calls its networks and its scheduler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.common.batching import BatchPipeline
from pipelines.common.network_images import over_backdrop
from pipelines.hub.runtime.batching import EncodingCache, HubPipeline
from pipelines.hub.runtime.device_placement import (
    Layout,
    layout_here,
    loading_options,
    place_pipeline,
    prepare_libraries,
)
from pipelines.hub.runtime.reference_images import as_shot, frame_garment, working_size
from vmodel.errors import WeightsIncomplete
from vmodel.scene import PART_NAMES
from vmodel.shot.pipeline_interface import GarmentReading, Pipeline, RenderContext
from vmodel.types import ByteArray

STEPS = 50
GUIDANCE_SCALE = 2.5
ETA = 1.0
"""Steps, guidance and share of fresh noise per step, as its makers sample."""
ATTENTION = "mix-48k-1024/attention/model.safetensors"
_STRIDE = 8
"""Spacing of the published file's block numbers: each block counts with its seven parts."""
_REACH = 1 / 50
"""Distance beyond the garment that is painted, in picture heights; outside, the person's picture stays as it is."""
_KEPT_PARTS = [PART_NAMES.index(part) for part in ("face", "lips", "eye", "mouth", "hair", "hand")]


class CatVton(HubPipeline):
    """CatVTON in the form that the main path calls.

    Args:
        folder: of the weights, from ``pipelines.hub.weights.store.find_weights``.
        load_person: makes the pipeline whose picture is dressed; called once its own networks are in place.
        steps: denoising steps of a picture; each calls the network once, for two pictures.
    Raises:
        PackageMissing: what the settings need is not installed.
        WeightsIncomplete: the attention's file is not that of the network.
        CardTooSmall, MemoryTooSmall: it cannot work on this machine.
    """

    name = "catvton"

    def __init__(self, folder: Path, load_person: Callable[[], Pipeline], steps: int = STEPS) -> None:
        self.steps = steps
        prepare_libraries()
        layout = layout_here(self.name, folder)
        self.pipeline = load_dresser(folder, layout)
        place_pipeline(self.pipeline, layout)
        self.at_once = layout.batch
        self.person = load_person()

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make all the people first, then dress them; see ``HubPipeline``."""
        person = self.person
        made = person.make(contexts) if isinstance(person, BatchPipeline) else [person(context) for context in contexts]
        self._people = {id(context): over_backdrop(picture) for context, picture in zip(contexts, made, strict=True)}
        try:
            return super().make(contexts)
        finally:
            self._people = {}

    def make_batch(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context; see ``HubPipeline``."""
        size = working_size(contexts[0].draft.shape)
        people = [_resized(Image.fromarray(self._people[id(context)]), size) for context in contexts]
        masks = [paint_mask(context, size) for context in contexts]
        painted = self.pipeline(
            torch.cat([_signed(person) for person in people]),
            torch.cat([torch.from_numpy(mask)[None, None].float() for mask in masks]),
            contexts[0].reading.key,
            lambda: _signed(lay_on_white(contexts[0].reading, size)),
            [torch.Generator().manual_seed(context.seed) for context in contexts],
            self.steps,
        )
        return [
            as_shot(_within(mask, picture, person), context.draft)
            for mask, picture, person, context in zip(masks, painted, people, contexts, strict=True)
        ]


class Dresser(DiffusionPipeline):  # type: ignore[misc]
    """Pipeline of the networks, so that they can be placed like those of any pipeline of diffusers.

    Args:
        vae: an ``AutoencoderKL``.
        unet: a ``UNet2DConditionModel`` for inpainting, without cross-attention.
        scheduler: a ``DDIMScheduler``.
    """

    model_cpu_offload_seq = "unet->vae"

    def __init__(self, vae: Any, unet: Any, scheduler: Any) -> None:
        super().__init__()
        self.register_modules(vae=vae, unet=unet, scheduler=scheduler)
        self._kept = EncodingCache()

    @torch.no_grad()
    def __call__(
        self,
        people: Tensor,
        masks: Tensor,
        garment_key: Any,
        garment: Callable[[], Tensor],
        generators: Sequence[torch.Generator],
        steps: int,
    ) -> list[Image.Image]:
        """Paint a batch.

        Args:
            people: (N, 3, H, W) float in -1..1, sides multiples of 8.
            masks: (N, 1, H, W) float, 1 where is painted.
            garment_key: identifies the garment, which is encoded once.
            garment: returns (1, 3, H, W) float in -1..1.
            generators: N, on the processor, so that every machine samples the same noise.
            steps: of the scheduler.
        """
        device, dtype = self._execution_device, self.unet.dtype
        masks = masks.to(device, dtype)
        blanked = self._encode(people.to(device, dtype) * (masks < 0.5))
        key = (garment_key, people.shape[2:])
        cloth = self._kept.get_or_compute(key, lambda: self._encode(garment().to(device, dtype))).expand_as(blanked)
        painted = fn.interpolate(masks, size=blanked.shape[2:])
        shown = torch.cat([torch.cat([blanked, nothing], 2) for nothing in (torch.zeros_like(cloth), cloth)])
        where = torch.cat([painted, torch.zeros_like(painted)], 2).repeat(2, 1, 1, 1)
        latents = self._walk(shown, where, list(generators), steps)
        decoded = self.vae.decode(latents.chunk(2, 2)[0] / self.vae.config.scaling_factor, return_dict=False)[0]
        self.maybe_free_model_hooks()
        pictures = (decoded.float() / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(picture) for picture in (pictures * 255).round().astype(np.uint8)]

    def _walk(self, shown: Tensor, where: Tensor, generators: list[torch.Generator], steps: int) -> Tensor:
        """Sample the latents of person over garment from noise: (N, 4, 2h, w)."""
        height, width = shown.shape[2:]
        noise = [torch.randn((1, 4, height, width), generator=each) for each in generators]
        latents: Tensor = torch.cat(noise).to(shown) * self.scheduler.init_noise_sigma
        self.scheduler.set_timesteps(steps, device=shown.device)
        for time in self.scheduler.timesteps:
            # First without the garment, then with it.
            noisy = self.scheduler.scale_model_input(latents.repeat(2, 1, 1, 1), time)
            asked = torch.cat([noisy, where, shown], 1)
            without, with_it = self.unet(asked, time, encoder_hidden_states=None, return_dict=False)[0].chunk(2)
            guided = without + GUIDANCE_SCALE * (with_it - without)
            latents = self.scheduler.step(guided, time, latents, ETA, generator=generators, return_dict=False)[0]
        return latents

    def _encode(self, pictures: Tensor) -> Tensor:
        # The mean instead of a sample, as its makers take it: so the garment can be kept, and only the seed is random.
        latents: Tensor = self.vae.encode(pictures, return_dict=False)[0].mode() * self.vae.config.scaling_factor
        return latents


def load_dresser(folder: Path, layout: Layout) -> Any:
    """Load the networks of three repositories as one pipeline.

    Args:
        folder: with the parts' folders "base", "vae" and "attention".
        layout: placement and precision of the weights.
    Raises:
        WeightsIncomplete: the attention's file is not that of the network.
    """
    from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel

    options = loading_options(layout)
    unet = UNet2DConditionModel.from_pretrained(folder / "base", subfolder="unet", variant="fp16", **options)
    vae = AutoencoderKL.from_pretrained(folder / "vae", **options)
    lay_attention(unet, folder / "attention" / ATTENTION)
    skip_text(unet)
    scheduler = DDIMScheduler.from_pretrained(folder / "base", subfolder="scheduler", local_files_only=True)
    return Dresser(vae.eval(), unet.eval(), scheduler)


class IdentityCrossAttention(nn.Module):
    """Replacement of the cross-attention, by which a block would attend to a text."""

    def forward(self, hidden_states: Tensor, **_: Any) -> Tensor:
        """Return the input: the block adds it to itself, as its makers trained it."""
        return hidden_states


def skip_text(unet: Any) -> None:
    """Take a network's cross-attention away, in place."""
    for block in unet.modules():
        if hasattr(block, "attn2"):
            block.attn2 = IdentityCrossAttention()


def lay_attention(unet: Any, path: Path) -> None:
    """Replace a network's self-attention by the published weights.

    Raises:
        WeightsIncomplete: names or shapes are others.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        published = load_file(path)
    except (OSError, SafetensorError):
        raise WeightsIncomplete("catvton", path.name) from None
    wanted = attention_weights(unet)
    if {name: each.shape for name, each in published.items()} != {name: each.shape for name, each in wanted.items()}:
        raise WeightsIncomplete("catvton", f"{path.name} is of another network")
    for name, weight in wanted.items():
        weight.copy_(published[name])


def attention_weights(unet: Any) -> dict[str, Tensor]:
    """Return a network's self-attention, by the names of the published file."""
    blocks = [part for name, part in unet.named_modules() if name.endswith(".attn1")]
    return {
        f"{_STRIDE * number}.{name}": weight
        for number, block in enumerate(blocks)
        for name, weight in block.state_dict().items()
    }


def paint_mask(context: RenderContext, size: tuple[int, int]) -> ByteArray:
    """Return the mask of the painted area: the garment and a little around it, but no face, no hair and no hand.

    Args:
        context: the scene, mapped.
        size: (height, width) of the mask.
    Returns:
        (height, width) uint8, 0 or 1.
    """
    worn = (context.maps.garment_mask > 0.5).astype(np.uint8)
    side = 2 * round(_REACH * worn.shape[0]) + 1
    reach = cv2.dilate(worn, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)))
    reach[np.isin(context.maps.parts, _KEPT_PARTS) & (worn == 0)] = 0
    return np.asarray(cv2.resize(reach, size[::-1], interpolation=cv2.INTER_NEAREST))


def lay_on_white(reading: GarmentReading, size: tuple[int, int]) -> Image.Image:
    """Paste the cut-out flat-lay, whole, into the middle of a white picture of (height, width)."""
    garment = frame_garment(reading)
    share = min(size[0] / garment.height, size[1] / garment.width)
    fitted = (max(1, int(garment.width * share)), max(1, int(garment.height * share)))
    whole = Image.new("RGB", size[::-1], (255, 255, 255))
    place = ((size[1] - fitted[0]) // 2, (size[0] - fitted[1]) // 2)
    whole.paste(garment.resize(fitted, Image.Resampling.LANCZOS), place)
    return whole


def _within(mask: ByteArray, painted: Image.Image, person: Image.Image) -> Image.Image:
    """Return the painted picture inside the mask, with a soft rim, and the person's own outside."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(1.0, _REACH * mask.shape[0] / 4))[..., None]
    joined = np.asarray(painted) * soft + np.asarray(person) * (1 - soft)
    return Image.fromarray((joined + 0.5).astype(np.uint8))


def _resized(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    return picture if picture.size == size[::-1] else picture.resize(size[::-1], Image.Resampling.LANCZOS)


def _signed(picture: Image.Image) -> Tensor:
    """Convert a picture to (1, 3, H, W) float32 in -1..1."""
    return torch.from_numpy(np.asarray(picture, np.float32)).permute(2, 0, 1)[None] / 127.5 - 1
