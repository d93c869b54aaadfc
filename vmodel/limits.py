"""Bounds of a picture's options, shared by the command line, the API, the web page and the queue."""

from __future__ import annotations

from typing import Final

MOST_STEPS: Final = 200
"""Largest number of denoising steps for one picture."""
SEEDS: Final = 2**31
"""Seeds are whole numbers from 0 and below this."""
SHORTEST_FOCAL_MM: Final = 20
LONGEST_FOCAL_MM: Final = 300
