"""Sleeves go round their arms from the start, and lie on them without sharp pleats at the end."""

from __future__ import annotations

from pathlib import Path

import garments
import numpy as np
import pytest

from vmodel.body.model import Body, build_body
from vmodel.body.pose import load_pose
from vmodel.body.roster import load_roster
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.cloth import Cloth
from vmodel.drape.dress import attempt_pose
from vmodel.drape.outside import distance_to_body, push_out
from vmodel.drape.pleats import open_pleats
from vmodel.drape.sewn_cloth import mesh_cloth
from vmodel.drape.start import place_cloth
from vmodel.drape.straps import lay_straps, on_strap
from vmodel.garment.scale import scale_garment
from vmodel.reading import read_pattern
from vmodel.request import GarmentSource
from vmodel.studio import Studio
from vmodel.types import FloatArray, Garment, PosedBody

#: Cloth this far inside the body goes through a limb, not merely over a bend of the skin.
THROUGH_M = 0.004


@pytest.fixture(scope="module", params=["wm-yara", "wm-amina", "wm-keisha"])
def body(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Body:
    return build_body(load_roster(Settings(home=tmp_path_factory.mktemp("home")))[request.param])


def hanging_tee() -> Garment:
    """Photographed with its sleeves beside the body, so that their roots lie over the sides of the trunk."""
    return garments.tee(angle=74.0, half_width=25.0, sleeve_length=24.0)


def through(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> int:
    middles = positions_m[cloth.edges].mean(axis=1)
    return int((distance_to_body(middles, posed.vertices_m, posed.faces)[0] < -THROUGH_M).sum())


def test_no_cloth_starts_inside_the_arm_that_hangs_over_the_side_seam(body: Body) -> None:
    garment = hanging_tee()
    cloth = mesh_cloth(garment, 1.25)
    posed = body.posed(attempt_pose(garment, body, 0))
    start = place_cloth(cloth, garment, body, posed)
    assert through(cloth, start.positions_m, posed) == 0


def pinch(cloth: Cloth, at_cm: float, deep_m: float) -> FloatArray:
    """The cloth lying flat in the frontal plane, with a tuck across its left sleeve that doubles up within two rows."""
    flat = np.asarray(cloth.flat_cm, float) / 100
    positions = np.stack([flat[:, 0], 0.2 + 0.02 * cloth.front, flat[:, 1]], axis=1)
    row = (flat[:, 0] > at_cm / 100) & (flat[:, 0] < at_cm / 100 + 0.026)
    positions[row, 0] -= deep_m
    return positions


def test_a_pleat_through_itself_is_opened_and_the_rest_stays(body: Body) -> None:
    cloth = mesh_cloth(garments.tee(), 1.25)
    posed = body.posed(attempt_pose(garments.tee(), body, 0))
    pinched = pinch(cloth, at_cm=27, deep_m=0.025)
    opened = open_pleats(cloth, pinched, posed, 0.002)
    assert folded_over(cloth, pinched) > 10
    assert folded_over(cloth, opened) < 0.05 * folded_over(cloth, pinched)
    far = (cloth.flat_cm[:, 0] < 15) & (cloth.seam_distance_cm > 7)
    assert np.array_equal(opened[far], pinched[far])


def folded_over(cloth: Cloth, positions_m: FloatArray) -> int:
    """Triangles of the front that are turned over, in a cloth that lies in the frontal plane."""
    a, b, c = (positions_m[cloth.triangles[cloth.triangle_panel == 0]][:, k][:, [0, 2]] for k in range(3))
    first, second = b - a, c - a
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    return int((area * np.sign(np.median(area)) < 0).sum())


def test_soft_folds_stay(body: Body) -> None:
    cloth = mesh_cloth(garments.tee(), 1.25)
    flat = np.asarray(cloth.flat_cm, float) / 100
    waves = 0.012 * np.sin(2 * np.pi * flat[:, 0] / 0.08)
    hanging = np.stack([flat[:, 0], 0.3 + waves + 0.004 * cloth.front, flat[:, 1]], axis=1)
    posed = body.posed(attempt_pose(garments.tee(), body, 0))
    inner = cloth.seam_distance_cm > 7
    assert np.array_equal(open_pleats(cloth, hanging, posed, 0.002)[inner], hanging[inner])


def test_opening_a_pleat_pulls_no_cloth_through_the_body(body: Body) -> None:
    garment = hanging_tee()
    cloth = mesh_cloth(garment, 1.25)
    posed = body.posed(attempt_pose(garment, body, 0))
    start = push_out(np.array(place_cloth(cloth, garment, body, posed).positions_m), posed, 0.002)
    sleeve = (start[:, 0] > 0.25) & (start[:, 0] < 0.28)
    start[sleeve, 0] -= 0.03
    start = push_out(start, posed, 0.002)
    opened = open_pleats(cloth, start, posed, 0.002)
    assert not np.array_equal(opened, start)
    moved = np.any(opened != start, axis=1)
    distance, _ = distance_to_body(opened[moved], posed.vertices_m, posed.faces)
    assert distance.min() > 0


@pytest.mark.slow
@pytest.mark.parametrize("model", ["wm-sofia", "wm-moana", "mn-tane"])
def test_large_people_wear_the_bundled_long_sleeve(model: str, examples: Path, tmp_path: Path) -> None:
    """L to 4XL: a narrow sleeve on a stout arm is let out, and its pleats are opened no further than it gives."""
    studio = Studio(Settings(home=tmp_path))
    garment = read_pattern(GarmentSource(examples / "striped-long-sleeve.jpg"), studio).garment
    wearer = studio.roster[model]
    worn_by = build_body(wearer)
    fitted = scale_garment(garment, worn_by.measurements, wearer.gender)
    worn = drape(fitted, worn_by, load_pose("standing"), studio.settings)
    assert worn.report.stretch_p99 < 1.2


def test_a_twisted_strap_is_no_pleat(body: Body) -> None:
    cloth = mesh_cloth(garments.camisole(), 1.25)
    straps = on_strap(cloth)
    flat = np.asarray(cloth.flat_cm, float) / 100
    hanging = np.stack([flat[:, 0], 0.3 + 0.004 * cloth.front, flat[:, 1]], axis=1)
    hanging[straps] += np.random.default_rng(1).normal(0, 0.01, (int(straps.sum()), 3))
    posed = body.posed(attempt_pose(garments.camisole(), body, 0))
    assert 20 < straps.sum() < 0.1 * cloth.count
    assert np.array_equal(open_pleats(cloth, hanging, posed)[straps], hanging[straps])


@pytest.mark.parametrize("strap", [0.5, 1.6])
def test_triangles_of_a_strap_narrower_than_the_mesh_face_outwards(strap: float) -> None:
    cloth = mesh_cloth(garments.camisole(strap=strap), 1.25)
    first, second = cloth.panel_cm[:, 1] - cloth.panel_cm[:, 0], cloth.panel_cm[:, 2] - cloth.panel_cm[:, 0]
    turn = np.sign(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])
    assert set(zip(cloth.triangle_panel.tolist(), turn.tolist(), strict=True)) == {(0, 1.0), (1, -1.0)}


def test_a_strap_that_turned_over_is_laid_with_its_outside_up(tmp_path: Path) -> None:
    model = load_roster(Settings(home=tmp_path))["wm-yara"]
    wearer = build_body(model)
    garment = scale_garment(garments.camisole(strap=0.6), wearer.measurements, model.gender)
    pose, cloth = load_pose("contrapposto"), mesh_cloth(garment, 1.25)
    worn, posed = drape(garment, wearer, pose, Settings(home=tmp_path)), wearer.posed(pose)
    lying = np.asarray(worn.vertices_m, float)
    assert (turned_up(cloth, lying, posed) > 0.3).mean() > 0.97
    twisted = lying.copy()
    twisted[on_strap(cloth)] += np.random.default_rng(1).normal(0, 0.008, (int(on_strap(cloth).sum()), 3))
    assert (turned_up(cloth, twisted, posed) > 0.3).mean() < 0.85
    laid = lay_straps(cloth, twisted, posed)
    assert (turned_up(cloth, laid, posed) > 0.3).mean() > 0.95
    assert np.array_equal(laid[~on_strap(cloth)], twisted[~on_strap(cloth)])


def turned_up(cloth: Cloth, positions_m: FloatArray, posed: PosedBody) -> FloatArray:
    """Cosine between the outside of each triangle of a strap and the way there from the skin."""
    corners = positions_m[cloth.triangles[on_strap(cloth)[cloth.triangles].all(axis=1)]]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    distance, skin = distance_to_body(corners.mean(axis=1), posed.vertices_m, posed.faces)
    away = (corners.mean(axis=1) - skin) * np.sign(distance)[:, None]
    return np.asarray(np.sum(normal * away, axis=1) / np.linalg.norm(normal, axis=1) / np.linalg.norm(away, axis=1))
