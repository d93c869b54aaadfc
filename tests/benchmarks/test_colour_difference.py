from __future__ import annotations

import numpy as np
import pytest

from benchmarks.common.colour_difference import colour_difference
from benchmarks.fidelity import matching


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((1, 1, 1), (0, 0, 0), 100.0),
        ((0.2, 0.3, 0.4), (0.2, 0.3, 0.4), 0.0),
        ((0, 0, 1), (1, 0, 0), 52.88),
    ],
)
def test_the_difference_of_linear_colours_is_that_of_their_places_in_lab(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    assert colour_difference(np.array(first), np.array(second)) == pytest.approx(expected, abs=0.01)


def test_words_match_with_a_wrong_letter_and_across_lines() -> None:
    assert matching(["tidefolk", "coastal", "1987"], ["tldefolk", "coast", "al"]) == 2
