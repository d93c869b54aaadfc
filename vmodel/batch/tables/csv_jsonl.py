"""Records from bytes: CSV as spreadsheets save it, and JSON lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

DELIMITERS: Final = ",;\t|"
_AHEAD: Final = 20
_ALONE: Final = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_HIGH: Final = re.compile(rb"[\x80-\xff]")


def decode(content: bytes) -> str:
    """Decode CSV, which spreadsheets save in UTF-8, in UTF-16 ("Unicode text"), or in the code page of their country.

    Raises:
        UnicodeError: it is no text.
    """
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    # Chinese letters are pairs of high bytes; the accents of Western languages mostly stand alone.
    western = 2 * len(_ALONE.findall(content)) > len(_HIGH.findall(content))
    for encoding in ("cp1252", "gb18030") if western else ("gb18030", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UnicodeError("it is no text")


def records_of_csv(text: str, is_header: Callable[[Sequence[str]], bool]) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield (row number as a spreadsheet counts it, cells) of every line that is not blank.

    Excel's first line ``sep=;`` names the delimiter and is no row. Without it, the delimiter is the one that splits the
    header into most cells.

    Args:
        text: of the file.
        is_header: recognises a line that names the columns.
    Raises:
        csv.Error: a cell is larger than the limit.
    """
    named = re.match(r"sep=(.)\r?\n", text)
    body = text[named.end() :] if named else text
    delimiter = named.group(1) if named else max(DELIMITERS, key=lambda each: _columns(body, each, is_header))
    for number, cells in enumerate(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter), 1):
        if any(cells):
            yield number, cells


def _columns(text: str, delimiter: str, is_header: Callable[[Sequence[str]], bool]) -> int:
    """Count the columns that a delimiter makes; 0 if no line is a header under it."""
    reader = csv.reader(io.StringIO(text[:100_000], newline=""), delimiter=delimiter)
    try:
        return max((sum(map(bool, cells)) for cells in islice(reader, _AHEAD) if is_header(cells)), default=0)
    except csv.Error:
        return 0


def lines_of_json(text: str) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Yield (line number, object) of JSON lines, or (place, object) of one array; None for what is no object."""
    if text.lstrip().startswith("["):
        try:
            listed = json.loads(text)
        except (ValueError, RecursionError):
            listed = None
        if isinstance(listed, list):
            for number, each in enumerate(listed, 1):
                yield number, each if isinstance(each, dict) else None
            return
    # Not splitlines, which also splits at characters within a cell, such as U+2028.
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                each = json.loads(line)
            except (ValueError, RecursionError):
                each = None
            yield number, each if isinstance(each, dict) else None
