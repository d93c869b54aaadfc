"""Samples per pixel: more where outlines cross it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.support.garments.mannequin import (
    SHIRT_HIGH_M,
    SHIRT_LOW_M,
    TORSO_RADIUS_M,
    make_mannequin,
    make_shirt,
    make_skin,
)
from vmodel.scene import Scene, frame_camera, project_points
from vmodel.scene.camera.gbuffer import trace_gbuffer


def test_the_edge_of_cloth_that_lies_close_on_other_cloth_is_no_staircase() -> None:
    """A collar is such cloth: its depth hardly differs from that of the front below."""
    body, posed = make_mannequin()
    inner, garment = make_shirt()
    outer = make_shirt(TORSO_RADIUS_M + 0.013)[0]
    middle = (SHIRT_LOW_M + SHIRT_HIGH_M) / 2
    upper = (outer.vertices_m[outer.triangles][..., 2] > middle).all(axis=1)
    drape = replace(
        inner,
        vertices_m=np.concatenate([inner.vertices_m, outer.vertices_m]),
        triangles=np.concatenate([inner.triangles, outer.triangles[upper] + len(inner.vertices_m)]).astype(np.int32),
        texture_px=np.concatenate([inner.texture_px, outer.texture_px[upper]]),
        texture=np.concatenate([inner.texture, outer.texture[upper]]),
        panel=np.concatenate([inner.panel, outer.panel[upper]]),
    )
    scene = Scene(posed, body, make_skin(), None, drape, garment)
    camera = frame_camera(posed, drape, "front", "upper", (400, 300))
    samples = np.bincount(trace_gbuffer(scene.geometry, camera).pixel, minlength=400 * 300).reshape(400, 300)
    edge_m = outer.vertices_m[outer.triangles[upper]][..., 2].min()
    row = int(project_points(np.array([0.0, -TORSO_RADIUS_M - 0.013, edge_m]), camera)[0][1])
    assert samples[row - 2 : row + 3, 145:156].max(axis=0).min() > 4
    assert samples[row + 12 : row + 20, 145:156].max() == 1
