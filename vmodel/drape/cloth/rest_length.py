"""Letting a garment out where the photo shows less cloth than there is, and taking up what piles up along a leg.

A sleeve or a bodice photographed round a hidden form, or folded at its side, is narrower in the picture than it lies
flat, by up to the ratio of half a girth to its projection. Cloth that a garment of the right size would not strain
is therefore missing cloth: its rest lengths grow, smoothly over the garment and in the direction of the strain.

The reverse happens along legs. A cut is a little longer than the posed leg; the knee catches the excess, which heaps
up above it. A tailor who fits trousers on their wearer takes that up.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from vmodel.drape.cloth.mesh import Cloth
from vmodel.drape.cloth.smoothing import spread
from vmodel.types import BoolArray, Category, FloatArray, Garment, IntArray

LEFT_STRAIN = 1.025
"""Strain that worn cloth may keep."""
MOST_LET_OUT = 1.10
"""Largest factor by which a cut may be let out."""


MOST_LENGTHWISE = 1.05
"""Largest factor lengthwise: a photo foreshortens what goes round a limb, not what runs along it."""
MOST_STRETCHED = 1.5
"""Largest factor for the stretch cloth of swimwear, in either direction."""
_HEAP_ROUNDS = 8
"""Rings of neighbours over which cloth is smoothed to measure its length without heaps: some 3 cm."""
_AROUND = 12
"""Rings over which the taken-up length is shared."""
_LEAST_TAKEN_UP = 0.9
"""Least share of its length that cloth keeps in one round of taking up."""
_LEFT_LONGER = 0.005
"""Share by which cloth may stay longer than the path that it covers."""


def lengthen_strained_edges(
    cloth: Cloth, cut: Cloth, positions_m: FloatArray, fixed: BoolArray, most: tuple[float, float], across: FloatArray
) -> Cloth:
    """Grow the rest lengths of strained cloth round the limbs.

    Args:
        cloth: as let out before.
        cut: as cut.
        positions_m: (N, 3) where it came to rest on the body.
        fixed: (E,) edges whose length is not the cut's: bands and elastic.
        most: largest factors on a length of the cut that goes round a limb, and on one along it.
        across: (N, 2) from ``across_limbs``.
    Returns:
        The same cloth with ``edge_rest_m`` and ``bend_rest_m`` grown.
    """
    wanted = np.where(fixed, 1.0, np.clip(strain(cloth, positions_m) / LEFT_STRAIN, 1.0, max(most)))
    metric = _round_limbs(_metric(cloth, wanted**2), across, most[1])
    edge_growth = _growth(metric, cloth.edges, cloth.edge_direction)
    bend_growth = _growth(metric, cloth.bends, _bend_directions(cloth))
    return replace(
        cloth,
        edge_rest_m=np.where(
            fixed, cloth.edge_rest_m, np.minimum(cloth.edge_rest_m * edge_growth, cut.edge_rest_m * max(most))
        ),
        bend_rest_m=np.minimum(cloth.bend_rest_m * bend_growth, cut.bend_rest_m * max(most)),
    )


def take_up(cloth: Cloth, positions_m: FloatArray, fixed: BoolArray) -> Cloth:
    """Shorten cloth that lies in heaps, down the garment only.

    Args:
        cloth: of trousers or shorts; a skirt has no heaps, and its folds would be drawn up.
        positions_m: (N, 3) where it came to rest on the body.
        fixed: (E,) edges whose length is not the cut's: bands and elastic.
    Returns:
        The same cloth with smaller ``edge_rest_m`` and ``bend_rest_m``.
    """
    smooth = np.asarray(positions_m, float)
    for _ in range(_HEAP_ROUNDS):
        smooth = np.where(cloth.rim[:, None], positions_m, spread(cloth, smooth, 1))
    down = cloth.edge_direction[:, 1] ** 2
    ends = np.zeros((cloth.count, 2))
    for end in cloth.edges.T:
        np.add.at(ends, end, np.stack([down * strain(cloth, smooth), down], axis=1))
    length, weight = spread(cloth, ends, _AROUND).T
    kept = np.clip(length / np.maximum(weight, 1e-9) + _LEFT_LONGER, _LEAST_TAKEN_UP, 1.0)

    def shorter(rest_m: FloatArray, pairs: IntArray, direction: FloatArray) -> FloatArray:
        return np.asarray(rest_m * (1 - direction[:, 1] ** 2 * (1 - kept[pairs].mean(axis=1))))

    return replace(
        cloth,
        edge_rest_m=np.where(fixed, cloth.edge_rest_m, shorter(cloth.edge_rest_m, cloth.edges, cloth.edge_direction)),
        bend_rest_m=shorter(cloth.bend_rest_m, cloth.bends, _bend_directions(cloth)),
    )


def max_let_out(garment: Garment) -> tuple[float, float]:
    """Return the largest factors by which a garment's cut may be let out round the limbs, and along them."""
    if garment.scale_source == "pattern":  # pieces of a pattern already have their true size
        return 1.0, 1.0
    if garment.kind.category == Category.SWIMWEAR:
        return MOST_STRETCHED, MOST_STRETCHED
    return MOST_LET_OUT, MOST_LENGTHWISE


def across_limbs(garment: Garment, on_arm: FloatArray) -> FloatArray:
    """Return (N, 2) unit vectors of the panel that go round the limb a particle lies on: trunk, leg or arm.

    Args:
        garment: for the direction of its sleeves.
        on_arm: (N,) share of each particle that belongs to a sleeve; positive left, negative right.
    """
    angle = np.radians(garment.sleeve_angle_deg)
    share = np.abs(on_arm)[:, None]
    sleeve = np.stack([np.full(len(on_arm), np.sin(angle)), np.sign(on_arm) * np.cos(angle)], axis=1)
    mixed = (1 - share) * np.array([1.0, 0.0]) + share * sleeve
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True))


def _round_limbs(metric: FloatArray, across: FloatArray, lengthwise: float) -> FloatArray:
    """Keep the part of a metric's growth that goes round the limb, and little of what goes along it."""
    grown = metric - np.array([1.0, 0.0, 1.0])
    along = np.stack([-across[:, 1], across[:, 0]], axis=1)
    result = np.tile(np.array([1.0, 0.0, 1.0]), (len(metric), 1))
    for way, most in ((across, np.inf), (along, lengthwise**2 - 1)):
        share = np.clip((grown * _squares(way)).sum(axis=1), 0, most)
        result += share[:, None] * np.stack([way[:, 0] ** 2, way[:, 0] * way[:, 1], way[:, 1] ** 2], axis=1)
    return result


def strain(cloth: Cloth, positions_m: FloatArray) -> FloatArray:
    """Return the (E,) length of each edge over its rest length."""
    first, second = cloth.edges[:, 0], cloth.edges[:, 1]
    return np.asarray(np.linalg.norm(positions_m[first] - positions_m[second], axis=1) / cloth.edge_rest_m)


def _metric(cloth: Cloth, squared_growth: FloatArray) -> FloatArray:
    """Return (N, 3) smoothed symmetric tensors (xx, xy, yy), one a particle, fitted to the growth of its edges."""
    rows = _squares(cloth.edge_direction)
    normal = np.einsum("ei,ej->eij", rows, rows).reshape(-1, 9)
    right = rows * squared_growth[:, None]
    n, count = cloth.count, len(cloth.edges)
    ends = cloth.edges.ravel()
    gather = sparse.coo_matrix((np.ones(2 * count), (ends, np.repeat(np.arange(count), 2))), (n, count)).tocsr()
    links = (gather @ gather.T) * 1.0
    links.data[:] = 1.0
    normal_sum = links @ (gather @ normal)
    right_sum = links @ (gather @ right)
    matrices = np.asarray(normal_sum).reshape(-1, 3, 3) + 1e-3 * np.eye(3)
    identity = np.array([1.0, 0.0, 1.0])
    offset = np.einsum("nij,j->ni", np.asarray(normal_sum).reshape(-1, 3, 3), identity)
    return np.asarray(identity + np.linalg.solve(matrices, (right_sum - offset)[..., None])[..., 0])


def _squares(direction: FloatArray) -> FloatArray:
    x, y = direction[:, 0], direction[:, 1]
    return np.stack([x * x, 2 * x * y, y * y], axis=1)


def _growth(metric: FloatArray, pairs: IntArray, direction: FloatArray) -> FloatArray:
    tensor = (metric[pairs[:, 0]] + metric[pairs[:, 1]]) / 2
    return np.asarray(np.sqrt(np.maximum((tensor * _squares(direction)).sum(axis=1), 1.0)))


def _bend_directions(cloth: Cloth) -> FloatArray:
    """Return (B, 2) unit vectors in the panel; across a seam, where the two panels' x coincide, along x."""
    apart = cloth.flat_cm[cloth.bends[:, 1]] - cloth.flat_cm[cloth.bends[:, 0]]
    length = np.linalg.norm(apart, axis=1)
    same = (length > 50 * cloth.bend_rest_m) & (length < 200 * cloth.bend_rest_m)
    unit = apart / np.maximum(length, 1e-9)[:, None]
    return np.where(same[:, None], unit, np.array([1.0, 0.0]))
