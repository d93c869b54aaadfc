"""The inside of a waistband is told from a band of another colour, and the front is cut below it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from vmodel.config import Settings
from vmodel.garment.waist import waist_edge
from vmodel.reading import read_pattern
from vmodel.request import GarmentSource
from vmodel.studio import Studio
from vmodel.types import ByteArray, FloatArray

SIZE, LEFT, RIGHT, TOP = 900, 200, 500, 60
INDIGO, REVERSE, RED = (56, 76, 118), (104, 122, 150), (196, 60, 58)
EXAMPLES = Path(__file__).parents[2] / "examples"


def jeans(band: FloatArray, colour: tuple[int, int, int]) -> tuple[ByteArray, FloatArray]:
    """Cloth whose top is of another colour down to ``band`` pixels under its outline; photo and outline's top edge."""
    columns = np.arange(700)
    depth = np.interp(columns, np.linspace(LEFT, RIGHT, len(band)), band)
    photo = np.full((SIZE, 700, 3), INDIGO, np.uint8)
    photo[np.arange(SIZE)[:, None] < TOP + depth[None]] = colour
    cv2.rectangle(photo, (330, TOP), (366, TOP + 8), (168, 117, 63), -1)  # a leather label
    noisy = np.clip(photo + np.random.default_rng(1).normal(0, 4, photo.shape), 0, 255).astype(np.uint8)
    return noisy, np.stack([np.linspace(RIGHT, LEFT, 80), np.full(80, float(TOP))], 1)


def test_the_front_begins_below_the_crescent_of_the_backs_inside() -> None:
    bow = 14 * np.sin(np.pi * np.linspace(0, 1, 61))
    found = waist_edge(*jeans(bow, REVERSE), SIZE)
    assert found is not None
    assert (found[0] == [RIGHT, TOP]).all()
    wanted = TOP + np.interp(found[:, 0], np.linspace(LEFT, RIGHT, 61), bow)
    assert np.abs(found[:, 1] - wanted).max() < 2.5


@pytest.mark.parametrize("depth", [6.0, 12.0, 20.0, 40.0])
def test_a_waistband_of_another_colour_stays_on_the_front(depth: float) -> None:
    assert waist_edge(*jeans(np.full(61, depth), RED), SIZE) is None


@pytest.mark.parametrize("width", [8, 10, 13, 16])
def test_the_uppermost_stripe_of_a_striped_band_is_no_inside(width: int) -> None:
    photo, top = jeans(np.zeros(61), INDIGO)
    for k in range(5):
        rows = slice(TOP + k * width, TOP + (k + 1) * width)
        photo[rows] = np.clip(np.add(RED if k % 2 == 0 else (214, 196, 204), photo[rows].astype(int) - INDIGO), 0, 255)
    across = (top[:, 0] - LEFT) / (RIGHT - LEFT)
    top[:, 1] += 0.7 * width * (1 - np.sin(np.pi * across))  # it lies bowed, so that the stripe is thinner at the sides
    assert waist_edge(photo, top, SIZE) is None


def test_plain_cloth_has_no_inside() -> None:
    assert waist_edge(*jeans(np.zeros(61), INDIGO), SIZE) is None


@pytest.mark.parametrize(("name", "depth_share"), [("denim-trousers", 0.039), ("pleated-skirt", 0.033)])
def test_the_examples_backs_reach_higher_than_their_fronts(name: str, depth_share: float) -> None:
    garment = read_pattern(GarmentSource(photo=EXAMPLES / f"{name}.jpg"), Studio(Settings())).garment
    edges = {panel.name: panel.edges["waist"] for panel in garment.panels}
    width = float(np.ptp(edges["back"][:, 0]))
    rise = height_at(edges["back"], 0) - height_at(edges["front"], 0)
    assert rise / width == pytest.approx(depth_share, abs=0.008)


def test_the_label_inside_the_jeans_is_not_on_the_outside_of_their_back() -> None:
    garment = read_pattern(GarmentSource(photo=EXAMPLES / "denim-trousers.jpg"), Studio(Settings())).garment
    edges = {panel.name: panel.edges["waist"] for panel in garment.panels}
    width, to_texture = float(np.ptp(edges["back"][:, 0])), garment.panels[0].panel_to_texture
    seen = []
    for x in np.linspace(0.035, 0.06, 8) * width:  # beside the button
        for y in np.linspace(height_at(edges["front"], x), height_at(edges["back"], x) - 2, 8):
            column, row = to_texture @ [x, y, 1]
            seen.append([texture[int(row), int(column)].astype(int) for texture in garment.textures])
    photo, behind = np.array(seen).transpose(1, 0, 2)
    leather = (photo[:, 0] > photo[:, 2] + 30).mean()
    assert leather > 0.3  # the label is in the photo
    assert (behind[:, 0] < behind[:, 2]).mean() > 0.9  # and denim in its place


def height_at(edge: FloatArray, x: float) -> float:
    """Height of an edge of a panel at an abscissa, in the panel's units."""
    order = np.argsort(edge[:, 0])
    return float(np.interp(x, edge[order, 0], edge[order, 1]))
