"""Photos wait for their readers in a bounded queue in which each account has limited seats."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import pytest

from app.api.http.bounded_pool import MOST_OF_ONE, BoundedPool
from app.api.http.errors import Busy

T = TypeVar("T")


def wait_for(pool: BoundedPool, account_id: str, work: Callable[[], T]) -> T:
    return asyncio.run(pool.run(account_id, work))


def fill(
    pool: BoundedPool, visitors: ThreadPoolExecutor, account_ids: list[str], door: threading.Event
) -> list[Future[bool]]:
    """Queue a photo of each account in the pool; each of them waits until the door opens."""
    seated = []
    for number, account_id in enumerate(account_ids, start=1):
        seated.append(visitors.submit(wait_for, pool, account_id, lambda: door.wait(30)))
        while pool._taken.total() < number:
            pass
    return seated


def test_whoever_finds_the_line_full_is_told_to_come_back() -> None:
    pool, door = BoundedPool(1, most_waiting=1), threading.Event()
    with ThreadPoolExecutor(2) as visitors:
        seated = fill(pool, visitors, ["anna", "bert"], door)
        with pytest.raises(Busy) as refused:
            wait_for(pool, "carl", door.is_set)
        door.set()
        assert [each.result(30) for each in seated] == [True, True]
    assert refused.value.retry_after_s == 5
    assert wait_for(pool, "carl", door.is_set) is True
    pool.close()


def test_one_account_leaves_seats_for_the_others() -> None:
    pool, door = BoundedPool(2), threading.Event()
    with ThreadPoolExecutor(MOST_OF_ONE) as visitors:
        fill(pool, visitors, ["anna"] * MOST_OF_ONE, door)
        with pytest.raises(Busy):
            wait_for(pool, "anna", door.is_set)
        bert = threading.Thread(target=wait_for, args=(pool, "bert", door.is_set))
        bert.start()
        door.set()
        bert.join(30)
        assert not bert.is_alive()
    pool.close()


def test_a_reading_that_fails_gives_its_seat_back() -> None:
    pool = BoundedPool(1, most_waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            wait_for(pool, "anna", lambda: 1 // 0)
    assert wait_for(pool, "anna", lambda: 7) == 7
    pool.close()
