from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import make_hair
from vmodel.errors import FocalOutOfRange, SizeOutOfRange, UnknownFraming, UnknownView
from vmodel.scene import FRAMINGS, VIEWS, Scene, frame_camera, project_points, steady_cameras
from vmodel.scene.camera.framing import pixel_rays, view_angle
from vmodel.types import Strands

SIZE = (512, 384)


def test_the_full_framing_shows_head_and_feet_inside_margins(dressed: Scene) -> None:
    for view in VIEWS:
        pixels, depth = project_points(
            dressed.posed.vertices_m, frame_camera(dressed.posed, dressed.drape, view, "full", SIZE)
        )
        assert (depth > 0).all()
        assert pixels[:, 1].min() > 0.03 * SIZE[0]
        assert pixels[:, 1].max() < 0.97 * SIZE[0]
        assert pixels[:, 0].min() > 0
        assert pixels[:, 0].max() < SIZE[1]
        assert np.ptp(pixels[:, 1]) > 0.8 * SIZE[0]


def test_the_wearers_left_is_on_the_right_of_a_front_view_and_on_the_left_of_a_back_view(dressed: Scene) -> None:
    left_of_body = np.array([0.1, 0.0, 1.0])
    front, _ = project_points(left_of_body, frame_camera(dressed.posed, None, "front", "full", SIZE))
    back, _ = project_points(left_of_body, frame_camera(dressed.posed, None, "back", "full", SIZE))
    assert front[0] > SIZE[1] / 2 > back[0]


def test_a_number_of_degrees_is_a_view_and_matches_the_named_one(dressed: Scene) -> None:
    named = frame_camera(dressed.posed, None, "side", "full", SIZE)
    numbered = frame_camera(dressed.posed, None, "90", "full", SIZE)
    assert named.position_m == pytest.approx(numbered.position_m)
    assert view_angle("-180") == view_angle("540") == 180


def test_rays_go_through_the_points_that_project_to_their_pixels(dressed: Scene) -> None:
    camera = frame_camera(dressed.posed, None, "three-quarter", "upper", SIZE)
    points = dressed.posed.vertices_m[::97].astype(float)
    pixels, depth = project_points(points, camera)
    reached = camera.position_m + pixel_rays(pixels, camera) * depth[:, None]
    assert reached == pytest.approx(points, abs=1e-4)


def test_framings_cut_where_a_shop_picture_is_cut(dressed: Scene) -> None:
    eyes, knees = np.array([0, -0.1, 1.63]), np.array([0, -0.15, 0.45])
    rows = {
        framing: [
            project_points(point, frame_camera(dressed.posed, dressed.drape, "front", framing, SIZE))[0][1]
            for point in (eyes, knees)
        ]
        for framing in FRAMINGS
    }
    assert 0 < rows["upper"][0] < SIZE[0] < rows["upper"][1]
    assert rows["lower"][0] < 0 < rows["lower"][1] < SIZE[0]
    assert rows["chin-down"][0] < 0
    assert rows["detail"][1] > SIZE[0]


def test_big_hair_stays_in_the_picture(dressed: Scene) -> None:
    hair = make_hair()
    tall = Strands(hair.points_m + np.array([0, 0, 0.25], np.float32), hair.radius_m, hair.colour, hair.kind)
    for framing in ("full", "upper"):
        camera = frame_camera(dressed.posed, dressed.drape, "front", framing, SIZE, hair=tall)
        assert project_points(tall.points_m, camera)[0][..., 1].min() > 0


def test_a_raised_hand_stays_in_the_picture(dressed: Scene) -> None:
    raised = dressed.posed.vertices_m.copy()
    hand = int(raised[:, 0].argmax())
    raised[hand] = [0.3, 0.0, float(raised[:, 2].max()) + 0.35]
    posed = replace(dressed.posed, vertices_m=raised)
    camera = frame_camera(posed, dressed.drape, "front", "full", SIZE)
    assert project_points(raised[hand], camera)[0][1] > 0


def test_a_longer_lens_stands_further_away_and_shows_the_same(dressed: Scene) -> None:
    near = frame_camera(dressed.posed, None, "front", "full", SIZE, focal_mm=50)
    far = frame_camera(dressed.posed, None, "front", "full", SIZE, focal_mm=135)
    assert np.linalg.norm(far.position_m) > 2 * np.linalg.norm(near.position_m)
    assert np.ptp(project_points(dressed.posed.vertices_m, far)[0][:, 1]) == pytest.approx(
        np.ptp(project_points(dressed.posed.vertices_m, near)[0][:, 1]), rel=0.01
    )


def test_a_shorter_lens_makes_what_is_nearer_larger(dressed: Scene) -> None:
    """Two rods of 10 cm at chest height, one 30 cm nearer to the camera than the other one."""
    rods = np.array([[[x, y, 1.2] for x in (-0.05, 0.05)] for y in (-0.15, 0.15)])

    def near_to_far(focal_mm: float) -> float:
        camera = frame_camera(dressed.posed, None, "front", "full", SIZE, focal_mm)
        lengths = np.ptp(project_points(rods, camera)[0][..., 0], axis=1)
        return float(lengths.max() / lengths.min())

    assert near_to_far(28) > 1.15
    assert near_to_far(28) > near_to_far(85) > near_to_far(200) > 1.01


@pytest.mark.parametrize("focal_mm", [19.9, 301, float("nan"), "85", True, None])
def test_focal_lengths_out_of_range_are_refused(dressed: Scene, focal_mm: object) -> None:
    with pytest.raises(FocalOutOfRange, match="20 to 300"):
        frame_camera(dressed.posed, None, "front", "full", SIZE, focal_mm)  # type: ignore[arg-type]


def test_a_clip_through_a_shorter_lens_comes_nearer(dressed: Scene) -> None:
    def away(focal_mm: float) -> float:
        [camera] = steady_cameras(dressed.posed, dressed.drape, [0.0], "full", SIZE, focal_mm)
        return float(np.linalg.norm(camera.position_m))

    assert away(35) < 0.5 * away(85)


@pytest.mark.parametrize("size", [(383, 512), (512, 287), (3073, 2304), (4096, 4096), (0, 0)])
def test_sizes_out_of_range_are_refused(dressed: Scene, size: tuple[int, int]) -> None:
    with pytest.raises(SizeOutOfRange):
        frame_camera(dressed.posed, None, "front", "full", size)


def test_unknown_views_and_framings_are_refused_with_the_known_ones_named(dressed: Scene) -> None:
    with pytest.raises(UnknownView, match="three-quarter"):
        frame_camera(dressed.posed, None, "above", "full", SIZE)
    with pytest.raises(UnknownView):
        frame_camera(dressed.posed, None, "nan", "full", SIZE)
    with pytest.raises(UnknownFraming, match="chin-down"):
        frame_camera(dressed.posed, None, "front", "head", SIZE)
