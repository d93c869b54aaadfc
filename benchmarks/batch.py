"""Throughput, memory and resumption of a batch: ``python -m benchmarks.batch [--rows N] [--jobs N] [...]``.

The table has the bundled examples in four colours and one in a fifth, each on two models in two poses, one row per
picture. The shell loop is a sample: all rows of some garments, as drawn and in one other colour, since a recoloured
garment can reuse the drape of the first from disk. Its times are extrapolated to the number of rows of each kind.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from statistics import mean

import cv2
import numpy as np
from PIL import Image
from sqlalchemy import func, select

from benchmarks.common.process_monitor import Run, joined, run_to_end, run_until
from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from benchmarks.report import main as write_report
from vmodel.config import Settings
from vmodel.core.database import open_database
from vmodel.rights.registry.tables import RegisteredShot
from vmodel.types import ByteArray

BAR = 3.0
"""Least speed of a batch as a multiple of the loop's."""
_STOPPED = 130
_WEARERS = (("wm-ines", "wm-freja"), ("wm-hana", "wm-greta"), ("wm-freja", "mn-tomas"))
_POSES = (("contrapposto", "walking"), ("standing", "hand-on-hip"))
_HUES = (0, 35, 80, 125, 155)
"""Colours of a garment, as turns of the hue in units of two degrees; the first is as drawn."""


@dataclass(frozen=True)
class Line:
    """One row of the table.

    Attributes:
        photo: name of the flat-lay.
        recoloured: it is an example in another colour.
    """

    photo: str
    sku: str
    model: str
    pose: str
    recoloured: bool


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section of the page."""
    asked = _read_flags(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.pop(name, None)  # each command decides for itself, as on a seller's machine
    if asked.folder is not None:
        return _measure(asked, asked.folder)
    with tempfile.TemporaryDirectory() as folder:
        _measure(asked, Path(folder))


def _measure(asked: argparse.Namespace, folder: Path) -> None:
    photos, home = folder / "photos", folder / "home"
    lines = make_table(photos, asked.rows)
    sittings = _sit(batch_command(photos / "table.csv", folder / "whole", asked), home, asked, folder)
    whole = joined(sittings)
    print(f"{len(whole.made)} of {len(lines)} pictures in {whole.seconds:.0f} s, {len(sittings)} sittings", flush=True)
    if whole.code == _STOPPED and not asked.partial:
        return
    lines = lines[: len(whole.made)]
    singles = measure_loop(photos, lines, asked, folder)
    print([(line.sku, round(seconds, 1), round(busy, 1)) for line, seconds, busy in singles], flush=True)
    killed = measure_kill(folder, lines[: asked.killed_rows], asked)
    print(killed, flush=True)
    tables, findings = summarise(lines, asked, whole, killed, singles)
    sat = f"It was called {len(sittings)} times, for {asked.minutes:.0f} minutes each; the times are sums."
    publish(Figures("batch", tables, [*findings, sat] if len(sittings) > 1 else findings))
    write_report()


def _sit(command: Sequence[str], home: Path, asked: argparse.Namespace, folder: Path) -> list[Run]:
    """Work on the whole batch for the allowed time, after the sittings of earlier calls."""
    kept = folder / "sittings.json"
    sittings = [Run(**plain) for plain in json.loads(kept.read_text())] if kept.is_file() else []
    if not sittings or sittings[-1].code == _STOPPED:
        sittings.append(run_to_end(command, home, 60 * asked.minutes))
        kept.write_text(json.dumps([asdict(run) for run in sittings]))
    return sittings


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the batch command against a shell loop of single shots.")
    parser.add_argument("--rows", type=int, default=100, help="pictures of the whole batch")
    parser.add_argument("--folder", type=Path, help="keep everything there, and go on there when called again")
    parser.add_argument("--partial", action="store_true", help="go on with what was made when the minutes are over")
    parser.add_argument("--minutes", type=float, default=1e6, help="after which the whole batch is stopped")
    parser.add_argument("--singles", type=int, default=100, help="rows that the loop shoots at most")
    parser.add_argument("--killed-rows", type=int, default=40, help="those of the batch that is killed half way")
    parser.add_argument("--garments", type=int, default=2, help="examples whose rows the loop shoots, in two colours")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--size", default="640x480")
    return parser.parse_args(arguments)


def make_table(photos: Path, count: int) -> list[Line]:
    """Draw the photos, write ``table.csv`` next to them, and return its first rows."""
    photos.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    examples = sorted(EXAMPLES.glob("*.jpg"))
    for hue, (index, example) in product(_HUES, enumerate(examples)):
        if len(lines) >= count:
            break
        name = f"{example.stem}-{hue}.png"
        if not (photos / name).is_file():
            Image.fromarray(in_other_colour(_pixels(example), hue)).save(photos / name)
        wearing = product(_WEARERS[index % len(_WEARERS)], _POSES[index % len(_POSES)])
        lines += [Line(name, Path(name).stem, model, pose, hue > 0) for model, pose in wearing]
    write_table(photos / "table.csv", lines[:count])
    return lines[:count]


def in_other_colour(pixels: ByteArray, hue: int) -> ByteArray:
    """Turn the hue of a picture by twice as many degrees; colourless pixels stay colourless."""
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).astype(int)
    hsv[..., 0] = (hsv[..., 0] + hue) % 180
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB))


def write_table(path: Path, lines: Sequence[Line]) -> None:
    """Write the rows as a table that the batch command takes."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["photo", "sku", "models", "poses"])
        writer.writerows([line.photo, line.sku, line.model, line.pose] for line in lines)


def batch_command(table: Path, out: Path, asked: argparse.Namespace) -> list[str]:
    """Return the command line of a batch."""
    flags = ["--jobs", str(asked.jobs), "--size", asked.size, "--pipeline", "draft", "--json", "--out", str(out)]
    return [sys.executable, "-m", "app.cli.main", "batch", str(table), *flags]


@dataclass(frozen=True)
class Killed:
    """Effects of a kill in the middle of a batch.

    Attributes:
        before, after: pictures made before the kill, and by the second call.
        redone: number of the earlier pictures that the second call wrote again.
        differing: pictures that differ from the uninterrupted batch's in any bit.
        failed: rows without a picture.
        licences: number in the registry after the uninterrupted batch, and after the killed one.
    """

    before: int
    after: int
    redone: int
    differing: int
    failed: int
    licences: tuple[int, int]


def measure_kill(folder: Path, lines: Sequence[Line], asked: argparse.Namespace) -> Killed:
    """Shoot some rows once more with an empty cache, kill the command when half of them exist, and call it again."""
    home, out = folder / "home", folder / "killed"
    granted = count_licences(home)
    shutil.rmtree(Settings(home=home).cache, ignore_errors=True)
    shutil.rmtree(out, ignore_errors=True)
    table = folder / "photos" / "part.csv"
    write_table(table, lines)
    run_until(batch_command(table, out, asked), home, len(lines) // 2)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.png")}
    again = run_to_end(batch_command(table, out, asked), home)
    made = sorted(out.glob("*.png"))
    redone = sum(path.stat().st_mtime_ns != moment for path, moment in before.items())
    differing = sum(not _same_pixels(path, folder / "whole" / path.name) for path in made)
    licences = granted, count_licences(home)
    return Killed(len(before), len(again.made), redone, differing, len(lines) - len(made), licences)


def count_licences(home: Path) -> int:
    """Return the number of pictures in a home's registry."""
    with closing(open_database(Settings(home=home))) as database, database.transaction() as session:
        return int(session.scalar(select(func.count()).select_from(RegisteredShot)) or 0)


def _same_pixels(one: Path, other: Path) -> bool:
    return other.is_file() and bool(np.array_equal(_pixels(one), _pixels(other)))


def _pixels(path: Path) -> ByteArray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def measure_loop(
    photos: Path, lines: Sequence[Line], asked: argparse.Namespace, folder: Path
) -> list[tuple[Line, float, float]]:
    """Shoot the rows of some garments in two colours, one command each: (row, seconds, seconds of processor)."""
    hues = [f"-{hue}" for hue in _HUES[:2]]
    stems = [path.stem for path in sorted(EXAMPLES.glob("*.jpg"))][1 : 1 + asked.garments]
    wanted = {stem + hue for stem, hue in product(stems, hues)}
    chosen = [line for line in lines if line.sku in wanted]
    return list(_loop(photos, chosen[: asked.singles], asked.size, folder))


def _loop(photos: Path, lines: Sequence[Line], size: str, folder: Path) -> Iterator[tuple[Line, float, float]]:
    for line in lines:
        flags = ["--model", line.model, "--pose", line.pose, "--size", size, "--pipeline", "draft", "--json"]
        command = [sys.executable, "-m", "app.cli.main", "shoot", str(photos / line.photo), *flags]
        run = run_to_end([*command, "--out", str(folder / "loop")], folder / "home-of-the-loop")
        if len(run.made) == 1:
            yield line, run.seconds, run.processor_s


def summarise(
    lines: Sequence[Line],
    asked: argparse.Namespace,
    whole: Run,
    killed: Killed,
    singles: Sequence[tuple[Line, float, float]],
) -> tuple[list[Table], list[str]]:
    """Return the tables and their findings."""
    seconds = _multiplied(lines, [(line, taken) for line, taken, _ in singles])
    processor_s = _multiplied(lines, [(line, taken) for line, _, taken in singles])
    made = len(whole.made)
    rows = [
        _row(f"batch, {asked.jobs} workers", f"{made}", whole.seconds, whole.processor_s, made),
        _row("shell loop", f"{len(singles)}, multiplied to {len(lines)}", seconds, processor_s, len(lines)),
    ]
    head = ["way", "pictures", "minutes", "seconds a picture", "pictures an hour", "processor seconds a picture"]
    times = (seconds / len(lines)) / (whole.seconds / max(made, 1))
    low, high = whole.memory_by_quarter()[1], max(whole.memory_by_quarter()[1:])
    kill_rows = [
        ["made before the kill", str(killed.before)],
        ["made by the second call", str(killed.after)],
        ["made twice", str(killed.redone)],
        ["without a picture", str(killed.failed)],
        ["other pixels than the uninterrupted batch's", str(killed.differing)],
        ["licences in the registry before and after", "{} and {}".format(*killed.licences)],
    ]
    tables = [
        Table(f"Throughput, {asked.size}, draft", head, rows),
        Table("Memory of all processes, by quarters of the batch", ["quarter", "highest, GiB"], _memory_rows(whole)),
        Table(f"A batch of {asked.killed_rows} rows, killed half way", ["pictures", "number"], kill_rows),
    ]
    by_processor = (processor_s / len(lines)) / (whole.processor_s / max(made, 1))
    findings = [
        f"The batch makes {times:.1f} times as many pictures as the loop in the same time (bar: {BAR:.0f}); "
        f"for the same processor time, which other programs change less, {by_processor:.1f} times.",
        f"{made} of {asked.rows} rows were made.",
        f"From the second quarter to the fullest one memory grew by {100 * (high / low - 1):.0f} %.",
        f"Meanwhile other programs took {100 * whole.others:.0f} % of the processor.",
    ]
    return tables, findings


def _multiplied(lines: Sequence[Line], sample: Sequence[tuple[Line, float]]) -> float:
    """Extrapolate to all rows, each taking the mean of its kind in the sample."""
    kinds = _kinds([line for line, _ in sample])
    usual = [taken for kind, (_, taken) in zip(kinds, sample, strict=True) if not kind[0]]
    total = 0.0
    for kind, count in Counter(_kinds(lines)).items():
        alike = [taken for each, (_, taken) in zip(kinds, sample, strict=True) if each == kind]
        total += count * mean(alike or usual or [taken for _, taken in sample])
    return total


def _kinds(lines: Sequence[Line]) -> list[tuple[str, bool]]:
    """Return for each row what it has to make for the first time, and whether its garment is recoloured."""
    seen: set[str] = set()
    kinds = []
    for line in lines:
        new = "" if line.model in seen else "skin" if seen else "body model"
        seen.add(line.model)
        kinds.append((new, line.recoloured))
    return kinds


def _row(way: str, pictures: str, seconds: float, processor_s: float, count: int) -> list[str]:
    a_picture = seconds / max(count, 1)
    figures = f"{seconds / 60:.1f}", f"{a_picture:.2f}", f"{3600 / a_picture:.0f}", f"{processor_s / max(count, 1):.1f}"
    return [way, pictures, *figures]


def _memory_rows(run: Run) -> list[list[str]]:
    return [[str(number), f"{gib:.2f}"] for number, gib in enumerate(run.memory_by_quarter(), 1)]


if __name__ == "__main__":
    main(sys.argv[1:])
