"""Shoes in the picture: hems hang outside of them, and the maps label them as worn items, not skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import make_mannequin, make_shirt, make_skin, tube
from vmodel.body.shoes.last import UPPER
from vmodel.body.shoes.worn import WornShoes
from vmodel.scene import PART_NAMES, Scene, frame_camera, render_conditions, render_draft
from vmodel.scene.geometry.props import over_shoes
from vmodel.types import Drape

SHOE_RADIUS_M, SHOE_HEIGHT_M = 0.2, 0.06


@pytest.fixture
def shoe() -> WornShoes:
    vertices, triangles = tube(0.0, SHOE_HEIGHT_M, SHOE_RADIUS_M, rings=12, sides=120)
    _, posed = make_mannequin()
    nothing = np.zeros(len(posed.vertices_m), np.float32)
    return WornShoes(vertices, triangles, np.full(len(triangles), UPPER, np.uint8), nothing)


def narrow_leg(radius: float) -> Drape:
    vertices, triangles = tube(0.02, 0.4, radius, rings=32, sides=100)
    return replace(make_shirt()[0], vertices_m=vertices, triangles=triangles)


def test_a_hem_narrower_than_the_shoe_is_laid_over_it(shoe: WornShoes) -> None:
    drape = narrow_leg(SHOE_RADIUS_M - 0.01)
    laid = over_shoes(drape, shoe)
    out = np.linalg.norm(laid.vertices_m[:, :2], axis=1)
    assert out[laid.vertices_m[:, 2] < SHOE_HEIGHT_M].min() > SHOE_RADIUS_M + 0.002
    above = drape.vertices_m[:, 2] > 0.2
    assert np.allclose(laid.vertices_m[above], drape.vertices_m[above], atol=1e-4)
    # No step above the opening: neighbouring rows of cloth, 12 mm apart, differ sideways by at most half of that.
    rows = out.reshape(32, 100).mean(axis=1)
    assert np.abs(np.diff(rows)).max() < 0.007


def test_a_wide_hem_stays_as_it_hangs(shoe: WornShoes) -> None:
    drape = narrow_leg(SHOE_RADIUS_M + 0.03)
    assert np.array_equal(over_shoes(drape, shoe).vertices_m, drape.vertices_m)


def test_shoes_belong_to_the_person_and_are_no_skin(shoe: WornShoes) -> None:
    body, posed = make_mannequin()
    bare, shod = (Scene(posed, body, make_skin(), None, None, None, worn) for worn in (None, shoe))
    camera = frame_camera(posed, None, "front", "full", (400, 300))
    maps, before = render_conditions(shod, camera), render_conditions(bare, camera)
    added = (maps.person_mask > 0.99) & (before.person_mask < 0.01)
    assert added.sum() > 200
    assert (maps.parts[added] == PART_NAMES.index("base layer")).all()
    assert np.allclose(maps.albedo[added].mean(axis=0), (0.70, 0.69, 0.665), atol=0.02)
    changed = np.abs(render_draft(shod, camera).astype(int) - render_draft(bare, camera)).max(axis=2) > 8
    assert changed[added].mean() > 0.8
