"""Pictures in batches, smaller ones where the card's memory runs out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from vmodel.errors import CardMemoryExhausted

T = TypeVar("T")
R = TypeVar("R")


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
