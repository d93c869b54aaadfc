"""Base model of request bodies: unknown fields and NUL characters are rejected."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

NUL = "\0"
"""Postgres cannot store it in a text and SQLite can, so it is refused before it reaches either."""


class StrictModel(BaseModel):
    """Base of request bodies, without fields that are not described and without any NUL character."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_nul(cls, content: Any) -> Any:
        if holds_nul(content):
            raise ValueError("a text holds a NUL character")
        return content


def holds_nul(content: Any) -> bool:
    """Return True if any text in plain values holds a NUL character; names of fields are checked too."""
    left = [content]  # no recursion: the caller determines how deep it is nested
    while left:
        each = left.pop()
        if isinstance(each, str) and NUL in each:
            return True
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
    return False
