"""Sleeves that lie on the front: which are believed, and the front's cloth without them."""

from __future__ import annotations

import numpy as np
import pytest

from vmodel.garment.blocks.paint import Canvas
from vmodel.garment.pattern.details.lying_sleeves import without_sleeves
from vmodel.garment.pattern.details.sleeves_seen import find_lying
from vmodel.garment.recognition.network import SLEEVES
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, ByteArray, Category, GarmentKind, Sleeve

CANVAS = Canvas((400, 300), 10.0, (-15.0, 0.0))


def kind(sleeve: Sleeve = Sleeve.LONG) -> GarmentKind:
    return GarmentKind(Category.TOP, 1.0, sleeve=sleeve)


def seen(sure: float, size: int = 40) -> Surface:
    """Return what the network may say of a left sleeve across the middle of a photo."""
    shares = {name: np.zeros((96, 96), np.float32) for name in SLEEVES}
    shares["sleeve_left"][30 : 30 + size // 2, 30 : 30 + size] = sure
    return Surface(shares, np.eye(2, 3))


@pytest.mark.parametrize(("sure", "size", "found"), [(0.97, 40, ["left"]), (0.6, 40, []), (0.97, 10, [])])
def test_a_sleeve_is_believed_where_the_network_is_sure_of_enough_of_it(
    sure: float, size: int, found: list[str]
) -> None:
    lying = find_lying(seen(sure, size), np.ones((384, 384), bool), kind())
    assert list(lying) == found


def test_short_sleeves_do_not_lie_on_the_front() -> None:
    assert find_lying(seen(0.97), np.ones((384, 384), bool), kind(Sleeve.SHORT)) == {}


def striped() -> ByteArray:
    """Draw a front with level stripes."""
    front = np.full((400, 300, 3), 210, np.uint8)
    front[(np.arange(400) % 40) < 14] = (40, 60, 120)
    return front


def lying(columns: slice) -> BoolArray:
    place = np.zeros((400, 300), bool)
    place[150:270, columns] = True
    return place


@pytest.mark.parametrize("columns", [slice(20, 120), slice(100, 200)], ids=["one half", "the middle"])
def test_stripes_go_on_where_a_sleeve_lay(columns: slice) -> None:
    place = lying(columns)
    photographed = np.where(place[..., None], np.uint8((90, 200, 90)), striped())
    everywhere = np.ones_like(place)
    front, covered = without_sleeves(photographed, place, everywhere, everywhere, CANVAS)
    assert covered[place].all()
    assert np.abs(front.astype(float) - striped()).mean() < 3


def test_a_print_beside_a_sleeve_is_not_worn_twice() -> None:
    place = lying(slice(20, 120))
    photographed = striped()
    photographed[180:240, 200:260] = (230, 30, 30)
    printed = (photographed == (230, 30, 30)).all(2)
    photographed[place] = (90, 200, 90)
    front, _ = without_sleeves(photographed, place, np.ones_like(place), ~printed, CANVAS)
    assert not ((front[place][:, 0] > 180) & (front[place][:, 1] < 90)).any()
    assert (front[printed] == (230, 30, 30)).all()


def test_worn_sleeves_keep_their_picture() -> None:
    place = lying(slice(20, 120))
    trunk = np.ones_like(place)
    trunk[:, :60] = False
    front, covered = without_sleeves(striped(), place, trunk, trunk, CANVAS)
    assert not covered[:, :60].any()
    assert (front[:, :60] == striped()[:, :60]).all()


def test_a_faint_placket_goes_on_where_sleeves_lay_across_it() -> None:
    whole = np.full((400, 300, 3), 210, np.uint8)
    whole[:, 140:160] = 198
    place = np.zeros((400, 300), bool)
    place[120:300, 60:240] = True
    photographed = np.where(place[..., None], np.uint8((90, 200, 90)), whole)
    everywhere = np.ones_like(place)
    front, _ = without_sleeves(photographed, place, everywhere, everywhere, CANVAS)
    assert np.abs(front[180:240, 144:156].astype(float) - 198).mean() < 2
    assert np.abs(front[180:240, 170:220].astype(float) - 210).mean() < 2
