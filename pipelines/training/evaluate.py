"""Held-out figures: the embedded model and the draft, each against the rendered target."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from einops import rearrange
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import Tensor

from pipelines.embedded.conditioning import stack_conditions
from pipelines.embedded.exposure import ExposedView, normalise_exposure
from pipelines.embedded.log_ratio import apply_ratio, limit_on_cloth, to_srgb
from pipelines.training.dataset import Picture, PictureCache, stack_flat_lays
from pipelines.training.perceptual_features import block_features, load_backbone
from pipelines.training.scenes.store import whole_view
from vmodel.core.colour import to_linear
from vmodel.finish.garment_detail import GarmentView, finish_garment
from vmodel.scene import PART_NAMES
from vmodel.scene.shading.cloth_shader import MATERIALS
from vmodel.types import ByteArray

if TYPE_CHECKING:
    from pipelines.embedded.pipeline import EmbeddedPipeline

_FACE = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")]


class PictureLight:
    """Relighting of training pictures' drafts, as the product relights a shot and its close view of the head.

    The exposure of a piece is that of the whole figure, whose answer is normalised to a photograph's exposure.

    Args:
        pipeline: predicts the light.
        picture_cache: holds the pictures.
        steps: number of network calls.
        seed: the only source of randomness.
    """

    def __init__(self, pipeline: EmbeddedPipeline, picture_cache: PictureCache, steps: int, seed: int = 0) -> None:
        self._pipeline, self._picture_cache, self._steps, self._seed = pipeline, picture_cache, steps, seed
        self._whole: tuple[Path, ExposedView] | None = None

    def __call__(self, path: Path) -> ByteArray:
        """Return (H, W, 3) uint8 of a file's picture; one without its whole figure is normalised by itself."""
        whole = whole_view(path)
        whole = whole if whole.exists() else path
        if self._whole is None or self._whole[0] != whole:
            self._whole = whole, self._answer(whole)
        views = [self._whole[1]] if path == whole else [self._whole[1], self._answer(path)]
        light = normalise_exposure(views)[-1]
        conditions = stack_conditions([self._picture_cache.load(path).arrays])
        ratio = rearrange(torch.from_numpy(light), "h w c -> 1 c h w")
        ratio = limit_on_cloth(ratio, conditions.traced[:, :3], conditions.garment, conditions.draft)
        picture = to_srgb(apply_ratio(conditions.draft, ratio))[0]
        return np.asarray((rearrange(picture, "c h w -> h w c") * 255 + 0.5).to(torch.uint8).numpy())

    def finished(self, path: Path, lit: ByteArray) -> ByteArray:
        """Return the product's final picture of a file from ``lit``, its light: the finish follows."""
        picture = self._picture_cache.load(path)
        arrays = picture.arrays
        garment, hair = (np.asarray(arrays[name] / 255, np.float32) for name in ("garment", "hair"))
        view = GarmentView(garment, hair, to_linear(arrays["albedo"].astype(np.uint8)), garment > 0)
        shiny = not MATERIALS[picture.meta["material"]].is_matte
        return finish_garment(lit, arrays["draft"].astype(np.uint8), view, shiny)

    def _answer(self, path: Path) -> ExposedView:
        picture = self._picture_cache.load(path)
        arrays, conditions = picture.arrays, stack_conditions([picture.arrays])
        ratio = self._pipeline(conditions, stack_flat_lays([picture]), picture.look, self._steps, self._seed).ratio
        light = rearrange(ratio[0].numpy(), "c h w -> h w c")
        parts, hair = arrays["parts"].astype(np.uint8), np.asarray(arrays["hair"] / 255, np.float32)
        return ExposedView(light, arrays["draft"].astype(np.uint8), parts, hair)


def evaluate(pipeline: EmbeddedPipeline, picture_cache: PictureCache, count: int, steps: int) -> dict[str, float]:
    """Return mean figures over ``count`` held-out pictures, evenly picked.

    Returns:
        psnr, ssim and psnr_close (face and hair only; NaN where none shows), each also as draft_...
    """
    numbers = np.unique(np.linspace(0, len(picture_cache.test) - 1, count).astype(int))
    rows, light = [], PictureLight(pipeline, picture_cache, steps)
    for number in numbers:
        picture = picture_cache.load(picture_cache.test[number])
        target = picture.arrays["target"].astype(np.uint8)
        lit = compare(light(picture_cache.test[number]), target, picture)
        draft = compare(picture.arrays["draft"].astype(np.uint8), target, picture)
        rows.append({**lit, **{f"draft_{name}": value for name, value in draft.items()}})
    return {name: round(mean_known([row[name] for row in rows]), 4) for name in rows[0]}


def compare(made: ByteArray, target: ByteArray, picture: Picture) -> dict[str, float]:
    """Return the figures of one sRGB picture, psnr in dB, ssim of luma; backdrop counts for both."""
    close = np.isin(picture.arrays["parts"], _FACE)
    luma = (cv2.cvtColor(each, cv2.COLOR_RGB2GRAY) for each in (made, target))
    alike = structural_similarity(*luma, gaussian_weights=True, use_sample_covariance=False, full=True)[1]
    return {
        "psnr": peak_signal_noise_ratio(target, made),
        "ssim": float(alike.mean()),
        "psnr_close": peak_signal_noise_ratio(target[close], made[close]) if close.sum() > 200 else float("nan"),
    }


def mean_known(values: list[float]) -> float:
    """Return the mean of the finite values; NaN without any."""
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")


def load_features() -> Callable[[ByteArray], list[Tensor]]:
    """Load a pretrained backbone for the perceptual and Fréchet distances; see ``perceptual_features``.

    Returns:
        picture (H, W, 3) uint8 -> features of ``perceptual_features.BLOCKS``, (1, C, h, w) each.
    """
    backbone = load_backbone()

    @torch.inference_mode()
    def features(picture: ByteArray) -> list[Tensor]:
        return block_features(
            backbone, rearrange(torch.from_numpy(picture.astype(np.float32)), "h w c -> 1 c h w") / 255
        )

    return features
