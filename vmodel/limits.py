"""Bounds of a picture's options, the same on the command line, in the API, on the page and in the queue."""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 200
"""How often a pipeline may be told to ask its network for one picture."""
SEEDS: Final = 2**31
"""Seeds are whole numbers from 0 and below this."""
SHORTEST_FOCAL_MM: Final = 20
LONGEST_FOCAL_MM: Final = 300
