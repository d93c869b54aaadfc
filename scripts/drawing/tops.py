"""Four garments that hang from the shoulders."""

from __future__ import annotations

import numpy as np

from scripts.drawing.canvas import Cloth, Table, colour, inner_distance
from scripts.drawing.cutting import Layout, Points, closed, crumple, curve, fill, lay_out, mirrored, path, stroke
from scripts.drawing.prints import blossoms, lettering, stripes
from scripts.drawing.sewing import sew, sum_of_folds
from vmodel.types import ByteArray, FloatArray

RIGHT_SLEEVE_FOLDS: tuple[Points, ...] = (
    ((19, 9), (24, 15), (27, 24)),
    ((23, 12), (29, 21), (31, 30)),
    ((20, 20), (25, 24), (31, 26)),
    ((27, 20), (33, 30), (35, 41)),
)
BODY_FOLDS: tuple[Points, ...] = (
    ((17, 19), (9, 23), (3, 31)),
    ((18, 21), (13, 31), (10, 44)),
    ((-17, 19), (-10, 25), (-6, 34)),
    ((-18, 22), (-14, 34), (-15, 48)),
    ((6, 36), (4, 47), (5, 60)),
    ((-4, 40), (-6, 52), (-3, 62)),
    ((13, 46), (12, 54), (14, 64)),
)


def striped_long_sleeve(rng: np.random.Generator) -> ByteArray:
    """Draw a sailor's shirt: navy stripes on ecru jersey, long sleeves, ribbed boat neck."""
    layout, table = lay_out(12.4, (596, 340), rng), Table("#efece6", rng)
    jersey = Cloth("jersey", 0.06)
    neck = [(0, 5.0), (4.5, 4.3), (8.2, 2.3), (10.3, 0.0)]
    body = path(
        neck,
        [(10.3, 0), (15, 1.7), (20.5, 4.2)],
        [(20.5, 4.2), (19.4, 12), (20.6, 21.5)],
        [(20.6, 21.5), (20.2, 40), (21.4, 63)],
        [(21.4, 63), (10, 63.8), (0, 64)],
    )
    sleeve = path(
        [(20.4, 4.0), (28, 15), (37.4, 36), (45.4, 58.4)],
        [(45.4, 58.4), (36.0, 62.5)],
        [(36.0, 62.5), (28.6, 43), (20.8, 22)],
        [(20.8, 22), (19.4, 13), (20.4, 4.0)],
    )
    whole = np.maximum.reduce([fill(layout, closed(body)), fill(layout, sleeve), fill(layout, mirrored(sleeve))])
    table.throw_shadow(whole)
    back = path([(0, 1.0), (6, 0.9), (10.4, -0.2)], [(10.4, -0.2), (8.4, 3.2), (4.5, 5.4), (0, 6)])
    table.lay(
        fill(layout, closed(back)), colour("#c9c2b2") * stripes(layout, 4.2, 0.9, inside=True), 0 * table.relief, jersey
    )
    for side in (1, -1):
        outline = sleeve if side > 0 else mirrored(sleeve)
        bent = [[(side * x, y) for x, y in line] for line in RIGHT_SLEEVE_FOLDS]
        relief = crumple(rng, 1.3, 65 if side > 0 else 115) + sum_of_folds(layout, bent, rng, 1.6, 9)
        along = stripes(layout, 4.2, 0.9, axis=((side * 20.4, 4.0), (side * 40.7, 60.5)))
        table.lay(fill(layout, outline), colour("#ece4d3") * along, relief, jersey)
        cuff = [(side * 44.5, 56.4), (side * 35.1, 60.5)]
        sew(table, layout, [cuff, [(side * 44.3, 56.0), (side * 34.9, 60.1)]], "#b9ae98")
    relief = crumple(rng, 1.2) + sum_of_folds(layout, BODY_FOLDS, rng, 2.0, 9)
    table.lay(fill(layout, closed(body)), colour("#ece4d3") * stripes(layout, 4.2, 0.9), relief, jersey)
    sew(table, layout, [[(-21.2, 61.4), (0, 62.4), (21.2, 61.4)], [(-21.2, 61.0), (0, 62.0), (21.2, 61.0)]], "#b9ae98")
    rib(table, layout, closed(path(neck, [(10.3, 0), (9.2, 3.6), (5.2, 6.1), (0, 6.9)])), "#e6ddca", rng)
    rib(
        table,
        layout,
        closed(path([(0, 0.2), (6, 0.1), (10.2, -0.7)], [(10.2, -0.7), (10.4, 0.3), (6.3, 1.3), (0, 1.5)])),
        "#d8cfbb",
        rng,
    )
    return table.photograph()


def logo_tee(rng: np.random.Generator) -> ByteArray:
    """Draw a petrol-blue T-shirt with the badge of an invented brand."""
    layout, table = lay_out(15.6, (604, 230), rng), Table("#f1f0ee", rng)
    jersey = Cloth("jersey", 0.07)
    neck = [(0, 9.0), (4.6, 8.0), (7.6, 4.6), (8.6, 0.0)]
    body = path(
        neck,
        [(8.6, 0), (15, 2.1), (22.6, 5.2)],
        [(22.6, 5.2), (21.6, 14), (23.6, 25)],
        [(23.6, 25), (23.2, 45), (24.1, 68)],
        [(24.1, 68), (12, 69.2), (0, 69.4)],
    )
    sleeve = path(
        [(22.5, 5.0), (29, 11), (37.2, 21.8)],
        [(37.2, 21.8), (27.9, 28.2)],
        [(27.9, 28.2), (23.6, 24.6)],
        [(23.6, 24.6), (21.4, 14), (22.5, 5.0)],
    )
    whole = np.maximum.reduce([fill(layout, closed(body)), fill(layout, sleeve), fill(layout, mirrored(sleeve))])
    table.throw_shadow(whole)
    back = path([(0, 1.6), (5, 1.3), (8.7, -0.3)], [(8.7, -0.3), (7.9, 5), (4.6, 9), (0, 10)])
    table.lay(fill(layout, closed(back)), colour("#123c48"), 0 * table.relief, jersey)
    label = fill(layout, [(-2.4, 2.4), (2.4, 2.3), (2.4, 5.0), (-2.4, 5.1)])
    table.lay(label, colour("#e9e4d8"), 0 * table.relief, Cloth("plain", 0.05), 1.2)
    tint = colour("#1d5a69")
    for side in (1, -1):
        outline = sleeve if side > 0 else mirrored(sleeve)
        bent: list[Points] = [
            [(side * x, y) for x, y in line]
            for line in (((24, 9), (27, 15), (27, 23)), ((27, 11), (31, 17), (32, 24)), ((24, 18), (28, 20), (33, 20)))
        ]
        relief = crumple(rng, 1.2, 60 if side > 0 else 120) + sum_of_folds(layout, bent, rng, 1.5, 8)
        table.lay(fill(layout, outline), tint, relief, jersey)
        hem = [(side * 35.7, 19.6), (side * 26.3, 26.1)]
        sew(table, layout, [hem, [(side * 35.4, 19.2), (side * 26.0, 25.7)]], "#123f4b")
    badge = lettering(layout, "TIDEFOLK", "COASTAL SUPPLY  1987", top_cm=19.0, width_cm=25.0)
    albedo = tint * (1 - badge[..., None]) + colour("#f0e3c4") * badge[..., None]
    relief = crumple(rng, 1.1) + sum_of_folds(layout, BODY_FOLDS, rng, 2.1, 8)
    table.lay(fill(layout, closed(body)), albedo, relief, jersey)
    sew(table, layout, [[(-23.9, 66.2), (0, 67.6), (23.9, 66.2)], [(-23.9, 65.7), (0, 67.1), (23.9, 65.7)]], "#123f4b")
    rib(table, layout, closed(path(neck, [(8.6, 0), (9.9, 1.4), (9.3, 5.8), (5.6, 9.9), (0, 11.2)])), "#1a5361", rng)
    rib(
        table,
        layout,
        closed(path([(0, 0.4), (5, 0.1), (8.4, -1.2)], [(8.4, -1.2), (8.9, 0.3), (5, 1.9), (0, 2.2)])),
        "#164754",
        rng,
    )
    return table.photograph()


def floral_dress(rng: np.random.Generator) -> ByteArray:
    """Draw a sleeveless summer dress, fitted to the waist and flared below, with blossoms all over."""
    layout, table = lay_out(12.6, (600, 165), rng), Table("#f2efea", rng)
    viscose = Cloth("plain", 0.03, 0.015)
    neck = [(0, 13.0), (4.5, 11.6), (7.4, 7.4), (8.6, 0.4)]
    bodice = path(
        neck,
        [(8.6, 0.4), (11.5, 0.9), (14.2, 1.9)],
        [(14.2, 1.9), (13.8, 8), (15.6, 14.5), (20.6, 20.0)],
        [(20.6, 20), (18.6, 31), (17.2, 40)],
        [(17.2, 40), (8, 41.2), (0, 41.4)],
    )
    skirt = path(
        [(0, 41.0), (9, 40.8), (17.2, 39.6)],
        [(17.2, 39.6), (23.5, 58), (30.5, 80), (36.5, 103.5)],
        [(36.5, 103.5), (26, 106.4), (12, 107.4), (0, 107.8)],
    )
    table.throw_shadow(np.maximum(fill(layout, closed(bodice)), fill(layout, closed(skirt))))
    back = path([(0, 4.6), (5.5, 3.6), (8.7, 0.2)], [(8.7, 0.2), (7.6, 8), (4.6, 12.4), (0, 14)])
    table.lay(fill(layout, closed(back)), colour("#2c3b34") * 0.8, 0 * table.relief, viscose)
    printed = blossoms(layout, rng)
    pleats: list[Points] = []
    for start in np.linspace(-14, 14, 8):
        sway = rng.uniform(-1.2, 1.2)
        pleats.append(((start, 42), (start * 1.35 + sway, 66 + rng.uniform(-6, 6)), (start * 2.05, 103)))
    relief = crumple(rng, 1.0, 90) + sum_of_folds(layout, pleats, rng, 2.2, 12)
    table.lay(fill(layout, closed(skirt)), printed, relief, viscose)
    gathers: list[Points] = [
        ((x, 30 + rng.uniform(0, 4)), (x * 0.98, 36), (x * 0.95, 41)) for x in (-12, -8, -3, 2, 7, 12)
    ]
    darts: list[Points] = [
        ((19, 22), (13, 22), (8, 21)),
        ((-19, 22), (-13, 22), (-8, 21)),
        ((11, 24), (9, 31), (8, 40)),
        ((-11, 24), (-9, 31), (-8, 40)),
    ]
    relief = crumple(rng, 0.9) + sum_of_folds(layout, gathers, rng, 1.0, 4) + sum_of_folds(layout, darts, rng, 1.4, 5)
    table.lay(fill(layout, closed(bodice)), printed, relief, viscose)
    seam = [(-17.2, 40), (-8, 41.1), (0, 41.4), (8, 41.1), (17.2, 40)]
    sew(table, layout, [], "#1d2a25", grooves=[seam])
    sew(
        table,
        layout,
        [[(x, y + 1.1) for x, y in mirrored(curve(neck))] + [(x, y + 1.1) for x, y in curve(neck)]],
        "#20302a",
    )
    sew(
        table,
        layout,
        [
            [
                (x * 0.995, y - 1.6)
                for x, y in np.vstack(
                    [
                        mirrored(curve([(0, 107.8), (12, 107.4), (26, 106.4), (36.5, 103.5)]))[:-1],
                        curve([(0, 107.8), (12, 107.4), (26, 106.4), (36.5, 103.5)]),
                    ]
                )
            ]
        ],
        "#20302a",
    )
    return table.photograph()


def satin_camisole(rng: np.random.Generator) -> ByteArray:
    """Draw a sage satin camisole on thin straps."""
    layout, table = lay_out(20.5, (600, 250), rng, 3.0), Table("#f3f1ee", rng)
    satin = Cloth("satin", 0.015, 0.10)
    front = path(
        [(0, 20.5), (4, 18.2), (8.2, 13.6), (9.8, 11.2)],
        [(9.8, 11.2), (12.6, 14.6), (17.6, 18.6)],
        [(17.6, 18.6), (18.4, 34), (21.6, 55)],
        [(21.6, 55), (11, 56.6), (0, 57)],
    )
    back = path([(0, 18.6), (9, 18.4), (17.4, 18.4)], [(17.4, 18.4), (10, 22), (0, 22)])
    straps = [[(9.9, 11.4), (10.0, 5), (9.6, 0.2), (9.0, -0.4), (8.5, 0.3), (8.4, 7), (7.6, 18.6)]]
    strap_mask = np.maximum.reduce([stroke(layout, curve(s), 11) for s in (straps[0], mirrored(straps[0]))])
    table.throw_shadow(np.maximum(fill(layout, closed(front)), strap_mask))
    table.lay(fill(layout, closed(back)), colour("#8c9a83") * 0.72, 0 * table.relief, satin, 2.0)
    table.lay(strap_mask, colour("#9fb096"), 0 * table.relief, Cloth("satin", 0.02, 0.06), 2.0)
    drapes: list[Points] = [
        ((-8, 15), (-3, 22), (0, 25)),
        ((8, 15), (3, 22), (0, 25)),
        ((-9, 18), (-4, 27), (1, 29)),
        ((9, 19), (4, 29), (-1, 32)),
        ((16, 21), (13, 34), (15, 52)),
        ((-16, 22), (-12, 36), (-14, 53)),
        ((5, 34), (7, 44), (6, 56)),
        ((-5, 36), (-7, 46), (-4, 56)),
    ]
    relief = crumple(rng, 1.5, 85) + sum_of_folds(layout, drapes, rng, 1.5, 11)
    table.lay(fill(layout, closed(front)), colour("#a7b89e"), relief, satin)
    edge = curve([(0, 20.5), (4, 18.2), (8.2, 13.6), (9.8, 11.2)])
    sew(table, layout, [], "#7f8f77", grooves=[[(x, y + 0.7) for x, y in np.vstack([mirrored(edge)[:-1], edge])]])
    sew(table, layout, [[(-21.3, 54.2), (-11, 55.7), (0, 56.1), (11, 55.7), (21.3, 54.2)]], "#8a9a82")
    return table.photograph()


def rib(table: Table, layout: Layout, outline: FloatArray, tint: str, rng: np.random.Generator) -> None:
    """Lay a knitted band round a neck: fine ribs square to its edge; changes the table."""
    mask = fill(layout, outline)
    x, y = layout.grid()
    ribs = np.sin(np.arctan2(x, y + 9.0) * 95)
    relief = 0.5 * ribs + 0.05 * inner_distance(mask)
    table.lay(mask, colour(tint) * (1 + 0.06 * ribs)[..., None], relief.astype(np.float32), Cloth("jersey", 0.04), 3.4)
