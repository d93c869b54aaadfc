"""A hood as a shape of its own, worn down: it rolls round the neck and lies on the back as a bag.

In the photo a hood lies spread out above the neck; a pattern of it would have to be folded as no two people fold it.
So the garment is draped without, and the hood is laid round its neck as it lies then: sections that rise from the neck,
roll over and go down on the cloth below them, cut from the back's cloth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.spatial import cKDTree

from vmodel.body.subdivision import vertex_normals
from vmodel.types import Drape, FloatArray, Garment, IntArray, Neckline, Panel

_SECTIONS: Final = 96
_ROLL_STEPS, _FALL_STEPS = 12, 22
_NEAR_CM: Final = 0.5
"""How far from the cut's neck a vertex may lie that is on it."""
_FRONT_GAP_RAD: Final = 0.04
"""Half of what a hood leaves open in front, round the neck."""
_SIZE_CM: Final = 38.0
"""Girth of the neck whose hood has the lengths below; they change with the square root of the girth."""
_RISE: Final = (1.6, 4.0)
_RADIUS: Final = (0.9, 2.0)
_FALL: Final = (2.2, 21.0)
_PADDING: Final = (0.7, 3.4)
"""In front and behind, in cm: how high it rises over the neck, half the width of its roll, how far it hangs down from
there, and how thickly it lies."""
_THIN_CM: Final = 0.2
"""Least thickness."""
_POINTED: Final = 3.0
"""How narrow the part behind is that hangs down."""
_CURLED: Final = 0.82
"""Share of the fall from which its edge turns in to the cloth below."""
_SINKS_CM: Final = 0.6
"""How far below the neck's edge it begins, so that no gap shows."""
_OUTWARDS: Final = 0.15
"""Slope of its fall before it meets the cloth: outwards for each step down."""
_TAPER: Final = 0.16
"""Share of the sections over which it thins out towards either end in front."""


def with_hoods(garments: Sequence[Garment], whole: Garment, worn: Drape) -> Drape:
    """Lay hoods round the necks of garments whose patterns end there.

    Args:
        garments: what is worn, in the order in which they were joined.
        whole: all of them as one.
        worn: in the pose.
    Returns:
        The drape with the hoods' cloth behind the rest; as it is where there is no hood, or one in the pattern.
    """
    first = 0
    for garment in garments:
        panels = range(first, first + len(garment.panels))
        first = panels.stop
        if garment.kind.neckline != Neckline.HOOD or any("stand_left" in whole.panels[i].edges for i in panels):
            continue
        back = next((index for index in panels if whole.panels[index].name == "back"), None)
        ring = _neck_ring({index: whole.panels[index] for index in panels}, worn)
        if ring is not None and back is not None:
            worn = _with_hood(ring, whole.panels[back], back, worn)
    return worn


def _with_hood(ring: tuple[FloatArray, FloatArray, FloatArray], panel: Panel, index: int, worn: Drape) -> Drape:
    """The drape with the hood round one neck; its cloth is that of the back's panel, below the neck."""
    girth_cm = 100 * float(np.linalg.norm(np.diff(ring[0], axis=0), axis=1).sum())
    sheet = _laid(*ring, worn, np.sqrt(girth_cm / _SIZE_CM) / 100)
    flat = _flattened(sheet) * 100
    top = panel.edges["neck"][:, 1].min() - _NEAR_CM
    wide = 0.45 * np.ptp(panel.outline_cm[:, 0])
    flat = np.stack([flat[..., 0] * min(1.0, wide / np.abs(flat[..., 0]).max()), top - flat[..., 1]], axis=-1)
    pixels = flat @ panel.panel_to_texture[:, :2].T + panel.panel_to_texture[:, 2]
    return _joined(worn, sheet, pixels.astype(np.float32), index, panel.texture)


def _neck_ring(panels: Mapping[int, Panel], worn: Drape) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """The neck's edge from the front's left end round the back to its right end.

    Returns:
        (n, 3) points, (n, 3) level directions away from the neck, (n,) how far behind: 0 in front, 1 in the middle of
        the back; None where no neck was found.
    """
    ends = np.unique(worn.open_edges)
    corners, owner = worn.triangles.reshape(-1), np.repeat(np.arange(len(worn.triangles)), 3)
    on_neck: list[IntArray] = []
    is_behind: list[IntArray] = []
    for index, panel in panels.items():
        if "neck" not in panel.edges:
            continue
        mine = (worn.panel[owner] == index) & np.isin(corners, ends)
        linear = np.linalg.inv(panel.panel_to_texture[:, :2])
        places = (worn.texture_px.reshape(-1, 2)[mine] - panel.panel_to_texture[:, 2]) @ linear.T
        away, _ = cKDTree(_densely(panel.edges["neck"])).query(places)
        found = np.unique(corners[mine][away < _NEAR_CM])
        on_neck.append(found)
        is_behind.append(np.full(len(found), panel.side == "back"))
    if not on_neck or not np.concatenate(is_behind).any() or np.concatenate(is_behind).all():
        return None
    points = np.asarray(worn.vertices_m, np.float64)[np.concatenate(on_neck)]
    back = np.concatenate(is_behind)
    centre = (points[back].mean(axis=0) + points[~back].mean(axis=0)) / 2
    axis = (points[back].mean(axis=0) - points[~back].mean(axis=0)) * (1, 1, 0)
    axis /= np.linalg.norm(axis)
    across = np.array([axis[1], -axis[0], 0.0])
    angle = np.arctan2((points - centre) @ across, (points - centre) @ axis)
    order = np.argsort(angle)
    first, last = max(angle.min(), _FRONT_GAP_RAD - np.pi), min(angle.max(), np.pi - _FRONT_GAP_RAD)
    turns = np.linspace(first, last, _SECTIONS)
    rows = [np.interp(turns, angle[order], points[order, i], period=2 * np.pi) for i in range(3)]
    middle = gaussian_filter1d(np.stack(rows, axis=1), 2.0, axis=0, mode="nearest")
    outward = np.cos(turns)[:, None] * axis + np.sin(turns)[:, None] * across
    return middle, outward, 1 - (1 - ((1 + np.cos(turns)) / 2) ** _POINTED) ** 2


def _densely(line: FloatArray) -> FloatArray:
    """(n, 2) points along a polyline, eight on each of its stretches."""
    share = np.linspace(0, 1, 8, endpoint=False)[:, None, None]
    return np.asarray((line[:-1] * (1 - share) + line[1:] * share).reshape(-1, 2))


def _laid(middle: FloatArray, outward: FloatArray, behind: FloatArray, worn: Drape, unit: float) -> FloatArray:
    """(sections, steps, 3) metres: each section rises, rolls over, and goes down on the cloth.

    Args:
        middle: (n, 3) the neck's edge.
        outward: (n, 3) unit vectors.
        behind: (n,) 0..1.
        worn: what it lies on.
        unit: metres of a centimetre of a neck of the usual girth.
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
    """(sections, steps, 2) metres across from the middle and down: where each vertex is cut from the back's cloth."""
    down = np.linalg.norm(np.diff(sheet, axis=1), axis=2)
    across = np.linalg.norm(np.diff(sheet[:, _ROLL_STEPS], axis=0), axis=1)
    x = np.r_[0.0, np.cumsum(across)]
    y = np.concatenate([np.zeros((len(sheet), 1)), np.cumsum(down, axis=1)], axis=1)
    return np.stack([np.broadcast_to((x - x[-1] / 2)[:, None], y.shape), y], axis=-1)


def _joined(worn: Drape, sheet: FloatArray, pixels: FloatArray, panel: int, texture: int) -> Drape:
    """The drape and the hood as one."""
    sections, steps = sheet.shape[:2]
    index = np.arange(sections * steps).reshape(sections, steps)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    start = len(worn.vertices_m)
    rims = [np.stack([line[:-1], line[1:]], 1) for line in (index[0], index[-1], index[:, -1])]
    count = len(faces)
    return replace(
        worn,
        vertices_m=np.concatenate([worn.vertices_m, sheet.reshape(-1, 3).astype(np.float32)]),
        triangles=np.concatenate([worn.triangles, (faces + start).astype(np.int32)]),
        texture_px=np.concatenate([worn.texture_px, pixels.reshape(-1, 2)[faces]]),
        texture=np.concatenate([worn.texture, np.full(count, texture, worn.texture.dtype)]),
        panel=np.concatenate([worn.panel, np.full(count, panel, worn.panel.dtype)]),
        open_edges=np.concatenate([worn.open_edges, (np.concatenate(rims) + start).astype(worn.open_edges.dtype)]),
    )
