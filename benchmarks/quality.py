"""How near the embedded model comes to the rendered targets: ``python -m benchmarks.quality``.

Held-out pictures only: neither their garments nor their bodies are in the training split. Writes docs/quality.md.
"""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy import linalg
from torch import Tensor

from benchmarks.tables import print_table
from pipelines.embedded import STEPS, load_embedded
from pipelines.training.dataset import Picture, PictureShelf
from pipelines.training.evaluate import compare, light_picture, load_features, mean_known, perceptual_distance
from vmodel.config import Settings
from vmodel.scene import PART_NAMES
from vmodel.types import ByteArray, FloatArray

DOC = Path(__file__).resolve().parent.parent / "docs" / "quality.md"
_HEAD = [PART_NAMES.index(name) for name in ("face", "lips", "eye", "mouth", "hair")]
_FIGURES = ("psnr", "ssim", "psnr_close", "perceptual", "perceptual_close")

Features = Callable[[ByteArray], list[Tensor]]


def measure(
    made: ByteArray, picture: Picture, features: Features
) -> tuple[dict[str, float], tuple[FloatArray, FloatArray]]:
    """Figures of one picture, and (C,) pooled features of it and of its target."""
    target = picture.arrays["target"].astype(np.uint8)
    figures = compare(made, target, picture)
    ours, theirs = features(made), features(target)
    figures["perceptual"] = perceptual_distance(ours, theirs)
    head = np.argwhere(np.isin(picture.arrays["parts"], _HEAD))
    figures["perceptual_close"] = float("nan")
    if len(head) > 1500:
        (top, left), (bottom, right) = head.min(axis=0), head.max(axis=0) + 1
        crops = [features(np.ascontiguousarray(p[top:bottom, left:right])) for p in (made, target)]
        figures["perceptual_close"] = perceptual_distance(*crops)
    pooled = [np.concatenate([block.mean(dim=(1, 2)).numpy() for block in seen[-2:]]) for seen in (ours, theirs)]
    return figures, (pooled[0], pooled[1])


def frechet_distance(first: FloatArray, second: FloatArray) -> float:
    """Fréchet distance of two Gaussians fitted to (N, C) features (Heusel et al., 2017)."""
    covariances = [np.cov(x, rowvar=False) + 1e-6 * np.eye(x.shape[1]) for x in (first, second)]
    root = np.real(linalg.sqrtm(covariances[0] @ covariances[1]))
    between = float(np.sum((first.mean(axis=0) - second.mean(axis=0)) ** 2))
    return between + float(np.trace(covariances[0] + covariances[1] - 2 * root))


def table_of(folder: Path, pictures: Path, count: int, steps: int) -> tuple[list[list[str]], int]:
    """Rows (figure, draft, embedded), and the number of held-out pictures they are over.

    Raises:
        SystemExit: there are no held-out pictures.
    """
    shelf = PictureShelf(pictures)
    shelf.scan()
    if len(shelf.test) < 2:
        raise SystemExit(f"{pictures} holds fewer than two held-out pictures; render more of them first.")
    pipeline, features = load_embedded(folder), load_features()
    numbers = np.unique(np.linspace(0, len(shelf.test) - 1, count).astype(int))
    rows: dict[str, list[dict[str, float]]] = {"draft": [], "embedded": []}
    pooled: dict[str, list[tuple[FloatArray, FloatArray]]] = {"draft": [], "embedded": []}
    for number in numbers:
        picture = shelf.load(shelf.test[number])
        draft = picture.arrays["draft"].astype(np.uint8)
        for name, made in (("draft", draft), ("embedded", light_picture(pipeline, picture, steps))):
            figures, seen = measure(made, picture, features)
            rows[name].append(figures)
            pooled[name].append(seen)
    made_rows = [
        [name, *(f"{mean_known([row[name] for row in rows[of]]):.4f}" for of in ("draft", "embedded"))]
        for name in _FIGURES
    ]
    distances = [
        frechet_distance(*(np.stack([pair[side] for pair in pooled[of]]) for side in (0, 1)))
        for of in ("draft", "embedded")
    ]
    return [*made_rows, ["frechet", *(f"{distance:.4f}" for distance in distances)]], len(numbers)


def main(arguments: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Settings().weights / "embedded")
    parser.add_argument("--pictures", type=Path, default=Path("~/.cache/vmodel-train/pictures").expanduser())
    parser.add_argument("--count", type=int, default=120, help="held-out pictures at most")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--doc", type=Path, default=DOC)
    told = parser.parse_args(arguments)
    rows, count = table_of(told.weights, told.pictures, told.count, told.steps)
    head = ("figure", "draft", "embedded")
    print_table(f"{count} held-out pictures, {told.steps} steps, against the target", head, rows)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    lines = ["# Quality of the embedded model", ""]
    lines += [f"{date.today()}, commit {commit.stdout.strip()}: {count} held-out pictures, {told.steps} steps.", ""]
    lines += ["| " + " | ".join(row) + " |" for row in (head, ("---",) * 3, *rows)]
    lines += ["", "psnr and ssim: higher is better; perceptual and Fréchet distance on EfficientNet-Lite0: lower is."]
    told.doc.write_text("\n".join([*lines, "`_close` is over face and hair only.", ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
