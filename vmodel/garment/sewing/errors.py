"""Errors of sewing patterns.

VModelError
└── InputError
    ├── SewingUnreadable   no pattern, a damaged one, or one past the bounds
    ├── SeveralSizes       a graded pattern: every piece in several sizes
    ├── PieceInvalid       a piece is no closed shape, or does not say where it belongs
    ├── SeamIncomplete     a label of a seam is not on exactly two sides
    └── SeamMismatch       two edges that are to be sewn together do not match
"""

from __future__ import annotations

from collections.abc import Sequence

from vmodel.core.texts import shortened
from vmodel.errors import InputError


class SewingUnreadable(InputError):
    """The file holds no sewing pattern that vmodel reads."""

    code = "sewing_unreadable"

    def __init__(self, pattern: str, reason: str) -> None:
        super().__init__(
            f"{pattern} is no sewing pattern that can be read ({shortened(reason)}); docs/patterns.md shows how one is "
            "drawn."
        )
        self.pattern, self.reason = pattern, reason


class SeveralSizes(InputError):
    """The file holds every piece in several sizes."""

    code = "several_sizes"

    def __init__(self, pattern: str, sizes: Sequence[str]) -> None:
        named = f"{', '.join(sizes[:-1])} and {sizes[-1]}"
        super().__init__(f"{pattern} holds its pieces in the sizes {named}; export one size to a file of its own.")
        self.pattern, self.sizes = pattern, tuple(sizes)


class PieceInvalid(InputError):
    """One piece of the pattern cannot be cut or placed."""

    code = "piece_invalid"

    def __init__(self, piece: str, reason: str, remedy: str) -> None:
        super().__init__(f"The piece {shortened(piece)} {shortened(reason)}; {remedy}.")
        self.piece, self.reason = piece, reason


class SeamMismatch(InputError):
    """Two edges of a seam differ in length, or an edge has no partner."""

    code = "seam_mismatch"

    def __init__(self, first: str, first_cm: float, second: str, second_cm: float) -> None:
        super().__init__(
            f"{shortened(first)} is {first_cm:.1f} cm and {shortened(second)} is {second_cm:.1f} cm long, but they are "
            "sewn together; "
            "make them match, or name the longer one gather-... or ease-... if it is drawn in."
        )
        self.first, self.first_cm, self.second, self.second_cm = first, first_cm, second, second_cm


class SeamIncomplete(InputError):
    """A seam's label is not on exactly two sides."""

    code = "seam_incomplete"

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(
            f"The seam {shortened(label)} {shortened(reason)}; give each pair of edges a label of its own."
        )
        self.label, self.reason = label, reason
