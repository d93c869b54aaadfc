"""Cloths of every kind on the outline of a real garment, without light: what the light network must leave alone."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from pipelines.training.light.crops import Crop
from pipelines.training.reader.synthetic.cloth import Cloth, periodic_noise, random_cloth, random_colour, random_print
from pipelines.training.reader.synthetic.parts import pick
from vmodel.types import BoolArray, FloatArray

_GARMENT_CM: Final = 65.0
"""Longer side of a garment, for the size of a cloth's repeat."""
_INDIGO: Final = (np.array([0.16, 0.24, 0.42], np.float32), np.array([0.62, 0.70, 0.80], np.float32))
_LEGS: Final = ("trousers", "shorts", "skirt", "outerwear")


def random_albedo(rng: np.random.Generator, crop: Crop) -> FloatArray:
    """(H, W, 3) float32 sRGB 0..1 of a garment of the crop's outline in a cloth of chance, evenly lit."""
    size = crop.mask.shape
    kind = pick(rng, {"plain": 0.18, "cloth": 0.38, "denim": 0.1, "knit": 0.12, "run": 0.09, "blocks": 0.13})
    if kind == "denim":
        picture = _denim(rng, crop)
    elif kind == "run":
        picture = _running(rng, size)
    else:
        picture = _plain(rng, size) if kind in ("plain", "knit") else laid(rng, random_cloth(rng), size, 0.0)
        if kind == "knit":
            picture = picture * np.exp(_relief(rng, size))[..., None]
        if kind == "blocks" or rng.random() < 0.15:
            picture = _in_blocks(rng, picture, crop)
        else:
            picture = _sleeves_along(rng, picture, crop)
    for _ in range(int(rng.choice([0, 1, 2, 4], p=[0.5, 0.3, 0.12, 0.08]))):
        _print_on(rng, picture, crop)
    if rng.random() < 0.55:
        _sew_on(rng, picture, crop)
    return np.clip(picture, 0.01, 1).astype(np.float32)


def laid(rng: np.random.Generator, cloth: Cloth, size: tuple[int, ...], turn: float) -> FloatArray:
    """(H, W, 3) a repeating cloth, turned by an angle in radians and as uneven as laid cloth is."""
    height, width = size
    y, x = np.mgrid[:height, :width].astype(np.float32)
    px = max(cloth.repeat * max(size) / _GARMENT_CM, 3.0)
    waves = rng.uniform(0, 0.015) * max(size)
    if waves > 0.5:
        x = x + waves * _noise(rng, size, max(size) / 5)
        y = y + waves * _noise(rng, size, max(size) / 5)
    turn += rng.normal(0, 0.05)
    across = (np.cos(turn) * x + np.sin(turn) * y) * len(cloth.tile) / px
    down = (np.cos(turn) * y - np.sin(turn) * x) * len(cloth.tile) / px
    tile = cloth.tile
    shrink = len(tile) / px
    if shrink > 1.5:  # averaged first, or it would flicker
        tile = cv2.resize(tile, None, fx=1 / shrink, fy=1 / shrink, interpolation=cv2.INTER_AREA)
        across, down = across * tile.shape[1] / len(cloth.tile), down * tile.shape[0] / len(cloth.tile)
    at = across.astype(np.float32), down.astype(np.float32)
    laid_out = cv2.remap(tile.astype(np.float32), *at, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(laid_out, np.float32)


def _plain(rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
    return np.broadcast_to(random_colour(rng), (*size, 3)).astype(np.float32).copy()


def _noise(rng: np.random.Generator, size: tuple[int, ...], blur_px: float) -> FloatArray:
    """(H, W) float32 smooth noise of deviation 1."""
    small = max(1.0, blur_px / 3)
    less = (max(2, round(size[1] / small)), max(2, round(size[0] / small)))
    field = cv2.GaussianBlur(rng.standard_normal(less[::-1], np.float32), (0, 0), blur_px / small)
    field = cv2.resize(field, size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray((field - field.mean()) / (field.std() + 1e-6))


def _relief(rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
    """(H, W) logarithm of the fine shade of ribs, cables, quilting or bouclé, which belongs to the cloth."""
    depth = rng.uniform(0.02, 0.16)
    if rng.random() < 0.4:
        tile = periodic_noise(rng, 96, rng.uniform(0.8, 4), rng.uniform(0.8, 6))
        cloth = Cloth(np.repeat(tile[..., None], 3, 2), rng.uniform(12, 30), 0.0)
        return np.asarray(depth * laid(rng, cloth, size, 0.0)[..., 0])
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    x, y = (each + 2 * _noise(rng, size, max(size) / 6) for each in (x, y))
    wave = rng.uniform(3, 26)
    field = np.cos(2 * np.pi * x / wave)
    if rng.random() < 0.6:
        field = field * np.cos(2 * np.pi * y / (wave * rng.uniform(0.7, 3)) + rng.uniform(0, 6))
    elif rng.random() < 0.5:
        field = np.cos(2 * np.pi * y / wave)
    return np.asarray(depth * np.sign(field) * np.abs(field) ** rng.uniform(0.5, 2.5))


def _denim(rng: np.random.Generator, crop: Crop) -> FloatArray:
    """Indigo that is washed out in places: paler and greyer there, as no light makes it."""
    size = crop.mask.shape
    dark: FloatArray
    pale: FloatArray
    dark, pale = (base * rng.uniform(0.8, 1.2) + rng.uniform(-0.04, 0.04, 3) for base in _INDIGO)
    if rng.random() < 0.2:
        dark = random_colour(rng)
        pale = 0.35 * dark + 0.65 * np.array([0.8, 0.8, 0.78])
    share = np.full(size, rng.uniform(0, 0.5), np.float32)
    if crop.category in _LEGS:
        for _ in range(int(rng.integers(2, 6))):
            share += _blob(rng, size) * rng.uniform(-0.2, 0.5)
        for _ in range(int(rng.integers(0, 9))):
            share += _line(rng, size, rng.uniform(1.0, 3.0)) * rng.uniform(-0.3, 0.35)
    share += rng.uniform(0, 0.12) * _noise(rng, size, rng.uniform(2, 10)) + rng.uniform(0, 0.06) * _noise(
        rng, size, 0.8
    )
    return np.asarray(dark + np.clip(share, 0, 1)[..., None] * (pale - dark), np.float32)


def _running(rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
    """Dye that runs softly from one hue to another: dips and batik."""
    first, second = random_colour(rng), random_colour(rng)
    if rng.random() < 0.5:
        field = np.linspace(-2, 2, size[0], dtype=np.float32)[:, None] + 0.3 * _noise(rng, size, size[0] / 8)
    else:
        field = 1.4 * _noise(rng, size, rng.uniform(0.02, 0.12) * max(size))
    share = 1 / (1 + np.exp(-rng.uniform(1, 6) * (field - rng.uniform(-0.8, 0.8))))
    return np.asarray(first + share[..., None] * (second - first), np.float32)


def _blob(rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    middle, wide = rng.uniform(0.1, 0.9, 2) * size, rng.uniform(0.04, 0.25, 2) * max(size)
    return np.asarray(np.exp(-(((y - middle[0]) / wide[0]) ** 2) - ((x - middle[1]) / wide[1]) ** 2))


def _line(rng: np.random.Generator, size: tuple[int, ...], blur_px: float) -> FloatArray:
    picture = np.zeros(size, np.float32)
    start, way = rng.uniform(0, 1, 2) * size, rng.normal(0, 0.15, 2) * max(size)
    knots = start + np.linspace(0, 1, 5)[:, None] * way + rng.normal(0, 0.01, (5, 2)) * max(size)
    cv2.polylines(picture, [np.round(knots[:, ::-1]).astype(np.int32)], False, 1.0, 2)
    picture = cv2.GaussianBlur(picture, (0, 0), blur_px)
    return np.asarray(picture / (picture.max() + 1e-6))


def sleeve_areas(crop: Crop) -> list[tuple[BoolArray, float]]:
    """Each sleeve's area, (H, W) bool, and how far it is turned from hanging, in radians; none without sleeves."""
    if not crop.has_sleeves:
        return []
    found, (height, width) = [], crop.mask.shape
    y, x = np.mgrid[:height, :width]
    for side in ("left", "right"):
        shoulder, armpit = crop.points[f"shoulder_{side}"], crop.points[f"armpit_{side}"]
        cuff = (crop.points[f"cuff_outer_{side}"] + crop.points[f"cuff_inner_{side}"]) / 2
        along, way = armpit - shoulder, cuff - (shoulder + armpit) / 2
        if np.linalg.norm(along) < 4 or np.linalg.norm(way) < 4:
            continue
        normal = np.array([-along[1], along[0]])
        normal = normal * np.sign(normal @ way)
        beyond = (x - shoulder[0]) * normal[0] + (y - shoulder[1]) * normal[1] > 0
        found.append((np.asarray(beyond), float(np.arctan2(-way[0], way[1]))))
    return found


def _in_blocks(rng: np.random.Generator, picture: FloatArray, crop: Crop) -> FloatArray:
    """Sleeves, yokes and bands of another cloth, often of the same hue in another lightness."""
    size = crop.mask.shape
    other = picture * rng.uniform(0.45, 1.6) if rng.random() < 0.5 else laid(rng, random_cloth(rng), size, 0.0)
    area = np.zeros(size, bool)
    sleeves = sleeve_areas(crop)
    if sleeves and rng.random() < 0.6:
        for sleeve, _ in sleeves:
            area |= sleeve
    else:
        y, x = np.mgrid[: size[0], : size[1]] / np.array(size, np.float32)[:, None, None]
        field = y if rng.random() < 0.7 else x
        low, thick = rng.uniform(0, 0.9), rng.uniform(0.02, 0.5)
        area = (field > low) & (field < low + thick)
    soft = cv2.GaussianBlur(area.astype(np.float32), (0, 0), 0.6)[..., None]
    return np.asarray(picture + soft * (other - picture), np.float32)


def _sleeves_along(rng: np.random.Generator, picture: FloatArray, crop: Crop) -> FloatArray:
    """Turn the cloth's stripes along the sleeves in half of the pictures, instead of through from the front."""
    if rng.random() < 0.5:
        return picture
    for area, turn in sleeve_areas(crop):
        height, width = crop.mask.shape
        turned = cv2.getRotationMatrix2D((width / 2, height / 2), -float(np.degrees(turn)), 1.0)
        other = cv2.warpAffine(picture, turned, (width, height), borderMode=cv2.BORDER_REFLECT)
        picture = np.where(area[..., None], other, picture)
    return picture


def _print_on(rng: np.random.Generator, picture: FloatArray, crop: Crop) -> None:
    art, cover = random_print(rng)
    chance = rng.random()
    if chance < 0.3:  # a drawing of fine lines in one ink
        field = _noise(rng, art.shape[:2], rng.uniform(0.8, 4))
        cover = (np.abs(field) < rng.uniform(0.1, 0.9)).astype(np.float32) * (_blob(rng, art.shape[:2]) > 0.2)
        art = np.broadcast_to(random_colour(rng), art.shape).astype(np.float32)
    elif chance < 0.5:  # a photograph, with its own soft shades
        field = np.stack([_noise(rng, art.shape[:2], rng.uniform(2, 14)) for _ in range(3)], 2)
        tone = _noise(rng, art.shape[:2], rng.uniform(2, 14))[..., None]
        art = np.clip(random_colour(rng) + 0.25 * tone + rng.choice([0, 0.08]) * field, 0, 1).astype(np.float32)
        cover = np.ones(art.shape[:2], np.float32)
    if rng.random() < 0.35:  # hardly darker or paler than the cloth
        ground = np.median(picture[crop.mask > 0.5], axis=0)
        art = ground * np.exp(rng.uniform(-0.35, 0.35) * (0.5 + art.mean(2, keepdims=True)))
    side = round(rng.uniform(0.1, 0.45) * max(crop.mask.shape))
    art, cover = (cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in (art, cover))
    rows, columns = np.nonzero(crop.mask > 0.5)
    middle = np.array([rows.mean(), columns.mean()]) + rng.normal(0, 0.1, 2) * max(crop.mask.shape)
    top, left = np.clip(middle - side / 2, 0, np.maximum(np.array(crop.mask.shape) - side, 0)).astype(int)
    part = picture[top : top + side, left : left + side]
    share = cover[: part.shape[0], : part.shape[1], None] * rng.uniform(0.7, 1)
    part += share * (art[: part.shape[0], : part.shape[1]] - part)


def _sew_on(rng: np.random.Generator, picture: FloatArray, crop: Crop) -> None:
    """Seams, hems, a placket with buttons, pockets: thin lines that stay."""
    ink = (
        np.median(picture[crop.mask > 0.5], axis=0) * rng.uniform(0.55, 1.25)
        if rng.random() < 0.7
        else random_colour(rng)
    )
    colour, points = tuple(float(value) for value in np.clip(ink, 0, 1)), crop.points

    def stroke(*names: str, thick: int = 1) -> None:
        line = [points[name] for name in names if name in points]
        if len(line) == len(names):
            cv2.polylines(picture, [np.round(line).astype(np.int32)], False, colour, thick, cv2.LINE_AA)

    if crop.category in ("trousers", "shorts", "skirt"):
        stroke("waist_left", "waist_front", "waist_right", thick=int(rng.integers(1, 4)))
        stroke("waist_front", "crotch")
    else:
        for side in ("left", "right"):
            stroke(f"shoulder_{side}", f"armpit_{side}")
            stroke(f"cuff_outer_{side}", f"cuff_inner_{side}", thick=int(rng.integers(1, 4)))
        stroke("hem_left", "hem_mid", "hem_right", thick=int(rng.integers(1, 4)))
        stroke("neck_left", "neck_front", "neck_right", thick=int(rng.integers(1, 5)))
        if rng.random() < 0.4:
            stroke("neck_front", "hem_mid", thick=int(rng.integers(1, 3)))
            for share in np.linspace(0.05, 0.95, int(rng.integers(3, 9))):
                spot = (1 - share) * points["neck_front"] + share * points["hem_mid"]
                cv2.circle(picture, (int(spot[0]), int(spot[1])), 2, colour, -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        rows, columns = np.nonzero(crop.mask > 0.9)
        spot, wide = int(rng.integers(len(rows))), rng.uniform(0.06, 0.2, 2) * max(crop.mask.shape)
        corner = np.array([columns[spot], rows[spot]])
        cv2.rectangle(picture, tuple(map(int, corner)), tuple(map(int, corner + wide)), colour, 1, cv2.LINE_AA)
