"""Cloth that is continued into a hole by shifted copies of itself."""

from __future__ import annotations

import numpy as np

from vmodel.garment.imaging.shifted_cloth import continue_cloth
from vmodel.types import ByteArray, FloatArray


def checks(size: int = 360, across: int = 46, down: int = 34) -> ByteArray:
    """Draw a check of two colours with a little weave."""
    y, x = np.mgrid[:size, :size]
    cloth = np.array([200.0, 190.0, 170.0]) * np.ones((size, size, 1))
    cloth[(x % across) < across // 3] *= (0.6, 0.75, 0.8)
    cloth[(y % down) < down // 3] *= (0.8, 0.6, 0.7)
    return np.asarray(np.clip(cloth + np.random.default_rng(0).normal(0, 2, cloth.shape), 0, 255), np.uint8)


def off(picture: ByteArray, wanted: ByteArray, where: FloatArray) -> float:
    return float(np.abs(picture.astype(float) - wanted)[where].mean())


def test_checks_go_on_through_a_hole() -> None:
    cloth = checks()
    hole = np.zeros(cloth.shape[:2], bool)
    hole[120:240, 150:230] = True
    torn = np.where(hole[..., None], np.uint8(0), cloth)
    assert off(continue_cloth(torn, ~hole, hole, 40.0), cloth, hole) < 6


def test_what_may_not_be_copied_is_not() -> None:
    cloth = checks()
    cloth[40:100, 40:100] = (20, 20, 220)
    hole = np.zeros(cloth.shape[:2], bool)
    hole[200:300, 60:160] = True
    known = ~hole
    known[40:100, 40:100] = False
    filled = continue_cloth(np.where(hole[..., None], np.uint8(0), cloth), known, hole, 40.0)
    assert not ((filled[hole][:, 2] > 200) & (filled[hole][:, 0] < 60)).any()


def test_level_stripes_stay_level_and_a_placket_in_its_columns() -> None:
    cloth = np.full((360, 360, 3), 210, np.uint8)
    cloth[(np.arange(360) % 45) < 16] = (60, 80, 140)
    cloth[:, 170:190] = (150, 40, 40)
    rows, columns = np.mgrid[:360, :360]
    hole = rows < 120 - np.abs(columns - 180) // 3
    torn = np.where(hole[..., None], np.uint8(0), cloth)
    assert off(continue_cloth(torn, ~hole, hole, 40.0, upright=True), cloth, hole) < 6


def test_a_picture_without_a_hole_stays_as_it_is() -> None:
    cloth = checks()
    everywhere = np.ones(cloth.shape[:2], bool)
    assert (continue_cloth(cloth, everywhere, ~everywhere, 40.0) == cloth).all()
