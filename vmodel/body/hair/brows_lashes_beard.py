"""Brows, lashes and facial hair: short strands that make a face."""

from __future__ import annotations

import numpy as np

from vmodel.body.face.eyelids import lash_roots
from vmodel.body.face.face_params import Look
from vmodel.body.face.paint import beard_area, brow_area, brow_offset
from vmodel.body.hair.polylines import BROW, FACIAL_HAIR, LASH, no_strands, tapered
from vmodel.body.mesh.anatomy_chart import load_anatomy, smooth_noise, smoothstep
from vmodel.body.mesh.anny_model import load_surface
from vmodel.body.mesh.head_surface import Roots, head_scale, scatter_roots
from vmodel.body.model.body import Body
from vmodel.types import FloatArray, IntArray, Strands, VirtualModel

_POINTS = 6
_LASH_LIGHTEST = 0.02
_BEARD_LENGTH_MM = {"stubble": 1.8, "moustache": 9.0, "goatee": 9.0, "short-beard": 6.0, "full-beard": 22.0}
_BEARD_COUNT = {"stubble": 5000, "moustache": 1500, "goatee": 2200, "short-beard": 6500, "full-beard": 7000}


def grow_brows(model: VirtualModel, body: Body, look: Look) -> Strands:
    """Grow brow hairs: upright at the inner end, then along the arch, from both edges towards the middle."""
    rng = np.random.default_rng([model.seed, 71])
    roots = scatter_roots(body.rest.vertices_m, _faces_near((8, 60), (6, 34), 40), 20000, rng)
    # The two brows of a face are never mirror images.
    shifted = roots.spot_mm - np.array([0, 0, 1.0]) * (np.sign(roots.spot_mm[:, :1]) * rng.normal(0, 0.35))
    across = brow_offset(shifted, look)
    density = brow_area(shifted, look) * np.where(across > 0, 0.85, 1.0) * (0.35 + 0.65 * look.brow_density)
    x = np.abs(roots.spot_mm[:, 0])
    kept = np.flatnonzero(rng.uniform(0, 1, len(roots)) < density)[: int(900 + 1500 * look.brow_density)]
    roots, across, x = roots.take(kept), across[kept], x[kept]
    out = np.sign(roots.spot_mm[:, 0])
    rise = np.interp(x, [11, 17, 26, 40, 50, 58], [1.6, 1.1, 0.55, 0.15, -0.35, -0.55]) - 0.45 * across
    heading = np.stack([out, 0.25 * np.ones(len(x)), rise + rng.normal(0, 0.14, len(x))], axis=1)
    length = np.interp(x, [11, 18, 40, 58], [5.5, 7.5, 7.5, 4.5]) * rng.uniform(0.75, 1.15, len(x))
    points = _lying(roots, heading, length * head_scale(body.rest.vertices_m) / 1000, lift=0.24, droop=0.0)
    return _strands(points, 0.055, look.brow_colour, BROW, rng)


def grow_lashes(model: VirtualModel, body: Body, look: Look) -> Strands:
    """Grow upper and lower lashes along the rims of the lids, longest towards the outer corner."""
    rng = np.random.default_rng([model.seed, 72])
    scale = head_scale(body.rest.vertices_m)
    every = []
    for side in range(2):
        root_m, spots, upper = lash_roots(body.rest.vertices_m, side)
        out = 1.0 if side == 0 else -1.0
        across = np.clip((np.abs(spots[:, 0]) - 17) / 25, 0, 1)
        for is_upper, share, reach in ((True, 0.85, 8.5), (False, 0.45, 4.2)):
            at = np.flatnonzero((upper == is_upper) & (rng.uniform(0, 1, len(spots)) < share) & (across > 0.06))
            fan = (across[at] - 0.35) * 1.25 + rng.normal(0, 0.12, len(at))
            length = reach * (0.45 + 0.55 * np.sin(np.pi * np.clip(across[at] * 0.85 + 0.08, 0, 1)))
            length *= (0.5 + 0.6 * look.lashes) * rng.uniform(0.75, 1.1, len(at)) * scale / 1000
            sign = 1.0 if is_upper else -1.0
            along = np.linspace(0, 1, _POINTS)
            # Upper lashes leave forwards and a little down, then sweep up; lower ones the other way round.
            height = sign * (-0.18 * along + 0.80 * along**2.0)
            forward = 0.95 * along - 0.18 * along**2
            offset = np.stack(
                [out * fan[:, None] * along, np.broadcast_to(-forward, (len(at), _POINTS)),
                 np.broadcast_to(height, (len(at), _POINTS))], axis=2,
            )  # fmt: skip
            every.append(root_m[at, None] + offset * length[:, None, None])
    # Lashes are darker than any other hair of the body, and models wear mascara.
    dark = tuple(min(0.35 * channel, _LASH_LIGHTEST) for channel in look.brow_colour)
    return _strands(np.concatenate(every), 0.065 + 0.08 * look.makeup, dark, LASH, rng)


def grow_beard(model: VirtualModel, body: Body, look: Look) -> Strands:
    """Grow facial hair of the model's kind; none for most models."""
    if look.facial_hair == "none":
        return no_strands(_POINTS)
    rng = np.random.default_rng([model.seed, 73])
    count = _BEARD_COUNT[look.facial_hair]
    roots = scatter_roots(body.rest.vertices_m, _faces_near((0, 95), (-140, 20), 75), count * 4, rng)
    x, z = np.abs(roots.spot_mm[:, 0]), roots.spot_mm[:, 2]
    density = beard_area(roots.spot_mm) * (0.75 + 0.25 * smooth_noise(14, rng)(roots.spot_mm))
    if look.facial_hair == "moustache":
        density *= smoothstep(-73, -66, z) * smoothstep(34, 28, x)
    if look.facial_hair == "goatee":
        density *= smoothstep(31, 24, x) * smoothstep(-125, -112, z)
    kept = np.flatnonzero(rng.uniform(0, 1, len(roots)) < density)[:count]
    roots, x, z = roots.take(kept), x[kept], z[kept]
    out = np.sign(roots.spot_mm[:, 0])
    moustache = smoothstep(-70, -62, z) * smoothstep(36, 28, x)
    heading = np.stack([out * (0.15 + 0.9 * moustache), -0.1 * np.ones(len(x)), -np.ones(len(x))], axis=1)
    heading += rng.normal(0, 0.22, heading.shape)
    length = _BEARD_LENGTH_MM[look.facial_hair] * rng.uniform(0.6, 1.1, len(x))
    length = np.where(moustache > 0.5, np.minimum(length, 9.0), length)
    length *= head_scale(body.rest.vertices_m) / 1000
    points = _lying(roots, heading, length, lift=0.5, droop=0.25)
    colour = tuple(
        float(c * 0.8 * (1 - 0.7 * model.hair.grey) + 0.3 * 0.7 * model.hair.grey) for c in model.hair.colour
    )
    return _strands(points, 0.075, colour, FACIAL_HAIR, rng)


def _faces_near(x_mm: tuple[float, float], z_mm: tuple[float, float], back_mm: float) -> IntArray:
    """Return the head's skin faces whose neutral spot lies in a box (mirrored), in front of ``back_mm``."""
    anatomy = load_anatomy()
    spot = anatomy.spot_mm[load_surface().faces].mean(axis=1)
    x = np.abs(spot[:, 0])
    box = (x > x_mm[0] - 6) & (x < x_mm[1] + 6) & (spot[:, 2] > z_mm[0] - 6) & (spot[:, 2] < z_mm[1] + 6)
    return np.flatnonzero(box & (spot[:, 1] < back_mm) & ~anatomy.hidden_faces & (anatomy.eye_faces == 0))


def _lying(roots: Roots, heading: FloatArray, length_m: FloatArray, lift: float, droop: float) -> FloatArray:
    """Return short hairs (n, K, 3) that leave the skin at a slant and bend back along it."""
    tangent = heading - roots.normal * np.einsum("nc,nc->n", heading, roots.normal)[:, None]
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    along = np.linspace(0, 1, _POINTS)
    rise = lift * along * (1 - 0.62 * along)
    points = roots.points_m[:, None] + length_m[:, None, None] * (
        tangent[:, None] * along[:, None] + roots.normal[:, None] * rise[:, None]
    )
    points[..., 2] -= droop * length_m[:, None] * along**2
    return np.asarray(points)


def _strands(
    points: FloatArray, width_mm: float, colour: tuple[float, ...], kind: int, rng: np.random.Generator
) -> Strands:
    count = len(points)
    shades = np.array(colour) * np.exp(rng.normal(0, 0.22, (count, 1)))
    radius = tapered(count, points.shape[1], width_mm / 1000) * rng.uniform(0.7, 1.15, (count, 1))
    return Strands(
        points.astype(np.float32),
        radius.astype(np.float32),
        np.clip(shades, 0, 1).astype(np.float32),
        np.full(count, kind, np.uint8),
    )
