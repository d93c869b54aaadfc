"""Training data of collars: labels on photos, close-ups, and the questions put to the network."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.collars import LEAVES, LabelledCollar, fit, read_collars, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet, load_network
from vmodel.types import ByteArray

NECK = np.array([[380.0, 200.0], [220.0, 200.0], [300.0, 280.0]])
LEAVES_PX = (
    np.array([[230.0, 195.0], [300.0, 275.0], [240.0, 300.0], [195.0, 215.0]]),
    np.array([[370.0, 195.0], [300.0, 275.0], [360.0, 300.0], [405.0, 215.0]]),
)


def photo_of_a_collar(seed: int = 0) -> ByteArray:
    """Draw a light shirt with a dark collar, and noise."""
    rgb = np.full((600, 600, 3), 215, np.uint8)
    rgb[:190] = (120, 90, 60)
    cv2.fillPoly(rgb, [np.round(leaf).astype(np.int32) for leaf in LEAVES_PX], (60, 60, 90))
    noise = np.random.default_rng(seed).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def collar(seed: int = 0) -> LabelledCollar:
    return LabelledCollar("collar.png", photo_of_a_collar(seed), NECK, LEAVES_PX)


def test_labels_name_photos_that_are_learnt_from_and_lie_in_them() -> None:
    lines = [json.loads(line) for line in LEAVES.read_text().splitlines()]
    assert len(lines) > 300
    for line in lines:
        assert line["photo"].startswith("home/train/")  # validation photos are only for measuring
        assert len(line["neck"]) == 3
        assert len(line["leaves"]) <= 2
        for leaf in line["leaves"]:
            places = np.array(leaf)
            assert 3 <= len(places) < 24
            assert (places > -0.05).all()
            assert (places < 1.05).all()


def test_the_photo_round_a_collar_is_read_at_the_size_that_is_needed(tmp_path: Path) -> None:
    large = np.kron(photo_of_a_collar(), np.ones((4, 4, 1), np.uint8))
    Image.fromarray(large).save(tmp_path / "collar.png")
    labels = tmp_path / "collars.jsonl"
    leaves = [(leaf / 600).tolist() for leaf in LEAVES_PX]
    label = {"photo": "collar.png", "neck": (NECK / 600).tolist(), "leaves": leaves}
    labels.write_text(json.dumps(label) + "\n" + json.dumps(label | {"photo": "gone.png"}) + "\n")
    (read,) = read_collars(tmp_path, labels)
    assert max(read.rgb.shape) < 1000
    for leaf in read.leaves:
        x, y = np.round(leaf.mean(0)).astype(int)
        assert read.rgb[y, x].max() < 120


def test_a_close_up_and_its_goal_show_the_collar_where_it_is() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        picture, share, asked = view_of(collar(), rng)
        assert share.shape == (NECK_SIZE // 4, NECK_SIZE // 4)
        assert asked.all()
        assert 0.03 < (share > 0.9).mean() < 0.5
        grey = cv2.resize(picture, share.shape, interpolation=cv2.INTER_AREA).mean(2)
        front = (share < 0.05) & (np.arange(len(share))[:, None] > 0.7 * len(share))
        assert grey[share > 0.95].mean() < grey[front].mean() - 60


@pytest.mark.slow
def test_layers_for_collars_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.collar.load_state_dict(GarmentReaderNet().collar.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit(network, [collar(seed) for seed in range(4)], np.random.default_rng(0), views=16)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("collar.") for name in changed)
    picture, share, _ = view_of(collar(9), None)
    with torch.inference_mode():
        told = network.leaves_of_collar(as_pictures([picture]))[0].sigmoid().numpy()
    face = share > 0.5
    assert ((told > 0.5) & face).sum() / ((told > 0.5) | face).sum() > 0.7
