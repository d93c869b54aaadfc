"""Readers meet only the field's words and present-day English: none that was private to this project or is archaic."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
BANNED = {
    "afresh": "again",
    "amongst": "among",
    "deed": "change",
    "forthwith": "at once",
    "hitherto": "until now",
    "lest": "so that it does not",
    "nought": "nothing",
    "preflight": "check",
    "reading room": "reading pool",
    "sittings": "sessions",
    "thereof": "of it",
    "wherein": "in which",
    "whence": "from where",
    "whilst": "while",
}
"""Word -> what to write instead."""
WORDS = re.compile(r"\b(" + "|".join(BANNED).replace(" ", r"\s+") + r")\b", re.IGNORECASE)
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
MODULES = [path for folder in ("app", "pipelines", "vmodel") for path in (ROOT / folder).rglob("*.py")]


def texts_of(module: Path) -> Iterator[str]:
    """Yield every docstring of a module, and every help text and description that a call states."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield ast.get_docstring(node) or ""
        elif isinstance(node, ast.keyword) and node.arg in {"help", "description"}:
            yield from (
                part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and isinstance(part.value, str)
            )


def banned_in(text: str) -> list[str]:
    found = (" ".join(word.lower().split()) for word in WORDS.findall(text))
    return [f"{word!r}: write {BANNED[word]!r}" for word in found]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_uses_a_banned_word(page: Path) -> None:
    assert banned_in(page.read_text(encoding="utf-8")) == []


def test_no_docstring_or_help_text_uses_a_banned_word() -> None:
    found = {str(module.relative_to(ROOT)): banned_in(" ".join(texts_of(module))) for module in MODULES}
    assert {module: words for module, words in found.items() if words} == {}
