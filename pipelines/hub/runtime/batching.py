"""Base of the hub's pipelines: pictures in batches, smaller ones where the card's memory runs out."""

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
from vmodel.shot.pipeline_interface import RenderContext
from vmodel.types import ByteArray

T = TypeVar("T")
R = TypeVar("R")
_KEPT = 8
"""Entries kept of each kind: enough for a garment whose poses are requested in a row."""


class EncodingCache:
    """Cache of recent encodings of one kind, so that poses of one garment share them.

    Sentences and pictures are kept apart: the drafts of a large batch would push its sentence out.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()

    def get_or_compute(self, key: Hashable, make: Callable[[], R]) -> R:
        """Return the result of ``make``, cached under the key for a while."""
        if key not in self._kept:
            with torch.no_grad():
                self._kept[key] = make()
        self._kept.move_to_end(key)
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        made: R = self._kept[key]
        return made


def encoding_cache_of(pipeline: Any, kind: str) -> EncodingCache:
    """Return the cache of a kind in a ``DiffusionPipeline``, outside its own bookkeeping, which knows networks only."""
    kept: EncodingCache = vars(pipeline).setdefault(f"_kept_{kind}", EncodingCache())
    return kept


def key_of(picture: Tensor) -> Hashable:
    """Return a key that is equal for equal pictures."""
    return picture.shape, hashlib.sha256(picture.float().cpu().numpy().tobytes()).digest()


class HubPipeline(ABC):
    """Base of pipelines whose pictures a ``DiffusionPipeline`` makes, in the form that the main path calls.

    Attributes:
        name: value of ``--pipeline``.
        pipeline: the ``DiffusionPipeline``, placed on its device.
        steps: denoising steps of a picture.
        at_once: size of a batch; smaller once the card's memory ran out.
    """

    name: str
    generative = True
    pipeline: Any
    steps: int
    at_once: int

    @abstractmethod
    def make_batch(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context; the contexts are of one garment and one size."""

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Turn the contexts' drafts into photographs, in batches of one garment and one size.

        Returns:
            One picture per context: (H, W, 3) uint8 sRGB; (H, W, 4) with the draft's straight alpha on the transparent
            background.
        Raises:
            CardMemoryExhausted: the card's memory does not hold one picture.
        """
        made: list[ByteArray] = []
        for _, alike in groupby(contexts, lambda context: (context.reading.key, context.draft.shape)):
            pictures, self.at_once = make_batches(self.make_batch, list(alike), self.at_once, self.pipeline, self.name)
            made += pictures
        return made

    def __call__(self, context: RenderContext) -> ByteArray:
        """Make the picture of one context; see ``make``."""
        return self.make([context])[0]


def make_batches(
    make: Callable[[Sequence[T]], list[R]], wanted: Sequence[T], at_once: int, pipeline: Any, name: str
) -> tuple[list[R], int]:
    """Make results in batches; a batch that runs out of memory is made again in halves.

    Args:
        make: makes one batch.
        wanted: the inputs, in any number.
        at_once: size of the first batch.
        pipeline: a ``DiffusionPipeline``, which takes its networks off the card after a failure.
        name: of the pipeline, for the message.
    Returns:
        One result each, in order, and the size of the batch that fitted.
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
