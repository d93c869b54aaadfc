"""Soft folds of draped cloth, shaded where the mesh is too coarse to form them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments.mannequin import make_mannequin, make_shirt, make_skin
from vmodel.core.colour import to_linear
from vmodel.scene import Scene, frame_camera, render_conditions, render_draft
from vmodel.types import FloatArray

SIZE = (768, 576)


def light_of_folds(material: str) -> FloatArray:
    """Return (H, W) log light change by soft folds in front of a shirt that lies close to the body."""
    body, posed = make_mannequin()
    drape, garment = make_shirt(0.156)
    worn = replace(drape, material=material)
    camera = frame_camera(posed, worn, "front", "full", SIZE)

    def light() -> FloatArray:
        return np.log(to_linear(render_draft(Scene(posed, body, make_skin(), None, worn, garment), camera)) + 0.01)

    maps = render_conditions(Scene(posed, body, make_skin(), None, worn, garment), camera)
    ahead = (maps.garment_mask > 0.999) & (maps.normals[..., 2] < -0.8)
    folds = light()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vmodel.scene.shading.cloth_shader.hanging_slopes", np.zeros_like)
        folds -= light()
    assert np.abs(folds - folds.mean(axis=2, keepdims=True))[ahead].mean() < 0.01  # light, no colour
    rows, columns = np.nonzero(ahead)
    return np.asarray(folds.mean(axis=2)[rows.min() + 5 : rows.max() - 5, columns.min() + 5 : columns.max() - 5])


def test_cloth_that_lies_close_is_not_smooth_as_plastic_but_hangs_upright() -> None:
    light = light_of_folds("cotton")
    assert 0.015 < light.std() < 0.08  # visible, but no stain
    assert abs(light.mean()) < 0.01
    across, along = (np.abs(np.diff(light, axis=axis)).mean() for axis in (1, 0))
    assert across > 1.5 * along


def test_a_coat_has_softer_folds_than_a_shirt() -> None:
    assert light_of_folds("coat-wool").std() < 0.6 * light_of_folds("cotton").std()
