"""Poses that are picked unasked look like a person at rest: weight on a leg, arms by the side, fingers bent."""

import functools

import numpy as np
import pytest
from scipy.spatial import cKDTree

from vmodel.body.mesh.measure import vertices_on
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import Roster, load_roster
from vmodel.body.pose.hands import load_hands
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.types import FloatArray, PosedBody

DEFAULTS = ("standing", "contrapposto")


@functools.cache
def the_roster() -> Roster:
    return load_roster(Settings())


@functools.cache
def body_of(model_id: str) -> Body:
    return build_body(the_roster()[model_id])


def off_vertical(posed: PosedBody, upper: str, lower: str) -> float:
    """Return the degrees by which a limb's segment leans outwards as seen from the front."""
    way = np.asarray(posed.joints_m[lower], float) - posed.joints_m[upper]
    outwards = way[0] if upper.endswith(".L") else -way[0]
    return float(np.degrees(np.arctan2(outwards, -way[2])))


def side_gap_m(body: Body, posed: PosedBody, side: str) -> float:
    """Return the distance from an arm, below the middle of the upper arm, to trunk and thighs."""
    trunk = vertices_on(body.surface, lambda bone: bone.startswith(("root", "pelvis", "spine", "upperleg")))
    arm = vertices_on(
        body.surface,
        lambda bone: (
            bone.startswith(("upperarm02", "lowerarm", "wrist", "finger", "meta")) and bone.endswith(f".{side}")
        ),
    )
    shoulder = posed.joints_m[f"upperarm01.{side}"]
    length = np.linalg.norm(posed.joints_m[f"lowerarm01.{side}"] - shoulder)
    points = posed.vertices_m[arm]
    free = points[np.linalg.norm(points - shoulder, axis=1) > 0.6 * length]
    return float(cKDTree(posed.vertices_m[trunk]).query(free)[0].min())


@pytest.mark.parametrize("model_id", sorted(load_roster(Settings())))
def test_arms_lie_against_the_side_and_forearms_hang(model_id: str) -> None:
    body = body_of(model_id)
    for name in DEFAULTS:
        posed = body.posed(load_pose(name))
        for side in ("L", "R"):
            assert side_gap_m(body, posed, side) < 0.022, (name, side)
            assert off_vertical(posed, f"upperarm01.{side}", f"lowerarm01.{side}") < 34, (name, side)
            assert off_vertical(posed, f"lowerarm01.{side}", f"wrist.{side}") < 18, (name, side)


def angle_deg(first: FloatArray, second: FloatArray) -> float:
    return float(np.degrees(np.arccos(np.clip(first @ second / np.linalg.norm(first) / np.linalg.norm(second), -1, 1))))


def finger_bends(posed: PosedBody, side: str) -> list[tuple[float, float]]:
    """Return the degrees at knuckle and middle joint of each finger, index to little."""
    bends = []
    for finger, before in ((2, 1), (3, 2), (4, 3), (5, 4)):
        # The little finger hangs on the ring finger's bone in the palm.
        chain = [f"metacarpal{before}", *(f"finger{finger}-{joint}" for joint in (1, 2, 3))]
        at = [np.asarray(posed.joints_m[f"{bone}.{side}"], float) for bone in chain]
        palm, first, second = at[1] - at[0], at[2] - at[1], at[3] - at[2]
        bends.append((angle_deg(palm, first), angle_deg(first, second)))
    return bends


@pytest.mark.parametrize("model_id", ["wm-ines", "mn-tane", "ch-yuki"])
def test_fingers_bend_a_little_and_the_outer_ones_more(model_id: str) -> None:
    for name in DEFAULTS:
        posed = body_of(model_id).posed(load_pose(name))
        for side in ("L", "R"):
            bends = finger_bends(posed, side)
            for knuckle, middle in bends:
                assert 10 < knuckle < 55, (name, bends)
                assert 18 < middle < 50, (name, bends)
            assert bends[3][1] > bends[0][1] + 8, (name, bends)


@pytest.mark.parametrize("model_id", ["wm-ines", "mn-tane", "ch-yuki"])
def test_thumbs_point_forward_and_backs_of_the_hands_outward_and_forward(model_id: str) -> None:
    for name in DEFAULTS:
        posed = body_of(model_id).posed(load_pose(name))
        for side, outward in (("L", 1.0), ("R", -1.0)):
            wrist, thumb, index, little = (
                np.asarray(posed.joints_m[f"{bone}.{side}"], float)
                for bone in ("wrist", "finger1-3", "finger2-1", "finger5-1")
            )
            assert thumb[1] < wrist[1] - 0.01, (name, side)  # models face negative y
            back = np.cross(index - wrist, little - wrist) * outward
            back /= np.linalg.norm(back)
            assert back[0] * outward > 0.4, (name, side)
            assert back[1] < 0, (name, side)


@pytest.mark.parametrize("model_id", ["wm-ines", "mn-tane", "ch-yuki"])
def test_shoulders_are_turned_and_tilted_against_the_hips(model_id: str) -> None:
    for name in DEFAULTS:
        posed = body_of(model_id).posed(load_pose(name))
        hips, shoulders = (
            np.asarray(posed.joints_m[f"{bone}.L"], float) - posed.joints_m[f"{bone}.R"]
            for bone in ("upperleg01", "upperarm01")
        )
        for across in (2, 1):  # up, and forward
            tilt = [np.degrees(np.arctan2(line[across], line[0])) for line in (hips, shoulders)]
            assert abs(tilt[0] - tilt[1]) > 5, (name, across, tilt)
        heads = posed.joints_m["eye.L"] - posed.joints_m["eye.R"]
        assert np.degrees(np.arctan2(abs(heads[2]), heads[0])) > 2, name


def test_there_are_hand_poses_for_what_hands_do() -> None:
    assert {"relaxed", "soft", "open", "fist", "pocket", "hip", "lapel", "strap", "hair", "clasped"} <= set(
        load_hands()
    )
    assert len(load_hands()) >= 10
