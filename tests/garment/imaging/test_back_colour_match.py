from __future__ import annotations

import cv2
import numpy as np
import pytest

from benchmarks.common.colour_difference import colour_difference
from tests.support.garments import flat_lays as drawn
from vmodel.core.colour import to_linear, to_srgb
from vmodel.garment.imaging.back_colour_match import OTHER_COLOUR, agree_with_front
from vmodel.garment.imaging.inpaint import fill_mirrored

CASTS = {"cool": (0.75, 0.88, 1.0), "warm": (1.25, 1.12, 1.0), "dim": (0.78, 0.78, 0.78)}
RED = (150, 40, 40)
BEIGE = (172, 152, 124)


def beige(make):
    """Recolour a drawn garment in beige, on which colour casts show."""
    picture = make()
    return picture.painted((picture.rgb == drawn.CLOTH).all(2), BEIGE)


def under(picture, gains, name="back.png"):
    """Put the picture under another light."""
    return picture.with_picture(to_srgb(to_linear(picture.rgb) * np.array(gains, np.float32)), name)


def banded(picture, period, phase=0):
    rows = (np.arange(drawn.SIZE[0]) + phase) // period % 2 == 0
    return picture.painted(np.broadcast_to(rows[:, None], drawn.SIZE), (190, 180, 150))


def folded(picture, seed):
    """Add folds, noise and compression that differ from the front's photo."""
    rng = np.random.default_rng(seed)
    folds = cv2.resize(rng.normal(1, 0.06, (9, 7)).astype(np.float32), drawn.SIZE[::-1], interpolation=cv2.INTER_CUBIC)
    rgb = to_srgb(to_linear(picture.rgb) * folds[..., None])
    rgb = np.clip(rgb + rng.normal(0, 3, rgb.shape), 0, 255).astype(np.uint8)
    coded = cv2.imencode(".jpg", rgb, [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return picture.with_picture(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)))


def sides_of(picture):
    """Return both side seams in pixels, counter-clockwise where y points up."""
    marks = picture.landmarks.points_px
    top, low = ("armpit", "hem") if picture.kind.category.covers_upper else ("waist", "leg_outer")
    share = np.linspace(0, 1, 64)[:, None]
    left, right = ((1 - share) * marks[f"{low}_{side}"] + share * marks[f"{top}_{side}"] for side in ("left", "right"))
    return [left, right[::-1]]


def agreed(front, back):
    """Return the back's picture in the front's light, and the warning, if any."""
    known = [fill_mirrored(each.rgb, each.mask) for each in (front, back)]
    return agree_with_front(*known, front.mask, sides_of(front))


def steps(front, behind):
    """Return CIEDE2000 between front and back beside each side seam."""
    found = []
    for line, inward in zip(sides_of(front), (-6, 6), strict=True):
        columns, rows = np.round(line[4:-4]).astype(int).T
        beside = [
            np.mean([to_linear(picture[rows, columns + inward + k]) for k in (-2, 0, 2)], axis=(0, 1))
            for picture in (front.rgb, behind)
        ]
        found.append(float(colour_difference(*beside)))
    return found


@pytest.mark.parametrize("make", [drawn.tee, drawn.trousers])
@pytest.mark.parametrize("cast", list(CASTS))
def test_a_back_under_another_light_agrees_with_the_front_at_the_side_seams(make, cast):
    front = beige(make)
    back = under(front, CASTS[cast])
    picture, word = agreed(front, back)
    assert max(steps(front, picture)) < 2
    assert min(steps(front, back.rgb)) > 2
    assert word is None


@pytest.mark.parametrize("seed", [1, 2])
def test_folds_noise_and_compression_do_not_hide_the_light(seed):
    front = folded(beige(drawn.tee), seed)
    back = under(folded(beige(drawn.tee), seed + 10), CASTS["cool"])
    assert max(steps(front, agreed(front, back)[0])) < 2
    assert max(steps(front, back.rgb)) > 3


def test_a_back_under_the_same_light_stays_pixel_for_pixel():
    front = drawn.tee()
    picture, word = agreed(front, under(front, (1, 1, 1)))
    assert np.array_equal(picture[front.mask], front.rgb[front.mask])
    assert word is None


@pytest.mark.parametrize(
    "region",
    [np.ones(drawn.SIZE, bool), np.indices(drawn.SIZE)[1] < 260, np.indices(drawn.SIZE)[0] > 350],
    ids=["whole", "left half", "below the waist"],
)
def test_a_back_of_another_colour_stays_pixel_for_pixel_and_a_word_is_said(region):
    front = drawn.tee()
    back = front.painted(region, RED)
    picture, word = agreed(front, back)
    assert word == OTHER_COLOUR
    assert np.array_equal(picture[front.mask], back.rgb[front.mask])


def test_a_plain_back_of_a_striped_front_stays_as_it_is():
    back = under(drawn.tee(), CASTS["cool"])
    picture, word = agreed(banded(drawn.tee(), 12), back)
    assert word == OTHER_COLOUR
    assert np.array_equal(picture[back.mask], back.rgb[back.mask])


@pytest.mark.parametrize("phase", [0, 5, 12], ids=["met", "shifted", "opposite"])
def test_stripes_keep_their_contrast_and_need_not_meet(phase):
    front = banded(drawn.tee(), 12)
    picture, word = agreed(front, under(banded(drawn.tee(), 12, phase), CASTS["cool"]))
    middle = [each[300:372, 250:270].reshape(72, -1) for each in (front.rgb, picture)]
    before, after = (np.ptp(np.percentile(rows, [15, 85], axis=0), axis=0).mean() for rows in middle)
    assert after == pytest.approx(before, rel=0.03)
    assert word is None


@pytest.fixture(scope="module")
def worn():
    """Return a beige tee with three backs: a disc under cool light, a drawing under cool light, and red cloth."""
    front = beige(drawn.tee)
    disc = cv2.circle(np.zeros(drawn.SIZE, np.uint8), (260, 300), 40, 1, -1) > 0
    return {
        "light": front.fitted(back=under(front.painted(disc, (200, 190, 60)), CASTS["cool"])),
        "drawing": front.fitted(back=under(front, CASTS["cool"], "tee.svg")),
        "dye": front.fitted(back=front.painted(np.ones(drawn.SIZE, bool), RED)),
    }


def test_a_garment_wears_its_back_in_the_light_of_its_front(worn):
    colour = np.median(worn["light"].textures[1].reshape(-1, 3), axis=0)
    assert np.abs(colour - BEIGE).max() <= 6
    assert (np.abs(worn["light"].textures[1].astype(int) - (200, 190, 60)).max(2) <= 8).sum() > 3000
    assert worn["light"].warnings == ()


def test_a_seller_is_told_of_a_back_of_another_colour(worn):
    assert worn["dye"].warnings == (OTHER_COLOUR,)
    assert np.abs(np.median(worn["dye"].textures[1].reshape(-1, 3), axis=0) - RED).max() <= 3


def test_a_drawings_back_is_no_photo_and_stays_as_it_is_drawn(worn):
    cool = under(beige(drawn.tee), CASTS["cool"]).rgb[300, 260]
    assert np.abs(np.median(worn["drawing"].textures[1].reshape(-1, 3), axis=0) - cool).max() <= 3
    assert worn["drawing"].warnings == ()
