"""Sleeves that lie on the front, as the network sees them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.config import Settings
from vmodel.garment.recognition.network import SIZE, SLEEVES, load_network
from vmodel.garment.recognition.surface import read_mask_and_surface


def test_a_mirrored_photo_has_its_sleeves_on_the_other_sides() -> None:
    network, rgb = load_network(Settings().weights), drawn.long_sleeve().rgb
    rgb[200:300, 180:260] = (200, 60, 40)
    scale = SIZE / max(rgb.shape[:2])
    upright = np.column_stack([scale * np.eye(2), [(SIZE - scale * rgb.shape[1]) / 2, 0]])
    told = [read_mask_and_surface(network, each, upright)[1] for each in (rgb, np.ascontiguousarray(rgb[:, ::-1]))]
    left, right = SLEEVES
    assert told[0].shares[left] == pytest.approx(told[1].shares[right][:, ::-1], abs=0.05)
    assert told[0].shares[right] == pytest.approx(told[1].shares[left][:, ::-1], abs=0.05)
    assert not np.allclose(told[0].shares[left], told[0].shares[right], atol=0.01)
