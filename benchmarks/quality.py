"""Distance of the embedded model from the rendered targets: ``python -m benchmarks.quality``.

Held-out pictures only: neither their garments nor their bodies are in the training split. Writes docs/quality.md.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import torch
from scipy import linalg
from torch import Tensor

from benchmarks.common.tables import print_table
from pipelines.embedded.pipeline import STEPS, load_embedded
from pipelines.training.dataset import Picture, PictureCache
from pipelines.training.evaluate import PictureLight, compare, load_features, mean_known
from pipelines.training.perceptual_features import perceptual_distance
from vmodel.config import Settings
from vmodel.scene import PART_NAMES
from vmodel.types import BoolArray, ByteArray, FloatArray

DOC = Path(__file__).resolve().parent.parent / "docs" / "quality.md"
_CROPS = ("head", "face", "hand")
_PARTS = {
    "head": [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")],
    "face": [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth")],
    "hand": [PART_NAMES.index("hand")],
}
_FEWEST = {"head": 1500, "face": 1500, "hand": 800}
"""Least number of pixels that a crop must show."""
_NARROWEST = 64
"""Least side of a crop in pixels, for the coarsest features."""
_PLACES = 3
"""Index of the block whose cells, 16 pixels wide, are the samples of the Fréchet distance."""
_COLUMNS = ("draft", "embedded", "finished")
_FIGURES = ("psnr", "ssim", "psnr_close", "perceptual", *(f"perceptual_{name}" for name in _CROPS))

_NOTES = (
    "- psnr and ssim: higher is better. perceptual (Zhang et al., 2018, unlearnt) and frechet (Heusel et al., 2017)",
    "  are distances of EfficientNet-Lite0 features: lower is better.",
    "- `_close`: face and hair only. `_head`, `_face`, `_hand`: crops. Heads from behind show hair and no face; the",
    "  target has the draft's hair, too.",
    "- The samples of the Fréchet distances are the cells of 16 pixels that lie on the person, the head, the face or",
    "  a hand.",
    "- Pictures are lit as in the product: a piece has the exposure of the whole figure, and cloth is lit so that no",
    "  print is clipped.",
    "- finished: after the finish, which leaves no more fine light on cloth than the draft has, for the print's sake.",
)

Pair = tuple[FloatArray, FloatArray]
Features = Callable[[ByteArray], list[Tensor]]


def measure(made: ByteArray, picture: Picture, features: Features) -> tuple[dict[str, float], dict[str, Pair]]:
    """Measure one picture; also return its features on the person, the head, the face and hands.

    Returns:
        The figures, and for each region (N, C) features of the picture and of its target.
    """
    target = picture.arrays["target"].astype(np.uint8)
    figures = compare(made, target, picture)
    ours, theirs = features(made), features(target)
    figures["perceptual"] = perceptual_distance(ours, theirs)
    for name in _CROPS:
        spots = np.argwhere(np.isin(picture.arrays["parts"], _PARTS[name]))
        figures[f"perceptual_{name}"] = float("nan")
        if len(spots) > _FEWEST[name]:
            (top, left), (bottom, right) = spots.min(axis=0), spots.max(axis=0) + 1
            if min(bottom - top, right - left) >= _NARROWEST:
                crops = [features(np.ascontiguousarray(p[top:bottom, left:right])) for p in (made, target)]
                figures[f"perceptual_{name}"] = perceptual_distance(*crops)
    regions = {"person": picture.arrays["person"] > 127}
    regions |= {name: np.isin(picture.arrays["parts"], _PARTS[name]) for name in _CROPS}
    return figures, {name: _places(ours[_PLACES][0], theirs[_PLACES][0], where) for name, where in regions.items()}


def _places(ours: Tensor, theirs: Tensor, where: BoolArray) -> Pair:
    """Return the (N, C) features of both at the cells that lie mostly in a region."""
    channels, height, width = ours.shape
    share = cv2.resize(where.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    chosen = torch.from_numpy(share > 0.5)
    return ours[:, chosen].T.numpy().reshape(-1, channels), theirs[:, chosen].T.numpy().reshape(-1, channels)


def frechet_distance(first: FloatArray, second: FloatArray) -> float:
    """Return the Fréchet distance of two Gaussians fitted to (N, C) features (Heusel et al., 2017)."""
    covariances = [np.cov(x, rowvar=False) + 1e-6 * np.eye(x.shape[1]) for x in (first, second)]
    root = np.real(linalg.sqrtm(covariances[0] @ covariances[1]))
    between = float(np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2))
    return between + float(np.trace(covariances[0] + covariances[1] - 2 * root))


def table_of(folder: Path, pictures: Path, count: int, steps: int) -> tuple[list[list[str]], int]:
    """Return rows (figure, draft, embedded, embedded over draft, finished, finished over draft), and the picture count.

    Raises:
        SystemExit: there are no held-out pictures.
    """
    picture_cache = PictureCache(pictures)
    picture_cache.scan()
    if len(picture_cache.test) < 2:
        raise SystemExit(f"{pictures} holds fewer than two held-out pictures; render more of them first.")
    light, features = PictureLight(load_embedded(folder), picture_cache, steps), load_features()
    numbers = np.unique(np.linspace(0, len(picture_cache.test) - 1, count).astype(int))
    rows: dict[str, list[dict[str, float]]] = {of: [] for of in _COLUMNS}
    places: dict[str, list[dict[str, Pair]]] = {of: [] for of in _COLUMNS}
    for number in numbers:
        path = picture_cache.test[number]
        picture, lit = picture_cache.load(path), light(path)
        shown = picture.arrays["draft"].astype(np.uint8), lit, light.finished(path, lit)
        for name, made in zip(_COLUMNS, shown, strict=True):
            figures, seen = measure(made, picture, features)
            rows[name].append(figures)
            places[name].append(seen)
    made_rows = [
        [name, *(f"{mean_known([row[name] for row in rows[of]]):.4f}" for of in _COLUMNS)] for name in _FIGURES
    ]
    for region in ("person", *_CROPS):
        distances = [
            frechet_distance(*(np.concatenate([each[region][side] for each in places[of]]) for side in (0, 1)))
            for of in _COLUMNS
        ]
        made_rows.append([f"frechet_{region}", *(f"{distance:.4f}" for distance in distances)])
    return [_with_ratios(*row) for row in made_rows], len(numbers)


def _with_ratios(name: str, draft: str, *others: str) -> list[str]:
    """Return a row with each figure over the draft's, where lower is better."""
    lower = name.startswith(("perceptual", "frechet")) and float(draft) > 0
    ratios = [f"{float(other) / float(draft):.2f}" if lower else "" for other in others]
    return [name, draft, *(cell for pair in zip(others, ratios, strict=True) for cell in pair)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Settings().weights / "embedded")
    parser.add_argument("--pictures", type=Path, default=Path("~/.cache/vmodel-train/pictures").expanduser())
    parser.add_argument("--count", type=int, default=120, help="held-out pictures at most")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--doc", type=Path, default=DOC)
    told = parser.parse_args(arguments)
    rows, count = table_of(told.weights, told.pictures, told.count, told.steps)
    head = ("figure", "draft", "embedded", "ratio", "finished", "ratio")
    print_table(f"{count} held-out pictures, {told.steps} steps, against the target", head, rows)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    lines = ["# Quality of the embedded model", ""]
    lines += [f"{date.today()}, commit {commit.stdout.strip()}: {count} held-out pictures, --steps {told.steps}.", ""]
    lines += ["| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows)]
    lines += ["", *_NOTES]
    told.doc.write_text("\n".join([*lines, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
