"""How reading stands up to what sellers' photos go through: ``python -m benchmarks.reading_changes FOLDER``.

Reads every photo of a folder as it is and after each change: compressed, shrunk, enlarged, noisy, in another light, on
other paper, dyed, mirrored, turned, cropped. For every change it prints how often category and sleeves are still right
(by ``labels.tsv`` in the folder, else as in the unchanged photo), how well the cut-out fits the unchanged photo's, and
how far landmarks move, in hundredths of the garment's longer side. With ``--out`` what was understood is drawn where it
went wrong.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from benchmarks.photo_changes import CHANGES, Changed, carried
from benchmarks.tables import Table, as_markdown
from vmodel.config import Settings
from vmodel.errors import VModelError
from vmodel.garment.cutout import cut_out
from vmodel.garment.drawing import draw_understanding
from vmodel.garment.kind import understand
from vmodel.garment.landmarks import mirrored
from vmodel.garment.outline import extent
from vmodel.garment.pattern import infer_pattern
from vmodel.garment.reading import read_flat_lay
from vmodel.types import Cutout, FlatLay, GarmentKind, Landmarks, Sleeve

WELL_CUT, WELL_PLACED = 0.96, 3.0
PHOTOS = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Understood:
    """A photo as it was read."""

    flat_lay: FlatLay
    cutout: Cutout
    kind: GarmentKind
    landmarks: Landmarks

    @property
    def told(self) -> tuple[str, str]:
        """Category and sleeves; straps count as no sleeves, as in shops."""
        sleeve = Sleeve.NONE if self.kind.sleeve == Sleeve.STRAP else self.kind.sleeve
        return str(self.kind.category), str(sleeve)


@dataclass(frozen=True)
class Outcome:
    """How one changed photo was read.

    Attributes:
        category, sleeve: whether it is right.
        neckline: whether it is as in the unchanged photo.
        overlap: intersection over union with the unchanged photo's cut-out.
        away: median distance of the landmarks, in hundredths of the garment's longer side.
        words: what went wrong.
    """

    category: bool
    sleeve: bool
    neckline: bool
    overlap: float
    away: float
    words: str

    @property
    def is_good(self) -> bool:
        """True if a shot would show the same garment."""
        return self.category and self.sleeve and self.overlap > WELL_CUT and self.away < WELL_PLACED


def understood(flat_lay: FlatLay) -> Understood:
    """Read one photo as a shot does."""
    cutout = cut_out(flat_lay)
    return Understood(flat_lay, cutout, *understand(flat_lay, cutout))


def outcome(original: Understood, label: tuple[str, str], name: str, out: Path | None = None) -> Outcome:
    """Change a photo, read it, and compare.

    Args:
        original: the unchanged photo.
        label: category and sleeve that are right.
        name: of the change.
        out: folder for a picture of what went wrong.
    """
    lay = original.flat_lay
    changed = CHANGES[name](lay.rgb, original.cutout.matte, np.random.default_rng(len(lay.name)))
    try:
        read = understood(FlatLay(lay.name, lay.sha256, changed.rgb))
    except VModelError as error:
        return Outcome(False, False, False, 0.0, np.inf, error.code)
    found = _compared(original, read, label, changed)
    if out is not None and not found.is_good:
        _draw(read, out / f"{Path(lay.name).stem}-{name.replace(' ', '-')}.png")
    return found


def _compared(original: Understood, read: Understood, label: tuple[str, str], changed: Changed) -> Outcome:
    expected, mask = carried(original.cutout.mask, changed), read.cutout.mask
    overlap = float((expected & mask).sum() / max(1, (expected | mask).sum()))
    away = []
    for name, point in original.landmarks.points_px.items():
        there = read.landmarks.points_px.get(mirrored(name) if changed.mirrors else name)
        if there is not None:
            away.append(float(np.linalg.norm(changed.moved[:, :2] @ point + changed.moved[:, 2] - there)))
    distance = 100 * float(np.median(away)) / extent(expected) if away else np.inf
    told = read.told
    neckline = read.kind.neckline == original.kind.neckline
    words = f"{told[0]} {told[1]} {read.kind.neckline}, cut-out {overlap:.3f} ({read.cutout.source}), {distance:.1f}"
    return Outcome(told[0] == label[0], told[1] == label[1], neckline, overlap, distance, words)


def _draw(read: Understood, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        garment = infer_pattern(read.flat_lay, read.cutout, read.kind, read.landmarks)
    except VModelError:
        return
    picture = draw_understanding(read.flat_lay, read.cutout, garment)
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def labels_of(folder: Path) -> dict[str, tuple[str, str]]:
    """Category and sleeve of each photo that ``labels.tsv`` names; empty without one."""
    path = folder / "labels.tsv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8") as file:
        return {row["file"]: (row["category"], row["sleeve"]) for row in csv.DictReader(file, delimiter="\t")}


def table_of(outcomes: Mapping[str, Sequence[Outcome]]) -> Table:
    """One row a change and one for all of them."""
    rows = [_row(name, found) for name, found in outcomes.items()]
    rows.append(_row("all", [one for found in outcomes.values() for one in found]))
    head = (
        "change",
        "good",
        "category",
        "sleeves",
        "neckline",
        "cut-out, median",
        "worst",
        "landmarks, 1/100",
        "worst",
    )
    return Table("Photos read after a change", head, rows)


def _row(name: str, found: Sequence[Outcome]) -> list[str]:
    shares = [sum(getattr(one, what) for one in found) for what in ("is_good", "category", "sleeve", "neckline")]
    overlaps, away = [one.overlap for one in found], [one.away for one in found]
    return [
        name,
        *(f"{share}/{len(found)}" for share in shares),
        *(f"{np.median(overlaps):.3f}", f"{min(overlaps):.3f}", f"{np.median(away):.1f}", f"{max(away):.1f}"),
    ]


def main() -> None:
    """Read all photos of a folder after all changes and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--changes", nargs="*", choices=list(CHANGES), default=list(CHANGES))
    parser.add_argument("--photos", nargs="*", help="file names without their ending; all by default")
    parser.add_argument("--out", type=Path, help="folder for pictures of what went wrong")
    given = parser.parse_args()
    labels = labels_of(given.folder)
    photos = [path for path in sorted(given.folder.iterdir()) if path.suffix.lower() in PHOTOS]
    photos = [path for path in photos if not given.photos or path.stem in given.photos]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in given.changes}
    for path in photos:
        original = understood(read_flat_lay(path, Settings()))
        for name in given.changes:
            found = outcome(original, labels.get(path.name, original.told), name, given.out)
            outcomes[name].append(found)
            if not found.is_good:
                print(f"  {path.stem}, {name}: {found.words}", flush=True)
    print(as_markdown(table_of(outcomes)))


if __name__ == "__main__":
    main()
