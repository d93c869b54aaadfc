"""Garments for training scenes: drawn from a seed, with exact labels instead of a reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from pipelines.common.network_images import frame_flat_lay
from pipelines.training.reader.samples import Sample
from pipelines.training.reader.synthetic.sample import draw_sample
from vmodel.garment.pattern.fit import make_pattern
from vmodel.garment.recognition.kind import judge_length
from vmodel.garment.recognition.landmarks import complete
from vmodel.garment.recognition.network import LANDMARKS
from vmodel.types import ByteArray, Category, Cutout, FlatLay, Garment, GarmentKind, Landmarks, Neckline, Sleeve

SIDE_PX: Final = 1000
MATERIALS: Final = ("jersey", "jersey", "cotton", "cotton", "denim", "silk", "knit", "leather", "coat-wool")
_LEAST_EXTENT: Final = 0.55
"""Least share of the picture's side that the garment fills: smaller ones have too few pixels for a print."""
_MOST_DRAWINGS: Final = 200
_NECK: Final = LANDMARKS.index("neck_left")


@dataclass(frozen=True)
class DrawnGarment:
    """Garment of a training scene.

    Attributes:
        id: of its seed.
        kind: as drawn.
        garment: without a size.
        flat_lay: (128, 128, 3) uint8, cut out on white.
    """

    id: str
    kind: GarmentKind
    garment: Garment
    flat_lay: ByteArray


def draw_garment(garment_id: str, seed: int) -> DrawnGarment:
    """Draw a garment.

    Args:
        garment_id: name in the index.
        seed: decides cut, print and material.
    """
    rng = np.random.default_rng([seed, 61])
    sample = _usable(rng)
    assert sample.mask is not None
    flat_lay, cutout = FlatLay(f"{garment_id}.png", garment_id, sample.rgb), Cutout(sample.mask, "mask", 1.0)
    kind = GarmentKind(
        Category(sample.choices["category"]), 1.0,
        Sleeve(sample.choices.get("sleeve", "none")), Neckline(sample.choices.get("neckline", "none")),
        laid=sample.choices.get("laid", "flat"),
    )  # fmt: skip
    seen = {
        name: np.asarray(point, np.float64)
        for name, point in zip(LANDMARKS, sample.points, strict=True)
        if not np.isnan(point[0])
    }
    landmarks: Landmarks = complete(kind, seen, dict.fromkeys(seen, 1.0))
    kind = GarmentKind(**{**vars(kind), "length": judge_length(kind, landmarks)})
    garment = make_pattern(flat_lay, cutout, kind, landmarks, None, str(rng.choice(MATERIALS)))
    return DrawnGarment(garment_id, kind, garment, frame_flat_lay(sample.rgb, sample.mask))


def _usable(rng: np.random.Generator) -> Sample:
    """Draw samples until one is large, of a kind with a pattern, and seen from the front; briefs need their top."""
    for _ in range(_MOST_DRAWINGS):
        sample = draw_sample(rng, None, SIDE_PX)
        seen = sample.points[~np.isnan(sample.points[:, 0])]
        large = len(seen) and float(np.ptp(seen, axis=0).max()) > _LEAST_EXTENT * SIDE_PX
        if not large or sample.choices["category"] not in set(Category) or sample.choices.get("face") == "back":
            continue
        if not (Category(sample.choices["category"]).covers_upper and np.isnan(sample.points[_NECK, 0])):
            return sample
    raise AssertionError("no drawing can be used")
