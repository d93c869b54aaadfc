"""Cardigans and coats drawn open, as photos with perfect readings."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pipelines.training.reader.synthetic.background import paint_ground
from pipelines.training.reader.synthetic.kinds import KINDS
from pipelines.training.reader.synthetic.sample import paint
from vmodel.garment.pattern.fit import make_pattern
from vmodel.garment.recognition.landmarks import complete
from vmodel.garment.recognition.network import LANDMARKS, PARTS
from vmodel.types import (
    BoolArray,
    Category,
    Cutout,
    FlatLay,
    Garment,
    GarmentKind,
    Landmarks,
    Neckline,
    Sleeve,
)

MAGENTA = (255, 0, 255)
"""Colour of the inside and of the ground between the fronts."""


@dataclass(frozen=True, eq=False)
class OpenPhoto:
    """A drawn photo of an open front.

    Attributes:
        inside: (H, W) bool, visible inner side of its back.
    """

    flat_lay: FlatLay
    cutout: Cutout
    kind: GarmentKind
    landmarks: Landmarks
    inside: BoolArray

    def pattern(self, worn_open: bool | None = None, *, is_read: bool = True) -> Garment:
        """Make the photo's pattern; ``is_read`` False simulates a reader that recognises no inside."""
        inside = self.inside if is_read else None
        return make_pattern(self.flat_lay, self.cutout, self.kind, self.landmarks, worn_open=worn_open, inside=inside)


def draw_open(category: Category, side: int = 512) -> OpenPhoto:
    """Draw the first long-sleeved garment that is open and lies flat; everything but its front is magenta."""
    for seed in range(500):
        rng = np.random.default_rng(seed)
        drawing = KINDS["open"][1](rng)
        choices = drawing.choices
        if (choices["category"], choices["sleeve"], choices["laid"]) == (
            category.value,
            "long",
            "flat",
        ) and drawing.gap > 1:
            break
    sample = paint(rng, drawing, paint_ground(rng, None, side))
    inside = np.asarray(sample.parts == PARTS.index("inside"))
    rgb = sample.rgb.copy()
    rgb[inside] = MAGENTA
    kind = GarmentKind(category, 1.0, Sleeve.LONG, Neckline(choices["neckline"]), open_front=True)
    points = {
        name: spot.astype(float) for name, spot in zip(LANDMARKS, sample.points, strict=True) if np.isfinite(spot).all()
    }
    assert sample.mask is not None
    marks = complete(kind, points, dict.fromkeys(points, 1.0))
    return OpenPhoto(FlatLay("open.png", "3" * 64, rgb), Cutout(sample.mask, "mask", 1.0), kind, marks, inside)


def closed_photo(photo: OpenPhoto) -> OpenPhoto:
    """Return the same picture, read as a closed front."""
    return replace(photo, kind=replace(photo.kind, open_front=False))
