"""Fine light on cloth is not mistaken for the print, and colours are more precise than the draft's bytes."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.core.colour import blurred, to_linear, to_srgb
from vmodel.finish.light_limit import limit_high_frequency_light, undo_quantisation
from vmodel.types import BoolArray, FloatArray

SIZE = (240, 240)


@pytest.fixture(scope="module")
def albedo() -> FloatArray:
    """Return a print of coarse checks on plain cloth, (H, W, 3) linear light."""
    row, column = np.mgrid[: SIZE[0], : SIZE[1]] // 24
    checks = ((row + column) % 2)[..., None] * np.array([0.3, 0.1, -0.05])
    return (0.35 + checks).astype(np.float32)


@pytest.fixture(scope="module")
def seen() -> BoolArray:
    inside = np.zeros(SIZE, bool)
    inside[20:-20, 20:-20] = True
    return inside


def creases(size: float) -> FloatArray:
    """Return (H, W) log light that goes up and down within a dozen pixels."""
    column = np.arange(SIZE[1], dtype=np.float32)
    return np.broadcast_to(size * np.sin(column / 4), SIZE).astype(np.float32)


def fold(size: float) -> FloatArray:
    """Return (H, W) log light of one broad fold."""
    row = np.arange(SIZE[0], dtype=np.float32)[:, None]
    return np.broadcast_to(size * np.sin(row / 40), SIZE).astype(np.float32)


def fine_part(light: FloatArray) -> FloatArray:
    """Return the fine detail of the light, away from the cloth's border."""
    return (light - blurred(light, 10.0))[60:-60, 60:-60]


def test_creases_are_held_to_those_of_the_draft_and_broad_folds_stay(albedo: FloatArray, seen: BoolArray) -> None:
    drawn = albedo * np.exp(creases(0.05))[..., None]
    change = np.where(seen, creases(0.01) + fold(0.3), 0).astype(np.float32)
    held = limit_high_frequency_light(change, drawn, albedo, seen, 1.0)
    before, asked, after = (np.std(fine_part(creases(0.05) + each)) for each in (0 * change, change, held))
    assert after < before < asked
    middle = (slice(60, -60), slice(60, -60))
    broad = blurred(held, 14.0)[middle] - blurred(fold(0.3), 14.0)[middle]
    assert np.abs(broad).max() < 0.02


def test_real_folds_of_another_picture_keep_three_quarters(albedo: FloatArray, seen: BoolArray) -> None:
    change = np.where(seen, creases(0.2), 0).astype(np.float32)
    held = limit_high_frequency_light(change, albedo.copy(), albedo, seen, 1.0)
    share = np.std(fine_part(held)) / np.std(fine_part(change))
    assert 0.7 < share < 0.85


def test_where_nothing_changes_nothing_is_held(albedo: FloatArray, seen: BoolArray) -> None:
    drawn = albedo * np.exp(creases(0.1))[..., None]
    none = np.zeros(SIZE, np.float32)
    assert np.array_equal(limit_high_frequency_light(none, drawn, albedo, seen, 1.0), none)
    assert np.array_equal(limit_high_frequency_light(none, drawn, albedo, np.zeros(SIZE, bool), 1.0), none)


def test_dark_colours_are_known_to_a_part_of_a_byte(albedo: FloatArray, seen: BoolArray) -> None:
    dark = 0.04 * albedo
    true = dark * np.exp(fold(0.3))[..., None]
    draft = to_srgb(true)
    found = undo_quantisation(draft, dark, seen)
    assert np.array_equal(to_srgb(found), draft)
    inside = np.zeros(SIZE, bool)
    inside[30:-30, 30:-30] = True
    rounded, left = (np.abs(each / true - 1)[inside].mean() for each in (to_linear(draft), found))
    assert left < 0.7 * rounded
