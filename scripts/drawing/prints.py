"""Procedural prints, as factors or linear-light colours in the cloth's own centimetres."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from scripts.drawing.canvas import HEIGHT, WIDTH, colour
from scripts.drawing.cutting import Layout
from vmodel.types import FloatArray

_NAVY = "#1e2a4a"


def stripes(
    layout: Layout,
    period_cm: float,
    width_cm: float,
    axis: tuple[tuple[float, float], tuple[float, float]] | None = None,
    inside: bool = False,
) -> FloatArray:
    """Return (H, W, 3) factor on an ecru ground: navy stripes across the body, or across an axis.

    Args:
        layout: where the cloth lies.
        period_cm: two stripes a period.
        width_cm: of a stripe.
        axis: two points in cm; the stripes run square to it.
        inside: the wrong side of the cloth, where stripes are pale.
    """
    x, y = layout.grid()
    along = y
    if axis is not None:
        (x0, y0), (x1, y1) = axis
        length = np.hypot(x1 - x0, y1 - y0)
        along = ((x - x0) * (x1 - x0) + (y - y0) * (y1 - y0)) / length + y0
    pitch = period_cm / 2
    distance = np.abs(np.mod(along - 9.0, pitch) - pitch / 2)
    edge = 0.7 / layout.px_per_cm
    share = np.clip((width_cm / 2 - distance) / edge + 0.5, 0, 1) * (along > 9.0)
    dyed = colour(_NAVY) / colour("#ece4d3")
    strength = 0.45 if inside else 1.0
    return (1 + strength * share[..., None] * (dyed - 1)).astype(np.float32)


def blossoms(layout: Layout, rng: np.random.Generator) -> FloatArray:
    """Return (H, W, 3) linear-light: leaves and five-petalled flowers strewn on deep green."""
    scale = 2
    canvas = np.empty((HEIGHT * scale, WIDTH * scale, 3), np.float32)
    canvas[:] = colour("#27443a")
    petals = [colour(code) for code in ("#e8a7a1", "#f3d9c4", "#d9634f", "#f0c35a", "#f6ece0")]
    leaves = [colour(code) for code in ("#5d8a68", "#86a874", "#3c6b58")]
    unit_px = layout.px_per_cm * scale
    for x, y in _scattered(rng, 3.1 * unit_px, canvas.shape):
        for _ in range(rng.integers(2, 4)):
            _leaf(canvas, x, y, unit_px * rng.uniform(1.3, 2.0), rng.uniform(0, 360), leaves[rng.integers(3)])
        _flower(canvas, x, y, unit_px * rng.uniform(0.75, 1.35), rng.uniform(0, 72), petals[rng.integers(5)])
    for x, y in _scattered(rng, 1.9 * unit_px, canvas.shape):
        cv2.circle(
            canvas, (x, y), int(unit_px * rng.uniform(0.1, 0.18)), petals[rng.integers(5)].tolist(), -1, cv2.LINE_AA
        )
    flat = cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return cv2.remap(flat, columns - layout.drift[..., 0], rows - layout.drift[..., 1], cv2.INTER_LINEAR)


def lettering(layout: Layout, name: str, line: str, top_cm: float, width_cm: float) -> FloatArray:
    """Return (H, W) coverage of a badge: a sun over waves, a name below it and a line of small type."""
    scale = 4
    side = int(width_cm * layout.px_per_cm * scale)
    badge = Image.new("L", (side, int(side * 0.92)), 0)
    draw = ImageDraw.Draw(badge)
    middle, radius = side / 2, side * 0.2
    sun = (middle - radius, side * 0.06, middle + radius, side * 0.06 + 2 * radius)
    draw.ellipse(sun, fill=235)
    for row in range(4):
        y = side * (0.30 + 0.055 * row)
        x = np.linspace(middle - side * 0.30, middle + side * 0.30, 200)
        wave = y + side * 0.014 * np.sin((x - middle) / side * 42 + row)
        draw.line([*map(tuple, np.column_stack([x, wave]))], fill=0 if row < 2 else 235, width=int(side * 0.018))
    _centred(draw, name, side, side * 0.53, 0.96)
    _centred(draw, line, side, side * 0.76, 0.70)
    draw.line((side * 0.1, side * 0.735, side * 0.9, side * 0.735), fill=235, width=int(side * 0.008))
    small = badge.resize((side // scale, int(side * 0.92) // scale), Image.Resampling.LANCZOS)
    canvas = np.zeros((HEIGHT, WIDTH), np.float32)
    left = int(layout.top[0] - small.width / 2)
    top = int(layout.top[1] + top_cm * layout.px_per_cm)
    canvas[top : top + small.height, left : left + small.width] = np.asarray(small, np.float32) / 255
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    return cv2.remap(canvas, columns - layout.drift[..., 0], rows - layout.drift[..., 1], cv2.INTER_LINEAR)


def _centred(draw: ImageDraw.ImageDraw, text: str, side: int, top: float, share: float) -> None:
    reference = ImageFont.load_default(100)
    size = 100 * share * side / draw.textlength(text, reference)
    draw.text(
        (side / 2, top), text, 235, ImageFont.load_default(size), anchor="ma", stroke_width=max(1, int(size / 45))
    )


def _scattered(rng: np.random.Generator, spacing: float, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return points of a jittered hexagonal grid, in random order."""
    points = []
    for row, y in enumerate(np.arange(0, shape[0] + spacing, spacing * 0.87)):
        for x in np.arange((row % 2) * spacing / 2, shape[1] + spacing, spacing):
            points.append((x + rng.normal(0, spacing * 0.16), y + rng.normal(0, spacing * 0.16)))
    order = rng.permutation(len(points))
    return [(int(points[i][0]), int(points[i][1])) for i in order]


def _flower(canvas: FloatArray, x: int, y: int, radius: float, turn: float, tint: FloatArray) -> None:
    for petal in range(5):
        angle = np.radians(turn + 72 * petal)
        centre = (int(x + 0.62 * radius * np.cos(angle)), int(y + 0.62 * radius * np.sin(angle)))
        axes = (int(0.56 * radius), int(0.40 * radius))
        cv2.ellipse(canvas, centre, axes, float(np.degrees(angle)), 0, 360, tint.tolist(), -1, cv2.LINE_AA)
        inner = (int(x + 0.4 * radius * np.cos(angle)), int(y + 0.4 * radius * np.sin(angle)))
        shade = (tint * 0.72).tolist()
        cv2.ellipse(
            canvas,
            inner,
            (int(0.3 * radius), int(0.09 * radius)),
            float(np.degrees(angle)),
            0,
            360,
            shade,
            -1,
            cv2.LINE_AA,
        )
    cv2.circle(canvas, (x, y), int(0.22 * radius), colour("#e0a93a").tolist(), -1, cv2.LINE_AA)
    cv2.circle(canvas, (x, y), int(0.09 * radius), colour("#8a4a22").tolist(), -1, cv2.LINE_AA)


def _leaf(canvas: FloatArray, x: int, y: int, length: float, angle: float, tint: FloatArray) -> None:
    t = np.linspace(0, 1, 14)
    half = 0.17 * length * np.sin(np.pi * t) ** 0.8
    along, across = np.concatenate([t, t[::-1]]) * length, np.concatenate([half, -half[::-1]])
    turn = np.radians(angle)
    points = np.column_stack(
        [along * np.cos(turn) - across * np.sin(turn), along * np.sin(turn) + across * np.cos(turn)]
    )
    cv2.fillPoly(canvas, [np.round(points + np.array([x, y])).astype(np.int32)], tint.tolist(), cv2.LINE_AA)
    tip = (int(x + length * np.cos(turn) * 0.9), int(y + length * np.sin(turn) * 0.9))
    cv2.line(canvas, (x, y), tip, (tint * 0.7).tolist(), max(1, int(length * 0.02)), cv2.LINE_AA)
