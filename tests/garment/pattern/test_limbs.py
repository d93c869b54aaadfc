"""Cloth of legs and bent sleeves: lines that are straight in the photo stay straight, and vice versa."""

from __future__ import annotations

import itertools
from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import BODY, cut, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.imaging.warp import LEAST_AREA
from vmodel.garment.pattern.maps.legs import legs_map
from vmodel.garment.pattern.maps.sleeves import edges_of_sleeve, sleeve_maps, with_whole_cuffs
from vmodel.types import FloatArray, GarmentPhoto

NAMES = ["shoulder_left", "armpit_left", "cuff_outer_left", "cuff_inner_left"]


@pytest.mark.parametrize("side", ["front", "back"])
@pytest.mark.parametrize("name", ["trousers", "shorts"])
def test_a_crease_down_a_leg_stays_straight_past_the_crotch(name: str, side: str) -> None:
    photo = photo_of(drawn.ALL[name]())
    block = cut(photo)
    places, _ = legs_map(photo, block, side, None)
    crotch = float(block.landmarks_cm["crotch"][1])
    y = np.linspace(crotch - 4, crotch + 12, 60)
    spots = places(np.full_like(y, 13.0), y)
    straight = np.polyval(np.polyfit(spots[:, 1], spots[:, 0], 1), spots[:, 1])
    px_per_cm = np.abs(np.diff(spots[:, 1])).mean() / np.diff(y).mean()
    assert np.abs(spots[:, 0] - straight).max() < 0.7 * px_per_cm
    assert np.all(np.diff(spots[:, 1]) < -LEAST_AREA * px_per_cm * np.diff(y))


@pytest.mark.parametrize("name", ["trousers", "shorts"])
def test_the_fork_wears_cloth_and_not_what_lies_between_the_legs(name: str) -> None:
    photo = photo_of(drawn.ALL[name]())
    block = cut(photo)
    places, _ = legs_map(photo, block, "front", None)
    marks = block.landmarks_cm
    low = marks["crotch"][1] + 0.3 * (marks["leg_inner_left"][1] - marks["crotch"][1])
    x, y = np.meshgrid(np.linspace(-3, 3, 41), np.linspace(marks["crotch"][1] - 0.2, low, 30))
    columns, rows = (places(x, y)[..., axis].astype(int) for axis in (0, 1))
    assert photo.mask[rows, columns].mean() > 0.99


def test_both_edges_of_a_bent_sleeve_are_on_its_cloth() -> None:
    """The arm lies like a hook: straight lines from its shoulder to its cuff run over the ground."""
    shoulder, elbow, hand = np.array([200.0, 100]), np.array([300.0, 230]), np.array([240.0, 400])
    mask = np.zeros((500, 500), np.uint8)
    cv2.polylines(mask, [np.array([shoulder, elbow, hand], np.int32)], False, 1, 70)
    cv2.rectangle(mask, (60, 80), (190, 420), 1, -1)
    along = (hand - elbow) / np.linalg.norm(hand - elbow)
    across = np.array([-along[1], along[0]])
    points = {
        "shoulder_left": np.array([215.0, 70]), "armpit_left": np.array([190.0, 140]),
        "cuff_outer_left": hand - 34 * across, "cuff_inner_left": hand + 34 * across,
    }  # fmt: skip
    longest = photo_of(drawn.long_sleeve())
    corners = [cut(longest).landmarks_cm[name] for name in NAMES]
    photo = GarmentPhoto(np.zeros((500, 500, 3), np.uint8), mask > 0, points, longest.kind)
    outer, inner = edges_of_sleeve(photo, NAMES, corners)
    for row in (5, 9, 13):
        assert distance_to((outer[row] + inner[row]) / 2, shoulder, elbow, hand) < 22


@pytest.mark.parametrize(("name", "least"), [("tee", 0.93), ("long_sleeve", 0.98)])
def test_a_sleeve_wears_cloth_from_edge_to_edge(name: str, least: float) -> None:
    photo = photo_of(getattr(drawn, name)())
    block = cut(photo)
    for side in SIDES:
        shoulder, armpit, outer, inner = (block.landmarks_cm[each.replace("left", side)] for each in NAMES)
        along, across = (each.ravel()[:, None] for each in np.meshgrid(np.linspace(0.05, 1, 30), np.linspace(0, 1, 21)))
        place = (1 - across) * ((1 - along) * shoulder + along * outer)
        place = place + across * ((1 - along) * armpit + along * inner)
        spots = sleeve_maps(photo, block, (side,))[side](place[:, 0], place[:, 1])
        columns, rows = np.round(spots).astype(int).T
        near = cv2.dilate(photo.mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        assert near[rows, columns].mean() > least


@pytest.mark.parametrize("share", [1.0, 0.3])
def test_a_sleeve_seen_edge_on_is_not_drawn_out_in_streaks(share: float) -> None:
    photo = photo_of(drawn.long_sleeve())
    points = dict(photo.points)
    mask = photo.mask.astype(np.uint8)
    for side in SIDES:
        shoulder, armpit, outer, inner = (points[name.replace("left", side)] for name in NAMES)
        seen = [shoulder + share * (armpit - shoulder), outer + share * (inner - outer)]
        hidden = np.array([seen[0], armpit, inner + (inner - armpit) * 0.05, seen[1] + (outer - shoulder) * 0.05])
        if share < 1:
            cv2.fillPoly(mask, [np.round(hidden).astype(np.int32)], 0)
        points[f"cuff_inner_{side}"] = seen[1]
    block = cut(photo)
    there = sleeve_maps(replace(photo, points=points, mask=mask > 0), block, ("left",))["left"]
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    way = (outer + inner - shoulder - armpit) / np.linalg.norm(outer + inner - shoulder - armpit)
    across = np.array([-way[1], way[0]])
    places = 0.15 * (shoulder + armpit) + 0.35 * (outer + inner) + np.linspace(-4, 4, 33)[:, None] * across
    steps = [
        np.linalg.norm(there(*(places + 0.05 * w).T) - there(*(places - 0.05 * w).T), axis=1) for w in (way, across)
    ]
    assert np.median(steps[1] / steps[0]) > 0.45


@pytest.mark.parametrize("folded", [0.0, 0.35])
def test_checks_of_a_long_sleeve_stay_square_where_it_is_folded_at_the_armpit(folded: float) -> None:
    photo = photo_of(drawn.long_sleeve())
    points = dict(photo.points)
    for side in SIDES:
        armpit, inner = points[f"armpit_{side}"], points[f"cuff_inner_{side}"]
        points[f"armpit_{side}"] = armpit + folded * (inner - armpit)
    block = cut(photo)
    there = sleeve_maps(replace(photo, points=points), block, ("left",))["left"]
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    way = (outer - shoulder) / np.linalg.norm(outer - shoulder)
    square = np.array([way[1], -way[0]])
    places = shoulder + np.linspace(0.3, 0.9, 25)[:, None] * (outer - shoulder) + 3 * square
    along, across = (there(*(places + each).T) - there(*(places - each).T) for each in (way, square))
    cosine = (along * across).sum(1) / np.linalg.norm(along, axis=1) / np.linalg.norm(across, axis=1)
    assert np.abs(np.degrees(np.arcsin(cosine))).max() < 20


def test_ground_that_a_mask_holds_beside_a_sleeve_is_not_worn() -> None:
    photo = photo_of(drawn.long_sleeve())
    gap = cv2.morphologyEx(photo.mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((91, 91), np.uint8)) > photo.mask
    rgb = photo.rgb.copy()
    rgb[gap] = (200, 30, 90)
    block = cut(photo)
    there = sleeve_maps(replace(photo, rgb=rgb, mask=photo.mask | gap), block, ("left",))["left"]
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    middle = 0.15 * (shoulder + armpit) + 0.35 * (outer + inner)
    across = (inner - outer) / np.linalg.norm(inner - outer)
    spots = there(*(middle + np.linspace(0, 5, 20)[:, None] * across).T).astype(int)
    assert (np.abs(rgb[spots[:, 1], spots[:, 0]].astype(int) - (200, 30, 90)).max(1) > 20).all()


@pytest.mark.parametrize("hidden", [0.0, 0.4])
def test_a_sleeve_that_is_cut_off_wears_the_cloth_of_the_other(hidden: float) -> None:
    photo = photo_of(drawn.long_sleeve())
    shoulder, armpit, outer, inner = (photo.points[name] for name in NAMES)
    mask = photo.mask.astype(np.uint8)
    ends = [place + (1 - hidden) * (end - place) for place, end in ((shoulder, outer), (armpit, inner))]
    beyond = [outer + 0.3 * (outer - shoulder), inner + 0.3 * (inner - armpit)]
    if hidden:
        cv2.fillPoly(mask, [np.round([*ends, beyond[1], beyond[0]]).astype(np.int32)], 0)
    photo = replace(photo, mask=mask > 0)
    block = cut(photo)
    maps = sleeve_maps(photo, block, SIDES)
    spot = sum(block.landmarks_cm[name] for name in NAMES) / 4
    found = maps["left"](*spot[:, None])[0]
    middle = {side: sum(photo.points[name.replace("left", side)] for name in NAMES) / 4 for side in SIDES}
    near = "right" if hidden else "left"
    assert np.linalg.norm(found - middle[near]) < 0.2 * np.linalg.norm(middle["left"] - middle["right"])


def test_stripes_of_a_short_sleeve_do_not_fan() -> None:
    """In the photo the sleeve's inner edge is a third as long as in the block."""
    photo = photo_of(drawn.tee())
    points = dict(photo.points)
    for side in SIDES:
        armpit, inner = points[f"armpit_{side}"], points[f"cuff_inner_{side}"]
        points[f"cuff_inner_{side}"] = armpit + (inner - armpit) / 3
    photo = replace(photo, points=points)
    block = cut(photo)
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    across = (armpit + inner - shoulder - outer) / np.linalg.norm(armpit + inner - shoulder - outer)
    middle = (shoulder + armpit + outer + inner) / 4
    places = middle + np.linspace(-0.25, 0.25, 9)[:, None] * (outer + inner - shoulder - armpit) / 2
    there = sleeve_maps(photo, block, ("left",))["left"]
    ways = there(*(places + across).T) - there(*(places - across).T)
    fan = np.ptp(np.unwrap(np.arctan2(ways[:, 1], ways[:, 0])))
    assert fan < np.radians(16)  # measured: 14; 31 where edges are mapped


@pytest.mark.parametrize("off_px", [-16, 16])
@pytest.mark.parametrize("name", ["tee", "long_sleeve"])
def test_sleeves_end_where_their_outline_does(name: str, off_px: float) -> None:
    """Landmarks that stop before a cuff cut it off; landmarks beyond it put ground on the sleeve."""
    photo = photo_of(getattr(drawn, name)())
    points = dict(photo.points)
    for side in SIDES:
        shoulder, armpit, outer, inner = (points[each.replace("left", side)] for each in NAMES)
        way = outer + inner - shoulder - armpit
        for end in ("outer", "inner"):
            points[f"cuff_{end}_{side}"] = points[f"cuff_{end}_{side}"] + off_px * way / np.linalg.norm(way)
    found = with_whole_cuffs(replace(photo, points=points))
    for side in SIDES:
        for end in ("outer", "inner"):
            assert np.linalg.norm(found.points[f"cuff_{end}_{side}"] - photo.points[f"cuff_{end}_{side}"]) < 4


def distance_to(spot: FloatArray, *line: FloatArray) -> float:
    """Return the distance in pixels from a place to a line of several pieces."""
    found = []
    for start, end in itertools.pairwise(line):
        share = np.clip((spot - start) @ (end - start) / ((end - start) @ (end - start)), 0, 1)
        found.append(float(np.linalg.norm(spot - start - share * (end - start))))
    return min(found)


def test_a_short_sleeve_is_wide_enough_for_the_arm_in_it() -> None:
    """The missing cloth comes from the chest, whose print continues under the arm."""
    block = cut(photo_of(drawn.tee()))
    shoulder, armpit, outer, inner = (block.landmarks_cm[name] for name in NAMES)
    way = (outer + inner - shoulder - armpit) / np.linalg.norm(outer + inner - shoulder - armpit)
    off = armpit - shoulder
    assert abs(way[0] * off[1] - way[1] * off[0]) > 0.3 * BODY.chest / 2  # half the girth of an arm
