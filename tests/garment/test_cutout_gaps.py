"""Gaps between sleeves and body: the narrow, the enclosed, and what only looks like one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.garment.test_cutout import saved
from vmodel.garment.cutout import cut_out
from vmodel.types import FlatLay

SLEEVE_AND_GAP = (
    [(140, 180), (230, 230), (290, 640), (190, 650), (150, 350)],
    [(152, 350), (166, 420), (195, 655), (166, 655), (160, 500)],
)
"""From the middle outwards: the gap is up to 26 pixels wide and ends at the cuff."""


def test_narrow_gaps_beside_a_print_with_spots_of_the_grounds_colour_are_open() -> None:
    size, ground = (1000, 800), 246.0
    cloth = np.zeros(size, np.uint8)
    cv2.fillPoly(cloth, [np.array([(250, 180), (550, 180), (570, 800), (230, 800)])], 1)
    gaps = np.zeros(size, np.uint8)
    for side in (1, -1):
        sleeve, gap = (np.array(each) for each in SLEEVE_AND_GAP)
        mirrored = [np.stack([400 + side * points[:, 0], points[:, 1]], axis=1) for points in (sleeve, gap)]
        cv2.fillPoly(cloth, mirrored[:1], 1)
        cv2.fillPoly(gaps, mirrored[1:], 1)
    cloth[gaps > 0] = 0
    rgb = np.full((*size, 3), ground, np.float32)
    rgb[cloth > 0] = (40, 110, 150)
    spots = np.zeros(size, np.uint8)
    for x, y in ((x, y) for x in range(290, 520, 40) for y in range(230, 780, 45)):
        cv2.circle(spots, (x, y), 8, 1, -1)
    rgb[(spots & cloth) > 0] = ground
    photo = saved(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.uint8), "JPEG", 75)
    found = cut_out(FlatLay("spotted.jpg", "0" * 64, photo)).mask
    assert (found & (gaps > 0)).sum() < 0.15 * gaps.sum()
    assert (found & (cloth > 0)).sum() > 0.985 * cloth.sum()


def test_the_pointed_end_of_a_short_gap_is_open_and_pale_shade_at_a_hem_is_cloth() -> None:
    """Sharpening and JPEG tinge a wedge that is narrower than the flood's disc and too short beside a print."""
    size, ground = (1000, 800), 244.0
    cloth = np.zeros(size, np.uint8)
    for points in ([(250, 180), (550, 180), (555, 700), (245, 700)], [(250, 180), (260, 400), (190, 675), (100, 650)]):
        cv2.fillPoly(cloth, [np.array(points)], 1)
    wedge = np.zeros(size, np.uint8)
    cv2.fillPoly(cloth, [np.array([(225, 500), (260, 500), (245, 640), (205, 640)])], 1)
    cv2.fillPoly(wedge, [np.array([(247, 640), (236, 640), (244, 590), (247, 590)])], 1)
    cloth[wedge > 0] = 0
    rgb = np.full((*size, 3), ground, np.float32)
    rgb[cloth > 0] = (225, 150, 115)
    faint = np.clip(1 - np.abs(np.arange(800) - 400) / 30, 0, 1)[None] * np.linspace(0, 1, 80)[:, None]
    rgb[620:700] += faint[..., None] * (ground - 6 - rgb[620:700])
    soft = cv2.GaussianBlur(rgb, (0, 0), 1.0)
    sharp = np.clip(1.8 * soft - 0.8 * cv2.GaussianBlur(soft, (0, 0), 2.0), 0, 255)
    found = cut_out(FlatLay("blouse.jpg", "0" * 64, saved(sharp.astype(np.uint8), "JPEG", 80))).mask
    core = cv2.erode(wedge, np.ones((3, 3), np.uint8)) > 0
    assert (found & core).sum() < 0.5 * core.sum()
    assert found[625:690, 395:405].all()


def _sleeved(gap: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of a body with sleeves whose ends lie on it, and of the gaps that they enclose."""
    body = [(250, 180), (550, 180), (560, 800), (240, 800)]
    sleeve = [(140, 180), (230, 230), (262, 470), (215, 660), (120, 660), (150, 470), (120, 300)]
    whole, gaps = np.zeros((1000, 800), np.uint8), np.zeros((1000, 800), np.uint8)
    cv2.fillPoly(whole, [np.array(body)], 1)
    for side in (1, -1):
        for points, picture in ((sleeve, whole), (gap, gaps)):
            cv2.fillPoly(picture, [np.stack([400 + side * np.array(points)[:, 0], np.array(points)[:, 1]], 1)], 1)
    return whole & ~gaps & 1, gaps


def _spots() -> np.ndarray:
    spots = np.zeros((1000, 800), np.uint8)
    for x, y in ((x, y) for x in range(290, 520, 40) for y in range(230, 780, 45)):
        cv2.circle(spots, (x, y), 8, 1, -1)
    return spots


@pytest.mark.parametrize("spotted", [False, True])
def test_gaps_that_sleeves_enclose_are_open(spotted: bool) -> None:
    mask, gaps = _sleeved([(154, 330), (166, 400), (172, 470), (164, 540), (155, 600), (153, 470)])
    rgb = np.full((1000, 800, 3), 246, np.float32)
    rgb[mask > 0] = (40, 110, 150)
    if spotted:
        rgb[(_spots() & mask) > 0] = 246
    photo = saved(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.uint8), "JPEG", 85)
    found = cut_out(FlatLay("enclosed.jpg", "0" * 64, photo)).mask
    assert (found & (gaps > 0)).sum() < 0.2 * gaps.sum()
    assert (found & (mask > 0)).sum() > 0.985 * mask.sum()


def test_upright_white_stripes_on_white_paper_stay_cloth() -> None:
    stripe = [(40, 300), (58, 300), (58, 620), (40, 620)]
    mask, stripes = _sleeved(stripe)
    rgb = np.full((1000, 800, 3), 236, np.float32)
    rgb[mask > 0], rgb[stripes > 0] = (40, 110, 150), 238
    photo = saved(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.uint8), "JPEG", 90)
    found = cut_out(FlatLay("striped.png", "0" * 64, photo)).mask
    assert (found & (stripes > 0)).sum() > 0.985 * stripes.sum()


def test_the_narrow_top_of_a_gap_that_the_flood_came_up_is_open() -> None:
    mask, _ = _sleeved([(151, 300), (152, 300), (153, 301)])
    wedge = np.zeros((1000, 800), np.uint8)
    for side in (1, -1):
        points = np.array([(152, 400), (157, 440), (160, 480), (174, 640), (178, 700), (146, 700), (148, 480)])
        cv2.fillPoly(wedge, [np.stack([400 + side * points[:, 0], points[:, 1]], 1)], 1)
    rgb = np.full((1000, 800, 3), 246, np.float32)
    rgb[(mask > 0) & (wedge == 0) & (_spots() == 0)] = (40, 40, 44)
    photo = saved(cv2.GaussianBlur(rgb, (0, 0), 0.8).astype(np.uint8), "JPEG", 85)
    found = cut_out(FlatLay("wedge.jpg", "0" * 64, photo)).mask
    tops = wedge > 0
    tops[480:] = False
    assert (found & tops).sum() < 0.3 * tops.sum()
