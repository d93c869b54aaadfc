"""Three garments that hang from the waist."""

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
from scripts.drawing.sewing import button, sew, sum_of_folds, topstitch
from vmodel.types import ByteArray, FloatArray

_THREAD = "#c98b45"


def denim_trousers(rng: np.random.Generator) -> ByteArray:
    """Draw straight jeans in washed indigo with topstitching, pockets and belt loops."""
    layout, table = lay_out(13.6, (600, 110), rng, 5.0), Table("#f0eeea", rng)
    denim = Cloth("twill", 0.13)
    waist = [(0, 1.6), (10, 1.1), (19.4, 0)]
    leg = path(
        [(0, 2), (10, 1.6), (19.4, 0.4)],
        [(19.4, 0.4), (23.2, 10), (25.2, 20), (25.0, 45), (24.4, 101)],
        [(24.4, 101), (15.5, 102.2), (6.6, 101.4)],
        [(6.6, 101.4), (5.0, 60), (3.0, 38), (0.0, 28.5)],
    )
    right = np.vstack([leg, [(0, 2)]])
    whole = np.maximum(fill(layout, right), fill(layout, right * [-1, 1]))
    table.throw_shadow(whole)
    inside = closed(
        path([(0, 0.1), (10, 0.0), (19.3, -0.05)], [(19.3, -0.05), (18.5, 1.2)], [(18.5, 1.2), (10, 2.6), (0, 3.0)])
    )
    table.lay(fill(layout, inside), colour("#5d6f86"), 0 * table.relief, Cloth("twill", 0.1), 3.0)
    label = fill(layout, [(-2.6, 0.45), (2.6, 0.4), (2.6, 2.0), (-2.6, 2.1)])
    table.lay(label, colour("#a8753f"), 0 * table.relief, Cloth("plain", 0.06), 1.5)
    indigo = _washed(layout, rng)
    knees: list[Points] = []
    for side in (1, -1):
        knees += [
            [(side * x, y + rng.uniform(-2, 2)) for x, y in line]
            for line in (
                ((24, 52), (17, 54), (9, 51)),
                ((23, 57), (15, 58), (8, 60)),
                ((8, 45), (14, 47), (22, 44)),
                ((2, 29), (9, 26), (17, 27)),
                ((3, 31), (10, 31), (19, 35)),
                ((4, 36), (11, 39), (16, 46)),
                ((23, 88), (15, 91), (9, 88)),
                ((22, 94), (15, 95), (8, 97)),
            )
        ]
    relief = crumple(rng, 0.9, 90) + sum_of_folds(layout, knees, rng, 1.3, 5)
    table.lay(whole, indigo, relief, denim, 4.0)
    _seams(table, layout)
    band = closed(path(waist, [(19.4, 0), (20.1, 3.9)], [(20.1, 3.9), (10, 5.0), (0, 5.5)]))
    table.lay(fill(layout, band), indigo * 0.94, 0.4 * crumple(rng, 0.5), denim, 3.0)
    for offset in (0.5, 3.3):
        line = curve([(x, y + offset) for x, y in waist])
        topstitch(table, layout, [np.vstack([mirrored(line)[:-1], line])], _THREAD)
    for x in (-13.5, -6.0, 6.0, 13.5):
        y = 1.5 - abs(x) * 0.065
        loop = fill(layout, [(x - 0.7, y - 0.5), (x + 0.7, y - 0.5), (x + 0.7, y + 4.6), (x - 0.7, y + 4.6)])
        table.lay(loop, indigo * 1.02, 0 * table.relief, denim, 3.0)
    button(table, layout, (0.2, 3.4), 0.85, "#8d6a3d", "#b08a55")
    return table.photograph()


def pleated_skirt(rng: np.random.Generator) -> ByteArray:
    """Draw a terracotta midi skirt of pressed pleats on a plain waistband."""
    layout, table = lay_out(15.0, (600, 230), rng), Table("#f3f0ec", rng)
    crepe = Cloth("plain", 0.03, 0.02)
    hem = [(0, 75.6), (14, 74.9), (26, 72.8), (33.5, 69.6)]
    skirt = path([(0, 4.4), (9, 4.2), (17.2, 3.8)], [(17.2, 3.8), (22.6, 20), (28.4, 45), (33.5, 69.6)], hem[::-1])
    band = closed(
        path([(0, 0.8), (9, 0.6), (16.9, 0.1)], [(16.9, 0.1), (17.4, 4.1)], [(17.4, 4.1), (9, 4.7), (0, 4.9)])
    )
    inside = closed(
        path([(0, -0.3), (9, -0.2), (16.8, 0.05)], [(16.8, 0.05), (16.0, 1.0)], [(16.0, 1.0), (9, 1.5), (0, 1.7)])
    )
    table.throw_shadow(np.maximum(fill(layout, closed(skirt)), fill(layout, band)))
    table.lay(fill(layout, inside), colour("#8f4a33"), 0 * table.relief, crepe, 2.0)
    x, y = layout.grid()
    # Pleats fan out: a point's share of the width at its height decides which pleat it belongs to.
    half = np.interp(y, [4, 20, 45, 70, 78], [17.3, 22.8, 28.6, 33.6, 34.5]).astype(np.float32)
    share = x / half * 11 + 0.10 * smooth_noise(rng, 90, 2, 90) * np.clip((y - 10) / 60, 0, 1)
    phase = np.mod(share, 1.0)
    depth = np.clip((y - 3) / 30, 0.35, 1.0) * 13
    knife = np.where(phase < 0.9, phase / 0.9, (1 - phase) / 0.1) * depth
    relief = blur(knife.astype(np.float32), 1.3) + crumple(rng, 0.7, 95)
    shade = 1 - 0.25 * np.exp(-((phase - 0.985) ** 2) / 0.0009) - 0.12 * np.exp(-(phase**2) / 0.004)
    table.lay(fill(layout, closed(skirt)), colour("#c4694a") * shade[..., None], relief, crepe, 3.5)
    bottom = curve(hem)
    whole_hem = moved(np.vstack([mirrored(bottom)[:-1], bottom]), 0, -1.3)
    sew(table, layout, [whole_hem], "#9c5138")
    table.lay(fill(layout, band), colour("#bd6446"), 0.5 * crumple(rng, 0.5), crepe, 3.5)
    for offset in (0.5, 3.5):
        sew(table, layout, [[(-16.6, 0.15 + offset), (0, 0.8 + offset), (16.6, 0.15 + offset)]], "#9c5138")
    return table.photograph()


def summer_shorts(rng: np.random.Generator) -> ByteArray:
    """Draw shorts of crumpled linen with a gathered waistband, a drawstring and slanted pockets."""
    layout, table = lay_out(17.2, (600, 380), rng, 5.0), Table("#f2f0ed", rng)
    linen, tint, thread = Cloth("linen", 0.07), colour("#d6c8ae"), "#a99673"
    hem = [(30.4, 43.4), (17.5, 45.6), (4.2, 46.2)]
    leg = path(
        [(0, 3.6), (9, 3.4), (18.3, 2.9)],
        [(18.3, 2.9), (22.0, 8), (25.6, 17), (28.2, 30), (30.4, 43.4)],
        hem,
        [(4.2, 46.2), (2.6, 36), (0.0, 28.6)],
    )
    front = np.maximum(fill(layout, leg), fill(layout, leg * [-1, 1]))
    table.throw_shadow(front)
    behind = moved(leg * [0.99, 1], 0, 0.4)
    table.lay(
        np.maximum(fill(layout, behind), fill(layout, behind * [-1, 1])), tint * 0.72, 0 * table.relief, linen, 2.0
    )
    inside = closed(path([(0, -1.0), (9, -0.9), (17.6, -0.3)], [(17.6, -0.3), (17.0, 1.4)], [(17.0, 1.4), (0, 1.6)]))
    gathers = _gathers(layout, rng)
    table.lay(fill(layout, inside), tint * 0.7, 5 * gathers, linen, 2.5)
    folds: list[Points] = [
        [(side * x, y + rng.uniform(-1.5, 1.5)) for x, y in line]
        for side in (1, -1)
        for line in (
            ((1, 27), (8, 24), (17, 25)),
            ((1, 29), (9, 30), (20, 35)),
            ((2, 31), (7, 36), (12, 43)),
            ((25, 20), (20, 26), (12, 30)),
            ((28, 33), (21, 35), (13, 41)),
            ((14, 9), (13, 18), (17, 27)),
        )
    ]
    relief = crumple(rng, 1.5, 85) + _creased(rng) + sum_of_folds(layout, folds, rng, 1.1, 8)
    y = layout.grid()[1]
    relief += 6 * gathers * np.exp(-np.clip(y - 3.5, 0, None) / (4.0 + 2.0 * smooth_noise(rng, 20).clip(-1.5, 2)))
    table.lay(front, tint, relief.astype(np.float32), linen, 3.5)
    centre: FloatArray = np.array([(0, 3.6), (0.2, 15), (0, 28.8)])
    sew(table, layout, [moved(centre, 0.5, 0)], thread, grooves=[centre])
    for side in (1, -1):
        pocket = np.array([(side * 13.2, 3.4), (side * 24.9, 17.6)])
        mouth = fill(layout, np.vstack([pocket, [(side * 24.0, 12.0), (side * 18.3, 3.0)]]))
        table.relief = table.relief - 5.0 * blur(mouth, 1.2) * np.exp(-inner_distance(mouth) / 16)
        table.shade = table.shade * (1 - 0.35 * blur(stroke(layout, moved(pocket, side * 0.15, -0.1), 4), 2.2))
        sew(table, layout, [moved(pocket, -side * 0.5, 0.35), moved(pocket, -side * 0.95, 0.7)], thread)
        turned = np.array([(side * (x - 0.4), y - 2.9) for x, y in curve(hem)])
        sew(table, layout, [turned, moved(turned, 0, 0.35)], thread)
        inseam = np.array([(side * 0.5, 29.8), (side * 2.9, 36.2), (side * 4.6, 45.9)])
        sew(table, layout, [moved(inseam, side * 0.3, 0)], thread)
    band = closed(
        path([(0, -0.3), (9, -0.4), (17.8, -0.5)], [(17.8, -0.5), (18.6, 4.0)], [(18.6, 4.0), (9, 4.5), (0, 4.6)])
    )
    table.lay(fill(layout, band), tint * 0.98, 8 * gathers + 0.5 * crumple(rng, 1.0), linen, 3.5)
    for offset in (0.9, 2.1, 3.3):
        sew(table, layout, [[(-18.0, offset - 0.5), (0, offset - 0.3), (18.0, offset - 0.5)]], thread)
    _drawstring(table, layout)
    return table.photograph()


def _gathers(layout: Layout, rng: np.random.Generator) -> FloatArray:
    """Return (H, W) float32 about -1..1: ridges of cloth gathered by an elastic, of uneven width."""
    x = layout.grid()[0]
    uneven = x + 0.3 * smooth_noise(rng, 22, 4, 90) + 0.12 * smooth_noise(rng, 9, 5, 90)
    return (np.sin(uneven * 6.0) * (0.85 + 0.25 * smooth_noise(rng, 18, 4, 90))).astype(np.float32)


def _creased(rng: np.random.Generator) -> FloatArray:
    """Return (H, W) float32 relief in pixels of the sharp little creases of linen that was folded."""
    ridges = [np.abs(smooth_noise(rng, width, 2.6, angle)) for width, angle in ((40, 25), (32, 115))]
    return 3.2 * np.exp(-3.0 * np.minimum.reduce(ridges)).astype(np.float32)


def _drawstring(table: Table, layout: Layout) -> None:
    """Lay a cotton cord that comes out of two eyelets and is tied in a bow; changes the table."""
    knot = (0.1, 4.6)
    cords: list[Points] = [
        (knot, (2.4, 2.9), (5.6, 3.9), (6.2, 6.6), (3.6, 7.2), knot),
        (knot, (-2.2, 3.3), (-5.4, 4.8), (-5.7, 7.4), (-3.2, 7.3), knot),
        (knot, (1.6, 8.0), (1.9, 12.4), (3.6, 17.6)),
        (knot, (-1.2, 8.4), (-2.6, 12.6), (-2.3, 19.0)),
        ((-1.9, 2.0), (-0.9, 3.4), knot),
        ((1.9, 2.0), (1.0, 3.2), knot),
        ((-0.6, 4.2), (0.1, 4.9), (0.8, 4.5)),
    ]
    for side in (1, -1):
        button(table, layout, (side * 1.9, 1.8), 0.5, "#8f7b5a", "#4c4132")
    cotton = Cloth("plain", 0.05)
    x, y = layout.grid()
    for line in cords:
        cord = stroke(layout, curve(line, 24), 9)
        braid = np.sin((x + y) * 16) + np.sin((x - y) * 16)
        table.lay(cord, colour("#efe9db"), (0.8 * inner_distance(cord) + 0.5 * braid).astype(np.float32), cotton, 2.6)
    for end in ((3.6, 17.6), (-2.3, 19.0)):
        tip = stroke(layout, np.array([(-0.1, -0.2), (0.1, 0.2)]) + np.array(end), 15)
        table.lay(tip, colour("#efe9db"), (0.7 * inner_distance(tip) + 0.6 * braid).astype(np.float32), cotton, 3.0)


def _washed(layout: Layout, rng: np.random.Generator) -> FloatArray:
    """Return (H, W, 3) linear-light indigo, paler on the thighs and along the edges where jeans are rubbed."""
    x, y = layout.grid()
    rubbed = 0.55 * np.exp(-(((np.abs(x) - 13.5) / 6.5) ** 2) - ((y - 33) / 21) ** 2)
    rubbed += 0.25 * np.exp(-(((np.abs(x) - 14.5) / 5.0) ** 2) - ((y - 56) / 10) ** 2)
    mottled = np.clip(rubbed * (1 + 0.25 * smooth_noise(rng, 14, 3, 90)) + 0.05 * smooth_noise(rng, 30), 0, 1)
    return (colour("#2c3e5e") * (1 - mottled[..., None]) + colour("#7e97b8") * mottled[..., None]).astype(np.float32)


def _seams(table: Table, layout: Layout) -> None:
    fly = curve([(3.6, 5), (3.5, 14), (2.6, 19), (0.2, 22.4)])
    centre: FloatArray = np.array([(0, 5), (0, 29)], np.float64)
    topstitch(table, layout, [fly, moved(fly, -0.5, 0)], _THREAD)
    table.relief = table.relief - 6.0 * blur(stroke(layout, centre, 2), 1.3)
    for side in (1, -1):
        pocket = curve([(side * 10.5, 4.9), (side * 11.4, 10.5), (side * 15.5, 14.2), (side * 22.6, 15.2)])
        mouth = fill(layout, np.vstack([pocket, [(side * 20.4, 4.0)]]))
        table.relief = table.relief - 4.0 * blur(mouth, 1.2) * np.exp(-inner_distance(mouth) / 14)
        topstitch(table, layout, [moved(pocket, -side * 0.35, 0.45), moved(pocket, -side * 0.8, 1.0)], _THREAD)
        inseam = curve([(side * 0.4, 29.5), (side * 3.5, 39), (side * 5.6, 60), (side * 7.2, 101)])
        topstitch(table, layout, [moved(inseam, side * 0.35, 0)], _THREAD)
        hem = curve([(side * 24.3, 98.8), (side * 15.5, 100.0), (side * 6.7, 99.2)])
        topstitch(table, layout, [hem], _THREAD)
        table.shade = table.shade * (1 - 0.25 * blur(stroke(layout, hem, 6), 3))
