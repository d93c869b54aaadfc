"""Make the pictures of README from our own examples: ``python -m docs.make_pictures``."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np

from pipelines.loading import load_pipeline
from vmodel.batch import shoot_all
from vmodel.config import Settings
from vmodel.files import encode_picture, write_whole
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Failure
from vmodel.types import ByteArray

ROOT = Path(__file__).resolve().parent.parent
HEIGHT = 640
WORN = ("logo-tee", "floral-dress", "denim-trousers", "pleated-skirt")


def main() -> None:
    """Write docs/pictures/worn.jpg: each flat-lay above its shot."""
    studio = Studio(Settings())
    requests = [ShotRequest(GarmentSource(ROOT / "examples" / f"{name}.jpg")) for name in WORN]
    columns = []
    for result in shoot_all(
        requests, partial(shoot, studio=studio, pipeline=load_pipeline("draft")), studio.settings.home
    ):
        if isinstance(result, Failure):
            print(f"left out: {result.code}: {result.message}")
            continue
        columns.append(np.vstack([at_width(result.pattern.flat_lay.rgb), at_width(result.picture)]))
    if not columns:
        raise SystemExit("No picture could be made.")
    folder = ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    write_whole(folder / "worn.jpg", encode_picture(np.hstack(columns), "jpeg", quality=85))


def at_width(picture: ByteArray) -> ByteArray:
    """The picture at the width of a column."""
    return cv2.resize(picture, (HEIGHT * 3 // 4, HEIGHT), interpolation=cv2.INTER_AREA)


if __name__ == "__main__":
    main()
