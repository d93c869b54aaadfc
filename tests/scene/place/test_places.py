"""Places behind the model: the same room in every framing, and its floor where the camera sees it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import make_mannequin, make_shirt, make_skin
from vmodel.core.colour import LUMINANCE, to_linear
from vmodel.scene import FRAMINGS, LIGHTS, Scene, frame_camera, project_points, render_conditions, render_draft
from vmodel.scene.place.catalogue import PLACES, draw_place
from vmodel.scene.place.view import paint_place
from vmodel.types import Camera, FloatArray

SIZE = (512, 384)
WALLS = [name for name, place in PLACES.items() if place.wall is not None]


def seen(scene: Scene, framing: str = "full", view: str = "front") -> Camera:
    return frame_camera(scene.posed, scene.drape, view, framing, SIZE)


def painted(scene: Scene, name: str, camera: Camera, light: str = "soft-key") -> FloatArray:
    return paint_place(name, camera, scene.lighting_for(light, camera))


def on_wall(camera: Camera, behind_m: float, across_m: float, up_m: float) -> FloatArray:
    return behind_m * camera.rotation[2] + across_m * camera.rotation[0] + np.array([0, 0, up_m])


@pytest.mark.parametrize("name", PLACES)
def test_every_framing_shows_the_place_without_burnt_or_black_areas(dressed: Scene, name: str) -> None:
    for framing in FRAMINGS:
        plate = painted(dressed, name, seen(dressed, framing))
        assert plate.shape == (*SIZE, 3)
        assert np.isfinite(plate).all()
        assert plate.min() >= 0
        light = plate @ LUMINANCE
        assert 0.1 < np.median(light) < 0.95, framing
        # Only the window of the living room is brighter than white cloth.
        assert (light > 1).mean() < (0.2 if name == "living-room" else 0.02), framing


@pytest.mark.parametrize("name", PLACES)
def test_a_name_gives_the_same_pixels_when_the_place_is_drawn_anew(dressed: Scene, name: str) -> None:
    camera = seen(dressed)
    first = painted(dressed, name, camera)
    draw_place.cache_clear()
    np.testing.assert_array_equal(painted(dressed, name, camera), first)


@pytest.mark.parametrize("name", WALLS)
@pytest.mark.parametrize("focal_mm", [35, 85])
def test_the_floor_meets_the_wall_where_the_camera_sees_it(dressed: Scene, name: str, focal_mm: int) -> None:
    camera = frame_camera(dressed.posed, dressed.drape, "front", "full", SIZE, focal_mm)
    corner, _ = project_points(on_wall(camera, PLACES[name].ends_m, 0, 0), camera)
    row = round(float(corner[1]))
    assert 0.5 * SIZE[0] < row < SIZE[0] - 20
    plate = painted(dressed, name, camera)
    wall, floor = plate[row - 60 : row, :60], plate[row:, :60]
    # The plate of a wall without its floor differs from the picture below this row, and nowhere above.
    ends = np.abs(np.diff(np.log(plate[:, :80].mean(axis=(1, 2)))))
    near = ends[row - 12 : row + 12].max()
    assert near > 3 * np.median(ends[row - 60 : row + 20])
    assert np.linalg.norm(wall.mean(axis=(0, 1)) - floor.mean(axis=(0, 1))) > 0.01


def test_a_closer_framing_shows_another_part_of_the_same_wall(dressed: Scene) -> None:
    far, near = seen(dressed), seen(dressed, "upper")
    plates = [painted(dressed, "panelling", camera) @ LUMINANCE for camera in (far, near)]
    found = []
    for across in np.linspace(-0.45, 0.45, 31):
        for up in (1.2, 1.35, 1.5):
            sent = []
            for camera, plate in zip((far, near), plates, strict=True):
                place, _ = project_points(on_wall(camera, PLACES["panelling"].ends_m, float(across), up), camera)
                column, row = np.round(place - 0.5).astype(int)
                if not (1 <= row < SIZE[0] - 1 and 1 <= column < SIZE[1] - 1):
                    break
                sent.append(float(plate[row - 1 : row + 2, column - 1 : column + 2].mean()))
            if len(sent) == 2:
                found.append(sent)
    assert len(found) > 40
    assert np.corrcoef(np.array(found).T)[0, 1] > 0.8


def test_the_place_stays_while_the_model_turns(dressed: Scene) -> None:
    front, side = seen(dressed), seen(dressed, view="side")
    turned = replace(front, rotation=side.rotation, position_m=side.rotation.T @ front.rotation @ front.position_m)
    first, second = (painted(dressed, "white-brick", camera)[:200] for camera in (front, turned))
    assert np.abs(first - second).max() < 0.02


def test_polished_floors_mirror_the_shoes_and_paper_does_not(dressed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = seen(dressed)
    changed = {}
    for name in ("concrete", "paper-sand"):
        shown = render_draft(dressed, camera, background=name).astype(int)
        with monkeypatch.context() as without:
            without.setattr("vmodel.scene.render.draft.mirror_person", lambda plate, *_: plate)
            changed[name] = np.abs(render_draft(dressed, camera, background=name).astype(int) - shown).max(axis=2)
    empty = render_conditions(dressed, camera).person_mask == 0
    assert (changed["concrete"][empty] > 2).sum() > 50
    assert changed["paper-sand"].max() == 0


def test_grain_leaves_the_model_alone_and_stays_within_a_few_steps(
    dressed: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = seen(dressed)
    garment = render_conditions(dressed, camera).garment_mask > 0.999
    grainy = render_draft(dressed, camera, background="plaster").astype(int)
    monkeypatch.setattr("vmodel.scene.place.view._GRAIN", 0.0)
    apart = np.abs(grainy - render_draft(dressed, camera, background="plaster"))
    assert apart[garment].max() == 0
    assert 0.3 < apart[:100, :60].mean() < 2
    assert apart.max() <= 8


def test_the_lights_look_different_on_model_and_wall(dressed: Scene) -> None:
    camera = seen(dressed)
    shown = {light: render_draft(dressed, camera, light=light, background="plaster") for light in LIGHTS}
    assert len(shown) == 8
    names = list(shown)
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            apart = np.abs(shown[first].astype(int) - shown[second]).mean()
            assert apart > 2, (first, second, apart)


def test_sun_draws_the_finest_edge_and_low_key_the_darkest_wall(dressed: Scene) -> None:
    camera = seen(dressed)
    edges = {}
    for light in LIGHTS:
        floor = dressed.lighting_for(light, camera).floor
        steps = np.abs(np.diff(floor.open_share)) / floor.cell_m
        middle, away = len(steps) // 2, round(0.6 / floor.cell_m)
        edges[light] = steps[middle + away :].max()  # behind the model, away from its shoes
    assert max(edges, key=lambda light: edges[light]) == "hard-sun"
    walls = {light: np.median(painted(dressed, "plaster", camera, light)[:200]) for light in LIGHTS}
    assert min(walls, key=lambda light: walls[light]) == "low-key"
    assert walls["low-key"] < 0.5 * walls["soft-key"]


@pytest.mark.parametrize("name", [name for name in PLACES if name not in WALLS])
def test_what_is_far_darkens_with_the_floor_before_it(dressed: Scene, name: str) -> None:
    camera = seen(dressed)
    soft, low = (painted(dressed, name, camera, light) @ LUMINANCE for light in ("soft-key", "low-key"))
    far, near = (np.median(low[rows] / soft[rows]) for rows in (slice(100), slice(-60, None)))
    assert near < 0.75
    assert abs(np.log2(far / near)) < 0.4


@pytest.fixture(scope="module")
def plain() -> dict[int, Scene]:
    """Return the model in white and in black cloth, by grey."""
    body, posed = make_mannequin()
    drape, garment = make_shirt()
    white = Scene(posed, body, make_skin(), None, drape, garment)
    return {
        grey: white.with_textures(
            replace(garment, textures=tuple(np.full_like(each, grey) for each in garment.textures))
        )
        for grey in (245, 24)
    }


@pytest.mark.parametrize("light", LIGHTS)
def test_no_light_burns_white_cloth_or_drowns_black_cloth(light: str, plain: dict[int, Scene]) -> None:
    for grey, least, most in ((245, 150, 252), (24, 16, 40)):
        camera = seen(plain[grey])
        mask = render_conditions(plain[grey], camera).garment_mask > 0.999
        cloth, soft = (render_draft(plain[grey], camera, light=each)[mask] for each in (light, "soft-key"))
        assert (cloth.min(axis=1) == 255).mean() < 0.01
        assert least < np.median(cloth) < most
        assert abs(np.log2(to_linear(cloth).mean() / to_linear(soft).mean())) < 0.6
