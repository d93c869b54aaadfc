"""From a drawn garment to the network's input: masks, cloth textures, faults of real cut-outs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.training.silhouette_drawing import Drawing
from vmodel.garment.silhouette_net import LANDMARKS, SIZE
from vmodel.types import ByteArray, FloatArray

CANVAS = 2 * SIZE


@dataclass(frozen=True)
class Sample:
    """One training pair.

    Attributes:
        mask, luma: (CANVAS, CANVAS) uint8.
        inside: (CANVAS, CANVAS) uint8, 255 where the inside of the back shows.
        points: (len(LANDMARKS), 2) float32 canvas (x, y), NaN where the garment has none.
    """

    mask: ByteArray
    luma: ByteArray
    inside: ByteArray
    points: FloatArray


def paint(rng: np.random.Generator, drawing: Drawing) -> Sample:
    """Draw the layers with a random cloth."""
    to_canvas = _placement(rng, drawing)
    mask = np.zeros((CANVAS, CANVAS), np.uint8)
    inside = np.zeros_like(mask)
    cloth = _cloth(rng)
    luma = cloth.copy()
    darker = cloth * rng.uniform(0.5, 0.95) if rng.random() < 0.8 else cloth + rng.normal(0, 0.2)
    lining = _cloth(rng) if rng.random() < 0.15 else np.clip(darker, 0, 1)
    if rng.random() < 0.4:
        lining = _with_label(rng, lining, to_canvas(drawing.landmarks.get("neck_back", np.zeros(2))[None])[0])
    bold = rng.uniform(0.15, 0.45) * rng.choice([-1, -1, 1])
    line_shade, line_alpha = rng.uniform(-0.35, 0.2), rng.uniform(0.1, 1.0)
    layers = sorted(drawing.layers, key=lambda layer: layer[0] in {"inside", "collar", "slit"})
    for role, outline in layers:
        polygon = [np.round(to_canvas(outline) * 16).astype(np.int32)]
        area = cv2.fillPoly(np.zeros_like(mask), polygon, 255, cv2.LINE_AA, 4)
        if role == "slit":
            mask, inside = np.where(area > 127, 0, mask), np.where(area > 127, 0, inside)
            continue
        if role == "detail":
            luma = np.where(area > 127, np.clip(luma + bold, 0, 1), luma)
            continue
        inside = np.where(area > 127, 255 if role == "inside" else 0, inside)
        mask = np.maximum(mask, area)
        source = lining if role == "inside" else np.clip(cloth + rng.normal(0, 0.02), 0, 1)
        luma = np.where(area > 127, source, luma)
        edge = cv2.polylines(np.zeros_like(mask), polygon, True, 255, 2, cv2.LINE_AA, 4)
        luma = np.clip(luma + edge / 255.0 * line_shade * line_alpha, 0, 1)
    for line in drawing.lines:
        if rng.random() < 0.7:
            polygon = [np.round(to_canvas(line) * 16).astype(np.int32)]
            edge = cv2.polylines(np.zeros_like(mask), polygon, False, 255, int(rng.integers(1, 3)), cv2.LINE_AA, 4)
            luma = np.clip(luma + edge / 255.0 * line_shade * rng.uniform(0.2, 1.0), 0, 1)
    for line in drawing.closing:
        polygon = [np.round(to_canvas(line) * 16).astype(np.int32)]
        edge = cv2.polylines(np.zeros_like(mask), polygon, False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 4)
        luma = np.clip(luma + edge / 255.0 * bold, 0, 1)
    luma = _shade(rng, luma, mask)
    points = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    for name, point in drawing.landmarks.items():
        points[LANDMARKS.index(name)] = to_canvas(point[None])[0]
    return Sample(_spoil(rng, mask), (luma * 255).astype(np.uint8), inside.astype(np.uint8), points)


def _placement(rng: np.random.Generator, drawing: Drawing) -> Callable[[FloatArray], FloatArray]:
    """Map from drawing centimetres to the canvas, with a small turn and shear."""
    angle = rng.normal(0, 2.5) * np.pi / 180
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = turn @ np.array([[1, rng.normal(0, 0.015)], [0, 1]])
    points = np.concatenate([outline for _, outline in drawing.layers]) @ turn.T
    low, high = points.min(0), points.max(0)
    scale = CANVAS * rng.uniform(0.86, 0.95) / (high - low).max()
    offset = CANVAS / 2 - (low + high) / 2 * scale + rng.normal(0, 1.5, 2)
    return lambda p: np.asarray(p @ turn.T * scale + offset)


def _with_label(rng: np.random.Generator, lining: FloatArray, centre: FloatArray) -> FloatArray:
    """A woven label sewn inside the back."""
    half = rng.uniform([3, 2], [9, 6])
    low, high = centre + np.array([0, half[1]]) - half, centre + np.array([0, half[1] * rng.uniform(1.2, 2.5)]) + half
    spots = [tuple(int(v) for v in corner) for corner in (low, high)]
    return np.asarray(cv2.rectangle(lining.astype(np.float32), spots[0], spots[1], float(rng.uniform(0, 1)), -1))


def _shade(rng: np.random.Generator, luma: FloatArray, mask: ByteArray) -> FloatArray:
    """Soft light: blotches, folds that run down the cloth, darker towards the outline."""
    blotches = _smooth_noise(rng, 12) * rng.uniform(0, 0.06)
    grid = rng.normal(0, 1, (int(rng.integers(3, 8)), int(rng.integers(20, 60)))).astype(np.float32)
    folds = cv2.resize(grid, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) * rng.uniform(0, 0.06)
    depth = cv2.distanceTransform((mask > 127).astype(np.uint8), cv2.DIST_L2, 3)
    rim = np.exp(-depth / rng.uniform(2, 8)) * rng.uniform(0, 0.25)
    return np.asarray(np.clip(luma + blotches + folds - rim, 0, 1), np.float32)


def _smooth_noise(rng: np.random.Generator, cells: int) -> FloatArray:
    grid = rng.normal(0, 1, (cells, cells)).astype(np.float32)
    return np.asarray(cv2.resize(grid, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC))


def _cloth(rng: np.random.Generator) -> FloatArray:
    """Luma of a cloth, (CANVAS, CANVAS) in 0..1: plain, striped, checked, dotted, mottled or colour-blocked."""
    ground = np.full((CANVAS, CANVAS), rng.uniform(0.05, 0.95), np.float32)
    ink = rng.uniform(0, 1)
    y, x = np.mgrid[0:CANVAS, 0:CANVAS].astype(np.float32)
    kind = rng.choice(6, p=[0.45, 0.1, 0.05, 0.1, 0.22, 0.08])
    if kind == 0:
        return ground
    period, angle = rng.uniform(5, 26), rng.choice([0.0, np.pi / 2, rng.uniform(0, np.pi)])
    along = (x * np.cos(angle) + y * np.sin(angle)) / period
    across = (y * np.cos(angle) - x * np.sin(angle)) / period
    if kind == 1:
        pattern = (along % 1) < rng.uniform(0.2, 0.6)
    elif kind == 2:
        pattern = ((along % 1) < 0.4) | ((across % 1) < 0.4)
    elif kind == 3:
        pattern = ((along % 1 - 0.5) ** 2 + (across % 1 - 0.5) ** 2) < rng.uniform(0.03, 0.15)
    elif kind == 4:
        field = _smooth_noise(rng, int(rng.integers(8, 50)))
        second = _smooth_noise(rng, int(rng.integers(8, 50)))
        ground = np.where(second > 0.6, rng.uniform(0, 1), ground)
        pattern = field > rng.uniform(0.0, 0.8)
    else:
        pattern = y > CANVAS * rng.uniform(0.2, 0.8)
    return np.asarray(np.where(pattern, ink, ground), np.float32)


def _spoil(rng: np.random.Generator, mask: ByteArray) -> ByteArray:
    """Faults of real cut-outs: ragged edges, bites, crumbs."""
    spoiled = mask.astype(np.float32)
    if rng.random() < 0.5:
        spoiled = cv2.GaussianBlur(spoiled, (0, 0), 2.0) + _smooth_noise(rng, 90) * rng.uniform(0, 45)
        spoiled = np.where(spoiled > rng.uniform(100, 155), 255, 0).astype(np.float32)
    if rng.random() < 0.15:
        centre = rng.uniform(0.1, 0.9, 2) * CANVAS
        radius = int(rng.uniform(3, 12))
        cv2.circle(spoiled, tuple(int(c) for c in centre), radius, float(rng.choice([0, 255])), -1)
    return np.clip(spoiled, 0, 255).astype(np.uint8)
