"""Garments drawn for tests: coloured polygons on a pale ground, with their exact masks and landmarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np

from vmodel.garment.pattern.fit import fit_garment, make_pattern
from vmodel.garment.recognition.landmarks import complete
from vmodel.types import (
    BodyMeasurements,
    BoolArray,
    ByteArray,
    Category,
    Cutout,
    FlatLay,
    FloatArray,
    Garment,
    GarmentKind,
    Landmarks,
    Neckline,
    Sleeve,
)

SIZE: Final = (640, 520)
MIDDLE: Final = SIZE[1] // 2
CLOTH: Final = (40, 90, 160)
INSIDE: Final = (22, 50, 95)
SEAM: Final = (24, 60, 110)
RIB: Final = (28, 64, 118)
GROUND: Final = (236, 236, 236)

WOMAN: Final = BodyMeasurements(
    height=172, chest=90, waist=72, hip=97, neck=34, shoulder_width=39, arm_length=57, inseam=78, chest_height=125,
    waist_height=107, hip_height=87, neck_height=146,
)  # fmt: skip
CHILD: Final = BodyMeasurements(
    height=110, chest=57, waist=53, hip=60, neck=26, shoulder_width=27, arm_length=36, inseam=48, chest_height=79,
    waist_height=67, hip_height=55, neck_height=90,
)  # fmt: skip
BODIES: Final[Mapping[str, tuple[str, BodyMeasurements]]] = {
    "woman XS": ("woman", BodyMeasurements(163, 79, 64, 88, 26, 34, 51, 75, 118, 102, 84, 137)),
    "woman S": ("woman", BodyMeasurements(174, 86, 70, 93, 29, 37, 55, 82, 130, 111, 91, 149)),
    "woman XL": ("woman", BodyMeasurements(158, 106, 91, 112, 37, 35, 49, 69, 111, 102, 84, 132)),
    "woman 4XL": ("woman", BodyMeasurements(172, 132, 120, 136, 40, 36, 53, 74, 120, 108, 93, 143)),
    "man XS": ("man", BodyMeasurements(168, 84, 71, 87, 33, 38, 55, 78, 122, 101, 84, 143)),
    "man M": ("man", BodyMeasurements(184, 98, 86, 99, 37, 41, 60, 88, 136, 117, 95, 159)),
    "man 4XL": ("man", BodyMeasurements(188, 135, 127, 131, 47, 41, 61, 80, 135, 120, 112, 161)),
    "girl of 4": ("girl", BodyMeasurements(104, 50, 45, 56, 25, 22, 34, 47, 76, 66, 54, 87)),
    "boy of 12": ("boy", BodyMeasurements(152, 79, 68, 80, 32, 35, 47, 69, 111, 92, 77, 128)),
}
"""Gender and measures of body types in the roster."""

Point = tuple[float, float]
Points = list[Point]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A drawn photo, and the expected reading of it."""

    flat_lay: FlatLay
    cutout: Cutout
    kind: GarmentKind
    landmarks: Landmarks

    @property
    def mask(self) -> BoolArray:
        return self.cutout.mask

    @property
    def rgb(self) -> ByteArray:
        """Copy of the picture, to be drawn on."""
        return self.flat_lay.rgb.copy()

    def with_picture(self, rgb: ByteArray, name: str = "drawn.png") -> Drawn:
        """Return the same garment in another picture."""
        return replace(self, flat_lay=FlatLay(name, "1" * 64, rgb))

    def painted(self, where: BoolArray, colour: tuple[int, int, int]) -> Drawn:
        """Recolour the cloth inside a mask; returns the repainted garment."""
        rgb = self.rgb
        rgb[where & self.mask] = colour
        return self.with_picture(rgb)

    def of_kind(self, **changes: object) -> Drawn:
        """Return the same picture, read as another kind."""
        kind = replace(self.kind, **changes)  # type: ignore[arg-type]
        return replace(self, kind=kind, landmarks=complete(kind, self.landmarks.points_px, self.landmarks.confidence))

    def moved(self, affine: FloatArray, size: tuple[int, int]) -> Drawn:
        """Transform the photo by an affine map.

        Args:
            affine: (2, 3) from old pixels to new ones.
            size: (height, width) of the new photo.
        """
        at = affine.copy()
        at[:, 2] += at[:, :2] @ [0.5, 0.5] - 0.5
        rgb = cv2.warpAffine(self.flat_lay.rgb, at, size[::-1], flags=cv2.INTER_CUBIC, borderValue=GROUND)
        matte = cv2.warpAffine(self.cutout.matte, at, size[::-1])
        points = {name: affine[:, :2] @ spot + affine[:, 2] for name, spot in self.landmarks.points_px.items()}
        return Drawn(
            FlatLay("moved.png", "2" * 64, np.asarray(rgb)), Cutout(np.asarray(matte), "mask", 1.0), self.kind,
            replace(self.landmarks, points_px=points),
        )  # fmt: skip

    def pattern(self, back: Drawn | None = None) -> Garment:
        """Make the photo's pattern before it is fitted to a body; the back's landmarks are as seen from behind."""
        behind = None if back is None else (back.flat_lay, back.cutout, back.landmarks, None)
        return make_pattern(self.flat_lay, self.cutout, self.kind, self.landmarks, behind)

    def fitted(
        self, body: BodyMeasurements = WOMAN, gender: str = "woman", width_cm: float | None = None,
        length_cm: float | None = None, back: Drawn | None = None,
    ) -> Garment:  # fmt: skip
        """Return the garment cut for a body."""
        return fit_garment(self.pattern(back), body, gender, width_cm, length_cm)


def draw(
    kind: GarmentKind,
    outline: Points,
    sides: Mapping[str, Point],
    middle: Mapping[str, float],
    inside: Points | None = None,
) -> Drawn:
    """Draw a garment from the right half of its outline, and mirrored.

    Args:
        kind: kind of the garment.
        outline: x from the middle, y down, from top to bottom.
        sides: landmarks of the wearer's left, which lies on the right.
        middle: y of landmarks in the middle.
        inside: right half of the outline of the visible inside of the back.
    """
    mask = np.asarray(cv2.fillPoly(np.zeros(SIZE, np.uint8), [_whole(outline)], 255, cv2.LINE_AA, 4))
    rgb = np.full((*SIZE, 3), GROUND, np.uint8)
    rgb[mask > 127] = CLOTH
    if inside is not None:
        area = cv2.fillPoly(np.zeros(SIZE, np.uint8), [_whole(inside)], 255, cv2.LINE_8, 4)
        rgb[(area > 0) & (mask > 127)] = INSIDE
    points = {name: np.array([MIDDLE, y], np.float64) for name, y in middle.items()}
    for name, (x, y) in sides.items():
        points[f"{name}_left"], points[f"{name}_right"] = (np.array([MIDDLE + s * x, y], np.float64) for s in (1, -1))
    matte = Cutout(mask.astype(np.float32) / 255, "mask", 1.0)
    return Drawn(FlatLay("drawn.png", "0" * 64, rgb), matte, kind, complete(kind, points, dict.fromkeys(points, 1.0)))


def _whole(half: Points) -> ByteArray:
    loop = np.concatenate([np.array(half, np.float64), (np.array(half, np.float64) * [-1, 1])[::-1]])
    return np.round((loop + np.array([MIDDLE, 0])) * 16).astype(np.int32)  # type: ignore[return-value]


def upper(category: Category, sleeve: Sleeve, neckline: Neckline) -> GarmentKind:
    return GarmentKind(category, 1.0, sleeve, neckline)


def tee(length: float = 390.0) -> Drawn:
    low = 80 + length
    outline = [(0, 88), (25, 86), (50, 80), (125, 104), (222, 205), (170, 250), (130, 200), (128, 320)]
    sides = {
        "neck": (50, 80), "shoulder": (125, 104), "cuff_outer": (222, 205), "cuff_inner": (170, 250),
        "armpit": (130, 200), "waist": (128, 320), "hem": (130, low),
    }  # fmt: skip
    return draw(
        upper(Category.TOP, Sleeve.SHORT, Neckline.CREW),
        [*outline, (130, low), (0, low + 4)],
        sides,
        {"neck_front": 128, "neck_back": 88, "hem_mid": low + 4},
        [(0, 88), (25, 86), (50, 80), (42, 105), (26, 122), (0, 128)],
    )


def long_sleeve() -> Drawn:
    outline = [(0, 85), (42, 78), (102, 98), (150, 260), (178, 432), (140, 440), (108, 280), (92, 180)]
    sides = {
        "neck": (42, 78), "shoulder": (102, 98), "cuff_outer": (178, 432), "cuff_inner": (140, 440),
        "armpit": (92, 180), "waist": (90, 300), "hem": (96, 420),
    }  # fmt: skip
    return draw(
        upper(Category.TOP, Sleeve.LONG, Neckline.CREW),
        [*outline, (90, 300), (96, 420), (0, 424)],
        sides,
        {"neck_front": 112, "neck_back": 85, "hem_mid": 424},
        [(0, 85), (42, 78), (30, 104), (0, 112)],
    )


def shirt() -> Drawn:
    """Draw a long-sleeved shirt with a collar, a placket with buttons, a chest pocket and a darker hem band."""
    plain = long_sleeve().of_kind(neckline=Neckline.COLLAR)
    rgb = plain.rgb
    for sign in (1, -1):
        flap = np.array([(0, 86), (42 * sign, 78), (58 * sign, 118), (4 * sign, 112)]) + np.array([MIDDLE, 0])
        cv2.polylines(rgb, [flap.astype(np.int32)], True, SEAM, 2, cv2.LINE_AA)
    cv2.line(rgb, (268, 112), (268, 404), SEAM, 2, cv2.LINE_AA)
    for y in range(140, 400, 50):
        cv2.circle(rgb, (260, y), 4, (235, 230, 215), -1, cv2.LINE_AA)
    cv2.rectangle(rgb, (290, 190), (330, 240), SEAM, 2, cv2.LINE_AA)
    rgb[404:][plain.mask[404:] & (np.abs(np.arange(SIZE[1]) - MIDDLE) < 98)] = RIB
    return plain.with_picture(rgb)


def hoodie() -> Drawn:
    """Draw a hoodie whose hood lies spread out above the neck."""
    outline = [(0, 20), (40, 34), (52, 84), (102, 112), (150, 270), (178, 442), (140, 450), (108, 290), (92, 190)]
    sides = {
        "neck": (46, 90), "shoulder": (102, 112), "cuff_outer": (178, 442), "cuff_inner": (140, 450),
        "armpit": (92, 190), "waist": (90, 310), "hem": (96, 430),
    }  # fmt: skip
    return draw(
        upper(Category.TOP, Sleeve.LONG, Neckline.HOOD),
        [*outline, (90, 310), (96, 430), (0, 432)],
        sides,
        {"neck_front": 124, "neck_back": 70, "hem_mid": 432},
    )


def long_coat() -> Drawn:
    """Draw a long-sleeved coat whose body is three times as long as it is wide."""
    outline = [(0, 60), (28, 54), (66, 66), (100, 180), (122, 300), (98, 306), (72, 190), (62, 140)]
    sides = {
        "neck": (28, 54), "shoulder": (66, 66), "cuff_outer": (122, 300), "cuff_inner": (98, 306),
        "armpit": (62, 140), "waist": (60, 300), "hem": (66, 560),
    }  # fmt: skip
    return draw(
        upper(Category.OUTERWEAR, Sleeve.LONG, Neckline.COLLAR),
        [*outline, (60, 300), (66, 560), (0, 564)],
        sides,
        {"neck_front": 80, "neck_back": 60, "hem_mid": 564},
    )


def dress() -> Drawn:
    outline = [(0, 66), (38, 58), (76, 70), (72, 110), (84, 140), (66, 222), (92, 320), (140, 590), (0, 600)]
    sides = {"neck": (38, 58), "shoulder": (76, 70), "armpit": (84, 140), "waist": (66, 222), "hem": (140, 590)}
    return draw(
        upper(Category.DRESS, Sleeve.NONE, Neckline.SCOOP),
        outline,
        sides,
        {"neck_front": 100, "neck_back": 66, "hem_mid": 600},
        [(0, 66), (38, 58), (28, 88), (0, 100)],
    )


def cap_sleeved_dress() -> Drawn:
    """Draw a dress with sleeves so short that their cuffs nearly lie on the armholes."""
    outline = [(0, 66), (38, 58), (76, 70), (100, 110), (80, 140), (66, 222), (92, 320), (140, 590), (0, 600)]
    sides = {
        "neck": (38, 58), "shoulder": (76, 70), "cuff_outer": (100, 110), "cuff_inner": (82, 138), "armpit": (80, 140),
        "waist": (66, 222), "hem": (140, 590),
    }  # fmt: skip
    return draw(
        upper(Category.DRESS, Sleeve.SHORT, Neckline.SCOOP),
        outline,
        sides,
        {"neck_front": 100, "neck_back": 66, "hem_mid": 600},
    )


def strapless_dress() -> Drawn:
    outline = [(0, 104), (84, 100), (66, 222), (92, 320), (140, 590), (0, 600)]
    return draw(
        upper(Category.DRESS, Sleeve.NONE, Neckline.STRAPLESS),
        outline,
        {"neck": (84, 100), "waist": (66, 222), "hem": (140, 590)},
        {"neck_front": 104, "neck_back": 104, "hem_mid": 600},
    )


def jumpsuit() -> Drawn:
    outline = [(0, 66), (38, 58), (76, 70), (72, 110), (84, 140), (66, 222), (92, 320), (88, 610), (26, 612)]
    sides = {
        "neck": (38, 58), "shoulder": (76, 70), "armpit": (84, 140), "waist": (66, 222), "hip": (92, 320),
        "leg_outer": (88, 610), "leg_inner": (26, 612),
    }  # fmt: skip
    return draw(
        upper(Category.JUMPSUIT, Sleeve.NONE, Neckline.SCOOP),
        [*outline, (2, 354), (0, 350)],
        sides,
        {"neck_front": 100, "neck_back": 66, "crotch": 350, "waist_front": 222},
    )


def dungarees() -> Drawn:
    """Draw dungarees: a bib on wide straps; the sides begin at the hips."""
    outline = [
        (0, 150),
        (44, 150),
        (46, 60),
        (58, 60),
        (58, 150),
        (62, 190),
        (84, 240),
        (88, 270),
        (104, 340),
        (96, 600),
    ]
    sides = {
        "neck": (46, 60), "shoulder": (58, 60), "armpit": (84, 240), "waist": (88, 270), "hip": (104, 340),
        "leg_outer": (96, 600), "leg_inner": (30, 602),
    }  # fmt: skip
    return draw(
        replace(upper(Category.JUMPSUIT, Sleeve.STRAP, Neckline.SQUARE), bib=True),
        [*outline, (30, 602), (3, 392), (0, 388)],
        sides,
        {"neck_front": 150, "neck_back": 170, "crotch": 388, "waist_front": 270},
    )


def camisole() -> Drawn:
    outline = [(0, 190), (58, 150), (64, 70), (72, 70), (72, 150), (104, 190), (98, 300), (118, 520), (0, 526)]
    sides = {"neck": (64, 70), "shoulder": (72, 70), "armpit": (104, 190), "waist": (98, 300), "hem": (118, 520)}
    return draw(
        upper(Category.TOP, Sleeve.STRAP, Neckline.V),
        outline,
        sides,
        {"neck_front": 190, "neck_back": 190, "hem_mid": 526},
    )


def off_shoulder() -> Drawn:
    """Draw a top with a level upper edge, from which its short sleeves begin."""
    outline = [(0, 126), (84, 122), (116, 130), (168, 200), (140, 214), (104, 182), (96, 300), (106, 400), (0, 404)]
    sides = {
        "neck": (84, 122), "shoulder": (116, 130), "cuff_outer": (168, 200), "cuff_inner": (140, 214),
        "armpit": (104, 182), "waist": (96, 300), "hem": (106, 400),
    }  # fmt: skip
    kind = upper(Category.TOP, Sleeve.SHORT, Neckline.OFF_SHOULDER)
    return draw(kind, outline, sides, {"neck_front": 126, "hem_mid": 404})


def halter() -> Drawn:
    outline = [(0, 100), (36, 72), (52, 76), (64, 130), (104, 200), (96, 300), (106, 420), (0, 424)]
    sides = {"neck": (36, 72), "shoulder": (52, 76), "armpit": (104, 200), "waist": (96, 300), "hem": (106, 420)}
    kind = upper(Category.TOP, Sleeve.NONE, Neckline.HALTER)
    return draw(kind, outline, sides, {"neck_front": 100, "hem_mid": 424})


def one_shoulder() -> Drawn:
    """Draw a top held by the wearer's left shoulder; its upper edge goes down to the right armpit."""
    outline = [(0, 64), (44, 64), (92, 76), (90, 130), (104, 190), (96, 300), (106, 420), (0, 424)]
    sides = {"neck": (44, 64), "shoulder": (92, 76), "armpit": (104, 190), "waist": (96, 300), "hem": (106, 420)}
    kind = upper(Category.TOP, Sleeve.NONE, Neckline.ASYMMETRIC)
    whole = draw(kind, outline, sides, {"neck_front": 110, "hem_mid": 424})
    off = np.array([(44, 64), (-100, 184), (-200, 184), (-200, 0), (44, 0)]) + np.array([MIDDLE, 0])
    kept = cv2.fillPoly(np.ones(SIZE, np.float32), [off.astype(np.int32)], 0.0)
    points = {**whole.landmarks.points_px, **dict.fromkeys(("neck_right", "shoulder_right"), off[1].astype(float))}
    rgb = whole.rgb
    rgb[kept == 0] = GROUND
    return replace(
        whole.with_picture(rgb), cutout=replace(whole.cutout, matte=whole.cutout.matte * kept),
        landmarks=complete(kind, points, dict.fromkeys(points, 1.0)),
    )  # fmt: skip


def trousers(crotch: float = 192.0) -> Drawn:
    outline = [(0, 60), (66, 60), (84, 150), (86, 590), (13, 592), (3, crotch + 4), (0, crotch)]
    sides = {"waist": (66, 60), "hip": (84, 150), "leg_outer": (86, 590), "leg_inner": (13, 592)}
    kind = GarmentKind(Category.TROUSERS, 1.0)
    return draw(kind, outline, sides, {"crotch": crotch, "waist_front": 60})


def shorts() -> Drawn:
    outline = [(0, 160), (100, 160), (130, 270), (140, 385), (20, 385), (4, 294), (0, 290)]
    sides = {"waist": (100, 160), "hip": (130, 270), "leg_outer": (140, 385), "leg_inner": (20, 385)}
    return draw(GarmentKind(Category.SHORTS, 1.0), outline, sides, {"crotch": 290, "waist_front": 160})


def skirt() -> Drawn:
    outline = [(0, 140), (80, 138), (108, 230), (170, 520), (0, 532)]
    sides = {"waist": (80, 138), "hip": (108, 230), "hem": (170, 520)}
    return draw(GarmentKind(Category.SKIRT, 1.0), outline, sides, {"waist_front": 140, "hem_mid": 532})


ALL: Final = {
    "tee": tee, "long sleeve": long_sleeve, "shirt": shirt, "hoodie": hoodie, "coat": long_coat, "dress": dress,
    "cap sleeves": cap_sleeved_dress, "strapless": strapless_dress, "jumpsuit": jumpsuit, "camisole": camisole,
    "off-shoulder": off_shoulder, "halter": halter, "one shoulder": one_shoulder,
    "trousers": trousers, "shorts": shorts, "skirt": skirt, "dungarees": dungarees,
}  # fmt: skip
