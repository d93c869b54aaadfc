"""Drawn garments with exact labels, for kinds that labelled photos lack.

``kinds`` decides the cut, ``cloth`` the cloth and ``background`` the ground. This module paints them and
derives parts and landmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipelines.training.reader.samples import Sample
from pipelines.training.reader.synthetic.background import light, paint_ground
from pipelines.training.reader.synthetic.cloth import Cloth, periodic_noise, random_cloth, random_colour, random_print
from pipelines.training.reader.synthetic.kinds import draw_garment
from pipelines.training.reader.synthetic.parts import Drawing, Layer, Mark, line
from vmodel.garment.recognition.network import LANDMARKS, PARTS
from vmodel.types import ByteArray, FloatArray

_SHIFT: Final = 4
"""Fractional bits of pixel coordinates in cv2's drawing functions."""
_FOLDS: Final = 96
"""Side in pixels of the tile of folds."""
_FOLDS_CM: Final = 60.0
_LEGS: Final = (PARTS.index("leg_left"), PARTS.index("leg_right"))
_UNSEEN: Final = {"ground", "label"}


def draw_sample(rng: np.random.Generator, background: ByteArray | None = None, side: int = 256) -> Sample:
    """Draw a garment of a random kind on a ground.

    Args:
        rng: the only source of chance.
        background: (H, W, 3) uint8 sRGB crop of a photo to compose on; None draws a ground.
        side: of the square picture in pixels.
    Returns:
        A sample whose parts are exact.
    """
    ground = paint_ground(rng, background, side)
    return paint(rng, draw_garment(rng), ground)


def paint(rng: np.random.Generator, drawing: Drawing, ground: FloatArray) -> Sample:
    """Paint a garment with random cloths.

    Args:
        rng: the only source of chance.
        drawing: what to paint.
        ground: (S, S, 3) float32 sRGB 0..1.
    """
    place = _Place.random(rng, drawing, len(ground))
    canvas = _Canvas(rng, place, drawing, len(ground))
    curves = [item.outline if isinstance(item, Layer) else item.curve for item in drawing.items]
    moved = np.split(place.to_canvas(np.concatenate(curves)), np.cumsum([len(curve) for curve in curves])[:-1])
    for item, curve in zip(drawing.items, moved, strict=True):
        if isinstance(item, Layer):
            canvas.fill(item, curve)
        else:
            canvas.mark(item, curve)
    points = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    weight = np.zeros(len(LANDMARKS), np.float32)
    for name, spot in drawing.points.items():
        points[LANDMARKS.index(name)] = place.to_canvas(spot[None])[0]
        weight[LANDMARKS.index(name)] = 0.5 if name in drawing.doubtful else 1.0
    rgb = _compose(rng, canvas, ground)
    cloth = (canvas.parts != PARTS.index("background")) & (canvas.parts != PARTS.index("hanger"))
    mask = np.where(cloth, np.maximum(canvas.mask, 0.51), np.minimum(canvas.mask, 0.49)).astype(np.float32)
    return Sample(rgb, mask, canvas.parts, points, weight, dict(drawing.choices), is_drawn=True)


@dataclass(frozen=True, eq=False)
class _Place:
    """Place of a drawing in the picture: scaled, turned, and warped as hand-laid cloth is."""

    turn: FloatArray
    scale: float
    offset: FloatArray
    waves: FloatArray
    """(4, 4) centimetres, cycles per centimetre along x and y, phase; two for each axis."""

    @staticmethod
    def random(rng: np.random.Generator, drawing: Drawing, side: int) -> _Place:
        """Choose a random place that keeps the garment within the picture."""
        calm = 0.4 if drawing.choices.get("laid") in {"form", "hanger"} else 1.0
        angle = np.radians(rng.normal(0, 3.0 if rng.random() < 0.9 else 14.0) * calm)
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turn = turn @ np.array([[1, rng.normal(0, 0.02) * calm], [0, rng.uniform(0.95, 1.05)]])
        waves = np.stack(
            [rng.uniform(0, 0.9, 4) * calm, rng.normal(0, 0.015, 4), rng.normal(0, 0.015, 4), rng.uniform(0, 6.28, 4)],
            1,
        )
        bare = _Place(turn, 1.0, np.zeros(2), waves)
        outlines = [item.outline for item in drawing.items if isinstance(item, Layer) and item.tone not in _UNSEEN]
        spread = bare.to_canvas(np.concatenate(outlines))
        low, high = spread.min(0), spread.max(0)
        share = rng.uniform(0.8, 0.96) if rng.random() < 0.75 else rng.uniform(0.5, 0.8)
        scale = side * share / float((high - low).max())
        free = side - (high - low) * scale
        shift = free * np.clip(rng.normal(0.5, 0.15, 2), 0.05, 0.95)
        return _Place(turn, scale, shift - low * scale, waves)

    def to_canvas(self, cm: FloatArray) -> FloatArray:
        """Return (n, 2) pixels of points in centimetres."""
        phase = cm @ (2 * np.pi * self.waves[:, 1:3].T) + self.waves[:, 3]
        bent = self.waves[:, 0] * np.sin(phase)
        moved = cm + np.stack([bent[:, 0] + bent[:, 1], bent[:, 2] + bent[:, 3]], 1)
        return np.asarray(moved @ self.turn.T * self.scale + self.offset)

    def to_cloth(self, x: FloatArray, y: FloatArray, grain: float) -> tuple[FloatArray, FloatArray]:
        """Return centimetres across and along the cloth at pixels, without the warp."""
        angle = np.radians(grain)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]]) @ np.linalg.inv(self.turn)
        turn = (turn / self.scale).astype(np.float32)
        x, y = x - np.float32(self.offset[0]), y - np.float32(self.offset[1])
        return turn[0, 0] * x + turn[0, 1] * y, turn[1, 0] * x + turn[1, 1] * y


class _Canvas:
    """Picture, parts and mask while a garment is painted layer by layer."""

    def __init__(self, rng: np.random.Generator, place: _Place, drawing: Drawing, side: int) -> None:
        self.rng, self.place, self.side = rng, place, side
        cloth = random_cloth(rng)
        second = random_cloth(rng)
        if rng.random() < 0.5:
            second = Cloth(np.broadcast_to(random_colour(rng), (8, 8, 3)).copy(), 10.0, 0.02)
        self.cloths = {"cloth": cloth, "second": second, "lining": self._lining(cloth, second)}
        self.strength = rng.uniform(0.02, 0.09) if rng.random() < 0.75 else rng.uniform(0.08, 0.16)
        long = rng.uniform(1.5, 5)
        self.folds = periodic_noise(rng, _FOLDS, rng.uniform(3, 7), rng.uniform(3, 7) * long)
        self.folds += rng.uniform(0, 0.4) * periodic_noise(rng, _FOLDS, rng.uniform(1, 2.5), rng.uniform(5, 12))
        self.rim, self.rim_px = rng.uniform(0.0, 0.4), side * rng.uniform(0.008, 0.04)
        self.contact = rng.uniform(0.1, 0.5)
        self.line_shade = rng.uniform(-0.45, -0.1) if rng.random() < 0.8 else rng.uniform(0.1, 0.4)
        self.metal = np.float32(rng.uniform(0.3, 0.9)) * np.array(
            [1, rng.uniform(0.85, 1), rng.uniform(0.6, 1)], np.float32
        )
        self.button = random_colour(rng)
        wood = np.array([0.75, 0.56, 0.38], np.float32) * np.float32(rng.uniform(0.7, 1.2))
        self.hanger = wood if rng.random() < 0.5 else random_colour(rng)
        self.ink: FloatArray = np.broadcast_to(cloth.tile.mean((0, 1)), (side, side, 3)).astype(np.float32).copy()
        self.cover: FloatArray = np.zeros((side, side), np.float32)
        self.mask: FloatArray = np.zeros((side, side), np.float32)
        self.parts: ByteArray = np.zeros((side, side), np.uint8)
        self.placed = self._print(drawing) if rng.random() < 0.16 else None

    def _lining(self, cloth: Cloth, second: Cloth) -> Cloth:
        rng = self.rng
        if rng.random() < 0.15:
            return second
        shade = np.float32(rng.uniform(0.5, 0.92))
        faded = cloth.tile * shade
        if rng.random() < 0.4:
            faded = faded * 0.3 + faded.mean((0, 1)) * 0.7
        return Cloth(faded.astype(np.float32), cloth.repeat, 0.0)

    def _print(self, drawing: Drawing) -> tuple[FloatArray, FloatArray] | None:
        """Draw a placed print in the picture's coordinates, or return None where there is no chest to print on."""
        points, rng = drawing.points, self.rng
        if "armpit_left" not in points or drawing.choices.get("closure") == "open":
            return None
        wide = (points["armpit_left"][0] - points["armpit_right"][0]) * rng.uniform(0.2, 0.65)
        x = 0.0 if wide > 12 else rng.uniform(-0.25, 0.25) * wide
        y = (
            max(points["armpit_left"][1], points.get("neck_front", points["armpit_left"])[1] + 2)
            - 2
            + rng.uniform(0, 6)
        )
        corners = np.array([[x - wide / 2, y], [x + wide / 2, y], [x - wide / 2, y + wide]], np.float64)
        target = self.place.to_canvas(corners).astype(np.float32)
        change = cv2.getAffineTransform(np.array([[0, 0], [96, 0], [0, 96]], np.float32), target)
        colours, cover = random_print(rng)
        size = (self.side, self.side)
        return cv2.warpAffine(colours, change, size), cv2.warpAffine(cover, change, size)

    def fill(self, layer: Layer, polygon: FloatArray) -> None:
        """Paint a layer over earlier ones, its outline given in pixels."""
        fixed = np.round(polygon * (1 << _SHIFT)).astype(np.int32)
        margin = int(1.7 * self.rim_px) + 3
        x0, y0 = np.maximum(np.floor(polygon.min(0)).astype(int) - margin, 0)
        x1, y1 = np.minimum(np.ceil(polygon.max(0)).astype(int) + margin, self.side)
        if x1 <= x0 or y1 <= y0:
            return
        spot = np.s_[y0:y1, x0:x1]
        flat = np.zeros((y1 - y0, x1 - x0), np.uint8)
        shifted = fixed - (np.array([x0, y0]) << _SHIFT).astype(np.int32) - (1 << _SHIFT) // 2
        area = cv2.fillPoly(flat, [shifted], 255, cv2.LINE_AA, _SHIFT).astype(np.float32) / 255
        hard = area > 0.5
        if layer.tone == "label":
            hard &= np.isin(self.parts[spot], _LEGS)
        self.parts[spot][hard] = PARTS.index(layer.part)
        if layer.tone == "label":
            return
        if layer.tone == "ground":
            self.mask[spot] *= 1 - area
            self.cover[spot] *= 1 - area
            return
        soft = cv2.blur(area, _odd(1.7 * self.rim_px))
        rim = 1 - layer.lift * self.rim * np.clip(1.6 - 2 * soft, 0, 1)
        colour = self._colour(layer, (x0, y0, x1, y1), area * rim)
        self.ink[spot] *= _tripled((1 - layer.lift * self.contact * soft) * (1 - area))
        self.ink[spot] += colour
        self.cover[spot] = np.maximum(self.cover[spot], area)
        if layer.part == "hanger":
            self.mask[spot] *= 1 - area
        else:
            self.mask[spot] = np.maximum(self.mask[spot], area)

    def _colour(self, layer: Layer, box: tuple[int, int, int, int], share: FloatArray) -> FloatArray:
        """Return (h, w, 3) colours of the cloth within a box with its folds, times a share of every pixel."""
        x0, y0, x1, y1 = box
        if layer.part == "hanger":
            return _tripled(share, self.metal if layer.tone == "metal" else self.hanger)
        cloth = self.cloths[layer.tone]
        fold = self._fold(layer, box)
        level = share * (1 + np.clip(self.strength * fold, -0.45, 0.45))
        if layer.tone == "lining":
            level *= self.rng.uniform(0.75, 1.0)
        if len(cloth.tile) > 8:
            colour: FloatArray = _tripled(level) * self._pattern(cloth, layer, box)
        else:
            colour = _tripled(level, cloth.tile[0, 0])
        if self.placed is not None and layer.part == "body" and layer.tone == "cloth":
            colours, cover = (image[y0:y1, x0:x1] for image in self.placed)
            colour += (colours * _tripled(level) - colour) * _tripled(cover)
        if cloth.shine > 0.06:
            colour += _tripled(0.35 * cloth.shine * share * np.clip(fold, 0, 2.5) ** 2)
        return colour

    def _fold(self, layer: Layer, box: tuple[int, int, int, int]) -> FloatArray:
        """Return the (h, w) shading of the cloth's folds, computed at half the size."""
        across, along = self._grid(layer, box, 2)
        shift = np.float32(7.3 * PARTS.index(layer.part) if layer.part.startswith("sleeve_") else 0.0)
        fold = _tiled(self.folds, across + shift, along, _FOLDS / _FOLDS_CM)
        return np.asarray(cv2.resize(fold, (box[2] - box[0], box[3] - box[1])))

    def _pattern(self, cloth: Cloth, layer: Layer, box: tuple[int, int, int, int]) -> FloatArray:
        """Return (h, w, 3) colours of the cloth's repeat within a box."""
        across, along = self._grid(layer, box, 1)
        tile, pixels = cloth.tile, int(cloth.repeat * self.place.scale)
        if pixels < len(tile):
            tile = cv2.resize(tile, (max(4, pixels),) * 2, interpolation=cv2.INTER_AREA)
        return _tiled(tile, across, along, len(tile) / cloth.repeat)

    def _grid(self, layer: Layer, box: tuple[int, int, int, int], step: int) -> tuple[FloatArray, FloatArray]:
        """Return centimetres across and along the cloth at every pixel of a box, or at every second one."""
        x = np.arange(box[0], box[2], step, dtype=np.float32)[None, :] + np.float32(step / 2)
        y = np.arange(box[1], box[3], step, dtype=np.float32)[:, None] + np.float32(step / 2)
        return self.place.to_cloth(x, y, layer.grain)

    def mark(self, mark: Mark, curve: FloatArray) -> None:
        """Draw a line or an object where there is cloth, its curve given in pixels."""
        wide = mark.width * self.place.scale
        thin = min(wide, 2.0 * self.side / 256)
        if mark.kind in {"button", "metal"}:
            self._dab(curve[0], max(wide / 2, 0.8), self.metal if mark.kind == "metal" else self.button)
        elif mark.kind == "label":
            half = np.array([wide / 2, wide * 0.3])
            low, high = curve[0] - half, curve[0] + half
            corners = np.array([low, [high[0], low[1]], high, [low[0], high[1]]])
            self._stain(corners, True, 0, np.full(3, self.rng.choice([0.1, 0.9, 0.95]), np.float32), 0.9)
        elif mark.kind == "zip":
            self._stain(curve, False, wide, self.button, 0.8)
            self._stain(curve, False, 0, self.metal, 0.7)
        elif mark.kind == "cord":
            self._stain(curve, False, wide + 1.5, np.zeros(3, np.float32), 0.15)
            self._stain(curve, False, wide, self.button if self.rng.random() < 0.5 else self.hanger * 0 + 0.85, 0.9)
        elif mark.kind == "stitch":
            self._shade_line(curve, thin, 0.5)
        else:
            self._shade_line(curve, thin * (1.4 if mark.kind == "edge" else 1.0), 1.0 if mark.kind == "edge" else 0.6)

    def _shade_line(self, curve: FloatArray, wide: float, share: float) -> None:
        tone = np.float32(0.0 if self.line_shade < 0 else 1.0) * np.ones(3, np.float32)
        self._stain(curve, False, wide, tone, abs(self.line_shade) * share * float(self.rng.uniform(0.6, 1.2)))

    def _dab(self, spot: FloatArray, radius: float, colour: FloatArray) -> None:
        turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        ring = np.stack([np.cos(turn), np.sin(turn)], 1)
        self._stain(spot + ring * (radius + 0.5) + 0.3, True, 0, np.zeros(3, np.float32), 0.25)
        self._stain(spot + ring * radius, True, 0, colour, 0.95)

    def _stain(self, curve: FloatArray, filled: bool, wide: float, colour: FloatArray, share: float) -> None:
        """Blend a colour in along a curve or within it, on cloth only."""
        margin = int(wide) + 3
        x0, y0 = np.maximum(np.floor(curve.min(0)).astype(int) - margin, 0)
        x1, y1 = np.minimum(np.ceil(curve.max(0)).astype(int) + margin, self.side)
        if x1 <= x0 or y1 <= y0:
            return
        fixed = [np.round((curve - [x0, y0] - 0.5) * (1 << _SHIFT)).astype(np.int32)]
        flat = np.zeros((y1 - y0, x1 - x0), np.uint8)
        if filled:
            cv2.fillPoly(flat, fixed, 255, cv2.LINE_AA, _SHIFT)
        else:
            cv2.polylines(flat, fixed, False, 255, max(1, round(wide)), cv2.LINE_AA, _SHIFT)
            share *= min(1.0, max(wide, 0.4))
        spot = np.s_[y0:y1, x0:x1]
        alpha = flat.astype(np.float32) * (share / 255) * self.mask[spot]
        self.ink[spot] += (colour - self.ink[spot]) * _tripled(alpha)


def _tiled(tile: FloatArray, across: FloatArray, along: FloatArray, per_cm: float) -> FloatArray:
    """Sample a repeating tile at positions in centimetres."""
    size = np.float32(len(tile))
    x = np.mod(across * np.float32(per_cm), size)
    y = np.mod(along * np.float32(per_cm), size)
    return np.asarray(cv2.remap(tile, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP))


def _compose(rng: np.random.Generator, canvas: _Canvas, ground: FloatArray) -> ByteArray:
    """Lay the painted garment on the ground, with its shadow, a common light, blur and noise."""
    side = len(ground)
    small = (side // 2, side // 2)
    depth = cv2.blur(cv2.resize(canvas.mask, small), _odd(side * rng.uniform(0.02, 0.06)))
    shade = 1 - rng.uniform(0, 0.3) * (1 - depth) ** 2 + _wrinkles(rng, side // 2) * rng.uniform(0, 0.16)
    reach = side * rng.uniform(0.004, 0.03)
    shift = np.array([[1, 0, rng.normal(0, reach / 2)], [0, 1, abs(rng.normal(0, reach / 2))]])
    shadow = cv2.warpAffine(cv2.resize(canvas.cover, small), shift, small)
    shadow = cv2.GaussianBlur(shadow, (0, 0), max(reach / 2, 0.6))
    common = light(rng, side, 0.15) * rng.uniform(0.85, 1.1)
    ink_light = cv2.resize(shade, (side, side)) * common
    ground_light = cv2.resize(1 - rng.uniform(0.0, 0.5) * shadow, (side, side)) * common
    tint = 1 + rng.normal(0, 0.025, 3)
    picture = ground * _tripled((1 - canvas.cover) * ground_light, tint)
    picture += canvas.ink * _tripled(ink_light * canvas.cover, tint)
    if rng.random() < 0.5:
        picture = cv2.GaussianBlur(picture, (5, 5), rng.uniform(0.3, 0.9))
    grain = rng.standard_normal((side, side), np.float32)
    picture += _tripled(grain, rng.uniform(0, 0.02) * rng.uniform(0.6, 1.2, 3))
    return np.asarray(cv2.convertScaleAbs(picture, alpha=255.0), np.uint8)


def _tripled(field: FloatArray, tint: FloatArray | None = None) -> FloatArray:
    """Return (H, W, 3) float32 the field times each of three numbers, or 1; faster than broadcasting."""
    if tint is None:
        field = np.ascontiguousarray(field, np.float32)
        return np.asarray(cv2.merge((field, field, field)))
    return np.asarray(cv2.merge([field * np.float32(share) for share in tint]))


def _odd(size: float) -> tuple[int, int]:
    """Return a box filter's size, which is odd."""
    return (2 * int(size) + 1,) * 2


def _wrinkles(rng: np.random.Generator, side: int) -> FloatArray:
    """Draw (side, side) float32 short creases, bright on one side and dark on the other."""
    field: FloatArray = np.zeros((side, side), np.float32)
    for _ in range(int(rng.integers(0, 12))):
        start, angle, length = rng.uniform(0, side, 2), rng.normal(np.pi / 2, 0.8), rng.uniform(0.05, 0.3) * side
        end = start + length * np.array([np.cos(angle), np.sin(angle)])
        bow = line(start, end, 6) + np.sin(np.linspace(0, np.pi, 6))[:, None] * rng.normal(0, 0.1 * length, 2)
        across = np.array([-np.sin(angle), np.cos(angle)]) * rng.uniform(0.8, 2.0)
        for sign in (-1, 1):
            fixed = [np.round((bow + sign * across) * 16).astype(np.int32)]
            cv2.polylines(field, fixed, False, float(sign * rng.uniform(0.5, 1.5)), 2, cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(field, (0, 0), rng.uniform(1, 2.5)))
