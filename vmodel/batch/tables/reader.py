"""Tables of shots: a folder of photos, CSV, XLSX or JSON lines, read as rows of plain text."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from vmodel.batch.errors import TableInvalid
from vmodel.batch.journal import JOURNAL
from vmodel.batch.tables.csv_jsonl import decode, lines_of_json, records_of_csv
from vmodel.batch.tables.xlsx import UncachedFormula, open_sheets
from vmodel.shot.request import GarmentSource, RequestPart, ShotRequest, field_of


def _told(name: str, kind: type[RequestPart] = ShotRequest) -> str:
    return field_of(kind, name).description or ""


COLUMNS: Final[Mapping[str, str]] = {
    "photo": f"{_told('photo', GarmentSource)}, a path from the table's folder",
    "back": _told("back", GarmentSource),
    "sku": "your own name of the product; the pictures are named after it",
    "category": f"{_told('category', GarmentSource)}; recognised where empty",
    "material": _told("material", GarmentSource),
    "front": "open or closed: how a jacket, cardigan or shirt is worn; as photographed where empty",
    "models": "ids of `vmodel models list`; cast where empty",
    "poses": "names of `vmodel poses list`, or pose files",
    "views": _told("view"),
    "framing": _told("framing"),
    "set": "classic, street, studio or kids: several pictures that take the place of poses, views and framing",
    "background": _told("background"),
    "light": _told("light"),
    "style": _told("style"),
    "shoes": _told("shoes"),
    "width_cm": _told("width_cm", GarmentSource),
    "length_cm": _told("length_cm", GarmentSource),
    "sizes": "rows of the size chart; all of them where empty",
    "size_chart": _told("size_chart", GarmentSource),
    "colorways": "NAME:#old=#new,#old=#new of a drawing or kept design, which is also shot in its own colours",
}
"""Column -> its content. Plural columns hold several words, separated by commas, semicolons or bars."""

_ALIASES = {"model": "models", "pose": "poses", "view": "views", "size": "sizes", "image": "photo", "id": "sku"}
_ALIASES |= dict.fromkeys(("colorway", "colourway", "colourways", "colors", "colours"), "colorways")
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".tif", ".tiff", ".svg", ".design.json")
_BACK_ENDINGS = ("-back", "_back", " back")
_NO_PHOTO_ENDINGS = (".gif", ".bmp", ".avif", ".jxl", ".psd", ".ai", ".eps", ".pdf", ".dng", ".cr2", ".cr3", ".nef")

MOST_ROWS = 20_000
_LARGEST_BYTES = 50_000_000
_LONGEST_CELL = 2_000
_ROWS_AHEAD = 20
"""Number of rows that are searched for the header: titles and notes often stand above it."""
_UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u2060\ufeff"))
"""Zero-width characters that come with cells copied from web pages."""

Record = tuple[int, Sequence[Any]]


class Heading(NamedTuple):
    """Title of a column: the column that it means, empty if unknown, and its own text."""

    column: str
    title: str


Line = tuple[int, Sequence[tuple[Heading, Any]], str]


@dataclass(frozen=True)
class Row:
    """Line of a table.

    Attributes:
        number: as the table's program counts it: the first line below a header is 2.
        cells: column -> text, without empty cells.
        fault: reason why the line could not be read; empty if it could.
        remedy: for the fault.
        column: of the cell at fault; empty if there is no single one.
    """

    number: int
    cells: Mapping[str, str]
    fault: str = ""
    remedy: str = "mend the line"
    column: str = ""


@dataclass(frozen=True)
class Table:
    """Table as it was read.

    Attributes:
        folder: base of relative paths.
        rows: at least one.
        unknown: columns that vmodel does not know and ignores.
        notes: other ignored content, one sentence each.
    """

    folder: Path
    rows: tuple[Row, ...]
    unknown: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_table(source: Path) -> Table:
    """Read a folder of photos or a table.

    In a folder every picture is a row, and ``shirt-back.jpg`` is the back of ``shirt.jpg``. In a table the first row
    with a cell ``photo`` is the header; rows above it are ignored.

    Args:
        source: folder, or .csv, .tsv or .txt (comma, semicolon, tab or bar; UTF-8, UTF-16, Windows-1252 or GB 18030),
            .xlsx (first visible sheet with a column photo), .jsonl or .json.
    Raises:
        TableInvalid: not there, of another kind, damaged, too large, without the column ``photo``, with one of its
            columns twice, or empty.
    """
    if source.is_dir():
        return _table_of_folder(source)
    if not source.is_file():
        raise TableInvalid(str(source), "is neither a folder nor a file")
    if source.stat().st_size > _LARGEST_BYTES:
        raise TableInvalid(str(source), f"is larger than {_LARGEST_BYTES // 10**6} MB")
    ending = source.suffix.lower()
    if ending not in {".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".jsonl", ".json"}:
        remedy = "save it as XLSX or CSV; `vmodel batch --template FILE` writes one to start from"
        raise TableInvalid(str(source), "is no folder, CSV, XLSX or JSONL", remedy)
    try:
        # By content: a table is often renamed instead of saved in another format.
        with source.open("rb") as stream:
            start = stream.read(4)
        if start == b"PK\x03\x04":
            return _table_of_workbook(source)
        if start == b"\xd0\xcf\x11\xe0":
            remedy = "save it as XLSX without a password"
            raise TableInvalid(str(source), "is an Excel file of the old format or with a password", remedy)
        text = decode(source.read_bytes())
        if ending in {".jsonl", ".json"}:
            return _to_table(source, _lines_of_objects(lines_of_json(text)))
        return _to_table(source, _headed(source, records_of_csv(text, _is_header)))
    except (OSError, UnicodeError, csv.Error) as error:
        raise TableInvalid(str(source), f"cannot be read ({error})") from None


def _table_of_workbook(path: Path) -> Table:
    """Read the first visible sheet that has a column photo; the notes name the others with one."""
    with open_sheets(path) as sheets:
        begun = [(sheet, list(islice(sheet.records, _ROWS_AHEAD))) for sheet in sheets]
        fitting = [each for each in begun if _header(each[1]) is not None]
        filled = [each for each in begun if each[1]]
        if not filled:
            raise TableInvalid(str(path), "has no rows")
        chosen, ahead = (fitting or filled)[0]
        notes = (f"the sheet {sheet.title!r} is passed over, {chosen.title!r} is read" for sheet, _ in fitting[1:])
        return _to_table(path, _headed(path, chain(ahead, chosen.records)), tuple(notes))


def _is_header(cells: Sequence[Any]) -> bool:
    return any(_column(_text(cell)) == "photo" for cell in cells)


def _header(records: Sequence[Record]) -> int | None:
    """Return the index of the record that names the columns."""
    return next((index for index, (_, cells) in enumerate(records) if _is_header(cells)), None)


def _headed(source: Path, records: Iterator[Record]) -> Iterator[Line]:
    """Yield the records below the header, by its titles."""
    ahead = list(islice(records, _ROWS_AHEAD))
    if not ahead:
        raise TableInvalid(str(source), "has no rows")
    head = _header(ahead)
    if head is None:
        titles = ", ".join(text for cell in ahead[0][1][:12] if (text := _text(cell)))
        raise TableInvalid(str(source), f"lacks the column photo (its first row has {titles[:200]})")
    headings = _headings(str(source), [_text(cell) for cell in ahead[head][1]])
    for number, cells in chain(ahead[head + 1 :], records):
        surplus = any(_text(cell) for cell in cells[len(headings) :])
        fault = "the line has more cells than the header" if surplus else ""
        yield number, list(zip(headings, cells, strict=False)), fault


def _lines_of_objects(objects: Iterator[tuple[int, Mapping[str, Any] | None]]) -> Iterator[Line]:
    for number, each in objects:
        if each is None:
            yield number, [], "the line is no JSON object"
            continue
        try:
            headings = _headings("the line", list(each))
        except TableInvalid as error:
            yield number, [], f"it {error.reason}"
        else:
            yield number, list(zip(headings, each.values(), strict=True)), ""


def _headings(source: str, titles: Sequence[str]) -> list[Heading]:
    """Return the column that each title means; a column's own name takes precedence over its other names.

    Raises:
        TableInvalid: two titles mean the same column.
    """
    named = {_plain(title) for title in titles} & set(COLUMNS)
    found: list[Heading] = []
    for title in titles:
        column = _column(title)
        if column not in COLUMNS or (column in named and _plain(title) != column):
            found.append(Heading("", title.strip()))
            continue
        before = next((each.title for each in found if each.column == column), None)
        if before is not None:
            raise TableInvalid(source, f"has the column {column} twice ({before} and {title})", "keep one of them")
        found.append(Heading(column, title))
    return found


def _to_table(source: Path, lines: Iterator[Line], notes: tuple[str, ...] = ()) -> Table:
    """Make rows with known columns from lines with any."""
    rows, unknown, named = list[Row](), dict[str, None](), False
    for number, values, fault in lines:
        cells, bad = dict[str, str](), Row(number, {}, fault)
        for heading, value in values:
            text, column = _text(value), heading.column
            named |= column == "photo"
            if not column:
                unknown |= dict.fromkeys([heading.title] if heading.title and text else [])
            elif isinstance(value, UncachedFormula) and not bad.fault:
                reason = f"the cell {column} holds a formula without its value"
                bad = Row(number, {}, reason, "open the table in a spreadsheet and save it there", column)
            elif len(text) > _LONGEST_CELL and not bad.fault:
                bad = Row(number, {}, f"the cell {column} has more than {_LONGEST_CELL} letters", column=column)
            elif text:
                cells[column] = text[:_LONGEST_CELL]
        if cells or bad.fault:
            rows.append(replace(bad, cells=cells))
        if len(rows) > MOST_ROWS:
            raise TableInvalid(str(source), f"has more than {MOST_ROWS} rows", "part it into several")
    if rows and not named and not any(row.fault for row in rows):
        raise TableInvalid(str(source), "lacks the column photo")
    if not rows:
        raise TableInvalid(str(source), "has no rows")
    return Table(source.parent, tuple(rows), tuple(unknown), notes)


def suggest_column(title: str, table: Table) -> str:
    """Return the column that an unknown title may mean; empty if none is similar, or the table has it."""
    near = difflib.get_close_matches(_plain(title), [*COLUMNS, *_ALIASES], 1, 0.8)
    column = _ALIASES.get(near[0], near[0]) if near else ""
    return "" if any(column in row.cells for row in table.rows) else column


def _plain(title: str) -> str:
    return "_".join(title.translate(_UNSEEN).strip().lower().replace("-", " ").split())


def _column(title: str) -> str:
    name = _plain(title)
    return _ALIASES.get(name, name)


def _text(value: Any) -> str:
    if value is None or isinstance(value, UncachedFormula):
        return ""
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a spreadsheet keeps 42 as 42.0
    return str(value).translate(_UNSEEN).strip()


def _table_of_folder(folder: Path) -> Table:
    try:
        paths = sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=lambda path: path.name)
    except OSError as error:
        raise TableInvalid(str(folder), f"cannot be read ({error.strerror})") from None
    below = [path.name for path in paths if path.is_dir() and _holds_photos(path)]
    names = [path.name for path in paths if path.is_file()]
    photos = [Path(name) for name in names if name.lower().endswith(PHOTO_ENDINGS)]
    stems = {photo.stem.lower(): photo.name for photo in photos}
    backs = {stem + end: name for stem in stems for end in _BACK_ENDINGS if (name := stems.get(stem + end))}
    fronts = [photo for photo in photos if photo.stem.lower() not in backs]
    if not fronts:
        inside = f" itself, only its folders do ({', '.join(below[:5])})" if below else ""
        raise TableInvalid(str(folder), f"holds no photos{inside}", *(["name one of them"] if below else []))
    if len(fronts) > MOST_ROWS:
        raise TableInvalid(str(folder), f"holds more than {MOST_ROWS} photos", "part it into several")
    strange = [name for name in names if name.lower().endswith(_NO_PHOTO_ENDINGS)]
    notes = [f"the folder {name} is not looked into; run a batch of its own for it" for name in below]
    notes += [f"{name} is passed over; save it as JPEG, PNG, WebP, TIFF or HEIC" for name in strange]
    return Table(folder, tuple(_rows_of(fronts, backs)), notes=tuple(notes))


def _holds_photos(folder: Path) -> bool:
    """Check that a folder has flat-lays and was not made by a batch."""
    try:
        names = [path.name for path in folder.iterdir()]
    except OSError:
        return False
    return JOURNAL not in names and any(name.lower().endswith(PHOTO_ENDINGS) for name in names)


def _rows_of(fronts: Sequence[Path], backs: Mapping[str, str]) -> Iterator[Row]:
    for number, photo in enumerate(fronts, 1):
        back = next((backs[photo.stem.lower() + end] for end in _BACK_ENDINGS if photo.stem.lower() + end in backs), "")
        yield Row(number, {"photo": photo.name} | ({"back": back} if back else {}))
