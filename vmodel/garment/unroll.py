"""Undo the foreshortening of garments photographed on an invisible body.

Such a photo shows the torso's projection: lengths and shoulders are true, but below the armpits the cloth turns away
from the camera at both sides. Flattened, it is wider there, while the middle, where prints are, keeps its size.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vmodel.garment import measure
from vmodel.types import ByteArray, FloatArray, Garment, Panel


@dataclass(frozen=True)
class _Widening:
    """Sideways shift of panel points: grows with the cube of the distance from the middle, up to the torso's side.

    Attributes:
        middle: x of the torso's middle.
        half: half width of the torso.
        gain: share of the half width that each side gains below the armpits.
        high, low: heights between which the shift fades in, shoulder and armpit.
    """

    middle: float
    half: float
    gain: float
    high: float
    low: float

    def shift(self, x: FloatArray, y: FloatArray) -> FloatArray:
        """How far points (x, y) move to the right."""
        fade = np.clip((self.high - y) / (self.high - self.low), 0, 1)
        across = np.clip((x - self.middle) / self.half, -1, 1)
        return np.asarray(self.gain * self.half * across**3 * fade * fade * (3 - 2 * fade))

    def moved(self, points: FloatArray) -> FloatArray:
        """(n, 2) points after the shift."""
        return np.stack([points[:, 0] + self.shift(points[:, 0], points[:, 1]), points[:, 1]], 1)


def unroll(garment: Garment, factor: float) -> Garment:
    """Widen the torso of a garment that hangs from the shoulders.

    Args:
        garment: in photo pixels (``cm_per_px`` 0); its panels share one ``panel_to_texture``.
        factor: flat width over photographed width at the chest, at least 1.
    Returns:
        Panels, landmarks and textures widened alike; texture 0 is then no longer the photo, pixel for pixel.
    """
    if factor < 1.01:
        return garment
    marks = garment.landmarks_cm
    ends = [float(marks[f"armpit_{side}"][0]) for side in measure.SIDES]
    armpit, shoulder = (
        float(np.mean([marks[f"{name}_{side}"][1] for side in measure.SIDES])) for name in ("armpit", "shoulder")
    )
    half = abs(ends[0] - ends[1]) / 2
    widening = _Widening(sum(ends) / 2, half, factor - 1, max(shoulder, armpit + 0.2 * half), armpit)
    pad = int(np.ceil(widening.gain * half)) + 1
    return replace(
        garment,
        panels=tuple(_widened_panel(panel, widening, pad) for panel in garment.panels),
        landmarks_cm={name: widening.moved(np.asarray(point)[None])[0] for name, point in marks.items()},
        textures=tuple(
            _widened_texture(texture, garment.panels[0].panel_to_texture, widening, pad) for texture in garment.textures
        ),
    )


def _widened_panel(panel: Panel, widening: _Widening, pad: int) -> Panel:
    to_texture = np.array(panel.panel_to_texture)
    to_texture[0, 2] += pad
    return replace(
        panel,
        edges={name: widening.moved(points) for name, points in panel.edges.items()},
        holes=tuple(widening.moved(hole) for hole in panel.holes),
        panel_to_texture=to_texture,
    )


def _widened_texture(texture: ByteArray, to_texture: FloatArray, widening: _Widening, pad: int) -> ByteArray:
    """Resample row by row; the shift is monotone in x, so that it can be inverted by interpolation."""
    height, width = texture.shape[:2]
    columns = np.arange(width) + 0.5 - to_texture[0, 2]
    heights = to_texture[1, 2] - (np.arange(height) + 0.5)
    shifted = columns[None] + widening.shift(columns[None], heights[:, None])
    wanted = np.arange(width + 2 * pad) + 0.5 - pad - to_texture[0, 2]
    source = np.stack([np.interp(wanted, row, np.arange(width)) for row in shifted]).astype(np.float32)
    rows = np.broadcast_to(np.arange(height, dtype=np.float32)[:, None], source.shape)
    return np.asarray(cv2.remap(texture, source, np.ascontiguousarray(rows), cv2.INTER_CUBIC), np.uint8)
