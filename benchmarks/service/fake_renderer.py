"""Real worker processes with a cheap renderer, which paints a small picture instead of photographing one."""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import threading
import time
from datetime import timedelta
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from typing import TypeVar

from PIL import Image

from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.service.jobs.renderer import ProgressCallback, Rendered, ShotAssignment
from vmodel.service.storage.file_store import FileStore, files_address
from vmodel.service.worker.loop import Worker
from vmodel.shot.request import ShotRequest
from vmodel.shot.stages import Stage

_STAGES = (Stage.DRAPE, Stage.SKIN, Stage.SCENE, Stage.PHOTOGRAPH, Stage.PUBLISH)
T = TypeVar("T")


class Painter:
    """Renderer that paints in a colour derived from photo and request, in as many steps as a shot has stages.

    Args:
        seconds: duration of one picture.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        """Implement ``vmodel.service.jobs.renderer.Renderer``."""
        digest = hashlib.sha256(
            request.garment.photo.read_bytes() + json.dumps(dict(assignment.request)).encode()
        ).digest()
        for stage in _STAGES:
            tell(stage, 0.0)
            time.sleep(self.seconds / len(_STAGES))
        picture = Image.new("RGB", (48, 64), tuple(digest[:3]))
        tell(Stage.PUBLISH, 1.0, encode(picture.resize((12, 16)), "JPEG"))
        return Rendered(encode(picture, "PNG"), "png", json.dumps({"request": assignment.request}).encode())


class DoomedWorker(Worker):
    """Worker that kills its own process when it first reaches a boundary between two steps.

    Attributes:
        doom: name of the boundary, see ``benchmarks.service.crash.BOUNDARIES``.
    """

    doom = ""

    def open_shots(self, part_id: str) -> list[str]:
        """Override ``Worker``."""
        return self._pass("opened", super().open_shots(part_id))

    def make_shot(self, shot_id: str) -> bool:
        """Override ``Worker``."""
        return self._pass("delivered", super().make_shot(shot_id))

    def end_part(self, part_id: str) -> None:
        """Override ``Worker``."""
        self._pass("ended", super().end_part(part_id))

    def _pass(self, boundary: str, outcome: T) -> T:
        if self.doom == boundary:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome


class DoomedPainter(Painter):
    """Painter that kills its own process when it begins or ends its first picture."""

    doom = ""

    def __call__(self, request: ShotRequest, assignment: ShotAssignment, tell: ProgressCallback) -> Rendered:
        """Override ``Painter``."""
        if self.doom == "begun":
            os.kill(os.getpid(), signal.SIGKILL)
        rendered = super().__call__(request, assignment, tell)
        if self.doom == "rendered":
            os.kill(os.getpid(), signal.SIGKILL)
        return rendered


class DoomedStore(FileStore):
    """Store that kills its own process once a picture and its sidecar are written but not yet recorded."""

    doom = ""

    def put(self, account_id: str, content: bytes, suffix: str) -> str:
        """Override ``FileStore``."""
        key = super().put(account_id, content, suffix)
        if self.doom == "stored" and suffix == "json":
            os.kill(os.getpid(), signal.SIGKILL)
        return key


def encode(picture: Image.Image, file_format: str) -> bytes:
    """Encode a picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, file_format)
    return stream.getvalue()


def start_worker(
    settings: Settings, name: str, seconds: float = 0.0, silent_s: float = 15.0, doom: str = ""
) -> ForkServerProcess:
    """Start a worker process of an installation; SIGTERM lets it leave.

    Processes are forked from one that has everything loaded, so that the next one starts at once.

    Args:
        settings: of the installation.
        name: of the worker.
        seconds: duration of a picture.
        silent_s: seconds without a heartbeat after which another worker counts as dead.
        doom: boundary at which it kills itself, see ``benchmarks.service.crash.BOUNDARIES``.
    """
    context = get_context("forkserver")
    context.set_forkserver_preload(["benchmarks.service.fake_renderer"])
    arguments = (settings, dict(os.environ), name, seconds, silent_s, doom)
    process = context.Process(target=_work, args=arguments, name=name)
    process.start()
    return process


def _work(
    settings: Settings, environment: dict[str, str], name: str, seconds: float, silent_s: float, doom: str
) -> None:
    os.environ.update(environment)
    _be_quiet()
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    database, store, paint = open_database(settings), DoomedStore(files_address(settings)), DoomedPainter(seconds)
    worker = DoomedWorker(settings, database, store, paint, name, silent=timedelta(seconds=silent_s))
    worker.doom = store.doom = paint.doom = doom
    worker.run(stop)


def _be_quiet() -> None:
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
