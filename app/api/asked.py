"""What callers send as JSON, and the one character that no text of theirs may hold."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

NUL = "\0"
"""Postgres keeps it in no text and SQLite does, so it is refused before either is asked."""


class Asked(BaseModel):
    """A body of a request: nothing that is not described, and no NUL anywhere in it."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, content: Any) -> Any:
        if holds_nul(content):
            raise ValueError("a text holds a NUL character")
        return content


def holds_nul(content: Any) -> bool:
    """Whether any text in plain values is or holds a NUL; names of fields are looked at too."""
    left = [content]  # no recursion: whoever sends it decides how deep it is
    while left:
        each = left.pop()
        if isinstance(each, str) and NUL in each:
            return True
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
    return False
