"""Inner loop of the hair rasteriser, compiled by warp; imported only when hair is drawn."""

from __future__ import annotations

import warp as wp

wp.set_module_options({"enable_backward": False})

FREE = wp.constant(0.004)
"""Uncovered share of a pixel above which more is drawn into it."""


@wp.func  # type: ignore[untyped-decorator]
def _full(cover: wp.array2d(dtype=float), at: wp.vec3) -> bool:  # type: ignore[valid-type]
    y = wp.clamp(int(at[1]), 0, cover.shape[0] - 1)
    x = wp.clamp(int(at[0]), 0, cover.shape[1] - 1)
    return bool(1.0 - cover[y, x] <= FREE)


@wp.kernel  # type: ignore[untyped-decorator]
def draw_segments(
    order: wp.array(dtype=int),  # type: ignore[valid-type]
    points: wp.array(dtype=wp.vec3),  # type: ignore[valid-type]
    half_width: wp.array(dtype=float),  # type: ignore[valid-type]
    point_colour: wp.array(dtype=wp.vec3),  # type: ignore[valid-type]
    bulk: wp.array(dtype=wp.uint8),  # type: ignore[valid-type]
    knots: int,
    opacity: float,
    near: wp.array2d(dtype=float),  # type: ignore[valid-type]
    far: wp.array2d(dtype=float),  # type: ignore[valid-type]
    far_share: wp.array2d(dtype=float),  # type: ignore[valid-type]
    cover: wp.array2d(dtype=float),  # type: ignore[valid-type]
    behind_cover: wp.array2d(dtype=float),  # type: ignore[valid-type]
    bulk_cover: wp.array2d(dtype=float),  # type: ignore[valid-type]
    colour: wp.array2d(dtype=wp.vec3),  # type: ignore[valid-type]
) -> None:
    """Blend segments under what is drawn already, near ones first, into premultiplied ``colour``.

    One thread does all: blending depends on the order, and a serial loop is repeatable. It is fast because
    pixels that are full are skipped, which spares most strands inside a head of hair.
    ``points`` hold (x, y) pixels and the depth in metres, ``knots`` of them for a strand; ``order`` holds the number of
    each segment's first point.
    """
    height = colour.shape[0]
    width = colour.shape[1]
    for n in range(order.shape[0]):
        i = order[n]
        a = points[i]
        b = points[i + 1]
        if _full(cover, a) and _full(cover, b) and _full(cover, 0.5 * (a + b)):
            continue
        dx = b[0] - a[0]
        dy = b[1] - a[1]
        length2 = wp.max(dx * dx + dy * dy, 1.0e-8)
        length = wp.sqrt(length2)
        grow = wp.max(wp.max(half_width[i], half_width[i + 1]) + 0.5, 1.0)
        x0 = wp.max(int(wp.floor(wp.min(a[0], b[0]) - grow)), 0)
        x1 = wp.min(int(wp.ceil(wp.max(a[0], b[0]) + grow)), width)
        y0 = wp.max(int(wp.floor(wp.min(a[1], b[1]) - grow)), 0)
        y1 = wp.min(int(wp.ceil(wp.max(a[1], b[1]) + grow)), height)
        reach = grow * length / wp.max(wp.abs(dy), 1.0e-6)
        for y in range(y0, y1):
            # A slanting segment fills little of its box: only what is near it in this row is looked at.
            middle = a[0] - 0.5 + (float(y) + 0.5 - a[1]) * dx / wp.where(wp.abs(dy) > 1.0e-6, dy, 1.0e-6)
            first = wp.max(x0, int(wp.floor(wp.clamp(middle - reach, float(x0), float(x1)))))
            last = wp.min(x1, int(wp.ceil(wp.clamp(middle + reach, float(x0), float(x1)))) + 1)
            for x in range(first, last):
                free = 1.0 - cover[y, x]
                if free > FREE:
                    px = float(x) + 0.5 - a[0]
                    py = float(y) + 0.5 - a[1]
                    distance = wp.abs(px * dy - py * dx) / length
                    if distance < grow:
                        t = (px * dx + py * dy) / length2
                        # Sub-pixel segments would fall between pixels: their caps are softened over one pixel.
                        run = t * length
                        cap = wp.clamp(run + 0.5, 0.0, 1.0) - wp.clamp(run - length + 0.5, 0.0, 1.0)
                        s = wp.clamp(t, 0.0, 1.0)
                        half = half_width[i] * (1.0 - s) + half_width[i + 1] * s
                        across = 2.0 * half * wp.clamp(1.0 - distance, 0.0, 1.0)
                        if half >= 0.5:
                            across = wp.clamp(half + 0.5 - distance, 0.0, 1.0)
                        z = a[2] * (1.0 - s) + b[2] * s
                        alpha = wp.min(across * cap * opacity, 1.0)
                        # Between an outline's two surfaces only the share of the pixel beyond it is free.
                        behind = 0.0
                        if z >= near[y, x]:
                            behind = 1.0
                            hidden = behind_cover[y, x]
                            free = far_share[y, x] * (1.0 - cover[y, x] + hidden) - hidden
                        if alpha > 0.002 and z < far[y, x] and free > 0.0:
                            added = free * alpha
                            behind_cover[y, x] = behind_cover[y, x] + added * behind
                            cover[y, x] = cover[y, x] + added
                            mixed = point_colour[i] * (1.0 - s) + point_colour[i + 1] * s
                            colour[y, x] = colour[y, x] + mixed * added
                            if bulk[i / knots] != wp.uint8(0):
                                bulk_cover[y, x] = bulk_cover[y, x] + added
