"""Pictures in the formats of marketplaces: shape, background and file size limit."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from vmodel.publishing.marketplaces import MARKETPLACES, Marketplace, encode_for
from vmodel.types import ByteArray

AMAZON, TAOBAO = MARKETPLACES["amazon"], MARKETPLACES["taobao"]


def taken(marketplace: Marketplace, picture: ByteArray) -> ByteArray:
    with Image.open(io.BytesIO(encode_for(marketplace, picture))) as opened:
        return np.asarray(opened)


def test_what_is_transparent_lies_on_white() -> None:
    picture = np.zeros((100, 100, 4), np.uint8)
    picture[40:60, 40:60] = (200, 30, 30, 255)
    shown = taken(AMAZON, picture).astype(int)
    assert shown[:30].min() > 250
    assert np.abs(shown[50, 50] - (200, 30, 30)).max() < 12


def test_a_picture_stands_in_the_middle_of_the_asked_shape() -> None:
    picture = np.full((800, 400, 3), (40, 120, 200), np.uint8)
    picture[:, :20], picture[:, -20:] = 90, 160
    white, own = taken(AMAZON, picture).astype(int), taken(TAOBAO, picture).astype(int)
    assert white.shape == own.shape == (800, 800, 3)
    assert min(white[:, :190].min(), white[:, 610:].min()) > 250
    assert np.abs(own[400, 30] - 90).max() < 6
    assert np.abs(own[400, 770] - 160).max() < 6
    for shown in (white, own):
        assert np.abs(shown[400, 400] - (40, 120, 200)).max() < 6
        assert np.abs(shown[400, 210] - 90).max() < 6


def test_a_picture_is_made_smaller_and_never_larger() -> None:
    assert taken(TAOBAO, np.zeros((2000, 1500, 3), np.uint8)).shape == (800, 800, 3)
    assert taken(TAOBAO, np.zeros((300, 300, 3), np.uint8)).shape == (300, 300, 3)


def test_a_file_is_as_good_as_its_marketplace_s_limit_allows() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (800, 800, 3), np.uint8)
    best = len(encode_for(TAOBAO, noise))
    tight = replace(TAOBAO, limit_bytes=best // 2)
    assert best // 4 < len(encode_for(tight, noise)) <= best // 2
