"""Cache of loaded pipelines in a process, so that the next picture does not wait for weights."""

from __future__ import annotations

import copy
import gc
from collections import OrderedDict
from typing import Any

from pipelines.registry import load_pipeline, steps_to_load
from vmodel.errors import CardTooSmall, MemoryTooSmall
from vmodel.shot.pipeline_interface import Pipeline


class PipelinePool:
    """Most recently used pipelines; ``VMODEL_HUB_WARM`` gives their number."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[tuple[str, int | None], dict[int | None, Pipeline]] = OrderedDict()

    def get(self, name: str, steps: int | None) -> Pipeline:
        """Return a pipeline, loaded unless it is warm; evict older ones if they are too many or leave it no memory.

        Pipelines that differ only in their number of steps share their weights.

        Args:
            name: a key of ``pipelines.registry.PIPELINES``.
            steps: see ``load_pipeline``.
        Raises:
            VModelError: see ``load_pipeline``.
        """
        from pipelines.hub.runtime.settings import read_tuning

        loading = steps_to_load(name, steps)
        wanted, most = (name, loading), read_tuning().warm
        if wanted not in self._loaded:
            # Free the old one's memory first, so that the new one's layout depends on what is really free.
            self._let_go(most - 1)
            try:
                self._loaded[wanted] = {loading: load_pipeline(name, loading)}
            except (CardTooSmall, MemoryTooSmall):
                if not self._loaded:
                    raise
                self._let_go(0)
                self._loaded[wanted] = {loading: load_pipeline(name, loading)}
        self._loaded.move_to_end(wanted)
        made = self._loaded[wanted]
        if steps not in made:
            other: Any = copy.copy(made[loading])
            other.steps = steps
            made[steps] = other
        return made[steps]

    def _let_go(self, kept: int) -> None:
        if len(self._loaded) <= kept:
            return
        while len(self._loaded) > kept:
            self._loaded.popitem(last=False)
        import torch

        gc.collect()
        if torch.cuda.is_available():
            # The card reports memory that PyTorch caches as taken.
            torch.cuda.empty_cache()
