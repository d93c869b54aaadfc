"""Cut-out: drawn garments on drawn surfaces with known truth, and real photos where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from benchmarks.distortions import saved
from benchmarks.reading import draw_photo
from tests.garment import drawn_flat_lays
from vmodel.config import Settings
from vmodel.errors import GarmentNotFound, MaskMismatch, PersonInPhoto, SeveralGarments
from vmodel.garment.cutout import cut_out
from vmodel.garment.reading import read_flat_lay
from vmodel.types import FlatLay

SIZE = (800, 640)
FLATLAYS = Path(os.environ.get("FLATLAYS", "flat-lays-are-not-here"))
"""Folder of real photos with their ``labels.tsv``; they are nobody's to pass on, so it is named from outside."""

TEE = [(250, 150), (320, 175), (390, 150), (450, 170), (560, 300), (500, 345), (455, 290), (460, 640), (180, 640)]
TEE += [(185, 290), (140, 345), (80, 300), (190, 170)]
TROUSERS = [(220, 120), (420, 120), (450, 700), (350, 700), (322, 300), (318, 300), (290, 700), (190, 700)]
CAMISOLE = [(230, 300), (320, 350), (410, 300), (440, 680), (200, 680)]


def outline(points: list[tuple[int, int]], size: tuple[int, int] = SIZE) -> np.ndarray:
    """(H, W) float32 coverage of a polygon drawn four times finer."""
    scale = size[0] / SIZE[0]
    fine = np.zeros((4 * size[0], 4 * size[1]), np.uint8)
    cv2.fillPoly(fine, [np.round(np.array(points) * 4 * scale).astype(np.int32)], 255)
    return cv2.resize(fine, size[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def camisole() -> np.ndarray:
    """A body with two thin strap loops that the ground shows through."""
    fine = np.zeros((4 * SIZE[0], 4 * SIZE[1]), np.uint8)
    cv2.fillPoly(fine, [np.array(CAMISOLE) * 4], 255)
    for x in (240, 400):
        cv2.ellipse(fine, (4 * x, 4 * 215), (4 * 22, 4 * 95), 0, 0, 360, 255, 4 * 7)
    return cv2.resize(fine, SIZE[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def noise(rng: np.random.Generator, grain: float, along: float = 1.0, size: tuple[int, int] = SIZE) -> np.ndarray:
    shape = (int(size[0] / grain / along) + 2, int(size[1] / grain) + 2)
    return cv2.resize(rng.standard_normal(shape).astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)


def surface(kind: str, rng: np.random.Generator) -> np.ndarray:
    if kind == "white":
        return np.full((*SIZE, 3), 250.0)
    if kind == "grey":
        return np.full((*SIZE, 3), 200.0) + np.linspace(-12, 12, SIZE[1])[None, :, None]
    if kind == "concrete":
        mottled = 10 * noise(rng, 90) + 8 * noise(rng, 30) + 5 * noise(rng, 8) + 3 * noise(rng, 2)
        return 125 + mottled[..., None] + np.array([0, 2, 5])
    if kind == "wood":
        grain = np.sin(2 * noise(rng, 50, 6) + np.linspace(0, 60, SIZE[1])[None])
        return np.array([165, 120, 80]) + 15 * grain[..., None] + 6 * noise(rng, 2, 25)[..., None]
    if kind == "carpet":
        return np.array([90, 92, 105]) + 20 * noise(rng, 1.5)[..., None] + 8 * noise(rng, 5)[..., None]
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    return np.where(((x // 80 + y // 80) % 2)[..., None] > 0, 205.0, 70.0) + np.zeros(3) + 4 * noise(rng, 3)[..., None]


def lay(garment: np.ndarray, cloth: tuple[int, int, int], ground: np.ndarray, seed: int = 1) -> FlatLay:
    """Lay cloth with folds on a ground, with a drop shadow and sensor noise."""
    rng = np.random.default_rng(seed)
    size = garment.shape
    folds = 1 + 0.04 * noise(rng, 70, size=size) + 0.02 * noise(rng, 15, 3, size=size)
    shadow = cv2.GaussianBlur(np.roll(garment, (8, 6), (0, 1)), (0, 0), 7)[..., None]
    cover = garment[..., None]
    rgb = ground * (1 - 0.3 * shadow) * (1 - cover) + np.array(cloth) * folds[..., None] * cover
    rgb = rgb + rng.normal(0, 1.0, (*size, 1))
    return as_flat_lay(rgb)


def as_flat_lay(rgb: np.ndarray) -> FlatLay:
    return FlatLay("drawn.png", "0" * 64, np.clip(np.rint(rgb), 0, 255).astype(np.uint8))


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / max(1, (first | second).sum()))


@pytest.mark.parametrize("ground", ["white", "grey"])
@pytest.mark.parametrize("cloth", [(30, 40, 90), (190, 60, 60), (225, 215, 190)])
def test_a_tee_on_a_plain_surface_is_cut_without_its_shadow(ground: str, cloth: tuple[int, int, int]) -> None:
    truth = outline(TEE)
    cutout = cut_out(lay(truth, cloth, surface(ground, np.random.default_rng(2))))
    assert cutout.source == "plain"
    assert cutout.confidence > 0.6
    assert overlap(cutout.mask, truth > 0.5) > 0.97


@pytest.mark.parametrize("ground", ["grey", "white"])
def test_a_white_tee_is_cut_without_its_shadow(ground: str) -> None:
    truth = outline(TEE)
    cutout = cut_out(lay(truth, (236, 236, 238), surface(ground, np.random.default_rng(2))))
    assert overlap(cutout.mask, truth > 0.5) > 0.97


def test_the_ground_between_straps_stays_open() -> None:
    truth = camisole()
    cutout = cut_out(lay(truth, (150, 40, 60), surface("white", np.random.default_rng(2))))
    assert overlap(cutout.mask, truth > 0.5) > 0.97
    assert not cutout.mask[215, 240]
    assert not cutout.mask[215, 400]
    assert cutout.mask[130:300, 210:270].any(1).all(), "the strap is broken"


@pytest.mark.parametrize("cloth", [(244, 240, 228), (224, 224, 228)])
@pytest.mark.parametrize("shadow", [((8, -7), 7), ((7, 6), 1.5), ((14, 10), 14)])
def test_the_shadow_of_pale_cloth_on_white_is_left_out(
    cloth: tuple[int, int, int], shadow: tuple[tuple[int, int], float]
) -> None:
    truth, (way, softness) = outline(TEE), shadow
    rng = np.random.default_rng(9)
    fallen = cv2.GaussianBlur(np.roll(truth, way, (0, 1)), (0, 0), softness)[..., None]
    folds = (1 + 0.02 * noise(rng, 70) + 0.01 * noise(rng, 15, 3))[..., None]
    rgb = (
        surface("white", rng) * (1 - 0.3 * fallen) * (1 - truth[..., None]) + np.array(cloth) * folds * truth[..., None]
    )
    cutout = cut_out(as_flat_lay(rgb + rng.normal(0, 1.0, (*SIZE, 1))))
    assert overlap(cutout.mask, truth > 0.5) > 0.96


@pytest.mark.parametrize(("across", "down"), [(0.0, 1 / 12), (1 / 12, 0.0), (1 / 17, 1 / 17), (0.0, 1 / 30)])
def test_white_stripes_on_white_paper_are_cloth(across: float, down: float) -> None:
    truth = outline(TEE)
    rgb = lay(truth, (30, 35, 80), surface("white", np.random.default_rng(2))).rgb.astype(np.float32)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    stripes = ((x * across + y * down).astype(int) % 2 == 0) & (truth > 0.5)
    rgb[stripes] = 249
    cutout = cut_out(as_flat_lay(rgb))
    assert overlap(cutout.mask, truth > 0.5) > 0.95
    assert cutout.mask[350:600, 250:390].all()


@pytest.mark.parametrize("ground", ["concrete", "wood", "carpet", "checker"])
@pytest.mark.parametrize(("points", "cloth"), [(TEE, (240, 240, 238)), (TROUSERS, (40, 60, 120))])
def test_garments_stand_out_from_clutter(
    ground: str, points: list[tuple[int, int]], cloth: tuple[int, int, int]
) -> None:
    truth = outline(points)
    cutout = cut_out(lay(truth, cloth, surface(ground, np.random.default_rng(4))))
    assert cutout.source == "clutter"
    assert overlap(cutout.mask, truth > 0.5) > 0.93


def test_a_hanger_and_a_corner_mark_are_left_out() -> None:
    truth = outline(TEE)
    rgb = lay(truth, (60, 120, 90), surface("white", np.random.default_rng(2))).rgb.copy()
    cv2.line(rgb, (320, 172), (320, 110), (90, 90, 95), 5)
    cv2.ellipse(rgb, (335, 110), (15, 18), 0, 180, 400, (90, 90, 95), 5)
    cv2.putText(rgb, "SALE", (20, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (10, 10, 10), 5)
    mask = cut_out(as_flat_lay(rgb)).mask
    assert not mask[:140].any()
    assert overlap(mask, truth > 0.5) > 0.97


def test_the_edge_is_soft_and_carries_no_ground() -> None:
    truth = outline(TEE)
    flat_lay = lay(truth, (30, 40, 90), surface("white", np.random.default_rng(2)))
    matte = cut_out(flat_lay).matte
    assert matte.dtype == np.float32
    assert np.mean((matte > 0.02) & (matte < 0.98)) < 0.02
    assert np.abs(matte - truth).mean() < 0.004
    bright = flat_lay.rgb[matte > 0.97].mean(-1) > 120
    assert bright.mean() < 0.002, "a bright fringe is left"


def test_a_twelve_megapixel_photo_is_cut_at_its_own_size() -> None:
    size = (4000, 3000)
    small = lay(outline(TEE), (190, 60, 60), surface("white", np.random.default_rng(2))).rgb
    flat_lay = FlatLay("large.jpg", "0" * 64, cv2.resize(small, size[::-1], interpolation=cv2.INTER_LINEAR))
    matte = cut_out(flat_lay).matte
    assert matte.shape == size
    whole = cv2.resize(outline(TEE).astype(np.float32), size[::-1])
    assert np.abs(matte - whole).mean() < 0.01


def test_blank_and_textured_surfaces_hold_no_garment() -> None:
    for kind in ("white", "concrete", "wood", "carpet", "checker"):
        rng = np.random.default_rng(5)
        bare = surface(kind, rng) + rng.normal(0, 1, (*SIZE, 1))
        with pytest.raises(GarmentNotFound, match="--mask"):
            cut_out(as_flat_lay(bare))


def test_two_garments_are_refused() -> None:
    left = [(0.45 * x + 10, y * 0.8 + 60) for x, y in TEE]
    right = [(x + 320, y) for x, y in left]
    pair = np.maximum(outline(left), outline(right))  # type: ignore[arg-type]
    with pytest.raises(SeveralGarments, match="2 separate"):
        cut_out(lay(pair, (40, 90, 160), surface("white", np.random.default_rng(2))))


@pytest.mark.parametrize("skin", [(232, 190, 165), (198, 140, 105), (120, 78, 56)])
def test_a_person_wearing_the_garment_is_refused(skin: tuple[int, int, int]) -> None:
    with pytest.raises(PersonInPhoto, match="flat-lay"):
        cut_out(as_flat_lay(figure(skin)))


def figure(skin: tuple[int, int, int]) -> np.ndarray:
    """A drawn person in a blue tee and dark trousers on white."""
    rgb = np.full((*SIZE, 3), 248, np.uint8)
    cv2.ellipse(rgb, (320, 95), (44, 56), 0, 0, 360, (50, 35, 30), -1)
    cv2.ellipse(rgb, (320, 110), (36, 46), 0, 0, 360, skin, -1)
    cv2.rectangle(rgb, (302, 145), (338, 190), skin, -1)
    cv2.line(rgb, (225, 260), (200, 430), skin, 28)
    cv2.line(rgb, (415, 260), (440, 430), skin, 28)
    cv2.fillPoly(rgb, [np.array([(250, 185), (390, 185), (440, 290), (400, 300), (400, 440)])], (50, 80, 160))
    cv2.fillPoly(
        rgb, [np.array([(390, 185), (250, 185), (200, 290), (240, 300), (240, 440), (400, 440)])], (50, 80, 160)
    )
    cv2.fillPoly(
        rgb,
        [np.array([(240, 440), (400, 440), (395, 760), (335, 760), (320, 500), (305, 760), (245, 760)])],
        (40, 40, 45),
    )
    shade = np.random.default_rng(0).normal(0, 1.5, (*SIZE, 1))
    return cv2.GaussianBlur(rgb, (0, 0), 1.0) + shade


@pytest.mark.parametrize("cloth", [(232, 190, 165), (225, 170, 160), (198, 140, 105)])
def test_skin_coloured_garments_are_no_persons(cloth: tuple[int, int, int]) -> None:
    truth = outline(TEE)
    assert overlap(cut_out(lay(truth, cloth, surface("white", np.random.default_rng(2)))).mask, truth > 0.5) > 0.97


def test_a_cream_yoke_and_cuffs_are_no_head_and_hands() -> None:
    assert cut_out(as_flat_lay(figure((226, 219, 201)))).confidence > 0.3


def test_a_mask_file_overrides_what_is_seen(tmp_path: Path) -> None:
    flat_lay = lay(outline(TEE), (190, 60, 60), surface("white", np.random.default_rng(2)))
    drawn = np.zeros(SIZE, np.uint8)
    drawn[100:300, 100:300] = 255
    Image.fromarray(drawn).save(tmp_path / "mask.png")
    cutout = cut_out(flat_lay, tmp_path / "mask.png")
    assert cutout.source == "mask"
    assert np.array_equal(cutout.mask, drawn > 0)


@pytest.mark.parametrize(("size", "value"), [((400, 320), 255), (SIZE, 0), (SIZE, 255), ((10, 10), 255)])
def test_masks_that_do_not_fit_are_refused(tmp_path: Path, size: tuple[int, int], value: int) -> None:
    flat_lay = lay(outline(TEE), (190, 60, 60), surface("white", np.random.default_rng(2)))
    Image.fromarray(np.full(size, value, np.uint8)).save(tmp_path / "mask.png")
    with pytest.raises(MaskMismatch, match=r"mask\.png"):
        cut_out(flat_lay, tmp_path / "mask.png")


def test_transparency_of_the_file_is_the_cut_out() -> None:
    truth = outline(TEE)
    flat_lay = lay(truth, (190, 60, 60), surface("concrete", np.random.default_rng(2)))
    cutout = cut_out(FlatLay(flat_lay.name, flat_lay.sha256, flat_lay.rgb, truth))
    assert cutout.source == "alpha"
    assert np.array_equal(cutout.matte, truth)
    with pytest.raises(GarmentNotFound):
        cut_out(FlatLay(flat_lay.name, flat_lay.sha256, flat_lay.rgb, np.zeros_like(truth)))


def test_the_same_photo_gives_the_same_matte() -> None:
    flat_lay = lay(outline(TROUSERS), (40, 60, 120), surface("wood", np.random.default_rng(4)))
    assert np.array_equal(cut_out(flat_lay).matte, cut_out(flat_lay).matte)


@pytest.mark.outside("FLATLAYS")
def test_every_real_flat_lay_is_cut_with_confidence() -> None:
    for path in sorted(FLATLAYS.glob("*.jpg")):
        cutout = cut_out(read_flat_lay(path, Settings()))
        rows, columns = np.nonzero(cutout.mask)
        assert cutout.confidence > 0.6, path.name
        assert 0.15 < cutout.mask.mean() < 0.65, path.name
        assert abs(columns.mean() / cutout.mask.shape[1] - 0.5) < 0.1, path.name
        assert np.ptp(rows) > 0.4 * cutout.mask.shape[0], path.name


def test_ringing_of_a_compressed_photo_is_no_part_of_the_garment() -> None:
    cover = outline(TEE)
    soft = cv2.GaussianBlur(lay(cover, (70, 95, 170), surface("white", np.random.default_rng(2))).rgb, (0, 0), 1.3)
    coded = cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    mask = cut_out(as_flat_lay(cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(float))).mask
    assert (mask & (cover > 0.5)).sum() / (mask | (cover > 0.5)).sum() > 0.97


def test_the_shadow_on_coloured_paper_is_no_part_of_the_garment() -> None:
    cover = outline(TEE)
    ground = np.zeros((*SIZE, 3)) + np.array([150.0, 145, 215])
    mask = cut_out(lay(cover, (80, 120, 110), ground)).mask
    assert (mask & (cover > 0.5)).sum() / (mask | (cover > 0.5)).sum() > 0.98


@pytest.mark.parametrize("ground", [(123.0, 132.0, 230.0), (230.0, 120.0, 110.0)])
def test_shade_on_strongly_coloured_paper_is_left_out_of_a_compressed_photo(ground: tuple[float, ...]) -> None:
    cover = outline(TEE)
    lit = cv2.cvtColor(lay(cover, (150, 140, 150), np.zeros((*SIZE, 3)) + np.array(ground)).rgb, cv2.COLOR_RGB2BGR)
    coded = cv2.imencode(".jpg", lit, [cv2.IMWRITE_JPEG_QUALITY, 40])[1]
    photo = cv2.cvtColor(cv2.imdecode(coded, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    assert overlap(cut_out(as_flat_lay(photo.astype(float))).mask, cover > 0.5) > 0.98


def test_a_hood_lined_in_the_colour_of_skin_is_no_person() -> None:
    _, photo, _ = draw_photo("pullover hoodie", 102)
    assert overlap(cut_out(FlatLay("drawn.png", "0" * 64, photo.rgb)).mask, photo.mask) > 0.95


def test_a_dark_top_with_a_brown_rim_of_wood_is_no_person() -> None:
    _, photo, _ = draw_photo("sleeveless top", 3)
    assert overlap(cut_out(FlatLay("drawn.png", "0" * 64, photo.rgb)).mask, photo.mask) > 0.95


def test_a_busy_print_on_mottled_ground_is_cut_along_its_edges() -> None:
    truth, rng = outline(TEE), np.random.default_rng(6)
    soft = 120 + (9 * noise(rng, 110) + 7 * noise(rng, 35))[..., None] + np.array([0, 1, 4])
    rgb = lay(truth, (235, 235, 232), soft).rgb.astype(np.float32)
    spots = (noise(rng, 9) > 0.3) & (truth > 0.5)
    rgb[spots] = (30, 30, 34)
    assert overlap(cut_out(as_flat_lay(rgb)).mask, truth > 0.5) > 0.96


@pytest.mark.outside("FLATLAYS")
def test_a_busy_print_that_fills_the_photo_is_found() -> None:
    whole = read_flat_lay(FLATLAYS / "sleeveless_leopard.jpg", Settings())
    mask = cut_out(whole).mask
    rows, columns = np.nonzero(mask)
    close = np.s_[rows.min() - 15 : rows.max() + 15, columns.min() - 15 : columns.max() + 15]
    assert overlap(cut_out(FlatLay("close.jpg", "0" * 64, whole.rgb[close].copy())).mask, mask[close]) > 0.9


def test_an_orange_lining_is_no_head() -> None:
    vest = outline(
        [(250, 150), (320, 210), (390, 150), (450, 190), (480, 300), (480, 660), (160, 660), (160, 300), (190, 190)]
    )
    rgb = lay(vest, (48, 30, 38), surface("wood", np.random.default_rng(5))).rgb.copy()
    lining = outline([(252, 152), (388, 152), (320, 212)]) > 0.5
    rgb[lining] = (205, 135, 85)
    rgb[300:420, 300:330] = (205, 138, 90)
    assert cut_out(as_flat_lay(rgb.astype(float))).mask[400, 220]


def test_blocks_that_strong_compression_tinges_beside_an_outline_are_no_cloth():
    mask = cv2.resize(drawn_flat_lays.camisole()[1].matte, None, fx=1.6, fy=1.6) > 0.5
    rgb = np.full((*mask.shape, 3), 245, np.uint8)
    rgb[mask] = (186, 70, 66)
    compressed = saved(cv2.GaussianBlur(rgb, (0, 0), 0.8), "JPEG", 40)
    found = cut_out(FlatLay("tinged.jpg", "0" * 64, compressed)).mask
    assert (found & ~mask).sum() < 100
    assert (found & mask).sum() / mask.sum() > 0.99
