"""Start of waistbands, ends of legs and hems, and openings of necks follow the photo, from every angle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.support.garments import flat_lays as drawn
from vmodel.garment.blocks.parts import Block
from vmodel.garment.pattern.fit import fit_block
from vmodel.garment.pattern.upright import upright
from vmodel.types import GarmentPhoto, Neckline

GENDER, BODY = drawn.BODIES["woman S"]


def photo_of(garment: drawn.Drawn) -> GarmentPhoto:
    photo = garment.pattern().photo
    assert photo is not None
    return upright(photo)


def moved(photo: GarmentPhoto, **downwards: float) -> GarmentPhoto:
    """Return the photo with landmarks of both sides moved down by pixels; negative values move them up."""
    shifts = {name: np.array([0.0, downwards.get(name.rsplit("_", 1)[0], 0.0)]) for name in photo.points}
    return replace(photo, points={name: point + shifts[name] for name, point in photo.points.items()})


def cut(photo: GarmentPhoto) -> Block:
    return fit_block(photo, BODY, GENDER, "cotton", {})[0]


def rise_cm(block: Block) -> float:
    return float(block.landmarks_cm["waist_left"][1] - block.landmarks_cm["crotch"][1])


def inseam_cm(block: Block) -> float:
    marks = block.landmarks_cm
    return float(np.linalg.norm(marks["leg_inner_left"] - marks["crotch"]))


def test_a_low_rise_begins_lower_on_the_body() -> None:
    usual, low = cut(photo_of(drawn.shorts())), cut(moved(photo_of(drawn.shorts()), waist=45.0, hip=20.0))
    natural = BODY.waist_height - BODY.inseam
    assert rise_cm(low) < rise_cm(usual) - 2.5
    assert rise_cm(usual) < 1.05 * natural


def test_a_low_waistband_is_as_wide_as_the_body_is_there() -> None:
    usual, low = cut(photo_of(drawn.shorts())), cut(moved(photo_of(drawn.shorts()), waist=45.0, hip=20.0))
    assert low.landmarks_cm["waist_left"][0] > usual.landmarks_cm["waist_left"][0] + 0.5


def test_shorts_that_end_at_the_crotch_do_so_when_worn() -> None:
    hot = moved(photo_of(drawn.shorts()), leg_inner=-90.0, leg_outer=-110.0)
    assert inseam_cm(cut(hot)) < 0.09 * BODY.inseam
    assert inseam_cm(cut(photo_of(drawn.shorts()))) > 0.2 * BODY.inseam


@pytest.mark.parametrize("shortened", [1.0, 0.8, 0.65])
def test_trousers_photographed_from_above_are_long(shortened: float) -> None:
    photo = photo_of(drawn.trousers())
    end = float(photo.points["leg_outer_left"][1] - photo.points["crotch"][1])
    seen = moved(photo, leg_outer=(shortened - 1) * end, leg_inner=(shortened - 1) * end)
    assert inseam_cm(cut(seen)) > 0.85 * BODY.inseam


def test_cropped_trousers_are_cropped() -> None:
    photo = photo_of(drawn.trousers())
    end = float(photo.points["leg_outer_left"][1] - photo.points["crotch"][1])
    assert inseam_cm(cut(moved(photo, leg_outer=-0.72 * end, leg_inner=-0.72 * end))) < 0.72 * BODY.inseam


@pytest.mark.parametrize("wearer", drawn.BODIES)
def test_a_dress_ends_below_the_crotch_however_short_its_photo_is(wearer: str) -> None:
    gender, body = drawn.BODIES[wearer]
    short = moved(photo_of(drawn.dress()), hem=-250.0)
    low = min(float(line[:, 1].min()) for line in fit_block(short, body, gender, "cotton", {})[0].front.values())
    assert body.neck_height + low < 0.85 * body.inseam


def test_a_collar_opens_in_front_and_stands_behind() -> None:
    block = cut(photo_of(drawn.shirt()))
    front, back = (edges["neck"] for edges in (block.front, block.back))
    assert front[:, 1].min() == pytest.approx(block.landmarks_cm["neck_front"][1], abs=0.3)
    assert back[:, 1].min() > 0 > block.landmarks_cm["neck_back"][1]
    assert front[0, 1] == pytest.approx(back[0, 1])


@pytest.mark.parametrize(("lower", "opens"), [(0.0, False), (60.0, True)])
def test_a_high_neck_opens_where_its_zip_is_drawn_down(lower: float, opens: bool) -> None:
    photo = photo_of(drawn.shirt().of_kind(neckline=Neckline.HIGH))
    points = photo.points | {"neck_front": photo.points["neck_front"] + np.array([0.0, lower])}
    block = cut(replace(photo, points=points))
    assert (float(block.front["neck"][:, 1].min()) < -4) is opens
    assert float(block.back["neck"][:, 1].min()) > 0


def test_trousers_are_as_wide_at_the_hip_as_their_photo_says() -> None:
    photo = photo_of(drawn.trousers())
    out = {f"hip_{side}": np.array([24.0 * sign, 0.0]) for side, sign in (("left", 1), ("right", -1))}
    wider = replace(photo, points={name: at + out.get(name, 0.0) for name, at in photo.points.items()})
    slim, wide = (4 * cut(each).landmarks_cm["hip_left"][0] for each in (photo, wider))
    assert slim + 2 < wide
    assert BODY.hip < slim < BODY.hip + 12


@pytest.mark.parametrize(("times", "ends_at_ankle"), [(0.45, True), (1.5, False)])
def test_narrow_legs_end_above_the_shoe_and_wide_ones_on_it(times: float, ends_at_ankle: bool) -> None:
    """A narrow leg that reaches further down rests on the shoe, and the leg folds above it."""
    photo = photo_of(drawn.trousers())
    points = dict(photo.points)
    for side in ("left", "right"):
        inner, outer = points[f"leg_inner_{side}"], points[f"leg_outer_{side}"]
        points[f"leg_inner_{side}"] = outer + times * (inner - outer)
    longest = inseam_cm(cut(replace(photo, points=points))) / BODY.inseam
    assert (longest < 0.95) == ends_at_ankle


@pytest.mark.parametrize("neckline", [Neckline.COLLAR, Neckline.HIGH, Neckline.HOOD])
def test_what_goes_round_the_neck_lies_by_it_however_far_it_spreads_in_the_photo(neckline: Neckline) -> None:
    photo = photo_of(drawn.shirt())
    out = {f"neck_{side}": np.array([25.0 * sign, 0.0]) for side, sign in (("left", 1), ("right", -1))}
    spread = replace(
        photo, points={name: at + out.get(name, 0.0) for name, at in photo.points.items()},
        kind=replace(photo.kind, neckline=neckline),
    )  # fmt: skip
    assert cut(spread).landmarks_cm["neck_left"][0] < 0.33 * BODY.neck


@pytest.mark.parametrize("narrowed", [0, 8, 16])
def test_knees_are_as_wide_as_in_the_photo(narrowed: int) -> None:
    """Both legs lose cloth at their outsides, most at the knee."""
    photo = photo_of(drawn.trousers())
    points, mask = photo.points, photo.mask.copy()
    knee = int(points["crotch"][1] + points["leg_inner_left"][1]) // 2
    away = np.abs(np.arange(len(mask)) - knee) / (points["leg_inner_left"][1] - points["crotch"][1])
    for row in range(len(mask)):
        off = round(narrowed * max(0.0, 1 - 1.8 * away[row]))
        columns = np.flatnonzero(mask[row])
        if off and len(columns):
            mask[row, columns[:off]] = mask[row, columns[-off:]] = False
    block = cut(replace(photo, mask=mask))
    leg = np.flatnonzero(mask[knee])
    leg = leg[leg > points["crotch"][0]]
    marks = block.landmarks_cm
    y = (marks["crotch"][1] + marks["leg_inner_left"][1]) / 2
    ends = [np.interp(y, line[order, 1], line[order, 0]) for line, order in (
        (block.front[name], np.argsort(block.front[name][:, 1])) for name in ("side_left", "inseam_left"))]  # fmt: skip
    hip = np.linalg.norm(points["hip_left"] - points["hip_right"]) / (2 * marks["hip_left"][0])
    end = np.linalg.norm(points["leg_outer_left"] - points["leg_inner_left"])
    opening = end / np.linalg.norm(marks["leg_outer_left"] - marks["leg_inner_left"])
    assert ends[0] - ends[1] == pytest.approx(np.ptp(leg) / np.sqrt(hip * opening), rel=0.12)


def test_a_neck_that_lies_flat_is_cut_deeper_than_its_photo_and_one_on_a_hanger_narrower() -> None:
    """Photos of clothes that lie flat are taken from the hem's side, and a hanger draws necks open."""
    tee, deep, wide = photo_of(drawn.tee()), {}, {}
    for laid in ("flat", "hanger"):
        marks = cut(replace(tee, kind=replace(tee.kind, laid=laid))).landmarks_cm
        shoulders = np.linalg.norm(marks["shoulder_left"] - marks["shoulder_right"])
        deep[laid] = (marks["neck_left"] - marks["neck_front"])[1] / shoulders
        wide[laid] = np.linalg.norm(marks["neck_left"] - marks["neck_right"]) / shoulders
    assert 1.15 < deep["flat"] / deep["hanger"] < 1.3
    assert 1.12 < wide["flat"] / wide["hanger"] < 1.25


@pytest.mark.parametrize("body", ["woman XL", "man M"])
def test_the_front_of_a_top_is_as_wide_between_its_sleeves_as_the_photos(body: str) -> None:
    photo, (gender, measurements) = photo_of(drawn.tee()), drawn.BODIES[body]
    middle, apart = photo.middle("neck")[0], 0.88 * photo.half("armpit")
    points = dict(photo.points)
    for name in ("shoulder_left", "shoulder_right"):
        points[name] = np.array([middle + np.sign(points[name][0] - middle) * apart, points[name][1]])
    block, _ = fit_block(replace(photo, points=points), measurements, gender, "cotton", {})
    assert block.landmarks_cm["shoulder_left"][0] == pytest.approx(
        0.84 * block.landmarks_cm["armpit_left"][0], rel=0.02
    )
