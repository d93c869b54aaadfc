"""Garments for training scenes: drawn from a seed, photographed from above, and read as a seller's photo is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.showing import frame_flat_lay
from pipelines.training.scene_prints import draw_print
from pipelines.training.silhouette_drawing import Drawing
from pipelines.training.silhouette_shapes import draw_garment
from vmodel.garment.kind import understand
from vmodel.garment.pattern import infer_pattern
from vmodel.types import ByteArray, Cutout, FlatLay, FloatArray, Garment, GarmentKind

SIDE_PX = 1000
MATERIALS = ("jersey", "jersey", "cotton", "cotton", "denim", "silk", "knit", "leather", "coat-wool")
_MARGIN = 0.07


@dataclass(frozen=True)
class DrawnGarment:
    """A garment of a training scene.

    Attributes:
        id: of its seed.
        kind, detected: as read with and without the drawn category.
        garment: pattern in photo pixels, without a size.
        flat_lay: (128, 128, 3) uint8, cut out on white.
    """

    id: str
    kind: GarmentKind
    detected: GarmentKind
    garment: Garment
    flat_lay: ByteArray


def draw_and_read(garment_id: str, seed: int) -> DrawnGarment:
    """Draw a garment and read its pattern.

    Args:
        garment_id: name in the index.
        seed: decides cut, print and material.
    Raises:
        VModelError: the drawing shows no usable garment.
    """
    rng = np.random.default_rng([seed, 61])
    drawing = draw_garment(rng)
    rgb, mask = paint_flat_lay(rng, drawing)
    flat_lay, cutout = FlatLay(f"{garment_id}.png", garment_id, rgb), Cutout(mask, "mask", 1.0)
    detected, _ = understand(flat_lay, cutout)
    kind, landmarks = understand(flat_lay, cutout, drawing.category)
    garment = infer_pattern(flat_lay, cutout, kind, landmarks, None, str(rng.choice(MATERIALS)))
    return DrawnGarment(garment_id, kind, detected, garment, frame_flat_lay(rgb, mask))


def paint_flat_lay(rng: np.random.Generator, drawing: Drawing) -> tuple[ByteArray, FloatArray]:
    """A photo from above of a drawn garment on a white table.

    Returns:
        (H, W, 3) uint8 sRGB and its matte (H, W) float32 in 0..1.
    """
    place, px_per_cm = _placement(drawing)
    shape = (SIDE_PX, SIDE_PX)
    chest = place(np.array([[0.0, 22.0 if drawing.category.covers_upper else 34.0]]))[0].astype(int)
    cloth = draw_print(rng, shape, px_per_cm, (int(chest[0]), int(chest[1])))
    lining = 0.55 * cloth.mean(axis=(0, 1)) + 0.25 * cloth
    canvas: FloatArray = np.full((*shape, 3), 0.93, np.float32)
    mask: FloatArray = np.zeros(shape, np.float32)
    seams: FloatArray = np.zeros(shape, np.float32)
    for role, outline in sorted(drawing.layers, key=lambda layer: layer[0] in {"inside", "collar", "slit"}):
        area = _filled(place(outline), shape)
        if role == "slit":
            mask = mask * (1 - area)
            canvas = canvas * (1 - area[..., None]) + 0.93 * area[..., None]
            continue
        source = lining if role == "inside" else cloth * (0.86 if role == "detail" else 1.0)
        area = area * mask if role == "detail" else area
        canvas = canvas * (1 - area[..., None]) + source * area[..., None]
        mask = np.maximum(mask, area)
        if role != "inside":
            seams = np.maximum(seams, _stroked(place(outline), shape, True))
    for line in (*drawing.lines, *drawing.closing):
        seams = np.maximum(seams, _stroked(place(line), shape, False))
    shade = _folds(rng, shape, px_per_cm) - 0.10 * seams
    canvas = canvas * (1 + shade * mask)[..., None]
    noise = rng.normal(0, 0.006, canvas.shape)
    return (np.clip(canvas + noise, 0, 1) * 255 + 0.5).astype(np.uint8), mask


def _placement(drawing: Drawing) -> tuple[Callable[[FloatArray], FloatArray], float]:
    points = np.concatenate([outline for _, outline in drawing.layers])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = SIDE_PX * (1 - 2 * _MARGIN) / float((high - low).max())
    shift = SIDE_PX / 2 - 0.5 * (low + high) * scale
    return lambda cm: np.asarray(cm * scale + shift), scale


def _filled(points_px: FloatArray, shape: tuple[int, int]) -> FloatArray:
    polygon = [np.round(points_px * 16).astype(np.int32)]
    area = cv2.fillPoly(np.zeros(shape, np.uint8), polygon, 255, cv2.LINE_AA, 4)
    return np.asarray(area, np.float32) / 255


def _stroked(points_px: FloatArray, shape: tuple[int, int], is_closed: bool) -> FloatArray:
    line = [np.round(points_px * 16).astype(np.int32)]
    drawn = cv2.polylines(np.zeros(shape, np.uint8), line, is_closed, 255, 2, cv2.LINE_AA, 4)
    return np.asarray(cv2.GaussianBlur(drawn, (0, 0), 1.0), np.float32) / 255


def _folds(rng: np.random.Generator, shape: tuple[int, int], px_per_cm: float) -> FloatArray:
    """Light and shade of cloth that lies nearly smooth."""
    total = np.zeros(shape, np.float32)
    for size_cm, strength in ((9.0, 0.05), (3.0, 0.025)):
        sigma = size_cm * px_per_cm / 6
        small = rng.normal(size=(shape[0] // 4, shape[1] // 4)).astype(np.float32)
        field = cv2.GaussianBlur(small, (0, 0), sigmaX=sigma / 4, sigmaY=sigma / 1.5)
        total += strength * cv2.resize(field / field.std(), shape[::-1]) * rng.uniform(0.3, 1)
    return total
