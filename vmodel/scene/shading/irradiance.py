"""Light on surface samples: irradiance and gloss, in units where a white wall under the key light is about 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from vmodel.scene.camera.gbuffer import GBuffer, interpolate
from vmodel.scene.geometry.scene_mesh import Geometry
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.shading.lights import PlacedSetup, diffuse_cosine
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class SurfaceSamples:
    """Samples of a G-buffer with the inputs of shading; (S, ...) float32.

    Attributes:
        triangle, bary, depth_m: as in the G-buffer.
        position_m, normal, view: (S, 3); the normal is on the side that the camera sees, the view points to it.
        inside: (S,) bool, the back of the surface is seen.
        reach: (S, L) share of each light.
        open_share: (S,) share of the dome; ``bent`` (S, 3) where it comes from.
        pixel_m: (S,) size of a picture's pixel at the sample.
        dome: (S, 3) light from dome and surroundings where it was traced; None where ``open_share`` is used instead.
        mirrored: (S, 3) light from about the mirrored view direction, as light of that brightness all round.
        painted: True if wrinkles and soft folds of cloth are painted on a smooth mesh, False if the mesh has them.
    """

    triangle: IntArray
    bary: FloatArray
    depth_m: FloatArray
    position_m: FloatArray
    normal: FloatArray
    view: FloatArray
    inside: BoolArray
    reach: FloatArray
    open_share: FloatArray
    bent: FloatArray
    pixel_m: FloatArray
    dome: FloatArray | None = None
    mirrored: FloatArray | None = None
    painted: bool = True


@dataclass(frozen=True)
class TracedSamples:
    """Light that was traced for each of P pixels; fields as in ``SurfaceSamples``."""

    reach: FloatArray
    open_share: FloatArray
    bent: FloatArray
    dome: FloatArray
    mirrored: FloatArray
    painted: bool

    def light(self, samples: SurfaceSamples, pixel: IntArray) -> SurfaceSamples:
        """Put samples under the light of their pixels (S,); the inside of cloth keeps its own share of the lights."""
        inside = samples.inside[:, None]
        return replace(
            samples,
            reach=np.where(inside, samples.reach, self.reach[pixel]),
            open_share=np.maximum(self.open_share[pixel], _LEAST_OPEN),
            bent=self.bent[pixel],
            dome=self.dome[pixel],
            mirrored=self.mirrored[pixel],
            painted=self.painted,
        )


@dataclass(frozen=True)
class Shaded:
    """Light that samples send to the camera, split so that skin can blur the middle part.

    Attributes:
        albedo: (S, 3) linear-light colour.
        irradiance: (S, 3).
        gloss: (S, 3) reflected at the surface, added on top; ``lamp_gloss`` is the lamps' part of it.
        scatter: (S,) 0..1 how much light spreads under the surface.
        part: (S,) uint8 index into ``PART_NAMES``.
    """

    albedo: FloatArray
    irradiance: FloatArray
    gloss: FloatArray
    lamp_gloss: FloatArray
    scatter: FloatArray
    part: IntArray


_LEAST_OPEN = 0.1
"""Share of the dome that skin reflects onto what lies on it: a strap that has turned over is dark, not black."""


def take_samples(geometry: Geometry, gbuffer: GBuffer, lighting: Lighting, chosen: IntArray) -> SurfaceSamples:
    """Interpolate geometry and light at the chosen samples (S,) of the G-buffer."""
    triangle, bary = gbuffer.triangle[chosen], gbuffer.bary[chosen]
    camera = gbuffer.camera
    # One wide gather instead of five narrow ones: corners are far apart in memory.
    packed = np.concatenate(
        [
            geometry.vertices_m,
            geometry.normals,
            lighting.ambient.bent,
            lighting.ambient.open_share,
            lighting.reach,
        ],
        axis=1,
    )
    blended = interpolate(geometry, triangle, bary, packed)
    position, normal, bent = blended[:, :3].copy(), blended[:, 3:6], blended[:, 6:9]
    both, reach = blended[:, 9:11], blended[:, 11:]
    view = camera.position_m.astype(np.float32) - position
    view /= length(view)[:, None]
    corners = geometry.vertices_m[geometry.triangles[triangle]]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    inside = dot(flat, view) < 0
    normal = facing(np.where(inside[:, None], -normal, normal), view)
    reach = np.where(inside[:, None], reach_inside(both[:, 1:]), reach)
    return SurfaceSamples(
        triangle=triangle,
        bary=bary,
        depth_m=gbuffer.depth_m[chosen],
        position_m=position,
        normal=normal,
        view=view,
        inside=inside,
        reach=reach,
        open_share=np.maximum(np.where(inside, both[:, 1], both[:, 0]), _LEAST_OPEN),
        bent=np.where(inside[:, None], normal, bent),
        pixel_m=gbuffer.depth_m[chosen] / np.float32(camera.focal_px),
    )


def reach_inside(open_share: FloatArray) -> FloatArray:
    """Return the share of each light that the inside of cloth gets, from the open share there, 0..1.

    Light gathered on the outside hardly applies there: only what enters through openings counts.
    """
    return np.asarray(0.6 * np.square(open_share), np.float32)


def facing(normal: FloatArray, view: FloatArray, least: float = 0.04) -> FloatArray:
    """Return unit normals bent just enough that each faces its viewer, which keeps outlines free of black fringes."""
    unit = normal / np.maximum(length(normal)[:, None], 1e-9)
    cosine = dot(unit, view)[:, None]
    bent = unit + view * np.maximum(least - cosine, 0)
    return np.asarray(bent / length(bent)[:, None], np.float32)


@dataclass(frozen=True)
class LightRay:
    """One light as seen from samples.

    Attributes:
        direction: (S, 3) unit vectors to its centre.
        strength: (S, 3) irradiance that a surface facing it receives, shadow included.
        sine: (S,) of its angular radius.
    """

    direction: FloatArray
    strength: FloatArray
    sine: FloatArray


def light_rays(samples: SurfaceSamples, setup: PlacedSetup) -> tuple[LightRay, ...]:
    """Return the placed lights as seen from samples; computed once and used for irradiance and gloss."""
    rays = []
    for index, light in enumerate(setup.lights):
        towards = light.position_m.astype(np.float32) - samples.position_m
        distance = length(towards)
        strength = samples.reach[:, index] * (np.float32(light.reference_m) / distance)
        rays.append(
            LightRay(
                towards / distance[:, None],
                strength[:, None] * light.irradiance.astype(np.float32),
                np.float32(light.radius_m) / distance,
            )
        )
    return tuple(rays)


def irradiance(
    samples: SurfaceSamples,
    normal: FloatArray,
    albedo: FloatArray,
    setup: PlacedSetup,
    rays: tuple[LightRay, ...],
    wrap: tuple[tuple[float, float, float], FloatArray] | None = None,
) -> FloatArray:
    """Return the light that falls on samples, (S, 3).

    Args:
        samples: where.
        normal: (S, 3) with relief, unit length.
        albedo: (S, 3); light surfaces light up their own folds (Jimenez et al., "Practical real-time
            strategies for accurate indirect occlusion", 2016).
        setup: placed lights.
        rays: from ``light_rays``.
        wrap: how far light bleeds round the terminator, per channel, times (S,); None except on skin.
    """
    if samples.dome is not None:
        total = samples.dome.copy()
    else:
        direction = samples.bent * 0.6 + normal * 0.4
        dome = setup.dome.astype(np.float32) + direction @ setup.dome_gradient.T.astype(np.float32)
        total = np.maximum(dome, 0) * _bounced(samples.open_share, albedo)
    for ray in rays:
        cosine = dot(normal, ray.direction)
        if wrap is None:
            total += diffuse_cosine(cosine, ray.sine)[:, None] * ray.strength
            continue
        for channel in range(3):
            law = diffuse_cosine(cosine, ray.sine + np.float32(wrap[0][channel]) * wrap[1])
            total[:, channel] += law * ray.strength[:, channel]
    return np.asarray(total, np.float32)


def gloss(
    samples: SurfaceSamples,
    normal: FloatArray,
    roughness: tuple[tuple[float, FloatArray], ...],
    specular: FloatArray,
    setup: PlacedSetup,
    rays: tuple[LightRay, ...],
    grazing: FloatArray | float = 1.0,
) -> tuple[FloatArray, FloatArray]:
    """Return the reflection at the surface: of lights (S, 3), and of dome and surroundings (S, 3).

    Args:
        samples: where.
        normal: (S, 3) with relief.
        roughness: lobes as (weight, (S,) roughness 0..1); below 0.2 soft boxes are mirrored as discs.
        specular: (S,) reflectance seen head-on, about 0.03 for skin and cloth fibres.
        setup: placed lights.
        rays: from ``light_rays``.
        grazing: reflectance seen edge-on, (S,) or one for all; 1 for a smooth surface.
    """
    view = samples.view
    n_v = np.maximum(dot(normal, view), 0.03)
    mirrored = 2 * n_v[:, None] * normal - view
    total = np.zeros((len(normal), 3), np.float32)
    smooth = np.flatnonzero(roughness[0][1] < 0.2)
    for ray in rays:
        law = _lobes(normal, view, n_v, ray, roughness, specular, grazing)
        if len(smooth):
            law[smooth] = _disc_mirror(
                mirrored[smooth], ray.direction[smooth], n_v[smooth], specular[smooth], ray.sine[smooth]
            )
        total += law[:, None] * ray.strength
    if samples.mirrored is not None:
        dome = samples.mirrored
    else:
        dome = setup.dome.astype(np.float32) + mirrored @ (1.3 * setup.dome_gradient.T).astype(np.float32)
        dome = np.maximum(dome, 0) * np.square(samples.open_share)[:, None]
    dull = sum(weight * np.square(1 - lobe) for weight, lobe in roughness)
    share = specular + (grazing - specular) * _fifth(1 - n_v) * dull
    return total, np.asarray(dome * share[:, None], np.float32)


def _fifth(x: FloatArray) -> FloatArray:
    square = x * x
    return square * square * x


def _bounced(open_share: FloatArray, albedo: FloatArray) -> FloatArray:
    """Return the open share per channel after light bounced between neighbouring surfaces of the same colour."""
    a = 2.0404 * albedo - 0.3324
    b = -4.7951 * albedo + 0.6417
    c = 2.7552 * albedo + 0.6903
    x = open_share[:, None]
    return np.asarray(np.clip(np.maximum(x, ((x * a + b) * x + c) * x), 0, 1), np.float32)


def _lobes(
    normal: FloatArray,
    view: FloatArray,
    n_v: FloatArray,
    ray: LightRay,
    roughness: tuple[tuple[float, FloatArray], ...],
    specular: FloatArray,
    grazing: FloatArray | float,
) -> FloatArray:
    """Return GGX lobes times cosine times pi, widened by the light's size (Karis, SIGGRAPH 2013 course)."""
    half = ray.direction + view
    half /= np.maximum(length(half)[:, None], 1e-6)
    n_h = np.clip(dot(normal, half), 0, 1)
    v_h = np.clip(dot(view, half), 0, 1)
    n_l = np.clip(dot(normal, ray.direction), 0, 1)
    total = np.zeros(len(normal), np.float32)
    for weight, lobe in roughness:
        wide = np.clip(np.square(lobe) + 0.5 * ray.sine, 0, 1)
        spread = np.square(wide) / np.square(np.square(n_h) * (np.square(wide) - 1) + 1)
        visible = 0.5 / np.maximum(n_l * (n_v * (1 - wide) + wide) + n_v * (n_l * (1 - wide) + wide), 1e-3)
        total += weight * spread * visible
    fresnel = specular + (grazing - specular) * _fifth(1 - v_h)
    return np.asarray(total * fresnel * n_l, np.float32)


def _disc_mirror(
    mirrored: FloatArray, direction: FloatArray, n_v: FloatArray, specular: FloatArray, sine: FloatArray
) -> FloatArray:
    """Return a mirror image of the disc with a soft rim; brightness is the light's radiance."""
    cosine = np.clip(dot(mirrored, direction), -1, 1)
    # Lids and lashes hide what grazes the eyeball: lights behind the head must not rim it.
    open_share = np.clip((n_v - 0.35) / 0.3, 0, 1)
    angle = np.arccos(cosine)
    # Catchlights are small and bright: a window of the soft box, not its whole glow.
    sine = 0.8 * sine
    radius = np.arcsin(np.clip(sine, 0, 1))
    inside = np.clip((radius - angle) / (0.25 * radius) + 0.5, 0, 1)
    fresnel = specular + (1 - specular) * _fifth(1 - n_v)
    return np.asarray(open_share * inside * fresnel / np.square(np.maximum(sine, 0.06)), np.float32)


def surface_tangents(geometry: Geometry, triangle: IntArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return tangents along the texture, dP/dx and dP/dy (S, 3) in metres per texture unit, and the |dx dy| density.

    Returns:
        Two tangents and (S,) texture units per metre.
    """
    corners = geometry.vertices_m[geometry.triangles[triangle]]
    uv = geometry.corner_uv[triangle]
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    d1, d2 = uv[:, 1] - uv[:, 0], uv[:, 2] - uv[:, 0]
    determinant = d1[:, 0] * d2[:, 1] - d1[:, 1] * d2[:, 0]
    safe = np.where(np.abs(determinant) < 1e-12, 1e-12, determinant)[:, None]
    along_x = (e1 * d2[:, 1:] - e2 * d1[:, 1:]) / safe
    along_y = (e2 * d1[:, :1] - e1 * d2[:, :1]) / safe
    area = length(np.cross(e1, e2))
    density = np.sqrt(np.abs(determinant) / np.maximum(area, 1e-12))
    return along_x, along_y, density


def relief(
    normal: FloatArray,
    view: FloatArray,
    tangents: tuple[FloatArray, FloatArray],
    slope_x: FloatArray,
    slope_y: FloatArray,
) -> FloatArray:
    """Tilt normals by a height field.

    Args:
        normal: (S, 3) unit vectors.
        view: (S, 3) unit vectors to the camera.
        tangents: dP/dx and dP/dy; only their directions count.
        slope_x: (S,) rise per run along the first.
        slope_y: (S,) rise per run along the second.
    """
    along_x = tangents[0] / np.maximum(length(tangents[0])[:, None], 1e-12)
    along_y = tangents[1] / np.maximum(length(tangents[1])[:, None], 1e-12)
    return facing(normal - along_x * slope_x[:, None] - along_y * slope_y[:, None], view)
