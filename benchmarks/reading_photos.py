"""Photographs of the drawn garments: cloth with folds on a surface, turned, off-centre, on a hanger, compressed."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.reading_kinds import Drawn
from vmodel.types import BoolArray, ByteArray, FloatArray

SIZE = (1000, 800)
SURFACES = ("white", "paper", "coloured", "concrete", "wood", "sheet")
FAULTS = ("none", "turned", "off centre", "hanger", "faint", "compressed")


@dataclass(frozen=True)
class DrawnPhoto:
    """A photo with its truth.

    Attributes:
        rgb: (H, W, 3) uint8.
        mask: (H, W) bool.
        marks: landmark -> (2,) pixels.
    """

    rgb: ByteArray
    mask: BoolArray
    marks: dict[str, FloatArray]


def photograph(drawn: Drawn, surface: str, fault: str, rng: np.random.Generator) -> DrawnPhoto:
    """Draw a garment on a surface, with one fault that sellers' photos have."""
    ground = _surface(surface, rng)
    to_photo = _placement(drawn, fault, rng)
    cloths = _cloths(ground, fault, rng)
    mask = np.zeros(SIZE, np.float32)
    albedo, shade = ground.copy(), np.ones(SIZE, np.float32)
    if fault == "hanger":
        albedo, shade = _hang(albedo, shade, to_photo, drawn)
    whole = np.maximum.reduce([_cover(to_photo(outline)) for _, outline in drawn.layers])
    shade *= 1 - 0.22 * _blurred(whole, (9, 12), 12) * (1 - whole)
    for cloth, outline in drawn.layers:
        cover = _cover(to_photo(outline))
        shade *= 1 - 0.3 * _blurred(cover, (2, 3), 3.5) * (1 - cover)
        shade = shade * (1 - cover) + cover * _folds(rng)
        albedo = albedo * (1 - cover[..., None]) + cloths[cloth] * cover[..., None]
        mask = np.maximum(mask, cover)
    for dark, line in drawn.lines:
        points = [np.round(to_photo(line) * 16).astype(np.int32)]
        thread = cv2.polylines(np.zeros(SIZE, np.uint8), points, False, 255, int(rng.integers(1, 4)), cv2.LINE_AA, 4)
        shade *= 1 + dark * thread.astype(np.float32) / 255 * (mask > 0.5)
    falloff = (
        1.02 - 0.09 * np.linspace(0, 1, SIZE[1])[None] * rng.uniform(0, 1) - 0.06 * np.linspace(0, 1, SIZE[0])[:, None]
    )
    rgb = albedo * (shade * falloff)[..., None] + rng.normal(0, 1.2, (*SIZE, 1))
    rgb = np.clip(cv2.GaussianBlur(rgb.astype(np.float32), (0, 0), 0.8), 0, 255).astype(np.uint8)
    if fault == "compressed":
        soft = cv2.GaussianBlur(rgb, (0, 0), 1.3)
        rgb = cv2.imdecode(cv2.imencode(".jpg", soft, [cv2.IMWRITE_JPEG_QUALITY, 45])[1], cv2.IMREAD_COLOR)
    marks = {name: to_photo(point[None])[0] for name, point in drawn.marks.items()}
    return DrawnPhoto(rgb, mask > 0.5, marks)


class _Placement:
    def __init__(self, turn: FloatArray, offset: FloatArray) -> None:
        self.turn, self.offset = turn, offset

    def __call__(self, points: FloatArray) -> FloatArray:
        return np.asarray(points @ self.turn.T + self.offset)


def _placement(drawn: Drawn, fault: str, rng: np.random.Generator) -> _Placement:
    angle = np.radians(rng.normal(0, 1.0))
    if fault == "turned":
        angle = np.radians(rng.uniform(3, 10) * rng.choice([-1, 1]))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = np.concatenate([outline for _, outline in drawn.layers]) @ turn.T
    low, high = points.min(0), points.max(0)
    room = np.array([SIZE[1], SIZE[0]])
    share = 0.6 if fault == "off centre" else (0.76 if fault == "hanger" else 0.86)
    scale = float((room * share / (high - low)).min())
    spare = room * 0.94 - (high - low) * scale
    shift = rng.uniform(-0.5, 0.5, 2) * spare if fault == "off centre" else np.zeros(2)
    if fault == "hanger":
        shift = np.array([0.0, 0.07 * room[1]])
    return _Placement(turn * scale, room / 2 - (low + high) / 2 * scale + shift)


def _cover(points: FloatArray) -> FloatArray:
    area = cv2.fillPoly(np.zeros(SIZE, np.uint8), [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return area.astype(np.float32) / 255


def _blurred(cover: FloatArray, shift: tuple[int, int], sigma: float) -> FloatArray:
    return cv2.GaussianBlur(np.roll(cover, (shift[1], shift[0]), (0, 1)), (0, 0), sigma)


def _noise(rng: np.random.Generator, wide: float, tall: float) -> FloatArray:
    grid = rng.normal(0, 1, (int(SIZE[0] / tall) + 2, int(SIZE[1] / wide) + 2)).astype(np.float32)
    return cv2.resize(grid, SIZE[::-1], interpolation=cv2.INTER_CUBIC)


def _folds(rng: np.random.Generator) -> FloatArray:
    return 1 + 0.035 * _noise(rng, 60, 110) + 0.025 * _noise(rng, 18, 70) + 0.012 * _noise(rng, 2, 2)


def _surface(name: str, rng: np.random.Generator) -> FloatArray:
    """(H, W, 3) float, 0..255."""
    if name == "white":
        return np.full((*SIZE, 3), 252.0)
    if name == "paper":
        return np.full((*SIZE, 3), rng.uniform(205, 240)) + 1.2 * _noise(rng, 300, 300)[..., None]
    if name == "coloured":
        return np.full((*SIZE, 3), 0.0) + rng.uniform(120, 235, 3) + 1.5 * _noise(rng, 300, 300)[..., None]
    if name == "concrete":
        mottled = 9 * _noise(rng, 110, 110) + 7 * _noise(rng, 35, 35) + 4 * _noise(rng, 9, 9) + 4 * _noise(rng, 2, 2)
        return rng.uniform(115, 165) + mottled[..., None] + np.array([0, 1, 4])
    if name == "wood":
        boards = (np.arange(SIZE[0]) % 190 < 4)[:, None] * -45.0
        grain = np.sin(2.2 * _noise(rng, 400, 40) + np.linspace(0, 70, SIZE[0])[:, None])
        tone = np.array([176, 133, 92]) * rng.uniform(0.6, 1.15)
        return tone + (13 * grain + 6 * _noise(rng, 60, 3) + boards)[..., None]
    creases = 9 * _noise(rng, 160, 70) + 6 * _noise(rng, 50, 140) - 9 * np.abs(_noise(rng, 120, 60))
    return 226 + creases[..., None] + 1.5 * _noise(rng, 3, 3)[..., None]


def _cloths(ground: FloatArray, fault: str, rng: np.random.Generator) -> dict[str, FloatArray]:
    base = ground.mean((0, 1))
    while True:
        hue = np.array([[[rng.uniform(0, 180), rng.uniform(0, 170), rng.uniform(25, 245)]]], np.uint8)
        main = cv2.cvtColor(hue, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float64)
        far = float(np.linalg.norm(main - base))
        if (26 < far < 45) if fault == "faint" else far > 60:
            break
    lining = np.clip(main * rng.uniform(0.55, 0.85), 0, 255)
    if rng.random() < 0.35:
        lining = rng.uniform(40, 220, 3)
    if np.linalg.norm(lining - base) < 30:
        lining = main * 0.6
    return {
        "main": main,
        "lining": lining,
        "trim": np.clip(main * rng.uniform(0.7, 1.05), 0, 255),
        "metal": np.full(3, 170.0),
    }


def _hang(albedo: FloatArray, shade: FloatArray, to_photo: _Placement, drawn: Drawn) -> tuple[FloatArray, FloatArray]:
    """A hanger behind the garment, its hook above the neck."""
    top = min(0.0, *(float(outline[:, 1].min()) for _, outline in drawn.layers))
    turn = np.linspace(-0.3 * np.pi, np.pi, 20)
    hook = np.stack([3.2 * np.cos(turn), top - 9 - 3.2 * np.sin(turn)], 1)
    rod = np.vstack([hook[::-1] - [hook[0, 0], 0], [(0, top - 4), (0, 4)]])
    arms = np.array([(-17, 7.0), (-8, 3.2), (0, 1.5), (8, 3.2), (17, 7.0)])
    for line, width, tint in ((rod, 4, (150, 150, 155)), (arms, 9, (150, 105, 60))):
        points = [np.round(to_photo(line) * 16).astype(np.int32)]
        cover = cv2.polylines(np.zeros(SIZE, np.uint8), points, False, 255, width, cv2.LINE_AA, 4)[..., None] / 255.0
        albedo = albedo * (1 - cover) + np.array(tint, np.float64) * cover
    return albedo, shade
