"""Films: time, jumps of the cloth, sliding feet: ``python -m benchmarks.clip [PHOTO] [--frames N] [...]``.

The cloth of a walk is simulated for all frames; to save time, fewer may be photographed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from benchmarks.report import main as write_report
from vmodel.body.model.body import build_body
from vmodel.body.model.walk_cycle import learn_walk, soles
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_oklab
from vmodel.core.files import encode_picture, write_whole
from vmodel.core.video import write_film
from vmodel.drape.simulate.animate import move_cloth
from vmodel.publishing.contact_sheet import make_contact_sheet
from vmodel.shot.request import GarmentSource, ShotRequest
from vmodel.studio.clip import (
    CLIP_SIZE,
    FRAMES_PER_SECOND,
    LARGEST_JUMP_M,
    ClipRequest,
    first_frame_request,
    render_clip,
    walking_path,
    walking_phases,
)
from vmodel.studio.dress_model import cast_and_dress
from vmodel.studio.read_garment import read_pattern
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, FloatArray

_MODEL = "wm-ines"
_STANDS_M = 0.002
"""A foot counts as standing if its lowest point is this near the floor before and after a frame."""
_SHOWN = 12
"""Frames of a clip on the sheet."""


@dataclass
class Filmed:
    """Measurements of one clip.

    Attributes:
        seconds: processor time of each frame, which other programs disturb less than wall-clock time.
        changes: mean distance of the picture from the one before, in OKLab.
        shown: some of the frames.
        bytes: size of the film.
    """

    seconds: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    shown: list[ByteArray] = field(default_factory=list)
    bytes: int = 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section of the page."""
    asked = _read_flags(arguments)
    stages = StageCache(Settings())
    request = request_for(asked.photo, asked.frames)
    jumps_cm = 100 * simulate(request, stages)
    slides_mm = sliding_mm(_MODEL, asked.frames)
    with tempfile.TemporaryDirectory() as folder:
        filmed = measure_film(request, stages, Path(folder), asked.pictures)
    if asked.sheet:
        write_sheet(filmed.shown, asked.sheet)
    rows = [
        ["largest jump of a vertex of the garment", f"{jumps_cm.max():.1f} cm", f"{100 * LARGEST_JUMP_M:.0f} cm"],
        ["median of the frames' largest jumps", f"{np.median(jumps_cm):.1f} cm", ""],
        ["slide of a standing foot a frame, median", f"{np.median(slides_mm):.1f} mm", ""],
        ["slide of a standing foot a frame, largest", f"{slides_mm.max():.1f} mm", ""],
        ["seconds of the processor a frame, median", f"{np.median(filmed.seconds[1:]):.2f}", ""],
    ]
    if asked.pictures >= asked.frames:
        changed = max(filmed.changes) / np.median(filmed.changes)
        rows.append(["largest change of the picture over the median", f"{changed:.1f}", ""])
        rows.append(["film", f"{filmed.bytes / 1e6:.2f} MB", ""])
    height, width = CLIP_SIZE
    title = f"A walk of {asked.frames} frames at {height}x{width}, {FRAMES_PER_SECOND} a second, {asked.photo.stem}"
    findings = [
        f"{len(filmed.seconds)} of {asked.frames} frames were photographed; the cloth was simulated for all of them.",
        f"Peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB.",
    ]
    publish(Figures("clip", [Table(title, ["what", "measured", "bar"], rows)], findings))
    write_report()


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure films.")
    parser.add_argument("photo", nargs="?", type=Path, default=EXAMPLES / "pleated-skirt.jpg")
    parser.add_argument("--frames", type=int, default=100, help="of the walk")
    parser.add_argument("--pictures", type=int, default=1000, help="how many frames are photographed")
    parser.add_argument("--sheet", type=Path, help="write some frames to this JPEG")
    return parser.parse_args(arguments)


def request_for(photo: Path, frames: int) -> ClipRequest:
    """Return a request for a walk of so many frames at the usual size."""
    shot = ShotRequest(
        GarmentSource(photo), model=_MODEL, size=CLIP_SIZE, view="three-quarter", pipeline="draft", style="plain"
    )
    return ClipRequest(shot, "walk", frames / FRAMES_PER_SECOND)


def simulate(request: ClipRequest, stages: StageCache) -> FloatArray:
    """Return (frames - 1,) metres: the largest distance that a vertex of the garment moves to each frame."""
    shot = first_frame_request(request)
    dressed = cast_and_dress(read_pattern(shot.garment, stages), shot, stages)
    path = walking_path(dressed, request.frames, request.frames_per_second)
    frame_s = 1 / request.frames_per_second
    cloth = list(move_cloth(dressed.garment, dressed.body, dressed.cloth, path, frame_s, stages.settings))
    return np.array([np.linalg.norm(after - before, axis=1).max() for before, after in pairwise(cloth)])


def measure_film(request: ClipRequest, stages: StageCache, folder: Path, pictures: int) -> Filmed:
    """Film it and inspect every frame on its way into the file."""
    found = Filmed()
    path = folder / "walk.mp4"
    write_film(path, islice(_watched(request, stages, found), pictures), request.frames_per_second)
    found.bytes = path.stat().st_size
    return found


def _watched(request: ClipRequest, stages: StageCache, found: Filmed) -> Iterator[ByteArray]:
    before: FloatArray | None = None
    start = time.process_time()
    for index, frame in enumerate(render_clip(request, stages)):
        found.seconds.append(time.process_time() - start)
        lab = to_oklab(to_linear(np.ascontiguousarray(frame.picture[::2, ::2])))
        if before is not None:
            found.changes.append(float(np.linalg.norm(lab - before, axis=2).mean()))
        before = lab
        if index % max(1, request.frames // _SHOWN) == 0:
            found.shown.append(frame.picture)
        yield frame.picture
        start = time.process_time()


def sliding_mm(model: str, frames: int) -> FloatArray:
    """Return (n,) mm that each standing foot moves against the floor from one frame of a walk to the next."""
    stages = StageCache(Settings())
    walk = learn_walk(build_body(stages.roster[model]))
    phases = walking_phases(frames, FRAMES_PER_SECOND)
    feet = soles()
    found, before = [], walk.posed(phases[0]).vertices_m
    for first, phase in pairwise(phases):
        after = walk.posed(phase).vertices_m
        for foot in feet:
            touching = np.maximum(before[foot, 2], after[foot, 2]) < _STANDS_M
            if touching.any():
                moved = (after[foot] - before[foot])[touching, :2].mean(axis=0)
                found.append(1000 * np.linalg.norm(moved - walk.floor_m * (phase - first)))
        before = after
    return np.array(found)


def write_sheet(frames: Sequence[ByteArray], path: Path) -> None:
    """Write frames side by side, for visual inspection."""
    with tempfile.TemporaryDirectory() as folder:
        shown = []
        for number, picture in enumerate(frames):
            shown.append((Path(folder) / f"{number}.jpg", str(number)))
            write_whole(shown[-1][0], encode_picture(picture, "jpeg"))
        write_whole(path, encode_picture(make_contact_sheet(shown), "jpeg"))


if __name__ == "__main__":
    main(sys.argv[1:])
