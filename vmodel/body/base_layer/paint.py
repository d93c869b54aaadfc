"""Opaque base layer that every body wears: seamless active wear painted on the skin.

It is part of ``paint_skin`` and cannot be left out. Cuts that are meant to be seen cover chest, torso and pelvis
completely; they differ in straps and in the length of the legs. Below a closed garment an adult wears a guard instead:
it covers the guard zone, see ``is_guarded``, with a margin, and leaves bare what necklines, armholes and low backs
show. Swimwear lies still closer: there the base layer is a lining smaller than any swimwear. The judge of the worn
garment refuses a picture that would show the guard zone itself, or the lining.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vmodel.body.base_layer.trousers import tailor
from vmodel.body.mesh.anatomy_chart import smooth_noise, smoothstep
from vmodel.core.colour import to_oklab
from vmodel.types import BoolArray, Category, FloatArray, GarmentKind, Length, VirtualModel

UPPERS = ("tank", "tucked", "singlet", "guard")
LOWERS = ("leggings", "shorts", "briefs-short")
LINING = ("cups", "gusset")
"""Upper and lower piece under swimwear; adults only."""
Colour = tuple[float, float, float]
WHITE: Colour = (0.740, 0.730, 0.710)
GREY: Colour = (0.190, 0.190, 0.195)
BLACK: Colour = (0.020, 0.020, 0.021)
DENIM: Colour = (0.024, 0.030, 0.047)
LEAST_FROM_SKIN = 0.12
"""OKLab distance from the wearer's skin that every piece keeps, so that none can be taken for bare skin."""
_LEG_HEM_MM = {"leggings": -1412.0, "shorts": -905.0, "briefs-short": -800.0}
"""Height of the leg hems on the neutral body, from the eyes; the crotch is at -745."""
_BREAST_MM = (92.0, -331.0)
"""Middle of the left cup of the guard and of swimwear's lining, across and up."""
_CUP_RADIUS_MM = 27.0
_GUARD_RADIUS_MM = 18.0
GUARD_MARGIN_MM = 30.0
"""Cover around the guard zone on which every base layer of an adult but the lining ends at the earliest."""
_GUARD_EDGE_MM = -395.0
"""Height below which the guard covers all of the front: no neckline is as deep."""
_GUSSET_MM = (-660.0, 11.0, 0.22)
"""Brief of the lining: upper edge, half width at the crotch, and growth of the half width per millimetre upwards."""
_WAIST_MM = -436.0
_TOP_HEM_MM = {"tank": -662.0} | dict.fromkeys(("tucked", "singlet", "guard"), _WAIST_MM - 8)
"""Height of the upper piece's hem: a tank falls over the hips, the others end under the lower piece."""


@dataclass(frozen=True)
class BaseLayer:
    """Cut of the base layer.

    Attributes:
        upper: "tank" (a top to be seen: scoop neck, wide straps, hem over the hips), "tucked" (the same, its hem
            under the lower piece), "singlet" (of children: low wide neck and narrow straps),
            "guard" (of adults: round the guard zone and over the front of the waist, its edge cut clean so that it
            does not draw the eye) or "cups" (of swimwear's lining).
        lower: "leggings" (to the ankle, tailored like slim trousers), "shorts" (mid-thigh),
            "briefs-short" (upper thigh) or "gusset" (of swimwear's lining).
        upper_colour, lower_colour: linear-light albedo.
    """

    upper: str = "tank"
    lower: str = "shorts"
    upper_colour: Colour = WHITE
    lower_colour: Colour = BLACK

    def __post_init__(self) -> None:
        if (self.upper, self.lower) != LINING and (self.upper not in UPPERS or self.lower not in LOWERS):
            raise ValueError(f"base layer {self.upper!r} with {self.lower!r}; uppers {UPPERS}, lowers {LOWERS}")


_BELOW_KNEE = frozenset({Length.MIDI, Length.ANKLE})
"""Lengths that hide shorts; shorter garments are minis on some bodies, and shorts would show below their hems."""


def choose_base_layer(kind: GarmentKind, model: VirtualModel, garment: Colour | None = None) -> BaseLayer:
    """Choose the base layer under a garment: hidden where possible, recognisable as cloth where not.

    Under a closed garment for the chest it is a guard, so that necks, armholes and backs show skin. With trousers or a
    skirt alone, and under an open front, it is a tank top; under a closed jacket the tank top is tucked in. Its colours
    are white, grey or black, whichever is furthest from skin and garment, of a guard nearest to the garment; leggings
    are dark blue where skin is not dark.

    Args:
        kind: category, length, neckline, sleeve and front of the garment.
        model: the wearer; children always wear straps and at least shorts, which ``paint_skin`` enforces as well.
        garment: its mean colour, linear-light; None if unknown.
    """
    away = [model.skin_tone] if garment is None else [model.skin_tone, garment]
    plain = _furthest((WHITE, GREY, BLACK), away)
    if kind.category == Category.SWIMWEAR and not model.is_child:
        hidden = min((WHITE, GREY, BLACK), key=lambda colour: _apart(colour, away[-1]))
        return BaseLayer(*LINING, hidden, hidden)
    legs = DENIM if _apart(DENIM, model.skin_tone) >= LEAST_FROM_SKIN else _furthest((WHITE, GREY, BLACK), away[:1])
    if not kind.category.covers_upper:
        long = kind.category == Category.SKIRT and kind.length in _BELOW_KNEE
        chosen = BaseLayer("tank", "shorts" if long else "briefs-short", plain, plain)
    elif kind.category == Category.OUTERWEAR or kind.open_front:  # worn over something, which shows in its opening
        lower = "briefs-short" if kind.category.covers_lower else "leggings"  # over it come trousers or a skirt
        chosen = BaseLayer("tank" if kind.open_front else "tucked", lower, plain, legs)
    else:
        # The straps of dungarees lie on a top.
        upper, colour = ("tucked", plain) if kind.bib else ("guard", _nearest((WHITE, GREY, BLACK), away))
        if not kind.category.covers_lower:
            chosen = BaseLayer(upper, "leggings", colour, legs)
        else:
            long = kind.category == Category.DRESS and kind.length in _BELOW_KNEE
            lower = "shorts" if long else "briefs-short"
            chosen = BaseLayer(upper, lower, colour, plain)
    return for_child(chosen) if model.is_child else chosen


def between_halves(base_layer: BaseLayer) -> BaseLayer:
    """Give both pieces the upper colour: a gap between top and lower garment reads as undershirt, not as bare waist."""
    return replace(base_layer, lower_colour=base_layer.upper_colour)


def _furthest(colours: tuple[Colour, ...], away: list[Colour]) -> Colour:
    """Return the colour with the largest distance to the nearest of ``away``.

    A colour too near the skin, ``away[0]``, is returned only if all are.
    """
    return max(
        colours,
        key=lambda colour: (_apart(colour, away[0]) >= LEAST_FROM_SKIN, min(_apart(colour, other) for other in away)),
    )


def _nearest(colours: tuple[Colour, ...], away: list[Colour]) -> Colour:
    """Return the colour nearest to the last of ``away``, of those that cannot be taken for the skin, ``away[0]``."""
    apart = [colour for colour in colours if _apart(colour, away[0]) >= LEAST_FROM_SKIN]
    return min(apart or colours, key=lambda colour: _apart(colour, away[-1]))


def _apart(first: Colour, second: Colour) -> float:
    """Return the OKLab distance of two linear-light colours."""
    lab = to_oklab(np.array([first, second], np.float32))
    return float(np.linalg.norm(lab[0] - lab[1]))


def for_child(base_layer: BaseLayer) -> BaseLayer:
    """Return a base layer of the same colours in a child's cut: always straps, and shorts at least."""
    upper = "singlet" if base_layer.upper in {"guard", "cups"} else base_layer.upper
    lower = "shorts" if base_layer.lower in {"briefs-short", "gusset"} else base_layer.lower
    return replace(base_layer, upper=upper, lower=lower)


def base_layer_depth(base_layer: BaseLayer, spot_mm: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return how deep inside the upper and the lower piece each spot lies.

    Args:
        base_layer: the cut.
        spot_mm: (n, 3) spots of the neutral body, see ``vmodel.body.mesh.anatomy_chart``.
    Returns:
        two (n,) arrays in about millimetres, positive inside the piece.
    """
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    if (base_layer.upper, base_layer.lower) == LINING:
        return _lining_depth(x, y, z)
    off_the_arm = np.minimum(157 + 0.8 * np.maximum(-300 - z, 0), 300) - x
    back = smoothstep(60, 130, y)
    if base_layer.upper in {"tank", "tucked"}:
        neck = _outside_opening(x, z, 0.0, -160.0, 70.0, 92 - 46 * back)
        armhole = _outside_opening(x, z, 180.0, -205.0, 70.0, 91.0)
        top = np.minimum(np.minimum(neck, armhole), -120 - z)
    elif base_layer.upper == "singlet":
        neck = _outside_opening(x, z, 0.0, -170.0, 92.0, 110 - 50 * back)
        armhole = _outside_opening(x, z, 182.0, -205.0, 62.0, 91.0)
        top = np.minimum(np.minimum(neck, armhole), -120 - z)
    else:
        below = (1 - back) * _GUARD_EDGE_MM + back * _WAIST_MM - z
        top = np.maximum(below, _in_circle(x, y, z, _GUARD_RADIUS_MM + GUARD_MARGIN_MM))
    upper = np.minimum(np.minimum(top, off_the_arm), z - _TOP_HEM_MM[base_layer.upper])
    hem = z - _LEG_HEM_MM[base_layer.lower] - 12 * smoothstep(40, 200, x)
    lower = np.minimum(np.minimum(_WAIST_MM - z, off_the_arm), hem)
    return upper, lower


def _lining_depth(x: FloatArray, y: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    return _in_circle(x, y, z, _CUP_RADIUS_MM), _in_gusset(x, z)


def _in_circle(x: FloatArray, y: FloatArray, z: FloatArray, radius_mm: float) -> FloatArray:
    across, up = _BREAST_MM
    return np.asarray(np.minimum(radius_mm - np.hypot(x - across, z - up), radius_mm + 33 - y))  # the back has none


def _in_gusset(x: FloatArray, z: FloatArray) -> FloatArray:
    top, half, wider = _GUSSET_MM
    return np.asarray(np.minimum(np.minimum(top - z, z + 734), half + wider * np.maximum(z + 745, 0) - x))


def _outside_opening(
    x: FloatArray, z: FloatArray, centre_x: float, centre_z: float, width: float, drop: FloatArray | float
) -> FloatArray:
    """Return mm (n,) outside an opening that is half an ellipse below its centre and straight-sided above it."""
    across = (x - centre_x) / width
    down = np.minimum(z - centre_z, 0) / drop
    return np.asarray((np.hypot(across, down) - 1) * width)


def _between_breasts(x_mm: FloatArray) -> FloatArray:
    """Return how far spots lie in the dip of a neckline, 0..1: 1 on the breastbone."""
    return np.asarray(np.exp(-((x_mm / 42) ** 2)))


def is_guarded(spot_mm: FloatArray, margin_mm: float = 0.0) -> BoolArray:
    """Mark the guard zone of chest and groin, (n,) bool, which no picture of an adult shows.

    Args:
        spot_mm: (n, 3) spots of the neutral body.
        margin_mm: width by which the zone is grown.
    """
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    return np.asarray((_in_circle(x, y, z, _GUARD_RADIUS_MM + margin_mm) > 0) | (_in_gusset(x, z) > -margin_mm))


def must_be_covered(spot_mm: FloatArray) -> BoolArray:
    """Mark the spots of chest, torso and pelvis that every cut but guard and lining covers: (n,) bool.

    They reach from above the bust to below the crotch.
    """
    x, z = np.abs(spot_mm[:, 0]), spot_mm[:, 2]
    return np.asarray(
        (z < -300 - 20 * _between_breasts(x)) & (z > -775) & (x < np.minimum(145 + 0.6 * np.maximum(-300 - z, 0), 260))
    )


@dataclass(frozen=True, eq=False)
class PaintedBaseLayer:
    """Base layer at the chart's texels; all (n,) float32, the albedo (n, 3).

    ``shadow`` is the share of light that the cloth's edge takes from the skin beside it.
    """

    cover: FloatArray
    albedo: FloatArray
    height_mm: FloatArray
    roughness: FloatArray
    shadow: FloatArray


def paint_base_layer(base_layer: BaseLayer, spot_mm: FloatArray, texel_mm: FloatArray) -> PaintedBaseLayer:
    """Paint cover, colour and knit of the base layer.

    Args:
        base_layer: the cut.
        spot_mm: (n, 3) spots of the texels.
        texel_mm: (n,) width of the texels, over which edges are smoothed.
    """
    upper, lower = base_layer_depth(base_layer, spot_mm)
    sharpness = np.maximum(texel_mm, 0.5)
    worn_upper, worn_lower = (np.clip(depth / sharpness + 0.5, 0, 1) for depth in (upper, lower))
    cover = np.maximum(worn_upper, worn_lower)
    # A tank falls over the lower piece; the other tops end under its waistband.
    outer = base_layer.upper == "tank"
    share_lower = (1 - worn_upper) if outer else worn_lower
    albedo = np.array(base_layer.upper_colour, np.float32) + share_lower[:, None] * (
        np.subtract(base_layer.lower_colour, base_layer.upper_colour, dtype=np.float32)
    )
    depth = np.where(upper > 0, upper, lower) if outer else np.where(lower > 0, lower, upper)
    cut_clean = (base_layer.upper == "guard") * smoothstep(0.3, 0.1, share_lower)
    band = _binding(depth, 1 - cut_clean)
    ribs = 0.5 + 0.5 * np.cos(spot_mm[:, 0] * (2 * np.pi / 3.2))
    # Ribs finer than the texels would alias.
    ribbed = smoothstep(1.6, 0.8, texel_mm) * (1 - band.width) * (share_lower < 0.5)
    height = cover * (0.7 + 0.25 * band.width - 0.3 * band.seam + 0.10 * ribbed * ribs)
    if outer:
        height = height + cover * (1 - share_lower) * (1 - band.width) * _folds_mm(spot_mm)
    tone = 1 - 0.22 * band.seam - 0.06 * ribbed * ribs
    if base_layer.lower == "leggings":
        shade, relief = tailor(spot_mm, _WAIST_MM, _LEG_HEM_MM["leggings"])
        tone, height = tone * (1 + share_lower * (shade - 1)), height + cover * share_lower * relief
    beside = lower if base_layer.upper == "guard" else np.maximum(upper, lower)
    shadow = 0.30 * np.exp(-np.square(np.minimum(beside, 0) / 3.0)) * (1 - cover)
    edge_on_lower = 0.35 * np.exp(-np.square(np.minimum(upper, 0) / 4.0)) * share_lower if outer else 0.0
    return PaintedBaseLayer(
        cover.astype(np.float32),
        (albedo * (tone * (1 - edge_on_lower))[:, None]).astype(np.float32),
        height.astype(np.float32),
        np.full(len(cover), 0.82, np.float32),
        np.asarray(shadow, np.float32),
    )


@dataclass(frozen=True, eq=False)
class _Binding:
    """Finish of the edge, (n,) 0..1: ``width`` on the bound edge, ``seam`` in the stitched line beside it."""

    width: FloatArray
    seam: FloatArray


def _binding(depth_mm: FloatArray, bound: FloatArray) -> _Binding:
    return _Binding(
        bound * smoothstep(10.5, 9.0, depth_mm) * (depth_mm > 0),
        bound * np.exp(-(((depth_mm - 10.2) / 0.9) ** 2)),
    )


def _folds_mm(spot_mm: FloatArray) -> FloatArray:
    """Return the relief (n,) of a fitted top's soft folds: across the waist, and slanting from the side of the bust."""
    x, y, z = spot_mm[:, 0], spot_mm[:, 1], spot_mm[:, 2]
    rng = np.random.default_rng(17)
    across = smooth_noise(46, rng)(np.stack([0.30 * x, 0.30 * y, z + 0.22 * np.abs(x)], axis=1))
    slanting = smooth_noise(60, rng)(np.stack([0.75 * np.abs(x) + 0.65 * z, 0.3 * y, 0.25 * z], axis=1))
    waist = np.exp(-np.square((z + 520) / 90))
    flank = np.exp(-np.square((z + 400) / 60)) * smoothstep(50, 120, np.abs(x))
    return np.asarray(1.5 * waist * across + 1.0 * flank * slanting)
