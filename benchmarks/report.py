"""Write docs/benchmarks.md from the figures that the benchmarks kept: ``python -m benchmarks.report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from benchmarks.common.tables import FIGURES, ROOT, Table, as_markdown

REPORT = ROOT / "docs" / "benchmarks.md"
NOTES = Path(__file__).with_name("notes.yaml")
"""Benchmark -> hand-written sentences."""
SECTIONS = {
    "fidelity": (
        "Print fidelity",
        "Every visible pixel of the front panel is led back by the warp map to the panel's texture, which is the "
        "photo warped onto the pattern, and compared by CIEDE2000. Shading is removed first, as the ratio of both "
        "luminances blurred over 10 pixels. OCR reads the flat-lay and the garment's part of the shot, enlarged "
        "four times.",
    ),
    "real_photos": (
        "Photos of real garments",
        "`python -m benchmarks.real_photos --photos DIR --labels FILE --shoot` reads photos that the network never "
        "saw, which people took of their own clothes, and compares what was read with what was labelled by eye. The "
        "error of a landmark is its distance from the label's, as a share of the longer side of the box of the "
        "garment's labelled landmarks; those that were estimated are left out. Of every photo a draft picture is "
        "made on whom the product would choose, and the judge of the worn garment says how it lies.",
    ),
    "speed": (
        "Speed and memory",
        "A warm process that has shot another garment before; drapes are computed, not read from the cache.",
    ),
    "detector": (
        "A person detector trained on real people",
        "MediaPipe Pose, which serves the benchmark only, looks at full-body shots of the examples. A joint's error "
        "is its distance from the requested pose as a share of the body's height; 12 joints of arms and legs count.",
    ),
    "batch": (
        "Batches",
        "`python -m benchmarks.batch` shoots a table of the bundled examples in other colours, on several models in "
        "several poses, one picture a row, with the batch command in two processes; then a part of the same table "
        "again, killed with `kill -9` in the middle and called again; then some of the same rows, one "
        "`vmodel shoot` after the other as a shell loop would. Each of the three begins with an empty cache.",
    ),
    "clip": (
        "Clips",
        "`python -m benchmarks.clip` lets a model walk in an example and looks at the frames before they are marked. A "
        "jump is how far a vertex of the garment moves from one frame to the next. A standing foot slides by what it "
        "moves against the floor, which passes under the model at an even pace.",
    ),
    "prints": (
        "Prints at their size",
        "`python -m benchmarks.prints` lays a checkerboard of 10 cm on every block in every size and on the pieces of "
        "the example dress, drapes them, and measures along the cloth every square of 10 cm that lies flat, laid on "
        "front and back in steps of 2.5 cm; squares of 5 cm where none of 10 cm lies flat. Flat means that the cloth "
        "bends by less than 11 degrees over it, in the middle of a torso, beside no crotch.",
    ),
    "watermark": (
        "The invisible mark",
        "`python -m benchmarks.watermark FOLDER...` marks our own shots and photos of flat-lays, each with its own id, "
        "changes them, and counts a reading only if the whole id is right. The original, where it is used, is the "
        "picture before it was marked. A false alarm is any id read from an unmarked picture or a random crop of one.",
    ),
    "copies": (
        "Copy search",
        "`python -m benchmarks.copies FOLDER...` registers the folders' pictures among very many others and looks "
        "up changed copies. The others are descriptors put together from those of the real pictures: points exchanged, "
        "8 % of their bits turned, 20 % of a hash's. No candidate is verified, so that the index alone is measured.",
    ),
}
"""Benchmark -> heading and method."""


def main() -> None:
    """Write the sections measured on this machine; all others stay as they are."""
    kept = {name: FIGURES / f"{name}.json" for name in SECTIONS}
    found = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in kept.items() if path.is_file()}
    page = REPORT.read_text(encoding="utf-8") if REPORT.is_file() else ""
    REPORT.write_text(with_sections(page, found), encoding="utf-8")
    print(f"{REPORT.relative_to(ROOT)} has new: {', '.join(found) or 'nothing; run the benchmarks first'}")


def with_sections(page: str, found: dict[str, dict[str, Any]]) -> str:
    """Replace some sections of a page in place; new ones come last.

    Args:
        page: Markdown; empty for a new page.
        found: benchmark name -> what ``benchmarks.common.tables.publish`` kept.
    """
    fresh = report(found)
    if not page.startswith("# "):
        return fresh
    head, *written = page.split("\n## ")
    news = dict(_titled(section) for section in fresh.split("\n## ")[1:])
    sections = [(title, news.pop(title, body)) for title, body in map(_titled, written)]
    parts = [f"## {title}\n\n{body}" for title, body in (*sections, *news.items())]
    return "\n\n".join([head.strip(), *parts]) + "\n"


def _titled(section: str) -> tuple[str, str]:
    title, _, body = section.partition("\n")
    return title, body.strip()


def report(found: dict[str, dict[str, Any]]) -> str:
    """Return the page as Markdown.

    Args:
        found: benchmark name -> what ``benchmarks.common.tables.publish`` kept.
    """
    parts = [
        "# Benchmarks",
        "Written by `python -m benchmarks.report` after `make bench` and `make bench-detector`; the photos are the "
        "bundled examples where nothing else is said.",
    ]
    notes = yaml.safe_load(NOTES.read_text(encoding="utf-8"))
    for name, (heading, method) in SECTIONS.items():
        if name not in found:
            continue
        kept = found[name]
        parts += [f"## {heading}", method]
        parts += [as_markdown(Table(**table)) for table in kept["tables"]]
        parts += ["\n".join(f"- {sentence}" for sentence in (*kept["findings"], *notes.get(name, ())))]
        parts += [f"Measured on {kept['date']} at commit {kept['commit']}: {kept['machine']}."]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
