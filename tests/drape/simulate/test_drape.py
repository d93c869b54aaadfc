"""Garments stay on, outside the body, and unstretched."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tests.support.garments import by_formula, flat_lays
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import DrapeSettings, drape
from vmodel.drape.placement.pattern_cloth import mesh_cloth
from vmodel.drape.simulate import drape as worn_stage
from vmodel.drape.simulate.drape import pose_key
from vmodel.drape.simulate.quality_report import failure_reason, widest_seam_gap_mm
from vmodel.errors import DrapeFailed
from vmodel.types import Garment


@pytest.mark.parametrize(
    "cut", [by_formula.tee, by_formula.trousers, by_formula.camisole, by_formula.dress, by_formula.skirt]
)
def test_a_garment_is_worn_within_the_limits(cut: Callable[[], Garment], body: Body, settings: Settings) -> None:
    report = drape(cut(), body, load_pose("standing"), settings).report
    assert report.worn
    assert report.inside_share <= 0.001
    assert report.widest_seam_gap_mm <= 3
    assert report.stretch_median <= 1.03
    assert report.stretch_p99 <= 1.20


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("wm-keisha", "jumpsuit"),
        ("ch-noah", "hoodie"),
        ("wm-ines", "camisole"),
        pytest.param("wm-keisha", "tee", marks=pytest.mark.slow),
        pytest.param("mn-minh", "shirt", marks=pytest.mark.slow),
    ],
)
def test_a_garment_of_a_photo_is_worn_by_whom_it_is_cut_for(model: str, name: str, settings: Settings) -> None:
    person = load_roster(settings)[model]
    body = build_body(person)
    garment = flat_lays.ALL[name]().fitted(body.measurements, person.gender)
    report = drape(garment, body, load_pose("standing"), settings).report
    assert report.worn
    assert report.attempts == 1
    assert report.inside_share <= 0.001
    assert report.stretch_p99 <= 1.20


@pytest.mark.parametrize("model", ["wm-priya", "mn-omar"])
def test_a_neck_is_about_as_deep_and_hardly_wider_than_it_is_cut(model: str, settings: Settings) -> None:
    """If the shoulder seams slid down and back, or stayed as far apart as they lie flat, they would draw it wide."""
    person = load_roster(settings)[model]
    body = build_body(person)
    tee = flat_lays.ALL["tee"]().fitted(body.measurements, person.gender)
    worn = drape(tee, body, load_pose("contrapposto"), settings)
    points, edges = worn.vertices_m, worn.open_edges
    ring = connected_components(coo_matrix((np.ones(len(edges)), edges.T), (len(points), len(points))))[1]
    highest = edges[points[edges[:, 0], 2].argmax(), 0]
    round_neck = edges[ring[edges[:, 0]] == ring[highest]]
    neck = points[np.unique(round_neck)]
    left, right, front = (tee.landmarks_cm[f"neck_{name}"] for name in ("left", "right", "front"))
    assert 100 * np.ptp(neck[:, 2]) > 0.73 * (left[1] - front[1])
    assert 100 * np.ptp(neck[:, 0]) < 1.06 * (left[0] - right[0])
    cut_cm = sum(np.linalg.norm(np.diff(panel.edges["neck"], axis=0), axis=1).sum() for panel in tee.panels)
    worn_cm = 100 * np.linalg.norm(np.diff(points[round_neck], axis=1), axis=2).sum()
    assert worn_cm < 1.22 * cut_cm


def test_a_seam_that_is_not_sewn_is_measured_and_refused(body: Body, settings: Settings) -> None:
    tee, options = by_formula.tee(), DrapeSettings()
    worn = drape(tee, body, load_pose("standing"), settings)
    cloth = mesh_cloth(tee, options.spacing_cm)
    assert widest_seam_gap_mm(tee, cloth, worn.vertices_m) == 0
    second = tee.seams[0].second
    undone = {**cloth.edge_particles, second: np.roll(cloth.edge_particles[second], 1)}
    gap_mm = widest_seam_gap_mm(tee, replace(cloth, edge_particles=undone), worn.vertices_m)
    assert gap_mm > 5
    assert "seam gapes" in str(failure_reason(replace(worn.report, widest_seam_gap_mm=gap_mm), tee))


def test_a_start_that_failed_is_tried_again_further_out(
    body: Body, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = iter((False, True))
    monkeypatch.setattr(worn_stage, "_is_on", lambda *_: next(outcomes))
    assert drape(by_formula.skirt(), body, load_pose("standing"), settings).report.attempts == 2


def test_what_is_far_too_small_is_refused_with_its_reason(body: Body, settings: Settings) -> None:
    tee = by_formula.tee()
    doll = replace(
        tee,
        panels=tuple(
            replace(panel, edges={name: 0.55 * np.asarray(line) for name, line in panel.edges.items()})
            for panel in tee.panels
        ),
        landmarks_cm={name: 0.55 * np.asarray(point) for name, point in tee.landmarks_cm.items()},
        scale_source="width",
    )
    with pytest.raises(DrapeFailed, match=r"tight|slip|inside|off"):
        drape(doll, body, load_pose("standing"), settings)


def test_the_same_drape_comes_out_twice_and_a_damaged_cache_is_ignored(body: Body, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    first = drape(by_formula.tee(), body, load_pose("standing"), settings)
    for file in Path(settings.cache / "drapes").glob("*.npz"):
        file.write_bytes(b"PK damaged")
    second = drape(by_formula.tee(), body, load_pose("standing"), settings)
    np.testing.assert_array_equal(first.vertices_m, second.vertices_m)


def test_a_drape_is_kept_for_one_expression(body: Body) -> None:
    smiling = replace(load_pose("standing"), mood="warm-smile")
    assert pose_key(body, smiling) == pose_key(body, replace(smiling))
    assert pose_key(body, smiling) != pose_key(body, replace(smiling, mood="serious"))


def test_the_front_of_a_tee_lies_before_its_back(body: Body, settings: Settings) -> None:
    worn = drape(by_formula.tee(), body, load_pose("standing"), settings)
    centres = worn.vertices_m[worn.triangles].mean(axis=1)
    torso = np.abs(centres[:, 0]) < 0.1
    assert centres[torso & (worn.panel == 0), 1].mean() < centres[torso & (worn.panel == 1), 1].mean() - 0.1


def test_a_garment_without_scale_is_refused(body: Body, settings: Settings) -> None:
    with pytest.raises(DrapeFailed, match="size"):
        drape(replace(by_formula.tee(), cm_per_px=0.0), body, load_pose("standing"), settings)
