"""The inside of a back, its label and its waistband do not belong to the front; the front's own waistband does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from vmodel.config import Settings
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.pattern.fit import make_pattern
from vmodel.garment.recognition.kind import read_kinds, understand
from vmodel.types import BoolArray, FlatLay, GarmentPhoto


def read(photo: Path) -> tuple[GarmentPhoto, BoolArray]:
    """Return the garment of a photo as its pattern takes it, and its mask as cut out."""
    return read_laid(read_flat_lay(photo, Settings()))


def read_laid(flat_lay: FlatLay) -> tuple[GarmentPhoto, BoolArray]:
    """Return the same of a photo that is decoded already."""
    cutout = cut_out(flat_lay)
    kind, landmarks = understand(flat_lay, cutout)
    taken = make_pattern(flat_lay, cutout, kind, landmarks, surface=read_kinds(flat_lay, cutout).surface).photo
    assert taken is not None
    return taken, cutout.mask


def test_the_inside_of_a_back_and_its_label_are_not_worn(examples: Path) -> None:
    """The example has an orange label there, 25 pixels above the front's edge, and blue cloth beside it."""
    taken, mask = read(examples / "denim-trousers.jpg")
    x, y = np.round(taken.points["waist_front"]).astype(int)
    assert mask[y - 35 : y - 30, x + 110 : x + 150].all()
    assert not taken.mask[: y - 30, x + 110 : x + 150].any()
    assert not taken.mask[: y - 14, x - 30 : x + 30].any()
    assert taken.mask[y + 8 : y + 60, x - 200 : x + 200].all()
    assert not (mask & ~taken.mask)[y + 20 :].any()


def test_the_inside_of_a_back_below_a_hem_is_not_worn(examples: Path) -> None:
    """The back of the tee hangs 30 pixels lower and shows its darker inside there."""
    photo = read_flat_lay(examples / "logo-tee.jpg", Settings())
    front = cut_out(photo).mask
    behind = np.roll(front, 30, axis=0) & ~front
    behind[: np.nonzero(front)[0].max() - 36] = False
    rgb = photo.rgb.copy()
    rgb[behind] = (0.6 * np.roll(photo.rgb, 50, axis=0)[behind]).astype(np.uint8)
    taken, mask = read_laid(replace(photo, rgb=rgb))
    assert mask[behind].mean() > 0.9
    assert taken.mask[behind].mean() < 0.2
    assert taken.mask[front].mean() > 0.95


def test_a_neck_loses_its_lining_and_keeps_its_collar(examples: Path) -> None:
    """The jacket's collar and lining are both brown; its cloth is olive."""
    taken, mask = read(examples / "twill-jacket.jpg")
    assert taken.collar is not None
    assert taken.mask[taken.collar].mean() > 0.98
    red, green, _ = taken.rgb[taken.collar].mean(axis=0)
    assert red > 1.25 * green
    wide = np.linalg.norm(taken.points["neck_left"] - taken.points["neck_right"])
    lowest = round(taken.points["neck_front"][1] + 0.4 * wide)
    assert (mask & ~taken.mask)[:lowest].sum() > 0.15 * wide**2


def test_past_its_outline_cloth_goes_on_without_its_shade(examples: Path) -> None:
    photo = read_flat_lay(examples / "logo-tee.jpg", Settings())
    width = photo.rgb.shape[1]
    light = np.linspace(1.0, 0.45, width)[:, None]
    taken, _ = read_laid(replace(photo, rgb=(photo.rgb * light).astype(np.uint8)))
    inwards, outwards = (
        cv2.distanceTransform(each.astype(np.uint8), cv2.DIST_L2, 5) for each in (taken.mask, ~taken.mask)
    )
    shaded = np.arange(width) > 0.66 * width
    inner, beyond = (np.median(taken.rgb[(away > 50) & (away < 80) & shaded], axis=0) for away in (inwards, outwards))
    assert np.abs(inner - beyond).max() < 4


def test_stitches_along_a_hem_are_no_edge(examples: Path) -> None:
    taken, mask = read(examples / "twill-jacket.jpg")
    low = np.nonzero(mask)[0].max() - 60
    assert (mask & ~taken.mask)[low:].sum() < 0.01 * mask[low:].sum()


@pytest.mark.parametrize("name", ["summer-shorts", "pleated-skirt"])
def test_a_waistband_of_its_own_stays(examples: Path, name: str) -> None:
    taken, mask = read(examples / f"{name}.jpg")
    assert (mask & ~taken.mask).sum() < 0.01 * mask.sum()


def test_the_landmark_of_a_waist_moves_to_where_its_front_begins(examples: Path) -> None:
    flat_lay = read_flat_lay(examples / "pleated-skirt.jpg", Settings())
    guessed = understand(flat_lay, cut_out(flat_lay))[1].points_px["waist_front"]
    taken, _ = read_laid(flat_lay)
    assert np.linalg.norm(taken.points["waist_front"] - guessed) > 8
    column, row = np.round(taken.points["waist_front"]).astype(int)
    assert taken.mask[row + 4 : row + 12, column].all()
    assert not taken.mask[: row - 12, column].any()


def test_what_the_seller_says_of_a_waist_stands(examples: Path, tmp_path: Path) -> None:
    flat_lay = read_flat_lay(examples / "denim-trousers.jpg", Settings())
    cutout = cut_out(flat_lay)
    x, y = understand(flat_lay, cutout)[1].points_px["waist_front"]
    stated = tmp_path / "landmarks.json"
    stated.write_text(json.dumps({"waist_front": [x, y + 30]}))
    kind, landmarks = understand(flat_lay, cutout, landmarks=stated)
    taken = make_pattern(flat_lay, replace(cutout, source="mask"), kind, landmarks).photo
    assert taken is not None
    assert np.array_equal(taken.mask, cutout.mask)
    for source in ("mask", "network"):
        taken = make_pattern(flat_lay, replace(cutout, source=source), kind, landmarks).photo
        assert taken is not None
        assert np.allclose(taken.points["waist_front"], (x, y + 30))
