"""Pigment and relief of the skin as functions of the spot: blood, melanin, folds, moles and beard.

Colour is computed as absorption: ``albedo = tone * exp(-blood * BLOOD - melanin * MELANIN)``, so the same flush
reads naturally on fair and on dark skin. Spots are those of ``vmodel.body.mesh.anatomy_chart``.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.face.eyelids import is_upper_lid
from vmodel.body.face.face_params import Look
from vmodel.body.mesh.anatomy_chart import Anatomy, Chart, closed_curve, mirrored_gaussian, smooth_noise, smoothstep
from vmodel.body.mesh.anny_model import load_surface
from vmodel.types import FloatArray

BLOOD = np.array([0.10, 0.60, 0.52], np.float32)
MELANIN = np.array([0.50, 0.78, 1.05], np.float32)
Point = tuple[float, float, float]
_BROW_X = (11.0, 17.0, 26.0, 36.0, 44.0, 51.0, 57.0)
_BROW_Z = {
    "natural": (16.4, 17.4, 19.2, 21.0, 21.8, 20.4, 17.8),
    "soft": (16.0, 17.0, 18.6, 20.0, 20.4, 19.3, 17.2),
    "arched": (16.6, 18.0, 20.4, 23.2, 24.2, 21.8, 18.0),
    "straight": (16.5, 17.4, 18.6, 19.6, 20.0, 19.2, 17.4),
    "thick": (15.8, 16.6, 18.2, 19.9, 20.6, 19.6, 17.2),
}
_BROW_HALF_WIDTH = (3.0, 3.6, 3.6, 3.2, 2.5, 1.7, 0.6)
_BROW_BREADTH = {"natural": 0.95, "soft": 0.85, "arched": 0.85, "straight": 1.05, "thick": 1.25}


@dataclass(frozen=True, eq=False)
class Pigment:
    """Absorption beyond the model's tone (0: the tone itself), (n,); ``shade`` of the hair in the skin is (n, 3)."""

    blood: FloatArray
    melanin: FloatArray
    shade: FloatArray


def broad_pigment(spot_mm: FloatArray, normal: FloatArray, look: Look, rng: np.random.Generator) -> Pigment:
    """Compute the slow variation over the whole body at the mesh's vertices.

    Args:
        spot_mm: (V, 3) of the neutral body.
        normal: (V, 3) of the neutral body.
        look: face values.
        rng: of the model.
    """
    x, z = np.abs(spot_mm[:, 0]), spot_mm[:, 2]
    mottled = smooth_noise(60, rng)(spot_mm), smooth_noise(24, rng)(spot_mm), smooth_noise(110, rng)(spot_mm)
    # Old skin is paler and more yellow, and its colour less even.
    age = look.wrinkles
    blood = (1 + 0.3 * age) * (0.06 * mottled[0] + 0.05 * mottled[1]) - 0.10 * age
    melanin = (1 + 0.3 * age) * (0.035 * mottled[2] + 0.02 * mottled[1]) + 0.03 * age
    flush = (0.35 + 0.65 * look.blush) * (1 - 0.45 * age)
    blood += flush * (
        0.46 * mirrored_gaussian(spot_mm, (42, -8, -30), (16, 30, 14))
        + 0.44 * mirrored_gaussian(spot_mm, (0, -41, -36), 12)
        + 0.20 * mirrored_gaussian(spot_mm, (0, -30, -92), 14)
        + 0.50 * mirrored_gaussian(spot_mm, (84, 76, -18), (10, 22, 26))
    )
    hand = smoothstep(-455, -520, z) * smoothstep(380, 410, x)
    knuckle = np.maximum(
        mirrored_gaussian(spot_mm, (466, -128, -560), 24), mirrored_gaussian(spot_mm, (470, -165, -590), 20)
    )
    blood += 0.14 * hand + 0.12 * knuckle + 0.14 * smoothstep(-1440, -1470, z)
    # The face sees more sun than the trunk, the inside of the arm less.
    melanin += 0.05 * smoothstep(-190, -120, z) - 0.06 * smoothstep(-0.2, 0.7, -normal[:, 2]) * (x > 170)
    # Hollows of cheek and temple are a little deeper in tone than what catches the light.
    melanin += 0.09 * mirrored_gaussian(spot_mm, (60, 18, -56), (13, 30, 17)) + 0.06 * mirrored_gaussian(
        spot_mm, (62, 12, 26), (12, 26, 16)
    )
    melanin += 0.07 * mirrored_gaussian(spot_mm, (0, -20, 60), (40, 40, 22)) - 0.06 * mirrored_gaussian(
        spot_mm, (36, -20, -22), (13, 20, 8)
    )
    return Pigment(blood, melanin, np.zeros((len(spot_mm), 3)))


def face_pigment(spot_mm: FloatArray, anatomy: Anatomy, look: Look, rng: np.random.Generator) -> Pigment:
    """Compute finer features of the face: lids, under-eyes, nostrils, ear holes, folds, beard shadow, make-up.

    Args:
        spot_mm: (n, 3) spots of the head.
        anatomy: rims of the lids.
        look: face values.
        rng: of the model.
    """
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    lid = np.exp(-0.5 * (((x - 30) / 15) ** 2 + ((z - 6.5) / 5) ** 2)) * (y < 15)
    under = np.exp(-0.5 * (((x - 27) / 11) ** 2 + ((z + 12 + 0.06 * (x - 27)) / 4.5) ** 2)) * (y < 15)
    blood = 0.20 * lid + (0.22 + 0.12 * look.wrinkles) * under
    melanin = 0.10 * lid + (0.12 + 0.14 * look.wrinkles) * under
    edge, upper = lid_edge_distance(spot_mm, anatomy)
    blood += np.where(upper, 0.15, 0.45) * np.exp(-((edge / 1.6) ** 2))
    crease = np.exp(-(((edge - 5.5) / 1.2) ** 2)) * upper
    blood += 0.30 * crease
    melanin += 0.30 * crease
    lash_line = np.where(upper, 0.95 + 1.8 * look.makeup, 0.32 + 0.7 * look.makeup)
    melanin += lash_line * np.exp(-((edge / np.where(upper, 1.25, 0.8)) ** 2))
    # Make-up on the lid: a soft shadow in the crease.
    melanin += 0.26 * look.makeup * np.exp(-0.5 * (((x - 32) / 12) ** 2 + ((z - 8.5) / 4.5) ** 2)) * (y < 15)
    nostril = mirrored_gaussian(spot_mm, (9.0, -31.2, -41.0), (2.1, 2.5, 1.8))
    ear_hole = mirrored_gaussian(spot_mm, (73, 63, -20), (5, 5, 6))
    melanin += 3.4 * nostril + 0.9 * ear_hole
    blood += 1.2 * nostril + 0.3 * ear_hole + 0.10 * mirrored_gaussian(spot_mm, (14, -26, -40), (5, 7, 6))
    blood += 0.45 * look.makeup * mirrored_gaussian(spot_mm, (50, 5, -28), (17, 26, 11))
    melanin += look.freckles * _freckles(spot_mm, rng)
    brow = 0.85 * look.brow_density * brow_area(spot_mm, look)
    hairs = -np.log(np.clip(look.brow_colour, 1e-3, 0.85) / np.float64(0.9))
    shade = brow[:, None] * (1 - 1.5 * float(np.mean(look.brow_colour))) * hairs / hairs.mean()
    beard = beard_area(spot_mm)
    shade = shade + (0.42 * look.stubble * beard)[:, None]
    blood -= 0.10 * look.stubble * beard
    blood += look.wrinkles * _thin_veins(spot_mm, rng)
    return Pigment(blood, melanin, shade)


def lid_edge_distance(spot_mm: FloatArray, anatomy: Anatomy) -> tuple[FloatArray, FloatArray]:
    """Return the distance in mm to the rim of the nearer eye opening, and whether the upper lid is the nearer one."""
    near = np.abs(spot_mm[:, 2]) < 22
    distance = np.full(len(spot_mm), 99.0)
    upper = np.zeros(len(spot_mm), bool)
    rims = np.concatenate([closed_curve(anatomy.spot_mm[rim], 160) for rim in anatomy.lid_edge])
    found, index = cKDTree(rims).query(spot_mm[near])
    distance[near] = found
    upper[near] = is_upper_lid(rims)[index]
    return distance, upper


def brow_offset(spot_mm: FloatArray, look: Look) -> FloatArray:
    """Return the height (n,) over the middle line of the brow, in half widths: -1 and 1 are its edges."""
    x, z = np.abs(spot_mm[:, 0]), spot_mm[:, 2]
    line = np.interp(x, _BROW_X, _BROW_Z[look.brows])
    half = np.interp(x, _BROW_X, _BROW_HALF_WIDTH) * _BROW_BREADTH[look.brows]
    return np.asarray((z - line) / np.maximum(half, 0.3))


def brow_area(spot_mm: FloatArray, look: Look) -> FloatArray:
    """Return the density (n,) of brow hair, 0..1."""
    x = np.abs(spot_mm[:, 0])
    within = smoothstep(1.15, 0.35, np.abs(brow_offset(spot_mm, look)))
    return np.asarray(within * smoothstep(10, 16, x) * smoothstep(59, 52, x) * (spot_mm[:, 1] < 40))


def beard_area(spot_mm: FloatArray) -> FloatArray:
    """Return the density (n,) of a beard, 0..1: moustache, chin, jaw, sideburns, upper neck."""
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    turn = np.degrees(np.arctan2(x, 62 - y))
    top = np.interp(turn, [0, 8, 18, 28, 42, 58, 72, 84], [-50, -50, -53, -64, -68, -56, -24, 12])
    side = smoothstep(97, 76, turn)
    below = smoothstep(-9, 11, top - z + 2) * side
    above_throat = smoothstep(-138, -116, z) * smoothstep(40, 10, y - 0.9 * np.maximum(0, z + 100))
    lips = np.exp(-(((x / 25) ** 2 + ((z + 69) / 9) ** 2) ** 2))
    below_lip = 1 - 0.5 * mirrored_gaussian(spot_mm, (12, -28, -84), (5, 9, 4))
    return np.asarray(below * above_throat * (1 - lips) * below_lip * (x < 90))


def wrinkle_relief(spot_mm: FloatArray, look: Look, rng: np.random.Generator) -> FloatArray:
    """Return the depth (n,) in mm of folds and lines (positive is a groove); faint on the young."""
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    wobble = smooth_noise(26, rng)(spot_mm)
    fine = smooth_noise(9, rng)(spot_mm)
    age = look.wrinkles
    depth = np.zeros(len(spot_mm))
    for height, strength in ((32, 0.5), (43, 1.0), (54, 0.8), (63, 0.4)):
        line = z - height - 3.0 * np.cos(x / 26) - 1.6 * wobble
        fade = smoothstep(48, 22, x) * (0.55 + 0.45 * np.tanh(fine + wobble))
        depth += (0.02 + 0.30 * age) * strength * fade * np.exp(-((line / 1.1) ** 2)) * (y < 40)
    frown = x - 7.5 - 0.12 * (z - 18)
    depth += 0.20 * age * np.exp(-((frown / 1.3) ** 2)) * np.exp(-(((z - 20) / 7) ** 2))
    depth += (0.05 + 0.5 * age) * _along(spot_mm, ((19, -24, -38), (27, -20, -54), (32, -12, -70)), 2.2)
    depth += 0.35 * age * _along(spot_mm, ((27, -16, -74), (29, -14, -90)), 1.8)
    ray = np.degrees(np.arctan2(z + 1, x - 41))
    crow = np.exp(-((np.abs((ray + 9 * wobble) % 22 - 11) / 3.2) ** 2)) * np.exp(
        -(((np.hypot(x - 41, z) - 12) / 6) ** 2)
    )
    depth += 0.22 * age * crow * (x > 43) * (y < 35)
    for drop, strength in ((11.0, 0.6), (15.0, 0.8)):
        bag = z + drop - 0.012 * (x - 28) ** 2 + 0.8 * wobble
        depth += (
            (0.03 + 0.22 * age) * strength * np.exp(-((bag / 1.2) ** 2)) * smoothstep(46, 38, x) * (x > 14) * (y < 15)
        )
    ring = np.abs((z + 150 + 0.05 * x**2 / 10 + 3 * wobble + 500) % 24 - 12)
    depth += (
        0.25
        * age
        * np.exp(-((ring / 1.2) ** 2))
        * smoothstep(-128, -140, z)
        * smoothstep(-196, -176, z)
        * smoothstep(62, 48, x)
        * (y < 70)
    )
    return np.asarray(depth + age * _fine_wrinkles(spot_mm, rng))


def pore_relief(chart: Chart, rng: np.random.Generator) -> FloatArray:
    """Return the relief (n,) in mm of pores and fine skin lines: band-passed noise.

    It is coarser than real where texels are large.
    """
    noise = rng.standard_normal((chart.size, chart.size), np.float32)
    fine = cv2.GaussianBlur(noise, (0, 0), 0.8) - cv2.GaussianBlur(noise, (0, 0), 1.8)
    broad = cv2.GaussianBlur(noise, (0, 0), 2.5) - cv2.GaussianBlur(noise, (0, 0), 6.0)
    return np.asarray(0.050 * fine.ravel()[chart.texel] + 0.055 * broad.ravel()[chart.texel])


def mottling(chart: Chart, rng: np.random.Generator) -> FloatArray:
    """Return the unevenness of bare skin within a centimetre: (n, 2), two fields of unit deviation.

    Fractal noise: blotches of a few millimetres are strongest, the detail between them is weaker.
    """
    octaves = ((0.7, 0.45), (1.4, 0.6), (2.8, 0.8), (5.6, 0.6))
    fields = []
    for _ in range(2):
        total = np.zeros(chart.texel.shape, np.float32)
        for sigma, share in octaves:
            side = int(np.ceil(chart.size / sigma))
            grid = rng.standard_normal((side, side)).astype(np.float32)
            wide = cv2.resize(grid, (chart.size, chart.size), interpolation=cv2.INTER_CUBIC)
            total += share * wide.ravel()[chart.texel]
        fields.append(total / max(float(total.std()), 1e-6))
    return np.asarray(np.stack(fields, axis=1), np.float32)


def mole_spots(chart: Chart, look: Look, rng: np.random.Generator, candidates: FloatArray) -> FloatArray:
    """Return the melanin (n,) of moles and, with age, of flat sun spots.

    Args:
        chart: texels.
        look: number of moles, age of the skin.
        rng: of the model.
        candidates: (V, 3) spots of the mesh's vertices, to choose from.
    """
    sizes: list[float] = []
    strengths: list[float] = []
    moles, sun_spots = int(34 * look.moles), int(420 * max(0.0, look.wrinkles - 0.35))
    for _ in range(moles):
        sizes.append(float(rng.uniform(0.5, 1.5)))
        strengths.append(float(rng.uniform(0.5, 1.3)))
    for _ in range(sun_spots):
        sizes.append(float(rng.uniform(0.8, 3.6)))
        strengths.append(float(rng.uniform(0.15, 0.50)))
    melanin = np.zeros(len(chart.texel))
    if not sizes:
        return melanin
    exposed = candidates[(candidates[:, 2] > -560) & ((candidates[:, 2] > -260) | (np.abs(candidates[:, 0]) > 190))]
    centres = exposed[rng.integers(0, len(exposed), len(sizes))] + rng.normal(0, 3, (len(sizes), 3))
    tree = cKDTree(centres)
    # Few faces carry a mole: only their texels are searched.
    near = (tree.query(candidates, distance_upper_bound=25)[0] < 25)[load_surface().faces].any(axis=1)
    texels = np.flatnonzero(near[chart.face])
    distance, index = tree.query(chart.spot_mm[texels], distance_upper_bound=8)
    hit = np.isfinite(distance)
    radius, strength = np.array(sizes)[index[hit]], np.array(strengths)[index[hit]]
    melanin[texels[hit]] = strength * np.exp(-((distance[hit] / radius) ** 4))
    return melanin


def _freckles(spot_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the melanin (n,) of freckles over nose and cheeks."""
    area = np.exp(-0.5 * ((spot_mm[:, 0] / 48) ** 2 + ((spot_mm[:, 2] + 22) / 24) ** 2)) * (spot_mm[:, 1] < 45)
    centres = np.stack([rng.uniform(-80, 80, 3600), rng.uniform(-50, 45, 3600), rng.uniform(-90, 70, 3600)], axis=1)
    near = area > 0.03
    distance, index = cKDTree(centres).query(spot_mm[near])
    radius = rng.uniform(0.7, 1.9, len(centres))[index]
    strength = rng.uniform(0.15, 0.75, len(centres))[index]
    melanin = np.zeros(len(spot_mm))
    melanin[near] = area[near] * strength * np.exp(-((distance / radius) ** 2))
    return melanin


def _thin_veins(spot_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the blood (n,) of widened veins under old skin: thin lines in patches beside the nose and on cheeks."""
    area = mirrored_gaussian(spot_mm, (13, -27, -38), (6, 9, 7)) + 0.7 * mirrored_gaussian(
        spot_mm, (38, -10, -32), (15, 26, 12)
    )
    near = np.flatnonzero(area > 0.02)
    bent = 0.8 * smooth_noise(9, rng)(spot_mm[near])
    lines = np.exp(-(((smooth_noise(7, rng)(spot_mm[near]) + 0.3 * bent) / 0.13) ** 2))
    patches = smoothstep(-0.2, 1.0, smooth_noise(12, rng)(spot_mm[near]))
    blood = np.zeros(len(spot_mm))
    blood[near] = area[near] * (0.12 * patches + 0.9 * patches * lines)
    return blood


def _fine_wrinkles(spot_mm: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the depth (n,) in mm of old skin's network of fine lines: beside the eyes, on cheeks, over the lips."""
    x, y, z = np.abs(spot_mm[:, 0]), spot_mm[:, 1], spot_mm[:, 2]
    eyes = np.exp(-0.5 * (((x - 40) / 15) ** 2 + ((z + 12) / 9) ** 2))
    cheeks = np.exp(-0.5 * (((x - 46) / 16) ** 2 + ((z + 45) / 20) ** 2))
    area = np.clip(eyes + 0.7 * cheeks, 0, 1) * smoothstep(50, 30, y)
    near = np.flatnonzero(area > 0.02)
    depth = np.zeros(len(spot_mm))
    for across, share in (((1.0, 0.5, 2.4), 1.0), ((2.0, 0.5, 1.4), 0.6)):
        lines = np.exp(-((smooth_noise(8, rng)(spot_mm[near] * np.array(across, np.float32)) / 0.22) ** 2))
        depth[near] += 0.14 * share * area[near] * lines
    lips = np.exp(-0.5 * (((z + 57) / 4.5) ** 2)) * smoothstep(24, 12, x) * (y < 0)
    wave = 1.9 + 0.25 * np.sin(spot_mm[:, 2] / 4 + rng.uniform(0, 6))
    depth += 0.16 * lips * np.exp(-((((spot_mm[:, 0] % wave) / wave - 0.5) / 0.16) ** 2))
    return depth


def _along(spot_mm: FloatArray, path: tuple[Point, ...], width_mm: float) -> FloatArray:
    """Return 1 on a path (and on its mirror image), falling off to its sides and softly at its ends: (n,)."""
    corners = np.array(path)
    at = np.linspace(0, len(path) - 1, 60)
    dense = np.stack([np.interp(at, np.arange(len(path)), corners[:, axis]) for axis in range(3)], axis=1)
    folded = spot_mm * [1, 1, 1]
    folded[:, 0] = np.abs(folded[:, 0])
    # Folds follow the surface: depth along y matters little.
    flat = np.array([1, 0.35, 1])
    distance, index = cKDTree(dense * flat).query(folded * flat, distance_upper_bound=4 * width_mm)
    ends = np.sin(np.linspace(0.12, 1, 60) * np.pi * 0.94)
    strength = np.append(ends, 0.0)[index]
    return np.where(
        np.isfinite(distance), strength * np.exp(-((np.where(np.isfinite(distance), distance, 0) / width_mm) ** 2)), 0
    )
