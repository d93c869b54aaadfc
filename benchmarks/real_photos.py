"""Reading and wearing of real garments' photos: ``python -m benchmarks.real_photos --photos DIR [--labels FILE]``.

With labels (lines of JSON, see ``pipelines.training.reader.dataset``) every labelled photo is read as the product reads
it, and the reading is compared with the label. ``--shoot`` makes a draft picture of each as well. Without labels every
photo of the folder is shot and nothing is compared. Photos whose label says that the garment is unreadable are skipped.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.common.tables import Figures, circumstances, publish
from benchmarks.photos.reading import Read, read_one, reading_findings, reading_tables
from benchmarks.photos.shots import Worn, shoot_one, shot_findings, shot_tables, write_pages
from pipelines.training.reader.dataset import read_labels
from vmodel.config import Settings
from vmodel.core.files import json_bytes, make_folder, write_whole
from vmodel.studio.stage_cache import StageCache

_PICTURES = {".jpg", ".jpeg", ".png", ".webp", ".heic"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read and shoot the photos, print the figures, and keep those of a labelled set for the report."""
    asked = _read_flags(arguments)
    labels = read_labels([asked.labels]) if asked.labels else {}
    names = choose(asked.photos, labels, asked.limit, asked.seed)
    if not names:
        sys.exit(f"{asked.photos} has none of the photos that were asked for.")
    reads = read_all(asked.photos, names, labels, asked.masks) if labels else []
    worn = shoot_every(asked.photos, names) if asked.shoot or not labels else []
    findings = [*reading_findings(reads), *shot_findings(worn)]
    figures = Figures("real_photos", [*reading_tables(reads), *shot_tables(worn)], findings)
    publish(figures, keep=bool(labels))
    if asked.out is not None:
        make_folder(asked.out)
        write_report(asked.out / "real-photos.json", figures, reads, worn)
        for page in write_pages(worn, asked.out):
            print(page)


def _read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how photos of real garments are read and worn.")
    parser.add_argument("--photos", type=Path, required=True, help="folder that the labels' paths start from")
    parser.add_argument(
        "--labels", type=Path, help="what the photos show, a line of JSON each; without it all are shot"
    )
    parser.add_argument("--masks", type=Path, help="folder of true masks: a photo's path with the suffix .png")
    parser.add_argument("--limit", type=int, help="look at so many photos, chosen by chance")
    parser.add_argument("--seed", type=int, default=0, help="of that choice")
    parser.add_argument("--shoot", action="store_true", help="make a draft picture of each, too")
    parser.add_argument("--out", type=Path, help="folder for a JSON of every photo and for pages of pictures")
    return parser.parse_args(arguments)


def choose(photos: Path, labels: dict[str, dict[str, Any]], limit: int | None, seed: int) -> list[str]:
    """Return the paths below the folder of the chosen photos, in order.

    Args:
        photos: the folder.
        labels: by path; empty for every photo of the folder.
        limit: largest number of photos; None for all.
        seed: of the random choice.
    """
    if labels:
        names = sorted(name for name, label in labels.items() if label.get("ok", True) and (photos / name).is_file())
    else:
        files = (path for path in photos.rglob("*") if path.suffix.lower() in _PICTURES)
        names = sorted(path.relative_to(photos).as_posix() for path in files)
    if limit is None or limit >= len(names):
        return names
    chosen = np.random.default_rng(seed).choice(len(names), limit, replace=False)
    return [names[number] for number in sorted(chosen)]


def read_all(photos: Path, names: Sequence[str], labels: dict[str, dict[str, Any]], masks: Path | None) -> list[Read]:
    """Read the photos and compare each with its label and its mask, where there is one."""
    settings = Settings()
    return [
        read_one(
            photos / name, name, labels[name], None if masks is None else (masks / name).with_suffix(".png"), settings
        )
        for name in track(names, "reading", console=Console(stderr=True))
    ]


def shoot_every(photos: Path, names: Sequence[str]) -> list[Worn]:
    """Make a picture of each photo; drapes are computed, not read from an earlier run's cache."""
    with tempfile.TemporaryDirectory(prefix="vmodel-") as home:
        stages = StageCache(Settings(home=Path(home)))
        return [
            shoot_one(photos / name, name, stages) for name in track(names, "shooting", console=Console(stderr=True))
        ]


def write_report(path: Path, figures: Figures, reads: Sequence[Read], worn: Sequence[Worn]) -> None:
    """Write the figures and each photo's results as JSON."""
    whole = {
        **circumstances(),
        "findings": list(figures.findings),
        "tables": [{"title": table.title, "head": table.head, "rows": table.rows} for table in figures.tables],
        "read": [
            {
                "photo": read.photo,
                "code": read.code,
                "told": read.told,
                "seen": read.seen,
                "errors": {name: round(error, 4) for name, error in read.errors.items()},
                "overlap": None if read.overlap is None else round(read.overlap, 4),
                "seconds": {stage: round(spent, 3) for stage, spent in read.seconds.items()},
            }
            for read in reads
        ],
        "worn": [
            {
                "photo": one.photo,
                "kind": one.kind,
                "code": one.code,
                "message": one.message,
                "scores": {name: round(float(score), 3) for name, score in one.scores.items()},
                "missed": list(one.missed),
                "seconds": {stage: round(spent, 2) for stage, spent in one.seconds.items()},
            }
            for one in worn
        ],
    }
    write_whole(path, json_bytes(json.loads(json.dumps(whole, default=str)), 1))


if __name__ == "__main__":
    main(sys.argv[1:])
