"""Neck edge of a draped garment, where hoods and collars begin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.spatial import cKDTree

from vmodel.garment.imaging.contour import smooth_line
from vmodel.types import Drape, FloatArray, Garment, IntArray, Panel

_SECTIONS: Final = 96
NEAR_CM: Final = 0.5
"""Largest distance from the cut's neck of a vertex that counts as on it."""
_FRONT_GAP_RAD: Final = 0.04
"""Half of the angle that is left open in front of the neck."""
_SMOOTH: Final = 8
"""Times that the edge is smoothed, by about two of its points."""
_POINTED: Final = 3.0
"""Exponent that narrows the part that hangs down behind."""


def panels_of(garments: Sequence[Garment], whole: Garment) -> Iterator[tuple[Garment, dict[int, Panel]]]:
    """Yield each garment with its own panels of the whole, by index.

    Args:
        garments: the worn garments, in the order in which they were joined.
        whole: all of them as one.
    """
    first = 0
    for garment in garments:
        indices = range(first, first + len(garment.panels))
        first = indices.stop
        yield garment, {index: whole.panels[index] for index in indices}


def neck_ring(panels: Mapping[int, Panel], worn: Drape) -> tuple[FloatArray, FloatArray, FloatArray] | None:
    """Trace the neck's edge from the front's left end round the back to its right end.

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
        found = np.unique(corners[mine][away < NEAR_CM])
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
    first, last = _FRONT_GAP_RAD - np.pi, np.pi - _FRONT_GAP_RAD
    if sum(panel.side == "front" and "neck" in panel.edges for panel in panels.values()) > 1:  # it is open in front
        first, last = max(angle.min(), first), min(angle.max(), last)
    turns = np.linspace(first, last, _SECTIONS)
    rows = [np.interp(turns, angle[order], points[order, i], period=2 * np.pi) for i in range(3)]
    middle = smooth_line(np.stack(rows, axis=1), _SMOOTH)
    outward = np.cos(turns)[:, None] * axis + np.sin(turns)[:, None] * across
    return middle, outward, 1 - (1 - ((1 + np.cos(turns)) / 2) ** _POINTED) ** 2


def _densely(line: FloatArray) -> FloatArray:
    """Return (n, 2) points along a polyline, eight on each of its segments."""
    share = np.linspace(0, 1, 8, endpoint=False)[:, None, None]
    return np.asarray((line[:-1] * (1 - share) + line[1:] * share).reshape(-1, 2))


def joined(worn: Drape, sheet: FloatArray, pixels: FloatArray, panel: IntArray, texture: int, has_rim: bool) -> Drape:
    """Append a sheet to the drape.

    Args:
        worn: the drape.
        sheet: (sections, steps, 3) metres.
        pixels: (sections, steps, 2) of its texture.
        panel: (sections - 1,) index of the panel whose cloth each strip is made of.
        texture: index of that texture.
        has_rim: its edges show the cloth's thickness.
    """
    sections, steps = sheet.shape[:2]
    index = np.arange(sections * steps).reshape(sections, steps)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    faces = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    start = len(worn.vertices_m)
    rims = [np.stack([line[:-1], line[1:]], 1) for line in (index[0], index[-1], index[:, -1])]
    rim = np.concatenate(rims) if has_rim else np.zeros((0, 2), int)
    count = len(faces)
    return replace(
        worn,
        vertices_m=np.concatenate([worn.vertices_m, sheet.reshape(-1, 3).astype(np.float32)]),
        triangles=np.concatenate([worn.triangles, (faces + start).astype(np.int32)]),
        texture_px=np.concatenate([worn.texture_px, pixels.reshape(-1, 2)[faces]]),
        texture=np.concatenate([worn.texture, np.full(count, texture, worn.texture.dtype)]),
        panel=np.concatenate([worn.panel, np.tile(np.repeat(panel, steps - 1), 2).astype(worn.panel.dtype)]),
        open_edges=np.concatenate([worn.open_edges, (rim + start).astype(worn.open_edges.dtype)]),
    )
