"""Wide skirts fall in folds round the body, and their hems hang level."""

from __future__ import annotations

import numpy as np
import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.body.model import Body
from vmodel.body.pose import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.flare import lay_in_folds
from vmodel.drape.sewn_cloth import mesh_cloth
from vmodel.garment.pattern.fit import fit_garment
from vmodel.types import Category, FloatArray, Garment, GarmentKind

OUTLINE = [(0, 140), (80, 138), (120, 230), (236, 480), (0, 482)]


@pytest.fixture(scope="module")
def skirt(body: Body) -> Garment:
    sides = {"waist": (80.0, 138.0), "hip": (120.0, 230.0), "hem": (236.0, 480.0)}
    photo = drawn.draw(GarmentKind(Category.SKIRT, 1.0), OUTLINE, sides, {"waist_front": 140, "hem_mid": 482})
    return fit_garment(photo.pattern(), body.measurements, "woman")


def test_a_wide_skirt_is_as_deep_as_wide_and_its_hem_is_level(skirt: Garment, body: Body, settings: Settings) -> None:
    worn = drape(skirt, body, load_pose("standing"), settings)
    hem = worn.vertices_m[worn.open_edges.reshape(-1)]
    hem = hem[hem[:, 2] < body.measurements.inseam / 100]
    across, deep, high = np.ptp(hem, axis=0)
    assert across < 1.7 * deep
    assert high < 0.06


def test_folds_have_the_length_of_the_rows_that_lay_flat(skirt: Garment, body: Body) -> None:
    cloth = mesh_cloth(skirt, 1.25)
    flat = np.column_stack([cloth.flat_cm[:, 0] / 100, 0.1 * cloth.front, 1.0 + cloth.flat_cm[:, 1] / 100])
    halves = np.full(cloth.count, 0.16)
    laid = lay_in_folds(flat, cloth, skirt, 1.06, halves)

    def long(positions: FloatArray) -> float:
        edges = cloth.edges[np.abs(cloth.flat_cm[cloth.edges, 1]).mean(axis=1) > 45]
        return float(np.linalg.norm(positions[edges[:, 0]] - positions[edges[:, 1]], axis=1).mean())

    assert long(laid) == pytest.approx(long(flat), rel=0.12)
    assert np.allclose(laid[:, 2], flat[:, 2])
