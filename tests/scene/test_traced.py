from dataclasses import replace

import numpy as np
import pytest
from mannequin import TORSO_RADIUS_M, colour_chart, make_mannequin, make_shirt, make_skin

from vmodel.scene import PART_NAMES, TRACED_PLANES, Scene, frame_camera, render_conditions, shrink, trace_light
from vmodel.types import Camera, ConditionMaps, FloatArray, IntArray

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
def traced(loose: Scene, camera: Camera) -> FloatArray:
    return trace_light(loose, camera, "beauty")


def below_the_hem(maps: ConditionMaps, first: int, last: int) -> tuple[IntArray, IntArray]:
    """Rows and columns of the body's pixels so far below the shirt."""
    cloth = maps.garment_mask > 0.5
    columns = np.flatnonzero(cloth.any(axis=0))
    hem = SIZE[0] - 1 - cloth[::-1, columns].argmax(axis=0)
    rows = hem[None] + np.arange(first, last)[:, None]
    wide = np.broadcast_to(columns, rows.shape)
    body = np.isin(maps.parts[rows, wide], _BODY) & (maps.person_mask[rows, wide] > 0.99)
    return rows[body], wide[body]


def test_the_hem_throws_a_shadow_on_what_is_right_below_it(maps: ConditionMaps, traced: FloatArray) -> None:
    shadow, lit = (traced[below_the_hem(maps, *rows)][:, 4].mean() for rows in ((3, 9), (25, 40)))
    assert shadow < lit - 0.4


def test_what_lies_below_a_red_shirt_gets_red_light(camera: Camera, maps: ConditionMaps) -> None:
    def warmth(red: int, blue: int) -> float:
        body, posed = make_mannequin()
        drape, garment = make_shirt(TORSO_RADIUS_M + 0.04, np.full_like(colour_chart(), (red, 40, blue)))
        skin = make_skin()
        grey = replace(skin, albedo=np.full_like(skin.albedo, 0.5))
        planes = trace_light(Scene(posed, body, grey, None, drape, garment), camera, "soft-key")
        light = planes[below_the_hem(maps, 3, 9)].mean(axis=0)
        return float(light[0] - light[2])

    assert warmth(220, 40) > warmth(40, 220) + 0.01


def test_nothing_is_told_of_the_backdrop_and_everything_is_finite(maps: ConditionMaps, traced: FloatArray) -> None:
    assert traced.shape == (*SIZE, TRACED_PLANES)
    assert np.isfinite(traced).all()
    assert not traced[maps.person_mask == 0].any()
    assert traced[maps.garment_mask > 0.99].any(axis=1).all()


def test_light_of_a_smaller_picture_is_the_same_light(loose: Scene, camera: Camera, traced: FloatArray) -> None:
    small = trace_light(loose, shrink(camera, SIZE[0] // 2), "beauty")
    assert small.shape[:2] == (SIZE[0] // 2, SIZE[1] // 2)
    large = traced.reshape(SIZE[0] // 2, 2, SIZE[1] // 2, 2, -1)
    inside = (large[..., 4] != 0).all(axis=(1, 3))
    assert np.abs(large.mean(axis=(1, 3)) - small)[inside].mean() < 0.06


def test_the_same_seed_gives_the_same_light(loose: Scene, camera: Camera, traced: FloatArray) -> None:
    assert np.array_equal(trace_light(loose, camera, "beauty"), traced)
