"""Open fronts stay on, hang apart on both sides, and are judged; closed ones cover the chest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.support.garments.broken_drapes import Worn, shifted, twisted
from tests.support.garments.open_fronts import draw_open
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.pattern.fit import fit_garment
from vmodel.quality.wear.judge import WornReport, judge_worn
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import Category, Drape, FloatArray

pytestmark = pytest.mark.slow
CASES = [
    (Category.TOP, "wm-ines", "standing"),
    (Category.TOP, "mn-tane", "child-hands-up"),
    (Category.OUTERWEAR, "mn-tane", "hand-on-hip"),
    (Category.OUTERWEAR, "ch-yuki", "walking"),
]


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)


def put_on(category: Category, model: str, pose: str, settings: Settings, worn_open: bool | None = None) -> Worn:
    body = build_body(load_roster(settings)[model])
    garment = fit_garment(draw_open(category, 320).pattern(worn_open), body.measurements, body.model.gender)
    worn = drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))
    return Worn(garment, worn, body, body.posed(load_pose(pose)))


def judged(worn: Worn, drape: Drape | None = None) -> WornReport:
    return judge_worn(worn.garment, drape or worn.drape, worn.body, worn.posed)


def bare_cm(worn: Worn) -> FloatArray:
    """Return widths without cloth before the trunk, seen from the front, at heights between waist and chest."""
    measures = worn.body.measurements
    heights = (
        np.linspace(measures.waist_height, measures.chest_height, 5)
        / 100
        * (worn.posed.vertices_m[:, 2].max() * 100 / measures.height)
    )
    x = np.arange(-0.25, 0.25, 0.002) + worn.axis[0]
    widths = []
    for height in heights:
        origins = np.stack([x, np.full(x.size, -2.0), np.full(x.size, height)], axis=1)
        points = np.concatenate([worn.drape.vertices_m, worn.posed.vertices_m])
        faces = np.concatenate([worn.drape.triangles, worn.posed.faces + len(worn.drape.vertices_m)])
        hits = Tracer(points, faces).first_hits(origins, np.tile([0.0, 1.0, 0.0], (x.size, 1)))
        widths.append(0.2 * float((hits.triangle >= len(worn.drape.triangles)).sum()))
    return np.array(widths)


@pytest.mark.parametrize(("category", "model", "pose"), CASES)
def test_an_open_front_hangs_apart_and_is_judged_right(
    category: Category, model: str, pose: str, settings: Settings
) -> None:
    worn = put_on(category, model, pose, settings)
    report = judged(worn)
    assert report.passed, (report.missed, report.figures)
    assert "chest bare" not in report.figures
    widths = bare_cm(worn) * 170 / worn.body.measurements.height
    assert 5 < np.median(widths) < (35 if pose == "child-hands-up" else 24), widths


@pytest.mark.parametrize("category", [Category.TOP, Category.OUTERWEAR])
def test_worn_closed_it_covers_the_chest(category: Category, settings: Settings) -> None:
    worn = put_on(category, "wm-ines", "standing", settings, worn_open=False)
    report = judged(worn)
    assert report.passed, (report.missed, report.figures)
    assert bare_cm(worn)[:3].max() < 0.5


def test_an_open_front_that_slips_or_slides_to_one_side_is_caught(settings: Settings) -> None:
    worn = put_on(Category.TOP, "wm-ines", "standing", settings)
    assert "shoulders" in judged(worn, shifted(up=-0.11)(worn)).missed
    assert "front" in judged(worn, twisted(60)(worn)).missed
    assert "opening" in judged(worn, one_half_behind(worn)).missed


def one_half_behind(worn: Worn) -> Drape:
    """Pull the left half round to the side, as if it had slid off over the arm."""
    left = worn.of(worn.drape.panel == [panel.name for panel in worn.garment.panels].index("front_left"))
    points = worn.points
    middle = worn.axis
    offset = points[:, :2] - middle
    bearing = np.arctan2(offset[:, 0], -offset[:, 1])
    turned = np.where(left & (bearing < np.radians(80)), np.radians(80) + 0.1 * bearing, bearing)
    radius = np.linalg.norm(offset, axis=1)
    points[:, :2] = middle + radius[:, None] * np.stack([np.sin(turned), -np.cos(turned)], axis=1)
    return replace(worn.drape, vertices_m=points.astype(np.float32))
