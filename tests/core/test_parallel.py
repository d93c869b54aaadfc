"""Parallel work: in order, on demand, and with its errors."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Barrier, get_ident

import cv2
import pytest

from vmodel.core.parallel import side_by_side


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = cv2.getNumThreads()
    cv2.setNumThreads(2)
    yield
    cv2.setNumThreads(before)


@pytest.mark.usefixtures("two_threads")
def test_two_items_are_worked_on_at_once_and_come_in_order() -> None:
    both = Barrier(2, timeout=30)

    def work(item: int) -> tuple[int, int]:
        both.wait()  # alone, it would wait forever
        return item, get_ident()

    found = list(side_by_side(work, range(6)))
    assert [item for item, _ in found] == list(range(6))
    assert get_ident() not in {thread for _, thread in found}


@pytest.mark.usefixtures("two_threads")
def test_items_are_taken_as_they_are_needed() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    results = side_by_side(str, items())
    assert next(results) == "0"
    assert len(taken) == 3


@pytest.mark.usefixtures("two_threads")
def test_an_error_comes_where_its_result_would() -> None:
    results = side_by_side(lambda item: 1 / item, [2, 1, 0, 4])
    assert [next(results), next(results)] == [0.5, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_a_worker_with_one_thread_stays_on_it() -> None:
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        assert list(side_by_side(lambda _: get_ident(), range(3))) == [get_ident()] * 3
    finally:
        cv2.setNumThreads(before)
