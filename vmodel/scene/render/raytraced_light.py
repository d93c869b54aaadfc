"""Light traced pixel by pixel: shadows where cloth meets skin, real creases, and indirect light between surfaces.

The draft gathers light at the vertices of the coarse mesh, which is fast but blurs detail within a centimetre. Here
each pixel's own rays sample the soft boxes, the dome and the surfaces around it, and the creases of cloth are in its
mesh (``cloth_displacement``). The draft's materials are then shaded under both kinds of light.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vmodel.core.colour import blurred
from vmodel.core.parallel import side_by_side
from vmodel.scene.camera.gbuffer import GBuffer, interpolate, interpolate_uv, scatter_add, trace_gbuffer
from vmodel.scene.geometry.raytracer import Tracer
from vmodel.scene.geometry.scene_mesh import PART_NAMES, Geometry, Surface
from vmodel.scene.geometry.vectors import dot, length
from vmodel.scene.render.draft import lit_samples
from vmodel.scene.render.scene import Scene
from vmodel.scene.shading.irradiance import SurfaceSamples, TracedSamples, reach_inside, take_samples
from vmodel.scene.shading.lights import PlacedSetup, diffuse_cosine
from vmodel.scene.shading.texture_sampling import sample_texture
from vmodel.scene.shading.visibility import Lighting, frames, hemisphere, share_of_light
from vmodel.types import BoolArray, Camera, FloatArray, IntArray

SKY_RAYS, LIGHT_RAYS, MIRROR_RAYS = 16, 6, 4
"""Rays per pixel to the dome, to each soft box, and about the mirrored view direction; neighbours turn theirs, so that
smoothing joins the rays of sixteen pixels."""

_TURNS = 4
_OFFSET_M = 0.0002
_REACH_M = 1.5
_CONE = 0.5
"""Largest tangent between a ray and the mirrored direction: skin and cloth are rough."""
_AT_ONCE = 20_000
_STRIDES = (1, 2, 1)
_RIM = 4
_THIN = 0.02
_HAIR = 0.03
"""Light that hair sends to its surroundings, in the units of ``irradiance``."""
_ALIKE = 0.3
"""Share of a pixel by which smooth and creased cloth may differ in covering it."""
_FILLS_PX = (1.5, 4.0)


@dataclass(frozen=True)
class TracedLight:
    """Light from surfaces to a camera, linear and before any tone curve; 0 where no surface is seen.

    Attributes:
        albedo: (H, W, 3) colour as the draft has it.
        drawn_light, drawn_gloss: (H, W, 3) the draft's light that falls on the surface, and the gloss on top of it.
        light, gloss: (H, W, 3) the same of traced light; ``lamp_gloss`` is the lamps' part of that gloss.
        cloth, cover: (H, W) 0..1 share of the pixel that the garment, and that any surface covers.
        skin: (H, W) 0..1 how much light spreads under the surface.
        contrast: of the light set-up, see ``LightSetup``.
    """

    albedo: FloatArray
    drawn_light: FloatArray
    drawn_gloss: FloatArray
    light: FloatArray
    gloss: FloatArray
    lamp_gloss: FloatArray
    cloth: FloatArray
    cover: FloatArray
    skin: FloatArray
    contrast: float


def trace_light(scene: Scene, camera: Camera, light: str, seed: int = 0) -> TracedLight:
    """Trace the light of each pixel and shade the surfaces under it.

    Args:
        scene: who wears what.
        camera: rays are shot for each of its pixels: half a megapixel takes seconds.
        light: a name of ``LIGHTS``.
        seed: of the draft's light.
    """
    lighting, creased = scene.lighting_for(light, camera, seed), scene.creased
    near = trace_gbuffer(creased.geometry, camera)
    traced = _traced(creased, near, lighting)
    drawn = _sent(scene, trace_gbuffer(scene.geometry, camera), lighting, None)
    fine = _alike(_sent(creased, near, lighting, traced), drawn)
    return TracedLight(
        albedo=drawn.albedo,
        drawn_light=drawn.light,
        drawn_gloss=drawn.gloss,
        light=fine.light,
        gloss=fine.gloss,
        lamp_gloss=fine.lamp_gloss,
        cloth=drawn.cloth,
        cover=drawn.cover,
        skin=drawn.skin,
        contrast=lighting.setup.contrast,
    )


@dataclass(frozen=True)
class _Sent:
    """Means over the surfaces that cover each pixel.

    Attributes:
        planes: (H, W, 9) light, gloss, and the lamps' part of it.
        albedo: (H, W, 3).
        skin, cloth, cover: (H, W); the last two are shares of the pixel.
    """

    planes: FloatArray
    albedo: FloatArray
    skin: FloatArray
    cloth: FloatArray
    cover: FloatArray

    @property
    def light(self) -> FloatArray:
        return self.planes[..., :3]

    @property
    def gloss(self) -> FloatArray:
        return self.planes[..., 3:6]

    @property
    def lamp_gloss(self) -> FloatArray:
        return self.planes[..., 6:]


def _sent(scene: Scene, gbuffer: GBuffer, lighting: Lighting, traced: TracedSamples | None) -> _Sent:
    height, width = gbuffer.camera.size
    total = np.zeros((height * width, 15), np.float32)
    for index, shaded, light in lit_samples(scene, gbuffer, lighting, traced):
        cloth = (shaded.part == PART_NAMES.index("garment"))[:, None]
        skin = shaded.scatter[:, None]
        planes = [light, shaded.gloss, shaded.lamp_gloss, shaded.albedo, skin, cloth, np.ones_like(cloth)]
        values = np.concatenate(planes, axis=1).astype(np.float32)
        scatter_add(total, gbuffer.pixel[index], values * gbuffer.weight[index, None])
    cover = total[:, 14:]
    means = np.where(cover > _THIN, total / np.maximum(cover, _THIN), 0).reshape(height, width, 15)
    whole = cover.reshape(height, width)
    return _Sent(means[..., :9], means[..., 9:12], means[..., 12], means[..., 13] * whole, whole)


def _alike(fine: _Sent, drawn: _Sent) -> _Sent:
    """Keep traced light where creased and smooth cloth cover alike.

    Elsewhere, blur it in from nearby pixels of the same kind, cloth or not.
    """
    share, wanted = (each.cloth / np.maximum(each.cover, _THIN) for each in (fine, drawn))
    good = (np.abs(share - wanted) < _ALIKE) & (fine.cover > _THIN)
    result = np.where(good[..., None], fine.planes, drawn.planes)
    for is_cloth in (False, True):
        weight = (good & ((share > 0.5) == is_cloth)).astype(np.float32)
        missing = ~good & ((wanted > 0.5) == is_cloth) & (drawn.cover > _THIN)
        for sigma in reversed(_FILLS_PX):
            near = cv2.GaussianBlur(weight, (0, 0), sigma)
            spread = blurred(fine.planes * weight[..., None], sigma)
            known = missing & (near > _THIN)
            result[known] = spread[known] / near[known][:, None]
    seen = np.where(drawn.cover[..., None] > _THIN, result, 0).astype(np.float32)
    return replace(drawn, planes=seen)


def _traced(scene: Scene, gbuffer: GBuffer, lighting: Lighting) -> TracedSamples:
    geometry, shape = scene.geometry, gbuffer.camera.size
    lights = len(lighting.setup.lights)
    planes = np.zeros((shape[0] * shape[1], lights + 10), np.float32)
    guide = np.zeros((shape[0] * shape[1], 5), np.float32)
    sender = _Sender.of(geometry, lighting)

    def trace(index: IntArray) -> None:
        samples, pixel = take_samples(geometry, gbuffer, lighting, index), gbuffer.pixel[index]
        turn = _turns(pixel, shape[1])
        planes[pixel, :lights] = _reach(geometry.fine_occluders, samples, lighting.setup, turn)
        planes[pixel, lights : lights + 7] = _surroundings(sender, samples, lighting.setup, turn)
        planes[pixel, lights + 7 :] = _mirrored(sender, samples, lighting.setup, turn)
        guide[pixel] = np.column_stack([samples.normal, samples.depth_m, np.ones(len(pixel))])

    seen = gbuffer.centre[gbuffer.centre >= 0]
    for _ in side_by_side(trace, (seen[start : start + _AT_ONCE] for start in range(0, len(seen), _AT_ONCE))):
        pass
    smooth = _smoothed(planes.reshape(*shape, -1), guide.reshape(*shape, 5)).reshape(len(planes), -1)
    bent = smooth[:, lights + 1 : lights + 4]
    return TracedSamples(
        reach=smooth[:, :lights],
        open_share=smooth[:, lights],
        bent=np.asarray(bent / np.maximum(length(bent)[:, None], 1e-6), np.float32),
        dome=smooth[:, lights + 4 : lights + 7],
        mirrored=smooth[:, lights + 7 :],
        painted=False,
    )


def _turns(pixel: IntArray, width: int) -> FloatArray:
    """Return the turn (S,) of each pixel's rays: squares of 4 x 4 have sixteen turns, neighbours distant ones."""
    row, column = np.divmod(pixel, width)
    number = (row % _TURNS) * _TURNS + column % _TURNS
    return np.asarray(number * 7 % _TURNS**2 * (2 * np.pi / _TURNS**2), np.float32)


def _reach(tracer: Tracer, samples: SurfaceSamples, setup: PlacedSetup, turn: FloatArray) -> FloatArray:
    """Return the share (S, L) of each light.

    Light falls off with the square of the distance; in the draft, with the distance alone.
    """
    reach = np.zeros((len(turn), len(setup.lights)), np.float32)
    for index, light in enumerate(setup.lights):
        towards = light.position_m.astype(np.float32) - samples.position_m
        distance = length(towards)
        facing = np.flatnonzero(dot(samples.normal, towards) > -light.radius_m - 0.1 * distance)
        few, points, normals = replace(light, samples=LIGHT_RAYS), samples.position_m[facing], samples.normal[facing]
        share = share_of_light(tracer, points, normals, few, turn[facing], _OFFSET_M)
        reach[facing, index] = share * light.reference_m / distance[facing]
    return reach


@dataclass(frozen=True)
class _Sender:
    """Surfaces that send light to rays which leave another surface.

    Attributes:
        geometry: of the scene.
        falling: (N, 6) irradiance of its fine vertices, on the outside and on the inside of the surface.
        albedo: (T, 3) of its triangles.
        normals: (T, 3) towards the outside, of any length.
    """

    geometry: Geometry
    falling: FloatArray
    albedo: FloatArray
    normals: FloatArray

    @classmethod
    def of(cls, geometry: Geometry, lighting: Lighting) -> _Sender:
        """Compute the light on the vertices from that gathered there; the inside gets what enters through openings."""
        setup, points, normals = lighting.setup, geometry.vertices_m, geometry.normals
        open_share, sides = lighting.ambient.open_share, list[FloatArray]()
        inwards = np.repeat(reach_inside(open_share[:, 1:]), len(setup.lights), axis=1)
        for side, sign, reach in ((0, 1, lighting.reach), (1, -1, inwards)):
            total = np.maximum(setup.dome + sign * normals @ setup.dome_gradient.T, 0) * open_share[:, side, None]
            for index, light in enumerate(setup.lights):
                towards = light.position_m.astype(np.float32) - points
                distance = length(towards)
                law = diffuse_cosine(sign * dot(normals, towards) / distance, np.float32(light.radius_m) / distance)
                strength = law * reach[:, index] * np.square(light.reference_m / distance)
                total = total + strength[:, None] * light.irradiance
            sides.append(total)
        corners = points[geometry.triangles]
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        return cls(geometry, np.concatenate(sides, axis=1).astype(np.float32), _albedo(geometry), flat)

    def meet(self, origins: FloatArray, directions: FloatArray) -> tuple[BoolArray, FloatArray]:
        """Return whether each of (R, 3) rays hits something near, and the light (R, 3) that comes from there."""
        hits = self.geometry.fine_occluders.first_hits(origins, directions)
        met = (hits.triangle >= 0) & (hits.distance < _REACH_M)
        solid = met & (hits.triangle < len(self.geometry.triangles))
        light = np.zeros((len(origins), 3), np.float32)
        light[met] = _HAIR
        triangle = hits.triangle[solid]
        falling = interpolate(self.geometry, triangle, hits.bary[solid], self.falling)
        inside = dot(self.normals[triangle], directions[solid]) > 0
        light[solid] = np.where(inside[:, None], falling[:, 3:], falling[:, :3]) * self.albedo[triangle]
        return met, light


def _albedo(geometry: Geometry) -> FloatArray:
    """Return the colour (T, 3) in the middle of each triangle, linear light."""
    albedo = np.zeros((len(geometry.triangles), 3), np.float32)
    every = np.arange(len(albedo))
    uv = interpolate_uv(geometry, every, np.full((len(albedo), 2), 1 / 3, np.float32))
    body = geometry.surface == Surface.BODY
    skin = geometry.subject.skin.albedo
    albedo[body] = sample_texture(skin, uv[body, 0] * len(skin), (1 - uv[body, 1]) * len(skin))
    albedo[geometry.props_start : geometry.cloth_start] = geometry.prop_albedo
    for number, texture in enumerate(geometry.subject.textures):
        worn = geometry.texture == number
        column, row = (np.clip(uv[worn, k].astype(int), 0, texture.shape[1 - k] - 1) for k in (0, 1))
        albedo[worn] = np.square(texture[row, column].astype(np.float32) / 255) * 1.05  # near enough to sRGB's curve
    return albedo


def _surroundings(sender: _Sender, samples: SurfaceSamples, setup: PlacedSetup, turn: FloatArray) -> FloatArray:
    """Return (S, 7): open share of the dome, direction it comes from, and light from dome and surroundings."""
    directions = _about(samples.normal, hemisphere(SKY_RAYS), turn)
    met, light = _look(sender, samples, directions, setup)
    free = ~met
    bent = (directions * free[..., None]).mean(axis=1) + 0.05 * samples.normal
    return np.column_stack([free.mean(axis=1), bent, light.mean(axis=1)])


def _mirrored(sender: _Sender, samples: SurfaceSamples, setup: PlacedSetup, turn: FloatArray) -> FloatArray:
    """Return the light (S, 3) that comes from about the mirrored view direction; none comes from inside."""
    mirrored = 2 * dot(samples.normal, samples.view)[:, None] * samples.normal - samples.view
    cone = np.insert(_CONE * hemisphere(MIRROR_RAYS)[:, :2], 2, 1, axis=1)
    directions = _about(mirrored, np.asarray(cone / length(cone)[:, None], np.float32), turn)
    _, light = _look(sender, samples, directions, setup)
    outwards = (directions * samples.normal[:, None]).sum(axis=2) > 0
    return np.asarray((light * outwards[..., None]).sum(axis=1) / np.maximum(outwards.sum(axis=1), 1)[:, None])


def _about(axis: FloatArray, local: FloatArray, turn: FloatArray) -> FloatArray:
    """Lay directions (R, 3) round +z round the axis (S, 3) of each sample, turned by (S,) radians: (S, R, 3)."""
    tangent, bitangent = frames(axis)
    cos, sin = np.cos(turn)[:, None, None], np.sin(turn)[:, None, None]
    x = local[None, :, :1] * cos - local[None, :, 1:2] * sin
    y = local[None, :, :1] * sin + local[None, :, 1:2] * cos
    return np.asarray(x * tangent[:, None] + y * bitangent[:, None] + local[None, :, 2:] * axis[:, None], np.float32)


def _look(
    sender: _Sender, samples: SurfaceSamples, directions: FloatArray, setup: PlacedSetup
) -> tuple[BoolArray, FloatArray]:
    """Return whether something is near in directions (S, R, 3) from samples, and the light (S, R, 3) from there."""
    flat = directions.reshape(-1, 3)
    start = samples.position_m + samples.normal * np.float32(_OFFSET_M)
    met, light = sender.meet(np.repeat(start, directions.shape[1], axis=0), flat)
    # A dome a + b.w lights a surface of normal n with a + 2/3 b.n.
    sky = np.maximum(setup.dome + 1.5 * flat @ setup.dome_gradient.T, 0)
    light[~met] = sky[~met]
    return met.reshape(directions.shape[:2]), light.reshape(directions.shape)


def _smoothed(planes: FloatArray, guide: FloatArray) -> FloatArray:
    """Average over neighbours on the same surface (Dammertz et al., Edge-Avoiding A-Trous Wavelet Transform, 2010).

    Args:
        planes: (H, W, C).
        guide: (H, W, 5) normal, depth in metres, and 1 where there is a surface; other pixels get the neighbours' mean.
    """
    spots = np.argwhere(guide[..., 4] > 0)
    if len(spots) == 0:
        return planes
    low, high = np.maximum(spots.min(axis=0) - _RIM, 0), spots.max(axis=0) + 1 + _RIM
    window = slice(low[0], high[0]), slice(low[1], high[1])
    whole, planes, guide = planes.copy(), planes[window], guide[window]
    normal, depth, there = guide[..., :3], guide[..., 3], guide[..., 4]
    for stride in _STRIDES:
        total, weights = np.zeros_like(planes), np.full(depth.shape, 1e-6, np.float32)
        for down in (-stride, 0, stride):
            for right in (-stride, 0, stride):
                weight = _moved(there, down, right) * np.float32((2 - (down != 0)) * (2 - (right != 0)))
                apart = 1 - (normal * _moved(normal, down, right)).sum(axis=2)
                step = np.abs(depth - _moved(depth, down, right))
                weight = np.where(there > 0, weight * np.exp(-20 * apart - 150 * step), weight)
                total += weight[..., None] * _moved(planes, down, right)
                weights += weight
        planes = total / weights[..., None]
    whole[window] = planes
    return whole


def _moved(plane: FloatArray, down: int, right: int) -> FloatArray:
    return np.asarray(np.roll(plane, (down, right), (0, 1)))
