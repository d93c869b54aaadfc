"""Clips: time, jumps of the cloth, sliding feet: ``python -m benchmarks.clip [PHOTO ...] [--frames N] [--sheet FILE]``.

The walk is filmed whole, the turntable at a share of its frames, since only the camera moves there.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.report import main as write_report
from benchmarks.tables import EXAMPLES, Figures, Table, publish
from vmodel.body.model import build_body
from vmodel.body.walking import learn_walk, soles
from vmodel.clip import CLIP_SIZE, FRAMES_PER_SECOND, LARGEST_JUMP_M, ClipRequest, film, walking_phases
from vmodel.config import Settings
from vmodel.contact_sheet import make_contact_sheet
from vmodel.files import encode_picture, write_whole
from vmodel.film import write_film
from vmodel.images import to_linear, to_oklab
from vmodel.request import GarmentSource, ShotRequest
from vmodel.studio import Studio
from vmodel.types import ByteArray, FloatArray

_MODEL = "wm-ines"
_STANDS_M = 0.002
"""A foot whose lowest point is this near the floor before and after a frame stands."""
_SHOWN = 12
"""Frames of a clip on the sheet."""


@dataclass
class Filmed:
    """What one clip was like.

    Attributes:
        seconds: of each frame.
        jumps_m: furthest that a vertex of the garment moved since the frame before.
        changes: mean distance of the picture from the one before, in OKLab.
        shown: some of the frames.
        bytes: of the film.
    """

    seconds: list[float] = field(default_factory=list)
    jumps_m: list[float] = field(default_factory=list)
    changes: list[float] = field(default_factory=list)
    shown: list[ByteArray] = field(default_factory=list)
    bytes: int = 0


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section of the page."""
    asked = _read_flags(arguments)
    rows, sheets = [], []
    with tempfile.TemporaryDirectory() as folder:
        studio = Studio(Settings(home=Path(folder) / "home"))
        for motion, frames in (("walk", asked.frames), ("turntable", asked.frames // 5)):
            filmed = measure_clip(request_for(asked.photo, motion, frames), studio, Path(folder))
            rows.append(_row(motion, filmed))
            sheets += [(picture, f"{motion} {index}") for index, picture in enumerate(filmed.shown)]
            print(rows[-1], flush=True)
    slides = sliding_mm(_MODEL, asked.frames)
    if asked.sheet:
        write_sheet(sheets, asked.sheet)
    head = ["motion", "frames", "first frame, s", "further frame, s", "largest jump, cm", "largest picture change"]
    title = f"A clip of {asked.photo.stem} at {CLIP_SIZE[0]}x{CLIP_SIZE[1]}"
    table = Table(title, [*head, "median picture change", "film, MB"], rows)
    findings = [
        f"No vertex of the garment moves more than {rows[0][4]} cm from a frame to the next (bar: "
        f"{100 * LARGEST_JUMP_M:.0f}).",
        f"A standing foot moves against the floor by {np.median(slides):.1f} mm a frame in the middle, "
        f"{np.percentile(slides, 95):.1f} mm in the worst twentieth.",
        f"Peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB.",
    ]
    publish(Figures("clip", [table], findings))
    write_report()


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure clips.")
    parser.add_argument("photo", nargs="?", type=Path, default=EXAMPLES / "pleated-skirt.jpg")
    parser.add_argument("--frames", type=int, default=100, help="of the walk; the turntable has a fifth of them")
    parser.add_argument("--sheet", type=Path, help="write some frames of each motion to this JPEG")
    return parser.parse_args(arguments)


def request_for(photo: Path, motion: str, frames: int) -> ClipRequest:
    """A clip of so many frames at the usual size."""
    shot = ShotRequest(GarmentSource(photo), model=_MODEL, size=CLIP_SIZE, view="three-quarter")
    rate = FRAMES_PER_SECOND if motion == "walk" else max(1, frames // 4)
    return ClipRequest(replace(shot, pipeline="draft"), motion, frames / rate, rate)


def measure_clip(request: ClipRequest, studio: Studio, folder: Path) -> Filmed:
    """Film it, looking at every frame on its way into the file."""
    found = Filmed()
    path = folder / f"{request.motion}.mp4"
    write_film(path, _watched(request, studio, found), request.frames_per_second)
    found.bytes = path.stat().st_size
    return found


def _watched(request: ClipRequest, studio: Studio, found: Filmed) -> Iterator[ByteArray]:
    before: FloatArray | None = None
    start = time.perf_counter()
    for index, frame in enumerate(film(request, studio)):
        found.seconds.append(time.perf_counter() - start)
        found.jumps_m.append(frame.jump_m)
        lab = to_oklab(to_linear(np.ascontiguousarray(frame.picture[::2, ::2])))
        if before is not None:
            found.changes.append(float(np.linalg.norm(lab - before, axis=2).mean()))
        before = lab
        if index % max(1, request.frames // _SHOWN) == 0:
            found.shown.append(frame.picture)
        yield frame.picture
        start = time.perf_counter()


def _row(motion: str, filmed: Filmed) -> list[str]:
    jump = f"{100 * max(filmed.jumps_m):.1f}" if max(filmed.jumps_m) else "0, the camera moves"
    return [
        motion,
        str(len(filmed.seconds)),
        f"{filmed.seconds[0]:.1f}",
        f"{np.median(filmed.seconds[1:]):.2f}",
        jump,
        f"{max(filmed.changes):.4f}",
        f"{np.median(filmed.changes):.4f}",
        f"{filmed.bytes / 1e6:.2f}",
    ]


def sliding_mm(model: str, frames: int) -> FloatArray:
    """(n,) how far each standing foot moves against the floor from one frame of a walk to the next."""
    studio = Studio(Settings())
    walk = learn_walk(build_body(studio.roster[model]))
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


def write_sheet(frames: Sequence[tuple[ByteArray, str]], path: Path) -> None:
    """Frames side by side, for the eye."""
    with tempfile.TemporaryDirectory() as folder:
        shown = []
        for number, (picture, words) in enumerate(frames):
            shown.append((Path(folder) / f"{number}.jpg", words))
            write_whole(shown[-1][0], encode_picture(picture, "jpeg"))
        write_whole(path, encode_picture(make_contact_sheet(shown), "jpeg"))


if __name__ == "__main__":
    main(sys.argv[1:])
