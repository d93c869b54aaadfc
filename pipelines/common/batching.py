"""Shots in batches: several are prepared first, then a pipeline with batches makes their pictures at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from vmodel.shoot import complete, prepare, shoot
from vmodel.shot.pipeline_interface import Failure, Pipeline, PreparedShot, RenderContext, Shot
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import PipelineName, Stage
from vmodel.studio.sequence import run_sequentially
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray


@runtime_checkable
class BatchPipeline(Pipeline, Protocol):
    """Pipeline that makes several pictures at once.

    Attributes:
        at_once: suitable size of a batch; it may fall while the pipeline works.
    """

    at_once: int

    def make(self, contexts: Sequence[RenderContext]) -> list[ByteArray]:
        """Make one picture per context, in order; see ``vmodel.shot.pipeline_interface.Pipeline``."""
        ...


def prepare_with_draft(request: ShotRequest, stages: StageCache) -> PreparedShot:
    """Prepare a shot and render its draft, so that an error of the draft stops no other shot of a batch.

    Raises:
        VModelError: see ``vmodel.shoot.shoot``.
    """
    prepared = prepare(request, stages)
    with stages.timed(Stage.DRAFT):
        _ = prepared.context.draft
    return replace(prepared, timings=dict(stages.timings))


def shoot_batched(
    requests: Iterable[ShotRequest], stages: StageCache, pipeline: Pipeline, home: Path
) -> Iterator[Shot | Failure]:
    """Make every shot, several at once where the pipeline can; none can stop the others.

    Args:
        requests: the pictures to make.
        stages: keeps the results of earlier shots.
        pipeline: turns scenes into pixels.
        home: folder where a fault of the program is logged.
    Yields:
        One ``Shot`` or ``Failure`` per request, in order.
    """
    if not isinstance(pipeline, BatchPipeline):
        yield from run_sequentially(requests, lambda request: shoot(request, stages, pipeline), home)
        return
    waiting = iter(requests)
    while batch := list(islice(waiting, max(1, pipeline.at_once))):
        yield from _shoot_batch(batch, stages, pipeline, home)


def _shoot_batch(
    requests: Sequence[ShotRequest], stages: StageCache, pipeline: BatchPipeline, home: Path
) -> Iterator[Shot | Failure]:
    prepared = list(run_sequentially(requests, partial(prepare_with_draft, stages=stages), home))
    ready = [each for each in prepared if isinstance(each, PreparedShot)]

    @cache
    def pictures() -> dict[int, ByteArray]:
        with stages.timed(PipelineName(pipeline.name)):
            return dict(zip(map(id, ready), pipeline.make([each.context for each in ready]), strict=True))

    def finish(each: PreparedShot, request: ShotRequest) -> Shot:
        stages.reset_timings()
        return complete(each, pipeline, stages, pictures()[id(each)])

    for each in prepared:
        if isinstance(each, Failure):
            yield each
        else:
            yield from run_sequentially([each.request], partial(finish, each), home)
