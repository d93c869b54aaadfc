"""Train the layer that sees whether a garment's cloth is white.

``whites.jsonl`` says of garments that are near neutral, and not dark, in their photos whether a person in the room
would call most of their cloth white; what is cream, grey, marled or pale is not. A dim photo of white cloth and a well
lit one of grey cloth show the same cloth; what lies around it tells them apart. Shops' photos are composed: white cloth
as bright as it should be, and other cloth as the layers for exposure want it, on white paper. The encoder stays as it
is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.progress import track
from torch.nn import functional as fn

from pipelines.training.reader.layers.closeups import run
from pipelines.training.reader.layers.exposure import ExposedPhoto, on_paper, view_of
from pipelines.training.reader.layers.whole_photos import fit_on_views, read_masked_photos
from pipelines.training.reader.train import as_pictures
from vmodel.core.colour import LUMINANCE, to_linear
from vmodel.garment.delighting.exposure import WHITE
from vmodel.garment.recognition.network import GarmentReaderNet
from vmodel.types import ByteArray, FloatArray

WHITES: Final = Path(__file__).with_name("whites.jsonl")
VIEWS: Final = 3
"""Number of views per photo, all but one at another exposure."""
ON_PAPER: Final = 1
"""Number of further views with the garment on white paper."""
_WEIGHT_DECAY: Final = 1.0
_LEAST_SEEN: Final = 50
"""Pixels of cloth from which its light is taken."""


@dataclass(frozen=True, eq=False)
class NeutralGarment(ExposedPhoto):
    """Photo of a garment of which it is known whether its cloth is white.

    Attributes:
        white: it is.
    """

    white: bool


def read_whites(network: GarmentReaderNet, photos: Path, whites: Path = WHITES) -> Iterator[NeutralGarment]:
    """Yield the labelled photos that exist.

    Args:
        network: the reader, which finds the garment, and how much other cloth than white has to be brightened.
        photos: their folder.
        whites: lines of JSON: "photo" and "white".
    """
    for label, rgb, mask in read_masked_photos(network, photos, whites):
        if (mask > 0.9).sum() > _LEAST_SEEN:
            stops = _stops_to_white(rgb, mask) if label["white"] else _stops(network, rgb)
            yield NeutralGarment(label["photo"], rgb, mask, stops, label["white"])


def _stops_to_white(rgb: ByteArray, mask: FloatArray) -> float:
    return float(np.log2(WHITE / max(float(np.median(to_linear(rgb[mask > 0.9]) @ LUMINANCE)), 1e-3)))


def _stops(network: GarmentReaderNet, rgb: ByteArray) -> float:
    view, _ = view_of(ExposedPhoto("", rgb, np.zeros(rgb.shape[:2], np.float32), 0.0), None)
    with torch.no_grad():
        return float(network(as_pictures([view]))["exposure"][0])


def views_of(garment: NeutralGarment, rng: np.random.Generator) -> list[tuple[ByteArray, FloatArray]]:
    """Return (SIZE, SIZE, 3) uint8 views of a photo as the reader may see it first, each with (1,), 1 for white."""
    shown = [view_of(garment, rng if n else None) for n in range(VIEWS)]
    shown += [view_of(on_paper(garment, rng), None) for _ in range(ON_PAPER)]
    return [(view, np.array([float(garment.white)])) for view, _ in shown]


def fit(network: GarmentReaderNet, known: list[NeutralGarment], rng: np.random.Generator) -> None:
    """Fit ``network.white``."""
    views = (views_of(garment, rng) for garment in track(known, "views"))
    fit_on_views(network, network.white, views, rng, _WEIGHT_DECAY, fn.binary_cross_entropy_with_logits)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_whites(network, photos)), rng))


if __name__ == "__main__":
    main()
