"""Hoods of photos: worn down, they lie round the neck and as a bag on the back."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.support.garments import flat_lays as drawn
from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.neck.hood import with_hoods
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.pattern.fit import fit_garment
from vmodel.types import Drape, FloatArray, Garment, PosedBody

pytestmark = pytest.mark.slow
Hooded = tuple[Garment, Drape, PosedBody]


@pytest.fixture(scope="module", params=[("wm-ines", "contrapposto"), ("wm-moana", "standing"), ("ch-noah", "walking")])
def hooded(request: pytest.FixtureRequest, settings: Settings) -> Hooded:
    name, pose = request.param
    body = build_body(load_roster(settings)[name])
    garment = fit_garment(drawn.hoodie().pattern(), body.measurements, body.model.gender)
    worn = drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))
    return garment, worn, body.posed(load_pose(pose))


def hood_of(garment: Garment, worn: Drape) -> tuple[Drape, FloatArray]:
    """Return the drape with its hood, and the hood's vertices in metres."""
    whole = with_hoods([garment], garment, worn)
    return whole, np.asarray(whole.vertices_m[len(worn.vertices_m) :], float)


def test_a_hood_hangs_on_the_back_and_rolls_round_the_neck(hooded: Hooded) -> None:
    garment, worn, posed = hooded
    _, hood = hood_of(garment, worn)
    neck = posed.joints_m["neck01"]
    height = np.ptp(posed.vertices_m[:, 2])
    assert neck[2] - hood[:, 2].min() > 0.06 * height
    assert hood[:, 2].max() < posed.joints_m["head"][2] + 0.01 * height
    lowest = hood[hood[:, 2] < np.quantile(hood[:, 2], 0.1)]
    assert lowest[:, 1].mean() > neck[1]  # behind
    for side in (-1, 1):
        assert (side * (hood[:, 0] - neck[0])).max() > 0.03 * height


def test_a_hood_lies_on_the_cloth_and_not_in_it(hooded: Hooded) -> None:
    garment, worn, _ = hooded
    _, hood = hood_of(garment, worn)
    cloth = np.asarray(worn.vertices_m, np.float32)
    facing = vertex_normals(cloth, worn.triangles)
    _, near = cKDTree(cloth).query(hood)
    height = ((hood - cloth[near]) * facing[near]).sum(axis=1)
    assert np.mean(height < -0.006) < 0.06  # parts that begin below the neck's edge


def test_a_hood_is_cut_from_the_backs_cloth(hooded: Hooded) -> None:
    garment, worn, _ = hooded
    whole, hood = hood_of(garment, worn)
    new = slice(len(worn.triangles), None)
    assert len(hood) > 500
    back = next(index for index, panel in enumerate(garment.panels) if panel.name == "back")
    assert set(whole.panel[new]) == {back}
    high, wide = garment.textures[garment.panels[back].texture].shape[:2]
    places = whole.texture_px[new].reshape(-1, 2)
    assert (places >= 0).all()
    assert (places < (wide, high)).all()
    assert np.array_equal(whole.triangles[: len(worn.triangles)], worn.triangles)


def test_without_a_hood_nothing_is_added(hooded: Hooded) -> None:
    _, worn, _ = hooded
    tee = drawn.tee().fitted()
    assert with_hoods([tee], tee, worn) is worn
