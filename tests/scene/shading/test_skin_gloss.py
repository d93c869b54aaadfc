"""Gloss of skin: lamps behind a person leave no white rim on it."""

from __future__ import annotations

import numpy as np

from vmodel.scene import Scene, frame_camera
from vmodel.scene.camera.framing import project_points
from vmodel.scene.render.draft import lit_samples

HEAD_M, RADIUS_M = (0.0, 0.0, 1.62), 0.12


def test_a_lamp_behind_a_head_draws_no_white_line_round_it(undressed: Scene) -> None:
    camera = frame_camera(undressed.posed, None, "front", "upper", (512, 384))
    gbuffer, lighting = undressed.gbuffer_for(camera), undressed.lighting_for("soft-key", camera)
    shine = np.zeros(512 * 384)
    for index, shaded, _ in lit_samples(undressed, gbuffer, lighting):
        np.maximum.at(shine, gbuffer.pixel[index], shaded.lamp_gloss.mean(axis=1))
    edge_m = np.array([HEAD_M, (RADIUS_M, 0.0, HEAD_M[2])])
    (middle_px, side_px), _ = project_points(edge_m, camera)
    row, column = np.mgrid[:512, :384]
    away = np.hypot(column - middle_px[0], row - middle_px[1]) / np.linalg.norm(side_px - middle_px)
    bright = shine.reshape(512, 384)
    sides = np.abs(row - middle_px[1]) < 0.5 * np.linalg.norm(side_px - middle_px)
    rim, middle = bright[(away > 0.85) & (away < 1.0) & sides], bright[away < 0.6]
    assert middle.max() > 0.005
    assert rim.max() < 4 * middle.max()
