"""What lies far behind the model, out of focus: planes that face the camera, painted as coarsely as they are seen."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.scene.place.patterns import clouds, coloured
from vmodel.types import ByteArray, FloatArray

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Plane:
    """Picture that stands upright and faces the camera.

    Attributes:
        behind_m: distance behind the model.
        picture: (H, W, 3 or 4) uint8 sRGB, with straight alpha where it has four channels.
        px_per_m: pixels to a metre.
        left_m, top_m: where its first pixel lies, to the camera's right of the model and above the floor.
        lit: it stands in the studio's light; otherwise it has its own.
        ends: nothing is beyond its borders; otherwise it goes on there as in a mirror.
    """

    behind_m: float
    picture: ByteArray
    px_per_m: float
    left_m: float
    top_m: float
    lit: bool = True
    ends: bool = False


class _Canvas:
    """Plane to paint on with metres."""

    def __init__(self, width_m: float, top_m: float, bottom_m: float, px_per_m: float, clear: bool = False) -> None:
        self.px, self.left, self.top = px_per_m, -width_m / 2, top_m
        self.size = round((top_m - bottom_m) * px_per_m), round(width_m * px_per_m)
        self.picture = np.zeros((*self.size, 4), np.uint8)
        self.picture[..., 3] = 0 if clear else 255
        self.clear = clear

    def rectangle(self, left: float, right: float, low: float, high: float, colour: Colour) -> None:
        """Fill a rectangle, metres."""
        rows = slice(max(round((self.top - high) * self.px), 0), max(round((self.top - low) * self.px), 0))
        columns = slice(max(round((left - self.left) * self.px), 0), max(round((right - self.left) * self.px), 0))
        self.picture[rows, columns] = (*colour, 255)

    def disc(self, across: float, height: float, width: float, tall: float, colour: Colour, degrees: float = 0) -> None:
        """Fill an ellipse, metres."""
        centre = round((across - self.left) * self.px), round((self.top - height) * self.px)
        axes = max(round(width * self.px / 2), 1), max(round(tall * self.px / 2), 1)
        cv2.ellipse(self.picture, centre, axes, degrees, 0, 360, (*colour, 255), -1, cv2.LINE_AA)

    def shade(self, light: FloatArray) -> None:
        """Multiply with a light (H, W) or (H, 1)."""
        shaded = self.picture[..., :3] * light[..., None]
        self.picture[..., :3] = np.clip(shaded, 0, 255).astype(np.uint8)

    def plane(self, behind_m: float, lit: bool = False) -> Plane:
        return Plane(behind_m, self.picture, self.px, self.left, self.top, lit, self.clear)


_LEAVES = ((74, 90, 62), (92, 110, 74), (116, 132, 90), (146, 158, 112), (186, 192, 150), (58, 72, 52))


def _foliage(
    canvas: _Canvas,
    centre: tuple[float, float],
    spread: tuple[float, float],
    leaf_m: float,
    count: int,
    rng: np.random.Generator,
) -> None:
    """Paint leaves in clumps, the dark ones first and the sunlit ones to the upper left."""
    clumps = rng.normal(0, 0.45, (14, 2)).clip(-0.85, 0.85)
    for number in range(count):
        clump = clumps[int(rng.integers(len(clumps)))]
        x, y = clump + rng.normal(0, 0.15, 2).clip(-0.3, 0.3)
        sunlit = (number / count) * 2.6 + 0.9 * (clump[1] - clump[0]) + rng.normal(0, 0.6)
        colour = _LEAVES[5 if sunlit < 0 else int(min(sunlit, 4))]
        size = leaf_m * rng.uniform(0.6, 1.4)
        place = centre[0] + x * spread[0], centre[1] + y * spread[1]
        canvas.disc(*place, size, 0.55 * size, colour, float(rng.uniform(0, 180)))


def terrace(rng: np.random.Generator) -> tuple[Plane, ...]:
    """Paint hills and trees under a bright sky, and a low plastered parapet with a coping and pots."""
    sky = _Canvas(80, 36, -4, 8)
    height = sky.top - (np.arange(sky.size[0]) + 0.5)[:, None] / sky.px
    fade = np.clip(height / 30, 0, 1)[..., None]
    sky.picture[..., :3] = np.array([236, 236, 230]) * (1 - fade) + np.array([205, 220, 234]) * fade
    for low, tone in ((5.5, (190, 198, 198)), (3.6, (160, 170, 158))):
        ridge = low + 1.3 * clouds((1, sky.size[1]), 160, rng)[0]
        sky.picture[..., :3] = np.where((height < ridge)[..., None], tone, sky.picture[..., :3])
    trees = _Canvas(26, 9, -1, 36, clear=True)
    trees.rectangle(-13, 13, -1, 1.2, (96, 110, 78))
    for across in np.arange(-11.5, 12, 1.5):
        middle = float(across + rng.normal(0, 0.5))
        _foliage(trees, (middle, float(rng.uniform(0.9, 2.0))), (1.6, float(rng.uniform(1.0, 2.4))), 0.07, 1100, rng)
    wall = _Canvas(9, 1.6, 0, 120, clear=True)
    wall.rectangle(-4.5, 4.5, 0, 0.86, (214, 204, 188))
    wall.shade(1 + 0.02 * clouds(wall.size, 60, rng))
    wall.rectangle(-4.5, 4.5, 0.80, 0.86, (150, 141, 128))
    wall.rectangle(-4.5, 4.5, 0.84, 0.92, (226, 217, 203))
    for across in (-2.05, -1.5, 1.85):
        wall.rectangle(across - 0.17, across + 0.17, 0, 0.36, (168, 112, 82))
        wall.rectangle(across + 0.06, across + 0.17, 0, 0.36, (138, 90, 66))
        _foliage(wall, (across, 0.66), (0.28, 0.34), 0.035, 900, rng)
    return sky.plane(70), trees.plane(16), wall.plane(3.4, lit=True)


def street(rng: np.random.Generator) -> tuple[Plane, ...]:
    """Paint house fronts of pale stone over shop windows across a quiet street, and trees at its edge."""
    house = _Canvas(30, 15, -0.5, 40)
    house.rectangle(-15, 15, -0.5, 15, (204, 194, 178))
    for left, right, tone in ((-15, -6.2, (216, 206, 190)), (-6.2, 3.4, (198, 188, 174)), (3.4, 15, (222, 214, 202))):
        house.rectangle(left, right, 4.0, 15, tone)
    house.shade(1 + 0.02 * clouds(house.size, 80, rng))
    house.rectangle(-15, 15, 3.75, 4.05, (192, 183, 169))
    for across in np.arange(-14, 15, 2.4):
        for low in (4.9, 8.4, 11.9):
            house.rectangle(across - 0.75, across + 0.75, low - 0.15, low + 2.35, (232, 226, 216))
            house.rectangle(across - 0.58, across + 0.58, low, low + 2.2, (96, 104, 110))
            house.rectangle(across - 0.58, across - 0.05, low + 0.9, low + 2.2, (150, 162, 170))
            house.rectangle(across - 0.58, across + 0.58, low - 0.05, low + 0.5, (74, 76, 76))
    for number, across in enumerate(np.arange(-13.4, 14, 3.6)):
        tone = ((62, 74, 70), (84, 66, 56), (70, 76, 88))[number % 3]
        house.rectangle(across - 1.6, across + 1.6, 0, 3.6, tone)
        house.rectangle(across - 1.35, across + 0.55, 0.55, 2.8, (116, 108, 96))
        house.rectangle(across + 0.72, across + 1.4, 0.1, 2.8, (96, 92, 86))
        for _ in range(9):
            glow = float(across + rng.uniform(-1.2, 0.45)), float(rng.uniform(1.2, 2.7))
            house.disc(*glow, 0.16, 0.16, (244, 222, 184))
        for _ in range(14):
            ware = float(across + rng.uniform(-1.25, 0.4)), float(rng.uniform(0.65, 1.5))
            grey = int(rng.uniform(90, 200))
            house.disc(*ware, 0.3, 0.42, (grey, int(grey * 0.93), int(grey * 0.84)))
    house.rectangle(-15, 15, -0.5, 0.12, (160, 156, 150))
    house.shade(np.full((1, 1), 1.12, np.float32))
    trees = _Canvas(22, 9, 0, 40, clear=True)
    for across in (-2.6, 3.4):
        trees.rectangle(across - 0.13, across + 0.13, 0, 4.2, (86, 76, 66))
        _foliage(trees, (across, 5.0), (2.6, 1.9), 0.07, 3200, rng)
    return house.plane(17), trees.plane(11)


def living_room(rng: np.random.Generator) -> tuple[Plane, ...]:
    """Paint a bright room: a window behind a sheer curtain, a sofa, a picture and a plant."""
    room = _Canvas(11, 4.2, 0, 100)
    room.rectangle(-5.5, 5.5, 0, 4.2, (222, 215, 204))
    room.shade(1 + 0.01 * clouds(room.size, 150, rng))
    room.rectangle(-5.5, 5.5, 0, 0.14, (238, 235, 230))
    room.rectangle(-2.9, -0.75, 0.25, 2.75, (246, 246, 244))
    room.rectangle(-2.75, -1.87, 0.4, 2.6, (255, 255, 255))
    room.rectangle(-1.78, -0.9, 0.4, 2.6, (255, 255, 255))
    folds = 226 + 14 * np.sin(np.linspace(0, 70, room.size[1])) + 6 * np.sin(np.linspace(0, 171, room.size[1]))
    for left, right in ((-3.6, -2.6), (-1.0, -0.2)):
        at = [round((edge - room.left) * room.px) for edge in (left, right)]
        cloth = coloured((255, 250, 242), np.broadcast_to(folds[at[0] : at[1]] / 255, (room.size[0], at[1] - at[0])))
        room.picture[round(1.25 * room.px) :, at[0] : at[1], :3] = cloth[round(1.25 * room.px) :]
    room.rectangle(0.75, 1.75, 1.35, 2.25, (70, 62, 54))
    room.rectangle(0.79, 1.71, 1.39, 2.21, (236, 230, 220))
    room.disc(1.18, 1.75, 0.42, 0.5, (190, 128, 98))
    room.disc(1.40, 1.90, 0.34, 0.3, (88, 104, 98))
    near = _Canvas(9, 2.4, 0, 120, clear=True)
    near.rectangle(0.45, 2.35, 0.0, 0.14, (116, 100, 84))
    near.rectangle(0.50, 2.30, 0.46, 0.86, (158, 153, 141))
    near.disc(1.40, 0.86, 1.76, 0.07, (166, 161, 149))
    near.rectangle(1.385, 1.415, 0.46, 0.86, (136, 131, 119))
    near.rectangle(0.35, 2.45, 0.12, 0.36, (140, 136, 124))
    near.rectangle(0.50, 2.30, 0.34, 0.48, (174, 169, 156))
    for arm in (0.42, 2.38):
        near.rectangle(arm - 0.12, arm + 0.12, 0.10, 0.60, (150, 145, 133))
        near.disc(arm, 0.60, 0.24, 0.12, (172, 167, 154))
    near.disc(0.85, 0.66, 0.46, 0.38, (196, 160, 124), 12)
    near.disc(2.05, 0.64, 0.42, 0.36, (226, 218, 204), -10)
    near.rectangle(-1.46, -1.14, 0, 0.34, (206, 198, 186))
    near.rectangle(-1.22, -1.14, 0, 0.34, (184, 176, 164))
    _foliage(near, (-1.3, 0.92), (0.42, 0.72), 0.035, 1500, rng)
    return room.plane(4.6), near.plane(3.6)
