"""Tables of what to shoot: a folder of photos, CSV, XLSX or JSON lines, read as rows of plain text."""

from __future__ import annotations

import csv
import io
import json
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from vmodel.batch.errors import TableInvalid

COLUMNS: Final[Mapping[str, str]] = {
    "photo": "flat-lay of the garment, a path from the table's folder",
    "back": "flat-lay of its back",
    "sku": "your own name of the product; the pictures are named after it",
    "category": "top, dress, trousers, shorts, skirt, jumpsuit or outerwear; recognised where empty",
    "material": "jersey, cotton, denim, silk, chiffon, knit, leather or coat-wool",
    "models": "ids of `vmodel models list`; cast where empty",
    "poses": "names of `vmodel poses list`, or pose files",
    "views": "front, back, side, side-right, three-quarter, three-quarter-right or degrees",
    "framing": "full, upper, lower, detail or chin-down",
    "background": "white, light-grey, grey, warm-grey, dark, gradient, transparent or #rrggbb",
    "light": "light of the studio",
    "width_cm": "flat width from armpit to armpit, or of the waist",
    "length_cm": "from the neck point to the hem, or from the waist to the leg end",
    "sizes": "rows of the size chart; all of them where empty",
    "size_chart": "CSV with the columns size, width_cm, length_cm",
    "colorways": "NAME:#old=#new,#old=#new of a drawing or kept design, which is also shot in its own colours",
}
"""Column -> what belongs in it. Cells of a plural hold several words, parted by commas, semicolons or bars."""

_ALIASES = {"model": "models", "pose": "poses", "view": "views", "size": "sizes", "image": "photo", "id": "sku"}
_ALIASES |= dict.fromkeys(("colorway", "colourway", "colourways", "colors", "colours"), "colorways")
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".svg", ".design.json")
_BACK_ENDINGS = ("-back", "_back", " back")

MOST_ROWS = 20_000
_LARGEST_BYTES = 50_000_000
_LONGEST_CELL = 2_000
_LARGEST_UNPACKED = 300_000_000


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        number: as the table's program counts it: the first line below a header is 2.
        cells: column -> text, without empty cells.
        fault: why the line could not be read; empty if it could.
    """

    number: int
    cells: Mapping[str, str]
    fault: str = ""


@dataclass(frozen=True)
class Table:
    """What was read.

    Attributes:
        folder: paths start from here.
        rows: at least one.
        unknown: columns that vmodel does not know and passes over.
    """

    folder: Path
    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()


def read_table(source: Path) -> Table:
    """Read a folder of photos or a table.

    In a folder every picture is a row, and ``shirt-back.jpg`` is the back of ``shirt.jpg``.

    Args:
        source: folder, or .csv (comma, semicolon or tab; UTF-8, UTF-16 or GB 18030), .xlsx (first sheet) or .jsonl.
    Raises:
        TableInvalid: not there, of another kind, damaged, too large, without the column ``photo``, or empty.
    """
    if source.is_dir():
        return Table(source, tuple(_rows_of_folder(source)))
    if not source.is_file():
        raise TableInvalid(str(source), "is neither a folder nor a file")
    if source.stat().st_size > _LARGEST_BYTES:
        raise TableInvalid(str(source), f"is larger than {_LARGEST_BYTES // 10**6} MB")
    reader = {".csv": _lines_of_csv, ".tsv": _lines_of_csv, ".xlsx": _lines_of_xlsx, ".jsonl": _lines_of_json}
    if source.suffix.lower() not in reader:
        raise TableInvalid(str(source), "is no folder, CSV, XLSX or JSONL")
    try:
        lines = list(_bounded(source, reader[source.suffix.lower()](source)))
    except (OSError, UnicodeError, csv.Error) as error:
        raise TableInvalid(str(source), f"cannot be read ({error})") from None
    return _to_table(source, lines)


def _to_table(source: Path, lines: Sequence[tuple[int, Mapping[str, Any], str]]) -> Table:
    """Rows with known columns from lines with any."""
    rows, unknown, named = [], dict[str, None](), False
    for number, values, reading in lines:
        cells, fault = {}, reading
        for title, value in values.items():
            column, text = _column(str(title)), _text(value)
            named |= column == "photo"
            if column not in COLUMNS:
                unknown |= dict.fromkeys([str(title).strip()] if str(title).strip() and text else [])
            elif len(text) > _LONGEST_CELL:
                fault = fault or f"the cell {column} has more than {_LONGEST_CELL} letters"
            elif text:
                cells[column] = text
        if cells or fault:
            rows.append(Row(number, cells, fault))
    if lines and not named and not any(fault for _, _, fault in lines):
        raise TableInvalid(str(source), "lacks the column photo")
    if not rows:
        raise TableInvalid(str(source), "has no rows")
    return Table(source.parent, tuple(rows), tuple(unknown))


def _column(title: str) -> str:
    name = "_".join(title.strip().lower().replace("-", " ").split())
    return _ALIASES.get(name, name)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet keeps 42 as 42.0
    return str(value).strip()


def _bounded(source: Path, lines: Iterable[tuple[int, Mapping[str, Any], str]]) -> Iterator[Any]:
    for count, line in enumerate(lines):
        if count >= MOST_ROWS:
            raise TableInvalid(str(source), f"has more than {MOST_ROWS} rows")
        yield line


def _rows_of_folder(folder: Path) -> Iterator[Row]:
    try:
        names = sorted(path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise TableInvalid(str(folder), f"cannot be read ({error.strerror})") from None
    photos = [Path(name) for name in names if name.lower().endswith(PHOTO_ENDINGS)]
    stems = {photo.stem.lower(): photo.name for photo in photos}
    backs = {stem + end: name for stem in stems for end in _BACK_ENDINGS if (name := stems.get(stem + end))}
    fronts = [photo for photo in photos if photo.stem.lower() not in backs]
    if not fronts:
        raise TableInvalid(str(folder), "holds no photos")
    if len(fronts) > MOST_ROWS:
        raise TableInvalid(str(folder), f"holds more than {MOST_ROWS} photos")
    for number, photo in enumerate(fronts, 1):
        back = next((backs[photo.stem.lower() + end] for end in _BACK_ENDINGS if photo.stem.lower() + end in backs), "")
        yield Row(number, {"photo": photo.name} | ({"back": back} if back else {}))


def _lines_of_csv(path: Path) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    text = _decode(path.read_bytes())
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, restkey="")
    for values in reader:
        surplus = values.pop("", None)
        fault = "the line has more cells than the header" if isinstance(surplus, list) and any(surplus) else ""
        yield reader.line_num, values, fault


def _decode(content: bytes) -> str:
    """Spreadsheets save CSV in UTF-8, as "Unicode text" in UTF-16, or in the code page of their country."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def _lines_of_xlsx(path: Path) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    import openpyxl

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > _LARGEST_UNPACKED:
                raise TableInvalid(str(path), "unpacks to more than a table can be")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and extensions that say nothing about the cells
            book = openpyxl.load_workbook(path, read_only=True, data_only=True, keep_links=False)
            lines = list(_bounded(path, book.worksheets[0].iter_rows(values_only=True)))
            book.close()
    except TableInvalid:
        raise
    except Exception as error:  # openpyxl raises whatever its parsers met
        raise TableInvalid(str(path), f"cannot be read ({type(error).__name__})") from None
    titles = [_text(value) for value in lines[0]] if lines else []
    for number, values in enumerate(lines[1:], 2):
        yield number, {title: value for title, value in zip(titles, values, strict=False) if title}, ""


def _lines_of_json(path: Path) -> Iterator[tuple[int, Mapping[str, Any], str]]:
    for number, line in enumerate(_decode(path.read_bytes()).splitlines(), 1):
        if not line.strip():
            continue
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            values = None
        if isinstance(values, dict):
            yield number, values, ""
        else:
            yield number, {}, "the line is no JSON object"
