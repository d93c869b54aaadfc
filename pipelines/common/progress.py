"""Observed pipelines: the draft is shown while they work, each step is reported, and they queue for the card."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipelines.common.batching import BatchPipeline
from vmodel.core.files import make_folder
from vmodel.shot.pipeline_interface import Pipeline, RenderContext
from vmodel.types import ByteArray


class MonitoredPipeline:
    """Pipeline that others can follow and stop.

    Args:
        pipeline: makes the picture.
        show: receives the draft, (H, W, 3 or 4) uint8, before a generative pipeline begins.
        tell: receives the share done, 0..1, before every call of the denoiser; an exception in it stops the picture.
        locks: folder for the card's lock, the same for every process of this machine.
    """

    def __init__(
        self, pipeline: Pipeline, show: Callable[[ByteArray], None], tell: Callable[[float], None], locks: Path
    ) -> None:
        self._pipeline, self._show, self._tell, self._locks = pipeline, show, tell, locks
        self.name, self.generative = pipeline.name, pipeline.generative

    def __call__(self, context: RenderContext) -> ByteArray:
        """Make a picture; see ``vmodel.shot.pipeline_interface.Pipeline``."""
        if not self.generative:
            return self._pipeline(context)
        self._show(context.draft)
        with gpu_lock(self._locks), on_denoiser_step(self._pipeline, self._tell):
            return self._pipeline(context)

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make several pictures at once with a batch pipeline; the first one's draft is shown.

        Args:
            contexts: at least one.
        Raises:
            TypeError: the pipeline makes one picture at a time.
        """
        if not isinstance(self._pipeline, BatchPipeline):
            raise TypeError(f"{self.name} makes one picture at a time")
        self._show(contexts[0].draft)
        with gpu_lock(self._locks), on_denoiser_step(self._pipeline, self._tell):
            return self._pipeline.make(contexts)


@contextmanager
def on_denoiser_step(pipeline: Pipeline, tell: Callable[[float], None]) -> Iterator[None]:
    """Report every call of a pipeline's denoiser before it is made.

    Args:
        pipeline: one that keeps a pipeline of diffusers as ``pipeline``; any other one reports nothing.
        tell: takes the share of the calls made, 0..1, a guess where a pipeline makes more than its ``steps``.
    """
    inner: Any = getattr(pipeline, "pipeline", None)
    denoiser: Any = getattr(inner, "transformer", None) or getattr(inner, "unet", None)
    if denoiser is None:
        yield
        return
    calls, steps = 0, max(1, int(getattr(pipeline, "steps", 1)))

    def count(*_: object) -> None:
        nonlocal calls
        tell(min(1.0, calls / steps))
        calls += 1

    hook = denoiser.register_forward_pre_hook(count)
    try:
        yield
    finally:
        hook.remove()


@contextmanager
def gpu_lock(locks: Path) -> Iterator[None]:
    """Reserve this process's graphics card while the block runs; without a card nobody waits.

    The kernel owns the lock, so a process that dies releases it.
    """
    import torch

    if not torch.cuda.is_available():
        yield
        return
    make_folder(locks)
    card = f"{os.environ.get('CUDA_VISIBLE_DEVICES', 'all')}-{torch.cuda.current_device()}".replace("/", "_")
    with (locks / f"card-{card}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
