"""The network reads drawn garments, the examples, and the same garment at any angle in the photo."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch

from pipelines.training.reader.samples import Sample
from pipelines.training.reader.synthetic.sample import draw_sample
from vmodel.config import Settings
from vmodel.garment.cutout.segment import cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.recognition import reader
from vmodel.garment.recognition.closeup import front_closeup
from vmodel.garment.recognition.kind import decide_kind, is_worn_open, likeliest_kinds, understand
from vmodel.garment.recognition.landmarks import mirrored, names_of
from vmodel.garment.recognition.network import CHOICES, FRONT_SIZE, LANDMARKS, PARTS, load_network
from vmodel.garment.recognition.reader import PhotoReading, read_photo
from vmodel.garment.recognition.surface import Surface
from vmodel.types import ByteArray, Category, Cutout, FlatLay, GarmentKind, Landmarks, Neckline, Sleeve

SEEDS = 24
NO_SURFACE = Surface({}, np.eye(2, 3))
EXAMPLES = {
    "logo-tee": (Category.TOP, Sleeve.SHORT),
    "striped-long-sleeve": (Category.TOP, Sleeve.LONG),
    "satin-camisole": (Category.TOP, Sleeve.STRAP),
    "floral-dress": (Category.DRESS, Sleeve.NONE),
    "pleated-skirt": (Category.SKIRT, Sleeve.NONE),
    "denim-trousers": (Category.TROUSERS, Sleeve.NONE),
    "twill-jacket": (Category.OUTERWEAR, Sleeve.LONG),
    "summer-shorts": (Category.SHORTS, Sleeve.NONE),
}


@dataclass(frozen=True, eq=False)
class Read:
    sample: Sample
    reading: PhotoReading
    iou: float
    error: float
    """Median distance of its landmarks from their true places, as a share of the garment's size."""


def read(rgb: ByteArray) -> PhotoReading:
    return read_photo(load_network(Settings().weights), rgb)


@lru_cache(maxsize=1)
def drawn() -> list[Read]:
    """Draw one garment per seed and read it."""
    found = []
    for seed in range(SEEDS):
        sample = draw_sample(np.random.default_rng(seed), None, 512)
        assert sample.mask is not None
        reading, truth = read(sample.rgb), sample.mask > 0.5
        iou = (truth & (reading.mask > 0.5)).sum() / (truth | (reading.mask > 0.5)).sum()
        size = max(np.ptp(np.nonzero(truth.any(axis))[0]) for axis in (0, 1))
        known = [(name, spot) for name, spot in zip(LANDMARKS, sample.points, strict=True) if not np.isnan(spot[0])]
        away = [np.linalg.norm(reading.points_px[name] - spot) / size for name, spot in known]
        found.append(Read(sample, reading, float(iou), float(np.median(away))))
    return found


def test_masks_of_drawn_garments_are_theirs() -> None:
    """Measured: 0.95 on average, 0.87 at worst."""
    assert np.mean([each.iou for each in drawn()]) > 0.9
    assert min(each.iou for each in drawn()) > 0.7


def test_landmarks_of_drawn_garments_lie_where_they_should() -> None:
    """Measured: 1.6 % of the garment's size in the median."""
    errors = np.array([each.error for each in drawn()])
    assert np.median(errors) < 0.03
    assert np.mean(errors < 0.06) > 0.7


def test_most_drawn_garments_are_of_the_kind_that_is_likeliest_or_next_to_it() -> None:
    """Includes all ages and cuts, also those that no seller has; measured with the present weights."""
    right = [
        each.sample.choices["category"] in {str(kind) for kind, _ in likeliest_kinds(each.reading)[:2]}
        for each in drawn()
        if each.sample.choices["category"] in {str(kind) for kind in Category}
    ]
    assert np.mean(right) > 0.55


def test_how_it_was_laid_and_whether_it_is_one_is_told() -> None:
    assert np.mean([each.reading.best("garments") == "one" for each in drawn()]) > 0.9
    assert np.mean([each.reading.best("laid") == each.sample.choices["laid"] for each in drawn()]) > 0.5


def test_probabilities_add_up_and_confidence_is_a_share() -> None:
    for each in drawn()[:6]:
        assert all(shares.sum() == pytest.approx(1) for shares in each.reading.shares.values())
        assert all(0 <= value <= 1.001 for value in each.reading.confidence.values())
        assert set(each.reading.points_px) == set(LANDMARKS)


@lru_cache(maxsize=8)
def example(name: str) -> tuple[FlatLay, Cutout, GarmentKind, Landmarks]:
    """Read a bundled flat-lay."""
    path = Path(__file__).resolve().parents[3] / "examples" / f"{name}.jpg"
    flat_lay = read_flat_lay(path, Settings())
    cutout = cut_out(flat_lay)
    return flat_lay, cutout, *understand(flat_lay, cutout)


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_read_as_what_it_is(name: str) -> None:
    flat_lay, cutout, kind, landmarks = example(name)
    category, sleeve = EXAMPLES[name]
    assert kind.category == category
    if category.covers_upper:
        assert kind.sleeve == sleeve
    assert kind.confidence > 0.6
    assert cutout.source == "network"
    assert cutout.confidence > 0.6
    assert cutout.matte.shape == flat_lay.rgb.shape[:2]
    assert set(names_of(kind)) <= set(landmarks.points_px)
    for side in ("left", "right"):
        top, low = (
            ("neck", "hem") if category.covers_upper else ("waist", "hem" if category == "skirt" else "leg_outer")
        )
        assert landmarks.points_px[f"{top}_{side}"][1] < landmarks.points_px[f"{low}_{side}"][1]


@pytest.mark.parametrize(
    ("name", "whom"), [("logo-tee", "man"), ("satin-camisole", "woman"), ("floral-dress", "woman")]
)
def test_an_example_is_read_as_made_for_whom_it_is_cut(name: str, whom: str) -> None:
    made_for = dict(example(name)[2].made_for)
    assert made_for[whom] > 0.8
    assert sum(made_for.values()) == pytest.approx(1)


def test_left_is_the_wearers_left_which_is_the_photos_right() -> None:
    points = example("floral-dress")[3].points_px
    for name in ("neck", "shoulder", "armpit", "waist", "hem"):
        assert points[f"{name}_left"][0] > points[f"{name}_right"][0]


def small(name: str) -> ByteArray:
    """Return an example at a third of its size, square."""
    rgb = example(name)[0].rgb[::3, ::3]
    high, wide = rgb.shape[:2]
    missing = (high - wide) // 2
    return np.pad(rgb, ((0, 0), (missing, high - wide - missing), (0, 0)), mode="edge")


def extent(reading: PhotoReading) -> float:
    return float(max(np.ptp(np.nonzero((reading.mask > 0.5).any(axis))[0]) for axis in (0, 1)))


@pytest.mark.parametrize("name", ["logo-tee", "denim-trousers"])
def test_a_mirrored_photo_is_read_as_its_mirror_image(name: str) -> None:
    picture = small(name)
    here, there = read(picture), read(np.ascontiguousarray(picture[:, ::-1]))
    kind = example(name)[2]
    for landmark in names_of(kind):
        image = there.points_px[mirrored(landmark)]
        assert np.allclose(here.points_px[landmark], [picture.shape[1] - image[0], image[1]], atol=4), landmark
    assert here.best("category") == there.best("category")
    assert np.mean((here.mask > 0.5) != (there.mask > 0.5)[:, ::-1]) < 0.005


@pytest.mark.parametrize("name", ["logo-tee", "floral-dress"])
@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_photo_that_lies_turned_is_read_like_the_upright_one(name: str, quarters: int) -> None:
    picture = small(name)
    side = picture.shape[0]
    upright, turned = read(picture), read(np.ascontiguousarray(np.rot90(picture, quarters)))
    assert turned.best("category") == upright.best("category")
    away = []
    for landmark in names_of(example(name)[2]):
        x, y = turned.points_px[landmark]
        for _ in range(quarters):  # back, a quarter clockwise at a time
            x, y = side - y, x
        away.append(np.linalg.norm(upright.points_px[landmark] - (x, y)))
    assert np.median(away) < 0.03 * extent(upright)
    again = np.rot90(turned.mask > 0.5, -quarters)
    both = (upright.mask > 0.5) & again
    assert both.sum() / ((upright.mask > 0.5) | again).sum() > 0.93


def test_the_same_photo_is_read_alike_by_any_number_of_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch's worker has fewer threads, and its cloth must fall in the same folds."""
    picture, threads = small("logo-tee"), torch.get_num_threads()
    readings = []
    try:
        for count in (1, 1, 2):
            torch.set_num_threads(count)
            monkeypatch.setattr(reader, "_LAST", reader._LastReadings())
            readings.append(read(picture))
    finally:
        torch.set_num_threads(threads)
    for other in readings[1:]:
        assert np.array_equal(readings[0].mask, other.mask)
        assert all(np.array_equal(readings[0].points_px[name], other.points_px[name]) for name in LANDMARKS)


def test_a_photo_that_was_just_read_is_not_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rights checks use the reading that was already made."""
    picture = small("satin-camisole")
    first = read(picture)
    monkeypatch.setattr(reader, "_read", lambda *_: pytest.fail("read again"))
    assert read(picture.copy()) is first


@pytest.mark.parametrize(
    ("hood", "high", "seen", "worn"),
    [
        (0.41, 0.3, 0.0, Neckline.HIGH),  # a bomber jacket's band
        (0.41, 0.3, 0.05, Neckline.HOOD),
        (0.7, 0.2, 0.0, Neckline.HOOD),
        (0.2, 0.5, 0.05, Neckline.HIGH),
    ],
)
def test_nobody_wears_a_hood_that_is_neither_likely_nor_seen(
    hood: float, high: float, seen: float, worn: Neckline
) -> None:
    sure = {"category": "outerwear", "sleeve": "long", "closure": "closed", "laid": "flat"}
    shares = {name: np.array([float(value == sure.get(name)) for value in values]) for name, values in CHOICES.items()}
    shares["neckline"] = np.array([{"hood": hood, "high": high}.get(value, 0.02) for value in CHOICES["neckline"]])
    parts = np.full((100, 100), PARTS.index("body"), np.uint8)
    parts[: round(100 * seen)] = PARTS.index("hood")
    reading = PhotoReading(np.ones((100, 100), np.float32), parts, {}, {}, shares, NO_SURFACE)
    assert decide_kind(reading).neckline == worn


@pytest.mark.parametrize(
    ("length", "hem", "kind"),
    [(1.3, 1.1, Category.TOP), (1.6, 1.1, Category.TOP), (1.8, 1.5, Category.DRESS), (2.4, 1.4, Category.DRESS)],
)
def test_a_garment_long_for_its_width_is_a_dress_where_the_network_cannot_tell(
    length: float, hem: float, kind: Category
) -> None:
    equal = {"category": {"top": 0.5, "dress": 0.5}}
    shares = {
        name: np.array([equal.get(name, {}).get(value, 0.0) for value in values]) for name, values in CHOICES.items()
    }
    places = {"neck": (0.2, 0.0), "armpit": (0.5, 0.4), "hem": (hem / 2, length)}
    points = {
        f"{stem}_{side}": 200 * np.array([sign * x, y])
        for stem, (x, y) in places.items()
        for side, sign in (("left", 1), ("right", -1))
    }
    reading = PhotoReading(
        np.ones((100, 100), np.float32), np.ones((100, 100), np.uint8), points, {}, shares, NO_SURFACE
    )
    assert likeliest_kinds(reading)[0][0] == kind


@pytest.mark.parametrize(
    ("parted", "apart", "worn_open"), [(0.4, False, False), (0.55, True, False), (0.7, True, True)]
)
def test_a_front_is_worn_open_only_where_the_network_is_rather_sure(
    parted: float, apart: bool, worn_open: bool
) -> None:
    """Below that, what shows between its edges is still not its own cloth."""
    sure = {"category": "outerwear", "sleeve": "long", "neckline": "collar", "closure": "open", "laid": "flat"}
    shares = {name: np.array([float(value == sure.get(name)) for value in values]) for name, values in CHOICES.items()}
    parts = np.full((100, 100), PARTS.index("body"), np.uint8)
    reading = PhotoReading(np.ones((100, 100), np.float32), parts, {}, {}, shares, NO_SURFACE, parted)
    assert (decide_kind(reading).open_front, is_worn_open(reading)) == (apart, worn_open)


def test_the_strip_along_a_front_goes_from_its_neck_to_its_hem_whichever_way_it_lies() -> None:
    neck, hem = np.array([100.0, 50.0]), np.array([180.0, 110.0])  # 100 pixels, turned
    out = np.array([0.6, -0.8])
    armpits = {"armpit_left": (neck + hem) / 2 + 40 * out, "armpit_right": (neck + hem) / 2 - 40 * out}
    affine = front_closeup({"neck_front": neck, "hem_mid": hem, **armpits})
    assert affine is not None
    height, width = FRONT_SIZE
    corners = np.array([neck, hem, neck + 24.8 * out]) @ affine[:, :2].T + affine[:, 2]
    np.testing.assert_allclose(corners, [[width / 2, 0], [width / 2, height], [width, 0]], atol=1e-6)
    assert front_closeup({"neck_front": neck}) is None
