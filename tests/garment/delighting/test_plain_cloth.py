"""On cloth known to be plain, all slow variation counts as light; prints and other cloth do not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.garment.delighting.test_remove_light import COLUMNS, DEEP, MASK, ROWS, SHADE, crumpled, lit, plain
from vmodel.garment.delighting.plain_cloth import light_left
from vmodel.garment.delighting.remove_light import even_light
from vmodel.types import ByteArray, FloatArray

LOGO, PLACED, ALL_OVER = ({name: 1.0} for name in ("logo", "placed", "allover"))
UNPRINTED = np.zeros(MASK.shape, np.float32)
"""Map of prints without any print."""


def known_to_be_plain(photo: ByteArray) -> ByteArray:
    return even_light(photo, MASK, {"plain": 1.0}, UNPRINTED)


def spread(picture: ByteArray, where: np.ndarray, blur: float = 6) -> float:
    """Return the spread of the cloth's log lightness, after a blur that hides threads and noise."""
    soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), blur)[where]
    return float(np.log(soft).std(0).mean())


@pytest.mark.parametrize("colour", [(190, 185, 180), (60, 90, 150), (62, 58, 60), (240, 240, 236)])
def test_no_stain_is_left_on_plain_cloth(colour: tuple[float, float, float]) -> None:
    photo = lit(plain(*colour), SHADE * crumpled(0.2, 1))
    known = known_to_be_plain(photo)
    assert spread(known, DEEP) < 0.13 * spread(photo, DEEP)
    assert np.abs(np.median(known[MASK], axis=0) - np.median(photo[MASK], axis=0)).max() <= 3


def test_a_lamp_of_another_colour_leaves_no_colour_on_plain_cloth() -> None:
    lamp = 1 + 0.25 * ROWS[..., None] * np.array([1.0, 0.3, -0.6])
    photo = np.asarray(np.clip(plain(150, 150, 150) * lamp, 0, 255), np.uint8)
    evened = known_to_be_plain(photo).astype(float)
    top, foot = (evened[DEEP & (abs(ROWS - at) < 0.03)].mean(0) for at in (0.2, 0.8))
    assert np.abs(np.log(top / foot)).max() < 0.04


def test_folds_of_pink_cloth_are_no_red_streaks() -> None:
    fold = np.exp(-(((COLUMNS - 0.5 - 0.1 * ROWS) / 0.012) ** 2))[..., None] * DEEP[..., None]
    photo = np.asarray(plain(240, 80, 175) * (1 - fold * np.array([0.15, 0.5, 0.4])), np.uint8)
    evened = known_to_be_plain(photo).astype(float)
    dark, beside = fold[..., 0] > 0.8, DEEP & (fold[..., 0] < 0.01)

    def tint(picture: FloatArray) -> float:
        logs = np.log(picture[dark].mean(0) / picture[beside].mean(0))
        return float(logs[0] - logs[1:].mean())

    assert tint(photo.astype(float)) > 0.35
    assert abs(tint(evened)) < 0.13


def test_seams_and_ribs_of_plain_cloth_stay() -> None:
    ribs = plain(120, 125, 130) * np.where((COLUMNS * 60 % 1) < 0.3, 0.8, 1.0)[..., None]
    photo = lit(ribs, SHADE)

    def contrast(picture: ByteArray) -> float:
        tone = picture.astype(np.float32).mean(2)
        return float((tone - cv2.GaussianBlur(tone, (0, 0), 6))[DEEP].std() / tone[DEEP].mean())

    assert contrast(known_to_be_plain(photo)) > 0.9 * contrast(even_light(photo, MASK))


def marked(colour: tuple[float, float, float], ground: float = 150) -> tuple[FloatArray, np.ndarray, np.ndarray]:
    """Return cloth with a badge of a colour, the badge's mask, and the cloth around it."""
    away = np.hypot(ROWS - 0.35, COLUMNS - 0.6)
    cloth = plain(ground, ground, ground)
    cloth[away < 0.06] = colour
    return cloth, away < 0.05, (away > 0.08) & (away < 0.12)


@pytest.mark.parametrize("shares", [LOGO, PLACED])
@pytest.mark.parametrize("colour", [(225, 225, 225), (90, 90, 90), (170, 130, 130)])
def test_a_badge_keeps_its_colour_while_the_light_around_it_goes(
    shares: dict[str, float], colour: tuple[float, float, float]
) -> None:
    cloth, badge, around = marked(colour)
    photo = lit(cloth, SHADE)
    evened = even_light(photo, MASK, shares).astype(float)
    kept = np.log(evened[badge].mean(0) / evened[around].mean(0)) / np.log(np.array(colour) / 150)
    assert kept == pytest.approx(1, abs=0.25)
    ground = DEEP & (np.hypot(ROWS - 0.35, COLUMNS - 0.6) > 0.1)
    assert spread(np.asarray(evened, np.uint8), ground) < 0.25 * spread(photo, ground)


def test_checks_stay_under_a_lamp_that_goes() -> None:
    checks = plain(200, 60, 60)
    checks[(ROWS * 20 % 1 < 0.5) ^ (COLUMNS * 20 % 1 < 0.5)] = (70, 70, 120)
    photo = lit(checks, 1 - 0.4 * COLUMNS)
    evened = even_light(photo, MASK, ALL_OVER).astype(float)
    left, right = (DEEP & (abs(COLUMNS - at) < 0.05) for at in (0.25, 0.75))
    assert abs(np.log(evened[left].mean() / evened[right].mean())) < 0.08
    first = (checks == (200, 60, 60)).all(2)
    for where in (left, right):
        before, after = (
            np.log(picture[where & first].mean(0) / picture[where & ~first].mean(0)) for picture in (photo, evened)
        )
        assert after == pytest.approx(before, abs=0.05)


def test_fine_stripes_keep_hardly_any_folds() -> None:
    stripes = plain(200, 190, 185)
    stripes[COLUMNS * 50 % 1 < 0.4] = (120, 90, 150)
    photo = lit(stripes, SHADE * crumpled(0.2, 1))
    evened = even_light(photo, MASK, ALL_OVER, np.ones(MASK.shape, np.float32))
    assert spread(evened, DEEP, 8) < 0.27 * spread(photo, DEEP, 8)
    stripe, between = (DEEP & (abs(COLUMNS * 50 % 1 - middle) < 0.1) for middle in (0.2, 0.7))
    before, after = (np.log(picture[stripe].mean(0) / picture[between].mean(0)) for picture in (photo, evened))
    assert after == pytest.approx(before, abs=0.05)


@pytest.mark.parametrize("cloth", ["blocks", "washed"])
def test_cloth_that_varies_on_purpose_is_left_to_the_network(cloth: str) -> None:
    share = np.clip((ROWS - 0.2) / 0.6, 0, 1)[..., None]
    photo = lit(plain(210, 90, 120) * (1 - share) + plain(70, 110, 200) * share)
    assert np.array_equal(even_light(photo, MASK, {cloth: 1.0}), even_light(photo, MASK))


def test_a_badge_stays_on_cloth_that_is_only_perhaps_plain() -> None:
    cloth, badge, around = marked((200, 200, 200))
    evened = even_light(lit(cloth, SHADE), MASK, {"plain": 0.5, "logo": 0.5}).astype(float)
    assert np.log(evened[badge].mean() / evened[around].mean()) == pytest.approx(np.log(200 / 150), abs=0.04)


@pytest.mark.parametrize("tone", [185, 112])
def test_a_print_stays_where_it_is_seen_though_the_rest_is_as_plain_as_plain_cloth(tone: float) -> None:
    cloth, badge, around = marked((tone, tone, tone))
    photo = lit(cloth, SHADE * crumpled(0.2, 1))
    away = np.hypot(ROWS - 0.35, COLUMNS - 0.6)
    evened = even_light(photo, MASK, LOGO, cv2.GaussianBlur(np.float32(away < 0.06), (0, 0), 4))
    assert np.log(evened[badge].mean() / evened[around].mean()) == pytest.approx(np.log(tone / 150), rel=0.15)
    assert spread(evened, DEEP & (away > 0.1)) < 0.13 * spread(photo, DEEP & (away > 0.1))


def test_what_is_printed_all_over_is_left_as_it_is() -> None:
    photo = lit(plain(150, 150, 150), SHADE)
    everywhere = np.ones_like(UNPRINTED)
    assert np.array_equal(even_light(photo, MASK, LOGO, everywhere), even_light(photo, MASK, LOGO))


def test_soft_checks_are_not_taken_for_folds_and_their_lamp_goes() -> None:
    stripes = 0.5 * (cv2.GaussianBlur(np.float64([(c * 8 % 1 < 0.4) for c in (COLUMNS, ROWS)]).sum(0), (0, 0), 6))
    checks = plain(225, 225, 222) * (1 - stripes[..., None] * np.array([0.35, 0.35, 0.5]))
    photo = lit(checks, (1 - 0.4 * COLUMNS) * crumpled(0.15, 2))
    evened = even_light(photo, MASK, ALL_OVER, np.ones(MASK.shape, np.float32))
    left, right = (DEEP & (abs(COLUMNS - at) < 0.12) for at in (0.3, 0.7))
    assert abs(np.log(evened[left].mean() / evened[right].mean())) < 0.12
    tone = [np.log(picture[DEEP].astype(float).mean(1)) for picture in (checks, evened)]
    slope = np.polyfit(tone[0] - tone[0].mean(), tone[1] - tone[1].mean(), 1)[0]
    assert slope > 0.7


@pytest.mark.parametrize("dark", [(0.08, 0.12, 0.28), (0.55, 0.09, 0.12)])
def test_a_plain_yoke_above_stripes_is_no_better_lit_than_they_are(dark: tuple[float, float, float]) -> None:
    rows, columns = np.mgrid[:160, :140]
    cream, lamp = np.array([0.9, 0.87, 0.8]), 0.4 * (columns / 140 - 0.5)
    striped = (rows > 40) & (rows % 12 < 5)
    rest = np.log(np.where(striped[..., None], dark, cream)) + lamp[..., None]
    found = light_left(rest.astype(np.float32), np.ones(rest.shape[:2], bool), {"allover": 1.0})
    yoke, stripes = found[5:25, 40:100].mean((0, 1)), found[100:140, 40:100].mean((0, 1))
    assert np.abs(yoke - stripes).max() < 0.12
    assert (found[:, 110:130] - found[:, 10:30]).mean() == pytest.approx(0.4 * 100 / 140, abs=0.1)
