"""Base layer: it smooths every body as active wear does, and children's chests are flat."""

import numpy as np
import pytest

from vmodel.body.base_layer.modesty import smoothed_vertices
from vmodel.body.mesh.anatomy_chart import load_anatomy, vertex_normals
from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.body.model.body import Body, build_body
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.types import FloatArray

ROSTER = load_roster(Settings())
CHILDREN = [name for name, model in ROSTER.items() if model.is_child]


def relief_mm(vertices_m: FloatArray, members: np.ndarray, reach_m: float) -> FloatArray:
    """Return each vertex's height over the best quadric through its surroundings, without it and its neighbours."""
    normals = vertex_normals(vertices_m, load_surface().faces)
    heights = []
    for vertex in members:
        away = vertices_m - vertices_m[vertex]
        distance = np.linalg.norm(away, axis=1)
        ring = np.flatnonzero((distance < reach_m) & (distance > 0.4 * reach_m) & (normals @ normals[vertex] > 0.5))
        first = np.cross(normals[vertex], [0.3, 0.2, 0.9])
        first /= np.linalg.norm(first)
        x, y = away[ring] @ first, away[ring] @ np.cross(normals[vertex], first)
        terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
        heights.append(-np.linalg.lstsq(terms, away[ring] @ normals[vertex], rcond=None)[0][0])
    return np.array(heights) * 1000


@pytest.fixture(scope="module")
def nipples() -> np.ndarray:
    anny = load_anny()
    small, large = (
        anny(local_changes_kwargs={"nipple-size-incr": v})["rest_vertices"][0].detach().numpy() for v in (0.0, 1.0)
    )
    return np.flatnonzero(np.linalg.norm(large - small, axis=1) > 1e-3)


def build(name: str) -> Body:
    return build_body(ROSTER[name])


@pytest.mark.parametrize("name", list(ROSTER))
def test_no_relief_of_a_millimetre_shows_on_the_chest(name: str, nipples: np.ndarray) -> None:
    assert relief_mm(build(name).rest.vertices_m, nipples, 0.022).max() < 1.0


@pytest.mark.parametrize("name", CHILDREN)
def test_a_childs_chest_is_flat(name: str) -> None:
    body = build(name)
    spot = load_anatomy().spot_mm
    chest, _ = smoothed_vertices(is_child=True)
    across = chest[np.abs(spot[chest, 2] + 330) < 45]
    front = body.rest.vertices_m[across]
    half_width = np.abs(front[:, 0]).max()
    # The front of a flat chest is a shallow arch: a parabola over its width fits it, to a few millimetres.
    terms = np.stack([np.ones(len(front)), front[:, 0] ** 2, front[:, 2], front[:, 2] ** 2], axis=1)
    rest = front[:, 1] - terms @ np.linalg.lstsq(terms, front[:, 1], rcond=None)[0]
    assert -rest[np.abs(front[:, 0]) < 0.8 * half_width].min() < 0.0075


@pytest.mark.parametrize("name", ["wm-ines", "mn-tomas", "mn-omar", "ch-lina", "ch-noah"])
def test_the_groin_is_smooth(name: str) -> None:
    body = build(name)
    spot = load_anatomy().spot_mm
    _, groin = smoothed_vertices(ROSTER[name].is_child)
    front = groin[(np.abs(spot[groin, 0]) < 12) & (spot[groin, 1] < 30) & (spot[groin, 2] > -725)]
    assert len(front) > 3
    assert np.abs(relief_mm(body.rest.vertices_m, front, 0.022)).max() < 1.0
