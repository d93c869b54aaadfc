"""Draw the example sewing patterns: ``python -m scripts.make_patterns``.

One is a dress of eight pieces with darts and a gathered skirt, written as SVG and as DXF (AAMA layers), the other a
flared skirt of two pieces, written as JSON of GarmentCode. The drafts are ours, to the measures of a woman of size S.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

Points = NDArray[np.float64]
FOLDER = Path(__file__).resolve().parents[1] / "examples"


@dataclass(frozen=True)
class Line:
    """An edge or a mark of a piece: its id, and two points, or four control points of a cubic curve, in cm, y up."""

    name: str
    controls: Points

    def points(self, steps: int = 24) -> Points:
        """Return points along the line."""
        t = np.linspace(0, 1, steps + 1 if len(self.controls) > 2 else 2)[:, None]
        points = [control[None] for control in self.controls]
        while len(points) > 1:
            points = [(1 - t) * a + t * b for a, b in pairwise(points)]
        return points[0]

    @property
    def length(self) -> float:
        """Length in cm."""
        return float(np.linalg.norm(np.diff(self.points(200), axis=0), axis=1).sum())


@dataclass(frozen=True)
class Drawn:
    """A piece as the designer draws it, as seen from outside."""

    name: str
    lines: tuple[Line, ...]
    fill: str = "#b8cbd8"


def line(name: str, *controls: tuple[float, float] | Points) -> Line:
    """Make a line through two points, or a curve."""
    return Line(name, np.array(controls, np.float64))


def mirrored(piece: Drawn, name: str) -> Drawn:
    """Mirror a piece for the other side: its labels exchange left and right."""
    flip = np.array([-1.0, 1.0])
    lines = tuple(Line(_other(each.name), (each.controls * flip)[::-1]) for each in reversed(piece.lines))
    return Drawn(name, lines, piece.fill)


def _other(label: str) -> str:
    return re.sub(r"_([lr])(?![a-z])", lambda match: "_r" if match[1] == "l" else "_l", label)


def dart(name: str, first: Points, last: Points, reach: float) -> tuple[Line, Line]:
    """Return two legs, from a point of an edge in to the dart's tip and back; the piece's inside is on their left."""
    way = last - first
    normal = np.array([-way[1], way[0]]) / np.linalg.norm(way)
    tip = (first + last) / 2 + reach * normal
    return line(f"dart-{name}.1", first, tip), line(f"dart-{name}.2", tip, last)


def at(first: Points, last: Points, cm: float) -> Points:
    """Return the point ``cm`` along a straight edge."""
    return np.asarray(first + (last - first) / np.linalg.norm(last - first) * cm)


def bodice_back() -> Drawn:
    """Draft the left half of the back as seen from behind: its middle is on the right."""
    neck, shoulder, armpit = np.array([-7.6, 0.0]), np.array([-18.2, -3.8]), np.array([-23.4, -21.5])
    waist, low, nape = np.array([-21.6, -36.2]), np.array([0.0, -37.4]), np.array([0.0, -2.6])
    length = float(np.linalg.norm(low - waist))
    first, last = at(waist, low, length - 10.8), at(waist, low, length - 7.8)
    return Drawn(
        "bodice_back_left",
        (
            line("seam-waist_back_l.1", waist, first),
            *dart("back_l", first, last, 14.0),
            line("seam-waist_back_l.2", last, low),
            line("seam-middle_back", low, nape),
            line("open-neck", nape, (-3.6, -2.6), (-6.6, -1.8), neck),
            line("seam-shoulder_l", neck, shoulder),
            line("seam-armhole_back_l", shoulder, (-17.2, -9.5), (-17.4, -19.0), armpit),
            line("seam-side_l", armpit, waist),
            line("grain", (-4.0, -30.0), (-4.0, -10.0)),
        ),
    )


def bodice_front(back: Drawn) -> Drawn:
    """Draft the whole front: bust darts in the side seams, darts at the waist."""
    side = next(each.length for each in back.lines if each.name == "seam-side_l")
    shoulder_cm = next(each.length for each in back.lines if each.name == "seam-shoulder_l")
    intake = 2.6
    neck, armpit = np.array([7.6, 0.0]), np.array([24.6, -21.5])
    shoulder = at(neck, np.array([18.2, -4.1]), shoulder_cm)
    waist = at(armpit, np.array([22.4, -40.0]), side + intake)
    low = np.array([0.0, -40.6])
    up1, up2 = at(armpit, waist, 4.2 + intake), at(armpit, waist, 4.2)
    d1, d2 = at(low, waist, 8.0), at(low, waist, 11.2)
    half = (
        line("seam-waist_front_l", low, d1),
        *dart("front_l", d1, d2, 12.0),
        line("seam-waist_front_l.2", d2, waist),
        line("seam-side_l.1", waist, up1),
        *dart("bust_l", up1, up2, 12.5),
        line("seam-side_l.2", up2, armpit),
        line("seam-armhole_front_l", armpit, (16.0, -20.5), (15.4, -10.5), shoulder),
        line("seam-shoulder_l", shoulder, neck),
        line("open-neck", neck, (6.6, -7.5), (3.8, -9.6), (0.0, -9.6)),
    )
    other = mirrored(Drawn("", half), "").lines
    return Drawn("bodice_front", (*half, *other, line("grain", (0.0, -34.0), (0.0, -14.0))))


def sleeve(front_cm: float, back_cm: float) -> Drawn:
    """Draft the left sleeve: seen from outside, its front half lies on the left. The cap has 3 % of ease."""
    height, length, taper = 12.0, 9.0, 1.2

    def cap(width: float, sign: float) -> Line:
        return line("", (sign * width, 0.0), (sign * width * 0.55, 0.5), (sign * width * 0.5, height), (0.0, height))

    front, back = (
        float(brentq(lambda width, cm=cm, sign=sign: cap(width, sign).length - 1.03 * cm, 8.0, 30.0))
        for cm, sign in ((front_cm, -1.0), (back_cm, 1.0))
    )
    hem_front, hem_back = (-front + taper, -length), (back - taper, -length)
    return Drawn(
        "sleeve_left",
        (
            line("open-cuff", hem_front, hem_back),
            line("seam-under_l.1", hem_back, (back, 0.0)),
            line("ease-armhole_back_l", *cap(back, 1.0).controls),
            line("ease-armhole_front_l", *cap(front, -1.0).controls[::-1]),
            line("seam-under_l.2", (-front, 0.0), hem_front),
            line("grain", (0.0, -6.0), (0.0, 8.0)),
        ),
    )


def skirt(name: str, waist: tuple[str, ...], sides: tuple[str, str], widths: tuple[float, ...], flare: float) -> Drawn:
    """Draft a gathered panel; its waist edges run from right to left as seen from outside."""
    length, half = 56.0, sum(widths) / 2
    x, lines = half, []
    for edge, width in zip(waist, widths, strict=True):
        lines.append(line(edge, (x, 0.0), (x - width, 0.0)))
        x -= width
    right, left = (
        (half + flare * (sides[0] != "middle_skirt"), -length),
        (-half - flare * (sides[1] != "middle_skirt"), -length),
    )
    return Drawn(
        name,
        (
            *lines,
            line(f"seam-{sides[1]}", (-half, 0.0), left),
            line("open-hem", left, right),
            line(f"seam-{sides[0]}", right, (half, 0.0)),
            line("grain", (0.0, -40.0), (0.0, -10.0)),
        ),
        "#a9bfcf",
    )


def dress(gathered: float = 1.7) -> list[Drawn]:
    """Draft 8 pieces: bodice front, two halves of its back, two sleeves, skirt front, two halves of its back.

    Args:
        gathered: width of the skirt over that of the bodice.
    """
    back = bodice_back()
    front = bodice_front(back)
    front_cm = next(each.length for each in front.lines if each.name == "seam-armhole_front_l")
    back_cm = next(each.length for each in back.lines if each.name == "seam-armhole_back_l")
    left = sleeve(front_cm, back_cm)

    def waist_of(piece: Drawn, label: str) -> float:
        return gathered * sum(each.length for each in piece.lines if each.name.startswith(label))

    half_front, half_back = waist_of(front, "seam-waist_front_l"), waist_of(back, "seam-waist_back_l")
    skirt_front = skirt(
        "skirt_front", ("gather-waist_front_l", "gather-waist_front_r"), ("side_skirt_l", "side_skirt_r"),
        (half_front, half_front), 5.0,
    )  # fmt: skip
    skirt_back = skirt("skirt_back_left", ("gather-waist_back_l",), ("middle_skirt", "side_skirt_l"), (half_back,), 5.0)
    return [
        front, back, mirrored(back, "bodice_back_right"), left, mirrored(left, "sleeve_right"),
        skirt_front, skirt_back, mirrored(skirt_back, "skirt_back_right"),
    ]  # fmt: skip


def write_svg(pieces: list[Drawn], columns: int = 4) -> str:
    """Return an SVG drawing in millimetres, the pieces beside each other."""
    x, y, row, groups, width = 5.0, 5.0, 0.0, [], 0.0
    for number, piece in enumerate(pieces):
        points = np.concatenate([each.points() for each in piece.lines])
        low, high = points.min(0), points.max(0)
        shift = np.array([x - low[0], y + high[1]])
        paths = "\n".join(f'    <path id="{each.name}.{number}" d="{_d(each, shift)}"/>' for each in piece.lines)
        groups.append(
            f'  <g id="piece-{piece.name}" fill="{piece.fill}" stroke="#222222" stroke-width="1">\n{paths}\n  </g>'
        )
        x, row = x + float(high[0] - low[0]) + 5.0, max(row, float(high[1] - low[1]))
        width = max(width, x)
        if (number + 1) % columns == 0:
            x, y, row = 5.0, y + row + 5.0, 0.0
    height = y + row + (5.0 if row else 0.0)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.2f}cm" height="{height:.2f}cm" '
    return f'{head}viewBox="0 0 {10 * width:.1f} {10 * height:.1f}">\n' + "\n".join(groups) + "\n</svg>\n"


def _d(each: Line, shift: Points) -> str:
    points = [f"{10 * (p[0] + shift[0]):.3f} {10 * (shift[1] - p[1]):.3f}" for p in each.controls]
    return f"M {points[0]} " + (f"C {', '.join(points[1:])}" if len(points) == 4 else f"L {points[1]}")


def write_dxf(pieces: list[Drawn], path: Path) -> None:
    """Write a DXF with a block for each piece, in mm, on the layers of AAMA; texts beside the edges name them."""
    import ezdxf

    document = ezdxf.new("R12", units=0)
    model = document.modelspace()
    model.add_text("UNITS: METRIC", height=10)
    for number, piece in enumerate(pieces):
        block = document.blocks.new(f"PIECE{number}")
        block.add_text(f"PIECE NAME: {piece.name}", height=10, dxfattribs={"layer": "1"})
        edges = [each for each in piece.lines if each.name != "grain"]
        outline = np.concatenate([10 * each.points()[:-1] for each in edges])
        block.add_polyline2d([*outline.tolist(), outline[0].tolist()], dxfattribs={"layer": "1"})
        for each in edges:
            block.add_point((10 * each.controls[0]).tolist(), dxfattribs={"layer": "2"})
            along = each.points(24) if len(each.controls) > 2 else each.points()
            middle = 10 * (along[len(along) // 2] if len(along) > 2 else along.mean(0))
            block.add_text(each.name, height=5, dxfattribs={"layer": "15"}).set_placement(tuple(middle))
        grain = next(each for each in piece.lines if each.name == "grain")
        block.add_line(*(10 * grain.controls).tolist(), dxfattribs={"layer": "7"})
        model.add_blockref(f"PIECE{number}", (0, 0))
    document.saveas(path)


def write_flared_skirt() -> str:
    """Return a flared skirt as a file of GarmentCode: centimetres, y up.

    The front lies before the body and the back behind it.

    It is 73 cm round at the waist, for one of 70 cm, and 101 cm at the hip.
    """
    panels = {"skirt_front": _flared_panel(20.0, 1.6), "skirt_back": _flared_panel(-20.0, 0.8)}
    sides = [[{"panel": panel, "edge": edge} for panel in panels] for edge in (1, 3)]
    pattern = {"panels": panels, "stitches": sides, "panel_order": list(panels)}
    properties = {
        "curvature_coords": "relative",
        "normalize_panel_translation": False,
        "normalized_edge_loops": True,
        "units_in_meter": 100,
    }
    return json.dumps({"pattern": pattern, "parameters": {}, "parameter_order": [], "properties": properties}, indent=1)


def _flared_panel(forward_cm: float, dip_cm: float) -> dict[str, Any]:
    """Draft one side of the skirt: its waist dips in the middle, its hem is round, its sides curve out over the hip."""
    waist, hem, length, waist_above_floor = 18.25, 37.0, 58.0, 106.0
    return {
        "translation": [0.0, waist_above_floor - length, forward_cm],
        "rotation": [0.0, 0.0, 0.0],
        "vertices": [[-hem, 0.0], [hem, 0.0], [waist, length], [-waist, length]],
        "edges": [
            {"endpoints": [0, 1], "curvature": _bent(-0.1), "label": "hem"},
            {"endpoints": [1, 2], "curvature": _bent(-0.025)},
            {"endpoints": [2, 3], "curvature": _bent(dip_cm / waist), "label": "waist"},
            {"endpoints": [3, 0], "curvature": _bent(-0.025)},
        ],
    }


def _bent(aside: float) -> dict[str, Any]:
    """Return a curve whose control point lies left of the middle of its edge, by a share of the edge's length."""
    return {"type": "quadratic", "params": [[0.5, round(aside, 4)]]}


if __name__ == "__main__":
    (FOLDER / "dress-pattern.svg").write_text(write_svg(dress()), encoding="utf-8")
    write_dxf(dress(), FOLDER / "dress-pattern.dxf")
    (FOLDER / "skirt-pattern.json").write_text(write_flared_skirt() + "\n", encoding="utf-8")
