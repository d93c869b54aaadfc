"""A real worker process with a cheap renderer: it paints a small picture instead of photographing one.

    python -m benchmarks.painting NAME [SECONDS] [SLOTS] [SILENT_S]

joins the installation of the environment as worker NAME and makes pictures that take SECONDS each, until SIGTERM.
"""

from __future__ import annotations

import hashlib
import io
import json
import signal
import sys
import threading
import time
from datetime import timedelta

from PIL import Image

from vmodel.config import Settings
from vmodel.database import open_database
from vmodel.request import ShotRequest
from vmodel.service.rendering import Rendered, Tell
from vmodel.service.settling import Work
from vmodel.service.store import open_store
from vmodel.service.worker import Worker

_STEPS = 5


class Painter:
    """Paints the photo in a colour that the request decides, in as many steps as a shot has stages.

    Args:
        seconds: that one picture takes.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def __call__(self, request: ShotRequest, work: Work, tell: Tell) -> Rendered:
        """See ``vmodel.service.rendering.Renderer``."""
        digest = hashlib.sha256(request.garment.photo.read_bytes() + json.dumps(dict(work.request)).encode()).digest()
        for stage in ("drape", "skin", "scene", "photograph", "publish")[:_STEPS]:
            tell(stage, 0.0)
            time.sleep(self.seconds / _STEPS)
        picture = Image.new("RGB", (48, 64), tuple(digest[:3]))
        tell("publish", 1.0, encode(picture.resize((12, 16)), "JPEG"))
        return Rendered(encode(picture, "PNG"), "png", json.dumps({"request": work.request}).encode())


def encode(picture: Image.Image, file_format: str) -> bytes:
    """A picture as a file."""
    stream = io.BytesIO()
    picture.save(stream, file_format)
    return stream.getvalue()


def main(name: str, seconds: str = "0", slots: str = "1", silent_s: str = "15") -> None:
    """Work until SIGTERM."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    settings = Settings()
    database, store = open_database(settings), open_store(settings)
    worker = Worker(
        settings, database, store, Painter(float(seconds)), name, int(slots), timedelta(seconds=float(silent_s))
    )
    print(name, flush=True)
    worker.run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
