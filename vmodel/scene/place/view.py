"""Picture of an empty place, in the perspective of the shot and lit by its lamps."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import cv2
import numpy as np

from vmodel.core.colour import to_linear
from vmodel.scene.place import floors
from vmodel.scene.place.catalogue import Place, Set, draw_place
from vmodel.scene.place.distant import Plane
from vmodel.scene.place.floor_view import (
    across_m,
    enlarged,
    first_floor_row,
    floor_depth,
    floor_light,
    row_of_floor,
    subject_m,
)
from vmodel.scene.place.lens import blur_radius_px, shrink_for, spread, spread_by_rows
from vmodel.scene.shading.lights import PlacedSetup
from vmodel.scene.shading.visibility import Lighting
from vmodel.types import Camera, FloatArray

_FINE_ROWS = 3
"""Rows of the floor drawn for one of the picture: from low down it is seen foreshortened."""
_COARSE = 16
_SHADOW = 0.85
_CORNER = 0.22
_MOST_OF_SIDE = 0.3
"""Metres behind the model up to which lamps light wall and floor; those further back are flagged off."""
_VIGNETTE = 0.16
_GRAIN = 0.011
"""Deviation of the grain, relative to the light: one and a half steps of 255 on a bright wall."""


def paint_place(name: str, camera: Camera, lighting: Lighting) -> FloatArray:
    """Paint a place without the model, but with the shadow on floor and wall.

    Args:
        name: a key of ``PLACES``.
        camera: level pinhole; the place turns with it, as a model turns before a camera that stands.
        lighting: of the scene.
    Returns:
        (H, W, 3) float32 linear light.
    """
    drawn = draw_place(name)
    place = drawn.place
    plate = np.zeros((*camera.size, 3), np.float32)
    for plane in drawn.planes:
        if plane.behind_m > place.ends_m:
            _lay(_far(plane, place, camera, lighting.setup), plate)
    ground = spread_by_rows(_ground(drawn, camera, lighting), _radius_of_rows(place, camera))
    _lay(ground, plate)
    for plane in drawn.planes:
        if plane.behind_m < place.ends_m:
            _lay(_far(plane, place, camera, lighting.setup), plate)
    return np.asarray(plate * (_vignette(camera) * _grain(name, camera.size))[..., None], np.float32)


def mirror_share(name: str, camera: Camera) -> FloatArray:
    """Return how much of the light from each row (H,) of the floor is mirrored: 0 above the floor."""
    place = draw_place(name).place
    return _mirror_share(place, camera)


def _mirror_share(place: Place, camera: Camera) -> FloatArray:
    depth = floor_depth(camera) + subject_m(camera)
    cosine = float(camera.position_m[2]) / np.hypot(depth, float(camera.position_m[2]))
    share = place.gloss * (0.04 + 0.96 * np.power(1 - np.clip(cosine, 0, 1), 5))
    share[: first_floor_row(camera, place.ends_m)] = 0
    return np.asarray(share, np.float32)


def _lay(layer: FloatArray, plate: FloatArray) -> None:
    """Lay premultiplied (H, W, 4) over a plate (H, W, 3), in place."""
    plate *= 1 - layer[..., 3:]
    plate += layer[..., :3]


def _far(plane: Plane, place: Place, camera: Camera, setup: PlacedSetup) -> FloatArray:
    """Return a plane out of focus, (H, W, 4) premultiplied; drawn small where it is blurred far."""
    radius = float(blur_radius_px(camera, plane.behind_m, place.f_number))
    shrink = shrink_for(radius)
    height, width = (-(-side // shrink) for side in camera.size)
    scale = width / camera.size[1], height / camera.size[0]
    centre = camera.centre_px[0] * scale[0], camera.centre_px[1] * scale[1]
    small = replace(camera, size=(height, width), focal_px=camera.focal_px * scale[0], centre_px=centre)
    seen = spread(_plane(plane, place, small, setup), radius * scale[0])
    return seen if shrink == 1 else enlarged(seen, camera.size)


def _plane(plane: Plane, place: Place, camera: Camera, setup: PlacedSetup) -> FloatArray:
    """Return a plane as the camera sees it, sharp and without shadow, (H, W, 4) premultiplied linear light."""
    depth = subject_m(camera) + plane.behind_m
    picture, px_per_m = plane.picture, plane.px_per_m
    finer = px_per_m * depth / camera.focal_px
    if finer > 1.3:
        small = tuple(max(1, round(side / finer)) for side in picture.shape[1::-1])
        picture, px_per_m = cv2.resize(picture, small, interpolation=cv2.INTER_AREA), px_per_m / finer
    step = px_per_m * depth / camera.focal_px
    left = (float(camera.position_m @ camera.rotation[0]) - plane.left_m) * px_per_m
    top = (plane.top_m - float(camera.position_m[2])) * px_per_m
    shift = [start - 0.5 + step * (0.5 - centre) for start, centre in zip((left, top), camera.centre_px, strict=True)]
    to_picture = np.array([[step, 0, shift[0]], [0, step, shift[1]]])
    kind = (cv2.INTER_CUBIC if step < 0.8 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP
    beyond = cv2.BORDER_CONSTANT if plane.ends else cv2.BORDER_REFLECT
    seen = cv2.warpAffine(picture, to_picture, camera.size[::-1], flags=kind, borderMode=beyond)
    cover = seen[..., 3:].astype(np.float32) / 255 if seen.shape[2] == 4 else np.ones((*camera.size, 1), np.float32)
    light = to_linear(np.ascontiguousarray(seen[..., :3])) * (_on_floor(setup) if place.distance else setup.backdrop)
    if plane.lit:
        light *= _light_on_wall(setup, plane.behind_m, camera)[..., None]
    return np.concatenate([light * cover, cover], axis=2)


def _ground(drawn: Set, camera: Camera, lighting: Lighting) -> FloatArray:
    """Return floor and the wall at its end, sharp, (H, W, 4) premultiplied; clear above a floor without a wall."""
    place, setup = drawn.place, lighting.setup
    wall = next((plane for plane in drawn.planes if plane.behind_m == place.ends_m), None)
    ground = np.zeros((*camera.size, 4), np.float32) if wall is None else _plane(wall, place, camera, setup)
    first = first_floor_row(camera, place.ends_m)
    if wall is not None and wall.lit:
        ground[:first, :, :3] *= _shade_on_wall(place, camera, lighting)[:first, :, None]
    if first == camera.size[0]:
        return ground
    floor = _floor(drawn, camera, first)
    light = _light_on_floor(setup, camera, first)
    if place.corner and wall is not None:
        light = light * (1 - _CORNER * np.exp(-(place.ends_m - floor_depth(camera)[first:]) / 0.16))[:, None]
    shadow = 1 - floor_light(camera, lighting.floor, place.ends_m, 0.0)[first:]
    floor *= (light * (1 - _SHADOW * shadow))[..., None]
    share = _mirror_share(place, camera)[first:, None, None]
    if place.gloss and wall is not None:
        floor += share * (_mirrored(ground, camera, place, first) - floor)
    ground[first:, :, :3], ground[first:, :, 3] = floor, 1
    return ground


def _mirrored(ground: FloatArray, camera: Camera, place: Place, first: int) -> FloatArray:
    """Return what a dull mirror on the floor's rows shows of the wall, (rows, W, 3)."""
    count = camera.size[0] - first
    rows = 2 * row_of_floor(camera, place.ends_m) - (np.arange(first, camera.size[0]) + 0.5)
    upright = ground[np.clip(np.round(rows - 0.5).astype(int), 0, max(first - 1, 0)), :, :3]
    return np.asarray(cv2.GaussianBlur(upright, (0, 0), sigmaX=0.006 * count + 1, sigmaY=0.03 * count + 2))


def _floor(drawn: Set, camera: Camera, first: int) -> FloatArray:
    """Return the floor's colour (rows, W, 3), linear light, from the first row on."""
    count = camera.size[0] - first
    rows = first + (np.arange(count * _FINE_ROWS) + 0.5) / _FINE_ROWS
    behind = np.minimum(floor_depth(camera, rows), drawn.place.ends_m)
    across = across_m(camera, behind + subject_m(camera))
    x = (across + floors.HALF_WIDTH_M) * floors.PX_PER_M - 0.5
    y = np.broadcast_to(((behind + floors.FRONT_M) * floors.PX_PER_M - 0.5)[:, None].astype(np.float32), x.shape)
    fine = cv2.remap(drawn.floor, x, np.ascontiguousarray(y), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    return to_linear(cv2.resize(fine, (camera.size[1], count), interpolation=cv2.INTER_AREA))


def _radius_of_rows(place: Place, camera: Camera) -> FloatArray:
    behind = np.minimum(floor_depth(camera), place.ends_m)
    return blur_radius_px(camera, behind, place.f_number)


def _light_on_wall(setup: PlacedSetup, behind_m: float, camera: Camera) -> FloatArray:
    """Return the light (H, W) on an upright plane, 1 behind the model's chest."""
    height, width = (-(-side // _COARSE) + 1 for side in camera.size)
    depth = subject_m(camera) + behind_m
    columns = (np.arange(width) * _COARSE - camera.centre_px[0]) / camera.focal_px * depth
    rows = (np.arange(height) * _COARSE - camera.centre_px[1]) / camera.focal_px * depth
    across = float(camera.position_m @ camera.rotation[0]) + columns[None]
    up = float(camera.position_m[2]) - rows[:, None]
    light = _lamps(setup, camera, across, behind_m, up, 1) / _lamps(setup, camera, 0.0, behind_m, 1.3, 1)
    return _fine(np.power(light, 0.9), camera.size)


def _light_on_floor(setup: PlacedSetup, camera: Camera, first: int) -> FloatArray:
    """Return the light (rows, W) on the floor from the first row on, 1 where the model stands."""
    count = camera.size[0] - first
    rows = first + np.arange(-(-count // _COARSE) + 1) * _COARSE + 0.5
    behind = np.minimum(floor_depth(camera, rows), 30.0)
    wide = across_m(camera, behind + subject_m(camera))
    across = wide[:, np.minimum(np.arange(-(-wide.shape[1] // _COARSE) + 1) * _COARSE, wide.shape[1] - 1)]
    light = _lamps(setup, camera, across, behind[:, None], 0.0, 2) / _lamps(setup, camera, 0.0, 0.0, 0.0, 2)
    return _fine(np.power(light, 0.7) * _on_floor(setup), (count, camera.size[1]))


def _on_floor(setup: PlacedSetup) -> float:
    """Return the brightness of the floor, which changes less with the set-up than a studio's wall.

    What goes on into the distance changes with it: a street in daylight behind a dark pavement is no photograph.
    """
    return 0.35 + 0.65 * setup.backdrop


def _fine(coarse: FloatArray, size: tuple[int, int]) -> FloatArray:
    scale = np.array([[1 / _COARSE, 0, 0], [0, 1 / _COARSE, 0]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(coarse.astype(np.float32), scale, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    )


def _lamps(
    setup: PlacedSetup,
    camera: Camera,
    across: FloatArray | float,
    behind: FloatArray | float,
    up: FloatArray | float,
    facing: int,
) -> FloatArray:
    """Return light from lamps and dome at places to the right of, behind and above the middle of the studio.

    ``facing`` is 1 on a wall that faces the camera, 2 on the floor.
    """
    total: FloatArray = np.asarray(setup.dome.mean() + 0.0 * (np.asarray(across) + behind + up))
    for light in setup.lights:
        place = light.position_m @ camera.rotation[0], light.position_m @ camera.rotation[2], light.position_m[2]
        if place[1] > _MOST_OF_SIDE:
            continue
        towards = np.asarray(across) - place[0], np.asarray(behind) - place[1], place[2] - np.asarray(up)
        distance = np.sqrt(sum(np.square(part) for part in towards))
        cosine = np.maximum(towards[facing] / distance, 0)
        total = total + light.irradiance.mean() * cosine * np.square(light.reference_m / np.maximum(distance, 0.8))
    return total


def _shade_on_wall(place: Place, camera: Camera, lighting: Lighting) -> FloatArray:
    """Return the share (H, W) of light on the wall: the model's shadow, and less of it in the corner."""
    shadow = lighting.on_wall(place.ends_m)
    depth = subject_m(camera) + place.ends_m
    across = across_m(camera, np.asarray([depth]))
    up = float(camera.position_m[2]) - (np.arange(camera.size[0]) + 0.5 - camera.centre_px[1]) / camera.focal_px * depth
    wide, tall = (np.broadcast_to(part, camera.size) for part in (across, up[:, None].astype(np.float32)))
    light = 1 - _SHADOW * (1 - shadow.seen_at(wide, tall))
    if place.corner:
        light = light * (1 - _CORNER * np.exp(-np.maximum(up, 0) / 0.14))[:, None]
    return np.asarray(light, np.float32)


def _grain(name: str, size: tuple[int, int]) -> FloatArray:
    """Return the grain of film (H, W), about 1: what is out of focus is otherwise smoother than any photograph."""
    noise = np.random.default_rng(crc32(name.encode())).standard_normal(size, np.float32)
    soft = cv2.GaussianBlur(np.clip(noise, -2.5, 2.5), (0, 0), 0.6)
    return np.asarray(1 + _GRAIN * soft / float(soft.std()), np.float32)


def _vignette(camera: Camera) -> FloatArray:
    """Return how much darker the lens makes the corners, (H, W)."""
    rows, columns = ((np.arange(side) + 0.5) / side - 0.5 for side in camera.size)
    return np.asarray(1 - _VIGNETTE * (np.square(rows)[:, None] + np.square(columns)[None]), np.float32)
