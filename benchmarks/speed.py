"""Where the time goes: ``python -m benchmarks.speed [PHOTO ...]``.

All figures are of a warm process: libraries loaded, body model ready, kernels compiled, and the virtual model known
from a shot of another garment, as in a shop's daily work. Drapes are computed, not read from the cache on disk.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.tables import photos_from, print_table
from pipelines.loading import load_pipeline
from vmodel.config import Settings
from vmodel.request import GarmentSource, ShotRequest
from vmodel.shoot import shoot
from vmodel.studio import Studio
from vmodel.take import Shot


def main(arguments: Sequence[str] | None = None) -> None:
    """Print times of the usual kinds of shots, their stages, and growth with pixels and cloth."""
    photos = photos_from(arguments, "Measure the time and memory of shots.")
    with tempfile.TemporaryDirectory() as home:
        studio = Studio(Settings(home=Path(home)))
        first = ShotRequest(GarmentSource(photos[1 % len(photos)]), model="wm-ines", pose="contrapposto")
        _, cold = timed(studio, first)
        print(f"cold process, first shot: {cold:.1f} s")
        print_kinds(studio, replace(first, garment=GarmentSource(photos[0])))
        print_growth_with_pixels(studio, first)
        print_growth_with_cloth(studio, photos)
    print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


def print_kinds(studio: Studio, request: ShotRequest) -> None:
    """One row a kind of shot, and the stages of each."""
    kinds = {
        "first shot of a garment": (request, 20.0),
        "further pose": (replace(request, pose="hand-on-hip"), 10.0),
        "further view": (replace(request, pose="hand-on-hip", view="three-quarter"), 3.0),
        "further light": (replace(request, pose="hand-on-hip", view="three-quarter", light="daylight"), 3.0),
        "further model": (replace(request, model="mn-tomas"), 20.0),
    }
    rows, stages = [], []
    for kind, (asked, bound) in kinds.items():
        shot, seconds = timed(studio, asked)
        rows.append([kind, f"{seconds:.2f}", f"{bound:.0f}", str(shot.drape.report.vertices)])
        parts = sorted(shot.timings.items(), key=lambda item: -item[1])
        stages.append([kind, ", ".join(f"{stage} {spent:.2f}" for stage, spent in parts if spent >= 0.005)])
    print_table("Seconds a shot, 1024x768, warm process", ["shot", "seconds", "bound", "cloth vertices"], rows)
    print_table("Seconds a stage", ["shot", "stages"], stages)


def print_growth_with_pixels(studio: Studio, request: ShotRequest) -> None:
    """The same drape at growing sizes."""
    rows = []
    for size in ((512, 384), (1024, 768), (2048, 1536), (3072, 2304)):
        shot, _ = timed(studio, replace(request, size=size, view="20"))
        spent = shot.timings["conditions"] + shot.timings["draft"]
        rows.append([f"{size[0]}x{size[1]}", f"{size[0] * size[1] / 1e6:.2f}", f"{spent:.2f}"])
    print_table("Growth with pixels: maps and draft of a finished drape", ["size", "megapixels", "seconds"], rows)


def print_growth_with_cloth(studio: Studio, photos: Sequence[Path]) -> None:
    """Garments of different cloth area."""
    rows = []
    for photo in photos:
        shot, _ = timed(studio, ShotRequest(GarmentSource(photo), model="wm-ines", pose="walking"))
        spent = shot.timings.get("drape", 0.0)
        rows.append([shot.drape.report.vertices, photo.name, spent])
    table = [[str(count), name, f"{spent:.2f}"] for count, name, spent in sorted(rows)]
    print_table("Growth with cloth: dressing and moving into a pose", ["vertices", "photo", "seconds"], table)


def timed(studio: Studio, request: ShotRequest) -> tuple[Shot, float]:
    """The shot and its seconds by the wall clock."""
    start = time.perf_counter()
    shot = shoot(request, studio, load_pipeline(request.pipeline))
    return shot, time.perf_counter() - start


if __name__ == "__main__":
    main(sys.argv[1:])
