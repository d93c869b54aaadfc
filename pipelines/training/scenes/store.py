"""Store of training pictures: shards of .npz files, an index with one line per picture, and a contact sheet."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from vmodel.core.files import make_folder, write_whole

VIEWS = 5
"""Number of pictures of a scene, the whole figure first, with consecutive numbers."""
SHARD = 200
SHEET_PAIRS = 40
_THUMB = (256, 192)


class PictureStore:
    """Store that writes pictures whole or not at all, 200 numbers per folder."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self.folder = folder

    def write(self, number: int, arrays: dict[str, Any], meta: dict[str, Any]) -> dict[str, Any]:
        """Write one picture.

        Returns:
            ``meta`` with "file", the path below the folder.
        """
        name = f"{number // SHARD:06d}/{number:08d}.npz"
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        stream = io.BytesIO()
        np.savez_compressed(stream, **arrays, meta=np.array(json.dumps(meta, sort_keys=True)))
        write_whole(path, stream.getvalue())
        return {**meta, "file": name}


def whole_view(path: Path) -> Path:
    """Return the path of the whole figure's picture of the same scene."""
    return path.with_name(f"{int(path.stem) // VIEWS * VIEWS:08d}{path.suffix}")


class Index:
    """Finished scenes: index.jsonl has one line per picture, left_out.jsonl one per scene without any."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files = folder / "index.jsonl", folder / "left_out.jsonl"
        pictures, left_out = (list(_lines(path)) for path in self._files)
        self.pictures = len(pictures)
        self.skipped = len(left_out)
        self._done = {line["seed"] for line in pictures} | {line["scene"] for line in left_out}

    def open_scenes(self, seed: int) -> Iterator[int]:
        """Yield the seeds of scenes that are not done, without end."""
        number = seed * 100_000
        while True:
            if number not in self._done:
                yield number
            number += 1

    def add(self, outcome: dict[str, Any]) -> None:
        """Record a scene's pictures, or that there are none."""
        pictures = outcome.get("pictures")
        lines = [{k: v for k, v in outcome.items() if k != "pictures"}] if pictures is None else pictures
        with self._files[pictures is None].open("a", encoding="utf-8") as file:
            file.writelines(json.dumps(line, sort_keys=True) + "\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        self.pictures += len(pictures or [])
        self.skipped += pictures is None
        self._done.add(outcome["scene"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the whole lines of a file; a truncated line is left out."""
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                yield json.loads(line)
            except ValueError:
                continue


def write_contact_sheet(folder: Path) -> None:
    """Write contact-sheet.png: draft and target side by side, pictures spread over the whole index."""
    entries = list(_lines(folder / "index.jsonl"))
    if not entries:
        return
    chosen = [entries[i] for i in np.unique(np.linspace(0, len(entries) - 1, SHEET_PAIRS).astype(int))]
    pairs = []
    for entry in chosen:
        with np.load(folder / entry["file"]) as picture:
            both = [Image.fromarray(picture[name]).resize(_THUMB[::-1]) for name in ("draft", "target")]
        pairs.append(np.concatenate([np.asarray(one) for one in both], axis=1))
    across = 4
    blank = np.full_like(pairs[0], 255)
    pairs += [blank] * (-len(pairs) % across)
    rows = [np.concatenate(pairs[i : i + across], axis=1) for i in range(0, len(pairs), across)]
    stream = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(stream, "PNG")
    write_whole(folder / "contact-sheet.png", stream.getvalue())
