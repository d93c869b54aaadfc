"""Hems of wide skirts hang level."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.body.model.body import Body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.garment.pattern.fit import fit_garment
from vmodel.types import Category, Garment, GarmentKind

OUTLINE = [(0, 140), (80, 138), (120, 230), (236, 480), (0, 482)]


@pytest.fixture(scope="module")
def skirt(body: Body) -> Garment:
    sides = {"waist": (80.0, 138.0), "hip": (120.0, 230.0), "hem": (236.0, 480.0)}
    photo = drawn.draw(GarmentKind(Category.SKIRT, 1.0), OUTLINE, sides, {"waist_front": 140, "hem_mid": 482})
    return fit_garment(photo.pattern(), body.measurements, "woman")


def test_the_hem_of_a_wide_skirt_is_level(skirt: Garment, body: Body, settings: Settings) -> None:
    worn = drape(skirt, body, load_pose("standing"), settings)
    hem = worn.vertices_m[worn.open_edges.reshape(-1)]
    hem = hem[hem[:, 2] < body.measurements.inseam / 100]
    assert np.ptp(hem[:, 2]) < 0.05
