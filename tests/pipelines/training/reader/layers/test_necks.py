"""Training data of neck edges: labels on photos, close-ups, and the questions put to the network."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.closeups import LabelledEdge, read_edges
from pipelines.training.reader.layers.necks import EDGES, fit, goal_of, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet, load_network

EDGE = np.stack([np.linspace(220, 380, 17), 200 + 80 * (1 - np.linspace(-1, 1, 17) ** 2)], axis=1)


def photo_of_a_neck(seed: int = 0) -> np.ndarray:
    """Draw a light tee, its dark opening, and noise."""
    rgb = np.full((600, 600, 3), 215, np.uint8)
    rgb[:190] = (120, 90, 60)
    cv2.fillPoly(rgb, [np.round(EDGE).astype(np.int32)], (60, 60, 70))
    noise = np.random.default_rng(seed).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def neck(seed: int = 0) -> LabelledEdge:
    return LabelledEdge("neck.png", photo_of_a_neck(seed), EDGE)


def test_labels_name_photos_that_are_learnt_from_and_lie_in_them() -> None:
    lines = [json.loads(line) for line in EDGES.read_text().splitlines()]
    assert len(lines) > 300
    for line in lines:
        assert line["photo"].startswith("home/train/")  # validation photos are only for measuring
        edge = np.array(line["edge"])
        assert edge.shape[1] == 2
        assert 4 <= len(edge) < 20
        assert (edge > -0.02).all()
        assert (edge < 1.02).all()
        assert edge[0, 0] < edge[-1, 0] or abs(edge[0] - edge[-1])[1] > 0.02  # left to right, except in turned photos


def test_the_photo_round_a_neck_is_read_at_the_size_that_is_needed(tmp_path: Path) -> None:
    large = np.kron(photo_of_a_neck(), np.ones((4, 4, 1), np.uint8))
    Image.fromarray(large).save(tmp_path / "neck.png")
    labels = tmp_path / "necks.jsonl"
    label = {"photo": "neck.png", "edge": (EDGE / 600).tolist()}
    labels.write_text(json.dumps(label) + "\n" + json.dumps(label | {"photo": "gone.png"}) + "\n")
    (read,) = read_edges(tmp_path, labels)
    assert max(read.rgb.shape) < 1000
    x, y = np.round(read.edge[8] + (0, -6)).astype(int)
    assert read.rgb[y, x].max() < 90  # the opening
    x, y = np.round(read.edge[8] + (0, 6)).astype(int)
    assert read.rgb[y, x].min() > 190  # the front


def test_a_close_up_and_its_goal_show_the_edge_where_it_is() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        picture, edge = view_of(neck(), rng)
        front, weight = goal_of(edge)
        asked = weight > 0.9
        assert asked.mean() > 0.05
        grey = cv2.resize(picture, front.shape, interpolation=cv2.INTER_AREA).mean(2)
        assert grey[asked & (front > 0.95)].mean() > grey[asked & (front < 0.05)].mean() + 60
        assert edge[0, 0] < edge[-1, 0]


@pytest.mark.slow
def test_layers_for_necks_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.neck.load_state_dict(GarmentReaderNet().neck.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit(network, [neck(seed) for seed in range(4)], np.random.default_rng(0), views=16)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("neck.") for name in changed)
    picture, edge = view_of(neck(9), None)
    with torch.inference_mode():
        told = network.front_of_neck(as_pictures([picture]))[0].sigmoid().numpy()
    assert told.shape == (NECK_SIZE // 4, NECK_SIZE // 4)
    front, weight = goal_of(edge)
    right = (told > 0.5) == (front > 0.5)
    assert right[weight > 0.9].mean() > 0.9
