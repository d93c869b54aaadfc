"""Train the layers that estimate a photo's light.

``neutrals.jsonl`` names photos of garments whose main cloth is white, grey or black, by eye. What colour such cloth has
in the photo is the colour of its light. The layers see only what surrounds the garment, so that a garment of another
colour is not taken for a white one in coloured light. Shops' photos on white paper are composed from these garments:
the colour of bright, plain ground is that of the light. The encoder stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from PIL import Image, ImageOps
from rich.progress import track
from torch import Tensor, nn
from torch.nn import functional as fn

from pipelines.training.reader.layers.closeups import run
from pipelines.training.reader.layers.outline import coarse_mask
from pipelines.training.reader.train import as_pictures
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.recognition.network import SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import whole_view
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

NEUTRALS: Final = Path(__file__).with_name("neutrals.jsonl")
VIEWS: Final = 6
"""Number of views per photo, all but one of them in light of another colour."""
ON_PAPER: Final = 2
"""Number of further views with the garment on white paper."""
_PAPER: Final = (0.45, 1.1)
"""Linear light of paper; from 1 on it is burnt out."""
_PAPER_VARIES: Final = 0.06
"""Standard deviation of the logarithms of red and of blue over green of light on paper."""
_LIGHT_VARIES: Final = (0.13, 0.15)
"""Standard deviations of the added light's logarithms of red and of blue over green."""
_EPOCHS, _BATCH, _RATE = 20, 128, 2e-3
_SIDE: Final = 448
_LEAST_SEEN: Final = 50
"""Pixels of cloth from which its colour is taken."""
_LEAST_LIGHT: Final = 0.025
"""Linear light of green below which cloth is too dark to tell the light's colour."""


@dataclass(frozen=True, eq=False)
class NeutralPhoto:
    """Photo of a white, grey or black garment.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8.
        mask: (H, W) float32, probability of the garment.
        illuminant: (2,) natural logarithms of red and of blue over green that its cloth has.
    """

    photo: str
    rgb: ByteArray
    mask: FloatArray
    illuminant: FloatArray


def read_neutrals(network: GarmentReaderNet, photos: Path, neutrals: Path = NEUTRALS) -> Iterator[NeutralPhoto]:
    """Yield the labelled photos that exist.

    Args:
        network: the reader, which finds the garment.
        photos: their folder.
        neutrals: lines of JSON: "photo" and "colour".
    """
    for line in track(neutrals.read_text().splitlines(), "photos"):
        label = json.loads(line)
        path = photos / label["photo"]
        if path.is_file():
            picture = ImageOps.exif_transpose(Image.open(path)).convert("RGB")
            picture.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
            rgb = np.asarray(picture)
            mask = coarse_mask(network, rgb)
            cloth = cv2.erode(np.uint8(mask > 0.9), np.ones((5, 5))) > 0
            if cloth.sum() > _LEAST_SEEN:
                red, green, blue = np.maximum(to_linear(np.median(rgb[cloth], axis=0).astype(np.uint8)), 2e-4)
                if green > _LEAST_LIGHT:
                    yield NeutralPhoto(label["photo"], rgb, mask, np.log([red / green, blue / green]))


def view_of(neutral: NeutralPhoto, rng: np.random.Generator | None) -> tuple[ByteArray, FloatArray]:
    """Return the (SIZE, SIZE, 3) uint8 view of a photo, as the reader sees it first, and its illuminant, (2,).

    Args:
        neutral: the photo.
        rng: draws light of another colour; None for that of the photo.
    """
    view = resampled(neutral.rgb, whole_view(neutral.rgb.shape[:2]), SIZE)
    if rng is None:
        return view, neutral.illuminant
    added = rng.normal(0, _LIGHT_VARIES)
    return to_srgb(to_linear(view) * np.exp([added[0], 0.0, added[1]])), neutral.illuminant + added


def on_paper(neutral: NeutralPhoto, rng: np.random.Generator) -> NeutralPhoto:
    """Return the garment of a photo on white paper, in light of a random colour near white, with a soft shadow."""
    light = rng.normal(0, _PAPER_VARIES, 2) * rng.integers(2)
    paper = rng.uniform(*_PAPER) * np.exp([light[0], 0.0, light[1]])
    return NeutralPhoto(neutral.photo, laid_on(paper, to_linear(neutral.rgb), neutral.mask, rng), neutral.mask, light)


def laid_on(paper: FloatArray, garment: FloatArray, mask: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Return the picture of a garment on paper, (H, W, 3) uint8.

    Args:
        paper: (3,) linear light of the paper.
        garment: (H, W, 3) linear light.
        mask: (H, W) float32, coverage.
        rng: draws the paper's slope of light, the garment's soft shadow and noise.
    """
    height, width = mask.shape
    across, down = np.meshgrid(np.linspace(-0.1, 0.1, width), np.linspace(-0.1, 0.1, height))
    slope = rng.uniform(-1, 1) * across + rng.uniform(-1, 1) * down
    shadow = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.005, 0.03) * max(height, width))
    level = (1 + slope) * (1 - rng.uniform(0, 0.4) * shadow)
    ground = level[..., None] * paper + rng.normal(0, 0.01, (height, width, 1))
    share = mask[..., None]
    return to_srgb(np.clip(garment * share + ground * (1 - share), 0, 1))


def fit(network: GarmentReaderNet, known: list[NeutralPhoto], rng: np.random.Generator) -> None:
    """Fit ``network.illuminant`` on fixed features."""
    features: list[Tensor] = []
    wanted = []
    hook = network.illuminant.register_forward_pre_hook(lambda _, given: features.append(given[0]))
    for neutral in track(known, "views"):
        shown = [view_of(neutral, rng if n else None) for n in range(VIEWS)]
        shown += [view_of(on_paper(neutral, rng), None) for _ in range(ON_PAPER)]
        views, lights = zip(*shown, strict=True)
        with torch.no_grad():
            network(as_pictures(list(views)))
        wanted += [torch.tensor(light, dtype=torch.float32) for light in lights]
    hook.remove()
    fit_layers(network.illuminant, torch.cat(features), torch.stack(wanted), rng)


def fit_layers(
    layers: nn.Module, given: Tensor, goal: Tensor, rng: np.random.Generator, weight_decay: float = 0.05
) -> None:
    """Fit the layers from (n, f) features to (n, k) values that describe the light."""
    layers.train()
    optimiser = torch.optim.AdamW(layers.parameters(), _RATE, weight_decay=weight_decay)
    for _ in track(range(_EPOCHS), "fit"):
        for chosen in torch.split(torch.from_numpy(rng.permutation(len(given))), _BATCH):
            loss = fn.l1_loss(layers(given[chosen]), goal[chosen])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
    layers.eval()


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_neutrals(network, photos)), rng))


if __name__ == "__main__":
    main()
