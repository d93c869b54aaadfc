"""Training data of fronts: labels, strips, and layers that learn whether a front is open."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.fronts import FRONTS, LabelledFront, fit, read_fronts, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.garment.recognition.network import FRONT_SIZE, load_network
from vmodel.garment.recognition.reader import read_photo

JACKET = Path(__file__).parents[5] / "examples" / "twill-jacket.jpg"


@pytest.fixture(scope="module")
def jacket() -> LabelledFront:
    picture = Image.open(JACKET).convert("RGB")
    picture.thumbnail((512, 512))
    rgb = np.asarray(picture)
    return LabelledFront(rgb, dict(read_photo(load_network(Settings().weights), rgb).points_px), "closed")


def parted(front: LabelledFront) -> LabelledFront:
    """Paint a white wedge over a front, as if its edges lay apart over a white lining."""
    rgb, half = front.rgb.copy(), 0.3 * np.linalg.norm(front.points["armpit_left"] - front.points["armpit_right"])
    low = front.points["hem_mid"] + np.array([0, 4])
    wedge = np.array([front.points["neck_front"], low + np.array([half, 0]), low - np.array([half, 0])])
    cv2.fillPoly(rgb, [np.round(wedge).astype(np.int32)], (240, 240, 240))
    return LabelledFront(rgb, front.points, "open")


def test_labels_name_photos_that_are_learnt_from() -> None:
    lines = [json.loads(line) for line in FRONTS.read_text().splitlines()]
    assert len({line["photo"] for line in lines}) == len(lines) > 400
    assert all(line["photo"].startswith("home/train/") for line in lines)  # validation photos are only for measuring
    assert {line["lies"] for line in lines} == {"open", "ajar", "closed"}


def test_lost_photos_are_left_out_and_strips_of_a_front_differ(tmp_path: Path, jacket: LabelledFront) -> None:
    Image.fromarray(jacket.rgb).save(tmp_path / "here.png")
    lines = [{"photo": name, "lies": "closed"} for name in ("here.png", "gone.png")]
    (tmp_path / "fronts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (read,) = read_fronts(load_network(Settings().weights), tmp_path, tmp_path / "fronts.jsonl")
    views = [view_of(read, None), *(view_of(read, np.random.default_rng(seed)) for seed in range(3))]
    assert all(view is not None and view.shape == (*FRONT_SIZE, 3) for view in views)
    assert len({view.tobytes() for view in views if view is not None}) == 4


@pytest.mark.slow
def test_layers_learn_which_fronts_are_open(jacket: LabelledFront) -> None:
    network = copy.deepcopy(load_network(Settings().weights))
    known = [jacket, parted(jacket)]
    torch.manual_seed(0)
    before = network.encoder.state_dict()["_conv_stem.weight"].clone()
    fit(network, iter(known * 12), np.random.default_rng(0))
    with torch.no_grad():
        answer = network.open_front(as_pictures([view for each in known if (view := view_of(each, None)) is not None]))
    assert (answer[:, 0] > 0).tolist() == [False, True]
    assert torch.equal(network.encoder.state_dict()["_conv_stem.weight"], before)
