"""Sewing patterns as programs write them: units, layers, kinds of lines, pairs, sizes, and texts beside the pieces."""

from __future__ import annotations

import json
from pathlib import Path

import ezdxf
import numpy as np
import pytest

from vmodel.drape.cloth.materials import load_materials
from vmodel.garment.sewing.errors import SeveralSizes, SewingUnreadable
from vmodel.garment.sewing.formats.dxf import CLOTHS
from vmodel.garment.sewing.formats.load import load_pattern, read_pattern_file
from vmodel.garment.sewing.pattern import SewingPattern

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def read(path: Path) -> SewingPattern:
    return read_pattern_file(load_pattern(path), path.name)


def half_tee(folder: Path) -> SewingPattern:
    """Write a sleeveless tee in AAMA form: half pieces whose middle is the mirror line of layer 6."""
    document = ezdxf.new("R12")
    document.modelspace().add_text("UNITS: METRIC")
    for name, side, depth in (("Vorderteil", "l", 80), ("Rückenteil", "r", 25)):
        block = document.blocks.new(name.upper())
        corners = [(0, 0), (260, 0), (260, 420), (200, 620), (90, 660), (0, 660 - depth)]
        names = ["open-hem", f"seam-side_{side}", "open-armhole", f"seam-shoulder_{side}", "open-neck", ""]
        block.add_polyline2d(corners, close=True, dxfattribs={"layer": "1"})
        block.add_line(corners[5], corners[0], dxfattribs={"layer": "6"})
        for corner, following, label in zip(corners, [*corners[1:], corners[0]], names, strict=True):
            block.add_point(corner, dxfattribs={"layer": "2"})
            if label:
                block.add_text(label).set_placement(((corner[0] + following[0]) / 2, (corner[1] + following[1]) / 2))
        for row, text in enumerate((f"Piece Name: {name}", "Quantity: 1", "Material: SELF", "Size: M")):
            block.add_text(text).set_placement((100, 300 - 20 * row))
    document.saveas(folder / "half.dxf")
    return read(folder / "half.dxf")


def test_half_pieces_open_along_their_mirror_line_and_umlauts_survive_the_code_page(tmp_path: Path) -> None:
    pattern = half_tee(tmp_path)
    assert b"R\xfcckenteil" in (tmp_path / "half.dxf").read_bytes()
    assert [(piece.name, piece.side) for piece in pattern.pieces] == [("Vorderteil", "front"), ("Rückenteil", "back")]
    assert sorted(seam.label for seam in pattern.seams) == ["shoulder_l", "shoulder_r", "side_l", "side_r"]
    assert np.ptp(pattern.pieces[0].outline_cm, axis=0) == pytest.approx([52, 66])
    # SELF is a marker's word, not a cloth of ours.
    assert {piece.material for piece in pattern.pieces} == {""}
    assert set(CLOTHS) <= set(load_materials())
    escaped = (tmp_path / "half.dxf").read_bytes().replace(b"R\xfcckenteil", b"R\\U+00FCckenteil")
    assert read_pattern_file(escaped, "half.dxf").pieces[1].name == "Rückenteil"


def test_several_sizes_in_one_file_are_named_and_refused(tmp_path: Path) -> None:
    half_tee(tmp_path)
    graded = ezdxf.readfile(tmp_path / "half.dxf")
    for block in list(graded.blocks):
        if not block.name.startswith("*"):
            large = graded.blocks.new(f"{block.name}-L")
            for entity in block:
                large.add_entity(entity.copy())
            next(text for text in large.query("TEXT") if text.dxf.text.startswith("Size:")).dxf.text = "Size: L"
    graded.saveas(tmp_path / "graded.dxf")
    with pytest.raises(SeveralSizes, match="in the sizes M and L; export one size to a file of its own"):
        read(tmp_path / "graded.dxf")


def tube(folder: Path, unit: int | None, per_cm: float, text: str) -> SewingPattern:
    """Write a tube skirt outlined in lines, an arc and a spline, as draughting programs do."""

    def at(x: float, y: float) -> tuple[float, float]:
        return x * per_cm, y * per_cm

    document = ezdxf.new("R2010")
    if unit is not None:
        document.header["$INSUNITS"] = unit
    for name, (first, second) in {"front": ("l", "r"), "back": ("r", "l")}.items():
        block = document.blocks.new(name.upper())
        on = {"layer": "1"}
        block.add_line(at(-24, 60), at(-24, 0), dxfattribs=on)
        block.add_line(at(24, 0), at(24, 60), dxfattribs=on)
        block.add_open_spline([at(24, 0), at(0, -12), at(-24, 0)], degree=2, dxfattribs=on)
        half = np.degrees(0.16625)
        block.add_arc(at(0, 203), 145 * per_cm, 270 - half, 270 + half, dxfattribs=on)
        for label, place in (
            ("open-waist", at(0, 57)), ("open-hem", at(0, -5)),
            (f"seam-side_{first}", at(23, 30)), (f"seam-side_{second}", at(-23, 30)),
        ):  # fmt: skip
            if text == "TEXT":
                block.add_text(label, height=0.1).set_placement(place)
            else:
                block.add_mtext(label, dxfattribs={"insert": place})
    document.saveas(folder / "tube.dxf")
    return read(folder / "tube.dxf")


@pytest.mark.parametrize(
    ("unit", "per_cm", "text"),
    [(4, 10, "TEXT"), (5, 1, "TEXT"), (1, 1 / 2.54, "MTEXT"), (None, 10, "MTEXT")],
    ids=["mm", "cm", "inches", "no unit"],
)
def test_outlines_of_lines_arcs_and_splines_are_read_in_any_unit(
    unit: int | None, per_cm: float, text: str, tmp_path: Path
) -> None:
    pattern = tube(tmp_path, unit, per_cm, text)
    assert sorted(seam.label for seam in pattern.seams) == ["side_l", "side_r"]
    segment = (145**2 * 0.3325 - 145**2 * np.sin(0.3325)) / 2
    for piece in pattern.pieces:
        assert piece.area_cm2 == pytest.approx(48 * 60 + 48 * 12 / 3 - segment, rel=0.001)


def test_of_a_sleeve_that_is_cut_twice_the_other_is_its_mirror_image(tmp_path: Path) -> None:
    document = ezdxf.readfile(EXAMPLES / "dress-pattern.dxf")
    names = {text.dxf.text: (block, text) for block in document.blocks for text in block.query("TEXT")}
    right, _ = names["PIECE NAME: sleeve_right"]
    left, title = names["PIECE NAME: sleeve_left"]
    for insert in document.modelspace().query(f"INSERT[name=='{right.name}']"):
        document.modelspace().delete_entity(insert)
    document.blocks.delete_block(right.name)
    title.dxf.text = "PIECE NAME: SLEEVE"
    left.add_text("QUANTITY: 2")
    document.saveas(tmp_path / "dress.dxf")
    whole, paired = read(EXAMPLES / "dress-pattern.dxf"), read(tmp_path / "dress.dxf")
    assert sorted(seam.label for seam in paired.seams) == sorted(seam.label for seam in whole.seams)
    limbs = {piece.name: (piece.limb, round(piece.area_cm2)) for piece in paired.pieces if piece.is_sleeve}
    assert list(limbs) == ["SLEEVE left", "SLEEVE right"]
    assert sorted(limbs.values()) == sorted(
        (piece.limb, round(piece.area_cm2)) for piece in whole.pieces if piece.is_sleeve
    )


@pytest.mark.parametrize(
    ("root", "cm"),
    [
        ('width="100mm" height="100mm" viewBox="0 0 100 100"', 0.1),
        ('width="200mm" height="100mm" viewBox="0 0 100 100"', 0.1),
        ('width="200mm" height="100mm" viewBox="0 0 100 100" preserveAspectRatio="xMidYMid slice"', 0.2),
        ('width="400px" height="400px" viewBox="0 0 400 400"', 2.54 / 96),
        ('viewBox="0 0 400 400"', 2.54 / 96),
        ('id="Layer_1" data-name="Layer 1" viewBox="0 0 400 400"', 2.54 / 72),
        ('width="841.89px" viewBox="0 0 841.89 595.28"><!-- Generator: Adobe Illustrator 28 --', 2.54 / 72),
        ('width="400" viewBox="0 0 400 400" xmlns:inkscape="http://www.inkscape.org/namespaces/inkscape" '
         'inkscape:version="0.48.4 r9939"', 2.54 / 90),
    ],
)  # fmt: skip
def test_a_drawing_is_as_large_as_its_program_means_it(root: str, cm: float) -> None:
    """Texts beside the pieces are harmless as well: nothing of a pattern's drawing is painted."""
    content = f"""<svg xmlns="http://www.w3.org/2000/svg" {root}><g id="piece-front">
      <text x="3" y="3">Front, cut 1</text><path id="open-waist" d="M0 0H80"/><path id="open-hem" d="M80 90H0"/>
      <path id="seam-side_l" d="M80 0V90"/><path id="seam-side_r" d="M0 90V0"/></g><g id="piece-back">
      <path id="open-waist" d="M100 0h80"/><path id="open-hem" d="M180 90h-80"/>
      <path id="seam-side_r" d="M180 0v90"/><path id="seam-side_l" d="M100 90V0"/></g></svg>"""
    pattern = read_pattern_file(content.encode(), "drawn.svg")
    assert pattern.pieces[0].area_cm2 == pytest.approx(80 * 90 * cm**2)


@pytest.mark.parametrize(
    ("stitches", "reason"),
    [
        ([["front", 0], ["back", 0], "right_wrong"], "stitch 8 has a wrong side out: turn its panel over"),
        ([["front", 1], ["back", 1]], "edge 1 of front is stitched twice: split it where the seams meet"),
        ([["front", 0]], "stitch 8 has 1 ends: it takes two"),
    ],
    ids=["wrong side", "twice", "alone"],
)
def test_a_stitch_that_cannot_be_sewn_is_named_with_the_remedy(stitches: list[object], reason: str) -> None:
    plain = json.loads((Path(__file__).parent / "files" / "pygarment_tunic.json").read_text(encoding="utf-8"))
    plain["pattern"]["stitches"].append(
        [{"panel": end[0], "edge": end[1]} if isinstance(end, list) else end for end in stitches]
    )
    with pytest.raises(SewingUnreadable, match=reason):
        read_pattern_file(json.dumps(plain).encode(), "tunic.json")
