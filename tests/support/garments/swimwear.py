"""Swimwear drawn flat, with its landmarks known; see ``flat_lays``."""

from __future__ import annotations

import numpy as np

from tests.support.garments.flat_lays import Drawn, draw, upper
from vmodel.garment.recognition.landmarks import complete
from vmodel.types import Category, Cutout, FlatLay, GarmentKind, Neckline, Sleeve


def swimsuit(leg_line: float = 400.0) -> Drawn:
    """Draw a one-piece on straps.

    Args:
        leg_line: y of the sides' lower ends; the crotch is at 520.
    """
    outline = [(0, 150), (50, 142), (56, 60), (66, 60), (70, 142), (92, 170), (72, 270), (96, leg_line), (14, 520)]
    sides = {
        "neck": (56, 60), "shoulder": (66, 60), "armpit": (92, 170), "waist": (72, 270), "hip": (94, leg_line - 10),
        "leg_outer": (96, leg_line), "leg_inner": (14, 520),
    }  # fmt: skip
    return draw(
        upper(Category.SWIMWEAR, Sleeve.STRAP, Neckline.SCOOP),
        [*outline, (0, 520)],
        sides,
        {"neck_front": 150, "neck_back": 150, "crotch": 520, "waist_front": 270},
    )


def bikini() -> Drawn:
    """Draw a top on straps, and a brief below it."""
    sides = {"neck": (56, 70), "shoulder": (66, 70), "armpit": (92, 160)}
    outline = [(0, 150), (50, 140), (56, 70), (66, 70), (70, 140), (92, 160), (90, 196), (0, 198)]
    kind = upper(Category.SWIMWEAR, Sleeve.STRAP, Neckline.SCOOP)
    top = draw(kind, outline, sides, {"neck_front": 150, "neck_back": 150})
    ends = {"waist": (84, 300), "hip": (90, 325), "leg_outer": (90, 330), "leg_inner": (16, 430)}
    brief = draw(
        GarmentKind(Category.SHORTS, 1.0), [(0, 304), (84, 300), (90, 330), (16, 430), (0, 430)], ends,
        {"crotch": 430, "waist_front": 304},
    )  # fmt: skip
    rgb = np.where(brief.mask[..., None], brief.rgb, top.rgb)
    points = {**top.landmarks.points_px, **brief.landmarks.points_px}
    matte = Cutout(np.maximum(top.cutout.matte, brief.cutout.matte), "mask", 1.0)
    found = complete(kind, points, dict.fromkeys(points, 1.0))
    return Drawn(FlatLay("bikini.png", "3" * 64, np.asarray(rgb, np.uint8)), matte, kind, found)
