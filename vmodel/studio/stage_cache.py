"""Cache of stages: each runs once for the same input, and its time is charged to the shot that needed it."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import Any, TypeVar

from vmodel.body.model.roster import Roster, load_roster
from vmodel.config import Settings
from vmodel.core.files import CACHE_BYTES, evict_oldest
from vmodel.errors import VModelError
from vmodel.shot.stages import PipelineName, Stage

T = TypeVar("T")

#: Called with the running stage and its share done, 0..1.
Progress = Callable[[Stage | PipelineName, float], None]


class StageCache:
    """Results of the stages, kept while a process lives, and their run times.

    Attributes:
        settings: of this process.
        watch: receives the running stage and its share done.
        timings: seconds per stage of the current shot; a stage that was warm is absent, and one prefetched counts only
            the time spent waiting for it.
        barred: ids of models that are not cast, because another seller has exclusive rights to them or to similar ones.
    """

    def __init__(self, settings: Settings, watch: Progress | None = None) -> None:
        self.settings = settings
        evict_oldest(settings.cache, CACHE_BYTES)
        self.watch = watch or _silent
        self.timings: dict[str, float] = {}
        self.barred: frozenset[str] = frozenset()
        self._warm: dict[Stage, OrderedDict[Hashable, Any]] = {}
        self._prefetched: dict[tuple[Stage, Hashable], Future[Any]] = {}

    @cached_property
    def roster(self) -> Roster:
        """Virtual models that may be asked for."""
        return load_roster(self.settings)

    def reset_timings(self) -> None:
        """Start the clock of the next shot."""
        self.timings = {}
        self._prefetched.clear()

    def report(self, stage: Stage | PipelineName, share: float) -> None:
        """Report the progress of a stage to the watcher."""
        self.watch(stage, share)

    def get_or_compute(self, stage: Stage, key: Hashable, make: Callable[[], T]) -> T:
        """Return the stage's result for this key, computed only if it is not warm.

        Errors are kept like results: the second shot of a photo without a garment fails at once.

        Raises:
            VModelError: whatever ``make`` raised, now or when it was tried.
        """
        kept = self._warm.setdefault(stage, OrderedDict())
        if key not in kept:
            prefetched = self._prefetched.pop((stage, key), None)
            with self.timed(stage):
                kept[key] = _try(make if prefetched is None else prefetched.result)
            while len(kept) > stage.kept:
                kept.popitem(last=False)
        kept.move_to_end(key)
        outcome = kept[key]
        if isinstance(outcome, VModelError):
            raise outcome.with_traceback(None)
        result: T = outcome
        return result

    def prefetch(self, stage: Stage, key: Hashable, make: Callable[[], object]) -> None:
        """Compute on a background thread what ``get_or_compute`` will be asked for later in this shot."""
        if key not in self._warm.get(stage, {}) and (stage, key) not in self._prefetched:
            self._prefetched[stage, key] = self._beside.submit(make)

    @cached_property
    def _beside(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "vmodel-beside")

    @contextmanager
    def timed(self, stage: Stage | PipelineName) -> Iterator[None]:
        """Charge the time of a block to a stage of the current shot."""
        self.report(stage, 0.0)
        start = time.perf_counter()
        try:
            yield
        finally:
            spent = time.perf_counter() - start
            self.timings[str(stage)] = round(self.timings.get(stage, 0.0) + spent, 4)


def _try(make: Callable[[], T]) -> T | VModelError:
    try:
        return make()
    except VModelError as error:
        return error


def _silent(stage: Stage | PipelineName, share: float) -> None:
    pass
