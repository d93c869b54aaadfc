"""Pictures of the recognised garment, for `vmodel inspect`."""

from __future__ import annotations

import cv2
import numpy as np

from vmodel.types import ByteArray, Cutout, FlatLay, FloatArray, Garment, Landmarks, Panel

OPENING = (230, 60, 60)
SEAM = (40, 90, 220)
OUTLINE = (0, 170, 90)
POINT = (255, 200, 0)
PAPER = 250
HEIGHT = 900


def draw_understanding(flat_lay: FlatLay, cutout: Cutout, landmarks: Landmarks, garment: Garment) -> ByteArray:
    """Draw the photo with mask outline and landmarks, then the front and back panels side by side.

    Openings are red, seams blue, the cut-out's outline green.

    Returns:
        (900, W, 3) uint8 sRGB.
    """
    scale = HEIGHT / flat_lay.rgb.shape[0]
    parts = [_photo(flat_lay, cutout, landmarks, garment, scale)]
    parts += [_panel(garment, panel) for panel in garment.panels]
    return np.concatenate(parts, 1)


def _resized(rgb: ByteArray, scale: float) -> ByteArray:
    size = (max(1, round(rgb.shape[1] * scale)), HEIGHT)
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8)


def _photo(flat_lay: FlatLay, cutout: Cutout, landmarks: Landmarks, garment: Garment, scale: float) -> ByteArray:
    picture = _resized(flat_lay.rgb, scale)
    mask = cv2.resize(cutout.mask.astype(np.uint8), picture.shape[1::-1], interpolation=cv2.INTER_NEAREST)
    loops, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, loops, -1, OUTLINE, 2, cv2.LINE_AA)
    for name, point in landmarks.points_px.items():
        spot = (round(float(point[0]) * scale), round(float(point[1]) * scale))
        cv2.circle(picture, spot, 4, POINT, -1, cv2.LINE_AA)
        cv2.circle(picture, spot, 4, (0, 0, 0), 1, cv2.LINE_AA)
        _write(picture, name.replace("_left", " L").replace("_right", " R"), (spot[0] + 6, spot[1] - 4), 0.36)
    kind = garment.kind
    words = f"{kind.category} {kind.confidence:.0%}"
    if kind.category.covers_upper:
        words += f", sleeve {kind.sleeve}, {kind.neckline}" + (", open front" if kind.open_front else "")
    _write(picture, f"{words}, {kind.length}", (10, 22), 0.55)
    return picture


def _panel(garment: Garment, panel: Panel) -> ByteArray:
    scale = HEIGHT / garment.textures[panel.texture].shape[0]
    texture = _resized(garment.textures[panel.texture], scale)
    loop = _spot(panel.panel_to_texture, panel.outline_cm, scale)
    inside = cv2.fillPoly(np.zeros(texture.shape[:2], np.uint8), [loop], 1)
    for hole in panel.holes:
        cv2.fillPoly(inside, [_spot(panel.panel_to_texture, hole, scale)], 0)
    picture = np.where(inside[..., None] > 0, texture, PAPER).astype(np.uint8)
    sewn = {end for seam in garment.seams for end in (seam.first, seam.second)}
    for name, points in panel.edges.items():
        colour = SEAM if (panel.name, name) in sewn else OPENING
        line = _spot(panel.panel_to_texture, points, scale)
        cv2.polylines(picture, [line], False, colour, 2, cv2.LINE_AA)
        middle = line[len(line) // 2]
        _write(picture, name, (int(middle[0]), int(middle[1])), 0.33)
    for hole in panel.holes:
        cv2.polylines(picture, [_spot(panel.panel_to_texture, hole, scale)], True, OPENING, 2, cv2.LINE_AA)
    _write(picture, panel.name, (10, 22), 0.55)
    return picture


def _spot(to_texture: FloatArray, points: FloatArray, scale: float) -> FloatArray:
    pixels = np.asarray(points) @ np.asarray(to_texture)[:, :2].T + np.asarray(to_texture)[:, 2]
    return np.asarray(np.round(pixels * scale).astype(np.int32))


def _write(picture: ByteArray, words: str, where: tuple[int, int], size: float) -> None:
    cv2.putText(picture, words, where, cv2.FONT_HERSHEY_SIMPLEX, size, (255, 255, 255), 3, cv2.LINE_AA)
    cv2.putText(picture, words, where, cv2.FONT_HERSHEY_SIMPLEX, size, (20, 20, 20), 1, cv2.LINE_AA)
