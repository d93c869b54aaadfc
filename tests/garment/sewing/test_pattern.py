"""Sewing patterns: read from SVG, DXF and JSON, checked seam by seam, cut, and laid flat as a garment."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scripts.make_patterns import Drawn, dress, line, write_svg
from vmodel.errors import BadUsage, InputError
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.sewing.assemble import Sewn, sew, with_materials
from vmodel.garment.sewing.errors import PieceInvalid, SeamIncomplete, SeamMismatch, SewingUnreadable
from vmodel.garment.sewing.formats.load import is_sewing_pattern, load_pattern, read_pattern_file, start_reader
from vmodel.garment.sewing.panels import cut_pattern
from vmodel.garment.sewing.pattern import SewingPattern, length_of, signed_area
from vmodel.garment.sizing.fit import report_fit
from vmodel.garment.vector.curves import path_lines, transform_of
from vmodel.garment.vector.errors import DrawingTooLarge, DrawingUnsafe
from vmodel.types import BodyMeasurements, Category, Sleeve

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
FILES = Path(__file__).parent / "files"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"'


def read(path: Path) -> SewingPattern:
    return read_pattern_file(load_pattern(path), path.name)


def read_drawn(pieces: list[Drawn]) -> SewingPattern:
    return read_pattern_file(write_svg(pieces).encode(), "drawn.svg")


def changed(pieces: list[Drawn], piece: str, first: tuple[float, float], second: tuple[float, float]) -> list[Drawn]:
    """Return the draft with one corner of a piece moved."""

    def moved(each: Drawn) -> Drawn:
        if each.name != piece:
            return each
        lines = []
        for drawn in each.lines:
            controls = drawn.controls.copy()
            controls[np.linalg.norm(controls - first, axis=1) < 0.01] = second
            lines.append(replace(drawn, controls=controls))
        return replace(each, lines=tuple(lines))

    return [moved(each) for each in pieces]


@pytest.fixture(scope="module")
def sewn() -> Sewn:
    tile = np.full((64, 64, 4), 255, np.uint8)
    tile[:32, :32, :3] = tile[32:, 32:, :3] = (30, 60, 110)
    pattern = with_materials(read(EXAMPLES / "dress-pattern.svg"), {"skirt": "chiffon"})
    return sew(pattern, PrintRepeat(tile, 20.0), "#ffffff", None)


def test_the_example_dress_reads_alike_from_svg_and_dxf() -> None:
    drawn, plotted = read(EXAMPLES / "dress-pattern.svg"), read(EXAMPLES / "dress-pattern.dxf")
    assert len(drawn.pieces) == 8
    for one, other in zip(drawn.pieces, plotted.pieces, strict=True):
        assert (one.name, one.side, one.limb) == (other.name, other.side, other.limb)
        assert other.area_cm2 == pytest.approx(one.area_cm2, rel=0.002)
    kinds = [sorted((seam.label, seam.kind) for seam in pattern.seams) for pattern in (drawn, plotted)]
    assert kinds[0] == kinds[1]
    assert sum(kind == "dart" for _, kind in kinds[0]) == 6
    assert sum(kind == "gather" for _, kind in kinds[0]) == 4


def test_the_example_drawing_is_what_its_script_draws() -> None:
    assert (EXAMPLES / "dress-pattern.svg").read_text(encoding="utf-8") == write_svg(dress())


def test_a_pattern_made_by_pygarment_is_read() -> None:
    """The file was written by pygarment 2.0.2, the package of GarmentCode; its back loops run the other way round."""
    pattern = read(FILES / "pygarment_tunic.json")
    assert {piece.name: piece.side for piece in pattern.pieces} == {
        "front": "front", "back": "back", "flounce_front": "front", "flounce_back": "back",
    }  # fmt: skip
    assert sorted(seam.kind for seam in pattern.seams) == ["gather"] * 2 + ["seam"] * 6
    areas = {piece.name: piece.area_cm2 for piece in pattern.pieces}
    assert areas["flounce_front"] == pytest.approx(78 * 20)
    assert areas["front"] < areas["back"] < 52 * 62


def test_seams_that_differ_by_five_centimetres_are_refused_with_both_edges_named() -> None:
    width = next(-each.controls[0, 0] for each in dress()[6].lines if each.name == "seam-side_skirt_l")
    long = changed(dress(), "skirt_back_left", (-width - 5.0, -56.0), (-width - 5.4, -61.0))
    with pytest.raises(SeamMismatch) as caught:
        read_drawn(long)
    text = str(caught.value)
    assert "seam-side_skirt_l.5 of skirt_front is 56.2 cm" in text
    assert "seam-side_skirt_l.6 of skirt_back_left is 61.2 cm" in text
    assert caught.value.second_cm - caught.value.first_cm == pytest.approx(5.0, abs=0.1)


def test_a_gather_must_be_said() -> None:
    silent = [
        replace(
            each,
            lines=tuple(
                replace(each_line, name=each_line.name.replace("gather-", "seam-")) for each_line in each.lines
            ),
        )
        for each in dress()
    ]
    with pytest.raises(SeamMismatch, match="gather-"):
        read_drawn(silent)


def test_a_seam_needs_exactly_two_sides() -> None:
    with pytest.raises(SeamIncomplete, match="side_skirt_r stands on 1 edge of skirt_front alone"):
        read_drawn(dress()[:7])
    with pytest.raises(SeamIncomplete, match="stands on bodice_back_left, skirt_back_left and skirt_back_left"):
        read_drawn([*dress(), dress()[6]])


def test_pieces_that_cannot_be_sewn_are_named_with_the_remedy() -> None:
    square = [line("seam-a.1", (0, 0), (20, 0)), line("open", (20, 0), (20, 20)), line("seam-a.2", (20, 20), (0, 20))]
    with pytest.raises(PieceInvalid, match="piece front is open beside"):
        read_drawn([Drawn("front", tuple(square))])
    square.append(line("open", (0, 20), (0, 0)))
    with pytest.raises(PieceInvalid, match="piece thing does not say where it belongs"):
        read_drawn([Drawn("thing", tuple(square))])
    with pytest.raises(PieceInvalid, match="sleeve does not say which arm"):
        read_drawn([Drawn("sleeve", tuple(square))])
    bow_tie = [
        line("open", (0, 0), (20, 20)),
        line("open", (20, 20), (20, 0)),
        line("open", (20, 0), (0, 21)),
        line("open", (0, 21), (0, 0)),
    ]
    with pytest.raises(PieceInvalid, match="crosses itself"):
        read_drawn([Drawn("front", tuple(bow_tie))])


def test_a_half_piece_on_the_fold_is_opened_with_left_and_right_exchanged() -> None:
    half = Drawn("front", (
        line("fold", (0, 0), (0, 40)), line("open-neck", (0, 40), (8, 45)), line("seam-shoulder_l", (8, 45), (18, 42)),
        line("open-armhole", (18, 42), (20, 25)), line("seam-side_l", (20, 25), (22, 0)),
        line("open-hem", (22, 0), (0, 0)),
    ))  # fmt: skip
    back = replace(
        half, name="back", lines=tuple(replace(each, controls=each.controls * (-1, 1)) for each in half.lines)
    )
    pattern = read_drawn([half, back])
    front = pattern.pieces[0]
    assert front.area_cm2 == pytest.approx(2 * 867.0)
    assert {edge.label for edge in front.edges if edge.kind == "seam"} == {
        "shoulder_l",
        "shoulder_r",
        "side_l",
        "side_r",
    }
    assert len(pattern.seams) == 4


def test_notches_break_a_seam_where_they_meet() -> None:
    def piece(name: str, sign: int, at: float) -> Drawn:
        return Drawn(name, (
            line("open-hem", (0, 0), (sign * 20, 0)), line("gather-a", (sign * 20, 0), (sign * 20, 40)),
            line("open", (sign * 20, 40), (0, 40)), line("seam-b", (0, 40), (0, 0)),
            line("notch", (sign * 19.5, at), (sign * 20.5, at)),
        ))  # fmt: skip

    panels, seams = cut_pattern(read_drawn([piece("front", 1, 10), piece("back", -1, 30)]))
    edges = {panel.name: panel.edges for panel in panels}
    parts = [
        tuple(round(length_of(edges[end[0]][end[1]])) for end in (s.first, s.second)) for s in seams if s.label == "a"
    ]
    assert sorted(parts) == [(10, 30), (30, 10)]


def test_every_seam_is_cut_one_to_one_and_sleeves_turn_at_their_top() -> None:
    panels, seams = cut_pattern(read(EXAMPLES / "dress-pattern.svg"))
    assert sorted(panel.side for panel in panels if "sleeve" in panel.name) == ["back", "back", "front", "front"]
    ends = [end for seam in seams for end in (seam.first, seam.second)]
    assert len(ends) == len(set(ends))
    whole = {panel.name: panel for panel in panels}
    for seam in seams:
        one, other = (length_of(whole[end[0]].edges[end[1]]) for end in (seam.first, seam.second))
        ratio = max(one, other) / min(one, other)
        assert ratio == pytest.approx({"gather": 1.7, "ease": 1.03}.get(seam.kind, 1.0), abs=0.02)


def test_a_sewn_dress_lies_flat_with_its_landmarks(sewn: Sewn) -> None:
    garment = sewn.garment
    assert (garment.kind.category, garment.kind.sleeve) == (Category.DRESS, Sleeve.SHORT)
    marks = garment.landmarks_cm
    for name in ("neck", "shoulder", "armpit", "cuff_outer", "hem"):
        assert marks[f"{name}_left"] == pytest.approx(marks[f"{name}_right"] * (-1, 1), abs=0.6)
    assert 2 * marks["armpit_left"][0] == pytest.approx(46, abs=2)
    names = {name.partition("~")[0] for panel in garment.panels for name in panel.edges}
    assert {"neck", "hem", "cuff_left", "cuff_right", "shoulder_left", "side_right", "sleeve_top_left"} <= names


def test_pieces_keep_their_area_when_they_are_cut_to_panels(sewn: Sewn) -> None:
    pattern = read(EXAMPLES / "dress-pattern.svg")
    for number, piece in enumerate(pattern.pieces):
        own = [panel for panel in sewn.garment.panels if panel.name.startswith(f"{number}:")]
        area = sum(abs(signed_area(panel.outline_cm)) for panel in own)
        assert area == pytest.approx(piece.area_cm2, rel=1e-3)


def test_a_print_lies_on_the_pieces_at_its_size_along_the_grain(sewn: Sewn) -> None:
    skirt = next(panel for panel in sewn.garment.panels if "skirt_front" in panel.name)
    picture = sewn.garment.textures[skirt.texture]
    middle = skirt.outline_cm.mean(0)
    across = middle + np.stack([np.linspace(-25, 25, 2001), np.zeros(2001)], axis=1)
    at = across @ skirt.panel_to_texture[:, :2].T + skirt.panel_to_texture[:, 2]
    row = picture[at[:, 1].astype(int), at[:, 0].astype(int), 0] > 140
    changes = np.linspace(-25, 25, 2001)[1:][row[1:] != row[:-1]]
    assert np.diff(changes) == pytest.approx(10.0, abs=0.15)


def test_the_marker_check_says_where_repeats_meet(sewn: Sewn) -> None:
    seams = {seam["seam"]: seam for seam in sewn.marker["seams"]}
    assert seams["middle_skirt"]["repeat_apart_cm"] < 14.2
    assert seams["front_l"]["repeat_apart_cm"] is None
    assert seams["waist_front_l"]["second_cm"] / seams["waist_front_l"]["first_cm"] == pytest.approx(1.7, abs=0.01)
    assert [piece["grain_deg"] for piece in sewn.marker["pieces"]] == [0.0] * 8


def test_a_sewn_dress_is_measured_against_its_wearer(sewn: Sewn) -> None:
    woman = BodyMeasurements(174, 86.4, 70.4, 93.4, 29, 37.2, 54.6, 81.6, 129.5, 111, 91.3, 148.6)
    fit = report_fit(sewn.garment, woman)
    assert fit.verdict == "as cut"
    assert fit.ease_chest_cm == pytest.approx(6, abs=3)
    assert fit.ease_hip_cm is not None
    assert fit.ease_hip_cm > 20
    assert fit.length_cm == pytest.approx(93, abs=3)


def test_materials_go_to_pieces_by_name_or_word(sewn: Sewn) -> None:
    assert sorted(sewn.garment.texture_materials) == ["chiffon", "cotton"]
    cloth = {panel.name: sewn.garment.texture_materials[panel.texture] for panel in sewn.garment.panels}
    assert {name.split(":")[1] for name, material in cloth.items() if material == "chiffon"} == {
        "skirt_front", "skirt_back_left", "skirt_back_right",
    }  # fmt: skip
    with pytest.raises(BadUsage, match="no piece collar; its pieces are bodice_front"):
        with_materials(read(EXAMPLES / "dress-pattern.svg"), {"collar": "silk"})


def test_which_files_are_sewing_patterns(tmp_path: Path) -> None:
    assert is_sewing_pattern(EXAMPLES / "dress-pattern.svg")
    assert is_sewing_pattern(EXAMPLES / "dress-pattern.dxf")
    assert not is_sewing_pattern(EXAMPLES / "raglan-tee.svg")
    assert not is_sewing_pattern(tmp_path / "a.design.json")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.svg", SVG + b'><script>1</script><g id="piece-front"/></svg>', DrawingUnsafe),
        ("a.svg", SVG + b">" + b"<g>" * 200 + b"</g>" * 200 + b"</svg>", DrawingTooLarge),
        ("a.svg", SVG + b' viewBox="0 0 9 9"/>', SewingUnreadable),
        ("a.svg", SVG + b'><g id="piece-front"><path id="open" d="M 0 0 L x"/></g></svg>', SewingUnreadable),
        ("a.json", b"[" * 100_000, SewingUnreadable),
        ("a.json", b'{"pattern": {"panels": {"front": 3}}}', SewingUnreadable),
        ("a.json", b'{"pattern": {"panels": {}}}', SewingUnreadable),
        ("a.json", b"\xff\x00", SewingUnreadable),
        ("a.dxf", b"no drawing", SewingUnreadable),
        ("a.dxf", b"  0\nSECTION\n", SewingUnreadable),
        ("a.pdf", b"%PDF", SewingUnreadable),
        ("a.json", b" " * 10_000_001, SewingUnreadable),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_one_sentence(name: str, content: bytes, error: type[InputError]) -> None:
    with pytest.raises(error) as caught:
        read_pattern_file(content, name)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_numbers_that_are_none_are_refused() -> None:
    plain = json.loads((FILES / "pygarment_tunic.json").read_text(encoding="utf-8"))
    plain["pattern"]["panels"]["front"]["vertices"][1] = [float("nan"), 0]
    with pytest.raises(SewingUnreadable):
        read_pattern_file(json.dumps(plain).encode(), "a.json")


def test_paths_are_read_as_svg_defines_them() -> None:
    (square,) = path_lines("m1 1h2v2h-2z")
    assert square.tolist() == [[1, 1], [3, 1], [3, 3], [1, 3], [1, 1]]
    (arc,) = path_lines("M10 0A10 10 0 01-10 0")
    assert np.linalg.norm(arc, axis=1) == pytest.approx(10.0, abs=1e-6)
    assert arc[-1].tolist() == [-10, 0]
    (smooth,) = path_lines("M0 0C0 1 1 1 1 0S2-1 2 0")
    assert smooth[len(smooth) // 4] == pytest.approx([0.5, 0.75], abs=1e-9)
    affine = transform_of("translate(5 0) rotate(90) scale(2)")
    assert affine[:, :2] @ [1, 0] + affine[:, 2] == pytest.approx([5, 2])
    for wrong in ("M 1", "L 1 1", "M 0 0 L 1 1 bad", "1 2 3"):
        with pytest.raises(ValueError, match="path"):
            path_lines(wrong)


def test_past_a_seam_lies_the_cloth_of_the_other_piece() -> None:
    """A pixel on a seam between colours thus gets a share of both."""
    colours = {"bodice_front": "#0000c0", "skirt_front": "#c00000"}
    plain = read(EXAMPLES / "dress-pattern.svg")
    pieces = tuple(replace(piece, colour=colours.get(piece.name, "#ffffff")) for piece in plain.pieces)
    found = sew(replace(plain, pieces=pieces), None, "#ffffff", None)
    panel = next(panel for panel in found.garment.panels if "bodice_front" in panel.name)
    waist = next(line for name, line in panel.edges.items() if "waist" in name)
    affine = np.asarray(panel.panel_to_texture)

    def beside(edge: np.ndarray, inwards_cm: float) -> list[int]:
        middle = len(edge) // 2
        along = edge[middle] - edge[middle - 1]
        inward = np.array([-along[1], along[0]]) / np.linalg.norm(along)
        place = edge[middle - 1 : middle + 1].mean(0) + inwards_cm * inward
        column, row = affine[:, :2] @ place + affine[:, 2]
        return found.garment.textures[panel.texture][int(row), int(column)].tolist()

    assert beside(waist, 0.4) == [0, 0, 192]
    assert beside(waist, -0.4) == [192, 0, 0]
    assert beside(panel.edges["neck"], -0.4) == [0, 0, 192]


def test_a_reader_begun_ahead_reads_the_next_pattern_as_any_other_does() -> None:
    fresh = read(EXAMPLES / "dress-pattern.dxf")
    start_reader()
    start_reader()
    again = read(EXAMPLES / "dress-pattern.dxf")
    assert [piece.name for piece in again.pieces] == [piece.name for piece in fresh.pieces]
    start_reader()
    with pytest.raises(SewingUnreadable, match="it is no DXF"):
        read_pattern_file(b"no drawing", "a.dxf")
