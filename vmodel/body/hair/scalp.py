"""Growth area of hair: the hairline, the parting, and the colour of the scalp under the hair.

A spot's ``turn`` is its angle round the head's vertical axis, 0 in front, 90 at the ear, 180 behind; the hairline is
a height for each turn, varied by the model's hairline type and seed.
"""

from __future__ import annotations

import numpy as np

from vmodel.body.face.face_params import Look
from vmodel.body.hair.styles import HairStyle, style_of
from vmodel.body.mesh.anatomy_chart import Chart, smooth_noise, smoothstep
from vmodel.body.mesh.head_surface import on_ear
from vmodel.types import FloatArray, VirtualModel

AXIS_Y_MM = 62.0
"""Depth (y) of the head's vertical axis, which runs between the ears."""
_TURNS = (0, 10, 20, 28, 36, 44, 52, 60, 66, 73, 78, 84, 96, 108, 116, 126, 142, 160, 180)
_LINE_MM = (62, 62, 62, 61, 55, 44, 29, 11, -5, -16, 8, 13, 15, 8, -14, -36, -58, -68, -72)
_WIDOWS_PEAK = ((0, -4), (6, -2), (14, 2), (25, 4), (36, 2), (50, 0))
_STRAIGHT = ((0, 1), (18, -1), (28, -4), (38, -2), (50, 0))
_RECEDING = ((0, 12), (10, 14), (20, 19), (30, 22), (40, 16), (50, 6), (60, 0))
_ROUNDED = ((0, 2), (20, -2), (30, -6), (40, -6), (52, -2), (60, 0))
_SHIFT = {"widows-peak": _WIDOWS_PEAK, "straight": _STRAIGHT, "receding": _RECEDING, "rounded": _ROUNDED}


def turn_of(spot_mm: FloatArray) -> FloatArray:
    """Return the degrees (n,) round the head, 0 in front, 180 behind, the same on both sides."""
    return np.asarray(np.degrees(np.arctan2(np.abs(spot_mm[:, 0]), AXIS_Y_MM - spot_mm[:, 1])))


def hairline_depth(spot_mm: FloatArray, model: VirtualModel, look: Look) -> FloatArray:
    """Return how far inside the hairline each spot of the head lies, in mm; negative outside it.

    Args:
        spot_mm: (n, 3) spots, see ``vmodel.body.mesh.anatomy_chart``.
        model: gender and seed.
        look: hairline type.
    """
    turn = turn_of(spot_mm)
    shift = np.array(_SHIFT[look.hairline], float)
    line = np.interp(turn, _TURNS, _LINE_MM) + np.interp(turn, shift[:, 0], shift[:, 1])
    if model.gender in ("woman", "girl"):
        line += 9 * smoothstep(58, 68, turn) * smoothstep(80, 74, turn)
    slope = np.gradient(np.interp(np.arange(181), _TURNS, _LINE_MM))[np.clip(turn, 0, 180).astype(int)] / 1.3
    uneven = smooth_noise(14, np.random.default_rng([model.seed, 51]))(spot_mm)
    depth = (spot_mm[:, 2] - line) / np.sqrt(1 + slope**2) + 1.3 * uneven
    return np.where(on_ear(spot_mm) | (spot_mm[:, 2] < -95), -30.0, depth)


def hair_density(spot_mm: FloatArray, model: VirtualModel, look: Look) -> FloatArray:
    """Return the share (n,) of full density, 0..1, thinner on top where the hairline recedes.

    It falls off over 2 cm, and in a few fine strands on the forehead.
    """
    depth = hairline_depth(spot_mm, model, look)
    down = smoothstep(-10.0, -3.0, depth) * smoothstep(48, 38, turn_of(spot_mm))
    density = np.maximum(0.10 * down, smoothstep(-4.0, 15.0, depth))
    if look.hairline == "receding":
        crown = np.exp(-0.5 * ((spot_mm[:, 0] / 34) ** 2 + ((spot_mm[:, 1] - 118) / 34) ** 2)) * (spot_mm[:, 2] > 60)
        density = density * (1 - 0.45 * crown)
    return np.asarray(density)


def parting_distance(spot_mm: FloatArray, style: HairStyle, look: Look) -> FloatArray:
    """Return the signed mm (n,) from the parting, positive on the wearer's left of it; far away where there is none."""
    if not style.parted or look.parting == "none":
        return np.where(spot_mm[:, 0] >= 0, 99.0, -99.0)
    offset = {"left": 22.0, "right": -22.0, "middle": 0.0}[look.parting]
    # The parting runs back from the hairline and fades towards the crown.
    if style.comb == "swept" and look.parting == "middle":
        offset = 22.0
    centre = offset * (1 - 0.5 * smoothstep(40, 120, spot_mm[:, 1])) + 1.2 * np.sin(spot_mm[:, 1] / 9)
    return np.asarray(spot_mm[:, 0] - centre)


def bare_parting(spot_mm: FloatArray, width_mm: float, style: HairStyle, look: Look) -> FloatArray:
    """Return how much the parting bares the scalp, (n,) 0..1; 0 under a straight fringe."""
    if style.straight_fringe:
        return np.zeros(len(spot_mm))
    return np.asarray(np.exp(-((parting_distance(spot_mm, style, look) / width_mm) ** 2)))


def scalp_colour(model: VirtualModel, chart: Chart, look: Look) -> tuple[FloatArray, FloatArray]:
    """Paint the scalp so that bare skin does not show between the strands.

    Returns:
        (n, 3) linear-light colour and (n,) opacity at the chart's texels.
    """
    style = style_of(model)
    share = np.zeros(len(chart.texel), np.float32)
    head = np.flatnonzero(chart.spot_mm[:, 2] > -95)
    spot_mm = chart.spot_mm[head]
    density = hair_density(spot_mm, model, look)
    parting = bare_parting(spot_mm, 1.1, style, look) * smoothstep(92, 55, spot_mm[:, 1]) * (spot_mm[:, 2] > 40)
    share[head] = style.scalp_opacity * density**2 * (1 - 0.45 * parting)
    grey = np.array([0.32, 0.31, 0.30])
    colour = np.array(model.hair.colour) * (1 - model.hair.grey) + grey * model.hair.grey
    tinted = 0.55 * colour + 0.02 * np.array(model.skin_tone)
    return np.broadcast_to(tinted.astype(np.float32), (len(share), 3)), share
