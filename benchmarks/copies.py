"""Copy search among many: ``python -m benchmarks.copies FOLDER...``.

The pictures of the folders are registered among very many others. The others are not rendered: their descriptors are
combined from real ones by exchanging points between pictures and flipping bits. Thousands thus share faces, poses and
cloth with each registered picture, as shots of one studio do.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.common.distortions import CHANGES
from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from benchmarks.watermark import chosen_pictures, read_picture
from vmodel.rights.fingerprint.copy_index import CopyIndex, find_copies
from vmodel.rights.fingerprint.descriptors import KEPT_POINTS, PDQ_BYTES, POINT_BYTES, Descriptors, describe
from vmodel.types import ByteArray

_PER_PICTURE = PDQ_BYTES + KEPT_POINTS * (POINT_BYTES + 4 + 8)
"""Bytes of the index per picture: a hash, and for each point its bits, its picture and its number in the cell."""
_MANY = 700_000_000
_GROWTH_CHANGES = ("JPEG 70", "crop 50 % of the area", "screenshot chain")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and keep them for the report."""
    parser = argparse.ArgumentParser(description="Recall and speed of copy search")
    parser.add_argument("folders", nargs="*", type=Path, help="pictures or folders; the bundled examples by default")
    parser.add_argument("--most", type=int, default=30, help="pictures of each folder, spread evenly")
    parser.add_argument("--asked", type=int, default=24, help="pictures whose copies are looked up")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 100_000, 1_000_000])
    parser.add_argument("--tabled", type=int, default=100_000, help="size at which every change is tried")
    parser.add_argument("--minutes", type=float, default=600, help="sizes that are not begun by then are left out")
    asked = parser.parse_args(arguments)
    paths = [path for folder in asked.folders or [EXAMPLES] for path in chosen_pictures(folder, asked.most)]
    pictures = {str(path): read_picture(path) for path in paths}
    real = [(name, describe(picture)) for name, picture in pictures.items()]
    names = list(pictures)[:: max(1, len(pictures) // asked.asked)][: asked.asked]
    growth, table, end = [], Table("", [], []), time.monotonic() + 60 * asked.minutes
    for size in asked.sizes:
        if time.monotonic() > end:
            break
        started = time.process_time()
        index = CopyIndex.build(chain(real, _others(real, size - len(real))))
        built = time.process_time() - started
        whole = size == min(asked.tabled, asked.sizes[-1])
        wanted = CHANGES if whole else {name: CHANGES[name] for name in _GROWTH_CHANGES}
        found, milliseconds, first = _look_up({name: pictures[name] for name in names}, index, wanted)
        table = found if whole or not table.rows else table
        growth.append(
            [
                f"{size:,}",
                f"{built:.0f} s",
                f"{_megabytes(index):.0f} MB",
                f"{milliseconds:.0f} ms",
                f"{100 * first:.1f} %",
            ]
        )
        print(*growth[-1], sep=" | ", flush=True)
    publish(_figures(table, growth, len(real), len(names)))


def _others(real: Sequence[tuple[str, Descriptors]], count: int) -> Iterator[tuple[str, Descriptors]]:
    """Yield descriptors of pictures that share points with the real ones without equalling any."""
    rng = np.random.default_rng(7)
    pool = np.concatenate([found.points for _, found in real])
    hashes = np.stack([found.pdq for _, found in real])
    for number in range(count):
        points = pool[rng.integers(len(pool), size=KEPT_POINTS)]
        yield (
            f"other {number}",
            Descriptors(_flipped(hashes[rng.integers(len(hashes))], 0.2, rng), _flipped(points, 0.08, rng)),
        )


def _flipped(values: ByteArray, share: float, rng: np.random.Generator) -> ByteArray:
    """Flip a share of packed bits."""
    flips = rng.random((*values.shape, 8), np.float32) < share
    return values ^ np.packbits(flips, axis=-1)[..., 0]


def _look_up(
    pictures: dict[str, ByteArray], index: CopyIndex, changes: dict[str, object]
) -> tuple[Table, float, float]:
    """Return the share of copies whose original comes first, by change; CPU milliseconds per query; share over all."""
    rows, hits, spent = [], [], []
    for name, change in changes.items():
        found = []
        for original, picture in pictures.items():
            assert callable(change)
            copy = change(picture)
            started = time.process_time()
            candidates = find_copies(copy, index, top=5)
            spent.append(time.process_time() - started)
            found.append(
                [candidate.name for candidate in candidates].index(original)
                if original in [candidate.name for candidate in candidates]
                else 99
            )
        hits += found
        rows.append(
            [name, f"{100 * np.mean(np.array(found) == 0):.0f} %", f"{100 * np.mean(np.array(found) < 5):.0f} %"]
        )
    table = Table(f"Originals found among {len(index):,}", ["change", "first", "among the first five"], rows)
    return table, 1000 * float(np.median(spent)), float(np.mean(np.array(hits) == 0))


def _megabytes(index: CopyIndex) -> float:
    with tempfile.TemporaryDirectory() as folder:
        index.save(Path(folder))
        return sum(path.stat().st_size for path in Path(folder).iterdir()) / 1e6


def _figures(table: Table, growth: list[list[str]], real: int, asked: int) -> Figures:
    first = float(np.mean([float(row[1].split()[0]) for row in table.rows]))
    return Figures(
        "copies",
        [table, Table("Growth", ["pictures", "CPU to build", "on disk", "CPU a query", "first"], growth)],
        [
            f"The original comes first for {first:.1f} % of {asked * len(table.rows)} copies; "
            f"{real} registered pictures are real, the other descriptors are put together from theirs.",
            f"{_MANY // 10**6} million pictures would take {_MANY * _PER_PICTURE / 1e9:.0f} GB of index "
            f"({_PER_PICTURE} bytes each), hence shards: at a million a shard, {_PER_PICTURE / 1e3:.1f} GB, "
            f"{_MANY // 10**6} shards, all of which are asked.",
            f"The largest index that was measured holds {growth[-1][0]} pictures (bar: a million).",
        ],
    )


if __name__ == "__main__":
    main()
