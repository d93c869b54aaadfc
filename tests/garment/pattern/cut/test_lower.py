"""Ends of legs are cut as wide as they are, however far from the camera they hang."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.garment.pattern.test_shape_of_photo import cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.imaging.contour import SIDES
from vmodel.types import GarmentPhoto


def narrowed(photo: GarmentPhoto, share: float, laid: str) -> GarmentPhoto:
    """Return the photo with ends of legs ``share`` as wide, about their middles, and photographed another way."""
    points = dict(photo.points)
    for side in SIDES:
        outer, inner = (photo.points[f"leg_{name}_{side}"] for name in ("outer", "inner"))
        middle = (outer + inner) / 2
        points[f"leg_outer_{side}"], points[f"leg_inner_{side}"] = (
            middle + share * (end - middle) for end in (outer, inner)
        )
    return replace(photo, points=points, kind=replace(photo.kind, laid=laid))


def opening_cm(photo: GarmentPhoto) -> float:
    marks = cut(photo).landmarks_cm
    return float(abs(marks["leg_outer_left"] - marks["leg_inner_left"])[0])


@pytest.mark.parametrize(("name", "seen"), [("trousers", 0.66), ("shorts", 0.77)])
def test_legs_on_a_hanger_are_cut_as_wide_as_the_same_legs_lying_flat(name: str, seen: float) -> None:
    photo = narrowed(photo_of(drawn.ALL[name]()), 1.5, "flat")
    flat = opening_cm(photo)
    assert opening_cm(narrowed(photo, seen, "hanger")) == pytest.approx(flat, rel=0.07)
    assert opening_cm(narrowed(photo, seen, "flat")) < 0.88 * flat


def test_slim_legs_on_a_hanger_stay_slimmer_than_wide_ones() -> None:
    photo = photo_of(drawn.trousers())
    slim, wide = (opening_cm(narrowed(photo, share, "hanger")) for share in (0.5, 0.8))
    assert slim < 0.8 * wide
