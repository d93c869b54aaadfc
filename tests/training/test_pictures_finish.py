"""The photograph of a training scene is completed with hair, outline and backdrop."""

from __future__ import annotations

import numpy as np

from pipelines.training.pictures_finish import Overlay, develop
from vmodel.images import to_linear
from vmodel.scene.strands import StrandLayer


def test_no_backdrop_shines_between_an_outline_and_the_hair_behind_it() -> None:
    size = (24, 24)
    body, hair = np.full(size, 0.1, np.float32), np.full(size, 0.9, np.float32)
    strands = StrandLayer(np.full((*size, 3), 0.9 * 0.05, np.float32), hair, hair, np.zeros(size, np.float32), hair)
    white = np.ones((*size, 3), np.float32)
    photograph = np.dstack([np.full((*size, 3), 0.3, np.float32), np.ones(size, np.float32)])
    overlay = Overlay(strands, body, np.zeros(size, np.float32), white, 0.0)
    made = to_linear(develop(photograph, overlay, 1.0, np.ones(3, np.float32), np.ones(3, np.float32), 0))
    # A tenth of skin over dark hair; the white backdrop is covered.
    assert made.max() < 0.2
