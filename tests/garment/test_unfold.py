"""Sleeves that lie on the body are laid out beside it, and the body is whole below them."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment.drawn_flat_lays import Points, photograph
from vmodel.garment.cutout import cut_out
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.unfold import MADE_UP, unfold_sleeves
from vmodel.types import BoolArray, Category, Cutout, FlatLay, GarmentKind, Landmarks, Sleeve

CLOTH, BAND, RIB = (120, 70, 60), (70, 90, 150), (230, 200, 90)
BODY_CM: Points = [(9, 0), (21, 4), (24, 24), (23, 66), (-23, 66), (-24, 24), (-21, 4), (-9, 0), (-5, 6), (5, 6)]
BAND_CM: Points = [(23.5, 40), (23.3, 46), (-23.3, 46), (-23.5, 40)]
WIDTH_CM, CHEST_CM = 46.0, 48.0


def jumper(cuff_cm: tuple[float, float], sides: tuple[float, ...] = (1.0, -1.0)) -> tuple[FlatLay, Cutout]:
    """A jumper with a band across its body; on the sides named its cuffs lie where they are told, else far out."""
    layers: list[tuple[Points, tuple[int, int, int]]] = [(BODY_CM, CLOTH), (BAND_CM, BAND)]
    for sign in (1.0, -1.0):
        x, y = cuff_cm if sign in sides else (40.0, 54.0)
        cloth = [(20, 3.5), (30, 24), (x + 5.5, y), (x - 5.5, y), (17, 26), (17, 8)]
        rib = [(x + 5.5, y), (x + 5, y + 5), (x - 5, y + 5), (x - 5.5, y)]
        layers += [([(sign * a, b) for a, b in cloth], CLOTH), ([(sign * a, b) for a, b in rib], RIB)]
    photo = photograph(layers)
    return photo, cut_out(photo)


def unfolded(photo: FlatLay, cutout: Cutout) -> tuple[GarmentKind, FlatLay, Cutout, Landmarks]:
    kind, landmarks = understand(photo, cutout)
    assert kind.sleeve == Sleeve.LONG
    return kind, *unfold_sleeves(photo, cutout, kind, landmarks)


def near(photo: FlatLay, colour: tuple[int, int, int]) -> BoolArray:
    return np.asarray(np.abs(photo.rgb.astype(int) - colour).max(2) < 40)


def body_widths(cutout: Cutout, landmarks: Landmarks, rows: range) -> list[int]:
    """Width of the run of cloth through the garment's middle, in pixels."""
    middle = int((landmarks.points_px["neck_left"][0] + landmarks.points_px["neck_right"][0]) / 2)
    found = []
    for row in rows:
        gaps = np.flatnonzero(~cutout.mask[row])
        found.append(int(gaps[gaps > middle].min() - gaps[gaps < middle].max()))
    return found


@pytest.mark.parametrize(("cuff_cm", "sides"), [((25.0, 52.0), (1.0, -1.0)), ((24.0, 56.0), (1.0,))])
def test_the_body_below_a_sleeve_is_whole(cuff_cm: tuple[float, float], sides: tuple[float, ...]) -> None:
    photo, cutout = jumper(cuff_cm, sides)
    _, _, whole, landmarks = unfolded(photo, cutout)
    hem, armpit = landmarks.points_px["hem_left"], landmarks.points_px["armpit_left"]
    scale = np.linalg.norm(hem - landmarks.points_px["hem_right"]) / WIDTH_CM
    rows = range(int(armpit[1] + 14 * scale), int(hem[1] - 6 * scale), 4)
    widths = np.array(body_widths(whole, landmarks, rows)) / scale
    assert widths.min() > 0.9 * WIDTH_CM
    assert widths.max() < 1.08 * CHEST_CM


def test_what_was_hidden_goes_on_like_the_cloth_beside_it() -> None:
    photo, cutout = jumper((25.0, 52.0))
    _, wide, whole, landmarks = unfolded(photo, cutout)
    band = near(wide, BAND) & whole.mask
    columns = np.flatnonzero(band.any(0))
    hems = [landmarks.points_px[f"hem_{side}"] for side in ("left", "right")]
    assert np.ptp(columns) > 0.94 * np.linalg.norm(hems[0] - hems[1])
    heights = band.sum(0)[columns]
    assert np.percentile(heights, 5) > 0.8 * np.median(heights)


def test_turned_sleeves_keep_their_length_and_their_cuffs() -> None:
    photo, cutout = jumper((25.0, 52.0))
    before = understand(photo, cutout)[1].points_px
    _, wide, whole, landmarks = unfolded(photo, cutout)
    for side in ("left", "right"):
        was, now = (
            float(np.linalg.norm(points[f"cuff_outer_{side}"] - points[f"shoulder_{side}"]))
            for points in (before, landmarks.points_px)
        )
        assert now == pytest.approx(was, rel=0.03)
    ribs = [(near(picture, RIB) & cut.mask).sum() for picture, cut in ((photo, cutout), (wide, whole))]
    assert ribs[1] == pytest.approx(ribs[0], rel=0.06)
    stats = cv2.connectedComponentsWithStats(whole.mask.astype(np.uint8))[2]
    assert sorted(stats[1:, cv2.CC_STAT_AREA])[-1] > 0.99 * whole.mask.sum()  # the sleeves still hang on


def test_a_sleeve_beside_the_body_stays_where_it_is() -> None:
    photo, cutout = jumper((40.0, 54.0))
    _, wide, whole, _ = unfolded(photo, cutout)
    assert wide is photo
    assert whole is cutout


def test_the_pattern_has_no_bite() -> None:
    photo, cutout = jumper((25.0, 52.0))
    garment = infer_pattern(photo, cutout, *understand(photo, cutout))
    assert garment.warnings == (MADE_UP,)
    front = next(panel for panel in garment.panels if panel.name == "front")
    sides = [front.edges[f"side_{side}"] for side in ("left", "right")]
    hem = float(np.linalg.norm(front.edges["hem"][0] - front.edges["hem"][-1]))
    heights = np.linspace(*np.percentile(sides[0][:, 1], [10, 70]), 9)
    widths = [abs(float(np.subtract(*(side[np.abs(side[:, 1] - y).argmin(), 0] for side in sides)))) for y in heights]
    assert min(widths) > 0.88 * hem


def test_a_jumpsuits_sleeves_are_looked_at_too() -> None:
    photo, cutout = jumper((25.0, 52.0))
    kind, landmarks = understand(photo, cutout)
    points = {name.replace("hem_", "leg_outer_"): point for name, point in landmarks.points_px.items()}
    both = (points["leg_outer_left"] + points["leg_outer_right"]) / 2
    inner = {f"leg_inner_{side}": both for side in ("left", "right")} | {"crotch": both - [0, 60]}
    legged = replace(landmarks, points_px=points | inner)
    wide = unfold_sleeves(photo, cutout, replace(kind, category=Category.JUMPSUIT), legged)[0]
    assert wide.rgb.shape[1] > photo.rgb.shape[1]
