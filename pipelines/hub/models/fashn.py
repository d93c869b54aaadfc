"""FASHN VTON 1.5: puts the flat-lay's garment on the person of a picture that another pipeline made.

Its code is a separate package, ``fashn_vton``, which is on no package index; its makers publish it under Apache-2.0
at https://github.com/fashn-AI/fashn-vton-1.5.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from pipelines.common.network_images import over_backdrop
from pipelines.hub.runtime.device_placement import layout_here, prepare_libraries
from pipelines.hub.runtime.reference_images import as_shot, frame_garment
from pipelines.hub.runtime.settings import read_tuning
from vmodel.errors import CardMemoryExhausted, PackageMissing
from vmodel.shot.pipeline_interface import Pipeline, RenderContext
from vmodel.types import ByteArray, Category

STEPS = 30
"""Default of its makers: 20 are quick, and more than 50 bring nothing."""
PACKAGE = "fashn_vton"
ADDRESS = "fashn-vton @ git+https://github.com/fashn-AI/fashn-vton-1.5@7c0f10af3f91ad4048fe9729c470a13ef905d25a"
"""Source from which pip installs it: the commit whose interface is called here."""
_SEEDS = 2**32
"""Limit of the seeds that numpy's generator takes, which the package seeds."""


class Fashn:
    """FASHN VTON in the form that the main path calls.

    Args:
        folder: of the weights, from ``pipelines.hub.weights.store.find_weights``.
        load_person: makes the pipeline whose picture is dressed; called once its own networks are in place.
        steps: denoising steps of a picture; each calls the network once, for two pictures.
    Raises:
        PackageMissing: ``fashn_vton`` or what it needs is not installed.
        CardTooSmall, MemoryTooSmall: it cannot work on this machine.
    """

    name = "fashn"
    generative = True

    def __init__(self, folder: Path, load_person: Callable[[], Pipeline], steps: int = STEPS) -> None:
        self.steps = steps
        if find_spec(PACKAGE) is None:
            raise PackageMissing(PACKAGE, address=ADDRESS)
        prepare_libraries()
        # The package supports one way of keeping its weights only.
        tuning = read_tuning().model_copy(update={"precision": "full", "offload": "auto"})
        layout = layout_here(self.name, folder, tuning)
        self.pipeline: Any = open_try_on(folder / "weights", layout.device)
        self.person = load_person()

    def __call__(self, context: RenderContext) -> ByteArray:
        """Make the person's picture, and dress it.

        Returns:
            (H, W, 3) uint8 sRGB; (H, W, 4) with the draft's straight alpha on the transparent background.
        Raises:
            CardMemoryExhausted: the card's memory does not hold one picture.
        """
        person = over_backdrop(self.person(context))
        try:
            made = self.pipeline(
                person_image=Image.fromarray(person),
                garment_image=frame_garment(context.reading),
                category=category_word(context.reading.kind.category),
                garment_photo_type="flat-lay",
                num_timesteps=self.steps,
                seed=context.seed % _SEEDS,
                segmentation_free=True,
            )
        except torch.OutOfMemoryError:
            raise CardMemoryExhausted(self.name) from None
        return as_shot(made.images[0], context.draft)


def category_word(category: Category) -> str:
    """Return the network's word for a garment: "tops", "bottoms" or "one-pieces"."""
    if category.covers_upper:
        return "one-pieces" if category.covers_lower else "tops"
    return "bottoms"


class _NoParser:
    """Replacement of the package's human parser, whose weights are not for commercial use.

    The package calls it all the same; with a flat-lay and without segmentation, its result is not used.
    """

    def predict(self, picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return np.zeros(picture.shape[:2], np.uint8)


class _Asked(torch.nn.Module):
    """Module that wraps a network's guided call, so that hooks are called as for any denoiser."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        super().__init__()
        self._ask = ask

    def forward(self, *given: Any, **named: Any) -> Any:
        """Call the network."""
        return self._ask(*given, **named)


def open_try_on(weights: Path, device: str) -> Any:
    """Load the package's pipeline without its human parser and without output.

    Args:
        weights: folder with ``model.safetensors`` and ``dwpose``.
        device: "cuda" or "cpu".
    Returns:
        A ``fashn_vton.TryOnPipeline`` whose network is also available as ``transformer``.
    """
    from fashn_vton import TryOnPipeline

    class ParserlessTryOn(TryOnPipeline):  # type: ignore[misc]
        def _setup_tryon_model(self) -> None:
            super()._setup_tryon_model()
            self.transformer = _Asked(self.tryon_model.forward_for_cfg)
            # Bypasses torch's own bookkeeping, which would register it as a part of the network.
            object.__setattr__(self.tryon_model, "forward_for_cfg", self.transformer)

        def _setup_hp_model(self) -> None:
            self.hp_model = _NoParser()

        def _sample(self, **named: Any) -> Any:
            return super()._sample(**{**named, "use_tqdm": False})

    return ParserlessTryOn(weights_dir=str(weights), device=device, logger=logging.getLogger("vmodel.fashn"))
