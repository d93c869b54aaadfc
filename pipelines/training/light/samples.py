"""What the light network learns from: real shade on cloths of every kind, and the light that it should answer.

On cloth of one colour every difference is light. So plain garments give real shade with a known answer, as they are and
laid on other cloths; garments with relief give cloth whose fine shade is not to be touched, washed ones cloth that
pales softly without any light. The light on a patterned garment is unknown, but laid once more on two copies of its
photo, the shade of two plain garments is a difference that is known: so real patterns teach too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from pipelines.training.light.cloths import random_albedo
from pipelines.training.light.crops import Crop
from vmodel.garment.delighting.network import OFFSET
from vmodel.types import BoolArray, FloatArray

FINE: Final = 0.0035
"""Blur of the light that is to be answered, as a share of the garment: what is finer belongs to the cloth."""
_WIDE: Final = 0.06
"""The same of garments with relief."""
_SURE: Final = 0.9
_BURNT: Final = 0.985
"""Value, 0..1, from which a camera shows no more light."""
_PRINTED_OF_TWO: Final = 0.85
"""Share of printed garments among the photos that are shown in two lights; the others are washed."""
_BRIGHT: Final = 0.22
"""Least median lightness, 0..1, of a garment whose shade is laid on others: darker ones hold as much noise as shade."""
_OTHER_TINT: Final = 0.15
"""Change of tint, a logarithm, that no light makes on cloth of one colour."""
_PRINTED_STEP, _PRINTED_TINT = 0.4, 0.1
"""Changes over two pixels, as logarithms, of lightness and of tint, that are a print's and no shade's."""
_OVER_TWO: Final = np.array([[-1.0, 0.0, 1.0]], np.float32)
_GREY: Final = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(frozen=True, eq=False)
class LitCloth:
    """A garment in a light.

    Attributes:
        rgb: (S, S, 3) float32 sRGB 0..1.
        mask: (S, S) float32 0..1.
        light: (S, S, 3) float32 logarithm of the light, relative to its median on the cloth.
        known: (S, S) float32 0..1, where the light is known.
    """

    rgb: FloatArray
    mask: FloatArray
    light: FloatArray
    known: FloatArray


class LitCloths:
    """Endless samples of chance."""

    def __init__(self, crops: list[Crop], rng: np.random.Generator) -> None:
        self.rng = rng
        self.plain = [crop for crop in crops if crop.shows == "plain"]
        self.printed = [crop for crop in crops if crop.shows == "printed"]
        self.relief = [crop for crop in crops if crop.shows == "relief"]
        self.washed = [crop for crop in crops if crop.shows == "washed"]
        self._shades: dict[Crop, FloatArray] = {}
        self.bright = [crop for crop in self.plain if _lightness(crop) > _BRIGHT]

    def draw(self, side: int, chance: float | None = None) -> LitCloth:
        """Draw one sample, (side, side).

        Args:
            side: pixels.
            chance: which kind, 0 to 1: from plain cloth as it is to shade laid on cloth of chance; None for any.
        """
        chance = self.rng.random() if chance is None else chance
        if chance < 0.2:
            sample = self._as_it_is(self._one(self.plain), FINE)
        elif chance < 0.4 and self.printed:
            sample = self._with_its_print(self._one(self.printed))
        elif chance < 0.46 and self.relief:
            sample = self._as_it_is(self._one(self.relief), _WIDE)
        elif chance < 0.58 and self.washed:
            sample = self._shaded(self._one(self.washed))
        else:
            sample = self._laid_on_another()
        return self._viewed(self._lit_more(sample), self._view(sample.mask.shape, side), side)

    def draw_two(self, side: int, shows: str | None = None) -> tuple[LitCloth, LitCloth]:
        """Draw a photo of a patterned or washed garment in two lights, (side, side) each, seen alike.

        Only the difference of their light is known.

        Args:
            side: pixels.
            shows: "printed" or "washed"; None for either.
        """
        if shows is None:
            shows = "printed" if self.rng.random() < _PRINTED_OF_TWO else "washed"
        crop = self._one(self.printed if shows == "printed" else self.washed)
        view = self._view(crop.mask.shape, side)
        first, second = (self._viewed(self._lit_more(self._shaded(crop)), view, side) for _ in range(2))
        return first, second

    def _shade_of(self, crop: Crop, inside: BoolArray) -> FloatArray:
        """(H, W, 3) float32, kept."""
        if crop not in self._shades:
            logs = np.log(crop.rgb.astype(np.float32) / 255 + OFFSET)
            self._shades[crop] = _shade(logs, inside).astype(np.float16)
        return self._shades[crop].astype(np.float32)

    def _one(self, crops: list[Crop]) -> Crop:
        return crops[int(self.rng.integers(len(crops)))]

    def _as_it_is(self, crop: Crop, blur: float) -> LitCloth:
        rgb = crop.rgb.astype(np.float32) / 255
        inside = solid(crop.mask)
        light = self._shade_of(crop, inside)
        if blur == _WIDE:  # one tint only: relief may be dyed in the depth
            light = np.repeat((light @ _GREY)[..., None], 3, 2)
        # Another exposure and white balance: the same light on brighter or darker cloth.
        gain = np.exp(self.rng.normal(0, 0.12) + self.rng.normal(0, 0.05, 3)).astype(np.float32)
        rgb = np.clip(rgb * np.minimum(gain, 0.98 / max(float(rgb[inside].max()), 0.1)), 0, 1).astype(np.float32)
        cloth = inside.astype(np.float32)
        return LitCloth(rgb, cloth, soft(light, inside, blur), cloth)

    def _with_its_print(self, crop: Crop) -> LitCloth:
        """Return a printed garment without light beside the edges of its print, which are steeper than any shade."""
        rgb, inside = crop.rgb.astype(np.float32) / 255, solid(crop.mask)
        logs = cv2.GaussianBlur(np.log(rgb + OFFSET), (0, 0), 0.7)
        tone = logs @ _GREY
        steep = _rise(tone) > _PRINTED_STEP
        steep |= _rise(logs - tone[..., None]) > _PRINTED_TINT
        known = cv2.dilate((steep & inside).astype(np.uint8), np.ones((7, 7), np.uint8)) * inside
        return LitCloth(rgb, inside.astype(np.float32), np.zeros_like(rgb), known.astype(np.float32))

    def _shaded(self, crop: Crop) -> LitCloth:
        """Return a garment under the shade of another one, which is all the light that is answered."""
        inside, shade = solid(crop.mask), self._one(self.bright)
        where = solid(shade.mask)
        tone = soft(self._shade_of(shade, where), where, FINE) @ _GREY
        size = crop.mask.shape[::-1]
        light = cv2.resize(tone, size, interpolation=cv2.INTER_AREA)[..., None] * self.rng.uniform(0, 1)
        covered = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA) > _SURE
        light = np.asarray(light * _tint(self.rng), np.float32)
        rgb = lit(crop.rgb.astype(np.float32) / 255, light)
        return LitCloth(
            rgb, inside.astype(np.float32), light, (inside & covered & (rgb.max(2) < _BURNT)).astype(np.float32)
        )

    def _laid_on_another(self) -> LitCloth:
        """Real shade on a cloth of chance; the outline is that of the shade's own garment."""
        crop = self._one(self.bright)
        inside = solid(crop.mask)
        tone = (self._shade_of(crop, inside) @ _GREY)[..., None] * self.rng.uniform(0.5, 1.5)
        light = np.repeat(tone, 3, 2)
        if self.rng.random() < 0.6:  # shade is often bluer than light
            light = light * _tint(self.rng)
        albedo = random_albedo(self.rng, crop)
        cloth = inside.astype(np.float32)
        return LitCloth(lit(albedo, light), cloth, soft(light.astype(np.float32), inside, FINE), cloth)

    def _lit_more(self, sample: LitCloth) -> LitCloth:
        """Slopes of the lamp's light, its spot, and shadows of who took the photo."""
        rng, size = self.rng, sample.mask.shape
        more = np.zeros(size, np.float32)
        y, x = np.mgrid[: size[0], : size[1]].astype(np.float32) / max(size)
        if rng.random() < 0.5:
            turn = rng.uniform(0, 2 * np.pi)
            more += rng.uniform(0, 0.35) * (np.cos(turn) * x + np.sin(turn) * y)
        for _ in range(int(rng.integers(0, 3))):
            middle, wide = rng.uniform(-0.1, 1.1, 2), rng.uniform(0.08, 0.5)
            more += rng.uniform(-0.3, 0.3) * np.exp(-(((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / wide**2))
        if rng.random() < 0.35:
            more += _shadow(rng, size)
        light = more[..., None] * _tint(rng)
        if rng.random() < 0.5:  # daylight from one side and a lamp from the other
            field = cv2.resize(
                rng.standard_normal((5, 4)).astype(np.float32), size[::-1], interpolation=cv2.INTER_CUBIC
            )
            most = 0.25 if rng.random() < 0.2 else 0.09
            light = light + rng.uniform(0, most) * field[..., None] * np.array([1.0, rng.uniform(-0.3, 0.3), -1.0])
        noise = rng.normal(0, rng.uniform(0, 0.012), (*size, 1)).astype(np.float32)
        rgb = np.clip(lit(sample.rgb, light) + noise, 0, 1).astype(np.float32)
        return LitCloth(rgb, sample.mask, (sample.light + light).astype(np.float32), sample.known)

    def _view(self, size: tuple[int, ...], side: int) -> FloatArray:
        """(2, 3) random affine map of a picture of a size into a square: turned, mirrored, scaled."""
        rng, (height, width) = self.rng, size
        scale = rng.uniform(0.75, 1.0) * side / max(height, width)
        affine = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 8), scale)
        affine[:, 2] += np.array([side - width, side - height]) / 2
        if rng.random() < 0.5:
            affine[0] *= -1
            affine[0, 2] += side - 1
        return np.asarray(affine)

    def _viewed(self, sample: LitCloth, affine: FloatArray, side: int) -> LitCloth:
        """Place a sample in a square, and pack the picture as phones do."""
        rng, scale = self.rng, float(np.sqrt(abs(np.linalg.det(affine[:, :2]))))
        less = [
            each if scale > 0.9 else cv2.GaussianBlur(each, (0, 0), 0.35 / scale) for each in (sample.rgb, sample.light)
        ]
        rgb, light, mask, known = (
            cv2.warpAffine(each, affine, (side, side), flags=cv2.INTER_LINEAR)
            for each in (*less, sample.mask, sample.known)
        )
        if rng.random() < 0.4:
            rgb = _packed(rgb, int(rng.integers(40, 92)))
        inside = mask > _SURE
        if inside.any():
            light = light - np.median(light[inside], axis=0)
        known = ((known > 0.5) & inside).astype(np.float32)
        return LitCloth(rgb, inside.astype(np.float32), np.asarray(light * inside[..., None], np.float32), known)


def lit(rgb: FloatArray, light: FloatArray) -> FloatArray:
    """(H, W, 3) float32 0..1: a picture in another light, given as a logarithm."""
    return np.asarray(np.clip((rgb + OFFSET) * np.exp(light) - OFFSET, 0, 1), np.float32)


def solid(mask: FloatArray) -> BoolArray:
    """(H, W) bool: cloth without its edge, in which the ground shows."""
    return np.asarray(cv2.erode((mask > _SURE).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0)


def soft(field: FloatArray, inside: BoolArray, blur: float) -> FloatArray:
    """(H, W, 3) a field blurred within the cloth by a share of the garment's size; it goes on beyond the edge."""
    weight, blur_px = inside.astype(np.float32), max(0.5, blur * max(inside.shape))
    total = np.maximum(cv2.GaussianBlur(weight, (0, 0), blur_px), 1e-4)[..., None]
    return np.asarray(cv2.GaussianBlur(field * weight[..., None], (0, 0), blur_px) / total)


def _shade(logs: FloatArray, inside: BoolArray) -> FloatArray:
    """(H, W, 3) the shade on cloth of one colour, from its logarithm; through buttons, tags and zips it goes on."""
    light = np.asarray((logs - np.median(logs[inside], axis=0)) * inside[..., None], np.float32)
    tint = np.abs(light - (light @ _GREY)[..., None]).max(2)
    other = cv2.dilate((inside & (tint > _OTHER_TINT)).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    filled = soft(light, inside & ~other, 0.012)
    return np.where((other & inside)[..., None], filled, light)


def _tint(rng: np.random.Generator) -> FloatArray:
    """(3,) float32 how strongly each channel follows the light: alike, as of one lamp, or not, as of sky and lamp."""
    most = 0.35 if rng.random() < 0.35 else 0.12
    return (1 + rng.uniform(-most, most) * np.array([1.0, 0.0, -1.0]) + rng.uniform(-0.05, 0.05, 3)).astype(np.float32)


def _rise(field: FloatArray) -> FloatArray:
    """(H, W) largest change of a field over two pixels, of any channel."""
    across, down = (cv2.filter2D(field, -1, kernel) for kernel in (_OVER_TWO, _OVER_TWO.T))
    rise = np.maximum(np.abs(across), np.abs(down))
    return np.asarray(rise if rise.ndim == 2 else rise.max(2))


def _lightness(crop: Crop) -> float:
    return float(np.median(crop.rgb[crop.mask > _SURE] @ _GREY)) / 255


def _shadow(rng: np.random.Generator, size: tuple[int, ...]) -> FloatArray:
    """(H, W) logarithm of a shadow with an edge of chance: a hand's, a phone's, a head's."""
    cover = np.zeros(size, np.float32)
    middle, wide = rng.uniform(-0.1, 1.1, 2) * size[::-1], rng.uniform(0.1, 0.45) * max(size)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    reach = wide * rng.uniform(0.5, 1.2, 9)
    outline = middle + reach[:, None] * np.stack([np.cos(turns), np.sin(turns)], 1)
    cv2.fillPoly(cover, [np.round(outline).astype(np.int32)], 1.0)
    depth = rng.uniform(0.4, 1.2) if rng.random() < 0.4 else rng.uniform(0.08, 0.5)
    return np.asarray(-depth * cv2.GaussianBlur(cover, (0, 0), rng.uniform(2, 30)))


def _packed(rgb: FloatArray, quality: int) -> FloatArray:
    """As a JPEG of that quality, at whose half size colours are kept."""
    code = cv2.imencode(".jpg", np.rint(255 * rgb[..., ::-1]).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    read = np.asarray(cv2.imdecode(code, cv2.IMREAD_COLOR))
    return read[..., ::-1].astype(np.float32) / 255
