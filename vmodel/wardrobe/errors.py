"""Error of a style that does not exist."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import InputError


class UnknownStyle(InputError):
    """No style and no piece of the wardrobe has this name."""

    code = "unknown_style"

    def __init__(self, style: str, known: Iterable[str]) -> None:
        listed = ", ".join(known)
        super().__init__(f"Unknown style {style!r}; use one of: {listed}, or pieces of docs/cli.md joined by +.")
        self.style = style
