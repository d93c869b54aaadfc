"""Halters, one-shoulder and off-shoulder tops stay on, leave the right skin bare, and are judged correctly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from tests.support.garments import broken_drapes
from tests.support.garments import flat_lays as drawn
from tests.support.garments.broken_drapes import Worn
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.quality.wear.judge import WornReport, judge_worn
from vmodel.types import FloatArray

pytestmark = pytest.mark.slow
BODIES = {"wm-ines": "standing", "wm-nadia": "walking"}
NAMES = ("off-shoulder", "halter", "one shoulder")
WORN: dict[tuple[str, str], Worn] = {}


@pytest.fixture(scope="module")
def settings(home: Path) -> Settings:
    return Settings(home=home)


def put_on(name: str, model: str, settings: Settings) -> Worn:
    if (name, model) not in WORN:
        body = build_body(load_roster(settings)[model])
        garment, pose = drawn.ALL[name]().fitted(body.measurements, body.model.gender), load_pose(BODIES[model])
        worn = drape(garment, body, pose, settings, options=for_fitting(garment))
        WORN[name, model] = Worn(garment, worn, body, body.posed(pose))
    return WORN[name, model]


def judged(worn: Worn, broken: Callable[[Worn], object] | None = None) -> WornReport:
    lying = worn.drape if broken is None else broken(worn)
    return judge_worn(worn.garment, lying, worn.body, worn.posed)  # type: ignore[arg-type]


def skin_at(worn: Worn, joint: str, above_m: float) -> FloatArray:
    """Return (n, 3) skin straight above a joint."""
    skin, at = np.asarray(worn.posed.vertices_m, float), worn.joint(joint)
    up = skin[:, 2] - at[2]
    over = (np.linalg.norm(skin[:, :2] - at[:2], axis=1) < 0.03) & (up > above_m) & (up < 0.1)
    assert over.any()
    return skin[over]


def cm_to_cloth(worn: Worn, points: FloatArray) -> FloatArray:
    return np.asarray(100 * cKDTree(worn.points).query(points)[0])


@pytest.mark.parametrize("model", BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_it_goes_on_stays_on_and_is_judged_worn_right(name: str, model: str, settings: Settings) -> None:
    report = judged(put_on(name, model, settings))
    assert report.passed, (report.missed, report.figures)


@pytest.mark.parametrize("model", BODIES)
@pytest.mark.parametrize("name", NAMES)
def test_shoulders_that_are_bare_in_the_photo_stay_bare(name: str, model: str, settings: Settings) -> None:
    worn = put_on(name, model, settings)
    for side in ("R",) if name == "one shoulder" else "LR":
        assert cm_to_cloth(worn, skin_at(worn, f"upperarm01.{side}", 0.03)).min() > 1.5
    if name == "one shoulder":
        assert np.median(cm_to_cloth(worn, skin_at(worn, "upperarm01.L", 0.03))) < 2.5
    if name == "halter":
        skin, middle = np.asarray(worn.posed.vertices_m, float), (worn.joint("spine01") + worn.joint("neck01")) / 2
        blades = (np.abs(skin - middle)[:, [0, 2]] < (0.06, 0.03)).all(axis=1) & (skin[:, 1] > middle[1])
        assert blades.any()
        assert cm_to_cloth(worn, skin[blades]).min() > 1.5


@pytest.mark.parametrize(
    ("name", "score", "broken"),
    [
        ("off-shoulder", "top edge", broken_drapes.shifted(up=0.1)),
        ("off-shoulder", "top edge", broken_drapes.shifted(up=-0.15)),
        ("halter", "neck", broken_drapes.shifted(up=-0.11)),
        ("halter", "front", broken_drapes.twisted(180)),
        ("one shoulder", "shoulders", broken_drapes.shifted(up=-0.11)),
        ("one shoulder", "shoulders", broken_drapes.mirrored),
    ],
)
def test_one_that_has_slipped_is_refused(
    name: str, score: str, broken: Callable[[Worn], object], settings: Settings
) -> None:
    report = judged(put_on(name, "wm-ines", settings), broken)
    assert score in report.missed, (report.scores, report.figures)


def test_caps_cover_the_shoulders_and_leave_the_arms_bare(settings: Settings) -> None:
    worn = put_on("cap sleeves", "wm-ines", settings)
    report = judged(worn)
    assert report.passed, (report.missed, report.figures)
    skin = np.asarray(worn.posed.vertices_m, float)
    for side in "LR":
        assert np.median(cm_to_cloth(worn, skin_at(worn, f"upperarm01.{side}", 0.03))) < 2.5
        shoulder, elbow = worn.joint(f"upperarm01.{side}"), worn.joint(f"lowerarm01.{side}")
        along = (skin - shoulder) @ (elbow - shoulder) / np.square(elbow - shoulder).sum()
        off = np.linalg.norm(skin - shoulder - along[:, None] * (elbow - shoulder), axis=1)
        arm = (along > 0.55) & (along < 0.9) & (off < 0.06)
        assert arm.any()
        outside = arm & ((skin - shoulder)[:, 0] * np.sign(shoulder[0]) > 0)  # the trunk's cloth hangs on the inside
        assert np.median(cm_to_cloth(worn, skin[outside])) > 3
