"""Hood geometry: a separate sheet, worn down, that rolls round the neck and lies on the back as a bag.

In the photo a hood lies spread out above the neck; a pattern of it would need folding, which everyone does differently.
The garment is therefore draped without the hood, which is then laid round the draped neck. Its sections rise from the
neck, roll over and go down on the cloth below them; they are cut from the back's cloth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.drape.neck.edge import NEAR_CM, joined, neck_ring, panels_of
from vmodel.types import Drape, FloatArray, Garment, Neckline, Panel

_ROLL_STEPS, _FALL_STEPS = 12, 22
_SIZE_CM: Final = 38.0
"""Girth of the neck whose hood has the lengths below; they change with the square root of the girth."""
_RISE: Final = (2.6, 5.5)
_RADIUS: Final = (1.4, 2.8)
_FALL: Final = (3.2, 21.0)
_PADDING: Final = (1.4, 4.5)
"""In front and behind, in cm: rise over the neck, half the width of the roll, length of the fall from there, and
thickness."""
_THIN_CM: Final = 0.2
"""Least thickness."""
_CURLED: Final = 0.82
"""Share of the fall from which its edge turns in to the cloth below."""
_SINKS_CM: Final = 0.6
"""Depth below the neck's edge at which the hood begins, so that no gap shows."""
_OUTWARDS: Final = 0.15
"""Outward slope of the fall before it reaches the cloth, per unit of descent."""
_TAPER: Final = 0.08
"""Share of the sections over which the hood thins out towards either end in front."""


def with_hoods(garments: Sequence[Garment], whole: Garment, worn: Drape) -> Drape:
    """Lay hoods round the necks of garments whose patterns end there.

    Args:
        garments: the worn garments, in the order in which they were joined.
        whole: all of them as one.
        worn: the drape in the pose.
    Returns:
        The drape with the hoods' cloth appended; unchanged where there is no hood, or the pattern includes it.
    """
    for garment, panels in panels_of(garments, whole):
        if garment.kind.neckline != Neckline.HOOD or any("stand_left" in panel.edges for panel in panels.values()):
            continue
        back = next((index for index, panel in panels.items() if panel.name == "back"), None)
        ring = neck_ring(panels, worn)
        if ring is not None and back is not None:
            worn = _with_hood(ring, panels[back], back, worn)
    return worn


def _with_hood(ring: tuple[FloatArray, FloatArray, FloatArray], panel: Panel, index: int, worn: Drape) -> Drape:
    """Return the drape with the hood round one neck; its cloth is that of the back's panel, below the neck."""
    girth_cm = 100 * float(np.linalg.norm(np.diff(ring[0], axis=0), axis=1).sum())
    sheet = _laid(*ring, worn, np.sqrt(girth_cm / _SIZE_CM) / 100)
    flat = _flattened(sheet) * 100
    top = panel.edges["neck"][:, 1].min() - NEAR_CM
    wide = 0.45 * np.ptp(panel.outline_cm[:, 0])
    flat = np.stack([flat[..., 0] * min(1.0, wide / np.abs(flat[..., 0]).max()), top - flat[..., 1]], axis=-1)
    pixels = flat @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
    return joined(worn, sheet, pixels.astype(np.float32), np.full(len(sheet) - 1, index), panel.texture, True)


def _laid(middle: FloatArray, outward: FloatArray, behind: FloatArray, worn: Drape, unit: float) -> FloatArray:
    """Return (sections, steps, 3) metres: each section rises, rolls over, and goes down on the cloth.

    Args:
        middle: (n, 3) the neck's edge.
        outward: (n, 3) unit vectors.
        behind: (n,) 0 in front, 1 in the middle of the back.
        worn: the drape that it lies on.
        unit: metres per centimetre of a neck of the usual girth, scaled to this neck.
    """
    ends = np.minimum(np.arange(len(middle)), np.arange(len(middle))[::-1]) / (_TAPER * len(middle))
    size = unit * np.sqrt(np.clip(ends, 0.03, 1.0))
    rise, radius, fall, padding = (size * (a + (b - a) * behind) for a, b in (_RISE, _RADIUS, _FALL, _PADDING))
    up = np.array([0.0, 0.0, 1.0])
    rows = []
    for phi in np.linspace(0, np.pi, _ROLL_STEPS):
        high = rise * np.sin(phi) - unit * _SINKS_CM * np.cos(phi)
        rows.append(middle + outward * (radius * (1 - np.cos(phi)))[:, None] + up * high[:, None])
    cloth = np.asarray(worn.vertices_m, np.float64)
    facing, tree = vertex_normals(np.asarray(worn.vertices_m, np.float32), worn.triangles), cKDTree(cloth)
    heading = _OUTWARDS * outward - up
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    for step in range(1, _FALL_STEPS + 1):
        share = step / _FALL_STEPS
        _, near = tree.query(rows[-1], k=6)
        normal = facing[near].mean(axis=1)
        normal /= np.linalg.norm(normal, axis=1, keepdims=True)
        height = ((rows[-1] - cloth[near].mean(axis=1)) * normal).sum(axis=1)
        lack = padding * np.sqrt(1 - share**2) + _THIN_CM * unit - height
        sinking = np.minimum((heading * normal).sum(axis=1), 0) * (lack > -0.5 * fall / _FALL_STEPS)
        way = heading - normal * sinking[:, None]  # along the cloth where it lies on it
        if share > _CURLED:
            way = way - normal * np.clip(-lack / (0.3 * fall), 0, 1.5)[:, None]
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 0.2)
        rows.append(rows[-1] + way * (fall / _FALL_STEPS)[:, None])
    sheet = np.stack(rows, axis=1)
    return np.asarray(gaussian_filter1d(sheet, 1.2, axis=0, mode="nearest"))


def _flattened(sheet: FloatArray) -> FloatArray:
    """Return (sections, steps, 2) metres across from the middle and down: each vertex's place in the back's cloth."""
    down = np.linalg.norm(np.diff(sheet, axis=1), axis=2)
    across = np.linalg.norm(np.diff(sheet[:, _ROLL_STEPS], axis=0), axis=1)
    x = np.r_[0.0, np.cumsum(across)]
    y = np.concatenate([np.zeros((len(sheet), 1)), np.cumsum(down, axis=1)], axis=1)
    return np.stack([np.broadcast_to((x - x[-1] / 2)[:, None], y.shape), y], axis=-1)
