"""Training data of waist and hem edges: labels on photos, close-ups, and the questions put to the network."""

from __future__ import annotations

import copy
import json

import cv2
import numpy as np
import pytest
import torch

from pipelines.training.reader.layers.closeups import LabelledEdge
from pipelines.training.reader.layers.edges import EDGES, fit, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import NECK_SIZE, GarmentReaderNet, load_network

EDGE = np.stack([np.linspace(220, 380, 17), 230 + 20 * np.linspace(-1, 1, 17) ** 2], axis=1)


def photo_of_a_waist(seed: int = 0) -> np.ndarray:
    """Draw a light front, the dark inside of the back above it, ground, and noise."""
    rgb = np.full((600, 600, 3), (120, 90, 60), np.uint8)
    rgb[200:, 200:400] = 215
    inside = np.vstack([EDGE, [[380, 200], [220, 200]]])
    cv2.fillPoly(rgb, [np.round(inside).astype(np.int32)], (60, 60, 70))
    noise = np.random.default_rng(seed).normal(0, 4, rgb.shape)
    return np.clip(rgb + noise, 0, 255).astype(np.uint8)


def waist(seed: int = 0) -> LabelledEdge:
    return LabelledEdge("waist.png", photo_of_a_waist(seed), EDGE)


def test_labels_name_photos_that_are_learnt_from_and_lie_in_them() -> None:
    lines = [json.loads(line) for line in EDGES.read_text().splitlines()]
    assert len(lines) > 300
    for line in lines:
        assert line["photo"].startswith("home/train/")  # validation photos are only for measuring
        edge = np.array(line["edge"])
        assert edge.shape[1] == 2
        assert 3 <= len(edge) < 50
        assert (edge > -0.02).all()
        assert (edge < 1.02).all()


def test_a_close_up_and_its_goal_show_the_edge_where_it_is() -> None:
    rng = np.random.default_rng(1)
    for _ in range(8):
        picture, front, weight = view_of(waist(), rng)
        asked = weight > 0.9
        assert asked.mean() > 0.05
        grey = cv2.resize(picture, front.shape, interpolation=cv2.INTER_AREA).mean(2)
        assert grey[asked & (front > 0.95)].mean() > grey[asked & (front < 0.05)].mean() + 60
        rows = np.arange(len(front))[:, None] * np.ones_like(front)
        assert rows[asked & (front > 0.95)].mean() > rows[asked & (front < 0.05)].mean() + 4  # the garment lies below


@pytest.mark.slow
def test_layers_for_edges_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.edge.load_state_dict(GarmentReaderNet().edge.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    fit(network, [waist(seed) for seed in range(4)], np.random.default_rng(0), views=16)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("edge.") for name in changed)
    picture, front, weight = view_of(waist(9), None)
    with torch.inference_mode():
        told = network.front_of_edge(as_pictures([picture]))[0].sigmoid().numpy()
    assert told.shape == (NECK_SIZE // 4, NECK_SIZE // 4)
    right = (told > 0.5) == (front > 0.5)
    assert right[weight > 0.9].mean() > 0.9
