"""Segmentation of the garment: by the network, unless the seller's mask or the file states it; and refusals."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

import app
from tests.support.garments import flat_lays as drawn
from tests.support.garments import swimwear
from vmodel.config import Settings
from vmodel.errors import GarmentNotFound, MaskMismatch, PersonInPhoto, SeveralGarments, WeightsMissing
from vmodel.garment.cutout.segment import _cut_by_reading, _without_holes, cut_out
from vmodel.garment.load_photo import read_flat_lay
from vmodel.garment.recognition.kind import understand
from vmodel.garment.recognition.network import load_network
from vmodel.garment.recognition.reader import read_photo
from vmodel.garment.recognition.surface import Surface
from vmodel.types import BoolArray, ByteArray, Category, Cutout, FlatLay, FloatArray

SIZE = (800, 640)
STORY = Path(app.__file__).parent / "ui/static"


def as_flat_lay(rgb: FloatArray | ByteArray) -> FlatLay:
    return FlatLay("drawn.png", "0" * 64, np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def noise(rng: np.random.Generator, grain: float) -> FloatArray:
    shape = (int(SIZE[0] / grain) + 2, int(SIZE[1] / grain) + 2)
    return np.asarray(cv2.resize(rng.standard_normal(shape), SIZE[::-1], interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("ground", ["white", "plaster", "even grey"])
def test_a_plain_wall_holds_no_garment(ground: str) -> None:
    rng = np.random.default_rng(5)
    bare = np.full((*SIZE, 3), {"white": 250.0, "plaster": 215.0, "even grey": 128.0}[ground])
    if ground == "plaster":
        bare = bare + 6 * noise(rng, 60)[..., None] + 3 * noise(rng, 6)[..., None]
    with pytest.raises(GarmentNotFound, match="--mask"):
        cut_out(as_flat_lay(bare + rng.normal(0, 1, (*SIZE, 1))))


@pytest.mark.parametrize("thickness", [-1, 50])
def test_what_is_no_garment_is_refused_as_such_unless_it_is_named(thickness: int) -> None:
    """A plate and a hoop."""
    photo = np.full((*SIZE, 3), 230, np.uint8)
    cv2.circle(photo, (SIZE[1] // 2, SIZE[0] // 2), SIZE[0] // 4, (60, 40, 30), thickness)
    with pytest.raises(GarmentNotFound, match=r"no whole garment.*--category"):
        cut_out(as_flat_lay(photo.astype(float)))
    assert cut_out(as_flat_lay(photo.astype(float)), category=Category.TOP).mask.any()


@pytest.mark.parametrize("name", ["tee", "dress"])
@pytest.mark.parametrize(
    "part", [np.s_[:], np.s_[0.1:], np.s_[0.15:0.75]], ids=["whole", "cut at the chin", "cut at the knees too"]
)
def test_a_model_who_wears_a_garment_is_refused_and_the_garment_alone_is_not(name: str, part: slice) -> None:
    """The tour's pictures, as large as a phone's preview."""
    with Image.open(STORY / f"story-{name}-worn.webp") as picture:
        worn = np.asarray(picture.convert("RGB").resize((960, 1280), Image.Resampling.LANCZOS))
    start, stop = (None if share is None else round(1280 * share) for share in (part.start, part.stop))
    with pytest.raises(PersonInPhoto):
        cut_out(as_flat_lay(worn[start:stop]))
    with Image.open(STORY / f"story-{name}-flat.webp") as picture:
        alone = np.asarray(picture.convert("RGB").resize((960, 1280), Image.Resampling.LANCZOS))
    assert cut_out(as_flat_lay(alone)).mask.any()


def two(first: ByteArray, second: ByteArray) -> ByteArray:
    """Put two photos side by side."""
    return np.ascontiguousarray(np.concatenate([first, second], axis=1))


def test_two_garments_are_refused(examples: Path) -> None:
    tee = read_flat_lay(examples / "logo-tee.jpg", Settings()).rgb[::3, ::3]
    with pytest.raises(SeveralGarments):
        cut_out(as_flat_lay(two(tee, tee)))


def test_a_bikini_is_one_article() -> None:
    bikini = swimwear.bikini()
    photo = FlatLay("bikini.png", "0" * 64, bikini.rgb, bikini.cutout.matte)
    assert overlap(cut_out(photo, category=Category.SWIMWEAR).mask, bikini.mask) > 0.98


def test_pieces_beside_one_another_are_no_bikini() -> None:
    bikini = swimwear.bikini()
    rgb, alpha = (np.ascontiguousarray(np.rot90(each)) for each in (bikini.rgb, bikini.cutout.matte))
    with pytest.raises(SeveralGarments):
        cut_out(FlatLay("beside.png", "0" * 64, rgb, alpha), category=Category.SWIMWEAR)


def test_two_tops_above_one_another_are_no_bikini(examples: Path) -> None:
    tee = read_flat_lay(examples / "logo-tee.jpg", Settings()).rgb[::3, ::3]
    with pytest.raises(SeveralGarments):
        cut_out(as_flat_lay(np.concatenate([tee, tee])))


def test_two_pieces_of_transparency_are_refused() -> None:
    alpha = np.zeros(SIZE, np.float32)
    alpha[200:500, 60:260] = alpha[200:500, 380:580] = 1
    with pytest.raises(SeveralGarments, match="2 separate"):
        cut_out(FlatLay("two.png", "0" * 64, np.full((*SIZE, 3), 90, np.uint8), alpha))


def overlap(first: BoolArray, second: BoolArray) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


def test_the_photo_is_cut_at_its_own_size(examples: Path) -> None:
    """A photo of twelve megapixels and its small copy are cut alike."""
    rgb = read_flat_lay(examples / "logo-tee.jpg", Settings()).rgb
    large = cv2.resize(rgb, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC)
    masks = [cut_out(as_flat_lay(each)).mask for each in (rgb, large)]
    assert masks[1].shape == large.shape[:2]
    smaller = cv2.resize(masks[1].astype(np.uint8), rgb.shape[1::-1], interpolation=cv2.INTER_AREA) > 0
    assert overlap(masks[0], smaller) > 0.98


def test_a_mask_file_overrides_what_is_seen(tmp_path: Path) -> None:
    flat_lay = drawn.tee().flat_lay
    white = np.zeros(drawn.SIZE, np.uint8)
    white[100:300, 100:300] = 255
    Image.fromarray(white).save(tmp_path / "mask.png")
    cutout = cut_out(flat_lay, tmp_path / "mask.png")
    assert cutout.source == "mask"
    assert np.array_equal(cutout.mask, white > 0)


@pytest.mark.parametrize(("size", "value"), [((400, 320), 255), (SIZE, 0), (SIZE, 255), ((10, 10), 255)])
def test_masks_that_do_not_fit_are_refused(tmp_path: Path, size: tuple[int, int], value: int) -> None:
    Image.fromarray(np.full(size, value, np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(MaskMismatch, match=r"mask\.png"):
        cut_out(as_flat_lay(np.full((*SIZE, 3), 90)), tmp_path / "mask.png")


@pytest.mark.parametrize("fault", ["inverted", "a line"])
def test_a_mask_that_shows_no_garment_is_refused_and_says_why(tmp_path: Path, fault: str) -> None:
    white = np.full(SIZE, 255 if fault == "inverted" else 0, np.uint8)
    if fault == "inverted":
        white[200:600, 150:450] = 0
    else:
        cv2.line(white, (100, 100), (500, 700), 255, 3)
    Image.fromarray(white).save(tmp_path / "mask.png")
    with pytest.raises(MaskMismatch, match=r"rim" if fault == "inverted" else r"lines or specks"):
        cut_out(as_flat_lay(np.full((*SIZE, 3), 90)), tmp_path / "mask.png")


def test_transparency_of_the_file_is_the_cut_out() -> None:
    tee = drawn.tee()
    cutout = cut_out(FlatLay("tee.png", "0" * 64, tee.rgb, tee.cutout.matte))
    assert cutout.source == "alpha"
    assert np.array_equal(cutout.matte, tee.cutout.matte)
    with pytest.raises(GarmentNotFound):
        cut_out(FlatLay("tee.png", "0" * 64, tee.rgb, np.zeros_like(tee.cutout.matte)))


def test_what_transparency_hides_is_not_read() -> None:
    """Pixels behind full transparency may have any colour, and cloth-coloured remains are usual."""
    tee = drawn.tee()
    hidden = tee.rgb
    hidden[~tee.mask] = np.random.default_rng(1).integers(0, 256, (int((~tee.mask).sum()), 3))
    kinds, landmarks = [], []
    for rgb in (np.where(tee.mask[..., None], tee.rgb, 0).astype(np.uint8), hidden):
        flat_lay = FlatLay("tee.png", "0" * 64, rgb, tee.mask.astype(np.float32))
        kind, found = understand(flat_lay, cut_out(flat_lay))
        kinds.append(kind)
        landmarks.append(found.points_px["hem_left"])
    assert kinds[0] == kinds[1]
    assert np.array_equal(*landmarks)


def test_a_stated_category_overrides_what_the_photo_looks_like() -> None:
    tee = drawn.tee()
    kind, landmarks = understand(tee.flat_lay, tee.cutout, category=Category.TROUSERS)
    assert kind.category == Category.TROUSERS
    assert kind.stated
    assert kind.confidence == 1.0
    assert {"crotch", "waist_left", "leg_inner_right"} <= set(landmarks.points_px)
    assert not understand(tee.flat_lay, tee.cutout)[0].stated


def test_a_landmarks_file_moves_the_landmarks_that_it_names_and_no_others(tmp_path: Path) -> None:
    tee, path = drawn.tee(), tmp_path / "landmarks.json"
    path.write_text(json.dumps({"landmarks": {"neck_front": [260.0, 131.0], "armpit_left": [389.0, 210.0]}}))
    _, seen = understand(tee.flat_lay, tee.cutout)
    _, stated = understand(tee.flat_lay, tee.cutout, landmarks=path)
    assert stated.points_px["neck_front"].tolist() == [260.0, 131.0]
    assert stated.points_px["armpit_left"].tolist() == [389.0, 210.0]
    assert stated.confidence["armpit_left"] == 1.0
    assert np.array_equal(stated.points_px["hem_right"], seen.points_px["hem_right"])


def test_missing_weights_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VMODEL_WEIGHTS", str(tmp_path))
    load_network.cache_clear()
    with pytest.raises(WeightsMissing, match=r"garment_reader\.safetensors"):
        cut_out(drawn.tee().flat_lay)
    load_network.cache_clear()


@pytest.mark.parametrize("doubt", [0.0, 0.9])
def test_ground_in_a_gap_that_the_mask_is_too_coarse_for_is_told_by_surface_and_colour(doubt: float) -> None:
    photo = drawn.tee().flat_lay
    gap = slice(330, 430), slice(drawn.MIDDLE + 30, drawn.MIDDLE + 42)
    rgb = photo.rgb.copy()
    rgb[gap] = drawn.GROUND
    reading = read_photo(load_network(Settings().weights), rgb)
    mask = reading.mask.copy()
    mask[gap] = 0.965
    foreign = np.zeros(rgb.shape[:2], np.float32)
    foreign[gap] = doubt
    surface = Surface(
        {"foreign": cv2.resize(foreign, (160, 160))}, np.array([[640 / rgb.shape[1], 0, 0], [0, 640 / rgb.shape[0], 0]])
    )
    parted = replace(reading, mask=mask, surface=surface, parted=0.9)  # ground is seen through no closed front
    cut = _cut_by_reading(replace(photo, rgb=rgb), parted, Category.TOP)
    assert cut.mask[gap].mean() < 0.3 if doubt else cut.mask[gap].mean() > 0.7


def test_no_ground_is_seen_through_a_closed_front() -> None:
    """A stripe down to the hem is taken for ground by the network and by its surface layer."""
    photo = drawn.tee().flat_lay
    stripe = slice(330, 560), slice(drawn.MIDDLE + 30, drawn.MIDDLE + 70)
    rgb = photo.rgb.copy()
    rgb[stripe] = (240, 150, 20)
    reading = read_photo(load_network(Settings().weights), photo.rgb)
    mask = reading.mask.copy()
    mask[stripe] = 0.1
    foreign = np.zeros(rgb.shape[:2], np.float32)
    foreign[stripe] = 0.95
    affine = np.array([[640 / rgb.shape[1], 0, 0], [0, 640 / rgb.shape[0], 0]])
    surface = Surface({"foreign": cv2.resize(foreign, (160, 160))}, affine)
    unsure = replace(reading, mask=mask, surface=surface)
    cut = _cut_by_reading(replace(photo, rgb=rgb), unsure, Category.TOP)
    assert cut.mask[330:430, stripe[1]].mean() > 0.95
    parted = _cut_by_reading(replace(photo, rgb=rgb), replace(unsure, parted=0.9), Category.TOP)
    assert parted.mask[330:430, stripe[1]].mean() < 0.3


@pytest.mark.parametrize(
    ("what", "turned"), [("beside a waist", 0), ("beside a waist", 20), ("below an arched hem", 0)]
)
def test_ground_within_the_landmarks_is_no_cloth(what: str, turned: float) -> None:
    garment = drawn.dress() if what == "beside a waist" else drawn.tee()
    rgb, cloth = garment.rgb, garment.mask
    if what == "below an arched hem":
        arch = cv2.ellipse(np.zeros(drawn.SIZE, np.uint8), (drawn.MIDDLE, 480), (95, 60), 0, 0, 360, 1, -1) > 0
        rgb[arch], cloth = drawn.GROUND, cloth & ~arch
    garment = replace(garment.with_picture(rgb), cutout=Cutout(cloth.astype(np.float32), "mask", 1.0))
    garment = garment.moved(cv2.getRotationMatrix2D((drawn.MIDDLE, 320), turned, 0.85), drawn.SIZE)
    reading = read_photo(load_network(Settings().weights), garment.flat_lay.rgb)
    points = {**reading.points_px, **garment.landmarks.points_px}
    cut = _cut_by_reading(garment.flat_lay, replace(reading, points_px=points, parted=0.0), garment.kind.category)
    assert (cut.mask & ~garment.mask).sum() < 0.005 * garment.mask.sum()
    assert (garment.mask & ~cut.mask).sum() < 0.01 * garment.mask.sum()


@pytest.mark.parametrize(("seen", "is_cloth"), [(0.9, True), (0.4, False)])
def test_a_button_of_the_grounds_colour_is_no_hole(seen: float, is_cloth: bool) -> None:
    mask = np.zeros((60, 60), bool)
    mask[10:50, 10:50] = True
    soft = mask.astype(np.float32)
    mask[28:33, 28:33] = False
    soft[28:33, 28:33] = seen
    whole = _without_holes(mask, soft)
    assert whole[30, 30] == is_cloth
    assert not whole[:10].any()


def test_a_doubted_middle_does_not_tear_a_garment_apart() -> None:
    """The inside of a back between the halves of an open front has the ground's colour."""
    photo = drawn.tee().flat_lay
    middle = slice(0, drawn.SIZE[0]), slice(drawn.MIDDLE - 14, drawn.MIDDLE + 14)
    rgb = photo.rgb.copy()
    rgb[middle] = drawn.GROUND
    reading = read_photo(load_network(Settings().weights), photo.rgb)
    foreign = np.zeros(rgb.shape[:2], np.float32)
    foreign[middle] = 0.95
    affine = np.array([[640 / rgb.shape[1], 0, 0], [0, 640 / rgb.shape[0], 0]])
    surface = Surface({"foreign": cv2.resize(foreign, (160, 160))}, affine)
    cut = _cut_by_reading(replace(photo, rgb=rgb), replace(reading, surface=surface), Category.OUTERWEAR)
    for half in (np.s_[:, : drawn.MIDDLE - 14], np.s_[:, drawn.MIDDLE + 14 :]):
        assert cut.mask[half].sum() > 0.9 * drawn.tee().mask[half].sum()


def test_a_garment_that_is_doubted_all_over_stays_whole() -> None:
    photo, true = drawn.tee().flat_lay, drawn.tee().mask
    reading = read_photo(load_network(Settings().weights), photo.rgb)
    for doubted in (1.0, 0.5):
        foreign = np.zeros((160, 160), np.float32)
        foreign[: round(160 * doubted)] = 0.95
        affine = np.array([[640 / true.shape[1], 0, 0], [0, 640 / true.shape[0], 0]])
        unsure = replace(reading, mask=0.85 * reading.mask, surface=Surface({"foreign": foreign}, affine))
        assert _cut_by_reading(photo, unsure, Category.TOP).mask.sum() > 0.9 * true.sum()


@pytest.mark.parametrize("stripe", [(170, 170, 168), (200, 60, 50)], ids=["grey", "red"])
def test_stripes_along_the_sides_stay(examples: Path, stripe: tuple[int, int, int]) -> None:
    """The coarse mask alone keeps half of the grey ones and 0.63 of the red ones."""
    photo = read_flat_lay(examples / "summer-shorts.jpg", Settings())
    cloth = cut_out(photo).mask
    columns = np.flatnonzero(cloth.any(0))
    width = np.ptp(columns)
    inside = cv2.distanceTransform(cloth.astype(np.uint8), cv2.DIST_L2, 5)
    away = np.abs(np.arange(cloth.shape[1]) - columns.mean())
    band = cloth & (inside < 0.045 * width) & (away > 0.12 * width)
    rgb = photo.rgb.copy()
    shade = (photo.rgb[band].mean(1, keepdims=True) / photo.rgb[cloth].mean()) ** 0.5
    rgb[band] = np.clip(stripe * shade, 0, 255).astype(np.uint8)
    assert cut_out(replace(photo, rgb=rgb)).mask[band].mean() > 0.85
