"""Whether a print keeps its size on the body: ``python -m benchmarks.prints [--blocks NAME ...] [--sizes SIZE ...]``.

A checkerboard of 10 cm lies on a garment; the garment is draped; wherever a square lies flat, its width and height are
measured along the cloth. Flat is a square over which the cloth bends little, on a plain part: over the bust and under
the arms a fitted cut stretches.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.report import main as write_report
from benchmarks.tables import EXAMPLES, Figures, Table, publish
from vmodel.body.model import build_body
from vmodel.body.pose import load_pose
from vmodel.config import Settings
from vmodel.designing import choose_wearer
from vmodel.drape import drape
from vmodel.drape.dress import DrapeSettings
from vmodel.errors import DrapeFailed
from vmodel.garment.block_cut import is_for_children
from vmodel.garment.design import Design, make_garment
from vmodel.garment.print_repeat import PrintRepeat
from vmodel.garment.sewing_garment import sew
from vmodel.garment.sewing_read import load_pattern, read_pattern_file
from vmodel.studio import Studio
from vmodel.types import ByteArray, Drape, FloatArray, Garment

CHECK_CM: Final = 10.0
BAR: Final = 0.03
FLAT_DEG: Final = 11.0
GROWN_UPS: Final = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
CHILDREN: Final = ("104", "110", "116", "128", "134", "140", "152", "158", "164")
_POSE: Final = "standing"


def checkerboard() -> ByteArray:
    """(64, 64, 4) uint8: a tile of two by two squares."""
    tile = np.full((64, 64, 4), 255, np.uint8)
    tile[:32, :32, :3] = tile[32:, 32:, :3] = (30, 60, 110)
    return tile


def squares_cm(garment: Garment, worn: Drape, panel: int, check_cm: float = CHECK_CM) -> FloatArray:
    """Width and height of a checkerboard's squares where a panel of the draped garment is flat, along the cloth.

    Args:
        garment: before it was draped.
        worn: on a body.
        panel: index of the panel.
        check_cm: side of a square.
    Returns:
        (n, 2) cm: the mean stretch of the cloth under each square, across and along, times its size on the panel.
    """
    own = worn.panel == panel
    affine = np.asarray(garment.panels[panel].panel_to_texture)
    corners_cm = (worn.texture_px[own] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
    corners_m = worn.vertices_m[worn.triangles[own]].astype(float)
    flat = np.stack([corners_cm[:, 1] - corners_cm[:, 0], corners_cm[:, 2] - corners_cm[:, 0]], axis=2)
    bent = np.stack([corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0]], axis=2) * 100
    stretch = np.linalg.norm(bent @ np.linalg.inv(flat), axis=1)
    area = np.abs(np.linalg.det(flat)) / 2
    facing = np.cross(bent[..., 0], bent[..., 1])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    middle = corners_cm.mean(1)
    cell = np.floor(middle / check_cm).astype(int)
    found = []
    for place in sorted({(int(x), int(y)) for x, y in cell}):
        inside = (cell == place).all(1)
        mean = np.average(facing[inside], axis=0, weights=area[inside])
        bend = np.degrees(np.arccos(min(float(np.linalg.norm(mean)), 1.0)))
        whole = area[inside].sum() > 0.95 * check_cm**2
        if whole and bend < FLAT_DEG and _is_plain(garment, (np.array(place) + 0.5) * check_cm):
            found.append(check_cm * np.average(stretch[inside], axis=0, weights=area[inside]))
    return np.array(found).reshape(-1, 2)


def _is_plain(garment: Garment, centre_cm: FloatArray) -> bool:
    """False for what is no part of the torso's middle, or beside the crotch; sewn pieces are plain all over."""
    marks = garment.landmarks_cm
    if garment.scale_source != "design":
        return True
    if "armpit_left" in marks:
        inside = abs(centre_cm[0]) < 0.75 * marks["armpit_left"][0]
        return bool(inside and marks["hem_left"][1] < centre_cm[1] < marks["armpit_left"][1])
    if "crotch" in marks:
        return bool(centre_cm[1] > 0.85 * marks["crotch"][1] or centre_cm[1] < 1.3 * marks["crotch"][1])
    return True


def worn_block(block: str, size: str | None, studio: Studio, options: DrapeSettings | None = None) -> FloatArray:
    """(n, 2) cm of the flat squares on the front of a block that somebody of a size wears.

    Raises:
        DrapeFailed: it does not stay on.
    """
    wearer, measures = choose_wearer(block, None, size, studio.roster)
    design = Design(block, measures, PrintRepeat(checkerboard(), 2 * CHECK_CM))
    garment = make_garment(design, block)[3]
    worn = drape(garment, build_body(wearer), load_pose(_POSE), studio.settings, options=options)
    return squares_cm(garment, worn, 0)


def worn_pieces(
    file: Path, model: str, studio: Studio, options: DrapeSettings | None = None
) -> Iterator[tuple[str, FloatArray]]:
    """For each panel of a sewing pattern on a model its name and (n, 2) cm of its flat squares."""
    pattern = read_pattern_file(load_pattern(file), file.name)
    garment = sew(pattern, PrintRepeat(checkerboard(), 2 * CHECK_CM), "#ffffff", None).garment
    worn = drape(garment, build_body(studio.roster[model]), load_pose(_POSE), studio.settings, options=options)
    for number, panel in enumerate(garment.panels):
        yield panel.name.partition(":")[2], squares_cm(garment, worn, number)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, and write the section of the page."""
    parser = argparse.ArgumentParser(description="Measure prints on draped garments.")
    parser.add_argument("--blocks", nargs="*", default=["tee", "hoodie", "skirt", "child-tee"])
    parser.add_argument("--sizes", nargs="*", help="all by default")
    parser.add_argument("--spacing-cm", type=float, default=DrapeSettings().spacing_cm, help="of the cloth's particles")
    asked = parser.parse_args(arguments)
    studio, options = Studio(Settings()), DrapeSettings(spacing_cm=asked.spacing_cm)
    rows, off = [], []
    for block in asked.blocks:
        for size in asked.sizes or (CHILDREN if is_for_children(block) else GROWN_UPS):
            try:
                squares = worn_block(block, size, studio, options)
            except DrapeFailed as error:
                rows.append([block, size, f"not worn: {error}", "", "", ""])
                continue
            rows.append([block, size, *_figures(squares)])
            off += [np.abs(squares / CHECK_CM - 1).max()] if len(squares) else []
            print(rows[-1], flush=True)
    for name, squares in worn_pieces(EXAMPLES / "dress-pattern.svg", "wm-ines", studio, options):
        rows.append([f"sewn dress, {name}", "S", *_figures(squares)])
        off += [np.abs(squares / CHECK_CM - 1).max()] if len(squares) else []
    head = ["garment", "size", "flat squares", "median across, cm", "median along, cm", "farthest off"]
    within = sum(value <= BAR for value in off)
    findings = [f"{within} of {len(off)} rows with a flat square keep every one of them within {100 * BAR:.0f} %."]
    publish(Figures("prints", [Table("A checkerboard of 10 cm on draped garments", head, rows)], findings))
    write_report()


def _figures(squares: FloatArray) -> list[str]:
    if not len(squares):
        return ["0", "", "", ""]
    across, along = np.median(squares, axis=0)
    return [str(len(squares)), f"{across:.2f}", f"{along:.2f}", f"{100 * np.abs(squares / CHECK_CM - 1).max():.1f} %"]


if __name__ == "__main__":
    main(sys.argv[1:])
