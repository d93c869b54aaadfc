"""The inside of a back, visible through a neck, is not front; where it is visible, a high neck is open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.garment.pattern.test_shape_of_photo import photo_of
from tests.support.garments import flat_lays as drawn
from vmodel.body.model.body import build_body
from vmodel.body.model.roster import load_roster
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.neck.edge import neck_ring
from vmodel.drape.simulate.put_on import for_fitting
from vmodel.garment.pattern.details.neck import falls_in_front, inside_of_neck, worn_stand_cm
from vmodel.garment.pattern.fit import fit_photo
from vmodel.types import GarmentPhoto, Neckline


@pytest.fixture(scope="module")
def tee() -> GarmentPhoto:
    return photo_of(drawn.tee())


def seen_at(photo: GarmentPhoto, name: str, size: int = 12) -> np.ndarray:
    """Return a map that marks a square round a landmark as foreign."""
    column, row = np.round(photo.points[name]).astype(int)
    foreign = np.zeros(photo.mask.shape, np.float32)
    foreign[row - size : row + size, column - size : column + size] = 0.9
    return foreign


def without_neck(photo: GarmentPhoto) -> np.ndarray:
    """Return the garment without the area between the corners of its neck and its lowest point."""
    mask = photo.mask.copy()
    left, right, front = (np.round(photo.points[f"neck_{n}"]).astype(int) for n in ("left", "right", "front"))
    mask[: front[1], min(left[0], right[0]) : max(left[0], right[0])] = False
    return mask


def test_what_is_foreign_at_the_neck_is_the_inside_of_the_back(tee: GarmentPhoto) -> None:
    foreign, high = seen_at(tee, "neck_front"), replace(tee.kind, neckline=Neckline.HIGH)
    assert np.array_equal(inside_of_neck(high, tee.points, foreign), foreign > 0.5)
    for elsewhere in ("hem_left", "armpit_right", "hem_mid"):
        assert not inside_of_neck(high, tee.points, seen_at(tee, elsewhere)).any()


@pytest.mark.parametrize("neckline", [Neckline.HOOD, Neckline.CREW])
def test_the_lining_of_a_hood_and_the_band_of_a_neck_are_worn(tee: GarmentPhoto, neckline: Neckline) -> None:
    kind = replace(tee.kind, neckline=neckline)
    assert not inside_of_neck(kind, tee.points, seen_at(tee, "neck_front")).any()


def test_a_high_neck_is_open_where_no_front_is_seen_below_its_corners(tee: GarmentPhoto) -> None:
    left, right = tee.points["neck_left"], tee.points["neck_right"]
    down = np.array([0, 0.6 * np.linalg.norm(left - right)])
    points = {**tee.points, "neck_front": (left + right) / 2 + down}
    closed = replace(tee, kind=replace(tee.kind, neckline=Neckline.HIGH), points=points, mask=np.ones_like(tee.mask))
    assert not falls_in_front(closed)
    assert falls_in_front(replace(closed, mask=without_neck(closed)))


def with_stand(photo: GarmentPhoto, high_px: int) -> GarmentPhoto:
    """Return the photo with a closed tube of cloth above its neck points."""
    left, right = photo.points["neck_left"], photo.points["neck_right"]
    tall = np.pad(photo.mask, ((high_px, 0), (0, 0)))
    points = {name: point + np.array([0.0, high_px]) for name, point in photo.points.items()}
    low, (first, last) = int(points["neck_front"][1]) + 1, sorted(int(each[0]) for each in (left, right))
    tall[int(left[1]) : low, first:last] = True
    rgb = np.pad(photo.rgb, ((high_px, 0), (0, 0), (0, 0)), mode="edge")
    return replace(photo, rgb=rgb, mask=tall, points=points, kind=replace(photo.kind, neckline=Neckline.HIGH))


@pytest.mark.parametrize(("seen_cm", "worn_cm"), [(1.0, 2.5), (4.5, 4.5), (7.0, 6.0), (11.0, 5.5), (18.0, 6.0)])
def test_a_closed_high_neck_is_as_high_as_seen_or_rolled_down(
    tee: GarmentPhoto, seen_cm: float, worn_cm: float
) -> None:
    scale = 0.25
    assert worn_stand_cm(with_stand(tee, round(seen_cm / scale)), scale) == pytest.approx(worn_cm, abs=0.3)


def test_a_stand_that_is_open_in_front_keeps_its_usual_height(tee: GarmentPhoto) -> None:
    tall = with_stand(tee, 40)
    down = np.array([0, 0.9 * np.linalg.norm(tall.points["neck_left"] - tall.points["neck_right"])])
    unzipped = replace(tall, points={**tall.points, "neck_front": tall.middle("neck") + down})
    assert worn_stand_cm(unzipped, 0.25) == 3.5


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wm-hana", "mn-omar"])
def test_a_polo_neck_stands_up_round_the_neck(tee: GarmentPhoto, name: str, home: Path) -> None:
    settings = Settings(home=home)
    body = build_body(load_roster(settings)[name])
    garment = fit_photo(with_stand(tee, 60), body.measurements, body.model.gender, "jersey")
    worn = drape(garment, body, load_pose("standing"), settings, options=for_fitting(garment))
    ring = neck_ring(dict(enumerate(garment.panels)), worn)
    assert ring is not None
    edge_m = ring[0]
    base_m = body.measurements.neck_height / 100
    assert edge_m[:, 2].mean() > base_m + 0.025  # a usual stand: 0.016 and 0.019
    around_cm = 100 * float(np.linalg.norm(np.diff(edge_m, axis=0), axis=1).sum())
    assert around_cm < 1.25 * body.measurements.neck
