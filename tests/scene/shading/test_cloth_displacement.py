"""Creases of the mesh coincide with those that the draft paints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import TORSO_RADIUS_M, make_mannequin, make_shirt, make_skin
from vmodel.scene import Scene
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.shading.cloth_displacement import crease_heights, creased


def dressed(shrunk: float = 1.0, material: str = "cotton") -> Geometry:
    """Return a shirt whose cloth is ``shrunk`` times as wide as its pattern."""
    body, posed = make_mannequin()
    drape, garment = make_shirt(TORSO_RADIUS_M + 0.04)
    drape = replace(drape, rest_lengths_m=drape.rest_lengths_m / np.float32(shrunk), material=material)
    return Scene(posed, body, make_skin(), None, drape, garment).geometry


@pytest.fixture(scope="module")
def loose() -> Geometry:
    return dressed()


def test_cloth_moves_along_its_normals_and_the_body_stays(loose: Geometry) -> None:
    made = creased(loose)
    moved = made.vertices_m - loose.vertices_m
    cloth = np.zeros(len(moved), bool)
    cloth[loose.triangles[loose.cloth_start :]] = True
    assert not moved[~cloth].any()
    assert np.array_equal(made.normals[~cloth], loose.normals[~cloth])
    assert 5e-4 < np.abs(moved[cloth]).max() < 0.02
    across = moved - (moved * loose.normals).sum(axis=1, keepdims=True) * loose.normals
    assert np.abs(across).max() < 1e-5
    turned = (made.normals * loose.normals)[cloth].sum(axis=1)
    assert turned.min() < 0.995
    assert np.allclose(np.linalg.norm(made.normals[cloth], axis=1), 1, atol=1e-3)


def test_squeezed_cloth_has_deeper_creases_than_loose_cloth(loose: Geometry) -> None:
    squeezed = crease_heights(dressed(0.85))
    assert squeezed.std() > 1.3 * crease_heights(loose).std()


def test_a_coat_creases_less_than_a_shirt(loose: Geometry) -> None:
    assert crease_heights(dressed(material="coat-wool")).std() < 0.7 * crease_heights(loose).std()


def test_rays_meet_the_cloth_where_it_is(loose: Geometry) -> None:
    made = creased(loose)
    cloth = made.triangles[made.cloth_start :]
    centres = made.vertices_m[cloth].mean(axis=1)
    outward = made.normals[cloth].mean(axis=1)
    hits = made.cloth_only.first_hits(
        (centres + 0.03 * outward).astype(np.float32), np.ascontiguousarray(-outward, np.float32)
    )
    assert np.median(np.abs(hits.distance - 0.03)) < 1e-4


def test_nobody_dressed_is_left_as_it_is() -> None:
    body, posed = make_mannequin()
    geometry = Scene(posed, body, make_skin(), None, None, None).geometry
    assert creased(geometry) is geometry
