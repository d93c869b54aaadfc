"""Example garment that is worn over others."""

from __future__ import annotations

import numpy as np

from scripts.drawing.canvas import Cloth, Table, blur, colour, inner_distance, smooth_noise
from scripts.drawing.cutting import (
    Layout,
    Points,
    closed,
    crumple,
    curve,
    fill,
    lay_out,
    mirrored,
    moved,
    path,
    stroke,
)
from scripts.drawing.sewing import button, sum_of_folds, topstitch
from vmodel.types import ByteArray, FloatArray

_TWILL, _COLLAR, _THREAD = "#6b6749", "#7a5539", "#958b5c"
_CORDUROY = Cloth("plain", 0.06)
_BUTTON = ("#6e5531", "#a3834c")
_SLEEVE_FOLDS: tuple[Points, ...] = (
    ((25, 11), (29, 17), (31, 26)),
    ((30, 15), (34, 23), (34, 32)),
    ((43, 36), (39, 35), (34, 37)),
    ((44, 39), (40, 40.5), (36, 44)),
    ((40, 30), (36, 32.5), (32, 34)),
    ((45, 47), (41, 45), (37, 46.5)),
    ((42.5, 50), (40.5, 45), (40.5, 40)),
)
_BODY_FOLDS: tuple[Points, ...] = (
    ((25, 24), (18, 28), (12, 35)),
    ((25, 27), (20, 35), (17, 46)),
    ((24, 48), (18, 52), (10, 54)),
    ((6, 36), (5, 46), (7, 57)),
    ((22, 58), (19, 53), (18, 45)),
    ((11, 58), (12, 52), (11, 44)),
)


def twill_jacket(rng: np.random.Generator) -> ByteArray:
    """Draw an olive work jacket, buttoned up, with a corduroy collar, two chest pockets, cuffs and a waistband."""
    layout, table = lay_out(11.7, (600, 370), rng, 4.5), Table("#f1efec", rng)
    twill = Cloth("twill", 0.10)
    tint = colour(_TWILL) * (1 + 0.05 * smooth_noise(rng, 34) + 0.03 * smooth_noise(rng, 12, 3, 90))[..., None]
    armhole = [(22.7, 5.2), (21.7, 11.5), (22.7, 18.5), (26.8, 25)]
    hem = [(25.3, 58.6), (12, 59.6), (0, 59.8)]
    body = closed(
        path(
            [(0, 4.6), (4.4, 3.6), (8.4, 0.8)],
            [(8.4, 0.8), (15, 2.6), (22.7, 5.2)],
            armhole,
            [(26.8, 25), (26.7, 42), (26.5, 54), (25.3, 58.6)],
            hem,
        )
    )
    sleeve = path(
        [(22.6, 5.0), (33.0, 15.5), (42.8, 33), (46.6, 45), (46.4, 50.4)],
        [(46.4, 50.4), (35.8, 54.2)],
        [(35.8, 54.2), (34.6, 49.5), (32.6, 38), (26.6, 24.7)],
        [(26.6, 24.7), (20.0, 15), (22.6, 5.0)],
    )
    band = closed(
        path([(0, 59.2), (12, 59.0), (25.5, 58.0)], [(25.5, 58.0), (24.9, 63.4)], [(24.9, 63.4), (12, 64.4), (0, 64.6)])
    )
    cuff = np.array([(46.7, 50.0), (48.5, 55.3), (37.3, 59.3), (35.5, 54.0)])
    pieces = [body, sleeve, mirrored(sleeve), band, cuff, mirrored(cuff)]
    table.throw_shadow(np.maximum.reduce([fill(layout, piece) for piece in pieces]))
    _neck(table, layout)
    for side in (1, -1):
        bent = [[(side * x, y) for x, y in line] for line in _SLEEVE_FOLDS]
        relief = crumple(rng, 2.0, 65 if side > 0 else 115) + sum_of_folds(layout, bent, rng, 1.5, 14)
        table.lay(fill(layout, sleeve * [side, 1]), tint, relief, twill, 4.0)
        table.lay(fill(layout, cuff * [side, 1]), tint * 0.97, crumple(rng, 0.6), twill, 4.0)
        inset = [(46.3, 50.9), (47.6, 54.7), (37.7, 58.4), (36.3, 54.6)]
        edge = np.array([*inset, inset[0]]) * [side, 1]
        topstitch(table, layout, [edge], _THREAD)
        button(table, layout, (side * 39.0, 56.1), 0.7, *_BUTTON)
    folds = [[(side * x, y + rng.uniform(-1.5, 1.5)) for x, y in line] for line in _BODY_FOLDS for side in (1, -1)]
    table.lay(fill(layout, body), tint, crumple(rng, 2.0) + sum_of_folds(layout, folds, rng, 1.7, 15), twill, 4.5)
    _seams(table, layout, curve(armhole))
    for side in (1, -1):
        _chest_pocket(table, layout, side, tint, twill)
        _welt(table, layout, side, tint, twill)
    table.lay(fill(layout, band), tint * 0.97, crumple(rng, 0.7, 0), twill, 4.0)
    for offset in (0.9, 4.3):
        topstitch(table, layout, [curve([(-25.0, 58.0 + offset), (0, 59.3 + offset), (25.0, 58.0 + offset)])], _THREAD)
    _placket(table, layout, tint, twill, rng)
    _collar(table, layout)
    return table.photograph()


def _neck(table: Table, layout: Layout) -> None:
    """Lay the inside of the collar at the back; changes the table."""
    back = closed(path([(0, -2.4), (4.6, -2.2), (8.4, -0.8)], [(8.4, -0.8), (7.6, 3), (4, 6), (0, 6.6)]))
    ribs = _wales(layout, 0)
    deep = np.clip(1 - 0.06 * (layout.grid()[1] + 2.4), 0.5, 1)
    table.lay(fill(layout, back), colour(_COLLAR) * (deep * (1 + 0.13 * ribs))[..., None], ribs, _CORDUROY, 3.0)


def _wales(layout: Layout, lean: float) -> FloatArray:
    """Return (H, W) float32 relief in pixels of corduroy whose ribs lean ``lean`` cm to the right per cm."""
    x, y = layout.grid()
    return (0.9 * np.sin((x + lean * y) / np.hypot(1, lean) * 2 * np.pi / 0.42)).astype(np.float32)


def _seams(table: Table, layout: Layout, armhole: FloatArray) -> None:
    """Sew yoke, shoulders and armholes; changes the table."""
    for side in (1, -1):
        yoke = np.array([(0, 16.2), (11, 16.2), (21.6, 15.7)]) * [side, 1]
        table.relief = table.relief - 5.0 * blur(stroke(layout, yoke, 3), 1.6)
        lines = [moved(yoke, 0, -0.4), moved(yoke, 0, -1.0)]
        lines += [moved(armhole * [side, 1], -side * gap, 0) for gap in (0.5, 1.1)]
        topstitch(table, layout, lines, _THREAD)


def _chest_pocket(table: Table, layout: Layout, side: int, tint: FloatArray, cloth: Cloth) -> None:
    """Lay a patch pocket below a pointed flap that hangs from the yoke; changes the table."""
    patch = np.array([(7.4, 17.0), (7.6, 31.0), (12.7, 33.4), (17.9, 30.7), (18.1, 17.0)]) * [side, 1]
    flap = np.array([(6.9, 16.3), (6.9, 20.3), (12.7, 22.9), (18.6, 20.0), (18.7, 16.1)]) * [side, 1]
    middle = np.array([side * 12.8, 19.5])
    for outline, lift in ((patch, 2.6), (flap, 3.4)):
        mask = fill(layout, outline)
        table.lay(mask, tint, table.relief * 0.6, cloth, lift)
        topstitch(table, layout, [outline + (middle - outline) * share for share in (0.05, 0.12)], _THREAD)
    button(table, layout, (side * 12.7, 21.0), 0.7, *_BUTTON)


def _welt(table: Table, layout: Layout, side: int, tint: FloatArray, cloth: Cloth) -> None:
    """Lay a slanted pocket for the hand; changes the table."""
    welt = np.array([(15.2, 40.6), (17.4, 40.0), (21.6, 53.4), (19.4, 54.2)]) * [side, 1]
    mask = fill(layout, welt)
    table.lay(mask, tint * 0.98, table.relief * 0.7, cloth, 2.6)
    topstitch(table, layout, [np.array([(15.0, 40.2), (19.2, 54.6)]) * [side, 1]], _THREAD)


def _placket(table: Table, layout: Layout, tint: FloatArray, cloth: Cloth, rng: np.random.Generator) -> None:
    """Lay the strip that overlaps the other front from the neck to the waistband's edge, with its buttons."""
    strip = path(
        [(-2.2, 4.6), (2.2, 4.6)],
        [(2.2, 4.6), (2.1, 35), (2.2, 64.7)],
        [(2.2, 64.7), (-2.2, 64.9)],
        [(-2.2, 64.9), (-2.4, 35), (-2.2, 4.6)],
    )
    table.lay(fill(layout, strip), tint * 1.01, crumple(rng, 0.8, 90), cloth, 3.2)
    topstitch(table, layout, [np.array([(x, 6.0), (x * 0.97, 35), (x, 64.2)]) for x in (-1.7, 1.7)], _THREAD)
    for y in (8.8, 18.6, 27.6, 36.6, 45.6, 54.0, 61.9):
        hole = stroke(layout, [(-0.2, y), (1.5, y)], 3)
        table.relief = table.relief - 2.5 * hole
        table.albedo = table.albedo * (1 - 0.5 * hole[..., None])
        button(table, layout, (0.0, y), 0.8, *_BUTTON)


def _collar(table: Table, layout: Layout) -> None:
    """Lay two leaves that fall from the neck, with ribs along their edge; changes the table."""
    leaf = path(
        [(0.3, 5.0), (3.9, 4.2), (6.5, 2.4), (7.6, 0.5), (7.3, -1.4)],
        [(7.3, -1.4), (9.2, -0.7), (10.6, 1.2), (11.2, 4.0), (9.7, 7.9), (6.2, 12.4)],
        [(6.2, 12.4), (0.3, 5.0)],
    )
    for side in (1, -1):
        mask = fill(layout, leaf * [side, 1])
        ribs = _wales(layout, side * 0.55)
        relief = ribs + 3.0 * np.exp(-inner_distance(mask) / 16)
        table.lay(mask, colour(_COLLAR) * (1 + 0.13 * ribs)[..., None], relief.astype(np.float32), _CORDUROY, 4.5)
        edge = np.array([(1.2, 5.4), (6.15, 11.4), (9.1, 7.6), (10.5, 4.0), (10.0, 1.5)]) * [side, 1]
        topstitch(table, layout, [path(edge[:2], edge[1:])], "#9a7a58")
