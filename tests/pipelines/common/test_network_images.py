"""Photo inputs of the networks."""

from __future__ import annotations

import numpy as np

from pipelines.common.network_images import frame_flat_lay, over_backdrop


def test_a_flat_lay_is_framed_whole_on_white() -> None:
    photo = np.full((300, 500, 3), 90, np.uint8)
    matte = np.zeros((300, 500), np.float32)
    matte[50:250, 200:300] = 1
    framed = frame_flat_lay(photo, matte)
    assert framed.shape == (128, 128, 3)
    assert (framed[0] == 255).all()
    assert (framed[64, 64] == 90).all()


def test_a_transparent_picture_lies_over_grey() -> None:
    picture = np.zeros((1, 2, 4), np.uint8)
    picture[0, 0] = 10, 20, 30, 255
    assert over_backdrop(picture).tolist() == [[[10, 20, 30], [128, 128, 128]]]
