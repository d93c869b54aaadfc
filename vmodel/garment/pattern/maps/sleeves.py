"""Maps from a sleeve to its photo: across it from edge to edge, and along it from the armhole to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES, outline_across, outline_outwards, smooth_line
from vmodel.garment.imaging.warp import Places, solve_warp
from vmodel.garment.pattern.cut.upper import SLEEVED
from vmodel.garment.pattern.maps.ends import to_end
from vmodel.types import FloatArray, GarmentPhoto, IntArray, Sleeve

_BLEND_CM: Final = 1.2
"""Width of the strip along a seam in which two parts' maps run into one another."""
_TRUNK_BELOW: Final = 0.35
"""Outward slope of the border between trunk and sleeve below an armpit, cm per cm."""
_SHARES: Final = np.linspace(0, 1, 17)
"""Shares of a sleeve's length at which its edges are searched for in the photo."""
_BEFORE: Final = 0.15
"""Straight extension of the edges into the trunk, as a share of the length."""
_BENT: Final = 0.35
"""Largest distance of a bent sleeve's outer edge from the straight line between its ends, as a share of its length."""
_WIDER: Final = 0.12
"""Largest distance of its inner edge from the place that the outer one predicts, as a share of its length."""
_CORNERS: Final = ("shoulder", "armpit", "cuff_outer", "cuff_inner")
_CUFF_SHARES: Final = {"cuff_outer": (0.15, 0.3, 0.45), "cuff_inner": (0.55, 0.7, 0.85)}
"""Shares of a sleeve's end, from its outer to its inner corner, at which its outline is searched for."""
_CUFF_REACH: Final = 0.5
"""Search distance from the landmarks, as a share of the end's width."""
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
_MOST_STRETCH: Final = 2.0
"""Width of a sleeve over that in its photo, at most; beyond that its cloth is repeated as a mirror image. Of 100
sleeves of 50 photos chosen at random, 29 are narrower somewhere, 7 of them by half as much again."""
_HARDLY_SHOWN, _SHOWN = 0.86, 0.9
"""Visible shares of a sleeve below which it takes the other's cloth, and above which the other can give some. Of those
100, three have the first or less, and the rest about the second or more."""
_MOVED: Final = 0.8
"""Share of a sleeve's length, from its end, over which cloth is moved to meet the photo's end."""
_LEAST_CM: Final = 0.5
"""Length of an edge below which its direction is its neighbour's."""


def with_whole_cuffs(photo: GarmentPhoto) -> GarmentPhoto:
    """Move the ends of a photo's sleeves to where its outline ends them: landmarks leave bands and trims off."""
    points = dict(photo.points)
    for side in SIDES if photo.kind.sleeve in SLEEVED else ():
        shoulder, armpit, outer, inner = (points[f"{name}_{side}"] for name in _CORNERS)
        wide = float(np.linalg.norm(outer - inner))
        way = outer + inner - shoulder - armpit
        down = way / max(float(np.linalg.norm(way)), 1.0)
        cloth = photo.lying.get(side, photo.mask)
        for name, shares in _CUFF_SHARES.items():
            spots = [(1 - share) * outer + share * inner for share in shares]
            beyond = [(outline_outwards(cloth, at, down, _CUFF_REACH * wide) - at) @ down for at in spots]
            points[f"{name}_{side}"] = points[f"{name}_{side}"] + np.median(beyond) * down
    return replace(photo, points=points)


def sleeve_maps(photo: GarmentPhoto, block: Block, sides: tuple[str, ...]) -> dict[str, Places]:
    """Map sleeves: a place at some share of its width and of its length is at those shares in the photo.

    A sleeve that its photo hardly shows, or that lies on the front, gets the mirror image of the other. Where both lie
    there, each is followed within its own outline.

    Args:
        photo: the garment.
        block: cut for it, the same on both sides.
        sides: that have a sleeve.
    """
    maps, shown = {}, {}
    for side in sides:
        names = [f"{name}_{side}" for name in _CORNERS]
        corners = [block.landmarks_cm[name] for name in names]
        own = replace(photo, mask=photo.lying.get(side, photo.mask))
        outer_px, inner_px = edges_of_sleeve(own, names, corners)
        maps[side] = _map(corners, outer_px, inner_px, photo.kind.sleeve == Sleeve.SHORT)
        if not photo.is_drawn:
            maps[side] = _to_cuff(maps[side], own, corners)
        shown[side] = _shown(own, outer_px[1:], inner_px[1:])
    free = [side for side in sides if side not in photo.lying]
    better = max(free or sides, key=lambda each: shown[each])
    worse = {side for side in sides if shown[side] < _HARDLY_SHOWN < _SHOWN < shown[better]}
    for side in worse if not free else worse | photo.lying.keys():
        maps[side] = _mirrored(maps[better])
    return maps


def _to_cuff(places: Places, photo: GarmentPhoto, corners: list[FloatArray]) -> Places:
    """End a sleeve where the photo's ends, along the whole width of its end."""
    shoulder, armpit, outer, inner = corners
    way = shoulder + armpit - outer - inner
    long_cm = float(np.linalg.norm(way)) / 2
    return to_end(places, photo.mask, np.stack([outer, inner]), way / (2 * long_cm), _MOVED * long_cm)


def _mirrored(places: Places) -> Places:
    return lambda x, y: places(-x, y)


def _shown(photo: GarmentPhoto, outer_px: FloatArray, inner_px: FloatArray) -> float:
    """Return the share of cloth between a sleeve's edges in the photo: less where it is cut off or hidden."""
    across = np.linspace(0.05, 0.95, 10)[None, :, None]
    return float(photo.mask[_pixels(photo, (1 - across) * outer_px[:, None] + across * inner_px[:, None])].mean())


def _pixels(photo: GarmentPhoto, spots: FloatArray) -> tuple[IntArray, IntArray]:
    """Return the rows and columns of the picture nearest to places (..., 2)."""
    columns, rows = (
        np.clip(np.rint(spots[..., axis]).astype(int), 0, photo.mask.shape[1 - axis] - 1) for axis in (0, 1)
    )
    return rows, columns


def _map(corners: list[FloatArray], outer_px: FloatArray, inner_px: FloatArray, is_short: bool) -> Places:
    """Map a sleeve from its edges, (18, 2) pixels each.

    Short sleeves are mapped stiffly: their inner edges differ in length from the photo's, so stripes would fan out.
    """
    if is_short:
        return _stiff(corners, outer_px[1:], inner_px[1:])
    shoulder, armpit, cuff_outer, cuff_inner = corners
    shares = np.r_[-_BEFORE, _SHARES]
    repeats = _repeats(corners, outer_px, inner_px)

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        across = np.clip(_share(x, y, (shoulder, cuff_outer), (armpit, cuff_inner)), 0, 1)
        along = np.clip(_along(x, y, corners), shares[0], 1)
        across = _folded(across * np.interp(along, shares, repeats))[..., None]
        outer, inner = (
            np.stack([np.interp(along, shares, line[:, axis]) for axis in (0, 1)], axis=-1)
            for line in (outer_px, inner_px)
        )
        return np.asarray((1 - across) * outer + across * inner)

    return at


def _along(x: FloatArray, y: FloatArray, corners: list[FloatArray]) -> FloatArray:
    """Return how far down a block's sleeve places are, as a share.

    It is 0 on the line through the shoulder square to the outer edge, and 1 at the lower end. It does not begin at the
    armhole, which is slanted: checks would slant as well.
    """
    shoulder, armpit, cuff_outer, cuff_inner = corners
    way = cuff_outer - shoulder
    square = ((x - shoulder[0]) * way[0] + (y - shoulder[1]) * way[1]) / max(float(way @ way), _LEAST_CM**2)
    near_cuff = np.clip(square, 0, 1)
    return np.asarray((1 - near_cuff) * square + near_cuff * _share(x, y, (shoulder, armpit), (cuff_outer, cuff_inner)))


def _repeats(corners: list[FloatArray], outer_px: FloatArray, inner_px: FloatArray) -> FloatArray:
    """Return how often the photo's cloth goes across the sleeve, (18,), so that it is not stretched beyond bounds.

    Once where the photo shows it whole; more often where a sleeve hangs edge on, or the photo's side cuts it off.
    """
    shoulder, armpit, cuff_outer, cuff_inner = corners
    long_cm = float(np.linalg.norm(cuff_outer + cuff_inner - shoulder - armpit)) / 2
    middle_px = (outer_px + inner_px)[1:] / 2
    px_per_cm = float(np.linalg.norm(middle_px[-1] - middle_px[0])) / max(long_cm, _LEAST_CM)
    shares = np.clip(np.r_[-_BEFORE, _SHARES], 0, 1)
    wide_cm = (1 - shares) * np.linalg.norm(armpit - shoulder) + shares * np.linalg.norm(cuff_inner - cuff_outer)
    seen_px = np.maximum(np.linalg.norm(outer_px - inner_px, axis=1), 1.0)
    return np.asarray(np.maximum(wide_cm * px_per_cm / seen_px / _MOST_STRETCH, 1.0))


def _folded(share: FloatArray) -> FloatArray:
    """Return shares of a strip that is laid back and forth: 0..1 forwards, 1..2 backwards, and so on."""
    return np.asarray(1 - np.abs(1 - np.mod(share, 2.0)))


def _stiff(corners: list[FloatArray], outer_px: FloatArray, inner_px: FloatArray) -> Places:
    """Map a sleeve, turned to hang straight down, as a shape that keeps its angles.

    Args:
        corners: (2,) cm each, of the block's shoulder, armpit, cuff's outer and inner end.
        outer_px: (17, 2) the photo's outer edge.
        inner_px: (17, 2) its inner edge.
    """
    shoulder, armpit, cuff_outer, cuff_inner = corners
    way = cuff_outer + cuff_inner - shoulder - armpit
    down = way / np.linalg.norm(way)
    turn = np.array([[-down[1], down[0]], -down])

    def pair(along: float, across: float, weight: float) -> tuple[FloatArray, FloatArray, float]:
        row = round(along * (len(_SHARES) - 1))
        outer, inner = (1 - along) * shoulder + along * cuff_outer, (1 - along) * armpit + along * cuff_inner
        spot = (1 - across) * outer_px[row] + across * inner_px[row]
        return turn @ ((1 - across) * outer + across * inner), spot, weight

    edges = [pair(along, across, 1.0 if along in (0, 1) else 0.5) for along in _SHARES[::2] for across in (0.0, 1.0)]
    ends = [pair(along, across, weight) for along, weight in ((0.0, 1.0), (1.0, 0.6)) for across in (1 / 3, 2 / 3)]
    warp = solve_warp(np.array(corners) @ turn.T, edges + ends)

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        return warp.at(turn[0, 0] * x + turn[0, 1] * y, turn[1, 0] * x + turn[1, 1] * y)

    return at


def _share(
    x: FloatArray, y: FloatArray, first: tuple[FloatArray, FloatArray], second: tuple[FloatArray, FloatArray]
) -> FloatArray:
    """Return how far places are from one line towards another: 0 on the first, 1 on the second.

    Each line is given by two places.
    """
    ways = [line[1] - line[0] for line in (first, second)]
    longer = max(ways, key=lambda way: float(np.linalg.norm(way)))
    away = []
    for line, other, way in ((first, second, ways[0]), (second, first, ways[1])):
        x_way, y_way = way if np.linalg.norm(way) > _LEAST_CM else longer
        normal = np.array([-y_way, x_way]) / np.hypot(x_way, y_way)
        normal *= np.sign((other[0] + other[1] - line[0] - line[1]) @ normal) or 1.0
        away.append((x - line[0][0]) * normal[0] + (y - line[0][1]) * normal[1])
    return np.asarray(away[0] / np.maximum(away[0] + away[1], 1e-6))


def edges_of_sleeve(photo: GarmentPhoto, names: list[str], corners: list[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Find the outer and the inner edge, (18, 2) pixels each, from inside the trunk to the cuff.

    They are smooth; otherwise the cloth would ripple.

    Args:
        photo: the garment.
        names: landmarks at the shoulder, the armpit and the cuff's outer and inner end.
        corners: the same of the block, (2,) cm each.
    """
    if photo.kind.sleeve == Sleeve.SHORT:
        found = np.array([_across_short_sleeve(photo, names, float(share)) for share in _SHARES])
        found[0], found[-1] = ([photo.points[name] for name in ends] for ends in (names[:2], names[2:]))
        found = smooth_line(found, 2)
    else:
        shoulder, _, cuff_outer, _ = corners
        long_px = float(np.linalg.norm(photo.points[names[2]] - photo.points[names[0]]))
        px_per_cm = long_px / max(float(np.linalg.norm(cuff_outer - shoulder)), _LEAST_CM)
        found = _across_long_sleeve(photo, names, px_per_cm * _square_root_cm(corners))
    before = found[0] - (found[2] - found[0]) * _BEFORE / _SHARES[2]
    whole = np.concatenate([before[None], found])
    return whole[:, 0], whole[:, 1]


def _square_root_cm(corners: list[FloatArray]) -> float:
    """Return the width of a block's sleeve at the armpit, square to its outer edge."""
    shoulder, armpit, cuff_outer, _ = corners
    way = (cuff_outer - shoulder) / max(float(np.linalg.norm(cuff_outer - shoulder)), _LEAST_CM)
    off = armpit - shoulder
    return max(abs(float(way[0] * off[1] - way[1] * off[0])), _LEAST_CM)


def _across_long_sleeve(photo: GarmentPhoto, names: list[str], root_px: float) -> FloatArray:
    """Find the (17, 2, 2) outer and inner ends of lines square to the outer edge, from the shoulder to the cuff.

    A hanging sleeve is folded at the armpit. Lines that end there would lie along the sleeve, and its checks would
    slant. The lines therefore go on into the trunk, whose cloth is mostly the sleeve's.
    """
    shoulder, armpit, cuff_outer, cuff_inner = (photo.points[name] for name in names)
    middle = (shoulder + armpit + cuff_outer + cuff_inner) / 4
    between = [outline_across(photo.mask, shoulder, cuff_outer, float(at), middle, _BENT) for at in _SHARES[1:-1]]
    outer = smooth_line(np.array([shoulder, *between, cuff_outer]), 6)
    along = np.gradient(outer, axis=0)
    inwards = np.stack([-along[:, 1], along[:, 0]], axis=1)
    inwards *= np.sign((cuff_inner + armpit - cuff_outer - shoulder) @ inwards[len(inwards) // 2]) or 1.0
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
    cuff = cuff_inner - cuff_outer
    inwards[-1] = cuff / max(float(np.linalg.norm(cuff)), 1.0)
    inwards = smooth_line(inwards, 4)
    inwards /= np.maximum(np.linalg.norm(inwards, axis=1, keepdims=True), 1e-6)
    usual = (1 - _SHARES) * root_px + _SHARES * max(float(np.linalg.norm(cuff)), 1.0)
    own = _colours_of(photo, outer, inwards, usual)
    wide = np.array([_width(photo, own, *each) for each in zip(outer, inwards, usual, strict=True)])
    wide[-1] = usual[-1]
    smooth = smooth_line(ndimage.minimum_filter1d(wide, 3, mode="nearest"), 3)
    wide = np.minimum(smooth, wide)  # past its cloth there is nothing but torn mirror images
    return np.stack([outer, outer + wide[:, None] * inwards], axis=1)


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
    return cKDTree(_lab_at(photo, spots)[photo.mask[_pixels(photo, spots)]])


def _lab_at(photo: GarmentPhoto, spots: FloatArray) -> FloatArray:
    """Return the (n, 3) CIELAB colours of the picture at places (n, 2)."""
    return np.asarray(
        cv2.cvtColor(photo.rgb[_pixels(photo, spots)][None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0]
    )


def _width(photo: GarmentPhoto, own: cKDTree, outer: FloatArray, inwards: FloatArray, usual: float) -> float:
    """Return the pixels from a sleeve's outer edge inwards to the end of its cloth; the usual width if it is not near.

    A mask may include ground between sleeve and trunk, which has none of their colours.
    """
    steps = np.arange(_NARROWEST * usual, _WIDEST * usual, 0.5)
    line = outer + steps[:, None] * inwards
    alien = own.query(_lab_at(photo, line), [_FEW], distance_upper_bound=_ALIEN)[0][:, 0] >= _ALIEN
    alien = ndimage.binary_opening(alien, np.ones(_ALIEN_STEPS))
    ends = np.flatnonzero(~photo.mask[_pixels(photo, line)] | alien)
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


def joined(places: Places, sleeve: Places, shoulder: FloatArray, armpit: FloatArray, cuff: FloatArray) -> Places:
    """Join the map of a trunk and a sleeve's, which holds beyond the line from shoulder to armpit."""
    way = (armpit - shoulder) / np.linalg.norm(armpit - shoulder)
    normal = np.array([-way[1], way[0]])
    normal *= np.sign((cuff - armpit) @ normal)
    turned = _TRUNK_BELOW + max(0.0, -float(normal[1] / abs(normal[0])))  # more where the line leans inwards

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        beyond = (x - shoulder[0]) * normal[0] + (y - shoulder[1]) * normal[1]
        below = (x - armpit[0]) * way[0] + (y - armpit[1]) * way[1]
        beyond = beyond - turned * np.maximum(below, 0)  # the trunk goes on below the armpit
        share = np.clip(beyond / _BLEND_CM + 0.5, 0, 1)[..., None]
        return np.asarray((1 - share) * places(x, y) + share * sleeve(x, y))

    return at


def share_of_sleeves(block: Block) -> Places:
    """Map each place to how much of it is a sleeve's, (..., 2) twice the same, after ``joined``."""

    def trunk(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.zeros((*x.shape, 2))

    def sleeve(x: FloatArray, y: FloatArray) -> FloatArray:
        return np.ones((*x.shape, 2))

    places: Places = trunk
    for side in (each for each in SIDES if f"cuff_{each}" in block.front):
        places = joined(
            places, sleeve, *(block.landmarks_cm[f"{name}_{side}"] for name in ("shoulder", "armpit", "cuff_outer"))
        )
    return places
