"""White balance: white cloth in a warm room is white, cloth in white light keeps its colour to the last digit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.delighting.white_balance import in_white_light
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.pattern.fit import make_pattern
from vmodel.garment.recognition.kind import read_kinds, understand
from vmodel.types import FlatLay, FloatArray

WARM = np.array([0.25, -0.3])


EVERYWHERE = np.ones((4, 5), bool)


def lit(colour: tuple[int, int, int], illuminant: FloatArray) -> np.ndarray:
    """Return a photo of plain cloth in a light."""
    gains = np.exp([illuminant[0], 0, illuminant[1]])
    return to_srgb(np.tile(to_linear(np.array(colour, np.uint8)) * gains, (4, 5, 1)))


@pytest.mark.parametrize("grey", [60, 120, 190])
def test_white_and_grey_cloth_loses_most_of_a_warm_light(grey: int) -> None:
    photo = lit((grey, grey, grey), WARM)
    before, after = (np.ptp(each[0, 0].astype(int)) for each in (photo, in_white_light(photo, EVERYWHERE, WARM)))
    assert after < 0.3 * before
    assert after > 0  # what the network says is not quite certain


def test_lightness_stays() -> None:
    photo = lit((120, 120, 120), WARM)
    luminance = [
        to_linear(each)[0, 0] @ [0.2126, 0.7152, 0.0722] for each in (photo, in_white_light(photo, EVERYWHERE, WARM))
    ]
    assert luminance[1] == pytest.approx(luminance[0], rel=0.03)


def test_navy_in_a_warm_light_is_navy_again() -> None:
    photo = lit((35, 40, 80), WARM)
    assert photo[0, 0, 2] - photo[0, 0, 0].astype(int) < 30  # looks nearly grey
    balanced = in_white_light(photo, EVERYWHERE, WARM)[0, 0].astype(int)
    assert balanced[2] - balanced[0] > 35


def test_burnt_out_white_stays_white() -> None:
    photo = np.full((2, 2, 3), 255, np.uint8)
    photo[0] = (255, 250, 225)
    balanced = in_white_light(photo, np.ones((2, 2), bool), WARM).astype(int)
    assert (balanced[1] == 255).all()
    assert (balanced[0, :, 0] >= balanced[0, :, 2]).all()  # a warm highlight may stay warm; it turns no other colour


def test_blue_cloth_stays_blue_where_it_was_taken_for_blue_light() -> None:
    photo = lit((42, 148, 188), np.zeros(2))
    assert in_white_light(photo, EVERYWHERE, np.array([-0.2, 0.32])) is photo


def test_white_cloth_loses_a_blue_light_that_its_surroundings_have_too() -> None:
    photo = lit((200, 200, 200), np.array([-0.1, 0.16]))
    balanced = in_white_light(photo, EVERYWHERE, np.array([-0.12, 0.15]), white=0.95)[0, 0].astype(int)
    assert np.ptp(photo[0, 0].astype(int)) > 20
    assert np.ptp(balanced) < 6


@pytest.mark.parametrize(("illuminant", "white"), [((-0.1, 0.15), 0.5), ((0.1, -0.15), 0.95), ((0.0, 0.0), 0.95)])
def test_pale_blue_cloth_stays_blue_unless_it_is_surely_white_in_blue_light(
    illuminant: tuple[float, float], white: float
) -> None:
    photo = lit((200, 200, 200), np.array([-0.1, 0.16]))
    assert (in_white_light(photo, EVERYWHERE, np.array(illuminant), white) == photo).all()


def test_coloured_cloth_that_is_taken_for_white_keeps_its_colour() -> None:
    photo = lit((240, 170, 40), np.zeros(2))
    assert (in_white_light(photo, EVERYWHERE, np.array([0.1, -0.18]), white=0.95) == photo).all()


def test_a_light_that_may_be_white_changes_nothing() -> None:
    photo = lit((200, 180, 90), np.zeros(2))
    assert in_white_light(photo, EVERYWHERE, np.array([0.05, -0.05])) is photo


def test_the_network_sees_a_warm_and_a_cool_room(examples: Path) -> None:
    photo = read_flat_lay(examples / "summer-shorts.jpg", Settings())
    seen = []
    for light in (WARM, -WARM):
        rgb = to_srgb(to_linear(photo.rgb) * np.exp([light[0], 0.0, light[1]]))
        tinted = replace(photo, rgb=rgb)
        seen.append(read_kinds(tinted, cut_out(tinted)).surface.illuminant)
    warm, cool = seen
    assert warm[0] - cool[0] > 0.2
    assert warm[1] - cool[1] < -0.2
    plain = read_kinds(photo, cut_out(photo)).surface.illuminant
    assert np.hypot(*plain) < 0.08  # a photo on white paper keeps its colours


def cloth_of(photo: FlatLay, light: FloatArray) -> FloatArray:
    """Return the mean colour of the cloth that a pattern takes from a photo, whose light is said to be this."""
    cutout = cut_out(photo)
    kind, landmarks = understand(photo, cutout)
    surface = replace(read_kinds(photo, cutout).surface, illuminant=light)
    taken = make_pattern(photo, cutout, kind, landmarks, surface=surface).photo
    assert taken is not None
    return np.asarray(taken.rgb[taken.mask].mean(0))


def test_a_pattern_takes_its_cloth_in_white_light_and_drawings_as_they_are(examples: Path) -> None:
    photo = read_flat_lay(examples / "summer-shorts.jpg", Settings())
    plain, balanced = (cloth_of(photo, light) for light in (np.zeros(2), WARM))
    assert balanced[2] / balanced[0] > 1.1 * plain[2] / plain[0]
    drawn = replace(photo, name="shorts.svg")
    assert cloth_of(drawn, WARM) == pytest.approx(cloth_of(drawn, np.zeros(2)))
