"""Exposure of garments from dim rooms: brighter cloth, white kept, folds kept, drawings left alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.garment.delighting.test_remove_light import COLUMNS, DEEP, MASK, ROWS, SIDE, lit, plain
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.delighting.exposure import KEY_STOPS, STOPS, WHITE, exposed
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.pattern.fit import _photo_of, make_pattern
from vmodel.garment.recognition.kind import read_kinds, understand
from vmodel.garment.recognition.network import SURFACE
from vmodel.garment.recognition.surface import Surface
from vmodel.types import ByteArray, Category, Cutout, FlatLay, GarmentKind, Landmarks

GREYS = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
DARK = np.arange(256)[None] < 60
"""Mask of dark cloth among ``GREYS``."""


@pytest.mark.parametrize("stops", [-0.3, 0.5, 1.0])
def test_cloth_gets_as_much_more_light_as_asked(stops: float) -> None:
    cloth = GREYS[:, 60:61]
    gained = np.log2(to_linear(exposed(cloth, np.ones((1, 1), bool), stops)) / to_linear(cloth))
    assert gained == pytest.approx(stops - KEY_STOPS, abs=0.03)


@pytest.mark.parametrize("stops", [0.6, 1.0, 9.0])
def test_white_stays_white_and_its_folds_stay(stops: float) -> None:
    brighter = exposed(GREYS, DARK, stops)[0, :, 0].astype(int)
    assert brighter[255] == 255
    assert brighter[0] == 0
    assert (np.diff(brighter) >= 0).all()
    folds = brighter[[180, 200, 220, 240, 255]]
    assert (np.diff(folds) >= 1).all()


@pytest.mark.parametrize("level", [200, 225, 250])
def test_cloth_gets_no_brighter_than_white_cloth(level: int) -> None:
    cloth = np.full((20, 20, 3), level, np.uint8)
    brighter = exposed(cloth, np.ones((20, 20), bool), 1.2)
    assert to_linear(brighter).max() == pytest.approx(max(0.72, to_linear(cloth).max() * 2**-KEY_STOPS), abs=0.02)


def test_the_change_has_limits_and_a_small_one_changes_nothing() -> None:
    assert (exposed(GREYS, DARK, 0.1) == exposed(GREYS, DARK, 0.0)).all()
    assert (exposed(GREYS, DARK, 9.0) == exposed(GREYS, DARK, STOPS[1])).all()
    assert (exposed(GREYS, DARK, -9.0) == exposed(GREYS, DARK, STOPS[0])).all()


def dim_shirt(level: int = 130) -> ByteArray:
    """Return white cloth with folds in a dim room, (40, 40, 3), with a black and a red print."""
    folds = np.round(level + 8 * np.sin(np.linspace(0, 12, 40))).astype(np.uint8)
    shirt = np.repeat(np.repeat(folds[None, :, None], 40, axis=0), 3, axis=2)
    shirt[:6, :20], shirt[:6, 20:] = (12, 12, 12), (110, 30, 30)
    return shirt


def test_cloth_that_is_surely_white_comes_out_white_with_its_folds_and_prints() -> None:
    shirt, whole = dim_shirt(), np.ones((40, 40), bool)
    grey, white = (to_linear(exposed(shirt, whole, 0.4, sure)) for sure in (0.0, 1.0))
    assert np.median(grey) < 0.3
    assert np.median(white) == pytest.approx(WHITE, abs=0.03)
    dim = to_linear(shirt)[10]
    assert white[10] / dim == pytest.approx(np.median(white[10] / dim), rel=0.03)  # folds are as deep
    assert white[0, 0].max() < 0.02
    assert white[0, 30, 0] / white[0, 30, 1] == pytest.approx(dim_red_over_green(shirt), rel=0.1)


def dim_red_over_green(shirt: ByteArray) -> float:
    red, green, _ = to_linear(shirt[0, 30])
    return float(red / green)


def test_the_surer_that_cloth_is_white_the_whiter_it_comes_out() -> None:
    shirt, whole = dim_shirt(), np.ones((40, 40), bool)
    middles = [np.median(exposed(shirt, whole, 0.4, sure)) for sure in np.linspace(0, 1, 101)]
    steps = np.diff(middles)
    assert (steps >= 0).all()
    assert steps.max() < 6  # no jump


@pytest.mark.parametrize("cloth", [(40, 40, 40), (150, 120, 90), (110, 130, 170), (170, 130, 140)])
def test_dark_and_coloured_cloth_is_never_taken_for_white(cloth: tuple[int, int, int]) -> None:
    shirt, whole = np.full((20, 20, 3), cloth, np.uint8), np.ones((20, 20), bool)
    assert (exposed(shirt, whole, 0.4, 1.0) == exposed(shirt, whole, 0.4, 0.0)).all()


@pytest.mark.parametrize("level", [150, 180, 200])
def test_white_cloth_burns_out_no_sooner_than_other_cloth(level: int) -> None:
    shirt = np.full((20, 20, 3), level, np.uint8)
    shirt[:3] = 230  # where the sun falls on it
    brighter = exposed(shirt, np.ones((20, 20), bool), 0.5, 1.0)
    assert np.percentile(to_linear(brighter), 90) <= 0.73


def test_the_network_sees_that_a_photo_is_darker(examples: Path) -> None:
    photo = read_flat_lay(examples / "logo-tee.jpg", Settings())
    seen = []
    for stops in (0.0, -0.9):
        darker = replace(photo, rgb=to_srgb(to_linear(photo.rgb) * 2**stops))
        seen.append(read_kinds(darker, cut_out(darker)).surface.exposure)
    assert seen[1] - seen[0] > 0.25


def test_a_pattern_takes_its_cloth_as_bright_as_in_daylight(examples: Path) -> None:
    photo = read_flat_lay(examples / "logo-tee.jpg", Settings())
    cutout = cut_out(photo)
    kind, landmarks = understand(photo, cutout)
    surface = read_kinds(photo, cutout).surface
    dim, bright = (
        make_pattern(photo, cutout, kind, landmarks, surface=replace(surface, exposure=stops)).photo
        for stops in (0.0, 0.6)
    )
    assert dim is not None
    assert bright is not None
    cloth = cutout.mask & dim.mask
    gained = np.median(to_linear(bright.rgb)[cloth]) / np.median(to_linear(dim.rgb)[cloth])
    assert np.log2(gained) == pytest.approx(0.6, abs=0.1)


def test_a_lit_place_of_the_photo_sets_no_bound_on_the_cloth() -> None:
    """The sun on a corner of a shirt kept the rest of it grey."""
    lamp = 1 + 2.2 * np.clip((ROWS + COLUMNS - 0.9) / 0.4, 0, 1)
    kind, mask = GarmentKind(Category.TOP, 1.0, cloth=(("plain", 1.0),)), Cutout(MASK.astype(np.float32), "mask", 1.0)
    unprinted = {name: np.zeros((SIDE // 4, SIDE // 4), np.float32) for name in SURFACE}
    dim, bright = (
        _photo_of(
            FlatLay("shirt.jpg", "", lit(plain(80, 80, 80), lamp)), mask, Landmarks({}, {}),
            Surface(unprinted, np.eye(2, 3), exposure=stops), kind,
        ).rgb
        for stops in (0.0, 0.6)
    )  # fmt: skip
    gained = np.median(to_linear(bright)[DEEP]) / np.median(to_linear(dim)[DEEP])
    assert np.log2(gained) == pytest.approx(0.6, abs=0.05)


def test_a_pattern_takes_white_cloth_white() -> None:
    kind, mask = GarmentKind(Category.TOP, 1.0, cloth=(("plain", 1.0),)), Cutout(MASK.astype(np.float32), "mask", 1.0)
    unprinted = {name: np.zeros((SIDE // 4, SIDE // 4), np.float32) for name in SURFACE}
    photo = FlatLay("shirt.jpg", "", lit(plain(125, 125, 125), np.ones((SIDE, SIDE))))
    grey, white = (
        _photo_of(photo, mask, Landmarks({}, {}), Surface(unprinted, np.eye(2, 3), white=sure), kind).rgb
        for sure in (0.0, 1.0)
    )
    assert np.median(to_linear(grey)[DEEP]) < 0.2
    assert np.median(to_linear(white)[DEEP]) == pytest.approx(WHITE, abs=0.03)
