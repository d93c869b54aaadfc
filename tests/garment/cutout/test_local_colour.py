"""Ground leaves the mask where its colours tell it from cloth; trims, and cloth of the ground's colour, stay."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vmodel.garment.cutout.local_colour import drawn_by_colour
from vmodel.types import BoolArray, ByteArray, FloatArray

SIZE = (400, 320)
CLOTH = np.s_[80:320, 80:240]
Colour = tuple[int, int, int]
NAVY, GREY, WHITE, GREEN = (30, 40, 80), (150, 150, 146), (238, 238, 236), (60, 120, 80)


def cloth_mask() -> BoolArray:
    mask = np.zeros(SIZE, bool)
    mask[CLOTH] = True
    return mask


def photo(cloth: Colour, ground: Colour) -> ByteArray:
    return np.where(cloth_mask()[..., None], np.array(cloth, np.uint8), np.array(ground, np.uint8))


def grained(rgb: ByteArray) -> ByteArray:
    noise = np.random.default_rng(4).normal(0, 3, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def soft(mask: BoolArray) -> FloatArray:
    """Soften the mask's edge like that of a network whose cells are four pixels wide."""
    return np.asarray(cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.5))


def grown(mask: BoolArray, pixels: int) -> BoolArray:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1, 2 * pixels + 1), np.uint8)) > 0)


def drawn(rgb: ByteArray, rough: BoolArray) -> BoolArray:
    return drawn_by_colour(grained(rgb), soft(rough), soft(rough))


@pytest.mark.parametrize("shade", [1.0, 0.7])
def test_a_strip_of_ground_leaves_the_mask(shade: float) -> None:
    """The strip is also removed in the garment's own shadow."""
    mask = cloth_mask()
    rough = grown(mask, 3)
    rgb = photo(NAVY, (200, 170, 130))
    rgb[rough & ~mask] = (np.array((200, 170, 130)) * shade).astype(np.uint8)
    found = drawn(rgb, rough)
    assert (found & ~mask).sum() < 0.15 * (rough & ~mask).sum()
    assert (mask & ~found).sum() < 0.003 * mask.sum()


def test_a_patch_of_ground_between_sleeve_and_body_leaves_the_mask() -> None:
    mask = cloth_mask()
    mask[200:320, 200:208] = False
    rgb = np.where(mask[..., None], np.array(NAVY, np.uint8), np.array(GREEN, np.uint8))
    unsure = np.where(cloth_mask() & ~mask, np.float32(0.7), soft(cloth_mask()))
    found = drawn_by_colour(grained(rgb), unsure, unsure)
    assert found[210:310, 203:205].mean() < 0.05
    assert (mask & ~found).sum() < 0.003 * mask.sum()


def test_cloth_that_the_mask_lacks_comes_back() -> None:
    mask = cloth_mask()
    rough = np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    found = drawn(photo(NAVY, GREEN), rough)
    assert (mask & ~found).sum() < 0.5 * (mask & ~rough).sum()
    assert (found & ~mask).sum() < 0.003 * mask.sum()


@pytest.mark.parametrize("width", [3, 8])
def test_a_white_trim_on_a_dark_tee_on_grey_ground_stays(width: int) -> None:
    mask = cloth_mask()
    rgb = photo(NAVY, GREY)
    trim = mask.copy()
    trim[:, 80 + width : 240 - width] = False
    trim[320 - width : 320, 80:240] = True
    rgb[trim] = WHITE
    found = drawn(rgb, mask)
    assert (found & trim).sum() > 0.97 * trim.sum()


def test_cloth_of_the_grounds_colour_is_left_to_the_network() -> None:
    rough = grown(cloth_mask(), 3)
    found = drawn(photo(WHITE, (236, 237, 237)), rough)
    assert (found ^ (soft(rough) > 0.5)).sum() < 0.004 * rough.sum()


def test_stripes_that_have_the_grounds_colour_are_not_eaten() -> None:
    mask = cloth_mask()
    rgb = photo(NAVY, WHITE)
    rgb[80:320:16, 80:240] = rgb[81:320:16, 80:240] = WHITE
    found = drawn(rgb, mask)
    assert (mask & ~found).sum() < 0.006 * mask.sum()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_mask_without_an_edge_is_left_alone(value: float) -> None:
    mask = np.full(SIZE, value, np.float32)
    assert np.array_equal(drawn_by_colour(photo(NAVY, GREY), mask, mask), mask > 0.5)
