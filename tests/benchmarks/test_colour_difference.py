from __future__ import annotations

import numpy as np
import pytest

from benchmarks.colour_difference import ciede2000, to_lab
from benchmarks.fidelity import matching


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # From the test data of Sharma, Wu and Dalal.
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (58, 24, 15), 19.4535),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_colour_difference_agrees_with_the_published_pairs(
    first: tuple[float, ...], second: tuple[float, ...], expected: float
) -> None:
    assert ciede2000(np.array(first), np.array(second)) == pytest.approx(expected, abs=1e-4)


def test_white_is_white_in_lab() -> None:
    assert to_lab(np.ones(3)) == pytest.approx([100, 0, 0], abs=0.01)


def test_words_match_with_a_wrong_letter_and_across_lines() -> None:
    assert matching(["tidefolk", "coastal", "1987"], ["tldefolk", "coast", "al"]) == 2
