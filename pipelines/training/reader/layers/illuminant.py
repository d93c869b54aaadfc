"""Train the layers that estimate a photo's light.

``neutrals.jsonl`` names photos of garments whose main cloth is white, grey or black, by eye. What colour such cloth has
in the photo is the colour of its light. The layers see only what surrounds the garment, so that a garment of another
colour is not taken for a white one in coloured light. Shops' photos on white paper are composed from these garments:
the colour of bright, plain ground is that of the light. The encoder stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.progress import track

from pipelines.training.reader.layers.closeups import run
from pipelines.training.reader.layers.whole_photos import fit_on_views, laid_on, read_masked_photos
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
    for label, rgb, mask in read_masked_photos(network, photos, neutrals):
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


def fit(network: GarmentReaderNet, known: list[NeutralPhoto], rng: np.random.Generator) -> None:
    """Fit ``network.illuminant``."""

    def views(neutral: NeutralPhoto) -> list[tuple[ByteArray, FloatArray]]:
        shown = [view_of(neutral, rng if n else None) for n in range(VIEWS)]
        return shown + [view_of(on_paper(neutral, rng), None) for _ in range(ON_PAPER)]

    fit_on_views(network, network.illuminant, map(views, track(known, "views")), rng)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_neutrals(network, photos)), rng))


if __name__ == "__main__":
    main()
