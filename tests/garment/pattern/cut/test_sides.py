"""Sides and hems are cut as garments are, not as wide as the end of a garment that is nearest to the camera."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.fit import fit_block
from vmodel.types import FloatArray, GarmentPhoto


def spread(photo: GarmentPhoto, times: float, laid: str = "flat") -> GarmentPhoto:
    """Return the photo ``times`` as wide at the hem, and less and less so up to the armpits."""
    middle, top, low = photo.middle("neck")[0], photo.middle("armpit")[1], photo.middle("hem")[1]

    def wider(rows: FloatArray) -> FloatArray:
        return 1 + (times - 1) * np.maximum((rows - top) / (low - top), 0)

    rows, columns = np.mgrid[: photo.mask.shape[0], : photo.mask.shape[1]].astype(np.float64)
    mask = cv2.remap(
        photo.mask.astype(np.uint8),
        np.asarray(middle + (columns - middle) / wider(rows), np.float32),
        rows.astype(np.float32),
        cv2.INTER_NEAREST,
    )
    points = {name: np.array([middle + (x - middle) * wider(y), y]) for name, (x, y) in photo.points.items()}
    return replace(photo, mask=mask > 0, points=points, kind=replace(photo.kind, laid=laid))


def hem_over_chest(photo: GarmentPhoto) -> float:
    slight = replace(BODY, waist=0.8 * BODY.waist, hip=0.8 * BODY.hip)  # so that no hem is as narrow as they allow
    block, _ = fit_block(photo, slight, GENDER, "jersey", {})
    return float(
        np.ptp(block.front["hem"][:, 0]) / np.ptp([block.landmarks_cm[f"armpit_{s}"][0] for s in ("left", "right")])
    )


@pytest.fixture(scope="module")
def straight() -> GarmentPhoto:
    """Tee whose hem is as wide as its chest."""
    tee = photo_of(drawn.tee())
    return spread(tee, tee.half("armpit") / tee.half("hem"))


@pytest.mark.parametrize(("seen", "laid"), [(1.14, "flat"), (0.93, "hanger")])
def test_a_tee_photographed_as_most_are_is_straight(straight: GarmentPhoto, seen: float, laid: str) -> None:
    assert hem_over_chest(spread(straight, seen, laid)) == pytest.approx(1.02, abs=0.03)


def test_a_flared_top_stays_flared(straight: GarmentPhoto) -> None:
    ordinary, flared = (hem_over_chest(spread(straight, seen)) for seen in (1.14, 1.7))
    assert flared > 1.3 * ordinary


def test_a_drawing_is_cut_as_drawn(straight: GarmentPhoto) -> None:
    assert hem_over_chest(replace(spread(straight, 1.14), is_drawn=True)) == pytest.approx(1.14, abs=0.04)


def test_a_wide_hem_is_cut_longer_in_the_middle_of_its_front_alone(straight: GarmentPhoto) -> None:
    block, _ = fit_block(spread(straight, 1.7), BODY, GENDER, "jersey", {})
    front, back = (np.ptp(side["hem"][:, 1]) for side in (block.front, block.back))
    assert front > back + 1.0
