from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.support.garments.mannequin import (
    TORSO_RADIUS_M,
    colour_chart,
    make_hair,
    make_mannequin,
    make_shirt,
    make_skin,
)
from vmodel.scene import (
    PART_NAMES,
    Scene,
    TracedLight,
    frame_camera,
    project_points,
    render_conditions,
    shrink,
    trace_light,
)
from vmodel.types import Camera, ConditionMaps, IntArray

SIZE = (512, 384)
_BODY = [PART_NAMES.index(name) for name in ("skin", "base layer")]


@pytest.fixture(scope="module")
def loose() -> Scene:
    body, posed = make_mannequin()
    drape, garment = make_shirt(TORSO_RADIUS_M + 0.04)
    return Scene(posed, body, make_skin(), None, drape, garment)


@pytest.fixture(scope="module")
def camera(loose: Scene) -> Camera:
    return frame_camera(loose.posed, loose.drape, "front", "full", SIZE)


@pytest.fixture(scope="module")
def maps(loose: Scene, camera: Camera) -> ConditionMaps:
    return render_conditions(loose, camera)


@pytest.fixture(scope="module")
def traced(loose: Scene, camera: Camera) -> TracedLight:
    return trace_light(loose, camera, "beauty")


def below_the_hem(maps: ConditionMaps, first: int, last: int) -> tuple[IntArray, IntArray]:
    """Return rows and columns of the body's pixels from ``first`` up to ``last`` below the shirt."""
    cloth = maps.garment_mask > 0.5
    columns = np.flatnonzero(cloth.any(axis=0))
    hem = SIZE[0] - 1 - cloth[::-1, columns].argmax(axis=0)
    rows = hem[None] + np.arange(first, last)[:, None]
    wide = np.broadcast_to(columns, rows.shape)
    body = np.isin(maps.parts[rows, wide], _BODY) & (maps.person_mask[rows, wide] > 0.99)
    return rows[body], wide[body]


def test_the_hem_throws_a_shadow_on_what_is_right_below_it(maps: ConditionMaps, traced: TracedLight) -> None:
    shadow, lit = (traced.light[below_the_hem(maps, *rows)].mean() for rows in ((3, 9), (25, 40)))
    assert shadow < 0.7 * lit


def test_what_lies_below_a_red_shirt_gets_red_light(camera: Camera, maps: ConditionMaps) -> None:
    def warmth(red: int, blue: int) -> float:
        body, posed = make_mannequin()
        drape, garment = make_shirt(TORSO_RADIUS_M + 0.04, np.full_like(colour_chart(), (red, 40, blue)))
        skin = make_skin()
        grey = replace(skin, albedo=np.full_like(skin.albedo, 0.5))
        traced = trace_light(Scene(posed, body, grey, None, drape, garment), camera, "soft-key")
        light = traced.light[below_the_hem(maps, 3, 9)].mean(axis=0)
        return float(np.log(light[0] / light[2]))

    assert warmth(220, 40) > warmth(40, 220) + 0.01


def test_the_inside_of_a_white_shirt_is_no_lamp(camera: Camera, maps: ConditionMaps) -> None:
    def light(cloth: int) -> float:
        body, posed = make_mannequin()
        drape, garment = make_shirt(TORSO_RADIUS_M + 0.04, np.full_like(colour_chart(), cloth))
        traced = trace_light(Scene(posed, body, make_skin(), None, drape, garment), camera, "soft-key")
        return float(traced.light[below_the_hem(maps, 1, 6)].mean())

    assert 1 < light(250) / light(5) < 1.4


def test_a_leg_mirrors_the_dome_where_nothing_is_in_the_way(
    camera: Camera, maps: ConditionMaps, traced: TracedLight
) -> None:
    around = (traced.gloss - traced.lamp_gloss).mean(axis=2)
    close, far = (around[below_the_hem(maps, *rows)].mean() for rows in ((1, 6), (25, 40)))
    assert 0 < close < 0.8 * far


def test_nothing_is_told_of_the_backdrop_and_everything_is_finite(maps: ConditionMaps, traced: TracedLight) -> None:
    nobody, cloth = maps.person_mask == 0, maps.garment_mask > 0.99
    planes = traced.albedo, traced.drawn_light, traced.drawn_gloss, traced.light, traced.gloss, traced.lamp_gloss
    for plane in planes:
        assert plane.shape == (*SIZE, 3)
        assert np.isfinite(plane).all()
        assert not plane[nobody].any()
    assert (traced.lamp_gloss <= traced.gloss + 1e-5).all()
    assert traced.light[cloth].min() > 0
    assert np.abs(traced.cloth - maps.garment_mask).max() < 0.2


def test_the_print_stays_where_the_draft_has_it_though_cloth_has_creases(
    loose: Scene, maps: ConditionMaps, traced: TracedLight
) -> None:
    assert np.abs(loose.creased.geometry.vertices_m - loose.geometry.vertices_m).max() > 1e-3
    cloth = maps.garment_mask > 0.99
    assert np.abs(traced.albedo - maps.albedo)[cloth].mean() < 0.01
    # Light and gloss have no edges at those of the chart's fields.
    fields = np.abs(np.diff(maps.albedo.mean(axis=2), axis=1))
    steps = np.abs(np.diff(traced.light.mean(axis=2), axis=1))
    inner = cv2.erode(cloth.astype(np.uint8), np.ones((9, 9)))[:, 1:] > 0
    edges = inner & (fields > 0.1)
    assert edges.any()
    assert np.median(steps[edges]) < 2 * np.median(steps[inner & ~edges]) + 1e-3


def test_cloth_that_creases_draw_back_from_is_lit_like_the_cloth_beside_it(camera: Camera) -> None:
    body, posed = make_mannequin()
    drape, garment = make_shirt(TORSO_RADIUS_M + 0.04)
    squeezed = replace(drape, rest_lengths_m=drape.rest_lengths_m / np.float32(0.8))
    scene = Scene(posed, body, make_skin(), None, squeezed, garment)
    traced, maps = trace_light(scene, camera, "bright"), render_conditions(scene, camera)
    edge = (maps.garment_mask > 0.3) & (maps.garment_mask < 0.9) & (traced.cover > 0.3)
    inner = maps.garment_mask > 0.99
    assert edge.sum() > 50
    light = traced.light.mean(axis=2)
    beside = cv2.erode(np.where(inner, light, 9).astype(np.float32), np.ones((7, 7)))
    known = edge & (beside < 9)
    assert (light[known] > 0.4 * beside[known]).all()


def test_light_of_a_smaller_picture_is_the_same_light(loose: Scene, camera: Camera, traced: TracedLight) -> None:
    small = trace_light(loose, shrink(camera, SIZE[0] // 2), "beauty")
    assert small.light.shape[:2] == (SIZE[0] // 2, SIZE[1] // 2)
    large = traced.light.reshape(SIZE[0] // 2, 2, SIZE[1] // 2, 2, 3)
    inside = (large != 0).all(axis=(1, 3, 4))
    means = large.mean(axis=(1, 3))[inside]
    assert np.abs(np.log(means / small.light[inside])).mean() < 0.06


def test_the_same_seed_gives_the_same_light(loose: Scene, camera: Camera, traced: TracedLight) -> None:
    again = trace_light(loose, camera, "beauty")
    assert np.array_equal(again.light, traced.light)
    assert np.array_equal(again.gloss, traced.gloss)


def test_brows_throw_a_shadow_on_the_skin_below_them(camera: Camera) -> None:
    body, posed = make_mannequin()
    hair = make_hair()
    chest = np.array([0, -TORSO_RADIUS_M - 0.002, 1.2], np.float32)
    spread = np.random.default_rng(3).uniform(-0.03, 0.03, (len(hair.points_m), 1, 3)) * [1, 0, 1]
    along = np.linspace(-0.004, 0.004, hair.points_m.shape[1])[None, :, None] * np.array([1, 0, 0])
    brow = replace(
        hair,
        points_m=(chest + spread + along).astype(np.float32),
        kind=np.ones_like(hair.kind),
    )
    bare, shaded = (
        trace_light(Scene(posed, body, make_skin(), strands, None, None), camera, "beauty").light
        for strands in (None, brow)
    )
    changed = np.argwhere(shaded.mean(axis=2) < 0.9 * bare.mean(axis=2))
    column, row = project_points(chest[None], camera)[0][0]
    assert len(changed)
    assert np.abs(changed - [row, column]).max() < 25


def test_a_lock_throws_its_shadow_on_skin_but_not_at_its_roots(camera: Camera) -> None:
    body, posed = make_mannequin()
    hair = make_hair()
    count, knots = hair.points_m.shape[:2]
    across = np.linspace(-0.07, 0.07, knots)[None, :, None] * np.array([1, 0, 0])
    spread = np.random.default_rng(3).uniform(-0.02, 0.02, (count, 1, 1)) * np.array([0, 0, 1])
    points = np.array([0, 0, 1.2]) + spread + across
    points[..., 1] = -np.sqrt((TORSO_RADIUS_M + 0.002) ** 2 - points[..., 0] ** 2)
    lock = replace(hair, points_m=points.astype(np.float32), radius_m=np.full((count, knots), 8e-4, np.float32))
    bare, shaded = (
        trace_light(Scene(posed, body, make_skin(), strands, None, None), camera, "beauty").light.mean(axis=2)
        for strands in (None, lock)
    )
    spots = project_points(points[0, [0, knots // 2]], camera)[0].round().astype(int)
    roots, middle = (
        float((shaded / np.maximum(bare, 1e-3))[row - 2 : row + 3, column].mean()) for column, row in spots
    )
    assert middle < 0.75
    assert roots > 0.92
