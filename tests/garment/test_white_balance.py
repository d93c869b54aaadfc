"""White balance: white cloth in a warm room is white, cloth in white light keeps its colour to the last digit."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.garment.white_balance import in_white_light
from vmodel.images import to_linear, to_srgb
from vmodel.types import FloatArray

WARM = np.array([0.25, -0.3])


def lit(colour: tuple[int, int, int], illuminant: FloatArray) -> np.ndarray:
    """Return a photo of plain cloth in a light."""
    gains = np.exp([illuminant[0], 0, illuminant[1]])
    return to_srgb(np.tile(to_linear(np.array(colour, np.uint8)) * gains, (4, 5, 1)))


@pytest.mark.parametrize("grey", [60, 120, 190])
def test_white_and_grey_cloth_loses_most_of_a_warm_light(grey: int) -> None:
    photo = lit((grey, grey, grey), WARM)
    before, after = (np.ptp(each[0, 0].astype(int)) for each in (photo, in_white_light(photo, WARM)))
    assert after < 0.3 * before
    assert after > 0  # what the network says is not quite certain


def test_lightness_stays() -> None:
    photo = lit((120, 120, 120), WARM)
    luminance = [to_linear(each)[0, 0] @ [0.2126, 0.7152, 0.0722] for each in (photo, in_white_light(photo, WARM))]
    assert luminance[1] == pytest.approx(luminance[0], rel=0.03)


def test_navy_in_a_warm_light_is_navy_again() -> None:
    photo = lit((35, 40, 80), WARM)
    assert photo[0, 0, 2] - photo[0, 0, 0].astype(int) < 30  # looks nearly grey
    balanced = in_white_light(photo, WARM)[0, 0].astype(int)
    assert balanced[2] - balanced[0] > 35


def test_a_light_that_may_be_white_changes_nothing() -> None:
    photo = lit((200, 180, 90), np.zeros(2))
    assert in_white_light(photo, np.array([0.05, -0.05])) is photo
