"""Photos wait for their readers within a bound, and nobody else waits for them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.api.errors import Busy
from app.api.reading_room import ReadingRoom


def test_whoever_finds_the_line_full_is_told_to_come_back() -> None:
    room, open_door = ReadingRoom(1, most_waiting=1), threading.Event()
    seated = threading.Semaphore(0)

    def sit() -> bool:
        seated.release()
        return open_door.wait(30)

    with ThreadPoolExecutor(2) as visitors:
        reading = visitors.submit(room.wait_for, sit)
        seated.acquire(timeout=30)
        waiting = visitors.submit(room.wait_for, sit)
        while room._seats.acquire(blocking=False):
            room._seats.release()
        with pytest.raises(Busy) as refused:
            room.wait_for(sit)
        open_door.set()
        assert (reading.result(30), waiting.result(30)) == (True, True)
    assert refused.value.retry_after_s == 5
    assert room.wait_for(lambda: 7) == 7
    room.close()


def test_a_reading_that_fails_gives_its_seat_back() -> None:
    room = ReadingRoom(1, most_waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            room.wait_for(lambda: 1 // 0)
    assert room.wait_for(lambda: 7) == 7
    room.close()
