"""Training of the garment reader: the teacher's gaps are filled, and a training resumes from weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.dataset import labelled_samples, read_labels
from pipelines.training.reader.samples import UNKNOWN
from pipelines.training.reader.synthetic.sample import draw_sample
from pipelines.training.reader.train import BatchArguments, begin, resume, train
from vmodel.config import Settings
from vmodel.garment.recognition.network import LANDMARKS, WEIGHTS, load_network

POINTS = {
    f"{name}_{side}": [0.5 + sign * x, y]
    for side, sign in (("left", 1), ("right", -1))
    for name, x, y in (("neck", 0.08, 0.1), ("shoulder", 0.2, 0.14), ("armpit", 0.2, 0.36), ("cuff_outer", 0.46, 0.6),
                       ("cuff_inner", 0.36, 0.66), ("hem", 0.22, 0.9))
}  # fmt: skip


def write_photo(copies: Path, missed: slice) -> Path:
    """Write a jumper on ground of its sleeves' colour; the teacher's mask misses some rows of one sleeve."""
    photo, rgb = copies / "home/train/top/one.jpg", np.full((300, 300, 3), 200, np.uint8)
    photo.parent.mkdir(parents=True)
    rows, columns = np.mgrid[:300, :300]
    mask = (abs(columns - 150) < 140) & (rows > 30) & (rows < 275)
    mask[missed, 215:] = False
    Image.fromarray(rgb).save(photo)
    Image.fromarray(np.asarray(255 * mask, np.uint8)).save(photo.with_suffix(".mask.png"))
    label = {"photo": "home/train/top/one.jpg", "ok": True, "category": "top", "sleeve": "long", "neckline": "crew",
             "points": POINTS}  # fmt: skip
    labels = copies / "labels.jsonl"
    labels.write_text(json.dumps(label) + "\n")
    return labels


def test_nothing_is_taught_of_cloth_that_the_teacher_missed(tmp_path: Path) -> None:
    labels = write_photo(tmp_path, slice(110, 200))
    (sample,) = labelled_samples(tmp_path, read_labels([labels]))
    assert sample.mask is not None
    sleeve = slice(138, 142), slice(243, 249)
    assert np.isnan(sample.mask[sleeve]).all()
    assert (sample.parts[sleeve] == UNKNOWN).all()
    assert (sample.mask[150:160, 280:] == 0).all()  # ground beside the sleeve stays ground
    assert (sample.mask[120:140, 60:70] == 1).all()  # and the other sleeve cloth


@pytest.mark.slow
def test_training_goes_on_from_weights_and_is_exported(tmp_path: Path) -> None:
    labels = write_photo(tmp_path / "copies", slice(110, 200))
    asked = BatchArguments(tmp_path / "copies", (labels,), 0, 0.5, 2, 64)
    shipped = load_network(Settings().weights)
    sample = draw_sample(np.random.default_rng(1))
    picture = torch.from_numpy(sample.rgb[:224, :224]).permute(2, 0, 1)[None].float() / 255
    picture = torch.nn.functional.interpolate(picture, (64, 64))

    first = begin(weights=Settings().weights)
    with torch.inference_mode():
        before = shipped(picture)["heat"]
        assert torch.allclose(first.average.eval()(picture)["heat"], before, atol=1e-4)
    train(first, asked, 0.1, tmp_path, 0.2, pace=0.1)
    assert first.step > 0
    again = resume(tmp_path / "reader.pt")
    assert again.step == first.step
    train(again, asked, 0.05, tmp_path, 0.2)
    again.export(tmp_path / WEIGHTS)
    with torch.inference_mode():
        after = load_network(tmp_path)(picture)["heat"]
        assert torch.allclose(after, again.average.eval()(picture)["heat"], atol=0.2)
        assert not torch.allclose(after, before, atol=1e-3)
    assert after.shape[1] == len(LANDMARKS)
