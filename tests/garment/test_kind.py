from __future__ import annotations

import csv
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.garment import drawn_flat_lays as drawn
from vmodel.config import Settings
from vmodel.garment.cutout import cut_out
from vmodel.garment.kind import understand
from vmodel.garment.landmarks import mirrored
from vmodel.garment.reading import read_flat_lay
from vmodel.garment.silhouette_net import load_readers, read_silhouette
from vmodel.types import Category, Length, Sleeve

FLATLAYS = Path(os.environ.get("FLATLAYS", "flat-lays-are-not-here"))
"""Folder of real photos with their ``labels.tsv``; they are nobody's to pass on, so it is named from outside."""
LABELS = FLATLAYS / "labels.tsv"


@pytest.mark.parametrize(
    ("picture", "category", "sleeve"),
    [
        (drawn.tee(), Category.TOP, Sleeve.SHORT),
        (drawn.long_sleeve(), Category.TOP, Sleeve.LONG),
        (drawn.dress(), Category.DRESS, Sleeve.NONE),
        (drawn.trousers(), Category.TROUSERS, Sleeve.NONE),
        (drawn.skirt(), Category.SKIRT, Sleeve.NONE),
        (drawn.camisole(), Category.TOP, Sleeve.STRAP),
    ],
    ids=["tee", "long sleeve", "dress", "trousers", "skirt", "camisole"],
)
def test_a_drawn_garment_is_recognised(picture, category, sleeve):
    kind, _ = understand(*picture)
    assert (kind.category, kind.sleeve) == (category, sleeve)
    assert not kind.stated


@pytest.mark.parametrize(
    ("picture", "length"),
    [
        (drawn.tee(), Length.HIP),
        (drawn.tee(250.0), Length.CROPPED),
        (drawn.long_sleeve(), Length.HIP),
        (drawn.dress(), Length.MIDI),
        (drawn.skirt(), Length.MIDI),
        (drawn.trousers(), Length.ANKLE),
    ],
    ids=["tee", "cropped tee", "long sleeve", "dress", "skirt", "trousers"],
)
def test_the_length_of_a_garment_is_named(picture, length):
    assert understand(*picture)[0].length == length


def test_a_tee_that_a_hidden_form_makes_narrow_is_no_tunic():
    flat_lay, cutout = drawn.tee()
    narrow = [cv2.resize(plane, None, fx=0.72, fy=1) for plane in (flat_lay.rgb, cutout.mask.astype(np.float32))]
    assert understand(*drawn.flat_lay(narrow[0], np.uint8(255 * (narrow[1] > 0.5))))[0].length == Length.HIP


def test_a_stated_category_overrides_what_the_silhouette_looks_like():
    kind, landmarks = understand(*drawn.tee(), category=Category.DRESS)
    assert kind.category == Category.DRESS
    assert kind.stated
    assert kind.confidence == 1.0
    assert "hem_left" in landmarks.points_px


def test_a_garment_understood_twice_is_understood_alike():
    first, second = (understand(*drawn.dress())[1].points_px for _ in range(2))
    assert all((first[name] == second[name]).all() for name in first)


def test_what_is_understood_does_not_follow_the_number_of_threads():
    """A worker of a batch has fewer, and its cloth must fall in the same folds."""
    threads = torch.get_num_threads()
    points = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            points.append(understand(*drawn.dress())[1].points_px)
    finally:
        torch.set_num_threads(threads)
    assert all((points[0][name] == other[name]).all() for other in points[1:] for name in other)


def test_a_mirrored_photo_is_read_as_its_mirror_image():
    picture, cutout = drawn.dress()
    turn = cv2.getRotationMatrix2D((260, 320), 7, 1.0)
    rgb = cv2.warpAffine(picture.rgb, turn, (520, 640), borderValue=(236, 236, 236))
    mask = cv2.warpAffine(cutout.matte, turn, (520, 640)) > 0.5
    readers = load_readers(Settings().weights)
    here, there = (
        read_silhouette(readers, np.ascontiguousarray(rgb[:, way]), np.ascontiguousarray(mask[:, way]))
        for way in (slice(None), slice(None, None, -1))
    )
    assert here.category == pytest.approx(there.category, abs=0.02)
    for name, point in here.points_px.items():
        image = there.points_px[mirrored(name)]
        assert np.allclose(point, [520 - image[0], image[1]], atol=3), name


@pytest.mark.outside("FLATLAYS")
def test_every_labelled_photo_has_the_right_category_and_sleeve():
    with LABELS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    wrong = []
    for row in rows:
        flat_lay = read_flat_lay(FLATLAYS / row["file"], Settings())
        kind, _ = understand(flat_lay, cut_out(flat_lay))
        sleeve = Sleeve.NONE if kind.sleeve == Sleeve.STRAP else kind.sleeve
        if (kind.category, sleeve) != (row["category"], row["sleeve"]):
            wrong.append((row["file"], str(kind.category), str(kind.sleeve)))
    assert not wrong
