"""Prints for drawn garments: stripes, checks, dots, flowers, words, and things like photographs."""

from __future__ import annotations

import colorsys
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vmodel.types import FloatArray

_SYLLABLES = (
    "ta",
    "no",
    "ril",
    "ve",
    "mo",
    "san",
    "kel",
    "du",
    "or",
    "fin",
    "ba",
    "lu",
    "tes",
    "wy",
    "qua",
    "zen",
    "hal",
)
_WORDS = ("SUPPLY", "STUDIO", "1987", "CO.", "ATELIER", "NORTH", "WORKS", "CLUB", "EST. 2004", "GOODS", "RIVER", "N°5")


def draw_print(
    rng: np.random.Generator, shape: tuple[int, int], px_per_cm: float, chest_px: tuple[int, int]
) -> FloatArray:
    """The unfolded cloth of one garment.

    Args:
        rng: the only source of chance.
        shape: (height, width) of the photo.
        px_per_cm: scale of the photo.
        chest_px: (x, y) where a logo goes.
    Returns:
        (H, W, 3) float32 sRGB in 0..1.
    """
    makers: list[tuple[float, Callable[..., FloatArray]]] = [
        (0.40, _plain), (0.12, _stripes), (0.08, _checks), (0.07, _dots), (0.10, _flowers), (0.15, _words),
        (0.08, _photo),
    ]  # fmt: skip
    maker = makers[rng.choice(len(makers), p=[weight for weight, _ in makers])][1]
    return np.clip(maker(rng, shape, px_per_cm, chest_px), 0.015, 0.985).astype(np.float32)


def garment_colour(rng: np.random.Generator) -> FloatArray:
    """(3,) sRGB: many greys and mid-tones, some white, black and strong colours."""
    kind = rng.random()
    if kind < 0.12:
        return np.asarray(np.full(3, rng.uniform(0.86, 0.95)) - [0, rng.uniform(0, 0.02), rng.uniform(0, 0.06)])
    if kind < 0.24:
        return np.asarray(np.full(3, rng.uniform(0.08, 0.20)) + rng.uniform(0, 0.03, 3))
    if kind < 0.40:
        return np.asarray(np.full(3, rng.uniform(0.25, 0.75)) + rng.uniform(-0.03, 0.03, 3))
    strong = rng.random() < 0.35
    saturation = rng.uniform(0.5, 0.95) if strong else rng.uniform(0.12, 0.5)
    return np.array(colorsys.hsv_to_rgb(rng.random(), saturation, rng.uniform(0.3, 0.88)))


def _plain(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    cloth: FloatArray = np.ones((*shape, 3)) * garment_colour(rng)
    if rng.random() < 0.35:  # a melange of two yarns
        flecks = cv2.GaussianBlur(rng.normal(size=shape), (0, 0), sigmaX=0.08 * px + 0.4, sigmaY=0.4)
        cloth *= 1 + rng.uniform(0.03, 0.14) * (flecks / flecks.std())[..., None]
    return cloth


def _grid(shape: tuple[int, int], px: float, angle: float) -> tuple[FloatArray, FloatArray]:
    """Centimetres along and across a direction."""
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]] / px
    return columns * np.cos(angle) + rows * np.sin(angle), rows * np.cos(angle) - columns * np.sin(angle)


def _band(place_cm: FloatArray, period: float, width: float, px: float) -> FloatArray:
    """0..1 coverage of lines of a width, smooth over a pixel."""
    distance = np.abs(np.mod(place_cm, period) - period / 2)
    return np.asarray(np.clip((width / 2 - distance) * px + 0.5, 0, 1))


def _mixed(cloth: FloatArray, cover: FloatArray, ink: FloatArray) -> FloatArray:
    return np.asarray(cloth * (1 - cover[..., None]) + ink * cover[..., None])


def _stripes(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    along, across = _grid(shape, px, rng.choice([0, 0, 0, np.pi / 4]))
    place = across if rng.random() < 0.7 else along
    cloth: FloatArray = np.ones((*shape, 3)) * garment_colour(rng)
    period = rng.uniform(0.8, 9)
    for share in [(0.5, 0.3), (0.3, 0.15, 0.1)][rng.integers(2)]:
        cloth = _mixed(cloth, _band(place + rng.uniform(0, period), period, share * period, px), garment_colour(rng))
    return cloth


def _checks(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    along, across = _grid(shape, px, 0.0)
    cloth: FloatArray = np.ones((*shape, 3)) * garment_colour(rng)
    period = rng.uniform(1.0, 9)
    for _ in range(int(rng.integers(1, 4))):
        ink, width, shift = garment_colour(rng), rng.uniform(0.06, 0.5) * period, rng.uniform(0, period)
        for place in (along, across):
            cloth = _mixed(cloth, 0.55 * _band(place + shift, period, width, px), ink)
    return cloth


def _dots(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    along, across = _grid(shape, px, rng.choice([0, np.pi / 4]))
    period = rng.uniform(0.9, 5)
    radius = rng.uniform(0.15, 0.4) * period
    away = np.hypot(np.mod(along, period) - period / 2, np.mod(across, period) - period / 2)
    return _mixed(
        np.ones((*shape, 3)) * garment_colour(rng), np.clip((radius - away) * px + 0.5, 0, 1), garment_colour(rng)
    )


def _flowers(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    canvas = np.ascontiguousarray(np.ones((*shape, 3), np.float32) * garment_colour(rng).astype(np.float32))
    inks = [garment_colour(rng).tolist() for _ in range(5)]
    spacing = rng.uniform(2.0, 7.0) * px
    for _ in range(int(2.2 * shape[0] * shape[1] / spacing**2)):
        x, y = rng.uniform(0, shape[1]), rng.uniform(0, shape[0])
        size, turn = spacing * rng.uniform(0.18, 0.42), rng.uniform(0, 360)
        petals = int(rng.integers(1, 7))
        ink = inks[rng.integers(4)]
        for petal in range(petals):
            angle = np.radians(turn + 360 * petal / petals)
            centre = (int(x + 0.6 * size * np.cos(angle)), int(y + 0.6 * size * np.sin(angle)))
            axes = (max(1, int(0.6 * size)), max(1, int(0.32 * size)))
            cv2.ellipse(canvas, centre, axes, float(np.degrees(angle)), 0, 360, ink, -1, cv2.LINE_AA)
        cv2.circle(canvas, (int(x), int(y)), max(1, int(0.2 * size)), inks[4], -1, cv2.LINE_AA)
    return canvas


def invented_word(rng: np.random.Generator) -> str:
    """A brand that nobody has."""
    return "".join(_SYLLABLES[i] for i in rng.integers(0, len(_SYLLABLES), int(rng.integers(2, 4))))


def _words(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    cloth = _plain(rng, shape, px, chest)
    layer = Image.new("L", (shape[1], shape[0]), 0)
    draw = ImageDraw.Draw(layer)
    x, y = chest
    wide = rng.uniform(7, 26) * px
    lines = [invented_word(rng).upper() if rng.random() < 0.6 else invented_word(rng).title()]
    lines += [str(rng.choice(_WORDS)) for _ in range(int(rng.integers(0, 3)))]
    if rng.random() < 0.5:  # a badge above the words
        r = 0.22 * wide
        shape_of = draw.ellipse if rng.random() < 0.6 else draw.rectangle
        shape_of((x - r, y - 2.2 * r, x + r, y - 0.2 * r), fill=255)
        r *= rng.uniform(0.4, 0.8)
        draw.regular_polygon((x, y - 1.2 * 0.22 * wide, r), int(rng.integers(3, 8)), fill=0)
    for number, line in enumerate(lines):
        reference = ImageFont.load_default(100)
        size = 100 * wide * (1.0 if number == 0 else 0.7) / max(draw.textlength(line, reference), 1)
        font = ImageFont.load_default(min(size, 0.5 * wide))
        draw.text((x, y), line, 255, font, anchor="ma", stroke_width=int(rng.integers(0, 3)))
        y += int(1.15 * min(size, 0.5 * wide))
    return _mixed(cloth, np.asarray(layer, np.float64) / 255, garment_colour(rng))


def _photo(rng: np.random.Generator, shape: tuple[int, int], px: float, chest: tuple[int, int]) -> FloatArray:
    """Noise with the spectrum of photographs, all over or in a frame on the chest."""
    frequency = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.fftfreq(shape[1])[None])
    fall = 1 / np.maximum(frequency, 3 / max(shape)) ** rng.uniform(1.1, 1.7)
    layers = [np.fft.ifft2(np.fft.fft2(rng.normal(size=shape)) * fall).real for _ in range(3)]
    mix = rng.normal(0, 0.35, (3, 3)) + 0.7
    values = np.stack([layer / layer.std() for layer in layers], axis=2) @ mix
    scene = 1 / (1 + np.exp(-0.9 * values)) * garment_colour(rng) * 1.3
    if rng.random() < 0.5:
        return np.asarray(scene)
    cloth = _plain(rng, shape, px, chest)
    half = np.array([rng.uniform(6, 13), rng.uniform(6, 15)]) * px
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    inside = (np.abs(columns - chest[0]) < half[0]) & (np.abs(rows - chest[1] - half[1]) < half[1])
    return _mixed(cloth, inside.astype(np.float64), scene)
