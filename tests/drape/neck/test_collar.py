"""Collars of photos: worn, they stand round the neck and lie on the shoulders, with two points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.neck.collar import with_collars
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.blocks.paint import Canvas, lay_out
from vmodel.garment.blocks.parts import Block
from vmodel.garment.pattern.details.collar import measured_widths, usual_widths
from vmodel.garment.pattern.fit import fit_block, fit_garment, upright
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import BoolArray, Category, Drape, FloatArray, Garment

Collared = tuple[Garment, Drape]


@pytest.fixture(scope="module", params=[("wm-ines", "contrapposto"), ("mn-tane", "walking"), ("ch-noah", "standing")])
def collared(request: pytest.FixtureRequest, settings: Settings) -> Collared:
    name, pose = request.param
    body = build_body(load_roster(settings)[name])
    garment = fit_garment(drawn.shirt().pattern(), body.measurements, body.model.gender)
    return garment, drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))


def collar_of(garment: Garment, worn: Drape) -> tuple[Drape, FloatArray]:
    """Return the drape with its collar, and the collar's vertices in metres."""
    whole = with_collars([garment], garment, worn)
    return whole, np.asarray(whole.vertices_m[len(worn.vertices_m) :], float)


@pytest.mark.slow
def test_a_collar_goes_round_the_neck_and_ends_in_two_points(collared: Collared) -> None:
    _, collar = collar_of(*collared)
    middle = collar.mean(axis=0)
    behind, before = (collar[sign * (collar[:, 1] - middle[1]) > 0.02] for sign in (1, -1))
    assert len(behind) > 100
    assert len(before) > 100
    low = before[before[:, 2] < before[:, 2].min() + 0.02]
    assert low[:, 0].max() - middle[0] > 0.02
    assert middle[0] - low[:, 0].min() > 0.02
    assert behind[:, 2].max() > before[:, 2].max() - 0.01  # it stands up behind


@pytest.mark.slow
def test_a_collar_lies_on_the_cloth_and_hides_none_of_itself_in_it(collared: Collared) -> None:
    garment, worn = collared
    whole, collar = collar_of(garment, worn)
    sheet = whole.triangles[len(worn.triangles) :]
    facing = vertex_normals(np.asarray(whole.vertices_m, np.float32), whole.triangles)[len(worn.vertices_m) :]
    steps = np.arange(len(collar)) % steps_of(sheet)
    fall = steps > 9  # beyond the roll
    start = collar[fall].astype(np.float32)
    rays = Tracer(np.asarray(worn.vertices_m, np.float32), worn.triangles)
    covered = rays.blocked(start, np.asarray(facing[fall], np.float32), np.full(len(start), 0.02, np.float32))
    assert covered.mean() < 0.05


def steps_of(sheet: FloatArray) -> int:
    """Return the number of vertices per section: the second corner of the first triangle is in the next one."""
    return int(sheet[0, 1] - sheet[0, 0])


@pytest.mark.slow
def test_a_collar_shows_the_photos_own_cloth_and_keeps_the_rest(collared: Collared) -> None:
    garment, worn = collared
    whole, collar = collar_of(garment, worn)
    new = slice(len(worn.triangles), None)
    assert len(collar) > 500
    assert {garment.panels[index].side for index in whole.panel[new]} == {"front"}
    assert np.array_equal(whole.triangles[: len(worn.triangles)], worn.triangles)
    tee = drawn.tee().fitted()
    assert with_collars([tee], tee, worn) is worn


def collared_block(category: Category, drop_cm: float) -> Block:
    """Return the drawn shirt's block as another kind, with the front's neck edge ``drop_cm`` deep."""
    photo = drawn.shirt().pattern().photo
    assert photo is not None
    kind = replace(photo.kind, category=category)
    gender, body = drawn.BODIES["woman S"]
    bare = replace(photo, kind=kind, collar=None, neck_edge=None)
    block, _ = fit_block(upright(bare), body, gender, "cotton", {})
    edge = block.front["neck"]
    share = (edge[:, 1].max() - edge[:, 1]) / np.ptp(edge[:, 1])
    hanging = edge - np.stack([0 * share, share * (drop_cm - np.ptp(edge[:, 1]))], axis=1)
    return replace(block, front={**block.front, "neck": hanging})


def test_the_collar_of_a_closed_shirt_is_widest_at_its_points() -> None:
    widths = usual_widths(collared_block(Category.TOP, 8.0))
    assert widths[0] == pytest.approx((0, widths[:, 1].max()))
    assert widths[:, 1].min() > 4


@pytest.mark.parametrize("drop_cm", [18.0, 26.0])
def test_an_open_placket_wears_no_collar_below_where_one_is_sewn_on(drop_cm: float) -> None:
    """A polo's collar ends in points beside the neck, however far it is unbuttoned; never like a sailor's."""
    block = collared_block(Category.TOP, drop_cm)
    widths = usual_widths(block)
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    tip = widths[widths[:, 1].argmax(), 0] * (front + back)
    assert front - 12.5 < tip < front - 10
    assert np.interp(0.8 * tip, widths[:, 0] * (front + back), widths[:, 1]) == 0


def test_a_coats_collar_begins_above_lapels_which_stay_printed_on_the_fronts() -> None:
    block = collared_block(Category.OUTERWEAR, 26.0)
    widths = usual_widths(block)
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    seam = front / (front + back)
    assert 0.7 * seam < widths[0, 0] < seam
    assert np.interp([seam, 1.0], *widths.T) == pytest.approx(4.6)


def test_no_roll_lies_along_an_edge_without_a_collar(collared: Collared) -> None:
    garment, worn = collared
    all_round = replace(garment, collar_cm=np.array([(0.0, 4.6), (1.0, 4.6)]))
    from_shoulders = replace(garment, collar_cm=np.array([(0.6, 0.0), (0.75, 4.6), (1.0, 4.6)]))
    whole, short = (collar_of(each, worn)[1] for each in (all_round, from_shoulders))
    assert short[:, 2].min() > whole[:, 2].min() + 0.02
    assert len(short) < 0.6 * len(whole)


@pytest.mark.parametrize("wide_cm", [4.0, 7.0])
def test_a_collar_is_as_wide_as_its_photo_shows_it(wide_cm: float) -> None:
    block = collared_block(Category.TOP, 9.0)
    canvas = lay_out(block)
    widths = measured_widths(block, along_neck(block, canvas, wide_cm), canvas)
    assert widths is not None
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    worn_cm = widths[:, 1] * np.sqrt(2 * (front + back) / 38)  # as laid round this neck
    beside = (widths[:, 0] > 0.3) & (widths[:, 0] < 0.7 * front / (front + back))
    assert beside.sum() > 3
    np.testing.assert_allclose(worn_cm[beside] + 0.6, wide_cm, atol=0.5)  # the length that its roll needs is added


def test_a_collar_ends_where_its_photo_shows_it_end_beside_the_opening() -> None:
    block = collared_block(Category.TOP, 14.0)
    canvas = lay_out(block)
    seen = along_neck(block, canvas, 5.0)
    seen[round(float(canvas.to_pixels(np.array([[0.0, -8.0]]))[0, 1])) :] = False  # the opening goes on to 14 cm
    widths = measured_widths(block, seen, canvas)
    assert widths is not None
    assert 0.1 < widths[0, 0] < 0.4
    assert widths[0, 1] == 0
    assert widths[1, 1] > 0


def test_a_collar_shows_its_own_cloth_behind(collared: Collared) -> None:
    """In front of it, along an opening without a collar, the photo shows other cloth."""
    garment, worn = collared
    from_the_side = replace(garment, collar_cm=np.array([(0.0, 0.0), (0.38, 0.0), (0.4, 4.6), (1.0, 4.6)]))
    whole, _ = collar_of(garment=from_the_side, worn=worn)
    new = slice(len(worn.triangles), None)
    places = np.asarray(whole.vertices_m)[whole.triangles[new]].mean(axis=1)
    shown = whole.texture_px[new].mean(axis=1)
    middle = garment.panels[0].panel_to_texture[0, 2]
    behind = places[:, 1] > np.quantile(places[:, 1], 0.9)
    before = places[:, 1] < np.quantile(places[:, 1], 0.1)
    away = np.abs(shown[:, 0] - middle)
    assert away[behind].min() > np.median(away[before])


def test_nothing_is_measured_where_no_collar_lies() -> None:
    block = collared_block(Category.TOP, 9.0)
    canvas = lay_out(block)
    assert measured_widths(block, np.zeros(canvas.size, bool), canvas) is None


def test_lapels_that_were_seen_lie_on_a_coat_as_wide_as_they_were() -> None:
    block = collared_block(Category.OUTERWEAR, 26.0)
    canvas = lay_out(block)
    widths = measured_widths(block, along_neck(block, canvas, 6.0), canvas)
    assert widths is not None
    assert np.interp(0.3, *widths.T) > 2


def along_neck(block: Block, canvas: Canvas, wide_cm: float) -> BoolArray:
    """Return (H, W) bool: cloth nearer to the front's neck edge than ``cm``."""
    edge = np.round(canvas.to_pixels(block.front["neck"])).astype(np.int32)
    away = np.ones(canvas.size, np.uint8)
    cv2.polylines(away, [edge], False, 0, 1)
    near = cv2.distanceTransform(away, cv2.DIST_L2, 5) < wide_cm * canvas.px_per_cm
    opening = np.zeros(canvas.size, np.uint8)
    cv2.fillPoly(opening, [np.vstack([edge, edge[[-1, 0]] * (1, 0)])], 1)
    return np.asarray(near & (opening == 0))
