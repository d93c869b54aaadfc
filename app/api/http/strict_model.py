"""Base model of request bodies: unknown fields and texts that cannot be stored are rejected."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from vmodel.core.texts import holds_unstorable


class StrictModel(BaseModel):
    """Base of request bodies, without fields that are not described and without any NUL or half a character."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_unstorable(cls, content: Any) -> Any:
        if holds_unstorable(content):
            raise ValueError("a text holds a NUL or half a character")
        return content
