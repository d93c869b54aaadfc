"""Views of a sample as the network sees them: turned, sized, mirrored, relit, on other grounds, in other colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from pipelines.training.reader.samples import UNKNOWN, Sample
from pipelines.training.reader.synthetic.background import paint_ground
from vmodel.garment.recognition.closeup import closeup
from vmodel.garment.recognition.network import CHOICES, CLOSE, CLOSE_SIZE, LANDMARKS, PARTS
from vmodel.types import ByteArray, FloatArray, IntArray

_MIRROR_POINTS: Final = np.array(
    [
        LANDMARKS.index(name.replace("left", "right") if name.endswith("left") else name.replace("right", "left"))
        for name in LANDMARKS
    ]
)
_MIRROR_PARTS: Final = np.array(
    [
        PARTS.index(name.replace("left", "right") if name.endswith("left") else name.replace("right", "left"))
        for name in PARTS
    ]
    + [UNKNOWN] * (256 - len(PARTS)),
    np.uint8,
)

_SQUEEZE: Final = (0.6, 0.95)
"""Ratio of a garment's width on a form or a body to its width laid flat, since the sides go round."""
_NOISE_SHAPES: Final = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)


@dataclass(frozen=True, eq=False)
class View:
    """One input of the network and its goals.

    Attributes:
        rgb: (S, S, 3) uint8.
        mask: (S/2, S/2) float32; NaN where it is not known.
        parts: (S/4, S/4) uint8 or ``UNKNOWN``.
        points: (len(LANDMARKS), 2) float32 pixels, NaN where absent.
        weight: (len(LANDMARKS),) float32.
        choices: (len(CHOICES),) int64 index of each attribute's value, -1 where not known.
        is_drawn: see ``Sample``.
    """

    rgb: ByteArray
    mask: FloatArray
    parts: ByteArray
    points: FloatArray
    weight: FloatArray
    choices: IntArray
    is_drawn: bool


def plain_view(sample: Sample, side: int) -> View:
    """Return a view of the whole picture, as the product first looks at it."""
    height, width = sample.rgb.shape[:2]
    scale = 0.95 * side / max(height, width)
    affine = np.array([[scale, 0, (side - scale * width) / 2], [0, scale, (side - scale * height) / 2]])
    return _view(sample, sample.rgb, affine, side, mirrored=False)


def training_view(sample: Sample, side: int, rng: np.random.Generator) -> View:
    """Make a random view.

    Args:
        sample: any.
        side: of the view in pixels, a multiple of 32.
        rng: source of all randomness.
    """
    rgb, squeeze = sample.rgb, 1.0
    if sample.mask is not None and not sample.is_drawn:
        cloth = _likely_cloth(sample.mask)
        if rng.random() < 0.16:
            rgb = _bleached(rgb, cloth, rng)
        elif rng.random() < 0.06:
            rgb = _with_other_sleeves(rgb, sample.parts, rng)
            sample = replace(sample, choices={n: value for n, value in sample.choices.items() if n != "cloth"})
        if rng.random() < 0.22:
            rgb = _on_other_ground(rgb, cloth, rng)
            squeeze = rng.uniform(*_SQUEEZE) if rng.random() < 0.5 else 1.0
    affine = _random_affine(sample, side, rng, squeeze)
    view = _view(sample, rgb, affine, side, mirrored=bool(rng.random() < 0.5))
    return View(relit(view.rgb, rng), view.mask, view.parts, view.points, view.weight, view.choices, view.is_drawn)


def close_view(sample: Sample, rng: np.random.Generator) -> tuple[ByteArray, IntArray] | None:
    """Make a random close-up of the neck.

    Args:
        sample: any.
        rng: source of all randomness.
    Returns:
        (CLOSE_SIZE, CLOSE_SIZE, 3) uint8 and (len(CLOSE),) indices of the attributes, -1 where not known; None where
        the neck was not labelled, is not seen from the front, or nothing is known of it.
    """
    seen = ~np.isnan(sample.points[:, 0])
    at = {name: sample.points[i].astype(np.float64) for i, name in enumerate(LANDMARKS) if seen[i]}
    choices = np.array([CHOICES[n].index(sample.choices[n]) if n in sample.choices else -1 for n in CLOSE])
    affine = closeup(at)
    if affine is None or (choices < 0).all():
        return None
    turn, scale = np.radians(rng.normal(0, 7)), np.exp(rng.normal(0, 0.13))
    stretch = np.diag(np.exp(rng.normal(0, 0.07, 2)))
    jitter = scale * stretch @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.full(2, CLOSE_SIZE / 2)
    affine = np.column_stack([jitter @ affine[:, :2], jitter @ (affine[:, 2] - middle) + middle])
    affine[:, 2] += rng.normal(0, 0.05, 2) * CLOSE_SIZE
    rgb = sample.rgb
    if sample.mask is not None and not sample.is_drawn and rng.random() < 0.2:
        rgb = _bleached(rgb, _likely_cloth(sample.mask), rng)
    picture = cv2.warpAffine(
        rgb, _centres(affine), (CLOSE_SIZE, CLOSE_SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    picture = picture[:, ::-1] if rng.random() < 0.5 else picture
    return relit(np.ascontiguousarray(picture), rng), choices


def _random_affine(sample: Sample, side: int, rng: np.random.Generator, squeeze: float) -> FloatArray:
    """Return the (2, 3) affine from photo to view: about the garment if known, otherwise about the picture's middle.

    Args:
        sample: any.
        side: of the view in pixels.
        rng: source of all randomness.
        squeeze: ratio of the garment's width in the view to its flat width.
    """
    height, width = sample.rgb.shape[:2]
    centre, extent = np.array([width / 2, height / 2]), float(max(width, height))
    seen = ~np.isnan(sample.points[:, 0])
    if seen.sum() >= 4 and rng.random() < 0.6:  # the product's second look is at the garment alone
        low, high = sample.points[seen].min(0), sample.points[seen].max(0)
        centre, extent = (low + high) / 2, 1.12 * float((high - low).max())
    angle = rng.normal(0, 9)
    if rng.random() < 0.08:
        angle += float(rng.choice([-90.0, 90.0, 180.0]))
    scale = side / extent * rng.uniform(0.74, 1.05)
    stretch = np.exp(rng.normal(0, 0.09))
    turn = np.radians(angle)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shear = np.array([[1.0, rng.normal(0, 0.05)], [rng.normal(0, 0.03), 1.0]])
    linear = rotation @ shear @ np.diag([scale * stretch * squeeze, scale / stretch])
    shift = side / 2 + rng.uniform(-0.06, 0.06, 2) * side - linear @ centre
    return np.column_stack([linear, shift])


def _view(sample: Sample, rgb: ByteArray, affine: FloatArray, side: int, mirrored: bool) -> View:
    if mirrored:
        affine = np.array([[-1.0, 0, side], [0, 1, 0]]) @ np.vstack([affine, [0, 0, 1]])
    picture = cv2.warpAffine(
        rgb, _centres(affine), (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if sample.mask is None:
        mask = np.full((side // 2, side // 2), np.nan, np.float32)
    else:
        mask = cv2.warpAffine(sample.mask, _centres(affine / 2), (side // 2, side // 2), flags=cv2.INTER_LINEAR)
    parts = cv2.warpAffine(
        sample.parts, _centres(affine / 4), (side // 4, side // 4), flags=cv2.INTER_NEAREST,
        borderValue=PARTS.index("background") if sample.mask is not None else UNKNOWN,
    )  # fmt: skip
    points = (sample.points @ affine[:, :2].T + affine[:, 2]).astype(np.float32)
    weight = sample.weight
    if mirrored:
        points, weight, parts = points[_MIRROR_POINTS], weight[_MIRROR_POINTS], _MIRROR_PARTS[parts]
    choices = [values.index(sample.choices[name]) if name in sample.choices else -1 for name, values in CHOICES.items()]
    return View(picture, mask, parts, points, weight, np.array(choices), sample.is_drawn)


def _centres(affine: FloatArray) -> FloatArray:
    """Convert an affine for cv2, whose pixel centres lie at integers, not at halves."""
    moved = np.asarray(affine, np.float64).copy()
    moved[:, 2] += moved[:, :2] @ [0.5, 0.5] - 0.5
    return moved


def _likely_cloth(mask: FloatArray) -> FloatArray:
    """Fill a mask's unknown pixels as cloth, since they lie between landmarks."""
    return np.asarray(np.nan_to_num(mask, nan=1.0))


def _bleached(rgb: ByteArray, mask: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Dye the garment white, grey, black or the ground's colour: cloth like its ground is rare in photos and hard."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)
    inside, ground = grey[mask > 0.5], rgb[mask < 0.1]
    if len(inside) < 100:
        return rgb
    relief = (grey - inside.mean()) * rng.uniform(0.15, 0.5)
    if len(ground) > 100 and rng.random() < 0.4:
        base = np.median(ground, axis=0) * rng.uniform(0.85, 1.2)
    else:
        level = rng.choice([rng.uniform(200, 245), rng.uniform(10, 60), rng.uniform(60, 200)], p=[0.6, 0.2, 0.2])
        base = np.full(3, level)
    tint = 1 + rng.normal(0, 0.03, 3)
    dyed = np.clip((base + relief[..., None]) * tint, 0, 255)
    soft = mask[..., None]
    return np.asarray(rgb * (1 - soft) + dyed * soft, np.uint8)


def _with_other_sleeves(rgb: ByteArray, parts: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Recolour the sleeves unlike the trunk, as raglans and college jackets have them."""
    sleeves = np.isin(parts, [PARTS.index(f"sleeve_{side}") for side in ("left", "right")]).astype(np.float32)
    gain = np.exp(rng.normal(0, 0.5) + rng.normal(0, 0.25, 3))
    soft = cv2.GaussianBlur(sleeves, (0, 0), 1.0)[..., None]
    return np.asarray(np.clip(rgb * (1 + soft * (gain - 1)), 0, 255), np.uint8)


def _on_other_ground(rgb: ByteArray, mask: FloatArray, rng: np.random.Generator) -> ByteArray:
    """Put the garment on a studio's plain ground, with a soft shadow, as shops show it."""
    height, width = mask.shape
    base = rng.choice([rng.uniform(235, 255), rng.uniform(120, 235), rng.uniform(20, 120)], p=[0.6, 0.3, 0.1])
    colour = np.clip(base * (1 + rng.normal(0, 0.05 if base < 235 else 0.01, 3)), 0, 255)
    slope = rng.normal(0, 0.05, 2)
    ramp = 1 + slope[0] * np.linspace(-1, 1, height)[:, None] + slope[1] * np.linspace(-1, 1, width)
    ground = np.clip(colour * ramp[..., None] + rng.normal(0, 2, (height, width, 1)), 0, 255)
    if rng.random() < 0.7:
        shift = np.array([[1, 0, rng.uniform(-6, 6)], [0, 1, rng.uniform(-2, 8)]], np.float32)
        shadow = cv2.GaussianBlur(cv2.warpAffine(mask, shift, (width, height)), (0, 0), rng.uniform(2, 9))
        ground *= 1 - rng.uniform(0.05, 0.35) * shadow[..., None]
    sharp = np.clip((mask - 0.35) / 0.5, 0, 1)[..., None]
    return np.asarray(rgb * sharp + ground * (1 - sharp), np.uint8)


def side_by_side(first: Sample, second: Sample, rng: np.random.Generator) -> Sample:
    """Compose two garments on one ground, beside or above one another, labelled "several".

    Args:
        first: photo whose mask is known.
        second: another.
        rng: source of all randomness.
    """
    upright = rng.random() < 0.3
    size = np.array([320, 224] if upright else [240, 320])
    cell = size // [2, 1] if upright else size // [1, 2]
    ground = np.clip(_ground_colour(first) * rng.uniform(0.9, 1.1) + rng.normal(0, 2, (*size, 1)), 0, 255)
    for place, sample in enumerate((first, second)):
        assert sample.mask is not None
        cloth = _likely_cloth(sample.mask)
        rows, columns = np.nonzero(cloth > 0.5)
        box = slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1)
        rgb, mask = sample.rgb[box], cloth[box]
        scale = rng.uniform(0.7, 0.95) * float((cell / mask.shape).min())
        shape = (max(4, int(mask.shape[1] * scale)), max(4, int(mask.shape[0] * scale)))
        rgb, mask = (cv2.resize(each, shape, interpolation=cv2.INTER_AREA) for each in (rgb, mask))
        free = cell - mask.shape
        corner = (rng.uniform(0, 1, 2) * free).astype(int) + place * cell * ([1, 0] if upright else [0, 1])
        spot = ground[corner[0] : corner[0] + shape[1], corner[1] : corner[1] + shape[0]]
        soft = np.clip((mask - 0.35) / 0.5, 0, 1)[..., None]
        spot[:] = rgb * soft + spot * (1 - soft)
    nothing = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    unknown = np.full(tuple(size), UNKNOWN, np.uint8)
    weight = np.zeros(len(LANDMARKS), np.float32)
    return Sample(np.asarray(ground, np.uint8), None, unknown, nothing, weight, {"garments": "several"})


def without_garment(sample: Sample, rng: np.random.Generator) -> Sample:
    """Make a picture without a garment: ground beside a garment, painted ground, or noise.

    Args:
        sample: photo whose ground is used if its mask is known and leaves room.
        rng: source of all randomness.
    """
    chance = rng.random()
    rgb = _ground_beside(sample, rng) if chance < 0.5 else None
    if rgb is None and chance < 0.75:
        rgb = np.asarray(np.clip(paint_ground(rng, None, 224) * 255, 0, 255), np.uint8)
    elif rgb is None:
        cells = int(2 ** rng.uniform(1, 8.6))
        grain = rng.integers(0, 256, (cells, cells, 3)).astype(np.uint8)
        rgb = np.asarray(cv2.resize(grain, (224, 224), interpolation=int(rng.choice(_NOISE_SHAPES))))
    size = rgb.shape[:2]
    points = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    parts = np.full(size, PARTS.index("background"), np.uint8)
    weight = np.zeros(len(LANDMARKS), np.float32)
    return Sample(rgb, np.zeros(size, np.float32), parts, points, weight, {"category": "none"}, is_drawn=True)


def _ground_beside(sample: Sample, rng: np.random.Generator) -> ByteArray | None:
    """Return a square of the picture that no garment touches; None if none was found."""
    if sample.mask is None:
        return None
    for _ in range(8):
        side = int(min(sample.mask.shape) * rng.uniform(0.2, 0.6))
        row, column = (int(rng.integers(0, length - side + 1)) for length in sample.mask.shape)
        place = slice(row, row + side), slice(column, column + side)
        if sample.mask[place].max() < 0.1:
            return sample.rgb[place]
    return None


def _ground_colour(sample: Sample) -> FloatArray:
    """Return the (3,) median colour of the pixels around the garment."""
    assert sample.mask is not None
    outside = sample.rgb[sample.mask < 0.1]
    return np.asarray(np.median(outside, axis=0) if len(outside) else np.full(3, 235.0))


def relit(rgb: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Vary exposure, white balance, gamma and light from one side; add blur and noise."""
    x = rgb.astype(np.float32) / 255
    x = np.clip(x, 0, 1) ** np.exp(rng.normal(0, 0.2))
    x = (x - 0.5) * rng.uniform(0.75, 1.25) + 0.5 + rng.uniform(-0.1, 0.1)
    x *= np.exp(rng.normal(0, 0.07, 3)).astype(np.float32)
    if rng.random() < 0.3:
        down, across = (np.linspace(-1, 1, side, dtype=np.float32) for side in rgb.shape[:2])
        light = 1 + rng.normal(0, 0.15) * down[:, None] + rng.normal(0, 0.15) * across
        x *= light[..., None]
    if rng.random() < 0.1:
        x = np.broadcast_to(x.mean(2, keepdims=True), x.shape)
    if rng.random() < 0.3:
        x = cv2.GaussianBlur(np.ascontiguousarray(x), (0, 0), rng.uniform(0.4, 1.4))
    if rng.random() < 0.4:
        x = x + rng.normal(0, rng.uniform(0.01, 0.05), x.shape).astype(np.float32)
    return np.asarray(np.clip(x * 255, 0, 255), np.uint8)
