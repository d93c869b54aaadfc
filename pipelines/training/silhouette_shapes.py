"""Garments drawn from numbers: outlines with known landmarks, for training the silhouette network.

Lengths are centimetres of an adult garment, x to the photo's right, y down, the neck (or waist) at y = 0.
The ranges come from common size charts; their ratios are what matters, because the network sees a
normalised crop.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.training.silhouette_drawing import Drawing
from pipelines.training.silhouette_lowers import draw_legs, draw_skirt
from pipelines.training.silhouette_uppers import draw_upper
from vmodel.types import Category


def draw_garment(rng: np.random.Generator) -> Drawing:
    """A random garment of a random category."""
    makers: list[tuple[float, Callable[[np.random.Generator], Drawing]]] = [
        (0.37, lambda r: draw_upper(r, Category.TOP)),
        (0.19, lambda r: draw_upper(r, Category.DRESS)),
        (0.08, lambda r: draw_upper(r, Category.OUTERWEAR)),
        (0.06, lambda r: draw_upper(r, Category.JUMPSUIT)),
        (0.13, lambda r: draw_legs(r, Category.TROUSERS)),
        (0.08, lambda r: draw_legs(r, Category.SHORTS)),
        (0.09, draw_skirt),
    ]
    return makers[rng.choice(len(makers), p=[weight for weight, _ in makers])][1](rng)
