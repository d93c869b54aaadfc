"""Textures of fitted garments: the photo's own pixels, in shape, upright, without ground."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.annotate import draw_understanding
from vmodel.garment.pattern import fit
from vmodel.garment.pattern.details.collar import fold_line
from vmodel.garment.pattern.fit import fit_photo
from vmodel.garment.recognition.network import SLEEVES
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, ByteArray, FloatArray, Garment

INK = (240, 200, 30)
SQUARE_PX = 24


@pytest.fixture(scope="module")
def plain() -> Garment:
    return drawn.tee().fitted()


def at(garment: Garment, place_cm: tuple[float, float], back: bool = False) -> FloatArray:
    """Return the mean colour of the texture at a place of the block."""
    affine = garment.panels[0].panel_to_texture
    column, row = np.round(affine[:, :2] @ place_cm + affine[:, 2]).astype(int)
    return garment.textures[int(back)][row - 2 : row + 3, column - 2 : column + 3].reshape(-1, 3).mean(0)


def is_near(colour: FloatArray, wanted: tuple[int, int, int], within: float = 25) -> bool:
    return bool(np.abs(colour - wanted).max() < within)


def inside(garment: Garment, texture: int) -> FloatArray:
    """Return (n, 3) pixels of a texture that panels show."""
    shape = garment.textures[texture].shape[:2]
    area = np.zeros(shape, np.uint8)
    for panel in garment.panels:
        if panel.texture == texture:
            loop = panel.outline_cm @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
            cv2.fillPoly(area, [np.round(loop).astype(np.int32)], 1)
    return garment.textures[texture][area > 0]


def test_panels_lie_on_their_pictures(plain: Garment) -> None:
    for panel in plain.panels:
        loop = panel.outline_cm @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
        height, width = plain.textures[panel.texture].shape[:2]
        assert (loop > 0).all()
        assert (loop < (width, height)).all()


@pytest.mark.parametrize("name", ["tee", "long sleeve", "dress", "camisole", "trousers", "skirt"])
def test_no_ground_is_left_where_cloth_shows(name: str) -> None:
    garment = drawn.ALL[name]().fitted()
    for texture in (0, 1):
        pixels = inside(garment, texture)
        assert (pixels.max(1) < 200).all()
        assert np.median(np.abs(pixels - np.array(drawn.CLOTH)).max(1)) < 4


@pytest.fixture(scope="module")
def chequered() -> Garment:
    """Return a tee in squares of ``SQUARE_PX`` pixels, with a corner in its middle."""
    picture = drawn.tee()
    rows, columns = np.mgrid[: drawn.SIZE[0], : drawn.SIZE[1]]
    squares = ((rows // SQUARE_PX + (columns - drawn.MIDDLE) // SQUARE_PX) % 2).astype(bool)
    return picture.painted(squares, (235, 230, 220)).fitted()


def edges_of(line: FloatArray) -> FloatArray:
    """Return the pixels at which a line changes between dark and light."""
    light = line.mean(-1) > 150
    return np.flatnonzero(light[1:] != light[:-1]).astype(float)


def test_squares_stay_square_and_equal_in_the_middle_of_the_front(chequered: Garment) -> None:
    picture = chequered.textures[0]
    affine = chequered.panels[0].panel_to_texture
    length = -float(chequered.landmarks_cm["hem_left"][1])
    middle = affine[:, :2] @ (1.0, -0.55 * length) + affine[:, 2]
    column, row = np.round(middle).astype(int)
    square = SQUARE_PX * chequered.cm_per_px * affine[0, 0]
    across = np.diff(edges_of(picture[row, column - round(3 * square) : column + round(3 * square)]))
    along = np.diff(edges_of(picture[row - round(3 * square) : row + round(3 * square), column]))
    assert len(across) >= 4
    assert len(along) >= 4
    for sizes in (across, along):
        assert np.abs(sizes / sizes.mean() - 1).max() < 0.03 + 1.5 / sizes.mean()
    assert across.mean() / along.mean() == pytest.approx(1, abs=0.13)  # the cut has its own size; see test_sizes


def test_a_print_round_as_a_disc_stays_round() -> None:
    disc = cv2.circle(np.zeros(drawn.SIZE, np.uint8), (drawn.MIDDLE, 290), 45, 1, -1) > 0
    squeezed = drawn.tee().painted(disc, INK).moved(np.array([[1.0, 0, 0], [0, 1, 0]]), drawn.SIZE)
    front = squeezed.of_kind(laid="form").fitted().textures[0]
    found = np.abs(front.astype(int) - INK).max(2) < 60
    rows, columns = np.nonzero(found)
    assert np.ptp(columns) / np.ptp(rows) == pytest.approx(1, abs=0.04)


def with_words(picture: drawn.Drawn) -> drawn.Drawn:
    rgb = picture.rgb
    cv2.putText(rgb, "FJORD", (drawn.MIDDLE - 82, 260), cv2.FONT_HERSHEY_SIMPLEX, 1.6, INK, 6, cv2.LINE_AA)
    return picture.with_picture(rgb)


def words() -> ByteArray:
    """Return the printed words, cropped closely."""
    return close(with_words(drawn.tee()).rgb)


def close(picture: ByteArray) -> ByteArray:
    ink = (np.abs(picture.astype(int) - INK).max(2) < 70).astype(np.uint8) * 255
    rows, columns = np.nonzero(ink)
    cut = ink[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return np.asarray(cv2.resize(cut, (160, 40), interpolation=cv2.INTER_AREA))


def likeness(first: ByteArray, second: ByteArray) -> float:
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


@pytest.fixture(scope="module")
def printed() -> Garment:
    return with_words(drawn.tee()).fitted()


def test_words_on_the_front_read_as_in_the_photo_and_are_gone_from_the_back(printed: Garment) -> None:
    found = close(printed.textures[0])
    assert likeness(found, words()) > 0.85
    assert likeness(found[:, ::-1], words()) < 0.5
    assert (np.abs(inside(printed, 1) - np.array(INK, float)).max(1) > 90).all()


@pytest.mark.parametrize("degrees", [90, 180, 31])
def test_words_of_a_photo_that_lies_turned_stand_upright(degrees: int) -> None:
    """On the body they hang as on the shirt, whichever way the photo was taken."""
    turn, centre = np.radians(degrees), np.array([drawn.MIDDLE, 320.0])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    turned = with_words(drawn.tee()).moved(np.column_stack([rotation, [360, 360] - rotation @ centre]), (720, 720))
    assert likeness(close(turned.fitted().textures[0]), words()) > 0.8


def test_an_allover_print_goes_round_the_back() -> None:
    stripes = np.broadcast_to((np.arange(drawn.SIZE[0]) // 12 % 2 == 0)[:, None], drawn.SIZE)
    garment = drawn.tee().painted(stripes, (230, 220, 60)).fitted()
    for texture in (0, 1):
        bright = inside(garment, texture)[:, 0] > 135
        assert 0.4 < bright.mean() < 0.6


def test_stripes_are_as_close_together_up_to_the_backs_neck() -> None:
    stripes = np.broadcast_to((np.arange(drawn.SIZE[0]) // 12 % 2 == 0)[:, None], drawn.SIZE)
    garment = drawn.tee().painted(stripes, (230, 220, 60)).fitted()
    neck = garment.landmarks_cm["neck_back"][1]
    bright = np.array([at(garment, (0.0, y), back=True)[0] > 135 for y in np.arange(neck - 14, neck - 0.5, 0.1)])
    expected = 13.5 / (12 * garment.cm_per_px)
    assert np.count_nonzero(np.diff(bright.astype(int))) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize(("allover", "behind"), [(0.9, True), (0.1, False)])
def test_few_motifs_are_on_the_back_only_where_a_pattern_covers_the_garment(allover: float, behind: bool) -> None:
    motifs = np.zeros(drawn.SIZE, np.uint8)
    for place in ((drawn.MIDDLE - 60, 260), (drawn.MIDDLE + 50, 360)):
        cv2.circle(motifs, (round(place[0]), place[1]), 14, 1, -1)
    photo = photo_of(drawn.tee().painted(motifs > 0, (230, 220, 60)))
    photo = replace(photo, kind=replace(photo.kind, cloth=(("allover", allover),)))
    shown = [bool((inside(fit_photo(photo, BODY, GENDER, "cotton"), side)[:, 0] > 170).any()) for side in (0, 1)]
    assert shown == [True, behind]


@pytest.mark.parametrize(("half", "behind"), [(80, False), (400, True)], ids=["a picture", "all of it"])
def test_a_large_picture_that_the_reader_sees_is_not_on_the_back_unless_hardly_any_cloth_is_left(
    half: int, behind: bool
) -> None:
    """Colours alone take it for a pattern: a third of the front has others than the cloth."""
    spots = np.kron(np.random.default_rng(0).random((80, 90)) > 0.5, np.ones((8, 8), bool))
    height, width = drawn.SIZE
    rows, columns = np.mgrid[:height, :width]
    picture = (np.abs(columns - drawn.MIDDLE) < half) & (np.abs(rows - 320) < 1.5 * half)
    photo = photo_of(drawn.tee().painted(spots[:height, :width] & picture, (230, 220, 60)))
    rows, columns = np.nonzero((photo.rgb[..., 0] > 200) & photo.mask)
    printed = np.zeros_like(photo.mask)
    printed[rows.min() : rows.max(), columns.min() : columns.max()] = True
    photo = replace(photo, printed=printed & photo.mask)
    front, back = (inside(fit_photo(photo, BODY, GENDER, "cotton"), side)[:, 0] > 170 for side in (0, 1))
    assert front.mean() > 0.05
    assert (back.mean() > 0.05) == behind


def test_a_photo_of_the_back_is_worn_on_the_back_and_as_seen_from_behind() -> None:
    """A mark at the photo's left is on the wearer's left, since a back is seen from behind."""
    front, mark = drawn.tee(), cv2.circle(np.zeros(drawn.SIZE, np.uint8), (190, 320), 24, 1, -1) > 0
    garment = front.fitted(back=front.painted(mark, (230, 40, 40)))
    reds = [(texture[..., 0] > 170) & (texture[..., 1] < 100) for texture in garment.textures]
    assert not reds[0].any()
    affine = garment.panels[1].panel_to_texture
    middle = np.nonzero(reds[1])[1].mean()
    assert (middle - affine[0, 2]) / affine[0, 0] > 4
    assert 0.0005 < reds[1].mean() < 0.05


def test_the_opening_of_the_neck_shows_the_inside_in_front_only(plain: Garment) -> None:
    front, back = plain.panels
    lowest = [float(panel.edges["neck"][:, 1].min()) for panel in (front, back)]
    assert lowest[0] < lowest[1] - 3
    assert is_near(at(plain, (0.0, lowest[1] - 1.5), back=True), drawn.CLOTH)
    assert is_near(at(plain, (0.0, lowest[0] - 2.5)), drawn.CLOTH)


@pytest.fixture(scope="module")
def shirt() -> Garment:
    return drawn.shirt().fitted()


def test_what_is_sewn_on_to_a_shirts_front_is_not_on_its_back(shirt: Garment) -> None:
    bright = [float((inside(shirt, texture).min(1) > 170).mean()) for texture in (0, 1)]
    assert bright[0] > 0.001  # buttons
    assert bright[1] == 0
    dark = np.abs(inside(shirt, 1) - np.array(drawn.INSIDE, float)).max(1) < 12
    assert dark.mean() < 0.01


def test_the_stripes_of_a_shirt_go_on_over_the_middle_of_its_back_in_their_order() -> None:
    colours = np.array([(200, 40, 40), (40, 40, 200), (230, 220, 60)], np.uint8)
    photo = photo_of(drawn.shirt())
    middle = photo.middle("armpit")[0]
    columns = np.arange(photo.rgb.shape[1])
    rgb = np.broadcast_to(colours[columns // 6 % 3], photo.rgb.shape).copy()
    rgb[:, np.abs(columns - middle) < 6] = (20, 120, 20)  # the placket
    kind = replace(photo.kind, cloth=(("allover", 1.0),))
    garment = fit_photo(replace(photo, rgb=rgb, kind=kind, is_drawn=False), BODY, GENDER, "cotton")
    y = float(garment.landmarks_cm["armpit_left"][1]) - 8
    row = np.array([at(garment, (x, y), back=True) for x in np.arange(-5, 5, 0.05)])
    seen = np.abs(row[:, None] - colours.astype(float)).max(2)
    order = [int(each.argmin()) for each in seen if each.min() < 40]
    turns = [second - first for first, second in pairwise(order) if second != first]
    assert np.mean([turn % 3 == 1 for turn in turns]) > 0.8  # mirrored cloth has them in the other order


def test_a_band_round_the_hem_is_on_the_back_as_well(shirt: Garment) -> None:
    hem_y = float(shirt.landmarks_cm["hem_left"][1])
    for x in (-15.0, 5.0, 15.0):
        assert is_near(at(shirt, (x, hem_y + 1.5), back=True), drawn.RIB)


def test_the_same_photo_gives_the_same_garment_twice(plain: Garment) -> None:
    again = drawn.tee().fitted()
    for first, second in zip(plain.textures, again.textures, strict=True):
        assert np.array_equal(first, second)
    assert np.array_equal(plain.panels[0].outline_cm, again.panels[0].outline_cm)


def test_a_garment_keeps_its_photo_for_another_wearer() -> None:
    pattern = drawn.tee().pattern()
    assert pattern.photo is not None
    assert pattern.panels == ()


@pytest.mark.parametrize("name", ["tee", "trousers"])
def test_what_was_understood_can_be_drawn(name: str) -> None:
    picture = drawn.ALL[name]()
    shown = draw_understanding(picture.flat_lay, picture.cutout, picture.landmarks, picture.fitted())
    assert shown.dtype == np.uint8
    assert shown.shape[0] == 900
    assert shown.shape[1] > 3 * 600


def gradients(picture: ByteArray) -> Iterator[float]:
    for axis in (0, 1):
        yield float(np.abs(np.diff(picture.astype(int), axis=axis)).mean())


def test_trousers_wear_their_stripes_down_the_legs() -> None:
    """Vertical stripes stay vertical on the legs, in front and behind."""
    columns = np.broadcast_to(np.arange(drawn.SIZE[1]) // 8 % 2 == 0, drawn.SIZE)
    garment = drawn.trousers().painted(columns, (230, 220, 60)).fitted()
    affine = garment.panels[0].panel_to_texture
    for texture in garment.textures:
        for side in (-11.0, 11.0):
            column, row = np.round(affine[:, :2] @ (side, -65.0) + affine[:, 2]).astype(int)
            down, across = gradients(texture[row - 60 : row + 60, column - 40 : column + 40])
            assert across > 3 * down


def leaves_of_collar() -> BoolArray:
    """Draw the outer faces of a shirt's collar."""
    leaves = np.zeros(drawn.SIZE, np.uint8)
    for sign in (1, -1):
        leaf = np.array([(42, 84), (66, 104), (44, 142), (6, 118), (22, 108)]) * (sign, 1) + (drawn.MIDDLE, 0)
        cv2.fillPoly(leaves, [leaf.astype(np.int32)], 1)
    return leaves > 0


def test_a_collar_has_a_picture_of_its_own_and_the_front_shows_none() -> None:
    """The worn collar does not cover the whole place where it lay in the photo."""
    shirt, leaves = drawn.shirt(), leaves_of_collar()
    whole = shirt.painted(leaves, INK).pattern()
    assert whole.photo is not None
    photo = replace(whole.photo, collar=leaves & shirt.mask)
    photo = replace(photo, neck_edge=fold_line(photo, leaves))
    worn = fit_photo(photo, drawn.WOMAN, "woman", "cotton")

    def inked(texture: int) -> float:
        return float((np.abs(worn.textures[texture].astype(int) - INK).max(2) < 60).sum())

    assert inked(worn.collar_texture) > 2000
    front = next(panel for panel in worn.panels if panel.side == "front")
    outline = front.outline_cm @ front.panel_to_texture[:, :2].T + front.panel_to_texture[:, 2]
    inside = cv2.fillPoly(np.zeros(worn.textures[0].shape[:2], np.uint8), [np.round(outline).astype(np.int32)], 1) > 0
    shown = np.abs(worn.textures[0].astype(int) - INK).max(2)[inside] < 60
    assert shown.sum() < 0.01 * inked(worn.collar_texture)
    assert inked(1) == 0
    assert len(worn.collar_cm)


def test_the_inside_of_a_placket_that_hangs_open_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its facing and buttons are as photographed, not painted over with the front's cloth."""
    leaves, foreign = leaves_of_collar(), np.zeros(drawn.SIZE, np.float32)
    foreign[90:150, drawn.MIDDLE - 4 : drawn.MIDDLE + 5] = 1  # behind the fold and below it
    leaves[122:] = False  # a short collar
    shirt = drawn.shirt().painted(foreign > 0, INK)
    monkeypatch.setattr(fit, "find_collar", lambda *_: leaves & shirt.mask)
    none = dict.fromkeys(("print", *SLEEVES), 0 * foreign)
    surface = Surface(none | {"foreign": foreign}, 4 * np.eye(2, 3))
    cutout = replace(shirt.cutout, source="network")
    photo = fit.make_pattern(shirt.flat_lay, cutout, shirt.kind, shirt.landmarks, surface=surface).photo
    assert photo is not None
    inked = np.abs(photo.rgb.astype(int) - INK).max(2) < 60
    assert inked[128:142, drawn.MIDDLE - 3 : drawn.MIDDLE + 4].mean() > 0.9
    assert not photo.mask[92:108, drawn.MIDDLE].any()
