"""Sleeves that hang beside the body in the photo are turned out until an arm passes."""

from __future__ import annotations

from dataclasses import replace

import garments
import numpy as np
import pytest

from vmodel.body.model import Body
from vmodel.body.pose import load_pose
from vmodel.config import Settings
from vmodel.drape import DrapeSettings, drape
from vmodel.drape.covered import TORN_LIMIT, torn_share
from vmodel.drape.hanging import arm_girth_cm, find_turns, mesh_for
from vmodel.drape.sewn_cloth import mesh_cloth
from vmodel.types import Garment


def hanging() -> Garment:
    """A pullover laid with its arms down: 3.5 cm of its sleeve show beside the armpit."""
    return garments.long_sleeve(angle=75.0, half_width=25.0)


def test_a_pullover_laid_with_its_arms_down_goes_on_at_once(body: Body, settings: Settings) -> None:
    pose, garment = load_pose("standing"), hanging()
    worn = drape(garment, body, pose, settings)
    assert worn.report.attempts == 1
    _, cloth = mesh_for(garment, body, DrapeSettings().spacing_cm)
    assert torn_share(cloth, worn.vertices_m, body, body.posed(pose)) < TORN_LIMIT
    wrist = body.posed(pose).joints_m["wrist.L"]
    assert np.linalg.norm(worn.vertices_m - wrist, axis=1).min() < 0.06


def test_a_turned_sleeve_has_room_for_the_arm_and_the_rest_stays_as_it_is_cut(body: Body) -> None:
    garment = hanging()
    turned, cloth = mesh_for(garment, body, 1.25)
    top, armpit = np.asarray(turned.panels[0].edges["sleeve_top_left"]), turned.landmarks_cm["armpit_left"]
    assert np.linalg.norm(top - armpit, axis=1).min() > 0.5 * arm_girth_cm(body)
    assert np.array_equal(turned.landmarks_cm["armpit_left"], garment.landmarks_cm["armpit_left"])
    for name in ("side_left", "hem", "neck", "shoulder_right"):
        assert np.array_equal(turned.panels[0].edges[name], garment.panels[0].edges[name])
    long = [
        np.linalg.norm(each.landmarks_cm["cuff_outer_left"] - each.landmarks_cm["shoulder_left"])
        for each in (garment, turned)
    ]
    assert long[0] == pytest.approx(long[1])
    assert cloth.count > 1.02 * mesh_cloth(garment, 1.25).count


def test_every_place_of_a_turned_sleeve_shows_the_photo_where_it_was(body: Body) -> None:
    garment = hanging()
    plain, (_, cloth) = mesh_cloth(garment, 1.25), mesh_for(garment, body, 1.25)
    photo, before = cloth.panel_cm.reshape(-1, 2), plain.panel_cm.reshape(-1, 2)
    assert np.abs(photo.min(axis=0) - before.min(axis=0)).max() < 0.3
    assert np.abs(photo.max(axis=0) - before.max(axis=0)).max() < 0.3
    points = before
    for turn in find_turns(garment, body):
        points = turn.moved(points)
    for turn in find_turns(garment, body):
        points = turn.undone(points)
    assert np.abs(points - before).max() < 1e-3


@pytest.mark.parametrize("source", ["design", "pattern"])
def test_what_is_drawn_to_measure_is_never_turned(body: Body, source: str) -> None:
    assert find_turns(replace(hanging(), scale_source=source), body) == ()


def test_sleeves_laid_out_beside_the_body_are_cut_as_they_are(body: Body) -> None:
    garment = garments.long_sleeve()
    assert mesh_for(garment, body, 1.25)[0] is garment
