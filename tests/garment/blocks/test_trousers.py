"""Trousers and shorts are cut like tailors' patterns: round the thighs, with a fork, and longer behind."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.garment.blocks.library import cut_block
from vmodel.garment.blocks.parts import Block, Piece
from vmodel.garment.designs.block_design import Design, make_garment
from vmodel.garment.sizing.fit import report_fit
from vmodel.types import BodyMeasurements, FloatArray

WOMAN = BodyMeasurements(170, 90, 73, 97, 33, 38, 56, 78, 127, 108, 88, 145)
CHILD = BodyMeasurements(110, 56, 52, 59, 26, 26, 36, 46, 79, 68, 56, 90)
LARGE = BodyMeasurements(168, 130, 118, 134, 41, 43, 57, 74, 122, 105, 86, 143)
MAN = BodyMeasurements(177, 100, 85, 100, 38, 42, 60, 82, 132, 109, 90, 152)
WIDEST_THIGH = 0.585
"""Girth of a thigh just below the crotch as a share of the hip: the most of the roster."""
LEGS = [
    *(("trousers", body) for body in (WOMAN, MAN, LARGE)),
    *(("shorts", body) for body in (WOMAN, MAN, LARGE)),
    ("child-trousers", CHILD),
    ("child-shorts", CHILD),
]


def piece(block: Block, name: str) -> Piece:
    return next(each for each in block.cut if each.name == name)


def length(line: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def x_at(line: FloatArray, y: float) -> float:
    order = np.argsort(line[:, 1])
    return float(np.interp(y, line[order, 1], line[order, 0]))


@pytest.mark.parametrize(("name", "body"), LEGS)
def test_a_leg_goes_all_the_way_round_the_widest_thigh(name: str, body: BodyMeasurements) -> None:
    block = cut_block(name, body)
    halves = [piece(block, f"{side} left").edges for side in ("front", "back")]
    below = min(float(edges["middle_left"][-1, 1]) for edges in halves) - 3.0
    around = sum(x_at(edges["side_left"], below) - x_at(edges["inseam_left"], below) for edges in halves)
    assert WIDEST_THIGH * body.hip < around < 0.75 * body.hip


@pytest.mark.parametrize(("name", "body"), LEGS)
def test_the_fork_reaches_further_behind_and_its_curve_goes_on_from_front_to_back(
    name: str, body: BodyMeasurements
) -> None:
    block = cut_block(name, body)
    front, back = (piece(block, f"{side} left").edges["middle_left"] for side in ("front", "back"))
    assert back[-1, 0] < 1.5 * front[-1, 0] < 0
    for middle in (front, back):
        slope, reach = np.abs(middle[-1] - middle[-2])[::-1]
        assert slope < 0.1 * reach  # level where front meets back
    assert length(back) > length(front) + 0.05 * body.hip


@pytest.mark.parametrize(("name", "body"), LEGS)
def test_a_print_goes_on_across_the_middle_from_the_waist_to_the_fork(name: str, body: BodyMeasurements) -> None:
    garment = make_garment(Design(name, body), name)[3]
    left, right = garment.panels[:2]
    assert (left.name, right.name) == ("front left", "front right")
    np.testing.assert_array_equal(left.panel_to_texture, right.panel_to_texture)
    upper = left.edges["middle_left"][:, 1] > 0.7 * garment.landmarks_cm["crotch"][1]
    assert np.abs(left.edges["middle_left"][upper, 0]).max() < 1e-9
    np.testing.assert_allclose(right.edges["middle_right"], left.edges["middle_left"][::-1] * (-1, 1))


@pytest.mark.parametrize(("name", "body"), LEGS)
def test_lying_flat_the_pieces_meet_at_the_sides_and_in_the_middle(name: str, body: BodyMeasurements) -> None:
    block = cut_block(name, body)
    widest = 0.0
    for each in block.cut:
        assert each.laid is not None
        known, there = each.laid
        widest = max(widest, float(np.abs(there[:, 0]).max()))
        sign = 1 if each.name.endswith("left") else -1
        assert (sign * there[:, 0]).min() > -1e-9
        np.testing.assert_allclose(known[:, 1], there[:, 1])
    outline = np.concatenate(list(block.front.values()))
    assert widest == pytest.approx(np.abs(outline[:, 0]).max(), abs=0.3)


@pytest.mark.parametrize(("name", "body"), LEGS)
def test_the_fit_report_measures_the_garment_that_was_sewn(name: str, body: BodyMeasurements) -> None:
    report = report_fit(make_garment(Design(name, body), name)[3], body)
    assert report.ease_hip_cm == pytest.approx(10, abs=1.5)
    assert report.ease_waist_cm is not None
    assert report.ease_waist_cm > 0
