from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from shapely.geometry import LineString, Polygon

from tests.garment import drawn_flat_lays as drawn
from vmodel.garment.back import placed_marks
from vmodel.garment.drawing import draw_understanding
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.texture import fill_nearest
from vmodel.types import Category

ALL = {
    "tee": drawn.tee,
    "long sleeve": drawn.long_sleeve,
    "dress": drawn.dress,
    "trousers": drawn.trousers,
    "skirt": drawn.skirt,
    "camisole": drawn.camisole,
}


def pattern_of(picture, **options):
    kind, landmarks = understand(*picture)
    return infer_pattern(*picture, kind, landmarks, **options)


@pytest.fixture(scope="module", params=list(ALL), ids=list(ALL))
def garment(request):
    return pattern_of(ALL[request.param]())


def area(loop):
    x, y = loop.T
    return 0.5 * float(np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)))


def test_edges_join_end_to_end_round_every_panel(garment):
    for panel in garment.panels:
        edges = list(panel.edges.values())
        for edge, following in zip(edges, edges[1:] + edges[:1], strict=True):
            assert np.allclose(edge[-1], following[0])


def test_panels_run_counter_clockwise(garment):
    assert all(area(panel.outline_cm) > 0 for panel in garment.panels)


def test_edges_of_a_seam_match_point_for_point(garment):
    panels = {panel.name: panel for panel in garment.panels}
    assert garment.seams
    for seam in garment.seams:
        first, second = (panels[panel].edges[edge] for panel, edge in (seam.first, seam.second))
        assert np.array_equal(first, second)
        assert not seam.reverse


def test_openings_are_where_people_put_heads_arms_and_legs_through(garment):
    sewn = {end for seam in garment.seams for end in (seam.first, seam.second)}
    openings = {name for panel in garment.panels for name in panel.edges if (panel.name, name) not in sewn}
    expected = {
        Category.TROUSERS: {"waist", "leg_left", "leg_right"},
        Category.SKIRT: {"waist", "hem"},
    }.get(garment.kind.category, {"neck", "hem"})
    arms = (
        {"cuff_left", "cuff_right"} if garment.kind.sleeve in {"short", "long"} else {"armhole_left", "armhole_right"}
    )
    assert openings == expected | (arms if garment.kind.category.covers_upper else set())


def test_panels_know_their_photo_pixels(garment):
    front = garment.panels[0]
    loop = front.outline_cm @ front.panel_to_texture[:, :2].T + front.panel_to_texture[:, 2]
    height, width = garment.textures[0].shape[:2]
    assert (loop > 0).all()
    assert (loop < (width, height)).all()


def test_no_backdrop_is_left_in_the_textures(garment):
    for texture in garment.textures:
        assert (texture.max(2) < 200).all()


def test_the_inside_of_the_back_neck_is_cut_from_the_front_and_belongs_to_the_back():
    garment = pattern_of(drawn.tee())
    front, back = garment.panels[0], garment.panels[-1]
    lowest = [float(panel.edges["neck"][:, 1].min()) for panel in (front, back)]
    assert lowest[1] - lowest[0] > 25
    to_texture = front.panel_to_texture
    row = round(to_texture[1, 2] - (lowest[1] - 8))
    column = round(to_texture[0, 2])
    assert np.abs(garment.textures[1][row, column].astype(int) - drawn.CLOTH).max() < 25


@pytest.mark.parametrize("front", ["outer", "inner"])
def test_of_a_strap_that_lies_in_a_loop_only_the_strand_on_the_fronts_peak_is_cut(front):
    panel = next(p for p in pattern_of(drawn.looped_camisole(front)).panels if p.name == "front")
    outline = Polygon(panel.outline_cm)
    foot, top = -60, -20
    for y in range(foot, top, 10):
        strap = outline.intersection(LineString([(0, y), (200, y)]))
        assert strap.geom_type == "LineString"
        assert strap.length < 14
    middle = np.mean([point[0] for point in strap.coords])
    assert middle == pytest.approx(68, abs=3)


def test_the_foot_of_the_backs_strap_leaves_no_step_in_the_neckline():
    front = pattern_of(drawn.looped_camisole("outer")).panels[0]
    neck = front.edges["neck"]
    below = neck[neck[:, 1] < -70].astype(np.float32)  # under the straps
    opening = cv2.convexHull(below)
    assert max(cv2.pointPolygonTest(opening, point.tolist(), True) for point in below) < 2.5


def test_the_back_that_shows_above_a_v_on_straps_is_cut_from_the_front():
    panels = {panel.name: panel for panel in pattern_of(drawn.camisole_with_back_showing()).panels}
    lowest = {name: panel.edges["neck"][:, 1].min() for name, panel in panels.items()}
    assert lowest["front"] < lowest["back"] - 15


def test_legs_that_touch_are_parted_up_to_the_crotch():
    flat_lay, cutout = drawn.trousers(gap=0.0)
    rgb = flat_lay.rgb.copy()
    rgb[200:592, 259:261] = drawn.INSIDE
    mask = (cutout.matte * 255).astype(np.uint8)
    cv2.fillPoly(mask, [np.array([[250, 190], [270, 190], [270, 588], [250, 588]])], 255)
    rgb[(mask > 127) & (rgb.min(2) > 200)] = drawn.CLOTH
    picture = drawn.flat_lay(rgb, mask)
    kind, landmarks = understand(*picture, category=Category.TROUSERS)
    garment = infer_pattern(*picture, kind, landmarks)
    for side in ("left", "right"):
        inseam = garment.panels[0].edges[f"inseam_{side}"]
        assert np.ptp(inseam[:, 1]) > 300


def test_a_tie_that_hangs_below_the_hem_is_not_part_of_the_hem():
    flat_lay, cutout = drawn.tee(length=330)
    mask, rgb = (cutout.matte * 255).astype(np.uint8), flat_lay.rgb.copy()
    tie = cv2.line(np.zeros_like(mask), (200, 380), (190, 520), 255, 9)
    picture = drawn.flat_lay(np.where(tie[..., None] > 0, np.array(drawn.CLOTH, np.uint8), rgb), np.maximum(mask, tie))
    hem = pattern_of(picture).panels[0].edges["hem"]
    assert np.ptp(hem[:, 1]) < 25


def test_a_placed_print_stays_on_the_front():
    flat_lay, cutout = drawn.tee()
    rgb = flat_lay.rgb.copy()
    cv2.circle(rgb, (260, 300), 40, (240, 200, 30), -1)
    garment = pattern_of((type(flat_lay)("logo.png", "1", rgb), cutout))
    assert np.abs(garment.textures[0][300, 260].astype(int) - (240, 200, 30)).max() < 10
    assert np.abs(garment.textures[1][300, 260].astype(int) - drawn.CLOTH).max() < 25


def test_an_allover_print_goes_round_the_back():
    flat_lay, cutout = drawn.tee()
    rgb = flat_lay.rgb.copy()
    rgb[(np.arange(640) // 12 % 2 == 0)[:, None] & cutout.mask] = (230, 220, 60)
    garment = pattern_of((type(flat_lay)("stripes.png", "2", rgb), cutout))
    assert np.abs(garment.textures[1][300:360, 260].astype(int) - rgb[300:360, 260]).max() < 10


def test_each_of_thousands_of_specks_is_looked_at_where_it_lies():
    rng = np.random.default_rng(5)
    photo = np.full((360, 360, 3), (190, 160, 120), np.uint8)
    rows, columns = np.meshgrid(np.arange(1, 359, 4), np.arange(1, 359, 4))
    specks = rng.random(rows.shape) < 0.8
    photo[rows[specks], columns[specks]] = (110, 85, 55)
    before = time.process_time()
    marks = placed_marks(photo, np.ones((360, 360), bool))
    assert time.process_time() - before < 2  # looking at the whole picture for each takes three times as long
    assert marks is None or marks.mean() < 0.5


def test_unknown_pixels_take_the_colour_of_the_nearest_known_one_and_known_ones_keep_theirs():
    rng = np.random.default_rng(3)
    rgb = rng.integers(0, 256, (40, 60, 3), np.uint8)
    known = np.zeros((40, 60), bool)
    known[10:30, 20:40] = True
    filled = fill_nearest(rgb, known)
    np.testing.assert_array_equal(filled[known], rgb[known])
    np.testing.assert_array_equal(filled[10:30, 18], rgb[10:30, 20])  # two pixels away: not softened yet
    far = filled[15:25, 55].astype(int)
    assert np.abs(np.diff(far, axis=0)).mean() < np.abs(np.diff(rgb[15:25, 39].astype(int), axis=0)).mean() / 3


def test_a_photo_of_the_back_is_mirrored_on_to_the_front():
    picture = drawn.tee()
    rgb = picture[0].rgb.copy()
    cv2.circle(rgb, (180, 320), 22, (230, 40, 40), -1)  # at the photo's left, which from behind is the wearer's left
    behind = (type(picture[0])("back.png", "3", rgb), picture[1])
    garment = pattern_of(picture, back=behind)
    assert garment.textures[1][320, 340, 0] > 180
    assert garment.textures[1][320, 180, 0] < 120


def test_what_was_understood_can_be_drawn(garment):
    flat_lay, cutout = drawn.tee()
    picture = draw_understanding(flat_lay, cutout, garment)
    assert picture.dtype == np.uint8
    assert picture.shape[0] == 900
    assert picture.shape[1] > 3 * 600


def test_what_is_sewn_on_to_a_shirts_front_is_not_on_its_back():
    garment = pattern_of(drawn.shirt())
    behind = garment.textures[-1]
    for x, y in ((260, 240), (268, 300), (290, 215), (330, 215), (310, 190)):  # button, placket, pocket
        assert np.abs(behind[y, x].astype(int) - drawn.CLOTH).max() < 25


def test_a_band_round_the_hem_is_on_the_back_as_well():
    behind = pattern_of(drawn.shirt()).textures[-1]
    for x in (200, 260, 320):
        assert np.abs(behind[414, x].astype(int) - drawn.RIB).max() < 15


def test_quilting_goes_round_the_back_and_the_zip_does_not():
    flat_lay, cutout = drawn.long_sleeve()
    rgb = flat_lay.rgb.copy()
    for y in range(130, 400, 30):
        cv2.line(rgb, (168, y), (352, y), drawn.SEAM, 2)
    cv2.line(rgb, (260, 112), (260, 424), (200, 200, 205), 4)
    behind = pattern_of((type(flat_lay)("quilt.png", "4", rgb), cutout)).textures[-1]
    assert np.abs(behind[215:235, 260].astype(int) - drawn.CLOTH).max() < 40
    assert np.abs(behind[280, 220].astype(int) - drawn.SEAM).max() < 30
