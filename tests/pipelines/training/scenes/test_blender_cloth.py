"""Cloth rendered by the real Blender: its threads lie where the draft shades them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from pipelines.training.blender.client import BlenderWorker, find_blender_python
from pipelines.training.blender.scene_export import hand_over
from pipelines.training.scenes.scene import in_one_colour, zoom_in
from vmodel.core.colour import to_linear
from vmodel.scene import Scene, render_conditions, render_draft
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import FloatArray

LIGHT, SEED, CHEST_M, SIZE = "dramatic-side", 1, 0.72, (128, 128)


def detail(picture: FloatArray, inside: FloatArray) -> FloatArray:
    """Return a picture's detail beyond local means, where cloth is all around."""
    light = np.log(picture.mean(axis=2) + 0.02).astype(np.float32)
    return (light - cv2.GaussianBlur(light, (0, 0), 3.0))[cv2.erode(inside, np.ones((15, 15))) > 0.98]


@pytest.mark.slow
@pytest.mark.blender
def test_threads_of_knitted_cloth_are_photographed_where_the_draft_has_them(
    tee_context: RenderContext, tmp_path: Path
) -> None:
    plain = in_one_colour(tee_context.scene)
    assert plain.drape is not None
    knit = replace(plain.drape, material="knit", texture_materials=())
    scene = Scene(plain.posed, plain.body, plain.skin, plain.hair, knit, plain.garment)
    stature = float(scene.posed.vertices_m[:, 2].max())
    camera = zoom_in(replace(tee_context.camera, size=SIZE), np.array([0.0, -0.1, CHEST_M * stature]), 0.08)
    hand_over(scene, [camera], scene.lighting_for(LIGHT, camera, SEED).setup, SEED, tmp_path / "scene.npz")
    with BlenderWorker(find_blender_python()) as photographer:
        photograph = photographer.render(tmp_path / "scene.npz", tmp_path, [16], SEED)[0]
    inside = render_conditions(scene, camera).garment_mask.astype(np.float32)
    draft = to_linear(render_draft(scene, camera, None, LIGHT, "white", SEED))
    drawn, made = detail(draft, inside), detail(photograph[..., :3], inside)
    assert len(drawn) > 5000
    assert np.corrcoef(drawn, made)[0, 1] > 0.45
    assert made.std() > 0.4 * drawn.std()
