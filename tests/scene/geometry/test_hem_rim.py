import numpy as np
import pytest

from tests.support.garments.mannequin import tube
from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.scene.geometry.hem_rim import hem_rim


def test_only_open_borders_get_a_rim_of_the_materials_thickness() -> None:
    points, triangles = tube(0, 1, 0.2, rings=5, sides=24)
    normals = vertex_normals(points, triangles)
    lower = points[:, 2] < 0.01
    rim = hem_rim(points, normals, triangles, lower, "denim")
    assert len(rim.triangles) == 2 * 24
    assert (points[rim.parent_vertex][:, 2] < 0.01).all()
    thickness = np.linalg.norm(rim.vertices_m[:24] - rim.vertices_m[24:], axis=1)
    assert thickness == pytest.approx(0.0019, abs=1e-5)


def test_the_rim_of_a_hem_faces_down() -> None:
    points, triangles = tube(0, 1, 0.2, rings=5, sides=24)
    rim = hem_rim(points, vertex_normals(points, triangles), triangles, points[:, 2] < 0.01, "cotton")
    assert vertex_normals(rim.vertices_m, rim.triangles)[:, 2].max() < -0.8
    assert rim.normals[:, 2].max() < -0.5


def test_a_closed_garment_has_no_rim() -> None:
    points, triangles = tube(0, 1, 0.2, rings=5, sides=24)
    rim = hem_rim(points, vertex_normals(points, triangles), triangles, np.zeros(len(points), bool), "cotton")
    assert rim.triangles.shape == (0, 3)
    assert rim.vertices_m.shape == (0, 3)
