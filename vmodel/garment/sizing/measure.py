"""Tape measure for patterns: widths and lengths of a garment in its own unit (centimetres once scaled)."""

from __future__ import annotations

import numpy as np

from vmodel.types import Garment, Panel

SIDES = ("left", "right")
_ROW_CM = 1.0


def back_panel(garment: Garment) -> Panel:
    """Return the piece that shows the garment's whole width."""
    return next((panel for panel in garment.panels if panel.side == "back"), garment.panels[0])


def chest_width(garment: Garment) -> float:
    """Measure the flat width from armpit to armpit."""
    return _between(garment, "armpit")


def waistband_width(garment: Garment) -> float:
    """Measure the flat width of a waistband, between the ends of its edge."""
    edge = None if is_sewn(garment) else back_panel(garment).edges.get("waist")
    return _between(garment, "waist") if edge is None else float(np.linalg.norm(edge[0] - edge[-1]))


def garment_length(garment: Garment) -> float:
    """Measure from the neck points (or the waist) straight down to the hem or leg ends."""
    marks = garment.landmarks_cm
    top = "neck" if garment.kind.category.covers_upper else "waist"
    ends = ("leg_outer", "leg_inner") if garment.kind.category.has_legs else ("hem",)
    high = np.mean([marks[f"{top}_{side}"][1] for side in SIDES])
    low = np.mean([marks[f"{end}_{side}"][1] for end in ends for side in SIDES])
    return float(high - low)


def width_at(garment: Garment, y: float) -> float | None:
    """Measure the flat width between the side seams at a height; None above or below them."""
    if is_sewn(garment):
        return _laid_width(garment, y)
    edges = back_panel(garment).edges
    spots = []
    for side in SIDES:
        line = edges.get(f"side_{side}")
        if line is None or not line[:, 1].min() <= y <= line[:, 1].max():
            return None
        spots.append(line[np.abs(line[:, 1] - y).argmin(), 0])
    return float(abs(spots[0] - spots[1]))


def is_sewn(garment: Garment) -> bool:
    """Tell whether a garment comes from a sewing pattern, whose pieces are not in the garment's own plane."""
    return any(panel.laid is not None for panel in garment.panels)


def _laid_width(garment: Garment, y: float) -> float | None:
    """Measure the width at a height of a sewn garment lying flat, without its sleeves."""
    trunk = [
        panel.laid[1]
        for panel in garment.panels
        if panel.laid is not None and not any(name.startswith(("sleeve_", "cuff")) for name in panel.edges)
    ]
    points = np.concatenate(trunk) if trunk else np.zeros((0, 2))
    near = points[np.abs(points[:, 1] - y) < _ROW_CM]
    return float(np.ptp(near[:, 0])) if len(near) > 1 else None


def _between(garment: Garment, name: str) -> float:
    marks = garment.landmarks_cm
    return float(np.linalg.norm(marks[f"{name}_left"] - marks[f"{name}_right"]))
