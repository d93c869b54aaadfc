"""Plain tables on standard output, and what every benchmark needs."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


def photos_from(arguments: Sequence[str] | None, purpose: str) -> list[Path]:
    """Photos named on the command line, or the bundled examples."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("photos", nargs="*", type=Path, help="flat-lays; the bundled examples by default")
    named: list[Path] = parser.parse_args(arguments).photos
    return named or sorted(EXAMPLES.glob("*.jpg"))


def print_table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table as Markdown, so that it can be quoted."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    print(f"\n{title}\n")
    for row in [head, ["-" * width for width in widths], *rows]:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    print(flush=True)
