from __future__ import annotations

import zlib

import cv2
import numpy as np
import pytest

from benchmarks.reading_fronts import draw_front
from benchmarks.reading_photos import photograph
from vmodel.garment.front import between_fronts, read_front
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.types import Category, Cutout, FlatLay

SIZE = (900, 700)
POINTS = {
    "neck_left": np.array([400.0, 100.0]), "neck_right": np.array([300.0, 100.0]),
    "armpit_left": np.array([500.0, 260.0]), "armpit_right": np.array([200.0, 260.0]),
    "hem_left": np.array([500.0, 800.0]), "hem_right": np.array([200.0, 800.0]), "neck_front": np.array([350.0, 130.0]),
}  # fmt: skip


def cloth(rng_seed=3):
    """A torso of slightly folded cloth with its mask and landmarks."""
    rng = np.random.default_rng(rng_seed)
    folds = cv2.resize(rng.normal(0, 5, (9, 7)).astype(np.float32), SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    rgb = np.full((*SIZE, 3), 235.0)
    mask = np.zeros(SIZE, bool)
    mask[100:800, 200:500] = True
    rgb[mask] = (np.array([70, 95, 130]) + folds[..., None])[mask]
    return np.clip(rgb, 0, 255).astype(np.uint8), mask


def with_buttons(rgb, columns, radius, heights):
    cv2.line(rgb, (max(columns) + 20, 130), (max(columns) + 20, 799), (50, 68, 95), 3, cv2.LINE_AA)
    for x in columns:
        for y in heights:
            cv2.circle(rgb, (x, y), radius, (215, 205, 180), -1, cv2.LINE_AA)
    return rgb


def test_plain_cloth_has_neither_gap_nor_line_nor_buttons():
    rgb, mask = cloth()
    front = read_front(rgb, mask, POINTS)
    assert not front.is_parted
    assert front.rows == 0
    assert front.line < 0.2
    assert front.odds_of_outerwear < 0


def test_lining_between_two_fronts_is_a_gap():
    rgb, mask = cloth()
    cv2.fillPoly(rgb, [np.array([(335, 130), (365, 130), (395, 800), (310, 800)])], (45, 62, 88))
    front = read_front(rgb, mask, POINTS)
    assert front.is_parted
    assert front.gap_is_darker
    assert 0.15 < front.gap_width < 0.3


def test_ground_between_two_fronts_is_a_gap():
    rgb, mask = cloth()
    gap = cv2.fillPoly(np.zeros(SIZE, np.uint8), [np.array([(338, 300), (362, 300), (390, 800), (310, 800)])], 1) > 0
    rgb[gap], mask[gap] = 235, False
    assert read_front(rgb, mask, POINTS).is_parted


def test_a_zip_is_no_gap_but_speaks_for_a_jacket():
    rgb, mask = cloth()
    cv2.rectangle(rgb, (345, 130), (355, 799), (170, 170, 170), -1)
    front = read_front(rgb, mask, POINTS)
    assert not front.is_parted
    assert front.odds_of_outerwear > 1


def test_many_small_buttons_speak_for_a_shirt_and_few_large_ones_for_a_coat():
    small = with_buttons(cloth()[0], [350], 3, range(170, 780, 60))
    large = with_buttons(cloth()[0], [350], 9, range(200, 640, 90))
    mask = cloth()[1]
    shirt, coat = read_front(small, mask, POINTS), read_front(large, mask, POINTS)
    assert (shirt.rows, coat.rows) == (1, 1)
    assert shirt.odds_of_outerwear < -1 < 1 < coat.odds_of_outerwear


def test_two_rows_of_buttons_beside_an_edge_are_a_double_breasted_coat():
    rgb, mask = cloth()
    front = read_front(with_buttons(rgb, [310, 390], 8, range(200, 640, 90)), mask, POINTS)
    assert front.rows == 2
    assert front.odds_of_outerwear > 1


def test_level_stripes_are_neither_buttons_nor_a_gap():
    rgb, mask = cloth()
    for y in range(110, 800, 40):
        rgb[y : y + 16, 200:500] = (240, 240, 235)
    front = read_front(rgb, mask, POINTS)
    assert not front.is_parted
    assert front.odds_of_outerwear < 0


@pytest.mark.parametrize(("style", "category"), [("coat", Category.OUTERWEAR), ("shirt", Category.TOP)])
def test_most_drawn_coats_and_shirts_are_told_apart(style, category):
    kinds = [understand(*_photo(style, seed))[0] for seed in range(200, 203)]
    assert sum(kind.category == category for kind in kinds) >= 2


def test_an_open_cardigan_is_worn_open():
    kinds = [understand(*_photo("open cardigan", seed))[0] for seed in range(200, 203)]
    assert sum(kind.open_front for kind in kinds) >= 2


def _photo(style, seed):
    rng = np.random.default_rng([zlib.crc32(style.encode()), seed])
    photo = photograph(draw_front(style, rng), "paper", "none", rng)
    return FlatLay("drawn.png", "0" * 64, photo.rgb), Cutout(photo.mask.astype(np.float32), "mask", 1.0)


@pytest.mark.parametrize("lining", [(45, 62, 88), (110, 60, 190)])
def test_what_shows_between_two_fronts_is_found_where_it_lies(lining):
    rgb, mask = cloth()
    gap = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(gap, [np.array([(335, 130), (365, 130), (395, 800), (310, 800)])], 1)
    rgb[gap > 0] = lining
    found = between_fronts(rgb, mask, POINTS)
    below = np.s_[200:760]
    assert (found & (gap > 0))[below].sum() > 0.95 * gap[below].sum()
    assert (found & (gap == 0))[below].sum() < 0.12 * gap[below].sum()


def test_closed_cloth_has_nothing_between_its_fronts():
    rgb, mask = cloth()
    assert not between_fronts(rgb, mask, POINTS).any()


def test_a_cardigan_with_a_lining_as_dark_as_its_cloth_is_cut_in_two_fronts():
    photo, cutout = _photo("open cardigan", 69)
    garment = infer_pattern(photo, cutout, *understand(photo, cutout))
    assert {panel.name for panel in garment.panels} == {"front_left", "front_right", "back"}
