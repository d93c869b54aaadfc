"""Tables of measured figures: printed as Markdown, and kept under ``build/benchmarks`` for the report."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
FIGURES = ROOT / "build" / "benchmarks"
_PICTURES = {".jpg", ".jpeg", ".png", ".webp"}


@dataclass(frozen=True)
class Table:
    """One table; every row has a cell for each word of ``head``."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Figures:
    """Results of one benchmark.

    Attributes:
        name: of the benchmark, and of the file that keeps its figures.
        tables: in the order of the report.
        findings: sentences with the figures that have a bar.
    """

    name: str
    tables: Sequence[Table]
    findings: Sequence[str]


def photos_from(arguments: Sequence[str] | None, purpose: str) -> list[Path]:
    """Return the photos named on the command line, those of named folders, or the bundled examples."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("photos", nargs="*", type=Path, help="flat-lays or folders; the bundled examples by default")
    named: list[Path] = parser.parse_args(arguments).photos or [EXAMPLES]
    photos: list[Path] = []
    for path in named:
        inside = (
            sorted(file for file in path.glob("*") if file.suffix.lower() in _PICTURES) if path.is_dir() else [path]
        )
        photos += inside
    return photos


def is_whole_set(photos: Sequence[Path]) -> bool:
    """Return whether these are exactly all bundled examples: only their figures go into the report."""
    return sorted(photo.resolve() for photo in photos) == sorted(EXAMPLES.glob("*.jpg"))


def as_markdown(table: Table) -> str:
    """Return the table under its title."""
    columns = range(len(table.head))
    widths = [max(3, *(len(row[column]) for row in [table.head, *table.rows])) for column in columns]
    lines = [table.head, ["-" * width for width in widths], *table.rows]
    body = ["| " + " | ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([f"**{table.title}**", "", *body])


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as Markdown, so that it can be quoted."""
    print(f"\n{as_markdown(Table(title, head, rows))}\n", flush=True)


def publish(figures: Figures, keep: bool = True) -> None:
    """Print the figures and, unless they are of private photos, keep them for the report."""
    for table in figures.tables:
        print_table(table.title, table.head, table.rows)
    for finding in figures.findings:
        print(f"- {finding}")
    print(flush=True)
    if keep:
        FIGURES.mkdir(parents=True, exist_ok=True)
        whole = {**asdict(figures), **circumstances()}
        (FIGURES / f"{figures.name}.json").write_text(json.dumps(whole, indent=1), encoding="utf-8")


def circumstances() -> dict[str, str]:
    """Return date, commit and machine of a measurement."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": _git("rev-parse", "--short", "HEAD") or "unknown",
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def _git(*arguments: str) -> str:
    try:
        ended = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""
