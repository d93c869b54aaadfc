"""Error that stops a picture before it is made, because the worn garment missed a bar."""

from __future__ import annotations

from collections.abc import Iterable

from vmodel.errors import StageError


class NotWornRight(StageError):
    """The garment stays on, but not where its photo and the body say it belongs."""

    code = "not_worn_right"

    def __init__(self, reason: str, missed: Iterable[str] = ()) -> None:
        super().__init__(reason)
        self.reason, self.missed = reason, tuple(missed)
