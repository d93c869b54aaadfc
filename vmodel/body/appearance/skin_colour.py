"""Colour of hands, feet, joints, ears and face relative to the rest of the skin, from MakeHuman's system skins (CC0).

``scripts/make_skin_colour.py`` makes the file. Its residuals are logarithms of albedo over the forearm's, so they lie
over any tone, and the tone stays that of the body.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import cv2
import numpy as np

from vmodel.body.mesh.anatomy_chart import Chart, mirrored_gaussian, smoothstep
from vmodel.config import Settings
from vmodel.core.network_weights import load_numbers
from vmodel.types import ByteArray, FloatArray, IntArray, VirtualModel

FILE = "skin_colour.safetensors"
SIDE = 512
"""Side of the residuals, in texels; they cover some of these only."""
SKINS = tuple(
    f"{age}_{ancestry}_{gender}"
    for ancestry in ("african", "caucasian")
    for gender in ("female", "male")
    for age in ("middleage", "old")
)
"""Skins in the file. The Asian ones are left out: relative to their own tone they equal the Caucasian ones."""
ZERO, LEVEL = 96, 0.01
"""Byte that stands for no change, and the change of the logarithm from one to the next."""
_FACE_SHARE = 0.5
_TONES = (-2.9, -1.15)
"""Mean log albedo of the dark and of the light skins in the file."""
_YEARS = (38.0, 75.0)


@dataclass(frozen=True, eq=False)
class ColouredParts:
    """Shares (n,) 0..1 in which the colour is used: hands and feet; knees and elbows; face, ears and neck."""

    limbs: FloatArray
    joints: FloatArray
    head: FloatArray


def coloured_parts(spot_mm: FloatArray) -> ColouredParts:
    """Return where the skin has a colour of its own; nowhere on chest and pelvis.

    Args:
        spot_mm: (n, 3) spots of the neutral body.
    """
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    hands = smoothstep(-440, -520, z) * smoothstep(370, 410, x)
    feet = smoothstep(-1400, -1470, z)
    knees = mirrored_gaussian(spot_mm, (133, 0, -1045), (48, 70, 55)) * smoothstep(70, 20, y)
    elbows = mirrored_gaussian(spot_mm, (350, 125, -410), 34)
    ears = mirrored_gaussian(spot_mm, (84, 76, -18), (12, 30, 34))
    # Above the hairline the skins show hair.
    face = smoothstep(66, 40, z + 0.25 * np.maximum(x - 20, 0)) * smoothstep(62, 30, y) * smoothstep(-165, -120, z)
    return ColouredParts(
        limbs=np.asarray(np.maximum(hands, feet), np.float32),
        joints=np.asarray(np.clip(knees + elbows, 0, 1), np.float32),
        head=np.asarray(np.maximum(_FACE_SHARE * face, np.clip(1.4 * ears, 0, 1)) * (z > -200), np.float32),
    )


def colour_residual(model: VirtualModel, chart: Chart) -> FloatArray:
    """Return the change (n, 3) of the logarithm of albedo at the chart's texels, mixed for a model.

    Tone mixes dark with light skins, because palms and soles hardly tan whatever the ancestry; gender and age mix the
    others.

    Raises:
        WeightsMissing: the file is not there, or damaged.
    """
    told = load_residuals()
    log_tone = float(np.log(np.maximum(model.skin_tone, 1e-3)).mean())
    light = float(smoothstep(*_TONES, np.array(log_tone)))
    male = 1 - float(np.clip(model.phenotype.get("gender", 0.5), 0, 1))
    old = float(np.clip((model.age - _YEARS[0]) / (_YEARS[1] - _YEARS[0]), 0, 1))
    shares = np.einsum("a,b,c->abc", (1 - light, light), (1 - male, male), (1 - old, old)).ravel()
    mixed = np.zeros((SIDE * SIDE, 3), np.float32)
    mixed[told.texel] = np.einsum("s,snc->nc", shares, told.steps.astype(np.float32) - ZERO) * LEVEL
    wide = cv2.resize(mixed.reshape(SIDE, SIDE, 3), (chart.size, chart.size), interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide.reshape(-1, 3)[chart.texel])


@dataclass(frozen=True, eq=False)
class _Residuals:
    """``texel`` (n,) indexes a picture of ``SIDE`` by ``SIDE``; ``steps`` (len(SKINS), n, 3) are bytes."""

    texel: IntArray
    steps: ByteArray


@functools.cache
def load_residuals() -> _Residuals:
    """Load the file once.

    Raises:
        WeightsMissing: it is not there, or damaged.
    """
    told = load_numbers(Settings().weights, FILE)
    return _Residuals(told["texel"].long().numpy(), told["steps"].byte().numpy())
