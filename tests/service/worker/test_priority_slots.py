"""Render slots of a worker alternate between fittings and full pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from vmodel.service.worker.priority_slots import PrioritySlots


def test_fittings_and_full_pictures_that_wait_for_a_place_take_turns() -> None:
    places, order = PrioritySlots(1), list[str]()

    def make(name: str, is_fitting: bool) -> None:
        with places.acquire(is_fitting):
            order.append(name)

    makers: list[Callable[[], None]] = [partial(make, "full", False), partial(make, "fitting", True)]
    with places.acquire(False):
        threads = [threading.Thread(target=each) for each in (*makers, *makers)]
        for thread in threads:
            thread.start()
        while places.waiting != {True: 2, False: 2}:
            pass
    for thread in threads:
        thread.join()
    assert order == ["fitting", "full", "fitting", "full"]
