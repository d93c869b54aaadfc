import numpy as np
import pytest

from tests.support.garments.mannequin import make_hair, make_mannequin, make_skin
from vmodel.scene import Scene, frame_camera, magnify, project_points, render_conditions, render_draft
from vmodel.scene.hair.child_strands import with_children
from vmodel.scene.hair.rasteriser import select_level_of_detail, sort_visible_by_depth
from vmodel.types import Strands

SIZE = (512, 384)


def scene_with(hair: Strands) -> Scene:
    body, posed = make_mannequin()
    return Scene(posed, body, make_skin(), hair, None, None)


def one_strand(radius_m: float, kind: int = 0) -> Strands:
    height = np.linspace(1.55, 1.70, 12)
    points = np.stack([np.full(12, 0.003), np.full(12, -0.2), height], axis=1)[None].astype(np.float32)
    return Strands(
        points, np.full((1, 12), radius_m, np.float32), np.zeros((1, 3), np.float32), np.array([kind], np.uint8)
    )


def test_a_strand_covers_its_width_times_its_length() -> None:
    for radius_m in (0.0004, 0.004):
        scene = scene_with(one_strand(radius_m))
        camera = frame_camera(scene.posed, None, "front", "upper", SIZE)
        mask = render_conditions(scene, camera).hair_mask
        px_per_m = camera.focal_px / (float(np.linalg.norm(camera.position_m[:2])) - 0.2)
        assert mask.sum() == pytest.approx(0.92 * 2 * radius_m * 0.15 * px_per_m**2, rel=0.12)


def test_strands_behind_the_head_are_hidden_by_it() -> None:
    front, behind = one_strand(0.003), one_strand(0.003)
    moved = Strands(behind.points_m * [1, -1, 1], behind.radius_m, behind.colour, behind.kind)
    shown = []
    for hair in (front, moved):
        scene = scene_with(hair)
        shown.append(render_conditions(scene, frame_camera(scene.posed, None, "front", "upper", SIZE)).hair_mask.sum())
    assert shown[0] > 100
    assert shown[1] < 1


def test_brows_are_drawn_but_are_not_hair_in_the_masks() -> None:
    scene = scene_with(one_strand(0.003, kind=1))
    camera = frame_camera(scene.posed, None, "front", "upper", SIZE)
    maps = render_conditions(scene, camera)
    assert maps.hair_mask.max() == 0
    plain = scene_with(one_strand(1e-7))
    difference = np.abs(render_draft(scene, camera).astype(int) - render_draft(plain, camera)).max(axis=2)
    assert (difference > 40).sum() > 100


def test_hair_outside_dims_hair_inside() -> None:
    rng = np.random.default_rng(0)
    count = 3000
    depth = rng.uniform(0, 0.08, count)
    x = rng.uniform(-0.05, 0.05, count)
    z = np.linspace(1.9, 2.0, 6)
    points = np.stack([np.tile(x[:, None], 6), np.tile(-0.3 + depth[:, None], 6), np.tile(z, (count, 1))], axis=-1)
    hair = Strands(
        points.astype(np.float32),
        np.full((count, 6), 2e-4, np.float32),
        np.full((count, 3), 0.3, np.float32),
        np.zeros(count, np.uint8),
    )
    scene = scene_with(hair)
    camera = frame_camera(scene.posed, None, "front", "upper", SIZE)
    from vmodel.scene.hair.fibre_shading import shade_strands

    light = shade_strands(scene.geometry, hair, camera, scene.lighting_for("beauty", camera)).mean(axis=(1, 2))
    assert light[depth > 0.06].mean() < 0.7 * light[depth < 0.01].mean()


def test_a_small_head_is_drawn_with_fewer_and_wider_strands() -> None:
    hair = make_hair(3000)
    scene = scene_with(hair)
    far, numbers = select_level_of_detail(hair, frame_camera(scene.posed, None, "front", "full", SIZE))
    nearer, more = select_level_of_detail(hair, frame_camera(scene.posed, None, "front", "full", (1536, 1152)))
    assert len(nearer.points_m) > len(far.points_m)
    assert set(numbers) < set(more)
    assert len(far.points_m) < 0.5 * len(hair.points_m)
    assert far.radius_m.sum(axis=0).mean() == pytest.approx(hair.radius_m.sum(axis=0).mean(), rel=0.05)


def test_hair_seen_near_is_finer_and_some_of_it_strays() -> None:
    """Close up, each grown strand becomes a bundle, without a hole or a stripe in its light."""
    grown = make_hair(300)
    light = np.tile(np.linspace(0.1, 0.4, 300, dtype=np.float32)[:, None, None], (1, 8, 3))
    drawn, lit = with_children(grown, light, np.arange(300), 300)
    assert drawn.radius_m.max() < 0.6 * grown.radius_m.max()
    assert drawn.radius_m.sum() > grown.radius_m.sum()
    assert lit.mean() == pytest.approx(light.mean(), rel=0.03)
    parent = np.tile(grown.points_m, (len(drawn.points_m) // 300, 1, 1))
    apart_mm = 1000 * np.linalg.norm(drawn.points_m - parent, axis=2).max(axis=1)
    assert np.median(apart_mm) < 4
    assert 0.005 < (apart_mm > 9).mean() < 0.06


def test_brows_and_beard_are_no_bundles() -> None:
    grown = make_hair(30)
    beard = Strands(grown.points_m, grown.radius_m, grown.colour, np.full(30, 3, np.uint8))
    light = np.ones((30, 8, 3), np.float32)
    drawn, lit = with_children(beard, light, np.arange(30), 30)
    np.testing.assert_array_equal(drawn.points_m, beard.points_m)
    np.testing.assert_array_equal(lit, light)


def test_hair_that_the_head_hides_is_not_drawn_and_the_rest_is() -> None:
    """Segments behind everything are dropped before they are drawn; one visible end keeps a segment."""
    far = np.full((40, 30), 1.0, np.float32)
    far[:, 20:] = np.inf
    start = np.array([[5, 5, 2], [5, 5, 0.5], [16, 9, 2], [25, 9, 2], [-30, 9, 0.5]], np.float32)
    points = np.stack([start, start + np.array([8, 4, 0], np.float32)], axis=1)
    assert list(sort_visible_by_depth(points, far)) == [2, 4, 6]  # first points of the strands 1, 2 and 3


def test_a_strand_stays_where_it_is_whichever_others_are_drawn() -> None:
    """Otherwise strays of a film would jump from frame to frame."""
    grown = make_hair(300)
    light = np.ones((300, 8, 3), np.float32)
    every, _ = with_children(grown, light, np.arange(300), 300)
    some = np.arange(1, 300, 2)
    half = Strands(grown.points_m[some], grown.radius_m[some], grown.colour[some], grown.kind[some])
    drawn, _ = with_children(half, light[some], some, 300)
    bundles = every.points_m.reshape(-1, 300, 8, 3)[:, some]
    np.testing.assert_array_equal(drawn.points_m, bundles.reshape(-1, 8, 3))


def test_a_window_beside_the_hair_shows_what_strays_into_it() -> None:
    """A window is skipped where no grown strand comes near; finer strands reach farther."""
    hair = make_hair(3000)
    scene = scene_with(hair)
    camera = frame_camera(scene.posed, None, "front", "upper", (2048, 1536))
    whole = render_conditions(scene, camera).hair_mask
    across, _ = project_points(hair.points_m.reshape(-1, 3), camera)
    left, right = int(across[:, 0].min()) - 3, int(np.ceil(across[:, 0].max())) + 3
    assert whole[:, :left].sum() > 1
    for first, last in ((0, left), (right, 1536)):
        window = magnify(camera, (0, first, 2048, last - first), 1)
        apart = np.abs(render_conditions(scene, window).hair_mask - whole[:, first:last])
        assert apart.sum(axis=0)[3:-3].max() < 0.01  # strands end at the window's border
