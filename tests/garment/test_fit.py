from __future__ import annotations

from dataclasses import replace

import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.garment.fit import report_fit
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.scale import scale_garment


def pattern_of(picture):
    kind, landmarks = understand(*picture)
    return infer_pattern(*picture, kind, landmarks)


@pytest.fixture(scope="module")
def tee():
    return pattern_of(drawn.tee())


@pytest.mark.parametrize(("width", "verdict"), [(40, "tight"), (49, "as cut"), (62, "loose")])
def test_the_verdict_follows_the_width(tee, width, verdict):
    report = report_fit(scale_garment(tee, drawn.WOMAN, "woman", width_cm=width), drawn.WOMAN)
    assert report.verdict == verdict
    assert report.ease_chest_cm == pytest.approx(2 * width - drawn.WOMAN.chest, abs=1)
    assert report.scale_source == "width"


def test_a_garment_of_unknown_size_is_not_reported_loose(tee):
    report = report_fit(scale_garment(tee, drawn.WOMAN, "woman"), drawn.WOMAN)
    assert report.verdict in {"as cut", "tight"}
    assert report.scale_source == "guessed"


def test_trousers_have_no_ease_at_the_chest():
    report = report_fit(scale_garment(pattern_of(drawn.trousers()), drawn.WOMAN, "woman", width_cm=42), drawn.WOMAN)
    assert report.ease_chest_cm is None
    assert report.ease_waist_cm == pytest.approx(2 * 42 - 79.5, abs=1)
    assert report.ease_hip_cm is not None
    assert report.length_cm > 90


@pytest.fixture(scope="module")
def skirt():
    return pattern_of(drawn.skirt())


def test_a_skirt_is_measured_where_the_hip_is(skirt):
    report = report_fit(scale_garment(skirt, drawn.WOMAN, "woman", width_cm=40), drawn.WOMAN)
    # Drawn 160 pixels wide at its waist and 207 where the hip is, 17 cm further down.
    assert report.ease_hip_cm == pytest.approx(2 * 40 * 207 / 160 - drawn.WOMAN.hip, abs=1)


def test_a_waistband_alone_makes_a_skirt_tight_and_a_hip_alone_makes_it_loose(skirt):
    tight = report_fit(scale_garment(skirt, drawn.WOMAN, "woman", width_cm=37), drawn.WOMAN)
    assert tight.verdict == "tight"
    assert tight.ease_hip_cm is not None
    assert tight.ease_hip_cm > 0
    straight = replace(drawn.WOMAN, hip=80)
    loose = report_fit(scale_garment(skirt, straight, "woman", width_cm=40), straight)
    assert loose.verdict == "loose"
    assert loose.ease_waist_cm == pytest.approx(5.6, abs=1)


def test_the_same_tee_is_tighter_on_a_bigger_body(tee):
    garment = scale_garment(tee, drawn.WOMAN, "woman", width_cm=50)
    adult, child = (report_fit(garment, body) for body in (drawn.WOMAN, drawn.CHILD))
    assert child.ease_chest_cm is not None
    assert adult.ease_chest_cm is not None
    assert child.ease_chest_cm > adult.ease_chest_cm
