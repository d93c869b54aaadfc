"""Template of a table: empty, to be filled in."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from vmodel.batch.errors import TableInvalid
from vmodel.batch.tables.reader import COLUMNS
from vmodel.core.files import write_whole

_EXAMPLE: Final = {
    "photo": "shirt.jpg",
    "sku": "SHIRT-01",
    "category": "top",
    "poses": "contrapposto, walking",
    "views": "front, back",
    "background": "light-grey",
}


def write_template(path: Path, choices: Mapping[str, Sequence[str]]) -> None:
    """Write a table with every column and one example row.

    Args:
        path: .csv, .xlsx (with a note at every column and lists to choose from) or .jsonl.
        choices: column -> its possible words.
    Raises:
        TableInvalid: another ending.
        OutputNotWritable: the file cannot be written.
    """
    example = [_EXAMPLE.get(column, "") for column in COLUMNS]
    if path.suffix.lower() == ".xlsx":
        write_whole(path, _as_xlsx(example, choices))
    elif path.suffix.lower() == ".csv":
        text = io.StringIO()
        csv.writer(text).writerows([list(COLUMNS), example])
        write_whole(path, text.getvalue().encode("utf-8-sig"))  # with its byte order mark, Excel reads it as UTF-8
    elif path.suffix.lower() == ".jsonl":
        write_whole(path, (json.dumps(_EXAMPLE) + "\n").encode())
    else:
        raise TableInvalid(str(path), "is no name of a CSV, XLSX or JSONL")


def _as_xlsx(example: Sequence[str], choices: Mapping[str, Sequence[str]]) -> bytes:
    import openpyxl
    from openpyxl.comments import Comment
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.title = "vmodel"
    sheet.append(list(COLUMNS))
    sheet.append(list(example))
    sheet.freeze_panes = "A2"
    for index, (column, meaning) in enumerate(COLUMNS.items(), 1):
        letter = get_column_letter(index)
        title = sheet.cell(1, index)
        title.font = Font(bold=True)
        title.comment = Comment(meaning, "vmodel")
        sheet.column_dimensions[letter].width = max(12, len(column) + 3, len(example[index - 1]) + 3)
        words = ",".join(choices.get(column, ()))
        if words and len(words) < 250:  # Excel's bound on a list within a rule
            rule = DataValidation("list", formula1=f'"{words}"', allow_blank=True, showErrorMessage=False)
            rule.add(f"{letter}2:{letter}2000")
            sheet.add_data_validation(rule)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()
