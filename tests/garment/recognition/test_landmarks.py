from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.errors import LandmarksInvalid
from vmodel.garment.kind import understand
from vmodel.garment.landmarks import check_order, read_landmarks


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("neck_left", (310, 80)),
        ("neck_right", (210, 80)),
        ("cuff_outer_left", (482, 205)),
        ("cuff_outer_right", (38, 205)),
        ("cuff_inner_left", (430, 250)),
        ("armpit_left", (390, 200)),
        ("hem_left", (390, 470)),
        ("hem_right", (130, 470)),
    ],
)
def test_corners_of_a_tee_are_found_within_three_hundredths_of_its_size(name, expected):
    _, landmarks = understand(*drawn.tee())
    assert np.linalg.norm(landmarks.points_px[name] - expected) < 0.035 * 444


def test_crotch_and_leg_ends_of_trousers_are_found():
    _, landmarks = understand(*drawn.trousers())
    points = landmarks.points_px
    assert np.linalg.norm(points["crotch"] - (260, 192)) < 20
    assert points["leg_outer_left"][0] > points["leg_inner_left"][0] > points["leg_inner_right"][0]
    assert abs(points["leg_inner_left"][1] - 592) < 10


def test_left_is_the_wearers_left_which_is_the_photos_right():
    _, landmarks = understand(*drawn.dress())
    for name in ("neck", "shoulder", "armpit", "waist", "hem"):
        assert landmarks.points_px[f"{name}_left"][0] > landmarks.points_px[f"{name}_right"][0]


def test_a_landmarks_file_moves_the_landmarks_that_it_names(tmp_path):
    path = tmp_path / "landmarks.json"
    path.write_text(json.dumps({"landmarks": {"neck_front": [260.0, 131.0], "armpit_left": [389.0, 210.0]}}))
    _, landmarks = understand(*drawn.tee(), landmarks=path)
    assert landmarks.points_px["neck_front"].tolist() == [260.0, 131.0]
    assert landmarks.points_px["armpit_left"].tolist() == [389.0, 210.0]
    assert landmarks.confidence["armpit_left"] == 1.0


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
