"""Trousers hang down a leg without heaps above its knee."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from vmodel.body.model.body import Body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.pattern.fit import fit_garment, make_pattern
from vmodel.garment.recognition.kind import understand
from vmodel.types import FloatArray

EVEN_CM = 17


def outline(vertices_m: FloatArray, side: int, heights_m: FloatArray) -> FloatArray:
    """Return (n,) metres: how far out the cloth reaches at each height."""
    near = [vertices_m[np.abs(vertices_m[:, 2] - height) < 0.008, 0] for height in heights_m]
    return np.array([(side * each).max() for each in near])


def test_no_cloth_heaps_up_above_a_knee(body: Body, settings: Settings, examples: Path) -> None:
    """The outlines of these legs bulged by a centimetre where the knee caught their excess length."""
    flat_lay = read_flat_lay(examples / "denim-trousers.jpg", settings)
    cutout = cut_out(flat_lay)
    garment = make_pattern(flat_lay, cutout, *understand(flat_lay, cutout))
    worn = drape(fit_garment(garment, body.measurements, "woman"), body, load_pose("standing"), settings)
    heights_m = np.arange(0.2, body.measurements.inseam / 100 - 0.02, 0.01)
    for side in (1, -1):
        seen = outline(worn.vertices_m, side, heights_m)
        even = np.convolve(np.pad(seen, EVEN_CM // 2, "edge"), np.ones(EVEN_CM) / EVEN_CM, "valid")
        assert np.abs(seen - even).max() < 0.005
    assert worn.vertices_m[:, 2].min() < 0.12  # they were not pulled up
