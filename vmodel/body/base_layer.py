"""The opaque base layer that every body wears: seamless active wear painted on the skin.

It is part of ``paint_skin`` and cannot be left out. Whatever cut is chosen, chest, torso and pelvis are covered
completely; the cuts differ only in straps, and in how far the legs reach.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.chart import smoothstep
from vmodel.body.slim_trousers import tailor
from vmodel.types import BoolArray, Category, FloatArray, GarmentKind, Neckline, Sleeve

UPPERS = ("tank", "bandeau")
LOWERS = ("leggings", "shorts", "briefs-short")
STONE = (0.330, 0.290, 0.255)
CHARCOAL = (0.034, 0.035, 0.038)
DENIM = (0.024, 0.030, 0.047)
_LEG_HEM_MM = {"leggings": -1412.0, "shorts": -905.0, "briefs-short": -800.0}
"""Height of the leg hems on the neutral body, from the eyes; the crotch is at -745."""
_WAIST_MM = -436.0


@dataclass(frozen=True)
class BaseLayer:
    """A cut of the base layer.

    Attributes:
        upper: "tank" (straps, modest scoop) or "bandeau" (straight above the bust, bare shoulders).
        lower: "leggings" (to the ankle, tailored like slim trousers), "shorts" (mid-thigh) or
            "briefs-short" (upper thigh).
        upper_colour, lower_colour: linear-light albedo.
    """

    upper: str = "tank"
    lower: str = "shorts"
    upper_colour: tuple[float, float, float] = STONE
    lower_colour: tuple[float, float, float] = CHARCOAL

    def __post_init__(self) -> None:
        if self.upper not in UPPERS or self.lower not in LOWERS:
            raise ValueError(f"base layer {self.upper!r} with {self.lower!r}; uppers {UPPERS}, lowers {LOWERS}")


def choose_base_layer(kind: GarmentKind, is_child: bool = False) -> BaseLayer:
    """The base layer that hides under a garment and looks styled where the garment leaves it visible.

    Args:
        kind: what the garment is.
        is_child: children always wear the tank and at least shorts; ``paint_skin`` sees to that in any case.
    """
    bare_shoulders = kind.category.covers_upper and (
        kind.sleeve in (Sleeve.STRAP, Sleeve.NONE) or kind.neckline in (Neckline.STRAPLESS, Neckline.SQUARE)
    )
    upper = "bandeau" if bare_shoulders else "tank"
    if not kind.category.covers_lower:
        chosen = BaseLayer(upper, "leggings", STONE, DENIM)
    elif kind.category in (Category.DRESS, Category.SKIRT):
        chosen = BaseLayer(upper, "shorts", STONE, STONE)
    else:
        chosen = BaseLayer(upper, "briefs-short", STONE, STONE)
    return for_child(chosen) if is_child else chosen


def for_child(base_layer: BaseLayer) -> BaseLayer:
    """The same colours in a child's cut: always the tank, and shorts at least."""
    lower = "shorts" if base_layer.lower == "briefs-short" else base_layer.lower
    return replace(base_layer, upper="tank", lower=lower)


def base_layer_depth(base_layer: BaseLayer, spot_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How deep inside the upper and the lower piece each spot lies.

    Args:
        base_layer: the cut.
        spot_mm: (n, 3) spots of the neutral body, see ``vmodel.body.chart``.
    Returns:
        two (n,) arrays in about millimetres, positive inside the piece.
    """
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    off_the_arm = np.minimum(157 + 0.8 * np.maximum(-300 - z, 0), 300) - x
    back = smoothstep(60, 130, y)
    if base_layer.upper == "tank":
        neck = _outside_opening(x, z, 0.0, -165.0, 61.0, 77 - 29 * back)
        armhole = _outside_opening(x, z, 173.0, -205.0, 69.0, 91.0)
        top = np.minimum(np.minimum(neck, armhole), -120 - z)
    else:
        front_edge = -268 - 10 * np.exp(-((x / 26) ** 2)) - 22 * smoothstep(95, 150, x)
        top = (1 - back) * front_edge + back * -292 - z
    upper = np.minimum(np.minimum(top, off_the_arm), z - (_WAIST_MM - 8))
    hem = z - _LEG_HEM_MM[base_layer.lower] - 12 * smoothstep(40, 200, x)
    lower = np.minimum(np.minimum(_WAIST_MM - z, off_the_arm), hem)
    return upper, lower


def _outside_opening(
    x: FloatArray, z: FloatArray, centre_x: float, centre_z: float, width: float, drop: FloatArray | float
) -> FloatArray:
    """(n,) mm outside an opening that is half an ellipse below its centre and straight-sided above it."""
    across = (x - centre_x) / width
    down = np.minimum(z - centre_z, 0) / drop
    return np.asarray((np.hypot(across, down) - 1) * width)


def must_be_covered(spot_mm: FloatArray) -> BoolArray:
    """(n,) bool: spots of chest, torso and pelvis that every cut covers (from above the bust to below the crotch)."""
    x, z = np.abs(spot_mm[:, 0]), spot_mm[:, 2]
    return np.asarray((z < -300) & (z > -775) & (x < np.minimum(145 + 0.6 * np.maximum(-300 - z, 0), 260)))


@dataclass(frozen=True, eq=False)
class PaintedBaseLayer:
    """The base layer at the chart's texels; all (n,) float32, the albedo (n, 3)."""

    cover: FloatArray
    albedo: FloatArray
    height_mm: FloatArray
    roughness: FloatArray


def paint_base_layer(base_layer: BaseLayer, spot_mm: FloatArray, texel_mm: FloatArray) -> PaintedBaseLayer:
    """Cover, colour and knit of the base layer.

    Args:
        base_layer: the cut.
        spot_mm: (n, 3) spots of the texels.
        texel_mm: (n,) width of the texels, over which edges are smoothed.
    """
    upper, lower = base_layer_depth(base_layer, spot_mm)
    sharpness = np.maximum(texel_mm, 0.5)
    worn_upper, worn_lower = (np.clip(depth / sharpness + 0.5, 0, 1) for depth in (upper, lower))
    cover = np.maximum(worn_upper, worn_lower)
    # The lower piece lies over the upper one at the waist.
    albedo = np.array(base_layer.upper_colour, np.float32) + worn_lower[:, None] * (
        np.subtract(base_layer.lower_colour, base_layer.upper_colour, dtype=np.float32)
    )
    depth = np.where(lower > 0, lower, upper)
    hem = np.exp(-(((depth - 1.2) / 0.9) ** 2)) + 0.6 * np.exp(-(((depth - 9.0) / 0.7) ** 2))
    rib = 0.5 + 0.5 * np.cos(spot_mm[:, 0] * (2 * np.pi / 2.4))
    coarse = smoothstep(1.2, 0.6, texel_mm)
    height = cover * (0.55 - 0.12 * np.clip(hem, 0, 1) + 0.05 * coarse * rib)
    tone = 1 - 0.16 * np.clip(hem, 0, 1) - 0.05 * coarse * rib
    if base_layer.lower == "leggings":
        shade, relief = tailor(spot_mm, _WAIST_MM, _LEG_HEM_MM["leggings"])
        tone, height = tone * (1 + worn_lower * (shade - 1)), height + worn_lower * relief
    return PaintedBaseLayer(
        cover.astype(np.float32),
        (albedo * tone[:, None]).astype(np.float32),
        height.astype(np.float32),
        np.full(len(cover), 0.78, np.float32),
    )
