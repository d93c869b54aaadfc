"""Outlines, folds and stitches of garments, in centimetres from the middle of the neck or waist, y down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from scripts.drawing.canvas import HEIGHT, WIDTH, blur, smooth_noise
from vmodel.types import FloatArray

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Layout:
    """Layout of a garment: the position of its centimetres in the picture, and how carelessly it was laid down.

    Attributes:
        px_per_cm: scale.
        top: (x, y) pixel of the origin.
        drift: (H, W, 2) float32 displacement in pixels of everything that is drawn.
    """

    px_per_cm: float
    top: tuple[float, float]
    drift: FloatArray

    def px(self, points_cm: FloatArray | Points) -> FloatArray:
        """Convert (n, 2) cm to (n, 2) float64 pixels."""
        points = np.asarray(points_cm, np.float64) * self.px_per_cm + np.asarray(self.top)
        columns = np.clip(points[:, 0], 0, WIDTH - 1).astype(int)
        rows = np.clip(points[:, 1], 0, HEIGHT - 1).astype(int)
        return points + self.drift[rows, columns]

    def grid(self) -> tuple[FloatArray, FloatArray]:
        """Return x and y in cm of every pixel, each (H, W) float32; they follow the drift as the outlines do."""
        rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
        x = (columns - self.drift[..., 0] - self.top[0]) / self.px_per_cm
        y = (rows - self.drift[..., 1] - self.top[1]) / self.px_per_cm
        return x.astype(np.float32), y.astype(np.float32)


def lay_out(px_per_cm: float, top: tuple[float, float], rng: np.random.Generator, carelessness: float = 4.0) -> Layout:
    """Return a layout whose lines waver by about ``carelessness`` pixels."""
    drift = np.dstack([smooth_noise(rng, 150), smooth_noise(rng, 150)]) * carelessness
    return Layout(px_per_cm, top, drift.astype(np.float32))


def curve(points: Points, per_span: int = 16) -> FloatArray:
    """Return (n, 2) points of a Catmull-Rom spline through ``points``."""
    knots = np.asarray(points, np.float64)
    before, after = (_continued(knots[end], knots[inner]) for end, inner in ((0, 1), (-1, -2)))
    padded = np.vstack([before, knots, after])
    t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
    spans = []
    for p0, p1, p2, p3 in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        cubic = 2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
        spans.append(cubic / 2)
    return np.vstack([*spans, knots[-1:]])


def _continued(end: FloatArray, inner: FloatArray) -> FloatArray:
    """Return a point past the end of a curve; a curve that ends flat in the middle continues mirrored."""
    across, down = np.abs(end - inner)
    return inner * [-1, 1] if end[0] == 0 and down < 0.5 * across else 2 * end - inner


def path(*edges: Points) -> FloatArray:
    """Join edges at corners, each edge a smooth curve."""
    return np.vstack([curve(edge) if len(edge) > 2 else np.asarray(edge, np.float64) for edge in edges])


def mirrored(points: FloatArray | Points) -> FloatArray:
    """Mirror the points at x = 0, in reverse order."""
    return np.asarray(points, np.float64)[::-1] * [-1, 1]


def moved(points: FloatArray, x: float, y: float) -> FloatArray:
    """Shift the points by (x, y)."""
    return points + np.array([x, y])


def closed(right: FloatArray) -> FloatArray:
    """Complete a symmetric loop from its right half, which begins and ends at x = 0."""
    return np.vstack([right, mirrored(right)])


def fill(layout: Layout, outline_cm: FloatArray | Points) -> FloatArray:
    """Return (H, W) float32 coverage of a polygon, anti-aliased."""
    scale = 4
    canvas = np.zeros((HEIGHT * scale // 2, WIDTH * scale // 2), np.uint8)
    points = np.round(layout.px(outline_cm) * (scale // 2) * 16).astype(np.int32)
    cv2.fillPoly(canvas, [points], 255, lineType=cv2.LINE_AA, shift=4)
    return cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def stroke(layout: Layout, line_cm: FloatArray | Points, width_px: float) -> FloatArray:
    """Return (H, W) float32 coverage of an open line."""
    canvas = np.zeros((HEIGHT * 2, WIDTH * 2), np.uint8)
    points = np.round(layout.px(line_cm) * 2 * 16).astype(np.int32)
    cv2.polylines(canvas, [points], False, 255, max(1, round(width_px * 2)), cv2.LINE_AA, 4)
    return cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def stitches(
    layout: Layout, line_cm: FloatArray | Points, length_cm: float = 0.32, width_px: float = 2.0
) -> FloatArray:
    """Return (H, W) float32 coverage of a dashed line of thread."""
    line = np.asarray(line_cm, np.float64)
    run = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    coverage = np.zeros((HEIGHT, WIDTH), np.float32)
    canvas = np.zeros((HEIGHT * 2, WIDTH * 2), np.uint8)
    for start in np.arange(0, run[-1], length_cm):
        at = np.linspace(start, min(start + 0.62 * length_cm, run[-1]), 3)
        dash = np.column_stack([np.interp(at, run, line[:, 0]), np.interp(at, run, line[:, 1])])
        points = np.round(layout.px(dash) * 2 * 16).astype(np.int32)
        cv2.polylines(canvas, [points], False, 255, max(1, round(width_px * 2)), cv2.LINE_AA, 4)
    coverage += cv2.resize(canvas, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return coverage


def fold(layout: Layout, line_cm: Points, width_cm: float, height_px: float) -> FloatArray:
    """Return (H, W) float32 relief of a fold along a curve: steep on one side, soft on the other, with tapered ends."""
    line = layout.px(curve(line_cm, 24))
    share = np.linspace(0, 1, len(line))
    taper = np.sin(np.pi * np.clip(share, 0.02, 0.98)) ** 0.7
    width = width_cm * layout.px_per_cm
    x0, y0 = np.maximum(line.min(0) - 4 * width, 0).astype(int)
    x1, y1 = np.minimum(line.max(0) + 4 * width, [WIDTH, HEIGHT]).astype(int)
    relief = np.zeros((HEIGHT, WIDTH), np.float32)
    if x1 <= x0 or y1 <= y0:
        return relief
    rows, columns = np.mgrid[y0:y1:2, x0:x1:2].astype(np.float32)
    away = (columns[..., None] - line[:, 0].astype(np.float32)) ** 2 + (
        rows[..., None] - line[:, 1].astype(np.float32)
    ) ** 2
    nearest = away.argmin(axis=2)
    tangent = np.gradient(line, axis=0)
    delta = np.dstack([columns, rows]) - line[nearest]
    side = np.sign(tangent[nearest][..., 0] * delta[..., 1] - tangent[nearest][..., 1] * delta[..., 0])
    distance = np.sqrt(np.take_along_axis(away, nearest[..., None], 2)[..., 0]) / width
    spread = np.where(side > 0, 1.6, 0.8)
    ridge = np.exp(-((distance / spread) ** 2)) * taper[nearest] * height_px
    relief[y0:y1, x0:x1] = cv2.resize(ridge.astype(np.float32), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)
    # The nearest point of a drawn curve jumps from knot to knot; cloth does not.
    return blur(relief, 0.22 * width)


def crumple(rng: np.random.Generator, height_px: float, angle_deg: float = 80.0) -> FloatArray:
    """Return (H, W) float32 relief of cloth that was never ironed: soft waves and a few faint creases."""
    waves = 2.2 * smooth_noise(rng, 60, 2.2, angle_deg) + 0.9 * smooth_noise(rng, 24, 2.5, angle_deg + 25)
    creases = -np.abs(smooth_noise(rng, 46, 2.4, angle_deg - 35)) - 0.5 * np.abs(
        smooth_noise(rng, 26, 3.0, angle_deg + 40)
    )
    return height_px * (waves + 1.8 * creases).astype(np.float32)
