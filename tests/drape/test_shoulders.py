"""Necks lie alike on both shoulders and never wider than what stays on."""

from __future__ import annotations

from dataclasses import replace

import garments
import numpy as np
import pytest

from vmodel.body.model import Body, build_body
from vmodel.body.roster import load_roster
from vmodel.config import Settings
from vmodel.drape.cloth import mesh_garment
from vmodel.drape.shoulders import WIDEST_NECK, fit_shoulders


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(load_roster(Settings())["wm-ines"])


def test_a_guessed_neck_wider_than_the_shoulders_bear_is_taken_in(body: Body) -> None:
    wide = replace(garments.tee(neck_half=14.5), scale_source="guessed")
    fitted, cloth = fit_shoulders(wide, mesh_garment(wide, 2.0), body)
    joint_cm = 100 * float(body.rest.joints_m["upperarm01.L"][0])
    assert fitted.landmarks_cm["neck_left"][0] == pytest.approx(WIDEST_NECK * joint_cm, abs=0.1)
    np.testing.assert_allclose(fitted.landmarks_cm["armpit_left"], wide.landmarks_cm["armpit_left"])
    neck = cloth.flat_cm[cloth.edge_particles["back", "neck"]]
    assert np.ptp(neck[:, 0]) < 2 * WIDEST_NECK * joint_cm + 0.2


def test_a_neck_photographed_askew_is_centred(body: Body) -> None:
    tee = replace(garments.tee(), scale_source="guessed")
    marks = dict(tee.landmarks_cm) | {"neck_left": np.array([8.0, 0.0]), "neck_right": np.array([-10.0, 0.0])}
    fitted, _ = fit_shoulders(replace(tee, landmarks_cm=marks), mesh_garment(tee, 2.0), body)
    left, right = (float(fitted.landmarks_cm[f"neck_{side}"][0]) for side in ("left", "right"))
    assert left + right == pytest.approx(-1.0, abs=0.05)  # the middle lies between the necks' and the armpits'
    assert left - right == pytest.approx(18.0, abs=0.05)


def test_a_stated_size_keeps_its_neck(body: Body) -> None:
    wide = garments.tee(neck_half=14.5)
    cloth = mesh_garment(wide, 2.0)
    assert fit_shoulders(wide, cloth, body) == (wide, cloth)


def test_only_cloth_beside_the_neck_changes_its_length(body: Body) -> None:
    wide = replace(garments.tee(neck_half=14.5), scale_source="guessed")
    before = mesh_garment(wide, 2.0)
    _, after = fit_shoulders(wide, before, body)
    for pairs, old, new in (
        (before.edges, before.edge_rest_m, after.edge_rest_m),
        (before.bends, before.bend_rest_m, after.bend_rest_m),
    ):
        np.testing.assert_array_less(0.5, new / old)
        sleeve = np.abs(before.flat_cm[pairs, 0]).min(axis=1) > abs(wide.landmarks_cm["armpit_left"][0]) + 1
        np.testing.assert_allclose(new[sleeve], old[sleeve], rtol=1e-6)


def test_straps_are_drawn_up_until_the_bust_is_covered_and_the_rest_keeps_its_length(body: Body) -> None:
    low = replace(garments.camisole(), scale_source="guessed")
    before = mesh_garment(low, 1.0)
    fitted, after = fit_shoulders(low, before, body)
    lifted = low.landmarks_cm["neck_left"][1] - fitted.landmarks_cm["neck_left"][1]
    assert lifted > 4
    np.testing.assert_allclose(fitted.landmarks_cm["armpit_left"], low.landmarks_cm["armpit_left"])
    foot = min(float(point[1]) for name, point in low.landmarks_cm.items() if name.startswith("armpit"))
    below = before.flat_cm[before.edges, 1].max(axis=1) < foot - 1
    np.testing.assert_allclose(after.edge_rest_m[below], before.edge_rest_m[below], rtol=1e-6)


def test_wide_straps_are_cut_cloth_and_keep_their_length(body: Body) -> None:
    wide = replace(garments.camisole(strap=5.0), scale_source="guessed")
    fitted, _ = fit_shoulders(wide, mesh_garment(wide, 2.0), body)
    assert fitted.landmarks_cm["neck_left"][1] == wide.landmarks_cm["neck_left"][1]
