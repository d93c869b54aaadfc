import numpy as np
import pytest

from tests.support.garments.mannequin import ball, tube
from vmodel.body.mesh.subdivision import loop_subdivide, vertex_normals


def test_refinement_quarters_triangles_and_weights_sum_to_one() -> None:
    points, triangles = tube(0, 1, 0.2, rings=6, sides=12)
    fine = loop_subdivide(triangles, len(points), 2)
    assert len(fine.triangles) == 16 * len(triangles)
    assert np.asarray(fine.matrix.sum(axis=1)).ravel() == pytest.approx(1, abs=1e-5)


def test_a_flat_sheet_stays_flat_and_keeps_its_straight_border() -> None:
    x, y = np.meshgrid(np.arange(5.0), np.arange(4.0))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(20)], axis=1).astype(np.float32)
    cells = np.array([[r * 5 + c for c in range(4)] for r in range(3)]).ravel()
    triangles = np.concatenate(
        [np.stack([cells, cells + 1, cells + 5], 1), np.stack([cells + 1, cells + 6, cells + 5], 1)]
    )
    smooth = loop_subdivide(triangles, 20, 2).vertices(points)
    assert np.abs(smooth[:, 2]).max() == 0
    assert smooth[:, 0].min() == pytest.approx(0, abs=0.01)
    assert smooth[:, 0].max() == pytest.approx(4, abs=0.01)


def test_a_coarse_ball_becomes_rounder() -> None:
    points, triangles = ball((0, 0, 0), 1.0)
    fine = loop_subdivide(triangles, len(points), 1)
    smooth = fine.vertices(points)
    normals = vertex_normals(smooth, fine.triangles)
    middle = np.abs(smooth[:, 2]) < 0.8
    outward = smooth / np.linalg.norm(smooth, axis=1, keepdims=True)
    assert (normals * outward).sum(axis=1)[middle].min() > 0.99


def test_corner_attributes_split_linearly_with_the_triangles() -> None:
    points, triangles = tube(0, 1, 0.2, rings=4, sides=8)
    fine = loop_subdivide(triangles, len(points), 1)
    heights = fine.corners(points[triangles][..., 2:])
    assert heights.shape == (4 * len(triangles), 3, 1)
    assert heights[:, :, 0].mean() == pytest.approx(points[triangles][..., 2].mean(), abs=1e-5)
