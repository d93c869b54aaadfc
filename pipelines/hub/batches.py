"""Pictures in batches, smaller ones where the card's memory runs out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import Any, TypeVar

import torch

from vmodel.errors import CardMemoryExhausted
from vmodel.take import Take
from vmodel.types import ByteArray

T = TypeVar("T")
R = TypeVar("R")
_KEPT = 8
"""Encoded prompts and pictures that are kept: enough for a garment whose poses are asked for in a row."""


class Kept:
    """What was encoded last, so that poses of one garment share it."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def once(self, key: Hashable, make: Callable[[], R]) -> R:
        """What ``make`` gives, or gave when the key was asked for a short while ago."""
        if key not in self._kept:
            with torch.no_grad():
                self._kept[key] = make()
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        made: R = self._kept[key]
        return made


def photograph_takes(
    make: Callable[[Sequence[Take]], list[ByteArray]], takes: Sequence[Take], at_once: int, pipeline: Any, name: str
) -> tuple[list[ByteArray], int]:
    """One picture a take, in batches of one garment and one size; see ``make_batches``."""
    made: list[ByteArray] = []
    for _, alike in groupby(takes, lambda take: (take.pattern.key, take.draft.shape)):
        pictures, at_once = make_batches(make, list(alike), at_once, pipeline, name)
        made += pictures
    return made, at_once


def make_batches(
    make: Callable[[Sequence[T]], list[R]], wanted: Sequence[T], at_once: int, pipeline: Any, name: str
) -> tuple[list[R], int]:
    """Make results in batches; a batch that runs out of memory is made again in halves.

    Args:
        make: makes one batch.
        wanted: in any number.
        at_once: size of the first batch.
        pipeline: a ``DiffusionPipeline``, told to take its networks off the card after a failure.
        name: of the pipeline, for the message.
    Returns:
        One result each, in order, and the size of batch that fitted.
    Raises:
        CardMemoryExhausted: not even one at a time fits.
    """
    made: list[R] = []
    while len(made) < len(wanted):
        try:
            made += make(wanted[len(made) : len(made) + at_once])
        except torch.OutOfMemoryError:
            if at_once == 1:
                raise CardMemoryExhausted(name) from None
            at_once = max(1, at_once // 2)
        else:
            continue
        # Outside of the except clause, whose traceback would keep the failed batch's tensors alive.
        pipeline.maybe_free_model_hooks()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return made, at_once
