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
from vmodel.drape.neck.edge import neck_ring
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.blocks.paint import Canvas, lay_out
from vmodel.garment.blocks.parts import Block
from vmodel.garment.pattern.details.collar import at_fold
from vmodel.garment.pattern.details.collar_leaf import measured_leaf, usual_leaf
from vmodel.garment.pattern.fit import fit_block, fit_garment
from vmodel.garment.pattern.upright import upright
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import BoolArray, Category, Drape, FloatArray, Garment, PosedBody

Collared = tuple[Garment, Drape, PosedBody]


@pytest.fixture(scope="module", params=[("wm-ines", "contrapposto"), ("mn-tane", "walking"), ("ch-noah", "standing")])
def collared(request: pytest.FixtureRequest, settings: Settings) -> Collared:
    name, pose = request.param
    body = build_body(load_roster(settings)[name])
    garment = fit_garment(drawn.shirt().pattern(), body.measurements, body.model.gender)
    worn = drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))
    return garment, worn, body.posed(load_pose(pose))


def collar_of(garment: Garment, worn: Drape, posed: PosedBody) -> tuple[Drape, FloatArray]:
    """Return the drape with its collar, and the collar's vertices in metres."""
    whole = with_collars([garment], garment, worn, posed)
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
    garment, worn, posed = collared
    whole, collar = collar_of(garment, worn, posed)
    sheet = whole.triangles[len(worn.triangles) :]
    facing = vertex_normals(np.asarray(whole.vertices_m, np.float32), whole.triangles)[len(worn.vertices_m) :]
    steps = np.arange(len(collar)) % steps_of(sheet)
    fall = steps > 14  # beyond stand and roll
    start = collar[fall].astype(np.float32)
    rays = Tracer(np.asarray(worn.vertices_m, np.float32), worn.triangles)
    covered = rays.blocked(start, np.asarray(facing[fall], np.float32), np.full(len(start), 0.02, np.float32))
    assert covered.mean() < 0.05


def steps_of(sheet: FloatArray) -> int:
    """Return the number of vertices per section: the second corner of the first triangle is in the next one."""
    return int(sheet[0, 1] - sheet[0, 0])


@pytest.mark.slow
def test_a_collar_shows_the_photos_own_cloth_and_keeps_the_rest(collared: Collared) -> None:
    garment, worn, posed = collared
    whole, collar = collar_of(garment, worn, posed)
    new = slice(len(worn.triangles), None)
    assert len(collar) > 500
    assert {garment.panels[index].side for index in whole.panel[new]} == {"front"}
    assert np.array_equal(whole.triangles[: len(worn.triangles)], worn.triangles)
    tee = drawn.tee().fitted()
    assert with_collars([tee], tee, worn, posed) is worn


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
    widths = widths_of(collared_block(Category.TOP, 8.0))
    assert widths[0] == pytest.approx((0, widths[:, 1].max()))
    assert widths[:, 1].min() > 4


@pytest.mark.parametrize("drop_cm", [18.0, 26.0])
def test_an_open_placket_wears_no_collar_below_where_one_is_sewn_on(drop_cm: float) -> None:
    """A polo's collar ends in points beside the neck, however far it is unbuttoned; never like a sailor's."""
    block = collared_block(Category.TOP, drop_cm)
    widths = widths_of(block)
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    tip = widths[widths[:, 1].argmax(), 0] * (front + back)
    assert front - 12.5 < tip < front - 10
    assert np.interp(0.8 * tip, widths[:, 0] * (front + back), widths[:, 1]) == 0


def test_a_coats_collar_begins_above_lapels_which_stay_printed_on_the_fronts() -> None:
    block = collared_block(Category.OUTERWEAR, 26.0)
    widths = widths_of(block)
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    seam = front / (front + back)
    assert 0.7 * seam < widths[0, 0] < seam
    assert np.interp([seam, 1.0], *widths.T) == pytest.approx(4.6)


def test_no_roll_lies_along_an_edge_without_a_collar(collared: Collared) -> None:
    garment, worn, posed = collared
    all_round = with_widths(garment, [(0.0, 4.6), (1.0, 4.6)])
    from_shoulders = with_widths(garment, [(0.6, 0.0), (0.75, 4.6), (1.0, 4.6)])
    whole, short = (collar_of(each, worn, posed)[1] for each in (all_round, from_shoulders))
    assert short[:, 2].min() > whole[:, 2].min() + 0.02
    assert len(short) < 0.6 * len(whole)


@pytest.mark.parametrize("wide_cm", [4.0, 7.0])
def test_a_collar_is_as_wide_as_its_photo_shows_it(wide_cm: float) -> None:
    block = collared_block(Category.TOP, 9.0)
    fold, seen = in_photo(block, wide_cm)
    leaf = measured_leaf(block, fold, seen, CM_PER_PX)
    assert leaf is not None
    widths = leaf.widths_cm
    front, back = (
        np.linalg.norm(np.diff(side["neck"], axis=0), axis=1).sum() / 2 for side in (block.front, block.back)
    )
    worn_cm = widths[:, 1] * np.sqrt(2 * (front + back) / 38)  # as laid round this neck
    beside = (widths[:, 0] > 0.3) & (widths[:, 0] < 0.7 * front / (front + back))
    assert beside.sum() > 3
    np.testing.assert_allclose(worn_cm[beside] + 0.6, wide_cm, atol=0.5)  # the length that its roll needs is added
    across = np.linalg.norm(leaf.lines_px[:, :, 1] - leaf.lines_px[:, :, 0], axis=2) * CM_PER_PX
    np.testing.assert_allclose(across[:, beside], wide_cm, atol=0.5)  # all of it is the leaf's cloth


def test_a_leaf_shows_no_more_of_its_photo_than_itself_though_the_neck_is_cut_narrower() -> None:
    block = collared_block(Category.TOP, 9.0)
    fold, seen = in_photo(block, 4.0)
    leaf = measured_leaf(block, fold, seen, 1.5 * CM_PER_PX)
    assert leaf is not None
    across = np.linalg.norm(leaf.lines_px[:, :, 1] - leaf.lines_px[:, :, 0], axis=2) * CM_PER_PX
    beside = (leaf.widths_cm[:, 0] > 0.3) & (leaf.widths_cm[:, 0] < 0.4)
    np.testing.assert_allclose(across[:, beside], 4.0, atol=0.5)


def test_a_piece_away_from_its_fold_is_no_collar() -> None:
    fold, seen = in_photo(collared_block(Category.TOP, 9.0), 4.0)
    flap = np.zeros_like(seen)
    flap[-60:-20, 40:80] = True
    assert np.array_equal(at_fold(seen | flap, fold), seen)


def test_a_collar_ends_where_its_photo_shows_it_end_beside_the_opening() -> None:
    block = collared_block(Category.TOP, 14.0)
    fold, seen = in_photo(block, 5.0)
    neck = block.front["neck"]
    seen[round(fold[:, 1].min() + (np.ptp(neck[:, 1]) - 6) / CM_PER_PX) :] = False  # the opening goes on for 6 cm
    leaf = measured_leaf(block, fold, seen, CM_PER_PX)
    assert leaf is not None
    assert 0.1 < leaf.widths_cm[0, 0] < 0.5


def test_a_collar_shows_its_own_cloth_behind(collared: Collared) -> None:
    """In front of it, along an opening without a collar, the photo shows other cloth."""
    garment, worn, posed = collared
    from_the_side = with_widths(garment, [(0.0, 0.0), (0.38, 0.0), (0.4, 4.6), (1.0, 4.6)])
    along = 1000 * from_the_side.collar_cm[:, 0]
    lines = np.stack([np.stack([along, np.full(4, y)], axis=1) for y in (0.0, 100.0)], axis=1)
    whole, _ = collar_of(replace(from_the_side, collar_px=np.stack([lines, lines])), worn, posed)
    new = slice(len(worn.triangles), None)
    places = np.asarray(whole.vertices_m)[whole.triangles[new]].mean(axis=1)
    shown = whole.texture_px[new].mean(axis=1)
    behind = places[:, 1] > np.quantile(places[:, 1], 0.9)
    assert shown[behind, 0].min() > 380  # 0 to 380 px is the opening


def test_nothing_is_measured_where_no_collar_lies() -> None:
    block = collared_block(Category.TOP, 9.0)
    fold, seen = in_photo(block, 4.0)
    assert measured_leaf(block, fold, np.zeros_like(seen), CM_PER_PX) is None


def test_lapels_that_were_seen_lie_on_a_coat_as_wide_as_they_were() -> None:
    block = collared_block(Category.OUTERWEAR, 26.0)
    leaf = measured_leaf(block, *in_photo(block, 6.0), CM_PER_PX)
    assert leaf is not None
    assert np.interp(0.3, *leaf.widths_cm.T) > 2


@pytest.mark.slow
def test_a_collar_stands_up_along_the_neck(collared: Collared) -> None:
    garment, worn, posed = collared
    _, collar = collar_of(garment, worn, posed)
    ring = neck_ring(dict(enumerate(garment.panels)), worn)
    assert ring is not None
    base = posed.joints_m["neck01"]
    beside = np.abs(ring[0][:, 1] - base[1]) < 0.02  # right and left of the neck
    assert collar[:, 2].max() > ring[0][:, 2].max() + 0.016
    stood = collar[(np.abs(collar[:, 1] - base[1]) < 0.02) & (collar[:, 2] > ring[0][beside, 2].mean() + 0.01)]
    assert np.abs(stood[:, 0] - base[0]).min() < np.abs(ring[0][beside, 0] - base[0]).mean() - 0.003


@pytest.mark.slow
def test_a_buttoned_collar_meets_in_front(collared: Collared) -> None:
    garment, worn, posed = collared
    whole, collar = collar_of(with_widths(garment, [(0.0, 4.6), (1.0, 4.6)]), worn, posed)
    fold = collar.reshape(-1, steps_of(whole.triangles[len(worn.triangles) :]), 3)[:, 4]
    assert np.linalg.norm(fold[0] - fold[-1]) < 0.015


@pytest.mark.slow
def test_points_of_a_collar_keep_their_angle_to_its_fold(collared: Collared) -> None:
    """In a photo the fold of a buttoned collar is steep, and its front edges lead outwards; worn, they hang down."""
    garment, worn, posed = collared
    shares = np.array([0.0, 0.5, 1.0])
    along, edge = np.array([0.26, -0.97]), np.array([0.97, 0.26])  # square to each other
    fold = np.outer(100 * shares, along)
    lines = np.stack([fold, fold + 50 * edge], axis=1)
    table = np.stack([shares, np.full(3, 4.6)], axis=1)
    whole, collar = collar_of(
        replace(garment, collar_cm=table, collar_px=np.stack([lines, lines * (-1, 1)])), worn, posed
    )
    sections = collar.reshape(-1, steps_of(whole.triangles[len(worn.triangles) :]), 3)
    for half in (sections, sections[::-1]):
        edge_worn, fold_worn = half[0, -1] - half[0, 4], half[12, 4] - half[0, 4]
        turn = edge_worn @ fold_worn / np.linalg.norm(edge_worn) / np.linalg.norm(fold_worn)
        assert abs(np.degrees(np.arcsin(turn))) < 12


def widths_of(block: Block) -> FloatArray:
    """Return the usual widths of a block's collar."""
    return usual_leaf(block, lay_out(block)).widths_cm


def with_widths(garment: Garment, widths: list[tuple[float, float]]) -> Garment:
    """Return a garment whose collar has other widths, and lies in its front's texture as the old one did."""
    table = np.array(widths)
    lines = np.array(
        [
            [
                [[np.interp(x, garment.collar_cm[:, 0], side[:, end, axis]) for axis in (0, 1)] for end in (0, 1)]
                for x in table[:, 0]
            ]
            for side in garment.collar_px
        ]
    )
    return replace(garment, collar_cm=table, collar_px=lines)


CM_PER_PX = 0.05


def in_photo(block: Block, wide_cm: float) -> tuple[FloatArray, BoolArray]:
    """Return a collar's fold, (n, 2) pixels of a photo, and its mask: cloth nearer to the fold than ``wide_cm``."""
    canvas = lay_out(block)
    fold = (block.front["neck"] - (canvas.low_cm[0], canvas.low_cm[1] + canvas.size[0] / canvas.px_per_cm)) * (1, -1)
    scale = 1 / (CM_PER_PX * canvas.px_per_cm)
    mask = along_neck(block, canvas, wide_cm).astype(np.uint8)
    size = (round(canvas.size[1] * scale), round(canvas.size[0] * scale))
    return fold / CM_PER_PX, cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST) > 0


def along_neck(block: Block, canvas: Canvas, wide_cm: float) -> BoolArray:
    """Return (H, W) bool: cloth nearer to the front's neck edge than ``cm``."""
    edge = np.round(canvas.to_pixels(block.front["neck"])).astype(np.int32)
    away = np.ones(canvas.size, np.uint8)
    cv2.polylines(away, [edge], False, 0, 1)
    near = cv2.distanceTransform(away, cv2.DIST_L2, 5) < wide_cm * canvas.px_per_cm
    opening = np.zeros(canvas.size, np.uint8)
    cv2.fillPoly(opening, [np.vstack([edge, edge[[-1, 0]] * (1, 0)])], 1)
    return np.asarray(near & (opening == 0))
