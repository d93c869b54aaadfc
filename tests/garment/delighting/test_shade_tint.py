"""Shade on patterned cloth, told by its tint."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.garment.delighting.test_remove_light import COLUMNS, DEEP, MASK, ROWS, SHADE, crumpled, plain
from vmodel.garment.delighting.remove_light import even_light
from vmodel.types import ByteArray, FloatArray

ALL_OVER = {"allover": 0.95}
PRINTED = MASK.astype(np.float32)
OLIVE = (0.95, 0.95, 1.5)
"""How strongly each channel follows the shade of a room where the ground's pink was balanced away."""


def stripes(*colour: float) -> FloatArray:
    """Draw white cloth with narrow upright stripes."""
    cloth = plain(222, 222, 218)
    cloth[(COLUMNS * 42 % 1) < 0.35] = colour
    return cloth


def photographed(cloth: FloatArray, follows: tuple[float, float, float]) -> ByteArray:
    shade = (crumpled(0.3, 1) * SHADE)[..., None] ** np.array(follows)
    noise = np.random.default_rng(3).normal(0, 2, (*MASK.shape, 1))
    return np.clip(cv2.GaussianBlur(cloth * shade + noise, (0, 0), 0.7) + 0.5, 0, 255).astype(np.uint8)


def olive(picture: ByteArray) -> FloatArray:
    """Return how much less blue than green there is, without what is as narrow as the stripes."""
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 9)
    return np.asarray(np.log(soft[..., 1] / soft[..., 2]))


def narrow(picture: ByteArray) -> FloatArray:
    fine, soft = (cv2.GaussianBlur(picture.astype(np.float32), (0, 0), px) for px in (1, 9))
    return np.asarray(fine - soft)


def test_stripes_lose_the_tint_and_the_depth_of_their_shade() -> None:
    cloth = stripes(60, 60, 75)
    photo = photographed(cloth, OLIVE)
    evened = even_light(photo, MASK, ALL_OVER, PRINTED)
    assert olive(evened)[DEEP].std() < 0.4 * olive(photo)[DEEP].std()
    before, after = (
        cv2.GaussianBlur(each[..., 1].astype(np.float32), (0, 0), 9)[DEEP].std() for each in (photo, evened)
    )
    assert after < 0.65 * before
    kept, shown = (narrow(each)[DEEP].std() for each in (evened, photo))
    assert kept > 0.85 * shown


@pytest.mark.parametrize("size", [9, 16])
def test_a_pattern_of_several_tints_keeps_them(size: int) -> None:
    dots = plain(60, 70, 130)
    rng = np.random.default_rng(5)
    tints = rng.uniform((150, 90, 90), (240, 210, 190), (40, 40, 3))
    inside = ((ROWS * size % 1 - 0.5) ** 2 + (COLUMNS * size % 1 - 0.5) ** 2) < 0.12
    dots[inside] = tints[(ROWS * size).astype(int), (COLUMNS * size).astype(int)][inside]
    photo = photographed(dots, (1.0, 1.0, 1.0))
    evened = even_light(photo, MASK, ALL_OVER, PRINTED)

    def contrast(picture: ByteArray) -> FloatArray:
        logs = np.log(picture.astype(np.float32) + 4)
        return np.asarray(logs[inside & DEEP].mean(0) - logs[~inside & DEEP].mean(0))

    assert np.linalg.norm(contrast(evened)) > 0.85 * np.linalg.norm(contrast(photo))
