"""Errors of vector drawings and prints.

VModelError
└── InputError
    ├── DrawingUnreadable   no SVG, or a damaged one
    ├── DrawingUnsafe       it holds content that a drawing of a garment does not need
    └── DrawingTooLarge     more bytes, elements or depth than the bound
"""

from __future__ import annotations

from vmodel.core.texts import shortened
from vmodel.errors import InputError


class DrawingUnreadable(InputError):
    """The file is no SVG, or it cannot be drawn."""

    code = "drawing_unreadable"

    def __init__(self, drawing: str, reason: str) -> None:
        super().__init__(f"{drawing} cannot be drawn ({shortened(reason)}); export it again as plain SVG.")
        self.drawing, self.reason = drawing, reason


class DrawingUnsafe(InputError):
    """The drawing holds scripts, references to other files, text that needs fonts, or effects."""

    code = "drawing_unsafe"

    def __init__(self, drawing: str, what: str, remedy: str) -> None:
        super().__init__(f"{drawing} holds {shortened(what)}, which vmodel does not draw; {remedy}.")
        self.drawing, self.what = drawing, what


class DrawingTooLarge(InputError):
    """The drawing would take too long."""

    code = "drawing_too_large"

    def __init__(self, drawing: str, what: str) -> None:
        super().__init__(f"{drawing} {what}; simplify it and export it again.")
        self.drawing = drawing
