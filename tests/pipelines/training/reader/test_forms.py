"""Training photos of garments on an invisible form: labels match the picture."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from pipelines.training.reader.forms import Worn, on_form
from tests.support.garments import flat_lays as drawn
from vmodel.body.model.body import Body, build_body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape_outfit
from vmodel.garment.pattern.fit import fit_photo
from vmodel.garment.sizing import measure
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, FloatArray, GarmentPhoto

Picture = tuple[ByteArray, FloatArray, dict[str, list[float]]]


@pytest.fixture(scope="module")
def wearer(tmp_path_factory: pytest.TempPathFactory) -> Body:
    return build_body(StageCache(Settings()).roster["wm-ines"])


@pytest.fixture(scope="module")
def photo() -> GarmentPhoto:
    found = drawn.tee().pattern().photo
    assert found is not None
    return found


@pytest.fixture(scope="module")
def worn(wearer: Body, photo: GarmentPhoto) -> Worn:
    pose = load_pose("standing")
    tee = fit_photo(photo, wearer.measurements, "woman", "jersey")
    whole, drape = drape_outfit([tee], wearer, pose, Settings(), fitting=True)
    label = {"points": photo.points, "category": "top", "sleeve": "short", "neckline": "crew"}
    return Worn(label, wearer.model, wearer, wearer.posed(pose), whole, drape)


@pytest.fixture(scope="module")
def picture(worn: Worn) -> Picture:
    return on_form(worn, np.random.default_rng(5))


def test_the_cloth_alone_is_seen_in_its_own_colour(picture: Picture) -> None:
    rgb, mask, _ = picture
    cloth = np.median(rgb[mask > 0], axis=0)
    assert 0.1 < mask.mean() < 0.9
    assert np.argmax(cloth) == np.argmax(drawn.CLOTH)
    ground = rgb[mask == 0]
    assert np.ptp(ground.astype(int), axis=1).max() == 0


def test_landmarks_lie_on_the_cloth_and_on_their_sides(picture: Picture, photo: GarmentPhoto) -> None:
    _, mask, marks = picture
    assert marks.keys() == photo.points.keys()
    near = cv2.dilate(mask, np.ones((9, 9), np.uint8))
    height, width = mask.shape
    for name, (x, y) in marks.items():
        assert near[min(int(y * height), height - 1), min(int(x * width), width - 1)] > 0, name
    for stem in ("neck", "shoulder", "armpit", "hem"):
        assert marks[f"{stem}_right"][0] < marks[f"{stem}_left"][0], stem
    assert marks["neck_front"][1] < marks["armpit_left"][1] < marks["hem_mid"][1]


def test_a_garment_on_a_form_is_cut_like_the_same_lying_flat(picture: Picture, photo: GarmentPhoto, worn: Worn) -> None:
    rgb, mask, marks = picture
    size = mask.shape[::-1]
    points = {name: np.array(at) * size for name, at in marks.items()}
    shown = GarmentPhoto(rgb, mask > 0, points, replace(photo.kind, laid="form"))
    again = fit_photo(shown, worn.body.measurements, "woman", "jersey")
    for name, of in (("length", measure.garment_length), ("chest", measure.chest_width)):
        assert of(again) == pytest.approx(of(worn.garment), rel=0.1), name
