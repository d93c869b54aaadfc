"""Flat-lays drawn for tests: coloured polygons on a pale ground, with their exact masks."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import BodyMeasurements, ByteArray, Cutout, FlatLay

SIZE = (640, 520)
CLOTH = (40, 90, 160)
INSIDE = (22, 50, 95)
SEAM = (24, 60, 110)
RIB = (28, 64, 118)

WOMAN = BodyMeasurements(
    height=172, chest=90, waist=72, hip=97, neck=34, shoulder_width=39, arm_length=57, inseam=78, chest_height=125,
    waist_height=107, hip_height=87, neck_height=146,
)  # fmt: skip
CHILD = BodyMeasurements(
    height=110, chest=57, waist=53, hip=60, neck=26, shoulder_width=27, arm_length=36, inseam=48, chest_height=79,
    waist_height=67, hip_height=55, neck_height=90,
)  # fmt: skip

Points = list[tuple[float, float]]


def flat_lay(rgb: ByteArray, mask: ByteArray, name: str = "drawn.png") -> tuple[FlatLay, Cutout]:
    return FlatLay(name, "0" * 64, rgb), Cutout(mask.astype(np.float32) / 255, "mask", 1.0)


def draw(outline: Points, inside: Points | None = None, name: str = "drawn.png") -> tuple[FlatLay, Cutout]:
    """A garment from the right half of its outline (x from the middle, y down, top to bottom), mirrored."""
    half = np.array(outline, np.float64)
    loop = np.concatenate([half, (half * [-1, 1])[::-1]]) + np.array([SIZE[1] / 2, 0])
    mask = np.zeros(SIZE, np.uint8)
    cv2.fillPoly(mask, [np.round(loop * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    rgb = np.full((*SIZE, 3), 236, np.uint8)
    rgb[mask > 127] = CLOTH
    if inside is not None:
        hole = np.array(inside, np.float64)
        hole = np.concatenate([hole, (hole * [-1, 1])[::-1]]) + np.array([SIZE[1] / 2, 0])
        area = cv2.fillPoly(np.zeros(SIZE, np.uint8), [np.round(hole * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
        rgb[(area > 0) & (mask > 127)] = INSIDE
    return flat_lay(rgb, mask, name)


def tee(length: float = 390.0) -> tuple[FlatLay, Cutout]:
    outline = [(0, 88), (25, 86), (50, 80), (125, 104), (222, 205), (170, 250), (130, 200), (128, 320)]
    outline += [(130, 80 + length), (0, 84 + length)]
    return draw(outline, [(0, 88), (25, 86), (50, 80), (42, 105), (26, 122), (0, 128)], "tee.png")


def long_sleeve() -> tuple[FlatLay, Cutout]:
    outline = [(0, 85), (42, 78), (102, 98), (150, 260), (178, 432), (140, 440), (108, 280), (92, 180)]
    outline += [(90, 300), (96, 420), (0, 424)]
    return draw(outline, [(0, 85), (42, 78), (30, 104), (0, 112)], "long_sleeve.png")


def long_coat() -> tuple[FlatLay, Cutout]:
    """Long sleeves on a body three times as long as it is wide."""
    outline = [(0, 60), (28, 54), (66, 66), (100, 180), (122, 300), (98, 306), (72, 190), (62, 140)]
    outline += [(60, 300), (66, 560), (0, 564)]
    return draw(outline, [(0, 60), (28, 54), (20, 74), (0, 80)], "long_coat.png")


def dress() -> tuple[FlatLay, Cutout]:
    outline = [(0, 66), (38, 58), (76, 70), (72, 110), (84, 140), (66, 222), (92, 320), (140, 590), (0, 600)]
    return draw(outline, [(0, 66), (38, 58), (28, 88), (0, 100)], "dress.png")


def trousers(gap: float = 26.0, crotch: float = 192.0) -> tuple[FlatLay, Cutout]:
    outline = [(0, 60), (66, 60), (84, 150), (86, 590), (gap / 2, 592), (3, crotch + 4), (0, crotch)]
    return draw(outline, name="trousers.png")


def skirt() -> tuple[FlatLay, Cutout]:
    return draw([(0, 140), (80, 138), (108, 230), (170, 520), (0, 532)], name="skirt.png")


def camisole() -> tuple[FlatLay, Cutout]:
    outline = [(0, 190), (58, 150), (64, 70), (72, 70), (72, 150), (104, 190), (98, 300), (118, 520), (0, 526)]
    return draw(outline, name="camisole.png")


def looped_camisole(front: str) -> tuple[FlatLay, Cutout]:
    """A camisole whose straps lie in loops: one strand stands on the peak, the other comes from behind."""
    picture, cutout = camisole()
    rgb, mask = picture.rgb.copy(), np.round(cutout.matte * 255).astype(np.uint8)
    # The peak carries one strand; the other meets the garment's edge lower, beside it.
    inner, outer = [(52, 70), (57, 70), (36, 172), (30, 172)], [(80, 70), (85, 70), (92, 182), (86, 182)]
    behind = inner if front == "outer" else outer
    bend = [(52, 66), (72, 66), (72, 72), (52, 72)] if front == "outer" else [(64, 66), (85, 66), (85, 72), (64, 72)]
    for sign in (1, -1):
        for shape in (behind, bend):
            loop = np.array(shape, np.float64) * [sign, 1] + np.array([SIZE[1] / 2, 0])
            cv2.fillPoly(mask, [np.round(loop).astype(np.int32)], 255)
            cv2.fillPoly(rgb, [np.round(loop).astype(np.int32)], CLOTH)
    return flat_lay(rgb, mask, "looped_camisole.png")


def camisole_with_back_showing() -> tuple[FlatLay, Cutout]:
    """A camisole with a V, above which the straight edge of its back shows darker."""
    outline = [(0, 172), (32, 172), (58, 150), (64, 70), (72, 70), (72, 150), (104, 190), (98, 300), (118, 520)]
    return draw([*outline, (0, 526)], [(0, 168), (36, 168), (0, 204)], "camisole_with_back_showing.png")


def shirt() -> tuple[FlatLay, Cutout]:
    """A long-sleeved shirt with a collar, a placket with buttons, a chest pocket and a hem band of another shade."""
    picture, cutout = long_sleeve()
    rgb = picture.rgb.copy()
    for sign in (1, -1):
        flap = np.array([(0, 86), (42 * sign, 78), (58 * sign, 118), (4 * sign, 112)]) + np.array([SIZE[1] // 2, 0])
        cv2.polylines(rgb, [flap.astype(np.int32)], True, SEAM, 2, cv2.LINE_AA)
    cv2.line(rgb, (268, 112), (268, 404), SEAM, 2, cv2.LINE_AA)
    for y in range(140, 400, 50):
        cv2.circle(rgb, (260, y), 4, (235, 230, 215), -1, cv2.LINE_AA)
    cv2.rectangle(rgb, (290, 190), (330, 240), SEAM, 2, cv2.LINE_AA)
    rgb[404:][cutout.mask[404:] & (np.abs(np.arange(SIZE[1]) - 260) < 98)] = RIB
    return flat_lay(rgb, (cutout.matte * 255).astype(np.uint8), "shirt.png")


Colour = tuple[int, int, int]
TEE_CM: Points = [(0, 2), (8, 0), (22, 4), (40, 20), (31, 29), (25, 24), (24, 40), (25, 68), (0, 69)]
"""Right half, in centimetres, as those below."""
VEST_CM: Points = [(0, 10), (9, 0), (16, 1), (17, 16), (23, 24), (21, 42), (23, 62), (0, 63)]
JEANS_CM: Points = [(0, 0), (20, 0), (25, 22), (23, 100), (6, 100), (1.5, 30), (0, 27)]
SHORTS_CM: Points = [(0, 0), (20, 0), (26, 22), (28, 45), (4, 45), (1, 28), (0, 26)]


def whole(half: Points, at: tuple[float, float] = (0, 0), turn_deg: float = 0) -> Points:
    """The outline of which ``half`` is the right half, turned and moved."""
    loop = np.array([*half, *[(-x, y) for x, y in reversed(half)]], np.float64)
    angle = np.radians(turn_deg)
    turned = loop @ np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return [(float(x), float(y)) for x, y in turned + at]


def photograph(layers: list[tuple[Points, Colour]], seed: int = 3, ground: Colour = (214, 213, 210)) -> FlatLay:
    """Cloths laid over each other on paper: folds, soft shadows of each on what is below, soft edges, noise.

    Args:
        layers: outline in centimetres, y down, and colour, from the bottom up; they fill a photo of 720 by 720 pixels.
        seed: of folds and noise.
        ground: colour of the paper.
    """
    rng, side = np.random.default_rng(seed), 720
    everything = np.concatenate([outline for outline, _ in layers])
    scale = 0.84 * side / np.ptp(everything, axis=0).max()
    middle = (everything.max(0) + everything.min(0)) / 2
    rgb = np.zeros((side, side, 3)) + np.array(ground) + np.linspace(-4, 4, side)[None, :, None]
    for outline, colour in layers:
        fine = np.zeros((2 * side, 2 * side), np.uint8)
        cv2.fillPoly(fine, [np.rint(2 * ((np.array(outline) - middle) * scale + side / 2)).astype(np.int32)], 255)
        cover = cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA)[..., None] / 255.0
        shadow = cv2.GaussianBlur(np.roll(cover[..., 0], (5, 4), (0, 1)), (0, 0), 6)[..., None]
        folds = cv2.resize(rng.normal(1, 0.03, (12, 12)), (side, side), interpolation=cv2.INTER_CUBIC)[..., None]
        rgb = rgb * (1 - 0.3 * shadow * (1 - cover)) * (1 - cover) + np.array(colour) * folds * cover
    rgb = cv2.GaussianBlur(rgb, (0, 0), 0.8) + rng.normal(0, 1.2, (side, side, 1))
    return FlatLay("drawn.png", "0" * 64, np.clip(np.rint(rgb), 0, 255).astype(np.uint8))
