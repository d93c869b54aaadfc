"""Train the layers that estimate a garment's exposure.

``exposures.jsonl`` says by how many stops each of its photos has to be brightened, so that the garment looks on a
shop's light grey ground as it does in daylight: people chose among six exposures beside the photo. They agree to about
a tenth of a stop. A view that is darkened or brightened by a known amount has a known label as well, and so have shops'
photos, which are composed: a garment that is exposed as labelled, on white paper, is exposed well. The encoder stays as
it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from rich.progress import track

from pipelines.training.reader.layers.closeups import jittered, run
from pipelines.training.reader.layers.whole_photos import fit_on_views, laid_on, read_masked_photos
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.recognition.network import SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import whole_view
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

EXPOSURES: Final = Path(__file__).with_name("exposures.jsonl")
VIEWS: Final = 8
"""Number of views per photo, half of them mirrored, all but one at another exposure."""
ON_PAPER: Final = 3
"""Number of further views with the garment on white paper."""
_PAPER: Final = (0.7, 1.1)
"""Linear light of white paper that is exposed well; from 1 on it is burnt out."""
_DIM: Final = 0.8
"""Most stops by which a photo on paper is too dark."""
_WEIGHT_DECAY: Final = 1.0
"""Much, for a thousand photos have a thousand features each: cross-validated against 0.05 to 3."""
_EXPOSED: Final = 0.3
"""Standard deviation of the exposures of views, in stops."""


@dataclass(frozen=True, eq=False)
class ExposedPhoto:
    """Photo of a garment whose exposure is known.

    Attributes:
        photo: name of the photo.
        rgb: (H, W, 3) uint8.
        mask: (H, W) float32, probability of the garment.
        stops: by which the garment has to be brightened.
    """

    photo: str
    rgb: ByteArray
    mask: FloatArray
    stops: float


def read_exposures(network: GarmentReaderNet, photos: Path, exposures: Path = EXPOSURES) -> Iterator[ExposedPhoto]:
    """Yield the labelled photos that exist.

    Args:
        network: the reader, which finds the garment.
        photos: their folder.
        exposures: lines of JSON: "photo" and "stops".
    """
    for label, rgb, mask in read_masked_photos(network, photos, exposures):
        yield ExposedPhoto(label["photo"], rgb, mask, float(label["stops"]))


def view_of(photo: ExposedPhoto, rng: np.random.Generator | None) -> tuple[ByteArray, float]:
    """Return the (SIZE, SIZE, 3) uint8 view of a photo, as the reader sees it first, and its label in stops.

    Args:
        photo: the photo.
        rng: draws another exposure and a slightly different view; None for the photo as it is.
    """
    whole = whole_view(photo.rgb.shape[:2])
    if rng is None:
        return resampled(photo.rgb, whole, SIZE), photo.stops
    view = resampled(photo.rgb, jittered(whole, rng, SIZE), SIZE)
    added = rng.normal(0, _EXPOSED)
    view = view[:, ::-1] if rng.integers(2) else view
    return to_srgb(to_linear(np.ascontiguousarray(view)) * 2**added), photo.stops - added


def on_paper(photo: ExposedPhoto, rng: np.random.Generator) -> ExposedPhoto:
    """Return the garment of a photo, exposed well, on white paper; half of these pictures are then darkened."""
    dim = rng.uniform(0, _DIM) * rng.integers(2)
    garment = np.clip(to_linear(photo.rgb) * 2 ** (photo.stops - dim), 0, 1)
    paper = np.full(3, rng.uniform(*_PAPER) * 2**-dim)
    return ExposedPhoto(photo.photo, laid_on(paper, garment, photo.mask, rng), photo.mask, dim)


def fit(network: GarmentReaderNet, known: list[ExposedPhoto], rng: np.random.Generator) -> None:
    """Fit ``network.exposure``."""

    def views(photo: ExposedPhoto) -> list[tuple[ByteArray, FloatArray]]:
        shown = [view_of(photo, rng if n else None) for n in range(VIEWS)]
        shown += [view_of(on_paper(photo, rng), None) for _ in range(ON_PAPER)]
        return [(view, np.array([stops])) for view, stops in shown]

    fit_on_views(network, network.exposure, map(views, track(known, "views")), rng, _WEIGHT_DECAY)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, list(read_exposures(network, photos)), rng))


if __name__ == "__main__":
    main()
