"""Folds, stitches and buttons on cloth that lies on the table."""

from __future__ import annotations

import numpy as np

from scripts.drawing.canvas import Cloth, Table, blur, colour
from scripts.drawing.cutting import Layout, Points, curve, fill, fold, stitches, stroke
from vmodel.types import FloatArray


def sum_of_folds(
    layout: Layout,
    lines: list[Points] | tuple[Points, ...],
    rng: np.random.Generator,
    width_cm: float,
    height_px: float,
) -> FloatArray:
    """Return (H, W) relief of several folds, no two alike."""
    total = 0.0 * layout.drift[..., 0]
    for line in lines:
        total = total + fold(layout, line, width_cm * rng.uniform(0.6, 1.2), 1.7 * height_px * rng.uniform(0.5, 1.1))
    return total


def sew(
    table: Table,
    layout: Layout,
    lines: list[Points] | list[FloatArray],
    thread: str,
    grooves: list[Points] | list[FloatArray] | None = None,
) -> None:
    """Sew stitches that sink into the cloth, and grooves along seams; changes the table."""
    for line in lines:
        dashes = stitches(layout, curve(line, 30))[..., None]
        table.albedo = table.albedo * (1 - 0.75 * dashes) + colour(thread) * 0.75 * dashes
        table.relief = table.relief - 1.4 * blur(stroke(layout, curve(line, 30), 3), 1.2)
    for line in grooves or []:
        table.relief = table.relief - 4.0 * blur(stroke(layout, curve(line, 30), 2), 1.5)


def topstitch(table: Table, layout: Layout, lines: list[FloatArray], thread: str) -> None:
    """Sew strong thread in long stitches, as on jeans; changes the table."""
    for line in lines:
        table.relief = table.relief - 2.6 * blur(stroke(layout, line, 3), 1.6)
        dashes = stitches(layout, line, 0.42, 2.4)
        table.albedo = table.albedo * (1 - 0.85 * dashes[..., None]) + colour(thread) * 0.85 * dashes[..., None]
        table.relief = table.relief + 1.0 * dashes


def button(table: Table, layout: Layout, centre: tuple[float, float], radius_cm: float, rim: str, face: str) -> None:
    """Lay a metal button with a raised rim; changes the table."""
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    for radius, tint, lift in ((radius_cm, rim, 4.0), (radius_cm - 0.35, face, 2.0)):
        mask = fill(layout, ring * radius + centre)
        table.lay(mask, colour(tint), 0 * table.relief, Cloth("plain", 0.02, 0.4), lift)
