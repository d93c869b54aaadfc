"""One training scene from its seed to the files, with the real Blender."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from pipelines.embedded.develop import TRACED_PLANES
from pipelines.training.blender.client import BlenderMissing, find_blender_python
from pipelines.training.pictures import main, make_pictures
from pipelines.training.scenes.garments import draw_garment
from pipelines.training.scenes.people import TEST_ROSTER, cast_person
from pipelines.training.scenes.scene import split_of
from pipelines.training.scenes.store import Index
from pipelines.training.scenes.target_picture import REFERENCES
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.core.colour import to_linear
from vmodel.scene import PART_NAMES

GARMENT = PART_NAMES.index("garment")
FORMAT = {
    "draft": (np.uint8, (512, 384, 3)), "target": (np.uint8, (512, 384, 3)), "albedo": (np.uint8, (512, 384, 3)),
    "normals": (np.int8, (512, 384, 3)), "depth_m": (np.float16, (512, 384)), "parts": (np.uint8, (512, 384)),
    "garment": (np.uint8, (512, 384)), "person": (np.uint8, (512, 384)), "hair": (np.uint8, (512, 384)),
    "pose_map": (np.uint8, (512, 384, 3)), "flat_lay": (np.uint8, (128, 128, 3)),
    "traced": (np.float16, (512, 384, TRACED_PLANES)),
}  # fmt: skip


def test_people_belong_to_one_split_only():
    roster = load_roster(Settings())
    seen = {
        split: {cast_person(np.random.default_rng(n), split, roster).id for n in range(8)}
        for split in ("train", "test")
    }
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & set(TEST_ROSTER)


def test_a_garment_is_the_same_for_the_same_seed():
    first, second = draw_garment("a", 3), draw_garment("a", 3)
    assert np.array_equal(first.flat_lay, second.flat_lay)
    assert first.kind == second.kind
    assert not np.array_equal(first.flat_lay, draw_garment("b", 4).flat_lay)


def test_a_training_garment_is_framed_like_a_sellers():
    cloth = (draw_garment("a", 3).flat_lay < 245).any(axis=2)
    spans = [np.ptp(np.flatnonzero(cloth.any(axis=axis))) + 1 for axis in (0, 1)]
    assert max(spans) == pytest.approx(0.9 * 128, abs=2)


def test_about_an_eighth_of_the_scenes_is_held_out():
    splits = [split_of(seed) for seed in range(1000)]
    assert 90 < splits.count("test") < 150
    assert set(splits) == {"train", "test"}


def test_without_blender_the_command_says_what_to_do(tmp_path, capsys):
    with pytest.raises(BlenderMissing):
        find_blender_python(tmp_path / "python")
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--blender-python", str(tmp_path / "python")])
    assert "make train-env" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.slow
@pytest.mark.blender
def test_a_scene_becomes_pictures_whose_outlines_and_exposure_agree(tmp_path: Path):
    make_pictures(tmp_path, 1, 1, find_blender_python(), 2, 1, Console(quiet=True))
    lines = [json.loads(line) for line in (tmp_path / "index.jsonl").read_text().splitlines()]
    assert lines[0]["crop"] == "full"
    assert len(lines) == 5
    for line in lines:
        with np.load(tmp_path / line["file"]) as picture:
            assert {k: (picture[k].dtype, picture[k].shape) for k in FORMAT} == {
                k: (np.dtype(kind), shape) for k, (kind, shape) in FORMAT.items()
            }
            assert json.loads(str(picture["meta"]))["seed"] == line["seed"]
            assert line["split"] == split_of(line["seed"])
            cloth = picture["garment"] > 250
            if line["crop"] == "full":
                draft, target = (to_linear(picture[name])[cloth].mean() for name in ("draft", "target"))
                assert target / draft == pytest.approx(1, abs=0.08)
                empty = picture["person"] == 0
                assert np.abs(picture["draft"][empty].astype(int) - picture["target"][empty]).mean() < 1
    assert (tmp_path / "contact-sheet.png").exists()
    judged = [np.load(tmp_path / line["file"]) for line in lines[:REFERENCES]]
    exposed = np.concatenate([each["traced"][each["parts"] == GARMENT][:, :3] for each in judged]).astype(np.float32)
    assert abs(exposed.mean()) < 0.01
    done = Index(tmp_path)
    make_pictures(tmp_path, 1, 1, find_blender_python(), 2, 1, Console(quiet=True))
    assert Index(tmp_path).pictures == done.pictures == 5
