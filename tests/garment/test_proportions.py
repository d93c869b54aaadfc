import numpy as np
import pytest

from vmodel.garment.neckline import fold_down
from vmodel.garment.proportions import is_wide_strap, mend_armpits, mirror_doubtful
from vmodel.garment.texture import bleed, ground_in_straps
from vmodel.types import Category, FloatArray, GarmentKind, Neckline, Sleeve

LEFT, RIGHT = 400.0, 200.0
MASK = np.zeros((700, 600), bool)
MASK[100:600, 200:400] = True


def points(**moved: tuple[float, float]) -> dict[str, FloatArray]:
    places = {
        "neck_left": (340, 95), "neck_right": (260, 95), "shoulder_left": (395, 105), "shoulder_right": (205, 105),
        "armpit_left": (398, 200), "armpit_right": (202, 200), "cuff_inner_left": (470, 300),
        "cuff_inner_right": (130, 300), "cuff_outer_left": (500, 280), "cuff_outer_right": (100, 280),
        "hem_left": (400, 600), "hem_right": (200, 600),
    } | moved  # fmt: skip
    return {name: np.array(place, float) for name, place in places.items()}


def kind(sleeve: Sleeve) -> GarmentKind:
    return GarmentKind(Category.TOP, 1.0, sleeve, Neckline.CREW)


def test_a_sleeveless_armhole_at_the_shoulder_tip_moves_down_the_side() -> None:
    mended = mend_armpits(MASK, kind(Sleeve.NONE), points(armpit_left=(398, 112), armpit_right=(202, 112)))
    for side, x in (("left", LEFT), ("right", RIGHT)):
        assert 0.4 < (mended[f"armpit_{side}"][1] - 105) / 200 < 0.52
        assert mended[f"armpit_{side}"][0] == pytest.approx(x, abs=1)


def test_plausible_armholes_stay() -> None:
    mended = mend_armpits(MASK, kind(Sleeve.NONE), points())
    assert all(np.allclose(place, points()[name]) for name, place in mended.items())


def test_a_sleeve_root_too_short_on_one_side_takes_the_other_sides() -> None:
    mended = mend_armpits(MASK, kind(Sleeve.LONG), points(armpit_left=(396, 140)))
    assert mended["armpit_left"] == pytest.approx([398, 200], abs=3)


def test_a_doubtful_hem_corner_mirrors_the_sure_one() -> None:
    spots = points(hem_right=(40, 420))
    sure = dict.fromkeys(spots, 0.8) | {"hem_right": 0.2}
    assert mirror_doubtful(spots, sure, 600)["hem_right"] == pytest.approx([200, 600], abs=1)


def test_shoulders_of_cut_cloth_are_no_straps() -> None:
    assert is_wide_strap(points())
    assert not is_wide_strap(points(neck_left=(392, 103), neck_right=(208, 103)))


def test_a_leaning_collar_folds_down_and_an_upright_neck_stands() -> None:
    front = np.array([[245, 60], [270, 85], [300, 92], [330, 85], [355, 60]], float)
    lean = fold_down(np.array([[380, 95], [355, 60]], float), np.array([[245, 60], [220, 95]], float), front)
    assert lean is not None
    assert lean[1][:, 1].max() > lean[0][:, 1].max() >= 95
    assert fold_down(np.array([[358, 95], [355, 60]], float), np.array([[245, 60], [242, 95]], float), front) is None


def test_no_backdrop_is_left_along_a_blurred_hem() -> None:
    rgb = np.full((200, 200, 3), 250, np.uint8)
    rgb[:150] = (20, 20, 50)
    rgb[150], rgb[151], rgb[152] = 90, 160, 220
    mask = np.zeros((200, 200), bool)
    mask[:153] = True
    assert bleed(rgb, mask, 1)[:160].max() < 70


def strap_over_paper(cloth: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A body with one strap whose two halves lie four pixels apart, and a mask that does not know it."""
    rgb = np.full((300, 200, 3), 245, np.uint8)
    mask = np.zeros((300, 200), bool)
    mask[100:, 20:180] = True
    mask[20:100, 94:106] = True
    rgb[mask] = cloth
    rgb[26:105, 98:102] = 245
    return rgb, mask


def test_no_backdrop_shows_through_a_strap_that_lies_in_a_loop() -> None:
    rgb, mask = strap_over_paper((60, 140, 90))
    cloth = mask & ~ground_in_straps(rgb, mask)
    assert bleed(rgb, cloth, 1)[26:104, 94:106].max() < 160


def test_white_spots_in_the_print_and_white_cloth_are_no_backdrop() -> None:
    rgb, mask = strap_over_paper((60, 140, 90))
    rgb[150:170, 80:100] = 245
    assert not ground_in_straps(rgb, mask)[110:].any()
    assert not ground_in_straps(*strap_over_paper((243, 244, 245))).any()
