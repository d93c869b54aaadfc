"""Likeness of pictures: what is worn counts, not the wall behind it."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.rights.fingerprint.image_similarity import SAME, likeness
from vmodel.scene.place.walls import white_brick
from vmodel.types import ByteArray


def worn_before_bricks(seed: int) -> ByteArray:
    """Return a picture with a print of its own on a third of it, before the same wall."""
    wall = white_brick(np.random.default_rng(3))
    picture = cv2.resize(wall, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)[:, 300:636].copy()
    cells = np.random.default_rng(seed).integers(30, 220, (16, 10, 3), np.uint8)
    picture[60:380, 84:252] = cv2.resize(cells, (168, 320), interpolation=cv2.INTER_NEAREST)
    return picture


def test_other_garments_before_the_same_bricks_are_other_pictures() -> None:
    first, second = worn_before_bricks(1), worn_before_bricks(2)
    assert likeness(second, first) < SAME
    assert likeness(first, second) < SAME


def test_a_copy_before_bricks_is_known_with_a_banner_over_a_quarter_of_it() -> None:
    original = worn_before_bricks(1)
    copy = np.ascontiguousarray(original[20:, 20:])
    copy[-100:] = (200, 30, 30)
    blurred = cv2.imdecode(cv2.imencode(".jpg", copy, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
    assert likeness(np.asarray(blurred, np.uint8), original) >= SAME
