"""Blocks cut to measure, prints at their true size, and the design file."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from shapely.geometry import Polygon

from tests.garment.test_load_photo import ADOBE_RGB, DISPLAY_P3, RED, profile, red_in
from vmodel.errors import BadUsage
from vmodel.garment.blocks.library import BLOCKS, KINDS, cut_block
from vmodel.garment.blocks.paint import Colours, lay_out, paint_side, seam_mismatch_cm
from vmodel.garment.blocks.print_repeat import PrintRepeat, decode_tile, lay_print, read_tile, recolour_tile
from vmodel.garment.designs.block_design import ENDING, Design, DesignInvalid, make_garment, read_design, write_design
from vmodel.garment.designs.colourway import parse_colourways
from vmodel.garment.recognition.landmarks import loop_order
from vmodel.types import BodyMeasurements

WOMAN = BodyMeasurements(170, 90, 73, 97, 33, 38, 56, 78, 127, 108, 88, 145)
CHILD = BodyMeasurements(110, 56, 52, 59, 26, 26, 36, 46, 79, 68, 56, 90)
LARGE = BodyMeasurements(168, 130, 118, 134, 41, 43, 57, 74, 122, 105, 86, 143)
WHITE = Colours((255, 255, 255), (255, 255, 255))


def checkerboard() -> np.ndarray:
    tile = np.full((400, 400, 4), 255, np.uint8)
    tile[:200, :200, :3] = tile[200:, 200:, :3] = 0
    return tile


@pytest.mark.parametrize("body", [WOMAN, CHILD, LARGE], ids=["woman", "child", "large"])
@pytest.mark.parametrize("name", BLOCKS)
def test_every_block_is_a_loop_that_can_be_sewn_in_every_size(name: str, body: BodyMeasurements) -> None:
    block = cut_block(name, body)
    cut = {piece.name: piece.edges for piece in block.cut}
    for edges in (block.front, block.back, *cut.values()):
        lines = list(edges.values())
        for line, following in zip(lines, (*lines[1:], lines[0]), strict=True):
            assert np.allclose(line[-1], following[0], atol=1e-9)
        outline = Polygon(np.concatenate([line[:-1] for line in lines]))
        assert outline.is_valid
        assert outline.exterior.is_ccw
    for seam in block.seams:
        lengths = [
            np.linalg.norm(np.diff(cut[piece][edge], axis=0), axis=1).sum() for piece, edge in (seam.first, seam.second)
        ]
        assert lengths[0] == pytest.approx(lengths[1])
    assert set(loop_order(KINDS[name])) <= set(block.landmarks_cm)


def test_a_block_goes_round_its_body() -> None:
    for body in (WOMAN, CHILD, LARGE):
        marks = cut_block("tee", body).landmarks_cm
        assert body.chest < 4 * marks["armpit_left"][0] < 1.2 * body.chest + 4
        hips = cut_block("trousers", body).landmarks_cm["hip_left"][0]
        assert body.hip < 4 * hips


@pytest.mark.parametrize("rotate", [0.0, 30.0])
def test_the_squares_of_a_checkerboard_measure_what_was_asked(rotate: float) -> None:
    print_ = PrintRepeat(checkerboard(), 20.0, rotate, (1.5, -2.0))
    turn = np.radians(rotate)
    along = np.arange(0, 100, 0.02)[None]
    start = np.array([1.5, -2.0]) + 5 * np.array([-np.sin(turn), np.cos(turn)])
    ink = lay_print(print_, start[0] + along * np.cos(turn), start[1] + along * np.sin(turn), 50.0)
    dark = ink[0, :, 0] < 128
    changes = along[0, 1:][dark[1:] != dark[:-1]]
    assert np.diff(changes) == pytest.approx(10.0, abs=0.06)


def test_the_back_reads_right_from_behind() -> None:
    tile = np.full((100, 100, 4), 255, np.uint8)
    tile[:, :25, :3] = (200, 0, 0)
    tile[:, 25:50, :3] = (0, 0, 200)
    block = cut_block("skirt", WOMAN)
    canvas = lay_out(block)
    print_ = PrintRepeat(tile, 8.0)
    front, back = (paint_side(block, side, canvas, print_, WHITE) for side in ("front", "back"))
    row = canvas.size[0] // 2
    seen = back[row, ::-1].astype(int)
    middle = canvas.size[1] // 2
    reach = int(12 * canvas.px_per_cm)
    ahead = front[row, middle - reach : middle + reach].astype(int)
    behind = seen[middle - reach : middle + reach]
    shifts = [np.abs(ahead - np.roll(behind, shift, 0))[3:-3].mean() for shift in (-1, 0, 1)]
    assert min(shifts) < 4


def test_a_girth_of_whole_repeats_matches_at_the_side_seams() -> None:
    block = cut_block("tee", WOMAN)
    side = block.back["side_left"]
    hip = side[:, 1].min() + 0.1 * np.ptp(side[:, 1])
    width = 2 * float(side[np.abs(side[:, 1] - hip).argmin(), 0])
    assert seam_mismatch_cm(block, PrintRepeat(checkerboard(), width / 4)) < 0.5
    assert seam_mismatch_cm(block, PrintRepeat(checkerboard(), width / 4.5)) > 0.4 * width / 4.5


def test_a_colourway_moves_colours_and_leaves_others() -> None:
    tile = checkerboard()
    tile[10, 10, :3] = (200, 30, 30)
    night = parse_colourways(["night:#000000=#102030"])[0]
    other = recolour_tile(tile, night.colours)
    assert tuple(other[0, 0]) == (0x10, 0x20, 0x30, 255)
    assert tuple(other[10, 10]) == (200, 30, 30, 255)
    assert tuple(other[0, 300]) == (255, 255, 255, 255)
    for wrong in ("night", "night:#000=#fff", "../x:#000000=#ffffff", "n:#000000=red"):
        with pytest.raises(BadUsage):
            parse_colourways([wrong])


def test_a_design_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    design = Design("shirt", WOMAN, PrintRepeat(checkerboard(), 6.5, 12.0, (1.0, 2.0)), "#ffeedd", "#102030", "silk")
    path = tmp_path / f"a{ENDING}"
    path.write_bytes(write_design(design))
    again = read_design(path)
    assert replace(again, print=None) == replace(design, print=None)
    assert again.print is not None
    assert np.array_equal(again.print.tile, checkerboard())
    assert (again.print.repeat_cm, again.print.rotate_deg, again.print.offset_cm) == (6.5, 12.0, (1.0, 2.0))
    flat_lay, cutout, landmarks, garment = make_garment(again, "a")
    assert garment.scale_source == "design"
    assert garment.material == "silk"
    assert flat_lay.rgb.shape[:2] == cutout.matte.shape
    hem, neck = landmarks.points_px["hem_left"], landmarks.points_px["neck_left"]
    long = garment.landmarks_cm["neck_left"][1] - garment.landmarks_cm["hem_left"][1]
    assert (hem[1] - neck[1]) * garment.cm_per_px == pytest.approx(long)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 2},
        {"block": "cape"},
        {"block": ["tee"]},
        {"measures_cm": {"height": 170}},
        {"measures_cm": None},
        {"ground": "red"},
        {"print": {"tile_png": "AAAA", "repeat_cm": 10, "rotate_deg": 0, "offset_cm": [0, 0]}},
        {"print": {"tile_png": "no base64", "repeat_cm": 10, "rotate_deg": 0, "offset_cm": [0, 0]}},
        {"print": 3},
    ],
)
def test_a_design_file_that_is_wrong_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    plain = json.loads(write_design(Design("tee", WOMAN, PrintRepeat(checkerboard(), 10.0))))
    path = tmp_path / f"a{ENDING}"
    path.write_text(json.dumps(plain | change))
    with pytest.raises(DesignInvalid, match="vmodel pattern"):
        read_design(path)
    plain["measures_cm"]["hip"] = float("nan")
    path.write_text(json.dumps(plain))
    with pytest.raises(DesignInvalid):
        read_design(path)


def test_a_child_s_waistband_goes_over_the_hips_and_is_held_by_elastic() -> None:
    for name in ("child-trousers", "child-shorts", "child-skirt"):
        block = cut_block(name, CHILD)
        width = float(block.front["waist"][0, 0] - block.front["waist"][-1, 0])
        assert 2 * width > CHILD.hip
        assert CHILD.waist < 2 * width * block.elastic["waist"] < CHILD.hip
    tee = cut_block("child-tee", CHILD).landmarks_cm
    assert tee["hem_left"][0] > tee["armpit_left"][0]


@pytest.mark.parametrize("primaries", [DISPLAY_P3, ADOBE_RGB], ids=["Display P3", "Adobe RGB"])
def test_a_print_in_a_wide_colour_space_comes_out_in_its_colour(primaries: tuple[tuple[float, ...], ...]) -> None:
    picture, stream = red_in(primaries).convert("RGBA"), io.BytesIO()
    picture.putpixel((3, 3), (0, 0, 0, 0))
    picture.save(stream, "PNG", icc_profile=profile(primaries))
    tile = decode_tile(stream.getvalue(), "print.png")
    assert np.abs(tile[9, 9].astype(int) - (*RED, 255)).max() <= 2
    assert tile[3, 3, 3] == 0


def test_a_print_in_sixteen_bits_keeps_its_greys() -> None:
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8), 0x80FF, np.uint16)).save(stream, "PNG")
    assert decode_tile(stream.getvalue(), "print.png")[4, 4].tolist() == [128, 128, 128, 255]


@pytest.mark.parametrize(
    "size",
    ['width="120mm" height="40mm" viewBox="0 0 120 40"', 'viewBox="0 0 120 40"', 'width="120" height="40"',
     'width="100%" height="100%" viewBox="0 0 120 40"', 'width="33mm" height="70mm" viewBox="0 0 33 70"'],
)  # fmt: skip
def test_a_drawn_repeat_fills_its_tile_to_the_last_pixel(size: str, tmp_path: Path) -> None:
    """An empty line of pixels at the edge would be a grid on the cloth."""
    drawing = f'<svg xmlns="http://www.w3.org/2000/svg" {size}><rect width="120" height="70" fill="#eef"/></svg>'
    (tmp_path / "print.svg").write_text(drawing)
    tile = read_tile(tmp_path / "print.svg")
    assert (tile == (238, 238, 255, 255)).all()
    wanted = 70 / 33 if "33" in size else 40 / 120
    assert tile.shape[0] / tile.shape[1] == pytest.approx(wanted, rel=0.002)
