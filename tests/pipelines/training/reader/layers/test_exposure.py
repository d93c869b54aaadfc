"""Training data of exposures: labels, views at other exposures, and layers that see them."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from pipelines.training.reader.layers.exposure import EXPOSURES, ExposedPhoto, fit, on_paper, read_exposures, view_of
from pipelines.training.reader.train import as_pictures
from vmodel.config import Settings
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.recognition.network import GarmentReaderNet, load_network

EXAMPLE = Path(__file__).parents[5] / "examples" / "summer-shorts.jpg"


def example(stops: float) -> ExposedPhoto:
    """Return an example's photo, darkened by so much, with its label."""
    picture = Image.open(EXAMPLE).convert("RGB")
    picture.thumbnail((320, 320))
    rgb = to_srgb(to_linear(np.asarray(picture)) / 2**stops)
    mask = np.zeros(rgb.shape[:2], np.float32)
    mask[80:240, 60:200] = 1
    return ExposedPhoto("example.jpg", rgb, mask, stops)


def test_labels_name_photos_that_are_learnt_from() -> None:
    lines = [json.loads(line) for line in EXPOSURES.read_text().splitlines()]
    assert len(lines) > 500
    assert len({line["photo"] for line in lines}) == len(lines)
    assert all(-0.35 <= line["stops"] <= 1.4 for line in lines)
    assert all(line["photo"].startswith("home/train/") for line in lines)  # validation photos are only for measuring


def test_photos_that_are_gone_are_left_out(tmp_path: Path) -> None:
    Image.fromarray(example(0.0).rgb).save(tmp_path / "here.png")
    labels = tmp_path / "exposures.jsonl"
    lines = [{"photo": name, "stops": 0.4} for name in ("here.png", "gone.png")]
    labels.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (read,) = read_exposures(load_network(Settings().weights), tmp_path, labels)
    assert (read.photo, read.stops) == ("here.png", 0.4)


def test_a_view_at_another_exposure_has_another_label() -> None:
    photo = example(0.5)
    plain, stops = view_of(photo, None)
    assert stops == 0.5
    for seed in range(4):
        view, needed = view_of(photo, np.random.default_rng(seed))
        gained = np.log2(np.median(to_linear(view)) / np.median(to_linear(plain)))
        assert needed == pytest.approx(stops - gained, abs=0.15)


def test_a_garment_on_white_paper_is_exposed_well_or_as_dark_as_its_paper() -> None:
    photo = example(0.5)
    papers = [on_paper(photo, np.random.default_rng(seed)) for seed in range(12)]
    assert sum(paper.stops > 0 for paper in papers) > 3
    for paper in papers:
        white = np.median(to_linear(paper.rgb[:30, :30]))
        assert np.log2(white) == pytest.approx(-paper.stops, abs=0.75)  # paper's own light varies
        cloth = np.median(to_linear(paper.rgb[100:220, 80:180])) / np.median(to_linear(photo.rgb[100:220, 80:180]))
        assert np.log2(cloth) == pytest.approx(photo.stops - paper.stops, abs=0.1)


@pytest.mark.slow
def test_layers_for_exposures_learn_and_leave_the_rest_alone() -> None:
    torch.manual_seed(0)
    network = copy.deepcopy(load_network(Settings().weights))  # shared by all readers
    network.exposure.load_state_dict(GarmentReaderNet().exposure.state_dict())
    before = {name: value.clone() for name, value in network.state_dict().items()}
    rng = np.random.default_rng(0)
    fit(network, [example(stops) for stops in rng.uniform(-0.2, 1.2, 24)], rng)
    changed = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert changed
    assert all(name.startswith("exposure.") for name in changed)
    bright, dim = (network(as_pictures([view_of(example(stops), None)[0]]))["exposure"][0] for stops in (0.0, 1.0))
    assert dim - bright > 0.4
