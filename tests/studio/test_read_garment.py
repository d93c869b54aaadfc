"""What is taken from a photo for its pattern."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.support.garments.open_fronts import draw_open
from vmodel.garment.recognition.network import SLEEVES
from vmodel.garment.recognition.surface import Surface
from vmodel.shot.request import GarmentSource
from vmodel.studio import read_garment
from vmodel.types import Category


@pytest.mark.parametrize("sure", [True, False])
def test_a_front_is_parted_where_the_surface_is_not_the_cloths_outer_face(
    sure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where the reader takes all of it for front cloth, as it does of most people's own photos."""
    photo = draw_open(Category.OUTERWEAR, 256)
    plain = np.broadcast_to(np.uint8([90, 100, 120]), photo.flat_lay.rgb.shape).copy()
    flat_lay = replace(photo.flat_lay, rgb=plain)
    top, low = (photo.landmarks.points_px[name] for name in ("neck_front", "hem_mid"))
    strip = np.zeros(photo.inside.shape, np.float32)
    cv2.line(strip, top.astype(int).tolist(), low.astype(int).tolist(), 0.6, 17)
    strip[~photo.cutout.mask] = 0.6  # a reader is sure of nothing beside the garment
    none = dict.fromkeys(("print", *SLEEVES), 0 * strip)
    surface = Surface(none | {"foreign": strip}, 4 * np.eye(2, 3))
    monkeypatch.setattr(read_garment, "_surface_of", lambda *_: surface)
    monkeypatch.setattr(read_garment, "is_worn_open", lambda _: sure)
    asked = GarmentSource(Path(flat_lay.name))
    garment = read_garment._cut_from(flat_lay, photo.cutout, photo.kind, photo.landmarks, None, asked)
    assert garment.kind.open_front == sure
    assert garment.photo is not None
    assert garment.photo.opening is not None
    apart = np.linalg.norm(garment.photo.opening[0] - garment.photo.opening[1], axis=1)
    assert np.median(apart) == pytest.approx(17, abs=4)
    assert (garment.photo.mask & ~photo.cutout.mask).sum() < 0.01 * photo.cutout.mask.sum()
