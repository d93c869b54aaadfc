"""The reading benchmark: drawings are the same each time, and easy ones are read right."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.reading import draw_photo, read
from benchmarks.reading_kinds import KINDS
from benchmarks.reading_photos import photograph


def test_a_seed_draws_the_same_photo_each_time() -> None:
    first, second = (draw_photo("tee", 4)[1] for _ in range(2))
    assert np.array_equal(first.rgb, second.rgb)
    assert first.mask.any()


@pytest.mark.parametrize("kind", ["shorts", "pleated skirt", "jumpsuit"])
def test_a_clear_photo_on_paper_is_read_right(kind: str) -> None:
    rng = np.random.default_rng(21)
    drawn = KINDS[kind](rng)
    reading = read(drawn, photograph(drawn, "paper", "none", rng), kind)
    assert reading.category
    assert reading.sleeve
    assert reading.front
    assert reading.overlap > 0.97
    assert reading.landmark_error < 3
