"""Traced light becomes a log ratio over the draft: shade, gloss, folds and the film's curve match a photograph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.embedded.develop import FOLDS, SKIN_GLOSS, TRACED_PLANES, develop_light
from vmodel.scene import TracedLight
from vmodel.types import FloatArray

SIZE = (40, 60)
COLUMN = np.arange(SIZE[1])[None, :, None]
ROW = np.arange(SIZE[0])[:, None, None]
CLOTH, SKIN = slice(0, 20), slice(20, 40)


def view(light: float | FloatArray = 1.0, gloss: float = 0.0, dye: float = 0.3) -> TracedLight:
    """Return cloth left, skin in the middle, nobody on the right; ``light`` is the traced light over the draft's 1."""
    there = np.broadcast_to(COLUMN < 40, (*SIZE, 3)).astype(np.float32)
    colour = np.where(COLUMN < 20, dye, 0.3) * there
    falling = np.broadcast_to(light, (*SIZE, 3)) * there
    cloth = np.broadcast_to(COLUMN < 20, (*SIZE, 1))[..., 0].astype(np.float32)
    return TracedLight(
        albedo=colour.astype(np.float32),
        drawn_light=there.copy(),
        drawn_gloss=np.zeros_like(there),
        light=falling.astype(np.float32),
        gloss=(gloss * there).astype(np.float32),
        lamp_gloss=(gloss * there).astype(np.float32),
        cloth=cloth,
        cover=there[..., 0],
        skin=there[..., 0] - cloth,
        contrast=0.8,
    )


def halves(upper: float, lower: float) -> FloatArray:
    """Return (H, W, 3): one level for the upper and one for the lower half."""
    return np.broadcast_to(np.where(SIZE[0] // 2 > ROW, upper, lower), (*SIZE, 3)).astype(np.float32)


def shining(plain: TracedLight, gloss: float) -> TracedLight:
    """Add gloss of lamps to the upper half."""
    added = (gloss * halves(1, 0) * (plain.cover > 0)[..., None]).astype(np.float32)
    return replace(plain, gloss=added, lamp_gloss=added)


def test_nothing_is_told_of_the_backdrop() -> None:
    (planes,) = develop_light([view(halves(1.2, 0.5), gloss=0.1)])
    assert planes.shape == (*SIZE, TRACED_PLANES)
    assert not planes[:, 40:].any()
    assert np.isfinite(planes).all()


def test_shade_on_cloth_is_deeper_than_traced_and_what_is_in_between_keeps_the_brightness() -> None:
    (planes,) = develop_light([view(halves(1.1, 0.9))])
    upper, lower = planes[5, CLOTH, 0].mean(), planes[-5, CLOTH, 0].mean()
    assert upper > 0 > lower
    traced = np.log((0.3 * 1.1 + 0.02) / (0.3 * 0.9 + 0.02))
    assert 1 + 0.8 * FOLDS < (upper - lower) / traced < 1 + 1.3 * FOLDS


def test_a_dark_piece_of_cloth_seen_near_is_as_dark_as_in_the_whole_picture() -> None:
    whole, dark = view(halves(1.1, 0.6)), view(0.6)
    figure, piece = develop_light([whole, dark])
    assert np.allclose(piece[5, CLOTH, :3], figure[-5, CLOTH, :3], atol=1e-3)
    (alone,) = develop_light([dark])
    assert abs(alone[5, CLOTH, 0].mean()) < 1e-3


def test_gloss_lightens_dark_cloth_more_than_pale_cloth() -> None:
    def shine(dye: float) -> float:
        plain = view(dye=dye)
        (planes,) = develop_light([shining(plain, 0.05)])
        return float(planes[5, CLOTH, 0].mean() - planes[-5, CLOTH, 0].mean())

    assert shine(0.05) > 2 * shine(0.5) > 0


def test_skin_shines_more_than_the_draft_draws_it() -> None:
    plain = view()
    glossy = shining(plain, 0.05)
    (planes,) = develop_light([replace(glossy, drawn_gloss=glossy.gloss)])
    assert SKIN_GLOSS > 1
    assert planes[5, SKIN, 0].mean() > planes[-5, SKIN, 0].mean() + 0.05


def test_lamps_shine_on_skin_and_the_dome_lays_no_veil_on_it() -> None:
    lamps = shining(view(), 0.05)
    dome = replace(lamps, lamp_gloss=np.zeros_like(lamps.gloss))
    lifted, veiled = (
        planes[5, SKIN, 0].mean() - planes[-5, SKIN, 0].mean()
        for planes in (develop_light([lamps])[0], develop_light([dome])[0])
    )
    assert 0 < veiled < 0.7 * lifted


def test_highlights_on_white_cloth_roll_off() -> None:
    (white,) = develop_light([view(halves(2.2, 1.0), dye=0.9)])
    (grey,) = develop_light([view(halves(2.2, 1.0), dye=0.2)])
    steps = [planes[5, CLOTH, 0].mean() - planes[-5, CLOTH, 0].mean() for planes in (white, grey)]
    assert steps[0] < 0.8 * steps[1]


def test_light_knows_nothing_of_the_print() -> None:
    plain = view(halves(1.1, 0.7), gloss=0.05)
    there = (plain.cover > 0)[..., None]
    striped = replace(plain, albedo=np.where(ROW % 4 < 2, 0.1, 0.5).astype(np.float32) * there)
    (planes,) = develop_light([striped])
    assert planes[2:18, :16, 0].std() < 1e-3
    assert planes[2:18, SKIN, 0].std() > 1e-2


def test_few_pixels_of_cloth_are_no_measure_of_exposure() -> None:
    little = replace(view(0.5), cloth=np.where(np.arange(SIZE[1]) < 2, view().cloth, 0).astype(np.float32))
    (planes,) = develop_light([little])
    assert np.isfinite(planes).all()
