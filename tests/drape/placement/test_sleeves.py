"""Sleeves go round their arms from the start, and straps lie flat at the end."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.support.garments import by_formula
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.geometry.signed_distance import distance_to_body
from vmodel.drape.placement.initial_state import place_cloth
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.placement.straps import lay_straps, on_strap
from vmodel.drape.simulate.put_on import attempt_pose
from vmodel.garment.pattern.fit import fit_garment
from vmodel.shot.request import GarmentSource
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import FloatArray, Garment, PosedBody

#: Cloth this far inside the body goes through a limb, not merely over a bend of the skin.
THROUGH_M = 0.004


@pytest.fixture(scope="module", params=["wm-yara", "wm-amina", "wm-keisha"])
def body(request: pytest.FixtureRequest, settings: Settings) -> Body:
    return build_body(load_roster(settings)[request.param])


def hanging_tee() -> Garment:
    """Return a tee photographed with its sleeves beside the body: their roots lie over the sides of the trunk."""
    return by_formula.tee(angle=74.0, half_width=25.0, sleeve_length=24.0)


def through(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> int:
    middles = positions_m[cloth.edges].mean(axis=1)
    return int((distance_to_body(middles, posed.vertices_m, posed.faces)[0] < -THROUGH_M).sum())


def test_no_cloth_starts_inside_the_arm_that_hangs_over_the_side_seam(body: Body) -> None:
    garment = hanging_tee()
    cloth = mesh_cloth(garment, 1.25)
    posed = body.posed(attempt_pose(garment, body, 0))
    start = place_cloth(cloth, garment, body, posed)
    assert through(cloth, start.positions_m, posed) == 0


@pytest.mark.slow
@pytest.mark.parametrize("model", ["wm-sofia", "wm-moana", "mn-tane"])
def test_large_people_wear_the_bundled_long_sleeve(model: str, examples: Path, stages: StageCache) -> None:
    """L to 4XL: sleeves fit a stout arm; photographed level, they pull a little where the arm hangs."""
    garment = read_pattern(GarmentSource(examples / "striped-long-sleeve.jpg"), stages).garment
    wearer = stages.roster[model]
    worn_by = build_body(wearer)
    fitted = fit_garment(garment, worn_by.measurements, wearer.gender)
    worn = drape(fitted, worn_by, load_pose("standing"), stages.settings)
    assert worn.report.worn
    assert worn.report.stretch_p99 < 1.3


@pytest.mark.parametrize("strap", [0.5, 1.6])
def test_triangles_of_a_strap_narrower_than_the_mesh_face_outwards(strap: float) -> None:
    cloth = mesh_cloth(by_formula.camisole(strap=strap), 1.25)
    first, second = cloth.panel_cm[:, 1] - cloth.panel_cm[:, 0], cloth.panel_cm[:, 2] - cloth.panel_cm[:, 0]
    turn = np.sign(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert set(zip(cloth.triangle_panel.tolist(), turn.tolist(), strict=True)) == {(0, 1.0), (1, -1.0)}


def test_a_strap_that_turned_over_is_laid_with_its_outside_up(settings: Settings) -> None:
    model = load_roster(settings)["wm-yara"]
    wearer = build_body(model)
    garment = by_formula.camisole(strap=0.6)
    pose, cloth = load_pose("contrapposto"), mesh_cloth(garment, 1.25)
    worn, posed = drape(garment, wearer, pose, settings), wearer.posed(pose)
    lying = np.asarray(worn.vertices_m, float)
    assert (turned_up(cloth, lying, posed) > 0.3).mean() > 0.97
    twisted = lying.copy()
    twisted[on_strap(cloth)] += np.random.default_rng(1).normal(0, 0.008, (int(on_strap(cloth).sum()), 3))
    assert (turned_up(cloth, twisted, posed) > 0.3).mean() < 0.85
    laid = lay_straps(cloth, twisted, posed)
    assert (turned_up(cloth, laid, posed) > 0.3).mean() > 0.9
    assert np.array_equal(laid[~on_strap(cloth)], twisted[~on_strap(cloth)])


def turned_up(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> FloatArray:
    """Return the cosine between each strap triangle's outside and the direction to it from the skin."""
    corners = positions_m[cloth.triangles[on_strap(cloth)[cloth.triangles].all(axis=1)]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    distance, skin = distance_to_body(corners.mean(axis=1), posed.vertices_m, posed.faces)
    away = (corners.mean(axis=1) - skin) * np.sign(distance)[:, None]
    return np.asarray(np.sum(normal * away, axis=1) / np.linalg.norm(normal, axis=1) / np.linalg.norm(away, axis=1))
