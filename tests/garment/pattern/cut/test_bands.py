"""Cloth above a ribbed hem or cuff is cut as wide as it is, and the band is given the length that it has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.garment.pattern.cut.test_sides import spread
from tests.garment.pattern.test_shape_of_photo import BODY, GENDER, photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.garment.blocks.parts import Block
from vmodel.garment.pattern.fit import fit_block


def cut(**bands: float) -> Block:
    return fit_block(replace(photo_of(drawn.long_sleeve()), bands=bands), BODY, GENDER, "jersey", {"width": 56.0})[0]


def wide(block: Block, edge: str) -> float:
    return float(np.linalg.norm(block.front[edge][0] - block.front[edge][-1]))


def test_bands_are_as_high_as_in_the_photo() -> None:
    low, block = cut(hem=0.1, cuff=0.15), cut(hem=0.15, cuff=0.15)
    assert set(block.bands) == {"hem", "cuff_left", "cuff_right"}
    assert low.bands["hem"].height_cm == pytest.approx(block.bands["hem"].height_cm / 1.5)
    assert low.bands["cuff_left"].height_cm == pytest.approx(block.bands["hem"].height_cm)
    assert 4 < block.bands["hem"].height_cm < 8


def test_a_band_is_shorter_than_the_cloth_above_it_and_goes_round_the_body() -> None:
    block = cut(hem=0.1, cuff=0.1)
    worn = {edge: band.share * wide(block, edge) * 2 for edge, band in block.bands.items()}
    assert worn["hem"] < 0.9 * 2 * wide(block, "hem")
    assert worn["hem"] > 0.9 * min(BODY.hip, BODY.waist)
    assert 0.16 * BODY.chest < worn["cuff_left"] < wide(block, "cuff_left") * 2 * 0.97


def test_ends_without_a_band_are_cut_as_seen() -> None:
    plain, hemmed = cut(), cut(hem=0.1)
    assert plain.bands == {}
    assert wide(hemmed, "cuff_left") == wide(plain, "cuff_left")


def test_cloth_that_a_band_gathers_is_cut_wider_than_it_lies() -> None:
    gathered = spread(photo_of(drawn.long_sleeve()), 0.8)
    plain, banded = (
        fit_block(replace(gathered, bands=bands), BODY, GENDER, "jersey", {"width": 56.0})[0]
        for bands in ({}, {"hem": 0.1})
    )
    assert wide(banded, "hem") > 1.03 * wide(plain, "hem")
    low = banded.front["side_left"]
    assert np.ptp(low[low[:, 1] < low[:, 1].min() + banded.bands["hem"].height_cm, 0]) < 0.1  # its corners stay in
