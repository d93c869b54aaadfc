"""Places at a worker: a fitting that somebody waits for comes before the next full picture, and never two in a row."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Places:
    """So many pictures are made at once; who waits for a place are fittings and full pictures, by turns.

    Args:
        count: how many.

    Attributes:
        waiting: so many wait for a place, fittings under True.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self.waiting = {True: 0, False: 0}
        self._was_fitting = False
        self._changed = threading.Condition()

    @contextmanager
    def take(self, is_fitting: bool) -> Iterator[None]:
        """Have a place while the block runs; waits for one.

        Args:
            is_fitting: where both kinds wait, the one goes that did not go last; a fitting, if none has gone yet.
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
