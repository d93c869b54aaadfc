from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from tests.support.garments.mannequin import TORSO_RADIUS_M, colour_chart, make_mannequin, make_shirt, make_skin
from vmodel.core.colour import to_linear
from vmodel.errors import UnknownBackground, UnknownLight
from vmodel.scene import LIGHTS, PART_NAMES, Scene, frame_camera, read_background, render_conditions, render_draft
from vmodel.scene.camera.close_up import close_up
from vmodel.types import Camera, Drape

SIZE = (512, 384)


@pytest.fixture(scope="module")
def camera(dressed: Scene) -> Camera:
    return frame_camera(dressed.posed, dressed.drape, "front", "full", SIZE)


def test_the_same_seed_gives_the_same_pixels_from_a_fresh_scene(camera: Camera) -> None:
    def once() -> np.ndarray:
        body, posed = make_mannequin()
        drape, garment = make_shirt()
        return render_draft(Scene(posed, body, make_skin(), None, drape, garment), camera, seed=7)

    assert np.array_equal(once(), once())


def test_a_white_backdrop_is_pure_white_in_the_corners_and_carries_a_soft_shadow(
    dressed: Scene, camera: Camera
) -> None:
    picture = render_draft(dressed, camera, background="white")
    for corner in (picture[:20, :20], picture[:20, -20:], picture[-5:, :20], picture[-5:, -20:]):
        assert (corner == 255).all()
    feet = picture[int(0.93 * SIZE[0]) : int(0.97 * SIZE[0])]
    assert feet.min() < 235


def test_a_transparent_picture_has_straight_alpha(undressed: Scene, camera: Camera) -> None:
    picture = render_draft(undressed, camera, background="transparent")
    maps = render_conditions(undressed, camera)
    alpha = picture[..., 3] / 255
    assert picture.shape == (*SIZE, 4)
    unlike = np.abs(alpha - maps.person_mask)
    near = close_up(undressed.geometry, camera)
    assert near is not None
    neck = near.box[0] + near.box[2]
    assert unlike[neck:].max() < 0.02
    # The head's edge is measured more finely than the map's.
    assert unlike[:neck].mean() < 0.002
    soft = (alpha > 0.3) & (alpha < 0.7)
    solid = alpha > 0.99
    # Straight, not premultiplied: half-covered pixels are as bright as their covered neighbours.
    assert soft.sum() > 50
    assert picture[soft][:, :3].mean() > 0.6 * picture[solid][:, :3].mean()


def test_every_preset_lights_the_garment_neutrally(dressed: Scene, camera: Camera) -> None:
    maps = render_conditions(dressed, camera)
    row, column = np.nonzero((maps.garment_mask > 0.999) & (maps.normals[..., 2] < -0.6))
    albedo = maps.albedo[row, column]
    for light in LIGHTS:
        shaded = to_linear(render_draft(dressed, camera, light=light)[row, column])
        gain = np.median(shaded / np.maximum(albedo, 0.01), axis=0)
        assert 0.6 < gain.mean() < 1.15, light
        assert gain == pytest.approx(gain.mean(), rel=0.07), light


def test_the_base_layer_never_shows_through_cloth_that_it_pokes_through(camera: Camera) -> None:
    body, posed = make_mannequin()
    drape, garment = make_shirt()
    points = drape.vertices_m.copy()
    inward = points[::3] * [1, 1, 0]
    points[::3] -= inward / np.linalg.norm(inward, axis=1, keepdims=True) * 0.014
    poked = Drape(**{**drape.__dict__, "vertices_m": points})
    assert np.hypot(points[:, 0], points[:, 1]).min() < TORSO_RADIUS_M - 0.005
    for view in ("front", "side", "back"):
        scene = Scene(posed, body, make_skin(), None, poked, garment)
        seen = frame_camera(posed, poked, view, "full", SIZE)
        parts, picture = render_conditions(scene, seen).parts, render_draft(scene, seen)
        rows = np.nonzero((parts == PART_NAMES.index("garment")).any(axis=1))[0][5:-5]
        assert (parts[rows] != PART_NAMES.index("base layer")).all()
        green = (picture[rows, :, 1] > 120) & (picture[rows][..., [0, 2]] < 60).all(axis=2)
        assert not green.any()


def test_a_body_without_garment_wears_its_base_layer(undressed: Scene, camera: Camera) -> None:
    parts = render_conditions(undressed, camera).parts
    picture = render_draft(undressed, camera)
    base = parts == PART_NAMES.index("base layer")
    assert base.sum() > 3000
    assert (picture[base][:, 1] > picture[base][:, 0]).mean() > 0.99


def test_outlines_against_the_backdrop_have_steps_in_between(dressed: Scene, camera: Camera) -> None:
    picture = render_draft(dressed, camera, background="#ffffff").astype(int)
    row = picture[int(0.85 * SIZE[0])].mean(axis=1)
    edge = int(np.argmax(np.abs(np.diff(row[: SIZE[1] // 2]))))
    line = picture[int(0.8 * SIZE[0]) : int(0.9 * SIZE[0]), edge - 2 : edge + 4].mean(axis=2)
    assert len(np.unique(np.round(line, -1))) >= 4


def test_a_small_head_is_drawn_larger_and_shrunk_and_nothing_else_changes(
    dressed: Scene, camera: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    near = close_up(dressed.geometry, camera)
    assert near is not None
    assert near.factor > 1
    fine = render_draft(dressed, camera).astype(int)
    monkeypatch.setattr("vmodel.scene.render.draft.close_up", lambda *_: None)
    plain = render_draft(dressed, camera).astype(int)
    top, left, height, width = near.box
    window = np.zeros(SIZE, bool)
    window[top : top + height, left : left + width] = True
    assert np.array_equal(fine[~window], plain[~window])
    # The same head at the same place: alike from afar, not pixel by pixel. Finer hair covers more.
    seen, was = fine[window].reshape(height, width, 3), plain[window].reshape(height, width, 3)
    assert not np.array_equal(seen, was)
    assert np.abs(seen.mean(axis=(0, 1)) - was.mean(axis=(0, 1))).max() < 6


def test_a_pipeline_that_looks_at_the_head_gets_the_draft_s_own_close_up(dressed: Scene, camera: Camera) -> None:
    near = close_up(dressed.geometry, camera)
    assert near is not None
    anew = Scene(dressed.posed, dressed.body, dressed.skin, dressed.hair, dressed.drape, dressed.garment)
    apart = render_draft(anew, near.camera, background="transparent")
    render_draft(dressed, camera)
    lighting = dressed.lighting_for("soft-key", camera)
    assert dressed.drawn_near(near.camera, lighting) is not None
    np.testing.assert_array_equal(render_draft(dressed, near.camera, background="transparent"), apart)
    # A scene with another light or another print does not reuse the close-up drawn for this one.
    assert dressed.drawn_near(near.camera, dressed.lighting_for("daylight", camera)) is None
    assert dressed.garment is not None
    assert dressed.with_textures(dressed.garment).drawn_near(near.camera, lighting) is None


def test_a_head_that_is_large_already_is_drawn_as_it_is(dressed: Scene) -> None:
    assert close_up(dressed.geometry, frame_camera(dressed.posed, None, "front", "upper", (2048, 1536))) is None


def test_white_garments_keep_their_folds_instead_of_clipping() -> None:
    body, posed = make_mannequin()
    drape, garment = make_shirt(texture=np.full((240, 360, 3), 245, np.uint8))
    scene = Scene(posed, body, make_skin(), None, drape, garment)
    camera = frame_camera(posed, drape, "front", "full", SIZE)
    mask = render_conditions(scene, camera).garment_mask > 0.999
    assert (render_draft(scene, camera)[mask].min(axis=1) == 255).mean() < 0.01


@pytest.mark.parametrize("name", ["light-grey", "grey", "warm-grey", "dark", "gradient", "#c04020", "c04020"])
def test_backdrops_have_their_colour_round_the_model(dressed: Scene, camera: Camera, name: str) -> None:
    picture = render_draft(dressed, camera, background=name)
    wanted = to_linear(np.zeros(3)) + read_background(name).colour
    beside = to_linear(picture[int(0.4 * SIZE[0]), 20:60]).mean(axis=0)
    assert beside == pytest.approx(wanted, rel=0.25, abs=0.01)


def test_a_picture_backdrop_covers_the_frame_and_can_be_blurred(dressed: Scene, camera: Camera, tmp_path) -> None:
    stripes = np.zeros((100, 300, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(tmp_path / "wall.png")
    sharp = render_draft(dressed, camera, background=str(tmp_path / "wall.png"))
    blurred = render_draft(dressed, camera, background=f"blur:{tmp_path / 'wall.png'}")
    assert sharp[:100, :50].std() > 3 * blurred[:100, :50].std()


@pytest.mark.parametrize("name", ["pink-ish", "#12345", "no/such/file.jpg"])
def test_unknown_backgrounds_are_refused(name: str) -> None:
    with pytest.raises(UnknownBackground, match="white"):
        read_background(name)


def test_a_text_file_is_no_background(tmp_path) -> None:
    (tmp_path / "wall.jpg").write_text("not a picture")
    with pytest.raises(UnknownBackground):
        read_background(str(tmp_path / "wall.jpg"))


def test_unknown_lights_are_refused(dressed: Scene, camera: Camera) -> None:
    with pytest.raises(UnknownLight, match="soft-key"):
        render_draft(dressed, camera, light="candle")


def test_a_seated_pose_gets_a_stool_that_stands_on_the_floor() -> None:
    body, posed = make_mannequin(seated=True)
    lifted = posed.vertices_m + np.array([0, 0, 0.45], np.float32)
    joints = {name: point + np.array([0, 0, 0.45], np.float32) for name, point in posed.joints_m.items()}
    raised = type(posed)(lifted, posed.faces, joints, posed.bone_poses, posed.pose)
    scene = Scene(raised, body, make_skin(), None, None, None)
    camera = frame_camera(raised, None, "front", "full", SIZE)
    maps = render_conditions(scene, camera)
    stool = maps.parts == PART_NAMES.index("stool")
    assert stool.sum() > 2000
    assert (maps.person_mask[stool] < 0.01).mean() > 0.9
    assert (render_draft(scene, camera)[stool].mean(axis=0) > 60).all()


def test_prints_stay_sharp_when_a_small_photo_is_shown_large(dressed: Scene) -> None:
    close = frame_camera(dressed.posed, dressed.drape, "front", "detail", (768, 576))
    maps = render_conditions(dressed, close)
    assert maps.albedo.shape == (768, 576, 3)
    chart = to_linear(colour_chart()).reshape(-1, 3)
    assert maps.albedo[maps.warp_texture == 0].max() <= chart.max() + 0.08
    row, column = np.nonzero(maps.warp_texture == 0)
    x = maps.warp_px[row, column, 0]
    # Four photo pixels from a patch's border, on either side, the neighbour's colour is gone.
    clear = np.abs(x % 60 - 30) < 26
    flat = to_linear(colour_chart()[maps.warp_px[row, column, 1].astype(int).clip(0, 239), x.astype(int).clip(0, 359)])
    inner = clear & (np.abs(maps.warp_px[row, column, 1] % 60 - 30) < 26)
    assert np.abs(maps.albedo[row, column] - flat)[inner].max() < 0.02


def test_shading_in_small_batches_changes_no_pixel_and_no_map(dressed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    camera = frame_camera(dressed.posed, dressed.drape, "front", "detail", (384, 288))
    whole, maps = render_draft(dressed, camera), render_conditions(dressed, camera)
    monkeypatch.setattr("vmodel.scene.camera.gbuffer.BATCH", 777)
    # A processor's vector units may treat the last elements of a batch differently, in the last bit of the light.
    apart = np.abs(render_draft(dressed, camera).astype(int) - whole)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 1e-3
    again = render_conditions(dressed, camera)
    for name in vars(maps):
        assert np.array_equal(getattr(again, name), getattr(maps, name), equal_nan=True), name


def test_another_print_on_the_same_cloth_is_drawn_as_if_all_were_new(dressed: Scene, camera: Camera) -> None:
    drape, garment = make_shirt()
    other = replace(garment, textures=tuple(np.ascontiguousarray(each[:, ::-1]) for each in garment.textures))
    anew = Scene(dressed.posed, dressed.body, dressed.skin, dressed.hair, dressed.drape, other)
    assert dressed.drape is not None
    np.testing.assert_array_equal(drape.vertices_m, dressed.drape.vertices_m)
    before = render_draft(dressed, camera)
    twin = dressed.with_textures(other)
    assert twin.geometry.all_surfaces is dressed.geometry.all_surfaces  # rays are traced through the same mesh
    assert twin.gbuffer_for(camera) is dressed.gbuffer_for(camera)
    np.testing.assert_array_equal(render_draft(twin, camera), render_draft(anew, camera))
    assert not np.array_equal(render_draft(twin, camera), before)
    np.testing.assert_array_equal(render_draft(dressed, camera), before)


def test_nearly_black_cloth_keeps_its_hue(camera: Camera) -> None:
    body, posed = make_mannequin()
    drape, garment = make_shirt()
    violet = tuple(np.full_like(texture, (23, 20, 35)) for texture in garment.textures)
    scene = Scene(posed, body, make_skin(), None, drape, replace(garment, textures=violet))
    seen = render_conditions(scene, camera).garment_mask > 0.999
    red, _, blue = to_linear(render_draft(scene, camera)[seen]).mean(axis=0)
    dyed_red, _, dyed_blue = to_linear(np.array([[23, 20, 35]], np.uint8))[0]
    assert blue / red == pytest.approx(dyed_blue / dyed_red, rel=0.12)
