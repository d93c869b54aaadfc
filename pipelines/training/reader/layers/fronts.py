"""Train the layers that see whether a front is open.

``fronts.jsonl`` says how people saw fronts lie: "open" where the edges are apart over most of their length, on average
by more than a tenth of the chest's width, "ajar" where they are not fastened but nearly touch, "closed" else. The
encoder stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as fn

from pipelines.training.reader.augment import relit
from pipelines.training.reader.layers.closeups import run
from pipelines.training.reader.layers.whole_photos import fit_on_views, read_photos
from vmodel.garment.recognition.closeup import front_closeup
from vmodel.garment.recognition.network import FRONT_SIZE, GarmentReaderNet
from vmodel.garment.recognition.reader import read_photo
from vmodel.garment.recognition.views import resampled
from vmodel.types import ByteArray, FloatArray

FRONTS: Final = Path(__file__).with_name("fronts.jsonl")
VIEWS: Final = 8
"""Number of views per photo, half of them mirrored."""
_MISREAD: Final = 0.055
"""Standard deviation of the reader's error of either end of a front, as a share of half the chest's width."""
_WIDER: Final = 0.1
"""The same of the logarithm of the strip's width."""
_AJAR_COUNTS: Final = 0.5
"""Weight of a front that is neither: worn open, it is less wrong than a closed one."""
_WEIGHT_DECAY: Final = 1.0
_SIDE: Final = 1024


@dataclass(frozen=True, eq=False)
class LabelledFront:
    """Front that is known.

    Attributes:
        rgb: (H, W, 3) uint8, the photo.
        points: landmark -> (2,) pixels, as the reader found them.
        lies: "open", "ajar" or "closed".
    """

    rgb: ByteArray
    points: dict[str, FloatArray]
    lies: str


def read_fronts(network: GarmentReaderNet, photos: Path, fronts: Path = FRONTS) -> Iterator[LabelledFront]:
    """Yield the labelled fronts of photos that exist.

    Args:
        network: the reader, which finds the landmarks.
        photos: their folder.
        fronts: lines of JSON: "photo" and "lies".
    """
    for label, rgb in read_photos(photos, fronts, _SIDE):
        yield LabelledFront(rgb, dict(read_photo(network, rgb).points_px), label["lies"])


def view_of(front: LabelledFront, rng: np.random.Generator | None) -> ByteArray | None:
    """Return the strip along a front, (*FRONT_SIZE, 3) uint8; ``rng`` draws the reader's error, light and side."""
    points = dict(front.points)
    if rng is not None:
        left, right = points["armpit_left"], points["armpit_right"]
        half = float(np.linalg.norm(left - right)) / 2
        wider, middle = np.exp(rng.normal(0, _WIDER)), (left + right) / 2
        points |= {"armpit_left": middle + wider * (left - middle), "armpit_right": middle + wider * (right - middle)}
        points |= {name: points[name] + half * rng.normal(0, _MISREAD, 2) for name in ("neck_front", "hem_mid")}
    affine = front_closeup(points)
    if affine is None:
        return None
    view = resampled(front.rgb, affine, FRONT_SIZE)
    if rng is None:
        return view
    lit = relit(view, rng)
    return np.ascontiguousarray(lit[:, ::-1]) if rng.integers(2) else lit


def fit(network: GarmentReaderNet, fronts: Iterator[LabelledFront], rng: np.random.Generator) -> None:
    """Fit ``network.front_scores``."""

    def views(front: LabelledFront) -> list[tuple[ByteArray, FloatArray]]:
        seen = [view_of(front, rng if n else None) for n in range(VIEWS)]
        goal = np.array([front.lies == "open", _AJAR_COUNTS if front.lies == "ajar" else 1.0])
        return [(view, goal) for view in seen if view is not None]

    usable = (shown for shown in map(views, fronts) if shown)
    fit_on_views(network, network.front_scores, usable, rng, _WEIGHT_DECAY, _loss, network.open_front)


def _loss(answers: Tensor, goals: Tensor) -> Tensor:
    """Return the cross-entropy of (n, 1) logits; goals are (n, 2), what is right and its weight."""
    apart = fn.binary_cross_entropy_with_logits(answers[:, 0], goals[:, 0], reduction="none")
    return torch.mean(goals[:, 1] * apart)


def main() -> None:
    """Run from the command line."""
    run(__doc__, lambda network, photos, rng: fit(network, read_fronts(network, photos), rng))


if __name__ == "__main__":
    main()
