"""Render slots of a worker: a fitting (preview) goes before the next full picture; if both wait, they alternate."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class PrioritySlots:
    """Limited number of render slots, which waiting fittings and full pictures get alternately.

    Args:
        count: number of slots.

    Attributes:
        waiting: number of pictures that wait for a slot; fittings under True, full pictures under False.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self.waiting = {True: 0, False: 0}
        self._was_fitting = False
        self._changed = threading.Condition()

    @contextmanager
    def acquire(self, is_fitting: bool) -> Iterator[None]:
        """Hold a slot while the block runs; wait until one is free.

        Args:
            is_fitting: if both kinds wait, the one that did not go last goes; a fitting, if none has gone yet.
        """
        with self._changed:
            self.waiting[is_fitting] += 1
            self._changed.wait_for(lambda: self._may_go(is_fitting))
            self.waiting[is_fitting] -= 1
            self._free -= 1
            self._was_fitting = is_fitting
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _may_go(self, is_fitting: bool) -> bool:
        return self._free > 0 and (is_fitting != self._was_fitting or not self.waiting[not is_fitting])
