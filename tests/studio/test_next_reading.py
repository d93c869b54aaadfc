"""A garment that is not worn right as it was read is tried again in its next reading."""

from __future__ import annotations

import pytest

from tests.support.garments import by_formula
from vmodel.errors import DrapeFailed
from vmodel.quality.errors import NotWornRight
from vmodel.studio.dress_model import first_worn_right
from vmodel.types import Drape, Garment


def refusing(*bad: int, by: type[Exception] = DrapeFailed):
    """Return a fake ``put_on`` that fails for the garments of these numbers, and the list of garments it got."""
    given: list[Garment] = []

    def put_on(garment: Garment) -> tuple[Garment, Garment, Drape | None]:
        given.append(garment)
        if len(given) - 1 in bad:
            raise by(f"reading {len(given) - 1}") if by is DrapeFailed else by(f"reading {len(given) - 1}", ("neck",))
        return garment, garment, None

    return put_on, given


@pytest.mark.parametrize("by", [DrapeFailed, NotWornRight])
def test_the_next_reading_is_worn_where_the_first_is_not(by: type[Exception]) -> None:
    readings = [by_formula.tee(), by_formula.tee(), by_formula.tee()]
    put_on, given = refusing(0, by=by)
    assert first_worn_right(readings, put_on)[0] is readings[1]
    assert len(given) == 2


def test_the_error_says_why_the_likeliest_reading_is_not_worn() -> None:
    put_on, given = refusing(0, 1, 2)
    with pytest.raises(DrapeFailed, match="reading 0"):
        first_worn_right([by_formula.tee()] * 3, put_on)
    assert len(given) == 3
