from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.colour_difference import ciede2000, to_lab
from tests.garment import drawn_flat_lays as drawn
from vmodel.garment import pattern
from vmodel.garment.back_colour import OTHER_COLOUR
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.images import to_linear, to_srgb

CASTS = {"cool": (0.75, 0.88, 1.0), "warm": (1.25, 1.12, 1.0), "dim": (0.78, 0.78, 0.78)}
RED = (150, 40, 40)
BEIGE = (172, 152, 124)


def beige(make):
    """A drawn garment of a colour on which casts show."""
    picture = make()
    return painted(picture, (picture[0].rgb == drawn.CLOTH).all(2), BEIGE)


def under(picture, gains):
    """The picture under another light."""
    lit = to_srgb(to_linear(picture[0].rgb) * np.array(gains, np.float32))
    return replace(picture[0], name="back.png", rgb=lit), picture[1]


def painted(picture, where, colour):
    """The picture with another colour where a mask says so and cloth is."""
    rgb = picture[0].rgb.copy()
    rgb[where & picture[1].mask] = colour
    return replace(picture[0], rgb=rgb), picture[1]


def banded(picture, period, phase=0):
    rows = (np.arange(drawn.SIZE[0]) + phase) // period % 2 == 0
    return painted(picture, np.broadcast_to(rows[:, None], drawn.SIZE), (190, 180, 150))


def folded(picture, seed):
    """Folds, noise and compression of a photo of its own."""
    rng = np.random.default_rng(seed)
    folds = cv2.resize(rng.normal(1, 0.06, (9, 7)).astype(np.float32), drawn.SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    rgb = to_srgb(to_linear(picture[0].rgb) * folds[..., None])
    rgb = np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return replace(picture[0], rgb=np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))), picture[1]


def pattern_of(front, back):
    kind, landmarks = understand(*front)
    return infer_pattern(*front, kind, landmarks, back)


def as_photographed(front, back, monkeypatch):
    """The pattern whose back keeps its own light."""
    with monkeypatch.context() as patch:
        patch.setattr(pattern, "agree_with_front", lambda front, back, mask, sides: (back, None))
        return pattern_of(front, back)


def steps(garment):
    """CIEDE2000 between front and back beside each side seam."""
    found = []
    panel = garment.panels[-1]
    for side, inward in (("side_left", -6), ("side_right", 6)):
        line = panel.edges[side] @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
        columns, rows = np.round(line).astype(int).T
        beside = [
            to_lab(np.mean([to_linear(texture[rows, columns + inward + k]) for k in (-2, 0, 2)], axis=(0, 1)))
            for texture in garment.textures
        ]
        found.append(float(ciede2000(*beside)))
    return found


@pytest.mark.parametrize("make", [drawn.tee, drawn.trousers])
@pytest.mark.parametrize("cast", list(CASTS))
def test_a_back_under_another_light_agrees_with_the_front_at_the_side_seams(make, cast, monkeypatch):
    front = beige(make)
    back = under(front, CASTS[cast])
    garment = pattern_of(front, back)
    assert max(steps(garment)) < 2
    assert min(steps(as_photographed(front, back, monkeypatch))) > 2
    assert not garment.warnings


@pytest.mark.parametrize("seed", [1, 2])
def test_folds_noise_and_compression_do_not_hide_the_light(seed, monkeypatch):
    front = folded(beige(drawn.tee), seed)
    back = under(folded(beige(drawn.tee), seed + 10), CASTS["cool"])
    garment = pattern_of(front, back)
    assert max(steps(garment)) < 2
    assert max(steps(as_photographed(front, back, monkeypatch))) > 3


def test_a_back_under_the_same_light_stays_pixel_for_pixel(monkeypatch):
    front = drawn.tee()
    back = under(front, (1, 1, 1))
    garment = pattern_of(front, back)
    assert np.array_equal(garment.textures[1], as_photographed(front, back, monkeypatch).textures[1])
    assert not garment.warnings


@pytest.mark.parametrize(
    "region",
    [np.ones(drawn.SIZE, bool), np.indices(drawn.SIZE)[1] < 260, np.indices(drawn.SIZE)[0] > 350],
    ids=["whole", "left half", "below the waist"],
)
def test_a_back_of_another_colour_stays_pixel_for_pixel_and_a_word_is_said(region, monkeypatch):
    front = drawn.tee()
    back = painted(front, region, RED)
    garment = pattern_of(front, back)
    assert garment.warnings == (OTHER_COLOUR,)
    assert np.array_equal(garment.textures[1], as_photographed(front, back, monkeypatch).textures[1])


def test_a_plain_back_of_a_striped_front_stays_as_it_is(monkeypatch):
    front = banded(drawn.tee(), 12)
    back = under(drawn.tee(), CASTS["cool"])
    garment = pattern_of(front, back)
    assert garment.warnings == (OTHER_COLOUR,)
    assert np.array_equal(garment.textures[1], as_photographed(front, back, monkeypatch).textures[1])


@pytest.mark.parametrize("phase", [0, 5, 12], ids=["met", "shifted", "opposite"])
def test_stripes_keep_their_contrast_and_need_not_meet(phase):
    front = banded(drawn.tee(), 12)
    garment = pattern_of(front, under(banded(drawn.tee(), 12, phase), CASTS["cool"]))
    middle = [texture[300:372, 250:270].reshape(72, -1) for texture in garment.textures]
    before, after = (np.ptp(np.percentile(rows, [15, 85], axis=0), axis=0).mean() for rows in middle)
    assert after == pytest.approx(before, rel=0.03)
    sharp = [np.abs(np.diff(rows.astype(int), axis=0)).max() for rows in middle]
    assert sharp[1] > 0.9 * sharp[0]
    assert not garment.warnings


def test_a_print_on_the_back_takes_the_same_gain_as_its_cloth():
    front = drawn.tee()
    disc = cv2.circle(np.zeros(drawn.SIZE, np.uint8), (260, 300), 40, 1, -1) > 0
    garment = pattern_of(front, under(painted(front, disc, (200, 190, 60)), CASTS["cool"]))
    assert np.abs(garment.textures[1][300, 260].astype(int) - (200, 190, 60)).max() <= 5


def test_a_drawings_back_is_no_photo_and_stays_as_it_is_drawn(monkeypatch):
    front = drawn.tee()
    lay, cutout = under(front, CASTS["cool"])
    back = (replace(lay, name="tee.svg"), cutout)
    garment = pattern_of(front, back)
    assert np.array_equal(garment.textures[1], as_photographed(front, back, monkeypatch).textures[1])
    assert not garment.warnings
