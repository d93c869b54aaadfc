"""Folds of loose cloth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import make_mannequin, make_shirt
from vmodel.scene.geometry.soft_folds import folded
from vmodel.types import Drape, FloatArray


def shirt_of(radius_m: float) -> Drape:
    return make_shirt(radius_m)[0]


def moved_out(drape: Drape, folds: FloatArray) -> FloatArray:
    """Return the metres by which each vertex moved away from the axis."""
    return np.asarray(np.hypot(*folds[:, :2].T) - np.hypot(*np.asarray(drape.vertices_m)[:, :2].T))


def test_loose_cloth_hangs_in_folds_along_the_grain() -> None:
    drape = shirt_of(0.20)
    out = moved_out(drape, folded(drape, make_mannequin()[1])).reshape(-1, 72)
    middle = out[10:-10, 44:65]  # in front, where the photo's pixels are evenly spaced on the cloth
    assert 0.0004 < middle.std() < 0.0015  # deeper ones look like dents
    across, along = np.abs(np.diff(middle, axis=1)).mean(), np.abs(np.diff(middle, axis=0)).mean()
    assert across > 4 * along  # steps of 17 mm round the body, of 14 mm down it


def test_cloth_on_the_body_stays_as_it_was_simulated() -> None:
    drape = shirt_of(0.156)
    np.testing.assert_allclose(folded(drape, make_mannequin()[1]), drape.vertices_m, atol=1e-6)


def test_no_fold_however_deep_reaches_the_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vmodel.scene.geometry.soft_folds._DEEP_M", 0.05)
    for radius in np.linspace(0.16, 0.24, 9):
        drape = shirt_of(float(radius))
        folds = folded(drape, make_mannequin()[1])
        assert np.hypot(*folds[:, :2].T).min() > 0.151


def test_folds_of_two_layers_keep_their_order() -> None:
    inner, outer = shirt_of(0.19), shirt_of(0.20)
    count = len(inner.vertices_m)
    both = replace(
        inner,
        vertices_m=np.concatenate([inner.vertices_m, outer.vertices_m]),
        triangles=np.concatenate([inner.triangles, outer.triangles + count]).astype(np.int32),
        texture_px=np.concatenate([inner.texture_px, outer.texture_px * 1.3]),
        texture=np.concatenate([inner.texture, outer.texture]),
    )
    folds = folded(both, make_mannequin()[1])
    assert (np.hypot(*folds[count:, :2].T) - np.hypot(*folds[:count, :2].T)).min() > 0.001


def test_a_fold_stays_at_its_place_on_the_cloth_when_the_body_moves() -> None:
    drape = shirt_of(0.20)
    posed = make_mannequin()[1]
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
    turned = replace(drape, vertices_m=np.asarray(drape.vertices_m) @ turn.T)
    turned_body = replace(posed, vertices_m=posed.vertices_m @ turn.T)
    np.testing.assert_allclose(folded(turned, turned_body), folded(drape, posed) @ turn.T, atol=1e-5)


def test_stiff_cloth_folds_less() -> None:
    body = make_mannequin()[1]
    soft, stiff = (replace(shirt_of(0.20), material=name) for name in ("silk", "coat-wool"))
    assert moved_out(soft, folded(soft, body)).std() > 2 * moved_out(stiff, folded(stiff, body)).std()
