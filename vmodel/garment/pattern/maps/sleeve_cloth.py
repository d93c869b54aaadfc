"""Cloth of patterned long sleeves: one that is bunched in its photo is cut from the trunk's cloth, along its grain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

import cv2
import numpy as np

from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES
from vmodel.garment.imaging.warp import Places, sample
from vmodel.garment.pattern.details.sleeves_seen import LONG
from vmodel.garment.recognition.kind import is_patterned
from vmodel.types import ByteArray, FloatArray, GarmentPhoto

_BUNCHED: Final = 0.77
"""Pixels of the photo per cm across a sleeve, as a share of those along it, below which its pattern is stretched.
Of 42 sleeves of 21 photos all that looked stretched have up to 0.75, and most others more than 0.8."""
_MIDDLE_CM, _SIDE_CM, _HEM_CM = 2.7, 1.5, 3.0
"""Distances of the trunk's cloth that is taken from the middle of the front, where a placket may be, from its side and
from its hem."""
_CHEST_CM: Final = 13.0
"""Distance below the armpits up to which chest pockets and yokes reach: two of 19 sleeves wore them."""
_LEAST_CM: Final = 8.0
"""Least width and height of that cloth."""
_HIDDEN: Final = 0.02
"""Largest share of it that a sleeve lies on."""
_CUFF_CM: Final = 6.0
"""Length at a sleeve's end that stays as photographed: cuffs, ribs and trims."""
_STEP_CM: Final = 0.2
"""Distance of the places at which cloths are compared."""
_BUSY: Final = (0.6, 1.9)
"""Mean slope of a sleeve's colours over that of the trunk's between which both may show the same pattern:
plain sleeves of checked tops have 0.1."""
_APART, _SPREAD = 15.0, 0.8
"""Largest distance of their mean colours in CIELAB, and of the logarithms of how far these spread."""
_FOLD_CM: Final = 3.0
"""Deviation of the blur that takes the pattern and leaves folds."""


class _Sleeve(NamedTuple):
    """Directions and size of a block's sleeve, in cm: ``up`` leads away from its end, ``across`` to the right of it."""

    end: FloatArray
    across: FloatArray
    up: FloatArray
    wide: float
    long: float

    def own(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return places across the sleeve from its middle, and up it from its end, in cm."""
        x, y = x - self.end[0], y - self.end[1]
        return x * self.across[0] + y * self.across[1], x * self.up[0] + y * self.up[1]

    def places(self, across: FloatArray, up: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return x and y of places given by ``own``."""
        x, y = (self.end[i] + across * self.across[i] + up * self.up[i] for i in (0, 1))
        return x, y


def cut_from_trunk(
    photo: GarmentPhoto, block: Block, trunk: Places, sleeves: Mapping[str, Places]
) -> dict[str, Places]:
    """Map bunched sleeves of a garment that is patterned all over to the trunk's cloth, if theirs is the same.

    Sleeves are cut along the grain as the trunk is: its upright lies along them.

    Args:
        photo: the garment.
        block: cut for it.
        trunk: map of its front.
        sleeves: "left" and "right" -> map of the sleeve.
    Returns:
        The maps of those sleeves alone, by side.
    """
    worn: dict[str, Places] = {}
    if photo.is_drawn or not is_patterned(photo.kind) or photo.kind.sleeve not in LONG:
        return worn
    boxes = {side: _box(block, side) for side in SIDES}
    hidden = np.any([np.zeros_like(photo.mask), *photo.lying.values()], axis=0) * np.uint8(255)
    cloths = {
        side: _picture(photo.rgb, trunk, *_grid(*box))
        for side, box in boxes.items()
        if min(float(np.ptp(ends)) for ends in box) > _LEAST_CM
        and _picture(hidden, trunk, *_grid(*box)).mean() < _HIDDEN * 255
    }
    if not cloths:
        return worn
    smoothest = min(cloths, key=lambda side: _unevenness(cloths[side]))
    for side, places in sleeves.items():
        sleeve = _sleeve(block, side)
        inside = sleeve.wide / 2 - _SIDE_CM
        x, y = sleeve.places(*_grid(np.array([-inside, inside]), np.array([_CUFF_CM, sleeve.long - _SIDE_CM])))
        if not _are_alike(_picture(photo.rgb, places, x, y), cloths[smoothest]):
            return {}  # sleeves of another cloth: a fold may make one of them look like the trunk
        if _px_per_cm(places, x, y, sleeve.across) < _BUNCHED * _px_per_cm(places, x, y, sleeve.up):
            worn[side] = _cut_from(trunk, boxes[smoothest], places, sleeve)
    return worn


def _box(block: Block, side: str) -> tuple[FloatArray, FloatArray]:
    """Return the ends in x and in y, (2,) cm each, of the cloth between placket, side, chest and hem."""
    armpit, hem = (block.landmarks_cm[f"{name}_{side}"] for name in ("armpit", "hem"))
    narrowest = float(np.abs(block.front[f"side_{side}"][:, 0]).min())
    x = np.sign(armpit[0]) * np.array([_MIDDLE_CM, narrowest - _SIDE_CM])
    return np.sort(x), np.array([hem[1] + _HEM_CM, armpit[1] - _CHEST_CM])


def _sleeve(block: Block, side: str) -> _Sleeve:
    shoulder, armpit, outer, inner = (
        block.landmarks_cm[f"{name}_{side}"] for name in ("shoulder", "armpit", "cuff_outer", "cuff_inner")
    )
    way = shoulder + armpit - outer - inner
    up = way / np.linalg.norm(way)
    across = np.array([up[1], -up[0]])
    end = (outer + inner) / 2
    return _Sleeve(
        end, across, up, abs(float((inner - outer) @ across)), float((shoulder + armpit) @ up / 2 - end @ up)
    )


def _grid(x_ends: FloatArray, y_ends: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return places a step apart, row by row from the upper end, each (rows, columns)."""
    x, y = (np.arange(ends[0], max(ends[1], ends[0] + 1.0), _STEP_CM) for ends in (x_ends, y_ends))
    across, up = np.meshgrid(x, y[::-1])
    return across, up


def _picture(photo: ByteArray, places: Places, x: FloatArray, y: FloatArray) -> ByteArray:
    return sample(photo, places(x, y).astype(np.float32))


def _px_per_cm(places: Places, x: FloatArray, y: FloatArray, way: FloatArray) -> float:
    """Return the photo's pixels per cm along a direction, the median of all places."""
    step = places(x + way[0] / 2, y + way[1] / 2) - places(x - way[0] / 2, y - way[1] / 2)
    return float(np.median(np.linalg.norm(step, axis=-1)))


def _unevenness(cloth: ByteArray) -> float:
    """Return how far a cloth's lightness varies beyond its pattern."""
    light = cv2.cvtColor(cloth, cv2.COLOR_RGB2GRAY).astype(np.float32)
    return float(cv2.GaussianBlur(light, (0, 0), _FOLD_CM / _STEP_CM).std())


def _are_alike(sleeve: ByteArray, trunk: ByteArray) -> bool:
    """Tell whether a sleeve has the trunk's pattern, as far as colours and their slopes tell."""
    (busy, middle, spread), (usual, its_middle, its_spread) = (_looks(each) for each in (sleeve, trunk))
    apart = float(np.linalg.norm(middle - its_middle))
    wider = float(np.abs(np.log((spread + 1) / (its_spread + 1))).max())
    return _BUSY[0] * usual < busy < _BUSY[1] * usual and apart < _APART and wider < _SPREAD


def _looks(cloth: ByteArray) -> tuple[float, FloatArray, FloatArray]:
    """Return the mean slope of a cloth's colours, their middle and their spread in CIELAB."""
    lab = cv2.cvtColor(cloth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    slopes = np.gradient(cv2.GaussianBlur(lab, (0, 0), 1.0), axis=(0, 1))
    return float(np.linalg.norm(slopes, axis=(0, 3)).mean()), lab.mean(axis=(0, 1)), lab.std(axis=(0, 1))


def _cut_from(trunk: Places, box: tuple[FloatArray, FloatArray], photographed: Places, sleeve: _Sleeve) -> Places:
    """Map a sleeve to the trunk's cloth, laid back and forth within its box, and its end to the photo's."""
    middle = float(np.mean(box[0]))

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        across, up = sleeve.own(x, y)
        cloth = trunk(_back_and_forth(middle + across, box[0]), _back_and_forth(box[1][0] + up, box[1]))
        return np.where((up > _CUFF_CM)[..., None], cloth, photographed(x, y))

    return at


def _back_and_forth(values: FloatArray, ends: FloatArray) -> FloatArray:
    """Return values within two ends, reflected at these as often as they lie beyond."""
    long = float(ends[1] - ends[0])
    return np.asarray(ends[0] + long - np.abs(np.mod(values - ends[0], 2 * long) - long))
