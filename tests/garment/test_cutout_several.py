"""One garment or two: drawn photos of garments that lie apart, touch or cover each other, and of two-coloured ones."""

from __future__ import annotations

import numpy as np
import pytest

from tests.garment.drawn_flat_lays import (
    JEANS_CM,
    SHORTS_CM,
    TEE_CM,
    VEST_CM,
    Colour,
    Points,
    photograph,
    whole,
)
from vmodel.errors import SeveralGarments
from vmodel.garment.cutout import cut_out
from vmodel.garment.cutout_several import DOUBT
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.types import FlatLay

Layers = list[tuple[Points, Colour]]
NAVY, RED, WHITE, DENIM = (40, 60, 110), (180, 50, 60), (232, 232, 230), (70, 95, 140)
BLACK, TAN, GREEN = (35, 35, 40), (200, 160, 120), (60, 120, 80)
BODICE: Points = [(0, 10), (9, 0), (16, 1), (17, 16), (22, 24), (19, 42), (0, 42)]
FLARED: Points = [(0, 42), (19, 42), (24, 60), (34, 105), (0, 106)]
PENCIL: Points = [(0, 42), (20, 42), (23, 62), (20, 105), (0, 105)]
PEPLUM: Points = [(0, 38), (19, 38), (30, 58), (0, 60)]
LEGS: Points = [(0, 42), (19, 42), (25, 62), (23, 140), (6, 140), (1.5, 72), (0, 68)]
FLOUNCES: Layers = [
    (whole([(0, 38), (24, 38), (44, 110), (0, 112)]), TAN),
    (whole([(0, 38), (22, 38), (38, 88), (0, 90)]), RED),
    (whole([(0, 38), (20, 38), (32, 64), (0, 66)]), TAN),
]
SLEEVE: Points = [(10, 1), (22, 4), (40, 20), (31, 29), (25, 24)]
FRONT_PIECE: Points = [(20, 0), (8, 0), (6, 70), (26, 70), (22, 20)]
TOY_SHORTS: Points = [(35, 50), (60, 50), (62, 75), (50, 75), (48, 62), (46, 75), (33, 75)]
BELT: Points = [(0, 40), (20.5, 40), (20.5, 44), (0, 44)]


def flipped(outline: Points) -> Points:
    return [(-x, y) for x, y in outline]


TWO: dict[str, Layers] = {
    "tees that touch": [(whole(TEE_CM, (-39.5, 5)), NAVY), (whole(TEE_CM, (39.5, 5)), NAVY)],
    "tees of two colours that touch": [(whole(TEE_CM, (-39.5, 5)), NAVY), (whole(TEE_CM, (39.5, 8)), RED)],
    "tees whose sleeves overlap": [(whole(TEE_CM, (-36, 5)), NAVY), (whole(TEE_CM, (36, 9)), NAVY)],
    "jeans over the hem of a tee": [(whole(TEE_CM), WHITE), (whole(JEANS_CM, (0, 60)), DENIM)],
    "a tee over the waist of jeans": [(whole(JEANS_CM, (0, 58)), DENIM), (whole(TEE_CM), RED)],
    "a tee over the waist of shorts": [(whole(SHORTS_CM, (0, 60)), BLACK), (whole(TEE_CM), GREEN)],
}
PERHAPS_TWO: dict[str, Layers] = {
    "jeans askew over a tee": [(whole(TEE_CM), RED), (whole(JEANS_CM, (6, 60), 8), DENIM)],
    "a top over a narrow skirt, or a dress with a peplum": [
        (whole(PENCIL), BLACK),
        (whole(BODICE), RED),
        (whole(PEPLUM), RED),
    ],
}
ONE: dict[str, Layers] = {
    "tee": [(whole(TEE_CM), NAVY)],
    "trousers": [(whole(JEANS_CM), DENIM)],
    "shorts": [(whole(SHORTS_CM), DENIM)],
    "dress of two colours": [(whole(BODICE), WHITE), (whole(FLARED), NAVY)],
    "jumpsuit of two colours": [(whole(BODICE), WHITE), (whole(LEGS), BLACK)],
    "dress with a belt": [(whole(BODICE), RED), (whole(FLARED), RED), (whole(BELT), BLACK)],
    "top with a white peplum": [(whole(BODICE), RED), (whole(PEPLUM), WHITE)],
    "dress in layers": [*FLOUNCES, (whole(BODICE), TAN)],
    "tee with a yoke": [(whole(TEE_CM), NAVY), (whole([(0, 2), (8, 0), (22, 4), (24.5, 20), (0, 20)]), WHITE)],
    "raglan tee": [(whole(TEE_CM), WHITE), (SLEEVE, RED), (flipped(SLEEVE), RED)],
    "tee half red, half white": [(whole(TEE_CM), WHITE), (TEE_CM, RED)],
    "top with a wide hem": [(whole(TEE_CM), GREEN), (whole([(0, 55), (24.7, 55), (25, 68), (0, 69)]), BLACK)],
    "dress with a flounce": [
        (whole([*BODICE[:5], (22, 70), (0, 70)]), NAVY),
        (whole([(0, 70), (22, 70), (36, 100), (0, 100)]), RED),
    ],
    "open vest": [
        (FRONT_PIECE, NAVY),
        (flipped(FRONT_PIECE), NAVY),
        (whole([(0, 0), (10, 0), (10, 6), (0, 6)]), NAVY),
    ],
}


@pytest.mark.parametrize("layers", TWO.values(), ids=TWO)
def test_two_garments_that_touch_or_overlap_are_refused(layers: Layers) -> None:
    with pytest.raises(SeveralGarments, match="crop it to one garment or pass --mask"):
        cut_out(photograph(layers))


@pytest.mark.parametrize("layers", PERHAPS_TWO.values(), ids=PERHAPS_TWO)
def test_what_may_be_two_garments_is_worn_as_one_with_a_warning(layers: Layers) -> None:
    assert cut_out(photograph(layers)).warnings == (DOUBT,)


@pytest.mark.parametrize("layers", ONE.values(), ids=ONE)
def test_one_garment_is_never_taken_for_two(layers: Layers) -> None:
    assert cut_out(photograph(layers)).warnings == ()


def test_a_smaller_garment_beside_it_is_left_out_with_a_warning_that_reaches_the_pattern() -> None:
    flat_lay = photograph([(whole(TEE_CM, (-20, 5)), NAVY), (TOY_SHORTS, RED)])
    cutout = cut_out(flat_lay)
    [warning] = cutout.warnings
    assert "a second thing beside the garment (19 % of its area) left out" in warning
    assert infer_pattern(flat_lay, cutout, *understand(flat_lay, cutout)).warnings == (warning,)


def test_a_swing_tag_a_button_and_a_hook_are_not_worth_a_warning() -> None:
    tag: Points = [(45, 50), (52, 50), (52, 61), (45, 61)]
    button: Points = [(46, 66), (49, 66), (49, 69), (46, 69)]
    hook: Points = [(-0.6, -14), (0.6, -14), (0.6, 4), (-0.6, 4)]
    layers = [(hook, BLACK), (whole(TEE_CM), NAVY), (tag, RED), (button, BLACK)]
    assert cut_out(photograph(layers)).warnings == ()


def test_a_cut_out_picture_is_looked_at_as_well() -> None:
    flat_lay = photograph([(whole(TEE_CM, (-39.5, 5)), NAVY), (whole(TEE_CM, (39.5, 5)), NAVY)])
    away = np.abs(flat_lay.rgb.astype(int) - (214, 213, 210)).max(axis=-1)
    alpha = np.asarray(away > 60, np.float32)
    with pytest.raises(SeveralGarments, match="2 separate"):
        cut_out(FlatLay(flat_lay.name, flat_lay.sha256, flat_lay.rgb, alpha))


def test_vests_side_by_side_that_do_not_touch_are_two() -> None:
    with pytest.raises(SeveralGarments):
        cut_out(photograph([(whole(VEST_CM, (-25, 5)), NAVY), (whole(VEST_CM, (25, 5)), RED)]))
