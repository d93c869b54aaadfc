"""Sheets of an XLSX file as a person sees them: hidden ones left out, merged cells filled, formulas as values."""

from __future__ import annotations

import re
import warnings
import zipfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from vmodel.batch.errors import TableInvalid

_LARGEST_UNPACKED: Final = 300_000_000
_LAST_ROW: Final = 1_048_576
"""Excel's last row. Sheets are often formatted down to it, and a damaged one may name any row."""
_MOST_COLUMNS: Final = 512
_MERGED: Final = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):\1(\d{1,7})"')
_FORMULA: Final = re.compile(rb"<(?:\w+:)?f[ />]")
_CHUNK: Final = 1 << 20


@dataclass(frozen=True)
class UncachedFormula:
    """Placeholder for a formula whose value the file lacks: a program wrote it, and no spreadsheet saved it."""


@dataclass(frozen=True)
class Sheet:
    """Visible sheet.

    Attributes:
        title: on its tab.
        records: (row number, cells) of every row that has something in it.
    """

    title: str
    records: Iterator[tuple[int, Sequence[Any]]]


@contextmanager
def open_sheets(path: Path) -> Iterator[list[Sheet]]:
    """Open the visible sheets of a file, in its order; their rows are read lazily.

    Args:
        path: of the XLSX.
    Raises:
        TableInvalid: it is no XLSX, is damaged, or unpacks to more than a table can be.
    """
    import openpyxl

    try:
        # Opened as streams: for a path openpyxl checks the file name's ending, and tables are renamed.
        with (
            zipfile.ZipFile(path) as archive,
            path.open("rb") as stream,
            path.open("rb") as again,
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")  # about styles and extensions that do not affect the cells
            if sum(part.file_size for part in archive.infolist()) > _LARGEST_UNPACKED:
                raise TableInvalid(str(path), "unpacks to more than a table can be")
            values = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            formulas = openpyxl.load_workbook(again, read_only=True, keep_links=False)
            pairs = list(zip(values.worksheets, formulas.worksheets, strict=True))
            yield [Sheet(own.title, _read(archive, own, of)) for own, of in pairs if own.sheet_state == "visible"]
            values.close()
            formulas.close()
    except TableInvalid:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers met
        remedy = "open it in a spreadsheet and save it anew as XLSX or CSV"
        raise TableInvalid(str(path), f"cannot be read ({type(error).__name__})", remedy) from None


def _read(archive: zipfile.ZipFile, sheet: Any, formulas: Any) -> Iterator[tuple[int, Sequence[Any]]]:
    merged, has_formulas = _survey(archive, sheet._worksheet_path)
    for each in (sheet, formulas):
        each.reset_dimensions()  # programs that write XLSX often state them wrongly
    seen_in = sheet.iter_rows(values_only=True)
    rows = (
        zip(seen_in, formulas.iter_rows(values_only=True), strict=False) if has_formulas else ((r, r) for r in seen_in)
    )
    filling: dict[int, tuple[int, Any]] = {}
    for number, (seen, written) in enumerate(islice(rows, _LAST_ROW), 1):
        cells = [
            UncachedFormula() if value is None and behind is not None else value
            for value, behind in zip(seen[:_MOST_COLUMNS], written, strict=False)
        ]
        for column, last in merged.get(number, ()):
            if column < len(cells):
                filling[column] = (last, cells[column])
        if all(cell is None for cell in cells):
            continue
        for column, (last, value) in filling.items():
            if number <= last and column < _MOST_COLUMNS:
                cells += [None] * (column + 1 - len(cells))
                cells[column] = value if cells[column] is None else cells[column]
        yield number, cells


def _survey(archive: zipfile.ZipFile, part: str) -> tuple[dict[int, list[tuple[int, int]]], bool]:
    """Return first row -> (column, last row) of cells merged downwards, and whether the sheet has formulas.

    openpyxl's read-only mode, which keeps memory flat, reports neither.
    """
    merged, has_formulas, before = defaultdict[int, list[tuple[int, int]]](list), False, b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            window = before + chunk
            has_formulas = has_formulas or _FORMULA.search(window) is not None
            end = 0
            for found in _MERGED.finditer(window):
                letters, first, last = found.groups()
                merged[int(first)].append((_index(letters.decode()), int(last)))
                end = found.end()
            before = window[max(end, len(window) - 64) :]
    return merged, has_formulas


def _index(letters: str) -> int:
    """Return the index of a column, from 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1
