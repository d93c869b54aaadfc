"""Shots in batches: several takes are set up first, then a pipeline that can photographs them at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Protocol, runtime_checkable

from vmodel.batch import shoot_all
from vmodel.photograph import photograph
from vmodel.request import ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Failure, Pipeline, Shot, Take
from vmodel.types import ByteArray


@runtime_checkable
class BatchPipeline(Protocol):
    """A pipeline that makes several pictures at once.

    Attributes:
        at_once: pictures that suit it; it may fall while it works.
    """

    at_once: int

    def make(self, takes: Sequence[Take]) -> list[ByteArray]:
        """One picture a take, in order; see ``vmodel.take.Pipeline``."""
        ...


@dataclass(frozen=True)
class Staged:
    """A shot that is set up and not yet photographed.

    Attributes:
        shot: with the draft for a picture.
        take: what a pipeline is asked for.
    """

    shot: Shot
    take: Take


def stage(request: ShotRequest, studio: Studio) -> Staged:
    """Set a shot up.

    Raises:
        VModelError: see ``vmodel.shoot.shoot``.
    """
    setting = _Setting()
    shot = shoot(request, studio, setting)
    assert setting.take is not None
    return Staged(shot, setting.take)


def finish_staged(staged: Staged, picture: ByteArray, pipeline: Pipeline, studio: Studio) -> Shot:
    """Finish and judge what a pipeline made of a take; further tries are the pipeline's own.

    Args:
        staged: what was asked for.
        picture: made of its take.
        pipeline: that made it.
        studio: is charged with the time.
    """
    taken = photograph(staged.take, _Made(pipeline, picture), studio)
    return replace(staged.shot, photograph=taken, timings={**staged.shot.timings, **studio.timings})


class _Setting:
    """Stands where the pipeline will: keeps the take and shows its draft."""

    name, generative = "draft", False

    def __init__(self) -> None:
        self.take: Take | None = None

    def __call__(self, take: Take) -> ByteArray:
        self.take = take
        return take.draft


class _Made:
    """A pipeline whose first picture is there already; further tries are its own."""

    def __init__(self, pipeline: Pipeline, picture: ByteArray) -> None:
        self._pipeline, self._pictures = pipeline, [picture]
        self.name, self.generative = pipeline.name, pipeline.generative

    def __call__(self, take: Take) -> ByteArray:
        return self._pictures.pop() if self._pictures else self._pipeline(take)


def shoot_together(
    requests: Iterable[ShotRequest], studio: Studio, pipeline: Pipeline, home: Path
) -> Iterator[Shot | Failure]:
    """Make every shot, several at once where the pipeline can; none can stop the others.

    Args:
        requests: what is asked for.
        studio: keeps what earlier shots made.
        pipeline: turns scenes into pixels.
        home: folder where a fault of the program is logged.
    Yields:
        One ``Shot`` or ``Failure`` a request, in order.
    """
    if not isinstance(pipeline, BatchPipeline):
        yield from shoot_all(requests, lambda request: shoot(request, studio, pipeline), home)
        return
    waiting = iter(requests)
    while batch := list(islice(waiting, max(1, pipeline.at_once))):
        yield from _shoot_batch(batch, studio, pipeline, home)


def _shoot_batch(
    requests: Sequence[ShotRequest], studio: Studio, pipeline: Pipeline, home: Path
) -> Iterator[Shot | Failure]:
    settings = [_Setting() for _ in requests]
    waiting = iter(settings)
    staged = list(shoot_all(requests, lambda request: shoot(request, studio, next(waiting)), home))
    batch = _Batch(pipeline, studio, [setting.take for setting in settings if setting.take is not None])
    for outcome, setting in zip(staged, settings, strict=True):
        if isinstance(outcome, Failure) or setting.take is None:
            yield outcome
        else:
            ready = Staged(outcome, setting.take)
            yield from shoot_all([outcome.request], partial(batch.finish, staged=ready), home)


class _Batch:
    """Takes that are photographed at once, when the first of them is asked for."""

    def __init__(self, pipeline: Pipeline, studio: Studio, takes: list[Take]) -> None:
        self._pipeline, self._studio, self._takes = pipeline, studio, takes
        self._pictures: dict[int, ByteArray] = {}

    def finish(self, request: ShotRequest, staged: Staged) -> Shot:
        """The shot as the pipeline photographs it."""
        self._studio.new_shot()
        if not self._pictures and isinstance(self._pipeline, BatchPipeline):
            with self._studio.timed(self._pipeline.name):
                pictures = self._pipeline.make(self._takes)
            self._pictures = {id(each): picture for each, picture in zip(self._takes, pictures, strict=True)}
        picture = self._pictures[id(staged.take)]
        return replace(finish_staged(staged, picture, self._pipeline, self._studio), request=request)
