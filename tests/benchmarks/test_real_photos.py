"""Labelled photos are read, compared, draped and reported; a bad photo stops nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import real_photos
from benchmarks.common import tables
from benchmarks.photos import shots
from benchmarks.photos.reading import landmark_errors, read_one
from benchmarks.report import report
from vmodel.config import Settings
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.recognition.kind import understand
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import read_photo

CHOSEN = {"logo-tee": "top", "denim-trousers": "trousers"}
ATTRIBUTES: dict[str, dict[str, Any]] = {
    "logo-tee": {"sleeve": "short", "neckline": "crew", "closure": "none"},
    "denim-trousers": {"sleeve": None, "neckline": None, "closure": "none"},
}


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory, examples: Path) -> Path:
    """Write a folder of two examples labelled as they are read, and of files that are bad or missing."""
    folder, settings = tmp_path_factory.mktemp("photos"), Settings()
    (folder / "shop").mkdir()
    lines = []
    for name, kind in CHOSEN.items():
        photo = f"shop/{name}.jpg"
        (folder / photo).write_bytes((examples / f"{name}.jpg").read_bytes())
        flat_lay = read_flat_lay(folder / photo, settings)
        cutout = cut_out(flat_lay)
        height, width = cutout.mask.shape
        Image.fromarray(cutout.mask * np.uint8(255)).save((folder / photo).with_suffix(".png"))
        points = understand(flat_lay, cutout)[1].points_px
        label = {
            **{"photo": photo, "ok": True, "category": kind, **ATTRIBUTES[name], "laid": "flat", "garments": 1},
            "points": {each: [float(x) / width, float(y) / height] for each, (x, y) in points.items()},
        }
        lines.append(label)
    (folder / "shop" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut short")
    lines.append({**lines[0], "photo": "shop/broken.jpg"})
    lines.append({**lines[0], "photo": "shop/lost.jpg"})
    lines.append({**lines[0], "photo": "shop/logo-tee.png", "ok": False})
    (folder / "labels.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    return folder


@pytest.fixture
def figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the path at which the run stores the figures of the report."""
    monkeypatch.setattr(tables, "FIGURES", tmp_path / "figures")
    return tmp_path / "figures" / "real_photos.json"


def test_photos_are_read_and_compared_and_a_bad_one_ends_nothing(
    labelled: Path, tmp_path: Path, figures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--photos", str(labelled), "--labels", str(labelled / "labels.jsonl"), "--masks", str(labelled)]
    real_photos.main([*flags, "--out", str(tmp_path / "out")])
    said = capsys.readouterr().out
    assert "2 of 3 labelled photos were read; refused: 1 photo_unreadable." in said
    assert "Masks overlap the true ones by 1.000" in said
    assert "100% of " in said
    whole = json.loads((tmp_path / "out" / "real-photos.json").read_text())
    assert [each["photo"] for each in whole["read"]] == ["shop/broken.jpg", *(f"shop/{n}.jpg" for n in sorted(CHOSEN))]
    assert all(max(each["errors"].values()) < 1e-3 for each in whole["read"] if not each["code"])
    assert whole["worn"] == []
    kept = json.loads(figures.read_text())
    assert kept["commit"]
    assert "| armpit" in report({"real_photos": kept})


def test_an_error_is_a_share_of_the_labelled_garment_and_estimated_points_are_not_asked(examples: Path) -> None:
    settings = Settings()
    flat_lay = read_flat_lay(examples / "logo-tee.jpg", settings)
    reading = read_photo(load_network(settings.weights), flat_lay.rgb)
    found = understand(flat_lay, cut_out(flat_lay))[1]
    height, width = flat_lay.rgb.shape[:2]
    neck, hem = found.points_px["neck_left"], found.points_px["hem_left"]
    size = float(hem[1] - neck[1])
    points = {
        "neck_left": [neck[0] / width, neck[1] / height],
        "hem_left": [(hem[0] + 0.1 * size) / width, hem[1] / height],
        "hem_right": [0.5, hem[1] / height],
    }
    errors = landmark_errors({"points": points, "hidden": ["hem_right"]}, found, reading, (height, width))
    assert errors == {"neck_left": pytest.approx(0, abs=1e-9), "hem_left": pytest.approx(0.1)}


def test_what_is_read_wrong_counts_as_wrong(labelled: Path) -> None:
    label = {"category": "swimwear", "sleeve": "long", "points": {}}
    read = read_one(labelled / "shop" / "logo-tee.jpg", "tee", label, None, Settings())
    assert read.code == ""
    assert not read.is_right("category")
    assert not read.is_right("sleeve")
    assert read.overlap is None


def test_so_many_photos_are_chosen_by_the_seed(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.jpg").touch()
    first, again, other = (real_photos.choose(tmp_path, {}, 5, seed) for seed in (1, 1, 2))
    assert first == again == sorted(first)
    assert len(first) == 5
    assert first != other
    assert len(real_photos.choose(tmp_path, {}, None, 0)) == 20


def test_a_folder_without_photos_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has none of the photos"):
        real_photos.main(["--photos", str(tmp_path)])


@pytest.mark.slow
def test_photos_without_labels_are_worn_and_shown_beside_their_pictures(
    tmp_path: Path, examples: Path, figures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "tee.jpg").write_bytes((examples / "logo-tee.jpg").read_bytes())
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 cut short")
    real_photos.main(["--photos", str(photos), "--out", str(tmp_path / "out")])
    assert "1 of 2 photos became a picture; refused: 1 photo_unreadable." in capsys.readouterr().out
    broken, tee = json.loads((tmp_path / "out" / "real-photos.json").read_text())["worn"]
    assert (broken["code"], broken["kind"]) == ("photo_unreadable", "")
    assert (tee["code"], tee["kind"], tee["missed"]) == ("made", "top", [])
    assert min(tee["scores"].values()) >= 0.5
    with Image.open(tmp_path / "out" / "sheet-01.jpg") as sheet:
        right = np.asarray(sheet)[:300, -2 * shots._SHOWN :]
    assert len(np.unique(right.reshape(-1, 3), axis=0)) > 1000
    assert not figures.exists()
