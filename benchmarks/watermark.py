"""The invisible mark's robustness, faintness, false alarms and speed: ``python -m benchmarks.watermark FOLDER...``.

Folders hold our own shots and flat-lays; without, the bundled examples are taken.
"""

from __future__ import annotations

import argparse
import contextlib
import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
from PIL import Image

from benchmarks.distortions import CHANGES, cropped, saved
from benchmarks.tables import EXAMPLES, Figures, Table, publish
from vmodel.rights.watermark import embed_mark, read_mark, read_mark_with_original, read_marks
from vmodel.types import ByteArray

KEY = b"the benchmark's secret, 32 bytes"
Task = TypeVar("Task")
Found = TypeVar("Found")
_LONGEST_PX = 1024
_AVERAGED = (2, 3, 4, 5)
_SMALL_CROPS = 8
"""Of so many crops of an unmarked picture all but one are small: they take less time, and many are copied small."""
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Outcome:
    """One picture, one change.

    Attributes:
        change: its name.
        blind: whether the exact payload was read without the original.
        informed: whether it was read with the original; None where that was not tried.
    """

    change: str
    blind: bool
    informed: bool | None


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and keep them for the report."""
    parser = argparse.ArgumentParser(description="Robustness of the invisible mark")
    parser.add_argument("folders", nargs="*", type=Path, help="pictures or folders; the bundled examples by default")
    parser.add_argument("--most", type=int, default=8, help="pictures of each folder, spread evenly")
    parser.add_argument("--informed-every", type=int, default=8, help="try every n-th picture with its original too")
    parser.add_argument(
        "--unmarked", type=int, default=200, help="unmarked pictures and crops to look for false alarms"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=600, help="pictures that are not done by then are left out")
    asked = parser.parse_args(arguments)
    found = [chosen_pictures(folder, asked.most) for folder in asked.folders or [EXAMPLES]]
    paths = [path for row in zip_longest(*found) for path in row if path is not None]
    tries = [(path, number, number % asked.informed_every == 0) for number, path in enumerate(paths)]
    alarms = _until(asked.minutes / 4, asked.jobs, _alarms, _unmarked(paths, asked.unmarked))
    tested = _until(asked.minutes * 3 / 4, asked.jobs, _test, tries)
    publish(_figures(tested, alarms, _seconds(paths[0])))


def _until(minutes: float, jobs: int, work: Callable[[Task], Found], tasks: Sequence[Task]) -> list[Found]:
    """What was done of some tasks until there were no more, or no more time."""
    end, kept = time.monotonic() + 60 * minutes, []
    with multiprocessing.get_context("spawn").Pool(jobs, cv2.setNumThreads, (1,)) as pool:
        results = pool.imap_unordered(work, tasks)
        with contextlib.suppress(StopIteration, multiprocessing.TimeoutError):
            while True:
                kept.append(results.next(max(0.0, end - time.monotonic())))
    return kept


def chosen_pictures(folder: Path, most: int) -> list[Path]:
    """At most so many pictures of a folder, spread evenly."""
    found = (
        sorted(path for path in folder.glob("*") if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else [folder]
    )
    return [found[int(at)] for at in np.linspace(0, len(found) - 1, min(most, len(found)))]


@lru_cache(maxsize=128)
def read_picture(path: Path) -> ByteArray:
    """(H, W, 3) uint8 with at most 1,024 pixels on the longer side."""
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    image.thumbnail((_LONGEST_PX, _LONGEST_PX), Image.Resampling.LANCZOS)
    return np.asarray(image)


def _test(task: tuple[Path, int, bool]) -> tuple[float, list[Outcome]]:
    """PSNR in dB and what was read of one picture."""
    path, number, informed = task
    picture, payload = read_picture(path), 7_000_000_001 + 1009 * number
    marked = embed_mark(picture, payload, KEY)
    outcomes = []
    for name, change in CHANGES.items():
        copy = change(marked)
        reading = read_mark(copy, KEY)
        seen = read_mark_with_original(copy, picture, KEY) if informed else None
        exact = seen is not None and seen.payload == payload if informed else None
        outcomes.append(Outcome(name, reading is not None and reading.payload == payload, exact))
    for count in _AVERAGED:
        mixed = np.mean([embed_mark(picture, payload + k, KEY).astype(np.float32) for k in range(count)], 0)
        read = {reading.payload for reading in read_marks(saved(np.rint(mixed).astype(np.uint8), "JPEG", 90), KEY)}
        whole = bool(read) and read <= {payload + k for k in range(count)}
        outcomes.append(Outcome(f"average of {count} buyers' copies, JPEG 90: one named", whole, None))
    return float(10 * np.log10(255**2 / np.mean((marked.astype(float) - picture) ** 2))), outcomes


def _unmarked(paths: Sequence[Path], count: int) -> list[tuple[Path, int]]:
    return [(paths[number % len(paths)], number // len(paths)) for number in range(count)]


def _alarms(task: tuple[Path, int]) -> bool:
    """Whether a mark is read where none is: the whole picture first, then random crops."""
    path, turn = task
    picture = read_picture(path)
    if turn:
        rng = np.random.default_rng(turn)
        low, high = (0.3, 0.8) if turn % _SMALL_CROPS == 0 else (0.09, 0.3)
        height, width = (int(side * rng.uniform(low, high)) for side in picture.shape[:2])
        top, left = rng.integers(picture.shape[0] - height), rng.integers(picture.shape[1] - width)
        picture = np.ascontiguousarray(picture[top : top + height, left : left + width])
    return read_mark(picture, KEY) is not None


def _seconds(path: Path) -> dict[str, float]:
    """CPU seconds of one thread for a picture of 1024x768 pixels: the median of five."""
    picture = np.asarray(Image.fromarray(read_picture(path)).resize((768, 1024)))
    marked = embed_mark(picture, 1, KEY)
    cv2.setNumThreads(1)
    tasks = {
        "marking": lambda: embed_mark(picture, 1, KEY),
        "reading": lambda: read_mark(saved(marked, "JPEG", 80), KEY),
        "reading a crop of half the area": lambda: read_mark(cropped(marked, 0.5), KEY),
        "finding no mark": lambda: read_mark(picture, KEY),
        "reading with the original": lambda: read_mark_with_original(saved(marked, "JPEG", 80), picture, KEY),
    }
    return {name: float(np.median([_cpu(task) for _ in range(5)])) for name, task in tasks.items()}


def _cpu(task: object) -> float:
    start = time.process_time()
    assert callable(task)
    task()
    return time.process_time() - start


def _figures(
    tested: Sequence[tuple[float, list[Outcome]]], alarms: Sequence[bool], seconds: dict[str, float]
) -> Figures:
    names = [outcome.change for outcome in tested[0][1]]
    rows, blind_shares = [], []
    for name in names:
        outcomes = [outcome for _, every in tested for outcome in every if outcome.change == name]
        informed = [outcome.informed for outcome in outcomes if outcome.informed is not None]
        blind_shares.append(float(np.mean([outcome.blind for outcome in outcomes])))
        with_original = f"{100 * np.mean(informed):.0f} % of {len(informed)}" if informed else "-"
        rows.append([name, f"{100 * blind_shares[-1]:.0f} %", with_original])
    psnr = [psnr for psnr, _ in tested]
    half = len(names) // 2
    return Figures(
        "watermark",
        [
            Table(f"Exact payload read, {len(tested)} pictures", ["change", "blind", "with the original"], rows),
            Table(
                "CPU time of one thread, 1024x768",
                ["step", "ms"],
                [[name, f"{1000 * value:.0f}"] for name, value in seconds.items()],
            ),
        ],
        [
            f"Blind: {100 * np.mean(blind_shares[:half]):.1f} % over the first half of the list, "
            f"{100 * np.mean(blind_shares):.1f} % over all of it.",
            f"PSNR {min(psnr):.1f} to {max(psnr):.1f} dB, median {np.median(psnr):.1f} dB.",
            f"False alarms: {sum(alarms)} in {len(alarms)} unmarked pictures and crops.",
        ],
    )


if __name__ == "__main__":
    main()
