"""The invisible mark's robustness, faintness, false alarms and speed: ``python -m benchmarks.watermark FOLDER...``.

Folders hold our own shots and flat-lays; without any, the bundled examples are used.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from PIL import Image

from benchmarks.common.distortions import CHANGES, cropped, saved
from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from benchmarks.common.unmarked_pictures import Task as Unmarked
from benchmarks.common.unmarked_pictures import picture_of, tasks_of
from vmodel.rights.watermark.codec import embed_mark, read_mark, read_mark_with_original, read_marks
from vmodel.types import ByteArray

KEY = b"the benchmark's secret, 32 bytes"
Task = TypeVar("Task")
Found = TypeVar("Found")
_LONGEST_PX = 1024
_AVERAGED = (2, 3, 4, 5)
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
FIRST_HALF = list(CHANGES)[: (len(CHANGES) + len(_AVERAGED)) // 2]
"""Changes that most copies undergo."""


@dataclass(frozen=True)
class Outcome:
    """Result of one change to one picture.

    Attributes:
        change: its name.
        blind: whether the exact payload was read without the original.
        informed: whether it was read with the original; None if that was not tried.
    """

    change: str
    blind: bool
    informed: bool | None


@dataclass(frozen=True)
class Tried:
    """Results of one picture.

    Attributes:
        psnr_db: of the marked picture against the unmarked one.
        outcomes: in the order of the changes.
    """

    psnr_db: float
    outcomes: Sequence[Outcome]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and keep them for the report."""
    parser = argparse.ArgumentParser(description="Robustness of the invisible mark")
    parser.add_argument("folders", nargs="*", type=Path, help="pictures or folders; the bundled examples by default")
    parser.add_argument("--most", type=int, default=8, help="pictures of each folder, spread evenly")
    parser.add_argument("--rest-every", type=int, default=1, help="try the list's second half on one of n pictures")
    parser.add_argument("--informed-every", type=int, default=8, help="try one of n pictures with its original too")
    parser.add_argument(
        "--unmarked", type=int, default=200, help="unmarked pictures and crops to look for false alarms"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600, help="pictures that are not done by then are left out")
    parser.add_argument("--kept", type=Path, help="file of what earlier calls found, which is not tried again")
    asked = parser.parse_args(arguments)
    found = [chosen_pictures(folder, asked.most) for folder in asked.folders or [EXAMPLES]]
    paths = [path for row in zip_longest(*found) for path in row if path is not None]
    tries = [(path, asked.rest_every, asked.informed_every) for path in paths]
    kept = Kept(asked.kept)
    end = time.monotonic() + 60 * asked.minutes
    tested = [
        Tried(psnr, [Outcome(*outcome) for outcome in outcomes])
        for psnr, outcomes in _until(end, asked.jobs, _test, tries, kept)
    ]
    alarms = _until(end, asked.jobs, _alarms, tasks_of(paths, asked.unmarked), kept)
    if tested:
        publish(_figures(tested, alarms, _seconds(paths[0])))


class Kept:
    """Results of each task, in memory and, one line each, in a file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path is not None and path.is_file() else []
        self._found: dict[str, Any] = dict(json.loads(line) for line in lines)

    def split(self, work: object, tasks: Sequence[Task]) -> tuple[list[Any], list[Task]]:
        """Return the known results of some tasks, and the remaining tasks."""
        names = [_name_of(work, task) for task in tasks]
        known = [self._found[name] for name in names if name in self._found]
        return known, [task for task, name in zip(tasks, names, strict=True) if name not in self._found]

    def keep(self, work: object, task: object, found: object) -> None:
        """Record one result."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as lines:
                lines.write(json.dumps([_name_of(work, task), found]) + "\n")


def _name_of(work: object, task: object) -> str:
    assert isinstance(task, tuple)
    parts = [part.name if isinstance(part, Path) else str(part) for part in task]
    return " ".join([getattr(work, "__name__", ""), *parts])


def _until(end: float, jobs: int, work: Callable[[Task], Any], tasks: Sequence[Task], kept: Kept) -> list[Any]:
    """Return results of tasks, known or computed, until no tasks or no time is left."""
    found, left = kept.split(work, tasks)
    if not left or time.monotonic() > end:
        return found
    with multiprocessing.get_context("spawn").Pool(jobs, cv2.setNumThreads, (1,)) as pool:
        results = pool.imap(work, left)
        with contextlib.suppress(StopIteration, multiprocessing.TimeoutError):
            for task in left:
                found.append(results.next(max(0.0, end - time.monotonic())))
                kept.keep(work, task, found[-1])
    return found


def chosen_pictures(folder: Path, most: int) -> list[Path]:
    """Return at most so many pictures of a folder, spread evenly."""
    found = (
        sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else [folder]
    )
    return [found[int(at)] for at in np.linspace(0, len(found) - 1, min(most, len(found)))]


@lru_cache(maxsize=128)
def read_picture(path: Path) -> ByteArray:
    """Return (H, W, 3) uint8 with at most 1,024 pixels on the longer side."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    image.thumbnail((_LONGEST_PX, _LONGEST_PX), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _test(task: tuple[Path, int, int]) -> tuple[float, list[tuple[str, bool, bool | None]]]:
    """Return PSNR in dB and the readings of one picture."""
    path, rest_every, informed_every = task
    payload = int.from_bytes(hashlib.sha256(path.name.encode()).digest()[:5])
    picture, informed = read_picture(path), payload % informed_every == 0
    marked = embed_mark(picture, payload, KEY)
    outcomes = []
    for name in CHANGES if payload % rest_every == 0 else FIRST_HALF:
        copy = CHANGES[name](marked)
        reading = read_mark(copy, KEY)
        seen = read_mark_with_original(copy, picture, KEY) if informed else None
        exact = seen is not None and seen.payload == payload if informed else None
        outcomes.append((name, reading is not None and reading.payload == payload, exact))
    for count in _AVERAGED if payload % rest_every == 0 else ():
        mixed = np.mean([embed_mark(picture, payload ^ k, KEY).astype(np.float32) for k in range(count)], 0)
        read = {reading.payload for reading in read_marks(saved(np.rint(mixed).astype(np.uint8), "JPEG", 90), KEY)}
        whole = bool(read) and read <= {payload ^ k for k in range(count)}
        outcomes.append((f"average of {count} buyers' copies, JPEG 90: one named", whole, None))
    return float(10 * np.log10(255**2 / np.mean((marked.astype(float) - picture) ** 2))), outcomes


def _alarms(task: Unmarked) -> bool:
    """Return whether a mark is read in an unmarked picture."""
    return read_mark(picture_of(task, read_picture), KEY) is not None


def _seconds(path: Path) -> dict[str, tuple[float, float]]:
    """Return medians of five for a 1024x768 picture: CPU seconds of one thread, wall-clock seconds of all threads."""
    picture = np.asarray(Image.fromarray(read_picture(path)).resize((768, 1024)))
    marked, threads = embed_mark(picture, 1, KEY), cv2.getNumThreads()
    tasks = {
        "marking": lambda: embed_mark(picture, 1, KEY),
        "reading": lambda: read_mark(saved(marked, "JPEG", 80), KEY),
        "reading a crop of half the area": lambda: read_mark(cropped(marked, 0.5), KEY),
        "finding no mark": lambda: read_mark(picture, KEY),
        "reading with the original": lambda: read_mark_with_original(saved(marked, "JPEG", 80), picture, KEY),
    }
    by_the_clock = {name: _median(task, time.perf_counter) for name, task in tasks.items()}
    cv2.setNumThreads(1)
    of_one_thread = {name: _median(task, time.process_time) for name, task in tasks.items()}
    cv2.setNumThreads(threads)
    return {name: (of_one_thread[name], by_the_clock[name]) for name in tasks}


def _median(task: Callable[[], object], clock: Callable[[], float]) -> float:
    taken = []
    for _ in range(5):
        start = clock()
        task()
        taken.append(clock() - start)
    return float(np.median(taken))


def _figures(tested: Sequence[Tried], alarms: Sequence[bool], seconds: dict[str, tuple[float, float]]) -> Figures:
    outcomes = [outcome for tried in tested for outcome in tried.outcomes]
    names = list(
        dict.fromkeys(outcome.change for outcome in max(tested, key=lambda tried: len(tried.outcomes)).outcomes)
    )
    rows, shares = [], {}
    for name in names:
        blind = [outcome.blind for outcome in outcomes if outcome.change == name]
        informed = [outcome.informed for outcome in outcomes if outcome.change == name and outcome.informed is not None]
        shares[name] = float(np.mean(blind))
        rows.append([name, _share(blind), _share(informed)])
    psnr = [tried.psnr_db for tried in tested]
    return Figures(
        "watermark",
        [
            Table(f"Exact payload read, {len(tested)} pictures", ["change", "blind", "with the original"], rows),
            Table(
                "Time, 1024x768",
                ["step", "CPU time of one thread, ms", "by the clock with all threads, ms"],
                [[name, *(f"{1000 * value:.0f}" for value in both)] for name, both in seconds.items()],
            ),
        ],
        [
            f"Blind: {100 * np.mean([shares[name] for name in names if name in FIRST_HALF]):.1f} % over the first half "
            f"of the list, {100 * np.mean(list(shares.values())):.1f} % over all of it.",
            f"PSNR {min(psnr):.1f} to {max(psnr):.1f} dB, median {np.median(psnr):.1f} dB.",
            f"False alarms: {sum(alarms)} in {len(alarms):,} unmarked pictures and crops.",
        ],
    )


def _share(read: Sequence[bool]) -> str:
    return f"{100 * np.mean(read):.1f} % of {len(read)}" if read else "-"


if __name__ == "__main__":
    main()
