"""Size of prints on the body: ``python -m benchmarks.prints [--blocks NAME ...] [--sizes SIZE ...]``.

Blocks of the library are draped in every size, with a checkerboard of 10 cm on them. Wherever a square of 10 cm, laid
on front or back in steps of 2.5 cm, lies flat, its width and height are measured along the cloth. A square is flat if
the cloth bends little over it and it lies on a plain part: a fitted cut stretches over the bust and under the arms. If
no square of that size is flat, as on small children, squares of 5 cm are measured instead and the row says so.

Drapes in the cache are not computed again, so a stopped run can be resumed. ``--sizes`` and ``--blocks`` only print
their rows; only a run of everything is kept for the page.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common.tables import EXAMPLES, Figures, Table, publish
from benchmarks.report import main as write_report
from vmodel.body.model.body import build_body
from vmodel.body.pose.library import load_pose
from vmodel.config import Settings
from vmodel.drape import drape
from vmodel.drape.simulate.put_on import DrapeSettings
from vmodel.errors import DrapeFailed
from vmodel.garment.blocks.library import BLOCKS, is_for_children
from vmodel.garment.blocks.print_repeat import PrintRepeat
from vmodel.garment.designs.block_design import Design, make_garment
from vmodel.garment.sewing.assemble import sew
from vmodel.garment.sewing.formats.load import load_pattern, read_pattern_file
from vmodel.studio.design_wearer import choose_wearer
from vmodel.studio.stage_cache import StageCache
from vmodel.types import ByteArray, Drape, FloatArray, Garment

CHECK_CM: Final = 10.0
SMALL_CM: Final = 5.0
STEP_CM: Final = 2.5
BAR: Final = 0.03
FLAT_DEG: Final = 11.0
GROWN_UPS: Final = ("XS", "S", "M", "L", "XL", "2XL", "3XL", "4XL")
CHILDREN: Final = ("104", "110", "116", "128", "134", "140", "152", "158", "164")
_POSE: Final = "standing"
_HEAD: Final = (
    *("garment", "size", "square", "flat squares", "median across of 10 cm", "median along", "within 3 %"),
    "farthest off",
)


def checkerboard() -> ByteArray:
    """Return (64, 64, 4) uint8: a tile of two by two squares."""
    tile = np.full((64, 64, 4), 255, np.uint8)
    tile[:32, :32, :3] = tile[32:, 32:, :3] = (30, 60, 110)
    return tile


def squares_cm(
    garment: Garment, worn: Drape, panel: int, check_cm: float = CHECK_CM, step_cm: float | None = None
) -> FloatArray:
    """Measure a checkerboard's squares where a panel of the draped garment is flat, along the cloth.

    Args:
        garment: before draping.
        worn: the drape on a body.
        panel: index of the panel.
        check_cm: side of a square.
        step_cm: distance from one square to the next; None for side by side, as they are printed.
    Returns:
        (n, 2) cm, width and height: the mean stretch under each square, across and along, times its size on the panel.
    """
    middle, stretch, area, facing = _cloth_of(garment, worn, panel)
    step_cm = step_cm or check_cm
    low, high = np.floor(middle.min(0) / step_cm).astype(int), np.ceil(middle.max(0) / step_cm).astype(int)
    found = []
    for column in range(low[0], high[0]):
        x_cm = column * step_cm
        strip = np.flatnonzero((middle[:, 0] >= x_cm) & (middle[:, 0] < x_cm + check_cm))
        for row in range(low[1], high[1]):
            y_cm = row * step_cm
            inside = strip[(middle[strip, 1] >= y_cm) & (middle[strip, 1] < y_cm + check_cm)]
            if area[inside].sum() <= 0.95 * check_cm**2:
                continue
            mean = np.average(facing[inside], axis=0, weights=area[inside])
            bend = np.degrees(np.arccos(min(float(np.linalg.norm(mean)), 1.0)))
            if bend < FLAT_DEG and _is_plain(garment, np.array([x_cm, y_cm]) + check_cm / 2):
                found.append(check_cm * np.average(stretch[inside], axis=0, weights=area[inside]))
    return np.array(found).reshape(-1, 2)


def _cloth_of(garment: Garment, worn: Drape, panel: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return for each triangle of a panel its middle in cm, stretch across and along, area in cm2, and normal."""
    own = worn.panel == panel
    affine = np.asarray(garment.panels[panel].panel_to_texture)
    corners_cm = (worn.texture_px[own] - affine[:, 2]) @ np.linalg.inv(affine[:, :2]).T
    corners_m = worn.vertices_m[worn.triangles[own]].astype(float)
    flat = np.stack([corners_cm[:, 1] - corners_cm[:, 0], corners_cm[:, 2] - corners_cm[:, 0]], axis=2)
    bent = np.stack([corners_m[:, 1] - corners_m[:, 0], corners_m[:, 2] - corners_m[:, 0]], axis=2) * 100
    stretch = np.linalg.norm(bent @ np.linalg.inv(flat), axis=1)
    facing = np.cross(bent[..., 0], bent[..., 1])
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    return corners_cm.mean(1), stretch, np.abs(np.linalg.det(flat)) / 2, facing


def _is_plain(garment: Garment, centre_cm: FloatArray) -> bool:
    """Return whether a place lies in the torso's middle, away from the crotch; sewn pieces are plain all over."""
    marks = garment.landmarks_cm
    if garment.scale_source != "design":
        return True
    if "armpit_left" in marks:
        inside = abs(centre_cm[0]) < 0.75 * marks["armpit_left"][0]
        return bool(inside and marks["hem_left"][1] < centre_cm[1] < marks["armpit_left"][1])
    if "crotch" in marks:
        return bool(centre_cm[1] > 0.85 * marks["crotch"][1] or centre_cm[1] < 1.3 * marks["crotch"][1])
    return True


@dataclass(frozen=True)
class Measured:
    """Flat squares of a panel or a garment.

    Attributes:
        side_cm: of one square.
        squares: (n, 2) width and height over those on the panel.
    """

    side_cm: float
    squares: FloatArray

    @property
    def farthest(self) -> float:
        """Largest error of a square's size, as a share; 0 without any."""
        return float(np.abs(self.squares - 1).max(initial=0))


def measure_panels(garment: Garment, worn: Drape, panels: Iterable[int]) -> Measured:
    """Measure squares of 10 cm wherever one lies flat on the panels, of 5 cm if none does."""
    chosen = tuple(panels)
    for side_cm in (CHECK_CM, SMALL_CM):
        found = [squares_cm(garment, worn, panel, side_cm, STEP_CM) for panel in chosen]
        squares = np.concatenate(found) / side_cm
        if len(squares):
            break
    return Measured(side_cm, squares)


def worn_block(block: str, size: str | None, stages: StageCache, options: DrapeSettings | None = None) -> Measured:
    """Measure the flat squares on front and back of a block on a wearer of a size.

    Raises:
        DrapeFailed: the block does not stay on.
    """
    wearer, measures = choose_wearer(block, None, size, stages.roster)
    design = Design(block, measures, PrintRepeat(checkerboard(), 2 * CHECK_CM))
    garment = make_garment(design, block)[3]
    worn = drape(garment, build_body(wearer), load_pose(_POSE), stages.settings, options=options)
    return measure_panels(garment, worn, range(len(garment.panels)))


def worn_pieces(
    file: Path, model: str, stages: StageCache, options: DrapeSettings | None = None
) -> Iterator[tuple[str, Measured]]:
    """Yield for each panel of a sewing pattern on a model its name and its flat squares."""
    pattern = read_pattern_file(load_pattern(file), file.name)
    garment = sew(pattern, PrintRepeat(checkerboard(), 2 * CHECK_CM), "#ffffff", None).garment
    worn = drape(garment, build_body(stages.roster[model]), load_pose(_POSE), stages.settings, options=options)
    for number, panel in enumerate(garment.panels):
        yield panel.name.partition(":")[2], measure_panels(garment, worn, [number])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print; write the section of the page if everything was run."""
    parser = argparse.ArgumentParser(description="Measure prints on draped garments.")
    parser.add_argument("--blocks", nargs="*", help="all by default")
    parser.add_argument("--sizes", nargs="*", help="all by default")
    parser.add_argument("--spacing-cm", type=float, help="of the cloth's particles; that of final pictures by default")
    asked = parser.parse_args(arguments)
    stages, finest = StageCache(Settings()), DrapeSettings()
    options = replace(finest, spacing_cm=asked.spacing_cm or finest.spacing_cm)
    rows: list[list[str]] = []
    measured: list[Measured] = []
    for block, size in _wanted(asked.blocks or list(BLOCKS), asked.sizes):
        try:
            found = worn_block(block, size, stages, options)
        except DrapeFailed as error:
            rows.append([block, size, f"not worn: {error}", *[""] * 5])
        else:
            measured.append(found)
            rows.append([block, size, *_figures(found)])
        print(rows[-1], flush=True)
    whole = not (asked.blocks or asked.sizes or asked.spacing_cm)
    for name, found in worn_pieces(EXAMPLES / "dress-pattern.svg", "wm-ines", stages, options) if whole else ():
        measured.append(found)
        rows.append([f"sewn dress, {name}", "S", *_figures(found)])
    table = Table("A checkerboard of 10 cm on draped garments", _HEAD, rows)
    publish(Figures("prints", [table], _findings(measured)), keep=whole)
    if whole:
        write_report()


def _wanted(blocks: Sequence[str], sizes: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    for block in blocks:
        for size in CHILDREN if is_for_children(block) else GROWN_UPS:
            if not sizes or size in sizes:
                yield block, size


def _figures(found: Measured) -> list[str]:
    if not len(found.squares):
        return ["", "0", *[""] * 4]
    across, along = CHECK_CM * np.median(found.squares, axis=0)
    within = (np.abs(found.squares - 1) <= BAR).all(axis=1).mean()
    counted = [f"{found.side_cm:.0f} cm", str(len(found.squares)), f"{across:.2f}", f"{along:.2f}"]
    return [*counted, f"{int(100 * within)} %", f"{100 * found.farthest:.1f} %"]


def _findings(measured: Sequence[Measured]) -> list[str]:
    flat = [found for found in measured if len(found.squares)]
    kept = sum(found.farthest <= BAR for found in flat)
    middle = sum(bool((np.abs(np.median(found.squares, axis=0) - 1) <= BAR).all()) for found in flat)
    return [
        f"{kept} of {len(flat)} rows with a flat square keep every one of them within {100 * BAR:.0f} %; "
        f"of {middle} rows the median square is. {len(measured) - len(flat)} rows have nothing flat.",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])
