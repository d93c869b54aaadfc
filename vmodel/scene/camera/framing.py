"""Placement of the camera: named views and framings become a pinhole camera."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vmodel.errors import FocalOutOfRange, UnknownFraming, UnknownView
from vmodel.limits import LONGEST_FOCAL_MM, SHORTEST_FOCAL_MM, USUAL_FOCAL_MM, check_size
from vmodel.types import Camera, Drape, FloatArray, PosedBody, Strands

VIEWS = {
    "front": 0.0,
    "three-quarter": 35.0,
    "side": 90.0,
    "back": 180.0,
    "three-quarter-right": -35.0,
    "side-right": -90.0,
}
"""View name -> degrees by which the camera moves round the wearer, towards the wearer's left."""

FRAMINGS = ("full", "upper", "lower", "detail", "chin-down")

_SENSOR_LONG_SIDE_MM = 36.0


@dataclass(frozen=True)
class _Window:
    """Points that must be inside the picture, and the margins round them (shares of the picture)."""

    points_m: FloatArray
    top: float
    bottom: float
    sides: float
    anchor: str


def view_angle(view: str) -> float:
    """Return the degrees round the wearer for a view name or a number such as "30".

    Args:
        view: a key of ``VIEWS`` or degrees; positive turns the camera towards the wearer's left.
    Returns:
        Degrees in (-180, 180].
    Raises:
        UnknownView: neither a name nor a finite number.
    """
    if view in VIEWS:
        return VIEWS[view]
    try:
        degrees = float(view)
    except ValueError:
        raise UnknownView(view, VIEWS) from None
    if not np.isfinite(degrees):
        raise UnknownView(view, VIEWS)
    return 180.0 - (180.0 - degrees) % 360.0


def check_focal(focal_mm: object) -> None:
    """Raise ``FocalOutOfRange`` unless a focal length is a number of millimetres from 20 to 300."""
    if not isinstance(focal_mm, int | float) or not SHORTEST_FOCAL_MM <= focal_mm <= LONGEST_FOCAL_MM:
        raise FocalOutOfRange(focal_mm)


def frame_camera(
    posed: PosedBody,
    drape: Drape | None,
    view: str,
    framing: str,
    size: tuple[int, int],
    focal_mm: float = USUAL_FOCAL_MM,
    hair: Strands | None = None,
) -> Camera:
    """Place a level camera so that the framing fills the picture.

    Args:
        posed: the body in its pose.
        drape: the garment, which may reach further than the body, and which "detail" looks at.
        view: see ``view_angle``.
        framing: "full" (head to floor), "upper" (to mid-thigh), "lower" (waist to floor), "detail" (the
            garment close up) or "chin-down" (without the upper face).
        size: (height, width) pixels.
        focal_mm: focal length on a 36x24 mm sensor turned like the picture; 20..300.
        hair: strands in the same pose, so that big hair stays in the picture.
    Returns:
        The camera; its distance follows from the framing.
    Raises:
        UnknownView, UnknownFraming, SizeOutOfRange, FocalOutOfRange.
    """
    check_size(size)
    check_focal(focal_mm)
    if framing not in FRAMINGS:
        raise UnknownFraming(framing, FRAMINGS)
    angle = np.radians(view_angle(view))
    right = np.array([np.cos(angle), np.sin(angle), 0.0])
    forward = np.array([-np.sin(angle), np.cos(angle), 0.0])
    rotation = np.stack([right, [0.0, 0.0, -1.0], forward])
    focal_px = focal_mm / _SENSOR_LONG_SIDE_MM * max(size)
    return _fit(_window(posed, drape, framing, hair), rotation, focal_px, size)


def steady_cameras(
    posed: PosedBody,
    drape: Drape | None,
    degrees: Sequence[float],
    framing: str,
    size: tuple[int, int],
    focal_mm: float = USUAL_FOCAL_MM,
    hair: Strands | None = None,
) -> list[Camera]:
    """Place cameras on a circle round the wearer, at one height and distance, so that a turning figure keeps its size.

    Args:
        posed: the body in its pose.
        drape: the garment, or None.
        degrees: where on the circle; see ``view_angle``.
        framing: see ``frame_camera``.
        size: (height, width) pixels.
        focal_mm: see ``frame_camera``.
        hair: strands in the same pose.
    Returns:
        One camera per angle; everything that the framing requires is inside all of them.
    """
    tried = [frame_camera(posed, drape, str(angle), framing, size, focal_mm, hair) for angle in range(0, 360, 45)]
    body = np.asarray(posed.vertices_m, np.float64)
    axis = 0.5 * (body.min(axis=0) + body.max(axis=0))
    away = [float((axis - camera.position_m) @ camera.rotation[2]) for camera in tried]
    furthest = tried[int(np.argmax(away))]
    cameras = []
    for angle in np.radians(degrees):
        forward = np.array([-np.sin(angle), np.cos(angle), 0.0])
        rotation = np.stack([[np.cos(angle), np.sin(angle), 0.0], [0.0, 0.0, -1.0], forward])
        position = axis - max(away) * forward
        position[2] = furthest.position_m[2]
        cameras.append(Camera(position, rotation, furthest.focal_px, furthest.centre_px, size))
    return cameras


def project_points(points_m: FloatArray, camera: Camera) -> tuple[FloatArray, FloatArray]:
    """Project world points to the picture.

    Args:
        points_m: (..., 3) metres.
        camera: pinhole.
    Returns:
        (..., 2) float64 (x, y) pixels, which may lie outside the picture, and (...) depth in metres.
    """
    local = (np.asarray(points_m, np.float64) - camera.position_m) @ camera.rotation.T
    depth = local[..., 2]
    safe = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
    return local[..., :2] / safe[..., None] * camera.focal_px + np.asarray(camera.centre_px), depth


def pixel_rays(pixels: FloatArray, camera: Camera) -> FloatArray:
    """Return world directions of rays through picture points, scaled so that their forward part is 1.

    Args:
        pixels: (N, 2) (x, y), pixel centres at half-integers.
        camera: pinhole.
    Returns:
        (N, 3) float32; with this scale a ray's parameter is the depth in metres.
    """
    local = np.empty((len(pixels), 3), np.float32)
    local[:, :2] = (pixels - np.asarray(camera.centre_px)) / camera.focal_px
    local[:, 2] = 1
    return np.asarray(local @ camera.rotation.astype(np.float32))


def _window(posed: PosedBody, drape: Drape | None, framing: str, hair: Strands | None) -> _Window:
    body = np.asarray(posed.vertices_m, np.float64)
    cloth = np.zeros((0, 3)) if drape is None else np.asarray(drape.vertices_m, np.float64)
    points = np.concatenate([body, cloth])
    joints = posed.joints_m
    hips = _mean_z(posed, "upperleg01")
    knees = _mean_z(posed, "lowerleg01")
    eyes = _mean_z(posed, "eye")
    crown = float(body[np.linalg.norm(body - joints["head"], axis=1) < 0.3, 2].max())
    # Without strands, 3 cm are kept for the hair.
    strands = np.zeros((0, 3)) if hair is None else np.asarray(hair.points_m[::20], np.float64).reshape(-1, 3)
    hair_top = max(crown + 0.015, float(strands[:, 2].max())) if len(strands) else crown + 0.03
    above = np.concatenate([points, strands])
    topmost = points[:, 2] > crown - 0.005
    above[: len(points)][topmost, 2] = np.maximum(points[topmost, 2], hair_top)
    if framing == "full":
        return _Window(above, 0.05, 0.055, 0.06, "centre")
    if framing == "upper":
        floor_z = hips - 0.42 * max(hips - knees, 0.15)
        return _Window(_band(above, floor_z, hair_top), 0.05, 0.0, 0.05, "top")
    if framing == "lower":
        waist = hips + 0.11 * (crown - min(0.0, body[:, 2].min()))
        return _Window(_band(points, float(points[:, 2].min()), waist), 0.0, 0.06, 0.06, "bottom")
    if framing == "chin-down":
        top = eyes - 0.5 * (crown - eyes)
        return _Window(*_below_the_nose(points, cloth, top, hips, knees))
    return _detail(posed, cloth, hips)


def _below_the_nose(
    points: FloatArray, cloth: FloatArray, top: float, hips: float, knees: float
) -> tuple[FloatArray, float, float, float, str]:
    """Frame the shop crop: under the nose down to mid-thigh, or to the floor when the garment reaches the knees."""
    long_garment = len(cloth) > 0 and float(cloth[:, 2].min()) < 0.5 * (hips + knees)
    if long_garment:
        return _band(points, float(points[:, 2].min()), top), 0.0, 0.05, 0.06, "top"
    floor_z = hips - 0.42 * max(hips - knees, 0.15)
    return _band(points, floor_z, top), 0.0, 0.0, 0.05, "top"


def _detail(posed: PosedBody, cloth: FloatArray, hips: float) -> _Window:
    """Frame the upper half of the garment, or of the torso when there is none."""
    if len(cloth) == 0:
        neck = float(posed.joints_m["neck01"][2])
        body = np.asarray(posed.vertices_m, np.float64)
        return _Window(_band(body, 0.5 * (neck + hips), neck + 0.08), 0.0, 0.0, -0.1, "top")
    top, bottom = float(cloth[:, 2].max()), float(cloth[:, 2].min())
    low = top - max(0.3, 0.5 * (top - bottom))
    centre = np.median(cloth[cloth[:, 2] > low], axis=0)
    spread = 0.5 * (top - low)
    corners = np.array([[x, y, z] for x in (-spread, spread) for y in (-spread, spread) for z in (low, top + 0.05)])
    return _Window(corners * [0.62, 0.62, 1] + [centre[0], centre[1], 0], 0.0, 0.0, 0.0, "top")


def _mean_z(posed: PosedBody, bone: str) -> float:
    return float(0.5 * (posed.joints_m[f"{bone}.L"][2] + posed.joints_m[f"{bone}.R"][2]))


def _band(points: FloatArray, low: float, high: float) -> FloatArray:
    """Return the points between two heights, with one in the middle of each edge so that the edges themselves count."""
    inside = points[(points[:, 2] >= low) & (points[:, 2] <= high)]
    middle = 0.5 * (inside.min(axis=0) + inside.max(axis=0))
    return np.concatenate([inside, [[middle[0], middle[1], low], [middle[0], middle[1], high]]])


def _fit(window: _Window, rotation: FloatArray, focal_px: float, size: tuple[int, int]) -> Camera:
    """Move the camera until the window's points touch its margins; five steps reach a tenth of a pixel."""
    height, width = size
    room = np.array([width * (1 - 2 * window.sides), height * (1 - window.top - window.bottom)])
    centre = 0.5 * (window.points_m.min(axis=0) + window.points_m.max(axis=0))
    distance = 3.0
    camera = Camera(centre - distance * rotation[2], rotation, focal_px, (width / 2, height / 2), size)
    for _ in range(5):
        pixels, _ = project_points(window.points_m, camera)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        distance *= float(((high - low) / room).max())
        pixels, _ = project_points(window.points_m, _moved(camera, centre - distance * rotation[2]))
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        aim_y = {
            "top": low[1] - height * window.top,
            "bottom": high[1] - height * (1 - window.bottom),
            "centre": 0.5 * (low[1] + high[1]) - height * 0.5 * (1 + window.top - window.bottom),
        }[window.anchor]
        shift = np.array([0.5 * (low[0] + high[0]) - width / 2, aim_y]) * distance / focal_px
        centre = centre + shift[0] * rotation[0] + shift[1] * rotation[1]
        camera = _moved(camera, centre - distance * rotation[2])
    return camera


def _moved(camera: Camera, position: FloatArray) -> Camera:
    return Camera(position, camera.rotation, camera.focal_px, camera.centre_px, camera.size)
