from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.errors import SizeChartInvalid, SizeImplausible
from vmodel.garment import measure
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.scale import read_size_chart, scale_garment
from vmodel.types import Category, Sleeve


def pattern_of(picture):
    kind, landmarks = understand(*picture)
    return infer_pattern(*picture, kind, landmarks)


@pytest.fixture(scope="module")
def tee():
    return pattern_of(drawn.tee())


@pytest.fixture(scope="module")
def trousers():
    return pattern_of(drawn.trousers())


def test_a_stated_width_is_the_width_of_the_pattern(tee):
    garment = scale_garment(tee, drawn.WOMAN, "woman", width_cm=52)
    assert measure.chest_width(garment) == pytest.approx(52, rel=0.01)
    assert garment.scale_source == "width"
    assert garment.cm_per_px > 0


def test_a_stated_length_is_the_length_of_the_pattern(tee):
    garment = scale_garment(tee, drawn.WOMAN, "woman", length_cm=68)
    assert measure.garment_length(garment) == pytest.approx(68, rel=0.01)
    assert garment.scale_source == "length"


def test_trousers_are_measured_at_the_waistband(trousers):
    garment = scale_garment(trousers, drawn.WOMAN, "woman", width_cm=40)
    assert measure.waistband_width(garment) == pytest.approx(40, rel=0.01)


def test_extra_small_and_double_extra_large_differ_on_one_body(tee):
    small, large = (scale_garment(tee, drawn.WOMAN, "woman", width_cm=width) for width in (42, 62))
    assert measure.garment_length(large) / measure.garment_length(small) == pytest.approx(62 / 42, rel=0.02)


def test_width_and_length_that_contradict_the_photo_are_refused(tee):
    with pytest.raises(SizeImplausible, match="contradict"):
        scale_garment(tee, drawn.WOMAN, "woman", width_cm=36, length_cm=100)


@pytest.mark.parametrize(("rounder", "allowed"), [(0.77, False), (0.83, True), (1.45, True), (1.55, False)])
def test_a_photo_may_show_a_garment_narrower_than_it_lies_flat_up_to_one_and_a_half_times(tee, rounder, allowed):
    length = 45 * measure.garment_length(tee) / measure.chest_width(tee) / rounder
    if allowed:
        garment = scale_garment(tee, drawn.WOMAN, "woman", width_cm=45, length_cm=length)
        assert measure.garment_length(garment) == pytest.approx(length, rel=0.01)
    else:
        with pytest.raises(SizeImplausible, match="contradict"):
            scale_garment(tee, drawn.WOMAN, "woman", width_cm=45, length_cm=length)


@pytest.mark.parametrize("width", [0.0, -40.0, 3.0, 400.0, float("nan"), float("inf")])
def test_a_width_that_no_garment_has_is_refused(tee, width):
    with pytest.raises(SizeImplausible):
        scale_garment(tee, drawn.WOMAN, "woman", width_cm=width)


@pytest.mark.parametrize("body", [drawn.WOMAN, drawn.CHILD], ids=["woman", "child"])
def test_a_tee_of_unknown_size_reaches_the_hips_and_goes_round_the_chest(tee, body):
    garment = scale_garment(tee, body, "woman")
    torso = body.neck_height - body.hip_height
    assert 0.8 * torso < measure.garment_length(garment) < 1.36 * torso
    assert 0.98 < 2 * measure.chest_width(garment) / body.chest < 1.35
    assert garment.scale_source == "guessed"


@pytest.mark.parametrize("body", [drawn.WOMAN, drawn.CHILD], ids=["woman", "child"])
def test_trousers_of_unknown_size_end_above_the_floor(trousers, body):
    garment = scale_garment(trousers, body, "woman")
    assert 0.8 * body.waist_height < measure.garment_length(garment) < body.waist_height
    assert 2 * measure.waistband_width(garment) > 0.8 * body.waist


@pytest.mark.parametrize("body", [drawn.WOMAN, drawn.CHILD], ids=["woman", "child"])
def test_legs_cut_long_for_their_waist_do_not_reach_the_floor(body):
    garment = scale_garment(pattern_of(drawn.trousers(crotch=150)), body, "woman")
    assert measure.inseam_length(garment) < body.inseam


def test_a_skirt_in_a_large_size_is_wider_and_hardly_longer():
    skirt = pattern_of(drawn.skirt())
    large = replace(drawn.WOMAN, chest=118, waist=104, hip=124)
    small, wide = (scale_garment(skirt, body, "woman") for body in (drawn.WOMAN, large))
    assert measure.garment_length(wide) < 1.12 * measure.garment_length(small)
    assert measure.waistband_width(wide) > 1.3 * measure.waistband_width(small)


def test_a_coat_that_is_taken_for_a_top_stays_long():
    coat = pattern_of(drawn.long_coat())
    coat = replace(coat, kind=replace(coat.kind, category=Category.TOP, sleeve=Sleeve.LONG))
    garment = scale_garment(coat, drawn.WOMAN, "woman")
    assert measure.sleeve_length(garment) == pytest.approx(drawn.WOMAN.arm_length, rel=0.2)
    assert measure.garment_length(garment) > 1.5 * (drawn.WOMAN.neck_height - drawn.WOMAN.hip_height)


def test_unrolling_keeps_the_middle_and_widens_the_sides_below_the_armpits():
    narrow = pattern_of(drawn.long_sleeve())
    garment = scale_garment(narrow, drawn.WOMAN, "woman", width_cm=48, length_cm=62)
    assert measure.chest_width(garment) == pytest.approx(48, rel=0.02)
    assert measure.garment_length(garment) == pytest.approx(62, rel=0.02)
    before, after = measure.shoulder_span(narrow), measure.shoulder_span(garment)
    assert after / before == pytest.approx(62 / measure.garment_length(narrow), rel=0.02)
    width = garment.textures[0].shape[1]
    front = garment.panels[0]
    loop = front.outline_cm @ front.panel_to_texture[:, :2].T + front.panel_to_texture[:, 2]
    assert loop[:, 0].min() > 0
    assert loop[:, 0].max() < width
    middle = garment.textures[0][300, round(front.panel_to_texture[0, 2])]
    assert np.abs(middle.astype(int) - drawn.CLOTH).max() < 5


def test_scaling_leaves_the_pattern_in_pixels_alone(tee):
    before = tee.panels[0].outline_cm.copy()
    scale_garment(tee, drawn.WOMAN, "woman", width_cm=52)
    assert np.array_equal(before, tee.panels[0].outline_cm)


def test_a_size_chart_is_read_without_regard_to_case(tmp_path):
    path = tmp_path / "chart.csv"
    path.write_text("Size,Width_cm,Length_cm\nXS,42,60\nXXL,62,\n")
    assert read_size_chart(path, "xs") == (42.0, 60.0)
    assert read_size_chart(path, " XXL ") == (62.0, None)


def test_a_size_chart_may_use_semicolons_and_decimal_commas(tmp_path):
    path = tmp_path / "chart.csv"
    path.write_text("size;width_cm;length_cm\nM;48,5;66\n")
    assert read_size_chart(path, "M") == (48.5, 66.0)


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ("", "M"),
        ("a,b\n1,2\n", "M"),
        ("size,width_cm\nS,44\n", "M"),
        ("size,width_cm\nM,wide\n", "M"),
        ("size,width_cm\nM,-4\n", "M"),
        ("size,width_cm\nM,nan\n", "M"),
    ],
)
def test_a_size_chart_that_does_not_help_is_refused(tmp_path, content, size):
    path = tmp_path / "chart.csv"
    path.write_text(content)
    with pytest.raises(SizeChartInvalid):
        read_size_chart(path, size)


def test_a_missing_size_chart_is_refused(tmp_path):
    with pytest.raises(SizeChartInvalid):
        read_size_chart(tmp_path / "none.csv", "M")


def test_a_tee_on_a_hidden_form_is_no_longer_than_it_is():
    """A projected chest of 34 cm, shoulders of 40 and 64 cm of length, at 5 pixels a centimetre."""
    outline = [(0, 88), (20, 86), (38, 80), (100, 104), (148, 200), (112, 218), (85, 195), (82, 290), (92, 400)]
    outline += [(0, 402)]
    tee = pattern_of(drawn.draw(outline, [(0, 88), (20, 86), (38, 80), (30, 104), (0, 122)]))
    assert (tee.kind.category, tee.kind.sleeve) == (Category.TOP, Sleeve.SHORT)
    garment = scale_garment(tee, drawn.WOMAN, "woman")
    assert measure.garment_length(garment) == pytest.approx(64, abs=4)
    assert 2 * measure.chest_width(garment) > drawn.WOMAN.chest
