"""Training of the light network: samples with known light, and a training that learns, stops and resumes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.training.light.crops import Crop, make_crop, read_crops, read_names
from pipelines.training.light.evaluate import light_missed
from pipelines.training.light.samples import LitCloths, lit
from pipelines.training.light.train import begin, loss_of, train, without_own_light
from vmodel.garment.delighting.network import WEIGHTS, load_light_network
from vmodel.garment.recognition.network import LANDMARKS
from vmodel.garment.recognition.reader import PhotoReading
from vmodel.garment.recognition.surface import Surface

FOLD = 120
POINTS = {
    **{name: np.array([80.0, 100.0]) for name in LANDMARKS},
    **{f"{name}_{side}": np.array([80.0 + sign * x, y]) for side, sign in (("left", 1), ("right", -1))
       for name, x, y in (("shoulder", 30, 25.0), ("armpit", 40, 60.0), ("cuff_outer", 58, 70.0),
                          ("cuff_inner", 50, 75.0), ("neck", 12, 18.0), ("hem", 45, 180.0))},
}  # fmt: skip


def crop(shows: str = "plain") -> Crop:
    """Draw a grey top with a fold across it."""
    y, x = np.mgrid[:200, :160].astype(np.float32)
    mask = ((abs(x - 80) < 60) & (abs(y - 100) < 85)).astype(np.float32)
    tone = 150 * (1 - 0.3 * np.exp(-(((y - FOLD) / 5) ** 2)))
    return Crop(np.repeat(tone[..., None], 3, 2).astype(np.uint8), mask, POINTS, "top", True, shows)


def write_crops(folder: Path, names: list[str]) -> None:
    """Write crops under names of the list, in their layout on disk."""
    folder.mkdir()
    about = {"points": {name: at.tolist() for name, at in POINTS.items()}, "category": "top", "sleeve": "short"}
    for name in names:
        path = folder / (name.replace("/", "__") + ".npz")
        np.savez_compressed(path, rgb=crop().rgb, mask=(255 * crop().mask).astype(np.uint8), about=json.dumps(about))


def test_the_light_of_a_plain_garment_leaves_even_cloth_when_it_is_divided_out() -> None:
    cloths = LitCloths([crop()], np.random.default_rng(1))
    even = 0
    for _ in range(30):
        sample = cloths.draw(96)
        logs = (
            np.log(picture + 0.04).mean(2)[sample.mask > 0] for picture in (sample.rgb, lit(sample.rgb, -sample.light))
        )
        before, after = (float(np.percentile(each, 90) - np.percentile(each, 10)) for each in logs)
        even += after < 0.5 * before
    assert even >= 8  # crops on patterned cloth keep its pattern


def test_fine_shade_of_relief_is_not_asked_for() -> None:
    def darkest(shows: str) -> float:
        cloths = LitCloths([crop("plain"), crop(shows)], np.random.default_rng(0))
        sample = cloths._as_it_is(crop(shows), 0.0035 if shows == "plain" else 0.06)
        return float(sample.light[FOLD, 80].mean() - sample.light[60, 80].mean())

    assert darkest("plain") < -0.2
    assert darkest("relief") > 0.5 * darkest("plain")


def test_the_wash_of_denim_is_no_light() -> None:
    cloths = LitCloths([crop("plain"), crop("washed")], np.random.default_rng(0))
    for _ in range(10):
        sample = cloths._shaded(crop("washed"))
        wash = np.log(lit(sample.rgb, -sample.light) + 0.04).mean(2)
        assert wash[60, 80] - wash[FOLD, 80] > 0.15  # pale where the photo of the denim is pale, under any shade


def test_a_print_in_two_lights_differs_by_the_shade_that_was_laid_on_it_alone() -> None:
    cloths = LitCloths([crop("plain"), crop("printed")], np.random.default_rng(0))
    for _ in range(5):
        first, second = cloths.draw_two(96, "printed")
        known = (first.known > 0) & (second.known > 0)
        assert known.any()
        seen = (np.log(first.rgb + 0.04) - np.log(second.rgb + 0.04)).mean(2)[known]
        laid = (first.light - second.light).mean(2)[known]
        assert np.corrcoef(seen, laid)[0, 1] > 0.8


def test_what_an_answer_adds_to_both_pictures_of_a_pair_counts_for_nothing() -> None:
    goal, known = torch.rand(3, 3, 8, 8), torch.ones(3, 1, 8, 8)
    answer = goal.clone()
    answer[1:] += torch.rand(3, 8, 8)  # the light that the photo of the pair already had
    (wrong, where), (right, _) = (without_own_light(each, known, 1) for each in (answer, goal))
    assert wrong.shape == (2, 3, 8, 8)
    assert where.shape == (2, 1, 8, 8)
    assert torch.allclose(wrong, right, atol=1e-6)


def test_a_network_that_answers_no_light_misses_all_of_it(tmp_path: Path) -> None:
    write_crops(tmp_path / "crops", list(read_names())[::8])
    missed = light_missed(begin().network.eval(), tmp_path / "crops", 1)
    assert missed == pytest.approx(dict.fromkeys(("plain", "drawn", "printed", "washed"), 1.0))


def test_an_answer_may_be_off_by_a_level_but_not_by_a_slope() -> None:
    goal, mask = torch.zeros(1, 3, 32, 32), torch.ones(1, 1, 32, 32)
    slope = torch.linspace(0, 0.3, 32).expand(1, 3, 32, 32)
    assert float(loss_of(goal + 0.3, goal, mask)) == pytest.approx(0, abs=1e-5)
    assert float(loss_of(goal + slope, goal, mask)) > 0.05


def test_a_garment_is_cut_out_with_its_landmarks() -> None:
    mask = np.zeros((300, 400), np.float32)
    mask[50:250, 100:220] = 1
    mask[:20, 380:] = 1  # a crumb
    points = {"neck_left": np.array([150.0, 60.0])}
    reading = PhotoReading(mask, (mask > 0).astype(np.uint8), points, {}, {}, Surface({}, np.eye(2, 3)))
    rgb = np.zeros((300, 400, 3), np.uint8)
    rgb[60, 150] = 255
    made = make_crop(rgb, reading)
    assert made is not None
    cut, inside, points = made
    assert cut.shape[:2] == inside.shape == (212, 132)
    x, y = (round(value) for value in points["neck_left"])
    assert cut[y, x].min() == 255
    assert inside[:, -3:].max() == 0


@pytest.mark.slow
def test_training_learns_goes_on_and_is_exported(tmp_path: Path) -> None:
    write_crops(tmp_path / "crops", list(read_names())[::60])
    assert {each.shows for each in read_crops(tmp_path / "crops")} <= {"plain", "relief", "printed", "washed"}
    out = tmp_path / "out"
    out.mkdir()
    torch.manual_seed(0)
    train(begin(), tmp_path / "crops", 0.1, 0.2, 64, 2, out)
    first = begin(out / "light.pt")
    assert first.step > 0
    train(first, tmp_path / "crops", 0.05, 0.2, 64, 2, out)
    again = begin(out / "light.pt")
    assert again.step > 1
    again.export(tmp_path / WEIGHTS)
    shipped = load_light_network(tmp_path)
    picture, mask = torch.rand(1, 3, 64, 64), torch.ones(1, 1, 64, 64)
    with torch.inference_mode():
        answer = shipped(picture, mask)
        assert torch.allclose(answer, again.average.eval()(picture, mask), atol=1e-2)
    assert answer.abs().max() > 0
