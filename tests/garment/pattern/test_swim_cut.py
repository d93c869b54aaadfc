"""Swimwear is cut to its wearer; leg lines, and the bare skin between two pieces, follow the photo."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import Polygon

from tests.support.garments import flat_lays as drawn
from tests.support.garments import swimwear
from vmodel.garment.imaging.contour import gap_row
from vmodel.garment.recognition.brief import has_brief, leg_points
from vmodel.types import Garment, Neckline, Sleeve

ADULTS = [name for name in drawn.BODIES if name.startswith(("woman", "man"))]
on_adults = pytest.mark.parametrize("wearer", ADULTS)


def fitted(garment: drawn.Drawn, wearer: str) -> Garment:
    gender, body = drawn.BODIES[wearer]
    return garment.fitted(body, gender)


def areas(garment: Garment) -> dict[str, Polygon]:
    return {panel.name: Polygon(panel.outline_cm) for panel in garment.panels}


@on_adults
def test_a_one_piece_closes_at_the_crotch_and_clings(wearer: str) -> None:
    garment, body = fitted(swimwear.swimsuit(), wearer), drawn.BODIES[wearer][1]
    assert all(area.is_valid and area.exterior.is_ccw for area in areas(garment).values())
    sewn = {seam.first[1] for seam in garment.seams}
    assert {"gusset", "side_left", "side_right"} <= sewn
    assert not sewn & {"leg_left", "leg_right", "neck"}
    marks = garment.landmarks_cm
    assert -marks["crotch"][1] == pytest.approx(body.neck_height - body.inseam, abs=2)
    assert 0.85 * body.chest < 4 * marks["armpit_left"][0] <= body.chest
    assert garment.panels[0].elastic["leg_left"] < 1


@on_adults
def test_the_front_covers_the_chest_and_the_back_the_seat(wearer: str) -> None:
    garment, body = fitted(swimwear.swimsuit(), wearer), drawn.BODIES[wearer][1]
    assert -garment.landmarks_cm["neck_front"][1] < body.neck_height - body.chest_height - 0.06 * body.chest
    front, back = areas(garment).values()
    assert back.area > front.area
    line = garment.panels[1].edges["leg_left"]
    ends = line[-1] - line[0]
    beyond = (line - line[0]) @ np.array([ends[1], -ends[0]])
    assert beyond.max() > 0
    assert beyond.min() > -1e-6


@pytest.mark.parametrize("wearer", ["woman S", "woman 4XL"])
def test_a_leg_line_is_as_high_as_in_the_photo_within_bounds(wearer: str) -> None:
    heights = []
    for line in (300.0, 400.0, 440.0, 500.0):
        marks = fitted(swimwear.swimsuit(line), wearer).landmarks_cm
        heights.append(float(marks["leg_outer_left"][1] - marks["crotch"][1]))
    assert heights == sorted(heights, reverse=True)
    body = drawn.BODIES[wearer][1]
    rise = body.waist_height - body.inseam
    assert 0.25 * rise < min(heights)
    assert max(heights) < 0.75 * rise
    assert heights[1] > heights[2] + 1


@on_adults
def test_a_bikini_is_two_pieces_bare_between(wearer: str) -> None:
    garment, body = fitted(swimwear.bikini(), wearer), drawn.BODIES[wearer][1]
    pieces = areas(garment)
    assert set(pieces) == {"front top", "back top", "front brief", "back brief"}
    assert all(piece.is_valid and piece.exterior.is_ccw for piece in pieces.values())
    assert not any({seam.first[0][-3:], seam.second[0][-3:]} == {"top", "ief"} for seam in garment.seams)
    hem, waist = pieces["front top"].bounds[1], pieces["front brief"].bounds[3]
    assert hem > waist + 3
    assert -hem > body.neck_height - body.chest_height + 4


@pytest.mark.parametrize("neckline", [Neckline.STRAPLESS, Neckline.HALTER])
def test_a_bikini_without_shoulders_keeps_its_upper_edge(neckline: Neckline) -> None:
    garment = fitted(swimwear.bikini().of_kind(sleeve=Sleeve.NONE, neckline=neckline), "woman XL")
    body, pieces = drawn.BODIES["woman XL"][1], areas(garment)
    assert set(pieces) - {"band"} == {"front top", "back top", "front brief", "back brief"}
    assert ("band" in pieces) is (neckline == Neckline.HALTER)
    assert all(piece.is_valid and piece.exterior.is_ccw for piece in pieces.values())
    sewn = {(seam.first[1], seam.first[0], seam.second[0]) for seam in garment.seams}
    assert {("side_left", "front top", "back top"), ("side_left", "front brief", "back brief")} <= sewn
    assert (("shoulder_left", "front top", "band") in sewn) is (neckline == Neckline.HALTER)
    assert -garment.landmarks_cm["crotch"][1] == pytest.approx(body.neck_height - body.inseam, abs=2)


@pytest.mark.parametrize("neckline", [Neckline.SCOOP, Neckline.V])
def test_a_swimsuit_on_straps_has_its_own_neck_and_no_square_one(neckline: Neckline) -> None:
    for panel in fitted(swimwear.swimsuit().of_kind(neckline=neckline), "woman S").panels:
        line = panel.edges["neck"]
        below = (line[0, 1] - line[:, 1]) / np.ptp(line[:, 1])
        halfway = np.abs(line[:, 0]) < line[0, 0] / 2
        assert below[halfway].min() < 0.9


def test_both_pieces_of_a_bikini_wear_their_own_cloth() -> None:
    plain = swimwear.bikini()
    below = np.arange(drawn.SIZE[0])[:, None] > 250
    garment = plain.painted(np.broadcast_to(below, plain.mask.shape), (200, 40, 40)).fitted()
    for panel in garment.panels:
        spot = np.asarray(panel.outline_cm).mean(axis=0)
        x, y = panel.panel_to_texture[:, :2] @ spot + panel.panel_to_texture[:, 2]
        colour = garment.textures[panel.texture][int(y), int(x)]
        expected = (200, 40, 40) if panel.name.endswith("brief") else drawn.CLOTH
        assert np.abs(colour.astype(int) - expected).max() < 16, panel.name


@pytest.mark.parametrize("turned", [0.0, 12.0, 90.0])
@pytest.mark.parametrize("name", ["swimsuit", "bikini"])
def test_leg_lines_and_crotch_are_found_in_the_outline(name: str, turned: float) -> None:
    turn = np.radians(turned)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.array([drawn.MIDDLE, drawn.SIZE[0] / 2])
    about = np.column_stack([rotation, [400.0, 400.0] - rotation @ centre])
    garment = getattr(swimwear, name)().moved(about, (800, 800))
    points = garment.landmarks.points_px
    found = leg_points(garment.mask, points)
    assert has_brief(found)
    for spot, at in found.items():
        assert np.linalg.norm(at - points[spot]) < 12, spot


@pytest.mark.parametrize("name", ["tee", "camisole", "shorts"])
def test_what_does_not_narrow_to_a_crotch_is_no_swimsuit(name: str) -> None:
    garment = drawn.ALL[name]()
    points = dict(garment.landmarks.points_px)
    points.setdefault("crotch", np.array([drawn.MIDDLE, 480.0]))
    for side, x in (("left", 60), ("right", -60)):
        for stem in ("neck", "armpit"):
            points.setdefault(f"{stem}_{side}", np.array([drawn.MIDDLE + x, 160.0]))
    assert not has_brief(leg_points(garment.mask, points))


def test_only_pieces_one_above_the_other_are_a_pair() -> None:
    assert gap_row(swimwear.bikini().mask) is not None
    assert gap_row(swimwear.swimsuit().mask) is None
    assert gap_row(np.rot90(swimwear.bikini().mask)) is None
