"""Hands close up: nails with lunula and free edge, creases of the knuckles and of the palm's side, tendons.

Everything is a function of the place along and round a finger of the neutral body.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np

from vmodel.body.face.face_params import Look
from vmodel.body.mesh.anatomy_chart import Chart, load_anatomy, look_up_mask, smoothstep
from vmodel.body.mesh.anny_model import load_anny, load_surface
from vmodel.types import FloatArray, IntArray

_THUMB = 0
_BACKS = (
    (0.47, 0.42, -0.78),
    (0.71, -0.57, 0.43),
    (0.84, -0.35, 0.41),
    (0.88, -0.34, 0.32),
    (0.94, -0.21, 0.27),
)
"""Unit normals of the left hand's nails, the thumb first."""
_KNUCKLE = ((-3.4, 0.7), (-1.2, 1.0), (1.0, 1.0), (3.2, 0.7))
"""Creases over the middle joint of a finger: mm along it from the joint, and share of the depth."""
_LAST = ((-0.9, 0.7), (0.9, 0.7))
_INSIDE = ((-1.0, 0.8), (1.0, 1.0))
_CREASE_MM, _CREASE_WIDTH_MM = 0.20, 0.55
_TENDON_MM, _TENDON_WIDTH_MM = 0.45, 2.6
_BLOOD_OF_BED = np.array([0.080, 0.048, 0.040])
"""Albedo that the bed of a nail adds to the skin's: more red, so that nails on dark skin are not grey."""
_FREE_EDGE = np.array([0.60, 0.53, 0.45])
"""Albedo of the nail beyond its bed, whatever the skin."""


@dataclass(frozen=True, eq=False)
class _Finger:
    """Finger of the neutral body, mm.

    Attributes:
        joints: (4, 3) knuckle, middle joint, last joint and tip.
        back: (3,) unit direction to the nail's side.
    """

    joints: FloatArray
    back: FloatArray


@dataclass(frozen=True, eq=False)
class HandRelief:
    """Relief of the hands at some of the chart's texels.

    Attributes:
        at: (k,) indices of the texels.
        height_mm: (k,) of the tendons, and depth of the creases as negative height.
        crease: (k,) 0..1, where a crease darkens the skin.
    """

    at: IntArray
    height_mm: FloatArray
    crease: FloatArray


@dataclass(frozen=True, eq=False)
class PaintedNails:
    """Nails at some of the chart's texels.

    Attributes:
        at: (k,) indices of the texels.
        cover: (k,) 0..1.
        fold: (k,) 0..1, the skin's fold round the nail.
        albedo: (k, 3).
        roughness: (k,).
    """

    at: IntArray
    cover: FloatArray
    fold: FloatArray
    albedo: FloatArray
    roughness: FloatArray


def hand_relief(chart: Chart, age: float, rng: np.random.Generator) -> HandRelief:
    """Compute creases and tendons of both hands.

    Args:
        chart: texels.
        age: years; tendons stand out and creases deepen with it, and are faint on children.
        rng: of the model.
    """
    at = np.flatnonzero((np.abs(chart.spot_mm[:, 0]) > 395) & (chart.spot_mm[:, 2] < -500))
    left = _as_left(chart.spot_mm[at])
    crease, tendons = np.zeros(len(at)), np.zeros(len(at))
    owner = _finger_of(chart, at)
    on_back = np.flatnonzero((owner < 0) | (chart.spot_mm[at, 2] > -610))
    for number, finger in enumerate(_fingers()):
        mine = np.flatnonzero(owner == number)
        for joint, (over, under) in ((1, (_KNUCKLE, _INSIDE)), (2, (_LAST, _INSIDE[:1]))):
            if number == _THUMB and joint == 1:
                continue
            crease[mine] += _creases(left[mine], finger, joint, over, under, rng)
        if number != _THUMB:
            tendons[on_back] = np.maximum(tendons[on_back], _tendon(left[on_back], finger))
    grown = smoothstep(4, 18, np.array(age)) * (0.55 + 0.45 * smoothstep(25, 65, np.array(age)))
    crease = np.clip(crease, 0, 1.2) * (0.35 + 0.65 * grown)
    height = _TENDON_MM * grown * tendons - _CREASE_MM * crease
    return HandRelief(at, height.astype(np.float32), crease.astype(np.float32))


def _creases(
    spot_mm: FloatArray,
    finger: _Finger,
    joint: int,
    over: tuple[tuple[float, float], ...],
    under: tuple[tuple[float, float], ...],
    rng: np.random.Generator,
) -> FloatArray:
    """Return the depth (n,) 0..1 of the creases of one joint, ``over`` it on the back and ``under`` it inside."""
    along, side, facing = _place(spot_mm, finger, joint)
    depth = np.zeros(len(spot_mm))
    on_back, inside = smoothstep(0.25, 0.75, facing), smoothstep(0.0, -0.6, facing)
    for creases, where, bow in ((over, on_back, 0.016), (under, inside, 0.0)):
        for offset, share in creases:
            wave = 0.35 * np.sin(side * rng.uniform(0.7, 1.2) + rng.uniform(0, 6))
            # Creases of the back run round the joint like the rings of an eye.
            line = offset * (1 - bow * np.minimum(side**2, 25)) + rng.uniform(-0.3, 0.3)
            depth += share * rng.uniform(0.7, 1.1) * where * np.exp(-(((along - line - wave) / _CREASE_WIDTH_MM) ** 2))
    return depth


def _tendon(spot_mm: FloatArray, finger: _Finger) -> FloatArray:
    """Return the height (n,) 0..1 of the tendon from the wrist to a knuckle on the back of the hand."""
    wrist, knuckle = _bone_mm("wrist.L"), finger.joints[0]
    axis = (knuckle - wrist) / np.linalg.norm(knuckle - wrist)
    along = (spot_mm - wrist) @ axis / float(np.linalg.norm(knuckle - wrist))
    off = spot_mm - wrist - np.outer((spot_mm - wrist) @ axis, axis)
    beside = np.linalg.norm(off - np.outer(off @ finger.back, finger.back), axis=1)
    ends = smoothstep(0.25, 0.6, along) * smoothstep(1.08, 0.92, along)
    return np.asarray(ends * np.exp(-((beside / _TENDON_WIDTH_MM) ** 2)) * (off @ finger.back > 0))


def paint_nails(chart: Chart, look: Look, tone: FloatArray) -> PaintedNails:
    """Paint the nails of fingers and toes; look and make-up decide whether they are polished.

    Args:
        chart: texels.
        look: face values.
        tone: (3,) of the skin.
    """
    fingers, toes = look_up_mask("fingernails", chart), look_up_mask("toenails", chart)
    on_limb = (np.abs(chart.spot_mm[:, 0]) > 380) | (chart.spot_mm[:, 2] < -1400)
    mask = np.maximum(fingers, toes) * on_limb
    at = np.flatnonzero(mask > 0.02)
    mask, cover = mask[at], smoothstep(0.3, 0.8, mask[at])
    fold = smoothstep(0.02, 0.25, mask) * (1 - cover)
    bed = np.clip(tone * [1.10, 1.0, 0.98] + _BLOOD_OF_BED, 0, 0.8)
    if look.lips is not None and look.makeup > 0.5:
        polish = np.broadcast_to(np.array(look.lips), (len(at), 3))
        return PaintedNails(at, cover, fold, polish, np.full(len(at), 0.22))
    root, edge = _along_nails(chart, at, cover)
    pale = (0.45 * root)[:, None]
    albedo = bed * (1 - pale) + np.minimum(1.35 * bed + 0.05, 0.8) * pale
    albedo = albedo * (1 - edge[:, None]) + (0.5 * _FREE_EDGE + 0.5 * bed) * edge[:, None]
    return PaintedNails(at, cover, fold, albedo, np.full(len(at), 0.27))


def _along_nails(chart: Chart, at: IntArray, cover: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return lunula and free edge of the fingernails, both (k,) 0..1, at texels ``at``; toenails show neither."""
    spot = chart.spot_mm[at]
    left = _as_left(spot)
    owner = _finger_of(chart, at)
    root, edge = np.zeros(len(at)), np.zeros(len(at))
    for number, finger in enumerate(_fingers()):
        mine = np.flatnonzero((owner == number) & (spot[:, 2] > -1000))
        along, side, _ = _place(left[mine], finger, 2)
        nail = cover[mine] > 0.5
        if not nail.any():
            continue
        first, last = np.quantile(along[nail], [0.03, 0.97])
        side = side - np.median(side[nail])
        half = float(np.quantile(np.abs(side[nail]), 0.97))
        length, across = (along - first) / max(last - first, 1e-3), side / max(half, 1e-3)
        root[mine] = smoothstep(0.24, 0.12, length + 0.22 * across**2) * (1.0, 0.8, 0.7, 0.5, 0.2)[number]
        edge[mine] = smoothstep(0.80, 0.88, length + 0.06 * across**2)
    return root, edge


def _as_left(spot_mm: FloatArray) -> FloatArray:
    """Return spots (k, 3) with those of the right hand mirrored to the left one."""
    return np.concatenate([np.abs(spot_mm[:, :1]), spot_mm[:, 1:]], axis=1)


def _place(spot_mm: FloatArray, finger: _Finger, joint: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mm along the finger from a joint, mm to its side, and 1 on its back to -1 on its inside; all (n,)."""
    middle = finger.joints[joint]
    axis = finger.joints[joint + 1] - finger.joints[joint - 1]
    axis = axis / np.linalg.norm(axis)
    off = spot_mm - middle
    along = off @ axis
    round_mm = off - np.outer(along, axis)
    up = finger.back - (finger.back @ axis) * axis
    up = up / np.linalg.norm(up)
    facing = round_mm @ up / np.maximum(np.linalg.norm(round_mm, axis=1), 1e-6)
    return along, round_mm @ np.cross(axis, up), facing


def _finger_of(chart: Chart, at: IntArray) -> IntArray:
    """Return the finger of each texel, 0 the thumb, or -1: (k,)."""
    labels = load_surface().bone_labels
    finger_of_bone = np.array([int(name[6]) - 1 if name.startswith("finger") else -1 for name in labels])
    corner = chart.corner_weights[at].argmax(axis=1)
    vertex = load_surface().faces[chart.face[at], corner]
    return np.asarray(finger_of_bone[load_surface().vertex_bone[vertex]])


@functools.cache
def _fingers() -> tuple[_Finger, ...]:
    """Return the fingers of the left hand, the thumb first."""
    found = []
    for number, back in enumerate(_BACKS, start=1):
        knuckle, middle, last = (_bone_mm(f"finger{number}-{part}.L") for part in (1, 2, 3))
        found.append(_Finger(np.stack([knuckle, middle, last, 2 * last - middle]), np.array(back)))
    return tuple(found)


def _bone_mm(name: str) -> FloatArray:
    return np.asarray(_bones_mm()[load_surface().bone_labels.index(name)])


@functools.cache
def _bones_mm() -> FloatArray:
    """Return the heads (bones, 3) of all bones of the neutral body."""
    rest = load_anny()()
    heads_m, vertex_m = (
        rest[name].detach().numpy().astype(np.float64) for name in ("rest_bone_poses", "rest_vertices")
    )
    return np.asarray((heads_m[0, :, :3, 3] - vertex_m[0, 0]) * 1000 + load_anatomy().spot_mm[0])
