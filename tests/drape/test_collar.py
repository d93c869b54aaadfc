"""A collar that a photo shows is worn as one: it stands round the neck and lies on the shoulders, with two points."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.garment import drawn_flat_lays as drawn
from vmodel.body.model import build_body
from vmodel.body.pose import load_pose
from vmodel.body.roster import load_roster
from vmodel.body.subdivision import vertex_normals
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.collar import with_collars
from vmodel.drape.dress import for_fitting
from vmodel.garment.block_paint import lay_out
from vmodel.garment.pattern.collar import collar_widths
from vmodel.garment.pattern.fit import fit_block, fit_garment, upright
from vmodel.scene.rays import Tracer
from vmodel.types import BoolArray, Drape, FloatArray, Garment

Collared = tuple[Garment, Drape]


def with_flaps(garment: Garment) -> Garment:
    """The drawn shirt with its two flaps told as a collar."""
    assert garment.photo is not None
    shown = np.zeros(garment.photo.mask.shape, np.uint8)
    for sign in (1, -1):
        flap = np.array([(0, 86), (42 * sign, 78), (58 * sign, 118), (4 * sign, 112)]) + np.array([drawn.MIDDLE, 0])
        cv2.fillPoly(shown, [flap.astype(np.int32)], 1)
    return replace(garment, photo=replace(garment.photo, collar=shown > 0))


@pytest.fixture(scope="module", params=[("wm-ines", "contrapposto"), ("mn-tane", "walking"), ("ch-noah", "standing")])
def collared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Collared:
    name, pose = request.param
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    body = build_body(load_roster(settings)[name])
    garment = fit_garment(with_flaps(drawn.shirt().pattern()), body.measurements, body.model.gender)
    return garment, drape(garment, body, load_pose(pose), settings, options=for_fitting(garment))


def collar_of(garment: Garment, worn: Drape) -> tuple[Drape, FloatArray]:
    """The whole, and the collar's vertices in metres."""
    whole = with_collars([garment], garment, worn)
    return whole, np.asarray(whole.vertices_m[len(worn.vertices_m) :], float)


@pytest.mark.slow
def test_a_collar_goes_round_the_neck_and_ends_in_two_points(collared: Collared) -> None:
    _, collar = collar_of(*collared)
    middle = collar.mean(axis=0)
    behind, before = (collar[sign * (collar[:, 1] - middle[1]) > 0.02] for sign in (1, -1))
    assert len(behind) > 100
    assert len(before) > 100
    low = before[before[:, 2] < before[:, 2].min() + 0.02]
    assert low[:, 0].max() - middle[0] > 0.02
    assert middle[0] - low[:, 0].min() > 0.02
    assert behind[:, 2].max() > before[:, 2].max() - 0.01  # it stands up behind


@pytest.mark.slow
def test_a_collar_lies_on_the_cloth_and_hides_none_of_itself_in_it(collared: Collared) -> None:
    garment, worn = collared
    whole, collar = collar_of(garment, worn)
    sheet = whole.triangles[len(worn.triangles) :]
    facing = vertex_normals(np.asarray(whole.vertices_m, np.float32), whole.triangles)[len(worn.vertices_m) :]
    steps = np.arange(len(collar)) % steps_of(sheet)
    fall = steps > 9  # past the roll
    start = collar[fall].astype(np.float32)
    rays = Tracer(np.asarray(worn.vertices_m, np.float32), worn.triangles)
    covered = rays.blocked(start, np.asarray(facing[fall], np.float32), np.full(len(start), 0.02, np.float32))
    assert covered.mean() < 0.05


def steps_of(sheet: FloatArray) -> int:
    """Vertices of one section: the second corner of the first triangle is in the next one."""
    return int(sheet[0, 1] - sheet[0, 0])


@pytest.mark.slow
def test_a_collar_shows_the_photos_own_cloth_and_keeps_the_rest(collared: Collared) -> None:
    garment, worn = collared
    whole, collar = collar_of(garment, worn)
    new = slice(len(worn.triangles), None)
    assert len(collar) > 500
    assert {garment.panels[index].side for index in whole.panel[new]} == {"front"}
    assert np.array_equal(whole.triangles[: len(worn.triangles)], worn.triangles)
    tee = drawn.tee().fitted()
    assert with_collars([tee], tee, worn) is worn


def band_round_neck(wide_cm: float) -> FloatArray:
    """Widths measured where a band of one width round the neck is the collar's."""
    photo = upright(with_flaps(drawn.shirt().pattern()).photo)  # type: ignore[arg-type]
    gender, body = drawn.BODIES["woman S"]
    block, _ = fit_block(photo, body, gender, "cotton", {})
    canvas = lay_out(block)
    line = canvas.to_pixels(block.front["neck"])
    off = np.ones(canvas.size, np.uint8)
    cv2.polylines(off, [np.round(line).astype(np.int32)], False, 0, 1)
    near: BoolArray = cv2.distanceTransform(off, cv2.DIST_L2, 5) < wide_cm * canvas.px_per_cm
    return collar_widths(near, block, canvas)


@pytest.mark.parametrize("wide_cm", [4.5, 5.5])
def test_a_collar_is_as_wide_as_in_its_photo(wide_cm: float) -> None:
    widths = band_round_neck(wide_cm)
    assert widths[0, 0] == 0
    assert widths[-1, 0] == 1
    assert widths[1:-1, 1] == pytest.approx(wide_cm, abs=0.8)


def test_a_collar_is_no_cape() -> None:
    """Where more of the photo is taken for a collar than can be one."""
    assert band_round_neck(10.5)[1:, 1].max() < 9


def test_a_collar_that_was_not_recognised_has_a_usual_width() -> None:
    widths = band_round_neck(0.3)
    assert widths[:, 1].min() > 4
    assert widths[:, 1].max() < 8
