"""Training data of bands: labels, close-ups of ends, and layers that learn where a band is."""

from __future__ import annotations

import copy
import json

import cv2
import numpy as np
import pytest
import torch

from pipelines.training.reader.layers.bands import BANDS, LANDMARKS, LabelledEnd, fit, goal_of, views_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.closeup import END_AT
from vmodel.garment.recognition.network import BAND_ROWS, BAND_SIZE, load_network


def test_labels_name_photos_that_are_learnt_from_and_whose_landmarks_are_known() -> None:
    lines = [json.loads(line) for line in BANDS.read_text().splitlines()]
    known = {json.loads(line)["photo"] for line in LANDMARKS.read_text().splitlines()}
    assert len({line["photo"] for line in lines}) == len(lines) > 150
    assert all(line["photo"].startswith("home/train/") and line["photo"] in known for line in lines)
    assert all(0 <= line.get(name, 0) < 0.4 for line in lines for name in ("hem", "cuff"))


def end(height: float) -> LabelledEnd:
    """Draw a hem on white, with fine upright lines as far up as its band goes."""
    rgb = np.full((400, 400, 3), 245, np.uint8)
    cv2.rectangle(rgb, (20, 0), (380, 300), (90, 110, 140), -1)
    high = round(300 - 300 * height)
    for x in range(20, 380, 6) if height else ():
        cv2.rectangle(rgb, (x, high), (x + 2, 300), (40, 55, 75), -1)
    return LabelledEnd(rgb, [(np.array([200.0, 300.0]), np.array([0.0, 1.0]))], 300.0, height)


def test_rows_of_a_band_are_asked_for_and_those_below_the_edge_are_not() -> None:
    band, weight = goal_of(20.0, 12.0)
    assert band[12:20].all()
    assert not band[:11].any()
    assert not band[21:].any()
    assert weight[10:20].all()
    assert not weight[22:].any()
    assert not goal_of(20.0, 20.0)[0].any()
    view, goal = views_of(end(0.15), np.random.default_rng(0))[0]
    assert view.shape == (BAND_SIZE, BAND_SIZE, 3)
    assert goal.shape == (2, BAND_ROWS)


@pytest.mark.slow
def test_layers_learn_what_a_band_is_and_leave_the_rest_alone() -> None:
    network = copy.deepcopy(load_network(Settings().weights))
    before = network.encoder.state_dict()["_conv_stem.weight"].clone()
    torch.manual_seed(0)
    fit(network, [end(0.15), end(0.0)] * 12, np.random.default_rng(0))
    views = [views_of(each, np.random.default_rng(5))[0][0] for each in (end(0.15), end(0.0))]
    with torch.no_grad():
        answer = network.bands_of(as_pictures(views))[:, round(END_AT * BAND_ROWS) - 5 : round(END_AT * BAND_ROWS) - 1]
    assert (answer.mean(1) > 0).tolist() == [True, False]
    assert torch.equal(network.encoder.state_dict()["_conv_stem.weight"], before)
