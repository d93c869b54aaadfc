"""Texts of strangers: what no database and no answer can hold, what a spreadsheet would run, how much is quoted."""

from __future__ import annotations

import re
from typing import Any, Final

UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
"""NUL, which Postgres refuses, and halves of characters (lone surrogates), which UTF-8 cannot write."""
_LONGEST_QUOTED: Final = 300
_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{2,4})_")
_FORMULA: Final = re.compile(r"(^|[;,|]\s*+)(?=[=+@-])")


def holds_unstorable(content: Any) -> bool:
    """Return True if any text in plain values holds ``UNSTORABLE``; names of fields are checked too."""
    left = [content]  # no recursion: the caller determines how deep it is nested
    while left:
        each = left.pop()
        if isinstance(each, str) and UNSTORABLE.search(each):
            return True
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
    return False


def shortened(text: str) -> str:
    """Return a text of a stranger as a message may quote it, cut off after 300 letters."""
    return text if len(text) <= _LONGEST_QUOTED else f"{text[:_LONGEST_QUOTED]}…"


def unescaped(name: str) -> str:
    """Return an id with Illustrator's escapes, such as ``_x5F_``, as the characters that they stand for.

    Escapes of what cannot be stored stay as they are.
    """

    def character(match: re.Match[str]) -> str:
        found = chr(int(match[1], 16))
        return match[0] if UNSTORABLE.match(found) else found

    return _ESCAPED.sub(character, name)


def escape_csv_formula(value: object) -> str:
    """Return a cell's text so that no spreadsheet runs it as a formula (OWASP, CSV injection).

    Where semicolons separate lists, a spreadsheet begins a new cell at one within the text too.
    """
    return _FORMULA.sub(r"\1'", " ".join(str(value).split()))
