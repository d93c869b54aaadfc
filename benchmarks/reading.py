"""How well flat-lays of every kind are read: ``python -m benchmarks.reading [--seeds N] [--kinds ...] [--out DIR]``.

With ``--fronts`` coats, jackets, cardigans and shirts in many more cuts are drawn, and tops that resemble them.

Draws seeded garments on seeded surfaces with the faults of sellers' photos, reads each as a shot would, and prints
for every kind how often category, sleeves and front are right, how far landmarks lie from the truth (in hundredths of
the garment's longer side) and how well the cut-out fits (intersection over union). With ``--out`` the pictures of
what was understood are written for the readings that went wrong.
"""

from __future__ import annotations

import argparse
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.reading_fronts import STYLES, draw_front
from benchmarks.reading_kinds import KINDS, Drawn
from benchmarks.reading_photos import FAULTS, SURFACES, DrawnPhoto, photograph
from vmodel.errors import VModelError
from vmodel.garment.cutout import cut_out
from vmodel.garment.drawing import draw_understanding
from vmodel.garment.kind import understand
from vmodel.garment.outline import extent
from vmodel.garment.pattern import infer_pattern
from vmodel.types import ByteArray, Cutout, FlatLay, Sleeve

WELL_CUT, WELL_PLACED = 0.96, 4.0


@dataclass(frozen=True)
class Reading:
    """What came of one photo.

    Attributes:
        category, sleeve, front: whether it was told right.
        landmark_error: median distance in hundredths of the garment's longer side; infinite where nothing was read.
        worst_landmark: its name and distance.
        overlap: intersection over union of the cut-out.
        problem: the error's code, or "".
        picture: what was understood, (H, W, 3) uint8.
    """

    category: bool
    sleeve: bool
    front: bool
    landmark_error: float
    worst_landmark: tuple[str, float]
    overlap: float
    problem: str
    picture: ByteArray

    @property
    def is_good(self) -> bool:
        """True if a shot of it would show the garment."""
        told = self.category and self.sleeve and self.front and not self.problem
        return told and self.overlap > WELL_CUT and self.landmark_error < WELL_PLACED


def read(drawn: Drawn, photo: DrawnPhoto, name: str, masks: bool = False) -> Reading:
    """Cut out, understand and cut the pattern of one drawn photo.

    Args:
        drawn: the garment.
        photo: its photo.
        name: for messages.
        masks: the drawn mask is given, and no pattern is cut, so that understanding alone is measured.
    """
    flat_lay = FlatLay(name, "0" * 64, photo.rgb)
    try:
        cutout = Cutout(photo.mask.astype(np.float32), "mask", 1.0) if masks else cut_out(flat_lay)
        kind, landmarks = understand(flat_lay, cutout)
        garment = None if masks else infer_pattern(flat_lay, cutout, kind, landmarks)
    except VModelError as error:
        return Reading(False, False, False, np.inf, ("", np.inf), 0.0, error.code, photo.rgb)
    overlap = float((cutout.mask & photo.mask).sum() / (cutout.mask | photo.mask).sum())
    size = extent(photo.mask) / 100
    away = {
        name: float(np.linalg.norm(landmarks.points_px[name] - point)) / size
        for name, point in photo.marks.items()
        if name in landmarks.points_px and not (drawn.open_front and name == "neck_front")
    }
    sleeve = Sleeve.NONE if kind.sleeve == Sleeve.STRAP else kind.sleeve
    worst = max(away, key=lambda name: away[name], default="")
    return Reading(
        category=kind.category == drawn.category,
        sleeve=sleeve == drawn.sleeve,
        front=(kind.open_front if garment is None else len(garment.panels) > 2) == drawn.open_front,
        landmark_error=float(np.median(list(away.values()))) if away else 0.0,
        worst_landmark=(worst, away.get(worst, 0.0)),
        overlap=overlap,
        problem="",
        picture=photo.rgb if garment is None else draw_understanding(flat_lay, cutout, garment),
    )


def draw_photo(kind: str, seed: int, fronts: bool = False) -> tuple[Drawn, DrawnPhoto, str]:
    """The seeded photo of a kind, or of a style of ``benchmarks.reading_fronts``, and its surface and fault."""
    rng = np.random.default_rng([zlib.crc32(kind.encode()), seed])
    surface, fault = SURFACES[int(rng.integers(len(SURFACES)))], FAULTS[int(rng.integers(len(FAULTS)))]
    drawn = draw_front(kind, rng) if fronts else KINDS[kind](rng)
    return drawn, photograph(drawn, surface, fault, rng), f"{surface}, {fault}"


def main() -> None:
    """Read all kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="*", choices=sorted({*KINDS, *STYLES}))
    parser.add_argument("--fronts", action="store_true", help="draw the styles of benchmarks.reading_fronts instead")
    parser.add_argument("--masks", action="store_true", help="give the drawn masks, to measure understanding alone")
    parser.add_argument("--out", type=Path, help="folder for pictures of what went wrong")
    given = parser.parse_args()
    print("| kind | good | category | sleeves | front | landmarks, 1/100 | cut-out |\n|---|---|---|---|---|---|---|")
    everything: list[Reading] = []
    for kind in given.kinds or (STYLES if given.fronts else KINDS):
        readings = []
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            drawn, photo, how = draw_photo(kind, seed, given.fronts)
            reading = read(drawn, photo, f"{kind} {seed}", given.masks)
            readings.append(reading)
            if not reading.is_good and given.out:
                _keep(given.out, kind, seed, how, reading)
        print(_row(kind, readings), flush=True)
        everything += readings
    print(_row("all", everything))


def _row(kind: str, readings: list[Reading]) -> str:
    count = len(readings)
    shares = [sum(getattr(r, name) for r in readings) for name in ("is_good", "category", "sleeve", "front")]
    errors = np.median([r.landmark_error for r in readings])
    overlap = np.median([r.overlap for r in readings])
    return f"| {kind} | " + " | ".join(f"{n}/{count}" for n in shares) + f" | {errors:.1f} | {overlap:.3f} |"


def _keep(folder: Path, kind: str, seed: int, how: str, reading: Reading) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    worst, away = reading.worst_landmark
    print(
        f"  {kind} {seed} ({how}): category {reading.category}, sleeve {reading.sleeve}, front {reading.front}, "
        f"worst {worst} {away:.1f}, cut-out {reading.overlap:.3f} {reading.problem}"
    )
    picture = cv2.cvtColor(reading.picture, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(folder / f"{kind.replace(' ', '-')}-{seed}.png"), picture)


if __name__ == "__main__":
    main()
