from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vmodel.errors import LandmarksInvalid
from vmodel.garment.recognition.landmarks import check_order, complete, read_landmarks
from vmodel.types import Category, GarmentKind, Neckline, Sleeve


@pytest.mark.parametrize(
    "content",
    [
        "not json",
        "[]",
        "{}",
        '{"elbow_left": [1, 2]}',
        '{"neck_left": [1]}',
        '{"neck_left": "here"}',
        '{"neck_left": [-5, 10]}',
        '{"neck_left": [1e9, 10]}',
        '{"neck_left": [NaN, 10]}',
    ],
)
def test_a_landmarks_file_that_makes_no_sense_is_refused(tmp_path, content):
    path = tmp_path / "landmarks.json"
    path.write_text(content)
    with pytest.raises(LandmarksInvalid) as caught:
        read_landmarks(path, (640, 520))
    assert caught.value.code == "landmarks_invalid"


def test_a_missing_landmarks_file_is_refused(tmp_path):
    with pytest.raises(LandmarksInvalid):
        read_landmarks(tmp_path / "none.json", (640, 520))


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"neck_left": [90, 20], "neck_right": [110, 20]}, "neck_left and neck_right the wrong way round"),
        ({"hem_left": [130, 15], "hem_right": [70, 15]}, "puts hem_left not below neck_left"),
        ({"armpit_left": [60, 60]}, "armpit_left and armpit_right the wrong way round"),
    ],
    ids=["sides", "upside down", "one alone"],
)
def test_stated_landmarks_that_lie_the_wrong_way_round_are_refused(stated, says):
    found = {
        "neck_left": [110, 20], "neck_right": [90, 20], "armpit_left": [130, 60], "armpit_right": [70, 60],
        "hem_left": [130, 180], "hem_right": [70, 180],
    }  # fmt: skip
    check_order(Path("points.json"), found, found)
    with pytest.raises(LandmarksInvalid, match=says):
        check_order(Path("points.json"), stated, found | stated)


def test_landmarks_that_were_found_are_not_judged_by_those_that_were_stated():
    found = {"neck_left": [90, 20], "neck_right": [110, 20], "hem_left": [130, 180], "hem_right": [70, 180]}
    check_order(Path("points.json"), ["hem_left"], found)


def test_a_sleeveless_garments_armholes_stand_in_for_its_cuffs():
    kind = GarmentKind(Category.TOP, 1.0, Sleeve.NONE, Neckline.CREW)
    points = {
        f"{name}_{side}": np.array([sign * x, y], float)
        for name, x, y in (("neck", 9, 0), ("shoulder", 19, 4), ("armpit", 23, 25), ("waist", 22, 45), ("hem", 24, 65))
        for side, sign in (("left", 1), ("right", -1))
    }
    found = complete(kind, points, dict.fromkeys(points, 0.9))
    for side in ("left", "right"):
        assert np.array_equal(found.points_px[f"cuff_outer_{side}"], points[f"shoulder_{side}"])
        assert np.array_equal(found.points_px[f"cuff_inner_{side}"], points[f"armpit_{side}"])
    assert found.confidence["cuff_inner_left"] == 0.9
    assert "crotch" not in found.points_px


@pytest.mark.parametrize(("sure", "is_moved"), [(0.15, True), (0.8, False), (1.0, False)])
def test_a_waist_that_a_straight_side_does_not_show_lies_on_that_side(sure: float, is_moved: bool) -> None:
    kind = GarmentKind(Category.TOP, 1.0, Sleeve.NONE, Neckline.CREW)
    points = {
        f"{name}_{side}": np.array([50 + sign * across, down])
        for name, across, down in (("neck", 8, 10), ("shoulder", 20, 12), ("armpit", 25, 30), ("hem", 27, 90))
        for side, sign in (("left", 1), ("right", -1))
    }
    points |= {"waist_left": np.array([52.0, 40.0]), "waist_right": np.array([24.0, 50.0])}
    found = complete(kind, points, dict.fromkeys(points, 0.9) | {"waist_left": sure}).points_px
    assert np.array_equal(found["waist_right"], points["waist_right"])
    assert np.array_equal(found["waist_left"], points["waist_left"]) is not is_moved
    if is_moved:
        assert 75 <= found["waist_left"][0] <= 77
        assert 30 < found["waist_left"][1] < 90
