"""Hair that is combed to a band: ponytail, bun and braids."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

from vmodel.body.hair.styles import HairStyle
from vmodel.body.mesh.anatomy_chart import smoothstep
from vmodel.body.mesh.head_surface import HeadSurface, Roots
from vmodel.types import FloatArray

_ON_SCALP, _BEYOND = 10, 22
_CENTRE_MM = np.array([0.0, 72.0, 28.0])
_BAND_MM = {"ponytail": (0.0, 176.0, 42.0), "bun": (0.0, 168.0, 62.0), "braids": (54.0, 112.0, -52.0)}


def grow_gathered(roots: Roots, style: HairStyle, surface: HeadSurface, rng: np.random.Generator) -> FloatArray:
    """Comb strands over the scalp to a band and continue them as a tail, a bun or two braids.

    Args:
        roots: n roots on the scalp.
        style: with ``finish`` other than "loose".
        surface: of the body at rest.
        rng: of the model.
    Returns:
        (n, K, 3) metres.
    """
    n = len(roots)
    side = np.where(roots.spot_mm[:, 0] + rng.normal(0, 0.4, n) >= 0, 1.0, -1.0)
    band_mm = np.tile(_BAND_MM[style.finish], (n, 1))
    if style.finish == "braids":
        band_mm[:, 0] *= side
    disk = np.sqrt(rng.uniform(0, 1, n))[:, None] * _circle(rng.uniform(0, 2 * np.pi, n))
    band = _placed(band_mm, surface)
    held = band + 0.008 * surface.scale * np.stack([disk[:, 0], 0.3 * disk[:, 0], disk[:, 1]], axis=1)
    scalp = _over_scalp(roots, held, style, surface, rng)
    if style.finish == "bun":
        beyond = _bun(band, disk, surface.scale, rng)
    elif style.finish == "braids":
        beyond = _braid(band, disk, side, style, surface, rng)
    else:
        beyond = _tail(band, disk, style, surface, rng)
    return np.concatenate([scalp, beyond], axis=1)


def _over_scalp(
    roots: Roots, held: FloatArray, style: HairStyle, surface: HeadSurface, rng: np.random.Generator
) -> FloatArray:
    """Return points (n, _ON_SCALP, 3) from the roots over the skull to the band, along the shorter way round."""
    centre, skull = _radial_skull(surface)
    start, end = roots.points_m - centre, held - centre
    a = start / np.linalg.norm(start, axis=1, keepdims=True)
    b = end / np.linalg.norm(end, axis=1, keepdims=True)
    root_gap, band_gap = np.linalg.norm(start, axis=1) - skull(a), np.linalg.norm(end, axis=1) - skull(b)
    angle = np.arccos(np.clip(np.einsum("nc,nc->n", a, b), -0.999, 0.999))[:, None]
    layer = 0.001 + rng.uniform(0.1, 1.0, len(roots)) * style.volume_mm / 1000 * surface.scale
    path = [roots.points_m]
    for share in np.linspace(0, 1, _ON_SCALP)[1:-1]:
        direction = (np.sin((1 - share) * angle) * a + np.sin(share * angle) * b) / np.sin(angle)
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        gap = root_gap * max(0.0, 1 - 5 * share) + band_gap * max(0.0, 5 * share - 4)
        lift = layer * min(1.0, 5 * share, 5 * (1 - share))
        path.append(centre + direction * (skull(direction) + gap + lift)[:, None])
    path.append(held)
    return np.stack(path, axis=1)


def _radial_skull(surface: HeadSurface) -> tuple[FloatArray, Callable[[FloatArray], FloatArray]]:
    """Return the skull's centre, and its radius in any direction, smooth across the holes where the ears were."""
    centre = _placed(_CENTRE_MM[None], surface)[0]
    head = surface.spot_mm[:, 2] > -130
    away = surface.samples_m[head] - centre
    radius = np.linalg.norm(away, axis=1)
    tree = cKDTree(away / radius[:, None])

    def skull(direction: FloatArray) -> FloatArray:
        distance, index = tree.query(direction, k=6)
        weight = 1 / (distance**2 + 4e-4)
        return np.asarray((weight * radius[index]).sum(axis=1) / weight.sum(axis=1))

    return centre, skull


def _tail(
    band: FloatArray, disk: FloatArray, style: HairStyle, surface: HeadSurface, rng: np.random.Generator
) -> FloatArray:
    n = len(band)
    along = np.linspace(0.03, 1, _BEYOND)
    length = 0.001 * style.top_mm * surface.scale * rng.uniform(0.72, 1.0, n)
    arc = along * length[:, None]
    swing = 0.055 * surface.scale
    back = swing * (1 - np.exp(-arc / swing)) * 1.1
    centre = np.stack(
        [0 * arc, back, 0.016 * np.sin(np.clip(arc / swing, 0, np.pi)) - np.maximum(arc - 0.6 * back, 0)], 2
    )
    width = (0.010 + 0.017 * smoothstep(0, 0.35, along) - 0.012 * smoothstep(0.6, 1.0, along)) * surface.scale
    wave = 0.003 * np.sin(along * 9 + rng.normal(0, 0.5, (n, 1)))
    offset = np.stack([disk[:, :1] * width + wave, disk[:, 1:] * width, 0 * arc], axis=2)
    points = band[:, None] + centre + offset
    return _kept_outside(points, surface, 0.004)


def _bun(band: FloatArray, disk: FloatArray, scale: float, rng: np.random.Generator) -> FloatArray:
    n = len(band)
    along = np.linspace(0, 1, _BEYOND)
    size = 0.036 * scale * (0.80 + 0.20 * np.linalg.norm(disk, axis=1))[:, None]
    start = rng.uniform(0, 2 * np.pi, (n, 1))
    polar = np.radians(rng.uniform(95, 140, (n, 1)) * (1 - along) + rng.uniform(4, 85, (n, 1)) * along)
    turn = start + 2 * np.pi * rng.uniform(0.45, 0.8, (n, 1)) * along
    ball = np.stack([np.sin(polar) * np.cos(turn), 0.82 * np.cos(polar), np.sin(polar) * np.sin(turn)], axis=2)
    middle = band + np.array([0.0, 0.020, 0.012]) * scale
    return np.asarray(middle[:, None] + ball * size[..., None])


def _braid(
    band: FloatArray,
    disk: FloatArray,
    side: FloatArray,
    style: HairStyle,
    surface: HeadSurface,
    rng: np.random.Generator,
) -> FloatArray:
    n = len(band)
    along = np.linspace(0.02, 1, _BEYOND * 2)
    length = 0.001 * style.top_mm * surface.scale * rng.uniform(0.9, 1.0, n)[:, None]
    arc = along * length
    # The braids fall behind the shoulders, clear of a garment's front.
    centre = np.stack(
        [side[:, None] * -0.006 * smoothstep(0, 0.5, along), 0.100 * smoothstep(0.0, 0.55, along) + 0 * arc, -arc],
        axis=2,
    )
    lead: FloatArray = band[:, None] + centre
    lead = np.asarray(_kept_outside(lead, surface, 0.014))
    third = rng.integers(0, 3, n)[:, None]
    phase = 2 * np.pi * (along * 5.5 + third / 3)
    loose = smoothstep(0.86, 0.95, along)
    size = surface.scale * (1 - 0.35 * along)
    weave = (
        np.stack([0.0085 * np.sin(phase), 0.0055 * np.sin(2 * phase), 0 * phase], axis=2)
        * (size * (1 - loose))[..., None]
    )
    spread = (0.0052 * (1 - loose) + 0.0075 * loose * np.exp(-(((along - 0.95) / 0.06) ** 2)) + 0.002) * size
    offset = np.stack([disk[:, :1] * spread, disk[:, 1:] * spread, 0 * phase], axis=2)
    return np.asarray(lead + weave + offset)


def _kept_outside(points: FloatArray, surface: HeadSurface, clearance_m: float) -> FloatArray:
    n, count, _ = points.shape
    return surface.pushed_out(points.reshape(-1, 3), clearance_m).reshape(n, count, 3)


def _placed(spot_mm: FloatArray, surface: HeadSurface) -> FloatArray:
    """Return the points (m, 3) in metres on this head of neutral spots (m, 3) on or near the surface."""
    _, index = cKDTree(surface.spot_mm).query(spot_mm)
    return np.asarray(surface.samples_m[index] + (spot_mm - surface.spot_mm[index]) * surface.scale / 1000)


def _circle(angle: FloatArray) -> FloatArray:
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)
