"""Train the layers that see ribbed and gathered bands at hems and sleeves' ends.

``bands.jsonl`` says of photos how high the band is that draws a garment in at its "hem" or "cuff", as a share of the
distance between the armpits, as seen by eye on close-ups; 0 where there is none. Ends about which one could not be sure
are left out. Landmarks are those of ``labels.jsonl``. The encoder stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from torch import Tensor
from torch.nn import functional as fn

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import jittered, run
from pipelines.training.reader.layers.whole_photos import fit_on_views, read_photos
from vmodel.garment.recognition.bands import Places, ends_of
from vmodel.garment.recognition.closeup import end_closeup
from vmodel.garment.recognition.network import BAND_ROWS, BAND_SIZE, GarmentReaderNet
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

BANDS: Final = Path(__file__).with_name("bands.jsonl")
LANDMARKS: Final = Path(__file__).parents[1] / "labels.jsonl"
VIEWS: Final = 3
"""Number of views of each end, half of them mirrored."""
_MISREAD: Final = 0.025
"""Standard deviation of the reader's error of an end's place, in distances between the armpits."""
_ABOVE: Final = 17
"""Number of rows above an edge that are asked for."""
_SIDE: Final = 1024


@dataclass(frozen=True)
class LabelledEnd:
    """A hem or the ends of both sleeves.

    Attributes:
        rgb: (H, W, 3) uint8, the photo.
        places: on it.
        across_px: distance between the armpits.
        height: of its band, as a share of that; 0 for none.
    """

    rgb: ByteArray
    places: Places
    across_px: float
    height: float


def read_ends(photos: Path, bands: Path = BANDS, landmarks: Path = LANDMARKS) -> Iterator[LabelledEnd]:
    """Yield the labelled ends of photos that exist.

    Args:
        photos: their folder.
        bands: lines of JSON: "photo", and "hem" or "cuff" or both.
        landmarks: lines of JSON: "photo" and "points", as fractions of its width and height.
    """
    known = {label["photo"]: label["points"] for label in map(json.loads, landmarks.read_text().splitlines())}
    for label, rgb in read_photos(photos, bands, _SIDE):
        points = {name: np.array(point) * rgb.shape[1::-1] for name, point in known[label["photo"]].items()}
        across = float(np.linalg.norm(points["armpit_left"] - points["armpit_right"]))
        for name, places in ends_of(points, "cuff" in label).items():
            if name in label:
                yield LabelledEnd(rgb, places, across, label[name])


def views_of(end: LabelledEnd, rng: np.random.Generator) -> list[tuple[ByteArray, FloatArray]]:
    """Return close-ups of an end as the reader may cut them out, each with the (2, BAND_ROWS) goal and its weight."""
    found = []
    for spot, down in end.places:
        if not ((spot >= 0) & (spot < end.rgb.shape[1::-1])).all():
            continue
        for number in range(VIEWS):
            off = end.across_px * rng.normal(0, _MISREAD, 2)
            affine = jittered(end_closeup(spot + off, down, end.across_px), rng, BAND_SIZE)
            view = relit(resampled(end.rgb, affine, BAND_SIZE), rng)
            ends = [spot, spot - end.height * end.across_px * down]
            low, high = ((affine[1, :2] @ at + affine[1, 2]) * BAND_ROWS / BAND_SIZE for at in ends)
            view = np.ascontiguousarray(view[:, ::-1]) if number % 2 else view
            found.append((view, goal_of(float(low), float(high))))
    return found


def goal_of(low: float, high: float) -> FloatArray:
    """Return what the layers should answer about each row, and its weight: (2, BAND_ROWS) float32.

    Args:
        low: row of the edge.
        high: row of the band's upper end; the same where there is none.
    """
    rows = np.arange(BAND_ROWS) + 0.5
    band = np.clip(low - rows + 0.5, 0, 1) * np.clip(rows - high + 0.5, 0, 1) * (low > high)
    return np.stack([band, (rows < low + 0.5) & (rows > low - _ABOVE)]).astype(np.float32)


def fit(network: GarmentReaderNet, ends: Iterable[LabelledEnd], rng: np.random.Generator) -> None:
    """Fit ``network.band_scores``."""
    views = (views_of(end, rng) for end in ends)
    shown = (each for each in views if each)
    fit_on_views(network, network.band_scores, shown, rng, loss_of=_loss, look=network.bands_of)


def _loss(answers: Tensor, goals: Tensor) -> Tensor:
    """Return the cross-entropy of (n, BAND_ROWS) logits where it is asked for; goals are (n, 2, BAND_ROWS)."""
    each = fn.binary_cross_entropy_with_logits(answers, goals[:, 0], reduction="none")
    return (each * goals[:, 1]).sum() / goals[:, 1].sum()


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, read_ends(photos), rng))


if __name__ == "__main__":
    main()
