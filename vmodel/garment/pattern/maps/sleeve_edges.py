"""Edges of a sleeve in its photo: the outer one along the outline, the inner one where the sleeve's cloth ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from vmodel.garment.imaging.contour import SIDES, outline_across, outline_outwards, smooth_line
from vmodel.types import BoolArray, FloatArray, GarmentPhoto, IntArray, Sleeve

SHARES: Final = np.linspace(0, 1, 17)
"""Shares of a sleeve's length at which its edges are searched for in the photo."""
BEFORE: Final = 0.15
"""Straight extension of the edges into the trunk, as a share of the length."""
_BENT: Final = 0.35
"""Largest distance of a bent sleeve's outer edge from the straight line between its ends, as a share of its length."""
_WIDER: Final = 0.12
"""Largest distance of its inner edge from the place that the outer one predicts, as a share of its length."""
_NARROWEST, _WIDEST = 0.35, 1.7
"""Widths between which a long sleeve's inner edge is searched for, as shares of the usual width there."""
_SURELY_SLEEVE: Final = 0.3
"""Share of the usual width within which the cloth is surely the sleeve's own."""
_ALIEN: Final = 16.0
"""CIELAB distance from every colour of sleeve and trunk beyond which a colour is not the garment's."""
_FEW: Final = 8
"""Least number of places with a colour of the garment: one or two may lie off the cloth."""
_ALIEN_STEPS: Final = 8
"""Half pixels along which a colour must not be the garment's."""
_COLOURS, _TRUNK = 400, 0.35
"""Number of places of the trunk whose colours count, and their distance from its middle as a share of its size."""
LEAST_CM: Final = 0.5
"""Length of an edge below which its direction is its neighbour's."""
_FOLDED: Final = 0.5
"""Length of a short sleeve's inner edge, over that of the block's, below which it is folded."""
_BEGINS, _ENDS = 0.3, 0.15
"""Share of the usual width within which a sleeve that is seen begins, and least width of it that counts."""
_GAP_STEPS: Final = 9
"""Half pixels of another part that do not end it."""


def edges_of_sleeve(
    photo: GarmentPhoto, names: list[str], corners: list[FloatArray], own: BoolArray | None = None
) -> tuple[FloatArray, FloatArray]:
    """Find the outer and the inner edge, (18, 2) pixels each, from inside the trunk to the cuff.

    They are smooth; otherwise the cloth would ripple.

    Args:
        photo: the garment.
        names: landmarks at the shoulder, the armpit and the cuff's outer and inner end.
        corners: the same of the block, (2,) cm each.
        own: (H, W) bool, where the photo shows this sleeve; None where that is not known.
    """
    if photo.kind.sleeve == Sleeve.SHORT:
        photo = _unfolded(photo, names, corners)
        found = np.array([_across_short_sleeve(photo, names, float(share)) for share in SHARES])
        found[0], found[-1] = ([photo.points[name] for name in ends] for ends in (names[:2], names[2:]))
        found = smooth_line(found, 2)
    else:
        shoulder, _, cuff_outer, _ = corners
        long_px = float(np.linalg.norm(photo.points[names[2]] - photo.points[names[0]]))
        px_per_cm = long_px / max(float(np.linalg.norm(cuff_outer - shoulder)), LEAST_CM)
        found = _across_long_sleeve(photo, names, px_per_cm * _square_root_cm(corners), own)
    before = found[0] - (found[2] - found[0]) * BEFORE / SHARES[2]
    whole = np.concatenate([before[None], found])
    return whole[:, 0], whole[:, 1]


def _unfolded(photo: GarmentPhoto, names: list[str], corners: list[FloatArray]) -> GarmentPhoto:
    """Move the armpit of a hanging short sleeve, which is folded there, into the trunk: as far from the end as it is.

    Its lines would otherwise meet in one place of the end, and a band there would cover its whole underside.
    """
    shoulder, armpit, outer, inner = (photo.points[name] for name in names)
    way, way_cm = outer - shoulder, corners[2] - corners[0]
    px_per_cm = float(np.linalg.norm(way)) / max(float(np.linalg.norm(way_cm)), LEAST_CM)
    whole_px = px_per_cm * float(np.linalg.norm(corners[3] - corners[1]))
    if float(np.linalg.norm(inner - armpit)) > _FOLDED * whole_px:
        return photo
    return replace(
        photo, points={**photo.points, names[1]: inner - whole_px * way / max(float(np.linalg.norm(way)), 1.0)}
    )


def _square_root_cm(corners: list[FloatArray]) -> float:
    """Return the width of a block's sleeve at the armpit, square to its outer edge."""
    shoulder, armpit, cuff_outer, _ = corners
    way = (cuff_outer - shoulder) / max(float(np.linalg.norm(cuff_outer - shoulder)), LEAST_CM)
    off = armpit - shoulder
    return max(abs(float(way[0] * off[1] - way[1] * off[0])), LEAST_CM)


def _across_long_sleeve(photo: GarmentPhoto, names: list[str], root_px: float, own: BoolArray | None) -> FloatArray:
    """Find the (17, 2, 2) outer and inner ends of lines square to the outer edge, from the shoulder to the cuff.

    A hanging sleeve is folded at the armpit. Lines that end there would lie along the sleeve, and its checks would
    slant. The lines therefore go on into the trunk, whose cloth is mostly the sleeve's.
    """
    shoulder, armpit, cuff_outer, cuff_inner = (photo.points[name] for name in names)
    outer = _outer_edge(photo, names, own)
    along = np.gradient(outer, axis=0)
    inwards = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inwards *= np.sign((cuff_inner + armpit - cuff_outer - shoulder) @ inwards[len(inwards) // 2]) or 1.0
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
    cuff = cuff_inner - cuff_outer
    inwards[-1] = cuff / max(float(np.linalg.norm(cuff)), 1.0)
    inwards = smooth_line(inwards, 4)
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
    usual: FloatArray = (1 - SHARES) * root_px + SHARES * max(float(np.linalg.norm(cuff)), 1.0)
    if own is not None:
        usual = _seen_widths(own, outer, inwards, usual, armpit)
    colours = _colours_of(photo, outer, inwards, usual)
    wide = np.array([_width(photo, colours, *each) for each in zip(outer, inwards, usual, strict=True)])
    if own is not None:
        wide = np.minimum(wide, usual)
    wide[-1] = usual[-1]
    smooth = smooth_line(ndimage.minimum_filter1d(wide, 3, mode="nearest"), 3)
    wide = np.minimum(smooth, wide)  # past its cloth there is nothing but torn mirror images
    return np.stack([outer, outer + wide[:, None] * inwards], axis=1)


def _outer_edge(photo: GarmentPhoto, names: list[str], own: BoolArray | None) -> FloatArray:
    """Follow the outline from the shoulder to the cuff's outer end, (17, 2) pixels: the sleeve's where it is seen."""
    shoulder, _, cuff_outer, _ = corners = [photo.points[name] for name in names]
    middle = np.sum(corners, axis=0) / 4
    found = [shoulder]
    for share in SHARES[1:-1]:
        spot = None if own is None else outline_across(own, shoulder, cuff_outer, float(share), middle, _BENT)
        if spot is None or np.allclose(spot, (1 - share) * shoulder + share * cuff_outer):
            spot = outline_across(photo.mask, shoulder, cuff_outer, float(share), middle, _BENT)
        found.append(spot)
    return smooth_line(np.array([*found, cuff_outer]), 6)


def _seen_widths(
    own: BoolArray, outer: FloatArray, inwards: FloatArray, usual: FloatArray, armpit: FloatArray
) -> FloatArray:
    """Return the widths (17,) in pixels of a sleeve as it is seen below its armpit, and as usual at its shoulder.

    Args:
        own: (H, W) bool, where the photo shows the sleeve.
        outer: (17, 2) pixels, its outer edge.
        inwards: (17, 2) unit vectors.
        usual: (17,) widths in pixels.
        armpit: (2,) pixels.
    """
    found = np.full(len(SHARES), np.nan)
    found[[0, -1]] = usual[[0, -1]]
    way = np.gradient(outer, axis=0)
    for row in np.flatnonzero(np.sum((outer - armpit) * way, axis=1)[:-1] > 0):
        steps = np.arange(0, _WIDEST * usual[row], 0.5)
        line = own[pixels_at(own, outer[row] + steps[:, None] * inwards[row])]
        inside = ndimage.binary_closing(line, np.ones(_GAP_STEPS))
        begins = int(inside.argmax())
        if inside[begins] and steps[begins] < _BEGINS * usual[row]:
            ends = begins + int(np.argmin(np.r_[inside[begins:], False]))
            found[row] = steps[min(ends, len(steps) - 1)]
    found[found < _ENDS * usual] = np.nan
    seen = np.isfinite(found)
    return np.asarray(np.interp(SHARES, SHARES[seen], found[seen]))


def _colours_of(photo: GarmentPhoto, outer: FloatArray, inwards: FloatArray, usual: FloatArray) -> cKDTree:
    """Collect the CIELAB colours of a sleeve's outer part and of the trunk.

    Args:
        photo: the garment.
        outer: (17, 2) pixels, the sleeve's outer edge.
        inwards: (17, 2) unit vectors.
        usual: (17,) widths in pixels.
    """
    share = np.linspace(0.08, _SURELY_SLEEVE, 6)[None, :, None]
    on_sleeve = (outer[:, None] + share * usual[:, None, None] * inwards[:, None]).reshape(-1, 2)
    names = [f"{name}_{side}" for name in ("armpit", "hem") for side in SIDES]
    ends = np.array([photo.points[name] for name in names if name in photo.points])
    chance = np.random.default_rng(0).uniform(-_TRUNK, _TRUNK, (_COLOURS, 2))
    spots = np.concatenate([on_sleeve, ends.mean(0) + chance * np.ptp(ends, axis=0)])
    return cKDTree(_lab_at(photo, spots)[photo.mask[pixels_at(photo.mask, spots)]])


def _lab_at(photo: GarmentPhoto, spots: FloatArray) -> FloatArray:
    """Return the (n, 3) CIELAB colours of the picture at places (n, 2)."""
    return np.asarray(
        cv2.cvtColor(photo.rgb[pixels_at(photo.mask, spots)][None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    )


def _width(photo: GarmentPhoto, own: cKDTree, outer: FloatArray, inwards: FloatArray, usual: float) -> float:
    """Return the pixels from a sleeve's outer edge inwards to the end of its cloth; the usual width if it is not near.

    A mask may include ground between sleeve and trunk, which has none of their colours.
    """
    steps = np.arange(_NARROWEST * usual, _WIDEST * usual, 0.5)
    line = outer + steps[:, None] * inwards
    alien = own.query(_lab_at(photo, line), [_FEW], distance_upper_bound=_ALIEN)[0][:, 0] >= _ALIEN
    alien = ndimage.binary_opening(alien, np.ones(_ALIEN_STEPS))
    ends = np.flatnonzero(~photo.mask[pixels_at(photo.mask, line)] | alien)
    return float(steps[ends[0]]) if len(ends) else usual


def _across_short_sleeve(photo: GarmentPhoto, names: list[str], share: float) -> tuple[FloatArray, FloatArray]:
    """Locate a sleeve's two edges at a share of its length: both turn where its outer edge turns.

    Args:
        photo: the garment.
        names: landmarks at the shoulder, the armpit and the cuff's outer and inner end.
        share: 0..1, from the armhole to the cuff.
    """
    points = photo.points
    shoulder, armpit, cuff_outer, cuff_inner = (points[name] for name in names)
    middle = (shoulder + armpit + cuff_outer + cuff_inner) / 4
    outer = outline_across(photo.mask, shoulder, cuff_outer, share, middle, _BENT)
    straight = (1 - share) * shoulder + share * cuff_outer
    inner = (1 - share) * armpit + share * cuff_inner + outer - straight
    inwards = (inner - outer) / max(float(np.linalg.norm(inner - outer)), 1.0)
    return outer, outline_outwards(photo.mask, inner, inwards, _WIDER * float(np.linalg.norm(cuff_inner - armpit)))


def pixels_at(picture: BoolArray, spots: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows and columns of the picture (H, W) nearest to places (..., 2)."""
    columns, rows = (np.clip(np.rint(spots[..., axis]).astype(int), 0, picture.shape[1 - axis] - 1) for axis in (0, 1))
    return rows, columns
