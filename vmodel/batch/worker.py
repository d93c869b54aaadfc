"""Worker process of a batch: a warm cache of stages makes the pictures it receives and returns their outcomes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

from vmodel.batch.colourway_files import in_its_colours
from vmodel.batch.journal import Outcome
from vmodel.batch.plan import Task
from vmodel.config import Settings
from vmodel.core.crash_log import log_fault
from vmodel.core.files import sha256_of
from vmodel.errors import VModelError
from vmodel.publishing.publisher import Publisher, WeightsOf, save_published
from vmodel.quality.consistency import measure_look
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Pipeline
from vmodel.shot.stages import PipelineName, Stage
from vmodel.studio.stage_cache import Progress, StageCache

_SHORTEST_NEWS_S = 0.2


@dataclass(frozen=True)
class StageNews:
    """Progress message of a worker: the name of its stage, and the share of that done, 0..1."""

    name: str
    share: float


@dataclass(frozen=True)
class StartFault:
    """Message of a worker that could not begin at all."""

    code: str
    message: str


@dataclass(frozen=True)
class WorkerConfig:
    """Setup that all workers of a batch share; it is sent to their processes.

    Attributes:
        settings: of the batch.
        make_pipeline: loads the pipeline; called once per process.
        folder: of pictures and sidecars.
        file_format: a key of ``vmodel.core.files.FORMATS``.
        threads: limit for one worker.
        weights_of: returns the weights that a pipeline used.
    """

    settings: Settings
    make_pipeline: Callable[[], Pipeline]
    folder: Path
    file_format: str
    threads: int
    weights_of: WeightsOf


def work(connection: Connection, config: WorkerConfig) -> None:
    """Make pictures until the connection ends: lists of tasks come in, one ``Outcome`` per task goes out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; Ctrl-C reaches the whole group
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _bound_threads(config.threads)
    try:
        stages, pipeline = StageCache(config.settings, _teller(connection)), config.make_pipeline()
        publisher = Publisher(config.settings, config.weights_of)
    except VModelError as error:
        connection.send(StartFault(error.code, str(error)))
        return
    while True:
        try:
            tasks: tuple[Task, ...] = connection.recv()
            for task in tasks:
                connection.send(_make(task, stages, pipeline, publisher, config))
        except (EOFError, OSError):
            return


def _make(task: Task, stages: StageCache, pipeline: Pipeline, publisher: Publisher, config: WorkerConfig) -> Outcome:
    started = time.perf_counter()
    try:
        shot = shoot(in_its_colours(task, config.folder), stages, pipeline)
        stem = task.stem(shot.model.id, shot.pose)
        published = publisher.publish(shot, config.file_format)
        picture, sidecar = save_published(published, config.folder, stem)
    except VModelError as error:
        return _failed(task, error.code, str(error), started)
    except Exception as error:
        return _failed(task, "internal", log_fault(error, config.settings.home), started)
    return Outcome(
        task.key,
        picture.name,
        sidecar.name,
        sha256_of(picture),
        shot.model.id,
        shot.pose,
        round(time.perf_counter() - started, 2),
        (*shot.warnings, *published.warnings),
        dressed=Stage.DRAPE in shot.timings,
        look=measure_look(shot).to_json(),
        check=shot.check or {},
    )


def _failed(task: Task, code: str, message: str, started: float) -> Outcome:
    return Outcome(task.key, code=code, message=message, seconds=round(time.perf_counter() - started, 2))


def _teller(connection: Connection) -> Progress:
    last = [0.0]

    def tell(stage: Stage | PipelineName, share: float) -> None:
        now = time.monotonic()
        if now - last[0] >= _SHORTEST_NEWS_S:
            last[0] = now
            connection.send(StageNews(str(stage), share))

    return tell


def _bound_threads(threads: int) -> None:
    import cv2
    import torch

    cv2.setNumThreads(threads)
    torch.set_num_threads(threads)


def _end_with_parent() -> None:
    """End this process with its parent: a worker must not go on after its batch was killed."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
