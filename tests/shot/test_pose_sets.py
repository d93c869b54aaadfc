"""Sets: the pictures that they name, for the wearers whom they are for."""

from pathlib import Path

import pytest

from vmodel.body.model.roster import Roster, load_roster
from vmodel.body.pose.library import load_pose, pose_names
from vmodel.config import Settings
from vmodel.errors import BadUsage
from vmodel.rights.policy.minors import ALLOWED_FOR_CHILDREN, check_shown, check_staging
from vmodel.scene import FRAMINGS
from vmodel.scene.camera.framing import view_angle
from vmodel.shot.pose_sets import Staging, find_set, in_set, set_names, stagings_of
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.casting import choose_pose

LIKE = ShotRequest(GarmentSource(Path("tee.jpg")), pipeline="draft")


@pytest.fixture(scope="module")
def roster() -> Roster:
    return load_roster(Settings())


def test_every_set_has_four_to_six_different_pictures_that_can_be_made(roster: Roster) -> None:
    for name in set_names():
        shown = stagings_of(name, roster["ch-noah" if name == "kids" else "wm-ines"])
        assert 4 <= len(shown) <= 6, name
        assert len(set(shown)) == len(shown), name
        for each in shown:
            assert each.pose is None or each.pose in pose_names()
            assert each.framing in FRAMINGS
            view_angle(each.view)


def test_the_classic_set_shows_a_garment_from_all_sides_closer_and_walking() -> None:
    shown = stagings_of("classic", None)
    assert {each.view for each in shown} == {"front", "three-quarter", "back"}
    assert {each.framing for each in shown} == {"full", "chin-down", "detail"}
    assert "walking" in {each.pose for each in shown}


@pytest.mark.parametrize("name", ["classic", "kids"])
def test_a_set_for_children_keeps_their_rules_whatever_they_wear(name: str, roster: Roster) -> None:
    for child in (model for model in roster.values() if model.is_child):
        shown = stagings_of(name, child)
        assert len(shown) >= 4
        for category in ALLOWED_FOR_CHILDREN:
            for each in shown:
                pose = each.pose or choose_pose(child, category)
                check_staging(child, pose)
                check_shown(child, [category], pose, each.framing)
                assert not load_pose(pose).seated


def test_a_set_that_is_not_for_the_model_is_refused_with_those_that_are(roster: Roster) -> None:
    for model in (roster["wm-ines"], None):
        with pytest.raises(BadUsage, match=r"kids is for child models.*classic, street, studio for adults"):
            stagings_of("kids", model)
    for name in ("street", "studio"):
        with pytest.raises(BadUsage, match=f"{name} is for adult models; choose classic, kids for children"):
            stagings_of(name, roster["ch-noah"])
    with pytest.raises(BadUsage, match="use one of: classic, street, studio, kids"):
        stagings_of("catwalk", None)


def test_a_set_takes_the_place_of_each_request_and_is_found_again(roster: Roster) -> None:
    asked = [ShotRequest(LIKE.garment, model, seed=seed) for model in ("wm-ines", "ch-noah") for seed in (0, 1)]
    made = in_set(asked, "classic", roster)
    assert [(shot.model, shot.seed) for shot in made] == [
        *[("wm-ines", 0)] * 6, *[("wm-ines", 1)] * 6, *[("ch-noah", 0)] * 5, *[("ch-noah", 1)] * 5,
    ]  # fmt: skip
    for name in set_names():
        child = roster["ch-noah"] if name == "kids" else None
        assert find_set(stagings_of(name, child)) == name
    assert find_set([Staging("walking", "front", "full")]) is None
