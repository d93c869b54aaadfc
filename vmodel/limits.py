"""Bounds of a picture's options and of API keys, shared by the command line, the API, the web page and the queue."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from vmodel.errors import SizeOutOfRange

MOST_STEPS: Final = 200
"""Largest number of denoising steps for one picture."""
SEEDS: Final = 2**31
"""Seeds are whole numbers from 0 and below this."""
SHORTEST_FOCAL_MM: Final = 20
LONGEST_FOCAL_MM: Final = 300
USUAL_FOCAL_MM: Final = 85.0
GARMENT_CM: Final = (5.0, 250.0)
"""Smallest and largest measure of a garment lying flat."""
MOST_WORN: Final = 4
"""Largest number of garments in an outfit, including the one on sale."""


class KeyDays(StrEnum):
    """Days after which a new API key ends."""

    MONTH = "30"
    QUARTER = "90"
    YEAR = "365"
    NEVER = "never"


GRACE_HOURS, MOST_GRACE_HOURS = 24, 168
"""Hours for which a replaced API key stays valid: usual, and at most."""
_SMALLEST, _LARGEST = (384, 288), (3072, 3072)


def check_size(size: tuple[int, int]) -> None:
    """Raise ``SizeOutOfRange`` unless (height, width) lies between 384x288 and 3072x3072."""
    height, width = size
    if not (_SMALLEST[0] <= height <= _LARGEST[0] and _SMALLEST[1] <= width <= _LARGEST[1]):
        raise SizeOutOfRange(f"{height}x{width}")
