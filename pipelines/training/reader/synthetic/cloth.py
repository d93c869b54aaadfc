"""Colours, cloths and prints of the drawn garments."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.training.reader.synthetic.parts import pick
from vmodel.types import FloatArray

_TILE: Final = 128
_WORDS: Final = ("STUDIO", "1987", "CLUB", "NORTH", "LOVE", "RIVER", "N°5", "hello", "SURF", "GOOD DAY", "VOL. 2", "B")
_KINDS: Final = {
    "plain": 0.46, "melange": 0.1, "stripes": 0.12, "checks": 0.07, "dots": 0.05, "flowers": 0.1, "blobs": 0.04,
    "denim": 0.06,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cloth:
    """A cloth that repeats.

    Attributes:
        tile: (n, n, 3) float32 sRGB 0..1, one repeat.
        repeat: its side in centimetres.
        shine: strength of highlights on folds.
    """

    tile: FloatArray
    repeat: float
    shine: float


def random_colour(rng: np.random.Generator) -> FloatArray:
    """Choose (3,) float32 sRGB of a garment: often white, black or grey, also navy, beige, pastel and strong."""
    kind = pick(
        rng, {"white": 0.17, "black": 0.14, "grey": 0.12, "navy": 0.09, "beige": 0.12, "pastel": 0.14, "strong": 0.22}
    )
    hue = rng.random()
    if kind == "white":
        colour = np.full(3, rng.uniform(0.84, 0.99)) - [0, rng.uniform(0, 0.03), rng.uniform(0, 0.08)]
    elif kind == "black":
        colour = np.full(3, rng.uniform(0.04, 0.17)) + rng.uniform(0, 0.03, 3)
    elif kind == "grey":
        colour = np.full(3, rng.uniform(0.25, 0.78)) + rng.uniform(-0.03, 0.03, 3)
    elif kind == "navy":
        colour = np.array(colorsys.hsv_to_rgb(rng.uniform(0.57, 0.68), rng.uniform(0.35, 0.8), rng.uniform(0.15, 0.5)))
    elif kind == "beige":
        colour = np.array(colorsys.hsv_to_rgb(rng.uniform(0.05, 0.13), rng.uniform(0.12, 0.5), rng.uniform(0.35, 0.92)))
    elif kind == "pastel":
        colour = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.1, 0.32), rng.uniform(0.75, 0.97)))
    else:
        colour = np.array(colorsys.hsv_to_rgb(hue, rng.uniform(0.45, 0.95), rng.uniform(0.3, 0.92)))
    return np.asarray(np.clip(colour, 0.02, 0.99), np.float32)


def periodic_noise(rng: np.random.Generator, side: int, sigma_x: float, sigma_y: float) -> FloatArray:
    """Return (side, side) float32 smooth noise of deviation 1 that repeats at its borders."""
    noise = rng.standard_normal((side, side), np.float32)
    pad = min(side, int(3 * max(sigma_x, sigma_y)) + 1)
    padded = np.pad(noise, pad, mode="wrap")
    blurred = cv2.GaussianBlur(padded, (0, 0), sigmaX=sigma_x, sigmaY=sigma_y)[pad:-pad, pad:-pad]
    return np.asarray(blurred / (blurred.std() + 1e-6), np.float32)


def random_cloth(rng: np.random.Generator, colour: FloatArray | None = None) -> Cloth:
    """Make a cloth of a random kind and colour."""
    ground = random_colour(rng) if colour is None else colour
    kind = pick(rng, _KINDS)
    shine = rng.uniform(0, 0.05) if rng.random() < 0.8 else rng.uniform(0.1, 0.3)
    if kind == "plain":
        return Cloth(np.broadcast_to(ground, (8, 8, 3)).copy(), 10.0, shine)
    tile, repeat = _TILES[kind](rng, ground)
    return Cloth(np.clip(tile, 0.01, 1).astype(np.float32), repeat, shine)


def _melange(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    flecks = periodic_noise(rng, _TILE, rng.uniform(0.4, 3), rng.uniform(0.4, 1.5))
    return ground * (1 + rng.uniform(0.03, 0.12) * flecks[..., None]), rng.uniform(14, 30)


def _denim(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    hue = colorsys.hsv_to_rgb(rng.uniform(0.57, 0.63), rng.uniform(0.2, 0.65), rng.uniform(0.22, 0.8))
    base = np.array(hue, np.float32) if rng.random() < 0.8 else ground
    wash = periodic_noise(rng, _TILE, 9, 14) * rng.uniform(0.03, 0.14)
    yarn = periodic_noise(rng, _TILE, 0.5, 2.0) * rng.uniform(0.03, 0.08)
    return base * (1 + yarn[..., None]) + wash[..., None] * np.array([0.9, 0.9, 0.7], np.float32), rng.uniform(40, 70)


def _stripes(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    tile = np.broadcast_to(ground, (_TILE, _TILE, 3)).copy()
    bands = int(rng.integers(1, 4))
    for band in range(bands):
        start = int(_TILE * band / bands)
        tile[start : start + max(3, int(rng.uniform(0.15, 0.6) * _TILE / bands))] = random_colour(rng)
    repeat = rng.uniform(1.2, 5) if rng.random() < 0.6 else rng.uniform(5, 24)
    return tile if rng.random() < 0.65 else tile.transpose(1, 0, 2).copy(), repeat


def _checks(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    rows = np.zeros((_TILE, 1), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        start, wide = int(rng.integers(_TILE)), int(rng.uniform(0.08, 0.5) * _TILE)
        rows[start : start + wide] += rng.uniform(0.3, 0.6)
    share = np.clip((rows + rows.T) * 0.5, 0, 1)[..., None]
    return ground * (1 - share) + random_colour(rng) * share, rng.uniform(1.5, 14)


def _dots(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    tile = np.broadcast_to(ground, (_TILE, _TILE, 3)).copy()
    radius = int(_TILE * rng.uniform(0.06, 0.2))
    colour = tuple(float(c) for c in random_colour(rng))
    for x, y in ((0, 0), (0, 1), (1, 0), (1, 1), (0.5, 0.5)):
        cv2.circle(tile, (int(x * _TILE), int(y * _TILE)), radius, colour, -1, cv2.LINE_AA)
    return tile, rng.uniform(1.5, 9)


def _flowers(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    tile = np.broadcast_to(ground, (_TILE, _TILE, 3)).copy()
    inks = [tuple(float(c) for c in random_colour(rng)) for _ in range(3)]
    for _ in range(int(rng.integers(4, 16))):
        spot, radius, leaf = rng.uniform(0, _TILE, 2), rng.uniform(5, 15), rng.uniform(0, 6.28)
        turns = leaf + np.linspace(0, 2 * np.pi, int(rng.integers(4, 7)), endpoint=False)
        stem = spot + radius * 2.2 * np.array([np.cos(leaf), np.sin(leaf)])
        for shift in ((0, 0), (_TILE, 0), (0, _TILE), (-_TILE, 0), (0, -_TILE)):
            at = spot + shift
            cv2.line(tile, _whole(at), _whole(stem + shift), inks[2], 2, cv2.LINE_AA)
            for turn in turns:
                petal = at + radius * 0.6 * np.array([np.cos(turn), np.sin(turn)])
                cv2.circle(tile, _whole(petal), max(1, int(radius * 0.45)), inks[0], -1, cv2.LINE_AA)
            cv2.circle(tile, _whole(at), max(1, int(radius * 0.35)), inks[1], -1, cv2.LINE_AA)
    return tile, rng.uniform(8, 34)


def _whole(spot: FloatArray) -> tuple[int, int]:
    return int(spot[0]), int(spot[1])


def _blobs(rng: np.random.Generator, ground: FloatArray) -> tuple[FloatArray, float]:
    tile = np.broadcast_to(ground, (_TILE, _TILE, 3)).copy()
    for _ in range(int(rng.integers(1, 4))):
        size = rng.uniform(3, 12)
        field = periodic_noise(rng, _TILE, size, size * rng.uniform(0.4, 1.5))
        tile[field > rng.uniform(0.3, 1.2)] = random_colour(rng)
    return tile, rng.uniform(15, 50)


_TILES: Final = {
    "melange": _melange, "denim": _denim, "stripes": _stripes, "checks": _checks, "dots": _dots,
    "flowers": _flowers, "blobs": _blobs,
}  # fmt: skip


def random_print(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw a placed print: (96, 96, 3) float32 sRGB and (96, 96) float32 coverage."""
    side = 96
    picture, cover = Image.new("RGB", (side, side)), Image.new("L", (side, side))
    colours, covers = ImageDraw.Draw(picture), ImageDraw.Draw(cover)
    inks = [tuple(int(255 * c) for c in random_colour(rng)) for _ in range(3)]
    if rng.random() < 0.55:
        for ink in inks[: int(rng.integers(1, 4))]:
            (x, y), (wide, high) = rng.uniform(8, 50, 2), rng.uniform(16, 44, 2)
            box = (float(x), float(y), float(min(x + wide, 92)), float(min(y + high, 92)))
            for draw, value in ((colours, ink), (covers, 255)):
                draw.ellipse(box, fill=value) if ink[0] % 2 else draw.rectangle(box, fill=value)
    for row in range(int(rng.integers(1, 4))):
        font = _font(int(rng.choice([14, 20, 28, 36])))
        word = _WORDS[int(rng.integers(len(_WORDS)))]
        left = (side - colours.textlength(word, font=font)) / 2
        for draw, value in ((colours, inks[row % 3]), (covers, 255)):
            draw.text((left, 6 + row * 30), word, fill=value, font=font)
    return np.asarray(picture, np.float32) / 255, np.asarray(cover, np.float32) / 255


_FONTS: dict[int, ImageFont.FreeTypeFont | ImageFont.ImageFont] = {}


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if size not in _FONTS:
        _FONTS[size] = ImageFont.load_default(size)
    return _FONTS[size]
