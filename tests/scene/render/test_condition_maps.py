from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.garments.mannequin import CHART_PX_PER_M, SHIRT_HIGH_M, SHIRT_LOW_M, colour_chart
from vmodel.core.colour import to_linear
from vmodel.errors import OutputNotWritable
from vmodel.scene import PART_NAMES, Scene, frame_camera, project_points, render_conditions, save_maps
from vmodel.scene.render.pose_map import COLOURS, draw_pose_map
from vmodel.types import Camera, ConditionMaps

SIZE = (512, 384)


@pytest.fixture(scope="module")
def camera(dressed: Scene) -> Camera:
    return frame_camera(dressed.posed, dressed.drape, "front", "full", SIZE)


@pytest.fixture(scope="module")
def maps(dressed: Scene, camera: Camera) -> ConditionMaps:
    return render_conditions(dressed, camera)


def test_keypoints_lie_where_the_camera_projects_them(dressed: Scene, camera: Camera, maps: ConditionMaps) -> None:
    expected, _ = project_points(dressed.body.keypoints(dressed.posed), camera)
    assert maps.keypoints_px[:, :2] == pytest.approx(expected, abs=0.01)
    assert (maps.keypoints_px[:, 2] == 1).all()


def test_keypoints_outside_the_picture_are_marked_and_not_drawn(dressed: Scene) -> None:
    upper = frame_camera(dressed.posed, dressed.drape, "front", "upper", SIZE)
    keypoints = render_conditions(dressed, upper).keypoints_px
    assert keypoints[0, 2] == 1
    assert keypoints[-1, 2] == 0


def test_the_warp_map_leads_every_garment_pixel_back_to_its_photo_pixel(camera: Camera, maps: ConditionMaps) -> None:
    row, column = np.nonzero(maps.warp_texture == 0)
    assert len(row) > 5000
    warp = maps.warp_px[row, column]
    chart = colour_chart()
    # On the front of a tube the photo's x is the world's x, and its y the height.
    depth = maps.depth_m[row, column]
    x_m = (column + 0.5 - camera.centre_px[0]) / camera.focal_px * depth + camera.position_m[0]
    z_m = camera.position_m[2] - (row + 0.5 - camera.centre_px[1]) / camera.focal_px * depth
    outside = maps.normals[row, column, 2] < 0
    assert warp[:, 0] == pytest.approx(x_m * CHART_PX_PER_M + chart.shape[1] / 2, abs=1.5)
    assert warp[outside, 1] == pytest.approx(
        chart.shape[0] - 10 - (z_m[outside] - SHIRT_LOW_M) * CHART_PX_PER_M, abs=1.5
    )


def test_the_garments_albedo_is_the_photos_colour(maps: ConditionMaps) -> None:
    row, column = np.nonzero((maps.warp_texture == 0) & (maps.garment_mask > 0.999))
    x, y = maps.warp_px[row, column].T
    inside = (np.abs(x % 60 - 30) < 22) & (np.abs(y % 60 - 30) < 22)
    photo = to_linear(colour_chart()[y.astype(int).clip(0, 239), x.astype(int).clip(0, 359)])
    assert np.abs(maps.albedo[row, column] - photo)[inside].max() < 0.01


def test_parts_name_skin_face_garment_base_layer_and_hair(maps: ConditionMaps) -> None:
    seen = {PART_NAMES[index] for index in np.unique(maps.parts)}
    assert seen == {"background", "skin", "face", "garment", "base layer", "hair"}
    assert PART_NAMES[maps.parts[0, 0]] == "background"


def test_hair_in_front_of_cloth_takes_its_pixels_from_the_garment_mask_and_the_warp(maps: ConditionMaps) -> None:
    hair = maps.hair_mask > 0.9
    assert hair.any()
    assert (maps.garment_mask[hair] < 0.11).all()
    assert (maps.warp_texture[hair] == 255).all()
    assert np.isnan(maps.warp_px[hair]).all()


def test_masks_are_soft_at_outlines_and_full_inside(maps: ConditionMaps) -> None:
    cloth = maps.garment_mask
    assert ((cloth > 0.05) & (cloth < 0.95)).sum() > 300
    assert (cloth > 0.999).sum() > 5000
    # A vertical outline of a tube: coverage of its column must take many values, not two.
    assert len(np.unique(np.round(maps.person_mask[300:500], 3))) >= 6


def test_depth_and_normals_describe_the_front_of_the_tube(camera: Camera, maps: ConditionMaps) -> None:
    row = int(project_points(np.array([0, 0, 0.5 * (SHIRT_LOW_M + SHIRT_HIGH_M)]), camera)[0][1])
    middle = SIZE[1] // 2
    distance = float(np.linalg.norm(camera.position_m[:2]))
    assert maps.depth_m[row, middle] == pytest.approx(distance - 0.158, abs=0.004)
    assert maps.normals[row, middle] == pytest.approx([0, 0, -1], abs=0.06)
    assert (maps.normals[0, 0] == 0).all()
    assert maps.depth_m[0, 0] == 0


def test_the_pose_map_uses_openpose_colours_on_black(maps: ConditionMaps) -> None:
    colours = {tuple(colour) for colour in maps.pose_map.reshape(-1, 3)}
    dimmed = {tuple(int(0.6 * channel) for channel in colour) for colour in COLOURS[:17]}
    assert (0, 0, 0) in colours
    assert colours <= {(0, 0, 0), *COLOURS, *dimmed}


def test_an_invisible_joint_takes_its_limbs_with_it() -> None:
    points = np.column_stack([np.linspace(50, 300, 18), np.linspace(50, 450, 18), np.ones(18)]).astype(np.float32)
    whole = draw_pose_map(points, SIZE)
    points[4, 2] = 0
    partial = draw_pose_map(points, SIZE)
    assert (whole == COLOURS[4]).all(axis=2).any()
    assert not (partial == COLOURS[4]).all(axis=2).any()


def test_saved_maps_read_back_as_they_were(maps: ConditionMaps, tmp_path: Path) -> None:
    files = save_maps(maps, tmp_path, "shot")
    assert {file.name for file in files} >= {"shot_pose.png", "shot_parts.png", "shot_maps.npz"}
    assert np.array_equal(np.asarray(Image.open(tmp_path / "shot_parts.png")), maps.parts)
    depth_mm = np.asarray(Image.open(tmp_path / "shot_depth.png"))
    assert np.abs(depth_mm / 1000 - maps.depth_m).max() < 0.0011
    with np.load(tmp_path / "shot_maps.npz") as stored:
        assert np.array_equal(stored["warp_px"], maps.warp_px, equal_nan=True)


def test_a_folder_that_cannot_be_written_is_an_error_with_its_remedy(maps: ConditionMaps, tmp_path: Path) -> None:
    with pytest.raises(OutputNotWritable, match="--out"):
        save_maps(maps, tmp_path / "missing", "shot")
