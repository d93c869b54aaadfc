"""Collar geometry: a separate sheet that stands on the neck's edge, rolls over and lies down on the cloth.

In the photo the collar lies flat on the shoulders. Once the garment is draped, a sheet of that cloth is laid round its
neck. Its sections stand up from the neck's edge, fold over, follow the cloth below them and are as wide as the collar
in the photo. Behind, where no photo shows it, the same cloth is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from vmodel.body.mesh.subdivision import vertex_normals
from vmodel.drape.geometry.nearest import nearest_on_mesh
from vmodel.drape.neck.edge import joined, neck_ring, panels_of
from vmodel.drape.neck.stand import STAND_STEPS, stand_up
from vmodel.garment.imaging.contour import smooth_line
from vmodel.garment.pattern.details.collar_leaf import LEANS
from vmodel.types import Drape, FloatArray, Garment, Panel, PosedBody

_SECTIONS: Final = 120
_ROLL_STEPS, _FALL_STEPS = 7, 14
_ROLLED: Final = STAND_STEPS + 1 + _ROLL_STEPS
_TURNED: Final = [_ROLLED + (_ROLLED - step) // 2 for step in range(_ROLLED)]
"""Number of steps up to the end of the roll; the step beyond it whose cloth each of them shows."""
_SIZE_CM: Final = 38.0
"""Girth of the neck whose collar has the lengths below; they change with its square root."""
_RISE: Final = (0.3, 1.1)
_RADIUS: Final = (0.25, 0.4)
"""Height over the neck's edge and half the width of the roll, each in front and behind, in cm."""
_SINKS_CM, _INSIDE_CM = 0.5, 0.15
"""Distance below the neck's edge at which the collar begins, so that no gap shows, and towards the neck, so that the
cloth does not show through it."""
_PADDING_CM, _THIN_CM = 0.3, 0.4
"""Distances from the cloth below: the extra one at the roll, which fades towards the edge, and that at the edge."""
_STANDS_CM: Final = 1.0
"""Height of a stand from which on its fold faces away from the skin, not from the cloth."""
_FULL_CM: Final = 1.5
"""Width from which on a collar rolls over fully; where it begins, it lies flat."""
_ROLL: Final = 0.1
"""Share of a leaf's width in its photo that lies on the roll."""
_SEEN, _SEEN_BESIDE = 0.5, 0.3
"""Share of the way from the neck's front end to the back's middle up to which a photo shows a collar, and the same of
the way from a collar that begins further back."""
_SLOWER: Final = 0.7
"""Cloth of the front that goes round the back, per length there."""
_WIDE: Final = 0.5
"""Share of its largest width from which on a collar shows no other cloth."""
_SLOPES: Final = 0.2
"""Share of the way from the neck's front end to the back's middle over which the slope of a collar's fold is taken."""
_NEAREST: Final = 8
"""Number of candidate triangles for the nearest one, which need not be the one whose centre is nearest."""


def with_collars(garments: Sequence[Garment], whole: Garment, worn: Drape, posed: PosedBody) -> Drape:
    """Lay collars round the necks of garments whose photos show one.

    Args:
        garments: the worn garments, in the order in which they were joined.
        whole: all of them as one.
        worn: the drape in the pose.
        posed: the wearer in it.
    Returns:
        The drape with the collars' cloth appended.
    """
    for garment, panels in panels_of(garments, whole):
        ring = neck_ring(panels, worn) if len(garment.collar_cm) else None
        if ring is not None:
            worn = _with_collar(ring[0], panels, garment, worn, posed)
    return worn


def _with_collar(
    line: FloatArray, panels: Mapping[int, Panel], garment: Garment, worn: Drape, posed: PosedBody
) -> Drape:
    """Return the drape with a collar added along one neck's edge.

    Args:
        line: (n, 3) metres, the edge from the front's left end round the back to its right end.
        panels: of the garment.
        garment: with the collar's widths and texture.
        worn: the drape.
        posed: the wearer.
    """
    line, share = _evenly(line)
    unit = np.sqrt(100 * _length(line) / _SIZE_CM) / 100
    widths_cm = np.asarray(garment.collar_cm, float)
    line, share = line[share >= widths_cm[0, 0]], share[share >= widths_cm[0, 0]]
    width_cm = PchipInterpolator(*widths_cm.T)(share)
    sheet = _laid(line, share, unit * width_cm, _front_edge(garment), worn, posed, unit)
    fronts = sorted(
        (index for index, panel in panels.items() if panel.side == "front" and "neck" in panel.edges),
        key=lambda index: -float(panels[index].edges["neck"][:, 0].mean()),
    )
    panel = np.where(np.arange(len(share)) < len(share) // 2, fronts[0], fronts[-1])
    pixels = _cloth_of(garment, share)
    texture = panels[fronts[0]].texture + garment.collar_texture  # the front's own is the garment's first
    begins = float(share[width_cm > _WIDE * width_cm.max()].min())
    return joined(worn, sheet, _as_in_front(pixels, share, begins), panel[:-1], texture, False)


def _length(line: FloatArray) -> float:
    return float(np.linalg.norm(np.diff(line, axis=0), axis=1).sum())


def _evenly(line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return (n, 3) points evenly along a line, and (n,) their share of the way from its nearer end to its middle."""
    along = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))]
    at = np.linspace(0, 1, _SECTIONS)
    points = np.stack([np.interp(at * along[-1], along, line[:, axis]) for axis in range(3)], axis=1)
    return smooth_line(points, 4), 2 * np.minimum(at, 1 - at)


def _laid(
    line: FloatArray, share: FloatArray, width: FloatArray, edge: FloatArray, worn: Drape, posed: PosedBody, unit: float
) -> FloatArray:
    """Return (sections, steps, 3) metres: each section stands up from the edge, rolls over, goes down on the cloth."""
    vertices = np.asarray(worn.vertices_m, np.float64)
    normals = vertex_normals(np.asarray(worn.vertices_m, np.float32), worn.triangles)

    def below(points: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the (n,) height over the cloth, and the (n, 3) direction in which it faces."""
        triangles, weights, _ = nearest_on_mesh(points, vertices, worn.triangles, _NEAREST)
        corners = worn.triangles[triangles]
        places, facing = (np.einsum("nk,nkc->nc", weights, each[corners]) for each in (vertices, normals))
        facing /= np.maximum(np.linalg.norm(facing, axis=1, keepdims=True), 1e-9)
        return ((points - places) * facing).sum(axis=1), facing

    stand, off_skin = stand_up(line, share, posed, unit)
    fold = stand[:, -1]
    normal = gaussian_filter1d(below(line)[1], 3.0, axis=0, mode="nearest")
    stands = np.clip(np.linalg.norm(fold - line, axis=1) / (unit * _STANDS_CM), 0, 1)[:, None]
    normal = (1 - stands) * normal + stands * off_skin
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    tangent = np.gradient(fold, axis=0)
    down = np.cross(tangent, normal)
    down /= np.linalg.norm(down, axis=1, keepdims=True)
    down *= np.sign((down * (0.5 * normal - (0.0, 0.0, 1.0))).sum(axis=1).mean())
    full = np.clip(width / (unit * _FULL_CM), 0, 1)
    inside = full * unit * _INSIDE_CM
    sunk = np.linspace(1, 0, STAND_STEPS + 1)
    rows = [stand[:, i] + down * (unit * _SINKS_CM * sunk[i]) - normal * inside[:, None] for i in range(len(sunk))]
    rise, radius = (full * unit * (a + (b - a) * np.clip(2 * share, 0, 1)) for a, b in (_RISE, _RADIUS))
    for phi in np.linspace(0, np.pi, _ROLL_STEPS + 1)[1:]:
        away = radius * (1 - np.cos(phi)) - inside * (1 + np.cos(phi)) / 2
        rows.append(fold + normal * away[:, None] - down * (rise * np.sin(phi))[:, None])
    leaning = np.clip(1 - (share - share.min()) / LEANS, 0, 1)[:, None] * bool(edge.any())
    heading = (1 - leaning) * down + leaning * _leant(fold, down, share, edge)
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    for step in range(1, _FALL_STEPS + 1):
        height, facing_there = below(rows[-1])
        lack = unit * (_PADDING_CM * np.sqrt(1 - (step / _FALL_STEPS) ** 2) + _THIN_CM) - height
        sinking = np.minimum((heading * facing_there).sum(axis=1), 0) * (lack > -0.5 * width / _FALL_STEPS)
        way = heading - facing_there * (sinking - np.clip(lack / (0.3 * width + 1e-4), -1.0, 0.8))[:, None]
        way /= np.maximum(np.linalg.norm(way, axis=1, keepdims=True), 0.2)
        rows.append(rows[-1] + way * (width / _FALL_STEPS)[:, None])
    return smooth_line(np.stack(rows, axis=1), 2)


def _leant(fold: FloatArray, down: FloatArray, share: FloatArray, edge: FloatArray) -> FloatArray:
    """Return the (sections, 3) direction in which each section's half of a collar ends in front.

    Args:
        fold: (sections, 3) metres, the line along which it folds over.
        down: (sections, 3) directions in which it falls from there.
        share: (sections,) of the way from the neck's front end to the back's middle.
        edge: from ``_front_edge``.
    """
    half = len(fold) // 2
    ways = []
    for rows in (np.arange(half), np.arange(len(fold) - 1, half - 1, -1)):
        beyond = np.searchsorted(share[rows[:-1]], share[rows[0]] + _SLOPES)
        ahead = fold[rows[beyond]] - fold[rows[0]]
        below = down[rows[0]] - (down[rows[0]] @ ahead) * ahead / (ahead @ ahead)
        way = edge[0] * ahead / np.linalg.norm(ahead) + edge[1] * below / np.linalg.norm(below)
        ways.append(np.tile(way, (len(rows), 1)))
    return np.concatenate(ways)


def _front_edge(garment: Garment) -> FloatArray:
    """Return the (2,) direction of a collar's front edges, along its fold and square to it; 0 where it ends in points.

    In a photo the fold goes down steeply to its front end, on a neck it is nearly level: an edge keeps its angle to it.
    """
    shares = garment.collar_cm[:, 0]
    if not garment.collar_cm[0, 1]:
        return np.zeros(2)
    found = []
    for lines in garment.collar_px:
        fold, edge = lines[:, 0], lines[0, 1] - lines[0, 0]
        ahead = [np.interp(shares[0] + _SLOPES, shares, fold[:, axis]) for axis in (0, 1)] - fold[0]
        found.append((ahead @ edge, abs(ahead[0] * edge[1] - ahead[1] * edge[0])))
    way = np.mean(found, axis=0)
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-6))


def _cloth_of(garment: Garment, share: FloatArray) -> FloatArray:
    """Return the (sections, steps, 2) pixels of a leaf's cloth: as it lay in the photo, and the same on its stand."""
    sides = []
    for lines, rows in zip(garment.collar_px, np.array_split(share, 2), strict=True):
        ends = [
            np.stack([np.interp(rows, garment.collar_cm[:, 0], lines[:, end, axis]) for axis in (0, 1)], axis=1)
            for end in (0, 1)
        ]
        down = np.r_[_TURNED, _ROLLED + np.arange(_FALL_STEPS)] + 1 - _ROLLED
        down = (_ROLL + (1 - _ROLL) * down / _FALL_STEPS)[:, None]
        sides.append((1 - down) * ends[0][:, None] + down * ends[1][:, None])
    return np.concatenate(sides)


def _as_in_front(pixels: FloatArray, share: FloatArray, begins: float) -> FloatArray:
    """Mirror the texture of the front's collar at the shoulders, and at its points, where no photo shows it.

    Args:
        pixels: (sections, steps, 2) of the texture.
        share: (sections,) of the way from the neck's front end to the back's middle.
        begins: share from which on the collar is wide.
    """
    seen = max(_SEEN, begins + _SEEN_BESIDE * (1 - begins))
    back = np.maximum(share - seen, 0) * _SLOWER
    reach = max(seen - begins, 1e-6)
    source = np.where(share <= seen, share, seen - np.abs((back + reach) % (2 * reach) - reach))
    half = len(share) // 2
    found = np.empty_like(pixels)
    for rows in (np.arange(half), np.arange(len(share) - 1, half - 1, -1)):
        at = np.interp(source[rows], share[rows], np.arange(len(rows)))
        low = np.clip(np.floor(at).astype(int), 0, len(rows) - 2)
        blend = (at - low)[:, None, None]
        found[rows] = (1 - blend) * pixels[rows[low]] + blend * pixels[rows[low + 1]]
    return found.astype(np.float32)
