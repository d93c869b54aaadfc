from __future__ import annotations

import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.garment.pattern.fit import fit_garment
from vmodel.garment.sizing.fit import report_fit
from vmodel.garment.sizing.measure import width_at


@pytest.fixture(scope="module")
def tee():
    return drawn.tee().pattern()


@pytest.mark.parametrize(("width", "verdict"), [(40, "tight"), (49, "as cut"), (62, "loose")])
def test_the_verdict_follows_the_width(tee, width, verdict):
    report = report_fit(fit_garment(tee, drawn.WOMAN, "woman", width_cm=width), drawn.WOMAN)
    assert report.verdict == verdict
    assert report.ease_chest_cm == pytest.approx(2 * width - drawn.WOMAN.chest, abs=1)
    assert report.scale_source == "width"


def test_a_garment_of_unknown_size_is_not_reported_loose(tee):
    report = report_fit(fit_garment(tee, drawn.WOMAN, "woman"), drawn.WOMAN)
    assert report.verdict in {"as cut", "tight"}
    assert report.scale_source == "guessed"


def test_trousers_have_no_ease_at_the_chest():
    report = report_fit(fit_garment(drawn.trousers().pattern(), drawn.WOMAN, "woman", width_cm=42), drawn.WOMAN)
    assert report.ease_chest_cm is None
    assert report.ease_waist_cm == pytest.approx(2 * 42 - 79.5, abs=1)
    assert report.ease_hip_cm is not None
    assert report.length_cm > 90


@pytest.fixture(scope="module")
def skirt():
    return drawn.skirt().pattern()


def test_a_skirt_is_measured_where_the_hip_is(skirt):
    garment = fit_garment(skirt, drawn.WOMAN, "woman", width_cm=40)
    width = width_at(garment, -0.85 * (drawn.WOMAN.waist_height - drawn.WOMAN.hip_height))
    assert width is not None
    assert report_fit(garment, drawn.WOMAN).ease_hip_cm == pytest.approx(2 * width - drawn.WOMAN.hip, abs=1)


def test_a_waistband_alone_makes_a_skirt_tight(skirt):
    tight = report_fit(fit_garment(skirt, drawn.WOMAN, "woman", width_cm=37), drawn.WOMAN)
    assert tight.verdict == "tight"
    assert tight.ease_hip_cm is not None
    assert tight.ease_hip_cm > 0


def test_the_same_tee_is_tighter_on_a_bigger_body(tee):
    garment = fit_garment(tee, drawn.WOMAN, "woman", width_cm=50)
    adult, child = (report_fit(garment, body) for body in (drawn.WOMAN, drawn.CHILD))
    assert child.ease_chest_cm is not None
    assert adult.ease_chest_cm is not None
    assert child.ease_chest_cm > adult.ease_chest_cm
