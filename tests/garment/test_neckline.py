"""The front's own neckline is found though the inside of the back has the same colour and a bright label."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vmodel.config import Settings
from vmodel.garment.neckline import front_edge, is_round, without_label
from vmodel.reading import read_pattern
from vmodel.request import GarmentSource
from vmodel.studio import Studio
from vmodel.types import ByteArray, FloatArray, Neckline

SIZE = 800
CLOTH, RIB, INSIDE = (28, 26, 60), (27, 25, 57), (28, 26, 60)
LEFT, RIGHT, TOP, LOW = 300, 500, 100, 200


def neck(label: bool) -> tuple[ByteArray, FloatArray, FloatArray]:
    """A navy neck with a hardly darker rib; photo, where the inside shows (roughly), and the outline's top edge."""
    photo = np.full((SIZE, SIZE, 3), CLOTH, np.uint8)
    middle, axes = ((LEFT + RIGHT) // 2, TOP), ((RIGHT - LEFT) // 2, LOW - TOP)
    cv2.ellipse(photo, middle, (axes[0] + 16, axes[1] + 16), 0, 0, 180, RIB, -1)
    cv2.ellipse(photo, middle, axes, 0, 0, 180, INSIDE, -1)
    if label:
        cv2.rectangle(photo, (372, 118), (428, 150), (150, 170, 220), -1)
    inside = np.zeros((SIZE, SIZE), np.uint8)
    cv2.ellipse(inside, middle, axes, 0, 0, 180, 255, -1)
    # The network is sure near the outline and less so further down.
    sure = np.clip(1.3 - (np.arange(SIZE) - TOP) / (LOW - TOP), 0, 1)[:, None]
    noisy = np.clip(photo + np.random.default_rng(0).normal(0, 3.0, photo.shape), 0, 255).astype(np.uint8)
    top = np.stack([np.linspace(LEFT, RIGHT, 60), np.full(60, float(TOP))], 1)
    return noisy, cv2.GaussianBlur((inside / 255 * sure).astype(np.float32), (0, 0), 12), top


def depth_of(photo: ByteArray, inside: FloatArray, top: FloatArray) -> float:
    """Pixels from the outline's top edge down to the found neckline's lowest point."""
    found = front_edge(photo, inside, top, np.array([400.0, 180.0]), SIZE)
    assert found is not None
    return float(found[:, 1].max() - TOP)


def test_a_label_does_not_pull_the_neckline_up_to_itself() -> None:
    photo, inside, top = neck(label=True)
    assert abs(depth_of(photo, inside, top) - (LOW - TOP)) < 12


def test_only_a_label_is_painted_over() -> None:
    plain, inside, _ = neck(label=False)
    assert without_label(plain, inside, SIZE) is plain
    labelled, inside, _ = neck(label=True)
    cleaned = without_label(labelled, inside, SIZE).astype(int)
    assert np.abs(cleaned[125:148, 380:420] - INSIDE).max() < 20
    assert (cleaned[:110] == labelled[:110]).all()


def test_a_point_makes_a_v_and_a_bow_does_not() -> None:
    turn = np.linspace(np.pi, 0, 80)
    bow = np.stack([400 + 100 * np.cos(turn), 100 + 90 * np.sin(turn)], axis=1)
    point = np.stack([np.linspace(300, 500, 81), 100 + 120 - 1.2 * np.abs(np.linspace(-100, 100, 81))], axis=1)
    assert is_round(bow)
    assert not is_round(point)


def test_a_neck_that_bends_down_to_a_point_is_followed_to_it() -> None:
    across = np.linspace(LEFT, RIGHT, 101)
    low = TOP + 150 * (1 - np.abs(across - 400) / 100) ** 0.7
    shown = np.stack([across, low], axis=1).astype(np.int32)
    photo, inside = np.full((SIZE, SIZE, 3), (40, 110, 150), np.uint8), np.zeros((SIZE, SIZE), np.uint8)
    cv2.fillPoly(photo, [shown], (35, 97, 134))
    cv2.fillPoly(inside, [shown], 255)
    top = np.stack([np.linspace(LEFT, RIGHT, 60), np.full(60, float(TOP))], 1)
    sure = cv2.GaussianBlur((inside / 255).astype(np.float32), (0, 0), 15)
    found = front_edge(photo, sure, top, np.array([400.0, 240.0]), SIZE)
    assert found is not None
    assert not is_round(found)
    order = np.argsort(found[:, 0])
    assert np.abs(np.interp(across[5:-5], found[order, 0], found[order, 1]) - low[5:-5]).mean() < 3


def test_the_neck_of_the_bundled_shirt_is_a_crew_neck(examples: Path, tmp_path: Path) -> None:
    studio = Studio(Settings(home=tmp_path))
    assert read_pattern(GarmentSource(examples / "logo-tee.jpg"), studio).kind.neckline is Neckline.CREW
