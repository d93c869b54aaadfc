from __future__ import annotations

import cv2
import numpy as np
import pytest

from vmodel.garment.delighting.remove_light import even_light
from vmodel.garment.pattern.fit import _photo_of
from vmodel.types import ByteArray, Category, Cutout, FlatLay, FloatArray, GarmentKind, Landmarks

SIDE = 640
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE] / SIDE
MASK = (abs(ROWS - 0.5) < 0.4) & (abs(COLUMNS - 0.5) < 0.35)
DEEP = cv2.erode(MASK.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
SHADE = 1 - 0.35 * np.exp(-((ROWS - 0.65) ** 2 + (COLUMNS - 0.4) ** 2) / 0.03) - 0.15 * COLUMNS


def lit(cloth: FloatArray, shade: FloatArray | float = 1.0) -> ByteArray:
    """Photograph cloth under a light, with the noise and softness of a camera."""
    noise = np.random.default_rng(3).normal(0, 2, (SIDE, SIDE, 1))
    picture = cv2.GaussianBlur(cloth * np.broadcast_to(shade, (SIDE, SIDE))[..., None] + noise, (0, 0), 0.7)
    return np.asarray(np.clip(picture + 0.5, 0, 255), np.uint8)


def crumpled(depth: float, seed: int) -> FloatArray:
    """Return (SIDE, SIDE) shade of nine bent folds at random places, each with its lit side."""
    rng, shade = np.random.default_rng(seed), np.ones((SIDE, SIDE))
    for _ in range(9):
        (row, column), turn, wide = rng.uniform(0.2, 0.8, 2), rng.uniform(0, np.pi), rng.uniform(0.015, 0.05)
        along = (ROWS - row) * np.cos(turn) - (COLUMNS - column) * np.sin(turn)
        across = ((COLUMNS - column) * np.cos(turn) + (ROWS - row) * np.sin(turn) + 0.3 * along**2) / wide
        fold = depth * (0.5 * np.exp(-((across - 1.5) ** 2)) - np.exp(-(across**2)))
        shade += fold * np.exp(-((along / rng.uniform(0.08, 0.25)) ** 2))
    return shade


def plain(*colour: float) -> FloatArray:
    return np.full((SIDE, SIDE, 3), colour, np.float64)


def mean_change(photo: ByteArray, evened: ByteArray, where: np.ndarray) -> float:
    return float(np.abs(evened[where].astype(float).mean(0) - photo[where].mean(0)).max())


@pytest.mark.parametrize("colour", [(190, 185, 180), (60, 90, 150), (62, 58, 60), (240, 240, 236)])
def test_shade_over_plain_cloth_is_mostly_gone(colour: tuple[float, float, float]) -> None:
    photo = lit(plain(*colour), SHADE)
    evened = even_light(photo, MASK)
    before, after = (cv2.GaussianBlur(a.astype(np.float32), (0, 0), 9)[DEEP].std(0).mean() for a in (photo, evened))
    assert after < 0.55 * before
    assert np.abs(np.median(evened[MASK], axis=0) - np.median(photo[MASK], axis=0)).max() <= 2


@pytest.mark.parametrize("colour", [(190, 185, 180), (60, 90, 150), (240, 240, 236)])
def test_folds_of_the_photo_are_mostly_gone(colour: tuple[float, float, float]) -> None:
    """The body forms folds of its own: those of a crumpled photo look like stains."""
    photo = lit(plain(*colour), crumpled(0.25, 1))
    evened = even_light(photo, MASK)
    before, after = (cv2.GaussianBlur(a.astype(np.float32), (0, 0), 4)[DEEP].std(0).mean() for a in (photo, evened))
    assert after < 0.65 * before


def test_shade_of_another_tint_leaves_no_colour_behind() -> None:
    """A window lights the cloth and a red bed its shade; a print in the shade's own tint stays."""
    cloth = plain(205, 210, 195)
    cloth[(abs(ROWS - 0.3) < 0.06) & (abs(COLUMNS - 0.5) < 0.15)] = (205, 185, 150)
    shade = crumpled(0.3, 1)[..., None] ** np.array([0.85, 1.0, 1.35])
    noise = np.random.default_rng(3).normal(0, 2, (SIDE, SIDE, 1))
    photo = np.clip(cv2.GaussianBlur(cloth * shade + noise, (0, 0), 0.7) + 0.5, 0, 255).astype(np.uint8)
    evened = even_light(photo, MASK)
    away = DEEP & (ROWS > 0.42)

    def warmth(picture: ByteArray) -> FloatArray:
        soft = cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 4)
        return np.asarray(np.log(soft[..., 0] / soft[..., 2]))

    assert warmth(evened)[away].std() < 0.65 * warmth(photo)[away].std()
    printed = (abs(ROWS - 0.3) < 0.04) & (abs(COLUMNS - 0.5) < 0.12)
    beside = (abs(ROWS - 0.3) < 0.04) & (abs(abs(COLUMNS - 0.5) - 0.21) < 0.03)
    kept = np.median(warmth(evened)[printed]) - np.median(warmth(evened)[beside])
    assert kept > 0.75 * np.log(205 / 150 / (205 / 195))


def test_prints_keep_their_values() -> None:
    stripes = plain(25, 25, 25)
    stripes[(ROWS * 14 % 1) < 0.5] = 235
    blocks = plain(170, 30, 40)
    blocks[COLUMNS > 0.55] = (35, 50, 150)
    printed = plain(120, 120, 122)
    printed[(ROWS - 0.45) ** 2 + (COLUMNS - 0.5) ** 2 < 0.02] = 240
    pale = plain(200, 200, 200)
    pale[(abs(ROWS - 0.5) < 0.12) & (abs(COLUMNS - 0.5) < 0.2)] = 165
    for cloth in (stripes, blocks, printed, pale):
        photo = lit(cloth)
        evened = even_light(photo, MASK)
        for colour in np.unique(cloth.reshape(-1, 3), axis=0):
            assert mean_change(photo, evened, DEEP & (cloth == colour).all(2)) < 10


@pytest.mark.parametrize("darker", [0.7, 1.25])
def test_letters_hardly_darker_or_paler_than_the_cloth_stay(darker: float) -> None:
    letters = np.zeros((SIDE, SIDE), np.uint8)
    cv2.putText(letters, "ROCK", (190, 330), cv2.FONT_HERSHEY_SIMPLEX, 3.2, 255, 14, cv2.LINE_AA)
    cloth = plain(150, 148, 152) * np.where(letters[..., None] > 127, darker, 1.0)
    on, beside = (
        letters > 250,
        (cv2.dilate(letters, np.ones((25, 25))) > 0) & (cv2.dilate(letters, np.ones((9, 9))) == 0),
    )
    photo = lit(cloth, SHADE)
    evened = even_light(photo, MASK)
    assert abs(np.log(evened[on].mean() / evened[beside].mean())) > 0.8 * abs(np.log(darker))


def test_a_print_stays_while_the_shade_around_it_goes() -> None:
    disc = (ROWS - 0.4) ** 2 + (COLUMNS - 0.5) ** 2 < 0.02
    cloth = plain(110, 112, 110)
    cloth[disc] = 220
    evened = even_light(lit(cloth, SHADE), MASK)
    # The print's edge has the contrast of the cloth on both its sides.
    ring = cv2.dilate(disc.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    core = cv2.erode(disc.astype(np.uint8), np.ones((21, 21), np.uint8)) > 0
    inner, outer = disc & ~core, ring & ~disc
    assert evened[inner].mean() / evened[outer].mean() == pytest.approx(220 / 111, rel=0.06)
    ground = DEEP & ~ring
    blurred = cv2.GaussianBlur(evened.astype(np.float32), (0, 0), 3)
    assert blurred[ground].std() < 0.6 * (cloth * SHADE[..., None])[ground].std()


def test_dye_that_runs_out_softly_stays() -> None:
    share = np.clip((ROWS - 0.2) / 0.6, 0, 1)[..., None]
    photo = lit(plain(210, 90, 120) * (1 - share) + plain(70, 110, 200) * share)
    evened = even_light(photo, MASK)
    top, foot = (DEEP & (abs(ROWS - at) < 0.03) for at in (0.2, 0.8))
    before, after = (a[top].mean(0) - a[foot].mean(0) for a in (photo.astype(float), evened.astype(float)))
    assert np.linalg.norm(after) > 0.8 * np.linalg.norm(before)


def test_nothing_to_even() -> None:
    photo = lit(plain(120, 120, 120), SHADE)
    nothing = np.zeros_like(MASK)
    assert np.array_equal(even_light(photo, nothing), photo)
    nothing[300:304, 300:304] = True
    assert even_light(photo, nothing).shape == photo.shape
    evened = even_light(photo, MASK)
    assert np.array_equal(evened[:20], photo[:20])
    assert np.array_equal(evened, even_light(photo, MASK))


@pytest.mark.parametrize(("name", "changes"), [("shirt.jpg", True), ("shirt.svg", False)])
def test_photos_are_evened_and_drawings_are_not(name: str, changes: bool) -> None:
    photo = lit(plain(180, 180, 180), SHADE)
    kind = GarmentKind(Category.TOP, 1.0)
    taken = _photo_of(
        FlatLay(name, "", photo), Cutout(MASK.astype(np.float32), "mask", 1.0), Landmarks({}, {}), None, kind
    )
    assert (np.abs(taken.rgb.astype(float) - photo)[DEEP].mean() > 3) == changes
