"""Sizes that sellers state: flat widths and lengths, and size charts."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

import numpy as np

from vmodel.errors import SizeChartInvalid, SizeImplausible
from vmodel.types import Category

# flat width and length in cm that any garment of the kind can have, toddler to 6XL
PLAUSIBLE_CM = {
    Category.TOP: ((18, 95), (18, 130)),
    Category.DRESS: ((18, 95), (35, 180)),
    Category.JUMPSUIT: ((18, 95), (35, 185)),
    Category.OUTERWEAR: ((20, 110), (22, 160)),
    Category.SWIMWEAR: ((18, 80), (25, 100)),
    Category.TROUSERS: ((15, 80), (25, 135)),
    Category.SHORTS: ((15, 80), (10, 80)),
    Category.SKIRT: ((14, 80), (12, 125)),
}
_MOST_CHART_BYTES = 1_000_000


def stated_sizes(category: Category, width_cm: float | None, length_cm: float | None) -> dict[str, float]:
    """Return the sizes that the seller stated, by "width" and "length".

    Raises:
        SizeImplausible: no garment of the kind has such a size.
    """
    found = {}
    for which, (what, value) in enumerate((("width", width_cm), ("length", length_cm))):
        if value is None:
            continue
        low, high = PLAUSIBLE_CM[category][which]
        if not low <= value <= high:  # also refuses NaN
            raise SizeImplausible(f"A {what} of {value:g} cm is not that of a {category} ({low} to {high} cm)")
        found[what] = float(value)
    return found


def read_size_chart(path: Path, size: str) -> tuple[float | None, float | None]:
    """Look a size up in a seller's chart.

    Args:
        path: CSV with a header row: size, width_cm, length_cm (either measure may be left out).
        size: label to find, compared without case or surrounding blanks.
    Returns:
        (width_cm, length_cm); None where the chart leaves a cell empty.
    Raises:
        SizeChartInvalid: no such file, no such column, no such size, or a cell that is no number.
    """
    rows = read_chart_rows(path)
    found = [row for row in rows if row["size"].strip().casefold() == size.strip().casefold()]
    if not found:
        known = ", ".join(dict.fromkeys(label for row in rows[:12] if (label := row["size"].strip())))
        raise SizeChartInvalid(str(path), f"has no size {size!r} (it has {known})", "choose one with --garment-size")
    return _cell(path, found[0], "width_cm"), _cell(path, found[0], "length_cm")


def list_sizes(path: Path) -> list[str]:
    """List the labels of a seller's chart, in its order, each once.

    Raises:
        SizeChartInvalid: no such file, or no such columns.
    """
    return list(dict.fromkeys(label for row in read_chart_rows(path) if (label := row["size"].strip())))


def read_chart_rows(path: Path) -> list[dict[str, str]]:
    """Read the cells of a seller's chart, one row per size, by their column's name in small letters.

    Raises:
        SizeChartInvalid: no such file, or no such columns.
    """
    text = _chart_text(path)
    delimiter = max((",", ";", "\t"), key=text[:4096].count)
    try:
        table = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise SizeChartInvalid(str(path), "cannot be read") from error
    rows = [{(k or "").strip().lower(): (v or "") for k, v in row.items() if not isinstance(v, list)} for row in table]
    if not rows or "size" not in rows[0] or not {"width_cm", "length_cm"} & set(rows[0]):
        raise SizeChartInvalid(str(path), "lacks the columns it needs")
    return rows


def _chart_text(path: Path) -> str:
    """Read a spreadsheet's text: UTF-8, or UTF-16 as Excel saves "Unicode text"."""
    try:
        if path.stat().st_size > _MOST_CHART_BYTES:
            raise SizeChartInvalid(str(path), "is too large for a size chart")
        content = path.read_bytes()
    except OSError as error:
        raise SizeChartInvalid(str(path), "cannot be read") from error
    try:
        return content.decode("utf-16" if content[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise SizeChartInvalid(str(path), "is not text in UTF-8", "in Excel, save it as CSV UTF-8") from error


def _cell(path: Path, row: dict[str, str], column: str) -> float | None:
    text = row.get(column, "").strip().replace(",", ".")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise SizeChartInvalid(str(path), f"holds {text!r} in {column}") from error
    if not np.isfinite(value) or value <= 0:
        raise SizeChartInvalid(str(path), f"holds {text!r} in {column}")
    return value
