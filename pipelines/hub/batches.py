"""What the pipelines of the hub have in common: pictures in batches, smaller ones where the card's memory runs out."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import Any, TypeVar

import torch
from torch import Tensor

from vmodel.errors import CardMemoryExhausted
from vmodel.take import Take
from vmodel.types import ByteArray

T = TypeVar("T")
R = TypeVar("R")
_KEPT = 8
"""Things of one kind that are kept encoded: enough for a garment whose poses are asked for in a row."""


class Kept:
    """What was encoded last of one kind, so that poses of one garment share it.

    Sentences and pictures are kept apart: the drafts of a large batch would push its sentence out.
    """

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


def kept_by(pipeline: Any, kind: str) -> Kept:
    """What a ``DiffusionPipeline`` keeps of a kind; past its own bookkeeping, which knows networks only."""
    kept: Kept = vars(pipeline).setdefault(f"_kept_{kind}", Kept())
    return kept


def key_of(picture: Tensor) -> Hashable:
    """Equal for equal pictures."""
    return picture.shape, hashlib.sha256(picture.float().cpu().numpy().tobytes()).digest()


class HubPipeline(ABC):
    """A pipeline whose pictures a ``DiffusionPipeline`` makes, as the main path calls it.

    Attributes:
        name: what ``--pipeline`` calls it.
        pipeline: the ``DiffusionPipeline``, placed.
        steps: walked for a picture.
        at_once: pictures of a batch; fewer once the card's memory ran out.
    """

    name: str
    generative = True
    pipeline: Any
    steps: int
    at_once: int

    @abstractmethod
    def make_batch(self, takes: Sequence[Take]) -> list[ByteArray]:
        """One picture a take; the takes are of one garment and one size."""

    def make(self, takes: Sequence[Take]) -> list[ByteArray]:
        """Turn the takes' drafts into photographs, in batches of one garment and one size.

        Returns:
            One picture a take: (H, W, 3) uint8 sRGB; (H, W, 4) with the draft's straight alpha on the transparent
            background.
        Raises:
            CardMemoryExhausted: the card's memory does not hold one picture.
        """
        made: list[ByteArray] = []
        for _, alike in groupby(takes, lambda take: (take.pattern.key, take.draft.shape)):
            pictures, self.at_once = make_batches(self.make_batch, list(alike), self.at_once, self.pipeline, self.name)
            made += pictures
        return made

    def __call__(self, take: Take) -> ByteArray:
        """The same of one take."""
        return self.make([take])[0]


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
