"""Fit of garments on many people and poses: ``python -m benchmarks.sweep [PHOTO ...] --out DIR``.

Every photo is worn by several people in several poses, with small pictures for visual inspection. Each shot appends one
JSON line with the drape's report, or the code of the error, to ``sweep.jsonl``; a table of faults by people and poses
ends the run, and ``sheet-PHOTO.jpg`` shows all pictures of a photo.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from rich.progress import track

from benchmarks.common.tables import EXAMPLES, print_table
from pipelines.registry import load_pipeline
from vmodel.config import Settings
from vmodel.core.files import encode_picture, make_folder, write_whole
from vmodel.publishing.contact_sheet import make_contact_sheet
from vmodel.shoot import shoot
from vmodel.shot.pipeline_interface import Failure, Shot
from vmodel.shot.request import GarmentSource, ShotRequest, expand_combinations
from vmodel.studio.sequence import run_sequentially
from vmodel.studio.stage_cache import StageCache

#: Woman S and 3XL, man M and 2XL, children of 6 and 12, an elder of 70.
MODELS = ("wm-freja", "wm-keisha", "mn-tomas", "mn-elias", "ch-noah", "ch-mateo", "mn-walter")
POSES = ("standing", "hand-on-hip", "walking", "seated", "one-arm-raised")
SIZE = (512, 384)


def main(arguments: Sequence[str] | None = None) -> None:
    """Shoot all combinations and write lines, pictures and sheets."""
    asked = read_flags(arguments)
    make_folder(asked.out)
    photos = asked.photos or sorted(EXAMPLES.glob("*.jpg"))
    like = ShotRequest(GarmentSource(photos[0]), size=SIZE, framing=asked.framing, style="plain")
    garments = [GarmentSource(photo) for photo in photos]
    requests = expand_combinations(garments, asked.models, asked.poses, asked.views, like)
    lines = []
    for line in sweep(requests, asked.out):
        with (asked.out / "sweep.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        lines.append(line)
    for photo in photos:
        write_sheet(photo.stem, lines, asked.out)
    print_faults(lines, "model", asked.models)
    print_faults(lines, "pose", asked.poses)


def read_flags(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the photos, models, poses and views to sweep over."""
    parser = argparse.ArgumentParser(description="Dress a spread of people in a spread of poses.")
    parser.add_argument("photos", nargs="*", type=Path, help="flat-lays; the bundled examples by default")
    parser.add_argument("--out", type=Path, required=True, help="folder of lines, pictures and sheets")
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--poses", nargs="+", default=POSES)
    parser.add_argument("--views", nargs="+", default=("front",))
    parser.add_argument("--framing", default="full")
    return parser.parse_args(arguments)


def sweep(requests: Sequence[ShotRequest], folder: Path) -> Iterator[dict[str, Any]]:
    """Make the shots, save their pictures, and yield one line each."""
    stages = StageCache(Settings())
    make_shot = partial(shoot, stages=stages, pipeline=load_pipeline("draft"))
    results = run_sequentially(requests, make_shot, stages.settings.home)
    for result in track(results, "sweeping", total=len(requests), disable=not sys.stderr.isatty()):
        asked = result.request
        line: dict[str, Any] = {"photo": asked.garment.photo.stem, "pose": asked.pose, "view": asked.view}
        line["model"] = asked.model
        if isinstance(result, Failure):
            yield line | {"code": result.code, "message": result.message, "timings": dict(stages.timings)}
            continue
        yield line | {"picture": save(result, folder), "code": None, **measured(result)}


def measured(shot: Shot) -> dict[str, Any]:
    """Return the reports of drape and fit."""
    report = {name: round(float(value), 4) for name, value in asdict(shot.drape.report).items()}
    return {"report": report, "fit": asdict(shot.fit), "timings": dict(shot.timings)}


def save(shot: Shot, folder: Path) -> str:
    """Write a picture; return its file name, which holds photo, model, pose and view."""
    asked = shot.request
    name = "--".join([asked.garment.photo.stem, shot.model.id, Path(shot.pose).stem, asked.view]) + ".jpg"
    write_whole(folder / name, encode_picture(shot.picture, "jpeg"))
    return name


def write_sheet(photo: str, lines: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write one page with all pictures of a photo."""
    pictures = [
        (folder / line["picture"], f"{line['model']} · {line['pose']} · {line['view']}")
        for line in lines
        if line["photo"] == photo and line["code"] is None
    ]
    if pictures:
        write_whole(folder / f"sheet-{photo}.jpg", encode_picture(make_contact_sheet(pictures), "jpeg"))


def print_faults(lines: Sequence[dict[str, Any]], field: str, values: Sequence[str]) -> None:
    """Count shots, failures and further attempts by one field."""
    rows = []
    for value in values:
        chosen = [line for line in lines if line[field] == value]
        made = [line["report"] for line in chosen if line["code"] is None]
        again = sum(report["attempts"] > 1 for report in made)
        seconds = sorted(line["timings"].get("drape", 0.0) for line in chosen)
        rows.append(
            [value, *map(str, (len(chosen), len(chosen) - len(made), again)), f"{seconds[len(seconds) // 2]:.1f}"]
        )
    print_table(f"Drapes by {field}", [field, "shots", "failed", "tried again", "median s"], rows)


if __name__ == "__main__":
    main(sys.argv[1:])
