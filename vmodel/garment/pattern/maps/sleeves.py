"""Maps from a sleeve to its photo: across it from edge to edge, and along it from the armhole to its end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from vmodel.garment.blocks.parts import Block
from vmodel.garment.imaging.contour import SIDES, outline_outwards
from vmodel.garment.imaging.warp import Places, solve_warp
from vmodel.garment.pattern.cut.upper import SLEEVED
from vmodel.garment.pattern.maps.ends import to_end
from vmodel.garment.pattern.maps.sleeve_edges import BEFORE, LEAST_CM, SHARES, edges_of_sleeve, pixels_at
from vmodel.garment.pattern.maps.uneven_sleeves import uneven_side
from vmodel.types import BoolArray, FloatArray, GarmentPhoto, Sleeve

_BLEND_CM: Final = 1.2
"""Width of the strip along a seam in which two parts' maps run into one another."""
_TRUNK_BELOW: Final = 0.35
"""Outward slope of the border between trunk and sleeve below an armpit, cm per cm."""
_CORNERS: Final = ("shoulder", "armpit", "cuff_outer", "cuff_inner")
_CUFF_SHARES: Final = {"cuff_outer": (0.15, 0.3, 0.45), "cuff_inner": (0.55, 0.7, 0.85)}
"""Shares of a sleeve's end, from its outer to its inner corner, at which its outline is searched for."""
_ABOVE, _LEAST_END = 0.2, 0.3
"""Distance from the landmarks up the sleeve at which its edges are looked up, and the least distance between these, as
shares of the end's width."""
_CUFF_REACH: Final = 0.5
"""Search distance from the landmarks, as a share of the end's width."""
_MOST_STRETCH: Final = 2.0
"""Width of a sleeve over that in its photo, at most; beyond that its cloth is repeated as a mirror image. Of 100
sleeves of 50 photos chosen at random, 29 are narrower somewhere, 7 of them by half as much again."""
_HARDLY_SHOWN, _SHOWN = 0.86, 0.9
"""Visible shares of a sleeve below which it takes the other's cloth, and above which the other can give some. Of those
100, three have the first or less, and the rest about the second or more."""
_MOVED: Final = 0.8
"""Share of a sleeve's length, from its end, over which cloth is moved to meet the photo's end."""


def with_whole_cuffs(photo: GarmentPhoto) -> GarmentPhoto:
    """Move the ends of a photo's sleeves to where its outline ends them: landmarks leave bands and trims off."""
    points = dict(photo.points)
    for side in SIDES if photo.kind.sleeve in SLEEVED else ():
        shoulder, armpit, outer, inner = (points[f"{name}_{side}"] for name in _CORNERS)
        wide = float(np.linalg.norm(outer - inner))
        way = outer + inner - shoulder - armpit
        down = way / max(float(np.linalg.norm(way)), 1.0)
        cloth = seen_alone(photo, side)
        if side in photo.beside:
            outer, inner = _within(cloth, outer, inner, down)
        for name, shares in _CUFF_SHARES.items():
            spots = [(1 - share) * outer + share * inner for share in shares]
            beyond = [(outline_outwards(cloth, at, down, _CUFF_REACH * wide) - at) @ down for at in spots]
            points[f"{name}_{side}"] = (outer if name == "cuff_outer" else inner) + np.median(beyond) * down
    return replace(photo, points=points)


def seen_alone(photo: GarmentPhoto, side: str) -> BoolArray:
    """Return the (H, W) bool mask of a side's sleeve, or of the whole garment where that is not known."""
    return photo.lying.get(side, photo.beside.get(side, photo.mask))


def _within(cloth: BoolArray, outer: FloatArray, inner: FloatArray, down: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Move corners of a sleeve's end that lie beside its cloth inwards to the edge of it.

    Args:
        cloth: (H, W) bool.
        outer: (2,) pixels.
        inner: (2,) pixels.
        down: (2,) unit vector along the sleeve.
    """
    shares = np.linspace(0, 1, 101)
    line = outer + shares[:, None] * (inner - outer) - _ABOVE * np.linalg.norm(inner - outer) * down
    seen = shares[cloth[pixels_at(cloth, line)]]
    if not len(seen) or seen[-1] - seen[0] < _LEAST_END:
        return outer, inner
    return outer + seen[0] * (inner - outer), outer + seen[-1] * (inner - outer)


def sleeve_maps(photo: GarmentPhoto, block: Block, sides: tuple[str, ...]) -> dict[str, Places]:
    """Map sleeves: a place at some share of its width and of its length is at those shares in the photo.

    A sleeve that its photo hardly shows, or shows much less even than the other, or that lies on the front, gets the
    mirror image of the other. Where both lie there, each is followed within its own outline.

    Args:
        photo: the garment.
        block: cut for it, the same on both sides.
        sides: that have a sleeve.
    """
    maps, shown, edges = {}, {}, {}
    for side in sides:
        names = [f"{name}_{side}" for name in _CORNERS]
        corners = [block.landmarks_cm[name] for name in names]
        own = replace(photo, mask=photo.lying.get(side, photo.mask))
        outer_px, inner_px = edges_of_sleeve(own, names, corners, photo.beside.get(side))
        maps[side] = _map(corners, outer_px, inner_px, photo.kind.sleeve == Sleeve.SHORT)
        if not photo.is_drawn:
            maps[side] = _to_cuff(maps[side], seen_alone(photo, side), corners)
        shown[side] = _shown(own, outer_px[1:], inner_px[1:])
        edges[side] = outer_px[1:], inner_px[1:]
    free = [side for side in sides if side not in photo.lying]
    better = max(free or sides, key=lambda each: shown[each])
    worse = {side for side in sides if shown[side] < _HARDLY_SHOWN < _SHOWN < shown[better]}
    if len(free) == len(SIDES) and not worse:
        uneven = uneven_side(photo, edges)
        if uneven is not None:
            worse, better = {uneven}, next(side for side in sides if side != uneven)
    for side in worse if not free else worse | photo.lying.keys():
        maps[side] = _mirrored(maps[better])
    return maps


def _to_cuff(places: Places, cloth: BoolArray, corners: list[FloatArray]) -> Places:
    """End a sleeve where the photo's ends, along the whole width of its end."""
    shoulder, armpit, outer, inner = corners
    way = shoulder + armpit - outer - inner
    long_cm = float(np.linalg.norm(way)) / 2
    return to_end(places, cloth, np.stack([outer, inner]), way / (2 * long_cm), _MOVED * long_cm)


def _mirrored(places: Places) -> Places:
    return lambda x, y: places(-x, y)


def _shown(photo: GarmentPhoto, outer_px: FloatArray, inner_px: FloatArray) -> float:
    """Return the share of cloth between a sleeve's edges in the photo: less where it is cut off or hidden."""
    across = np.linspace(0.05, 0.95, 10)[None, :, None]
    return float(
        photo.mask[pixels_at(photo.mask, (1 - across) * outer_px[:, None] + across * inner_px[:, None])].mean()
    )


def _map(corners: list[FloatArray], outer_px: FloatArray, inner_px: FloatArray, is_short: bool) -> Places:
    """Map a sleeve from its edges, (18, 2) pixels each.

    Short sleeves are mapped stiffly: their inner edges differ in length from the photo's, so stripes would fan out.
    """
    if is_short:
        return _stiff(corners, outer_px[1:], inner_px[1:])
    shoulder, armpit, cuff_outer, cuff_inner = corners
    shares = np.r_[-BEFORE, SHARES]
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
    square = ((x - shoulder[0]) * way[0] + (y - shoulder[1]) * way[1]) / max(float(way @ way), LEAST_CM**2)
    near_cuff = np.clip(square, 0, 1)
    return np.asarray((1 - near_cuff) * square + near_cuff * _share(x, y, (shoulder, armpit), (cuff_outer, cuff_inner)))


def _repeats(corners: list[FloatArray], outer_px: FloatArray, inner_px: FloatArray) -> FloatArray:
    """Return how often the photo's cloth goes across the sleeve, (18,), so that it is not stretched beyond bounds.

    Once where the photo shows it whole; more often where a sleeve hangs edge on, or the photo's side cuts it off.
    """
    shoulder, armpit, cuff_outer, cuff_inner = corners
    long_cm = float(np.linalg.norm(cuff_outer + cuff_inner - shoulder - armpit)) / 2
    middle_px = (outer_px + inner_px)[1:] / 2
    px_per_cm = float(np.linalg.norm(middle_px[-1] - middle_px[0])) / max(long_cm, LEAST_CM)
    shares = np.clip(np.r_[-BEFORE, SHARES], 0, 1)
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
        row = round(along * (len(SHARES) - 1))
        outer, inner = (1 - along) * shoulder + along * cuff_outer, (1 - along) * armpit + along * cuff_inner
        spot = (1 - across) * outer_px[row] + across * inner_px[row]
        return turn @ ((1 - across) * outer + across * inner), spot, weight

    edges = [pair(along, across, 1.0 if along in (0, 1) else 0.5) for along in SHARES[::2] for across in (0.0, 1.0)]
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
        x_way, y_way = way if np.linalg.norm(way) > LEAST_CM else longer
        normal = np.array([-y_way, x_way]) / np.hypot(x_way, y_way)
        normal *= np.sign((other[0] + other[1] - line[0] - line[1]) @ normal) or 1.0
        away.append((x - line[0][0]) * normal[0] + (y - line[0][1]) * normal[1])
    return np.asarray(away[0] / np.maximum(away[0] + away[1], 1e-6))


def joined(
    places: Places,
    sleeve: Places,
    shoulder: FloatArray,
    armpit: FloatArray,
    cuff: FloatArray,
    *,
    adjacent: bool = True,
) -> Places:
    """Join the map of a trunk and a sleeve's, which holds beyond the line from shoulder to armpit.

    Args:
        places: of the trunk.
        sleeve: map of the sleeve.
        shoulder: (2,) cm, upper end of the seam.
        armpit: (2,) cm, its lower end.
        cuff: (2,) cm, on the sleeve.
        adjacent: both maps run into one another, since the photo shows the seam there.
    """
    way = (armpit - shoulder) / np.linalg.norm(armpit - shoulder)
    normal = np.array([-way[1], way[0]])
    normal *= np.sign((cuff - armpit) @ normal)
    turned = _TRUNK_BELOW + max(0.0, -float(normal[1] / abs(normal[0])))  # more where the line leans inwards

    def at(x: FloatArray, y: FloatArray) -> FloatArray:
        beyond = (x - shoulder[0]) * normal[0] + (y - shoulder[1]) * normal[1]
        below = (x - armpit[0]) * way[0] + (y - armpit[1]) * way[1]
        beyond = beyond - turned * np.maximum(below, 0)  # the trunk goes on below the armpit
        share = np.clip(beyond / _BLEND_CM + 0.5, 0, 1)[..., None]
        share = share if adjacent else np.where(share > 0.5, 1.0, 0.0)
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
