"""Hair: grows from the scalp, stays outside the head, differs by style, follows the head into a pose."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree

from vmodel.body.face.face_params import look_of
from vmodel.body.hair.grow import grow_hair, pose_hair
from vmodel.body.hair.polylines import BROW, FACIAL_HAIR, HEAD_HAIR, LASH
from vmodel.body.hair.scalp import hairline_depth, parting_distance, scalp_colour
from vmodel.body.hair.styles import STYLES, style_of
from vmodel.body.mesh.anatomy_chart import load_chart
from vmodel.body.mesh.head_surface import head_surface
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.errors import ModelInvalid
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.types import Hair, Pose, Strands, VirtualModel


def invent(style: str, gender: str = "woman", age: float = 30, **look: object) -> VirtualModel:
    shape = {"gender": 1.0 if gender == "woman" else 0.0, "age": 0.62}
    hair = Hair(style, (0.05, 0.03, 0.02))
    return VirtualModel("x", "X", gender, age, "M", 170, shape, {}, (0.5, 0.33, 0.25), look, hair, 7)


@pytest.fixture(scope="module")
def body() -> Body:
    return build_body(invent("bob"))


@functools.cache
def grown(style: str) -> Strands:
    model = invent(style)
    return grow_hair(model, build_body(model))


def head_hair(strands: Strands) -> np.ndarray:
    return strands.points_m[strands.kind == HEAD_HAIR]


def depth_inside(body_vertices: np.ndarray, points: np.ndarray) -> np.ndarray:
    return -head_surface(body_vertices, keep_ears=False).contact(points.reshape(-1, 3)).distance_m


@pytest.mark.parametrize("style", sorted(set(STYLES) - {"bald"}))
def test_hair_grows_on_the_scalp_and_stays_outside_the_head(style: str, body: Body) -> None:
    strands = grown(style)
    points = head_hair(strands)
    assert 12_000 <= len(points) <= 34_000
    assert np.isfinite(points).all()
    eye_z = body.rest.joints_m["eye.L"][2]
    roots = points[:, 0]
    face = (roots[:, 2] < eye_z + 0.03) & (roots[:, 1] < body.rest.joints_m["eye.L"][1] + 0.005)
    assert not face.any()
    assert np.mean(depth_inside(body.rest.vertices_m, points) > 0.004) < 0.01


@pytest.mark.parametrize("style", ["long-wavy", "long-straight", "bob", "afro", "side-part", "ponytail"])
def test_hair_leaves_the_face_free(style: str, body: Body) -> None:
    points = head_hair(grown(style)).reshape(-1, 3)
    eye, nose_x = body.rest.joints_m["eye.L"], 0.028
    before = (np.abs(points[:, 0]) < nose_x) & (points[:, 1] < eye[1] + 0.03) & (points[:, 2] < eye[2] + 0.03)
    assert np.mean(before & (points[:, 2] > eye[2] - 0.10)) < 0.001


def test_a_fringe_covers_the_forehead_down_to_the_brows_and_no_further(body: Body) -> None:
    eye, brow_m = body.rest.joints_m["eye.L"], 0.017

    def on_forehead(style: str) -> np.ndarray:
        points = head_hair(grown(style)).reshape(-1, 3)
        return points[(np.abs(points[:, 0]) < 0.03) & (points[:, 1] < eye[1]) & (points[:, 2] < eye[2] + 0.045)]

    fringe = on_forehead("fringe-bob")
    assert len(fringe) > 2000 > 20 * len(on_forehead("bob"))
    assert np.mean(fringe[:, 2] > eye[2] + brow_m - 0.005) > 0.97


def test_the_hairline_stands_a_third_of_the_face_above_the_brows(body: Body) -> None:
    roots = head_hair(grown("buzz"))[:, 0]
    surface = head_surface(body.rest.vertices_m)
    spot_mm = surface.contact(roots).spot_mm
    line_mm = np.percentile(spot_mm[np.abs(spot_mm[:, 0]) < 12, 2][spot_mm[np.abs(spot_mm[:, 0]) < 12, 1] < 30], 3)
    brow_mm, nose_mm = 16, -46  # of the neutral face, whose chin is at -106
    assert 0.6 < (line_mm - brow_mm) / (brow_mm - nose_mm) < 0.85


@pytest.mark.parametrize("style", ["side-part", "ponytail", "bob"])
def test_the_hairline_falls_off_in_density_length_and_width(style: str, body: Body) -> None:
    strands, model = grown(style), invent(style)
    points, surface = head_hair(strands), head_surface(body.rest.vertices_m)
    spot_mm = surface.contact(points[:, 0]).spot_mm
    depth_mm = hairline_depth(spot_mm, model, look_of(model))
    front = (np.abs(spot_mm[:, 0]) < 30) & (spot_mm[:, 2] > 45) & (spot_mm[:, 1] < 40)
    outside, edge, full = ((depth_mm > low) & (depth_mm < low + 5) & front for low in (-9, 1, 14))
    assert 0.01 < outside.sum() / full.sum() < 0.25
    assert outside.sum() < 0.5 * edge.sum()
    length_m = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)
    radius_m = strands.radius_m[strands.kind == HEAD_HAIR].max(axis=1)
    for size in (length_m, radius_m):
        assert np.median(size[outside]) < 0.7 * np.median(size[full])


@pytest.mark.parametrize(("style", "off_m", "least"), [("bob", 0.003, 0.04), ("side-part", 0.002, 0.012)])
def test_a_few_strands_leave_the_mass(style: str, off_m: float, least: float) -> None:
    points = head_hair(grown(style))
    ends = points[:, 2 * points.shape[1] // 3 :].mean(axis=1)
    _, neighbours = cKDTree(points[:, 0]).query(points[:, 0], k=12)
    away_m = head_surface(build_body(invent(style)).rest.vertices_m).contact(ends).distance_m
    assert least < np.mean(away_m > np.median(away_m[neighbours], axis=1) + off_m) < 0.12


def test_a_straight_cut_ends_unevenly() -> None:
    points = head_hair(grown("bob"))
    length_m = np.linalg.norm(np.diff(points, axis=1), axis=2).sum(axis=1)
    _, neighbours = cKDTree(points[:, 0]).query(points[:, 0], k=12)
    among = length_m[neighbours]
    spread = (among.std(axis=1) / among.mean(axis=1))[length_m > 0.12]
    assert 0.028 < np.median(spread) < 0.06


def test_a_shaved_head_has_a_faint_shadow_of_its_hairline() -> None:
    model, chart = invent("bald", "man"), load_chart(512)
    _, tint = scalp_colour(model, chart, look_of(model))
    depth_mm = hairline_depth(chart.spot_mm, model, look_of(model))
    inside, forehead = tint[depth_mm > 25], tint[(depth_mm < -8) & (depth_mm > -25)]
    assert 0.15 < np.median(inside) < 0.4
    assert forehead.max() < 0.02


def test_grey_brows_are_never_bluish() -> None:
    model = invent("bob")
    for grey in (0.3, 0.95):
        hair = replace(model.hair, colour=(0.02, 0.02, 0.02), grey=grey)
        red, green, blue = look_of(replace(model, hair=hair)).brow_colour
        assert red > green > blue
        assert 1.2 * blue < red < 1.8 * blue


@pytest.mark.parametrize("style", ["side-part", "pixie"])
def test_short_combed_hair_follows_the_head_instead_of_standing_off(style: str, body: Body) -> None:
    strands = grown(style)
    points = head_hair(strands)
    above_eyes_m = points[..., 2] - body.rest.joints_m["eye.L"][2]
    temples = points[(above_eyes_m > 0.02) & (above_eyes_m < 0.06)]
    away_m = head_surface(body.rest.vertices_m).contact(temples).distance_m
    assert np.percentile(away_m, 95) < 0.011


def test_a_barbers_sides_do_not_stand_out_as_a_shelf(body: Body) -> None:
    strands = grown("short-crop")
    points = head_hair(strands)
    root_mm = (points[:, 0] - body.rest.joints_m["eye.L"]) * 1000
    upper_sides = (np.abs(points[:, 0, 0]) > 0.055) & (root_mm[:, 2] > 45)
    assert upper_sides.sum() > 500
    away_m = head_surface(body.rest.vertices_m).contact(points[upper_sides, -1]).distance_m
    assert np.percentile(away_m, 95) < 0.012


def test_a_parting_is_a_shaded_line_and_no_bright_strip() -> None:
    model, chart = invent("long-straight", parting="middle"), load_chart(1024)
    _, tint = scalp_colour(model, chart, look_of(model))
    off_mm = np.abs(parting_distance(chart.spot_mm, style_of(model), look_of(model)))
    on_top = (chart.spot_mm[:, 2] > 90) & (chart.spot_mm[:, 1] < 55)
    beside = np.median(tint[on_top & (off_mm > 6) & (off_mm < 12)])
    assert np.median(tint[on_top & (off_mm < 1)]) > 0.5 * beside
    assert np.median(tint[on_top & (off_mm > 2) & (off_mm < 3)]) > 0.9 * beside


def test_styles_differ_in_reach_and_volume(body: Body) -> None:
    extents = {}
    for style in ("buzz", "short-crop", "bob", "long-straight", "afro"):
        points = head_hair(grown(style)).reshape(-1, 3)
        extents[style] = (np.percentile(points[:, 2], 0.5), np.ptp(np.percentile(points[:, 0], [0.5, 99.5])))
    lowest = [extents[style][0] for style in ("buzz", "bob", "long-straight")]
    assert lowest[0] > lowest[1] + 0.03 > lowest[2] + 0.2
    assert extents["afro"][1] > extents["short-crop"][1] + 0.06


def test_the_same_model_grows_the_same_hair_and_another_seed_does_not(body: Body) -> None:
    model = invent("side-part")
    first, again, other = (grow_hair(m, body) for m in (model, model, replace(model, seed=8)))
    assert np.array_equal(first.points_m, again.points_m)
    assert np.array_equal(first.colour, again.colour)
    assert first.points_m.shape != other.points_m.shape or not np.allclose(first.points_m, other.points_m)


def test_a_bald_head_still_has_brows_and_lashes(body: Body) -> None:
    kinds = set(grown("bald").kind.tolist())
    assert kinds == {BROW, LASH}


def test_upper_lashes_grow_from_the_edge_of_the_lid_that_is_seen(tmp_path: Path) -> None:
    model = load_roster(Settings(home=tmp_path))["wm-ines"]  # a fold hangs in front of the rims of her lids
    worn = build_body(model)
    strands = grow_hair(model, worn)
    lashes = strands.points_m[strands.kind == LASH]
    roots = lashes[lashes[:, -1, 2] > lashes[:, 0, 2]][:, 0] - (0, 0.0012, 0)
    to_viewer = np.broadcast_to(np.float32([0, -1, 0]), roots.shape)
    head = Tracer(worn.rest.vertices_m, worn.rest.faces)
    assert head.blocked(roots.astype(np.float32), to_viewer, np.full(len(roots), 0.05, np.float32)).mean() < 0.1


def test_lashes_stand_side_by_side_and_in_no_clump(tmp_path: Path) -> None:
    model = load_roster(Settings(home=tmp_path))["mn-elias"]  # his rims run back under a fold
    strands = grow_hair(model, build_body(model))
    roots_mm = strands.points_m[strands.kind == LASH][:, 0] * 1000
    neighbours = [len(found) - 1 for found in cKDTree(roots_mm).query_ball_point(roots_mm, 0.5)]
    assert max(neighbours) <= 12


def test_brows_sit_above_the_eyes_and_lashes_on_the_lids(body: Body) -> None:
    strands = grown("bald")
    eye = body.rest.joints_m["eye.L"]
    brows, lashes = strands.points_m[strands.kind == BROW], strands.points_m[strands.kind == LASH]
    above = brows[:, 0, 2] - eye[2]
    assert 0.008 < np.percentile(above, 5) < np.percentile(above, 95) < 0.035
    assert np.abs(lashes[:, 0, 2] - eye[2]).max() < 0.015
    assert (lashes[:, -1, 1] < lashes[:, 0, 1]).mean() > 0.95


def test_a_beard_grows_only_where_it_was_asked_for(body: Body) -> None:
    beard = grow_hair(invent("buzz", "man", facial_hair="short-beard"), body)
    assert (beard.kind == FACIAL_HAIR).sum() > 2000
    assert (grow_hair(invent("buzz", "man"), body).kind == FACIAL_HAIR).sum() == 0


def test_grey_hair_is_lighter(body: Body) -> None:
    model = invent("short-crop")
    grey = replace(model, hair=replace(model.hair, grey=0.9))
    assert grow_hair(grey, body).colour.mean() > 2 * grow_hair(model, body).colour.mean()


def test_an_unknown_style_is_refused_by_name() -> None:
    with pytest.raises(ModelInvalid, match="mullet"):
        style_of(invent("mullet"))


TURNED = Pose("turned", {"head": np.array([0.25, 0.1, 0.5]), "neck02": np.array([0.15, 0.0, 0.2])})


@pytest.mark.parametrize("style", ["long-wavy", "ponytail", "short-crop"])
def test_hair_follows_the_head_and_stays_outside_the_body(style: str, body: Body) -> None:
    strands, posed = grown(style), body.posed(TURNED)
    moved = pose_hair(strands, body, posed)
    roots = moved.points_m[:, 0]
    assert np.percentile(np.abs(depth_inside(posed.vertices_m, roots)), 95) < 0.004
    assert np.mean(depth_inside(posed.vertices_m, head_hair(moved)) > 0.006) < 0.02
    lengths = [np.linalg.norm(np.diff(head_hair(s), axis=1), axis=2).sum(axis=1) for s in (strands, moved)]
    longer = lengths[1] / lengths[0]
    assert np.percentile(np.abs(longer - 1), 98) < (0.05 if style == "ponytail" else 0.001)


@pytest.mark.parametrize("pose", [TURNED, load_pose("standing")], ids=["turned", "standing"])
def test_braids_stay_plaited_when_they_hang_anew(pose: Pose, body: Body) -> None:
    strands = grown("braids")
    points = head_hair(pose_hair(strands, body, body.posed(pose)))
    rest = head_hair(strands)
    for side in (1, -1):
        braid = side * rest[:, rest.shape[1] // 2, 0] > 0
        for k in range(25, points.shape[1] - 4, 4):
            # Short hair at the hairline is in no plait.
            tied = braid & (np.linalg.norm(rest[:, k] - np.median(rest[braid, k], axis=0), axis=1) < 0.03)
            assert tied.sum() > 0.9 * braid.sum()
            spread_m = [np.linalg.norm(p[tied, k] - p[tied, k].mean(axis=0), axis=1) for p in (rest, points)]
            assert np.percentile(spread_m[1], 99) < np.percentile(spread_m[0], 99) + 0.002


def test_trousers_do_not_move_the_hair(body: Body) -> None:
    strands, posed = grown("long-wavy"), body.posed(load_pose("contrapposto"))
    waist_m = posed.vertices_m[posed.vertices_m[:, 2] < 0.58 * posed.vertices_m[:, 2].max()]
    moved, free = pose_hair(strands, body, posed, waist_m), pose_hair(strands, body, posed)
    assert np.array_equal(moved.points_m, free.points_m)


def test_long_hair_lies_on_clothes(body: Body) -> None:
    strands, posed = grown("long-straight"), body.posed(Pose("rest", {}))
    surface = head_surface(posed.vertices_m, keep_ears=False)
    trunk = (surface.spot_mm[:, 2] < -170) & (surface.spot_mm[:, 2] > -600)
    cloth = surface.samples_m[trunk] + 0.02 * surface.normals[trunk]
    points = head_hair(pose_hair(strands, body, posed, cloth))
    low = points[points[..., 2] < posed.joints_m["spine01"][2]]
    assert np.mean(surface.contact(low).distance_m < 0.012) < 0.05


@pytest.mark.parametrize("style", ["long-straight", "long-wavy", "shoulder-length", "braids", "ponytail"])
@pytest.mark.parametrize("pose", ["contrapposto", "hand-on-hip", "walking"])
def test_long_hair_falls_behind_the_shoulders_so_that_a_print_stays_visible(style: str, pose: str, body: Body) -> None:
    posed = body.posed(load_pose(pose))
    points = head_hair(pose_hair(grown(style), body, posed))
    collar = posed.joints_m["neck01"]
    low = points[points[..., 2] < collar[2] - 0.06]
    trunk = posed.joints_m["spine01"]
    assert np.mean(low[:, 1] < trunk[1] - 0.02) < 0.02
    assert np.abs(low[:, 0] - collar[0]).max(initial=0) < 0.16


@pytest.mark.parametrize("name", ["ch-kofi", "mn-kwame", "wm-amina"])
def test_hair_leaves_no_side_of_the_crown_bald(name: str) -> None:
    model = load_roster(Settings())[name]
    body = build_body(model)
    roots = head_hair(grow_hair(model, body))[:, 0]
    crown = roots[roots[:, 2] > body.rest.joints_m["eye.L"][2] + 0.06, :2]
    away = crown - (crown.min(axis=0) + crown.max(axis=0)) / 2
    sides = np.histogram(np.arctan2(away[:, 0], away[:, 1]), 12, (-np.pi, np.pi))[0]
    assert (sides / sides[::-1]).min() > 0.8


@pytest.mark.parametrize("style", ["long-straight", "long-wavy", "shoulder-length"])
def test_long_hair_does_not_pinch_in_beside_the_neck(style: str, body: Body) -> None:
    posed = body.posed(load_pose("standing"))
    points, surface = head_hair(pose_hair(grown(style), body, posed)), head_surface(posed.vertices_m)
    spot = surface.contact(points.reshape(-1, 3)).spot_mm
    jaw_mm, neck_mm = (
        np.percentile(np.abs(spot[(spot[:, 2] > low) & (spot[:, 2] < low + 15), 0]), 95) for low in (-75, -125)
    )
    assert neck_mm > 0.83 * jaw_mm
